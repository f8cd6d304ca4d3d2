"""Write the golden digests: `python scripts/make_golden.py`.

They are the contract with everybody whose tests hang on the data: if this changes them, that is a
line in the changelog.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

from pytest_demodata.defaults import DEFAULT_AS_OF, DEFAULT_SEED
from pytest_demodata.digests import digest_of_plan
from pytest_demodata.engine import Plan
from pytest_demodata.invoicing.blueprint import INVOICING
from pytest_demodata.volumes import parse_volume
from pytest_demodata.words import words_of

GOLDEN: Final = Path(__file__).parent.parent / "tests" / "golden.json"

DATASETS: Final = (
    ("en_US", "small"),
    ("en_US", "medium"),
    ("en_US", "large"),
    ("en_US", "huge"),
    ("en_US", "customers=50,products=20,invoices=500"),
    ("de_DE", "medium"),
    ("ja_JP", "medium"),
)


def digests(locale: str, volume: str) -> dict[str, str]:
    """Return the digest of each table."""
    plan = Plan(
        INVOICING,
        parse_volume(volume),
        seed=DEFAULT_SEED,
        words=words_of(locale),
        as_of=DEFAULT_AS_OF,
    )
    return {table: digest_of_plan(plan, table) for table in plan.counts}


if __name__ == "__main__":
    golden = {f"{locale} {volume}": digests(locale, volume) for locale, volume in DATASETS}
    GOLDEN.write_text(json.dumps(golden, indent=2) + "\n", "utf-8")

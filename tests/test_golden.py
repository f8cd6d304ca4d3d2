"""The golden digests: the same bytes on every Python, platform, SQLAlchemy and hash seed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from textwrap import dedent
from typing import Final

import pytest
from sqlalchemy import create_engine

from pytest_demodata import DataGenerator, prepare_sqlite
from pytest_demodata.digests import digest_of_table
from pytest_demodata.invoicing import Base

GOLDEN: Final[dict[str, dict[str, str]]] = json.loads(
    Path(__file__).with_name("golden.json").read_text("utf-8")
)


@pytest.mark.parametrize("dataset", GOLDEN)
def test_the_data_is_that_of_the_contract(dataset: str) -> None:
    """What is read back from SQLite has the digests that were written down."""
    locale, volume = dataset.split(" ", 1)
    engine = prepare_sqlite(create_engine("sqlite://"))
    DataGenerator(engine, locale=locale).generate(volume)
    with engine.connect() as connection:
        found = {
            name: digest_of_table(connection, table) for name, table in Base.metadata.tables.items()
        }
    engine.dispose()
    assert found == GOLDEN[dataset]


@pytest.mark.parametrize("hash_seed", ["0", "1", "4294967295"])
def test_the_hash_seed_changes_nothing(hash_seed: str) -> None:
    """No set's or dictionary's order finds its way into the data."""
    program = """
        import json
        from pytest_demodata.defaults import DEFAULT_AS_OF
        from pytest_demodata.digests import digest_of_plan
        from pytest_demodata.engine import Plan
        from pytest_demodata.invoicing.blueprint import INVOICING
        from pytest_demodata.volumes import parse_volume
        from pytest_demodata.words import words_of
        plan = Plan(INVOICING, parse_volume("medium"), seed=42, words=words_of("en_US"),
                    as_of=DEFAULT_AS_OF, chunk_rows=77)
        print(json.dumps({name: digest_of_plan(plan, name) for name in plan.counts}))
    """
    result = subprocess.run(
        [sys.executable, "-P", "-c", dedent(program)],
        env={**os.environ, "PYTHONHASHSEED": hash_seed},
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(result.stdout) == GOLDEN["en_US medium"]

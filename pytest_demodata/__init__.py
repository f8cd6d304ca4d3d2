"""Realistic, intact demo data for tests of reporting and database code.

This is a table of contents: each name is imported from its module when it is first used, so that
importing the package, as pytest does at start-up, loads nothing else.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pytest_demodata.assertions import (
        Checked,
        Orphan,
        Orphans,
        SlowCheckWarning,
        assert_intact,
        assert_invoice_totals,
        assert_no_orphans,
        assert_totals,
        assert_unique,
        find_orphans,
    )
    from pytest_demodata.blueprint import (
        Blueprint,
        Existing,
        FanOut,
        Fill,
        Fixed,
        PerRow,
        Sized,
    )
    from pytest_demodata.databases.sqlite import prepare_sqlite
    from pytest_demodata.demo_database import DemoDatabase
    from pytest_demodata.errors import (
        BlueprintError,
        BusyError,
        DatabaseSetupError,
        DemodataError,
        GenerationError,
        GenerationRunningError,
        IsolationError,
        IsolationWarning,
        LocaleError,
        NoConnectionError,
        SettingError,
        StageError,
        VolumeError,
    )
    from pytest_demodata.inference.infer import infer
    from pytest_demodata.planning import row_counts, table_part
    from pytest_demodata.progress import Progress
    from pytest_demodata.provision import DataGenerator, Stats
    from pytest_demodata.violations import ValidationError, Violation
    from pytest_demodata.volumes import VOLUMES, Volume, parse_volume

__all__ = [
    "VOLUMES",
    "Blueprint",
    "BlueprintError",
    "BusyError",
    "Checked",
    "DataGenerator",
    "DatabaseSetupError",
    "DemoDatabase",
    "DemodataError",
    "Existing",
    "FanOut",
    "Fill",
    "Fixed",
    "GenerationError",
    "GenerationRunningError",
    "IsolationError",
    "IsolationWarning",
    "LocaleError",
    "NoConnectionError",
    "Orphan",
    "Orphans",
    "PerRow",
    "Progress",
    "SettingError",
    "Sized",
    "SlowCheckWarning",
    "StageError",
    "Stats",
    "ValidationError",
    "Violation",
    "Volume",
    "VolumeError",
    "assert_intact",
    "assert_invoice_totals",
    "assert_no_orphans",
    "assert_totals",
    "assert_unique",
    "find_orphans",
    "infer",
    "parse_volume",
    "prepare_sqlite",
    "row_counts",
    "table_part",
]

_MODULES: Final = {
    "VOLUMES": "volumes",
    "Blueprint": "blueprint",
    "Checked": "assertions",
    "DataGenerator": "provision",
    "DemoDatabase": "demo_database",
    **dict.fromkeys(("Existing", "FanOut", "Fill", "Fixed", "PerRow", "Sized"), "blueprint"),
    "infer": "inference.infer",
    "Orphan": "assertions",
    "Orphans": "assertions",
    "Progress": "progress",
    "SlowCheckWarning": "assertions",
    "Stats": "provision",
    "ValidationError": "violations",
    "Violation": "violations",
    "Volume": "volumes",
    "assert_intact": "assertions",
    "assert_invoice_totals": "assertions",
    "assert_no_orphans": "assertions",
    "assert_totals": "assertions",
    "assert_unique": "assertions",
    "find_orphans": "assertions",
    "parse_volume": "volumes",
    "prepare_sqlite": "databases.sqlite",
    "row_counts": "planning",
    "table_part": "planning",
}


def __getattr__(name: str) -> object:
    if name not in __all__:
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message)
    module = import_module(f"{__name__}.{_MODULES.get(name, 'errors')}")
    return getattr(module, name)


def __dir__() -> list[str]:
    return __all__

"""Inference, schema by schema: what is hard to fill is filled, on every database."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest
import schemas
from filling import fill, plan_of
from schemas import SCHEMAS
from sqlalchemy import MetaData

from pytest_demodata.inference.infer import infer
from pytest_demodata.recipes import Derived

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Engine

    from pytest_demodata.engine import Plan


@pytest.fixture
def emptied(any_engine: Engine) -> Iterator[Engine]:
    """An engine of each kind on a database from which all tables are taken in the end."""
    yield any_engine
    reflected = MetaData()
    if any_engine.dialect.name != "sqlite":
        reflected.reflect(any_engine)
        reflected.drop_all(any_engine)


@pytest.mark.parametrize("name", SCHEMAS)
def test_a_schema_is_filled(emptied: Engine, name: str) -> None:
    """Its tables are filled without an orphan or a broken constraint, with the plan's rows."""
    rows = fill(emptied, SCHEMAS[name]())

    assert all(rows.values())

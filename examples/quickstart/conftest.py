"""The whole set-up: a database in memory with the medium dataset, made once per run."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import create_engine
from sqlalchemy.orm import Session

from pytest_demodata import DataGenerator, prepare_sqlite

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from sqlalchemy import Engine


@pytest.fixture(scope="session")
def filled_engine(
    demodata_seed: int, demodata_locale: str, demodata_as_of: date
) -> Iterator[Engine]:
    """An engine whose database holds the dataset."""
    engine = prepare_sqlite(create_engine("sqlite://"))
    generator = DataGenerator(
        engine, seed=demodata_seed, locale=demodata_locale, as_of=demodata_as_of
    )
    generator.generate("medium")
    yield engine
    engine.dispose()


@pytest.fixture
def session(filled_engine: Engine) -> Iterator[Session]:
    """A session whose changes are rolled back after the test."""
    with Session(filled_engine) as session:
        yield session

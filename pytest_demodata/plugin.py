"""The pytest plugin: the settings of a dataset, as fixtures that a project can redefine."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_demodata.defaults import DEFAULT_AS_OF, DEFAULT_LOCALE, DEFAULT_SEED

if TYPE_CHECKING:
    from datetime import date


@pytest.fixture(scope="session")
def demodata_seed() -> int:
    """The seed: the same one gives the same data on every machine and database."""
    return DEFAULT_SEED


@pytest.fixture(scope="session")
def demodata_locale() -> str:
    """The locale of names, places, telephone numbers and taxes, such as `de_DE`."""
    return DEFAULT_LOCALE


@pytest.fixture(scope="session")
def demodata_as_of() -> date:
    """The date that all dates of the data hang on; nothing is later."""
    return DEFAULT_AS_OF

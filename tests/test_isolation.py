"""The savepoints that a dataset lives in."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_demodata.errors import GenerationError
from pytest_demodata.isolation import execute_raw, savepoint

if TYPE_CHECKING:
    from sqlalchemy import Engine


@pytest.mark.parametrize("end", ["COMMIT", "ROLLBACK"])
def test_a_savepoint_that_is_gone_at_its_end_is_told(any_engine: Engine, end: str) -> None:
    """Whoever ends the transaction last, after the last row, does not pass for a success."""
    with any_engine.connect() as connection:
        connection.begin()
        message = r"The transaction was ended while the generation ran in it, by a COMMIT or"
        with pytest.raises(GenerationError, match=message), savepoint(connection):
            execute_raw(connection, end)
        connection.rollback()

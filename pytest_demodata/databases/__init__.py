"""Databases: one file per dialect, and a default for any other that SQLAlchemy speaks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pytest_demodata.databases.default import Database
from pytest_demodata.databases.mysql import MySQL
from pytest_demodata.databases.postgresql import PostgreSQL
from pytest_demodata.databases.sqlite import Sqlite

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import Dialect

__all__ = ["Database", "database_of"]

_BY_DIALECT: Final[Mapping[str, Database]] = {
    "mariadb": MySQL(),
    "mysql": MySQL(),
    "postgresql": PostgreSQL(),
    "sqlite": Sqlite(),
}
_DEFAULT: Final = Database()


def database_of(dialect: Dialect) -> Database:
    """Return what is known of a dialect's databases."""
    return _BY_DIALECT.get(dialect.name, _DEFAULT)

"""PostgreSQL."""

from __future__ import annotations

from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Final

from sqlalchemy import func, select, text
from sqlalchemy.exc import SQLAlchemyError

from pytest_demodata.databases.default import Database
from pytest_demodata.errors import GenerationRunningError

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Iterator

    from sqlalchemy import Connection, Table

_LOCK: Final = 0x64656D6F
"""The first number of the advisory lock, "demo" in ASCII; the second is the schema's."""


class PostgreSQL(Database):
    """PostgreSQL, through any driver."""

    def identity(self, connection: Connection) -> Hashable:
        """Tell the schemas of a database apart."""
        return (super().identity(connection), connection.scalar(select(func.current_schema())))

    @contextmanager
    def generation_lock(self, connection: Connection) -> Iterator[None]:
        """Hold an advisory lock for the schema; the server frees it if the connection dies."""
        schema = func.hashtext(func.coalesce(func.current_schema(), ""))
        if not connection.scalar(select(func.pg_try_advisory_lock(_LOCK, schema))):
            raise GenerationRunningError
        try:
            yield
        finally:
            with suppress(SQLAlchemyError):  # where the connection is lost, the lock is free
                connection.execute(select(func.pg_advisory_unlock(_LOCK, schema)))

    @contextmanager
    def filling(self, connection: Connection, tables: Iterable[Table]) -> Iterator[None]:
        """Move the sequences of the keys past the rows, which have their keys from us.

        RESTART is undone with the transaction, where `setval` is not.
        """
        yield
        preparer = connection.dialect.identifier_preparer
        for table in tables:
            for key in table.primary_key.columns:
                sequence = connection.scalar(
                    select(func.pg_get_serial_sequence(preparer.format_table(table), key.name))
                )
                last = connection.scalar(select(func.max(key)))
                if sequence and last:
                    restart = f"ALTER SEQUENCE {sequence} RESTART WITH {last + 1}"
                    connection.execute(text(restart))

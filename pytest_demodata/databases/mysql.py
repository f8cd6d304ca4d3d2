"""MySQL and MariaDB."""

from __future__ import annotations

from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, ClassVar

from sqlalchemy import func, literal, select
from sqlalchemy.exc import SQLAlchemyError

from pytest_demodata.databases.default import Database
from pytest_demodata.errors import GenerationRunningError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection


class MySQL(Database):
    """MySQL and MariaDB, whose CREATE TABLE commits whatever transaction is open."""

    ddl_in_transaction: ClassVar[bool] = False

    @contextmanager
    def generation_lock(self, connection: Connection) -> Iterator[None]:
        """Take a lock named after the database; the server frees it if the connection dies."""
        name = func.concat(literal("demodata "), func.database())
        if connection.scalar(select(func.get_lock(name, 0))) != 1:
            raise GenerationRunningError
        try:
            yield
        finally:
            with suppress(SQLAlchemyError):  # where the connection is lost, the lock is free
                connection.execute(select(func.release_lock(name)))

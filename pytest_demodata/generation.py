"""One generation: the stages of a plan, taken to one connection."""

from __future__ import annotations

from collections import Counter, deque
from contextlib import closing, contextmanager
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Final

from sqlalchemy import bindparam, inspect, select, tuple_, update
from sqlalchemy.exc import DBAPIError

from pytest_demodata.background import background
from pytest_demodata.blueprint import Existing, Fixed
from pytest_demodata.digests import lines_held, lines_made
from pytest_demodata.errors import (
    DatabaseSetupError,
    DemodataError,
    GenerationError,
    StageError,
)
from pytest_demodata.foreign_keys import in_order
from pytest_demodata.values import python_values

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
    from concurrent.futures import Future
    from contextlib import AbstractContextManager

    from sqlalchemy import Connection, MetaData, Table

    from pytest_demodata.blueprint import Fill
    from pytest_demodata.databases import Database
    from pytest_demodata.engine import Chunk, Plan
    from pytest_demodata.foreign_keys import Key
    from pytest_demodata.progress import Progress


def missing_tables(connection: Connection, metadata: MetaData) -> list[Table]:
    """List the tables that are not in the database, parents first.

    Raises:
        DatabaseSetupError: A table of that name is there, but another one.
    """
    inspector = inspect(connection)
    missing = []
    for table in in_order(metadata):
        if not inspector.has_table(table.name, schema=table.schema):
            missing.append(table)
            continue
        held = {column["name"] for column in inspector.get_columns(table.name, table.schema)}
        if lacking := sorted({column.name for column in table.columns} - held):
            message = (
                f"The database has a table {table.name!r} that is not the dataset's: it has no "
                f"columns {', '.join(lacking)}.\n"
                "Use a database, or a schema, that has no such table; this one is left as it is."
            )
            raise DatabaseSetupError(message)
    return missing


class Generation:
    """Loads stages of a plan, each after looking that it may.

    Args:
        plan: What to generate.
        connection: Where to, inside a transaction.
        database: What is known of that kind of database.
        progress: Called after each chunk.
    """

    def __init__(
        self, plan: Plan, connection: Connection, database: Database, progress: Progress | None
    ) -> None:
        self._plan = plan
        self._connection = connection
        self._database = database
        self._progress = progress
        self._held: dict[str, int] = {}

    def load(self, stages: Sequence[str]) -> dict[str, int]:
        """Load stages in order and return the rows loaded by table.

        Raises:
            StageError: A stage's tables hold rows, or the tables it needs do not hold the plan's.
            GenerationError: What came up while loading.
        """
        blueprint = self._plan.blueprint
        fills = [fill for stage in stages for fill in blueprint.filled(stage)]
        counts = self._count(fill.table for fill in fills) if fills else ()
        self._held = dict(zip((fill.name for fill in fills), counts, strict=True))
        due = [stage for stage in stages if not self._stands_already(stage)]
        fills = [fill for stage in due for fill in blueprint.filled(stage)]
        total = sum(self._plan.counts[fill.name] for fill in fills)
        loaded = {fill.name: 0 for fill in fills}
        for stage in due:
            self._check_needs(stage, loaded)
            self._load_stage(stage, loaded, total)
        for fill in fills:
            if fill.name in blueprint.set_later:
                self._set_keys(fill, blueprint.set_later[fill.name])
        self._database.check_keys(self._connection, [fill.table for fill in fills])
        return loaded

    def _load_stage(self, stage: str, loaded: dict[str, int], total: int) -> None:
        tables = [fill.table for fill in self._plan.blueprint.filled(stage)]
        names = ", ".join(repr(table.name) for table in tables)
        with (
            failure_named(f"Filling the tables of stage {stage!r} ({names})"),
            self._database.filling(self._connection, tables),
            closing(self._loaded(self._plan.chunks(stage))) as arrivals,
        ):
            for table, rows in arrivals:
                loaded[table] += rows
                self._tell(stage, sum(loaded.values()), total)

    def _loaded(self, chunks: Iterable[Chunk]) -> Generator[tuple[str, int]]:
        """Load chunks in order; return the table and the rows of each when it has arrived.

        While a server takes in rows, the next ones are made: a thread waits for the server.
        """
        filled = (chunk for chunk in chunks if chunk.start < chunk.stop)
        if not self._database.is_server or self._connection.dialect.is_async:
            for chunk in filled:
                self._load(chunk)()
                yield chunk.table.key, chunk.stop - chunk.start
            return
        on_the_way: deque[tuple[str, int, Future[object]]] = deque()
        with background(partial(self._database.stop, self._connection)) as thread:
            for chunk in filled:
                loading = thread.submit(self._load(chunk))
                on_the_way.append((chunk.table.key, chunk.stop - chunk.start, loading))
                if len(on_the_way) > _AHEAD:
                    yield _arrived(*on_the_way.popleft())
            while on_the_way:
                yield _arrived(*on_the_way.popleft())

    def _load(self, chunk: Chunk) -> Callable[[], object]:
        """Return what loads a chunk; all that our own process does for it is done before."""
        rows = f"rows {chunk.start + 1:,} to {chunk.stop:,}"
        named = partial(failure_named, f"Filling table {chunk.table.name!r}, {rows},")
        with named():
            load = self._database.loader(self._connection, self._without_later_keys(chunk))
        return lambda: _within(named(), load)

    def _without_later_keys(self, chunk: Chunk) -> Chunk:
        """Leave out the keys that refer to rows which are not there yet."""
        later = self._plan.blueprint.set_later.get(chunk.table.key, ())
        names = {name for key in later for name in key.optional_columns}
        if not names:
            return chunk
        columns = {name: each for name, each in chunk.columns.items() if name not in names}
        return replace(chunk, columns=columns)

    def _set_keys(self, fill: Fill, keys: Sequence[Key]) -> None:
        """Set the keys of rows that were there before the rows they refer to."""
        table = fill.table
        primary = [column.key for column in table.primary_key.columns]
        names = list(dict.fromkeys(name for key in keys for name in key.optional_columns))
        kept = (each for each in table.columns if each.onupdate or each.server_onupdate)
        statement = (
            update(table)
            .where(*(table.columns[name] == bindparam(f"key_{name}") for name in primary))
            .values(
                {each: each for each in kept}  # or an UPDATE would put in the time of the run
                | {table.columns[name]: bindparam(f"set_{name}") for name in names}
            )
        )
        parameters = [*(f"key_{name}" for name in primary), *(f"set_{name}" for name in names)]
        rows = self._plan.counts[fill.name]
        with failure_named(f"Setting the keys {', '.join(names)} of table {fill.name!r}"):
            for start in range(0, rows, _ROWS_AT_A_TIME):
                stop = min(start + _ROWS_AT_A_TIME, rows)
                chunk = self._plan.rows(fill.name, start, stop, (*primary, *names))
                values = [
                    python_values(table.columns[name].type, chunk.columns[name])
                    for name in (*primary, *names)
                ]
                self._connection.execute(
                    statement,
                    [dict(zip(parameters, row, strict=True)) for row in zip(*values, strict=True)],
                )

    def _tell(self, stage: str, done: int, total: int) -> None:
        if self._progress is not None:
            with failure_named(f"The progress callback, called in stage {stage!r},"):
                self._progress(stage, done, total)

    def _count(self, tables: Iterable[Table]) -> list[int]:
        """Count the rows of tables, by one statement for all of them."""
        table_text = self._connection.dialect.identifier_preparer.format_table
        counts = ", ".join(f"(SELECT count(*) FROM {table_text(each)})" for each in tables)  # noqa: S608 - names of the MetaData, quoted
        return list(self._connection.exec_driver_sql(f"SELECT {counts}").one())

    def _stands_already(self, stage: str) -> bool:
        """Return whether a stage that is alike in any volume has been loaded before.

        Raises:
            StageError: The stage's tables hold rows that cannot be just these.
        """
        fills = self._plan.blueprint.filled(stage)
        held = {fill.name: self._held[fill.name] for fill in fills}
        if not any(held.values()):
            return False
        fixed = all(isinstance(fill.rows, Fixed) for fill in fills)
        counted = all(rows == self._plan.counts[name] for name, rows in held.items())
        if fixed and counted and all(self._holds(name, 0, rows) for name, rows in held.items()):
            return True
        rows = ", ".join(f"{count:,} in {name!r}" for name, count in held.items() if count)
        message = (
            f"The stage {stage!r} fills empty tables, but there are rows: {rows}.\n"
            "Call reset() to empty these tables, whoever filled them, or use another database."
        )
        raise StageError(message)

    def _check_needs(self, stage: str, loaded: Mapping[str, int]) -> None:
        """Look whether the tables that a stage refers to hold what the plan makes.

        Raises:
            StageError: One does not; those just loaded are passed over.
        """
        blueprint = self._plan.blueprint
        for name in blueprint.needs(stage):
            if loaded.get(name) or isinstance(blueprint.fills[name].rows, Existing):
                continue
            needed = self._plan.counts[name]
            (held,) = self._count([blueprint.fills[name].table])
            before = next(
                each for each, fills in blueprint.stages.items() if blueprint.fills[name] in fills
            )
            if held != needed:
                message = (
                    f"The stage {stage!r} of volume {self._plan.volume.name!r} needs {needed:,} "
                    f"rows of {name!r}, and there are {held:,}.\n"
                    f"Run the stage {before!r} with this volume first, after reset() if it has "
                    "run with another."
                )
                raise StageError(message)
            if needed and not self._holds(name, needed - 1, needed):
                message = (
                    f"The stage {stage!r} needs the rows of {name!r} that seed {self._plan.seed}, "
                    f"locale {self._plan.words.locale} and as_of {self._plan.as_of} make, and "
                    "those there are others.\n"
                    "Run all stages with the same settings."
                )
                raise StageError(message)

    def _holds(self, name: str, start: int, stop: int) -> bool:
        """Return whether rows of a table are those that the plan makes."""
        table = self._plan.blueprint.fills[name].table
        chunk = self._plan.rows(name, start, stop)
        columns = [table.columns[column] for column in chunk.columns]
        values = [
            python_values(column.type, each)
            for column, each in zip(columns, chunk.columns.values(), strict=True)
        ]
        rows = list(zip(*values, strict=True))
        query = select(*columns)
        if places := [place for place, column in enumerate(columns) if column.primary_key]:
            keys = tuple_(*(columns[place] for place in places))
            query = query.where(keys.in_([tuple(row[place] for place in places) for row in rows]))
        held = Counter(lines_held(columns, self._connection.execute(query)))
        made = Counter(lines_made(columns, rows))
        return made <= held if not places else made == held


_ROWS_AT_A_TIME: Final = 5_000
_AHEAD: Final = 2
"""Chunks that are ready before the one in front of them has arrived."""


def _arrived(table: str, rows: int, loading: Future[object]) -> tuple[str, int]:
    loading.result()
    return table, rows


def _within(context: AbstractContextManager[None], action: Callable[[], object]) -> None:
    with context:
        action()


@contextmanager
def failure_named(what: str) -> Iterator[None]:
    """Say what failed in a generation, and why."""
    try:
        yield
    except DemodataError:
        raise
    except Exception as error:
        cause = error.orig if isinstance(error, DBAPIError) and error.orig else error
        found = f"{type(cause).__name__}: {cause}".rstrip(".")
        message = (
            f"{what} stopped with {found}.\nEverything that this generation had done is undone."
        )
        raise GenerationError(message) from error

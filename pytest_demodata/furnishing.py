"""Furnishes a scratch database: with an image that an earlier run has kept, or by generating."""

from __future__ import annotations

import hashlib
import json
import platform
import sqlite3
from datetime import UTC, datetime
from functools import cache
from importlib.metadata import version
from itertools import chain
from pathlib import Path
from time import perf_counter
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from sqlalchemy.schema import CreateIndex, CreateTable
from sqlalchemy.types import SchemaType

from pytest_demodata.defaults import PACKAGED_LOCALES
from pytest_demodata.errors import DatabaseSetupError
from pytest_demodata.foreign_keys import in_order
from pytest_demodata.generation import failure_named
from pytest_demodata.planning import checked_date, checked_seed, row_counts
from pytest_demodata.provision import DataGenerator, Stats
from pytest_demodata.volumes import parse_volume

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager
    from datetime import date

    from sqlalchemy import Connection, Dialect, Engine, MetaData

    from pytest_demodata.blueprint import Blueprint
    from pytest_demodata.databases import Database
    from pytest_demodata.images import Images
    from pytest_demodata.progress import Progress

_SHOWN: Final = 5

MOST_ROWS: Final = 2_000_000
"""Of a volume with more rows no image is kept: it would push all others out of the cache."""


class Furnisher:
    """Fills scratch databases with a dataset of some settings.

    Args:
        volume: The volume, as a user writes it.
        blueprint: How the tables are filled.
        seed: The seed.
        locale: The locale.
        as_of: The reference date.
        progress: Called with the volume, gives who is told of each chunk.
        images: What earlier runs have kept, if this one may use it.

    Raises:
        DemodataError: One of the settings, or a table that names a schema, cannot be used.
    """

    def __init__(  # noqa: PLR0913 - the settings of a dataset, and who is told of it
        self,
        volume: str,
        *,
        blueprint: Blueprint,
        seed: int,
        locale: str,
        as_of: date,
        progress: Callable[[str], AbstractContextManager[Progress]],
        images: Images | None = None,
    ) -> None:
        _check_schemas(blueprint.metadata)
        self._blueprint = blueprint
        self._volume = parse_volume(volume, blueprint.volumes)
        self._seed = checked_seed(seed)
        self._locale = locale
        self._as_of = checked_date(as_of)
        self._progress = progress
        self._images = images
        self._counts = row_counts(self._volume, blueprint=blueprint)

    def generator(self, connection: Connection, progress: Progress | None = None) -> DataGenerator:
        """Return a generator of the same data."""
        return DataGenerator(
            connection,
            seed=self._seed,
            locale=self._locale,
            as_of=self._as_of,
            progress=progress,
            blueprint=self._blueprint,
        )

    def furnish(self, connection: Connection, database: Database) -> Stats:
        """Fill an empty scratch database, the fastest way there is.

        Args:
            connection: In the scratch database's transaction.
            database: What is known of its kind.

        Raises:
            GenerationError: There is no room, or whatever else stops a generation.
        """
        images = self._images
        if images is None or not self._keepable(connection, database):
            return self._generated(connection, database)
        key = self._key(connection.dialect)
        if stats := self._taken(connection, database, images, key):
            return stats
        with images.making(key):  # somebody else may have been faster
            if stats := self._taken(connection, database, images, key):
                return stats
            stats = self._generated(connection, database)
            images.keep(key, lambda path: database.keep_image(connection, path))
            return stats

    def _keepable(self, connection: Connection, database: Database) -> bool:
        """Return whether an image is all of what a generation would do, and not too large."""
        metadata = self._blueprint.metadata
        return (
            self._blueprint.fingerprint is not None
            and database.can_keep(connection)
            and sum(self._counts.values()) <= MOST_ROWS
            and metadata.tables.keys() == self._blueprint.fills.keys()
            and not _has_listeners(metadata, connection.engine)
            and not any(
                column.server_default is not None and column.computed is None
                for table in metadata.tables.values()
                for column in table.columns
            )
        )

    def _generated(self, connection: Connection, database: Database) -> Stats:
        with self._progress(self._volume.name) as progress:
            stats = self.generator(connection, progress).generate(self._volume)
        with failure_named("Keeping the data"):
            database.settle(connection)
        return stats

    def _taken(
        self, connection: Connection, database: Database, images: Images, key: str
    ) -> Stats | None:
        started, clock = datetime.now(UTC), perf_counter()
        image = images.find(key)
        with failure_named(f"Taking the data from {image}"):
            if image is None or not database.take_image(connection, image):
                return None
        return Stats(
            volume=self._volume.name,
            seed=self._seed,
            locale=self._locale,
            as_of=self._as_of,
            words=_words(self._locale),
            counts=MappingProxyType({table: rows for table, rows in self._counts.items() if rows}),
            started=started,
            seconds=perf_counter() - clock,
            from_cache=True,
        )

    def _key(self, dialect: Dialect) -> str:
        """Name everything that an image hangs on, in one number."""
        tables = in_order(self._blueprint.metadata)
        indexes = chain.from_iterable(table.indexes for table in tables)
        settings = {
            "volume": [dict(self._volume.counts), str(dict(self._volume.fan_outs))],
            "seed": self._seed,
            "locale": [self._locale, _words(self._locale)],
            "as_of": self._as_of.isoformat(),
            "package": _fingerprint(),
            "blueprint": self._blueprint.fingerprint,
            "versions": [
                *map(version, ("pytest-demodata", "SQLAlchemy")),
                platform.python_version(),
                sqlite3.sqlite_version,
            ],
            "schema": [
                *(str(CreateTable(table).compile(dialect=dialect)) for table in tables),
                *sorted(str(CreateIndex(index).compile(dialect=dialect)) for index in indexes),
            ],
        }
        text = json.dumps(settings, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:32]


def _check_schemas(metadata: MetaData) -> None:
    """Look whether all tables can be made where nobody else sees them.

    Raises:
        DatabaseSetupError: One is in a schema that is named, and so is the same for everybody.
    """
    named = [name for name, table in metadata.tables.items() if table.schema is not None]
    if named:
        more = ", …" if len(named) > _SHOWN else ""
        message = (
            "A demo database makes its tables in a schema of its own, and these name another: "
            f"{', '.join(sorted(named)[:_SHOWN])}{more}.\n"
            "Allowed: tables without a schema. A DataGenerator on an engine of your own fills "
            "those with one: DataGenerator(engine, blueprint=infer(metadata)).generate()."
        )
        raise DatabaseSetupError(message)


def _words(locale: str) -> str:
    """Tell where the words of a locale come from, without drawing them."""
    return "package" if locale in PACKAGED_LOCALES else f"Faker {version('Faker')}"


def _has_listeners(metadata: MetaData, engine: Engine) -> bool:
    """Return whether a project does something of its own when tables are created or filled.

    SQLAlchemy's own enumerations listen too, for databases that have such types.
    """
    tables = in_order(metadata)
    parts = chain.from_iterable(chain(table.indexes, table.constraints) for table in tables)
    events = [each.dispatch for each in chain((metadata,), tables, parts)]
    listeners = chain.from_iterable(chain(each.before_create, each.after_create) for each in events)
    statements = engine.dispatch
    return bool(
        statements.before_execute
        or statements.before_cursor_execute
        or not all(isinstance(_listening(each), SchemaType) for each in listeners)
    )


def _listening(listener: object) -> object:
    """Return whose method a listener is: SQLAlchemy 2.0 and 2.1 wrap it, each in its own way."""
    method = getattr(listener, "func", listener)
    return getattr(method, "__self__", None) or getattr(listener, "target", None)


@cache
def _fingerprint() -> str:
    """Return a number that changes with any file of this package."""
    content = hashlib.sha256()
    folder = Path(__file__).parent
    for path in sorted(folder.rglob("*.*")):
        if path.suffix in {".json", ".py"}:
            content.update(str(path.relative_to(folder)).encode() + path.read_bytes())
    return content.hexdigest()

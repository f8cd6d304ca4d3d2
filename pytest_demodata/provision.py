"""The one place that knows everybody: fills a database with a blueprint's rows."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from threading import get_ident
from time import perf_counter
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import (
    Connection,
    Engine,
    SingletonThreadPool,
    StaticPool,
    delete,
    select,
    update,
)
from sqlalchemy.exc import DBAPIError

from pytest_demodata.blueprint import Existing
from pytest_demodata.databases import database_of
from pytest_demodata.defaults import (
    DEFAULT_AS_OF,
    DEFAULT_LOCALE,
    DEFAULT_SEED,
    DEFAULT_VOLUME,
)
from pytest_demodata.engine import Plan
from pytest_demodata.errors import DatabaseSetupError, StageError, VolumeError
from pytest_demodata.foreign_keys import keys_of
from pytest_demodata.generation import Generation, failure_named, missing_tables
from pytest_demodata.invoicing.blueprint import INVOICING
from pytest_demodata.invoicing.rules import validate
from pytest_demodata.isolation import only_one, savepoint
from pytest_demodata.planning import checked_date, checked_seed
from pytest_demodata.values import counted
from pytest_demodata.volumes import Volume, parse_volume
from pytest_demodata.words import words_of

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator, Mapping, Sequence

    from sqlalchemy import Column, Pool, Table

    from pytest_demodata.blueprint import Blueprint
    from pytest_demodata.databases import Database
    from pytest_demodata.progress import Progress


_NOTHING: Final[Mapping[str, Mapping[str, Sequence[Any]]]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Stats:
    """What a `DataGenerator` has generated.

    Attributes:
        volume: The volume's name, in the form to paste back.
        seed: The seed.
        locale: The locale.
        as_of: The reference date.
        words: Where the words come from: the package, or a release of Faker.
        counts: Rows loaded, by table.
        started: When the first stage began, in UTC.
        seconds: How long all stages took together.
        from_cache: Whether the rows were taken from what an earlier run has kept.
    """

    volume: str
    seed: int
    locale: str
    as_of: date
    words: str
    counts: Mapping[str, int]
    started: datetime
    seconds: float
    from_cache: bool = False


class DataGenerator:
    """Fills a database with the invoicing dataset, or with a blueprint of your own.

    All or nothing: a stage, or a whole generation, that fails for whatever reason leaves what was
    there before.

    Args:
        bind: A `Connection`, in whose transaction everything happens, inside a savepoint; or an
            `Engine`, on which a transaction is begun, and committed at the end.
        seed: Any whole number. The same seed gives the same data on every machine and database.
        locale: A locale that the package has (de_DE, en_US, ja_JP) or that Faker has.
        as_of: The date that all dates hang on; nothing is later.
        progress: Called after each chunk of rows with the stage, the rows done and the rows in all.
            It leaves the connection alone: on a server, further rows may be on their way over it.
        blueprint: How the tables are filled.

    Raises:
        SettingError: A seed or a date that cannot be used.
        LocaleError: Nobody has words for the locale.
        DatabaseSetupError: `bind` is neither a Connection nor an Engine.
    """

    def __init__(  # noqa: PLR0913 - the settings of a dataset
        self,
        bind: Connection | Engine,
        *,
        seed: int = DEFAULT_SEED,
        locale: str = DEFAULT_LOCALE,
        as_of: date = DEFAULT_AS_OF,
        progress: Progress | None = None,
        blueprint: Blueprint = INVOICING,
    ) -> None:
        if not isinstance(bind, Connection | Engine):
            message = (
                f"A DataGenerator works on a Connection or an Engine, not on "
                f"{type(bind).__name__}.\n"
                "For a Session, give session.connection()."
            )
            raise DatabaseSetupError(message)
        self._bind = bind
        self._database: Database = database_of(bind.dialect)
        self._seed = checked_seed(seed)
        self._as_of = checked_date(as_of)
        self._words = words_of(locale)
        self._progress = progress
        self._blueprint = blueprint
        self._plan: Plan | None = None
        self._loaded: dict[str, int] = {}
        self._started: datetime | None = None
        self._seconds = 0.0
        self._was_reset = False

    def generate(self, volume: str | Volume = DEFAULT_VOLUME) -> Stats:
        """Create the tables that are missing and fill them all.

        Args:
            volume: `small`, `medium`, `large`, `huge`, a multiple (`large*10`) or counts
                (`customers=50,products=20,invoices=500`).

        Raises:
            VolumeError: The volume cannot be read or generated.
            StageError: A table already holds rows.
            GenerationRunningError: Another generation runs on the same database.
            GenerationError: It failed, and was undone.
        """
        return self._run(volume, list(self._blueprint.stages))

    def foundation(self, volume: str | Volume | None = None) -> Stats:
        """Fill the customer types and product categories; add nothing where they are filled.

        For the arguments and errors of this and the other stages see `generate`; the volume is that
        of the stage before, if it is not given.
        """
        return self._run(volume, ["foundation"])

    def customers(self, volume: str | Volume | None = None) -> Stats:
        """Fill the customers and their addresses.

        Raises:
            StageError: The foundation is not there, or customers already are.
        """
        return self._run(volume, ["customers"])

    def products(self, volume: str | Volume | None = None) -> Stats:
        """Fill the products and the inventory.

        Raises:
            StageError: The foundation is not there, or products already are.
        """
        return self._run(volume, ["products"])

    def invoices(self, volume: str | Volume | None = None) -> Stats:
        """Fill the invoices and their lines.

        Raises:
            StageError: Customers or products of the volume are not there, or invoices already are.
        """
        return self._run(volume, ["invoices"])

    def stats(self) -> Stats:
        """Return what this generator has generated since it was made, or since its last reset().

        Raises:
            StageError: Nothing; after reset() there is no dataset any more.
        """
        if self._plan is None or self._started is None:
            found = (
                "This generator has no dataset any more: reset() has emptied the tables"
                if self._was_reset
                else "This generator has generated nothing yet"
            )
            message = f"{found}.\nCall generate() or a stage first."
            raise StageError(message)
        words = "package" if self._words.packaged else f"Faker {self._words.faker}"
        return Stats(
            volume=self._plan.volume.name,
            seed=self._seed,
            locale=self._words.locale,
            as_of=self._as_of,
            words=words,
            counts=MappingProxyType(dict(self._loaded)),
            started=self._started,
            seconds=self._seconds,
        )

    def validate(self) -> None:
        """Read the database and hold it to all rules of the invoicing dataset.

        Raises:
            ValidationError: Rules are broken; it names table, rule and the first rows of each.
            StageError: There are no tables, or the generator has a blueprint of your own.
        """
        if self._blueprint is not INVOICING:
            message = (
                "validate() knows the rules of the invoicing dataset, and this generator fills the "
                "tables of another blueprint.\n"
                "Hold those to rules of your own."
            )
            raise StageError(message)
        with self._connection() as connection:
            if missing := missing_tables(connection, self._blueprint.metadata):
                names = ", ".join(sorted(table.name for table in missing))
                message = f"The tables {names} are missing.\nCall generate() first."
                raise StageError(message)
            validate(connection, as_of=self._as_of, words=self._words)

    def reset(self) -> None:
        """Empty the tables, whoever filled them; a table that does not exist is passed over.

        Raises:
            GenerationRunningError: A generation runs on the same database.
        """
        with self._writing() as connection, savepoint(connection):
            missing = missing_tables(connection, self._blueprint.metadata)
            made = [
                fill.table
                for fill in reversed(list(self._blueprint.fills.values()))
                if fill.table not in missing and not isinstance(fill.rows, Existing)
            ]
            for table in made:
                if values := _apart(self._blueprint, table):
                    connection.execute(update(table).values(values))
            for table in made:
                connection.execute(delete(table))
        self._was_reset = self._was_reset or self._plan is not None
        self._plan, self._started = None, None

    def _run(self, volume: str | Volume | None, stages: list[str]) -> Stats:
        for stage in stages:
            if stage not in self._blueprint.stages:
                message = (
                    f"The blueprint has no stage {stage!r}.\n"
                    f"Stages: {', '.join(self._blueprint.stages)}."
                )
                raise StageError(message)
        size = self._volume_of(volume)
        plan = None if self._blueprint.existing() else self._plan_for(size)
        started, clock = datetime.now(UTC), perf_counter()
        named = failure_named(f"The generation of volume {size.name!r}")
        with named, self._writing(filling=True) as connection, self._tables_there(connection):
            if plan is None:
                plan = self._plan_for(size, self._existing(connection))
            generation = Generation(plan, connection, self._database, self._progress)
            loaded = generation.load(stages)
        if self._started is None:
            self._started, self._seconds, self._loaded = started, 0.0, {}
        self._plan = plan
        self._loaded |= {table: rows for table, rows in loaded.items() if rows}
        self._seconds += perf_counter() - clock
        return self.stats()

    def _volume_of(self, volume: str | Volume | None) -> Volume:
        """Return a volume; without one, that of the stage before."""
        if volume is None and self._plan is not None:
            return self._plan.volume
        if isinstance(volume, Volume):
            return volume
        text = DEFAULT_VOLUME if volume is None else volume
        return parse_volume(text, self._blueprint.volumes)

    def _plan_for(
        self, volume: Volume, existing: Mapping[str, Mapping[str, Sequence[Any]]] = _NOTHING
    ) -> Plan:
        if self._plan is not None and self._plan.volume == volume and not existing:
            return self._plan
        return Plan(
            self._blueprint,
            volume,
            seed=self._seed,
            words=self._words,
            as_of=self._as_of,
            existing=existing,
        )

    def _existing(self, connection: Connection) -> dict[str, dict[str, list[Any]]]:
        """Read what other tables refer to of the rows that are there already.

        Raises:
            VolumeError: There are none, and others refer to them.
        """
        there: dict[str, dict[str, list[Any]]] = {}
        reads, referred = self._blueprint.reads(), self._blueprint.referred()
        for fill in self._blueprint.existing():
            table = fill.table
            key = [column.key for column in table.primary_key.columns] or table.columns.keys()[:1]
            names = key + sorted(reads[fill.name] & set(table.columns.keys()) - set(key))
            columns = [table.columns[name] for name in names]
            query = select(*columns).order_by(*columns[: len(key)])
            rows = connection.execute(query).all()
            if not rows and fill.name in referred:
                message = (
                    f"The rows of {fill.name!r} are to be those that exist, and there are none for "
                    "others to refer to.\n"
                    "Insert some before, or leave rows=Existing() out, and they are made. A demo "
                    "database begins with empty tables."
                )
                raise VolumeError(message)
            values = zip(*rows, strict=True) if rows else ([] for _ in names)
            there[fill.name] = {
                name: [counted(column.type, value) for value in each]
                for name, column, each in zip(names, columns, values, strict=True)
            }
        return there

    @contextmanager
    def _connection(self) -> Iterator[Connection]:
        """Return the caller's connection, in a transaction, or one of our own that is committed.

        A transaction that is begun here on the caller's connection is left open, as SQLAlchemy's
        own are, but not after an error.
        """
        if isinstance(self._bind, Engine):
            with self._bind.connect() as connection:
                yield connection
            return
        began = None if self._bind.in_transaction() else self._bind.begin()
        try:
            yield self._bind
        except BaseException:
            if began is not None:
                began.rollback()
            raise

    @contextmanager
    def _writing(self, *, filling: bool = False) -> Iterator[Connection]:
        """Return a connection on which nobody else generates, until an Engine's is committed."""
        with ExitStack() as stack:
            if (shared := _shared_by_all(self._bind.engine.pool)) is not None:
                stack.enter_context(only_one(shared))
            connection = stack.enter_context(self._connection())
            if filling and isinstance(self._bind, Engine):
                stack.enter_context(self._database.checking_keys_last(connection))
            if not connection.in_transaction():
                connection.begin()
            self._database.check(connection)
            stack.enter_context(only_one(self._database.identity(connection)))
            stack.enter_context(self._database.generation_lock(connection))
            yield connection
            if isinstance(self._bind, Engine):
                connection.commit()

    @contextmanager
    def _tables_there(self, connection: Connection) -> Iterator[None]:
        """Create the missing tables, and undo it and what is done inside if that fails.

        Raises:
            DatabaseSetupError: To create them would commit the caller's transaction.
        """
        metadata = self._blueprint.metadata
        missing = missing_tables(connection, metadata)
        if self._database.ddl_in_transaction:
            with savepoint(connection), self._database.creating(connection, metadata, missing):
                yield
            return
        if missing and not isinstance(self._bind, Engine):
            names = ", ".join(sorted(table.name for table in missing))
            message = (
                f"The tables {names} are missing, and on {connection.dialect.name} to create them "
                "would commit your transaction.\n"
                "Create them before it begins: Base.metadata.create_all(engine)."
            )
            raise DatabaseSetupError(message)
        try:
            metadata.create_all(connection, tables=missing)
            with savepoint(connection):
                yield
        except BaseException:
            if missing:
                _roll_back(connection)
                metadata.drop_all(connection, tables=missing)
            raise


def _shared_by_all(pool: Pool) -> Hashable | None:
    """Return what stands for a pool's one connection, if it hands out the same one to all.

    Whoever is refused on it has to be so before it is theirs: to give it back rolls back what is
    done on it, and so what the other one has generated.
    """
    if isinstance(pool, StaticPool):
        return pool
    return (pool, get_ident()) if isinstance(pool, SingletonThreadPool) else None


def _roll_back(connection: Connection) -> None:
    """Roll back, on a new connection of the driver's where the old one is lost."""
    try:
        connection.rollback()
    except DBAPIError:
        connection.invalidate()
        connection.rollback()


def _apart(blueprint: Blueprint, table: Table) -> dict[Column[Any], Column[Any] | None]:
    """Return what to set so that rows keep no others that are deleted before them."""
    keys = [key for key in keys_of(table) if key.refers_to_itself]
    values: dict[Column[Any], Column[Any] | None] = {}
    for key in keys:
        pairs = zip(key.columns, key.targets, strict=True)
        values |= {table.columns[name]: table.columns[target] for name, target in pairs}
    for key in (*keys, *blueprint.set_later.get(table.key, ())):
        values |= {table.columns[name]: None for name in key.optional_columns}
    return values

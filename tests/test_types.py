"""Columns of every type: the same values on every database, as SQLAlchemy reads them back."""

from __future__ import annotations

import enum
import json
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from ipaddress import ip_address, ip_network
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

import pytest
from sqlalchemy import (
    ARRAY,
    BINARY,
    CHAR,
    JSON,
    REAL,
    VARBINARY,
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
    Double,
    Enum,
    Float,
    Identity,
    Integer,
    Interval,
    LargeBinary,
    MetaData,
    Numeric,
    PickleType,
    SmallInteger,
    String,
    Table,
    Text,
    Time,
    TypeDecorator,
    Uuid,
    create_engine,
    func,
    insert,
    select,
    text,
)
from sqlalchemy import Sequence as SchemaSequence
from sqlalchemy.dialects import mysql, postgresql, sqlite
from sqlalchemy.types import UserDefinedType

from pytest_demodata import DataGenerator
from pytest_demodata.blueprint import Blueprint, Fill, Fixed
from pytest_demodata.databases import Database, database_of
from pytest_demodata.defaults import DEFAULT_AS_OF, DEFAULT_SEED
from pytest_demodata.digests import digest_of_plan, digest_of_table
from pytest_demodata.engine import Chunk, Plan
from pytest_demodata.recipes import Listed
from pytest_demodata.values import DAY_SECONDS
from pytest_demodata.volumes import parse_volume
from pytest_demodata.words import words_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from sqlalchemy import Dialect, Engine
    from sqlalchemy.types import TypeEngine


class Tint(enum.Enum):
    """Has names that are not its values."""

    RED = "r"
    BLUE = "b"


class JsonText(TypeDecorator[Any]):
    """Any JSON, in a column for texts."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        """Write it."""
        del dialect
        return None if value is None else json.dumps(value, sort_keys=True)

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:
        """Read it."""
        del dialect
        return None if value is None else json.loads(value)


class UtcDateTime(TypeDecorator[datetime]):
    """Times that have a zone, in a column that has none."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Leave the zone out."""
        del dialect
        return value and value.astimezone(UTC).replace(tzinfo=None) if _zoned(value) else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Put it back."""
        del dialect
        return value and value.replace(tzinfo=UTC)


def _zoned(value: datetime | None) -> bool:
    return value is not None and value.tzinfo is not None


class Cents(TypeDecorator[Decimal]):
    """Money, in a column for whole numbers."""

    impl = BigInteger
    cache_ok = False

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> int | None:
        """Count."""
        del dialect
        return None if value is None else int(value * 100)

    def process_result_value(self, value: int | None, dialect: Dialect) -> Decimal | None:
        """Divide."""
        del dialect
        return None if value is None else Decimal(value) / 100


class Doubled(TypeDecorator[Decimal]):
    """Numbers that are stored twice as large."""

    impl = Numeric(12, 2)
    cache_ok = True

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> Decimal | None:
        """Double."""
        del dialect
        return None if value is None else value * 2

    def process_result_value(self, value: Decimal | None, dialect: Dialect) -> Decimal | None:
        """Halve."""
        del dialect
        return None if value is None else value / 2


class Packed(TypeDecorator[str]):
    """Texts, in a column for bytes."""

    impl = LargeBinary
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> bytes | None:
        """Encode."""
        del dialect
        return None if value is None else value.encode()

    def process_result_value(self, value: bytes | None, dialect: Dialect) -> str | None:
        """Decode."""
        del dialect
        return None if value is None else value.decode()


class Facts(TypeDecorator[Any]):
    """JSON, of a type of one's own around it."""

    impl = JSON
    cache_ok = True


class Never(TypeDecorator[str]):
    """Texts that are never NULL."""

    impl = String(20)
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str:
        """Write something."""
        del dialect
        return value or "nothing"


class Size(str, enum.Enum):  # noqa: UP042 - as applications had it before StrEnum
    """Is a text, and another one when it is printed."""

    SMALL = "s\\"
    LARGE = "l"


class Sized(TypeDecorator[str]):
    """A text that is a member of an Enum."""

    impl = String(20)
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> Size | None:
        """Look it up."""
        del dialect
        return None if value is None else Size(value)


class Guid(TypeDecorator[UUID]):
    """The recipe of SQLAlchemy's documentation: each database has a type of its own."""

    impl = CHAR(32)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Choose it."""
        native = dialect.name == "postgresql"
        return dialect.type_descriptor(postgresql.UUID() if native else CHAR(32))

    def process_bind_param(self, value: UUID | None, dialect: Dialect) -> Any:
        """Write it."""
        return value if value is None or dialect.name == "postgresql" else value.hex

    def process_result_value(self, value: Any, dialect: Dialect) -> UUID | None:
        """Read it."""
        del dialect
        return value if value is None or isinstance(value, UUID) else UUID(value)


class Place(UserDefinedType[tuple[int, int]]):
    """A type of one's own from the ground up."""

    cache_ok = True

    @property
    def python_type(self) -> type[Any]:
        """Have none, as many a type of SQLAlchemy 2.0's."""
        raise NotImplementedError

    def get_col_spec(self, **options: Any) -> str:
        """Return the column's type."""
        del options
        return "VARCHAR(40)"

    def bind_processor(self, dialect: Dialect) -> Callable[[Any], str | None]:
        """Write a pair."""
        del dialect
        return lambda value: value and f"{value[0]};{value[1]}"

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], Any]:
        """Read a pair."""
        del dialect, coltype
        return lambda value: value and tuple(map(int, value.split(";")))


class Lower(UserDefinedType[str]):
    """A type whose values go through a function of the database."""

    cache_ok = True

    def get_col_spec(self, **options: Any) -> str:
        """Return the column's type."""
        del options
        return "VARCHAR(40)"

    def bind_expression(self, bindvalue: Any) -> Any:
        """Have the database write small letters."""
        return func.lower(bindvalue, type_=self)


NOON: Final = 739_000 * DAY_SECONDS + 43_200
KEY: Final = UUID("0f8fad5b-d9cb-469f-a165-70867728950e")
ODD_TEXT: Final = "a\tb\nc\\d\r 'é' \u00a0\x01\\N"
MOMENT: Final = datetime(2024, 4, 24, 12)  # noqa: DTZ001 - as columns without zone have it

EVERYWHERE: Final[dict[str, tuple[TypeEngine[Any], Sequence[Any], Sequence[Any]]]] = {
    "integer": (Integer(), [-1, 2**31 - 1], [-1, 2**31 - 1]),
    "small": (SmallInteger(), [7, None], [7, None]),
    "big": (BigInteger(), [2**62, None], [2**62, None]),
    "money": (Numeric(12, 2), [-5, None, 123_456], [Decimal("-0.05"), None, Decimal("1234.56")]),
    "floating_money": (Numeric(12, 2, asdecimal=False), [110, None], [1.1, None]),
    "whole": (Numeric(9, 0), [7, None], [7, None]),
    "number": (Numeric(), [7, None], [7, None]),
    "float": (Float(), [0.5, None, -3, 1.25], [0.5, None, -3.0, 1.25]),
    "double": (Double(), [0.1, None, 1e300, -2 / 3], [0.1, None, 1e300, -2 / 3]),
    "real": (REAL(), [0.5, None], [0.5, None]),
    "scaled": (Float(24), [0.5, None], [0.5, None]),
    "decimal_float": (Float(asdecimal=True), [0.5, None], [Decimal("0.5"), None]),
    "date": (Date(), [739_000, None, 1], [date(2024, 4, 24), None, date.min]),
    "moment": (DateTime(), [NOON, None], [MOMENT, None]),
    "zoned": (DateTime(timezone=True), [NOON, None], [MOMENT.replace(tzinfo=UTC), None]),
    "time": (Time(), [0, None, 86_399], [time(), None, time(23, 59, 59)]),
    "interval": (
        Interval(),
        [90_061, None, -1, 0],
        [timedelta(1, 3_661), None, timedelta(seconds=-1), timedelta()],
    ),
    "emulated": (Interval(native=False), [90_061, None], [timedelta(1, 3_661), None]),
    "flag": (Boolean(), [True, None, False], [True, None, False]),
    "text": (Text(), [ODD_TEXT, None, ""], [ODD_TEXT, None, ""]),
    "uuid": (Uuid(), [KEY.int, None, 7], [KEY, None, UUID(int=7)]),
    "uuid_text": (Uuid(as_uuid=False), [KEY.int, None], [str(KEY), None]),
    "uuid_chars": (Uuid(native_uuid=False), [KEY.int, None], [KEY, None]),
    "bytes": (LargeBinary(), [b"\0\\\t\n\xff'", None, b""], [b"\0\\\t\n\xff'", None, b""]),
    "json": (
        JSON(),
        [{"b": [1, None], "a": "é\\\n"}, None, [], "text", 1.0, False],
        [{"b": [1, None], "a": "é\\\n"}, None, [], "text", 1.0, False],
    ),
    "colour": (Enum(Tint, name="tint"), [Tint.BLUE, None], [Tint.BLUE, None]),
    "word": (Enum("ä", "b'", name="word"), ["ä", None, "b'"], ["ä", None, "b'"]),
    "json_text": (JsonText(), [{"b": 1, "a": [2.5]}, None], [{"b": 1, "a": [2.5]}, None]),
    "utc": (
        UtcDateTime(),
        [NOON, None, MOMENT.replace(tzinfo=UTC)],
        [MOMENT.replace(tzinfo=UTC), None, MOMENT.replace(tzinfo=UTC)],
    ),
    "cents": (Cents(), [Decimal("1.05"), None], [Decimal("1.05"), None]),
    "doubled": (
        Doubled(),
        [105, None, Decimal("0.5")],
        [Decimal("1.05"), None, Decimal("0.5")],
    ),
    "packed": (Packed(), ["é", None], ["é", None]),
    "facts": (Facts(), [{"a": 1}, None], [{"a": 1}, None]),
    "never": (Never(), ["a", None], ["a", "nothing"]),
    "size": (String(20), [Size.SMALL, Size.LARGE, None], ["s\\", "l", None]),
    "sized": (Sized(), ["s\\", "l", None], ["s\\", "l", None]),
    "guid": (Guid(), [KEY, None], [KEY, None]),
    "place": (Place(), [(1, 2), None], [(1, 2), None]),
    "pickled": (PickleType(), [{"a": {1, 2}}, None], [{"a": {1, 2}}, None]),
    "lower": (Lower(), ["ABC", None], ["abc", None]),
    "varied": (
        ARRAY(Integer).with_variant(JSON(), "sqlite").with_variant(JSON(), "mysql", "mariadb"),
        [[1, 2], None, []],
        [[1, 2], None, []],
    ),
    "other_date": (
        Date().with_variant(sqlite.DATE(storage_format="%(year)04d%(month)02d%(day)02d"), "sqlite"),  # type: ignore[no-untyped-call]
        [None, 739_000],
        [None, date(2024, 4, 24)],
    ),
}
NAIVE: Final = {"zoned"}
"""Of types with a zone, only PostgreSQL keeps it."""


@pytest.fixture(params=["sqlite", "postgresql", "mariadb", "mariadb that takes files"])
def server(request: pytest.FixtureRequest) -> Iterator[Engine]:
    """A database of each kind; MariaDB loads in two ways, PostgreSQL's session is far from UTC."""
    kind, *files = request.param.split(maxsplit=1)
    if kind == "sqlite":
        yield request.getfixturevalue("engine")
        return
    arguments: dict[str, Any] = {"local_infile": True} if files else {}
    if kind == "postgresql":
        arguments = {"options": "-c TimeZone=Asia/Kathmandu"}
    engine = create_engine(request.getfixturevalue(f"{kind}_url"), connect_args=arguments)
    yield engine
    engine.dispose()


@pytest.fixture
def far(postgresql_url: Any) -> Iterator[Engine]:
    """PostgreSQL."""
    engine = create_engine(postgresql_url)
    yield engine
    engine.dispose()


def _blueprint(
    columns: Mapping[str, tuple[TypeEngine[Any], Sequence[Any]]], rows: int = 0, **options: Any
) -> Blueprint:
    metadata = MetaData()
    table = Table(
        "types",
        metadata,
        Column("id", Integer, primary_key=True),
        *(Column(name, kind) for name, (kind, _) in columns.items()),
        **options,
    )
    fill = Fill(
        table,
        rows=Fixed(rows or max(len(values) for _, values in columns.values())),
        columns={name: Listed(tuple(values)) for name, (_, values) in columns.items()},
    )
    return Blueprint(metadata, {"all": [fill]})


def _plan(blueprint: Blueprint) -> Plan:
    return Plan(
        blueprint,
        parse_volume("small"),
        seed=DEFAULT_SEED,
        words=words_of("en_US"),
        as_of=DEFAULT_AS_OF,
    )


def _generated(engine: Engine, blueprint: Blueprint) -> list[dict[str, Any]]:
    """Generate, hold the digest to that of the plan, and read the rows back."""
    table = blueprint.fills["types"].table
    try:
        DataGenerator(engine, blueprint=blueprint).generate("small")
        assert DataGenerator(engine, blueprint=blueprint).generate("small").counts == {}
        with engine.connect() as connection:
            rows = connection.execute(select(table).order_by(table.c.id)).mappings().all()
            assert digest_of_table(connection, table) == digest_of_plan(_plan(blueprint), "types")
    finally:
        blueprint.metadata.drop_all(engine)
    return [dict(row) for row in rows]


def _expected(engine: Engine, name: str) -> Sequence[Any]:
    values = EVERYWHERE[name][2]
    if name in NAIVE and engine.dialect.name != "postgresql":
        return [value and value.replace(tzinfo=None) for value in values]
    return values


@pytest.mark.parametrize("name", EVERYWHERE)
def test_a_table_of_a_type(server: Engine, name: str) -> None:
    """What is read back is what was handed over, with a digest that is the engine's."""
    if name == "lower":
        pytest.skip("the database changes it, and so its digest")
    kind, values, _ = EVERYWHERE[name]
    rows = _generated(server, _blueprint({name: (kind, values)}))
    assert [row[name] for row in rows] == _expected(server, name)


def test_a_table_of_all_types(server: Engine) -> None:
    """One beside the other, with rows that go round."""
    columns = {
        name: (kind, values) for name, (kind, values, _) in EVERYWHERE.items() if name != "lower"
    }
    rows = _generated(server, _blueprint(columns, rows=24))
    for name in columns:
        expected = _expected(server, name)
        assert [row[name] for row in rows] == [expected[at % len(expected)] for at in range(24)]


def test_sqlalchemy_inserts_all_types(server: Engine) -> None:
    """The loader for databases of which nothing is known hands over the same."""
    columns = {name: (kind, values) for name, (kind, values, _) in EVERYWHERE.items()}
    blueprint = _blueprint(columns, rows=12)
    table = blueprint.fills["types"].table
    blueprint.metadata.create_all(server)
    with server.begin() as connection:
        Database().loader(connection, _plan(blueprint).rows("types", 0, 12))()
        rows = connection.execute(select(table).order_by(table.c.id)).mappings().all()
    blueprint.metadata.drop_all(server)
    for name in columns:
        expected = _expected(server, name)
        assert [row[name] for row in rows] == [expected[at % len(expected)] for at in range(12)]


POSTGRESQL: Final[dict[str, tuple[TypeEngine[Any], Sequence[Any], Sequence[Any]]]] = {
    "interval": (
        postgresql.INTERVAL(),
        [90_061, None, -86_399],
        [timedelta(1, 3_661), None, timedelta(-1, 1)],
    ),
    "number": (
        Numeric(),
        [Decimal("1.50"), 10**20, None],
        [Decimal("1.50"), Decimal(10) ** 20, None],
    ),
    "zoned_time": (Time(timezone=True), [3_600, None], [time(1, tzinfo=UTC), None]),
    "uuid": (postgresql.UUID(as_uuid=False), [KEY.int, None], [str(KEY), None]),
    "bytea": (postgresql.BYTEA(), [b"\\x\0", None], [b"\\x\0", None]),
    "json": (postgresql.JSON(), [{"b": 1, "a": 2}, None], [{"b": 1, "a": 2}, None]),
    "jsonb": (
        postgresql.JSONB(),
        [{"b": [1e20], "a": "\\\t"}, None, "x"],
        [{"b": [1e20], "a": "\\\t"}, None, "x"],
    ),
    "numbers": (ARRAY(Integer), [[1, None, -2], None, []], [[1, None, -2], None, []]),
    "texts": (
        postgresql.ARRAY(Text),
        [[ODD_TEXT, "NULL", "{}"], None],
        [[ODD_TEXT, "NULL", "{}"], None],
    ),
    "amounts": (
        ARRAY(Numeric(9, 2), dimensions=2),
        [[[1, 2], [None, -4]], None],
        [[[Decimal("0.01"), Decimal("0.02")], [None, Decimal("-0.04")]], None],
    ),
    "days": (ARRAY(Date), [[739_000, None], None], [[date(2024, 4, 24), None], None]),
    "keys": (ARRAY(Uuid()), [[KEY.int], None], [[KEY], None]),
    "tints": (ARRAY(Enum(Tint, name="tint")), [[Tint.RED], None], [[Tint.RED], None]),
    "documents": (ARRAY(postgresql.JSONB()), [[{"a": 1}], None], [[{"a": 1}], None]),
    "pieces": (ARRAY(LargeBinary), [[b"\\\0"], None], [[b"\\\0"], None]),
    "inet": (postgresql.INET(), ["10.0.0.1", None], [ip_address("10.0.0.1"), None]),
    "cidr": (postgresql.CIDR(), ["10.0.0.0/8", None], [ip_network("10.0.0.0/8"), None]),
    "mac": (postgresql.MACADDR(), ["08:00:2b:01:02:03", None], ["08:00:2b:01:02:03", None]),
    "words": (postgresql.TSVECTOR(), ["'a' 'b'", None], ["'a' 'b'", None]),
    "bits": (postgresql.BIT(3), ["101", None], ["101", None]),
    "cash": (postgresql.MONEY(), ["$1.50", None], ["$1.50", None]),
    "span": (
        postgresql.INT4RANGE(),
        [postgresql.Range(1, 5), None],
        [postgresql.Range(1, 5), None],
    ),
    "period": (
        postgresql.DATERANGE(),
        [postgresql.Range(date(2024, 1, 1), None), None],
        [postgresql.Range(date(2024, 1, 1), None), None],
    ),
    "spans": (
        postgresql.INT4MULTIRANGE(),
        [[postgresql.Range(1, 5), postgresql.Range(7, 9)], None],
        [[postgresql.Range(1, 5), postgresql.Range(7, 9)], None],
    ),
    "pairs": (postgresql.HSTORE(), [{"b": "\\", "a": None}, None], [{"b": "\\", "a": None}, None]),
    "any_case": (postgresql.CITEXT(), [ODD_TEXT, None], [ODD_TEXT, None]),
    "domain": (postgresql.DOMAIN("score", Integer()), [7, None], [7, None]),
    "truth": (Boolean().with_variant(SmallInteger(), "postgresql"), [True, None], [1, None]),
    "shifted": (
        DateTime().with_variant(DateTime(timezone=True), "postgresql"),
        [NOON, None],
        [MOMENT.replace(tzinfo=UTC), None],
    ),
}
MARIADB: Final[dict[str, tuple[TypeEngine[Any], Sequence[Any], Sequence[Any]]]] = {
    "json": (mysql.JSON(), [{"b": 1, "a": "\\"}, None], [{"b": 1, "a": "\\"}, None]),
    "set": (mysql.SET("a", "b"), [{"a", "b"}, None], [{"a", "b"}, None]),
    "bitwise": (mysql.SET("a", "b", retrieve_as_bitwise=True), [{"b"}, None], [{"b"}, None]),
    "bits": (mysql.BIT(8), [5, None], [5, None]),
    "year": (mysql.YEAR(), [2024, None], [2024, None]),
    "binary": (BINARY(3), [b"\0\\\n", None], [b"\0\\\n", None]),
    "varbinary": (VARBINARY(9), [b"\0\xff", None], [b"\0\xff", None]),
    "blob": (mysql.LONGBLOB(), [b"\0\xff", None], [b"\0\xff", None]),
    "double": (mysql.DOUBLE(asdecimal=False), [0.1, None], [0.1, None]),
    "decimal_double": (mysql.DOUBLE(), [0.5, None], [Decimal("0.5"), None]),
    "tiny": (mysql.TINYINT(1), [1, None], [1, None]),
    "fine": (mysql.DATETIME(fsp=6), [NOON, None], [MOMENT, None]),
    "fine_time": (mysql.TIME(fsp=3), [61, None], [time(0, 1, 1), None]),
    "stamp": (mysql.TIMESTAMP(), [NOON, None], [MOMENT, None]),
    "enum": (mysql.ENUM("a", "b"), ["b", None], ["b", None]),
}


@pytest.fixture(scope="module")
def extended(postgresql_url: Any) -> Iterator[Engine]:
    """PostgreSQL with the extensions that come with it, and with a session that is not in UTC."""
    admin = create_engine(postgresql_url, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text("CREATE EXTENSION IF NOT EXISTS hstore"))
        connection.execute(text("CREATE EXTENSION IF NOT EXISTS citext"))
    admin.dispose()
    options = {"options": "-c TimeZone=America/St_Johns -c lc_monetary=C"}
    engine = create_engine(postgresql_url, connect_args=options)
    yield engine
    engine.dispose()


@pytest.mark.parametrize("name", POSTGRESQL)
def test_types_of_postgresql(extended: Engine, name: str) -> None:
    """Those that no other database has are copied as well."""
    kind, values, expected = POSTGRESQL[name]
    rows = _generated(extended, _blueprint({name: (kind, values)}))
    assert [row[name] for row in rows] == expected


@pytest.mark.parametrize("files", [True, False])
@pytest.mark.parametrize("name", MARIADB)
def test_types_of_mariadb(mariadb_url: Any, name: str, *, files: bool) -> None:
    """Those that no other database has are loaded or inserted."""
    engine = create_engine(mariadb_url, connect_args={"local_infile": files})
    kind, values, expected = MARIADB[name]
    rows = _generated(engine, _blueprint({name: (kind, values)}))
    engine.dispose()
    assert [row[name] for row in rows] == expected


def test_types_of_sqlite(engine: Engine) -> None:
    """A format of one's own is kept."""
    columns: dict[str, tuple[TypeEngine[Any], Sequence[Any]]] = {
        "short": (sqlite.DATETIME(truncate_microseconds=True), [NOON]),  # type: ignore[no-untyped-call]
        "plain": (DateTime(), [NOON]),
        "clock": (sqlite.TIME(truncate_microseconds=True), [61]),  # type: ignore[no-untyped-call]
    }
    blueprint = _blueprint(columns)
    DataGenerator(engine, blueprint=blueprint).generate("small")
    with engine.connect() as connection:
        (row,) = connection.exec_driver_sql("SELECT * FROM types").all()
    assert row[1:] == ("2024-04-24 12:00:00", "2024-04-24 12:00:00.000000", "00:01:01")


def test_a_function_of_the_database_is_called(server: Engine) -> None:
    """Where a type puts its values into an expression, they are inserted through SQLAlchemy."""
    kind, values, expected = EVERYWHERE["lower"]
    blueprint = _blueprint({"lower": (kind, values), "json": (JSON(), [{"a": 1}, None])})
    table = blueprint.fills["types"].table
    DataGenerator(server, blueprint=blueprint).generate("small")
    with server.connect() as connection:
        rows = connection.execute(select(table.c.lower, table.c.json).order_by(table.c.id)).all()
        nulls = connection.scalar(select(func.count()).where(table.c.json.is_(None)))
        raw = connection.scalar(text("SELECT count(*) FROM types WHERE json IS NULL"))
    blueprint.metadata.drop_all(server)
    assert [row.lower for row in rows] == expected
    assert [row.json for row in rows] == [{"a": 1}, None]
    assert (nulls, raw) == (1, 1)


@pytest.mark.parametrize("kind", [JSON(), Facts()])
def test_no_json_is_null(server: Engine, kind: TypeEngine[Any]) -> None:
    """And not JSON's null, whichever loader it is."""
    blueprint = _blueprint({"value": (kind, [None, 1])})
    table = blueprint.fills["types"].table
    chunk = Chunk(table, 0, 3, {"id": [1, 2, 3], "value": [None, [1], None]})
    blueprint.metadata.create_all(server)
    with server.begin() as connection:
        for database in (database_of(server.dialect), Database()):
            database.loader(connection, chunk)()
            counts = text("SELECT count(*), count(value) FROM types")
            assert tuple(connection.execute(counts).one()) == (3, 1)
            connection.execute(table.delete())
    blueprint.metadata.drop_all(server)


def test_values_that_mariadb_cannot_be_told_as_text(mariadb_url: Any) -> None:
    """What a decorator makes of a value may be anything that the driver takes."""

    class Anything(TypeDecorator[Any]):
        impl = String(20)
        cache_ok = True

    engine = create_engine(mariadb_url, connect_args={"local_infile": True})
    rows = _generated_by(engine, Anything(), ["text", None, 7])
    engine.dispose()
    assert rows == ["text", None, "7"]


def _generated_by(engine: Engine, kind: TypeEngine[Any], values: Sequence[Any]) -> list[Any]:
    blueprint = _blueprint({"value": (kind, values)})
    table = blueprint.fills["types"].table
    try:
        DataGenerator(engine, blueprint=blueprint).generate("small")
        with engine.connect() as connection:
            return list(connection.scalars(select(table.c.value).order_by(table.c.id)))
    finally:
        blueprint.metadata.drop_all(engine)


def test_a_duration_in_another_style(postgresql_url: Any) -> None:
    """PostgreSQL reads durations as they are meant, however its session writes them."""
    style = {"options": "-c IntervalStyle=sql_standard"}
    engine = create_engine(postgresql_url, connect_args=style)
    blueprint = _blueprint({"value": (Interval(), [-86_399, 90_061])})
    table = blueprint.fills["types"].table
    blueprint.metadata.create_all(engine)
    chunk = Chunk(table, 0, 2, {"id": [1, 2], "value": [-86_399, 90_061]})
    with engine.connect() as connection:
        database_of(engine.dialect).loader(connection, chunk)()
        seconds = text("SELECT CAST(extract(epoch FROM value) AS integer) FROM types ORDER BY id")
        assert connection.scalars(seconds).all() == [-86_399, 90_061]
    blueprint.metadata.drop_all(engine)
    engine.dispose()


# Keys


def test_an_identity_that_is_always_generated(far: Engine) -> None:
    """COPY gives it the values of ours, and the next one follows."""
    metadata = MetaData(schema="public")
    table = Table(
        "types",
        metadata,
        Column("id", Integer, Identity(always=True, start=5, increment=10), primary_key=True),
        Column("facts", postgresql.JSONB),
    )
    fill = Fill(table, rows=Fixed(3), columns={"facts": Listed(({"a": 1}, None))})
    DataGenerator(far, blueprint=Blueprint(metadata, {"all": [fill]})).generate("small")
    with far.begin() as connection:
        key = connection.scalar(insert(table).returning(table.c.id))
    metadata.drop_all(far)
    assert key == 13


@pytest.mark.parametrize(
    ("create", "following"),
    [
        ("id serial PRIMARY KEY, number serial", 31),
        ("id serial PRIMARY KEY, number integer DEFAULT nextval('other_numbers')", 500),
        ("id serial PRIMARY KEY, number smallint GENERATED BY DEFAULT AS IDENTITY", 31),
        (
            "id serial PRIMARY KEY,"
            " number integer GENERATED BY DEFAULT AS IDENTITY (INCREMENT -1 MAXVALUE 0)",
            0,
        ),
        (
            "id serial PRIMARY KEY, number integer GENERATED BY DEFAULT AS IDENTITY (MINVALUE 100)",
            100,
        ),
    ],
)
def test_columns_that_count_and_are_no_keys(far: Engine, create: str, following: int) -> None:
    """Their sequences go on after the rows, unless they are past them or count elsewhere."""
    metadata = MetaData()
    table = Table(
        "types",
        metadata,
        Column("id", Integer, primary_key=True),
        Column("number", Integer),
    )
    fill = Fill(table, rows=Fixed(3), columns={"number": Listed((10, 30, 20))})
    with far.begin() as connection:
        connection.execute(text("CREATE SEQUENCE other_numbers START 500"))
        connection.execute(text(f"CREATE TABLE types ({create})"))
    DataGenerator(far, blueprint=Blueprint(metadata, {"all": [fill]})).generate("small")
    with far.begin() as connection:
        row = connection.execute(text("INSERT INTO types DEFAULT VALUES RETURNING id, number"))
        found = tuple(row.one())
        metadata.drop_all(connection)
        connection.execute(text("DROP SEQUENCE other_numbers"))
    assert found == (4, following)


def test_sequences_that_sqlalchemy_asks(far: Engine) -> None:
    """A column whose values come from a sequence by name gets the next one, too."""
    metadata = MetaData()
    table = Table(
        "types",
        metadata,
        Column("id", Integer, SchemaSequence("Type numbers"), primary_key=True),
    )
    fill = Fill(table, rows=Fixed(3), columns={})
    DataGenerator(far, blueprint=Blueprint(metadata, {"all": [fill]})).generate("small")
    with far.begin() as connection:
        assert connection.scalar(insert(table).returning(table.c.id)) == 4
    metadata.drop_all(far)


def _keyless(kind: TypeEngine[Any], *key: str) -> Table:
    return Table(
        "types",
        MetaData(),
        Column("a", kind, primary_key="a" in key),
        Column("b", Integer, primary_key="b" in key, autoincrement=False),
        Column("facts", JSON),
    )


class _OnePlan:
    """A plan of one table, whose rows are given."""

    def __init__(self, chunk: Chunk) -> None:
        self._chunk = chunk
        self.blueprint = self
        self.fills = {chunk.table.name: self}
        self.table = chunk.table
        self.columns = chunk.columns
        self.counts = {chunk.table.name: chunk.stop}

    def rows(self, name: str, start: int, stop: int) -> Chunk:
        """Cut them."""
        del name
        columns = {key: values[start:stop] for key, values in self._chunk.columns.items()}
        return Chunk(self.table, start, stop, columns)


@pytest.mark.parametrize(
    ("kind", "values", "key"),
    [
        (Uuid(), [KEY.int, 7, 2**127], ("a",)),
        (String(9), ["b", "Ä", "z"], ("a",)),
        (Integer(), [2, 1, 2], ("a", "b")),
        (String(9), ["b", None, "b"], ()),
    ],
)
def test_tables_with_other_keys_than_numbers(
    server: Engine, kind: TypeEngine[Any], values: Sequence[Any], key: tuple[str, ...]
) -> None:
    """They are filled, and have the same digest on every database, in any order of the rows."""
    table = _keyless(kind, *key)
    facts = [{"x": 1}, None, [2]]
    plan: Any = _OnePlan(Chunk(table, 0, 3, {"a": values, "b": [1, 2, 3], "facts": facts}))
    table.create(server)
    with server.begin() as connection:
        database = database_of(server.dialect)
        with database.filling(connection, [table]):
            database.loader(connection, plan.rows("types", 0, 3))()
        found = digest_of_table(connection, table)
    table.drop(server)
    assert found == digest_of_plan(plan, "types")


@pytest.mark.parametrize("key", [("a",), ("a", "b"), ()])
def test_rows_are_known_again(server: Engine, key: tuple[str, ...]) -> None:
    """Whatever the key is, rows that the plan makes are told from others."""
    from pytest_demodata.generation import Generation  # noqa: PLC0415 - its inside

    table = _keyless(Uuid(), *key)
    columns: dict[str, Sequence[Any]] = {
        "a": [KEY.int, 7, 9],
        "b": [1, 2, 3],
        "facts": [{"x": 1}, None, {}],
    }
    plan: Any = _OnePlan(Chunk(table, 0, 3, columns))
    table.create(server)
    with server.begin() as connection:
        database = database_of(server.dialect)
        database.loader(connection, Chunk(table, 0, 3, columns))()
        generation = Generation(plan, connection, database, None)
        held = [generation._holds("types", *run) for run in ((0, 3), (2, 3))]  # noqa: SLF001
        connection.execute(table.update().where(table.c.b == 3).values(facts=[1]))
        held += [generation._holds("types", *run) for run in ((0, 2), (2, 3))]  # noqa: SLF001
    table.drop(server)
    assert held == [True, True, True, False]

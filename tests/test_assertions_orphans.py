"""assert_no_orphans and find_orphans: every kind of reference, on every database."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import (
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    create_engine,
    event,
    inspect,
    text,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from pytest_demodata.assertions import (
    Checked,
    Orphan,
    Orphans,
    SlowCheckWarning,
    assert_no_orphans,
    find_orphans,
)
from pytest_demodata.errors import DatabaseSetupError, SettingError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import URL, Connection, Engine


class Model(DeclarativeBase):
    """A shop of its own, whose customers are not those of the dataset."""


class Client(Model):
    """Somebody with a number, and a code that is unique."""

    __tablename__ = "clients"

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str | None] = mapped_column(String(20), unique=True)


class Order(Model):
    """An order of a client; it may follow another one."""

    __tablename__ = "orders"

    id: Mapped[int] = mapped_column(primary_key=True)
    client_id: Mapped[int | None] = mapped_column(ForeignKey("clients.id"))
    client_code: Mapped[str | None] = mapped_column(ForeignKey("clients.code"))
    follows_id: Mapped[int | None] = mapped_column(ForeignKey("orders.id"))
    client_ref: Mapped[int | None]


UNCHECKED = {
    "sqlite": "PRAGMA foreign_keys = OFF",
    "postgresql": "SET session_replication_role = replica",
    "mysql": "SET foreign_key_checks = 0",
    "mariadb": "SET foreign_key_checks = 0",
}


@pytest.fixture
def connection(any_engine: Engine) -> Iterator[Connection]:
    """A connection on an empty database that lets rows in without their parents."""
    unchecked = UNCHECKED[any_engine.dialect.name]
    event.listen(any_engine, "connect", lambda driver, _: driver.cursor().execute(unchecked))
    any_engine.dispose()
    with any_engine.connect() as connection:
        yield connection
        connection.rollback()
        for name in inspect(connection).get_table_names():
            connection.execute(text(f"DROP TABLE {name}"))
        connection.commit()


@pytest.fixture
def sqlite() -> Iterator[Connection]:
    """A connection to SQLite as it comes, which does not hold foreign keys."""
    engine = create_engine("sqlite://")
    with engine.connect() as connection:
        yield connection
    engine.dispose()


def _run(connection: Connection, *statements: str) -> None:
    for statement in statements:
        connection.execute(text(statement))


def _shop(connection: Connection) -> None:
    Model.metadata.create_all(connection)
    _run(
        connection,
        "INSERT INTO clients (id, code) VALUES (1, 'north'), (2, 'south'), (3, NULL)",
        "INSERT INTO orders (id, client_id, client_code, follows_id, client_ref) VALUES"
        " (1, 1, 'north', NULL, 1), (2, 2, NULL, 1, 2), (3, NULL, 'south', 2, 7)",
    )


def _message(target: Connection, **options: Any) -> str:
    with pytest.raises(AssertionError) as error:
        assert_no_orphans(target, **options)
    return str(error.value)


def test_where_every_parent_is_there_it_says_what_was_looked_at(connection: Connection) -> None:
    """Keys to a primary key, to a unique column and to the table itself hold, also those of NULL.

    With the MetaData and without it is the same.
    """
    _shop(connection)
    assert assert_no_orphans(connection) == Checked(keys=3, rows=3)
    assert str(assert_no_orphans(connection, metadata=Model.metadata)) == "3 keys and 3 rows"
    assert find_orphans(connection) == ()


@pytest.mark.parametrize("metadata", [None, Model.metadata])
def test_orphans_are_named_by_key_with_their_values(
    connection: Connection, metadata: MetaData | None
) -> None:
    """The message has each reference, the first rows without a parent, and how many more."""
    _shop(connection)
    _run(
        connection,
        "INSERT INTO orders (id, client_id, client_code, follows_id) VALUES (10, 70, 'north', 10),"
        " (11, 71, 'north ?', NULL), (12, 72, 'west', 99), (13, 1, 'it''s', NULL)",
    )
    message = _message(connection, metadata=metadata, limit=2)
    head, *paragraphs = message.split("\n  orders")
    assert head == "3 of 3 references to a parent do not hold (7 rows looked at)."
    assert sorted(paragraphs) == [
        ".client_code -> clients.code: 3 rows without a parent"
        "\n    orders 11: client_code 'north ?'\n    orders 12: client_code 'west'\n"
        "    … and 1 more",
        ".client_id -> clients.id: 3 rows without a parent"
        "\n    orders 10: client_id 70\n    orders 11: client_id 71\n    … and 1 more",
        ".follows_id -> orders.id: 1 row without a parent\n    orders 12: follows_id 99",
    ]


def test_a_reference_that_the_schema_does_not_declare_is_found_when_named(
    connection: Connection,
) -> None:
    """`references` adds to the foreign keys that are declared."""
    _shop(connection)
    assert _message(connection, references={"orders.client_ref": "clients.id"}) == (
        "1 of 4 references to a parent does not hold (3 rows looked at).\n"
        "  orders.client_ref -> clients.id: 1 row without a parent\n"
        "    orders 3: client_ref 7"
    )


def test_findings_are_data(connection: Connection) -> None:
    """find_orphans gives the same as frozen values."""
    _shop(connection)
    (found,) = find_orphans(connection, references={"orders.client_ref": "clients.id"})
    assert found == Orphans(
        table="orders",
        columns=("client_ref",),
        parent="clients",
        parent_columns=("id",),
        count=1,
        rows=(Orphan(key=(3,), values=(7,)),),
    )


@pytest.mark.parametrize("tables", [["orders"], [Order], [Order.__table__], (Order, "clients")])
def test_tables_say_whose_rows_are_looked_at(connection: Connection, tables: Any) -> None:
    """By name, as a Table or as a model; other tables are parents only."""
    _shop(connection)
    _run(connection, "CREATE TABLE notes (id INTEGER PRIMARY KEY, order_id INTEGER)")
    assert assert_no_orphans(connection, tables=tables) == Checked(keys=3, rows=3)


def _regions(match: str | None = None) -> MetaData:
    metadata = MetaData()
    Table(
        "regions",
        metadata,
        Column("region", String(9), primary_key=True),
        Column("number", Integer, primary_key=True),
    )
    Table(
        "visits",
        metadata,
        Column("region", String(9), primary_key=True),
        Column("serial", Integer, primary_key=True),
        Column("number", Integer),
        Column("place", String(9)),
        ForeignKeyConstraint(
            ["place", "number"], ["regions.region", "regions.number"], match=match
        ),
    )
    return metadata


def test_a_composite_key_is_compared_as_a_whole(connection: Connection) -> None:
    """Both columns have to be of one parent; a key that is NULL in part needs none."""
    _regions().create_all(connection)
    _run(
        connection,
        "INSERT INTO regions VALUES ('EU', 1), ('US', 2)",
        "INSERT INTO visits (region, serial, place, number) VALUES"
        " ('a', 1, 'EU', 1), ('a', 2, 'EU', 2), ('a', 3, NULL, 9), ('a', 4, 'EU', NULL)",
    )
    assert _message(connection) == (
        "1 of 1 reference to a parent does not hold (4 rows looked at).\n"
        "  visits.(place, number) -> regions.(region, number): 1 row without a parent\n"
        "    visits (a, 2): place 'EU', number 2"
    )
    undeclared = {"visits.(region, serial)": "regions.(region, number)"}
    (_, found) = find_orphans(connection, references=undeclared, limit=1)
    assert (found.count, found.rows) == (4, (Orphan(("a", 1), ("a", 1)),))


def test_with_match_full_a_key_that_is_null_in_part_is_an_error(
    postgresql_url: URL, sqlite: Connection
) -> None:
    """Where the database holds it, and where a MetaData says so."""
    rows = (
        "INSERT INTO regions VALUES ('EU', 1)",
        "INSERT INTO visits (region, serial, place, number) VALUES"
        " ('a', 1, 'EU', 1), ('a', 2, NULL, NULL), ('a', 3, NULL, 9)",
    )
    expected = (
        "1 of 1 reference to a parent does not hold (3 rows looked at).\n"
        "  visits.(place, number) -> regions.(region, number): 1 row without a parent\n"
        "    visits (a, 3): place NULL, number 9"
    )
    server = create_engine(postgresql_url)
    with server.connect() as connection:
        _run(connection, UNCHECKED["postgresql"])
        _regions("FULL").create_all(connection)
        _run(connection, *rows)
        assert _message(connection) == expected
        connection.rollback()
    server.dispose()
    _regions().create_all(sqlite)
    _run(sqlite, *rows)
    assert _message(sqlite, metadata=_regions("full")) == expected


def test_keys_in_a_circle_are_checked(connection: Connection) -> None:
    """Two tables that refer to each other need no order."""
    metadata = MetaData()
    Table(
        "teams",
        metadata,
        Column("id", Integer, primary_key=True),
        Column("head_id", ForeignKey("people.id", name="head", use_alter=True)),
    )
    Table(
        "people",
        metadata,
        Column("id", Integer, primary_key=True),
        Column("team_id", ForeignKey("teams.id", name="team")),
    )
    metadata.create_all(connection)
    _run(connection, "INSERT INTO teams VALUES (1, 1), (2, 5)", "INSERT INTO people VALUES (1, 3)")
    found = find_orphans(connection, metadata=metadata)
    assert sorted((each.table, each.count) for each in found) == [("people", 1), ("teams", 1)]


def test_the_database_decides_what_is_equal(connection: Connection) -> None:
    """To MariaDB 'NORTH ' is 'north', and to the others it is not."""
    _shop(connection)
    _run(connection, "INSERT INTO orders (id, client_code) VALUES (10, 'NORTH '), (11, 'x')")
    (found,) = find_orphans(connection)
    expected = [(11,)] if connection.dialect.name in {"mysql", "mariadb"} else [(10,), (11,)]
    assert [row.key for row in found.rows] == expected


def test_a_table_without_a_primary_key_shows_its_values(connection: Connection) -> None:
    """There is no key to name the rows by."""
    _run(
        connection,
        "CREATE TABLE parents (id INTEGER PRIMARY KEY)",
        "CREATE TABLE log (parent_id INTEGER)",
        "INSERT INTO log VALUES (4)",
    )
    references = {"log.parent_id": "parents.id"}
    assert _message(connection, references=references) == (
        "1 of 1 reference to a parent does not hold (1 row looked at).\n"
        "  log.parent_id -> parents.id: 1 row without a parent\n"
        "    log: parent_id 4"
    )


def _flawed() -> MetaData:
    metadata = MetaData()
    Table("clients", metadata, Column("id", Integer, primary_key=True), Column("code", Integer))
    Table(
        "orders",
        metadata,
        Column("id", Integer, primary_key=True),
        Column("client_id", ForeignKey("people.id")),
        Column("client_code", ForeignKey("clients.code")),
        Column("client_name", ForeignKey("clients.name")),
    )
    return metadata


def test_a_key_that_can_have_no_parent_is_a_finding(connection: Connection) -> None:
    """No such table, no such column, a column that is not unique: each is said, and the rows."""
    _run(
        connection,
        "CREATE TABLE clients (id INTEGER PRIMARY KEY, code INTEGER)",
        "CREATE TABLE orders (id INTEGER PRIMARY KEY,"
        " client_id INTEGER, client_code INTEGER, client_name INTEGER)",
        "INSERT INTO clients VALUES (1, 5)",
        "INSERT INTO orders VALUES (1, 3, 5, NULL), (2, NULL, 6, NULL)",
    )
    assert _message(connection, metadata=_flawed()) == (
        "3 of 3 references to a parent do not hold (2 rows looked at).\n"
        "  orders.client_code -> clients.code: code of 'clients' is not unique,"
        " 1 row without a parent\n"
        "    orders 2: client_code 6\n"
        "  orders.client_id -> people.id: there is no table 'people', 1 row without a parent\n"
        "    orders 1: client_id 3\n"
        "  orders.client_name -> clients.name: 'clients' has no column 'name'"
    )


def test_a_reference_that_the_user_names_need_not_be_to_a_unique_column(
    connection: Connection,
) -> None:
    """It is what the user says it is."""
    _run(
        connection,
        "CREATE TABLE prices (id INTEGER PRIMARY KEY, product INTEGER)",
        "CREATE TABLE sales (id INTEGER PRIMARY KEY, product INTEGER)",
        "INSERT INTO prices VALUES (1, 7), (2, 7)",
        "INSERT INTO sales VALUES (1, 7)",
    )
    checked = assert_no_orphans(connection, references={"sales.product": "prices.product"})
    assert checked == Checked(keys=1, rows=1)


def test_a_parent_may_be_a_view(connection: Connection) -> None:
    """Of a reference that the user names; as a table to look at, views are left out."""
    _shop(connection)
    _run(connection, "CREATE VIEW northern AS SELECT id FROM clients WHERE code = 'north'")
    try:
        found = find_orphans(connection, references={"orders.client_id": "northern.id"})
        assert [(each.parent, each.count) for each in found] == [("northern", 1)]
    finally:
        _run(connection, "DROP VIEW northern")


def test_a_search_without_an_index_is_warned_of(connection: Connection) -> None:
    """The check is done, and says why it is slow; a small table, or an index, is no reason."""
    _run(
        connection,
        "CREATE TABLE prices (id INTEGER PRIMARY KEY, product INTEGER)",
        "CREATE TABLE sales (id INTEGER PRIMARY KEY, product INTEGER)",
        "INSERT INTO sales VALUES (1, 7), (2, 5000)",
    )
    rows = [{"id": number, "product": number} for number in range(1_000)]
    connection.execute(text("INSERT INTO prices VALUES (:id, :product)"), rows)
    references = {"sales.product": "prices.product"}
    with pytest.warns(SlowCheckWarning) as caught:
        assert len(find_orphans(connection, references=references)) == 1
    assert str(caught[0].message) == (
        "sales.product -> prices.product is slow to check: prices has 1,000 rows and no index on "
        "product.\nCreate one, if only for the tests."
    )
    _run(connection, "CREATE INDEX by_product ON prices (product, id)")
    assert len(find_orphans(connection, references=references)) == 1


def test_sqlite_spells_names_as_it_likes(sqlite: Connection) -> None:
    """`REFERENCES Clients` means clients, with its primary key, and ID is id."""
    _run(
        sqlite,
        "CREATE TABLE clients (id INTEGER PRIMARY KEY, code TEXT UNIQUE)",
        "CREATE TABLE orders (id INTEGER PRIMARY KEY, a REFERENCES Clients,"
        " b REFERENCES CLIENTS (ID), c REFERENCES Clients (Code))",
        "INSERT INTO clients VALUES (1, 'x')",
        "INSERT INTO orders VALUES (1, 1, 1, 'x'), (2, 2, 2, 'y')",
    )
    found = {each.columns: each for each in find_orphans(sqlite)}
    assert {name: (each.parent, each.count, each.problem) for name, each in found.items()} == {
        ("a",): ("clients", 1, ""),
        ("b",): ("clients", 1, ""),
        ("c",): ("clients", 1, ""),
    }


def test_a_key_of_another_width_is_a_finding(sqlite: Connection) -> None:
    """SQLite lets a table refer to a primary key of more columns, and to a table without one."""
    _run(
        sqlite,
        "CREATE TABLE pairs (a INTEGER, b INTEGER, PRIMARY KEY (a, b))",
        "CREATE TABLE heap (a INTEGER)",
        "CREATE TABLE one (id INTEGER PRIMARY KEY, a REFERENCES pairs, b REFERENCES heap)",
        "INSERT INTO one VALUES (1, 1, 1)",
    )
    message = _message(sqlite)
    assert message == (
        "2 of 2 references to a parent do not hold (1 row looked at).\n"
        "  one.b -> heap: the key of 'heap' has 0 columns, not 1, 1 row without a parent\n"
        "    one 1: b 1\n"
        "  one.a -> pairs.(a, b): the key of 'pairs' has 2 columns, not 1, 1 row without a parent\n"
        "    one 1: a 1"
    )


def test_what_reflection_does_not_understand_is_passed_over(sqlite: Connection) -> None:
    """A type that SQLAlchemy does not know, and a key that is declared twice, are no warnings."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        _run(
            sqlite,
            "CREATE TABLE clients (id INTEGER PRIMARY KEY, shape GEOMETRY(3))",
            "CREATE TABLE orders (id INTEGER PRIMARY KEY, client_id WHATEVER,"
            " FOREIGN KEY (client_id) REFERENCES clients (id),"
            " FOREIGN KEY (client_id) REFERENCES clients (id))",
        )
        assert assert_no_orphans(sqlite) == Checked(keys=1, rows=0)


def test_a_partial_unique_index_does_not_make_a_key(sqlite: Connection) -> None:
    """Nor does one on an expression."""
    _run(
        sqlite,
        "CREATE TABLE clients (id INTEGER PRIMARY KEY, code TEXT)",
        "CREATE UNIQUE INDEX some ON clients (code) WHERE id > 5",
        "CREATE UNIQUE INDEX lowered ON clients (lower(code))",
        "CREATE TABLE orders (id INTEGER PRIMARY KEY, code TEXT REFERENCES clients (code))",
    )
    (found,) = find_orphans(sqlite)
    assert found.problem == "code of 'clients' is not unique"
    _run(sqlite, "CREATE UNIQUE INDEX whole ON clients (code)")
    assert find_orphans(sqlite) == ()


@pytest.fixture
def postgresql(postgresql_url: URL) -> Iterator[Connection]:
    """A connection to PostgreSQL, whose transaction is undone."""
    engine = create_engine(postgresql_url)
    with engine.connect() as connection:
        _run(connection, UNCHECKED["postgresql"])
        yield connection
        connection.rollback()
    engine.dispose()


def test_partitions_are_not_reported_again(postgresql: Connection) -> None:
    """Neither of the table that refers, nor of the one that is referred to."""
    _run(
        postgresql,
        "CREATE TABLE areas (id integer PRIMARY KEY) PARTITION BY RANGE (id)",
        "CREATE TABLE areas_1 PARTITION OF areas FOR VALUES FROM (0) TO (10)",
        "CREATE TABLE areas_2 PARTITION OF areas FOR VALUES FROM (10) TO (20)",
        "CREATE TABLE visits (id integer PRIMARY KEY, area_id integer REFERENCES areas)"
        " PARTITION BY RANGE (id)",
        "CREATE TABLE visits_1 PARTITION OF visits FOR VALUES FROM (0) TO (10)",
        "INSERT INTO areas VALUES (1), (11)",
        "INSERT INTO visits VALUES (1, 1), (2, 11), (3, 12)",
    )
    assert _message(postgresql) == (
        "1 of 1 reference to a parent does not hold (3 rows looked at).\n"
        "  visits.area_id -> areas.id: 1 row without a parent\n"
        "    visits 3: area_id 12"
    )


def test_a_key_into_another_schema_is_checked(postgresql: Connection) -> None:
    """The parent is looked for where it is; a table elsewhere is looked at if it is named."""
    _run(
        postgresql,
        "CREATE SCHEMA sales",
        "CREATE TABLE sales.clients (id integer PRIMARY KEY, agent int REFERENCES sales.clients)",
        "CREATE TABLE orders (id integer PRIMARY KEY, client_id integer REFERENCES sales.clients)",
        "INSERT INTO sales.clients VALUES (1, 4)",
        "INSERT INTO orders VALUES (1, 1), (2, 2)",
    )
    expected = (
        "1 of 1 reference to a parent does not hold (2 rows looked at).\n"
        "  orders.client_id -> sales.clients.id: 1 row without a parent\n"
        "    orders 2: client_id 2"
    )
    assert _message(postgresql) == expected
    (found,) = find_orphans(postgresql, tables=["sales.clients"])
    assert (found.table, found.parent, found.count) == ("sales.clients", "sales.clients", 1)
    references = {"orders.client_id": "sales.clients.id"}
    assert find_orphans(postgresql, references=references, tables=[])[0].count == 1


def test_a_schema_translate_map_is_followed(postgresql: Connection) -> None:
    """The tables of a MetaData are looked for where the connection has them."""
    metadata = MetaData(schema="shop")
    Table("clients", metadata, Column("id", Integer, primary_key=True))
    Table(
        "orders",
        metadata,
        Column("id", Integer, primary_key=True),
        Column("client_id", ForeignKey("shop.clients.id")),
        Column("agent_id", ForeignKey("agents.id")),
    )
    _run(
        postgresql,
        "CREATE SCHEMA tenant",
        "CREATE TABLE tenant.clients (id integer PRIMARY KEY)",
        "CREATE TABLE tenant.orders (id integer PRIMARY KEY, client_id integer, agent_id integer)",
        "INSERT INTO tenant.orders VALUES (1, 2, 3)",
    )
    translated = postgresql.execution_options(schema_translate_map={"shop": "tenant"})
    assert _message(translated, metadata=metadata) == (
        "2 of 2 references to a parent do not hold (1 row looked at).\n"
        "  tenant.orders.agent_id -> tenant.agents.id: there is no table 'tenant.agents',"
        " 1 row without a parent\n"
        "    tenant.orders 1: agent_id 3\n"
        "  tenant.orders.client_id -> tenant.clients.id: 1 row without a parent\n"
        "    tenant.orders 1: client_id 2"
    )


def test_collations_that_differ_are_compared_by_the_parents(postgresql: Connection) -> None:
    """PostgreSQL takes none by itself; a foreign key takes the parent's."""
    _run(
        postgresql,
        "CREATE COLLATION shouted (provider = icu, locale = 'und-u-ks-level2',"
        " deterministic = false)",
        "CREATE TABLE clients (code text COLLATE shouted PRIMARY KEY)",
        'CREATE TABLE orders (id integer PRIMARY KEY, code text COLLATE "C" REFERENCES clients)',
        "INSERT INTO clients VALUES ('north')",
        "INSERT INTO orders VALUES (1, 'NORTH'), (2, 'west')",
    )
    (found,) = find_orphans(postgresql)
    assert [row.key for row in found.rows] == [(2,)]


def test_columns_that_cannot_be_compared_are_refused(postgresql: Connection) -> None:
    """A reference that the user names has to be one; what the schema declares is not explained."""
    _run(
        postgresql,
        "CREATE TABLE clients (id integer PRIMARY KEY)",
        "CREATE TABLE orders (id integer PRIMARY KEY, client text)",
    )
    with pytest.raises(SettingError) as error:
        assert_no_orphans(postgresql, references={"orders.client": "clients.id"})
    first, *rest = str(error.value).splitlines()
    assert first.startswith(
        "The reference orders.client -> clients.id cannot be checked: operator does not exist"
    )
    assert rest[-2:] == [
        "Allowed: columns that the database can compare with =.",
        "Name columns of the same type.",
    ]
    postgresql.rollback()
    metadata = MetaData()
    Table("clients", metadata, Column("id", Integer, primary_key=True))
    Table(
        "orders",
        metadata,
        Column("id", Integer, primary_key=True),
        Column("client", ForeignKey("clients.id")),
    )
    _run(
        postgresql,
        "CREATE TABLE clients (id integer PRIMARY KEY)",
        "CREATE TABLE orders (id integer PRIMARY KEY, client text)",
    )
    with pytest.raises(Exception, match="operator does not exist"):
        assert_no_orphans(postgresql, metadata=metadata)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"tables": ["order"]},
            "The tables to look at hold 'order', which is no table here.\n"
            "Allowed: a list of names, Tables or models of clients, orders.\n"
            "Did you mean 'orders'?",
        ),
        (
            {"tables": ["sales.orders"]},
            "The tables to look at hold 'sales.orders', which is no table here.\n"
            "Allowed: a list of names, Tables or models of clients, orders.\n"
            "Did you mean 'orders'?",
        ),
        (
            {"tables": "orders"},
            "The tables to look at hold 'orders', which is no table here.\n"
            "Allowed: a list of names, Tables or models of clients, orders.\n"
            "Did you mean 'orders'?",
        ),
        (
            {"tables": 5},
            "The tables to look at hold 5, which is no table here.\n"
            "Allowed: a list of names, Tables or models of clients, orders.",
        ),
        (
            {"tables": [int]},
            "The tables to look at hold <class 'int'>, which is no table here.\n"
            "Allowed: a list of names, Tables or models of clients, orders.",
        ),
        (
            {"references": {"orders": "clients.id"}},
            "The child of a reference is 'orders'.\n"
            "Allowed: 'table.column', or 'table.(one, other)' for columns that belong together,"
            " each with a schema before it if need be.\n"
            "Write it as in 'orders.customer_id'.",
        ),
        (
            {"references": {"orders.client_ref": 7}},
            "The parent of a reference is 7.\n"
            "Allowed: 'table.column', or 'table.(one, other)' for columns that belong together,"
            " each with a schema before it if need be.\n"
            "Write it as in 'orders.customer_id'.",
        ),
        (
            {"references": {"orders.client_ref": "client.id"}},
            "There is no table 'client' in the database.\n"
            "Tables: clients, orders.\n"
            "Did you mean 'clients'?\n"
            "Create it first, or name another one.",
        ),
        (
            {"references": {"orders.clientref": "clients.id"}},
            "The table 'orders' has no column 'clientref'.\n"
            "Columns: id, client_id, client_code, follows_id, client_ref.\n"
            "Did you mean 'client_ref' or 'client_code' or 'client_id'?\n"
            "Create it first, or name another one.",
        ),
        (
            {"references": {"orders.(id, client_ref)": "clients.id"}},
            "The reference 'orders.(id, client_ref)' -> 'clients.id' has another number of columns"
            " on each side.\n"
            "Allowed: as many columns as the parent's key has.\n"
            "Write it as in {'lines.(region, number)': 'orders.(region, number)'}.",
        ),
        (
            {"limit": 0},
            "The limit of offenders to name is 0.\n"
            "Allowed: a whole number from 1.\n"
            "Leave it out for the first 5.",
        ),
        (
            {"limit": True},
            "The limit of offenders to name is True.\n"
            "Allowed: a whole number from 1.\n"
            "Leave it out for the first 5.",
        ),
        (
            {"metadata": "Base"},
            "The metadata is 'Base'.\n"
            "Allowed: a MetaData, such as Base.metadata.\n"
            "Leave it out, and the tables are read from the database.",
        ),
    ],
)
def test_what_cannot_be_used_is_named(
    engine: Engine, options: dict[str, Any], message: str
) -> None:
    """A sentence says what it is, what is allowed, and how to get out."""
    Model.metadata.create_all(engine)
    for check in (assert_no_orphans, find_orphans):
        with pytest.raises(SettingError) as error:
            check(engine, **options)
        assert str(error.value) == message


def test_a_table_of_the_metadata_that_is_not_there_is_named(engine: Engine) -> None:
    """It is not taken for one without orphans."""
    with pytest.raises(SettingError) as error:
        assert_no_orphans(engine, metadata=Model.metadata)
    assert str(error.value) == (
        "There is no table 'orders' in the database.\n"
        "Tables: none.\n"
        "Create it first, or name another one."
    )


@pytest.mark.parametrize("check", [assert_no_orphans, find_orphans])
def test_nothing_to_check_is_an_error_and_no_success(engine: Engine, check: Any) -> None:
    """It is no AssertionError either: no data is wrong."""
    with pytest.raises(DatabaseSetupError) as error:
        check(engine)
    assert not isinstance(error.value, AssertionError)
    assert str(error.value) == (
        "Nothing was checked: there is no foreign key in a database without tables.\n"
        "Needed: a foreign key, or a reference that the schema does not declare.\n"
        'Name those: references={"orders.customer_ref": "customers.id"}.'
    )
    Model.metadata.create_all(engine)
    with pytest.raises(DatabaseSetupError, match="there is no foreign key in clients"):
        check(engine, tables=[Client])


def test_an_index_of_the_metadata_is_not_looked_for(engine: Engine) -> None:
    """Whether a column is unique is read from the database, not from the MetaData."""
    metadata = MetaData()
    Table(
        "clients",
        metadata,
        Column("id", Integer, primary_key=True),
        Column("code", Integer),
        Index("by_code", "code", unique=True),
    )
    Table("orders", metadata, Column("code", ForeignKey("clients.code")))
    with engine.begin() as connection:
        _run(connection, "CREATE TABLE clients (id INTEGER PRIMARY KEY, code INTEGER)")
        _run(connection, "CREATE TABLE orders (code INTEGER)")
    (found,) = find_orphans(engine, metadata=metadata)
    assert found.problem == "code of 'clients' is not unique"

"""A user's own database on a server, and what an outsider sees of it.

It holds tables of the same names as the dataset's, with a few rows of the user's, and belongs to a
role of its own, the guest, as whom the runs inside of tests connect. It is looked at as another
role, over other connections, and in the server's own words.
"""

from __future__ import annotations

import secrets
import threading
import time
from abc import ABC, abstractmethod
from contextlib import suppress
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, ClassVar, Final, TypeVar

import pymysql
from sqlalchemy import NullPool, create_engine, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from pytest_demodata.invoicing import (
    AddressType,
    Base,
    Customer,
    CustomerAddress,
    CustomerType,
    Inventory,
    Invoice,
    InvoiceLineItem,
    InvoiceStatus,
    PaymentTerms,
    Product,
    ProductCategory,
    Region,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import URL

_Found = TypeVar("_Found")

_DAY: Final = date(2025, 1, 2)
_NOON: Final = datetime(2025, 1, 2, 12)  # noqa: DTZ001 - the dataset's times have no zone

_INNODB_LOOKS: Final = 0.11
"""Seconds without a question, before InnoDB looks anew at what it answers about transactions."""


def wait_for(look: Callable[[], _Found], what: str, seconds: float = 20) -> _Found:
    """Return what `look` finds, once it finds something; fail after so many seconds."""
    deadline = time.monotonic() + seconds
    while not (found := look()):
        assert time.monotonic() < deadline, f"{what}: not within {seconds} s"
        time.sleep(0.01)
    return found


class UsersDatabase(ABC):
    """A database of a user's, from its making to its end.

    Args:
        server: The server, as a role that may do anything.

    Attributes:
        name: The database's name.
        guest: The role that owns it.
        url: What the guest would give as the database's URL.
        scratch: The plugin's databases that sessions of the guest have been seen in.
    """

    kind: ClassVar[str]
    sleep: ClassVar[str]
    """A statement that takes a minute."""

    def __init__(self, server: URL) -> None:
        self.name = self.guest = f"users_{secrets.token_hex(6)}"
        password = secrets.token_hex(6)
        mine = server.set(database=self.name)
        guests = mine.set(username=self.guest, password=password)
        self.url = guests.render_as_string(hide_password=False)
        self.scratch: set[str] = set()
        self._server = create_engine(server, isolation_level="AUTOCOMMIT", poolclass=NullPool)
        self._engine = create_engine(mine, isolation_level="AUTOCOMMIT")
        with self._server.connect() as connection:
            for statement in self._making(password):
                connection.execute(text(statement))
        owner = create_engine(self.url, poolclass=NullPool)
        Base.metadata.create_all(owner)
        with Session(owner) as session:
            session.add_all(_rows())
            session.flush()
            for statement in self._furnishing:
                session.execute(text(statement))
            session.commit()
        self._as_it_was = self.look()

    def drop(self) -> None:
        """Leave nothing on the server."""
        self._engine.dispose()
        with self._server.connect() as connection:
            for statement in self._dropping():
                connection.execute(text(statement))

    def ask(self, query: str, **parameters: object) -> list[tuple[Any, ...]]:
        """Return the rows of a query, asked as the mighty role."""
        with self._engine.connect() as connection:
            return [tuple(row) for row in connection.execute(text(query), parameters)]

    def tell(self, *statements: str) -> None:
        """Run statements as the mighty role, each for itself."""
        with self._engine.connect() as connection:
            for statement in statements:
                connection.execute(text(statement))

    def remember(self) -> None:
        """Take what is there now for the user's."""
        self._as_it_was = self.look()

    def assert_untouched(self) -> None:
        """Hold the user's own tables, rows and sequences to what they were."""
        now = self.look()
        assert {key: now.get(key) for key in self._as_it_was} == self._as_it_was

    def assert_clean(self, *, killed: bool = False, seconds: float = 1) -> None:
        """Hold that nothing of the plugin's is left in a second, and all of the user's.

        Args:
            killed: Whether the run had no chance to drop what no transaction holds; no row may be
                left all the same.
            seconds: How long the server may take to notice that a client is gone.
        """
        deadline = time.monotonic() + seconds
        while (left := self.left(killed=killed)) and time.monotonic() < deadline:
            time.sleep(0.01)
        assert left == []
        self.assert_untouched()

    def left(self, *, killed: bool = False) -> list[str]:
        """Return what is there besides the user's: sessions, locks, places, tables, routines."""
        return [
            *(f"session {number}: {does}" for number, does in self.sessions()),
            *(key for key in self.look() if key not in self._as_it_was),
            *self._traces(killed=killed),
        ]

    def end_sessions(self) -> int:
        """End the sessions of the guest, as an administrator would, and return their number."""
        sessions = self.sessions()
        for number, _ in sessions:
            with suppress(DBAPIError):  # it has just ended by itself
                self.tell(self._ending.format(number))
        return len(sessions)

    @abstractmethod
    def look(self) -> dict[str, object]:
        """Return everything that the user's places hold, in a form that tells any change."""

    @abstractmethod
    def sessions(self) -> list[tuple[int, str]]:
        """Return the sessions of the guest, each with its number and what it does."""

    @abstractmethod
    def loading(self) -> bool:
        """Tell whether a session of the guest is in the middle of a load."""

    @abstractmethod
    def waiting(self) -> list[str]:
        """Return which sessions of the guest wait for a lock, and for which."""

    @abstractmethod
    def places(self) -> set[str]:
        """Return the names of the schemas, or databases, that could be the plugin's."""

    @abstractmethod
    def make_place(self, name: str, content: str) -> None:
        """Make a schema, or database, of the guest's with a `table` or a `routine` in it."""

    @abstractmethod
    def drop_place(self, name: str) -> None:
        """Drop a schema, or database."""

    _furnishing: ClassVar[tuple[str, ...]]
    """What the user has besides the tables of the dataset's names."""

    _ending: ClassVar[str]
    """Ends a session."""

    @abstractmethod
    def _making(self, password: str) -> list[str]:
        """Return the statements that make database and guest."""

    @abstractmethod
    def _dropping(self) -> list[str]:
        """Return the statements that drop database and guest."""

    @abstractmethod
    def _traces(self, *, killed: bool) -> list[str]:
        """Return what is left on the server besides sessions and what stands in the database."""


def _rows() -> list[Base]:
    """Return a row for each table of the dataset's names, and for some a second one."""
    tier = CustomerType(
        name="Ours", discount_percentage=Decimal(3), priority_level=1, created_at=_NOON
    )
    customers = [
        Customer(
            name=f"Customer {number}",
            email=f"ours{number}@example.com",
            credit_limit=Decimal(5100),
            customer_type=tier,
            created_at=_NOON,
            updated_at=_NOON,
        )
        for number in range(3)
    ]
    address = CustomerAddress(
        customer=customers[0],
        address_type=AddressType.BILLING,
        street="1 Our Street",
        city="Ours",
        state="OU",
        postal_code="00001",
        country="USA",
        region=next(iter(Region)),
        is_primary=True,
        created_at=_NOON,
    )
    product = Product(
        name="Our product",
        sku="OUR-1",
        price=Decimal(20),
        cost=Decimal(10),
        category=ProductCategory(name="Ours", sort_order=1, created_at=_NOON),
        created_at=_NOON,
        updated_at=_NOON,
    )
    stock = Inventory(
        product=product,
        current_stock=7,
        reserved_stock=1,
        reorder_point=2,
        reorder_quantity=5,
        location="A1",
        created_at=_NOON,
        updated_at=_NOON,
    )
    invoice = Invoice(
        invoice_number="INV-20250102-0001",
        customer=customers[0],
        date=_DAY,
        due_date=_DAY,
        status=InvoiceStatus.DRAFT,
        payment_terms=PaymentTerms.DUE_ON_RECEIPT,
        subtotal=Decimal(40),
        tax_rate=Decimal(0),
        tax_amount=Decimal(0),
        total=Decimal(40),
        created_at=_NOON,
        updated_at=_NOON,
    )
    line = InvoiceLineItem(
        invoice=invoice,
        product=product,
        position=1,
        quantity=2,
        unit_price=Decimal(20),
        discount_percentage=Decimal(0),
        discount_amount=Decimal(0),
        line_total=Decimal(40),
        created_at=_NOON,
    )
    return [*customers, address, stock, line]


class PostgreSQLDatabase(UsersDatabase):
    """A database on PostgreSQL; the places of the plugin's are schemas in it."""

    kind: ClassVar[str] = "postgresql"
    sleep: ClassVar[str] = "SELECT pg_sleep(60)"
    _ending: ClassVar[str] = "SELECT pg_terminate_backend({})"
    _furnishing: ClassVar[tuple[str, ...]] = (
        "CREATE TABLE audit (id serial PRIMARY KEY, what bytea)",
        r"INSERT INTO audit (what) VALUES ('\x00ff'), ('\x01')",
        "CREATE SEQUENCE numbers START 17",
        "SELECT nextval('numbers'), nextval('customers_id_seq')",
        "CREATE VIEW overdue AS SELECT id FROM invoices WHERE status = 'overdue'",
    )
    _catalogs: ClassVar[dict[str, str]] = {
        "pg_namespace": "nspname",
        "pg_class": "relname",
        "pg_proc": "proname",
        "pg_type": "typname",
        "pg_constraint": "conname",
        "pg_trigger": "tgname",
        "pg_extension": "extname",
    }

    def look(self) -> dict[str, object]:
        """Return each object by its number, each row with its place, and each sequence."""
        found: dict[str, object] = {
            f"{catalog} {number}: {name}": state
            for catalog, column in self._catalogs.items()
            for number, name, state in self.ask(
                f"SELECT oid, {column}, xmin::text FROM {catalog}"
                f" WHERE oid >= 16384 AND {column} !~ '^pg_(toast_)?temp_'"
            )
        }
        relations = self.ask(
            "SELECT oid, oid::regclass::text, relkind::text, pg_relation_filenode(oid)"
            " FROM pg_class WHERE oid >= 16384 AND relpersistence = 'p'"
        )
        for number, name, kind, file in relations:
            found[f"file of {number}"] = file
            if kind == "r":
                found[f"rows of {name}"] = self.ask(
                    "SELECT md5(string_agg(concat_ws(' ', one.ctid, one.xmin, one), ','"
                    f" ORDER BY one.ctid)) FROM {name} AS one"
                )
            if kind == "S":
                found[f"sequence {name}"] = self.ask(f"SELECT last_value, is_called FROM {name}")
        return found

    def sessions(self) -> list[tuple[int, str]]:
        """Return the backends of the guest."""
        query = (
            "SELECT pid, concat_ws(': ', state, query) FROM pg_stat_activity WHERE usename = :me"
        )
        return [(pid, does) for pid, does in self.ask(query, me=self.guest)]

    def loading(self) -> bool:
        """Look for a statement that fills one of the larger tables."""
        query = (
            "SELECT 1 FROM pg_stat_activity WHERE usename = :me"
            " AND query ~* '^(copy|insert).*(addresses|products|invoice)'"
        )
        return bool(self.ask(query, me=self.guest))

    def waiting(self) -> list[str]:
        """Ask both views; extending a catalog's file is no lock of anybody's transaction."""
        activity = self.ask(
            "SELECT wait_event, query FROM pg_stat_activity WHERE usename = :me"
            " AND wait_event_type = 'Lock' AND wait_event <> 'extend'",
            me=self.guest,
        )
        locks = self.ask(
            "SELECT locktype, mode, query FROM pg_locks JOIN pg_stat_activity USING (pid)"
            " WHERE usename = :me AND NOT granted AND locktype <> 'extend'",
            me=self.guest,
        )
        return [str(each) for each in (*activity, *locks)]

    def places(self) -> set[str]:
        """Return the schemas of the database."""
        query = r"SELECT nspname FROM pg_namespace WHERE nspname LIKE 'demodata\_%'"
        return {name for (name,) in self.ask(query)}

    def make_place(self, name: str, content: str) -> None:
        """Make a schema."""
        self.tell(
            f'CREATE SCHEMA "{name}" AUTHORIZATION {self.guest}',
            f'CREATE TABLE "{name}".things AS SELECT 1 AS thing'
            if content == "table"
            else f"""CREATE FUNCTION "{name}".thing() RETURNS int LANGUAGE sql AS 'SELECT 1'""",
        )

    def drop_place(self, name: str) -> None:
        """Drop a schema."""
        self.tell(f'DROP SCHEMA "{name}" CASCADE')

    def _making(self, password: str) -> list[str]:
        return [
            f"CREATE ROLE {self.guest} LOGIN PASSWORD '{password}'",
            f"CREATE DATABASE {self.name} OWNER {self.guest}",
        ]

    def _dropping(self) -> list[str]:
        return [f"DROP DATABASE {self.name} WITH (FORCE)", f"DROP ROLE {self.guest}"]

    def _traces(self, *, killed: bool) -> list[str]:
        del killed  # it makes no difference: all is in one transaction
        locks = self.ask(
            "SELECT locktype, mode, pid FROM pg_locks LEFT JOIN pg_stat_activity USING (pid)"
            " WHERE usename = :me OR locktype = 'advisory' AND database ="
            " (SELECT oid FROM pg_database WHERE datname = current_database())",
            me=self.guest,
        )
        prepared = self.ask("SELECT gid FROM pg_prepared_xacts WHERE owner = :me", me=self.guest)
        return [
            *(f"lock {lock}" for lock in locks),
            *(f"prepared transaction {gid}" for gid in prepared),
        ]


class MariaDBDatabase(UsersDatabase):
    """A database on MariaDB; the places of the plugin's are databases beside it.

    They are the whole server's: which of them are those of this test is told by the sessions of the
    guest, looked at all the time.
    """

    kind: ClassVar[str] = "mariadb"
    sleep: ClassVar[str] = "SELECT SLEEP(60)"
    _ending: ClassVar[str] = "KILL {}"
    _furnishing: ClassVar[tuple[str, ...]] = (
        "CREATE TABLE audit (id INT PRIMARY KEY AUTO_INCREMENT, what BLOB)",
        "INSERT INTO audit (what) VALUES (x'00ff'), (x'01')",
        "CREATE TABLE ledger (id INT PRIMARY KEY AUTO_INCREMENT, what TEXT) ENGINE = MyISAM",
        "INSERT INTO ledger (what) VALUES ('cannot be rolled back')",
        "CREATE SEQUENCE numbers START WITH 17",
        "SELECT NEXTVAL(numbers)",
        "CREATE VIEW overdue AS SELECT id FROM invoices WHERE status = 'overdue'",
    )

    def __init__(self, server: URL) -> None:
        self._decoys: set[str] = set()
        super().__init__(server)
        self._over = threading.Event()
        self._watch = threading.Thread(target=self._watch_sessions, args=[server], daemon=True)
        self._watch.start()

    def drop(self) -> None:
        """Look no more, and leave nothing on the server."""
        self._over.set()
        self._watch.join()
        for name in [*self._decoys, *self.scratch & self.places()]:
            self.drop_place(name)
        super().drop()

    def _watch_sessions(self, server: URL) -> None:
        query = "SELECT db FROM information_schema.processlist WHERE user = %s AND db <> %s"
        connection = pymysql.connect(
            host=server.host,
            port=server.port or 3306,
            user=server.username,
            password=str(server.password or ""),
            autocommit=True,
        )
        with connection, connection.cursor() as cursor:
            while not self._over.wait(0.01):
                cursor.execute(query, (self.guest, self.name))
                self.scratch.update(name for (name,) in cursor.fetchall())

    def look(self) -> dict[str, object]:
        """Return what the server says of each table, with its checksum, and each sequence."""
        found: dict[str, object] = {}
        for schema in (self.name, *sorted(self._decoys)):
            routines = self.ask(
                "SELECT routine_name, last_altered FROM information_schema.routines"
                " WHERE routine_schema = :schema",
                schema=schema,
            )
            found |= {f"routine {schema}.{name}": altered for name, altered in routines}
            tables = self.ask(
                "SELECT table_name, table_type, create_time FROM information_schema.tables"
                " WHERE table_schema = :schema",
                schema=schema,
            )
            for name, kind, created in tables:
                table = f"`{schema}`.`{name}`"
                found[f"{kind} {table}"] = created, self.ask(f"SHOW CREATE TABLE {table}")
                if kind == "SEQUENCE":
                    query = f"SELECT next_not_cached_value FROM {table}"
                    found[f"next of {table}"] = self.ask(query)
                if kind == "BASE TABLE":
                    found[f"rows of {table}"] = self.ask(f"CHECKSUM TABLE {table} EXTENDED")
        return found

    def sessions(self) -> list[tuple[int, str]]:
        """Return the connections of the guest."""
        query = (
            "SELECT id, concat_ws(': ', command, state, info) FROM information_schema.processlist"
            " WHERE user = :me"
        )
        return [(number, does) for number, does in self.ask(query, me=self.guest)]

    def loading(self) -> bool:
        """Look for a transaction that has many rows."""
        time.sleep(_INNODB_LOOKS)
        query = (
            "SELECT 1 FROM information_schema.innodb_trx JOIN information_schema.processlist"
            " ON id = trx_mysql_thread_id WHERE user = :me AND trx_rows_modified > 10000"
        )
        return bool(self.ask(query, me=self.guest))

    def waiting(self) -> list[str]:
        """Ask for waits of any kind of lock: of rows, of metadata, of names."""
        time.sleep(_INNODB_LOOKS)
        states = self.ask(
            "SELECT state, info FROM information_schema.processlist"
            " WHERE user = :me AND (state LIKE 'Waiting for%' OR state = 'User lock')",
            me=self.guest,
        )
        rows = self.ask(
            "SELECT lock_table, lock_mode, trx_query FROM information_schema.innodb_lock_waits"
            " JOIN information_schema.innodb_locks ON lock_id = requested_lock_id"
            " JOIN information_schema.innodb_trx ON trx_id = requesting_trx_id"
            " JOIN information_schema.processlist ON id = trx_mysql_thread_id WHERE user = :me",
            me=self.guest,
        )
        return [str(each) for each in (*states, *rows)]

    def places(self) -> set[str]:
        """Return the databases of the server."""
        query = r"SELECT schema_name FROM information_schema.schemata WHERE schema_name LIKE :like"
        return {name for (name,) in self.ask(query, like=r"demodata\_%")}

    def make_place(self, name: str, content: str) -> None:
        """Make a database."""
        self.tell(
            f"CREATE DATABASE `{name}`",
            f"CREATE TABLE `{name}`.things AS SELECT 1 AS thing"
            if content == "table"
            else f"CREATE FUNCTION `{name}`.thing() RETURNS INT RETURN 1",
        )
        self._decoys.add(name)

    def drop_place(self, name: str) -> None:
        """Drop a database."""
        self.tell(f"DROP DATABASE `{name}`")
        self._decoys.discard(name)

    def _making(self, password: str) -> list[str]:
        return [
            f"CREATE DATABASE {self.name}",
            f"CREATE USER {self.guest} IDENTIFIED BY '{password}'",
            f"GRANT ALL ON {self.name}.* TO {self.guest}",
            rf"GRANT ALL ON `demodata\_%`.* TO {self.guest}",
        ]

    def _dropping(self) -> list[str]:
        return [f"DROP DATABASE {self.name}", f"DROP USER {self.guest}"]

    def _traces(self, *, killed: bool) -> list[str]:
        """Look at the databases that the guest was in, or, after a kill -9, for rows in them."""
        left = sorted(self.scratch & self.places())
        locks = [
            f"lock {name}"
            for name in sorted(self.scratch)
            if self.ask("SELECT IS_USED_LOCK(:name)", name=name) != [(None,)]
        ]
        if not killed:
            return [*(f"database {name}" for name in left), *locks]
        rows = [
            f"rows of {name}.{table}"
            for name in left
            for (table,) in self.ask(
                "SELECT table_name FROM information_schema.tables WHERE table_schema = :name",
                name=name,
            )
            if table in Base.metadata.tables and self.ask(f"SELECT 1 FROM `{name}`.{table} LIMIT 1")
        ]
        return [*rows, *locks]

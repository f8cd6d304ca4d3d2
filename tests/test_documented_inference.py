"""What docs/your-own-models.md says of inference, rule by rule, on small tables of their own."""

from __future__ import annotations

import re
import warnings
from collections import Counter
from datetime import date  # noqa: TC003 - SQLAlchemy reads the annotations
from decimal import Decimal  # noqa: TC003
from typing import TYPE_CHECKING, Any, Final

import pytest
from sqlalchemy import (
    CheckConstraint,
    Column,
    Computed,
    Date,
    DateTime,
    ForeignKey,
    ForeignKeyConstraint,
    Integer,
    MetaData,
    Numeric,
    String,
    Table,
    UniqueConstraint,
    Uuid,
    select,
)
from sqlalchemy.exc import SAWarning
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from pytest_demodata import (
    BlueprintError,
    DataGenerator,
    VolumeError,
    assert_intact,
    infer,
)
from pytest_demodata.defaults import DEFAULT_AS_OF

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Engine

SEEDS: Final = (1, 2, 3)


def _key(name: str = "id") -> Column[int]:
    return Column(name, Integer, primary_key=True)


def _rows(engine: Engine, metadata: MetaData, *, volume: str = "medium", seed: int = 42) -> Any:
    """Fill tables, hold them to their schema, and return the rows of each by its name."""
    generator = DataGenerator(engine, blueprint=infer(metadata), seed=seed)
    generator.reset()
    generator.generate(volume)
    assert_intact(engine, metadata=metadata)
    with engine.connect() as connection:
        return {
            name: connection.execute(select(table)).all() for name, table in metadata.tables.items()
        }


def test_how_many_rows(engine: Engine) -> None:
    """Roots, what they own, and what that owns, in each volume but the largest."""
    tables = MetaData()
    Table("authors", tables, _key())
    Table("books", tables, _key(), Column("author_id", ForeignKey("authors.id"), nullable=False))
    Table("pages", tables, _key(), Column("book_id", ForeignKey("books.id"), nullable=False))
    for volume, roots, children in (("small", 25, 3), ("medium", 100, 4), ("large", 1_000, 5)):
        rows = _rows(engine, tables, volume=volume)
        assert len(rows["authors"]) == roots
        assert set(Counter(row.author_id for row in rows["books"]).values()) == {
            *range(1, children + 1)
        }
        assert set(Counter(row.book_id for row in rows["pages"]).values()) == {1, 2, 3}
    rows = _rows(engine, tables, volume="authors=7")
    assert len(rows["authors"]) == 7


def test_one_row_for_each_owner(engine: Engine) -> None:
    """Where the key to the owner is unique, or is the primary key."""
    tables = MetaData()
    Table("users", tables, _key())
    Table(
        "profiles",
        tables,
        _key(),
        Column("user_id", ForeignKey("users.id"), nullable=False, unique=True),
    )
    Table("accounts", tables, Column("user_id", ForeignKey("users.id"), primary_key=True))
    rows = _rows(engine, tables)
    assert sorted(row.user_id for row in rows["profiles"]) == list(range(1, 101))
    assert sorted(row.user_id for row in rows["accounts"]) == list(range(1, 101))


@pytest.mark.parametrize("seed", SEEDS)
def test_a_link_table_has_no_pair_twice(engine: Engine, seed: int) -> None:
    """Also where there are few rows to pair."""
    tables = MetaData()
    Table("articles", tables, _key())
    Table("tags", tables, _key())
    Table(
        "article_tags",
        tables,
        Column("article_id", ForeignKey("articles.id"), primary_key=True),
        Column("tag_id", ForeignKey("tags.id"), primary_key=True),
    )
    rows = _rows(engine, tables, volume="articles=50,tags=4", seed=seed)
    assert len(rows["article_tags"]) == len(set(rows["article_tags"])) >= 50


def test_keys_of_every_kind(engine: Engine) -> None:
    """Text, UUID, two columns; and foreign keys to them, and to a unique column."""
    tables = MetaData()
    Table("regions", tables, Column("code", String(3), primary_key=True))
    Table("devices", tables, Column("id", Uuid, primary_key=True))
    Table(
        "stations",
        tables,
        Column("region", ForeignKey("regions.code"), primary_key=True),
        Column("number", Integer, primary_key=True),
        Column("name", String(40), nullable=False, unique=True),
    )
    Table(
        "readings",
        tables,
        _key(),
        Column("region", String(3), nullable=False),
        Column("number", Integer, nullable=False),
        Column("device_id", ForeignKey("devices.id"), nullable=False),
        Column("station", ForeignKey("stations.name"), nullable=False),
        ForeignKeyConstraint(["region", "number"], ["stations.region", "stations.number"]),
    )
    rows = _rows(engine, tables)
    assert all(len(row.code) == 3 for row in rows["regions"])
    assert len(rows["readings"]) > 50


def test_keys_that_may_be_null(engine: Engine) -> None:
    """They are in about 15 rows of a hundred; every parent is there, and some often."""
    tables = MetaData()
    Table("shops", tables, _key())
    Table("sales", tables, _key(), Column("shop_id", ForeignKey("shops.id")))
    rows = _rows(engine, tables, volume="shops=20,sales=4000")
    counts = Counter(row.shop_id for row in rows["sales"])
    assert 0.12 < counts[None] / 4_000 < 0.18
    del counts[None]
    assert counts.keys() == set(range(1, 21))
    assert max(counts.values()) > 3 * min(counts.values())


def test_trees(engine: Engine) -> None:
    """Each row refers to an earlier one; a tenth of them are roots."""
    tables = MetaData()
    Table("folders", tables, _key(), Column("parent_id", ForeignKey("folders.id")))
    Table("nodes", tables, _key(), Column("parent_id", ForeignKey("nodes.id"), nullable=False))
    rows = _rows(engine, tables)
    folders = dict(map(tuple, rows["folders"]))
    assert [key for key, parent in folders.items() if parent is None] == list(range(1, 11))
    assert all(parent is None or parent < key for key, parent in folders.items())
    nodes = dict(map(tuple, rows["nodes"]))
    assert [key for key, parent in nodes.items() if parent == key] == list(range(1, 11))
    assert all(parent <= key for key, parent in nodes.items())


def test_circles(engine: Engine) -> None:
    """A key that may be NULL is set when all rows are there; without one it is an error."""

    def teams(*, nullable: bool) -> MetaData:
        tables = MetaData()
        Table("teams", tables, _key(), Column("lead", ForeignKey("people.id"), nullable=nullable))
        Table("people", tables, _key(), Column("team", ForeignKey("teams.id"), nullable=False))
        return tables

    rows = _rows(engine, teams(nullable=True))
    assert sum(row.lead is not None for row in rows["teams"]) > 50
    with pytest.raises(BlueprintError, match=r"teams -> people"):
        infer(teams(nullable=False))


def test_two_ways_to_the_same_parent(engine: Engine) -> None:
    """A line belongs to the shop that its order belongs to."""
    tables = MetaData()
    Table("shops", tables, _key())
    Table("orders", tables, _key(), Column("shop_id", ForeignKey("shops.id"), nullable=False))
    Table(
        "order_lines",
        tables,
        _key(),
        Column("order_id", ForeignKey("orders.id"), nullable=False),
        Column("shop_id", ForeignKey("shops.id"), nullable=False),
    )
    rows = _rows(engine, tables)
    shops = {row.id: row.shop_id for row in rows["orders"]}
    assert all(row.shop_id == shops[row.order_id] for row in rows["order_lines"])


@pytest.mark.parametrize("seed", SEEDS)
def test_unique_within_the_owner(engine: Engine, seed: int) -> None:
    """A number counts from 1, a key refers to another parent each time."""
    tables = MetaData()
    Table("products", tables, _key())
    Table("orders", tables, _key())
    Table(
        "order_lines",
        tables,
        _key(),
        Column("order_id", ForeignKey("orders.id"), nullable=False),
        Column("position", Integer, nullable=False),
        Column("product_id", ForeignKey("products.id"), nullable=False),
        UniqueConstraint("order_id", "position"),
        UniqueConstraint("order_id", "product_id"),
    )
    rows = _rows(engine, tables, volume="orders=200,products=5", seed=seed)
    positions: dict[int, list[int]] = {}
    for row in rows["order_lines"]:
        positions.setdefault(row.order_id, []).append(row.position)
    assert all(sorted(each) == list(range(1, len(each) + 1)) for each in positions.values())


def test_too_few_values_are_known_beforehand(engine: Engine) -> None:
    """The column, its capacity and the volume are named before any row is made."""
    tables = MetaData()
    Table("flags", tables, _key(), Column("code", String(1), nullable=False, unique=True))
    with pytest.raises(VolumeError, match=r"100 rows of 'flags'.*'flags\.code'.* 26 different"):
        DataGenerator(engine, blueprint=infer(tables)).generate("medium")


def test_constraints(engine: Engine) -> None:
    """Each kind that the page names is kept."""
    tables = MetaData()
    Table(
        "parts",
        tables,
        _key(),
        Column("price", Numeric(8, 2), CheckConstraint("price > 0"), nullable=False),
        Column("grade", String(1), CheckConstraint("grade IN ('A', 'B')"), nullable=False),
        Column("slots", Integer, CheckConstraint("slots BETWEEN 5 AND 9"), nullable=False),
        Column("pin", String(9), CheckConstraint("length(pin) >= 6"), nullable=False),
        Column("mark", String(12), CheckConstraint("mark LIKE 'INV-%'"), nullable=False),
        Column("note", String(40), CheckConstraint("note IS NOT NULL")),
        Column("first", Integer, nullable=False),
        Column("last", Integer, nullable=False),
        CheckConstraint("last > first AND first >= 3"),
    )
    rows = _rows(engine, tables)["parts"]
    assert {row.grade for row in rows} == {"A", "B"}
    assert {row.slots for row in rows} == {5, 6, 7, 8, 9}
    assert all(row.price > 0 and len(row.pin) >= 6 and row.mark[:4] == "INV-" for row in rows)
    assert all(row.note is not None and row.last > row.first >= 3 for row in rows)


def test_names(engine: Engine) -> None:
    """Words fit the names of their columns, or of their tables."""
    tables = MetaData()
    Table(
        "customers",
        tables,
        _key(),
        Column("name", String(80), nullable=False),
        Column("email", String(80), nullable=False, unique=True),
        Column("isbn", String(13), nullable=False),
        Column("homepage_url", String(200), nullable=False),
        Column("percent", Integer, nullable=False),
        Column("bio", String(200)),
        Column("doubled", Integer, Computed("percent * 2")),
    )
    rows = _rows(engine, tables)["customers"]
    assert all(re.fullmatch(r"[^\W\d]+ [^\W\d]+", row.name) for row in rows)
    assert all(row.email.partition("@")[2][:8] == "example." for row in rows)
    assert all(row.homepage_url.startswith("https://example.com/") for row in rows)
    assert all(_check_digit(row.isbn) == row.isbn[-1] for row in rows)
    assert all(0 <= row.percent <= 30 and row.doubled == row.percent * 2 for row in rows)
    assert 0 < sum(row.bio is None for row in rows) < 40


def test_columns_about_one_thing_agree(engine: Engine) -> None:
    """The names and the email of a person, the parts of a place, a country and its code."""
    tables = MetaData()
    texts = ("first_name", "last_name", "email", "city", "state", "zip")
    columns = [Column(name, String(80), nullable=False) for name in texts]
    Table("customers", tables, _key(), *columns)
    Table(
        "countries",
        tables,
        Column("code", String(2), primary_key=True),
        Column("name", String(80), nullable=False),
    )
    rows = _rows(engine, tables, volume="customers=500,countries=60")
    for row in rows["customers"]:
        assert row.email.startswith(f"{row.first_name}.{row.last_name}".lower())
    states = {(row.city, row.zip[:3]): row.state for row in rows["customers"]}
    assert all(states[row.city, row.zip[:3]] == row.state for row in rows["customers"])
    names = {row.code: row.name for row in rows["countries"]}
    known = {"DE": "Germany", "FR": "France", "IT": "Italy", "JP": "Japan", "PL": "Poland"}
    there = known.keys() & names.keys()
    assert there
    assert all(names[code] == known[code] for code in there)


def _check_digit(isbn: str) -> str:
    total = sum(int(digit) * (1, 3)[place % 2] for place, digit in enumerate(isbn[:12]))
    return str(-total % 10)


def test_dates_follow_each_other(engine: Engine) -> None:
    """Within a row, and from an owner to what it owns; not after the reference date."""
    tables = MetaData()
    Table("tenants", tables, _key(), Column("created_at", DateTime, nullable=False))
    Table(
        "invoices",
        tables,
        _key(),
        Column("tenant_id", ForeignKey("tenants.id"), nullable=False),
        Column("updated_at", DateTime, nullable=False),
        Column("due_on", Date, nullable=False),
        Column("paid_on", Date, nullable=False),
        Column("deleted_at", DateTime),
        Column("created_at", DateTime, nullable=False),
    )
    rows = _rows(engine, tables, volume="large")
    created = {row.id: row.created_at for row in rows["tenants"]}
    for row in rows["invoices"]:
        assert created[row.tenant_id] <= row.created_at <= row.updated_at
        assert row.created_at.date() <= row.paid_on <= row.updated_at.date() <= DEFAULT_AS_OF
        assert row.created_at.date() <= row.due_on
        assert row.deleted_at is None or row.updated_at <= row.deleted_at
    assert any(row.due_on > DEFAULT_AS_OF for row in rows["invoices"])
    deleted = sum(row.deleted_at is not None for row in rows["invoices"])
    assert 0.07 < deleted / len(rows["invoices"]) < 0.13


class _Base(DeclarativeBase):
    """Has classes that inherit from each other."""


class _Vehicle(_Base):
    __tablename__ = "vehicles"
    __mapper_args__ = {"polymorphic_on": "kind", "polymorphic_identity": "vehicle"}  # noqa: RUF012

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(20))


class _Bike(_Vehicle):
    __mapper_args__ = {"polymorphic_identity": "bike"}  # noqa: RUF012

    gears: Mapped[int | None]


class _Truck(_Vehicle):
    __tablename__ = "trucks"
    __mapper_args__ = {"polymorphic_identity": "truck"}  # noqa: RUF012

    id: Mapped[int] = mapped_column(ForeignKey("vehicles.id"), primary_key=True)
    load: Mapped[Decimal] = mapped_column(Numeric(8, 2))
    checked_on: Mapped[date]


def test_inheritance(engine: Engine) -> None:
    """The rows load as the classes that they are, with their own columns and no others."""
    DataGenerator(engine, blueprint=infer(_Base)).generate("medium")
    with Session(engine) as session:
        vehicles: Sequence[_Vehicle] = session.scalars(select(_Vehicle)).all()
        kinds = {kind: [each for each in vehicles if type(each) is kind] for kind in _KINDS}
        assert all(len(each) > 20 for each in kinds.values())
        assert any(bike.gears is not None for bike in session.scalars(select(_Bike)))
        assert all(truck.load >= 0 for truck in session.scalars(select(_Truck)))
        gears = _Vehicle.__table__.c.gears
        others = select(_Vehicle.kind).where(gears.is_not(None), _Vehicle.kind != "bike")
        assert session.scalars(others).all() == []


_KINDS: Final = (_Vehicle, _Bike, _Truck)


def test_tables_that_are_left_out(engine: Engine) -> None:
    """They stay empty, and the keys to them are NULL."""
    tables = MetaData()
    Table("logs", tables, _key())
    Table("jobs", tables, _key(), Column("log_id", ForeignKey("logs.id")))
    DataGenerator(engine, blueprint=infer(tables, without=["logs"])).generate("small")
    with engine.connect() as connection:
        assert connection.scalars(select(tables.tables["jobs"].c.log_id)).all() == [None] * 25


def test_reset_of_trees_and_circles(any_engine: Engine) -> None:
    """Rows that refer to each other are deleted all the same, on each database."""
    tables = MetaData()
    Table("folders", tables, _key(), Column("parent_id", ForeignKey("folders.id")))
    Table("teams", tables, _key(), Column("lead", ForeignKey("people.id", name="fk_lead")))
    Table("people", tables, _key(), Column("team", ForeignKey("teams.id"), nullable=False))
    generator = DataGenerator(any_engine, blueprint=infer(tables))
    generator.generate("small")
    generator.reset()
    try:
        with any_engine.connect() as connection:
            for table in tables.tables.values():
                assert connection.execute(select(table)).all() == []
    finally:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SAWarning)  # SQLite drops a circle in any order
            tables.drop_all(any_engine)

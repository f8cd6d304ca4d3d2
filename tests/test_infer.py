"""Inference, schema by schema: what is hard to fill is filled, on every database."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from datetime import datetime
from operator import gt, ne
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import schemas
from filling import fill, plan_of
from schemas import SCHEMAS
from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    Enum,
    ForeignKey,
    ForeignKeyConstraint,
    Integer,
    Interval,
    MetaData,
    Numeric,
    String,
    Table,
    TypeDecorator,
    UniqueConstraint,
    create_engine,
    func,
    select,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship
from sqlalchemy.schema import CreateSchema, DropSchema
from sqlalchemy.types import NullType

from pytest_demodata import (
    BlueprintError,
    DataGenerator,
    VolumeError,
    assert_intact,
    prepare_sqlite,
)
from pytest_demodata.blueprint import Existing, FanOut, Fill, Fixed, Sized
from pytest_demodata.defaults import DEFAULT_AS_OF
from pytest_demodata.engine import Plan
from pytest_demodata.foreign_keys import keys_of
from pytest_demodata.inference.infer import as_blueprint, infer
from pytest_demodata.recipes.deriving import Position, ShareOf, SumOf, Taken
from pytest_demodata.recipes.numbering import Numbered
from pytest_demodata.recipes.referring import Reference
from pytest_demodata.recipes.vocabulary import (
    between,
    choice,
    constant,
    derived,
    faker,
    listed,
    sequence,
    unique,
)
from pytest_demodata.words import words_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from sqlalchemy import URL, Engine

    from pytest_demodata.recipes import Recipe


@pytest.fixture
def emptied(any_engine: Engine) -> Iterator[Engine]:
    """An engine of each kind on a database from which all tables are taken in the end."""
    yield any_engine
    reflected = MetaData()
    if any_engine.dialect.name != "sqlite":
        reflected.reflect(any_engine)
        reflected.drop_all(any_engine)


@pytest.mark.parametrize("name", SCHEMAS)
def test_a_schema_is_filled(emptied: Engine, name: str) -> None:
    """Its tables are filled without an orphan or a broken constraint, with the plan's rows."""
    rows = fill(emptied, SCHEMAS[name]())

    assert all(rows.values())


@pytest.mark.parametrize("name", ["circle_of_two", "circle_in_tenant", "siblings", "ordered_tree"])
def test_reset_of_a_circle(emptied: Engine, name: str) -> None:
    """Tables that refer to each other, or to themselves, can be emptied, and filled again."""
    metadata = SCHEMAS[name]()
    generator = DataGenerator(emptied, blueprint=infer(metadata))
    generator.generate("small")

    generator.reset()
    generator.generate("small")

    assert_intact(emptied, metadata=metadata)


@pytest.mark.parametrize("name", SCHEMAS)
def test_parts_agree_with_the_whole(name: str) -> None:
    """Chunks of any size, and any run of rows, hold what the whole generation holds."""
    blueprint = infer(SCHEMAS[name]())
    plan = plan_of(blueprint)
    whole = {table: plan.rows(table, 0, rows).columns for table, rows in plan.counts.items()}

    for chunk_rows in (7, 1024):
        _assert_chunks(plan_of(blueprint, chunk_rows=chunk_rows), whole)
    for table, rows in plan.counts.items():
        for start, stop in ((0, 1), (rows // 2, rows), (rows // 3, rows // 3 + 2)):
            part = plan_of(blueprint).rows(table, start, min(stop, rows))
            for column, values in part.columns.items():
                assert list(values) == list(whole[table][column])[start : min(stop, rows)]


def _assert_chunks(plan: Plan, whole: Mapping[str, Mapping[str, Sequence[Any]]]) -> None:
    made: dict[str, dict[str, list[Any]]] = {name: {} for name in plan.counts}
    for stage in plan.blueprint.stages:
        for chunk in plan.chunks(stage):
            for column, values in chunk.columns.items():
                made[chunk.table.key].setdefault(column, []).extend(values)
    for table, columns in whole.items():
        for column, values in columns.items():
            assert made[table].get(column, []) == list(values), f"{table}.{column}"


@pytest.mark.parametrize("name", sorted(SCHEMAS.keys() - {"no_keys"}))
def test_rows_come_after_those_they_refer_to(name: str) -> None:
    """No chunk has a row that refers to one of a later chunk, but for keys that are set later."""
    blueprint = infer(SCHEMAS[name]())
    plan = plan_of(blueprint, "large", chunk_rows=100)
    held: dict[tuple[str, tuple[str, ...]], set[Any]] = {}
    for stage in blueprint.stages:
        for chunk in plan.chunks(stage):
            table = chunk.table
            for each in blueprint.fills.values():
                for key in keys_of(each.table):
                    if key.parent is table:
                        values = zip(*(chunk.columns[name] for name in key.targets), strict=True)
                        held.setdefault((table.key, key.targets), set()).update(values)
            for key in keys_of(table):
                if key in blueprint.set_later.get(table.key, ()):
                    continue
                values = zip(*(chunk.columns[name] for name in key.columns), strict=True)
                needed = {value for value in values if None not in value}
                assert needed <= held[key.parent.key, key.targets], str(key)


@pytest.mark.parametrize("name", ["integers", "texts", "trees", "links", "siblings", "tenants"])
def test_seeds_differ(engine: Engine, name: str) -> None:
    """Another seed gives other rows, and they are intact as well."""
    rows = fill(engine, SCHEMAS[name](), seed=1)
    other = prepare_sqlite(create_engine("sqlite://"))

    assert fill(other, SCHEMAS[name](), seed=2) != rows
    other.dispose()


@pytest.mark.parametrize(
    ("name", "column", "parent", "least"),
    [
        ("integers", "city.country_code", "country", 0.95),
        ("composite_natural", "loan.code", "edition", 0.45),
        ("unique_targets", "token.client_ref", "client", 0.5),
        ("two_keys", "transfer.target_id", "account", 0.85),
        ("links", "book_writer.writer_id", "writer", 0.85),
        ("links", "favourite.writer_id", "writer", 0.85),
        ("trees", "category.parent_id", "category", 0.35),
        ("siblings", "purchase.address_id", "address", 0.4),
        ("friends", "message.to_id", "person", 0.85),
    ],
)
def test_most_parents_are_drawn(name: str, column: str, parent: str, least: float) -> None:
    """Rows refer to most of their parents at the large volume, and to some of them more often."""
    plan = plan_of(infer(SCHEMAS[name]()), "large")
    table, _, key = column.partition(".")
    drawn = Counter(plan.rows(table, 0, plan.counts[table], [key]).columns[key])
    del drawn[None]

    assert least * plan.counts[parent] <= len(drawn) <= plan.counts[parent]


def test_every_parent_can_be_drawn() -> None:
    """With enough rows, none of their parents is left out."""
    metadata = SCHEMAS["unique_targets"]()
    tokens = Fill(metadata.tables["token"], rows=Fixed(20_000))
    plan = plan_of(infer(metadata, tokens), "large")
    drawn = set(plan.rows("token", 0, 20_000, ["client_ref"]).columns["client_ref"])

    assert len(drawn - {None}) == plan.counts["client"]


# What rows have to do with each other


def test_rows_of_a_tenant(engine: Engine) -> None:
    """A row refers to rows of its own tenant, by keys that have the tenant in common."""
    rows = fill(engine, SCHEMAS["tenants"]())

    assert {row["product_id"] for row in rows["line"]} > {None} or rows["line"]
    tenants = {(row["tenant_id"], row["id"]) for row in rows["product"]}
    assert {(row["tenant_id"], row["product_id"]) for row in rows["purchase"]} <= tenants


def test_siblings(engine: Engine) -> None:
    """An order's address, and a customer's, is one of the customer's own; so is a line's key."""
    rows = fill(engine, SCHEMAS["siblings"](), volume="medium")
    owner = {row["id"]: row["customer_id"] for row in rows["address"]}
    buyer = {row["number"]: row["customer_id"] for row in rows["purchase"]}

    assert all(owner[row["address_id"]] == row["customer_id"] for row in rows["purchase"])
    assert all(owner[row["default_id"]] == row["id"] for row in rows["customer"])
    assert all(buyer[row["purchase_number"]] == row["customer_id"] for row in rows["line"])


def test_replies(engine: Engine) -> None:
    """A tree whose rows have an owner stays with the owner, and has roots."""
    rows = fill(engine, SCHEMAS["trees"](), volume="medium")
    post = {row["id"]: row["post_id"] for row in rows["reply"]}
    replies = [row for row in rows["reply"] if row["reply_to"] is not None]

    assert 0 < len(replies) < len(rows["reply"])
    assert all(post[row["reply_to"]] == row["post_id"] for row in replies)
    assert all(row["reply_to"] < row["id"] for row in replies)


def test_roots(engine: Engine) -> None:
    """Trees have roots without a parent; where there must be one, roots are their own."""
    rows = fill(engine, SCHEMAS["trees"]())

    roots = [row for row in rows["category"] if row["parent_id"] is None]
    assert 0 < len(roots) < len(rows["category"])
    assert 0 < sum(row["parent_id"] == row["id"] for row in rows["region"]) < len(rows["region"])


def test_trees_of_several_columns(engine: Engine) -> None:
    """The parent of a row is one of the same forest."""
    rows = fill(engine, SCHEMAS["composite_trees"](), volume="medium")

    for name in ("leaf", "branch"):
        parents = [row for row in rows[name] if row["parent_id"] is not None]
        assert len(parents) < len(rows[name])
    assert any(row["parent_id"] is not None for row in rows["branch"])


def test_chains(engine: Engine) -> None:
    """Rows of which each may be followed by one are chains; a twin that must be is the row."""
    rows = fill(engine, SCHEMAS["chain"]())

    assert 0 < sum(row["previous_id"] is None for row in rows["revision"]) < 10
    assert all(row["twin_id"] == row["id"] for row in rows["revision"])


def test_nobody_is_their_own_friend(engine: Engine) -> None:
    """What a constraint sets apart is apart, whoever owns the rows."""
    rows = fill(engine, SCHEMAS["friends"](), volume="large")

    assert all(row["person_id"] != row["friend_id"] for row in rows["friend"])
    assert all(row["from_id"] != row["to_id"] for row in rows["message"])


def test_positions(engine: Engine) -> None:
    """What is unique within the parent counts, or is each of the values at most once."""
    rows = fill(engine, SCHEMAS["unique_pairs"](), volume="medium")

    first = [row["position"] for row in rows["shelf"] if row["shop_id"] == 1]
    assert first == list(range(1, len(first) + 1))
    assert {row["day"] for row in rows["opening"]} == set(schemas.Day)
    assert {row["level"] for row in rows["floor"]} == {0, 1, 2, 3}
    assert {row["side"] for row in rows["door"]} == {"front", "back"}
    assert min(row["number"] for row in rows["seat"]) == 0
    assert {row["day"] for row in rows["rate"]} == set(schemas.Day)


def test_one_to_one(engine: Engine) -> None:
    """Rows that have two parents to themselves are as many as there can be."""
    rows = fill(engine, SCHEMAS["two_uniques"]())

    assert len(rows["key"]) == min(len(rows["room"]), len(rows["guest"]))
    assert len(rows["badge"]) == len(rows["stay"]) > len(rows["guest"])
    assert sum(row["guest_id"] is not None for row in rows["badge"]) == len(rows["guest"])


def test_keys_are_shared(engine: Engine) -> None:
    """A table with its parent's key has a row for each of the parent's."""
    rows = fill(engine, SCHEMAS["shared_key"]())

    assert [row["id"] for row in rows["picture"]] == [row["id"] for row in rows["account"]]


def test_a_table_of_one_row(engine: Engine) -> None:
    """A constraint that leaves one key leaves one row; another lets keys begin higher up."""
    rows = fill(engine, SCHEMAS["one_row"]())

    assert [row["id"] for row in rows["setting"]] == [1]
    assert [row["id"] for row in rows["ticket"]][:2] == [1000, 1001]


def test_authors_are_not_handed_down() -> None:
    """Who wrote a comment need not be who wrote the post; whose shop it is, it is."""
    metadata = MetaData()
    Table("account", metadata, Column("id", Integer, primary_key=True))
    Table("shop", metadata, Column("id", Integer, primary_key=True))
    for name, *parents in (("post", "account", "shop"), ("comment", "post", "account", "shop")):
        Table(
            name,
            metadata,
            Column("id", Integer, primary_key=True),
            *(
                Column(
                    "author_id" if each == "account" else f"{each}_id",
                    ForeignKey(f"{each}.id"),
                    nullable=False,
                )
                for each in parents
            ),
        )
    fill = infer(metadata, Fill(metadata.tables["comment"], rows=FanOut("post_id", range(1, 4))))

    sources = fill.fills["comment"].sources
    assert isinstance(sources["author_id#"].recipe, Reference)
    assert sources["shop_id"].recipe == Taken("post_id", "shop_id")


# Classes


@pytest.mark.parametrize("bare", [False, True])
def test_single_table_inheritance(emptied: Engine, *, bare: bool) -> None:
    """A row has NULL in the columns that its class does not have."""
    tables = schemas.SingleTable.metadata if bare else schemas.SingleTable
    rows = fill(emptied, tables, volume="medium")["animal"]

    assert {row["kind"] for row in rows} == {"animal", "dog", "cat"}
    assert {row["kind"] for row in rows if row["lives"] is not None} == {"cat"}
    assert {row["kind"] for row in rows if row["breed"] is not None} == {"dog"}
    assert {row["kind"] for row in rows if row["owner_id"] is not None} == {"dog"}
    with Session(emptied) as session:
        assert len(session.scalars(select(schemas.Dog)).all()) == sum(
            row["kind"] == "dog" for row in rows
        )


@pytest.mark.parametrize("bare", [False, True])
def test_joined_inheritance(emptied: Engine, *, bare: bool) -> None:
    """Each object has a row in the tables of its class and of those above, and in no other."""
    tables = schemas.Joined.metadata if bare else schemas.Joined
    rows = fill(emptied, tables, volume="medium")

    with Session(emptied) as session:
        loaded = session.scalars(select(schemas.Person)).all()
        classes = Counter(type(each).__name__ for each in loaded)
        assert all(each.car for each in loaded if isinstance(each, schemas.Boss))
        assert all(each.desk for each in loaded if isinstance(each, schemas.Worker))
    assert classes.keys() == {"Person", "Worker", "Boss"}
    assert len(rows["boss"]) == classes["Boss"]
    assert len(rows["worker"]) == classes["Worker"] + classes["Boss"]


def test_a_recipe_for_the_class_of_a_row() -> None:
    """Which class a row is of cannot be said where the classes have tables of their own."""
    person = Fill(schemas.Person, columns={"level": choice(schemas.Level.BOSS)})
    with pytest.raises(BlueprintError) as caught:
        infer(schemas.Joined, person)

    assert str(caught.value) == (
        "Column 'person.level' tells a row's class, and the tables of the classes are filled to "
        "fit it; it has a recipe.\n"
        "Allowed: no recipe for it; each class then has as many rows as the others. Or leave the "
        "tables of the subclasses out: infer(…, without=[…])."
    )
    animal = Fill(schemas.Animal, columns={"kind": choice("dog")})
    assert infer(schemas.SingleTable, animal)


def test_concrete_classes(engine: Engine) -> None:
    """Classes whose tables have all columns are filled like any others."""

    class Base(DeclarativeBase):
        """The base."""

    class Plant(Base):
        """With a table of its own."""

        __tablename__ = "plant"
        id: Mapped[int] = mapped_column(primary_key=True)
        kind: Mapped[str] = mapped_column(String(10))
        __mapper_args__ = {  # noqa: RUF012  # noqa: RUF012
            "polymorphic_on": "kind",
            "polymorphic_identity": "plant",
        }

    class Tree(Plant):
        """With another."""

        __tablename__ = "tree"
        id: Mapped[int] = mapped_column(primary_key=True)
        kind: Mapped[str] = mapped_column(String(10))
        __mapper_args__ = {  # noqa: RUF012  # noqa: RUF012
            "concrete": True,
            "polymorphic_identity": "tree",
        }

    rows = fill(engine, Base)

    assert {row["kind"] for row in rows["plant"]} == {"plant"}
    assert rows["tree"]


# Schemas of the database


def test_tables_in_a_schema(postgresql_url: URL) -> None:
    """Tables in schemas are filled, with foreign keys between the schemas."""
    engine = create_engine(postgresql_url)
    metadata = MetaData()
    Table("shop", metadata, Column("id", Integer, primary_key=True), schema="one")
    Table(
        "till",
        metadata,
        Column("id", Integer, primary_key=True),
        Column("shop_id", ForeignKey("one.shop.id"), nullable=False),
        Column("next_id", ForeignKey("two.till.id")),
        schema="two",
    )
    with engine.begin() as connection:
        for name in ("one", "two"):
            connection.execute(CreateSchema(name))
    try:
        rows = fill(engine, metadata)
        generator = DataGenerator(engine, blueprint=infer(metadata))
        generator.reset()
        assert generator.generate("one.shop=7").counts["one.shop"] == 7
    finally:
        with engine.begin() as connection:
            for name in ("one", "two"):
                connection.execute(DropSchema(name, cascade=True))
        engine.dispose()

    assert len(rows["one.shop"]) == 25
    assert len(rows["two.till"]) == 50


# What a user says


def _library(**how: Any) -> MetaData:
    metadata = MetaData()
    Table("shelf", metadata, Column("id", Integer, primary_key=True), Column("name", String(40)))
    Table(
        "book",
        metadata,
        Column("id", Integer, primary_key=True),
        Column("shelf_id", ForeignKey("shelf.id"), nullable=how.get("nullable", False)),
        Column("title", String(40), nullable=False),
        Column("city", String(40)),
        Column("country", String(40)),
    )
    return metadata


def test_without(engine: Engine) -> None:
    """A table that is left out stays empty, and the keys to it NULL."""
    rows = fill(engine, _library(nullable=True), without=["shelf"])

    assert rows["shelf"] == []
    assert {row["shelf_id"] for row in rows["book"]} == {None}


def test_without_a_table_or_class() -> None:
    """What is left out is named by its name, as a table, or as a class."""
    metadata = _library(nullable=True)

    assert list(infer(metadata, without=[metadata.tables["shelf"]]).fills) == ["book"]
    assert list(infer(schemas.SingleTable, without=[schemas.Owner]).fills) == ["animal"]


def test_what_is_said_of_rows(engine: Engine) -> None:
    """Rows, fan-outs, recipes for columns and for several together, and virtual columns count."""
    metadata = _library()
    rows = fill(
        engine,
        metadata,
        Fill(metadata.tables["shelf"], rows=Fixed(4), columns={"name": constant("A")}),
        Fill(
            metadata.tables["book"],
            rows=FanOut("shelf_id", range(3, 4)),
            columns={
                ("city", "country"): choice(("Bonn", "DE"), ("Bern", "CH")),
                "title": derived("{}!".format, "word"),
            },
            virtual={"word": choice("x", "y")},
        ),
    )

    assert [row["name"] for row in rows["shelf"]] == ["A"] * 4
    assert Counter(row["shelf_id"] for row in rows["book"]) == dict.fromkeys(range(1, 5), 3)
    assert {(row["city"], row["country"]) for row in rows["book"]} == {
        ("Bonn", "DE"),
        ("Bern", "CH"),
    }
    assert {row["title"] for row in rows["book"]} == {"x!", "y!"}


def test_rows_that_no_owner_has(engine: Engine) -> None:
    """A table whose rows are counted has no owner, and its parents are drawn."""
    metadata = _library()
    rows = fill(engine, metadata, Fill(metadata.tables["book"], rows=Sized("shelf")))

    assert len(rows["book"]) == len(rows["shelf"]) == 25


def test_existing_rows() -> None:
    """Rows that are there serve as parents, and none is made."""
    metadata = _library()
    shelf = metadata.tables["shelf"]
    blueprint = infer(metadata, Fill(shelf, rows=Existing()))

    plan = Plan(
        blueprint,
        blueprint.volumes["small"],
        seed=1,
        words=words_of("en_US"),
        as_of=DEFAULT_AS_OF,
        existing={"shelf": {"id": [7, 9], "name": ["a", "b"]}},
    )
    chunks = list(plan.chunks("shelf"))

    assert [chunk.table.name for chunk in chunks] == ["book"]
    assert {7, 9} == set(chunks[0].columns["shelf_id"])
    assert plan.counts["shelf"] == 2


def test_sums_make_owners() -> None:
    """A sum, or a share of a sum, says who owns the rows."""
    metadata = MetaData()
    Table("order", metadata, Column("id", Integer, primary_key=True), Column("total", Integer))
    for name in ("line", "payment"):
        Table(
            name,
            metadata,
            Column("id", Integer, primary_key=True),
            Column("order_id", ForeignKey("order.id")),
            Column("amount", Integer),
        )
    blueprint = infer(
        metadata,
        Fill(metadata.tables["order"], columns={"total": SumOf("line.amount")}),
        Fill(
            metadata.tables["payment"],
            columns={"amount": ShareOf("order.total", "order_id")},
        ),
    )
    plan = plan_of(blueprint)
    paid: Counter[int] = Counter()
    payments = plan.rows("payment", 0, plan.counts["payment"]).columns
    for order, amount in zip(payments["order_id"], payments["amount"], strict=True):
        paid[order] += amount

    assert list(plan.rows("order", 0, 25).columns["total"]) == [paid[key] for key in range(1, 26)]


def _two_keys() -> MetaData:
    return SCHEMAS["two_keys"]()


@pytest.mark.parametrize(
    ("metadata", "fills", "told"),
    [
        (
            _two_keys,
            lambda tables: [Fill(tables["account"], columns={"name": SumOf("transfer.id")})],
            "A sum of 'account' is over 'transfer', which has 2 foreign keys to it.\n"
            "Say which one: Fill('transfer', rows=FanOut(<column>, range(1, 6))).",
        ),
        (
            _two_keys,
            lambda tables: [Fill(tables["account"], columns={"name": SumOf("nothing.id")})],
            "A sum of 'account' is over the table 'nothing', which is not in the MetaData.\n"
            "Tables: account, transfer.",
        ),
        (
            _two_keys,
            lambda tables: [Fill(tables["account"]), Fill(tables["account"])],
            "Table 'account' is filled twice.\nAllowed: one fill a table.",
        ),
        (
            _two_keys,
            lambda _: [Fill(_two_keys().tables["account"])],
            "Table 'account' has a fill, but is not in the MetaData.\nTables: account, transfer.",
        ),
        (
            SCHEMAS["circle_of_two"],
            lambda tables: [
                Fill(tables["department"], rows=FanOut("head_id", range(1, 2))),
                Fill(tables["employee"], rows=FanOut("department_id", range(1, 2))),
            ],
            "Tables own each other's rows in a circle: department -> employee -> department.\n"
            "Allowed: a table's rows are owned by those of a table that they do not own. Give one "
            "of the tables other rows=…, such as Sized(…).",
        ),
    ],
)
def test_what_does_not_fit(
    metadata: Callable[[], MetaData],
    fills: Callable[[Mapping[str, Table]], list[Fill]],
    told: str,
) -> None:
    """What a user says that does not fit the tables is named."""
    tables = metadata()
    with pytest.raises(BlueprintError) as caught:
        infer(tables, *fills(tables.tables))

    assert str(caught.value) == told


def test_what_is_left_out_and_filled() -> None:
    """A table is not both left out and filled, and what is left out is there."""
    metadata = _library()
    shelf = Fill(metadata.tables["shelf"])

    assert _error(metadata, shelf, without=["shelf"]) == (
        "The table 'shelf' is to be left out, and has a fill.\n"
        "Allowed: one of the two. Take it out of without=[…], or leave out the fill."
    )
    assert _error(metadata, without=["shelves"]) == (
        "The table 'shelves' is to be left out, but is not in the MetaData.\nTables: shelf, book."
    )
    assert _error(metadata, without=["shelf"]) == (
        "1 column cannot be inferred:\n"
        "  book.shelf_id: it refers to 'shelf', which is left out.\n"
        "    Write: Fill('book', columns={'shelf_id': choice(…)})\n"
        "Give them a recipe in infer(…, Fill(…)), or leave their tables out: without=[…]."
    )


def _error(metadata: MetaData, *fills: Fill, without: Sequence[str] = ()) -> str:
    with pytest.raises(BlueprintError) as caught:
        infer(metadata, *fills, without=without)
    return str(caught.value)


# What cannot be inferred


def test_a_circle_that_cannot_be_broken() -> None:
    """A circle in which no key may be NULL is named."""
    metadata = MetaData()
    for name, parent in (("a", "b"), ("b", "c"), ("c", "a")):
        Table(
            name,
            metadata,
            Column("id", Integer, primary_key=True),
            Column("to", ForeignKey(f"{parent}.id"), nullable=False),
        )

    told = _error(metadata)
    assert told.startswith("Tables refer to each other in a circle, ")
    assert told.endswith(
        ", and none of the foreign keys in it may be NULL: 'a.to', 'b.to', 'c.to'.\n"
        "Allowed: a circle in which one may be, of a table with a primary key, so that it can be "
        "set when all rows are there. Make one of these columns nullable, or leave one of the "
        "tables out: infer(…, without=[…])."
    )


def test_families_that_cannot_be_ordered() -> None:
    """Owners that a user has named, and who leave no order, are named."""
    metadata = MetaData()
    for name in ("a", "b"):
        Table(name, metadata, Column("id", Integer, primary_key=True))
    for name, owner, other in (("x", "a", "y"), ("y", "b", "z"), ("z", "a", None)):
        keys = [each for each in (owner, other) if each]
        Table(
            name,
            metadata,
            Column("id", Integer, primary_key=True),
            *(Column(f"{each}_id", ForeignKey(f"{each}.id"), nullable=False) for each in keys),
        )
    fills = [
        Fill(metadata.tables[name], rows=FanOut(f"{owner}_id", range(1, 3)))
        for name, owner in (("x", "a"), ("y", "b"), ("z", "a"))
    ]

    assert _error(metadata, *fills).endswith(
        "refer to each other in a circle.\n"
        "Tables in it: a, b, x, y, z.\n"
        "Allowed: owners whose rows can be made one after the other. Give one of the tables "
        "rows=Sized(…) instead of FanOut(…)."
    )
    assert infer(metadata).fills.keys() == metadata.tables.keys()


@pytest.mark.parametrize(
    ("columns", "told"),
    [
        (
            [
                Column("a_id", ForeignKey("a.id"), nullable=False),
                Column("b_id", ForeignKey("a.id"), nullable=False),
                CheckConstraint("a_id < b_id"),
            ],
            "t.a_id: it is a foreign key, and a constraint limits it: a_id < b_id.",
        ),
        (
            [Column("a_id", ForeignKey("a.id"), CheckConstraint("a_id IN (1, 2)"))],
            "t.a_id: it is a foreign key, and a constraint limits it: "
            "OneOf(column='a_id', values=(1, 2)).",
        ),
        (
            [Column("a_id", ForeignKey("a.id"), CheckConstraint("a_id < 5"))],
            "t.a_id: it is a foreign key, and a constraint limits it: a_id < 5.",
        ),
        (
            [
                Column("both", ForeignKey("a.id"), ForeignKey("c.id"), nullable=False),
            ],
            "t.both: it refers to 'c', but what it has follows from another foreign key.",
        ),
        (
            [Column("hour", Interval, unique=True)],
            "t.hour: no two rows may have the same hour, and there is nothing to keep them apart.",
        ),
        (
            [Column("n", Integer, CheckConstraint("n % 7 = 3"), nullable=False)],
            "t.n: the constraint 'n % 7 = 3' is not understood: ",
        ),
    ],
)
def test_what_cannot_be_inferred(columns: list[Any], told: str) -> None:
    """What cannot be inferred is named, and why, before anything is inserted."""
    metadata = MetaData()
    for name in ("a", "c"):
        Table(name, metadata, Column("id", Integer, primary_key=True))
    table = Table("t", metadata, Column("id", Integer, primary_key=True))
    for each in columns:
        (table.append_column if isinstance(each, Column) else table.append_constraint)(each)

    assert f"\n  {told}" in _error(metadata)
    assert "\n    Write: Fill('t', columns={" in _error(metadata)


def test_no_blueprint() -> None:
    """A blueprint is one, or a MetaData, or a declarative base class."""
    metadata = _library()
    blueprint = infer(metadata)

    assert as_blueprint(blueprint) is blueprint
    assert as_blueprint(metadata).metadata is metadata
    assert as_blueprint(schemas.SingleTable).metadata is schemas.SingleTable.metadata
    with pytest.raises(BlueprintError) as caught:
        as_blueprint("shop")
    assert str(caught.value) == (
        "The blueprint is 'shop'.\n"
        "Allowed: a MetaData, a declarative base class, or what infer(…) returns.\n"
        "Have the fixture demodata_blueprint return one of these."
    )


def test_fingerprint() -> None:
    """It changes with the tables, and is missing where an application's own code has a say."""

    class Own(TypeDecorator[str]):
        """A type of an application's own."""

        impl = String
        cache_ok = True

    metadata = _library()
    assert infer(metadata).fingerprint == infer(_library()).fingerprint
    other = _library()
    other.tables["book"].append_column(Column("pages", Integer, default=100))
    assert infer(metadata).fingerprint != infer(other).fingerprint
    assert infer(metadata, Fill(metadata.tables["shelf"])).fingerprint is None
    metadata.tables["book"].append_column(Column("own", Own(40)))
    assert infer(metadata).fingerprint is None


# Too little to draw from


@pytest.mark.parametrize(
    ("fills", "told"),
    [
        (
            {"opening": FanOut("shop_id", range(1, 6))},
            "An owner has up to 5 rows of 'opening', and 'opening.day' can have 3 different values "
            "among them.\n"
            "Allowed: at most as many rows for each owner as values, by FanOut(…, range(1, 4)).",
        ),
        (
            {"rate": Fixed(100)},
            "Volume 'small' has 100 rows of 'rate', and there are 75 combinations of rows of "
            "'shop', 3 values.\n"
            "Allowed: at most as many rows as combinations. Give 'rate' fewer, by "
            "Fill('rate', rows=Fixed(75)).",
        ),
    ],
)
def test_too_few_combinations(fills: dict[str, Any], told: str) -> None:
    """More rows than can be told apart are refused before the first."""
    metadata = SCHEMAS["unique_pairs"]()
    blueprint = infer(
        metadata, *(Fill(metadata.tables[name], rows=rows) for name, rows in fills.items())
    )
    with pytest.raises(VolumeError) as caught:
        plan_of(blueprint)

    assert str(caught.value) == told


def test_owners_without_siblings() -> None:
    """A row that needs one of its owner's is refused where an owner has none."""
    metadata = SCHEMAS["siblings"]()
    addresses = Fill(metadata.tables["address"], rows=FanOut("customer_id", range(2)))
    plan = plan_of(infer(metadata, addresses))
    with pytest.raises(VolumeError) as caught:
        plan.rows("purchase", 0, 20)

    assert str(caught.value) == (
        "'purchase.address_id' needs a row of 'address' with the same owner, and an owner has "
        "none.\n"
        "Allowed: one or more for each owner: Fill('address', rows=FanOut(…, range(1, 5)))."
    )


def test_tenants_without_products() -> None:
    """A row that needs one of its tenant's is refused where there is none."""
    metadata = SCHEMAS["tenant_link"]()
    labels = Fill(metadata.tables["label"], rows=FanOut("tenant_id", range(2)))
    plan = plan_of(infer(metadata, labels))
    with pytest.raises(VolumeError) as caught:
        plan.rows("product_label", 0, 20)

    assert "needs 1 of the rows of 'label' with tenant_id = " in str(caught.value)
    assert str(caught.value).endswith(
        "Allowed: as many as there are. Give 'label' more rows for each owner, by "
        "Fill('label', rows=FanOut(…, range(3, 9))), or 'product_label' fewer."
    )


def test_a_foreign_key_to_nowhere() -> None:
    """A foreign key to a table that the MetaData does not have is named."""
    metadata = MetaData()
    Table("a", metadata, Column("id", Integer, primary_key=True), Column("b", ForeignKey("b.id")))

    assert _error(metadata) == (
        "A foreign key of 'a' refers to 'b.id', which the MetaData does not have.\n"
        "Import the module that maps it first, or reflect its table."
    )


def test_no_parent_at_all() -> None:
    """A row that needs a parent, or one of its own, is refused where there are too few."""
    for name, parent, told in (
        ("trees", "post", "'reply.reply_to'"),
        ("two_uniques", "guest", "'key.guest_id'"),
        ("tenants", "tenant", "'line.purchase_id'"),
        ("tenant_link", "label", "'product_label.label_id'"),
    ):
        metadata = SCHEMAS[name]()
        table = told.strip("'").partition(".")[0]
        fills = [
            Fill(metadata.tables[parent], rows=Fixed(0)),
            Fill(metadata.tables[table], rows=Fixed(5)),
        ]
        with pytest.raises(VolumeError, match="too few rows of"):
            plan_of(infer(metadata, *fills))


def test_times_after_existing_rows() -> None:
    """Rows that are there have no first moment that others could follow."""
    metadata = SCHEMAS["siblings"]()
    blueprint = infer(metadata, Fill(metadata.tables["purchase"], rows=Existing()))

    assert "before#" not in blueprint.fills["line"].sources


def test_a_function_for_a_column() -> None:
    """A user's function may stand where a recipe may."""
    metadata = _library()
    shelf = Fill(
        metadata.tables["shelf"], columns={"name": lambda run: ["x"] * (run.stop - run.start)}
    )

    assert list(plan_of(infer(metadata, shelf)).rows("shelf", 0, 2).columns["name"]) == ["x", "x"]


def test_a_parent_by_a_key_that_is_made() -> None:
    """What a parent has may be taken by a key that a recipe of the user's fills."""
    metadata = _library()
    book = Fill(
        metadata.tables["book"],
        rows=Fixed(3),
        columns={"shelf_id": choice(2), "title": Taken("shelf_id", "name")},
    )
    shelf = Fill(metadata.tables["shelf"], columns={"name": listed("a", "b", "c")})

    assert plan_of(infer(metadata, book, shelf)).rows("book", 0, 3).columns["title"] == ["b"] * 3


def test_unlike_a_drawn_key() -> None:
    """Of two drawn keys that a constraint sets apart, one is drawn to be unlike the other."""
    metadata = SCHEMAS["friends"]()
    table = metadata.tables["message"]
    recipes = {"from_id": Reference(), "to_id": Reference(unlike="from_id")}
    plan = plan_of(infer(metadata, Fill(table, rows=Fixed(200), columns=recipes)))
    columns = plan.rows("message", 0, 200).columns

    assert all(map(ne, columns["from_id"], columns["to_id"]))


@pytest.mark.parametrize(
    ("kind", "check", "rows"),
    [
        (String(1), "code IN ('a', 'b')", 2),
        (Enum(schemas.Day, name="day"), "code IN ('MONDAY', 'FRIDAY')", 1),
        (Integer(), "code BETWEEN 1 AND 200", 50),
        (Integer(), "code <> 7", 50),
        (Numeric(8, 2), "code > 0", 50),
    ],
)
def test_unique_within_what_a_constraint_leaves(kind: Any, check: str, rows: int) -> None:
    """What is unique within the parent keeps to its constraint too, or the reason is told."""
    metadata = MetaData()
    Table("shop", metadata, Column("id", Integer, primary_key=True))
    Table(
        "label",
        metadata,
        Column("id", Integer, primary_key=True),
        Column("shop_id", ForeignKey("shop.id"), nullable=False),
        Column("code", kind, nullable=False),
        CheckConstraint(check),
        UniqueConstraint("shop_id", "code"),
    )
    try:
        blueprint = infer(metadata)
    except BlueprintError as error:
        assert "label.code" in str(error)  # noqa: PT017 - both are right
        return
    columns = plan_of(blueprint).rows("label", 0, plan_of(blueprint).counts["label"]).columns
    pairs = list(zip(columns["shop_id"], columns["code"], strict=True))

    assert len(pairs) == len(set(pairs)) >= rows


def test_unique_values_of_few() -> None:
    """A unique column of few values, and several of them together, have a capacity."""
    metadata = MetaData()
    days = Enum(schemas.Day, name="day")
    Table(
        "slot",
        metadata,
        Column("id", Integer, primary_key=True),
        Column("day", days, nullable=False),
        Column("left", Boolean, nullable=False),
        UniqueConstraint("day", "left"),
    )
    Table(
        "rest", metadata, Column("id", Integer, primary_key=True), Column("day", days, unique=True)
    )
    tables = metadata.tables
    rows = [Fill(tables["slot"], rows=Fixed(6)), Fill(tables["rest"], rows=Fixed(3))]
    plan = plan_of(infer(metadata, *rows))
    slots = plan.rows("slot", 0, 6).columns

    assert len(set(zip(slots["day"], slots["left"], strict=True))) == 6
    assert set(plan.rows("rest", 0, 3).columns["day"]) == set(schemas.Day)
    with pytest.raises(VolumeError, match="can have 3 different values"):
        plan_of(infer(metadata, rows[0]))


def test_a_relationship_to_one_object(engine: Engine) -> None:
    """A class that has one object there, and no list, has one row there."""

    class Base(DeclarativeBase):
        """The base."""

    class User(Base):
        """With one photo."""

        __tablename__ = "user"
        id: Mapped[int] = mapped_column(primary_key=True)
        photo: Mapped[Photo | None] = relationship(uselist=False)

    class Photo(Base):
        """Of one user."""

        __tablename__ = "photo"
        id: Mapped[int] = mapped_column(primary_key=True)
        user_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))

    rows = fill(engine, Base)["photo"]

    assert max(Counter(row["user_id"] for row in rows if row["user_id"]).values()) == 1


def test_columns_that_a_constraint_compares() -> None:
    """A number that is larger than another is; a column of an unknown type may stay NULL."""
    metadata = MetaData()
    Table(
        "offer",
        metadata,
        Column("id", Integer, primary_key=True),
        Column("low", Integer, nullable=False),
        Column("high", Integer, nullable=False),
        Column("shape", NullType()),
        CheckConstraint("high > low"),
    )
    columns = plan_of(infer(metadata)).rows("offer", 0, 25).columns

    assert all(map(gt, columns["high"], columns["low"]))
    assert "shape" not in columns


def test_shares_of_rows_that_nobody_has() -> None:
    """An owner without rows has nothing to share its amount among."""
    metadata = MetaData()
    Table("order", metadata, Column("id", Integer, primary_key=True), Column("total", Integer))
    payment = Table(
        "payment",
        metadata,
        Column("id", Integer, primary_key=True),
        Column("order_id", ForeignKey("order.id")),
        Column("amount", Integer),
    )
    order = Fill(metadata.tables["order"], columns={"total": constant(100)})
    shares = {"amount": ShareOf("order.total", "order_id")}
    paid = Fill(payment, rows=FanOut("order_id", range(3)), columns=shares)
    plan = plan_of(infer(metadata, order, paid))
    columns = plan.rows("payment", 0, plan.counts["payment"]).columns

    assert sum(columns["amount"]) == 100 * len(set(columns["order_id"])) < 2_500


def test_a_constraint_on_what_is_given() -> None:
    """A constraint that is not understood is no matter where the user says what is drawn."""
    metadata = MetaData()
    table = Table(
        "t",
        metadata,
        Column("id", Integer, primary_key=True),
        Column("n", Integer, CheckConstraint("n % 7 = 3")),
    )

    assert infer(metadata, Fill(table, columns={"n": choice(3, 10)}))


@pytest.mark.parametrize(
    ("unique", "reported"),
    [
        (("parent_id", "flag"), "flag, parent_id"),
        (("room_id", "parent_id"), "parent_id, room_id"),
        (("room_id", "door_id"), "door_id, room_id"),
        (("code", "parent_id"), ""),
    ],
)
def test_unique_with_a_key_that_is_not_free(unique: tuple[str, str], reported: str) -> None:
    """A key that leads back, or is set later, keeps no rows apart."""
    metadata = MetaData()
    Table(
        "room",
        metadata,
        Column("id", Integer, primary_key=True),
        Column("door_id", ForeignKey("door.id"), nullable=False),
    )

    class Code(TypeDecorator[str]):
        """A type of an application's own."""

        impl = String
        cache_ok = True

    Table(
        "thing",
        metadata,
        Column("id", Integer, primary_key=True),
        *(
            [Column("room_id", ForeignKey("room.id"), nullable=False)]
            if "room_id" in unique
            else []
        ),
        Column("parent_id", ForeignKey("thing.id")),
        Column("door_id", ForeignKey("door.id")),
        Column("flag", Boolean),
        Column("code", Code(40)),
        UniqueConstraint(*unique),
    )
    Table(
        "door",
        metadata,
        Column("id", Integer, primary_key=True),
        Column("thing_id", ForeignKey("thing.id")),
    )
    if not reported:
        assert infer(metadata)
        return
    assert f"no two rows may have the same {reported}, and there is" in _error(metadata)


def test_a_tree_by_columns_of_others() -> None:
    """A tree's key that another key fills in part cannot be inferred."""
    metadata = MetaData()
    Table("kind", metadata, Column("id", Integer, primary_key=True))
    Table(
        "node",
        metadata,
        Column("id", Integer, primary_key=True),
        Column("kind_id", ForeignKey("kind.id"), primary_key=True),
        Column("parent_id", Integer),
        ForeignKeyConstraint(["kind_id", "parent_id"], ["node.id", "node.kind_id"]),
    )

    assert "what it has follows from another foreign key" in _error(metadata)


def test_relationships_for_reading_only() -> None:
    """A relationship that only reads says nothing of how many rows there are."""

    class Base(DeclarativeBase):
        """The base."""

    class User(Base):
        """Whose last photo is of interest, and who has no class beside it."""

        __tablename__ = "user"
        id: Mapped[int] = mapped_column(primary_key=True)
        kind: Mapped[str] = mapped_column(String(10))
        photos: Mapped[list[Photo]] = relationship()
        last: Mapped[Photo | None] = relationship(viewonly=True, uselist=False)
        __mapper_args__ = {"polymorphic_on": "kind"}  # noqa: RUF012  # noqa: RUF012

    class Photo(Base):
        """Of a user."""

        __tablename__ = "photo"
        id: Mapped[int] = mapped_column(primary_key=True)
        user_id: Mapped[int] = mapped_column(ForeignKey("user.id"))

    assert plan_of(infer(Base)).counts["photo"] > 25


def test_a_unique_key_to_rows_of_its_own(engine: Engine) -> None:
    """Where each row refers to another one, and owns rows there, it refers to one of these."""
    metadata = MetaData()
    Table(
        "customer",
        metadata,
        Column("id", Integer, primary_key=True),
        Column("main_id", ForeignKey("address.id"), unique=True),
    )
    Table(
        "address",
        metadata,
        Column("id", Integer, primary_key=True),
        Column("customer_id", ForeignKey("customer.id"), nullable=False),
    )
    rows = fill(engine, metadata)
    owner = {row["id"]: row["customer_id"] for row in rows["address"]}

    assert all(owner[row["main_id"]] == row["id"] for row in rows["customer"])


def test_unique_with_a_key_that_is_set_later() -> None:
    """How many rows there are to refer to is not known before those that are set later."""
    metadata = MetaData()
    Table("room", metadata, Column("id", Integer, primary_key=True))
    for name, *others in (("thing", "hook", "room"), ("hook", "door"), ("door", "thing")):
        Table(
            name,
            metadata,
            Column("id", Integer, primary_key=True),
            *(
                Column(f"{each}_id", ForeignKey(f"{each}.id"), nullable=each == "hook")
                for each in others
            ),
        )
    thing = metadata.tables["thing"]
    thing.append_constraint(UniqueConstraint("room_id", "hook_id"))

    assert "no two rows may have the same hook_id, room_id, and there is" in _error(metadata)


def test_a_type_of_which_nothing_is_known() -> None:
    """A column of an unknown type that may not be NULL cannot be inferred."""
    metadata = MetaData()
    table = Table("t", metadata, Column("id", Integer, primary_key=True))
    table.append_column(Column("shape", NullType(), nullable=False))

    assert "t.shape: nothing is known of its type, NullType()." in _error(metadata)


def test_fixed_rows_without_a_key_stand_already(engine: Engine) -> None:
    """Rows that are alike in any volume are found again, also where they have no key."""
    metadata = MetaData()
    Table("note", metadata, Column("text", String(40), nullable=False))
    blueprint = infer(metadata, Fill(metadata.tables["note"], rows=Fixed(3)))

    for _ in range(2):
        DataGenerator(engine, blueprint=blueprint).generate("small")

    with engine.connect() as connection:
        assert len(connection.execute(select(metadata.tables["note"])).all()) == 3


def _numbered_lines() -> MetaData:
    metadata = MetaData()
    Table("order", metadata, Column("id", Integer, primary_key=True))
    Table(
        "line",
        metadata,
        Column("id", Integer, primary_key=True),
        Column("order_id", ForeignKey("order.id"), nullable=False),
        Column("number", Integer, nullable=False),
        UniqueConstraint("order_id", "number"),
    )
    return metadata


@pytest.mark.parametrize(
    "recipe",
    [
        sequence(),
        unique(sequence(5, 3)),
        unique(between(1, 100_000)),
        unique(choice(*range(100_000))),
        unique(faker("random_int", min=1, max=10_000_000)),
        Numbered(lambda _, number: number, 1 << 20, unique=True),
        Position(),
    ],
)
def test_a_column_of_a_user_that_keeps_rows_apart(engine: Engine, recipe: Recipe) -> None:
    """A column that a user has nothing drawn twice for makes every set with it unique."""
    metadata = _numbered_lines()
    rows = fill(engine, metadata, Fill("line", columns={"number": recipe}))["line"]

    assert len({(row["order_id"], row["number"]) for row in rows}) == len(rows) > 25


def test_a_column_of_a_user_that_keeps_no_rows_apart() -> None:
    """The column that was given is the one to change, and never the key to the owner."""
    assert _error(_numbered_lines(), Fill("line", columns={"number": between(1, 9)})) == (
        "1 column cannot be inferred:\n"
        "  line.number: no two rows may have the same number, order_id, and there is nothing to "
        "keep them apart.\n"
        "    Write: Fill('line', columns={'number': unique(choice(…))})\n"
        "Give them a recipe in infer(…, Fill(…)), or leave their tables out: without=[…]."
    )


def _circle_of_updates() -> MetaData:
    metadata = MetaData()
    Table(
        "assignments",
        metadata,
        Column("id", Integer, primary_key=True),
        Column("department_id", ForeignKey("departments.id"), nullable=False),
        Column("employee_id", ForeignKey("employees.id"), nullable=False),
    )
    for name, other in (("departments", "employees"), ("employees", "departments")):
        Table(
            name,
            metadata,
            Column("id", Integer, primary_key=True),
            Column("other_id", ForeignKey(f"{other}.id")),
            Column("updated_at", DateTime, nullable=False, onupdate=datetime.now),
        )
    return metadata


def test_keys_that_are_set_later_leave_the_rest_alone(engine: Engine) -> None:
    """What an application puts in at an UPDATE stays as it was made."""
    rows = fill(engine, _circle_of_updates())
    moments = [row["updated_at"] for name in ("departments", "employees") for row in rows[name]]

    assert max(moments).date() <= DEFAULT_AS_OF


@pytest.mark.parametrize("hash_seed", ["0", "3", "7"])
def test_a_circle_is_broken_at_the_same_place(hash_seed: str) -> None:
    """Which key is set later hangs on the tables, and not on how Python orders a set."""
    program = (
        "from test_infer import _circle_of_updates, infer;"
        "print(*infer(_circle_of_updates()).set_later)"
    )
    environment = {
        **os.environ,
        "PYTHONHASHSEED": hash_seed,
        "PYTHONPATH": str(Path(__file__).parent),
    }
    done = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True
    )

    assert done.stdout.split() == list(infer(_circle_of_updates()).set_later)


def _family(*, alone: bool, of_one: bool) -> type[DeclarativeBase]:
    class Base(DeclarativeBase):
        """Classes that are made anew each time."""

    class Parent(Base):
        __tablename__ = "parent"
        id: Mapped[int] = mapped_column(primary_key=True)
        kind: Mapped[str] = mapped_column(String(10), default=func.now())
        children = relationship("Child", uselist=not alone)
        __mapper_args__ = {"polymorphic_on": "kind", "polymorphic_identity": "parent"}  # noqa: RUF012

    class One(Parent):
        __mapper_args__ = {"polymorphic_identity": "one"}  # noqa: RUF012
        if of_one:
            extra: Mapped[int | None] = mapped_column(use_existing_column=True)

    class Other(Parent):
        __mapper_args__ = {"polymorphic_identity": "other"}  # noqa: RUF012
        if not of_one:
            extra: Mapped[int | None] = mapped_column(use_existing_column=True)

    class Child(Base):
        __tablename__ = "child"
        id: Mapped[int] = mapped_column(primary_key=True)
        parent_id: Mapped[int] = mapped_column(ForeignKey("parent.id"))

    return Base


def test_the_fingerprint_hangs_on_the_classes() -> None:
    """Also on which of them has a column, and whether one has one other or many."""
    prints = [
        infer(_family(alone=alone, of_one=of_one)).fingerprint
        for alone in (False, True)
        for of_one in (False, True)
    ]

    assert len({*prints}) == len(prints)
    assert infer(_family(alone=False, of_one=False)).fingerprint == prints[0] is not None


def test_texts_that_are_excluded() -> None:
    """Only of a few words it is known which are left; that a text may not be empty is kept."""
    metadata = MetaData()
    Table(
        "price",
        metadata,
        Column("id", Integer, primary_key=True),
        Column(
            "currency", String(3), CheckConstraint("currency NOT IN ('USD', 'EUR')"), nullable=False
        ),
        Column("region", String(40), CheckConstraint("region <> ''"), nullable=False),
    )

    told = "price.currency: it is text, and a constraint excludes some."
    assert _error(metadata).startswith(f"1 column cannot be inferred:\n  {told}")

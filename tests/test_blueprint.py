"""Blueprints: how fills fit their tables and each other, and what is said where they do not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import (
    Boolean,
    Column,
    Computed,
    ForeignKey,
    Identity,
    Integer,
    MetaData,
    String,
    Table,
    text,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from pytest_demodata import BlueprintError, DemodataError
from pytest_demodata.blueprint import Blueprint, FanOut, Fill, Fixed, Sized
from pytest_demodata.foreign_keys import key_through
from pytest_demodata.recipes import (
    Choice,
    Constant,
    Derived,
    Localized,
    Pinned,
    Recipe,
    Reference,
    Serial,
    Sometimes,
    Standing,
    SumOf,
    Taken,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Recipes = Mapping[str | tuple[str, ...], Recipe]


class Shop:
    """Three tables of a shop, with and without their owners."""

    def __init__(self) -> None:
        self.metadata = MetaData()
        self.client = Table(
            "client",
            self.metadata,
            Column("id", Integer, primary_key=True),
            Column("name", String, nullable=False),
            Column("total", Integer),
        )
        self.order = Table(
            "order",
            self.metadata,
            Column("id", Integer, primary_key=True),
            Column("client_id", ForeignKey("client.id"), nullable=False),
            Column("total", Integer),
        )
        self.item = Table(
            "item",
            self.metadata,
            Column("id", Integer, primary_key=True),
            Column("order_id", ForeignKey("order.id")),
            Column("amount", Integer),
            Column("note", String),
        )

    def clients(self, **columns: Recipe) -> Fill:
        """Fill the clients, with a name."""
        recipes = {"name": Constant("x"), **columns}.items()
        return Fill(
            self.client, rows=Fixed(3), columns=dict(recipes), virtual={"share": Constant(1)}
        )

    def orders(self, **columns: Recipe) -> Fill:
        """Fill the orders, each owned by its client."""
        return Fill(self.order, rows=FanOut("client_id", range(3)), columns=dict(columns.items()))

    def items(self, **columns: Recipe) -> Fill:
        """Fill the items, each owned by its order."""
        return Fill(self.item, rows=FanOut("order_id", "items"), columns=dict(columns.items()))

    def blueprint(self, *fills: Fill) -> Blueprint:
        """Put fills into one stage."""
        return Blueprint(self.metadata, {"all": fills})


@pytest.fixture
def shop() -> Shop:
    """Tables that no blueprint has seen."""
    return Shop()


def _error_of(action: Callable[[], object]) -> str:
    with pytest.raises(BlueprintError) as caught:
        action()
    return str(caught.value)


def _table(*columns: Column[Any]) -> Table:
    return Table("thing", MetaData(), *columns)


# What a fill knows


def test_fill_of_a_table(shop: Shop) -> None:
    """A fill has the columns of the table that get values, in the order of the table."""
    fill = shop.clients(total=Constant(5))

    assert fill.name == "client"
    assert fill.table is shop.client
    assert fill.columns == ("id", "name", "total")
    assert fill.owner is None
    assert shop.clients().columns == ("id", "name")


def test_fill_of_a_class() -> None:
    """A class that is mapped to a table stands for the table."""

    class Base(DeclarativeBase):
        pass

    class Thing(Base):
        __tablename__ = "thing"
        id: Mapped[int] = mapped_column(primary_key=True)
        name: Mapped[str]

    fill = Fill(Thing, rows=Sized("things"), columns={"name": Constant("x")})

    assert fill.table is Thing.__table__
    assert Blueprint(Base.metadata, {"all": [fill]}).fills["thing"] is fill


def test_keys_need_no_recipe(shop: Shop) -> None:
    """The primary key and the key of the owner are filled without a recipe."""
    fill = shop.orders()

    assert fill.owner == "client"
    assert fill.columns == ("id", "client_id")
    assert fill.sources["id"].recipe == Serial()
    assert fill.sources["client_id"].recipe == Taken("client_id", "id")


def test_columns_that_need_no_recipe() -> None:
    """A column that may be NULL, or that the database fills, may go without a recipe."""
    table = _table(
        Column("id", Integer, primary_key=True),
        Column("maybe", Integer, nullable=True),
        Column("given", Boolean, nullable=False, server_default=text("1")),
        Column("computed", Integer, Computed("id + 1"), nullable=False),
        Column("counted", Integer, Identity(), nullable=False),
    )

    assert Fill(table, rows=Fixed(1), columns={}).columns == ("id",)


def test_columns_drawn_together() -> None:
    """Each of several columns under one key knows the recipe and the others."""
    table = _table(
        Column("id", Integer, primary_key=True), Column("a", String), Column("b", String)
    )
    pairs = Choice((("x", "y"),))
    fill = Fill(table, rows=Fixed(1), columns={("b", "a"): pairs})

    assert fill.columns == ("id", "a", "b")
    assert fill.sources["a"] == fill.sources["b"] == (("b", "a"), pairs)


def test_reads(shop: Shop) -> None:
    """A fill names the columns that a column is computed from, in its own and other tables."""
    fill = Fill(
        shop.item,
        rows=Fixed(2),
        columns={
            "order_id": Reference("share", at="day", since="start"),
            "amount": Taken("order_id", "total"),
            "note": Sometimes(Derived(str, "amount", "day"), 50),
        },
        virtual={"day": Constant(1)},
    )

    drawn = [("item", "day"), ("order", "share"), ("order", "start")]
    assert list(fill.reads("order_id#")) == drawn
    assert list(fill.reads("order_id")) == [("item", "order_id#"), ("order", "id")]
    assert list(fill.reads("amount")) == [("order", "total"), ("item", "order_id")]
    assert list(fill.reads("note")) == [("item", "amount"), ("item", "day")]
    assert list(fill.reads("id")) == []


def test_recipes_in_a_variable(shop: Shop) -> None:
    """Recipes may be kept in a variable, with names or tuples of names as keys."""
    alone: dict[str, Recipe] = {"name": Constant("x")}
    together: dict[tuple[str, ...], Recipe] = {("name", "total"): Constant(("x", 1))}

    assert Fill(shop.client, rows=Fixed(1), columns=alone).columns == ("id", "name")
    assert Fill(shop.client, rows=Fixed(1), columns=together, virtual={}).columns == (
        "id",
        "name",
        "total",
    )


def test_column_with_a_key() -> None:
    """A column whose key in Python is not its name in the database goes by the key."""
    metadata = MetaData()
    Table("parent", metadata, Column("Parent No", Integer, key="number", primary_key=True))
    table = Table(
        "thing",
        metadata,
        Column("No", Integer, key="number", primary_key=True),
        Column("Parent", ForeignKey("parent.number"), key="parent_number", nullable=False),
        Column("Full Name", String, key="name", nullable=False),
    )
    fill = Fill(
        table, rows=FanOut("parent_number", range(3)), columns={"name": Taken("parent_number", "x")}
    )

    assert fill.columns == ("number", "parent_number", "name")
    assert fill.owner == "parent"
    assert fill.sources["parent_number"].recipe == Taken("parent_number", "number")
    assert list(fill.reads("name")) == [("parent", "x"), ("thing", "parent_number")]


# What a fill refuses


def test_negative_number_of_rows() -> None:
    """Fewer rows than none are refused, and none are not."""
    assert _error_of(lambda: Fixed(-1)) == "A table gets -1 rows.\nAllowed: 0 or more."
    assert Fixed(0).rows == 0


@pytest.mark.parametrize(
    "sizes", [range(0), range(5, 5), range(3, 1), range(3, 0, -1), range(-1, 3), range(-2, -1)]
)
def test_sizes_of_a_fan_out(sizes: range) -> None:
    """Sizes that are none, that fall, or that are below 0 are refused."""
    assert _error_of(lambda: FanOut("client_id", sizes)) == (
        f"The fan-out through 'client_id' has the sizes {sizes}.\n"
        "Allowed: a range of at least one number, from 0 up."
    )


@pytest.mark.parametrize("sizes", [range(1), range(2, 9, 3), "lines"])
def test_allowed_sizes_of_a_fan_out(sizes: range | str) -> None:
    """Sizes from 0 up, with any step, and the name of some in the volume, are allowed."""
    assert FanOut("client_id", sizes).sizes == sizes


@pytest.mark.parametrize(
    ("columns", "virtual", "twice"),
    [
        ({"name": Constant("x"), ("total", "name"): Constant((1, "x"))}, {}, "name"),
        ({("name", "total"): Constant(()), ("total", "name"): Constant(())}, {}, "name"),
        ({"name": Constant("x")}, {("a", "b"): Constant(()), "b": Constant(1)}, "b"),
    ],
)
def test_two_recipes_for_a_column(
    shop: Shop, columns: Recipes, virtual: Recipes, twice: str
) -> None:
    """A column under two keys is refused, stored or virtual."""
    assert _error_of(
        lambda: Fill(shop.client, rows=Fixed(1), columns=columns, virtual=virtual)
    ) == (
        f"Column {twice!r} has two recipes.\n"
        "Allowed: one, for the column alone or for it and others together."
    )


def test_no_such_column(shop: Shop) -> None:
    """A recipe for a column that the table does not have is refused, with the nearest one."""
    assert _error_of(lambda: shop.clients(totl=Constant(1))) == (
        "Column 'client.totl' has a recipe, but the table has no such column.\n"
        "Columns: id, name, total.\n"
        "Did you mean 'total'?\n"
        "A column that is computed and not stored is given in virtual={…}."
    )


def test_no_column_near(shop: Shop) -> None:
    """Where no column is near, there is no suggestion."""
    assert _error_of(lambda: shop.clients(xyz=Constant(1))) == (
        "Column 'client.xyz' has a recipe, but the table has no such column.\n"
        "Columns: id, name, total.\n"
        "A column that is computed and not stored is given in virtual={…}."
    )


def test_virtual_column_that_is_stored(shop: Shop) -> None:
    """A virtual column with the name of a stored one is refused."""
    assert _error_of(
        lambda: Fill(
            shop.client,
            rows=Fixed(1),
            columns={"name": Constant("x")},
            virtual={("share", "total"): Constant((1, 2))},
        )
    ) == (
        "Column 'client.total' is given as virtual, but the table has it.\n"
        "Move its recipe to columns={…}, or give the virtual column another name."
    )


def test_missing_recipe(shop: Shop) -> None:
    """A column that must have a value and has neither recipe nor default is named."""
    fill = Fill(shop.client, rows=Fixed(1), columns={})

    assert _error_of(lambda: Blueprint(shop.metadata, {"all": [fill]})) == (
        "Table 'client' has no recipe for 'name', which may not be NULL and has no default in the "
        "database.\n"
        "Add to columns={…}: 'name': <a recipe>."
    )


def test_missing_recipes() -> None:
    """All columns that lack a recipe are named; a default of Python's is none in the database."""
    table = _table(
        Column("id", Integer, primary_key=True),
        Column("name", String, nullable=False),
        Column("active", Boolean, nullable=False, default=True),
    )
    fill = Fill(table, rows=Fixed(1), columns={})

    assert _error_of(lambda: Blueprint(table.metadata, {"all": [fill]})) == (
        "Table 'thing' has no recipe for 'name', 'active', which may not be NULL and has no "
        "default in the database.\n"
        "Add to columns={…}: 'name': <a recipe>."
    )


def test_missing_rows(shop: Shop) -> None:
    """A table of which nobody has said how many rows it gets is named."""
    fill = Fill(shop.client, columns={"name": Constant("x")})

    assert _error_of(lambda: Blueprint(shop.metadata, {"all": [fill]})) == (
        "Table 'client' has no number of rows.\n"
        "Give it rows=Fixed(…), Sized(…) or FanOut(…), or have infer() complete it."
    )


@pytest.mark.parametrize(
    ("columns", "filled"),
    [
        ([Column("code", String, primary_key=True)], ["code"]),
        (
            [Column("a", Integer, primary_key=True), Column("b", Integer, primary_key=True)],
            ["a", "b"],
        ),
        ([Column("a", Integer)], ["a"]),
    ],
)
def test_primary_key(columns: list[Column[Any]], filled: list[str]) -> None:
    """A primary key may be of any columns, or missing; only one integer column needs no recipe."""
    table = _table(*columns)
    fill = Fill(table, rows=Fixed(1), columns={name: Constant(1) for name in filled})

    assert fill.columns == tuple(filled)
    assert Fill(table, rows=Fixed(1)).missing() == [
        name for name in filled if not table.columns[name].nullable
    ]


def test_owner_through_no_foreign_key(shop: Shop) -> None:
    """Rows per parent through a column that is no foreign key are refused."""
    fan_out = FanOut("total", range(3))

    assert _error_of(lambda: Fill(shop.order, rows=fan_out, columns={})) == (
        "Column 'order.total' is no foreign key, so it has no parent.\n"
        "Foreign keys of 'order': client_id."
    )


def test_owner_through_no_column(shop: Shop) -> None:
    """Rows per parent through a column that the table does not have are refused."""
    fan_out = FanOut("order_id", range(3))

    assert _error_of(lambda: Fill(shop.client, rows=fan_out, columns={})) == (
        "Column 'client.order_id' is no foreign key, so it has no parent.\n"
        "Foreign keys of 'client': none."
    )


def test_owner_that_is_the_table_itself() -> None:
    """Rows per row of the same table are refused."""
    table = _table(
        Column("id", Integer, primary_key=True), Column("thing_id", ForeignKey("thing.id"))
    )

    assert _error_of(lambda: Fill(table, rows=FanOut("thing_id", range(3)), columns={})) == (
        "The rows of 'thing' are owned by rows of the same table, through 'thing_id'.\n"
        "Allowed: a FanOut through the foreign key to another table."
    )


def _to_a_unique_column() -> tuple[Table, Table]:
    metadata = MetaData()
    parent = Table(
        "parent",
        metadata,
        Column("id", Integer, primary_key=True),
        Column("code", Integer, unique=True),
    )
    child = Table(
        "child",
        metadata,
        Column("id", Integer, primary_key=True),
        Column("parent_code", ForeignKey("parent.code")),
        Column("other", Integer),
    )
    return parent, child


def test_owner_through_a_unique_column() -> None:
    """Rows per parent may be through a key to a unique column that is no primary key."""
    _, child = _to_a_unique_column()
    fill = Fill(child, rows=FanOut("parent_code", range(3)), columns={})

    assert fill.owner == "parent"
    assert fill.sources["parent_code"].recipe == Taken("parent_code", "code")


@pytest.mark.parametrize(
    ("columns", "reads"),
    [
        ({"parent_code": Reference()}, [("child", "parent_code#"), ("parent", "code")]),
        (
            {"parent_code": Reference(), "other": Taken("parent_code", "id")},
            [("parent", "id"), ("child", "parent_code")],
        ),
    ],
)
def test_reference_to_a_unique_column(columns: Recipes, reads: list[tuple[str, str]]) -> None:
    """A parent may be drawn, and taken from, through a key to a unique column."""
    parent, child = _to_a_unique_column()
    fills = [
        Fill(parent, rows=Fixed(3), columns={"code": Serial()}),
        Fill(child, rows=Fixed(3), columns=columns),
    ]
    blueprint = Blueprint(parent.metadata, {"all": fills})

    assert list(blueprint.fills["child"].reads(str(list(columns)[-1]))) == reads


# What a blueprint knows


def test_stages(shop: Shop) -> None:
    """A blueprint knows its stages, and in each the tables that no other owns."""
    clients, orders = shop.clients(), shop.orders()
    items = Fill(shop.item, rows=Fixed(1), columns={})
    blueprint = Blueprint(shop.metadata, {"first": [clients, orders], "second": [items]})

    assert blueprint.stages == {"first": (clients, orders), "second": (items,)}
    assert list(blueprint.fills) == ["client", "order", "item"]
    assert blueprint.roots("first") == [clients]
    assert blueprint.roots("second") == [items]
    assert blueprint.owned_by("client") == [orders]
    assert blueprint.owned_by("item") == []


def test_what_a_stage_needs(shop: Shop) -> None:
    """A stage needs the tables of other stages that its rows refer to, and no others."""
    items = Fill(shop.item, rows=Fixed(1), columns={"order_id": Reference("total")})
    blueprint = Blueprint(
        shop.metadata, {"first": [shop.clients(), shop.orders(total=Serial())], "second": [items]}
    )

    assert blueprint.needs("first") == []
    assert blueprint.needs("second") == ["order"]


def test_reference_without_a_recipe_needs_nothing(shop: Shop) -> None:
    """A foreign key that stays NULL needs no parent, and no fill of it."""
    blueprint = shop.blueprint(Fill(shop.item, rows=Fixed(1), columns={}))

    assert blueprint.needs("all") == []


def test_reference_to_the_own_table() -> None:
    """A table that refers to itself needs no other before it."""
    metadata = MetaData()
    table = Table(
        "node",
        metadata,
        Column("id", Integer, primary_key=True),
        Column("node_id", ForeignKey("node.id")),
    )
    fill = Fill(
        table,
        rows=Fixed(1),
        columns={"node_id": Reference("share")},
        virtual={"share": Constant(1)},
    )

    assert Blueprint(metadata, {"all": [fill]}).needs("all") == []


def test_tables_that_are_not_filled(shop: Shop) -> None:
    """Tables of the MetaData may go without a fill."""
    assert list(shop.blueprint(shop.clients()).fills) == ["client"]


# What a blueprint refuses


def test_table_of_other_metadata(shop: Shop) -> None:
    """A fill of a table that is not in the MetaData is refused, also where the name is there."""
    assert _error_of(lambda: shop.blueprint(shop.clients(), Shop().orders())) == (
        "Table 'order' has a fill, but is not in the MetaData.\nTables: client, order, item."
    )


def test_filled_twice(shop: Shop) -> None:
    """Two fills of one table are refused, also in different stages."""
    stages = {"one": [shop.clients()], "two": [shop.clients()]}

    assert _error_of(lambda: Blueprint(shop.metadata, stages)) == (
        "Table 'client' is filled twice.\nAllowed: one fill a table."
    )


def test_parent_behind_its_children(shop: Shop) -> None:
    """A table that is filled before the one it refers to is refused."""
    assert _error_of(lambda: shop.blueprint(shop.orders(), shop.clients())) == (
        "Table 'order' refers to 'client', which is not filled before it.\n"
        "Order: order, client. Move its fill to the front."
    )


@pytest.mark.parametrize(("stage", "stages"), [("one", "ab"), ("two", "ba")])
def test_owner_in_another_stage(shop: Shop, stage: str, stages: str) -> None:
    """A table whose owner is filled in a later or an earlier stage is refused."""
    fills = {"a": shop.orders(), "b": shop.clients()}
    first, second = ([fills[name]] for name in stages)

    assert _error_of(lambda: Blueprint(shop.metadata, {"one": first, "two": second})) == (
        f"Table 'order' is in stage {stage!r}, and 'client', which owns its rows, is not.\n"
        "Allowed: a table is filled in the stage of its owner."
    )


def test_owner_of_an_owner_in_another_stage(shop: Shop) -> None:
    """The stage of the owner is asked of each table that is owned, whoever owns the owner."""
    stages = {"one": [shop.clients(), shop.orders()], "two": [shop.items()]}

    assert _error_of(lambda: Blueprint(shop.metadata, stages)) == (
        "Table 'item' is in stage 'two', and 'order', which owns its rows, is not.\n"
        "Allowed: a table is filled in the stage of its owner."
    )


def test_table_that_is_not_filled(shop: Shop) -> None:
    """A column that reads a table without a fill is refused, with the tables that have one."""
    total = SumOf("items.amount")

    assert _error_of(lambda: shop.blueprint(shop.clients(), shop.orders(total=total))) == (
        "Column 'order.total' reads 'items.amount', but no such table is filled.\n"
        "Tables: client, order."
    )


def test_misspelt_table(shop: Shop) -> None:
    """A column that reads a table with a misspelt name gets the nearest one as a suggestion."""
    total = SumOf("ordr.total")

    assert _error_of(lambda: shop.blueprint(shop.clients(total=total), shop.orders())) == (
        "Column 'client.total' reads 'ordr.total', but no such table is filled.\n"
        "Tables: client, order.\n"
        "Did you mean 'order'?"
    )


def test_column_without_a_recipe(shop: Shop) -> None:
    """A column that reads one without a recipe is refused, with those that have one."""
    total = Taken("client_id", "shar")

    assert _error_of(lambda: shop.blueprint(shop.clients(), shop.orders(total=total))) == (
        "Column 'order.total' reads 'client.shar', which has no recipe.\n"
        "Columns: id, name, share.\n"
        "Did you mean 'share'?"
    )


def test_stored_column_without_a_recipe(shop: Shop) -> None:
    """A column of the table that gets no value cannot be read."""
    total = Derived(int, "amount")

    assert _error_of(lambda: shop.blueprint(shop.clients(name=total))) == (
        "Column 'client.name' reads 'client.amount', which has no recipe.\n"
        "Columns: id, name, share."
    )


def test_taken_through_no_foreign_key(shop: Shop) -> None:
    """What is taken from a parent through a column that is no foreign key is refused."""
    total = Taken("total", "name")

    assert _error_of(lambda: shop.blueprint(shop.clients(), shop.orders(total=total))) == (
        "Column 'order.total' is no foreign key, so it has no parent.\n"
        "Foreign keys of 'order': client_id."
    )


def test_reference_that_is_no_foreign_key(shop: Shop) -> None:
    """A reference in a column that is no foreign key is refused."""
    total = Reference("share")

    assert _error_of(lambda: shop.blueprint(shop.clients(total=total))) == (
        "Column 'client.total' is no foreign key, so it has no parent.\n"
        "Foreign keys of 'client': none."
    )


def test_circle_in_a_table(shop: Shop) -> None:
    """Columns that are computed from each other are refused, in the order of reading."""
    fill = shop.clients(total=Derived(int, "name"), name=Derived(str, "total"))

    assert _error_of(lambda: shop.blueprint(fill)) in {
        "Columns are computed from each other in a circle: "
        f"{first} -> {second} -> {first}.\n"
        "Allowed: a column reads columns that do not read it. Draw one of them on its own."
        for first, second in [("client.name", "client.total"), ("client.total", "client.name")]
    }


def test_column_computed_from_itself(shop: Shop) -> None:
    """A column that is computed from itself is refused."""
    assert _error_of(lambda: shop.blueprint(shop.clients(total=Derived(int, "total")))) == (
        "Columns are computed from each other in a circle: client.total -> client.total.\n"
        "Allowed: a column reads columns that do not read it. Draw one of them on its own."
    )


def test_circle_of_tables(shop: Shop) -> None:
    """A sum over what is taken from the sum is refused."""
    message = _error_of(
        lambda: shop.blueprint(
            shop.clients(total=SumOf("order.total")),
            shop.orders(total=Taken("client_id", "total")),
        )
    )

    assert "client.total -> order.total" in message
    assert "order.total -> client.total" in message


def test_sum_over_what_is_not_owned(shop: Shop) -> None:
    """A sum over a table that another owns is refused, with those that the table owns."""
    fills = (shop.clients(total=SumOf("item.amount")), shop.orders(), shop.items(amount=Serial()))

    assert _error_of(lambda: shop.blueprint(*fills)) == (
        "Column 'client.total' is a sum over 'item', whose rows 'client' does not own.\n"
        "Tables that it owns: order. A table is owned through rows=FanOut(…)."
    )


def test_sum_over_what_nobody_owns(shop: Shop) -> None:
    """A sum over a table that refers to its parents at random is refused."""
    orders = Fill(
        shop.order,
        rows=Fixed(9),
        columns={"client_id": Reference("share"), "total": Serial()},
    )

    assert _error_of(lambda: shop.blueprint(shop.clients(total=SumOf("order.total")), orders)) == (
        "Column 'client.total' is a sum over 'order', whose rows 'client' does not own.\n"
        "Tables that it owns: none. A table is owned through rows=FanOut(…)."
    )


def test_kind_of_error() -> None:
    """A blueprint error can be caught as a `ValueError` and as any error of the package."""
    assert issubclass(BlueprintError, ValueError)
    assert issubclass(BlueprintError, DemodataError)


def test_read_only(shop: Shop) -> None:
    """What a blueprint knows cannot be changed by accident."""
    blueprint = shop.blueprint(shop.clients())
    mappings: list[Any] = [blueprint.fills, blueprint.stages, blueprint.fills["client"].sources]

    for mapping in mappings:
        with pytest.raises(TypeError):
            mapping["other"] = None


def test_parent_without_a_fill(shop: Shop) -> None:
    """A table that refers to one that nobody fills is refused."""
    assert _error_of(lambda: shop.blueprint(shop.orders())) == (
        "Table 'order' refers to 'client', which is not filled before it.\n"
        "Order: order. Add a fill."
    )


def test_distinct_parents_without_an_owner(shop: Shop) -> None:
    """Rows that nobody owns have no one among whom their parents could be distinct."""
    fill = Fill(
        shop.order,
        rows=Fixed(3),
        columns={"client_id": Pinned(Reference("share", distinct=True), {})},
    )
    assert _error_of(lambda: shop.blueprint(shop.clients(), fill)) == (
        "Column 'order.client_id' refers to distinct parents among the rows of one owner, and the "
        "rows of 'order' have none.\n"
        "Give the table rows=FanOut(…), or leave out distinct=True."
    )


def test_a_column_with_two_foreign_keys() -> None:
    """Of two foreign keys on a column, the one to the first table by name counts."""
    metadata = MetaData()
    table = Table(
        "a", metadata, Column("id", Integer, primary_key=True), Column("n", Integer, unique=True)
    )
    Table("b", metadata, Column("id", Integer, primary_key=True))
    child = Table(
        "c",
        metadata,
        Column("id", Integer, primary_key=True),
        Column("both", ForeignKey("a.n"), ForeignKey("b.id")),
    )
    assert key_through(child, "both").parent is table
    assert key_through(child, "both").targets == ("n",)


def test_columns_of_a_localized_function_are_no_text() -> None:
    """A name where a tuple of names belongs is not read letter by letter."""
    assert _error_of(lambda: Localized(str, "id")) == (
        "The columns of a localized function are 'id'.\nAllowed: a tuple of names, ('id',)."
    )


def test_newcomers_are_a_share() -> None:
    """No more than all rows are newcomers."""
    assert _error_of(lambda: Standing(newcomers=150)) == (
        "Of 100 rows 150 are newcomers.\nAllowed: from 0 to 100."
    )


def test_a_table_by_name(shop: Shop) -> None:
    """A fill may name its table; the blueprint finds it, and says so where there is none."""
    by_name = Fill("client", rows=Fixed(2), columns={"name": Constant("x"), "total": Constant(1)})

    assert shop.blueprint(by_name).fills["client"].table is shop.client
    with pytest.raises(BlueprintError) as caught:
        shop.blueprint(Fill("cliente", rows=Fixed(2)))
    assert str(caught.value) == (
        "Table 'cliente' has a fill, but is not in the MetaData.\n"
        "Tables: client, order, item.\nDid you mean 'client'?"
    )
    with pytest.raises(BlueprintError, match="has a recipe, but the table has no such column"):
        shop.blueprint(Fill("client", rows=Fixed(2), columns={"nam": Constant("x")}))

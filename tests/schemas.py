"""Small schemas, each with one thing in it that is hard to fill."""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    Computed,
    Date,
    DateTime,
    Enum,
    ForeignKey,
    ForeignKeyConstraint,
    Identity,
    Index,
    Integer,
    MetaData,
    SmallInteger,
    String,
    Table,
    UniqueConstraint,
    Uuid,
    func,
    text,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy.types import TypeEngine


def _id() -> Column[Any]:
    return Column("id", Integer, primary_key=True)


def _name(name: str = "name", **how: Any) -> Column[Any]:
    return Column(name, String(40), nullable=False, **how)


def _to(name: str, target: str, *, nullable: bool = False, **how: Any) -> Column[Any]:
    return Column(name, ForeignKey(target), nullable=nullable, **how)


def _natural(kind: TypeEngine[Any]) -> MetaData:
    """A parent whose key is of some type, with children."""
    metadata = MetaData()
    Table("country", metadata, Column("code", kind, primary_key=True), _name())
    Table("city", metadata, _id(), _to("country_code", "country.code"), _name())
    return metadata


def composite_natural() -> MetaData:
    """A key of two columns, of which one is a text and the other a date."""
    metadata = MetaData()
    Table(
        "edition",
        metadata,
        Column("code", String(10), primary_key=True),
        Column("published", Date, primary_key=True),
    )
    Table(
        "copy",
        metadata,
        _id(),
        Column("code", String(10), nullable=False),
        Column("published", Date, nullable=False),
        ForeignKeyConstraint(["code", "published"], ["edition.code", "edition.published"]),
    )
    Table(
        "loan",
        metadata,
        _id(),
        Column("code", String(10)),
        Column("published", Date),
        ForeignKeyConstraint(["code", "published"], ["edition.code", "edition.published"]),
    )
    return metadata


def shared_key() -> MetaData:
    """A profile has the key of its user, and a picture that of its profile."""
    metadata = MetaData()
    Table("account", metadata, _id(), _name())
    Table("profile", metadata, _to("id", "account.id", primary_key=True), _name("bio"))
    Table("picture", metadata, _to("id", "profile.id", primary_key=True), _name("path"))
    return metadata


def tenants() -> MetaData:
    """All keys have the tenant in them, so that rows refer to rows of the same tenant."""
    metadata = MetaData()
    Table("tenant", metadata, _id(), _name())

    def of_tenant(name: str, *columns: Column[Any], parents: tuple[str, ...] = ()) -> None:
        Table(
            name,
            metadata,
            _to("tenant_id", "tenant.id", primary_key=True),
            Column("id", Integer, primary_key=True),
            *columns,
            *(
                ForeignKeyConstraint(
                    ["tenant_id", f"{each}_id"], [f"{each}.tenant_id", f"{each}.id"]
                )
                for each in parents
            ),
        )

    of_tenant("product", _name())
    of_tenant("purchase", Column("product_id", Integer, nullable=False), parents=("product",))
    of_tenant(
        "line",
        Column("purchase_id", Integer, nullable=False),
        Column("product_id", Integer),
        parents=("purchase", "product"),
    )
    return metadata


def tenant_link() -> MetaData:
    """A link between two tables of a tenant, by a key with the tenant in it once."""
    metadata = MetaData()
    Table("tenant", metadata, _id(), _name())
    for name in ("product", "label"):
        Table(
            name,
            metadata,
            _to("tenant_id", "tenant.id", primary_key=True),
            Column("id", Integer, primary_key=True),
        )
    Table(
        "product_label",
        metadata,
        *(
            Column(name, Integer, primary_key=True)
            for name in ("tenant_id", "product_id", "label_id")
        ),
        *(
            ForeignKeyConstraint(["tenant_id", f"{each}_id"], [f"{each}.tenant_id", f"{each}.id"])
            for each in ("product", "label")
        ),
    )
    return metadata


def unique_targets() -> MetaData:
    """Foreign keys to unique columns that are no primary key, of which one may be NULL."""
    metadata = MetaData()
    Table("client", metadata, _id(), Column("identifier", String(40), unique=True))
    Table("token", metadata, _id(), _to("client_ref", "client.identifier", nullable=True))
    Table("grant", metadata, _id(), _to("client_ref", "client.identifier"))
    return metadata


def unique_index_target() -> MetaData:
    """A foreign key to a column with a unique index."""
    metadata = MetaData()
    Table("client", metadata, _id(), _name("code", index=True, unique=True))
    Table("token", metadata, _id(), _to("client_ref", "client.code"), _name())
    return metadata


def trees() -> MetaData:
    """Trees: whose roots have no parent, and whose roots are their own parent."""
    metadata = MetaData()
    Table("category", metadata, _id(), _to("parent_id", "category.id", nullable=True), _name())
    Table("region", metadata, _id(), _to("parent_id", "region.id"), _name())
    Table(
        "unit",
        metadata,
        Column("id", Uuid, primary_key=True),
        _to("parent_id", "unit.id", nullable=True),
    )
    Table("post", metadata, _id(), _name())
    Table(
        "reply",
        metadata,
        _id(),
        _to("post_id", "post.id"),
        _to("reply_to", "reply.id", nullable=True),
    )
    return metadata


def ordered_tree() -> MetaData:
    """A tree that a constraint keeps in order."""
    metadata = MetaData()
    Table(
        "node",
        metadata,
        Column("id", Integer, primary_key=True, autoincrement=False),
        _to("parent_id", "node.id", nullable=True),
        CheckConstraint("parent_id < id"),
    )
    return metadata


def composite_trees() -> MetaData:
    """Trees by a key of two columns: one that is anybody's, and one that is the owner's."""
    metadata = MetaData()

    def tree(name: str, forest: Column[Any]) -> None:
        Table(
            name,
            metadata,
            forest,
            Column("id", Integer, primary_key=True),
            Column("parent_id", Integer),
            ForeignKeyConstraint(["forest", "parent_id"], [f"{name}.forest", f"{name}.id"]),
        )

    tree("leaf", Column("forest", Integer, primary_key=True))
    Table("forest", metadata, _id(), _name())
    tree("branch", _to("forest", "forest.id", primary_key=True))
    return metadata


def chain() -> MetaData:
    """Rows that follow each other, each one row at most."""
    metadata = MetaData()
    Table(
        "revision",
        metadata,
        _id(),
        _to("previous_id", "revision.id", nullable=True, unique=True),
        _to("twin_id", "revision.id", unique=True),
    )
    return metadata


def two_keys() -> MetaData:
    """Two keys to the same parent, which owns the rows by one of them."""
    metadata = MetaData()
    Table("account", metadata, _id(), _name())
    Table(
        "transfer", metadata, _id(), _to("source_id", "account.id"), _to("target_id", "account.id")
    )
    return metadata


def circle_of_two() -> MetaData:
    """A department has a head, who may be missing, and each employee a department."""
    metadata = MetaData()
    Table("department", metadata, _id(), _to("head_id", "employee.id", nullable=True), _name())
    Table("employee", metadata, _id(), _to("department_id", "department.id"), _name())
    return metadata


def circle_of_three() -> MetaData:
    """Three tables that refer to each other, by texts."""
    metadata = MetaData()
    for name, parent, nullable in (("a", "b", False), ("b", "c", False), ("c", "a", True)):
        Table(
            name,
            metadata,
            Column("key", String(20), primary_key=True),
            _to(f"{parent}_key", f"{parent}.key", nullable=nullable),
        )
    return metadata


def circle_in_tenant() -> MetaData:
    """A circle by keys with the tenant in them, which may not be NULL when they are set later."""
    metadata = MetaData()
    Table("tenant", metadata, _id(), _name())
    for name, parent, nullable in (("team", "worker", True), ("worker", "team", False)):
        Table(
            name,
            metadata,
            _to("tenant_id", "tenant.id", primary_key=True),
            Column("id", Integer, primary_key=True),
            Column(f"{parent}_id", Integer, nullable=nullable),
            ForeignKeyConstraint(
                ["tenant_id", f"{parent}_id"], [f"{parent}.tenant_id", f"{parent}.id"]
            ),
        )
    return metadata


def links() -> MetaData:
    """Link tables: by their key, by a unique constraint, and with keys that may be NULL."""
    metadata = MetaData()
    Table("book", metadata, _id(), _name())
    Table("writer", metadata, _id(), _name())
    Table("role", metadata, _id(), _name())
    Table(
        "book_writer",
        metadata,
        _to("book_id", "book.id", primary_key=True),
        _to("writer_id", "writer.id", primary_key=True),
    )
    Table(
        "review",
        metadata,
        _id(),
        _to("book_id", "book.id"),
        _to("writer_id", "writer.id"),
        _name("text"),
        UniqueConstraint("book_id", "writer_id"),
    )
    Table(
        "favourite",
        metadata,
        _id(),
        _to("book_id", "book.id", nullable=True),
        _to("writer_id", "writer.id", nullable=True),
        UniqueConstraint("book_id", "writer_id"),
    )
    Table(
        "part",
        metadata,
        *(_to(f"{each}_id", f"{each}.id", primary_key=True) for each in ("book", "writer", "role")),
    )
    return metadata


def friends() -> MetaData:
    """A table linked with itself, where nobody is their own friend."""
    metadata = MetaData()
    Table("person", metadata, _id(), _name())
    Table(
        "friend",
        metadata,
        _to("person_id", "person.id", primary_key=True),
        _to("friend_id", "person.id", primary_key=True),
        CheckConstraint("person_id != friend_id"),
    )
    Table(
        "message",
        metadata,
        _id(),
        _to("from_id", "person.id"),
        _to("to_id", "person.id"),
        CheckConstraint("to_id <> from_id"),
    )
    return metadata


class Day(enum.Enum):
    """A day on which something is open."""

    MONDAY = 1
    TUESDAY = 2
    WEDNESDAY = 3


def unique_pairs() -> MetaData:
    """Unique within the parent: positions, members of an Enum, names, flags, listed numbers."""
    metadata = MetaData()
    Table("shop", metadata, _id(), _name())
    for name, column in {
        "shelf": Column("position", Integer, nullable=False),
        "opening": Column("day", Enum(Day, name="day"), nullable=False),
        "label": _name(),
        "sign": Column("is_left", Boolean, nullable=False),
        "floor": Column(
            "level", SmallInteger, CheckConstraint("level BETWEEN 0 AND 3"), nullable=False
        ),
        "door": Column(
            "side", String(5), CheckConstraint("side IN ('front', 'back')"), nullable=False
        ),
        "seat": Column("number", Integer, CheckConstraint("number >= 0"), nullable=False),
    }.items():
        Table(
            name,
            metadata,
            _id(),
            _to("shop_id", "shop.id"),
            column,
            UniqueConstraint("shop_id", column.name),
        )
    Table(
        "rate",
        metadata,
        _id(),
        _to("shop_id", "shop.id", nullable=True),
        Column("day", Enum(Day, name="day"), nullable=False),
        UniqueConstraint("shop_id", "day"),
    )
    return metadata


def two_uniques() -> MetaData:
    """Two unique constraints in one table, and two unique foreign keys in another."""
    metadata = MetaData()
    Table("room", metadata, _id(), _name(), _name("code", unique=True))
    Table("guest", metadata, _id(), _name(), Column("born", Date))
    Table(
        "stay",
        metadata,
        _id(),
        _to("room_id", "room.id"),
        Column("number", Integer, nullable=False),
        _name("reference"),
        UniqueConstraint("room_id", "number"),
        UniqueConstraint("room_id", "reference"),
    )
    Table(
        "key",
        metadata,
        _id(),
        _to("room_id", "room.id", unique=True),
        _to("guest_id", "guest.id", unique=True),
    )
    Table(
        "badge",
        metadata,
        _id(),
        _to("stay_id", "stay.id", unique=True),
        _to("guest_id", "guest.id", nullable=True, unique=True),
    )
    return metadata


def siblings() -> MetaData:
    """An order's address is one of its customer's."""
    metadata = MetaData()
    Table("customer", metadata, _id(), _name(), _to("default_id", "address.id", nullable=True))
    Table("address", metadata, _id(), _to("customer_id", "customer.id"), _name("street"))
    Table(
        "purchase",
        metadata,
        Column("number", Uuid, primary_key=True),
        _to("customer_id", "customer.id"),
        _to("address_id", "address.id"),
        Column("ordered_at", DateTime, nullable=False),
    )
    Table(
        "line",
        metadata,
        _id(),
        _to("purchase_number", "purchase.number"),
        _to("customer_id", "customer.id"),
        Column("shipped_at", DateTime),
    )
    return metadata


def no_keys() -> MetaData:
    """Tables without a primary key: with a parent, and with none."""
    metadata = MetaData()
    Table("machine", metadata, _id(), _name())
    Table("reading", metadata, _to("machine_id", "machine.id"), Column("value", Integer))
    Table("note", metadata, _name("text"))
    return metadata


def made_by_the_database() -> MetaData:
    """Computed columns, identities and defaults of the server."""
    metadata = MetaData()
    Table(
        "item",
        metadata,
        Column("id", Integer, Identity(always=True), primary_key=True),
        Column("net", Integer, nullable=False),
        Column("gross", Integer, Computed("net * 2", persisted=True)),
        Column("state", String(10), nullable=False, server_default=text("'new'")),
        Column("created_at", DateTime, nullable=False, server_default=func.now()),
    )
    Table(
        "part",
        metadata,
        Column("id", Integer, Identity(), primary_key=True),
        _to("item_id", "item.id"),
    )
    return metadata


def odd_names() -> MetaData:
    """Reserved words, capitals, blanks, and keys that are not the names."""
    metadata = MetaData()
    Table("order", metadata, Column("Id", Integer, primary_key=True, key="number"), _name("group"))
    Table(
        "OrderLine",
        metadata,
        Column("select", Integer, primary_key=True),
        Column("Order Id", ForeignKey("order.number"), nullable=False, key="order_number"),
        Column("Position", Integer, nullable=False, key="pos"),
        UniqueConstraint("order_number", "pos"),
    )
    return metadata


def one_row() -> MetaData:
    """A table of one row, and one whose numbers begin higher up."""
    metadata = MetaData()
    Table(
        "setting",
        metadata,
        Column("id", Integer, CheckConstraint("id = 1"), primary_key=True, autoincrement=False),
        _name(),
    )
    Table(
        "ticket",
        metadata,
        Column("id", Integer, CheckConstraint("id >= 1000"), primary_key=True, autoincrement=False),
        _name(),
    )
    Table("stub", metadata, _id(), _to("ticket_id", "ticket.id"))
    return metadata


def checked_keys() -> MetaData:
    """Constraints on foreign keys that are kept anyway."""
    metadata = MetaData()
    Table("parent", metadata, _id(), _name())
    Table(
        "child",
        metadata,
        _id(),
        Column("parent_id", ForeignKey("parent.id"), CheckConstraint("parent_id > 0")),
        Column("other_id", ForeignKey("parent.id"), CheckConstraint("other_id IS NOT NULL")),
    )
    return metadata


def two_keys_of_a_column() -> MetaData:
    """A column that refers to two tables, of which one refers to the other."""
    metadata = MetaData()
    Table("person", metadata, _id(), _name())
    Table("employee", metadata, _to("id", "person.id", primary_key=True), _name("desk"))
    Table(
        "manager",
        metadata,
        Column("id", ForeignKey("employee.id"), ForeignKey("person.id"), primary_key=True),
        _name("car"),
    )
    return metadata


def cousins() -> MetaData:
    """Rows that refer to rows of another owner, which are filled at the same time."""
    metadata = MetaData()
    Table("project", metadata, _id(), _name())
    Table("task", metadata, _id(), _to("project_id", "project.id"), _name())
    Table("step", metadata, _id(), _to("task_id", "task.id"), _name())
    Table(
        "mark",
        metadata,
        _id(),
        _to("project_id", "project.id"),
        _to("step_id", "step.id"),
        _to("other_id", "project.id", nullable=True),
    )
    Table("remark", metadata, _id(), _to("mark_id", "mark.id"), _to("step_id", "step.id"))
    return metadata


def indexed() -> MetaData:
    """Unique indexes: on some rows, and on an expression."""
    metadata = MetaData()
    table = Table(
        "login", metadata, _id(), _name("email"), Column("active", Boolean, nullable=False)
    )
    Index(
        "login_active",
        table.c.email,
        unique=True,
        sqlite_where=table.c.active,
        postgresql_where=table.c.active,
    )
    return metadata


SCHEMAS: Final[dict[str, Callable[[], MetaData]]] = {
    "integers": lambda: _natural(Integer()),
    "uuids": lambda: _natural(Uuid()),
    "texts": lambda: _natural(String(3)),
    "dates": lambda: _natural(Date()),
    **{
        each.__name__: each
        for each in (
            composite_natural,
            shared_key,
            tenants,
            tenant_link,
            unique_targets,
            unique_index_target,
            trees,
            ordered_tree,
            composite_trees,
            chain,
            two_keys,
            circle_of_two,
            circle_of_three,
            circle_in_tenant,
            links,
            friends,
            unique_pairs,
            two_uniques,
            siblings,
            no_keys,
            made_by_the_database,
            odd_names,
            one_row,
            checked_keys,
            two_keys_of_a_column,
            cousins,
            indexed,
        )
    },
}
"""The functions by name."""


class SingleTable(DeclarativeBase):
    """Classes in one table."""


class Animal(SingleTable):
    """What all animals have."""

    __tablename__ = "animal"

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(10))
    name: Mapped[str] = mapped_column(String(40))
    __mapper_args__ = {"polymorphic_on": "kind", "polymorphic_identity": "animal"}  # noqa: RUF012


class Owner(SingleTable):
    """Who a dog belongs to."""

    __tablename__ = "owner"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(40))


class Dog(Animal):
    """Has an owner."""

    breed: Mapped[str | None] = mapped_column(String(40))
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("owner.id"))
    __mapper_args__ = {"polymorphic_identity": "dog"}  # noqa: RUF012


class Cat(Animal):
    """Has lives."""

    lives: Mapped[int | None]
    __mapper_args__ = {"polymorphic_identity": "cat"}  # noqa: RUF012


class Level(enum.Enum):
    """Which class a row is of."""

    PERSON = 1
    WORKER = 2
    BOSS = 3


class Joined(DeclarativeBase):
    """Classes in tables of their own, three on top of each other."""


class Stamped:
    """Columns that several classes have."""

    created_at: Mapped[Any] = mapped_column(DateTime)


class Person(Stamped, Joined):
    """The base class."""

    __tablename__ = "person"

    id: Mapped[int] = mapped_column(primary_key=True)
    level: Mapped[Level] = mapped_column(Enum(Level, name="level"))
    name: Mapped[str] = mapped_column(String(40))
    __mapper_args__ = {"polymorphic_on": "level", "polymorphic_identity": Level.PERSON}  # noqa: RUF012


class Worker(Person):
    """In the middle."""

    __tablename__ = "worker"

    id: Mapped[int] = mapped_column(ForeignKey("person.id"), primary_key=True)
    desk: Mapped[str] = mapped_column(String(40))
    boss_id: Mapped[int | None] = mapped_column(ForeignKey("boss.id"))
    __mapper_args__ = {  # noqa: RUF012
        "polymorphic_identity": Level.WORKER,
        "inherit_condition": id == Person.id,  # noqa: A003 - the column above
    }


class Boss(Worker):
    """On top."""

    __tablename__ = "boss"

    id: Mapped[int] = mapped_column(ForeignKey("worker.id"), primary_key=True)
    car: Mapped[str] = mapped_column(String(40))
    __mapper_args__ = {  # noqa: RUF012
        "polymorphic_identity": Level.BOSS,
        "inherit_condition": id == Worker.id,  # noqa: A003 - the column above
    }

"""Makes a blueprint of tables: what a user has not said follows from them."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from sqlalchemy import ColumnDefault, MetaData

from pytest_demodata.blueprint import Blueprint
from pytest_demodata.errors import BlueprintError
from pytest_demodata.inference.schema import Schema
from pytest_demodata.inference.tables import fill_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sqlalchemy import Table
    from sqlalchemy.orm import DeclarativeBase

    from pytest_demodata.blueprint import Fill
    from pytest_demodata.inference.columns import Problem


def infer(
    metadata: MetaData | type[DeclarativeBase],
    *fills: Fill,
    without: Iterable[Table | type[DeclarativeBase] | str] = (),
) -> Blueprint:
    """Make a blueprint of a `MetaData`: what the fills do not say follows from the tables.

    Args:
        metadata: The tables, or the declarative base class that has them.
        fills: What is known of some tables: their rows, or the recipes of some of their columns.
        without: Tables that stay empty, with the foreign keys to them NULL.

    Raises:
        BlueprintError: Columns cannot be inferred; it names each, and what to write. Or a fill does
            not fit its table.
    """
    schema = Schema(metadata, fills, without)
    problems: list[Problem] = []
    stages: dict[str, list[Fill]] = {}
    for name in schema.relations:
        stages.setdefault(schema.root(name), []).append(fill_of(schema, name, problems))
    if problems:
        raise BlueprintError(_told(problems))
    fingerprint = None if fills else _fingerprint(schema)
    return Blueprint(schema.metadata, stages, fingerprint=fingerprint)


def _told(problems: Sequence[Problem]) -> str:
    count = "1 column" if len(problems) == 1 else f"{len(problems)} columns"
    lines = [f"  {each.column}: {each.reason}.\n    Write: {each.line}" for each in problems]
    return "\n".join(
        [
            f"{count} cannot be inferred:",
            *lines,
            "Give them a recipe in infer(…, Fill(…)), or leave their tables out: without=[…].",
        ]
    )


def _fingerprint(schema: Schema) -> str | None:
    """Describe all that is inferred from, beside the statements that create the tables.

    Returns:
        None where a type is code of the application's own, which may change unseen.
    """
    described = schema.hierarchies.described()
    for table in schema.tables:
        for column in table.columns:
            if not type(column.type).__module__.startswith("sqlalchemy."):
                return None
            default = column.default
            is_scalar = isinstance(default, ColumnDefault) and default.is_scalar
            scalar = getattr(default, "arg", None) if is_scalar else None
            described.append((table.key, column.key, column.name, repr(column.type), repr(scalar)))
    return repr(described)


def as_blueprint(given: object) -> Blueprint:
    """Return a blueprint, inferred where only the tables are given.

    Args:
        given: A `Blueprint`, a `MetaData`, or a declarative base class.

    Raises:
        BlueprintError: It is none of these, or columns cannot be inferred.
    """
    if isinstance(given, Blueprint):
        return given
    if isinstance(given, MetaData):
        return infer(given)
    if isinstance(given, type) and isinstance(getattr(given, "metadata", None), MetaData):
        return infer(cast("type[DeclarativeBase]", given))
    message = (
        f"The blueprint is {given!r}.\n"
        "Allowed: a MetaData, a declarative base class, or what infer(…) returns.\n"
        "Have the fixture demodata_blueprint return one of these."
    )
    raise BlueprintError(message)

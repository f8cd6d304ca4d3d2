"""Inference on schemas at random: whatever is generated is intact, or the reason is told."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st
from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    Date,
    Enum,
    ForeignKeyConstraint,
    Integer,
    MetaData,
    String,
    Table,
    UniqueConstraint,
    Uuid,
    create_engine,
)

from pytest_demodata import (
    BlueprintError,
    DataGenerator,
    VolumeError,
    assert_intact,
    prepare_sqlite,
)
from pytest_demodata.inference.infer import infer

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy.types import TypeEngine

_KINDS: list[Callable[[], TypeEngine[Any]]] = [
    Integer,
    lambda: String(20),
    Date,
    Uuid,
    Boolean,
    lambda: Enum("a", "b", "c", name="letter"),
]
_KEYS = _KINDS[:4]


@st.composite
def schemas(draw: st.DrawFn) -> MetaData:
    """Make two to seven tables with keys, nullability and uniqueness at random."""
    metadata = MetaData()
    tables: list[tuple[str, list[Column[Any]]]] = []
    for number in range(draw(st.integers(2, 7))):
        size = draw(st.sampled_from([1, 1, 1, 1, 2, 0]))
        keys = [
            Column(f"k{place}", draw(st.sampled_from(_KEYS))(), primary_key=True)
            for place in range(size)
        ]
        others = [
            Column(f"c{place}", draw(st.sampled_from(_KINDS))(), nullable=draw(st.booleans()))
            for place in range(draw(st.integers(1, 3)))
        ]
        tables.append((f"t{number}", [*keys, *others]))
    constraints_of: list[list[Any]] = [[] for _ in tables]
    referred: list[set[tuple[str, ...]]] = [set() for _ in tables]
    for number, (_, columns) in enumerate(tables):
        constraints = constraints_of[number]
        for place in range(draw(st.integers(0, 3))):
            parent_name, parent = draw(st.sampled_from(tables))
            forward = [each for each, _ in tables].index(parent_name) >= number
            targets = [column for column in parent if column.primary_key]
            if not targets:
                continue
            own = []
            for target in targets:
                alike = [
                    column.name
                    for column in columns
                    if type(column.type) is type(target.type) and column.name not in own
                ]
                shares = bool(alike) and draw(st.integers(0, 3)) == 0
                if shares:
                    own.append(draw(st.sampled_from(alike)))
                    continue
                nullable = draw(st.booleans()) or (forward and draw(st.integers(0, 3)) > 0)
                column = Column(
                    f"f{place}_{target.name}",
                    type(target.type)(20) if isinstance(target.type, String) else target.type,
                    nullable=nullable,
                    primary_key=not nullable and draw(st.integers(0, 4)) == 0,
                )
                columns.append(column)
                own.append(column.name)
            if own == [each.name for each in targets] and parent is columns:
                continue
            referred[[each for each, _ in tables].index(parent_name)].add(
                tuple(each.name for each in targets)
            )
            constraints.append(
                ForeignKeyConstraint(own, [f"{parent_name}.{each.name}" for each in targets])
            )
        names = [column.name for column in columns]
        constraints += [
            UniqueConstraint(
                *draw(st.lists(st.sampled_from(names), min_size=1, max_size=3, unique=True))
            )
            for _ in range(draw(st.integers(0, 2)))
        ]
        references = [each for each in names if each.startswith("f") and each.endswith("k0")]
        if len(references) > 1 and draw(st.integers(0, 3)) == 0:
            sign = draw(st.sampled_from(["!=", "<"]))
            constraints.append(CheckConstraint(f"{references[0]} {sign} {references[1]}"))
    for (name, columns), constraints, unique in zip(tables, constraints_of, referred, strict=True):
        uniques = [UniqueConstraint(*each) for each in sorted(unique)]
        Table(name, metadata, *columns, *constraints, *uniques)
    return metadata


@pytest.mark.filterwarnings("ignore:Cannot correctly sort tables")  # which create_all survives
@settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(metadata=schemas(), seed=st.integers(0, 1 << 40))
def test_any_schema(metadata: MetaData, seed: int) -> None:
    """Either the tables are filled and keep what they promise, or an error says what is wrong."""
    engine = prepare_sqlite(create_engine("sqlite://"))
    try:
        blueprint = infer(metadata)
        DataGenerator(engine, blueprint=blueprint, seed=seed).generate("small")
        assert_intact(engine, metadata=metadata)
    except (BlueprintError, VolumeError) as error:
        event(type(error).__name__)
        assert "\n" in str(error)  # noqa: PT017 - both are right
    else:
        event("generated")
    finally:
        engine.dispose()

"""What constraints leave of a column's values, put together."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_demodata.inference.bounds import Bounds, bounds_of
from pytest_demodata.inference.checks import Comparison, Length, Matches, NotNull, OneOf

if TYPE_CHECKING:
    from decimal import Decimal

OPERATORS = st.sampled_from(["<", "<=", ">", ">=", "=", "!="])


def _holds(value: int, operator: str, literal: Any) -> bool:
    holds: bool = {
        "<": value < literal,
        "<=": value <= literal,
        ">": value > literal,
        ">=": value >= literal,
        "=": value == literal,
        "!=": value != literal,
    }[operator]
    return holds


@given(st.lists(st.tuples(OPERATORS, st.decimals(-3, 3, places=0)), max_size=5))
def test_several_comparisons_hold_together(comparisons: list[tuple[str, Decimal]]) -> None:
    """A number is within the bounds exactly if each of the comparisons holds of it."""
    bounds = bounds_of(Comparison("n", *each) for each in comparisons).get("n", Bounds())
    least, most = bounds.first_unit(0), bounds.last_unit(0)
    for number in range(-5, 6):
        within = (
            (least is None or number >= least)
            and (most is None or number <= most)
            and (bounds.values is None or number in bounds.values)
            and number not in bounds.excluded
        )
        assert within is all(_holds(number, *each) for each in comparisons)


@given(st.lists(st.tuples(OPERATORS, st.integers(0, 9)), max_size=4), st.integers(0, 12))
def test_several_lengths_hold_together(lengths: list[tuple[str, int]], length: int) -> None:
    """But for one that is excluded and not 0, which is not heeded."""
    bounds = bounds_of(Length("t", *each) for each in lengths).get("t", Bounds())
    longest = length if bounds.longest is None else bounds.longest
    heeded = [each for each in lengths if each[0] != "!=" or each[1] == 0]
    assert (bounds.shortest <= length <= longest) is all(_holds(length, *each) for each in heeded)


@pytest.mark.parametrize(
    ("operator", "above"),
    [
        (">", {"a": [("b", False)]}),
        (">=", {"a": [("b", True)]}),
        ("<", {"b": [("a", False)]}),
        ("<=", {"b": [("a", True)]}),
        ("=", {"a": [("b", True)], "b": [("a", True)]}),
        ("!=", {"a": [("b", False)]}),
    ],
)
def test_two_columns_are_compared(operator: str, above: dict[str, Any]) -> None:
    """The larger one remembers the other; of two that differ, one is the larger."""
    bounds = bounds_of([Comparison("a", operator, other="b")])
    assert {name: each.above for name, each in bounds.items() if each.above} == above


def test_everything_else_is_collected() -> None:
    """Values that are listed twice are those in both lists."""
    bounds = bounds_of(
        [
            OneOf("a", (1, 2, 3)),
            OneOf("a", (2, 3, 4)),
            Comparison("a", "=", 3),
            Comparison("b", ">", "2024-01-01"),
            Comparison("b", ">=", "2024-01-01"),
            Comparison("b", "<", "2025-01-01"),
            Matches("c", "A%"),
            NotNull("c"),
            Length("d", "!=", 0),
        ]
    )
    assert bounds["d"].shortest == 1
    assert bounds["a"].values == (3,)
    assert bounds["b"].lowest == ("2024-01-01", False)
    assert bounds["b"].highest == ("2025-01-01", False)
    assert bounds["b"].first_unit(0) is None
    assert bounds["c"] == Bounds(likes=["A%"], required=True)

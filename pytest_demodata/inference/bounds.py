"""What constraints leave of a column's values."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

from pytest_demodata.inference.checks import Comparison, Fact, Length, Matches, OneOf

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclass(slots=True)
class Bounds:
    """What the facts about one column say.

    Attributes:
        lowest: The smallest value, and whether it is one itself.
        highest: The largest value, likewise.
        values: The values that are allowed, if they are listed.
        excluded: Values that are not.
        shortest: Of a text, the fewest characters.
        longest: The most.
        likes: Patterns of LIKE.
        above: Columns that the value is larger than, each with whether it may be equal.
        required: Whether it may not be NULL.
    """

    lowest: tuple[Any, bool] | None = None
    highest: tuple[Any, bool] | None = None
    values: tuple[Any, ...] | None = None
    excluded: list[Any] = field(default_factory=list)
    shortest: int = 0
    longest: int | None = None
    likes: list[str] = field(default_factory=list)
    above: list[tuple[str, bool]] = field(default_factory=list)
    required: bool = False

    def first_unit(self, scale: int) -> int | None:
        """Return the smallest number in units of the last digit, if there is a bound."""
        return _unit(self.lowest, scale, ROUND_CEILING, 1)

    def last_unit(self, scale: int) -> int | None:
        """Return the largest number in units of the last digit, if there is a bound."""
        return _unit(self.highest, scale, ROUND_FLOOR, -1)


def _unit(bound: tuple[Any, bool] | None, scale: int, rounding: str, step: int) -> int | None:
    if bound is None:
        return None
    value, itself = bound
    try:
        exact = Decimal(str(value)).scaleb(scale)
    except InvalidOperation:
        return None
    unit = exact.to_integral_value(rounding)
    return int(unit) + (step if unit == exact and not itself else 0)


def bounds_of(facts: Iterable[Fact]) -> dict[str, Bounds]:
    """Put the facts about each column together."""
    bounds: dict[str, Bounds] = {}
    for fact in facts:
        mine = bounds.setdefault(fact.column, Bounds())
        match fact:
            case Comparison(other=str(other)):
                _compare_columns(bounds, fact.column, fact.operator, other)
            case Comparison():
                _compare(mine, fact.operator, fact.value)
            case OneOf(values=values):
                kept = mine.values if mine.values is not None else values
                mine.values = tuple(value for value in kept if value in values)
            case Length(operator=operator, number=number):
                _measure(mine, operator, number)
            case Matches(pattern=like):
                mine.likes.append(like)
            case _:  # NotNull
                mine.required = True
    return bounds


def _compare_columns(bounds: dict[str, Bounds], column: str, operator: str, other: str) -> None:
    if operator in {">", ">="}:
        bounds[column].above.append((other, operator == ">="))
    elif operator in {"<", "<="}:
        bounds.setdefault(other, Bounds()).above.append((column, operator == "<="))
    elif operator == "=":
        bounds[column].above.append((other, True))
        bounds.setdefault(other, Bounds()).above.append((column, True))
    else:
        bounds[column].above.append((other, False))


def _compare(bounds: Bounds, operator: str, value: Any) -> None:  # noqa: ANN401 - any literal
    if operator == "=":
        kept = bounds.values if bounds.values is not None else (value,)
        bounds.values = (value,) if value in kept else ()
    elif operator == "!=":
        bounds.excluded.append(value)
    elif operator in {">", ">="}:
        lowest = bounds.lowest
        if lowest is None or (value, operator == ">") > (lowest[0], not lowest[1]):
            bounds.lowest = (value, operator == ">=")
    elif bounds.highest is None or (value, operator == "<=") < bounds.highest:
        bounds.highest = (value, operator == "<=")


def _measure(bounds: Bounds, operator: str, number: int) -> None:
    if operator in {">", ">=", "="}:
        bounds.shortest = max(bounds.shortest, number + (operator == ">"))
    if operator in {"<", "<=", "="}:
        most = number - (operator == "<")
        bounds.longest = most if bounds.longest is None else min(bounds.longest, most)
    if operator == "!=" and number == 0:
        bounds.shortest = max(bounds.shortest, 1)

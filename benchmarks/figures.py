"""Figures: what was measured, what it is held beside, and the bound that it is to keep."""

from __future__ import annotations

import statistics
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Say = Callable[[str], object]
    """Is told, in a sentence, what was left out and why."""


@dataclass(frozen=True, slots=True)
class Bound:
    """How large a figure may be, or has to be.

    Attributes:
        limit: The last number that keeps it.
        at_least: Whether less breaks it, and not more.
        of: What is held to it: the ratio, or the amount itself.
    """

    limit: float
    at_least: bool = False
    of: Literal["ratio", "amount"] = "ratio"


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One thing that was measured.

    Attributes:
        group: The group that measured it.
        what: What was measured.
        database: Where.
        volume: Of which volume, or nothing where there is none.
        amount: How much it was.
        unit: Of what: seconds, bytes, or modules.
        beside: What it is held beside.
        beside_amount: How much that was.
        ratio: How many times that it is: the median over pairs that were measured in turn.
        bound: What it is to keep, where something is promised.
    """

    group: str
    what: str
    amount: float
    database: str = ""
    volume: str = ""
    unit: Literal["s", "B", "modules"] = "s"
    beside: str = ""
    beside_amount: float | None = None
    ratio: float | None = None
    bound: Bound | None = None

    @property
    def kept(self) -> bool | None:
        """Whether the bound is kept, or None where there is none."""
        held = self.amount if self.bound is not None and self.bound.of == "amount" else self.ratio
        if self.bound is None or held is None:
            return None
        return held >= self.bound.limit if self.bound.at_least else held <= self.bound.limit


@dataclass(frozen=True, slots=True)
class Extent:
    """How much is measured.

    Attributes:
        turns: How often each measurement is taken.
        quick: Whether small volumes are enough, and no bound is looked at.
    """

    turns: int
    quick: bool = False

    @property
    def few(self) -> int:
        """How often what takes long is measured."""
        return min(self.turns, 2)

    @property
    def volumes(self) -> tuple[str, str]:
        """The volume that most is measured with, and the one after it."""
        return ("small", "medium") if self.quick else ("large", "huge")

    def bound(self, limit: float, *, at_least: bool = False) -> Bound | None:
        """Hold a ratio to a limit, where the volumes are those that it is promised for."""
        return None if self.quick else Bound(limit, at_least)


def median_ratio(amounts: Sequence[float], others: Sequence[float]) -> float:
    """Return the median of the ratios of neighbours."""
    return statistics.median(amount / other for amount, other in zip(amounts, others, strict=True))

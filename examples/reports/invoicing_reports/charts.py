"""Column charts as plain geometry, which a template draws as SVG."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import accumulate, count, pairwise
from typing import Final

Figure = Decimal | int
Wording = Callable[[Decimal], str]

HEIGHT: Final = 280
_LEFT, _RIGHT, _TOP, _BOTTOM = 72, 12, 44, 36
_TICKS: Final = 4
_FILLED, _WIDEST = 0.62, 110.0


@dataclass(frozen=True, slots=True)
class Series:
    """What the parts of the columns mean: a name for the legend, and a colour."""

    name: str
    colour: str


@dataclass(frozen=True, slots=True)
class Column:
    """A label for the axis, and one value of each series, from the bottom up."""

    label: str
    values: tuple[Figure, ...]


@dataclass(frozen=True, slots=True)
class Bar:
    """A rectangle, and what it says when it is pointed at."""

    x: float
    y: float
    width: float
    height: float
    colour: str
    says: str


@dataclass(frozen=True, slots=True)
class Text:
    """A text at its anchor: `start`, `middle` or `end`."""

    x: float
    y: float
    text: str
    anchor: str


@dataclass(frozen=True, slots=True)
class Chart:
    """Everything there is to draw.

    Attributes:
        title: What the chart shows.
        description: Its message in a sentence or two, for those who cannot see it.
        width: Of the drawing; the height is HEIGHT.
        grid: Height and label of each line across.
        bars: The parts of the columns.
        texts: The labels of the columns, below and above.
        legend: Where each series is explained.
        left: Where the lines across begin.
        right: Where they end.
    """

    title: str
    description: str
    width: int
    grid: tuple[Text, ...]
    bars: tuple[Bar, ...]
    texts: tuple[Text, ...]
    legend: tuple[tuple[float, Series], ...]
    left: int
    right: int


def column_chart(  # noqa: PLR0913 - what a chart consists of
    title: str,
    description: str,
    series: Sequence[Series],
    columns: Sequence[Column],
    *,
    wording: Wording,
    width: int = 520,
    sums: bool = True,
) -> Chart | None:
    """Lay out stacked columns on one axis from zero, or None where there is nothing to see.

    Args:
        title: What the chart shows.
        description: Its message in words.
        series: What the values of a column are.
        columns: From left to right.
        wording: Writes a value of the axis.
        width: Of the drawing.
        sums: Write its sum above each column.
    """
    ticks = _ticks(max((Decimal(sum(each.values)) for each in columns), default=Decimal()))
    if not ticks[-1]:
        return None
    scale = (HEIGHT - _TOP - _BOTTOM) / float(ticks[-1])
    step = (width - _LEFT - _RIGHT) / len(columns)
    bars: list[Bar] = []
    texts: list[Text] = []
    for place, column in enumerate(columns):
        x = _LEFT + place * step
        bars += _stack(column, series, x, step, scale, wording)
        texts += _labels(column, x + step / 2, scale, wording if sums else None)
    return Chart(
        title=title,
        description=description,
        width=width,
        grid=tuple(Text(_LEFT - 8, _height(tick, scale), wording(tick), "end") for tick in ticks),
        bars=tuple(bars),
        texts=tuple(texts),
        legend=_legend(series),
        left=_LEFT,
        right=width - _RIGHT,
    )


def _ticks(highest: Decimal) -> tuple[Decimal, ...]:
    """Return the round numbers from zero to the first that is not below the highest value."""
    if not highest:
        return (highest,)
    rough = highest / _TICKS
    power = Decimal(10) ** rough.adjusted()
    step = next(size * power for size in (1, 2, 5, 10) if size * power >= rough)
    step = max(step, Decimal(1))
    steps = next(n for n in count(1) if n * step >= highest)
    return tuple(step * n for n in range(steps + 1))


def _height(value: Figure, scale: float) -> float:
    return round(HEIGHT - _BOTTOM - float(value) * scale, 1)


def _stack(  # noqa: PLR0913, PLR0917 - a column, and where it stands
    column: Column,
    series: Sequence[Series],
    x: float,
    step: float,
    scale: float,
    wording: Wording,
) -> list[Bar]:
    """Return the parts of a column that are not zero, each on top of the one before."""
    width = min(step * _FILLED, _WIDEST)
    levels = [_height(level, scale) for level in accumulate(column.values, initial=0)]
    return [
        Bar(
            x=round(x + (step - width) / 2, 1),
            y=above,
            width=round(width, 1),
            height=round(below - above, 1),
            colour=each.colour,
            says=f"{column.label}, {each.name}: {wording(Decimal(value))}",
        )
        for (below, above), each, value in zip(pairwise(levels), series, column.values, strict=True)
        if value
    ]


def _labels(column: Column, x: float, scale: float, wording: Wording | None) -> list[Text]:
    middle = round(x, 1)
    below = Text(middle, HEIGHT - _BOTTOM + 18, column.label, "middle")
    if wording is None:
        return [below]
    whole = Decimal(sum(column.values))
    return [below, Text(middle, _height(whole, scale) - 6, wording(whole), "middle")]


def _legend(series: Sequence[Series]) -> tuple[tuple[float, Series], ...]:
    """Place the series side by side; one alone is explained by the chart's title."""
    if len(series) == 1:
        return ()
    widths = [34 + 7 * len(each.name) for each in series]
    return tuple(zip(accumulate(widths, initial=_LEFT), series, strict=False))

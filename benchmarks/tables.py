"""Figures as tables of text, and as JSON."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from .figures import Bound, Figure

_HEADS: Final = (
    "what",
    "database",
    "volume",
    "taken",
    "beside",
    "that takes",
    "ratio",
    "bound",
    "kept",
)
_KEPT: Final = {True: "yes", False: "NO", None: ""}
TIMES: Final = "\N{MULTIPLICATION SIGN}"

_DIGITS: Final = 4
"""Of a number in the JSON: more are noise."""


def table_of(figures: Iterable[Figure]) -> str:
    """Return a table of Markdown, its columns under one another."""
    rows = [_HEADS, *map(_cells, figures)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [_line(row, widths) for row in rows]
    rule = "|" + "|".join("-" * (width + 2) for width in widths) + "|"
    return "\n".join([lines[0], rule, *lines[1:]])


def as_json(figure: Figure) -> Mapping[str, Any]:
    """Return a figure with what follows from it."""
    fields = {**asdict(figure), "kept": figure.kept}
    return {name: _rounded(value) for name, value in fields.items()}


def amount_text(amount: float | None, unit: str) -> str:
    """Write an amount with three digits that count."""
    if amount is None:
        return ""
    if unit == "B":
        return f"{amount / 2**20:.0f} MiB"
    if unit != "s":
        return f"{amount:.0f}"
    for scale, name in ((1, "s"), (1e3, "ms"), (1e6, "µs")):
        if amount * scale >= 1:
            return f"{amount * scale:#.3g}".rstrip(".") + f" {name}"
    return f"{amount * 1e6:.2f} µs"


def _cells(figure: Figure) -> tuple[str, ...]:
    return (
        figure.what,
        figure.database,
        figure.volume,
        amount_text(figure.amount, figure.unit),
        figure.beside,
        amount_text(figure.beside_amount, figure.unit),
        "" if figure.ratio is None else f"{figure.ratio:.2f} {TIMES}",
        _bound_text(figure, figure.bound),
        _KEPT[figure.kept],
    )


def _bound_text(figure: Figure, bound: Bound | None) -> str:
    if bound is None:
        return ""
    limit = f"{bound.limit:g} {TIMES}"
    if bound.of == "amount":
        limit = amount_text(bound.limit, figure.unit)
    return f"{'≥' if bound.at_least else '≤'} {limit}"


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    padded = (cell.ljust(width) for cell, width in zip(cells, widths, strict=True))
    return f"| {' | '.join(padded)} |"


def _rounded(value: object) -> object:
    return float(f"{value:.{_DIGITS}g}") if isinstance(value, float) else value

"""The figures as a picture, for the README."""

from __future__ import annotations

import json
import statistics
from typing import TYPE_CHECKING, Any, Final

from .competition import CACHED, GENERATED
from .competition import GROUP as COMPETITORS
from .floor import AT_MOST
from .floor import GROUP as FLOOR
from .tables import TIMES, amount_text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from matplotlib.axes import Axes

    Results = Sequence[Mapping[str, Any]]

OURS: Final = "#0b7a75"
OTHERS: Final = "#9db4c0"
BARE: Final = "#5c6b73"
LIMIT: Final = "#c1121f"

_SIZE: Final = (12, 4.6)


def draw(results: Path, path: Path) -> str:
    """Draw what a file of results holds; return a sentence that says so, or why not."""
    figures = json.loads(results.read_text("utf-8"))["figures"]
    groups = {figure["group"] for figure in figures}
    if not {FLOOR, COMPETITORS} <= groups:
        return f"{results} is written, and no picture, which shows {FLOOR} and {COMPETITORS}."
    try:
        from matplotlib import rc_context  # noqa: PLC0415 - an extra, and heavy
        from matplotlib.figure import Figure as Picture  # noqa: PLC0415 - likewise
        from matplotlib.layout_engine import ConstrainedLayoutEngine  # noqa: PLC0415 - likewise
    except ImportError:
        return f"{results} is written, and no picture: matplotlib is not installed."
    with rc_context(
        {
            "axes.spines.right": False,
            "axes.spines.top": False,
            "axes.titlelocation": "left",
            "axes.titlesize": 11,
            "axes.titleweight": "bold",
            "figure.facecolor": "white",
            "font.size": 10,
            "svg.hashsalt": "pytest-demodata",
        }
    ):
        both = Picture(figsize=_SIZE, layout=ConstrainedLayoutEngine(w_pad=0.15, h_pad=0.15))
        left, right = both.subplots(1, 2, width_ratios=(3, 2))
        _draw_seconds(left, figures)
        _draw_ratios(right, figures)
        both.savefig(path, metadata={"Date": None})
    return f"{results} and {path} are written."


def _draw_seconds(axes: Axes, figures: Results) -> None:
    """Show how long each tool takes, on a scale where each step is ten times the last."""
    told = [figure for figure in figures if figure["group"] == COMPETITORS]
    volume = told[0]["volume"]
    seconds = {
        name: statistics.median(each["beside_amount"] for each in told if each["beside"] == name)
        for name in (GENERATED, CACHED)
    }
    seconds |= {figure["what"]: figure["amount"] for figure in told}
    bare = _floor_of("SQLite in memory", volume, figures)
    seconds |= {f"bare driver, {bare['beside'].partition(': ')[2]}": bare["beside_amount"]}
    names = sorted(seconds, key=lambda name: -seconds[name])
    colours = {GENERATED: OURS, CACHED: OURS} | dict.fromkeys(
        (name for name in names if name.startswith("bare")), BARE
    )
    bars = axes.barh(
        names,
        [seconds[name] for name in names],
        color=[colours.get(name, OTHERS) for name in names],
    )
    axes.bar_label(bars, [amount_text(seconds[name], "s") for name in names], padding=4)
    axes.set_xscale("log")
    axes.xaxis.set_major_formatter(lambda second, _: f"{second:g} s")
    axes.minorticks_off()
    axes.margins(x=0.2)
    axes.set_title(f"Time to fill the tables: {volume}, SQLite in memory")


def _draw_ratios(axes: Axes, figures: Results) -> None:
    """Show how many times the floor a generation takes."""
    told = [
        figure
        for figure in figures
        if figure["group"] == FLOOR and figure["beside"].startswith("the floor: ")
    ][::-1]
    names = [f"{figure['database'].partition(' in ')[0]}, {figure['volume']}" for figure in told]
    bars = axes.barh(names, [figure["ratio"] for figure in told], color=OURS)
    labels = [f"{figure['ratio']:.2f} {TIMES}" for figure in told]
    axes.bar_label(bars, labels, label_type="center", color="white")
    axes.axvline(1, color=BARE, linewidth=1)
    axes.axvline(AT_MOST, color=LIMIT, linestyle="--", linewidth=1)
    axes.set_xticks([0, 1, AT_MOST], ["0", f"1 {TIMES}", f"{AT_MOST} {TIMES}"])
    axes.set_title("Generation, beside bare driver")


def _floor_of(database: str, volume: str, figures: Results) -> Mapping[str, Any]:
    return next(
        figure
        for figure in figures
        if (figure["group"], figure["database"], figure["volume"]) == (FLOOR, database, volume)
        and figure["beside"].startswith("the floor: ")
    )

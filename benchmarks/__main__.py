"""The command line: `python -m benchmarks --only floor cache`."""

from __future__ import annotations

import argparse
import json
import signal
import sys
import traceback
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Final

from . import cache, competition, floor, growth, isolation, sessions, startup
from .chart import draw
from .figures import Extent
from .machine import facts
from .tables import as_json, table_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from .figures import Figure, Say

GROUPS: Final[Mapping[str, Callable[[Extent, Say], list[Figure]]]] = {
    module.GROUP: module.measure
    for module in (floor, competition, cache, growth, isolation, sessions, startup)
}
TURNS: Final = 5
HERE: Final = Path(__file__).parent


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description="Measure pytest-demodata beside the bare drivers and beside other tools.",
    )
    parser.add_argument(
        "--only", nargs="+", choices=GROUPS, metavar="GROUP", help=f"of {', '.join(GROUPS)}"
    )
    parser.add_argument(
        "--turns", type=_turns, help=f"how often what takes no time is measured: {TURNS}"
    )
    parser.add_argument("--quick", action="store_true", help="small volumes, and once, for CI")
    parser.add_argument(
        "--output",
        type=Path,
        metavar="FOLDER",
        help="where results.json and results.svg go: benchmarks, if all is measured; else nowhere",
    )
    return parser


def _turns(text: str) -> int:
    if text.isdecimal() and int(text):
        return int(text)
    message = f"{text!r} is not a number of turns, from 1 on"
    raise argparse.ArgumentTypeError(message)


def main(words: Sequence[str] | None = None) -> None:
    """Measure, print, and write."""
    arguments = _parser().parse_args(words)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("Ended by SIGTERM."))
    extent = Extent(arguments.turns or (1 if arguments.quick else TURNS), arguments.quick)
    machine = facts()
    _print("\n".join(f"{name}: {fact}" for name, fact in machine.items()))
    remarks: dict[str, object] = {}
    figures: list[Figure] = []
    failures: list[str] = []
    for group in arguments.only or GROUPS:
        try:
            figures += _measured(group, extent, remarks)
        except Exception:  # noqa: BLE001 - what the other groups have measured is not lost
            failures.append(group)
            _print(f"{group}\n\n{traceback.format_exc()}")
    if remarks:
        _print("\n".join(remarks))
    whole = not (arguments.only or arguments.quick or failures)
    if (folder := arguments.output or (HERE if whole else None)) is not None:
        _write(folder, {"machine": machine, "remarks": [*remarks]}, figures)
    if failures:
        sys.exit(f"Not measured: {', '.join(failures)}.")


def _measured(group: str, extent: Extent, remarks: dict[str, object]) -> list[Figure]:
    start = perf_counter()
    figures = GROUPS[group](extent, remarks.setdefault)
    _print(f"{group} ({perf_counter() - start:.0f} s)\n\n{table_of(figures)}")
    return figures


def _write(folder: Path, results: dict[str, object], figures: Sequence[Figure]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    results["figures"] = [as_json(figure) for figure in figures]
    path = folder / "results.json"
    path.write_text(json.dumps(results, indent=1, ensure_ascii=False) + "\n", "utf-8")
    _print(draw(path, folder / "results.svg"))


def _print(text: str) -> None:
    sys.stdout.write(f"{text}\n\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()

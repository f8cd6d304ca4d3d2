"""What a generation costs beside the floor: the same rows, ready-made, through the bare driver."""

from __future__ import annotations

import statistics
from typing import TYPE_CHECKING, Final, NamedTuple

from pytest_demodata.invoicing.blueprint import INVOICING

from .figures import Extent, Figure, median_ratio
from .floors import mariadb, postgresql, sqlite
from .servers import MARIADB, POSTGRESQL, servers_there
from .shop import SHOP
from .timing import in_turns, unburdened

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from contextlib import AbstractContextManager

    from pytest_demodata.blueprint import Blueprint

    from .figures import Say
    from .floors.contest import Contest
    from .servers import Server

    Contests = Callable[[str, Blueprint], AbstractContextManager[Contest]]

GROUP: Final = "floor"
AT_MOST: Final = 1.4
AT_MOST_OWN: Final = 1.6
_ON_SERVERS: Final[Mapping[Server, Contests]] = {
    POSTGRESQL: postgresql.contest,
    MARIADB: mariadb.contest,
}


class _Tables(NamedTuple):
    """Tables to fill, what to call that, and how many times the floor it may take."""

    blueprint: Blueprint
    what: str
    at_most: float


def measure(extent: Extent, say: Say) -> list[Figure]:
    """Measure both volumes on each database."""
    contests = [sqlite.contest, *(_ON_SERVERS[server] for server in servers_there(say))]
    first, second = extent.volumes
    invoicing = _Tables(INVOICING, "a generation", AT_MOST)
    own = _Tables(SHOP, "a generation of one's own tables", AT_MOST_OWN)
    return [
        figure
        for contest in contests
        for tables, volume, turns in (
            (invoicing, first, extent.turns),
            (invoicing, second, extent.few),
            (own, first, extent.turns),
        )
        for figure in _compare(contest, tables, volume, turns, extent)
    ]


def _compare(
    contests: Contests, tables: _Tables, volume: str, turns: int, extent: Extent
) -> list[Figure]:
    with contests(volume, tables.blueprint) as contest, unburdened():
        forms = {**contest.floors, **contest.beyond}
        seconds = in_turns(turns, {**forms, "ours": contest.ours})
    medians = {form: statistics.median(taken) for form, taken in seconds.items()}
    floor = min(contest.floors, key=lambda form: medians[form])
    return [
        Figure(
            group=GROUP,
            what=tables.what,
            database=contest.database,
            volume=volume,
            amount=medians["ours"],
            beside=f"the floor: {form}" if form == floor else form,
            beside_amount=medians[form],
            ratio=median_ratio(seconds["ours"], seconds[form]),
            bound=extent.bound(tables.at_most) if form == floor else None,
        )
        for form in sorted(forms, key=lambda each: each != floor)
    ]

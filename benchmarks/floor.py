"""What a generation costs beside the floor: the same rows, ready-made, through the bare driver."""

from __future__ import annotations

import statistics
from typing import TYPE_CHECKING, Final

from .figures import Extent, Figure, median_ratio
from .floors import mariadb, postgresql, sqlite
from .servers import MARIADB, POSTGRESQL, servers_there
from .timing import in_turns, unburdened

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from contextlib import AbstractContextManager

    from .figures import Say
    from .floors.contest import Contest
    from .servers import Server

    Contests = Callable[[str], AbstractContextManager[Contest]]

GROUP: Final = "floor"
AT_MOST: Final = 1.4
_ON_SERVERS: Final[Mapping[Server, Contests]] = {
    POSTGRESQL: postgresql.contest,
    MARIADB: mariadb.contest,
}


def measure(extent: Extent, say: Say) -> list[Figure]:
    """Measure both volumes on each database."""
    contests = [sqlite.contest, *(_ON_SERVERS[server] for server in servers_there(say))]
    first, second = extent.volumes
    return [
        figure
        for contest in contests
        for volume, turns in ((first, extent.turns), (second, extent.few))
        for figure in _compare(contest, volume, turns, extent)
    ]


def _compare(contests: Contests, volume: str, turns: int, extent: Extent) -> list[Figure]:
    with contests(volume) as contest, unburdened():
        forms = {**contest.floors, **contest.beyond}
        seconds = in_turns(turns, {**forms, "ours": contest.ours})
    medians = {form: statistics.median(taken) for form, taken in seconds.items()}
    floor = min(contest.floors, key=lambda form: medians[form])
    return [
        Figure(
            group=GROUP,
            what="a generation",
            database=contest.database,
            volume=volume,
            amount=medians["ours"],
            beside=f"the floor: {form}" if form == floor else form,
            beside_amount=medians[form],
            ratio=median_ratio(seconds["ours"], seconds[form]),
            bound=extent.bound(AT_MOST) if form == floor else None,
        )
        for form in sorted(forms, key=lambda each: each != floor)
    ]

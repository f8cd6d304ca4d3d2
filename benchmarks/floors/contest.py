"""What is measured by turns: the bare driver in several forms, and ours."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from benchmarks.timing import Timed


@dataclass(frozen=True, slots=True)
class Contest:
    """Ways to fill the tables of one database with one volume; each begins with no rows.

    Attributes:
        database: What to call the database.
        floors: What users of the bare driver do, by form; the fastest is the floor.
        beyond: Faster forms yet, of which we tell too.
        ours: A generation.
    """

    database: str
    floors: Mapping[str, Timed]
    beyond: Mapping[str, Timed]
    ours: Timed

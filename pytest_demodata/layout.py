"""How many rows each table gets, and where those of an owner begin: known before any is made."""

from __future__ import annotations

from array import array
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from pytest_demodata.blueprint import Existing, FanOut, Fixed, PerRow, Share, Sized
from pytest_demodata.defaults import LARGEST_KEY
from pytest_demodata.errors import BlueprintError, VolumeError, did_you_mean
from pytest_demodata.streams import BLOCK, WORD_BITS, midpoints

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pytest_demodata.blueprint import Blueprint, Fill
    from pytest_demodata.volumes import Volume

_NOTHING: Final[Mapping[str, int]] = MappingProxyType({})


class Layout:
    """The numbers of a generation that hang on blueprint and volume alone, and on no seed.

    Attributes:
        counts: Rows by table.
        fan_outs: For each table whose rows are owned, how many an owner may have.
        offsets: For each such table, the first row that belongs to each block of owners, and the
            number of all rows behind them.

    Raises:
        BlueprintError: The blueprint asks for a count that the volume does not have.
        VolumeError: The volume is too large for the keys.
    """

    def __init__(
        self, blueprint: Blueprint, volume: Volume, existing: Mapping[str, int] = _NOTHING
    ) -> None:
        self._volume = volume
        self._existing = existing
        self.fan_outs: dict[str, range] = {}
        self.offsets: dict[str, Sequence[int]] = {}
        counts: dict[str, int] = {}
        self.counts: Mapping[str, int] = MappingProxyType(counts)
        for fill in blueprint.fills.values():
            counts[fill.name] = self._count(fill)
            self._check(fill)

    def _count(self, fill: Fill) -> int:
        rows = fill.rows
        if isinstance(rows, Fixed):
            return rows.rows
        if isinstance(rows, Existing):
            return self._existing.get(fill.name, 0)
        if isinstance(rows, Sized):
            return int(self._named("counts", self._volume.counts, rows.count))
        if isinstance(rows, PerRow):
            count = self.counts[rows.table] * rows.rows // rows.of
            return min((count, *map(self.counts.__getitem__, rows.at_most)))
        if isinstance(rows, Share):
            return rows.portion.count(self.counts[fill.key(rows.through).parent.key])
        assert isinstance(rows, FanOut)  # noqa: S101 - the blueprint has been looked at
        return self._count_children(fill, rows)

    def _count_children(self, fill: Fill, rows: FanOut) -> int:
        sizes = rows.sizes
        if isinstance(sizes, str):
            sizes = self._named("fan-outs", self._volume.fan_outs, sizes)
        if rows.within is not None:
            sizes = self._within(sizes, rows.within)
        self.fan_outs[fill.name] = sizes
        blocks, rest = divmod(self.counts[str(fill.owner)], BLOCK)
        full = sum(spread(sizes, midpoints(BLOCK)))
        offsets = array("q", range(0, full * blocks + 1, full) if full else [0] * (blocks + 1))
        self.offsets[fill.name] = offsets
        return offsets[-1] + sum(spread(sizes, midpoints(rest)))

    def _within(self, sizes: range, within: str | int) -> range:
        """Leave out the sizes that are too large; the largest that is not, if all are."""
        most = within if isinstance(within, int) else self.counts[within]
        return range(min(sizes[0], most), min(sizes[-1], most) + 1, sizes.step)

    def _check(self, fill: Fill) -> None:
        rows = self.counts[fill.name]
        if rows > LARGEST_KEY:
            message = (
                f"Volume {self._volume.name!r} has {rows:,} rows of {fill.name!r}.\n"
                f"Allowed: from 0 to {LARGEST_KEY:,}, the largest INTEGER key."
            )
            raise VolumeError(message)

    def _named(self, kind: str, values: Mapping[str, Any], name: str) -> Any:  # noqa: ANN401
        """Look a name up in the volume."""
        if name in values:
            return values[name]
        message = (
            f"The blueprint asks for {name!r}, which is not among the {kind} of volume "
            f"{self._volume.name!r}.\nAllowed: {', '.join(values)}.{did_you_mean(name, values)}"
        )
        raise BlueprintError(message)


def spread(sizes: range, strata: Sequence[int]) -> list[int]:
    """Scale fractions of 2**32 to a range."""
    return [sizes[bits * len(sizes) >> WORD_BITS] for bits in strata]

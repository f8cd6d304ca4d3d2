"""Volumes: how many rows a generation makes."""

from __future__ import annotations

import re
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from pytest_demodata.defaults import DEFAULT_VOLUME, LARGEST_KEY
from pytest_demodata.errors import VolumeError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


@dataclass(frozen=True, slots=True)
class Volume:
    """A named size.

    Attributes:
        name: The form a user can paste back: `large`, `large*10`, `customers=50,…`.
        counts: Exact rows by the name that a blueprint's `Sized` asks for.
        fan_outs: Children per parent by the name that a blueprint's `FanOut` asks for; a `range`,
            whose numbers all occur.

    Raises:
        VolumeError: A count below 0 or beyond the keys, or a fan-out that is empty, falls or begins
            below 0.
    """

    name: str
    counts: Mapping[str, int]
    fan_outs: Mapping[str, range]

    def __post_init__(self) -> None:
        for name, rows in self.counts.items():
            if not 0 <= rows <= LARGEST_KEY:
                message = (
                    f"Volume {self.name!r} has {rows:,} rows of {name!r}.\n"
                    f"Allowed: from 0 to {LARGEST_KEY:,}, the largest INTEGER key."
                )
                raise VolumeError(message)
        for name, sizes in self.fan_outs.items():
            if not sizes or sizes.step < 0 or sizes.start < 0:
                message = (
                    f"Volume {self.name!r} has the fan-out {sizes} of {name}.\n"
                    "Allowed: a range of at least one number, from 0 up."
                )
                raise VolumeError(message)
        object.__setattr__(self, "counts", MappingProxyType(dict(self.counts)))
        object.__setattr__(self, "fan_outs", MappingProxyType(dict(self.fan_outs)))


def _volume(name: str, counts: tuple[int, int, int], addresses: range, lines: range) -> Volume:
    names = ("customers", "products", "invoices")
    return Volume(
        name, dict(zip(names, counts, strict=True)), {"addresses": addresses, "lines": lines}
    )


VOLUMES: Final[Mapping[str, Volume]] = MappingProxyType(
    {
        "small": _volume("small", (25, 100, 75), range(1, 3), range(1, 6)),
        "medium": _volume("medium", (100, 500, 300), range(1, 4), range(2, 9)),
        "large": _volume("large", (1_000, 2_000, 5_000), range(1, 5), range(1, 13)),
        "huge": _volume("huge", (20_000, 40_000, 100_000), range(1, 5), range(1, 13)),
    }
)
"""The four volumes of the invoicing dataset."""

_ROOT_ROWS: Final = {"small": 25, "medium": 100, "large": 1_000, "huge": 20_000}
_CHILDREN: Final = {
    "small": range(1, 4),
    "medium": range(1, 5),
    "large": range(1, 6),
    "huge": range(1, 6),
}
_GRANDCHILDREN: Final = range(1, 4)


def volumes_of(tables: Iterable[str]) -> Mapping[str, Volume]:
    """Return the four volumes of other tables than the invoicing dataset's.

    Args:
        tables: Those which no other owns and whose rows are counted: each has 25, 100, 1,000 or
            20,000.
    """
    names = tuple(tables)
    return MappingProxyType(
        {
            name: Volume(
                name,
                dict.fromkeys(names, rows),
                {"children": _CHILDREN[name], "grandchildren": _GRANDCHILDREN},
            )
            for name, rows in _ROOT_ROWS.items()
        }
    )


_MULTIPLE: Final = re.compile(r"(\w+)\s*\*\s*([0-9]{1,12})")
_COUNT: Final = re.compile(r"([\w.]+)\s*=\s*([0-9]{1,12})")


def parse_volume(text: str, volumes: Mapping[str, Volume] = VOLUMES) -> Volume:
    """Read a volume from what a user wrote.

    Args:
        text: `small`, `medium`, `large` or `huge`; a multiple of one, such as `large*10`; or
            counts, such as `customers=50,products=20,invoices=500`. Counts that are left out are
            those of medium, and so are addresses per customer and lines per invoice.
        volumes: The four volumes of other tables, if it is not to be the invoicing dataset.

    Raises:
        VolumeError: The text is none of these.
    """
    if not isinstance(text, str):
        raise _unreadable(text, "is no text")
    spec = text.strip()
    if spec in volumes:
        return volumes[spec]
    if multiple := _MULTIPLE.fullmatch(spec):
        return _multiplied(text, multiple[1], int(multiple[2]), volumes)
    if "=" in spec:
        return _counted(text, spec, volumes)
    raise _unreadable(text, "is not a volume", did_you_mean(spec, VOLUMES))


def _multiplied(text: str, name: str, factor: int, volumes: Mapping[str, Volume]) -> Volume:
    if name not in volumes:
        raise _unreadable(text, f"multiplies {name!r}", did_you_mean(name, VOLUMES))
    if factor < 1:
        raise _unreadable(text, "multiplies by less than 1")
    volume = volumes[name]
    counts = {table: rows * factor for table, rows in volume.counts.items()}
    return Volume(f"{name}*{factor}", counts, volume.fan_outs)


def counts_in(text: str) -> Mapping[str, int] | None:
    """Return the counts that a text gives by table, each once; None if it is no list of such."""
    given: dict[str, int] = {}
    for part in text.split(","):
        count = _COUNT.fullmatch(part.strip())
        if count is None or count[1] in given:
            return None
        given[count[1]] = int(count[2])
    return given


def _counted(text: str, spec: str, volumes: Mapping[str, Volume]) -> Volume:
    default = volumes[DEFAULT_VOLUME]
    given: dict[str, int] = {}
    for part in spec.split(","):
        count = _COUNT.fullmatch(part.strip())
        if count is None:
            raise _unreadable(text, f"has the part {part.strip()!r}", volumes=volumes)
        if count[1] not in default.counts:
            near = did_you_mean(count[1], default.counts)
            raise _unreadable(text, f"counts {count[1]!r}", near, volumes=volumes)
        if count[1] in given:
            raise _unreadable(text, f"counts {count[1]!r} twice", volumes=volumes)
        given[count[1]] = int(count[2])
    counts = {**default.counts, **given}
    shown = counts if volumes is VOLUMES else given
    name = ",".join(f"{table}={rows}" for table, rows in shown.items())
    return Volume(name, counts, default.fan_outs)


def _unreadable(
    text: object, what: str, near: str = "", *, volumes: Mapping[str, Volume] = VOLUMES
) -> VolumeError:
    counted = "customers=50,products=20,invoices=500"
    names = list(volumes[DEFAULT_VOLUME].counts)
    if volumes is not VOLUMES:
        counted = ",".join(f"{name}=50" for name in names[:3])
        counted += f" of the tables {', '.join(names)}"
    allowed = f"a multiple such as large*10; or counts such as {counted}"
    if not names:
        allowed = "or a multiple such as large*10"
    return VolumeError(f"Volume {text!r} {what}.\nAllowed: {', '.join(VOLUMES)}; {allowed}.{near}")

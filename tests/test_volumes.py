"""Volumes: what a name, a multiple or counts stand for, and what is refused."""

from __future__ import annotations

from dataclasses import FrozenInstanceError
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_demodata import VOLUMES, DemodataError, Volume, VolumeError, parse_volume
from pytest_demodata.defaults import LARGEST_KEY

if TYPE_CHECKING:
    from collections.abc import Callable

ALLOWED = (
    "Allowed: small, medium, large, huge; a multiple such as large*10; or counts such as "
    "customers=50,products=20,invoices=500."
)

NAMES = st.sampled_from(sorted(VOLUMES))
COUNTS = st.dictionaries(
    st.sampled_from(["customers", "products", "invoices"]),
    st.integers(0, LARGEST_KEY),
    min_size=1,
)
SPACES = st.sampled_from(["", " ", "  ", "\t", "\n"])


def _error_of(text: str) -> str:
    with pytest.raises(VolumeError) as caught:
        parse_volume(text)
    return str(caught.value)


@pytest.mark.parametrize(
    ("name", "customers", "products", "invoices", "addresses", "lines"),
    [
        ("small", 25, 100, 75, range(1, 3), range(1, 6)),
        ("medium", 100, 500, 300, range(1, 4), range(2, 9)),
        ("large", 1_000, 2_000, 5_000, range(1, 5), range(1, 13)),
        ("huge", 20_000, 40_000, 100_000, range(1, 5), range(1, 13)),
    ],
)
def test_named(  # noqa: PLR0913, PLR0917 - the columns of a table
    name: str, customers: int, products: int, invoices: int, addresses: range, lines: range
) -> None:
    """Each of the four names stands for exact counts, and for ranges whose numbers all occur."""
    volume = parse_volume(name)

    assert volume.name == name
    assert volume.counts == {"customers": customers, "products": products, "invoices": invoices}
    assert volume.fan_outs == {"addresses": addresses, "lines": lines}


def test_four_names() -> None:
    """There are four named volumes, and each of them goes by its own name."""
    assert {name: volume.name for name, volume in VOLUMES.items()} == {
        "small": "small",
        "medium": "medium",
        "large": "large",
        "huge": "huge",
    }


def test_multiple() -> None:
    """A multiple has so many times the rows of the volume, and as many children per parent."""
    volume = parse_volume("large*10")

    assert volume.name == "large*10"
    assert volume.counts == {"customers": 10_000, "products": 20_000, "invoices": 50_000}
    assert volume.fan_outs == VOLUMES["large"].fan_outs


@settings(deadline=None)
@given(name=NAMES, factor=st.integers(1, 21_474))
def test_every_multiple(name: str, factor: int) -> None:
    """Any factor that leaves keys for each row multiplies each count."""
    volume = parse_volume(f"{name}*{factor}")

    assert volume.counts == {table: rows * factor for table, rows in VOLUMES[name].counts.items()}


def test_counts() -> None:
    """Counts are taken as they are, and children per parent are those of medium."""
    volume = parse_volume("customers=50,products=20,invoices=500")

    assert volume.counts == {"customers": 50, "products": 20, "invoices": 500}
    assert volume.fan_outs == VOLUMES["medium"].fan_outs
    assert volume.name == "customers=50,products=20,invoices=500"


@settings(deadline=None)
@given(given_counts=COUNTS)
def test_missing_counts(given_counts: dict[str, int]) -> None:
    """Counts that are left out are those of medium, and stand in the name."""
    text = ",".join(f"{table}={rows}" for table, rows in given_counts.items())

    volume = parse_volume(text)

    assert volume.counts == {**VOLUMES["medium"].counts, **given_counts}
    assert volume.name == (
        f"customers={volume.counts['customers']},products={volume.counts['products']},"
        f"invoices={volume.counts['invoices']}"
    )


def test_order_of_counts() -> None:
    """The order in which counts are given makes no difference."""
    assert parse_volume("invoices=3,customers=1") == parse_volume("customers=1,invoices=3")


def test_no_rows() -> None:
    """A count may be 0."""
    assert parse_volume("invoices=0").counts["invoices"] == 0


@settings(deadline=None)
@given(name=NAMES, factor=st.integers(1, 999), spaces=st.lists(SPACES, min_size=4, max_size=4))
def test_spaces_in_a_multiple(name: str, factor: int, spaces: list[str]) -> None:
    """Spaces around a volume, and around the parts of a multiple, do not matter."""
    first, second, third, fourth = spaces

    assert parse_volume(f"{first}{name}{fourth}") == VOLUMES[name]
    assert parse_volume(f"{first}{name}{second}*{third}{factor}{fourth}") == parse_volume(
        f"{name}*{factor}"
    )


@settings(deadline=None)
@given(spaces=st.lists(SPACES, min_size=6, max_size=6))
def test_spaces_in_counts(spaces: list[str]) -> None:
    """Spaces around names, numbers, commas and equals signs do not matter."""
    text = "{}customers{}={}5{},{}products=7{}".format(*spaces)

    assert parse_volume(text) == parse_volume("customers=5,products=7")


@settings(deadline=None)
@given(
    text=st.one_of(
        NAMES,
        st.builds("{}*{}".format, NAMES, st.integers(1, 21_474)),
        COUNTS.map(lambda counts: ",".join(f"{name}={rows}" for name, rows in counts.items())),
    )
)
def test_name_can_be_pasted_back(text: str) -> None:
    """The name of a volume, read again, gives the same volume."""
    volume = parse_volume(text)

    assert parse_volume(volume.name) == volume
    assert parse_volume(volume.name).name == volume.name


@pytest.mark.parametrize(
    "text", ["tiny", "", "*10", "large*", "large*-1", "large*1.5", "10", "a*b"]
)
def test_no_volume(text: str) -> None:
    """What is neither a name, a multiple nor counts is refused with what is allowed."""
    assert _error_of(text).startswith(f"Volume {text!r} is not a volume.\n{ALLOWED}")


def test_number_for_a_volume() -> None:
    """A number of rows without a name is no volume, and is refused as what it is."""
    with pytest.raises(VolumeError) as caught:
        parse_volume(5)  # type: ignore[arg-type]

    assert str(caught.value) == f"Volume 5 is no text.\n{ALLOWED}"


def test_nothing_for_a_volume() -> None:
    """None is refused as what it is."""
    with pytest.raises(VolumeError) as caught:
        parse_volume(None)  # type: ignore[arg-type]

    assert str(caught.value) == f"Volume None is no text.\n{ALLOWED}"


def test_nothing_near() -> None:
    """A word like none of the names gets no suggestion."""
    assert _error_of("tiny") == f"Volume 'tiny' is not a volume.\n{ALLOWED}"


@pytest.mark.parametrize(
    ("text", "near"), [("medum", "medium"), ("Large", "large"), (" hug ", "huge")]
)
def test_near_name(text: str, near: str) -> None:
    """A misspelt name gets the nearest one as a suggestion."""
    assert _error_of(text) == (
        f"Volume {text!r} is not a volume.\n{ALLOWED}\nDid you mean {near!r}?"
    )


def test_multiple_of_no_volume() -> None:
    """A multiple of an unknown name is refused, with the nearest one."""
    assert _error_of("larg*10") == (
        f"Volume 'larg*10' multiplies 'larg'.\n{ALLOWED}\nDid you mean 'large'?"
    )


@pytest.mark.parametrize("text", ["large*0", "small * 000"])
def test_multiple_by_nothing(text: str) -> None:
    """A multiple by 0 is refused."""
    assert _error_of(text) == f"Volume {text!r} multiplies by less than 1.\n{ALLOWED}"


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("customers=", "customers="),
        ("customers=-5", "customers=-5"),
        ("customers=5,", ""),
        ("customers=5; products=3", "customers=5; products=3"),
        ("customers=5,products", "products"),
        ("customers=1_000", "customers=1_000"),
        ("customers=5.0", "customers=5.0"),
        ("=", "="),
        ("customers=1000000000000", "customers=1000000000000"),
    ],
)
def test_part_that_is_no_count(text: str, part: str) -> None:
    """Of counts, the part that is not `name=number` is named."""
    assert _error_of(text) == f"Volume {text!r} has the part {part!r}.\n{ALLOWED}"


def test_count_of_no_table() -> None:
    """A count under an unknown name is refused, with the nearest one."""
    assert _error_of("customers=5,invoces=9") == (
        f"Volume 'customers=5,invoces=9' counts 'invoces'.\n{ALLOWED}\nDid you mean 'invoices'?"
    )


def test_count_of_nothing_near() -> None:
    """A count under a name like none of those that can be counted gets no suggestion."""
    assert _error_of("rows=9") == f"Volume 'rows=9' counts 'rows'.\n{ALLOWED}"


def test_count_given_twice() -> None:
    """The same count given twice is refused, even with the same number."""
    assert _error_of("invoices=9, invoices=9") == (
        f"Volume 'invoices=9, invoices=9' counts 'invoices' twice.\n{ALLOWED}"
    )


def test_kind_of_error() -> None:
    """A volume error can be caught as a `ValueError` and as any error of the package."""
    assert issubclass(VolumeError, ValueError)
    assert issubclass(VolumeError, DemodataError)


def _rename(volume: Volume) -> None:
    volume.name = "other"  # type: ignore[misc]


def _recount(volume: Volume) -> None:
    counts: Any = volume.counts
    counts["customers"] = 1


def _refan(volume: Volume) -> None:
    fan_outs: Any = volume.fan_outs
    fan_outs["lines"] = range(1)


@pytest.mark.parametrize(
    ("change", "error"),
    [(_rename, FrozenInstanceError), (_recount, TypeError), (_refan, TypeError)],
)
def test_immutable(change: Callable[[Volume], None], error: type[Exception]) -> None:
    """Neither the name, the counts nor the fan-outs of a volume can be changed."""
    before = parse_volume("medium")

    with pytest.raises(error):
        change(VOLUMES["medium"])

    assert parse_volume("medium") == before
    assert VOLUMES["medium"].counts["customers"] == 100


def test_own_volume_is_a_copy() -> None:
    """A volume keeps its counts when the mappings that it was made from change."""
    counts, fan_outs = {"orders": 5}, {"items": range(1, 3)}
    volume = Volume("mine", counts, fan_outs)

    counts["orders"] = 6
    fan_outs.clear()

    assert volume == Volume("mine", {"orders": 5}, {"items": range(1, 3)})


def test_no_new_names() -> None:
    """The named volumes cannot be added to by accident."""
    volumes: Any = VOLUMES

    with pytest.raises(TypeError):
        volumes["tiny"] = Volume("tiny", {}, {})


def test_a_volume_of_ones_own_is_checked() -> None:
    """Counts and fan-outs that cannot be are refused where the volume is made."""
    with pytest.raises(VolumeError) as negative:
        Volume("mine", {"customers": -3}, {})
    assert str(negative.value) == (
        "Volume 'mine' has -3 rows of 'customers'.\n"
        "Allowed: from 0 to 2,147,483,647, the largest INTEGER key."
    )
    for sizes in (range(0), range(3, 0, -1), range(-1, 2)):
        with pytest.raises(VolumeError) as odd:
            Volume("mine", {}, {"lines": sizes})
        assert str(odd.value) == (
            f"Volume 'mine' has the fan-out {sizes} of lines.\n"
            "Allowed: a range of at least one number, from 0 up."
        )

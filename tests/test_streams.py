"""Streams: bits that are a pure function of seed, table, column and block of rows."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from array import array
from collections import Counter
from hashlib import shake_128
from itertools import pairwise
from types import SimpleNamespace
from typing import Final, Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_demodata import streams
from pytest_demodata.streams import BLOCK, WORD_BITS, Stream, midpoints

STREAM: Final = Stream(42, "invoices", "date")
ROWS: Final = 3 * BLOCK + 100
"""Three full blocks and a short one."""

WHOLE_BITS: Final = list(STREAM.bits(0, ROWS))
WHOLE_STRATA: Final = STREAM.strata(0, ROWS, ROWS)

OTHERS: Final = [
    Stream(43, "invoices", "date"),
    Stream(42, "invoice", "date"),
    Stream(42, "invoices", "dates"),
    Stream(-42, "invoices", "date"),
    # The same characters, parted elsewhere.
    Stream(4, "2invoices", "date"),
    Stream(42, "invoicesd", "ate"),
]


KNOWN_BITS: Final = [2873048352, 1319008523, 1309072242, 2471506520]
KNOWN_BITS_AT_A_SEAM: Final = [4231245299, 889045365]
KNOWN_STRATA: Final = [3758096384, 1610612736, 536870912, 2684354560]
KNOWN_POSITIONS: Final = [86, 39, 74, 43, 93, 87]


def _runs(rows: int) -> st.SearchStrategy[tuple[int, int]]:
    ends = st.integers(0, rows)
    return st.tuples(ends, ends).map(lambda pair: (min(pair), max(pair)))


def _words_by_hand(
    name: str, count: int, width: int, order: Literal["little", "big"] = "little"
) -> list[int]:
    """Read SHAKE-128 of a name with nothing but the standard library, as the format says."""
    data = shake_128(name.encode()).digest(count * width)
    return [int.from_bytes(data[at : at + width], order) for at in range(0, len(data), width)]


def _permutation_by_hand(keys: list[int], size: int, width: int) -> list[int]:
    """Mix each position in three rounds of odd multiple, sum and shift; walk on until in range."""

    def mixed(number: int) -> int:
        for turn in range(3):
            number = (number * (keys[2 * turn] | 1) + keys[2 * turn + 1]) % 2**width
            number ^= number >> width // 2
        return number

    def walked(position: int) -> int:
        number = mixed(position)
        while number >= size:
            number = mixed(number)
        return number

    return [walked(position) for position in range(size)]


@settings(deadline=None)
@given(run=_runs(ROWS))
def test_bits_of_any_run(run: tuple[int, int]) -> None:
    """The bits of any run of rows are the same cut of the bits of all rows."""
    start, stop = run

    assert list(STREAM.bits(start, stop)) == WHOLE_BITS[start:stop]


@settings(deadline=None)
@given(run=_runs(ROWS))
def test_strata_of_any_run(run: tuple[int, int]) -> None:
    """The strata of any run of rows are the same cut of the strata of all rows."""
    start, stop = run

    assert STREAM.strata(start, stop, ROWS) == WHOLE_STRATA[start:stop]


def test_bits_of_a_far_row() -> None:
    """A row far behind is drawn without those before it."""
    far = 10**12

    assert len(STREAM.bits(far, far + 3)) == 3
    assert list(STREAM.bits(far, far + 3)) == list(STREAM.bits(far - 5, far + 5))[5:8]


@settings(deadline=None)
@given(rows=st.integers(0, 2 * BLOCK + 5))
def test_strata_are_midpoints(rows: int) -> None:
    """Each block, the short last one too, gets the midpoints of equal parts, each of them once."""
    drawn = STREAM.strata(0, rows, rows)

    for base in range(0, rows, BLOCK):
        block = drawn[base : base + BLOCK]
        assert sorted(block) == [
            (2 * rank + 1) * 2**WORD_BITS // (2 * len(block)) for rank in range(len(block))
        ]


def test_strata_are_shuffled() -> None:
    """The order of the midpoints is random, and differs from block to block."""
    first, second, third = (
        WHOLE_STRATA[base : base + BLOCK] for base in range(0, 3 * BLOCK, BLOCK)
    )

    assert first != sorted(first)
    assert first != second
    assert second != third


@settings(deadline=None)
@given(run=_runs(ROWS))
def test_strata_by_a_key(run: tuple[int, int]) -> None:
    """In each block the midpoints rise with a key, and any run is a cut of the whole here too."""
    start, stop = run

    def key(row: int, bits: int) -> int:
        return (row % 2 << WORD_BITS) + bits

    drawn = STREAM.strata(0, ROWS, ROWS, key)

    assert STREAM.strata(start, stop, ROWS, key) == drawn[start:stop]
    for base in range(0, ROWS, BLOCK):
        rows = range(base, min(base + BLOCK, ROWS))
        order = sorted(rows, key=drawn.__getitem__)
        assert order == sorted(rows, key=lambda row: key(row, WHOLE_BITS[row]))


def test_strata_cover_every_share() -> None:
    """Whatever has a share of 1/m of the range is drawn in a block of m rows."""
    shares = [bits * BLOCK >> WORD_BITS for bits in WHOLE_STRATA[:BLOCK]]

    assert sorted(shares) == list(range(BLOCK))


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        (0, []),
        (1, [2**31]),
        (2, [2**30, 3 * 2**30]),
        (3, [2**32 // 6, 2**31, 5 * 2**32 // 6]),
    ],
)
def test_midpoints(parts: int, expected: list[int]) -> None:
    """The range is cut into equal parts, and the middle of each is there, in rising order."""
    assert list(midpoints(parts)) == expected


@settings(deadline=None, max_examples=60)
@given(size=st.integers(1, 5_000))
def test_shuffled_is_a_permutation(size: int) -> None:
    """Every number in range(size) stands at exactly one position."""
    assert sorted(STREAM.shuffled(0, size, size)) == list(range(size))


@settings(deadline=None, max_examples=60)
@given(data=st.data(), size=st.integers(1, 5_000))
def test_shuffled_in_any_run(data: st.DataObject, size: int) -> None:
    """Any run of positions is the same cut of the whole permutation."""
    start, stop = data.draw(_runs(size))

    assert STREAM.shuffled(start, stop, size) == STREAM.shuffled(0, size, size)[start:stop]


@pytest.mark.parametrize("size", [10**6, 10**9 + 7, 2**40 - 1, 10**15])
def test_shuffled_in_a_large_range(size: int) -> None:
    """A large range needs no more than the positions asked for, and gives different numbers."""
    drawn = STREAM.shuffled(0, 5_000, size)

    assert len(set(drawn)) == 5_000
    assert 0 <= min(drawn) < size // 100
    assert size - size // 100 <= max(drawn) < size


def test_shuffled_is_no_order() -> None:
    """Neighbours in a permutation are not neighbours in the range."""
    drawn = STREAM.shuffled(0, 1_000, 1_000)
    near = sum(abs(one - next_one) <= 10 for one, next_one in pairwise(drawn))

    assert near < 60


def test_no_rows() -> None:
    """An empty run has no bits, no strata and no positions."""
    assert list(STREAM.bits(7, 7)) == []
    assert STREAM.strata(0, 0, 0) == []
    assert STREAM.shuffled(0, 0, 0) == []
    assert STREAM.shuffled(5, 5, 9) == []


@pytest.mark.parametrize("other", OTHERS)
def test_other_names_other_bits(other: Stream) -> None:
    """Another seed, table or column gives other bits, other strata and another permutation."""
    assert other.bits(0, 100) != STREAM.bits(0, 100)
    assert other.strata(0, 100, 100) != STREAM.strata(0, 100, 100)
    assert other.shuffled(0, 100, 100) != STREAM.shuffled(0, 100, 100)


def test_equal_names_equal_bits() -> None:
    """Streams of the same names are equal, and give the same."""
    again = Stream(42, "invoices", "date")

    assert again == STREAM
    assert again.bits(5, 500) == STREAM.bits(5, 500)
    assert again.shuffled(5, 500, 999) == STREAM.shuffled(5, 500, 999)


@pytest.mark.parametrize("block", [0, 1, 7])
def test_bits_by_hand(block: int) -> None:
    """The bits of a block are SHAKE-128 of its name, in little-endian words of four bytes."""
    by_hand = _words_by_hand(f"42\0invoices\0date\0{block}", BLOCK, 4)

    assert list(STREAM.bits(block * BLOCK, (block + 1) * BLOCK)) == by_hand


def test_known_answers() -> None:
    """The first numbers of a stream are these, in this release and in any other."""
    assert list(STREAM.bits(0, 4)) == KNOWN_BITS
    assert list(STREAM.bits(1_023, 1_025)) == KNOWN_BITS_AT_A_SEAM
    assert STREAM.strata(0, 4, 4) == KNOWN_STRATA
    assert STREAM.shuffled(0, 6, 100) == KNOWN_POSITIONS


def test_names_beyond_ascii() -> None:
    """A name beyond ASCII counts by its UTF-8 bytes."""
    by_hand = _words_by_hand("1\0größe\0値\x000", 3, 4)

    assert list(Stream(1, "größe", "値").bits(0, 3)) == by_hand


def test_permutation_by_hand() -> None:
    """A permutation is mixed from six little-endian words of eight bytes."""
    keys = _words_by_hand("42\0invoices\0date\0permutation", 6, 8)

    assert STREAM.shuffled(0, 1_000, 1_000) == _permutation_by_hand(keys, 1_000, 10)


@pytest.mark.skipif(sys.byteorder == "big", reason="sees the swap where words are little-endian")
def test_big_endian(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the machine is big-endian, the bytes of each word are swapped after they are read."""
    bits = _words_by_hand("42\0invoices\0date\x000", BLOCK, 4, "big")
    keys = _words_by_hand("42\0invoices\0date\0permutation", 6, 8, "big")
    here = array("I", STREAM.bits(0, BLOCK))
    here.byteswap()

    monkeypatch.setattr(streams, "sys", SimpleNamespace(byteorder="big"))

    assert STREAM.bits(0, BLOCK) == here == array("I", bits)
    assert STREAM.shuffled(0, 1_000, 1_000) == _permutation_by_hand(keys, 1_000, 10)


def test_global_random_state() -> None:
    """The global random state is neither read nor changed."""
    random.seed(1)
    state = random.getstate()
    first = list(STREAM.bits(0, 10)), STREAM.strata(0, 10, 10), STREAM.shuffled(0, 10, 10)
    assert random.getstate() == state

    random.seed(2)
    second = list(STREAM.bits(0, 10)), STREAM.strata(0, 10, 10), STREAM.shuffled(0, 10, 10)

    assert second == first


@pytest.mark.parametrize("hash_seed", ["0", "1"])
def test_hash_seed(hash_seed: str) -> None:
    """The order of sets and the hash of texts have no part in a stream."""
    code = (
        "from pytest_demodata.streams import Stream\n"
        "stream = Stream(42, 'invoices', 'date')\n"
        "print(list(stream.bits(1000, 1050)), stream.strata(1000, 1050, 1050),"
        " stream.shuffled(0, 50, 999))"
    )
    ran = subprocess.run(
        [sys.executable, "-P", "-c", code],
        env={**os.environ, "PYTHONHASHSEED": hash_seed},
        capture_output=True,
        text=True,
        check=True,
    )

    assert ran.stdout == (
        f"{list(STREAM.bits(1000, 1050))} {STREAM.strata(1000, 1050, 1050)} "
        f"{STREAM.shuffled(0, 50, 999)}\n"
    )


def _chi_square(numbers: list[int], cells: int) -> float:
    expected = len(numbers) / cells
    counts = Counter(numbers)
    return sum((counts[cell] - expected) ** 2 / expected for cell in range(cells))


@pytest.mark.parametrize("shift", [0, 8, 16, 24])
def test_uniform(shift: int) -> None:
    """Each byte of the bits has its 256 values equally often, as far as chance allows."""
    bits = STREAM.bits(0, 65_536)
    chi_square = _chi_square([each >> shift & 255 for each in bits], 256)

    # 255 degrees of freedom: 99.99 % of fair draws are within these bounds.
    assert 180 < chi_square < 350


def test_columns_are_independent() -> None:
    """The draws of two columns of a row have nothing to do with each other."""
    one = Stream(42, "invoices", "one").bits(0, 65_536)
    other = Stream(42, "invoices", "other").bits(0, 65_536)
    cells = [(first >> 28) << 4 | second >> 28 for first, second in zip(one, other, strict=True)]

    assert 180 < _chi_square(cells, 256) < 350


def test_blocks_are_independent() -> None:
    """The same row of two blocks has nothing to do with each other, in strata too."""
    drawn = STREAM.strata(0, 64 * BLOCK, 64 * BLOCK)
    pairs = zip(drawn, drawn[BLOCK:], strict=False)
    cells = [(first >> 28) << 4 | second >> 28 for first, second in pairs]

    assert 150 < _chi_square(cells, 256) < 350

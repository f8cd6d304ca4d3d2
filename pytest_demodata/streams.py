"""Random bits that are a pure function of seed, table, column and block of rows.

The bits of a block are SHAKE-128 (FIPS 202) of its name, so that they are the same on every
Python, platform and machine, in any order, and cost about 10 ns a row. The global random state is
neither read nor changed.
"""

from __future__ import annotations

import sys
from array import array
from dataclasses import dataclass
from functools import lru_cache
from hashlib import shake_128
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

BLOCK: Final = 1024
"""Rows per block: the unit in which bits are made and exact shares hold."""

WORD_BITS: Final = 32
"""Bits per row: a draw is an integer in range(2**32), read as a fraction of 2**32."""

_MIX_ROUNDS: Final = 3


@dataclass(frozen=True, slots=True)
class Stream:
    """The random bits of one column of one table under one seed."""

    seed: int
    table: str
    column: str

    def bits(self, start: int, stop: int) -> Sequence[int]:
        """Draw one integer in range(2**32) for each row of range(start, stop)."""
        drawn = array("I")
        for block, first, last in _pieces(start, stop):
            drawn += self._block(block)[first:last]
        return drawn

    def strata(
        self,
        start: int,
        stop: int,
        total: int,
        sort_key: Callable[[int, int], int] | None = None,
    ) -> list[int]:
        """Draw as `bits` does, but in exact shares within each block of a table of `total` rows.

        The m rows of a block get the midpoints of m equal parts of range(2**32), in random order:
        whatever has a share of at least 1/m of the range is drawn in every block.

        Args:
            start: The number of the first row.
            stop: The number behind that of the last row.
            total: The rows of the whole table.
            sort_key: Takes a row's number and bits, and returns what the order is by; the bits
                alone, if not given.
        """
        drawn: list[int] = []
        for block, first, last in _pieces(start, stop):
            base = block * BLOCK
            keys = self._block(block)[: min(BLOCK, total - base)].tolist()
            if sort_key is not None:
                keys = [sort_key(row, bits) for row, bits in enumerate(keys, base)]
            drawn += _midpoints_by(keys)[first:last]
        return drawn

    def shuffled(self, start: int, stop: int, size: int) -> list[int]:
        """Return the numbers at positions range(start, stop) of a permutation of range(size).

        Needs nothing but its arguments for any run of positions; `size` is at least `stop`.
        The permutation mixes the bits of the position, and walks on from a result outside the range
        until it is inside (cycle walking; Black and Rogaway, 2002).
        """
        width = max(2, (size - 1).bit_length())
        shift, mask = (width + 1) // 2, (1 << width) - 1
        keys = self._words("Q", "permutation", 2 * _MIX_ROUNDS)
        rounds = [
            (keys[2 * turn] | 1, keys[2 * turn + 1] & mask, shift) for turn in range(_MIX_ROUNDS)
        ]
        mixed = _mix(range(start, stop), rounds, mask)
        outside = [position for position, number in enumerate(mixed) if number >= size]
        while outside:
            again = _mix([mixed[position] for position in outside], rounds, mask)
            for position, number in zip(outside, again, strict=True):
                mixed[position] = number
            outside = [position for position in outside if mixed[position] >= size]
        return mixed

    def _block(self, block: int) -> array[int]:
        return self._words("I", str(block), BLOCK)

    def _words(self, typecode: str, part: str, count: int) -> array[int]:
        """Read the bytes that belong to a part of this stream as little-endian integers."""
        name = f"{self.seed}\0{self.table}\0{self.column}\0{part}"
        words = array(typecode)
        words.frombytes(shake_128(name.encode()).digest(count * words.itemsize))
        if sys.byteorder == "big":
            words.byteswap()
        return words


def _pieces(start: int, stop: int) -> Iterator[tuple[int, int, int]]:
    """Cut range(start, stop) at the blocks: (block, first row in it, row behind the last)."""
    for block in range(start // BLOCK, -(-stop // BLOCK)):
        base = block * BLOCK
        yield block, max(start - base, 0), min(stop - base, BLOCK)


@lru_cache(maxsize=16)
def midpoints(rows: int) -> tuple[int, ...]:
    """Cut range(2**32) into equal parts and return the middle of each, in rising order."""
    return tuple(((2 * rank + 1) << (WORD_BITS - 1)) // rows for rank in range(rows))


def _midpoints_by(keys: list[int]) -> list[int]:
    drawn = [0] * len(keys)
    order = sorted(range(len(keys)), key=keys.__getitem__)
    for row, middle in zip(order, midpoints(len(keys)), strict=True):
        drawn[row] = middle
    return drawn


def _mix(numbers: Sequence[int], rounds: list[tuple[int, int, int]], mask: int) -> list[int]:
    """Apply a bijection of range(mask + 1): odd multiples, sums and shifts all can be undone."""
    mixed = list(numbers)
    for factor, offset, shift in rounds:
        mixed = [(number * factor + offset) & mask for number in mixed]
        mixed = [number ^ (number >> shift) for number in mixed]
    return mixed

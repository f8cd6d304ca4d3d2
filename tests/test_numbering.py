"""Recipes that make values out of numbers of which none stands twice."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from inferred import AS_OF, table_of
from sqlalchemy import Column, Integer, String

from pytest_demodata import BlueprintError, VolumeError
from pytest_demodata.blueprint import Blueprint, Fill, Fixed
from pytest_demodata.engine import Plan
from pytest_demodata.recipes.dating import Around, Year
from pytest_demodata.recipes.drawing import Fractional, Pinned, Whole
from pytest_demodata.recipes.numbering import (
    LARGEST_CAPACITY,
    Each,
    Numbered,
    Permuted,
    RandomBits,
    count_of,
    filled_in,
    pattern,
)
from pytest_demodata.recipes.vocabulary import choice, constant, listed, sequence
from pytest_demodata.volumes import Volume
from pytest_demodata.words import words_of

if TYPE_CHECKING:
    from sqlalchemy.types import TypeEngine

    from pytest_demodata.recipes import Recipe
    from pytest_demodata.words import Words


def _drawn(
    recipe: Recipe, rows: int = 25, *, parts: int = 1, kind: type[TypeEngine[Any]] = String
) -> list[Any]:
    """Draw a recipe for all rows of a table, in so many parts."""
    table = table_of("things", Column("value", kind))
    fill = Fill(table, rows=Fixed(rows), columns={"value": recipe})
    blueprint = Blueprint(table.metadata, {"all": [fill]})
    words = words_of("en_US")
    plan = Plan(blueprint, Volume("tiny", {}, {}), seed=42, words=words, as_of=AS_OF)
    bounds = [rows * part // parts for part in range(parts + 1)]
    pieces = (plan.rows("things", start, stop).columns["value"] for start, stop in pairwise(bounds))
    return [value for piece in pieces for value in piece]


def _itself(_words: Words, number: int) -> int:
    return number


@given(st.text("ab#%?^", min_size=1, max_size=6), st.data())
def test_a_pattern_writes_each_number_in_its_own_way(text: str, data: st.DataObject) -> None:
    """As many texts as there are combinations of its signs."""
    count = count_of(text)
    numbers = data.draw(st.sets(st.integers(0, count - 1), max_size=20))
    assert len({filled_in(text, number) for number in numbers}) == len(numbers)
    assert filled_in(text, count) == filled_in(text, 0)


def test_a_pattern_has_something_to_fill_in() -> None:
    """A text without signs is told what stands for itself."""
    assert all(text.startswith("INV-") for text in _drawn(pattern("INV-####")))
    with pytest.raises(BlueprintError, match="'INV' has nothing to fill in") as caught:
        pattern("INV")
    assert "use constant(…)" in str(caught.value)


@pytest.mark.parametrize("capacity", [100, 1 << 40, LARGEST_CAPACITY << 10])
def test_numbers_are_drawn_from_the_whole_range(capacity: int) -> None:
    """However large it is; none twice, where they have to be unique."""
    most = min(capacity, LARGEST_CAPACITY)
    drawn = _drawn(Numbered(_itself, capacity), 2_000)
    assert min(drawn) < most // 20
    assert most * 19 // 20 < max(drawn) < most
    unique = _drawn(Numbered(_itself, capacity, unique=True), 100)
    assert len(set(unique)) == 100
    assert max(unique) < most


def test_natural_numbers_are_taken_as_long_as_they_last() -> None:
    """Then more are taken; of those that need not be unique, never."""
    assert max(_drawn(Numbered(_itself, 10_000, natural=50), 100)) < 50
    assert set(_drawn(Numbered(_itself, 10_000, unique=True, natural=50), 50)) == {*range(50)}
    assert max(_drawn(Numbered(_itself, 10_000, unique=True, natural=50), 51)) < 102
    words = len(words_of("en_US")["nouns"])
    by_words = Numbered(_itself, 1 << 20, natural=lambda words: len(words["nouns"]))
    assert max(_drawn(by_words, 5_000)) == words - 1


@given(st.integers(1, 60), st.integers(1, 5))
def test_any_rows_are_drawn_without_the_others(rows: int, parts: int) -> None:
    """In parts as in one piece."""
    for recipe in (
        Numbered(_itself, 1 << 40),
        Permuted(range(10, 500, 3)),
        Each(range(60)),
        RandomBits(),
        Fractional(Whole(range(100)), 4),
    ):
        assert _drawn(recipe, rows, parts=parts) == _drawn(recipe, rows)


def test_permuted_numbers_are_the_first_of_a_long_range() -> None:
    """Four times as many as rows, at least a thousand; of a short one, all."""
    assert max(_drawn(Permuted(range(1 << 40)), 1_000)) < 4_000
    assert max(_drawn(Permuted(range(1 << 40)), 10)) < 1_000
    assert sorted(_drawn(Permuted(range(50, 75)))) == [*range(50, 75)]
    assert sorted(_drawn(Each("abc"), 3)) == ["a", "b", "c"]


def test_random_bits_are_uuids_of_version_4() -> None:
    """No two of them have the same last 32 bits."""
    drawn = _drawn(RandomBits(), 2_000)
    assert {bits >> 76 & 0xF for bits in drawn} == {4}
    assert {bits >> 62 & 0b11 for bits in drawn} == {0b10}
    assert len({bits & 0xFFFF_FFFF for bits in drawn}) == 2_000


@pytest.mark.parametrize(
    ("recipe", "capacity"),
    [
        (Numbered(_itself, 24, unique=True), 24),
        (Permuted(range(3, 13)), 10),
        (Each("abc"), 3),
    ],
)
def test_too_few_values_are_told_before_any_row_is_made(recipe: Recipe, capacity: int) -> None:
    """With the column, what it can have, and what to do."""
    with pytest.raises(VolumeError) as caught:
        _drawn(recipe)
    assert str(caught.value) == (
        "Volume 'tiny' has 25 rows of 'things', and the unique column 'things.value' can have "
        f"{capacity} different values.\n"
        "Allowed: at most as many rows as values. Give the table fewer, "
        f"Fill('things', rows=Fixed({capacity})), or the column a recipe with more values, "
        "Fill('things', columns={'value': …})."
    )


def test_binary_fractions_are_whole_numbers_of_their_parts() -> None:
    """A quarter is the same in every database."""
    drawn = _drawn(Fractional(Whole(range(100)), 4), 200)
    assert all(isinstance(value, float) and value * 4 in range(100) for value in drawn)
    assert [*Fractional(Whole(range(100)), 4).parts()] == [Whole(range(100))]


def test_years_hang_on_the_reference_date() -> None:
    """The last one is its own."""
    assert {*_drawn(Year(-2, 0), 100)} == {2023, 2024, 2025}


def test_days_are_brought_within_limits() -> None:
    """Those that are outside; no farther from the end than two years."""
    today = AS_OF.toordinal()
    early, late = range(today - 9_000, today - 8_000), range(today + 5, today + 9_000)
    assert all(
        today - 8_000 - 10 <= day < today - 8_000 for day in _drawn(Around(-9, 0, limits=early))
    )
    assert all(today + 5 <= day < today + 15 for day in _drawn(Around(-9, 0, limits=late)))
    assert {*_drawn(Around(-9, 0, limits=range(today - 3, today + 1)), 99)} == {
        *range(today - 3, today + 1)
    }


def test_what_a_user_gives_is_drawn_as_it_is_counted() -> None:
    """Values that are written down, one or several, at random or one after the other."""
    assert {*_drawn(constant("a"))} == {"a"}
    assert {*_drawn(choice("a", "b"))} == {"a", "b"}
    assert _drawn(listed("a", "b"), 3) == ["a", "b", "a"]
    assert _drawn(sequence(5, 2), 3, kind=Integer) == [5, 7, 9]
    assert _drawn(Pinned(choice("a", "b"), {0: "c"}), 3)[0] == "c"
    with pytest.raises(BlueprintError, match="A list of values is empty"):
        listed()

"""Texts of inferred columns: which names get which, that they fit, and that they stay apart."""

from __future__ import annotations

import json
import re
import unicodedata
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st
from inferred import plan_of, rows_of, table_of, values_of
from sqlalchemy import Boolean, CheckConstraint, Column, String, Text

from pytest_demodata import VolumeError
from pytest_demodata.inference import makers
from pytest_demodata.inference.groups import _LISTS
from pytest_demodata.inference.makers import Maker, Short, folded
from pytest_demodata.inference.texts import _MAKERS, _NAMED
from pytest_demodata.recipes.numbering import LARGEST_CAPACITY, capacity_of
from pytest_demodata.words import words_of

LOCALES: Final = ("en_US", "de_DE", "ja_JP", "fr_FR")
EMAIL: Final = r"[a-z]+\.[a-z]+\d*@example\.(com|org|net)"


def _texts(name: str, length: int | None = 100, **how: Any) -> list[str]:
    kind = Text() if length is None else String(length)
    return list(values_of(kind, name, **how))


@pytest.mark.parametrize(
    ("name", "length", "expression"),
    [
        ("order_number", 20, r"ORD-\d{6}"),
        ("invoice_no", 20, r"INV-\d{6}"),
        ("number", 20, r"THI-\d{6}"),
        ("sku", 20, r"SKU-\d{6}"),
        ("id_code", 6, r"[A-Z]{3}\d{3}"),
        ("external_id", 36, r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}"),
        ("tracking_number", 20, r"1Z\d{10}"),
        ("gender", 10, "female|male|other"),
        ("gender", 1, "[FMO]"),
        ("sex", 3, "fem|mal|oth"),
        ("ssn", 11, r"9\d{2}-\d{2}-\d{4}"),
        ("tax_id", 8, r"\d{8}"),
        ("swift_code", 11, r"[A-Z]{4}US[A-Z]{2}"),
        ("bic", 11, r"[A-Z]{4}US[A-Z]{2}"),
        ("iban", 34, r"DE\d{20}"),
        ("account_number", 20, r"[1-9]\d{9}"),
        ("license_plate", 10, r"[A-Z]{3}-\d{4}"),
        ("isbn", 13, r"978\d{10}"),
        ("isbn10", 10, r"\d{10}"),
        ("ean", 13, r"200\d{10}"),
        ("card_number", 19, r"400000\d{10}"),
        ("cvv", 3, r"\d{3}"),
        ("email", 100, EMAIL),
        ("email", 20, r"x[0-9a-z]{7}@a\.example|" + EMAIL),
        ("work_email", 100, EMAIL),
        ("username", 50, r"[a-z]+\.[a-z]+"),
        ("phone", 20, r"\(\d{3}\) 555-01\d{2}"),
        ("phone", 10, r"\d{10}"),
        ("zip", 10, r"\d{5}"),
        ("billing_state", 2, r"[A-Z]{2}"),
        ("state", 2, r"[A-Z]{2}"),
        ("state", 20, "active|pending|done|open|closed|new"),
        ("order_status", 20, "active|pending|done|open|closed|new"),
        ("country", 2, r"[A-Z]{2}"),
        ("country", 3, r"[A-Z]{3}"),
        ("country_code", 3, r"[A-Z]{3}"),
        ("country_code", 2, r"[A-Z]{2}"),
        ("currency", 3, r"[A-Z]{3}"),
        ("language", 2, r"[a-z]{2}"),
        ("color", 20, r"[A-Z].*"),
        ("hex_color", 7, r"#[0-9a-f]{6}"),
        ("ip_address", 45, r"\d+\.\d+\.\d+\.\d+"),
        ("subnet", 20, r"10\.\d+\.\d+\.0/24"),
        ("mac_address", 17, r"02(:[0-9a-f]{2}){5}"),
        ("website", 100, r"https://example\.com/[a-z]+-[a-z]+"),
        ("hostname", 100, r"[a-z]+-[a-z]+\.example\.com"),
        ("file_path", 100, r"/[a-z]+/[a-z]+\.txt"),
        ("avatar", 100, r"[a-z]+-[a-z]+\.(png|jpg)"),
        ("attachment", 100, r"[a-z]+-[a-z]+\.(pdf|txt|csv|png|jpg)"),
        ("firmware_version", 20, r"\d+\.\d\.\d+"),
        ("apartment", 20, r"(Apt|Unit|Suite|Ste|#|Floor|Fl|Room|Bldg).*\d.*|.*"),
        ("password_hash", 64, r"[0-9a-f]{40}"),
        ("token", 8, r"[0-9a-f]{8}"),
        ("slug", 100, r"[a-z]+-[a-z]+"),
        ("initials", 1, r"[A-Z]"),
        ("order_status", None, "active|pending|done|open|closed|new"),
        ("symbol", 9, r"[A-Z]{3}\d{6}"),
        ("vendor_label_name", 100, r"[A-Z].*"),
        ("region_name", 100, r"[A-Z]{2}"),
        ("warehouse_city_name", 100, r"[A-Z].*"),
        ("host_country", 100, r"[A-Z].*"),
        ("supplier_company_name", 100, r"[A-Z].*"),
        ("insurer_name", 100, r"[A-Z].*"),
        ("carriers_name", 100, r"[A-Z].*"),
        ("blood_type", 3, r"(O|A|B|AB)[+-]"),
        ("priority", 20, "low|medium|high"),
        ("notes", None, r"[A-Z].*\."),
        ("anything", None, r"[A-Z].*\."),
        ("anything", 40, r"[a-z]+"),
        ("title", 100, r"[A-Z].*"),
        ("product_name", 100, r"[A-Z][a-z]+ [a-z]+"),
        ("author", 100, r"[A-Z][a-z]+ [A-Z]\w+"),
        ("composer", 100, r"[A-Z][a-z]+ [A-Z]\w+"),
        ("vendor_name", 100, r"[A-Z].*"),
    ],
)
def test_a_name_says_what_a_text_is(name: str, length: int | None, expression: str) -> None:
    """A column of a usual name has texts of the usual form."""
    texts = _texts(name, length)
    assert len(texts) == 25
    assert not [text for text in texts if not re.fullmatch(expression, text)]


def test_json_as_text_can_be_read() -> None:
    """It is JSON, also where there is little room."""
    assert all("name" in json.loads(text) for text in _texts("json_data", None))
    assert all(json.loads(text) for text in _texts("json_data", 20))


@pytest.mark.parametrize(
    ("table", "column", "length", "list_of", "part"),
    [
        ("employees", "title", 50, "jobs", None),
        ("departments", "name", 50, "departments", None),
        ("cities", "name", 50, "places", 0),
        ("states", "name", 50, "places", 1),
        ("companies", "name", 50, "companies", None),
        ("languages", "name", 50, "languages", 1),
        ("currencies", "code", 3, "currencies", 0),
        ("languages", "code", 2, "languages", 0),
        ("countries", "iso_code", 2, "countries", 1),
        ("stops", "city", 20, "places", 0),
        ("stores", "state", 30, "places", 1),
        ("projects", "name", 80, "titles", None),
        ("customers", "company", 80, "companies", None),
    ],
)
def test_a_table_says_what_its_names_are(
    table: str, column: str, length: int, list_of: str, part: int | None
) -> None:
    """`name`, `title` and `code` are those of what the table is about."""
    words = words_of("en_US")[list_of]
    known = {str(word if part is None else word[part]) for word in words}
    assert set(_texts(column, length, table=table)) <= known


def test_the_name_of_people_is_a_persons() -> None:
    """Also where nothing else is known of them."""
    assert all(" " in text for text in _texts("name", 60, table="customers"))


def test_a_short_title_of_people_is_how_they_are_addressed() -> None:
    """In a table of people, what has room for a job is one, and what has not is a salutation."""
    assert set(_texts("title_of_courtesy", 10, table="employees")) <= {"Ms", "Mr", "Dr"}
    assert all(len(text) <= 5 for text in _texts("title", 5, table="employees"))


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("length", [None, 8, 13, 30])
def test_unique_texts_of_all_kinds_are_made_in_every_locale(
    locale: str, length: int | None
) -> None:
    """No maker runs out of words, is longer than the column, or repeats itself."""
    for maker in ALL_MAKERS:
        words = words_of(locale)
        made = maker.within(length, unique=True)
        numbers = range(min(500, capacity_of(made.capacity, words)))
        texts = [made.function(words, number) for number in numbers]
        assert len({folded(text) for text in texts}) == len(texts), maker
        assert all(text and (length is None or len(text) <= max(length, 8)) for text in texts)


ALL_MAKERS: Final = [
    *(maker for _, maker in _MAKERS),
    *_NAMED.values(),
    *(maker for group in _LISTS.values() for part, maker in group.items() if part != "symbol"),
    *(each for each in vars(makers).values() if isinstance(each, Maker)),
]
UNIQUE: Final = [each for each in ALL_MAKERS if each.can_be_unique(8)]


@given(
    st.sampled_from(UNIQUE),
    st.sampled_from([8, 9, 12, 17, 20, 40, None]),
    st.sampled_from(LOCALES[:3]),
    st.tuples(st.integers(0, LARGEST_CAPACITY), st.integers(0, LARGEST_CAPACITY)),
    st.booleans(),
)
def test_different_numbers_give_different_texts(
    maker: Maker,
    length: int | None,
    locale: str,
    numbers: tuple[int, int],
    near: bool,  # noqa: FBT001 - drawn
) -> None:
    """Whatever the length, and for databases that overlook case, accents and trailing spaces."""
    words = words_of(locale)
    made = maker.within(length, unique=True)
    capacity = min(capacity_of(made.capacity, words), LARGEST_CAPACITY)
    one = numbers[0] % capacity
    another = (one + 1 + numbers[1] % 50_000 if near else numbers[1]) % capacity
    texts = [made.function(words, number) for number in (one, another)]
    assert one == another or folded(texts[0]) != folded(texts[1])
    assert all(length is None or len(text) <= length for text in texts)
    assert all(text == text.strip() != "" for text in texts)


@given(st.sampled_from(ALL_MAKERS), st.integers(1, 60), st.integers(0, LARGEST_CAPACITY))
def test_no_text_is_longer_than_its_column(maker: Maker, length: int, number: int) -> None:
    """It is cut, or something shorter stands for it, and it is never empty."""
    words = words_of("en_US")
    made = maker.within(length, unique=False)
    text = made.function(words, number % capacity_of(made.capacity, words))
    assert 0 < len(text) <= length


@given(st.text(max_size=30))
def test_folding_overlooks_what_databases_overlook(text: str) -> None:
    """Case, accents and spaces at the end."""
    accented = unicodedata.normalize("NFD", text)
    assert folded(text) == folded(accented)
    assert folded(f"{text} ") == folded(text)
    assert folded("Straße Ångström") == folded("STRASSE angstrom") == folded("Strase Angstrom")
    assert folded("がっこう") == folded("カツコウ")


@given(st.integers(1, 30), st.lists(st.integers(0, 35), min_size=2, max_size=2, unique=True))
def test_short_texts_stay_apart(length: int, numbers: list[int]) -> None:
    """What stands for a text that is too long is different for each number it can write."""
    short = Short("x", "@a.example").within(length)
    texts = {short.text(number % short.capacity) for number in numbers}
    assert len(texts) == 2
    assert all(len(text) <= max(length, 2) and short.is_like(text) for text in texts)


def test_colours_go_on_where_the_listed_ones_end() -> None:
    """All 16,777,216 of them are different, the listed ones first."""
    words = words_of("en_US")
    codes = {makers.COLOR.function(words, number) for number in range(1 << 16)}
    assert len(codes) == 1 << 16
    listed = [each[1] for each in words["colors"]]
    inverse = pow(0x9E3779B1, -1, 1 << 24)
    taken = next(
        number
        for code in listed
        if (number := (int(code[1:], 16) - 1) * inverse % (1 << 24)) >= len(listed)
    )
    assert makers.COLOR.function(words, taken) not in listed


def test_a_network_that_has_no_more_addresses_gives_those_of_version_6() -> None:
    """762 addresses are of version 4; they are written as databases write them."""
    words = words_of("en_US")
    assert makers.IP.function(words, 761) == "203.0.113.254"
    assert makers.IP.function(words, 762) == "2001:db8::1:0"


def test_a_short_unique_column_says_how_many_rows_it_can_have() -> None:
    """Before any row is made."""
    table = table_of("things", Column("mark", String(1), unique=True))
    with pytest.raises(VolumeError) as caught:
        plan_of(table, volume="medium")
    assert str(caught.value) == (
        "Volume 'medium' has 100 rows of 'things', and the unique column 'things.mark' can have 26 "
        "different values.\n"
        "Allowed: at most as many rows as values. Give the table fewer, "
        "Fill('things', rows=Fixed(26)), or the column a recipe with more values, "
        "Fill('things', columns={'mark': …})."
    )


@pytest.mark.parametrize("name", ["room_number", "dosage", "initials", "cvv"])
def test_a_small_pattern_is_not_for_unique_columns(name: str) -> None:
    """They have codes, of which there are enough."""
    assert len({*_texts(name, 40, unique=True, volume="large")}) == 1_000


def test_unique_codes_of_countries_are_real_ones_and_then_others() -> None:
    """A table of 100 countries has real codes; 676 codes of two letters are all there are."""
    table = table_of("countries", Column("code", String(2), unique=True, nullable=False))
    known = {entry[1] for entry in words_of("en_US")["countries"]}
    assert len(set(rows_of(table, volume="medium")["code"]) & known) > 40
    with pytest.raises(VolumeError, match=r"'countries.code' can have 676 different values"):
        plan_of(table, volume="large")
    assert len({*_texts("code", 10, table="countries", unique=True, volume="large")}) == 1_000


# People


def test_the_columns_of_a_person_agree() -> None:
    """Name, addresses and login are those of one person; two addresses are in two domains."""
    table = table_of(
        "employees",
        *(
            Column(name, String(60), nullable=False)
            for name in (
                "first_name",
                "last_name",
                "full_name",
                "email",
                "work_email",
                "user_name",
            )
        ),
    )
    rows = rows_of(table)
    for first, last, full, email, work, login in zip(*list(rows.values())[1:], strict=True):
        assert full == f"{first} {last}"
        assert login == f"{first}.{last}".lower()
        assert email.startswith(f"{login}@")
        assert work.startswith(f"{login}@")
        assert work != email


def test_people_of_different_roles_are_different_ones() -> None:
    """`contact_…` is one person, `billing_…` another."""
    names = ("contact_first_name", "contact_email", "billing_first_name", "billing_email")
    table = table_of("orders", *(Column(name, String(60), nullable=False) for name in names))
    _, first, email, other, other_email = rows_of(table).values()
    for one, address in (*zip(first, email, strict=True), *zip(other, other_email, strict=True)):
        assert address.startswith(f"{one.lower()}.")
    assert list(first) != list(other)


def test_an_author_and_their_address_agree() -> None:
    """Also where the person is named by nothing but what they are."""
    table = table_of(
        "posts",
        Column("author", String(60), nullable=False),
        Column("author_email", String(60), nullable=False),
        Column("user_agent", String(60), nullable=False),
    )
    rows = rows_of(table)
    for name, email in zip(rows["author"], rows["author_email"], strict=True):
        assert email.startswith(f"{name.lower().replace(' ', '.')}@")
    assert not set(rows["author"]) & set(rows["user_agent"])


def test_the_name_of_a_user_goes_with_the_address() -> None:
    """In a table of people or their accounts `name` is a person's; in others it is not."""
    columns = [("name", "email"), ("name", "owner_email")]
    for table_name, (name, email) in zip(("profiles", "projects"), columns, strict=True):
        table = table_of(
            table_name,
            Column(name, String(60), nullable=False),
            Column(email, String(60), nullable=False),
        )
        _, names, emails = rows_of(table).values()
        agree = [
            address.startswith(f"{each.lower().replace(' ', '.')}@")
            for each, address in zip(names, emails, strict=True)
        ]
        assert all(agree) is (table_name == "profiles")


def test_a_unique_address_makes_the_person_unique() -> None:
    """By construction, at any volume; a part that is unique by itself goes its own way."""
    table = table_of(
        "users",
        Column("email", String(20), unique=True, nullable=False),
        Column("username", String(6), unique=True, nullable=False),
        Column("first_name", String(40), nullable=False),
        Column("last_name", String(40), unique=True, nullable=False),
    )
    rows = rows_of(table, volume="large")
    for name in ("email", "username", "last_name"):
        assert len({folded(text) for text in rows[name]}) == 1_000
    assert max(map(len, rows["email"])) <= 20


def test_columns_that_constraints_say_more_of_are_not_of_the_person() -> None:
    """A CHECK that a column's own recipe heeds is heeded; one of '%@%' holds anyway."""
    table = table_of(
        "users",
        Column("first_name", String(40), nullable=False),
        Column("last_name", String(40), nullable=False),
        Column("email", String(40), nullable=False),
        CheckConstraint("length(first_name) >= 12"),
        CheckConstraint("email LIKE '%@%'"),
        CheckConstraint("length(email) <= 30"),
    )
    rows = rows_of(table)
    assert all(len(text) >= 12 for text in rows["first_name"])
    assert all("@" in text and len(text) <= 30 for text in rows["email"])


# Places


def test_the_parts_of_a_place_agree() -> None:
    """City, state, postal code and country are those of a real place, for each role."""
    names = [
        f"{role}{part}"
        for role in ("", "billing_", "home_address_")
        for part in ("street", "city", "state", "zip", "country", "country_code")
    ]
    table = table_of("customers", *(Column(name, String(60), nullable=False) for name in names))
    rows = rows_of(table)
    known = {(place[0], place[1]): place for place in words_of("en_US")["places"]}
    for role in ("", "billing_", "home_address_"):
        parts = [rows[f"{role}{part}"] for part in ("city", "state", "zip", "country")]
        for city, state, code, country in zip(*parts, strict=True):
            *_, first, last, _ = known[city, state]
            assert first <= int(code) <= last
            assert country == "United States"
        assert set(rows[f"{role}country_code"]) == {"US"}
    assert list(rows["city"]) != list(rows["billing_city"])


@pytest.mark.parametrize(
    ("locale", "code", "long_code"),
    [
        ("de_DE", "DE", "DEU"),
        ("ja_JP", "JP", "JPN"),
        ("fr_FR", "FR", "FRA"),
        ("en_GB", "GB", "GBR"),
    ],
)
def test_a_country_is_the_one_of_its_places(locale: str, code: str, long_code: str) -> None:
    """Also by its code, of two letters or of three, whatever language it is named in."""
    table = table_of(
        "stores",
        Column("city", String(60), nullable=False),
        Column("region", String(60), nullable=False),
        Column("postal_code", String(20), nullable=False),
        Column("country", String(2), nullable=False),
        Column("country_code", String(3), nullable=False),
        Column("country_iso2", Text, nullable=False),
        Column("phone", String(30), nullable=False),
    )
    rows = rows_of(table, locale=locale)
    assert set(rows["country"]) == set(rows["country_iso2"]) == {code}
    assert set(rows["country_code"]) == {long_code}
    assert all(rows["region"])
    assert all(rows["phone"])


def test_a_region_beside_a_state_is_a_larger_one() -> None:
    """A state lies in a region."""
    table = table_of(
        "stores",
        Column("state", String(2), nullable=False),
        Column("region", String(20), nullable=False),
        Column("city", String(60), unique=True, nullable=False),
    )
    rows = rows_of(table)
    known = {(place[1], place[2]) for place in words_of("en_US")["places"]}
    assert set(zip(rows["state"], rows["region"], strict=True)) <= known
    assert len(set(rows["city"])) == 25


def test_a_state_beside_a_street_is_one_of_the_country() -> None:
    """Even where there is nothing else of an address."""
    table = table_of(
        "stops",
        Column("street", String(60), nullable=False),
        Column("state", String(20), nullable=False),
    )
    assert all(len(text) == 2 for text in rows_of(table)["state"])


def test_postal_codes_are_real_ones() -> None:
    """Those that need not be unique; of unique ones, as many as there are."""
    known = {
        f"{code:05d}"
        for place in words_of("en_US")["places"]
        for code in range(place[5], place[6] + 1)
    }
    assert set(_texts("postal_code", 10)) <= known
    assert set(_texts("postal_code", 10, unique=True, volume="large")) <= known


def test_the_names_and_codes_of_countries_agree() -> None:
    """In a table of countries, and where country and code stand without a city."""
    entries = {tuple(entry) for entry in words_of("en_US")["countries"]}
    table = table_of(
        "countries",
        Column("name", String(60), unique=True, nullable=False),
        Column("code", String(2), unique=True, nullable=False),
        Column("iso3", String(3), nullable=False),
        Column("symbol", String(3), nullable=False),
    )
    rows = rows_of(table)
    assert set(zip(rows["name"], rows["code"], rows["iso3"], strict=True)) <= entries
    table = table_of(
        "teams",
        Column("country", String(60), nullable=False),
        Column("country_code", String(3), nullable=False),
    )
    rows = rows_of(table)
    pairs = {(entry[0], entry[2]) for entry in entries}
    assert set(zip(rows["country"], rows["country_code"], strict=True)) <= pairs


def test_the_names_and_codes_of_currencies_agree() -> None:
    """With their symbols."""
    table = table_of(
        "currencies",
        Column("code", String(3), unique=True, nullable=False),
        Column("name", String(60), nullable=False),
        Column("symbol", String(5), nullable=False),
        Column("currency", String(3), nullable=False),
        Column("currency_symbol", String(3), nullable=False),
    )
    rows = rows_of(table)
    entries = {tuple(entry) for entry in words_of("en_US")["currencies"]}
    assert len(set(zip(rows["code"], rows["symbol"], rows["name"], strict=True)) & entries) > 5


# NULL


def test_what_a_thing_is_called_by_is_never_null() -> None:
    """A `name` or `title` is there in every row, though it may be NULL; others are not."""
    table = table_of(
        "genres", *(Column(name, String(60)) for name in ("name", "title", "first_name", "note"))
    )
    rows = rows_of(table, volume="medium")
    assert None not in [*rows["name"], *rows["title"]]
    assert None in rows["first_name"]
    assert None in rows["note"]


def test_each_column_of_a_person_is_null_by_itself() -> None:
    """A row without a first name has an address that carries it all the same."""
    table = table_of("people", Column("first_name", String(60)), Column("email", String(60)))
    rows = rows_of(table, volume="medium")
    firsts = [each is None for each in rows["first_name"]]
    assert 5 < sum(firsts) < 30
    assert firsts != [each is None for each in rows["email"]]


def test_truths_are_as_frequent_as_their_names_say() -> None:
    """Most are active, few are deleted, and a default is the rule."""
    often = {
        name: sum(values_of(Boolean(), name, volume="large", **how))
        for name, how in {
            "is_active": {},
            "is_deleted": {},
            "has_roof": {},
            "flag": {"default": False},
        }.items()
    }
    assert often["is_active"] > 850
    assert often["is_deleted"] < 150
    assert 400 < often["has_roof"] < 600
    assert often["flag"] < 200

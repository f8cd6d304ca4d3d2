"""What everything else stands on: the tiers of customers and the categories of products."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pytest_demodata.blueprint import Fill, Fixed
from pytest_demodata.invoicing.models import CustomerType, ProductCategory
from pytest_demodata.recipes import AsOf, Constant, Derived, Listed, Localized, Recipe
from pytest_demodata.values import DAY_SECONDS

if TYPE_CHECKING:
    from pytest_demodata.words import Words

OPENING: Final = 2_555
"""Days from the company's first day to the reference date."""

CATEGORIES: Final = ("Electronics", "Clothing", "Home & Garden", "Books", "Sports")


def opening(as_of: int) -> int:
    """Return nine in the morning of the company's first day."""
    return (as_of - OPENING) * DAY_SECONDS + 9 * 3_600


def _type_description(words: Words, key: int) -> str:
    return str(words["type_descriptions"][key - 1])


def _category_description(words: Words, key: int) -> str:
    return str(words["category_descriptions"][key - 1])


_CREATED: Final[dict[str | tuple[str, ...], Recipe]] = {
    "active": Constant(value=True),
    "created_at": Derived(opening, "as_of"),
}

CUSTOMER_TYPES: Final = Fill(
    CustomerType,
    rows=Fixed(4),
    columns={
        "name": Listed(("Bronze", "Silver", "Gold", "Platinum")),
        "description": Localized(_type_description, ("id",)),
        "discount_percentage": Listed((0, 500, 1000, 1500)),
        "priority_level": Listed((1, 2, 3, 4)),
        **_CREATED,
    },
    virtual={"share": Listed((60, 25, 11, 4)), "as_of": AsOf()},
)

PRODUCT_CATEGORIES: Final = Fill(
    ProductCategory,
    rows=Fixed(len(CATEGORIES)),
    columns={
        "name": Listed(CATEGORIES),
        "description": Localized(_category_description, ("id",)),
        "sort_order": Listed((1, 2, 3, 4, 5)),
        **_CREATED,
    },
    virtual={"share": Listed((24, 22, 20, 18, 16)), "as_of": AsOf()},
)

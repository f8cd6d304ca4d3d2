"""The vocabulary of blueprints: recipes, each a value that says how a column is filled."""

from pytest_demodata.recipes.dating import Rising
from pytest_demodata.recipes.deriving import (
    Derived,
    DerivedColumn,
    Localized,
    Position,
    SumOf,
    Taken,
)
from pytest_demodata.recipes.drawing import (
    AsOf,
    Choice,
    Constant,
    Distinct,
    Fraction,
    Listed,
    Pinned,
    Serial,
    Sometimes,
    Standing,
    Whole,
    Word,
    popularity,
)
from pytest_demodata.recipes.recipe import ColumnName, Recipe, Run
from pytest_demodata.recipes.referring import Reference

__all__ = [
    "AsOf",
    "Choice",
    "ColumnName",
    "Constant",
    "Derived",
    "DerivedColumn",
    "Distinct",
    "Fraction",
    "Listed",
    "Localized",
    "Pinned",
    "Position",
    "Recipe",
    "Reference",
    "Rising",
    "Run",
    "Serial",
    "Sometimes",
    "Standing",
    "SumOf",
    "Taken",
    "Whole",
    "Word",
    "popularity",
]

"""What a dataset is a function of, where nobody says otherwise."""

from __future__ import annotations

from datetime import date
from typing import Final

DEFAULT_VOLUME: Final = "medium"

VOLUME_NAMES: Final = ("small", "medium", "large", "huge")

DEFAULT_SEED: Final = 42

DEFAULT_LOCALE: Final = "en_US"

DEFAULT_AS_OF: Final = date(2025, 12, 31)
"""The reference date; the two calendar years up to it are full of invoices."""

EARLIEST_AS_OF: Final = date(1010, 1, 1)
LATEST_AS_OF: Final = date(9990, 12, 31)
"""Between these, every date of a dataset is one that every database and Python has."""

LARGEST_KEY: Final = 2**31 - 1
"""The largest key that an INTEGER column holds on every database."""

DEFAULT_URL: Final = "sqlite://"
"""A database in memory."""

PACKAGED_LOCALES: Final = ("de_DE", "en_US", "ja_JP")
"""The locales whose words are kept in the package."""

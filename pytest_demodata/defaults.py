"""What a dataset is a function of, where nobody says otherwise."""

from __future__ import annotations

from datetime import date
from typing import Final

DEFAULT_VOLUME: Final = "medium"

DEFAULT_SEED: Final = 42

DEFAULT_LOCALE: Final = "en_US"

DEFAULT_AS_OF: Final = date(2025, 12, 31)
"""The reference date; the two calendar years up to it are full of invoices."""

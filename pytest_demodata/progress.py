"""How a long generation tells how far it is."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """Called after each chunk of rows has reached the database."""

    def __call__(self, stage: str, done: int, total: int, /) -> object:
        """Take the stage at work, the rows loaded so far, and the rows to load in all."""

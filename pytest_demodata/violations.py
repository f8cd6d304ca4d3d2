"""Rules of the dataset that a database breaks."""

from __future__ import annotations

from dataclasses import dataclass

from pytest_demodata.errors import DemodataError


@dataclass(frozen=True, slots=True)
class Violation:
    """A rule of the dataset that a table breaks.

    Attributes:
        rule: The rule's number in the project's `domain.md`.
        table: The table.
        sentence: What every row does, or what should be so.
        count: How many rows break it; 0 where it is about the table as a whole.
        keys: The primary keys of the first few.
    """

    rule: int
    table: str
    sentence: str
    count: int
    keys: tuple[object, ...]

    def __str__(self) -> str:
        if not self.count:
            return f"{self.table}, rule {self.rule}: {self.sentence}"
        more = self.count - len(self.keys)
        keys = ", ".join(map(str, self.keys)) + (f" … and {more:,} more" if more else "")
        return (
            f"{self.table}, rule {self.rule}: each {self.sentence}; {self.count:,} do not: {keys}"
        )


class ValidationError(DemodataError, AssertionError):
    """The database breaks rules of the dataset; `violations` holds them as data."""

    def __init__(self, message: str, violations: tuple[Violation, ...]) -> None:
        super().__init__(message)
        self.violations = violations

"""Holds a database to all seventeen rules of the dataset."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import func, select

from pytest_demodata.invoicing.row_rules import row_rules
from pytest_demodata.invoicing.table_rules import breaches
from pytest_demodata.violations import ValidationError, Violation

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from sqlalchemy import Connection

    from pytest_demodata.words import Words

_SHOWN: Final = 5


def violations(connection: Connection, *, as_of: date, words: Words) -> Iterator[Violation]:
    """Find the rules that do not hold.

    Args:
        connection: Where the dataset is.
        as_of: The reference date that it was generated with.
        words: The words that it was generated with.
    """
    for rule in row_rules(as_of):
        offenders = rule.offenders.subquery()
        (key,) = offenders.columns
        count = connection.scalar(select(func.count()).select_from(offenders))
        if count:
            keys = connection.scalars(select(key).order_by(key).limit(_SHOWN)).all()
            yield Violation(rule.number, rule.table, rule.sentence, count, tuple(keys))
    for breach in breaches(connection, words):
        keys = tuple(breach.rows[:_SHOWN])
        yield Violation(breach.number, breach.table, breach.sentence, len(breach.rows), keys)


def validate(connection: Connection, *, as_of: date, words: Words) -> None:
    """Raise if a rule does not hold; for the arguments see `violations`.

    Raises:
        ValidationError: It names each table and rule, and the first rows that break it.
    """
    found = sorted(
        violations(connection, as_of=as_of, words=words), key=lambda each: (each.rule, each.table)
    )
    if found:
        count = "1 rule is" if len(found) == 1 else f"{len(found)} rules are"
        lines = "\n".join(f"  {violation}" for violation in found)
        message = f"{count} broken in the invoicing dataset.\n{lines}"
        raise ValidationError(message, tuple(found))

"""What a report can be asked for, and what is said where it cannot."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

Shown = tuple[tuple[str, str], ...]
"""The parameters of a report as its reader sees them: label and value."""


class ParameterError(ValueError):
    """A parameter has a value that it cannot have.

    Args:
        parameter: The name of the parameter.
        value: What it was given.
        allowed: The values, or the kind of values, that it takes.
        meant: What the value is nearly, if there is such a thing.
    """

    def __init__(
        self, *, parameter: str, value: object, allowed: str, meant: str | None = None
    ) -> None:
        shown = repr(str(value)) if isinstance(value, str) else str(value)
        message = f"The parameter {parameter!r} cannot be {shown}.\nAllowed: {allowed}."
        if meant is not None:
            message += f"\nDid you mean {meant!r}?"
        super().__init__(message)


def chosen(parameter: str, value: str, allowed: Sequence[str]) -> str:
    """Return the one of the allowed values that is meant, whichever case it is written in.

    Where nothing at all is allowed, because the table that it stands in is empty, the value is
    returned as it is: it finds nothing, and an empty report is the right answer.

    Raises:
        ParameterError: It is none of them.
    """
    if not allowed:
        return value
    folded = {each.casefold(): each for each in allowed}
    found = folded.get(str(value).casefold())
    if found is None:
        raise ParameterError(
            parameter=parameter,
            value=value,
            allowed=", ".join(allowed),
            meant=nearest(str(value), allowed),
        )
    return found


def nearest(value: str, candidates: Sequence[str]) -> str | None:
    """Return the candidate that is spelled most like the value, if one is."""
    folded = {each.casefold(): each for each in candidates}
    close = get_close_matches(value.casefold(), folded, n=1)
    return folded[close[0]] if close else None

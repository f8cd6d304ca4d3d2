"""What a client asked for and cannot have."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pytest_demodata.invoicing import Base


class RefusedError(Exception):
    """A request that is understood and refused.

    Attributes:
        status: The status of HTTP that says so.
    """

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status


def missing(what: type[Base], key: int) -> RefusedError:
    """Return the refusal of something that there is not."""
    return RefusedError(404, f"There is no {what.__name__.lower()} {key}.")

"""Whose database the demo databases of our own tests stand in, and of the examples beside them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

# A session's demo databases hold the tables of one blueprint, and this example has one of its own:
# it runs in a session of its own, from tests/test_examples.py.
collect_ignore = ["examples/own_models"]


@pytest.fixture(scope="session")
def owner(request: pytest.FixtureRequest) -> Iterator[Any]:
    """Whose database it is, for tests that have its kind as a parameter; None for others."""
    kind = getattr(request, "param", None)
    if kind is None:
        yield None
        return
    with request.getfixturevalue("owners")(kind) as database:
        yield database


@pytest.fixture(scope="session")
def demodata_url(demodata_url: str, owner: Any) -> str:  # noqa: ANN401 - whoever it is
    """The database of the demo databases: the owner's, or that of the option."""
    return demodata_url if owner is None else str(owner.url)

"""Take the secrets of a run's URLs out of what pytest reports, wherever they come from.

What we say shows none. But a test that fails shows the values around it, and a driver's own
traceback shows what it was given: pytest is to report neither.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_demodata.urls import url_of

if TYPE_CHECKING:
    from pytest_demodata.urls import DatabaseUrl


class Masks:
    """The secrets that are known, and what hides them."""

    def __init__(self) -> None:
        self._urls: set[DatabaseUrl] = set()

    def learn(self, value: object) -> None:
        """Learn the secrets of a URL, if it is one."""
        url = url_of(value)
        if url is not None and url.secrets:
            self._urls.add(url)

    def hide(self, reported: Any) -> Any:  # noqa: ANN401 - what pytest's reports are made of
        """Return a text, or a sequence, without the secrets; take them out of a representation."""
        if not self._urls:
            return reported
        if isinstance(reported, str):
            for url in self._urls:
                reported = url.scrub(reported)
            return reported
        if type(reported) in {list, tuple}:
            return type(reported)(map(self.hide, reported))
        if hasattr(reported, "toterminal"):
            for name, value in vars(reported).items():
                setattr(reported, name, self.hide(value))
        return reported

    def hide_in(self, report: Any) -> None:  # noqa: ANN401 - of a test or of a collection
        """Take the secrets out of a report."""
        for name in ("longrepr", "sections", "user_properties"):
            if hasattr(report, name):
                setattr(report, name, self.hide(getattr(report, name)))

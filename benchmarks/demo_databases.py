"""Demo databases without pytest."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_demodata.defaults import DEFAULT_AS_OF, DEFAULT_LOCALE, DEFAULT_SEED
from pytest_demodata.demo_database import DemoDatabase
from pytest_demodata.invoicing.blueprint import INVOICING
from pytest_demodata.scopes import Scopes

from .timing import seconds_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_demodata.images import Images
    from pytest_demodata.progress import Progress


def demo_database(
    volume: str, *, url: str = "sqlite://", scopes: Scopes | None = None, images: Images | None
) -> DemoDatabase:
    """Make a demo database as the plugin does; it ends as a context manager does."""
    return DemoDatabase(
        volume,
        seed=DEFAULT_SEED,
        url=url,
        folder=Path.cwd(),
        locale=DEFAULT_LOCALE,
        as_of=DEFAULT_AS_OF,
        blueprint=INVOICING,
        scopes=scopes or Scopes(),
        progress=_in_silence,
        made=lambda *_: None,
        images=images,
    )


def seconds_to_make(volume: str, images: Images | None) -> float:
    """Time, in memory, until a test could begin."""
    made = []
    seconds = seconds_of(lambda: made.append(demo_database(volume, images=images)))
    made.pop().__exit__()
    return seconds


@contextmanager
def _in_silence(_volume: str) -> Iterator[Progress]:
    yield lambda *_: None

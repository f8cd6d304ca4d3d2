"""Images: databases in files, for later runs to start from. Each is there whole, or not at all."""

from __future__ import annotations

import hashlib
import os
import secrets
import sqlite3
from contextlib import closing, contextmanager, suppress
from time import monotonic, sleep, time
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

LIMIT: Final = 512 * 2**20
"""Bytes that all images together may take."""

_PATIENCE: Final = 60
_POLL: Final = 0.02
_ABANDONED: Final = 86_400
"""Seconds after which nobody is at work any more on a file that is not whole."""
_FRESH: Final = 60
"""Seconds in which whoever has made a lock's file may not have locked it yet."""


class Images:
    """The images in a folder, which any number of runs may share.

    A file is named after what it was made from, its key, and the SHA-256 of what it holds, so that
    it carries all that is needed to tell whether it is the right one, and undamaged.

    Args:
        folder: Where they are; it is made when the first one is kept.
        limit: Bytes that all of them together may take; those that were not used for longest go.
    """

    def __init__(self, folder: Path, *, limit: int = LIMIT) -> None:
        self._folder = folder
        self._limit = limit

    def find(self, key: str) -> Path | None:
        """Return the image of a key; one that is damaged is removed."""
        with suppress(OSError):  # somebody else has just removed it
            for path in self._folder.glob(f"{key}-*.sqlite"):
                if path.name == _name(key, path):
                    with suppress(OSError):  # a folder that is only to be read
                        os.utime(path)
                    return path
                _remove(path)
        return None

    @contextmanager
    def making(self, key: str) -> Iterator[None]:
        """Be the only one who makes the image of a key, as long as others take no longer.

        The lock is SQLite's on an empty file: every platform has it, and it is free as soon as the
        process that holds it is gone. Where there can be none, several make the same image.
        """
        path = self._folder / f"{key}.lock"
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            lock = sqlite3.connect(path, timeout=0, isolation_level=None)
        except (OSError, sqlite3.Error):
            yield
            return
        with closing(lock):
            self._wait_for(lock)
            try:
                yield
            finally:
                _remove(path)

    def keep(self, key: str, write: Callable[[Path], object]) -> None:
        """Have an image written, unless there is no room for it.

        Args:
            key: What it is made from.
            write: Writes it to a path where nothing is.
        """
        unfinished = self._folder / f"{key}-{secrets.token_hex(8)}.unfinished"
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            write(unfinished)
            unfinished.replace(self._folder / _name(key, unfinished))
            self._make_room()
        except (OSError, sqlite3.Error):
            return  # a full disk, or no folder: the next run generates again
        finally:
            _remove(unfinished)

    def _make_room(self) -> None:
        """Remove what is beyond the limit, last what was used last, and what nobody finished."""
        images = {path: path.stat() for path in self._folder.glob("*.sqlite")}
        left = self._limit
        for path, stat in sorted(images.items(), key=lambda each: -each[1].st_mtime_ns):
            left -= stat.st_size
            if left < 0:
                _remove(path)
        for path in self._folder.glob("*.unfinished"):
            if _age(path) > _ABANDONED:
                _remove(path)
        for path in self._folder.glob("*.lock"):
            if _age(path) > _FRESH and (_age(path) > _ABANDONED or _is_free(path)):
                _remove(path)

    def _wait_for(self, lock: sqlite3.Connection) -> None:
        """Wait for a lock, unless there are none here, or who has it takes too long."""
        deadline = monotonic() + _PATIENCE
        if _locked(lock) or not self._can_lock():
            return
        while not _locked(lock) and monotonic() < deadline:
            sleep(_POLL)

    def _can_lock(self) -> bool:
        """Try a file that nobody else knows: SQLite calls it busy where there are no locks."""
        path = self._folder / f"{secrets.token_hex(8)}.lock"
        try:
            return _is_free(path)
        finally:
            _remove(path)


def _name(key: str, path: Path) -> str:
    with path.open("rb") as file:
        return f"{key}-{hashlib.file_digest(file, 'sha256').hexdigest()}.sqlite"


def _age(path: Path) -> float:
    return time() - path.stat().st_mtime


def _is_free(path: Path) -> bool:
    """Return whether nobody holds a lock: who had it was killed, and left the file."""
    with closing(sqlite3.connect(path, timeout=0, isolation_level=None)) as lock:
        return _locked(lock)


def _remove(path: Path) -> None:
    with suppress(OSError):  # Windows removes no file that somebody has open
        path.unlink()


def _locked(lock: sqlite3.Connection) -> bool:
    """Return whether there is nothing to wait for: we have the lock, or it is none."""
    try:
        lock.execute("PRAGMA journal_mode = MEMORY")  # no file beside the file
        lock.execute("BEGIN EXCLUSIVE")
    except sqlite3.DatabaseError as error:
        return error.sqlite_errorcode != sqlite3.SQLITE_BUSY
    return True

"""Processes of their own: Python, and pytest with no plugins but those that are named."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

ROOT: Final = Path(__file__).parent.parent
"""The folder that `benchmarks` is in."""

OURS: Final = ("-p", "pytest_demodata.plugin")
"""What has pytest load our plugin."""

_PATIENCE: Final = 600

_NOT_PASSED_ON: Final = (
    "COVERAGE_PROCESS_START",
    "PYTEST_ADDOPTS",
    "PYTHONDONTWRITEBYTECODE",  # whoever starts pytest twice has byte code
    *(f"DEMODATA_{name}" for name in ("VOLUME", "SEED", "URL", "LOCALE", "AS_OF", "NO_CACHE")),
)


class ProcessError(Exception):
    """A process did not do what it was started for."""


def run_python(
    *arguments: str, folder: Path = ROOT, variables: Mapping[str, str] | None = None
) -> str:
    """Run Python in a process of its own and return what it prints.

    Raises:
        ProcessError: It ended with an error, or not at all.
    """
    environment = {
        **{name: value for name, value in os.environ.items() if name not in _NOT_PASSED_ON},
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
        "PYTHONPATH": str(ROOT),
        **(variables or {}),
    }
    command = [sys.executable, *arguments]
    try:
        ended = subprocess.run(  # noqa: S603 - our own programs
            command,
            cwd=folder,
            env=environment,
            timeout=_PATIENCE,
            capture_output=True,
            text=True,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        message = f"{' '.join(command)} was not done after {_PATIENCE} s."
        raise ProcessError(message) from error
    if ended.returncode:
        message = (
            f"{' '.join(command)} ended with {ended.returncode}:\n{ended.stdout}{ended.stderr}"
        )
        raise ProcessError(message)
    return ended.stdout


def run_pytest(
    folder: Path, arguments: Sequence[str], variables: Mapping[str, str] | None = None
) -> str:
    """Run pytest in a folder and return what it prints.

    Raises:
        ProcessError: A test failed, or there was none.
    """
    words = ("-m", "pytest", "-q", "--rootdir", str(folder), *arguments)
    return run_python(*words, folder=folder, variables=variables)

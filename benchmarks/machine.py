"""What the figures were taken on, and with which versions."""

from __future__ import annotations

import os
import platform
import sqlite3
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Final

from .servers import SERVERS, version_of

if TYPE_CHECKING:
    from collections.abc import Mapping

PACKAGES: Final = (
    *("pytest-demodata", "pytest", "SQLAlchemy", "psycopg", "PyMySQL"),
    *("Faker", "factory-boy", "mimesis", "polyfactory", "seedgraph", "sqlseed", "pytest-sqla"),
)

_CPUS: Final = Path("/proc/cpuinfo")


def facts() -> Mapping[str, str]:
    """Return what there is to say, by name."""
    versions = {package: _version(package) for package in PACKAGES}
    servers = {server.name: version_of(server, lambda _: None) for server in SERVERS}
    found = {
        "date": f"{datetime.now(UTC):%Y-%m-%d}",
        "platform": platform.platform(),
        "processor": f"{_processor()}, {os.cpu_count()} cores",
        "Python": f"{platform.python_implementation()} {platform.python_version()}",
        "SQLite": sqlite3.sqlite_version,
        **{
            name: number.partition(" (")[0].removeprefix(f"{name} ")
            for name, number in servers.items()
        },
        **versions,
    }
    return {name: fact for name, fact in found.items() if fact}


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""


def _processor() -> str:
    if _CPUS.exists():
        for line in _CPUS.read_text("utf-8").splitlines():
            name, _, value = line.partition(":")
            if name.strip() == "model name":
                return value.strip()
    return platform.processor() or platform.machine()

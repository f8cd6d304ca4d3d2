"""The models of released packages, which nobody wrote for this plugin.

Each function imports its package when called, and skips the test where that is not installed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import MetaData


def _metadata_of(module: str, base: str) -> MetaData:
    """Return the MetaData of a declarative base, or of what holds one, by name."""
    metadata: MetaData = getattr(pytest.importorskip(module), base).metadata
    return metadata


def jupyterhub_models() -> MetaData:
    """Fifteen tables: lists and dictionaries as text, and foreign keys to no primary key.

    Those refer to `oauth_clients.identifier`, which is unique and may be null.
    NativeAuthenticator adds a table `users_info` to the same MetaData, where it is imported.
    """
    return _metadata_of("jupyterhub.orm", "Base")


def flask_appbuilder_models() -> MetaData:
    """Twelve tables of users and rights: names and addresses, sequences, two self-references.

    `Model` is an abstract class on `flask_appbuilder.models.sqla.Base`, whose MetaData this is; it
    needs no application. The models of an application that was imported are in it too.
    """
    return _metadata_of("flask_appbuilder.security.sqla.models", "Model")


def optuna_models() -> MetaData:
    """Twelve tables: enumerations, a key without autoincrement, and one row allowed by a CHECK."""
    return _metadata_of("optuna.storages._rdb.models", "BaseModel")


def nbgrader_models() -> MetaData:
    """Thirteen tables: text as keys, joined inheritance, an interval."""
    return _metadata_of("nbgrader.api", "Base")


def buildbot_models() -> MetaData:
    """Forty-two plain tables: some have no primary key, and three refer to one another in a circle.

    They are created on MariaDB under mysql+pymysql:// only: the lengths of two indexes are said for
    `mysql`, which SQLAlchemy does not read for `mariadb`, and whole columns are too long to index.
    """
    return _metadata_of("buildbot.db.model", "Model")


FOREIGN_MODELS: Final[dict[str, Callable[[], MetaData]]] = {
    "jupyterhub": jupyterhub_models,
    "flask_appbuilder": flask_appbuilder_models,
    "optuna": optuna_models,
    "nbgrader": nbgrader_models,
    "buildbot": buildbot_models,
}
"""The functions by the name of the package."""

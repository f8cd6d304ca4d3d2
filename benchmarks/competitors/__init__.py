"""How the eight tables are filled with other tools, each in its fastest natural form.

This is a table of contents. Each module has `fill(connection, volume)`, which fills the tables that
are there, with all their constraints on, in the connection's transaction.

Faker, factory_boy and mimesis draw every value. With "words only", Python's `random` draws all that
is not a text; with sqlseed, seedgraph and polyfactory, it draws what hangs together.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

COMPETITORS: Final[Mapping[str, str]] = {
    "Faker with Core": "faker_core",
    "Faker with Core, words only": "faker_core_words",
    "mimesis with Core": "mimesis_core",
    "mimesis with Core, words only": "mimesis_core_words",
    "sqlseed with a plugin": "sqlseed_plugin",
    "seedgraph with the ORM": "seedgraph_orm",
    "Faker with the ORM": "faker_orm",
    "factory_boy with the ORM": "factory_boy_orm",
    "polyfactory with the ORM": "polyfactory_orm",
}
"""What to call a tool, and the module of this package that uses it."""

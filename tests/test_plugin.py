"""The fixtures of the plugin, as a project's own suite sees them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pytest


def test_the_settings_are_fixtures(pytester: pytest.Pytester) -> None:
    """A test gets the settings that everything is generated with if nobody says otherwise."""
    pytester.makepyfile("""
        from datetime import date

        def test_settings(demodata_seed, demodata_locale, demodata_as_of):
            assert (demodata_seed, demodata_locale) == (42, "en_US")
            assert demodata_as_of == date(2025, 12, 31)
    """)
    pytester.runpytest().assert_outcomes(passed=1)


def test_the_settings_can_be_redefined(pytester: pytest.Pytester) -> None:
    """A conftest redefines a setting, and a fixture of its own generates with it."""
    pytester.makeconftest("""
        import pytest
        from sqlalchemy import create_engine
        from pytest_demodata import DataGenerator, prepare_sqlite

        @pytest.fixture(scope="session")
        def demodata_locale():
            return "de_DE"

        @pytest.fixture(scope="session")
        def filled(demodata_seed, demodata_locale, demodata_as_of):
            engine = prepare_sqlite(create_engine("sqlite://"))
            generator = DataGenerator(
                engine, seed=demodata_seed, locale=demodata_locale, as_of=demodata_as_of
            )
            generator.generate("small")
            yield engine
            engine.dispose()
    """)
    pytester.makepyfile("""
        from sqlalchemy import text

        def test_country(filled):
            with filled.connect() as connection:
                query = text("SELECT DISTINCT country FROM customer_addresses")
                assert connection.scalars(query).all() == ["Deutschland"]
    """)
    pytester.runpytest("-W", "error").assert_outcomes(passed=1)

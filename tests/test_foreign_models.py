"""Models that nobody wrote for this plugin are filled, on every database and at every volume."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import pytest
from chinook import ChinookBase
from filling import fill, made_by_database, plan_of
from foreign_models import FOREIGN_MODELS
from sqlalchemy import MetaData, create_engine, select
from sqlalchemy.exc import CompileError, DBAPIError
from sqlalchemy.orm import Session, mapperlib, selectinload

from pytest_demodata import DataGenerator, assert_intact, assert_no_orphans, prepare_sqlite
from pytest_demodata.inference.infer import infer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Engine, Table
    from sqlalchemy.orm import Mapper

MODELS = [*FOREIGN_MODELS, "chinook"]


def _metadata(name: str) -> MetaData:
    return ChinookBase.metadata if name == "chinook" else FOREIGN_MODELS[name]()


@pytest.fixture
def emptied(any_engine: Engine) -> Iterator[Engine]:
    """An engine of each kind on a database from which all tables are taken in the end."""
    yield any_engine
    if any_engine.dialect.name != "sqlite":
        reflected = MetaData()
        reflected.reflect(any_engine)
        reflected.drop_all(any_engine)


def _created(engine: Engine, metadata: MetaData) -> None:
    """Create the tables, which some models cannot be on some databases, whoever fills them."""
    try:
        metadata.create_all(engine)
    except (CompileError, DBAPIError) as error:
        pytest.skip(f"its tables cannot be created on {engine.dialect.name}: {error}")


@pytest.mark.parametrize("volume", ["small", "medium", "large"])
@pytest.mark.parametrize("name", MODELS)
def test_foreign_models_are_filled(emptied: Engine, name: str, volume: str) -> None:
    """They keep what they promise, hold the plan's rows, and are loaded through their mappers."""
    metadata = _metadata(name)
    _created(emptied, metadata)

    rows = fill(emptied, metadata, volume=volume)

    assert all(rows.values())
    _load(emptied, metadata, rows={name: len(each) for name, each in rows.items()})


def _mappers(metadata: MetaData) -> list[Mapper[object]]:
    registries = [each for each in mapperlib._all_registries() if each.metadata is metadata]  # noqa: SLF001 - no public way leads to them
    return [mapper for each in registries for mapper in each.mappers]


def _load(engine: Engine, metadata: MetaData, rows: dict[str, int]) -> None:
    """Load each class, with all that it is related to by lists or single objects."""
    for mapper in _mappers(metadata):
        related = [
            selectinload(getattr(mapper.class_, each.key))
            for each in mapper.relationships
            if each.lazy not in {"dynamic", "write_only", "noload"} and not each.viewonly
        ]
        with Session(engine) as session:
            loaded = session.scalars(select(mapper.class_).options(*related).limit(2_000)).all()
            assert loaded
            table = cast("Table", mapper.local_table).key
            assert len(loaded) == min(2_000, rows[table])


@pytest.mark.parametrize("seed", [0, 1, 20_000_101, -7, 2**70])
@pytest.mark.parametrize("name", MODELS)
def test_any_seed(engine: Engine, name: str, seed: int) -> None:
    """No seed makes an orphan, or a value twice where it may be there once."""
    metadata = _metadata(name)
    _created(engine, metadata)

    DataGenerator(engine, blueprint=infer(metadata), seed=seed).generate("medium")

    assert_intact(engine, metadata=metadata)
    assert_no_orphans(engine, metadata=metadata)


def test_huge() -> None:
    """The largest volume keeps to the tables as well."""
    engine = prepare_sqlite(create_engine("sqlite://"))
    stats = DataGenerator(engine, blueprint=infer(ChinookBase)).generate("huge")

    assert_intact(engine, metadata=ChinookBase.metadata)
    assert sum(stats.counts.values()) > 300_000
    engine.dispose()


@pytest.mark.parametrize("name", MODELS)
def test_parts_of_foreign_models(name: str) -> None:
    """Any run of rows is what it is in the whole."""
    blueprint = infer(_metadata(name))
    plan = plan_of(blueprint)
    for table, rows in plan.counts.items():
        whole = plan.rows(table, 0, rows).columns
        part = plan_of(blueprint).rows(table, rows // 3, rows // 2).columns
        for column, values in part.items():
            assert list(values) == list(whole[column])[rows // 3 : rows // 2]


def test_the_database_makes_little_itself() -> None:
    """Hardly a table of these models has columns that are left to the database."""
    plans = [plan_of(infer(ChinookBase))]

    assert not any(made_by_database(plan, name) for plan in plans for name in plan.counts)


def test_jupyterhub_through_the_fixtures(
    pytester: pytest.Pytester, any_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One line in the ini file puts the models of a package into the demo databases."""
    pytest.importorskip("jupyterhub.orm")
    monkeypatch.delenv("DEMODATA_VOLUME", raising=False)
    pytester.makeini("[pytest]\ndemodata_metadata = jupyterhub.orm:Base\n")
    pytester.makepyfile(
        """
        from jupyterhub.orm import Base, User
        from sqlalchemy import func, select

        from pytest_demodata import assert_intact

        def test_users(demo_db_small):
            assert demo_db_small.metadata is Base.metadata
            users = demo_db_small.session.scalars(select(User)).all()
            assert len(users) == demo_db_small.counts["users"] == 25
            assert_intact(demo_db_small)
            demo_db_small.session.delete(users[0])
            demo_db_small.session.commit()

        def test_users_are_there_again(demo_db_small):
            count = demo_db_small.session.scalar(select(func.count()).select_from(User))
            assert count == 25
        """
    )

    pytester.runpytest_subprocess("-pno:randomly", f"--demodata-url={any_url}").assert_outcomes(
        passed=2
    )


def test_a_blueprint_in_the_conftest(pytester: pytest.Pytester, any_url: str) -> None:
    """A fixture of the project's may return what is inferred and what is said."""
    pytest.importorskip("optuna.storages._rdb.models")
    pytester.makeconftest(
        """
        import pytest
        from optuna.storages._rdb.models import BaseModel, StudyModel

        from pytest_demodata.blueprint import Fill, Fixed
        from pytest_demodata.inference.infer import infer

        @pytest.fixture(scope="session")
        def demodata_blueprint():
            return infer(BaseModel, Fill(StudyModel, rows=Fixed(3)))
        """
    )
    pytester.makepyfile(
        """
        from pytest_demodata import assert_intact

        def test_studies(demo_db_small):
            assert demo_db_small.counts["studies"] == 3
            assert_intact(demo_db_small)
        """
    )

    pytester.runpytest_subprocess(f"--demodata-url={any_url}").assert_outcomes(passed=1)

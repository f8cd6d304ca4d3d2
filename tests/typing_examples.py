"""The public API as a user's code calls it: type-checked with `mypy --strict`, and never run."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import date
from typing import assert_type

import pytest
from sqlalchemy import Connection, Engine, MetaData, create_engine, select
from sqlalchemy.orm import Session, sessionmaker

from pytest_demodata import (
    VOLUMES,
    DataGenerator,
    DemoDatabase,
    DemodataError,
    GenerationError,
    IsolationError,
    IsolationWarning,
    LocaleError,
    Progress,
    SettingError,
    StageError,
    Stats,
    ValidationError,
    Violation,
    Volume,
    VolumeError,
    assert_intact,
    assert_invoice_totals,
    assert_no_orphans,
    assert_totals,
    assert_unique,
    find_orphans,
    parse_volume,
    prepare_sqlite,
)
from pytest_demodata.invoicing import Customer, Invoice, InvoiceLineItem


def test_members(demo_db_medium: DemoDatabase) -> None:
    """Each member of a demo database is what SQLAlchemy and the documentation call it."""
    assert_type(demo_db_medium.session, Session)
    assert_type(demo_db_medium.sessionmaker, sessionmaker[Session])
    assert_type(demo_db_medium.connection, Connection)
    assert_type(demo_db_medium.engine, Engine)
    assert_type(demo_db_medium.volume, str)
    assert_type(demo_db_medium.seed, int)
    assert_type(demo_db_medium.locale, str)
    assert_type(demo_db_medium.as_of, date)
    assert_type(demo_db_medium.counts, Mapping[str, int])
    assert_type(demo_db_medium.digests, Mapping[str, str])
    assert_type(demo_db_medium.metadata, MetaData)
    demo_db_medium.reset()
    demo_db_medium.counts["customers"] = 1  # type: ignore[index]
    demo_db_medium.counts = {}  # type: ignore[misc]
    demo_db_medium.session = Session()  # type: ignore[misc]


def test_helpers(demo_db: DemoDatabase) -> None:
    """Each helper takes whatever leads to the data, and columns of a model or by name."""
    for target in (demo_db, demo_db.session, demo_db.connection, demo_db.engine):
        assert_no_orphans(target)
        assert_invoice_totals(target, total=Invoice.total)
        assert_unique(target, Customer.email)
        assert_unique(target, "customers.email", limit=3)
        assert_intact(target, metadata=demo_db.metadata, as_of=demo_db.as_of)
        assert_totals(target, parent=Invoice.subtotal, children=InvoiceLineItem.line_total)
    assert_no_orphans(
        demo_db,
        metadata=demo_db.metadata,
        tables=["invoices", Customer],
        limit=1,
        references={"orders.customer_ref": "customers.id"},
    )
    for orphans in find_orphans(demo_db):
        assert_type(str(orphans), str)
    assert_no_orphans("customers")  # type: ignore[arg-type]
    assert_totals(demo_db, Invoice.subtotal)  # type: ignore[call-arg]


def test_models(demo_db: DemoDatabase) -> None:
    """The models are those of an application with typed columns."""
    customer = demo_db.session.scalars(select(Customer)).first()
    assert_type(customer, Customer | None)
    assert customer is not None
    assert_type(customer.id, int)
    assert_type(customer.name, str)
    with demo_db.sessionmaker() as session:
        assert_type(session, Session)
    with demo_db.engine.begin() as connection:
        assert_type(connection, Connection)


@pytest.fixture(scope="session")
def demodata_seed() -> int:
    """A setting is redefined by a fixture of its name."""
    return 7


@pytest.fixture(scope="session")
def demodata_as_of(demodata_as_of: date) -> date:
    """It may hang on the one that it stands for."""
    return demodata_as_of.replace(day=1)


@pytest.fixture(scope="module")
def with_an_order(demo_db_small: DemoDatabase) -> Iterator[DemoDatabase]:
    """A fixture of the user's builds on a demo database."""
    demo_db_small.session.add(Customer())
    yield demo_db_small
    demo_db_small.reset()


@pytest.fixture
def session_factory(demo_db_large: DemoDatabase) -> Callable[[], Session]:
    """A session maker is what an application's dependency asks for."""
    return demo_db_large.sessionmaker


class Bar:
    """A progress bar of the user's own."""

    def __call__(self, stage: str, done: int, total: int, /) -> None:
        """Show it."""


def generate() -> Stats:
    """Without pytest, a generator works on an engine or a connection."""
    engine = prepare_sqlite(create_engine("sqlite://"))
    assert_type(engine, Engine)
    bar: Progress = Bar()
    generator = DataGenerator(engine, seed=1, locale="de_DE", as_of=date(2024, 2, 29), progress=bar)
    generator.foundation("small")
    generator.customers()
    generator.products()
    assert_type(generator.invoices(), Stats)
    generator.reset()
    with engine.connect() as connection:
        DataGenerator(connection, progress=lambda stage, done, total: (stage, done, total))
    DataGenerator(Session(engine))  # type: ignore[arg-type]
    stats = generator.generate(parse_volume("large*10"))
    assert_type(stats.counts, Mapping[str, int])
    assert_type(stats.seconds, float)
    try:
        generator.validate()
    except ValidationError as error:
        assert_type(error.violations, tuple[Violation, ...])
    return stats


def volumes() -> Volume:
    """A volume is read from text, or is one of the four."""
    assert_type(VOLUMES, Mapping[str, Volume])
    volume = parse_volume("customers=50,products=20,invoices=500")
    assert_type(volume, Volume)
    assert_type(volume.name, str)
    assert_type(volume.counts, Mapping[str, int])
    volume.name = "other"  # type: ignore[misc]
    parse_volume(5)  # type: ignore[arg-type]
    return volume


def errors() -> None:
    """Each error is told apart by its type, or caught with all of them."""
    for error in (
        GenerationError,
        IsolationError,
        LocaleError,
        SettingError,
        StageError,
        ValidationError,
        VolumeError,
    ):
        assert issubclass(error, DemodataError)
    with pytest.warns(IsolationWarning):
        pass

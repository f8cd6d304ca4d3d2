"""Demo databases of a project's own models: fixtures, settings, assertions."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from textwrap import dedent
from typing import TYPE_CHECKING, Any, Final, Protocol
from uuid import UUID

import pytest
from sqlalchemy import (
    Column,
    Date,
    Engine,
    ForeignKey,
    ForeignKeyConstraint,
    Integer,
    MetaData,
    Numeric,
    String,
    Table,
    Uuid,
    create_engine,
    delete,
    func,
    insert,
    inspect,
    select,
    text,
    update,
)
from sqlalchemy.orm import Session

from pytest_demodata import (
    Blueprint,
    DataGenerator,
    Existing,
    FanOut,
    Fill,
    Fixed,
    PerRow,
    StageError,
    VolumeError,
    assert_intact,
    infer,
)
from pytest_demodata.recipes import between, constant, share_of, sum_of, taken

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

SHOP: Final = """
from datetime import datetime
from decimal import Decimal

from sqlalchemy import CheckConstraint, ForeignKey, Numeric, String
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    pass


class Category(Base):
    __tablename__ = "categories"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(60), unique=True)
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("categories.id"))


class Customer(Base):
    __tablename__ = "customers"
    id: Mapped[int] = mapped_column(primary_key=True)
    last_name: Mapped[str] = mapped_column(String(50))
    email: Mapped[str] = mapped_column(String(120), unique=True)
    city: Mapped[str] = mapped_column(String(50))
    created_at: Mapped[datetime]


class Product(Base):
    __tablename__ = "products"
    __table_args__ = (CheckConstraint("price > 0"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    sku: Mapped[str] = mapped_column(String(12), unique=True)
    name: Mapped[str] = mapped_column(String(80))
    price: Mapped[Decimal] = mapped_column(Numeric(10, 2))
    category_id: Mapped[int] = mapped_column(ForeignKey("categories.id"))


class Order(Base):
    __tablename__ = "orders"
    id: Mapped[int] = mapped_column(primary_key=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customers.id"))
    ordered_at: Mapped[datetime]
    total: Mapped[Decimal] = mapped_column(Numeric(12, 2))


class Line(Base):
    __tablename__ = "order_lines"
    id: Mapped[int] = mapped_column(primary_key=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"))
    product_id: Mapped[int] = mapped_column(ForeignKey("products.id"))
    quantity: Mapped[int]
    unit_price: Mapped[Decimal] = mapped_column(Numeric(10, 2))
    amount: Mapped[Decimal] = mapped_column(Numeric(12, 2))


class Payment(Base):
    __tablename__ = "payments"
    id: Mapped[int] = mapped_column(primary_key=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"))
    amount: Mapped[Decimal] = mapped_column(Numeric(12, 2))
"""

BLUEPRINT: Final = """
import pytest
from pytest_demodata import FanOut, Fill, infer
from pytest_demodata.recipes import derived, share_of, sum_of, taken

from corner_shop import Base, Line, Order, Payment, Product


@pytest.fixture(scope="session")
def demodata_blueprint():
    return infer(
        Base,
        Fill(
            Line,
            rows=FanOut(Line.order_id, range(1, 5)),
            columns={
                Line.unit_price: taken(Line.product_id, Product.price),
                Line.amount: derived(lambda n, price: n * price, Line.quantity, Line.unit_price),
            },
        ),
        Fill(Order, columns={Order.total: sum_of(Line.amount)}),
        Fill(
            Payment,
            rows=FanOut(Payment.order_id, range(3)),
            columns={Payment.amount: share_of(Order.total, Payment.order_id)},
        ),
    )
"""

RETURNING: Final = """
import pytest
import corner_shop
from pytest_demodata import Existing, Fill, infer

@pytest.fixture(scope="session")
def demodata_blueprint():
    return {}
"""

VARIABLES: Final = ("VOLUME", "SEED", "URL", "LOCALE", "AS_OF", "METADATA", "NO_CACHE")
QUIET: Final = ("-W", "error", "-p", "no:hypothesispytest", "-p", "no:faker", "-p", "no:randomly")


class Run(Protocol):
    """Runs pytest."""

    def __call__(self, *arguments: str | Path) -> pytest.RunResult:
        """Run it with these arguments."""


@pytest.fixture
def run(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run pytest in this process on a project that has a module `corner_shop`."""
    for name in VARIABLES:
        monkeypatch.delenv(f"DEMODATA_{name}", raising=False)
    monkeypatch.syspath_prepend(pytester.path)
    pytester.makepyfile(corner_shop=SHOP)

    def run(*arguments: str | Path) -> pytest.RunResult:
        return pytester.runpytest_inprocess(*QUIET, *arguments, no_reraise_ctrlc=True)

    return run


def _told(result: pytest.RunResult) -> list[str]:
    """Return the lines of the plugin's, without the seconds that it measured."""
    lines = [line for line in result.outlines if line.startswith("demodata: ")]
    return [re.sub(r"\d+\.\d\d\d?", "N.NN", line) for line in lines]


def _conftest(pytester: pytest.Pytester, returned: str) -> None:
    pytester.makeconftest(RETURNING.format(returned))


COUNTED: Final = """
    from sqlalchemy import func, select
    import corner_shop

    def test_counts(demo_db):
        for name, rows in demo_db.counts.items():
            table = corner_shop.Base.metadata.tables[name]
            assert demo_db.session.scalar(select(func.count()).select_from(table)) == rows
        assert demo_db.counts["customers"] == 100
        assert demo_db.metadata is corner_shop.Base.metadata
        assert demo_db.session.scalars(select(corner_shop.Product)).first().price > 0
"""


# What the fixture returns


@pytest.mark.parametrize(
    "returned",
    [
        "corner_shop.Base",
        "corner_shop.Base.metadata",
        "infer(corner_shop.Base)",
        "infer(corner_shop.Base.metadata)",
    ],
)
def test_what_the_fixture_may_return(run: Run, pytester: pytest.Pytester, returned: str) -> None:
    """Base class, MetaData or blueprint: the tables of the project are filled."""
    _conftest(pytester, returned)
    pytester.makepyfile(COUNTED)
    result = run()
    result.assert_outcomes(passed=1)
    settings, made = _told(result)
    assert settings == (
        "demodata: --demodata-volume=medium --demodata-seed=42 --demodata-url=sqlite://"
    )
    assert re.fullmatch(r"demodata: made medium, [\d,]+ rows in N\.NN s", made)


@pytest.mark.parametrize(
    ("returned", "shown"),
    [("None", "None"), ("5", "5"), ("'corner_shop:Base'", "'corner_shop:Base'")],
)
def test_what_the_fixture_may_not_return(
    run: Run, pytester: pytest.Pytester, returned: str, shown: str
) -> None:
    """Anything else is named, in a sentence."""
    _conftest(pytester, returned)
    pytester.makepyfile("def test_it(demo_db): pass")
    result = run()
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(
        [
            f"The blueprint is {shown}.",
            "Allowed: a MetaData, a declarative base class, or what infer(…) returns.",
            "Have the fixture demodata_blueprint return one of these.",
        ]
    )
    result.stdout.no_fnmatch_line("*Traceback*")
    result.stdout.no_fnmatch_line("*as_blueprint*")


def test_each_fixture_holds_its_volume(run: Run, pytester: pytest.Pytester) -> None:
    """The four fixtures of a volume are made of the same tables, in its size."""
    _conftest(pytester, "corner_shop.Base")
    pytester.makepyfile("""
        def test_it(demo_db_small, demo_db_medium, demo_db_large):
            for db, rows in ((demo_db_small, 25), (demo_db_medium, 100), (demo_db_large, 1000)):
                assert db.counts["customers"] == db.counts["categories"] == rows
            assert demo_db_small.blueprint is demo_db_large.blueprint
    """)
    run().assert_outcomes(passed=1)


def test_another_parameter_is_another_blueprint(run: Run, pytester: pytest.Pytester) -> None:
    """A fixture with parameters has the tables of each filled."""
    pytester.makeconftest("""
        import pytest
        from sqlalchemy import Column, Integer, MetaData, Table

        def tables(name):
            metadata = MetaData()
            Table(name, metadata, Column("id", Integer, primary_key=True))
            return metadata

        @pytest.fixture(scope="session", params=["a", "b"])
        def demodata_blueprint(request):
            return tables(request.param)
    """)
    pytester.makepyfile("""
        def test_it(demo_db_small, request):
            (name,) = demo_db_small.counts
            assert f"[{name}]" in request.node.name
    """)
    run().assert_outcomes(passed=2)


def test_tests_are_isolated(run: Run, pytester: pytest.Pytester) -> None:
    """What a test writes and commits is gone in the next, and after reset()."""
    _conftest(pytester, "corner_shop.Base")
    pytester.makepyfile("""
        import pytest
        from sqlalchemy import delete, func, select
        from corner_shop import Line, Order

        @pytest.mark.parametrize("turn", [1, 2])
        def test_it(demo_db, turn):
            session, before = demo_db.session, dict(demo_db.digests)
            assert session.scalar(select(func.count(Line.id))) == demo_db.counts["order_lines"]
            session.execute(delete(Line))
            session.commit()
            assert session.scalar(select(func.count(Line.id))) == 0
            assert dict(demo_db.digests) != before
            demo_db.reset()
            assert dict(demo_db.digests) == before
            demo_db.session.execute(delete(Line))
            demo_db.session.commit()
    """)
    run().assert_outcomes(passed=2)


DIGESTS: Final = """
    from pathlib import Path
    from pytest_demodata import assert_intact

    def test_{0}(demo_db_small):
        assert_intact(demo_db_small)
        with Path("digests").open("a") as file:
            print(sorted(demo_db_small.digests.items()), file=file)
"""


def test_digests_on_each_database(
    run: Run, pytester: pytest.Pytester, postgresql_url: Any, mariadb_url: Any
) -> None:
    """The same rows on each database, from inference and from a blueprint."""
    urls = [url.render_as_string(hide_password=False) for url in (postgresql_url, mariadb_url)]
    for conftest in (RETURNING.format("corner_shop.Base"), BLUEPRINT):
        (pytester.path / "digests").unlink(missing_ok=True)
        pytester.makeconftest(conftest)
        pytester.makepyfile(DIGESTS.format("it"))
        for url in ("sqlite://", *urls):
            run(f"--demodata-url={url}").assert_outcomes(passed=1)
        lines = (pytester.path / "digests").read_text("utf-8").splitlines()
        assert len(lines) == 3
        assert len(set(lines)) == 1


def test_digests_on_each_worker(run: Run, pytester: pytest.Pytester) -> None:
    """Workers of pytest-xdist have the same rows, and tell of them."""
    pytester.makeconftest(BLUEPRINT)
    pytester.makepyfile(
        test_one=DIGESTS.format("one"), test_two=DIGESTS.format("two"), test_three=DIGESTS.format(3)
    )
    result = run("-n", "2", "--dist=loadfile")
    result.assert_outcomes(passed=3)
    lines = (pytester.path / "digests").read_text("utf-8").splitlines()
    assert len(lines) == 3
    assert len(set(lines)) == 1
    assert re.match(
        r"demodata: made small, [\d,]+ rows, 2 times in N\.NN to N\.NN s", _told(result)[-1]
    )


# Volumes


@pytest.mark.parametrize(
    ("volume", "rows"),
    [
        ("large*2", (2000, 2000)),
        ("customers=50,categories=20", (50, 20)),
        ("customers=7", (7, 100)),
        (" categories = 3 , customers = 4 ", (4, 3)),
    ],
)
@pytest.mark.parametrize("workers", [(), ("-n1",)])
def test_volumes_of_own_tables(
    run: Run,
    pytester: pytest.Pytester,
    volume: str,
    rows: tuple[int, int],
    workers: tuple[str, ...],
) -> None:
    """A multiple, or counts of the tables that nobody owns; those left out are medium's."""
    _conftest(pytester, "corner_shop.Base")
    pytester.makepyfile(f"""
        def test_it(demo_db):
            assert (demo_db.counts["customers"], demo_db.counts["categories"]) == {rows}
            assert demo_db.volume == {volume.replace(" ", "")!r}
    """)
    run(f"--demodata-volume={volume}", *workers).assert_outcomes(passed=1)


@pytest.mark.parametrize("workers", [(), ("-n1",)])
def test_a_count_of_no_own_table(
    run: Run, pytester: pytest.Pytester, workers: tuple[str, ...]
) -> None:
    """A count of another name is refused in a sentence that names the tables."""
    _conftest(pytester, "corner_shop.Base")
    pytester.makepyfile("def test_it(demo_db): pass")
    result = run("--demodata-volume=custmers=50", *workers)
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(
        [
            "Volume 'custmers=50' counts 'custmers'.",
            "Allowed: small, medium, large, huge; a multiple such as large[*]10; or counts such as "
            "categories=50,customers=50 of the tables categories, customers.",
            "Did you mean 'customers'?",
        ]
    )
    result.stdout.no_fnmatch_line("*Traceback*")


@pytest.mark.parametrize("workers", [(), ("-n1",)])
def test_a_count_of_no_table_of_the_dataset(
    run: Run, pytester: pytest.Pytester, workers: tuple[str, ...]
) -> None:
    """Without tables of one's own, the run ends at once, as before."""
    pytester.makepyfile("def test_it(demo_db): pass")
    result = run("--demodata-volume=categories=50", *workers)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(
        [
            "ERROR: --demodata-volume: Volume 'categories=50' counts 'categories'.",
            "Allowed: small, medium, large, huge; a multiple such as large[*]10; or counts such as "
            "customers=50,products=20,invoices=500.",
        ]
    )


def test_a_count_where_nothing_is_counted(run: Run, pytester: pytest.Pytester) -> None:
    """Tables of fixed sizes have no counts to give."""
    _conftest(pytester, "infer(corner_shop.Base.metadata, *fills)")
    with (pytester.path / "conftest.py").open("a") as file:
        file.write(
            "\nfrom pytest_demodata import Fixed\n"
            "roots = (corner_shop.Category, corner_shop.Customer)\n"
            "fills = [Fill(each, rows=Fixed(2)) for each in roots]\n"
        )
    pytester.makepyfile("def test_it(demo_db): pass")
    result = run("--demodata-volume=customers=5")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(
        [
            "Volume 'customers=5' counts 'customers'.",
            "Allowed: small, medium, large, huge; or a multiple such as large[*]10.",
        ]
    )


def test_a_count_given_twice(run: Run, pytester: pytest.Pytester) -> None:
    """What no tables could have is refused when the run begins."""
    _conftest(pytester, "corner_shop.Base")
    pytester.makepyfile("def test_it(demo_db): pass")
    result = run("--demodata-volume=customers=50,customers=60")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*counts 'customers' twice*"])


# The setting


@pytest.mark.parametrize("place", ["ini", "variable", "option"])
@pytest.mark.parametrize(
    "given", ["corner_shop:Base", "corner_shop:Base.metadata", "plans:blueprint"]
)
def test_the_setting(
    run: Run,
    pytester: pytest.Pytester,
    monkeypatch: pytest.MonkeyPatch,
    place: str,
    given: str,
) -> None:
    """Where the tables are can be said in each of the three places, and is told."""
    pytester.makepyfile(
        plans="""
            import corner_shop
            from pytest_demodata import infer

            blueprint = infer(corner_shop.Base)
        """
    )
    pytester.makepyfile(COUNTED)
    if place == "ini":
        pytester.makeini(f"[pytest]\ndemodata_metadata = {given}")
    if place == "variable":
        monkeypatch.setenv("DEMODATA_METADATA", given)
    result = run(*([f"--demodata-metadata={given}"] if place == "option" else []))
    result.assert_outcomes(passed=1)
    assert _told(result)[0].endswith(f"--demodata-url=sqlite:// --demodata-metadata={given}")


def test_the_setting_with_own_volumes(run: Run, pytester: pytest.Pytester) -> None:
    """Counts are those of the tables that the setting names, on workers too."""
    pytester.makepyfile("""
        def test_it(demo_db):
            assert demo_db.counts["customers"] == 5
    """)
    setting = "--demodata-metadata=corner_shop:Base"
    run(setting, "--demodata-volume=customers=5").assert_outcomes(passed=1)
    run(setting, "--demodata-volume=customers=5", "-n1").assert_outcomes(passed=1)
    result = run(setting, "--demodata-volume=invoices=5")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["Volume 'invoices=5' counts 'invoices'."])


def test_a_fixture_goes_before_the_setting(run: Run, pytester: pytest.Pytester) -> None:
    """A fixture of the project's is heard, and the setting is not."""
    _conftest(pytester, "corner_shop.Base")
    pytester.makepyfile("def test_it(demo_db_small): assert demo_db_small.counts['orders']")
    run("--demodata-metadata=nowhere:Base").assert_outcomes(passed=1)


@pytest.mark.parametrize(
    "given", ["shop", "shop:", ":Base", "corner_shop.Base:", "a b:c", "corner_shop:Base()", "1:2"]
)
def test_a_setting_of_another_form(run: Run, pytester: pytest.Pytester, given: str) -> None:
    """What does not name a module and a name ends the run when it begins."""
    pytester.makepyfile("def test_it(): pass")
    result = run(f"--demodata-metadata={given}")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert result.errlines[0] == (
        f"ERROR: --demodata-metadata: The place of the tables is {given!r}."
    )
    assert result.errlines[1] == (
        "Allowed: module:name, such as app.models:Base; the name of a MetaData, of a declarative "
        "base class or of a blueprint."
    )


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ("nowhere:Base", "ModuleNotFoundError: No module named 'nowhere'"),
        ("corner_shop:Bass", "AttributeError: module 'corner_shop' has no attribute 'Bass'"),
        (
            "corner_shop:Base.meta.data",
            "AttributeError: type object 'Base' has no attribute 'meta'",
        ),
        ("broken:Base", "ZeroDivisionError: division by zero"),
        ("unwritten:Base", "SyntaxError: invalid syntax (unwritten.py, line 1)"),
    ],
)
def test_a_setting_that_cannot_be_imported(
    run: Run, pytester: pytest.Pytester, given: str, why: str
) -> None:
    """A module or name that is not there, or a module that fails, is told in a sentence."""
    pytester.makepyfile(broken="1 / 0", unwritten="=")
    pytester.makepyfile("def test_it(demo_db): pass")
    result = run(f"--demodata-metadata={given}", "test_a_setting_that_cannot_be_imported.py")
    result.assert_outcomes(errors=1)
    assert f"demodata_metadata is {given!r}, which cannot be imported: {why}." in result.outlines
    result.stdout.fnmatch_lines(
        [
            "Allowed: module:name, such as app.models:Base, in a module that Python finds.",
            "Add its folder to pytest's pythonpath, or install the project: pip install -e .",
        ]
    )
    result.stdout.no_fnmatch_line("*run.py*")


def test_a_setting_that_names_no_tables(run: Run, pytester: pytest.Pytester) -> None:
    """What it names has to be tables."""
    pytester.makepyfile("def test_it(demo_db): pass")
    result = run("--demodata-metadata=corner_shop:ForeignKey")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["The blueprint is <class '*ForeignKey'>."])


def test_a_folder_with_a_blueprint_of_its_own(run: Run, pytester: pytest.Pytester) -> None:
    """A session has one: the folder that comes second is told so, in few words."""
    for name, returned in (
        ("a", "infer(corner_shop.Base)"),
        ("b", "corner_shop.Base.metadata"),
        ("c", "corner_shop.Base"),
    ):
        folder = pytester.mkpydir(name)
        (folder / "conftest.py").write_text(RETURNING.format(returned), "utf-8")
        (folder / "test_it.py").write_text("def test_it(demo_db_small): pass", "utf-8")
    result = run()
    result.assert_outcomes(passed=1, errors=2)
    made = "<Blueprint of 6 tables: categories, products, customers, orders, order_lines, …>"
    found = [line for line in result.outlines if line.startswith("This test has the demodata_blu")]
    assert [re.sub(r"<Blueprint.*>", made, line) for line in found] == [
        "This test has the demodata_blueprint MetaData(), but the demo databases of this session "
        f"are made with {made}.",
        "This test has the demodata_blueprint <class 'corner_shop.Base'>, but the demo databases "
        f"of this session are made with {made}.",
    ]


# What cannot be inferred, and what cannot be filled


ODD: Final = """
from sqlalchemy import *
from sqlalchemy.types import UserDefinedType

class Shape(UserDefinedType):
    cache_ok = True
    def get_col_spec(self, **options):
        return "SHAPE"

metadata = MetaData()
for table, column in (("a", "shape"), ("b", "form")):
    key = Column("id", Integer, primary_key=True)
    Table(table, metadata, key, Column(column, Shape, nullable=False))
"""


def test_columns_that_cannot_be_inferred(run: Run, pytester: pytest.Pytester) -> None:
    """One error names them all, and what to write, before there is a table."""
    pytester.makepyfile(odd=ODD)
    pytester.makepyfile("def test_it(demo_db_small): pass")
    result = run("--demodata-metadata=odd:metadata", "--demodata-url=sqlite:///there.sqlite")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(
        [
            "2 columns cannot be inferred:",
            "  a.shape: *",
            "    Write: Fill('a', columns={'shape': choice(…)})",
            "  b.form: *",
            "Give them a recipe in infer(…, Fill(…)), or leave their tables out: without=[[]…[]].",
        ]
    )
    assert _told(result) == [
        "demodata: --demodata-volume=medium --demodata-seed=42 "
        "--demodata-url=sqlite:///there.sqlite --demodata-metadata=odd:metadata"
    ]
    assert not list(pytester.path.glob("there*"))


SCHEMAS: Final = """
from sqlalchemy import Column, Integer, MetaData, Table

metadata = MetaData()
Table("plain", metadata, Column("id", Integer, primary_key=True))
for number in range({}):
    Table(f"t{{number}}", metadata, Column("id", Integer, primary_key=True), schema="app")
"""


@pytest.mark.parametrize(
    ("count", "names"), [(1, "app.t0"), (6, "app.t0, app.t1, app.t2, app.t3, app.t4, …")]
)
def test_tables_in_a_schema(
    run: Run, pytester: pytest.Pytester, any_url: str, count: int, names: str
) -> None:
    """A demo database has a schema of its own, and refuses tables that name another."""
    pytester.makepyfile(named=SCHEMAS.format(count))
    pytester.makepyfile("def test_it(demo_db_small): pass")
    result = run("--demodata-metadata=named:metadata", f"--demodata-url={any_url}")
    result.assert_outcomes(errors=1)
    assert (
        f"A demo database makes its tables in a schema of its own, and these name another: {names}."
    ) in result.outlines
    assert (
        "Allowed: tables without a schema. A DataGenerator on an engine of your own fills those "
        "with one: DataGenerator(engine, blueprint=infer(metadata)).generate()."
    ) in result.outlines
    result.stdout.no_fnmatch_line("*furnishing.py*")


def test_tables_in_a_schema_on_an_engine_of_one_s_own(postgresql_url: Any) -> None:
    """A generator fills them, as the error says."""
    metadata = MetaData()
    Table("Things", metadata, Column("id", Integer, primary_key=True), schema="app")
    engine = create_engine(postgresql_url)
    try:
        with engine.begin() as connection:
            connection.execute(text("CREATE SCHEMA app"))
        stats = DataGenerator(engine, blueprint=infer(metadata)).generate("small")
        assert dict(stats.counts) == {"app.Things": 25}
    finally:
        with engine.begin() as connection:
            connection.execute(text("DROP SCHEMA app CASCADE"))
        engine.dispose()


# The cache


def _made(result: pytest.RunResult) -> bool:
    """Return whether a run has taken its rows from the cache."""
    (line,) = [line for line in _told(result) if line.startswith("demodata: made")]
    return "from the cache" not in line


def test_inferred_rows_are_kept(run: Run, pytester: pytest.Pytester) -> None:
    """What is inferred is taken from the cache, until the tables change."""
    pytester.makepyfile(DIGESTS.format("it"))
    setting = "--demodata-metadata=corner_shop:Base"
    assert [_made(run(setting)) for _ in range(2)] == [True, False]
    first, second = (pytester.path / "digests").read_text("utf-8").splitlines()
    assert first == second
    for before, after in (
        ("String(50)", "String(40)"),
        ("int]\n    unit", "int | None]\n    unit"),
    ):
        text_of_shop = (pytester.path / "corner_shop.py").read_text("utf-8")
        assert before in text_of_shop
        pytester.makepyfile(corner_shop=text_of_shop.replace(before, after))
        assert [_made(run(setting)) for _ in range(2)] == [True, False]


def test_filled_rows_are_not_kept(run: Run, pytester: pytest.Pytester) -> None:
    """Of a blueprint nobody can tell when its functions change."""
    pytester.makeconftest(BLUEPRINT)
    pytester.makepyfile(DIGESTS.format("it"))
    assert [_made(run()) for _ in range(2)] == [True, True]


def test_rows_of_own_types_are_not_kept(run: Run, pytester: pytest.Pytester) -> None:
    """A type of the application's may change what it stores."""
    pytester.makepyfile(
        typed="""
        from sqlalchemy import Column, Integer, MetaData, String, Table, TypeDecorator

        class Upper(TypeDecorator):
            impl = String(20)
            cache_ok = True

        metadata = MetaData()
        Table("a", metadata, Column("id", Integer, primary_key=True), Column("city", Upper))
    """
    )
    pytester.makepyfile("def test_it(demo_db_small): pass")
    assert [_made(run("--demodata-metadata=typed:metadata")) for _ in range(2)] == [True, True]


# Rows that exist


@pytest.fixture
def shop() -> MetaData:
    """Categories, products and what was ordered of them, as tables."""
    metadata = MetaData()
    Table(
        "Categories",
        metadata,
        Column("id", Integer, primary_key=True),
        Column("Name", String(60), nullable=False, unique=True),
    )
    Table(
        "Products",
        metadata,
        Column("id", Integer, primary_key=True),
        Column("category_id", ForeignKey("Categories.id"), nullable=False),
        Column("category_name", String(60)),
        Column("price", Numeric(10, 2), nullable=False),
    )
    return metadata


@pytest.fixture
def tables(any_engine: Engine) -> Iterator[Callable[[MetaData], Engine]]:
    """Create tables, and drop them after the test."""
    created: list[MetaData] = []

    def create(metadata: MetaData) -> Engine:
        metadata.create_all(any_engine)
        created.append(metadata)
        return any_engine

    yield create
    for metadata in created:
        metadata.drop_all(any_engine)


def _counts(engine: Engine, metadata: MetaData) -> dict[str, int]:
    with engine.connect() as connection:
        return {
            name: connection.scalar(select(func.count()).select_from(table)) or 0
            for name, table in metadata.tables.items()
        }


def test_existing_rows(tables: Callable[[MetaData], Engine], shop: MetaData) -> None:
    """Rows that are there are parents, can be read, and stay: also after reset()."""
    engine = tables(shop)
    categories, products = shop.tables.values()
    named = [{"id": 100 + number, "Name": f"c{number}"} for number in range(4)]
    with engine.begin() as connection:
        connection.execute(insert(categories), named)
    blueprint = infer(
        shop,
        Fill(categories, rows=Existing()),
        Fill(
            products,
            rows=PerRow("Categories", 10),
            columns={"category_name": taken("category_id", "Categories.Name")},
        ),
    )
    generator = DataGenerator(engine, blueprint=blueprint)
    stats = generator.generate("small")

    assert dict(stats.counts) == {"Products": 40}
    with engine.connect() as connection:
        query = select(products.c.category_id, products.c.category_name).distinct()
        found = {tuple(row) for row in connection.execute(query)}
    assert found == {(each["id"], each["Name"]) for each in named}
    assert_intact(engine, blueprint=blueprint)
    with pytest.raises(StageError, match="there are rows: 40 in 'Products'"):
        generator.generate("small")
    generator.reset()
    assert _counts(engine, shop) == {"Categories": 4, "Products": 0}
    with engine.begin() as connection:
        connection.execute(delete(categories).where(categories.c.id > 101))
    generator.generate("small")
    with engine.connect() as connection:
        assert set(connection.scalars(select(products.c.category_id))) == {100, 101}


def test_existing_rows_of_reflected_tables(
    tables: Callable[[MetaData], Engine], shop: MetaData
) -> None:
    """Tables that are read from the database are filled like any others."""
    engine = tables(shop)
    with engine.begin() as connection:
        connection.execute(insert(shop.tables["Categories"]), [{"id": 7, "Name": "x"}])
    reflected = MetaData()
    reflected.reflect(engine)
    fill = Fill(reflected.tables["Categories"], rows=Existing())
    stats = DataGenerator(engine, blueprint=infer(reflected, fill)).generate("small")

    assert set(stats.counts) == {"Products"}
    assert_intact(engine)


@pytest.mark.parametrize("there", [True, False])
def test_no_existing_rows(
    tables: Callable[[MetaData], Engine], shop: MetaData, *, there: bool
) -> None:
    """Without rows there are no parents, and nothing is made, neither rows nor tables."""
    engine = tables(shop)
    if not there:
        shop.drop_all(engine)
    generator = DataGenerator(
        engine, blueprint=infer(shop, Fill(shop.tables["Categories"], rows=Existing()))
    )
    with pytest.raises(VolumeError) as caught:
        generator.generate("small")
    assert str(caught.value) == (
        "The rows of 'Categories' are to be those that exist, and there are none for others to "
        "refer to.\n"
        "Insert some before, or leave rows=Existing() out, and they are made. A demo database "
        "begins with empty tables."
    )
    assert inspect(engine).has_table("Products") == there
    if there:
        assert _counts(engine, shop) == {"Categories": 0, "Products": 0}


def test_existing_rows_of_a_demo_database(run: Run, pytester: pytest.Pytester) -> None:
    """A demo database begins with empty tables, and says so."""
    _conftest(pytester, "infer(corner_shop.Base, Fill(corner_shop.Category, rows=Existing()))")
    pytester.makepyfile("def test_it(demo_db): pass")
    result = run()
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["The rows of 'categories' are to be those that exist, and there*"])


def test_existing_rows_that_nobody_refers_to(tables: Callable[[MetaData], Engine]) -> None:
    """Tables that stand alone may be empty, and may have no primary key."""
    metadata = MetaData()
    log = Table("log_of", metadata, Column("line", String(10)))
    Table("members", metadata, Column("id", Integer, primary_key=True))
    engine = tables(metadata)
    generator = DataGenerator(engine, blueprint=infer(metadata, Fill(log, rows=Existing())))
    assert dict(generator.generate("small").counts) == {"members": 25}
    generator.reset()
    with engine.begin() as connection:
        connection.execute(insert(log), [{"line": "a"}, {"line": None}])
    assert dict(generator.generate("small").counts) == {"members": 25}
    assert _counts(engine, metadata)["log_of"] == 2


def test_existing_keys_of_each_kind(tables: Callable[[MetaData], Engine]) -> None:
    """Composite keys, UUIDs, texts and dates are parents as integers are."""
    metadata = MetaData()
    days = Table(
        "days",
        metadata,
        Column("place", String(10), primary_key=True),
        Column("day", Date, primary_key=True),
    )
    devices = Table("devices", metadata, Column("id", Uuid, primary_key=True))
    readings = Table(
        "readings",
        metadata,
        Column("id", Integer, primary_key=True),
        Column("place", String(10), nullable=False),
        Column("day", Date, nullable=False),
        Column("device_id", ForeignKey("devices.id"), nullable=False),
        ForeignKeyConstraint(["place", "day"], ["days.place", "days.day"]),
    )
    engine = tables(metadata)
    days_there = {("Bonn", date(2024, 1, 1)), ("Ulm", date(2024, 1, 1)), ("Ulm", date(2024, 1, 2))}
    with engine.begin() as connection:
        connection.execute(
            insert(days), [{"place": place, "day": day} for place, day in days_there]
        )
        connection.execute(insert(devices), [{"id": UUID(int=number)} for number in (5, 6)])
    blueprint = infer(
        metadata,
        Fill(days, rows=Existing()),
        Fill(devices, rows=Existing()),
        Fill(readings, rows=Fixed(50)),
    )
    DataGenerator(engine, blueprint=blueprint).generate("small")
    with engine.connect() as connection:
        rows = connection.execute(select(readings.c.place, readings.c.day, readings.c.device_id))
        found = list(map(tuple, rows))
    assert {(place, day) for place, day, _ in found} == days_there
    assert {device for *_, device in found} == {UUID(int=5), UUID(int=6)}
    assert_intact(engine)


def test_tables_of_alembic(
    tables: Callable[[MetaData], Engine], shop: MetaData, tmp_path: Path
) -> None:
    """A schema that migrations have made, with rows of theirs, is filled."""
    command = pytest.importorskip("alembic.command")
    config_of = pytest.importorskip("alembic.config").Config
    engine = tables(MetaData())
    (tmp_path / "versions").mkdir()
    (tmp_path / "env.py").write_text(
        dedent("""
            from alembic import context
            context.configure(connection=context.config.attributes["connection"])
            with context.begin_transaction():
                context.run_migrations()
        """),
        "utf-8",
    )
    (tmp_path / "versions" / "first.py").write_text(
        dedent("""
            import sqlalchemy as sa
            from alembic import op

            revision, down_revision = "first", None

            def upgrade():
                categories = op.create_table(
                    "Categories",
                    sa.Column("id", sa.Integer, primary_key=True),
                    sa.Column("Name", sa.String(60), nullable=False, unique=True),
                )
                op.bulk_insert(categories, [{"id": 3, "Name": "x"}, {"id": 4, "Name": "y"}])
                op.create_table(
                    "Products",
                    sa.Column("id", sa.Integer, primary_key=True),
                    sa.Column(
                        "category_id", sa.Integer, sa.ForeignKey("Categories.id"), nullable=False
                    ),
                    sa.Column("category_name", sa.String(60)),
                    sa.Column("price", sa.Numeric(10, 2), nullable=False),
                )
        """),
        "utf-8",
    )
    config = config_of()
    config.set_main_option("script_location", str(tmp_path))
    try:
        with engine.begin() as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
        fill = Fill(shop.tables["Categories"], rows=Existing())
        stats = DataGenerator(engine, blueprint=infer(shop, fill)).generate("small")
        assert set(stats.counts) == {"Products"}
        with engine.connect() as connection:
            drawn = select(shop.tables["Products"].c.category_id)
            assert set(connection.scalars(drawn)) <= {3, 4}
            assert connection.scalar(text("SELECT version_num FROM alembic_version")) == "first"
    finally:
        shop.drop_all(engine)
        with engine.begin() as connection:
            connection.execute(text("DROP TABLE IF EXISTS alembic_version"))


# Declared sums


class Ledger:
    """Bills with lines and payments, whose amounts are declared; keys of several columns."""

    def __init__(self) -> None:
        self.metadata = MetaData()
        self.bills = Table(
            "Bills",
            self.metadata,
            Column("Year", Integer, primary_key=True, autoincrement=False),
            Column("No", Integer, primary_key=True, autoincrement=False),
            Column("Total", Numeric(10, 2)),
            Column("pieces", Integer, nullable=False),
        )
        self.lines = self._child(
            "Lines", Column("Amount", Numeric(12, 2)), Column("pieces", Integer)
        )
        self.payments = self._child("payments", Column("amount", Numeric(12, 4)))

    def _child(self, name: str, *columns: Column[Any]) -> Table:
        return Table(
            name,
            self.metadata,
            Column("id", Integer, primary_key=True),
            Column("Year", Integer, nullable=False),
            Column("No", Integer, nullable=False),
            *columns,
            ForeignKeyConstraint(["Year", "No"], ["Bills.Year", "Bills.No"]),
        )

    def blueprint(self) -> Blueprint:
        """Declare that totals and pieces are those of the lines, and payments parts of totals."""
        key = ("Year", "No")
        number = self.bills.c.No
        return Blueprint(
            self.metadata,
            {
                "all": [
                    Fill(
                        self.bills,
                        rows=Fixed(20),
                        columns={
                            "Year": constant(2024),
                            number: lambda run: range(run.start + 1, run.stop + 1),
                            "Total": sum_of("Lines.Amount"),
                            "pieces": sum_of(self.lines.c.pieces),
                        },
                    ),
                    Fill(
                        self.lines,
                        rows=FanOut(key, range(4)),
                        columns={
                            "Amount": between(Decimal("-5.00"), 50),
                            "pieces": between(0, 9),
                        },
                    ),
                    Fill(
                        self.payments,
                        rows=FanOut(key, range(3)),
                        columns={"amount": share_of("Bills.Total", ("Year", "No"))},
                    ),
                ]
            },
        )


@pytest.fixture
def ledger() -> Ledger:
    """Bills that nobody has made yet."""
    return Ledger()


def test_declared_sums_hold(tables: Callable[[MetaData], Engine], ledger: Ledger) -> None:
    """As generated they do, and each of them is a rule that was looked at, on any target."""
    engine, blueprint = tables(ledger.metadata), ledger.blueprint()
    DataGenerator(engine, blueprint=blueprint).generate("small")

    assert len(blueprint.sums()) == 3
    without = assert_intact(engine)
    checked = assert_intact(engine, blueprint=blueprint)
    assert checked.rules == without.rules + 3
    with Session(engine) as session:
        assert assert_intact(session, blueprint=blueprint) == checked
    with engine.connect() as connection:
        assert assert_intact(connection, blueprint=blueprint) == checked
        bills = ledger.bills
        childless = (
            ~select(ledger.payments)
            .where(ledger.payments.c.No == bills.c.No, bills.c.Total != 0)
            .exists()
        )
        assert connection.execute(select(bills).where(childless)).all()


def _broken(engine: Engine, blueprint: Blueprint, statement: Any) -> str:
    with engine.connect() as connection:
        connection.execute(statement)
        with pytest.raises(AssertionError) as caught:
            assert_intact(connection, blueprint=blueprint)
        connection.rollback()
    return str(caught.value)


def test_one_cent_off(tables: Callable[[MetaData], Engine], ledger: Ledger) -> None:
    """A cent in a total, a child or a payment, or a piece, is found, and the row is named."""
    engine, blueprint = tables(ledger.metadata), ledger.blueprint()
    DataGenerator(engine, blueprint=blueprint).generate("small")
    bills, lines, payments = ledger.bills, ledger.lines, ledger.payments
    with engine.connect() as connection:
        paid = select(func.min(payments.c.No)).where(payments.c.No.in_(select(lines.c.No)))
        number = connection.scalar(paid)
        row = connection.execute(select(bills).where(bills.c.No == number)).one()
        line = connection.scalar(select(func.min(lines.c.id)).where(lines.c.No == number))
        payment = connection.scalar(select(func.min(payments.c.id)).where(payments.c.No == number))
    cent, found = Decimal("0.01"), f"Bills (2024, {number})"
    off = update(bills).where(bills.c.No == number)

    error = _broken(engine, blueprint, off.values(Total=row.Total + cent))
    assert f"{found}: Total {row.Total + cent}, Lines.Amount sum to {row.Total}" in error
    assert f"{found}: Total {row.Total + cent}, payments.amount sum to {row.Total}" in error
    error = _broken(
        engine,
        blueprint,
        update(lines).where(lines.c.id == line).values(Amount=lines.c.Amount + cent),
    )
    assert f"{found}: Total {row.Total}, Lines.Amount sum to {row.Total + cent}" in error
    assert "payments" not in error
    error = _broken(
        engine,
        blueprint,
        update(payments).where(payments.c.id == payment).values(amount=payments.c.amount - cent),
    )
    assert f"{found}: Total {row.Total}, payments.amount sum to {row.Total - cent}" in error
    assert "Lines" not in error
    error = _broken(engine, blueprint, off.values(pieces=row.pieces + 1))
    assert f"{found}: pieces {row.pieces + 1}, Lines.pieces sum to {row.pieces}" in error


def test_parents_without_children(tables: Callable[[MetaData], Engine], ledger: Ledger) -> None:
    """Without lines a total is 0; without payments, or an amount, nothing is said of the bill."""
    engine, blueprint = tables(ledger.metadata), ledger.blueprint()
    DataGenerator(engine, blueprint=blueprint).generate("small")
    bills, lines, payments = ledger.bills, ledger.lines, ledger.payments
    with engine.connect() as connection:
        bare = select(func.min(bills.c.No)).where(bills.c.No.not_in(select(lines.c.No)))
        number = connection.scalar(bare)
        assert connection.scalar(select(bills.c.Total).where(bills.c.No == number)) == 0
        connection.execute(delete(payments))
        assert_intact(connection, blueprint=blueprint)
        connection.execute(update(bills).where(bills.c.No == number).values(Total=1))
        with pytest.raises(
            AssertionError, match=r"Total 1\.00, Lines\.Amount sum to 0\.00 \(no Li"
        ):
            assert_intact(connection, blueprint=blueprint)
        connection.rollback()


def test_shares_of_no_amount(tables: Callable[[MetaData], Engine]) -> None:
    """Where the parent's amount is NULL, and so are its parts, there is nothing to add up."""
    ledger = Ledger()
    engine = tables(ledger.metadata)
    fills = [
        Fill(
            ledger.bills,
            rows=Fixed(9),
            columns={
                "Year": constant(1),
                "No": lambda run: range(run.start, run.stop),
                "Total": lambda run: [None] * (run.stop - run.start),
                "pieces": constant(1),
            },
        ),
        Fill(
            ledger.payments,
            rows=FanOut(("Year", "No"), range(3)),
            columns={"amount": share_of("Bills.Total", ("Year", "No"))},
        ),
    ]
    blueprint = Blueprint(ledger.metadata, {"all": fills})
    DataGenerator(engine, blueprint=blueprint).generate("small")

    assert_intact(engine, blueprint=blueprint)


def test_declared_sums_of_a_demo_database(
    run: Run, pytester: pytest.Pytester, any_url: str
) -> None:
    """A test need say nothing of them: the demo database knows, on all of its members."""
    pytester.makeconftest(BLUEPRINT)
    pytester.makepyfile("""
        from decimal import Decimal

        import pytest
        from sqlalchemy import func, select
        from pytest_demodata import assert_intact
        from corner_shop import Line, Order, Payment

        def test_it(demo_db_small):
            db = demo_db_small
            checked = assert_intact(db)
            assert assert_intact(db.session, blueprint=db.blueprint) == checked
            assert assert_intact(db.connection, blueprint=db.blueprint) == checked
            assert assert_intact(db.engine, blueprint=db.blueprint) == checked
            db.reset()
            paid = select(Order).where(Order.id.in_(select(Payment.order_id))).order_by(Order.id)
            order = db.session.scalars(paid).first()
            before = order.total
            order.total += Decimal("0.01")
            db.session.commit()
            with pytest.raises(AssertionError) as caught:
                assert_intact(db)
            told = f"orders {order.id}: total {order.total}, "
            assert f"{told}order_lines.amount sum to {before}" in str(caught.value)
            assert f"{told}payments.amount sum to {before}" in str(caught.value)

        def test_again(demo_db_small):
            assert_intact(demo_db_small)
    """)
    run(f"--demodata-url={any_url}").assert_outcomes(passed=2)

"""What a check reads from: a demo database, a session, a connection or an engine."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeAlias

from sqlalchemy import URL, Connection, Engine, MetaData
from sqlalchemy.exc import UnboundExecutionError
from sqlalchemy.orm import Session, scoped_session, sessionmaker

from pytest_demodata.errors import DatabaseSetupError, SettingError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date


class HasSession(Protocol):
    """What the helpers use of a `DemoDatabase`."""

    @property
    def session(self) -> Session:
        """What the test reads and writes through."""

    @property
    def metadata(self) -> MetaData:
        """The tables."""

    @property
    def as_of(self) -> date:
        """The reference date that the data was generated with."""

    @property
    def locale(self) -> str:
        """The locale that the data was generated with."""


Target: TypeAlias = HasSession | Session | scoped_session[Any] | Connection | Engine

_ALLOWED: Final = "Allowed: a DemoDatabase, or SQLAlchemy's Session, Connection or Engine."


@contextmanager
def reading(target: Target) -> Iterator[Connection]:
    """Return the connection to read from; what was not in a transaction is not left in one.

    A session is flushed, so that pending objects are seen. Nothing is ever committed.

    Raises:
        DatabaseSetupError: There is no connection to be had from the target.
    """
    source = _source(target)
    if isinstance(source, Session):
        source.flush()
        bind = _bind(source)
        if source.in_transaction():
            yield source.connection(bind_arguments={"bind": bind})
            return
        source = bind
    if isinstance(source, Engine):
        with source.connect() as connection:
            yield connection
        return
    began = not source.in_transaction()
    try:
        yield source
    finally:
        if began:
            source.rollback()


def metadata_of(target: Target, metadata: MetaData | None) -> MetaData | None:
    """Return the tables to look at: those given, else the demo database's, else none.

    Raises:
        SettingError: What was given is no `MetaData`.
    """
    if metadata is None:
        found = getattr(target, "metadata", None)
        return found if isinstance(found, MetaData) else None
    if isinstance(metadata, MetaData):
        return metadata
    message = (
        f"The metadata is {metadata!r}.\n"
        "Allowed: a MetaData, such as Base.metadata.\n"
        "Leave it out, and the tables are read from the database."
    )
    raise SettingError(message)


def _source(target: Target) -> Session | Connection | Engine:
    if isinstance(target, Session | Connection | Engine):
        return target
    if isinstance(target, scoped_session):
        session: Session = target()
        return session
    found = getattr(target, "session", None)
    if isinstance(found, Session):
        return found
    raise _not_a_target(target)


def _bind(session: Session) -> Connection | Engine:
    try:
        return session.get_bind()
    except UnboundExecutionError as error:
        message = (
            "The Session has no database of its own: it is bound to none, or to one for each "
            f"model.\n{_ALLOWED}\nGive the Engine or Connection whose tables are to be checked."
        )
        raise DatabaseSetupError(message) from error


def _not_a_target(target: object) -> DatabaseSetupError:
    return DatabaseSetupError(
        f"The assertion helpers cannot read from {_described(target)}.\n{_ALLOWED}{_hint(target)}"
    )


def _described(target: object) -> str:
    if isinstance(target, type):
        return f"the class {target.__name__}"
    name = type(target).__name__
    return f"{'an' if name[0] in 'AEIOUaeiou' else 'a'} {name}"


def _hint(target: object) -> str:
    modules = {each.__module__ for each in type(target).__mro__}
    if any(name.startswith("sqlalchemy.ext.asyncio") for name in modules):
        return (
            "\nFrom asyncio, let an AsyncSession or AsyncConnection call the helper: "
            "await session.run_sync(assert_no_orphans)."
        )
    if isinstance(target, sessionmaker):
        return "\nGive a Session that it makes: with maker() as session."
    if isinstance(target, str | URL):
        return "\nGive the Engine: create_engine(url)."
    return "\nGive the one that the test writes through."

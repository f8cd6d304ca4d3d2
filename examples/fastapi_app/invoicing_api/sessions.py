"""The sessions of a request, and its day: dependencies, which a test overrides."""

import os
from collections.abc import AsyncIterator, Iterator
from datetime import date
from functools import cache
from typing import Annotated

from fastapi import Depends
from sqlalchemy import create_engine
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import Session, sessionmaker


@cache
def _sessions() -> sessionmaker[Session]:
    return sessionmaker(create_engine(os.environ["INVOICING_URL"]))


@cache
def _async_sessions() -> async_sessionmaker[AsyncSession]:
    return async_sessionmaker(create_async_engine(os.environ["INVOICING_ASYNC_URL"]))


def get_session() -> Iterator[Session]:
    """Open a session for an endpoint that Starlette runs in a thread."""
    with _sessions()() as session:
        yield session


async def get_async_session() -> AsyncIterator[AsyncSession]:
    """Open a session for an endpoint that runs in the event loop."""
    async with _async_sessions()() as session:
        yield session


def get_today() -> date:
    """Return the day on which invoices are written and paid."""
    return date.today()  # noqa: DTZ011 - the office's own day


InThread = Annotated[Session, Depends(get_session)]
InLoop = Annotated[AsyncSession, Depends(get_async_session)]
Today = Annotated[date, Depends(get_today)]

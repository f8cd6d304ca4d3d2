"""Chinook's schema, as each database tells it back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from chinook import ChinookBase, Employee, Track
from sqlalchemy import inspect
from sqlalchemy.orm import configure_mappers

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Engine


@pytest.fixture
def chinook(any_engine: Engine) -> Iterator[Engine]:
    """An engine on a database of each kind that holds Chinook's tables."""
    ChinookBase.metadata.create_all(any_engine)
    yield any_engine
    ChinookBase.metadata.drop_all(any_engine)


def test_every_database_has_the_columns_that_the_documentation_tells(chinook: Engine) -> None:
    """As many as there, and NOT NULL where it says so."""
    tables = {
        table: inspect(chinook).get_columns(table)
        for table in ChinookBase.metadata.tables
        if inspect(chinook).has_table(table)
    }

    assert {table: len(columns) for table, columns in tables.items()} == {
        "Album": 3,
        "Artist": 2,
        "Customer": 13,
        "Employee": 15,
        "Genre": 2,
        "Invoice": 9,
        "InvoiceLine": 5,
        "MediaType": 2,
        "Playlist": 2,
        "PlaylistTrack": 2,
        "Track": 9,
    }
    assert [column["name"] for column in tables["Track"] if not column["nullable"]] == [
        "TrackId",
        "Name",
        "MediaTypeId",
        "Milliseconds",
        "UnitPrice",
    ]
    assert [column["name"] for column in tables["Employee"] if not column["nullable"]] == [
        "EmployeeId",
        "LastName",
        "FirstName",
    ]


def test_every_database_has_the_keys(chinook: Engine) -> None:
    """A composite primary key, a reference to the own table, and ten more foreign keys."""
    keys = {
        (table, tuple(key["constrained_columns"])): key["referred_table"]
        for table in ChinookBase.metadata.tables
        for key in inspect(chinook).get_foreign_keys(table)
    }

    assert keys == {
        ("Album", ("ArtistId",)): "Artist",
        ("Customer", ("SupportRepId",)): "Employee",
        ("Employee", ("ReportsTo",)): "Employee",
        ("Invoice", ("CustomerId",)): "Customer",
        ("InvoiceLine", ("InvoiceId",)): "Invoice",
        ("InvoiceLine", ("TrackId",)): "Track",
        ("PlaylistTrack", ("PlaylistId",)): "Playlist",
        ("PlaylistTrack", ("TrackId",)): "Track",
        ("Track", ("AlbumId",)): "Album",
        ("Track", ("GenreId",)): "Genre",
        ("Track", ("MediaTypeId",)): "MediaType",
    }
    assert inspect(chinook).get_pk_constraint("PlaylistTrack")["constrained_columns"] == [
        "PlaylistId",
        "TrackId",
    ]


def test_the_relationships_are_those_of_the_foreign_keys() -> None:
    """Each relationship finds its foreign key, and one end is named on the other."""
    configure_mappers()

    assert set(inspect(Track).relationships.keys()) == {
        "album",
        "media_type",
        "genre",
        "playlists",
        "invoice_lines",
    }
    assert inspect(Employee).relationships["manager"].remote_side == {
        Employee.__table__.c.EmployeeId
    }

"""The schema of Chinook, a store of digital media, as declarative models: models of somebody else.

Written down from its public documentation, https://github.com/lerocha/chinook-database, with the
names, lengths, nullability, keys and indexes of its script for SQLite, and none of its data. Two
things are left out that change nothing: NO ACTION, and the names of the primary keys. NVARCHAR is
Unicode, which is VARCHAR where a database has no NVARCHAR.
"""

from __future__ import annotations

from datetime import datetime  # noqa: TC003 - SQLAlchemy reads the annotations
from decimal import Decimal
from typing import Annotated

from sqlalchemy import ForeignKey, Index, Numeric, Unicode
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

_Money = Annotated[Decimal, mapped_column(Numeric(10, 2))]


class ChinookBase(DeclarativeBase):
    """The declarative base of Chinook; `ChinookBase.metadata` holds its eleven tables."""


class Artist(ChinookBase):
    """Who made an album."""

    __tablename__ = "Artist"

    ArtistId: Mapped[int] = mapped_column(primary_key=True)
    Name: Mapped[str | None] = mapped_column(Unicode(120))

    albums: Mapped[list[Album]] = relationship(back_populates="artist")


class Album(ChinookBase):
    """An album of one artist."""

    __tablename__ = "Album"

    AlbumId: Mapped[int] = mapped_column(primary_key=True)
    Title: Mapped[str] = mapped_column(Unicode(160))
    ArtistId: Mapped[int] = mapped_column(ForeignKey("Artist.ArtistId"))

    artist: Mapped[Artist] = relationship(back_populates="albums")
    tracks: Mapped[list[Track]] = relationship(back_populates="album")

    __table_args__ = (Index("IFK_AlbumArtistId", "ArtistId"),)


class MediaType(ChinookBase):
    """The kind of file that a track is."""

    __tablename__ = "MediaType"

    MediaTypeId: Mapped[int] = mapped_column(primary_key=True)
    Name: Mapped[str | None] = mapped_column(Unicode(120))

    tracks: Mapped[list[Track]] = relationship(back_populates="media_type")


class Genre(ChinookBase):
    """The kind of music that a track is."""

    __tablename__ = "Genre"

    GenreId: Mapped[int] = mapped_column(primary_key=True)
    Name: Mapped[str | None] = mapped_column(Unicode(120))

    tracks: Mapped[list[Track]] = relationship(back_populates="genre")


class Playlist(ChinookBase):
    """A list of tracks."""

    __tablename__ = "Playlist"

    PlaylistId: Mapped[int] = mapped_column(primary_key=True)
    Name: Mapped[str | None] = mapped_column(Unicode(120))

    tracks: Mapped[list[Track]] = relationship(
        secondary="PlaylistTrack", back_populates="playlists"
    )


class Track(ChinookBase):
    """What is sold: a song, or an episode."""

    __tablename__ = "Track"

    TrackId: Mapped[int] = mapped_column(primary_key=True)
    Name: Mapped[str] = mapped_column(Unicode(200))
    AlbumId: Mapped[int | None] = mapped_column(ForeignKey("Album.AlbumId"))
    MediaTypeId: Mapped[int] = mapped_column(ForeignKey("MediaType.MediaTypeId"))
    GenreId: Mapped[int | None] = mapped_column(ForeignKey("Genre.GenreId"))
    Composer: Mapped[str | None] = mapped_column(Unicode(220))
    Milliseconds: Mapped[int]
    Bytes: Mapped[int | None]
    UnitPrice: Mapped[_Money]

    album: Mapped[Album | None] = relationship(back_populates="tracks")
    media_type: Mapped[MediaType] = relationship(back_populates="tracks")
    genre: Mapped[Genre | None] = relationship(back_populates="tracks")
    playlists: Mapped[list[Playlist]] = relationship(
        secondary="PlaylistTrack", back_populates="tracks"
    )
    invoice_lines: Mapped[list[InvoiceLine]] = relationship(back_populates="track")

    __table_args__ = (
        Index("IFK_TrackAlbumId", "AlbumId"),
        Index("IFK_TrackGenreId", "GenreId"),
        Index("IFK_TrackMediaTypeId", "MediaTypeId"),
    )


class PlaylistTrack(ChinookBase):
    """That a track is in a playlist."""

    __tablename__ = "PlaylistTrack"

    PlaylistId: Mapped[int] = mapped_column(ForeignKey("Playlist.PlaylistId"), primary_key=True)
    TrackId: Mapped[int] = mapped_column(ForeignKey("Track.TrackId"), primary_key=True)

    __table_args__ = (
        Index("IFK_PlaylistTrackPlaylistId", "PlaylistId"),
        Index("IFK_PlaylistTrackTrackId", "TrackId"),
    )


class Employee(ChinookBase):
    """Somebody who works at the store, and whom they report to."""

    __tablename__ = "Employee"

    EmployeeId: Mapped[int] = mapped_column(primary_key=True)
    LastName: Mapped[str] = mapped_column(Unicode(20))
    FirstName: Mapped[str] = mapped_column(Unicode(20))
    Title: Mapped[str | None] = mapped_column(Unicode(30))
    ReportsTo: Mapped[int | None] = mapped_column(ForeignKey("Employee.EmployeeId"))
    BirthDate: Mapped[datetime | None]
    HireDate: Mapped[datetime | None]
    Address: Mapped[str | None] = mapped_column(Unicode(70))
    City: Mapped[str | None] = mapped_column(Unicode(40))
    State: Mapped[str | None] = mapped_column(Unicode(40))
    Country: Mapped[str | None] = mapped_column(Unicode(40))
    PostalCode: Mapped[str | None] = mapped_column(Unicode(10))
    Phone: Mapped[str | None] = mapped_column(Unicode(24))
    Fax: Mapped[str | None] = mapped_column(Unicode(24))
    Email: Mapped[str | None] = mapped_column(Unicode(60))

    manager: Mapped[Employee | None] = relationship(
        back_populates="reports", remote_side=[EmployeeId]
    )
    reports: Mapped[list[Employee]] = relationship(back_populates="manager")
    customers: Mapped[list[Customer]] = relationship(back_populates="support_rep")

    __table_args__ = (Index("IFK_EmployeeReportsTo", "ReportsTo"),)


class Customer(ChinookBase):
    """Somebody who buys, and the employee who helps them."""

    __tablename__ = "Customer"

    CustomerId: Mapped[int] = mapped_column(primary_key=True)
    FirstName: Mapped[str] = mapped_column(Unicode(40))
    LastName: Mapped[str] = mapped_column(Unicode(20))
    Company: Mapped[str | None] = mapped_column(Unicode(80))
    Address: Mapped[str | None] = mapped_column(Unicode(70))
    City: Mapped[str | None] = mapped_column(Unicode(40))
    State: Mapped[str | None] = mapped_column(Unicode(40))
    Country: Mapped[str | None] = mapped_column(Unicode(40))
    PostalCode: Mapped[str | None] = mapped_column(Unicode(10))
    Phone: Mapped[str | None] = mapped_column(Unicode(24))
    Fax: Mapped[str | None] = mapped_column(Unicode(24))
    Email: Mapped[str] = mapped_column(Unicode(60))
    SupportRepId: Mapped[int | None] = mapped_column(ForeignKey("Employee.EmployeeId"))

    support_rep: Mapped[Employee | None] = relationship(back_populates="customers")
    invoices: Mapped[list[Invoice]] = relationship(back_populates="customer")

    __table_args__ = (Index("IFK_CustomerSupportRepId", "SupportRepId"),)


class Invoice(ChinookBase):
    """What a customer bought at one time."""

    __tablename__ = "Invoice"

    InvoiceId: Mapped[int] = mapped_column(primary_key=True)
    CustomerId: Mapped[int] = mapped_column(ForeignKey("Customer.CustomerId"))
    InvoiceDate: Mapped[datetime]
    BillingAddress: Mapped[str | None] = mapped_column(Unicode(70))
    BillingCity: Mapped[str | None] = mapped_column(Unicode(40))
    BillingState: Mapped[str | None] = mapped_column(Unicode(40))
    BillingCountry: Mapped[str | None] = mapped_column(Unicode(40))
    BillingPostalCode: Mapped[str | None] = mapped_column(Unicode(10))
    Total: Mapped[_Money]

    customer: Mapped[Customer] = relationship(back_populates="invoices")
    lines: Mapped[list[InvoiceLine]] = relationship(back_populates="invoice")

    __table_args__ = (Index("IFK_InvoiceCustomerId", "CustomerId"),)


class InvoiceLine(ChinookBase):
    """One track on an invoice."""

    __tablename__ = "InvoiceLine"

    InvoiceLineId: Mapped[int] = mapped_column(primary_key=True)
    InvoiceId: Mapped[int] = mapped_column(ForeignKey("Invoice.InvoiceId"))
    TrackId: Mapped[int] = mapped_column(ForeignKey("Track.TrackId"))
    UnitPrice: Mapped[_Money]
    Quantity: Mapped[int]

    invoice: Mapped[Invoice] = relationship(back_populates="lines")
    track: Mapped[Track] = relationship(back_populates="invoice_lines")

    __table_args__ = (
        Index("IFK_InvoiceLineInvoiceId", "InvoiceId"),
        Index("IFK_InvoiceLineTrackId", "TrackId"),
    )

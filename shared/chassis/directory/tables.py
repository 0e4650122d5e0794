"""The replica's tables: people, departments, roles and ended sessions, and where the replica stands."""

from datetime import datetime
from typing import Any

from sqlalchemy import Boolean, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from chassis.db import Base, Id, Json, UtcDateTime

EVERYONE = "everyone"  # the role that binds the whole company; held by all without being given

_BRANCH = {"info": {"branch": "chassis"}}


class DirectoryUser(Base):
    """A person, as far as access and display need them."""

    __tablename__ = "directory_users"
    __table_args__ = _BRANCH

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    name: Mapped[str] = mapped_column(String(200), default="", info={"personal": True})
    email: Mapped[str] = mapped_column(String(254), default="", info={"personal": True})
    locale: Mapped[str] = mapped_column(String(10), default="en")
    department_id: Mapped[str | None] = mapped_column(Id)
    is_head: Mapped[bool] = mapped_column(Boolean, default=False)
    roles: Mapped[list[str]] = mapped_column(Json, default=list)
    active: Mapped[bool] = mapped_column(Boolean, default=True)
    absent: Mapped[bool] = mapped_column(Boolean, default=False)
    epoch: Mapped[int] = mapped_column(Integer, default=0)
    allowed_networks: Mapped[list[str]] = mapped_column(Json, default=list)


class DirectoryDepartment(Base):
    """A department; `path` is the ids from the top down to itself, between slashes."""

    __tablename__ = "directory_departments"
    __table_args__ = _BRANCH

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    parent_id: Mapped[str | None] = mapped_column(Id)
    name: Mapped[str] = mapped_column(String(200), default="")
    head_id: Mapped[str | None] = mapped_column(Id)
    path: Mapped[str] = mapped_column(String(1000), default="")


class DirectoryRole(Base):
    """A role and what it grants per object; engines.access gives `grants` its meaning.

    The role EVERYONE grants nothing: its networks bind the whole company.
    """

    __tablename__ = "directory_roles"
    __table_args__ = _BRANCH

    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    name: Mapped[dict[str, str]] = mapped_column(Json, default=dict)
    grants: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    allowed_networks: Mapped[list[str]] = mapped_column(Json, default=list)


class DirectoryRevocation(Base):
    """A session that was ended before its token expires."""

    __tablename__ = "directory_revocations"
    __table_args__ = _BRANCH

    session_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    revoked_at: Mapped[datetime] = mapped_column(UtcDateTime)


class DirectoryState(Base):
    """One row: the event the replica stands at, by which processes see that their snapshot is out of date."""

    __tablename__ = "directory_state"
    __table_args__ = _BRANCH

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    version: Mapped[str] = mapped_column(Id)


class DirectoryContact(Base):
    """One row: when the directory's log was last read to its end. No part of the projection, so not rebuilt."""

    __tablename__ = "directory_contact"
    __table_args__ = _BRANCH

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    heard_at: Mapped[datetime] = mapped_column(UtcDateTime)


TABLES = [DirectoryUser, DirectoryDepartment, DirectoryRole, DirectoryRevocation, DirectoryState]

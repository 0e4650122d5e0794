"""Tables of the directory, log-in, clients, notifications and work items; connectors have their own models.py."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, Integer, MetaData, SmallInteger, String, UniqueConstraint
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from chassis import clock
from chassis.db import NAMING, Id, Json, UtcDateTime
from chassis.ids import uuid7
from chassis.records import Record
from chassis.vault import EncryptedText

PERSONAL = {"personal": True}


class Base(DeclarativeBase):
    """Root of the gateway's own tables."""

    metadata = MetaData(naming_convention=NAMING)


class Department(Record, Base):
    """A node of the department tree; `department_id` is its own id, so that record scopes read it naturally."""

    __tablename__ = "department"
    __kind__ = "department"

    name: Mapped[str] = mapped_column(String(120))
    parent_id: Mapped[str | None] = mapped_column(Id, ForeignKey("department.id"), index=True)
    head_id: Mapped[str | None] = mapped_column(Id, index=True)


class DepartmentPath(Base):
    """Closure of the tree: one row per department and each department above it, itself included (depth 0)."""

    __tablename__ = "department_path"

    ancestor_id: Mapped[str] = mapped_column(Id, ForeignKey("department.id", ondelete="CASCADE"), primary_key=True)
    descendant_id: Mapped[str] = mapped_column(
        Id, ForeignKey("department.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    depth: Mapped[int] = mapped_column(SmallInteger)


class User(Record, Base):
    """A person who works here; `owner_id` is the person's own id. Secrets live in Credential, never here."""

    __tablename__ = "user_account"
    __kind__ = "user"

    name: Mapped[str] = mapped_column(String(120), info=PERSONAL)
    email: Mapped[str] = mapped_column(String(254), unique=True, info=PERSONAL)
    mobile: Mapped[str | None] = mapped_column(String(32), info=PERSONAL)
    title: Mapped[str | None] = mapped_column(String(120))
    locale: Mapped[str] = mapped_column(String(16), default="zh")
    roles: Mapped[list[str]] = mapped_column(Json, default=list)
    active: Mapped[bool] = mapped_column(default=True)
    absent: Mapped[bool] = mapped_column(default=False)
    epoch: Mapped[int] = mapped_column(Integer, default=1)
    allowed_networks: Mapped[list[str]] = mapped_column(Json, default=list)


class Absence(Base):
    """A period in which a person does not work; timers turn `User.absent` on and off."""

    __tablename__ = "absence"

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=uuid7)
    user_id: Mapped[str] = mapped_column(Id, ForeignKey("user_account.id", ondelete="CASCADE"), index=True)
    starts_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ends_at: Mapped[datetime] = mapped_column(UtcDateTime)
    reason: Mapped[str] = mapped_column(String(200), default="")


class Role(Record, Base):
    """What its holders may do: grants per object, in the shape engines.access reads."""

    __tablename__ = "role"
    __kind__ = "role"

    key: Mapped[str] = mapped_column(String(60), unique=True)
    name: Mapped[dict[str, str]] = mapped_column(Json)
    grants: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    allowed_networks: Mapped[list[str]] = mapped_column(Json, default=list)
    second_factor: Mapped[bool] = mapped_column(default=False)
    shipped: Mapped[bool] = mapped_column(default=False)


class ApiClient(Record, Base):
    """A machine that gets tokens by client credentials. The secret is random, so a plain digest of it is stored."""

    __tablename__ = "api_client"
    __kind__ = "api_client"

    client_id: Mapped[str] = mapped_column(String(80), unique=True)
    name: Mapped[str] = mapped_column(String(120))
    secret_digest: Mapped[str] = mapped_column(String(64))
    scopes: Mapped[list[str]] = mapped_column(Json, default=list)
    roles: Mapped[list[str]] = mapped_column(Json, default=list)
    allowed_networks: Mapped[list[str]] = mapped_column(Json, default=list)
    active: Mapped[bool] = mapped_column(default=True)
    epoch: Mapped[int] = mapped_column(Integer, default=1)
    expires_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Credential(Base):
    """How a person proves who they are."""

    __tablename__ = "credential"

    user_id: Mapped[str] = mapped_column(Id, ForeignKey("user_account.id", ondelete="CASCADE"), primary_key=True)
    password_hash: Mapped[str | None] = mapped_column(String(200))
    password_changed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    otp_secret: Mapped[str | None] = mapped_column(EncryptedText("credential.otp_secret"))
    otp_confirmed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    otp_last_step: Mapped[int] = mapped_column(Integer, default=0)


class RecoveryCode(Base):
    """A single-use way in when the phone is lost."""

    __tablename__ = "recovery_code"

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=uuid7)
    user_id: Mapped[str] = mapped_column(Id, ForeignKey("user_account.id", ondelete="CASCADE"), index=True)
    digest: Mapped[str] = mapped_column(String(64))
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class LogInSession(Base):
    """One log-in of a person, from one browser or program, until it ends or is revoked."""

    __tablename__ = "log_in_session"

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=uuid7)
    user_id: Mapped[str] = mapped_column(Id, ForeignKey("user_account.id", ondelete="CASCADE"), index=True)
    kind: Mapped[str] = mapped_column(String(10))  # page | api
    second_factor: Mapped[bool] = mapped_column(default=False)
    csrf: Mapped[str] = mapped_column(EncryptedText("log_in_session.csrf"))
    address: Mapped[str] = mapped_column(String(45))
    agent: Mapped[str] = mapped_column(String(300), default="")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)
    seen_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class LogInChallenge(Base):
    """A person who gave the right password and still owes the second factor."""

    __tablename__ = "log_in_challenge"

    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    user_id: Mapped[str] = mapped_column(Id, ForeignKey("user_account.id", ondelete="CASCADE"))
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


class LogInGuard(Base):
    """Failures and attempts counted under an account, an address or a client ("account:…", "address:…")."""

    __tablename__ = "log_in_guard"

    key: Mapped[str] = mapped_column(String(120), primary_key=True)
    failures: Mapped[int] = mapped_column(Integer, default=0)
    failed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    locked_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    window_from: Mapped[datetime] = mapped_column(UtcDateTime)
    attempts: Mapped[int] = mapped_column(Integer, default=0)


class SetUpLink(Base):
    """A one-time link: to make the first administrator (`user_id` empty), or to choose a password."""

    __tablename__ = "set_up_link"

    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    user_id: Mapped[str | None] = mapped_column(Id, ForeignKey("user_account.id", ondelete="CASCADE"))
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)


class SigningKey(Base):
    """A key that signs tokens. It is published before it signs and until the last token it signed has expired."""

    __tablename__ = "signing_key"

    kid: Mapped[str] = mapped_column(String(64), primary_key=True)
    public_jwk: Mapped[dict[str, str]] = mapped_column(Json)
    private_pem: Mapped[str] = mapped_column(EncryptedText("signing_key.private_pem"))
    signs_from: Mapped[datetime] = mapped_column(UtcDateTime)
    signs_until: Mapped[datetime] = mapped_column(UtcDateTime)
    published_until: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


class Notification(Base):
    """One message in one person's inbox."""

    __tablename__ = "notification"
    __table_args__ = (
        UniqueConstraint("event_id", "user_id"),
        Index("ix_notification_unread", "user_id", "read_at", "id"),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=uuid7)
    event_id: Mapped[str] = mapped_column(Id)
    user_id: Mapped[str] = mapped_column(Id)
    source: Mapped[str] = mapped_column(String(40))
    key: Mapped[str] = mapped_column(String(80))
    title: Mapped[dict[str, str]] = mapped_column(Json)
    text: Mapped[dict[str, str]] = mapped_column(Json)
    link: Mapped[str] = mapped_column(String(500), default="")
    subject: Mapped[str] = mapped_column(String(100), default="")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    read_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class NotificationPreference(Base):
    """Whether a person wants messages of one key ("*": all others) on one channel."""

    __tablename__ = "notification_preference"

    user_id: Mapped[str] = mapped_column(Id, ForeignKey("user_account.id", ondelete="CASCADE"), primary_key=True)
    channel: Mapped[str] = mapped_column(String(20), primary_key=True)
    key: Mapped[str] = mapped_column(String(80), primary_key=True, default="*")
    wanted: Mapped[bool] = mapped_column()


class WorkItem(Base):
    """Something a person has to do, in whichever service; projected from `task` events."""

    __tablename__ = "work_item"
    __table_args__ = (Index("ix_work_item_mine", "assignee_id", "completed_at", "due_at"),)

    source: Mapped[str] = mapped_column(String(40), primary_key=True)
    task_id: Mapped[str] = mapped_column(Id, primary_key=True)
    subject: Mapped[str] = mapped_column(String(100))
    title: Mapped[Any] = mapped_column(Json)
    link: Mapped[str] = mapped_column(String(500), default="")
    assignee_id: Mapped[str] = mapped_column(Id)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    due_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    completed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    outcome: Mapped[str] = mapped_column(String(20), default="")
    kind: Mapped[str] = mapped_column(String(20), default="task", server_default="task")  # task, approval or ticket
    remind_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    changed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Erasure(Base):
    """One request to erase a person's data (`dry_run`: to say where it is), carried out by every service in rounds.

    A round begins anew with what the services learnt in the one before; `waiting` are those that still owe an answer.
    The phones and addresses go at the end, the counts and the records' ids stay as proof.
    """

    __tablename__ = "erasure"

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=uuid7)
    asked_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now, index=True)
    asked_by: Mapped[str] = mapped_column(String(64))
    reason: Mapped[str] = mapped_column(String(300), default="")
    dry_run: Mapped[bool] = mapped_column(default=False)
    state: Mapped[str] = mapped_column(String(10), default="running")  # running | done
    round: Mapped[int] = mapped_column(Integer, default=1)
    asked: Mapped[int] = mapped_column(Integer, default=0)  # how much was known when the round began
    services: Mapped[list[str]] = mapped_column(Json)
    waiting: Mapped[list[str]] = mapped_column(Json)
    given: Mapped[list[str]] = mapped_column(Json)
    found: Mapped[list[str]] = mapped_column(Json, default=list)
    phones: Mapped[list[str] | None] = mapped_column(Json, info=PERSONAL)
    emails: Mapped[list[str] | None] = mapped_column(Json, info=PERSONAL)
    counts: Mapped[dict[str, dict[str, int]]] = mapped_column(Json, default=dict)  # {service: {table: rows}}
    todo: Mapped[list[str]] = mapped_column(Json, default=list)  # what outside systems have to be asked for
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    key_hash: Mapped[str | None] = mapped_column(
        String(200)
    )  # of what was typed to look, compared when it is confirmed


class CalendarFeed(Base):
    """The private address at which a person's calendar is read; only the token's hash is kept."""

    __tablename__ = "calendar_feed"

    user_id: Mapped[str] = mapped_column(Id, ForeignKey("user_account.id", ondelete="CASCADE"), primary_key=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    read_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class HandOver(Record, Base):
    """A leaver's records going to successors ({kind: person, "*": person}); `status` is counting, running, done, cancelled."""

    __tablename__ = "hand_over"
    __kind__ = "hand_over"

    leaver_id: Mapped[str] = mapped_column(Id, index=True)
    status: Mapped[str] = mapped_column(String(12))
    successors: Mapped[dict[str, str]] = mapped_column(Json, default=dict)
    asked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    started_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class HandOverAnswer(Base):
    """What one service said: how many records per kind it counted, has moved, and could not move."""

    __tablename__ = "hand_over_answer"

    hand_over_id: Mapped[str] = mapped_column(Id, ForeignKey("hand_over.id", ondelete="CASCADE"), primary_key=True)
    service: Mapped[str] = mapped_column(String(40), primary_key=True)
    counts: Mapped[dict[str, int]] = mapped_column(Json, default=dict)
    counted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    moved: Mapped[dict[str, int]] = mapped_column(Json, default=dict)
    refused: Mapped[list[dict[str, str]]] = mapped_column(Json, default=list)
    completed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Company(Record, Base):
    """The one company of this installation; `step` is where its set-up stands until it is finished."""

    __tablename__ = "company"
    __kind__ = "company"

    name: Mapped[str] = mapped_column(String(120), default="")
    time_zone: Mapped[str] = mapped_column(String(60), default="Asia/Shanghai")
    base_currency: Mapped[str] = mapped_column(String(3), default="CNY")
    legal_entities: Mapped[list[dict[str, str]]] = mapped_column(Json, default=list)
    pipeline_template: Mapped[str] = mapped_column(String(60), default="")
    step: Mapped[str] = mapped_column(String(20), default="security")
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class DemoData(Base):
    """Whether a service holds demo data, as it said itself; counts are by kind of record."""

    __tablename__ = "demo_data"

    service: Mapped[str] = mapped_column(String(40), primary_key=True)
    loaded_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    records: Mapped[dict[str, int]] = mapped_column(Json, default=dict)
    requested_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    requested_by: Mapped[str | None] = mapped_column(String(64))
    removed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    removed: Mapped[dict[str, int]] = mapped_column(Json, default=dict)

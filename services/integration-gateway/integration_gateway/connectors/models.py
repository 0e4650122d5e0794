"""Tables of connectors, their deliveries, and what was learnt from the systems behind them."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Float, ForeignKey, Index, Integer, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from chassis import clock
from chassis.db import Id, Json, UtcDateTime
from chassis.ids import uuid7
from chassis.records import Record
from chassis.vault import EncryptedText
from integration_gateway.models import Base


class Connector(Record, Base):
    """A configured outside system. Settings that are secret live in `secrets`, as encrypted JSON text."""

    __tablename__ = "connector"
    __kind__ = "connector"

    kind: Mapped[str] = mapped_column(String(40), index=True)
    name: Mapped[str] = mapped_column(String(120))
    enabled: Mapped[bool] = mapped_column(default=True)
    settings: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    secrets: Mapped[str] = mapped_column(EncryptedText("connector.secrets"), default="{}")


class ConnectorState(Base):
    """What running a connector changes: its token bucket, its circuit breaker and its last health check."""

    __tablename__ = "connector_state"

    connector_id: Mapped[str] = mapped_column(Id, ForeignKey("connector.id", ondelete="CASCADE"), primary_key=True)
    tokens: Mapped[float] = mapped_column(Float)
    filled_at: Mapped[datetime] = mapped_column(UtcDateTime)
    failures: Mapped[int] = mapped_column(Integer, default=0)
    paused_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    pause_reason: Mapped[str] = mapped_column(String(300), default="")
    healthy: Mapped[bool | None] = mapped_column()
    health_detail: Mapped[str] = mapped_column(String(500), default="")
    checked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Delivery(Base):
    """One action to be done in an outside system, once.

    `state`: pending → sending → succeeded, or failed (given up), or uncertain (may have taken effect; looked up before
    the next try), or cancelled. `key` is ours and unique per connector. `next_at` is when it is due; empty while it
    waits for `after_id` or for nothing any more. `generation` counts claims, so that a late answer of an abandoned
    try changes nothing.
    """

    __tablename__ = "delivery"
    __table_args__ = (
        UniqueConstraint("connector_id", "key"),
        Index("ix_delivery_due", "connector_id", "next_at"),
        Index("ix_delivery_state", "state", "id"),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=uuid7)
    connector_id: Mapped[str] = mapped_column(Id, ForeignKey("connector.id"))
    action: Mapped[str] = mapped_column(String(40))
    key: Mapped[str] = mapped_column(String(200))
    subject: Mapped[str] = mapped_column(String(100), default="", index=True)
    payload: Mapped[dict[str, Any]] = mapped_column(Json, info={"personal": True})
    state: Mapped[str] = mapped_column(String(12), default="pending")
    after_id: Mapped[str | None] = mapped_column(Id, ForeignKey("delivery.id"), index=True)
    generation: Mapped[int] = mapped_column(Integer, default=0)
    attempts: Mapped[int] = mapped_column(Integer, default=0)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)
    next_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    done_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    error: Mapped[str | None] = mapped_column(Text)
    error_permanent: Mapped[bool] = mapped_column(default=False)
    result: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)


class DeliveryAttempt(Base):
    """One try: what was done (`run`, or `look` for an earlier uncertain one) and what came of it."""

    __tablename__ = "delivery_attempt"

    delivery_id: Mapped[str] = mapped_column(Id, ForeignKey("delivery.id", ondelete="CASCADE"), primary_key=True)
    generation: Mapped[int] = mapped_column(Integer, primary_key=True)
    started_at: Mapped[datetime] = mapped_column(UtcDateTime)
    seconds: Mapped[float | None] = mapped_column(Float)
    looked: Mapped[bool] = mapped_column(default=False)
    outcome: Mapped[str] = mapped_column(String(12), default="")
    code: Mapped[str] = mapped_column(String(60), default="")
    error: Mapped[str | None] = mapped_column(Text)


class ErpDocument(Base):
    """A document of ours that stands in an ERP, under our number."""

    __tablename__ = "erp_document"

    connector_id: Mapped[str] = mapped_column(Id, ForeignKey("connector.id"), primary_key=True)
    kind: Mapped[str] = mapped_column(String(20), primary_key=True)
    number: Mapped[str] = mapped_column(String(60), primary_key=True)
    external_id: Mapped[str] = mapped_column(String(60))
    subject_kind: Mapped[str] = mapped_column(String(20))
    subject_id: Mapped[str] = mapped_column(Id, index=True)
    contract_id: Mapped[str | None] = mapped_column(Id)
    pushed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    order_state: Mapped[str] = mapped_column(String(20), default="")
    shipped: Mapped[str] = mapped_column(String(30), default="0")


class ErpReceipt(Base):
    """A payment read from an ERP; its external id makes sure it is told once."""

    __tablename__ = "erp_receipt"

    connector_id: Mapped[str] = mapped_column(Id, ForeignKey("connector.id"), primary_key=True)
    external_id: Mapped[str] = mapped_column(String(120), primary_key=True)
    receivable_number: Mapped[str] = mapped_column(String(60))
    contract_id: Mapped[str | None] = mapped_column(Id)
    amount_minor: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str] = mapped_column(String(10))
    seen_at: Mapped[datetime] = mapped_column(UtcDateTime)


class ErpCursor(Base):
    """How far the changes of one kind have been read from an ERP."""

    __tablename__ = "erp_cursor"

    connector_id: Mapped[str] = mapped_column(Id, ForeignKey("connector.id", ondelete="CASCADE"), primary_key=True)
    stream: Mapped[str] = mapped_column(String(20), primary_key=True)
    after: Mapped[datetime] = mapped_column(UtcDateTime)
    read_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    error: Mapped[str | None] = mapped_column(Text)


class ChatCard(Base):
    """An approval card in somebody's chat. `response_code` is what the next update of it may use."""

    __tablename__ = "chat_card"
    __table_args__ = (Index("ix_chat_card_task", "connector_id", "card_task_id"),)

    connector_id: Mapped[str] = mapped_column(Id, ForeignKey("connector.id"), primary_key=True)
    task_id: Mapped[str] = mapped_column(Id, primary_key=True)
    card_task_id: Mapped[str] = mapped_column(String(128))
    user_id: Mapped[str] = mapped_column(Id)
    member: Mapped[str] = mapped_column(String(64))
    title: Mapped[str] = mapped_column(String(200), default="")
    delivery_id: Mapped[str] = mapped_column(Id)
    response_code: Mapped[str] = mapped_column(String(200), default="")
    outcome: Mapped[str] = mapped_column(String(60), default="")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)


class ChatCallback(Base):
    """A callback of a chat platform, kept under its identity so that repetitions do nothing."""

    __tablename__ = "chat_callback"

    connector_id: Mapped[str] = mapped_column(Id, ForeignKey("connector.id"), primary_key=True)
    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    event: Mapped[str] = mapped_column(String(60))
    member: Mapped[str] = mapped_column(String(64), info={"personal": True})
    outcome: Mapped[str] = mapped_column(String(30))
    received_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)


class ContactCheck(Base):
    """A comparison of our directory with a chat platform's: asked for, by an event (`member`) or in full."""

    __tablename__ = "contact_check"

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=uuid7)
    connector_id: Mapped[str] = mapped_column(Id, ForeignKey("connector.id"), index=True)
    member: Mapped[str] = mapped_column(String(64), default="")
    apply: Mapped[bool] = mapped_column(default=True)
    asked_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)
    due_at: Mapped[datetime | None] = mapped_column(UtcDateTime, default=clock.now, index=True)
    done_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    differences: Mapped[int] = mapped_column(Integer, default=0)
    report: Mapped[dict[str, Any]] = mapped_column(Json, default=dict, info={"personal": True})
    error: Mapped[str | None] = mapped_column(Text)

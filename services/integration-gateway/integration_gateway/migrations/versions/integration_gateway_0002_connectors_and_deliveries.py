"""connectors and deliveries"""

import sqlalchemy as sa
from alembic import op

from chassis.db import Id, Json, UtcDateTime
from chassis.vault import EncryptedText

revision = "integration_gateway_0002"
down_revision = "integration_gateway_0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "connector",
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("settings", Json, nullable=False),
        sa.Column("secrets", EncryptedText("connector.secrets"), nullable=False),
        sa.Column("id", Id, nullable=False),
        sa.Column("number", sa.String(length=40), nullable=True),
        sa.Column("external_ids", Json, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("updated_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.String(length=64), nullable=True),
        sa.Column("owner_id", Id, nullable=True),
        sa.Column("department_id", Id, nullable=True),
        sa.Column("tags", Json, nullable=False),
        sa.Column("custom", Json, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_connector")),
    )
    with op.batch_alter_table("connector", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_connector_kind"), ["kind"], unique=False)
        batch_op.create_index(batch_op.f("ix_connector_number"), ["number"], unique=False)
        batch_op.create_index(batch_op.f("ix_connector_owner_id"), ["owner_id"], unique=False)

    op.create_table(
        "chat_callback",
        sa.Column("connector_id", Id, nullable=False),
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("event", sa.String(length=60), nullable=False),
        sa.Column("member", sa.String(length=64), nullable=False),
        sa.Column("outcome", sa.String(length=30), nullable=False),
        sa.Column("received_at", UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["connector_id"], ["connector.id"], name=op.f("fk_chat_callback_connector_id")),
        sa.PrimaryKeyConstraint("connector_id", "id", name=op.f("pk_chat_callback")),
    )
    op.create_table(
        "chat_card",
        sa.Column("connector_id", Id, nullable=False),
        sa.Column("task_id", Id, nullable=False),
        sa.Column("card_task_id", sa.String(length=128), nullable=False),
        sa.Column("user_id", Id, nullable=False),
        sa.Column("member", sa.String(length=64), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("delivery_id", Id, nullable=False),
        sa.Column("response_code", sa.String(length=200), nullable=False),
        sa.Column("outcome", sa.String(length=60), nullable=False),
        sa.Column("created_at", UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["connector_id"], ["connector.id"], name=op.f("fk_chat_card_connector_id")),
        sa.PrimaryKeyConstraint("connector_id", "task_id", name=op.f("pk_chat_card")),
    )
    with op.batch_alter_table("chat_card", schema=None) as batch_op:
        batch_op.create_index("ix_chat_card_task", ["connector_id", "card_task_id"], unique=False)

    op.create_table(
        "connector_state",
        sa.Column("connector_id", Id, nullable=False),
        sa.Column("tokens", sa.Float(), nullable=False),
        sa.Column("filled_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("paused_until", UtcDateTime(timezone=True), nullable=True),
        sa.Column("pause_reason", sa.String(length=300), nullable=False),
        sa.Column("healthy", sa.Boolean(), nullable=True),
        sa.Column("health_detail", sa.String(length=500), nullable=False),
        sa.Column("checked_at", UtcDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["connector_id"], ["connector.id"], name=op.f("fk_connector_state_connector_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("connector_id", name=op.f("pk_connector_state")),
    )
    op.create_table(
        "contact_check",
        sa.Column("id", Id, nullable=False),
        sa.Column("connector_id", Id, nullable=False),
        sa.Column("member", sa.String(length=64), nullable=False),
        sa.Column("apply", sa.Boolean(), nullable=False),
        sa.Column("asked_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("due_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("done_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("differences", sa.Integer(), nullable=False),
        sa.Column("report", Json, nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["connector_id"], ["connector.id"], name=op.f("fk_contact_check_connector_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contact_check")),
    )
    with op.batch_alter_table("contact_check", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_contact_check_connector_id"), ["connector_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_contact_check_due_at"), ["due_at"], unique=False)

    op.create_table(
        "delivery",
        sa.Column("id", Id, nullable=False),
        sa.Column("connector_id", Id, nullable=False),
        sa.Column("action", sa.String(length=40), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("subject", sa.String(length=100), nullable=False),
        sa.Column("payload", Json, nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("after_id", Id, nullable=True),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("created_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("next_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("done_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("error_permanent", sa.Boolean(), nullable=False),
        sa.Column("result", Json, nullable=False),
        sa.ForeignKeyConstraint(["after_id"], ["delivery.id"], name=op.f("fk_delivery_after_id")),
        sa.ForeignKeyConstraint(["connector_id"], ["connector.id"], name=op.f("fk_delivery_connector_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delivery")),
        sa.UniqueConstraint("connector_id", "key", name=op.f("uq_delivery_connector_id_key")),
    )
    with op.batch_alter_table("delivery", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_delivery_after_id"), ["after_id"], unique=False)
        batch_op.create_index("ix_delivery_due", ["connector_id", "next_at"], unique=False)
        batch_op.create_index("ix_delivery_state", ["state", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_delivery_subject"), ["subject"], unique=False)

    op.create_table(
        "erp_cursor",
        sa.Column("connector_id", Id, nullable=False),
        sa.Column("stream", sa.String(length=20), nullable=False),
        sa.Column("after", UtcDateTime(timezone=True), nullable=False),
        sa.Column("read_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["connector_id"], ["connector.id"], name=op.f("fk_erp_cursor_connector_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("connector_id", "stream", name=op.f("pk_erp_cursor")),
    )
    op.create_table(
        "erp_document",
        sa.Column("connector_id", Id, nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("number", sa.String(length=60), nullable=False),
        sa.Column("external_id", sa.String(length=60), nullable=False),
        sa.Column("subject_kind", sa.String(length=20), nullable=False),
        sa.Column("subject_id", Id, nullable=False),
        sa.Column("contract_id", Id, nullable=True),
        sa.Column("pushed_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("order_state", sa.String(length=20), nullable=False),
        sa.Column("shipped", sa.String(length=30), nullable=False),
        sa.ForeignKeyConstraint(["connector_id"], ["connector.id"], name=op.f("fk_erp_document_connector_id")),
        sa.PrimaryKeyConstraint("connector_id", "kind", "number", name=op.f("pk_erp_document")),
    )
    with op.batch_alter_table("erp_document", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_erp_document_subject_id"), ["subject_id"], unique=False)

    op.create_table(
        "erp_receipt",
        sa.Column("connector_id", Id, nullable=False),
        sa.Column("external_id", sa.String(length=120), nullable=False),
        sa.Column("receivable_number", sa.String(length=60), nullable=False),
        sa.Column("contract_id", Id, nullable=True),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=10), nullable=False),
        sa.Column("seen_at", UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["connector_id"], ["connector.id"], name=op.f("fk_erp_receipt_connector_id")),
        sa.PrimaryKeyConstraint("connector_id", "external_id", name=op.f("pk_erp_receipt")),
    )
    op.create_table(
        "delivery_attempt",
        sa.Column("delivery_id", Id, nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("started_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("seconds", sa.Float(), nullable=True),
        sa.Column("looked", sa.Boolean(), nullable=False),
        sa.Column("outcome", sa.String(length=12), nullable=False),
        sa.Column("code", sa.String(length=60), nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["delivery_id"], ["delivery.id"], name=op.f("fk_delivery_attempt_delivery_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("delivery_id", "generation", name=op.f("pk_delivery_attempt")),
    )


def downgrade() -> None:
    op.drop_table("delivery_attempt")
    op.drop_table("erp_receipt")
    with op.batch_alter_table("erp_document", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_erp_document_subject_id"))

    op.drop_table("erp_document")
    op.drop_table("erp_cursor")
    with op.batch_alter_table("delivery", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_delivery_subject"))
        batch_op.drop_index("ix_delivery_state")
        batch_op.drop_index("ix_delivery_due")
        batch_op.drop_index(batch_op.f("ix_delivery_after_id"))

    op.drop_table("delivery")
    with op.batch_alter_table("contact_check", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_contact_check_due_at"))
        batch_op.drop_index(batch_op.f("ix_contact_check_connector_id"))

    op.drop_table("contact_check")
    op.drop_table("connector_state")
    with op.batch_alter_table("chat_card", schema=None) as batch_op:
        batch_op.drop_index("ix_chat_card_task")

    op.drop_table("chat_card")
    op.drop_table("chat_callback")
    with op.batch_alter_table("connector", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_connector_owner_id"))
        batch_op.drop_index(batch_op.f("ix_connector_number"))
        batch_op.drop_index(batch_op.f("ix_connector_kind"))

    op.drop_table("connector")

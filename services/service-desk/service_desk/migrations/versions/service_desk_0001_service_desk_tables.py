"""service desk tables"""

import sqlalchemy as sa
from alembic import op

from chassis.db import Id, Json, UtcDateTime

revision = "service_desk_0001"
down_revision = None
branch_labels = ("service_desk",)
depends_on = None


def upgrade() -> None:
    op.create_table(
        "account_replica",
        sa.Column("id", Id, nullable=False),
        sa.Column("number", sa.String(length=40), nullable=True),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("tier", sa.String(length=8), nullable=True),
        sa.Column("owner_id", Id, nullable=True),
        sa.Column("department_id", Id, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account_replica")),
    )
    op.create_table(
        "contact_address",
        sa.Column("contact_id", Id, nullable=False),
        sa.Column("address", sa.String(length=254), nullable=False),
        sa.Column("account_id", Id, nullable=True),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.PrimaryKeyConstraint("contact_id", "address", name=op.f("pk_contact_address")),
    )
    with op.batch_alter_table("contact_address", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_contact_address_address"), ["address"], unique=False)

    op.create_table(
        "definition",
        sa.Column("purpose", sa.String(length=30), nullable=False),
        sa.Column("key", sa.String(length=60), nullable=False),
        sa.Column("title", Json, nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("body", Json, nullable=False),
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
        sa.PrimaryKeyConstraint("id", name=op.f("pk_definition")),
        sa.UniqueConstraint("purpose", "key", name=op.f("uq_definition_purpose_key")),
    )
    with op.batch_alter_table("definition", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_definition_number"), ["number"], unique=False)
        batch_op.create_index(batch_op.f("ix_definition_owner_id"), ["owner_id"], unique=False)

    op.create_table(
        "dispatch_turn",
        sa.Column("rule", sa.String(length=60), nullable=False),
        sa.Column("last", sa.String(length=36), nullable=False),
        sa.PrimaryKeyConstraint("rule", name=op.f("pk_dispatch_turn")),
    )
    op.create_table(
        "ticket",
        sa.Column("subject", sa.String(length=200), nullable=False),
        sa.Column("channel", sa.String(length=20), nullable=False),
        sa.Column("type", sa.String(length=40), nullable=False),
        sa.Column("priority", sa.String(length=10), nullable=False),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("queue", sa.String(length=60), nullable=True),
        sa.Column("language", sa.String(length=2), nullable=False),
        sa.Column("requester_name", sa.String(length=120), nullable=False),
        sa.Column("requester_email", sa.String(length=254), nullable=True),
        sa.Column("requester_phone", sa.String(length=40), nullable=True),
        sa.Column("contact_id", Id, nullable=True),
        sa.Column("account_id", Id, nullable=True),
        sa.Column("account_tier", sa.String(length=8), nullable=True),
        sa.Column("contract_id", Id, nullable=True),
        sa.Column("request_id", sa.String(length=64), nullable=True),
        sa.Column("follows_id", Id, nullable=True),
        sa.Column("collaborator_ids", Json, nullable=False),
        sa.Column("sla_policy", sa.String(length=60), nullable=True),
        sa.Column("next_due_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("breached", sa.Boolean(), nullable=False),
        sa.Column("first_response_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("last_customer_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("last_agent_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("solved_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("closed_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("reopened", sa.Integer(), nullable=False),
        sa.Column("csat", sa.Integer(), nullable=True),
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
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ticket")),
        sa.UniqueConstraint("request_id", name=op.f("uq_ticket_request_id")),
    )
    with op.batch_alter_table("ticket", schema=None) as batch_op:
        batch_op.create_index("ix_ticket_account_id_created_at", ["account_id", "created_at"], unique=False)
        batch_op.create_index("ix_ticket_created_at_id", ["created_at", "id"], unique=False)
        batch_op.create_index("ix_ticket_next_due_at_id", ["next_due_at", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_ticket_number"), ["number"], unique=False)
        batch_op.create_index(batch_op.f("ix_ticket_owner_id"), ["owner_id"], unique=False)
        batch_op.create_index("ix_ticket_owner_id_status", ["owner_id", "status"], unique=False)
        batch_op.create_index("ix_ticket_status_created_at_id", ["status", "created_at", "id"], unique=False)

    op.create_table(
        "definition_version",
        sa.Column("definition_id", Id, nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("purpose", sa.String(length=30), nullable=False),
        sa.Column("key", sa.String(length=60), nullable=False),
        sa.Column("body", Json, nullable=False),
        sa.Column("published_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("published_by", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["definition_id"], ["definition.id"], name=op.f("fk_definition_version_definition_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("definition_id", "revision", name=op.f("pk_definition_version")),
        sa.UniqueConstraint("purpose", "key", "revision", name=op.f("uq_definition_version_purpose_key_revision")),
    )
    op.create_table(
        "message",
        sa.Column("id", Id, nullable=False),
        sa.Column("ticket_id", Id, nullable=False),
        sa.Column("at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("author", sa.String(length=10), nullable=False),
        sa.Column("by", sa.String(length=64), nullable=False),
        sa.Column("by_name", sa.String(length=120), nullable=False),
        sa.Column("address", sa.String(length=254), nullable=True),
        sa.Column("channel", sa.String(length=20), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("attachments", Json, nullable=False),
        sa.Column("mail_id", sa.String(length=255), nullable=True),
        sa.ForeignKeyConstraint(["ticket_id"], ["ticket.id"], name=op.f("fk_message_ticket_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_message")),
        sa.UniqueConstraint("mail_id", name=op.f("uq_message_mail_id")),
    )
    with op.batch_alter_table("message", schema=None) as batch_op:
        batch_op.create_index("ix_message_address_at", ["address", "at"], unique=False)
        batch_op.create_index("ix_message_ticket_id_at", ["ticket_id", "at", "id"], unique=False)

    op.create_table(
        "sla_clock",
        sa.Column("id", Id, nullable=False),
        sa.Column("ticket_id", Id, nullable=False),
        sa.Column("metric", sa.String(length=20), nullable=False),
        sa.Column("policy", sa.String(length=60), nullable=False),
        sa.Column("policy_revision", sa.Integer(), nullable=False),
        sa.Column("calendar", sa.String(length=60), nullable=False),
        sa.Column("calendar_revision", sa.Integer(), nullable=False),
        sa.Column("target_s", sa.Integer(), nullable=False),
        sa.Column("started_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("running_since", UtcDateTime(timezone=True), nullable=True),
        sa.Column("used_s", sa.Integer(), nullable=False),
        sa.Column("paused_s", sa.Integer(), nullable=False),
        sa.Column("due_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("next_fire_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("met_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("breached_at", UtcDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["ticket_id"], ["ticket.id"], name=op.f("fk_sla_clock_ticket_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sla_clock")),
        sa.UniqueConstraint("ticket_id", "metric", name=op.f("uq_sla_clock_ticket_id_metric")),
    )
    with op.batch_alter_table("sla_clock", schema=None) as batch_op:
        batch_op.create_index("ix_sla_clock_calendar_state", ["calendar", "state"], unique=False)
        batch_op.create_index("ix_sla_clock_next_fire_at_id", ["next_fire_at", "id"], unique=False)
        batch_op.create_index("ix_sla_clock_policy_state", ["policy", "state"], unique=False)

    op.create_table(
        "survey",
        sa.Column("id", Id, nullable=False),
        sa.Column("ticket_id", Id, nullable=False),
        sa.Column("sent_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("expires_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("assignee_id", Id, nullable=True),
        sa.Column("score", sa.Integer(), nullable=True),
        sa.Column("comment", sa.Text(), nullable=False),
        sa.Column("answered_at", UtcDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["ticket_id"], ["ticket.id"], name=op.f("fk_survey_ticket_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_survey")),
    )
    with op.batch_alter_table("survey", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_survey_ticket_id"), ["ticket_id"], unique=False)

    op.create_table(
        "ticket_step",
        sa.Column("id", Id, nullable=False),
        sa.Column("ticket_id", Id, nullable=False),
        sa.Column("at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("by", sa.String(length=64), nullable=False),
        sa.Column("detail", Json, nullable=False),
        sa.ForeignKeyConstraint(
            ["ticket_id"], ["ticket.id"], name=op.f("fk_ticket_step_ticket_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ticket_step")),
    )
    with op.batch_alter_table("ticket_step", schema=None) as batch_op:
        batch_op.create_index("ix_ticket_step_ticket_id_at", ["ticket_id", "at", "id"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("ticket_step", schema=None) as batch_op:
        batch_op.drop_index("ix_ticket_step_ticket_id_at")

    op.drop_table("ticket_step")
    with op.batch_alter_table("survey", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_survey_ticket_id"))

    op.drop_table("survey")
    with op.batch_alter_table("sla_clock", schema=None) as batch_op:
        batch_op.drop_index("ix_sla_clock_policy_state")
        batch_op.drop_index("ix_sla_clock_next_fire_at_id")
        batch_op.drop_index("ix_sla_clock_calendar_state")

    op.drop_table("sla_clock")
    with op.batch_alter_table("message", schema=None) as batch_op:
        batch_op.drop_index("ix_message_ticket_id_at")
        batch_op.drop_index("ix_message_address_at")

    op.drop_table("message")
    op.drop_table("definition_version")
    with op.batch_alter_table("ticket", schema=None) as batch_op:
        batch_op.drop_index("ix_ticket_status_created_at_id")
        batch_op.drop_index("ix_ticket_owner_id_status")
        batch_op.drop_index(batch_op.f("ix_ticket_owner_id"))
        batch_op.drop_index(batch_op.f("ix_ticket_number"))
        batch_op.drop_index("ix_ticket_next_due_at_id")
        batch_op.drop_index("ix_ticket_created_at_id")
        batch_op.drop_index("ix_ticket_account_id_created_at")

    op.drop_table("ticket")
    op.drop_table("dispatch_turn")
    with op.batch_alter_table("definition", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_definition_owner_id"))
        batch_op.drop_index(batch_op.f("ix_definition_number"))

    op.drop_table("definition")
    with op.batch_alter_table("contact_address", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_contact_address_address"))

    op.drop_table("contact_address")
    op.drop_table("account_replica")

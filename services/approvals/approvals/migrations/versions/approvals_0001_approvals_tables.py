"""The tables of approvals."""

import sqlalchemy as sa
from alembic import op

from chassis.db import Id, Json, UtcDateTime

revision = "approvals_0001"
down_revision = None
branch_labels = ("approvals",)
depends_on = None


def upgrade() -> None:
    op.create_table(
        "definition",
        sa.Column("key", sa.String(length=60), nullable=False),
        sa.Column("title", Json, nullable=False),
        sa.Column("subject_kind", sa.String(length=60), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("draft", Json, nullable=True),
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
        sa.UniqueConstraint("key", name=op.f("uq_definition_key")),
    )
    with op.batch_alter_table("definition", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_definition_number"), ["number"], unique=False)
        batch_op.create_index(batch_op.f("ix_definition_owner_id"), ["owner_id"], unique=False)

    op.create_table(
        "delegation",
        sa.Column("id", Id, nullable=False),
        sa.Column("user_id", Id, nullable=False),
        sa.Column("substitute_id", Id, nullable=False),
        sa.Column("begins_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("ends_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("created_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delegation")),
    )
    with op.batch_alter_table("delegation", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_delegation_ends_at"), ["ends_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_delegation_user_id"), ["user_id"], unique=False)

    op.create_table(
        "approval",
        sa.Column("definition_id", Id, nullable=False),
        sa.Column("definition_key", sa.String(length=60), nullable=False),
        sa.Column("definition_revision", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(length=300), nullable=False),
        sa.Column("subject_kind", sa.String(length=60), nullable=False),
        sa.Column("subject_id", Id, nullable=False),
        sa.Column("account_id", Id, nullable=True),
        sa.Column("source", sa.String(length=40), nullable=False),
        sa.Column("request_id", Id, nullable=False),
        sa.Column("link", sa.String(length=500), nullable=False),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("decided_by", sa.String(length=64), nullable=True),
        sa.Column("comment", sa.Text(), nullable=False),
        sa.Column("started_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("completed_at", UtcDateTime(timezone=True), nullable=True),
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
        sa.ForeignKeyConstraint(["definition_id"], ["definition.id"], name=op.f("fk_approval_definition_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_approval")),
    )
    with op.batch_alter_table("approval", schema=None) as batch_op:
        batch_op.create_index("ix_approval_created", ["created_at", "id"], unique=False)
        batch_op.create_index("ix_approval_definition", ["definition_key", "started_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_approval_number"), ["number"], unique=False)
        batch_op.create_index(batch_op.f("ix_approval_owner_id"), ["owner_id"], unique=False)
        batch_op.create_index("ix_approval_status", ["status", "created_at"], unique=False)
        batch_op.create_index("ix_approval_subject", ["subject_kind", "subject_id"], unique=False)

    op.create_table(
        "definition_version",
        sa.Column("definition_id", Id, nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("subject_kind", sa.String(length=60), nullable=False),
        sa.Column("body", Json, nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("published_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("published_by", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["definition_id"], ["definition.id"], name=op.f("fk_definition_version_definition_id")),
        sa.PrimaryKeyConstraint("definition_id", "revision", name=op.f("pk_definition_version")),
    )
    op.create_table(
        "approval_copy",
        sa.Column("instance_id", Id, nullable=False),
        sa.Column("user_id", Id, nullable=False),
        sa.Column("node", sa.String(length=60), nullable=False),
        sa.Column("at", UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["instance_id"], ["approval.id"], name=op.f("fk_approval_copy_instance_id")),
        sa.PrimaryKeyConstraint("instance_id", "user_id", name=op.f("pk_approval_copy")),
    )
    with op.batch_alter_table("approval_copy", schema=None) as batch_op:
        batch_op.create_index("ix_approval_copy_user", ["user_id", "at"], unique=False)

    op.create_table(
        "approval_event",
        sa.Column("instance_id", Id, nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("data", Json, nullable=False),
        sa.ForeignKeyConstraint(["instance_id"], ["approval.id"], name=op.f("fk_approval_event_instance_id")),
        sa.PrimaryKeyConstraint("instance_id", "place", name=op.f("pk_approval_event")),
    )
    op.create_table(
        "approval_request",
        sa.Column("request_id", Id, nullable=False),
        sa.Column("instance_id", Id, nullable=False),
        sa.Column("received_at", UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["instance_id"], ["approval.id"], name=op.f("fk_approval_request_instance_id")),
        sa.PrimaryKeyConstraint("request_id", name=op.f("pk_approval_request")),
    )
    with op.batch_alter_table("approval_request", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_approval_request_instance_id"), ["instance_id"], unique=False)

    op.create_table(
        "approval_state",
        sa.Column("instance_id", Id, nullable=False),
        sa.Column("state", Json, nullable=False),
        sa.Column("length", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["instance_id"], ["approval.id"], name=op.f("fk_approval_state_instance_id")),
        sa.PrimaryKeyConstraint("instance_id", name=op.f("pk_approval_state")),
    )
    op.create_table(
        "approval_task",
        sa.Column("id", Id, nullable=False),
        sa.Column("instance_id", Id, nullable=False),
        sa.Column("node", sa.String(length=60), nullable=False),
        sa.Column("node_name", Json, nullable=False),
        sa.Column("type", sa.String(length=20), nullable=False),
        sa.Column("visit", sa.Integer(), nullable=False),
        sa.Column("assignee_id", Id, nullable=False),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("due_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("opened_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("closed_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("closed_by", sa.String(length=64), nullable=True),
        sa.Column("comment", sa.Text(), nullable=False),
        sa.Column("reason", sa.String(length=120), nullable=False),
        sa.Column("why", Json, nullable=False),
        sa.ForeignKeyConstraint(["instance_id"], ["approval.id"], name=op.f("fk_approval_task_instance_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_approval_task")),
    )
    with op.batch_alter_table("approval_task", schema=None) as batch_op:
        batch_op.create_index("ix_approval_task_inbox", ["assignee_id", "status", "opened_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_approval_task_instance_id"), ["instance_id"], unique=False)
        batch_op.create_index("ix_approval_task_node", ["node", "opened_at"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("approval_task", schema=None) as batch_op:
        batch_op.drop_index("ix_approval_task_node")
        batch_op.drop_index(batch_op.f("ix_approval_task_instance_id"))
        batch_op.drop_index("ix_approval_task_inbox")

    op.drop_table("approval_task")
    op.drop_table("approval_state")
    with op.batch_alter_table("approval_request", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_approval_request_instance_id"))

    op.drop_table("approval_request")
    op.drop_table("approval_event")
    with op.batch_alter_table("approval_copy", schema=None) as batch_op:
        batch_op.drop_index("ix_approval_copy_user")

    op.drop_table("approval_copy")
    op.drop_table("definition_version")
    with op.batch_alter_table("approval", schema=None) as batch_op:
        batch_op.drop_index("ix_approval_subject")
        batch_op.drop_index("ix_approval_status")
        batch_op.drop_index(batch_op.f("ix_approval_owner_id"))
        batch_op.drop_index(batch_op.f("ix_approval_number"))
        batch_op.drop_index("ix_approval_definition")
        batch_op.drop_index("ix_approval_created")

    op.drop_table("approval")
    with op.batch_alter_table("delegation", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_delegation_user_id"))
        batch_op.drop_index(batch_op.f("ix_delegation_ends_at"))

    op.drop_table("delegation")
    with op.batch_alter_table("definition", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_definition_owner_id"))
        batch_op.drop_index(batch_op.f("ix_definition_number"))

    op.drop_table("definition")

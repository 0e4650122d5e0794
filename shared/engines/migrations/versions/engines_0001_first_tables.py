"""first tables"""

import sqlalchemy as sa
from alembic import op

from chassis.db import Id, Json, UtcDateTime

revision = "engines_0001"
down_revision = None
branch_labels = ("engines",)
depends_on = None


def upgrade() -> None:
    op.create_table(
        "activities",
        sa.Column("id", Id, nullable=False),
        sa.Column("subject_kind", sa.String(length=60), nullable=False),
        sa.Column("subject_id", Id, nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("by", sa.String(length=64), nullable=False),
        sa.Column("created_at", UtcDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_activities")),
    )
    with op.batch_alter_table("activities", schema=None) as batch_op:
        batch_op.create_index("ix_activities_subject", ["subject_kind", "subject_id", "at", "id"], unique=False)

    op.create_table(
        "decisions",
        sa.Column("id", Id, nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("subject", sa.String(length=120), nullable=False),
        sa.Column("rule", sa.String(length=120), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("inputs", Json, nullable=False),
        sa.Column("steps", Json, nullable=False),
        sa.Column("outcome", Json, nullable=True),
        sa.Column("at", UtcDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_decisions")),
    )
    with op.batch_alter_table("decisions", schema=None) as batch_op:
        batch_op.create_index("ix_decisions_kind_id", ["kind", "id"], unique=False)
        batch_op.create_index("ix_decisions_subject_id", ["subject", "id"], unique=False)

    op.create_table(
        "number_series",
        sa.Column("series", sa.String(length=80), nullable=False),
        sa.Column("next", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("series", name=op.f("pk_number_series")),
    )
    op.create_table(
        "read_shares",
        sa.Column("id", Id, nullable=False),
        sa.Column("subject_kind", sa.String(length=60), nullable=False),
        sa.Column("subject_id", Id, nullable=False),
        sa.Column("user_id", Id, nullable=False),
        sa.Column("until", UtcDateTime(timezone=True), nullable=True),
        sa.Column("reason", sa.String(length=120), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_read_shares")),
    )
    with op.batch_alter_table("read_shares", schema=None) as batch_op:
        batch_op.create_index("ix_read_shares_reason", ["reason"], unique=False)
        batch_op.create_index("uq_read_shares_key", ["user_id", "subject_kind", "subject_id", "reason"], unique=True)

    op.create_table(
        "tasks",
        sa.Column("id", Id, nullable=False),
        sa.Column("subject_kind", sa.String(length=60), nullable=False),
        sa.Column("subject_id", Id, nullable=False),
        sa.Column("key", sa.String(length=60), nullable=False),
        sa.Column("title", Json, nullable=False),
        sa.Column("assignee_id", Id, nullable=True),
        sa.Column("due_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("done_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("done_by", sa.String(length=64), nullable=True),
        sa.Column("link", sa.String(length=300), nullable=False),
        sa.Column("created_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tasks")),
    )
    with op.batch_alter_table("tasks", schema=None) as batch_op:
        batch_op.create_index("ix_tasks_assignee", ["assignee_id", "done_at", "due_at"], unique=False)
        batch_op.create_index("ix_tasks_subject", ["subject_kind", "subject_id", "id"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("tasks", schema=None) as batch_op:
        batch_op.drop_index("ix_tasks_subject")
        batch_op.drop_index("ix_tasks_assignee")

    op.drop_table("tasks")
    with op.batch_alter_table("read_shares", schema=None) as batch_op:
        batch_op.drop_index("uq_read_shares_key")
        batch_op.drop_index("ix_read_shares_reason")

    op.drop_table("read_shares")
    op.drop_table("number_series")
    with op.batch_alter_table("decisions", schema=None) as batch_op:
        batch_op.drop_index("ix_decisions_subject_id")
        batch_op.drop_index("ix_decisions_kind_id")

    op.drop_table("decisions")
    with op.batch_alter_table("activities", schema=None) as batch_op:
        batch_op.drop_index("ix_activities_subject")

    op.drop_table("activities")

"""first tables"""

import sqlalchemy as sa
from alembic import op

from chassis.db import Id, Json, UtcDateTime

revision = "chassis_0001"
down_revision = None
branch_labels = ("chassis",)
depends_on = None


def upgrade() -> None:
    op.create_table(
        "directory_contact",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("heard_at", UtcDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_directory_contact")),
    )
    op.create_table(
        "directory_departments",
        sa.Column("id", Id, nullable=False),
        sa.Column("parent_id", Id, nullable=True),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("head_id", Id, nullable=True),
        sa.Column("path", sa.String(length=1000), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_directory_departments")),
    )
    op.create_table(
        "directory_revocations",
        sa.Column("session_id", sa.String(length=64), nullable=False),
        sa.Column("revoked_at", UtcDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("session_id", name=op.f("pk_directory_revocations")),
    )
    op.create_table(
        "directory_roles",
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("name", Json, nullable=False),
        sa.Column("grants", Json, nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_directory_roles")),
    )
    op.create_table(
        "directory_state",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("version", Id, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_directory_state")),
    )
    op.create_table(
        "directory_users",
        sa.Column("id", Id, nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("locale", sa.String(length=10), nullable=False),
        sa.Column("department_id", Id, nullable=True),
        sa.Column("is_head", sa.Boolean(), nullable=False),
        sa.Column("roles", Json, nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("absent", sa.Boolean(), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_directory_users")),
    )
    op.create_table(
        "event_applied",
        sa.Column("source", sa.String(length=40), nullable=False),
        sa.Column("group_name", sa.String(length=60), nullable=False),
        sa.Column("epoch", Id, nullable=False),
        sa.Column("last", sa.BigInteger(), nullable=False),
        sa.Column("ids", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("source", "group_name", "epoch", "last", name=op.f("pk_event_applied")),
    )
    op.create_table(
        "event_cursors",
        sa.Column("source", sa.String(length=40), nullable=False),
        sa.Column("group_name", sa.String(length=60), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("epoch", Id, nullable=False),
        sa.Column("contested", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", UtcDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("source", "group_name", name=op.f("pk_event_cursors")),
    )
    op.create_table(
        "event_log",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=True),
        sa.Column("event_id", Id, nullable=False),
        sa.Column("type", sa.String(length=120), nullable=False),
        sa.Column("subject", sa.String(length=100), nullable=False),
        sa.Column("aggregateversion", sa.Integer(), nullable=False),
        sa.Column("time", UtcDateTime(timezone=True), nullable=False),
        sa.Column("correlation_id", Id, nullable=True),
        sa.Column("causation_id", Id, nullable=True),
        sa.Column("depth", sa.SmallInteger(), nullable=False),
        sa.Column("actor", sa.String(length=64), nullable=False),
        sa.Column("origin", sa.String(length=120), nullable=False),
        sa.Column("traceparent", sa.String(length=60), nullable=True),
        sa.Column("data", sa.Text(), nullable=False),
        sa.Column("personal", sa.Text(), nullable=True),
        sa.Column("changes", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_event_log")),
        sa.UniqueConstraint("event_id", name=op.f("uq_event_log_event_id")),
        sa.UniqueConstraint("sequence", name=op.f("uq_event_log_sequence")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("event_log", schema=None) as batch_op:
        batch_op.create_index("ix_event_log_subject", ["subject", "id"], unique=False)
        batch_op.create_index(
            "ix_event_log_unnumbered", ["id"], unique=False, postgresql_where=sa.text("sequence IS NULL")
        )

    op.create_table(
        "event_log_state",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("epoch", Id, nullable=False),
        sa.Column("epoch_from", sa.BigInteger(), nullable=False),
        sa.Column("numbered", sa.BigInteger(), nullable=False),
        sa.Column("published", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_event_log_state")),
    )
    op.create_table(
        "event_parked",
        sa.Column("id", Id, nullable=False),
        sa.Column("source", sa.String(length=40), nullable=False),
        sa.Column("group_name", sa.String(length=60), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("event_id", Id, nullable=False),
        sa.Column("type", sa.String(length=120), nullable=False),
        sa.Column("subject", sa.String(length=100), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("created_at", UtcDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_event_parked")),
        sa.UniqueConstraint(
            "source", "group_name", "event_id", name=op.f("uq_event_parked_source_group_name_event_id")
        ),
    )
    with op.batch_alter_table("event_parked", schema=None) as batch_op:
        batch_op.create_index("ix_event_parked_due", ["next_at"], unique=False)
        batch_op.create_index("ix_event_parked_subject", ["source", "group_name", "subject", "sequence"], unique=False)

    op.create_table(
        "idempotency",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("request", sa.String(length=64), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("headers", Json, nullable=False),
        sa.Column("answer", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", UtcDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_idempotency")),
    )
    with op.batch_alter_table("idempotency", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_idempotency_created_at"), ["created_at"], unique=False)

    op.create_table(
        "seed_run",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("demo", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_seed_run")),
    )
    op.create_table(
        "timers",
        sa.Column("id", Id, nullable=False),
        sa.Column("kind", sa.String(length=60), nullable=False),
        sa.Column("key", sa.String(length=120), nullable=False),
        sa.Column("due_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("payload", Json, nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_timers")),
        sa.UniqueConstraint("kind", "key", name=op.f("uq_timers_kind_key")),
    )
    with op.batch_alter_table("timers", schema=None) as batch_op:
        batch_op.create_index("ix_timers_due_at_id", ["due_at", "id"], unique=False)

    op.create_table(
        "usage_counts",
        sa.Column("user_id", Id, nullable=False),
        sa.Column("feature", sa.String(length=60), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("uses", sa.Integer(), nullable=False),
        sa.Column("reported", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("user_id", "feature", "day", name=op.f("pk_usage_counts")),
    )


def downgrade() -> None:
    op.drop_table("usage_counts")
    with op.batch_alter_table("timers", schema=None) as batch_op:
        batch_op.drop_index("ix_timers_due_at_id")

    op.drop_table("timers")
    op.drop_table("seed_run")
    with op.batch_alter_table("idempotency", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_idempotency_created_at"))

    op.drop_table("idempotency")
    with op.batch_alter_table("event_parked", schema=None) as batch_op:
        batch_op.drop_index("ix_event_parked_subject")
        batch_op.drop_index("ix_event_parked_due")

    op.drop_table("event_parked")
    op.drop_table("event_log_state")
    with op.batch_alter_table("event_log", schema=None) as batch_op:
        batch_op.drop_index("ix_event_log_unnumbered", postgresql_where=sa.text("sequence IS NULL"))
        batch_op.drop_index("ix_event_log_subject")

    op.drop_table("event_log")
    op.drop_table("event_cursors")
    op.drop_table("event_applied")
    op.drop_table("directory_users")
    op.drop_table("directory_state")
    op.drop_table("directory_roles")
    op.drop_table("directory_revocations")
    op.drop_table("directory_departments")
    op.drop_table("directory_contact")

"""shares with departments and roles, and for editing"""

import sqlalchemy as sa
from alembic import op

from chassis.db import Id, UtcDateTime

revision = "engines_0006"
down_revision = "engines_0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "record_shares",
        sa.Column("id", Id, nullable=False),
        sa.Column("subject_kind", sa.String(length=60), nullable=False),
        sa.Column("subject_id", Id, nullable=False),
        sa.Column("grantee_kind", sa.String(length=12), nullable=False),
        sa.Column("grantee_id", sa.String(length=64), nullable=False),
        sa.Column("level", sa.String(length=4), nullable=False),
        sa.Column("until", UtcDateTime(timezone=True), nullable=True),
        sa.Column("reason", sa.String(length=120), nullable=False),
        sa.Column("shared_by", sa.String(length=64), nullable=True),
        sa.Column("created_at", UtcDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_record_shares")),
    )
    op.create_index(
        "uq_record_shares_key",
        "record_shares",
        ["grantee_id", "subject_kind", "subject_id", "grantee_kind", "reason"],
        unique=True,
    )
    op.create_index("ix_record_shares_subject", "record_shares", ["subject_kind", "subject_id"])
    op.create_index("ix_record_shares_reason", "record_shares", ["reason"])
    op.execute(
        "INSERT INTO record_shares (id, subject_kind, subject_id, grantee_kind, grantee_id, level, until, reason, created_at)"
        " SELECT id, subject_kind, subject_id, 'user', user_id, 'read', until, reason, CURRENT_TIMESTAMP FROM read_shares"
    )
    op.drop_table("read_shares")


def downgrade() -> None:
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
    op.create_index(
        "uq_read_shares_key", "read_shares", ["user_id", "subject_kind", "subject_id", "reason"], unique=True
    )
    op.create_index("ix_read_shares_reason", "read_shares", ["reason"])
    op.execute(
        "INSERT INTO read_shares (id, subject_kind, subject_id, user_id, until, reason)"
        " SELECT id, subject_kind, subject_id, grantee_id, until, reason FROM record_shares"
        " WHERE grantee_kind = 'user' AND level = 'read'"
    )
    op.drop_table("record_shares")

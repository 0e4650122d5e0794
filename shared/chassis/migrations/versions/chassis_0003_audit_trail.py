"""audit trail: seals, anchors and the archive of the event log"""

import sqlalchemy as sa
from alembic import op

from chassis.db import Id, UtcDateTime

revision = "chassis_0003"
down_revision = "chassis_0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "event_seals",
        sa.Column("last", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("first", sa.BigInteger(), nullable=False),
        sa.Column("salt", sa.LargeBinary(), nullable=False),
        sa.Column("digests", sa.LargeBinary(), nullable=False),
        sa.Column("chain", sa.LargeBinary(), nullable=False),
        sa.Column("sealed_at", UtcDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("last", name=op.f("pk_event_seals")),
    )
    op.create_table(
        "audit_anchors",
        sa.Column("source", sa.String(length=40), nullable=False),
        sa.Column("chain", sa.String(length=64), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("epoch", Id, nullable=False),
        sa.Column("anchored_at", UtcDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("source", "chain", name=op.f("pk_audit_anchors")),
    )
    op.create_table(
        "event_archive",
        sa.Column("last", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("first", sa.BigInteger(), nullable=False),
        sa.Column("month", sa.String(length=7), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("archived_at", UtcDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("last", name=op.f("pk_event_archive")),
    )
    op.create_table(
        "event_archive_subjects",
        sa.Column("subject", sa.String(length=100), nullable=False),
        sa.Column("last", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["last"],
            ["event_archive.last"],
            name=op.f("fk_event_archive_subjects_last"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("subject", "last", name=op.f("pk_event_archive_subjects")),
    )


def downgrade() -> None:
    for table in ("event_archive_subjects", "event_archive", "audit_anchors", "event_seals"):
        op.drop_table(table)

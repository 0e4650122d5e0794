"""record kit"""

import sqlalchemy as sa
from alembic import op

from chassis.db import Id, Json, UtcDateTime

revision = "engines_0002"
down_revision = "engines_0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "blobs",
        sa.Column("id", Id, nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("media_type", sa.String(length=120), nullable=False),
        sa.Column("created_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("touched_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("doomed_at", UtcDateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_blobs")),
    )
    with op.batch_alter_table("blobs", schema=None) as batch_op:
        batch_op.create_index("ix_blobs_touched_at", ["touched_at"], unique=False)
        batch_op.create_index(
            "uq_blobs_sha256",
            ["sha256"],
            unique=True,
            postgresql_where=sa.text("doomed_at IS NULL"),
            sqlite_where=sa.text("doomed_at IS NULL"),
        )

    op.create_table(
        "comments",
        sa.Column("id", Id, nullable=False),
        sa.Column("subject_kind", sa.String(length=60), nullable=False),
        sa.Column("subject_id", Id, nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("mentions", Json, nullable=False),
        sa.Column("unseen", Json, nullable=False),
        sa.Column("by", sa.String(length=64), nullable=False),
        sa.Column("created_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("changed_at", UtcDateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_comments")),
    )
    with op.batch_alter_table("comments", schema=None) as batch_op:
        batch_op.create_index("ix_comments_subject", ["subject_kind", "subject_id", "created_at", "id"], unique=False)

    op.create_table(
        "followers",
        sa.Column("id", Id, nullable=False),
        sa.Column("subject_kind", sa.String(length=60), nullable=False),
        sa.Column("subject_id", Id, nullable=False),
        sa.Column("user_id", Id, nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("since", UtcDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_followers")),
    )
    with op.batch_alter_table("followers", schema=None) as batch_op:
        batch_op.create_index("ix_followers_user_id", ["user_id"], unique=False)
        batch_op.create_index("uq_followers_subject", ["subject_kind", "subject_id", "user_id"], unique=True)

    op.create_table(
        "tags",
        sa.Column("id", Id, nullable=False),
        sa.Column("kind", sa.String(length=60), nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("colour", sa.String(length=20), nullable=False),
        sa.Column("archived", sa.Boolean(), nullable=False),
        sa.Column("created_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tags")),
    )
    with op.batch_alter_table("tags", schema=None) as batch_op:
        batch_op.create_index("uq_tags_kind_name", ["kind", "name"], unique=True)

    op.create_table(
        "attachments",
        sa.Column("id", Id, nullable=False),
        sa.Column("subject_kind", sa.String(length=60), nullable=False),
        sa.Column("subject_id", Id, nullable=False),
        sa.Column("blob_id", Id, nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("by", sa.String(length=64), nullable=False),
        sa.Column("created_at", UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["blob_id"], ["blobs.id"], name=op.f("fk_attachments_blob_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attachments")),
    )
    with op.batch_alter_table("attachments", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_attachments_blob_id"), ["blob_id"], unique=False)
        batch_op.create_index(
            "ix_attachments_subject", ["subject_kind", "subject_id", "created_at", "id"], unique=False
        )

    with op.batch_alter_table("activities", schema=None) as batch_op:
        batch_op.add_column(sa.Column("duration_minutes", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("participants", Json, nullable=True))
        batch_op.add_column(sa.Column("next_step", sa.Text(), nullable=True))
        batch_op.add_column(sa.Column("next_at", UtcDateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("changed_at", UtcDateTime(timezone=True), nullable=True))

    with op.batch_alter_table("tasks", schema=None) as batch_op:
        batch_op.add_column(sa.Column("outcome", sa.String(length=20), server_default="", nullable=False))
        batch_op.add_column(sa.Column("note", sa.Text(), nullable=True))
        batch_op.add_column(sa.Column("remind_at", UtcDateTime(timezone=True), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("tasks", schema=None) as batch_op:
        batch_op.drop_column("remind_at")
        batch_op.drop_column("note")
        batch_op.drop_column("outcome")

    with op.batch_alter_table("activities", schema=None) as batch_op:
        batch_op.drop_column("changed_at")
        batch_op.drop_column("next_at")
        batch_op.drop_column("next_step")
        batch_op.drop_column("participants")
        batch_op.drop_column("duration_minutes")

    with op.batch_alter_table("attachments", schema=None) as batch_op:
        batch_op.drop_index("ix_attachments_subject")
        batch_op.drop_index(batch_op.f("ix_attachments_blob_id"))

    op.drop_table("attachments")
    with op.batch_alter_table("tags", schema=None) as batch_op:
        batch_op.drop_index("uq_tags_kind_name")

    op.drop_table("tags")
    with op.batch_alter_table("followers", schema=None) as batch_op:
        batch_op.drop_index("uq_followers_subject")
        batch_op.drop_index("ix_followers_user_id")

    op.drop_table("followers")
    with op.batch_alter_table("comments", schema=None) as batch_op:
        batch_op.drop_index("ix_comments_subject")

    op.drop_table("comments")
    with op.batch_alter_table("blobs", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_blobs_sha256", postgresql_where=sa.text("doomed_at IS NULL"), sqlite_where=sa.text("doomed_at IS NULL")
        )
        batch_op.drop_index("ix_blobs_touched_at")

    op.drop_table("blobs")

"""calendar feeds and kinds of work"""

import sqlalchemy as sa
from alembic import op

from chassis.db import Id, UtcDateTime

revision = "integration_gateway_0004"
down_revision = "integration_gateway_0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "calendar_feed",
        sa.Column("user_id", Id, nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("created_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("read_at", UtcDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user_account.id"], name=op.f("fk_calendar_feed_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_calendar_feed")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_calendar_feed_token_hash")),
    )
    with op.batch_alter_table("work_item", schema=None) as batch_op:
        batch_op.add_column(sa.Column("kind", sa.String(length=20), server_default="task", nullable=False))
        batch_op.add_column(sa.Column("remind_at", UtcDateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("changed_at", UtcDateTime(timezone=True), nullable=True))
    op.execute("UPDATE work_item SET kind = 'approval' WHERE source = 'approvals'")


def downgrade() -> None:
    with op.batch_alter_table("work_item", schema=None) as batch_op:
        batch_op.drop_column("changed_at")
        batch_op.drop_column("remind_at")
        batch_op.drop_column("kind")

    op.drop_table("calendar_feed")

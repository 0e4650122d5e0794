"""erasures"""

import sqlalchemy as sa
from alembic import op

from chassis.db import Id, Json, UtcDateTime

revision = "integration_gateway_0003"
down_revision = "integration_gateway_0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "erasure",
        sa.Column("id", Id, nullable=False),
        sa.Column("asked_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("asked_by", sa.String(length=64), nullable=False),
        sa.Column("reason", sa.String(length=300), nullable=False),
        sa.Column("dry_run", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("asked", sa.Integer(), nullable=False),
        sa.Column("services", Json, nullable=False),
        sa.Column("waiting", Json, nullable=False),
        sa.Column("given", Json, nullable=False),
        sa.Column("found", Json, nullable=False),
        sa.Column("phones", Json, nullable=True),
        sa.Column("emails", Json, nullable=True),
        sa.Column("counts", Json, nullable=False),
        sa.Column("todo", Json, nullable=False),
        sa.Column("finished_at", UtcDateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_erasure")),
    )
    with op.batch_alter_table("erasure", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_erasure_asked_at"), ["asked_at"], unique=False)


def downgrade() -> None:
    op.drop_table("erasure")

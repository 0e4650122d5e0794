"""saved views"""

import sqlalchemy as sa
from alembic import op

from chassis.db import Id, Json, UtcDateTime

revision = "engines_0005"
down_revision = "engines_0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "saved_views",
        sa.Column("id", Id, nullable=False),
        sa.Column("list_name", sa.String(length=80), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("owner_id", sa.String(length=64), nullable=False),
        sa.Column("shared", sa.Boolean(), nullable=False),
        sa.Column("department_id", Id, nullable=True),
        sa.Column("condition", Json, nullable=True),
        sa.Column("sort", sa.String(length=80), nullable=False),
        sa.Column("columns", Json, nullable=False),
        sa.Column("saved_at", UtcDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_saved_views")),
    )
    with op.batch_alter_table("saved_views", schema=None) as batch_op:
        batch_op.create_index("ix_saved_views_list", ["list_name", "owner_id"], unique=False)

    op.create_table(
        "chosen_views",
        sa.Column("user_id", sa.String(length=64), nullable=False),
        sa.Column("list_name", sa.String(length=80), nullable=False),
        sa.Column("view", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("user_id", "list_name", name=op.f("pk_chosen_views")),
    )


def downgrade() -> None:
    op.drop_table("chosen_views")
    with op.batch_alter_table("saved_views", schema=None) as batch_op:
        batch_op.drop_index("ix_saved_views_list")

    op.drop_table("saved_views")

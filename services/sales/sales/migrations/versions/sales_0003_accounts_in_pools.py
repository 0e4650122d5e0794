"""Accounts lie in pools and go back to them; the pool every installation starts with."""

import sqlalchemy as sa
from alembic import op

from chassis.db import Json, UtcDateTime
from engines.ownership.shipping import ship
from sales import shipped_pools

revision = "sales_0003"
down_revision = "sales_0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("account", schema=None) as batch_op:
        batch_op.add_column(sa.Column("pooled_at", UtcDateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("owned_since", UtcDateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("next_reclaim_at", UtcDateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("reclaim", Json, nullable=False, server_default="{}"))
        batch_op.alter_column(
            "pool", existing_type=sa.VARCHAR(length=80), type_=sa.String(length=60), existing_nullable=True
        )
        batch_op.create_index(batch_op.f("ix_account_next_reclaim_at"), ["next_reclaim_at"], unique=False)
    account = sa.table(
        "account", sa.column("owned_since", UtcDateTime), sa.column("created_at", UtcDateTime), sa.column("owner_id")
    )
    op.execute(account.update().where(account.c.owner_id.is_not(None)).values(owned_since=account.c.created_at))
    ship(op.get_bind(), "account", shipped_pools.DEFAULT)


def downgrade() -> None:
    """The pool stays: it goes with the engine's tables."""
    with op.batch_alter_table("account", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_account_next_reclaim_at"))
        batch_op.alter_column(
            "pool", existing_type=sa.String(length=60), type_=sa.VARCHAR(length=80), existing_nullable=True
        )
        batch_op.drop_column("reclaim")
        batch_op.drop_column("next_reclaim_at")
        batch_op.drop_column("owned_since")
        batch_op.drop_column("pooled_at")

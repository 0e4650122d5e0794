"""When leads go back to their pool, and the pool every installation starts with."""

import sqlalchemy as sa
from alembic import op

from chassis.db import Json, UtcDateTime
from engines.ownership.shipping import ship
from leads import shipped_pools

revision = "leads_0002"
down_revision = "leads_0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("lead", schema=None) as batch_op:
        batch_op.add_column(sa.Column("disqualified_at", UtcDateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("next_reclaim_at", UtcDateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("reclaim", Json, nullable=False, server_default="{}"))
        batch_op.create_index(batch_op.f("ix_lead_next_reclaim_at"), ["next_reclaim_at"], unique=False)
    ship(op.get_bind(), "lead", shipped_pools.DEFAULT)


def downgrade() -> None:
    """The pool stays: it goes with the engine's tables."""
    with op.batch_alter_table("lead", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_lead_next_reclaim_at"))
        batch_op.drop_column("reclaim")
        batch_op.drop_column("next_reclaim_at")
        batch_op.drop_column("disqualified_at")

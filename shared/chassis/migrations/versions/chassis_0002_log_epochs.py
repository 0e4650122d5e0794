"""the epochs an event log went through"""

import sqlalchemy as sa
from alembic import op

from chassis.db import Id, UtcDateTime

revision = "chassis_0002"
down_revision = "chassis_0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "event_log_epochs",
        sa.Column("epoch", Id, nullable=False),
        sa.Column("epoch_from", sa.BigInteger(), nullable=False),
        sa.Column("began_at", UtcDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("epoch", name=op.f("pk_event_log_epochs")),
    )
    op.execute(
        "INSERT INTO event_log_epochs (epoch, epoch_from, began_at)"
        " SELECT epoch, epoch_from, CURRENT_TIMESTAMP FROM event_log_state"
    )


def downgrade() -> None:
    op.drop_table("event_log_epochs")

"""which records are demo data, and when they were removed"""

import sqlalchemy as sa
from alembic import op

from chassis.db import Id, UtcDateTime

revision = "chassis_0004"
down_revision = "chassis_0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "demo_record",
        sa.Column("kind", sa.String(length=60), nullable=False),
        sa.Column("id", Id, nullable=False),
        sa.PrimaryKeyConstraint("kind", "id", name=op.f("pk_demo_record")),
    )
    with op.batch_alter_table("seed_run", schema=None) as batch_op:
        batch_op.add_column(sa.Column("removed_at", UtcDateTime(timezone=True), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("seed_run", schema=None) as batch_op:
        batch_op.drop_column("removed_at")
    op.drop_table("demo_record")

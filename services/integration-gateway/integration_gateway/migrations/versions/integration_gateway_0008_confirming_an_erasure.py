"""confirming an erasure"""

import sqlalchemy as sa
from alembic import op

revision = "integration_gateway_0008"
down_revision = "integration_gateway_0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("erasure", schema=None) as batch_op:
        batch_op.add_column(sa.Column("key_hash", sa.String(length=200), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("erasure", schema=None) as batch_op:
        batch_op.drop_column("key_hash")

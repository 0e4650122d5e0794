"""roles whose holders must use a second factor"""

import sqlalchemy as sa
from alembic import op

revision = "integration_gateway_0007"
down_revision = "integration_gateway_0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("role") as batch_op:
        batch_op.add_column(sa.Column("second_factor", sa.Boolean(), nullable=False, server_default=sa.false()))
    with op.batch_alter_table("role") as batch_op:
        batch_op.alter_column("second_factor", server_default=None)


def downgrade() -> None:
    with op.batch_alter_table("role") as batch_op:
        batch_op.drop_column("second_factor")

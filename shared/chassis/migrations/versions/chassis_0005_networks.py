"""where people and the holders of roles may be"""

import sqlalchemy as sa
from alembic import op

from chassis.db import Json

revision = "chassis_0005"
down_revision = "chassis_0004"
branch_labels = None
depends_on = None
TABLES = ("directory_users", "directory_roles")


def upgrade() -> None:
    for table in TABLES:
        with op.batch_alter_table(table) as batch_op:
            batch_op.add_column(sa.Column("allowed_networks", Json, nullable=False, server_default="[]"))
        with op.batch_alter_table(table) as batch_op:
            batch_op.alter_column("allowed_networks", server_default=None)


def downgrade() -> None:
    for table in TABLES:
        with op.batch_alter_table(table) as batch_op:
            batch_op.drop_column("allowed_networks")

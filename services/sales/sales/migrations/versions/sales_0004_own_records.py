"""own records"""

import sqlalchemy as sa
from alembic import op

from chassis.db import Id, Json, UtcDateTime

revision = "sales_0004"
down_revision = "sales_0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "custom_record",
        sa.Column("object", sa.String(length=60), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("id", Id, nullable=False),
        sa.Column("number", sa.String(length=40), nullable=True),
        sa.Column("external_ids", Json, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("updated_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.String(length=64), nullable=True),
        sa.Column("owner_id", Id, nullable=True),
        sa.Column("department_id", Id, nullable=True),
        sa.Column("tags", Json, nullable=False),
        sa.Column("custom", Json, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_custom_record")),
    )
    with op.batch_alter_table("custom_record", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_custom_record_number"), ["number"], unique=False)
        batch_op.create_index("ix_custom_record_object_created_at_id", ["object", "created_at", "id"], unique=False)
        batch_op.create_index("ix_custom_record_object_name", ["object", "name"], unique=False)
        batch_op.create_index(batch_op.f("ix_custom_record_owner_id"), ["owner_id"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("custom_record", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_custom_record_owner_id"))
        batch_op.drop_index("ix_custom_record_object_name")
        batch_op.drop_index("ix_custom_record_object_created_at_id")
        batch_op.drop_index(batch_op.f("ix_custom_record_number"))

    op.drop_table("custom_record")

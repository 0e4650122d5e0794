"""the company and what services say of their demo data"""

import sqlalchemy as sa
from alembic import op

from chassis.db import Id, Json, UtcDateTime

revision = "integration_gateway_0006"
down_revision = "integration_gateway_0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "company",
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("time_zone", sa.String(length=60), nullable=False),
        sa.Column("base_currency", sa.String(length=3), nullable=False),
        sa.Column("legal_entities", Json, nullable=False),
        sa.Column("pipeline_template", sa.String(length=60), nullable=False),
        sa.Column("step", sa.String(length=20), nullable=False),
        sa.Column("finished_at", UtcDateTime(timezone=True), nullable=True),
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
        sa.PrimaryKeyConstraint("id", name=op.f("pk_company")),
    )
    with op.batch_alter_table("company", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_company_number"), ["number"], unique=False)
        batch_op.create_index(batch_op.f("ix_company_owner_id"), ["owner_id"], unique=False)

    op.create_table(
        "demo_data",
        sa.Column("service", sa.String(length=40), nullable=False),
        sa.Column("loaded_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("records", Json, nullable=False),
        sa.Column("requested_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("requested_by", sa.String(length=64), nullable=True),
        sa.Column("removed_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("removed", Json, nullable=False),
        sa.PrimaryKeyConstraint("service", name=op.f("pk_demo_data")),
    )


def downgrade() -> None:
    op.drop_table("demo_data")
    with op.batch_alter_table("company", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_company_owner_id"))
        batch_op.drop_index(batch_op.f("ix_company_number"))

    op.drop_table("company")

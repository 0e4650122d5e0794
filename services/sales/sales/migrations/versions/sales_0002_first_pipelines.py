"""The pipelines every company starts with; the demo data and the first edit announce them."""

import sqlalchemy as sa
from alembic import op

from chassis import clock
from chassis.db import Id, Json, UtcDateTime
from chassis.ids import uuid7
from sales.pipeline_templates import TEMPLATES

revision = "sales_0002"
down_revision = "sales_0001"
branch_labels = None
depends_on = None

PIPELINE = sa.table(
    "pipeline",
    sa.column("id", Id),
    sa.column("number", sa.String),
    sa.column("external_ids", Json),
    sa.column("version", sa.Integer),
    sa.column("created_at", UtcDateTime),
    sa.column("updated_at", UtcDateTime),
    sa.column("created_by", sa.String),
    sa.column("tags", Json),
    sa.column("custom", Json),
    sa.column("key", sa.String),
    sa.column("name", Json),
    sa.column("is_default", sa.Boolean),
    sa.column("active", sa.Boolean),
    sa.column("stages", Json),
)


def upgrade() -> None:
    present = set(op.get_bind().execute(sa.select(PIPELINE.c.key)).scalars())
    now = clock.now()
    record = {"external_ids": {}, "version": 1, "created_at": now, "updated_at": now, "created_by": "system"}
    missing = [template for template in TEMPLATES if template["key"] not in present]
    op.bulk_insert(
        PIPELINE,
        [record | {"id": uuid7(), "number": None, "tags": [], "custom": {}, "active": True} | item for item in missing],
    )


def downgrade() -> None:
    """The pipelines stay: opportunities may stand in them, and the tables go with the revision before."""

"""open leads by owner"""

import sqlalchemy as sa
from alembic import op

revision = "leads_0003"
down_revision = "leads_0002"
branch_labels = None
depends_on = None
HELD = sa.text("status NOT IN ('converted', 'disqualified') AND duplicate_of IS NULL")


def upgrade() -> None:
    op.create_index("ix_lead_held_owner_id", "lead", ["owner_id"], postgresql_where=HELD, sqlite_where=HELD)


def downgrade() -> None:
    op.drop_index("ix_lead_held_owner_id", table_name="lead")

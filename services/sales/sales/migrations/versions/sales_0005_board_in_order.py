"""The board's cards come in the order of an index, and its totals from the deals in play alone."""

from alembic import op

revision = "sales_0005"
down_revision = "sales_0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_index("ix_opportunity_board", table_name="opportunity")
    op.create_index("ix_opportunity_board", "opportunity", ["pipeline_id", "stage", "stage_entered_at", "id"])
    op.create_index("ix_opportunity_in_play", "opportunity", ["pipeline_id", "category", "closed_at"])


def downgrade() -> None:
    op.drop_index("ix_opportunity_in_play", table_name="opportunity")
    op.drop_index("ix_opportunity_board", table_name="opportunity")
    op.create_index("ix_opportunity_board", "opportunity", ["pipeline_id", "stage", "updated_at", "id"])

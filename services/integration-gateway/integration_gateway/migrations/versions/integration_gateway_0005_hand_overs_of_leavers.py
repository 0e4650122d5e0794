"""hand overs of leavers"""

import sqlalchemy as sa
from alembic import op

from chassis.db import Id, Json, UtcDateTime

revision = "integration_gateway_0005"
down_revision = "integration_gateway_0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "hand_over",
        sa.Column("leaver_id", Id, nullable=False),
        sa.Column("status", sa.String(length=12), nullable=False),
        sa.Column("successors", Json, nullable=False),
        sa.Column("asked_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("started_at", UtcDateTime(timezone=True), nullable=True),
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
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hand_over")),
    )
    with op.batch_alter_table("hand_over", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_hand_over_leaver_id"), ["leaver_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_hand_over_number"), ["number"], unique=False)
        batch_op.create_index(batch_op.f("ix_hand_over_owner_id"), ["owner_id"], unique=False)

    op.create_table(
        "hand_over_answer",
        sa.Column("hand_over_id", Id, nullable=False),
        sa.Column("service", sa.String(length=40), nullable=False),
        sa.Column("counts", Json, nullable=False),
        sa.Column("counted_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("moved", Json, nullable=False),
        sa.Column("refused", Json, nullable=False),
        sa.Column("completed_at", UtcDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["hand_over_id"], ["hand_over.id"], name=op.f("fk_hand_over_answer_hand_over_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("hand_over_id", "service", name=op.f("pk_hand_over_answer")),
    )


def downgrade() -> None:
    op.drop_table("hand_over_answer")
    with op.batch_alter_table("hand_over", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_hand_over_owner_id"))
        batch_op.drop_index(batch_op.f("ix_hand_over_number"))
        batch_op.drop_index(batch_op.f("ix_hand_over_leaver_id"))

    op.drop_table("hand_over")

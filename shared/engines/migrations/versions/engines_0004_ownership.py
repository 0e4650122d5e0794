"""ownership"""

import sqlalchemy as sa
from alembic import op

from chassis.db import Id, Json, UtcDateTime

revision = "engines_0004"
down_revision = "engines_0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "claim_ledger",
        sa.Column("id", Id, nullable=False),
        sa.Column("subject_kind", sa.String(length=60), nullable=False),
        sa.Column("subject_id", Id, nullable=False),
        sa.Column("person_id", Id, nullable=False),
        sa.Column("pool", sa.String(length=60), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("at", UtcDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_claim_ledger")),
    )
    with op.batch_alter_table("claim_ledger", schema=None) as batch_op:
        batch_op.create_index("ix_claim_ledger_person", ["person_id", "subject_kind", "pool", "day"], unique=False)
        batch_op.create_index("ix_claim_ledger_subject", ["subject_kind", "subject_id"], unique=False)

    op.create_table(
        "hand_over_parts",
        sa.Column("id", Id, nullable=False),
        sa.Column("leaver_id", Id, nullable=False),
        sa.Column("successors", Json, nullable=False),
        sa.Column("requested_by", sa.String(length=64), nullable=False),
        sa.Column("moved", Json, nullable=False),
        sa.Column("refused", Json, nullable=False),
        sa.Column("started_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("completed_at", UtcDateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hand_over_parts")),
    )
    op.create_table(
        "owner_history",
        sa.Column("id", Id, nullable=False),
        sa.Column("subject_kind", sa.String(length=60), nullable=False),
        sa.Column("subject_id", Id, nullable=False),
        sa.Column("from_id", Id, nullable=True),
        sa.Column("to_id", Id, nullable=True),
        sa.Column("from_pool", sa.String(length=60), nullable=True),
        sa.Column("to_pool", sa.String(length=60), nullable=True),
        sa.Column("how", sa.String(length=20), nullable=False),
        sa.Column("by", sa.String(length=64), nullable=False),
        sa.Column("reason", sa.String(length=300), nullable=False),
        sa.Column("at", UtcDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_owner_history")),
    )
    with op.batch_alter_table("owner_history", schema=None) as batch_op:
        batch_op.create_index("ix_owner_history_from", ["from_id", "subject_kind", "at"], unique=False)
        batch_op.create_index("ix_owner_history_subject", ["subject_kind", "subject_id", "id"], unique=False)

    op.create_table(
        "ownership_turnstiles",
        sa.Column("person_id", Id, nullable=False),
        sa.Column("subject_kind", sa.String(length=60), nullable=False),
        sa.Column("passed", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("person_id", "subject_kind", name=op.f("pk_ownership_turnstiles")),
    )
    op.create_table(
        "pool_rules",
        sa.Column("subject_kind", sa.String(length=60), nullable=False),
        sa.Column("purpose", sa.String(length=20), nullable=False),
        sa.Column("key", sa.String(length=60), nullable=False),
        sa.Column("title", Json, nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("body", Json, nullable=False),
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
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pool_rules")),
        sa.UniqueConstraint("subject_kind", "purpose", "key", name=op.f("uq_pool_rules_subject_kind_purpose_key")),
    )
    with op.batch_alter_table("pool_rules", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_pool_rules_number"), ["number"], unique=False)
        batch_op.create_index(batch_op.f("ix_pool_rules_owner_id"), ["owner_id"], unique=False)

    op.create_table(
        "pool_rule_versions",
        sa.Column("rule_id", Id, nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("body", Json, nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("published_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("published_by", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["rule_id"], ["pool_rules.id"], name=op.f("fk_pool_rule_versions_rule_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("rule_id", "revision", name=op.f("pk_pool_rule_versions")),
    )


def downgrade() -> None:
    op.drop_table("pool_rule_versions")
    with op.batch_alter_table("pool_rules", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_pool_rules_owner_id"))
        batch_op.drop_index(batch_op.f("ix_pool_rules_number"))

    op.drop_table("pool_rules")
    op.drop_table("ownership_turnstiles")
    with op.batch_alter_table("owner_history", schema=None) as batch_op:
        batch_op.drop_index("ix_owner_history_subject")
        batch_op.drop_index("ix_owner_history_from")

    op.drop_table("owner_history")
    op.drop_table("hand_over_parts")
    with op.batch_alter_table("claim_ledger", schema=None) as batch_op:
        batch_op.drop_index("ix_claim_ledger_subject")
        batch_op.drop_index("ix_claim_ledger_person")

    op.drop_table("claim_ledger")

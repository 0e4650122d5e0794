"""automation rules, how far they read the log, and how often they acted"""

import sqlalchemy as sa
from alembic import op

from chassis.db import Id, Json, UtcDateTime

revision = "engines_0008"
down_revision = "engines_0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "automation_rules",
        sa.Column("key", sa.String(length=60), nullable=False),
        sa.Column("subject_kind", sa.String(length=60), nullable=False),
        sa.Column("title", Json, nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("since", UtcDateTime(timezone=True), nullable=True),
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
        sa.PrimaryKeyConstraint("id", name=op.f("pk_automation_rules")),
        sa.UniqueConstraint("key", name=op.f("uq_automation_rules_key")),
    )
    op.create_index(op.f("ix_automation_rules_number"), "automation_rules", ["number"])
    op.create_index(op.f("ix_automation_rules_owner_id"), "automation_rules", ["owner_id"])
    op.create_table(
        "automation_rule_versions",
        sa.Column("rule_id", Id, nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("body", Json, nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("published_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("published_by", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["rule_id"],
            ["automation_rules.id"],
            name=op.f("fk_automation_rule_versions_rule_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("rule_id", "revision", name=op.f("pk_automation_rule_versions")),
    )
    op.create_table(
        "automation_cursor",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_automation_cursor")),
    )
    op.create_table(
        "automation_use",
        sa.Column("rule_id", Id, nullable=False),
        sa.Column("hour", UtcDateTime(timezone=True), nullable=False),
        sa.Column("acted", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["rule_id"], ["automation_rules.id"], name=op.f("fk_automation_use_rule_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("rule_id", "hour", name=op.f("pk_automation_use")),
    )
    op.create_index("ix_decisions_rule_id", "decisions", ["rule", "id"])


def downgrade() -> None:
    op.drop_index("ix_decisions_rule_id", table_name="decisions")
    op.drop_table("automation_use")
    op.drop_table("automation_cursor")
    op.drop_table("automation_rule_versions")
    op.drop_index(op.f("ix_automation_rules_owner_id"), table_name="automation_rules")
    op.drop_index(op.f("ix_automation_rules_number"), table_name="automation_rules")
    op.drop_table("automation_rules")

"""leads tables"""

import sqlalchemy as sa
from alembic import op

from chassis.db import Id, Json, UtcDateTime

revision = "leads_0001"
down_revision = None
branch_labels = ("leads",)
depends_on = None


def upgrade() -> None:
    op.create_table(
        "definition",
        sa.Column("purpose", sa.String(length=30), nullable=False),
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
        sa.PrimaryKeyConstraint("id", name=op.f("pk_definition")),
        sa.UniqueConstraint("purpose", "key", name=op.f("uq_definition_purpose_key")),
    )
    with op.batch_alter_table("definition", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_definition_number"), ["number"], unique=False)
        batch_op.create_index(batch_op.f("ix_definition_owner_id"), ["owner_id"], unique=False)

    op.create_table(
        "lead",
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("company", sa.String(length=200), nullable=False),
        sa.Column("title", sa.String(length=100), nullable=False),
        sa.Column("phones", Json, nullable=False),
        sa.Column("emails", Json, nullable=False),
        sa.Column("wechat", sa.String(length=60), nullable=True),
        sa.Column("address", sa.String(length=300), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("credit_code", sa.String(length=18), nullable=True),
        sa.Column("source", sa.String(length=40), nullable=False),
        sa.Column("channel", sa.String(length=40), nullable=True),
        sa.Column("campaign_id", Id, nullable=True),
        sa.Column("utm", Json, nullable=False),
        sa.Column("referrer_url", sa.String(length=1000), nullable=True),
        sa.Column("country", sa.String(length=2), nullable=True),
        sa.Column("province", sa.String(length=40), nullable=True),
        sa.Column("city", sa.String(length=60), nullable=True),
        sa.Column("region", sa.String(length=40), nullable=True),
        sa.Column("industry", sa.String(length=60), nullable=True),
        sa.Column("company_size", sa.String(length=20), nullable=True),
        sa.Column("product_interest", Json, nullable=False),
        sa.Column("budget_minor", sa.BigInteger(), nullable=True),
        sa.Column("budget_currency", sa.String(length=3), nullable=True),
        sa.Column("consent", Json, nullable=False),
        sa.Column("form_key", sa.String(length=60), nullable=True),
        sa.Column("import_id", Id, nullable=True),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("score", sa.Integer(), nullable=False),
        sa.Column("grade", sa.String(length=1), nullable=False),
        sa.Column("duplicates", Json, nullable=False),
        sa.Column("duplicate_of", Id, nullable=True),
        sa.Column("pool", sa.String(length=60), nullable=True),
        sa.Column("protected_until", UtcDateTime(timezone=True), nullable=True),
        sa.Column("unassigned_since", UtcDateTime(timezone=True), nullable=True),
        sa.Column("assigned_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("response_due_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("first_activity_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("last_activity_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("next_action_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("disqualify_reason", sa.String(length=200), nullable=True),
        sa.Column("conversion", Json, nullable=False),
        sa.Column("account_id", Id, nullable=True),
        sa.Column("contact_id", Id, nullable=True),
        sa.Column("opportunity_id", Id, nullable=True),
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
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lead")),
    )
    with op.batch_alter_table("lead", schema=None) as batch_op:
        batch_op.create_index("ix_lead_created_at_id", ["created_at", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_lead_number"), ["number"], unique=False)
        batch_op.create_index(batch_op.f("ix_lead_owner_id"), ["owner_id"], unique=False)
        batch_op.create_index("ix_lead_owner_id_created_at_id", ["owner_id", "created_at", "id"], unique=False)
        batch_op.create_index("ix_lead_score_id", ["score", "id"], unique=False)
        batch_op.create_index("ix_lead_status_created_at_id", ["status", "created_at", "id"], unique=False)

    op.create_table(
        "lead_import",
        sa.Column("file_name", sa.String(length=200), nullable=False),
        sa.Column("encoding", sa.String(length=20), nullable=False),
        sa.Column("status", sa.String(length=12), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("created", sa.Integer(), nullable=False),
        sa.Column("updated", sa.Integer(), nullable=False),
        sa.Column("skipped", sa.Integer(), nullable=False),
        sa.Column("failed", sa.Integer(), nullable=False),
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
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lead_import")),
    )
    with op.batch_alter_table("lead_import", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_lead_import_number"), ["number"], unique=False)
        batch_op.create_index(batch_op.f("ix_lead_import_owner_id"), ["owner_id"], unique=False)

    op.create_table(
        "rule_turn",
        sa.Column("rule", sa.String(length=60), nullable=False),
        sa.Column("state", Json, nullable=False),
        sa.PrimaryKeyConstraint("rule", name=op.f("pk_rule_turn")),
    )
    op.create_table(
        "behaviour",
        sa.Column("id", Id, nullable=False),
        sa.Column("lead_id", Id, nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("detail", sa.String(length=500), nullable=True),
        sa.ForeignKeyConstraint(["lead_id"], ["lead.id"], name=op.f("fk_behaviour_lead_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_behaviour")),
    )
    with op.batch_alter_table("behaviour", schema=None) as batch_op:
        batch_op.create_index("ix_behaviour_lead_id_at", ["lead_id", "at"], unique=False)

    op.create_table(
        "definition_version",
        sa.Column("definition_id", Id, nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("body", Json, nullable=False),
        sa.Column("published_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("published_by", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["definition_id"], ["definition.id"], name=op.f("fk_definition_version_definition_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("definition_id", "revision", name=op.f("pk_definition_version")),
    )
    op.create_table(
        "import_row",
        sa.Column("import_id", Id, nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("outcome", sa.String(length=10), nullable=False),
        sa.Column("lead_id", Id, nullable=True),
        sa.Column("reason", Json, nullable=False),
        sa.ForeignKeyConstraint(
            ["import_id"], ["lead_import.id"], name=op.f("fk_import_row_import_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("import_id", "line", name=op.f("pk_import_row")),
    )
    op.create_table(
        "lead_key",
        sa.Column("key", sa.String(length=120), nullable=False),
        sa.Column("lead_id", Id, nullable=False),
        sa.ForeignKeyConstraint(["lead_id"], ["lead.id"], name=op.f("fk_lead_key_lead_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("key", "lead_id", name=op.f("pk_lead_key")),
    )
    with op.batch_alter_table("lead_key", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_lead_key_lead_id"), ["lead_id"], unique=False)

    op.create_table(
        "lead_merge",
        sa.Column("id", Id, nullable=False),
        sa.Column("survivor_id", Id, nullable=False),
        sa.Column("merged_id", Id, nullable=False),
        sa.Column("merged_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("merged_by", sa.String(length=64), nullable=False),
        sa.Column("before", Json, nullable=False),
        sa.Column("changed", Json, nullable=False),
        sa.Column("conflicts", Json, nullable=False),
        sa.Column("moved", Json, nullable=False),
        sa.Column("undone_at", UtcDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["merged_id"], ["lead.id"], name=op.f("fk_lead_merge_merged_id")),
        sa.ForeignKeyConstraint(["survivor_id"], ["lead.id"], name=op.f("fk_lead_merge_survivor_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lead_merge")),
    )
    with op.batch_alter_table("lead_merge", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_lead_merge_merged_id"), ["merged_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_lead_merge_survivor_id"), ["survivor_id"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("lead_merge", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_lead_merge_survivor_id"))
        batch_op.drop_index(batch_op.f("ix_lead_merge_merged_id"))

    op.drop_table("lead_merge")
    with op.batch_alter_table("lead_key", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_lead_key_lead_id"))

    op.drop_table("lead_key")
    op.drop_table("import_row")
    op.drop_table("definition_version")
    with op.batch_alter_table("behaviour", schema=None) as batch_op:
        batch_op.drop_index("ix_behaviour_lead_id_at")

    op.drop_table("behaviour")
    op.drop_table("rule_turn")
    with op.batch_alter_table("lead_import", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_lead_import_owner_id"))
        batch_op.drop_index(batch_op.f("ix_lead_import_number"))

    op.drop_table("lead_import")
    with op.batch_alter_table("lead", schema=None) as batch_op:
        batch_op.drop_index("ix_lead_status_created_at_id")
        batch_op.drop_index("ix_lead_score_id")
        batch_op.drop_index("ix_lead_owner_id_created_at_id")
        batch_op.drop_index(batch_op.f("ix_lead_owner_id"))
        batch_op.drop_index(batch_op.f("ix_lead_number"))
        batch_op.drop_index("ix_lead_created_at_id")

    op.drop_table("lead")
    with op.batch_alter_table("definition", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_definition_owner_id"))
        batch_op.drop_index(batch_op.f("ix_definition_number"))

    op.drop_table("definition")

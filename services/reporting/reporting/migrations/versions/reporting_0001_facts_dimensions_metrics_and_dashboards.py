"""facts, dimensions, metrics and dashboards"""

import sqlalchemy as sa
from alembic import op

from chassis.db import Id, Json, UtcDateTime

revision = "reporting_0001"
down_revision = None
branch_labels = ("reporting",)
depends_on = None


def upgrade() -> None:
    op.create_table(
        "dashboard",
        sa.Column("key", sa.String(length=60), nullable=False),
        sa.Column("shared", sa.Boolean(), nullable=False),
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
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dashboard")),
        sa.UniqueConstraint("key", name=op.f("uq_dashboard_key")),
    )
    with op.batch_alter_table("dashboard", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_dashboard_number"), ["number"], unique=False)
        batch_op.create_index(batch_op.f("ix_dashboard_owner_id"), ["owner_id"], unique=False)

    op.create_table(
        "dim_account",
        sa.Column("id", Id, nullable=False),
        sa.Column("number", sa.String(length=40), nullable=True),
        sa.Column("name", sa.String(length=200), nullable=True),
        sa.Column("tier", sa.String(length=10), nullable=True),
        sa.Column("industry", sa.String(length=80), nullable=True),
        sa.Column("region", sa.String(length=80), nullable=True),
        sa.Column("owner_id", Id, nullable=True),
        sa.Column("department_id", Id, nullable=True),
        sa.Column("state_seq", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dim_account")),
    )
    op.create_table(
        "dim_stage",
        sa.Column("pipeline", sa.String(length=60), nullable=False),
        sa.Column("stage", sa.String(length=60), nullable=False),
        sa.Column("place", sa.Integer(), nullable=True),
        sa.Column("label", Json, nullable=True),
        sa.Column("pipeline_label", Json, nullable=True),
        sa.Column("probability", sa.Integer(), nullable=True),
        sa.Column("category", sa.String(length=10), nullable=True),
        sa.Column("seq", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("pipeline", "stage", name=op.f("pk_dim_stage")),
    )
    op.create_table(
        "fact_activity",
        sa.Column("id", Id, nullable=False),
        sa.Column("subject_kind", sa.String(length=40), nullable=True),
        sa.Column("subject_id", Id, nullable=True),
        sa.Column("kind", sa.String(length=20), nullable=True),
        sa.Column("by", Id, nullable=True),
        sa.Column("at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("state_seq", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fact_activity")),
    )
    with op.batch_alter_table("fact_activity", schema=None) as batch_op:
        batch_op.create_index("ix_fact_activity_at", ["at", "id"], unique=False)

    op.create_table(
        "fact_approval",
        sa.Column("id", Id, nullable=False),
        sa.Column("number", sa.String(length=40), nullable=True),
        sa.Column("definition", sa.String(length=60), nullable=True),
        sa.Column("subject_kind", sa.String(length=40), nullable=True),
        sa.Column("subject_id", Id, nullable=True),
        sa.Column("initiator_id", Id, nullable=True),
        sa.Column("department_id", Id, nullable=True),
        sa.Column("started_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("told_seq", sa.BigInteger(), nullable=True),
        sa.Column("outcome", sa.String(length=20), nullable=True),
        sa.Column("completed_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("completed_seq", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fact_approval")),
    )
    with op.batch_alter_table("fact_approval", schema=None) as batch_op:
        batch_op.create_index("ix_fact_approval_completed_at", ["completed_at", "id"], unique=False)

    op.create_table(
        "fact_approval_task",
        sa.Column("id", Id, nullable=False),
        sa.Column("instance_id", Id, nullable=True),
        sa.Column("definition", sa.String(length=60), nullable=True),
        sa.Column("node", sa.String(length=120), nullable=True),
        sa.Column("node_name", Json, nullable=True),
        sa.Column("subject_kind", sa.String(length=40), nullable=True),
        sa.Column("subject_id", Id, nullable=True),
        sa.Column("account_id", Id, nullable=True),
        sa.Column("assignee_id", Id, nullable=True),
        sa.Column("due_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("told_seq", sa.BigInteger(), nullable=True),
        sa.Column("created_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("opened_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("outcome", sa.String(length=20), nullable=True),
        sa.Column("completed_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("completed_seq", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fact_approval_task")),
    )
    with op.batch_alter_table("fact_approval_task", schema=None) as batch_op:
        batch_op.create_index("ix_fact_approval_task_completed_at", ["completed_at", "id"], unique=False)
        batch_op.create_index("ix_fact_approval_task_created_at", ["created_at", "id"], unique=False)

    op.create_table(
        "fact_contract",
        sa.Column("id", Id, nullable=False),
        sa.Column("number", sa.String(length=40), nullable=True),
        sa.Column("title", sa.String(length=200), nullable=True),
        sa.Column("status", sa.String(length=20), nullable=True),
        sa.Column("account_id", Id, nullable=True),
        sa.Column("opportunity_id", Id, nullable=True),
        sa.Column("owner_id", Id, nullable=True),
        sa.Column("department_id", Id, nullable=True),
        sa.Column("amount_minor", sa.BigInteger(), nullable=True),
        sa.Column("currency", sa.String(length=3), nullable=True),
        sa.Column("base_minor", sa.BigInteger(), nullable=True),
        sa.Column("region", sa.String(length=80), nullable=True),
        sa.Column("state_seq", sa.BigInteger(), nullable=True),
        sa.Column("created_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("approved_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("activated_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("completed_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("terminated_at", UtcDateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fact_contract")),
    )
    with op.batch_alter_table("fact_contract", schema=None) as batch_op:
        batch_op.create_index("ix_fact_contract_approved_at", ["approved_at", "id"], unique=False)
        batch_op.create_index("ix_fact_contract_created_at", ["created_at", "id"], unique=False)

    op.create_table(
        "fact_csat",
        sa.Column("id", Id, nullable=False),
        sa.Column("ticket_id", Id, nullable=True),
        sa.Column("account_id", Id, nullable=True),
        sa.Column("assignee_id", Id, nullable=True),
        sa.Column("queue", sa.String(length=60), nullable=True),
        sa.Column("score", sa.Integer(), nullable=True),
        sa.Column("answered_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("state_seq", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fact_csat")),
    )
    with op.batch_alter_table("fact_csat", schema=None) as batch_op:
        batch_op.create_index("ix_fact_csat_answered_at", ["answered_at", "id"], unique=False)

    op.create_table(
        "fact_lead",
        sa.Column("id", Id, nullable=False),
        sa.Column("number", sa.String(length=40), nullable=True),
        sa.Column("captured_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("assigned_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("contacted_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("first_response_seconds", sa.Integer(), nullable=True),
        sa.Column("contacted_seq", sa.BigInteger(), nullable=True),
        sa.Column("qualified_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("converted_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("account_id", Id, nullable=True),
        sa.Column("opportunity_id", Id, nullable=True),
        sa.Column("converted_seq", sa.BigInteger(), nullable=True),
        sa.Column("disqualified_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("disqualify_reason", sa.String(length=200), nullable=True),
        sa.Column("disqualified_seq", sa.BigInteger(), nullable=True),
        sa.Column("merged_into", Id, nullable=True),
        sa.Column("merged_seq", sa.BigInteger(), nullable=True),
        sa.Column("status", sa.String(length=30), nullable=True),
        sa.Column("source", sa.String(length=60), nullable=True),
        sa.Column("channel", sa.String(length=60), nullable=True),
        sa.Column("campaign_id", Id, nullable=True),
        sa.Column("country", sa.String(length=8), nullable=True),
        sa.Column("region", sa.String(length=80), nullable=True),
        sa.Column("city", sa.String(length=80), nullable=True),
        sa.Column("industry", sa.String(length=80), nullable=True),
        sa.Column("company_size", sa.String(length=40), nullable=True),
        sa.Column("score", sa.Integer(), nullable=True),
        sa.Column("grade", sa.String(length=4), nullable=True),
        sa.Column("owner_id", Id, nullable=True),
        sa.Column("department_id", Id, nullable=True),
        sa.Column("pool", sa.String(length=80), nullable=True),
        sa.Column("state_seq", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fact_lead")),
    )
    with op.batch_alter_table("fact_lead", schema=None) as batch_op:
        batch_op.create_index("ix_fact_lead_captured_at", ["captured_at", "id"], unique=False)
        batch_op.create_index("ix_fact_lead_contacted_at", ["contacted_at", "id"], unique=False)
        batch_op.create_index("ix_fact_lead_converted_at", ["converted_at", "id"], unique=False)

    op.create_table(
        "fact_opportunity",
        sa.Column("id", Id, nullable=False),
        sa.Column("number", sa.String(length=40), nullable=True),
        sa.Column("name", sa.String(length=200), nullable=True),
        sa.Column("account_id", Id, nullable=True),
        sa.Column("lead_id", Id, nullable=True),
        sa.Column("pipeline", sa.String(length=60), nullable=True),
        sa.Column("probability", sa.Integer(), nullable=True),
        sa.Column("forecast_category", sa.String(length=20), nullable=True),
        sa.Column("amount_minor", sa.BigInteger(), nullable=True),
        sa.Column("currency", sa.String(length=3), nullable=True),
        sa.Column("base_minor", sa.BigInteger(), nullable=True),
        sa.Column("owner_id", Id, nullable=True),
        sa.Column("department_id", Id, nullable=True),
        sa.Column("region", sa.String(length=80), nullable=True),
        sa.Column("source", sa.String(length=60), nullable=True),
        sa.Column("close_date", sa.Date(), nullable=True),
        sa.Column("state_seq", sa.BigInteger(), nullable=True),
        sa.Column("created_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("stage", sa.String(length=60), nullable=True),
        sa.Column("category", sa.String(length=10), nullable=True),
        sa.Column("stage_entered_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("closed_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("closed_base_minor", sa.BigInteger(), nullable=True),
        sa.Column("closed_owner_id", Id, nullable=True),
        sa.Column("closed_department_id", Id, nullable=True),
        sa.Column("stage_seq", sa.BigInteger(), nullable=True),
        sa.Column("loss_reason", sa.String(length=60), nullable=True),
        sa.Column("loss_seq", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fact_opportunity")),
    )
    with op.batch_alter_table("fact_opportunity", schema=None) as batch_op:
        batch_op.create_index("ix_fact_opportunity_category_stage", ["category", "pipeline", "stage"], unique=False)
        batch_op.create_index("ix_fact_opportunity_closed_at", ["closed_at", "category", "id"], unique=False)
        batch_op.create_index("ix_fact_opportunity_created_at", ["created_at", "id"], unique=False)

    op.create_table(
        "fact_payment",
        sa.Column("id", Id, nullable=False),
        sa.Column("number", sa.String(length=40), nullable=True),
        sa.Column("contract_id", Id, nullable=True),
        sa.Column("account_id", Id, nullable=True),
        sa.Column("owner_id", Id, nullable=True),
        sa.Column("department_id", Id, nullable=True),
        sa.Column("amount_minor", sa.BigInteger(), nullable=True),
        sa.Column("currency", sa.String(length=3), nullable=True),
        sa.Column("base_minor", sa.BigInteger(), nullable=True),
        sa.Column("system", sa.String(length=40), nullable=True),
        sa.Column("paid_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("state_seq", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fact_payment")),
    )
    with op.batch_alter_table("fact_payment", schema=None) as batch_op:
        batch_op.create_index("ix_fact_payment_paid_at", ["paid_at", "id"], unique=False)

    op.create_table(
        "fact_receivable",
        sa.Column("id", Id, nullable=False),
        sa.Column("number", sa.String(length=60), nullable=True),
        sa.Column("contract_id", Id, nullable=True),
        sa.Column("account_id", Id, nullable=True),
        sa.Column("owner_id", Id, nullable=True),
        sa.Column("department_id", Id, nullable=True),
        sa.Column("amount_minor", sa.BigInteger(), nullable=True),
        sa.Column("paid_minor", sa.BigInteger(), nullable=True),
        sa.Column("currency", sa.String(length=3), nullable=True),
        sa.Column("base_minor", sa.BigInteger(), nullable=True),
        sa.Column("open_base_minor", sa.BigInteger(), nullable=True),
        sa.Column("due_date", sa.Date(), nullable=True),
        sa.Column("status", sa.String(length=20), nullable=True),
        sa.Column("state_seq", sa.BigInteger(), nullable=True),
        sa.Column("opened_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("overdue_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("closed_at", UtcDateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fact_receivable")),
    )
    with op.batch_alter_table("fact_receivable", schema=None) as batch_op:
        batch_op.create_index("ix_fact_receivable_due_date", ["due_date", "id"], unique=False)

    op.create_table(
        "fact_sla_clock",
        sa.Column("ticket_id", Id, nullable=False),
        sa.Column("metric", sa.String(length=20), nullable=False),
        sa.Column("round", sa.String(length=40), nullable=False),
        sa.Column("policy", sa.String(length=60), nullable=True),
        sa.Column("priority", sa.String(length=10), nullable=True),
        sa.Column("assignee_id", Id, nullable=True),
        sa.Column("account_id", Id, nullable=True),
        sa.Column("target_minutes", sa.Integer(), nullable=True),
        sa.Column("told_seq", sa.BigInteger(), nullable=True),
        sa.Column("used_minutes", sa.Integer(), nullable=True),
        sa.Column("met_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("met_seq", sa.BigInteger(), nullable=True),
        sa.Column("breached_at", UtcDateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("ticket_id", "metric", "round", name=op.f("pk_fact_sla_clock")),
    )
    with op.batch_alter_table("fact_sla_clock", schema=None) as batch_op:
        batch_op.create_index("ix_fact_sla_clock_breached_at", ["breached_at"], unique=False)
        batch_op.create_index("ix_fact_sla_clock_met_at", ["met_at"], unique=False)

    op.create_table(
        "fact_stage_interval",
        sa.Column("opportunity_id", Id, nullable=False),
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("pipeline", sa.String(length=60), nullable=True),
        sa.Column("stage", sa.String(length=60), nullable=True),
        sa.Column("category", sa.String(length=10), nullable=True),
        sa.Column("probability", sa.Integer(), nullable=True),
        sa.Column("base_minor", sa.BigInteger(), nullable=True),
        sa.Column("owner_id", Id, nullable=True),
        sa.Column("department_id", Id, nullable=True),
        sa.Column("region", sa.String(length=80), nullable=True),
        sa.Column("source", sa.String(length=60), nullable=True),
        sa.Column("entered_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("left_at", UtcDateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("opportunity_id", "seq", name=op.f("pk_fact_stage_interval")),
    )
    with op.batch_alter_table("fact_stage_interval", schema=None) as batch_op:
        batch_op.create_index("ix_fact_stage_interval_entered_at", ["entered_at", "opportunity_id"], unique=False)
        batch_op.create_index("ix_fact_stage_interval_left_at", ["left_at"], unique=False)

    op.create_table(
        "fact_ticket",
        sa.Column("id", Id, nullable=False),
        sa.Column("number", sa.String(length=40), nullable=True),
        sa.Column("status", sa.String(length=20), nullable=True),
        sa.Column("channel", sa.String(length=20), nullable=True),
        sa.Column("type", sa.String(length=40), nullable=True),
        sa.Column("priority", sa.String(length=10), nullable=True),
        sa.Column("queue", sa.String(length=60), nullable=True),
        sa.Column("account_id", Id, nullable=True),
        sa.Column("contract_id", Id, nullable=True),
        sa.Column("assignee_id", Id, nullable=True),
        sa.Column("department_id", Id, nullable=True),
        sa.Column("sla_policy", sa.String(length=60), nullable=True),
        sa.Column("breached", sa.Boolean(), nullable=True),
        sa.Column("reopened", sa.Integer(), nullable=True),
        sa.Column("next_due_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("first_response_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("state_seq", sa.BigInteger(), nullable=True),
        sa.Column("created_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("first_response_minutes", sa.Integer(), nullable=True),
        sa.Column("response_seq", sa.BigInteger(), nullable=True),
        sa.Column("solved_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("resolution_minutes", sa.Integer(), nullable=True),
        sa.Column("replies", sa.Integer(), nullable=True),
        sa.Column("solved_seq", sa.BigInteger(), nullable=True),
        sa.Column("closed_at", UtcDateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fact_ticket")),
    )
    with op.batch_alter_table("fact_ticket", schema=None) as batch_op:
        batch_op.create_index("ix_fact_ticket_created_at", ["created_at", "id"], unique=False)
        batch_op.create_index("ix_fact_ticket_solved_at", ["solved_at", "id"], unique=False)

    op.create_table(
        "fact_usage_daily",
        sa.Column("user_id", Id, nullable=False),
        sa.Column("feature", sa.String(length=60), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("uses", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("user_id", "feature", "day", name=op.f("pk_fact_usage_daily")),
    )
    with op.batch_alter_table("fact_usage_daily", schema=None) as batch_op:
        batch_op.create_index("ix_fact_usage_daily_day", ["day", "user_id"], unique=False)

    op.create_table(
        "metric",
        sa.Column("key", sa.String(length=60), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
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
        sa.PrimaryKeyConstraint("id", name=op.f("pk_metric")),
        sa.UniqueConstraint("key", name=op.f("uq_metric_key")),
    )
    with op.batch_alter_table("metric", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_metric_number"), ["number"], unique=False)
        batch_op.create_index(batch_op.f("ix_metric_owner_id"), ["owner_id"], unique=False)

    op.create_table(
        "record_access",
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("id", Id, nullable=False),
        sa.Column("owner_id", Id, nullable=True),
        sa.Column("department_id", Id, nullable=True),
        sa.Column("collaborator_ids", Json, nullable=True),
        sa.Column("region", sa.String(length=80), nullable=True),
        sa.Column("pool", sa.String(length=80), nullable=True),
        sa.Column("seq", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("kind", "id", name=op.f("pk_record_access")),
    )
    with op.batch_alter_table("record_access", schema=None) as batch_op:
        batch_op.create_index("ix_record_access_department_id_kind", ["department_id", "kind"], unique=False)
        batch_op.create_index("ix_record_access_owner_id_kind", ["owner_id", "kind"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("record_access", schema=None) as batch_op:
        batch_op.drop_index("ix_record_access_owner_id_kind")
        batch_op.drop_index("ix_record_access_department_id_kind")

    op.drop_table("record_access")
    with op.batch_alter_table("metric", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_metric_owner_id"))
        batch_op.drop_index(batch_op.f("ix_metric_number"))

    op.drop_table("metric")
    with op.batch_alter_table("fact_usage_daily", schema=None) as batch_op:
        batch_op.drop_index("ix_fact_usage_daily_day")

    op.drop_table("fact_usage_daily")
    with op.batch_alter_table("fact_ticket", schema=None) as batch_op:
        batch_op.drop_index("ix_fact_ticket_solved_at")
        batch_op.drop_index("ix_fact_ticket_created_at")

    op.drop_table("fact_ticket")
    with op.batch_alter_table("fact_stage_interval", schema=None) as batch_op:
        batch_op.drop_index("ix_fact_stage_interval_left_at")
        batch_op.drop_index("ix_fact_stage_interval_entered_at")

    op.drop_table("fact_stage_interval")
    with op.batch_alter_table("fact_sla_clock", schema=None) as batch_op:
        batch_op.drop_index("ix_fact_sla_clock_met_at")
        batch_op.drop_index("ix_fact_sla_clock_breached_at")

    op.drop_table("fact_sla_clock")
    with op.batch_alter_table("fact_receivable", schema=None) as batch_op:
        batch_op.drop_index("ix_fact_receivable_due_date")

    op.drop_table("fact_receivable")
    with op.batch_alter_table("fact_payment", schema=None) as batch_op:
        batch_op.drop_index("ix_fact_payment_paid_at")

    op.drop_table("fact_payment")
    with op.batch_alter_table("fact_opportunity", schema=None) as batch_op:
        batch_op.drop_index("ix_fact_opportunity_created_at")
        batch_op.drop_index("ix_fact_opportunity_closed_at")
        batch_op.drop_index("ix_fact_opportunity_category_stage")

    op.drop_table("fact_opportunity")
    with op.batch_alter_table("fact_lead", schema=None) as batch_op:
        batch_op.drop_index("ix_fact_lead_converted_at")
        batch_op.drop_index("ix_fact_lead_contacted_at")
        batch_op.drop_index("ix_fact_lead_captured_at")

    op.drop_table("fact_lead")
    with op.batch_alter_table("fact_csat", schema=None) as batch_op:
        batch_op.drop_index("ix_fact_csat_answered_at")

    op.drop_table("fact_csat")
    with op.batch_alter_table("fact_contract", schema=None) as batch_op:
        batch_op.drop_index("ix_fact_contract_created_at")
        batch_op.drop_index("ix_fact_contract_approved_at")

    op.drop_table("fact_contract")
    with op.batch_alter_table("fact_approval_task", schema=None) as batch_op:
        batch_op.drop_index("ix_fact_approval_task_created_at")
        batch_op.drop_index("ix_fact_approval_task_completed_at")

    op.drop_table("fact_approval_task")
    with op.batch_alter_table("fact_approval", schema=None) as batch_op:
        batch_op.drop_index("ix_fact_approval_completed_at")

    op.drop_table("fact_approval")
    with op.batch_alter_table("fact_activity", schema=None) as batch_op:
        batch_op.drop_index("ix_fact_activity_at")

    op.drop_table("fact_activity")
    op.drop_table("dim_stage")
    op.drop_table("dim_account")
    with op.batch_alter_table("dashboard", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_dashboard_owner_id"))
        batch_op.drop_index(batch_op.f("ix_dashboard_number"))

    op.drop_table("dashboard")

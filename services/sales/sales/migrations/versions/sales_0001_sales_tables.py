"""The tables of sales."""

import sqlalchemy as sa
from alembic import op

from chassis.db import Id, Json, UtcDateTime

revision = "sales_0001"
down_revision = None
branch_labels = ("sales",)
depends_on = None


def upgrade() -> None:
    op.create_table(
        "account",
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("name_key", sa.String(length=200), nullable=False),
        sa.Column("legal_name", sa.String(length=200), nullable=True),
        sa.Column("credit_code", sa.String(length=18), nullable=True),
        sa.Column("industry", sa.String(length=80), nullable=True),
        sa.Column("region", sa.String(length=80), nullable=True),
        sa.Column("city", sa.String(length=80), nullable=True),
        sa.Column("address", sa.String(length=300), nullable=True),
        sa.Column("size", sa.String(length=40), nullable=True),
        sa.Column("source", sa.String(length=80), nullable=True),
        sa.Column("tier", sa.String(length=8), nullable=False),
        sa.Column("health", sa.String(length=20), nullable=True),
        sa.Column("parent_id", Id, nullable=True),
        sa.Column("collaborator_ids", Json, nullable=False),
        sa.Column("pool", sa.String(length=80), nullable=True),
        sa.Column("protected_until", UtcDateTime(timezone=True), nullable=True),
        sa.Column("last_activity_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("contract_minor", sa.BigInteger(), nullable=False),
        sa.Column("paid_minor", sa.BigInteger(), nullable=False),
        sa.Column("open_minor", sa.BigInteger(), nullable=False),
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
        sa.ForeignKeyConstraint(["parent_id"], ["account.id"], name=op.f("fk_account_parent_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account")),
        sa.UniqueConstraint("credit_code", name=op.f("uq_account_credit_code")),
    )
    with op.batch_alter_table("account", schema=None) as batch_op:
        batch_op.create_index("ix_account_created", ["created_at", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_account_name_key"), ["name_key"], unique=False)
        batch_op.create_index(batch_op.f("ix_account_number"), ["number"], unique=False)
        batch_op.create_index("ix_account_owner_created", ["owner_id", "created_at", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_account_owner_id"), ["owner_id"], unique=False)

    op.create_table(
        "conversion",
        sa.Column("lead_id", Id, nullable=False),
        sa.Column("status", sa.String(length=12), nullable=False),
        sa.Column("reason", sa.String(length=60), nullable=True),
        sa.Column("account_id", Id, nullable=True),
        sa.Column("contact_id", Id, nullable=True),
        sa.Column("opportunity_id", Id, nullable=True),
        sa.Column("candidates", Json, nullable=False),
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
        sa.PrimaryKeyConstraint("id", name=op.f("pk_conversion")),
        sa.UniqueConstraint("lead_id", name=op.f("uq_conversion_lead_id")),
    )
    with op.batch_alter_table("conversion", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_conversion_number"), ["number"], unique=False)
        batch_op.create_index(batch_op.f("ix_conversion_owner_id"), ["owner_id"], unique=False)

    op.create_table(
        "exchange_rate",
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("rate", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("currency", "valid_from", name=op.f("pk_exchange_rate")),
    )
    op.create_table(
        "pipeline",
        sa.Column("key", sa.String(length=60), nullable=False),
        sa.Column("name", Json, nullable=False),
        sa.Column("is_default", sa.Boolean(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("stages", Json, nullable=False),
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
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pipeline")),
        sa.UniqueConstraint("key", name=op.f("uq_pipeline_key")),
    )
    with op.batch_alter_table("pipeline", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_pipeline_number"), ["number"], unique=False)
        batch_op.create_index(batch_op.f("ix_pipeline_owner_id"), ["owner_id"], unique=False)

    op.create_table(
        "price_book",
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=True),
        sa.Column("valid_until", sa.Date(), nullable=True),
        sa.Column("is_default", sa.Boolean(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
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
        sa.PrimaryKeyConstraint("id", name=op.f("pk_price_book")),
    )
    with op.batch_alter_table("price_book", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_price_book_number"), ["number"], unique=False)
        batch_op.create_index(batch_op.f("ix_price_book_owner_id"), ["owner_id"], unique=False)

    op.create_table(
        "product",
        sa.Column("code", sa.String(length=60), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("category", sa.String(length=80), nullable=True),
        sa.Column("description", sa.String(length=2000), nullable=True),
        sa.Column("unit", sa.String(length=20), nullable=False),
        sa.Column("tax_percent", sa.BigInteger(), nullable=False),
        sa.Column("unit_cost", sa.BigInteger(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
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
        sa.PrimaryKeyConstraint("id", name=op.f("pk_product")),
        sa.UniqueConstraint("code", name=op.f("uq_product_code")),
    )
    with op.batch_alter_table("product", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_product_number"), ["number"], unique=False)
        batch_op.create_index(batch_op.f("ix_product_owner_id"), ["owner_id"], unique=False)

    op.create_table(
        "contact",
        sa.Column("account_id", Id, nullable=True),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("title", sa.String(length=120), nullable=True),
        sa.Column("decision_role", sa.String(length=40), nullable=True),
        sa.Column("phones", Json, nullable=False),
        sa.Column("emails", Json, nullable=False),
        sa.Column("wechat", sa.String(length=80), nullable=True),
        sa.Column("birthday", sa.Date(), nullable=True),
        sa.Column("lead_id", Id, nullable=True),
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
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_contact_account_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contact")),
    )
    with op.batch_alter_table("contact", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_contact_account_id"), ["account_id"], unique=False)
        batch_op.create_index("ix_contact_created", ["created_at", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_contact_number"), ["number"], unique=False)
        batch_op.create_index(batch_op.f("ix_contact_owner_id"), ["owner_id"], unique=False)

    op.create_table(
        "opportunity",
        sa.Column("account_id", Id, nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("base_minor", sa.BigInteger(), nullable=False),
        sa.Column("close_date", sa.Date(), nullable=True),
        sa.Column("pipeline_id", Id, nullable=False),
        sa.Column("stage", sa.String(length=60), nullable=False),
        sa.Column("category", sa.String(length=8), nullable=False),
        sa.Column("probability", sa.SmallInteger(), nullable=False),
        sa.Column("forecast_category", sa.String(length=20), nullable=False),
        sa.Column("stage_entered_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("stalled", sa.Boolean(), nullable=False),
        sa.Column("stall_check_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("last_stage", sa.String(length=60), nullable=True),
        sa.Column("closed_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("loss_reason", sa.String(length=40), nullable=True),
        sa.Column("loss_note", sa.String(length=1000), nullable=True),
        sa.Column("next_step", sa.String(length=300), nullable=True),
        sa.Column("source", sa.String(length=80), nullable=True),
        sa.Column("region", sa.String(length=80), nullable=True),
        sa.Column("lead_id", Id, nullable=True),
        sa.Column("price_book_id", Id, nullable=True),
        sa.Column("done", Json, nullable=False),
        sa.Column("documents", Json, nullable=False),
        sa.Column("competitors", Json, nullable=False),
        sa.Column("contacts", Json, nullable=False),
        sa.Column("lines", Json, nullable=False),
        sa.Column("last_activity_at", UtcDateTime(timezone=True), nullable=True),
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
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_opportunity_account_id")),
        sa.ForeignKeyConstraint(["pipeline_id"], ["pipeline.id"], name=op.f("fk_opportunity_pipeline_id")),
        sa.ForeignKeyConstraint(["price_book_id"], ["price_book.id"], name=op.f("fk_opportunity_price_book_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_opportunity")),
    )
    with op.batch_alter_table("opportunity", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_opportunity_account_id"), ["account_id"], unique=False)
        batch_op.create_index("ix_opportunity_board", ["pipeline_id", "stage", "updated_at", "id"], unique=False)
        batch_op.create_index("ix_opportunity_created", ["created_at", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_opportunity_number"), ["number"], unique=False)
        batch_op.create_index("ix_opportunity_owner", ["owner_id", "category"], unique=False)
        batch_op.create_index(batch_op.f("ix_opportunity_owner_id"), ["owner_id"], unique=False)

    op.create_table(
        "price",
        sa.Column("id", Id, nullable=False),
        sa.Column("price_book_id", Id, nullable=False),
        sa.Column("product_id", Id, nullable=False),
        sa.Column("min_quantity", sa.BigInteger(), nullable=False),
        sa.Column("unit_price", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["price_book_id"], ["price_book.id"], name=op.f("fk_price_price_book_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["product_id"], ["product.id"], name=op.f("fk_price_product_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_price")),
        sa.UniqueConstraint(
            "price_book_id", "product_id", "min_quantity", name=op.f("uq_price_price_book_id_product_id_min_quantity")
        ),
    )
    op.create_table(
        "quote",
        sa.Column("account_id", Id, nullable=False),
        sa.Column("opportunity_id", Id, nullable=True),
        sa.Column("contact_id", Id, nullable=True),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("root_id", Id, nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("price_book_id", Id, nullable=True),
        sa.Column("tax_included", sa.Boolean(), nullable=False),
        sa.Column("discount_percent", sa.BigInteger(), nullable=False),
        sa.Column("max_discount_percent", sa.BigInteger(), nullable=False),
        sa.Column("lines", Json, nullable=False),
        sa.Column("net_minor", sa.BigInteger(), nullable=False),
        sa.Column("tax_minor", sa.BigInteger(), nullable=False),
        sa.Column("total_minor", sa.BigInteger(), nullable=False),
        sa.Column("cost_minor", sa.BigInteger(), nullable=False),
        sa.Column("base_minor", sa.BigInteger(), nullable=False),
        sa.Column("valid_until", sa.Date(), nullable=True),
        sa.Column("notes", sa.Text(), nullable=True),
        sa.Column("request_id", Id, nullable=True),
        sa.Column("approval", Json, nullable=False),
        sa.Column("share_token", sa.String(length=64), nullable=True),
        sa.Column("opens", sa.Integer(), nullable=False),
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
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_quote_account_id")),
        sa.ForeignKeyConstraint(["contact_id"], ["contact.id"], name=op.f("fk_quote_contact_id")),
        sa.ForeignKeyConstraint(["opportunity_id"], ["opportunity.id"], name=op.f("fk_quote_opportunity_id")),
        sa.ForeignKeyConstraint(["price_book_id"], ["price_book.id"], name=op.f("fk_quote_price_book_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quote")),
        sa.UniqueConstraint("share_token", name=op.f("uq_quote_share_token")),
    )
    with op.batch_alter_table("quote", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_quote_account_id"), ["account_id"], unique=False)
        batch_op.create_index("ix_quote_created", ["created_at", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_quote_number"), ["number"], unique=False)
        batch_op.create_index(batch_op.f("ix_quote_opportunity_id"), ["opportunity_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_quote_owner_id"), ["owner_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_quote_root_id"), ["root_id"], unique=False)

    op.create_table(
        "stage_history",
        sa.Column("id", Id, nullable=False),
        sa.Column("opportunity_id", Id, nullable=False),
        sa.Column("from_stage", sa.String(length=60), nullable=True),
        sa.Column("to_stage", sa.String(length=60), nullable=False),
        sa.Column("from_category", sa.String(length=8), nullable=True),
        sa.Column("to_category", sa.String(length=8), nullable=False),
        sa.Column("at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("seconds", sa.BigInteger(), nullable=False),
        sa.Column("by", sa.String(length=64), nullable=False),
        sa.Column("reason", sa.String(length=300), nullable=True),
        sa.ForeignKeyConstraint(["opportunity_id"], ["opportunity.id"], name=op.f("fk_stage_history_opportunity_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stage_history")),
    )
    with op.batch_alter_table("stage_history", schema=None) as batch_op:
        batch_op.create_index("ix_stage_history_opportunity", ["opportunity_id", "at"], unique=False)

    op.create_table(
        "contract",
        sa.Column("account_id", Id, nullable=False),
        sa.Column("opportunity_id", Id, nullable=True),
        sa.Column("quote_id", Id, nullable=True),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("tax_included", sa.Boolean(), nullable=False),
        sa.Column("discount_percent", sa.BigInteger(), nullable=False),
        sa.Column("max_discount_percent", sa.BigInteger(), nullable=False),
        sa.Column("lines", Json, nullable=False),
        sa.Column("payment_plan", Json, nullable=False),
        sa.Column("net_minor", sa.BigInteger(), nullable=False),
        sa.Column("tax_minor", sa.BigInteger(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("cost_minor", sa.BigInteger(), nullable=False),
        sa.Column("base_minor", sa.BigInteger(), nullable=False),
        sa.Column("paid_minor", sa.BigInteger(), nullable=False),
        sa.Column("signed_on", sa.Date(), nullable=True),
        sa.Column("starts_on", sa.Date(), nullable=True),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.Column("terms", sa.Text(), nullable=True),
        sa.Column("request_id", Id, nullable=True),
        sa.Column("approval", Json, nullable=False),
        sa.Column("erp", Json, nullable=False),
        sa.Column("approved_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("completed_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("termination_reason", sa.String(length=300), nullable=True),
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
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_contract_account_id")),
        sa.ForeignKeyConstraint(["opportunity_id"], ["opportunity.id"], name=op.f("fk_contract_opportunity_id")),
        sa.ForeignKeyConstraint(["quote_id"], ["quote.id"], name=op.f("fk_contract_quote_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contract")),
    )
    with op.batch_alter_table("contract", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_contract_account_id"), ["account_id"], unique=False)
        batch_op.create_index("ix_contract_created", ["created_at", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_contract_number"), ["number"], unique=False)
        batch_op.create_index(batch_op.f("ix_contract_opportunity_id"), ["opportunity_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_contract_owner_id"), ["owner_id"], unique=False)
        batch_op.create_index("ix_contract_status", ["status", "created_at"], unique=False)

    op.create_table(
        "quote_open",
        sa.Column("id", Id, nullable=False),
        sa.Column("quote_id", Id, nullable=False),
        sa.Column("at", UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["quote_id"], ["quote.id"], name=op.f("fk_quote_open_quote_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quote_open")),
    )
    with op.batch_alter_table("quote_open", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_quote_open_quote_id"), ["quote_id"], unique=False)

    op.create_table(
        "payment",
        sa.Column("account_id", Id, nullable=False),
        sa.Column("contract_id", Id, nullable=True),
        sa.Column("system", sa.String(length=40), nullable=True),
        sa.Column("external_id", sa.String(length=120), nullable=True),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("base_minor", sa.BigInteger(), nullable=False),
        sa.Column("unallocated_minor", sa.BigInteger(), nullable=False),
        sa.Column("paid_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("method", sa.String(length=40), nullable=True),
        sa.Column("note", sa.String(length=300), nullable=True),
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
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_payment_account_id")),
        sa.ForeignKeyConstraint(["contract_id"], ["contract.id"], name=op.f("fk_payment_contract_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payment")),
        sa.UniqueConstraint("system", "external_id", name=op.f("uq_payment_system_external_id")),
    )
    with op.batch_alter_table("payment", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_payment_account_id"), ["account_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_payment_contract_id"), ["contract_id"], unique=False)
        batch_op.create_index("ix_payment_created", ["created_at", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_payment_number"), ["number"], unique=False)
        batch_op.create_index(batch_op.f("ix_payment_owner_id"), ["owner_id"], unique=False)

    op.create_table(
        "receivable",
        sa.Column("contract_id", Id, nullable=False),
        sa.Column("account_id", Id, nullable=False),
        sa.Column("term", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("paid_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("base_minor", sa.BigInteger(), nullable=False),
        sa.Column("due_date", sa.Date(), nullable=False),
        sa.Column("status", sa.String(length=12), nullable=False),
        sa.Column("overdue", sa.Boolean(), nullable=False),
        sa.Column("closed_at", UtcDateTime(timezone=True), nullable=True),
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
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_receivable_account_id")),
        sa.ForeignKeyConstraint(["contract_id"], ["contract.id"], name=op.f("fk_receivable_contract_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_receivable")),
        sa.UniqueConstraint("contract_id", "term", name=op.f("uq_receivable_contract_id_term")),
    )
    with op.batch_alter_table("receivable", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_receivable_account_id"), ["account_id"], unique=False)
        batch_op.create_index("ix_receivable_created", ["created_at", "id"], unique=False)
        batch_op.create_index("ix_receivable_due", ["status", "due_date"], unique=False)
        batch_op.create_index(batch_op.f("ix_receivable_number"), ["number"], unique=False)
        batch_op.create_index(batch_op.f("ix_receivable_owner_id"), ["owner_id"], unique=False)

    op.create_table(
        "allocation",
        sa.Column("payment_id", Id, nullable=False),
        sa.Column("receivable_id", Id, nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["payment_id"], ["payment.id"], name=op.f("fk_allocation_payment_id")),
        sa.ForeignKeyConstraint(["receivable_id"], ["receivable.id"], name=op.f("fk_allocation_receivable_id")),
        sa.PrimaryKeyConstraint("payment_id", "receivable_id", name=op.f("pk_allocation")),
    )
    with op.batch_alter_table("allocation", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_allocation_receivable_id"), ["receivable_id"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("allocation", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_allocation_receivable_id"))

    op.drop_table("allocation")
    with op.batch_alter_table("receivable", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_receivable_owner_id"))
        batch_op.drop_index(batch_op.f("ix_receivable_number"))
        batch_op.drop_index("ix_receivable_due")
        batch_op.drop_index("ix_receivable_created")
        batch_op.drop_index(batch_op.f("ix_receivable_account_id"))

    op.drop_table("receivable")
    with op.batch_alter_table("payment", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_payment_owner_id"))
        batch_op.drop_index(batch_op.f("ix_payment_number"))
        batch_op.drop_index("ix_payment_created")
        batch_op.drop_index(batch_op.f("ix_payment_contract_id"))
        batch_op.drop_index(batch_op.f("ix_payment_account_id"))

    op.drop_table("payment")
    with op.batch_alter_table("quote_open", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_quote_open_quote_id"))

    op.drop_table("quote_open")
    with op.batch_alter_table("contract", schema=None) as batch_op:
        batch_op.drop_index("ix_contract_status")
        batch_op.drop_index(batch_op.f("ix_contract_owner_id"))
        batch_op.drop_index(batch_op.f("ix_contract_opportunity_id"))
        batch_op.drop_index(batch_op.f("ix_contract_number"))
        batch_op.drop_index("ix_contract_created")
        batch_op.drop_index(batch_op.f("ix_contract_account_id"))

    op.drop_table("contract")
    with op.batch_alter_table("stage_history", schema=None) as batch_op:
        batch_op.drop_index("ix_stage_history_opportunity")

    op.drop_table("stage_history")
    with op.batch_alter_table("quote", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_quote_root_id"))
        batch_op.drop_index(batch_op.f("ix_quote_owner_id"))
        batch_op.drop_index(batch_op.f("ix_quote_opportunity_id"))
        batch_op.drop_index(batch_op.f("ix_quote_number"))
        batch_op.drop_index("ix_quote_created")
        batch_op.drop_index(batch_op.f("ix_quote_account_id"))

    op.drop_table("quote")
    op.drop_table("price")
    with op.batch_alter_table("opportunity", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_opportunity_owner_id"))
        batch_op.drop_index("ix_opportunity_owner")
        batch_op.drop_index(batch_op.f("ix_opportunity_number"))
        batch_op.drop_index("ix_opportunity_created")
        batch_op.drop_index("ix_opportunity_board")
        batch_op.drop_index(batch_op.f("ix_opportunity_account_id"))

    op.drop_table("opportunity")
    with op.batch_alter_table("contact", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_contact_owner_id"))
        batch_op.drop_index(batch_op.f("ix_contact_number"))
        batch_op.drop_index("ix_contact_created")
        batch_op.drop_index(batch_op.f("ix_contact_account_id"))

    op.drop_table("contact")
    with op.batch_alter_table("product", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_product_owner_id"))
        batch_op.drop_index(batch_op.f("ix_product_number"))

    op.drop_table("product")
    with op.batch_alter_table("price_book", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_price_book_owner_id"))
        batch_op.drop_index(batch_op.f("ix_price_book_number"))

    op.drop_table("price_book")
    with op.batch_alter_table("pipeline", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_pipeline_owner_id"))
        batch_op.drop_index(batch_op.f("ix_pipeline_number"))

    op.drop_table("pipeline")
    op.drop_table("exchange_rate")
    with op.batch_alter_table("conversion", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_conversion_owner_id"))
        batch_op.drop_index(batch_op.f("ix_conversion_number"))

    op.drop_table("conversion")
    with op.batch_alter_table("account", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_account_owner_id"))
        batch_op.drop_index("ix_account_owner_created")
        batch_op.drop_index(batch_op.f("ix_account_number"))
        batch_op.drop_index(batch_op.f("ix_account_name_key"))
        batch_op.drop_index("ix_account_created")

    op.drop_table("account")

"""directory, log-in, inbox and work items"""

import sqlalchemy as sa
from alembic import op

from chassis.db import Id, Json, UtcDateTime
from chassis.vault import EncryptedText

revision = "integration_gateway_0001"
down_revision = None
branch_labels = ("integration_gateway",)
depends_on = None


def upgrade() -> None:
    op.create_table(
        "api_client",
        sa.Column("client_id", sa.String(length=80), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("secret_digest", sa.String(length=64), nullable=False),
        sa.Column("scopes", Json, nullable=False),
        sa.Column("roles", Json, nullable=False),
        sa.Column("allowed_networks", Json, nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=True),
        sa.Column("id", Id, nullable=False),
        sa.Column("number", sa.String(length=40), nullable=True),
        sa.Column("external_ids", Json, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.Column("created_by", sa.String(length=64), nullable=True),
        sa.Column("owner_id", Id, nullable=True),
        sa.Column("department_id", Id, nullable=True),
        sa.Column("tags", Json, nullable=False),
        sa.Column("custom", Json, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_client")),
        sa.UniqueConstraint("client_id", name=op.f("uq_api_client_client_id")),
    )
    with op.batch_alter_table("api_client", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_api_client_number"), ["number"], unique=False)
        batch_op.create_index(batch_op.f("ix_api_client_owner_id"), ["owner_id"], unique=False)

    op.create_table(
        "department",
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("parent_id", Id, nullable=True),
        sa.Column("head_id", Id, nullable=True),
        sa.Column("id", Id, nullable=False),
        sa.Column("number", sa.String(length=40), nullable=True),
        sa.Column("external_ids", Json, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.Column("created_by", sa.String(length=64), nullable=True),
        sa.Column("owner_id", Id, nullable=True),
        sa.Column("department_id", Id, nullable=True),
        sa.Column("tags", Json, nullable=False),
        sa.Column("custom", Json, nullable=False),
        sa.ForeignKeyConstraint(["parent_id"], ["department.id"], name=op.f("fk_department_parent_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_department")),
    )
    with op.batch_alter_table("department", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_department_head_id"), ["head_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_department_number"), ["number"], unique=False)
        batch_op.create_index(batch_op.f("ix_department_owner_id"), ["owner_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_department_parent_id"), ["parent_id"], unique=False)

    op.create_table(
        "log_in_guard",
        sa.Column("key", sa.String(length=120), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("failed_at", UtcDateTime(), nullable=False),
        sa.Column("locked_until", UtcDateTime(), nullable=True),
        sa.Column("window_from", UtcDateTime(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_log_in_guard")),
    )
    op.create_table(
        "notification",
        sa.Column("id", Id, nullable=False),
        sa.Column("event_id", Id, nullable=False),
        sa.Column("user_id", Id, nullable=False),
        sa.Column("source", sa.String(length=40), nullable=False),
        sa.Column("key", sa.String(length=80), nullable=False),
        sa.Column("title", Json, nullable=False),
        sa.Column("text", Json, nullable=False),
        sa.Column("link", sa.String(length=500), nullable=False),
        sa.Column("subject", sa.String(length=100), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("read_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notification")),
        sa.UniqueConstraint("event_id", "user_id", name=op.f("uq_notification_event_id_user_id")),
    )
    with op.batch_alter_table("notification", schema=None) as batch_op:
        batch_op.create_index("ix_notification_unread", ["user_id", "read_at", "id"], unique=False)

    op.create_table(
        "role",
        sa.Column("key", sa.String(length=60), nullable=False),
        sa.Column("name", Json, nullable=False),
        sa.Column("grants", Json, nullable=False),
        sa.Column("allowed_networks", Json, nullable=False),
        sa.Column("shipped", sa.Boolean(), nullable=False),
        sa.Column("id", Id, nullable=False),
        sa.Column("number", sa.String(length=40), nullable=True),
        sa.Column("external_ids", Json, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.Column("created_by", sa.String(length=64), nullable=True),
        sa.Column("owner_id", Id, nullable=True),
        sa.Column("department_id", Id, nullable=True),
        sa.Column("tags", Json, nullable=False),
        sa.Column("custom", Json, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_role")),
        sa.UniqueConstraint("key", name=op.f("uq_role_key")),
    )
    with op.batch_alter_table("role", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_role_number"), ["number"], unique=False)
        batch_op.create_index(batch_op.f("ix_role_owner_id"), ["owner_id"], unique=False)

    op.create_table(
        "signing_key",
        sa.Column("kid", sa.String(length=64), nullable=False),
        sa.Column("public_jwk", Json, nullable=False),
        sa.Column("private_pem", sa.Text(), nullable=False),
        sa.Column("signs_from", UtcDateTime(), nullable=False),
        sa.Column("signs_until", UtcDateTime(), nullable=False),
        sa.Column("published_until", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("kid", name=op.f("pk_signing_key")),
    )
    with op.batch_alter_table("signing_key", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_signing_key_published_until"), ["published_until"], unique=False)

    op.create_table(
        "user_account",
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("mobile", sa.String(length=32), nullable=True),
        sa.Column("title", sa.String(length=120), nullable=True),
        sa.Column("locale", sa.String(length=16), nullable=False),
        sa.Column("roles", Json, nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("absent", sa.Boolean(), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("allowed_networks", Json, nullable=False),
        sa.Column("id", Id, nullable=False),
        sa.Column("number", sa.String(length=40), nullable=True),
        sa.Column("external_ids", Json, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.Column("created_by", sa.String(length=64), nullable=True),
        sa.Column("owner_id", Id, nullable=True),
        sa.Column("department_id", Id, nullable=True),
        sa.Column("tags", Json, nullable=False),
        sa.Column("custom", Json, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_user_account")),
        sa.UniqueConstraint("email", name=op.f("uq_user_account_email")),
    )
    with op.batch_alter_table("user_account", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_user_account_number"), ["number"], unique=False)
        batch_op.create_index(batch_op.f("ix_user_account_owner_id"), ["owner_id"], unique=False)

    op.create_table(
        "work_item",
        sa.Column("source", sa.String(length=40), nullable=False),
        sa.Column("task_id", Id, nullable=False),
        sa.Column("subject", sa.String(length=100), nullable=False),
        sa.Column("title", Json, nullable=False),
        sa.Column("link", sa.String(length=500), nullable=False),
        sa.Column("assignee_id", Id, nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("due_at", UtcDateTime(), nullable=True),
        sa.Column("completed_at", UtcDateTime(), nullable=True),
        sa.Column("outcome", sa.String(length=20), nullable=False),
        sa.PrimaryKeyConstraint("source", "task_id", name=op.f("pk_work_item")),
    )
    with op.batch_alter_table("work_item", schema=None) as batch_op:
        batch_op.create_index("ix_work_item_mine", ["assignee_id", "completed_at", "due_at"], unique=False)

    op.create_table(
        "absence",
        sa.Column("id", Id, nullable=False),
        sa.Column("user_id", Id, nullable=False),
        sa.Column("starts_at", UtcDateTime(), nullable=False),
        sa.Column("ends_at", UtcDateTime(), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name=op.f("fk_absence_user_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_absence")),
    )
    with op.batch_alter_table("absence", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_absence_user_id"), ["user_id"], unique=False)

    op.create_table(
        "credential",
        sa.Column("user_id", Id, nullable=False),
        sa.Column("password_hash", sa.String(length=200), nullable=True),
        sa.Column("password_changed_at", UtcDateTime(), nullable=True),
        sa.Column("otp_secret", sa.Text(), nullable=True),
        sa.Column("otp_confirmed_at", UtcDateTime(), nullable=True),
        sa.Column("otp_last_step", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user_account.id"], name=op.f("fk_credential_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_credential")),
    )
    op.create_table(
        "department_path",
        sa.Column("ancestor_id", Id, nullable=False),
        sa.Column("descendant_id", Id, nullable=False),
        sa.Column("depth", sa.SmallInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["ancestor_id"], ["department.id"], name=op.f("fk_department_path_ancestor_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["descendant_id"], ["department.id"], name=op.f("fk_department_path_descendant_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("ancestor_id", "descendant_id", name=op.f("pk_department_path")),
    )
    with op.batch_alter_table("department_path", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_department_path_descendant_id"), ["descendant_id"], unique=False)

    op.create_table(
        "log_in_challenge",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("user_id", Id, nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user_account.id"], name=op.f("fk_log_in_challenge_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_log_in_challenge")),
    )
    with op.batch_alter_table("log_in_challenge", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_log_in_challenge_expires_at"), ["expires_at"], unique=False)

    op.create_table(
        "log_in_session",
        sa.Column("id", Id, nullable=False),
        sa.Column("user_id", Id, nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("second_factor", sa.Boolean(), nullable=False),
        sa.Column("csrf", sa.Text(), nullable=False),
        sa.Column("address", sa.String(length=45), nullable=False),
        sa.Column("agent", sa.String(length=300), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("seen_at", UtcDateTime(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.Column("revoked_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user_account.id"], name=op.f("fk_log_in_session_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_log_in_session")),
    )
    with op.batch_alter_table("log_in_session", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_log_in_session_expires_at"), ["expires_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_log_in_session_user_id"), ["user_id"], unique=False)

    op.create_table(
        "notification_preference",
        sa.Column("user_id", Id, nullable=False),
        sa.Column("channel", sa.String(length=20), nullable=False),
        sa.Column("key", sa.String(length=80), nullable=False),
        sa.Column("wanted", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user_account.id"], name=op.f("fk_notification_preference_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("user_id", "channel", "key", name=op.f("pk_notification_preference")),
    )
    op.create_table(
        "recovery_code",
        sa.Column("id", Id, nullable=False),
        sa.Column("user_id", Id, nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("used_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user_account.id"], name=op.f("fk_recovery_code_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recovery_code")),
    )
    with op.batch_alter_table("recovery_code", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_recovery_code_user_id"), ["user_id"], unique=False)

    op.create_table(
        "set_up_link",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("user_id", Id, nullable=True),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user_account.id"], name=op.f("fk_set_up_link_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_set_up_link")),
    )


def downgrade() -> None:
    op.drop_table("set_up_link")
    with op.batch_alter_table("recovery_code", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_recovery_code_user_id"))

    op.drop_table("recovery_code")
    op.drop_table("notification_preference")
    with op.batch_alter_table("log_in_session", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_log_in_session_user_id"))
        batch_op.drop_index(batch_op.f("ix_log_in_session_expires_at"))

    op.drop_table("log_in_session")
    with op.batch_alter_table("log_in_challenge", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_log_in_challenge_expires_at"))

    op.drop_table("log_in_challenge")
    with op.batch_alter_table("department_path", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_department_path_descendant_id"))

    op.drop_table("department_path")
    op.drop_table("credential")
    with op.batch_alter_table("absence", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_absence_user_id"))

    op.drop_table("absence")
    with op.batch_alter_table("work_item", schema=None) as batch_op:
        batch_op.drop_index("ix_work_item_mine")

    op.drop_table("work_item")
    with op.batch_alter_table("user_account", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_user_account_owner_id"))
        batch_op.drop_index(batch_op.f("ix_user_account_number"))

    op.drop_table("user_account")
    with op.batch_alter_table("signing_key", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_signing_key_published_until"))

    op.drop_table("signing_key")
    with op.batch_alter_table("role", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_role_owner_id"))
        batch_op.drop_index(batch_op.f("ix_role_number"))

    op.drop_table("role")
    with op.batch_alter_table("notification", schema=None) as batch_op:
        batch_op.drop_index("ix_notification_unread")

    op.drop_table("notification")
    op.drop_table("log_in_guard")
    with op.batch_alter_table("department", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_department_parent_id"))
        batch_op.drop_index(batch_op.f("ix_department_owner_id"))
        batch_op.drop_index(batch_op.f("ix_department_number"))
        batch_op.drop_index(batch_op.f("ix_department_head_id"))

    op.drop_table("department")
    with op.batch_alter_table("api_client", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_api_client_owner_id"))
        batch_op.drop_index(batch_op.f("ix_api_client_number"))

    op.drop_table("api_client")

"""Reports have schedules."""

import sqlalchemy as sa
from alembic import op

from sophia.database.columns import UtcDateTime

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "report_schedules",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("client_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("every", sa.String(length=5), nullable=False),
        sa.Column("day", sa.Integer(), nullable=False),
        sa.Column("hour", sa.Integer(), nullable=False),
        sa.Column("language", sa.String(length=5), nullable=True),
        sa.Column("attaches_pdf", sa.Boolean(), nullable=False),
        sa.Column("send_anyway_days", sa.Integer(), nullable=True),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("starts_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.String(length=120), nullable=False),
        sa.Column("created_at", UtcDateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "day >= 1 AND day <= CASE every WHEN 'week' THEN 7 ELSE 28 END",
            name=op.f("ck_report_schedules_day_in_period"),
        ),
        sa.CheckConstraint("every IN ('week', 'month')", name=op.f("ck_report_schedules_every_known")),
        sa.CheckConstraint("hour >= 0 AND hour <= 23", name=op.f("ck_report_schedules_hour_of_day")),
        sa.CheckConstraint(
            "send_anyway_days IS NULL OR send_anyway_days >= 1", name=op.f("ck_report_schedules_days_positive")
        ),
        sa.ForeignKeyConstraint(
            ["client_id"], ["clients.id"], name=op.f("fk_report_schedules_client_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_report_schedules")),
    )
    op.create_index(op.f("ix_report_schedules_client_id"), "report_schedules", ["client_id"], unique=False)
    op.create_table(
        "report_deliveries",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("client_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("edition_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("schedule_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("address", sa.String(length=320), nullable=False),
        sa.Column("attaches_pdf", sa.Boolean(), nullable=False),
        sa.Column("days_with_data", sa.Integer(), nullable=True),
        sa.Column("days", sa.Integer(), nullable=True),
        sa.Column("message_id", sa.String(length=300), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_try_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("sending_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("sent_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("reported_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("problem", sa.Text(), nullable=True),
        sa.Column("created_at", UtcDateTime(timezone=True), nullable=False),
        sa.CheckConstraint("state <> 'sent' OR sent_at IS NOT NULL", name=op.f("ck_report_deliveries_sent_has_moment")),
        sa.CheckConstraint(
            "state IN ('queued', 'sending', 'sent', 'refused', 'unknown', 'cancelled')",
            name=op.f("ck_report_deliveries_state_known"),
        ),
        sa.CheckConstraint(
            "(days IS NULL) = (days_with_data IS NULL)", name=op.f("ck_report_deliveries_days_together")
        ),
        sa.ForeignKeyConstraint(
            ["client_id"], ["clients.id"], name=op.f("fk_report_deliveries_client_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["edition_id"], ["report_editions.id"], name=op.f("fk_report_deliveries_edition_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["schedule_id"], ["report_schedules.id"], name=op.f("fk_report_deliveries_schedule_id"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_report_deliveries")),
        sa.UniqueConstraint("edition_id", "address", name=op.f("uq_report_deliveries_edition_id_address")),
    )
    op.create_index(op.f("ix_report_deliveries_client_id"), "report_deliveries", ["client_id"], unique=False)
    op.create_index(
        "ix_report_deliveries_state_next_try_at", "report_deliveries", ["state", "next_try_at"], unique=False
    )
    op.create_table(
        "report_recipients",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("schedule_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("address", sa.String(length=320), nullable=False),
        sa.Column("added_by", sa.String(length=120), nullable=False),
        sa.Column("added_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("unsubscribed_at", UtcDateTime(timezone=True), nullable=True),
        sa.CheckConstraint("address LIKE '%_@_%'", name=op.f("ck_report_recipients_address_has_at")),
        sa.ForeignKeyConstraint(
            ["schedule_id"], ["report_schedules.id"], name=op.f("fk_report_recipients_schedule_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_report_recipients")),
        sa.UniqueConstraint("schedule_id", "address", name=op.f("uq_report_recipients_schedule_id_address")),
    )
    op.create_table(
        "scheduled_reports",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("schedule_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("start_date", sa.Date(), nullable=False),
        sa.Column("end_date", sa.Date(), nullable=False),
        sa.Column("due_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("next_check_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("reported_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("edition_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("changed_at", UtcDateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "state <> 'released' OR edition_id IS NOT NULL", name=op.f("ck_scheduled_reports_released_has_edition")
        ),
        sa.CheckConstraint(
            "state IN ('waiting', 'released', 'cancelled')", name=op.f("ck_scheduled_reports_state_known")
        ),
        sa.CheckConstraint("end_date >= start_date", name=op.f("ck_scheduled_reports_dates_in_order")),
        sa.ForeignKeyConstraint(
            ["edition_id"], ["report_editions.id"], name=op.f("fk_scheduled_reports_edition_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["schedule_id"], ["report_schedules.id"], name=op.f("fk_scheduled_reports_schedule_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_scheduled_reports")),
        sa.UniqueConstraint("schedule_id", "start_date", "end_date", name="uq_scheduled_reports_period"),
    )
    op.create_table(
        "mail_links",
        sa.Column(
            "delivery_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.Column("share_link_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("unsubscribe_sha256", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["delivery_id"], ["report_deliveries.id"], name=op.f("fk_mail_links_delivery_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["share_link_id"], ["share_links.id"], name=op.f("fk_mail_links_share_link_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("delivery_id", name=op.f("pk_mail_links")),
        sa.UniqueConstraint("share_link_id", name=op.f("uq_mail_links_share_link_id")),
        sa.UniqueConstraint("unsubscribe_sha256", name=op.f("uq_mail_links_unsubscribe_sha256")),
    )


def downgrade() -> None:
    op.drop_table("mail_links")
    op.drop_table("scheduled_reports")
    op.drop_table("report_recipients")
    op.drop_index("ix_report_deliveries_state_next_try_at", table_name="report_deliveries")
    op.drop_index(op.f("ix_report_deliveries_client_id"), table_name="report_deliveries")
    op.drop_table("report_deliveries")
    op.drop_index(op.f("ix_report_schedules_client_id"), table_name="report_schedules")
    op.drop_table("report_schedules")

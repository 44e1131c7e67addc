"""Costs, goals, annotations, and anomalies as they were told"""

import sqlalchemy as sa
from alembic import op

import sophia.database.columns

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

MOMENT = sophia.database.columns.UtcDateTime(timezone=True)
NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
PLATFORMS = "('facebook', 'instagram')"


def upgrade() -> None:
    allow_kinds("created", "edited", "regenerated", "approved", "rejected")
    create_what_people_tell()
    create_watches()
    create_entries()


def allow_kinds(*kinds: str) -> None:
    """SQLite cannot change a constraint, and forgets those of a table that is copied: so the whole table is named."""
    table = sa.Table(
        "approval_events",
        sa.MetaData(),
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("draft_id", NUMBER, nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("actor", sa.String(length=120), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("happened_at", MOMENT, nullable=False),
        sa.CheckConstraint("true", name=op.f("ck_approval_events_kind_known")),
        sa.CheckConstraint("length(actor) > 0", name=op.f("ck_approval_events_actor_given")),
        sa.ForeignKeyConstraint(
            ["draft_id"], ["content_drafts.id"], name=op.f("fk_approval_events_draft_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_approval_events")),
        sa.Index("ix_approval_events_draft_id", "draft_id"),
    )
    with op.batch_alter_table("approval_events", copy_from=table) as batch:
        batch.drop_constraint(op.f("ck_approval_events_kind_known"), type_="check")
        batch.create_check_constraint(op.f("ck_approval_events_kind_known"), f"kind IN {kinds}")


def create_what_people_tell() -> None:
    op.create_table(
        "marketing_costs",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("client_id", NUMBER, nullable=False),
        sa.Column("start_date", sa.Date(), nullable=False),
        sa.Column("end_date", sa.Date(), nullable=False),
        sa.Column("amount", sa.Numeric(precision=14, scale=2), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("purpose", sa.String(length=200), nullable=False),
        sa.Column("recorded_at", MOMENT, nullable=False),
        sa.Column("removed_at", MOMENT, nullable=True),
        sa.CheckConstraint("end_date >= start_date", name=op.f("ck_marketing_costs_dates_in_order")),
        sa.CheckConstraint("amount >= 0", name=op.f("ck_marketing_costs_amount_not_negative")),
        sa.CheckConstraint("length(currency) = 3", name=op.f("ck_marketing_costs_currency_given")),
        sa.CheckConstraint("length(purpose) > 0", name=op.f("ck_marketing_costs_purpose_given")),
        sa.ForeignKeyConstraint(
            ["client_id"], ["clients.id"], name=op.f("fk_marketing_costs_client_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_marketing_costs")),
    )
    op.create_index("ix_marketing_costs_client_id_start_date", "marketing_costs", ["client_id", "start_date"])
    op.create_table(
        "client_goals",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("client_id", NUMBER, nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("kpi", sa.String(length=60), nullable=False),
        sa.Column("target", sa.Float(), nullable=False),
        sa.Column("at_most", sa.Boolean(), nullable=False),
        sa.Column("start_date", sa.Date(), nullable=False),
        sa.Column("end_date", sa.Date(), nullable=False),
        sa.Column("set_at", MOMENT, nullable=False),
        sa.Column("ended_at", MOMENT, nullable=True),
        sa.CheckConstraint("end_date >= start_date", name=op.f("ck_client_goals_dates_in_order")),
        sa.CheckConstraint("length(name) > 0", name=op.f("ck_client_goals_name_given")),
        sa.ForeignKeyConstraint(
            ["client_id"], ["clients.id"], name=op.f("fk_client_goals_client_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_client_goals")),
        sa.UniqueConstraint("client_id", "name", "set_at", name=op.f("uq_client_goals_client_id_name_set_at")),
    )
    op.create_table(
        "annotations",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("client_id", NUMBER, nullable=True),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("author", sa.String(length=120), nullable=False),
        sa.Column("written_at", MOMENT, nullable=False),
        sa.Column("removed_at", MOMENT, nullable=True),
        sa.CheckConstraint("length(text) > 0", name=op.f("ck_annotations_text_given")),
        sa.CheckConstraint("length(author) > 0", name=op.f("ck_annotations_author_given")),
        sa.ForeignKeyConstraint(
            ["client_id"], ["clients.id"], name=op.f("fk_annotations_client_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_annotations")),
    )
    op.create_index("ix_annotations_client_id_day", "annotations", ["client_id", "day"])


def create_watches() -> None:
    op.create_table(
        "watched_metrics",
        sa.Column("platform", sa.String(length=20), nullable=False),
        sa.Column("metric", sa.String(length=60), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=False),
        sa.Column("together", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("event", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("judged_at", MOMENT, nullable=False),
        sa.CheckConstraint(f"platform IN {PLATFORMS}", name=op.f("ck_watched_metrics_platform_known")),
        sa.PrimaryKeyConstraint("platform", "metric", name=op.f("pk_watched_metrics")),
    )
    op.create_table(
        "watched_series",
        sa.Column("account_id", NUMBER, nullable=False),
        sa.Column("metric", sa.String(length=60), nullable=False),
        sa.Column("remembered", sa.JSON(none_as_null=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_watched_series_account_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("account_id", "metric", name=op.f("pk_watched_series")),
    )


def create_entries() -> None:
    op.create_table(
        "anomalies",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("account_id", NUMBER, nullable=False),
        sa.Column("metric", sa.String(length=60), nullable=False),
        sa.Column("noticed", sa.Date(), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("until", sa.Date(), nullable=True),
        sa.Column("worst", sa.Date(), nullable=True),
        *(sa.Column(name, sa.Float(), nullable=True) for name in ("value", "score", "expected", "low", "high")),
        sa.Column("provisional", sa.Boolean(), nullable=False),
        sa.Column("event_since", sa.Date(), nullable=True),
        sa.Column("first_told_at", MOMENT, nullable=False),
        sa.Column("changed_at", MOMENT, nullable=False),
        sa.Column("withdrawn_at", MOMENT, nullable=True),
        sa.CheckConstraint(
            "kind IN ('spike', 'drop', 'outage', 'rise', 'fall', 'gap')", name=op.f("ck_anomalies_kind_known")
        ),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_anomalies_account_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_anomalies")),
        sa.UniqueConstraint("account_id", "metric", "noticed", name=op.f("uq_anomalies_account_id_metric_noticed")),
    )
    op.create_index("ix_anomalies_since", "anomalies", ["since"])
    op.create_table(
        "portfolio_events",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("platform", sa.String(length=20), nullable=False),
        sa.Column("metric", sa.String(length=60), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("until", sa.Date(), nullable=True),
        sa.Column("series", sa.Integer(), nullable=False),
        sa.Column("alike", sa.Integer(), nullable=False),
        sa.Column("score", sa.Float(), nullable=False),
        sa.Column("first_told_at", MOMENT, nullable=False),
        sa.Column("changed_at", MOMENT, nullable=False),
        sa.Column("withdrawn_at", MOMENT, nullable=True),
        sa.CheckConstraint(f"platform IN {PLATFORMS}", name=op.f("ck_portfolio_events_platform_known")),
        sa.CheckConstraint("kind IN ('spike', 'drop', 'rise', 'fall')", name=op.f("ck_portfolio_events_kind_known")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_portfolio_events")),
        sa.UniqueConstraint("platform", "metric", "since", name=op.f("uq_portfolio_events_platform_metric_since")),
    )


def downgrade() -> None:
    for name in (
        "portfolio_events",
        "anomalies",
        "watched_series",
        "watched_metrics",
        "annotations",
        "client_goals",
        "marketing_costs",
    ):
        op.drop_table(name)
    op.execute("UPDATE approval_events SET kind = 'edited' WHERE kind = 'regenerated'")
    allow_kinds("created", "edited", "approved", "rejected")

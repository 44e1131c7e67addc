"""The first schema."""

import sqlalchemy as sa
from alembic import op

from sophia.database.columns import Day, Message, MetricValue, MoneyAmount, UtcDateTime

# Numbers 0001 to 0013 belonged to schemas that were never released; stores that have them are moved by export and import.
revision = "0014"
down_revision = None
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = UtcDateTime(timezone=True)
# One wide row per reading, for BI tools and for people who write SQL. Days are days of Meta's reporting zone.
FLAT_COLUMNS = """
    SELECT c.name AS client, c.id AS client_id, a.platform, a.name AS account, a.id AS account_id,
           m.level, p.platform_post_id, p.kind AS post_kind, p.published_at, p.draft_id AS content_draft_id,
           m.metric_name, m.canonical, m.breakdown, m.period, m.unit, m.counting, m.classification,
           {day} AS metric_date, e.metric_value
    FROM engagement_metrics e
    JOIN metric_series s ON s.id = e.series_id
    JOIN metrics m ON m.id = s.metric_id
    JOIN accounts a ON a.id = s.account_id
    JOIN clients c ON c.id = a.client_id
    LEFT JOIN posts p ON p.id = s.post_id
"""
FLAT_VIEW = {
    "sqlite": "CREATE VIEW readings_flat AS " + FLAT_COLUMNS.format(day="date(e.metric_date * 86400, 'unixepoch')"),
    "postgresql": "CREATE VIEW readings_flat AS " + FLAT_COLUMNS.format(day="DATE '1970-01-01' + e.metric_date"),
}
BENCHMARKS = sa.table(
    "industry_benchmarks",
    sa.column("industry", sa.String()),
    sa.column("platform", sa.String()),
    sa.column("metric", sa.String()),
    sa.column("denominator", sa.String()),
    sa.column("statistic", sa.String()),
    sa.column("value_percent", sa.Numeric(10, 4)),
    sa.column("data_year", sa.Integer()),
    sa.column("sample_size", sa.Integer()),
    sa.column("source", sa.String()),
    sa.column("provenance", sa.Text()),
)
# Parents before children.
TABLES = (
    "api_keys",
    "budget_pauses",
    "clients",
    "industry_benchmarks",
    "leases",
    "metrics",
    "portfolio_events",
    "watched_metrics",
    "accounts",
    "annotations",
    "api_key_clients",
    "campaigns",
    "client_goals",
    "client_revisions",
    "competitors",
    "content_drafts",
    "conversion_source_choices",
    "decision_quality_scores",
    "ideal_customers",
    "marketing_costs",
    "account_totals",
    "anomalies",
    "approval_events",
    "campaign_memberships",
    "collection_runs",
    "competitor_posts",
    "competitor_values",
    "conversion_events",
    "decision_traces",
    "kpi_snapshots",
    "metric_status",
    "posts",
    "publishing_queue",
    "refused_objects",
    "tracked_links",
    "watched_series",
    "watermarks",
    "comment_readings",
    "comments",
    "conversion_event_revisions",
    "derived_metrics",
    "fetches",
    "kpi_snapshot_revisions",
    "metric_series",
    "post_outcome_revisions",
    "post_outcomes",
    "quarantined_items",
    "engagement_metrics",
    "metric_revisions",
    "users",
    "user_clients",
    "user_sessions",
    "sign_in_links",
    "share_links",
)


def upgrade() -> None:
    op.create_table(
        "api_keys",
        sa.Column("id", ID, nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("prefix", sa.String(length=20), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("limited", sa.Boolean(), nullable=False),
        sa.Column("role", sa.String(length=10), server_default="read", nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("revoked_at", MOMENT, nullable=True),
        sa.CheckConstraint("role IN ('read', 'write', 'publish', 'admin')", name=op.f("ck_api_keys_role_known")),
        sa.CheckConstraint("length(name) > 0", name=op.f("ck_api_keys_name_given")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_keys")),
        sa.UniqueConstraint("name", name=op.f("uq_api_keys_name")),
        sa.UniqueConstraint("prefix", name=op.f("uq_api_keys_prefix")),
        sa.UniqueConstraint("sha256", name=op.f("uq_api_keys_sha256")),
    )
    op.create_table(
        "budget_pauses",
        sa.Column("budget", sa.String(length=80), nullable=False),
        sa.Column("until", MOMENT, nullable=False),
        sa.Column("reason", Message(), nullable=False),
        sa.PrimaryKeyConstraint("budget", name=op.f("pk_budget_pauses")),
    )
    op.create_table(
        "clients",
        sa.Column("id", ID, nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("slug", sa.String(length=100), nullable=False),
        sa.Column("timezone", sa.String(length=60), nullable=False),
        sa.Column("industry", sa.String(length=60), nullable=True),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("domains", sa.JSON(), server_default="[]", nullable=False),
        sa.CheckConstraint("status IN ('active', 'archived')", name=op.f("ck_clients_status_known")),
        sa.CheckConstraint("length(name) > 0", name=op.f("ck_clients_name_given")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_clients")),
        sa.UniqueConstraint("name", name=op.f("uq_clients_name")),
        sa.UniqueConstraint("slug", name=op.f("uq_clients_slug")),
    )
    op.create_table(
        "industry_benchmarks",
        sa.Column("id", ID, nullable=False),
        sa.Column("industry", sa.String(length=60), nullable=False),
        sa.Column("platform", sa.String(length=20), nullable=False),
        sa.Column("metric", sa.String(length=60), nullable=False),
        sa.Column("denominator", sa.String(length=60), nullable=False),
        sa.Column("statistic", sa.String(length=20), nullable=False),
        sa.Column("value_percent", sa.Numeric(precision=10, scale=4), nullable=False),
        sa.Column("data_year", sa.Integer(), nullable=False),
        sa.Column("sample_size", sa.Integer(), nullable=True),
        sa.Column("source", sa.String(length=200), nullable=False),
        sa.Column("provenance", sa.Text(), nullable=False),
        sa.Column("is_own", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("recorded_at", MOMENT, nullable=True),
        sa.Column("replaced_at", MOMENT, nullable=True),
        sa.CheckConstraint("platform IN ('facebook', 'instagram')", name=op.f("ck_industry_benchmarks_platform_known")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_industry_benchmarks")),
    )
    op.create_index(
        "uq_industry_benchmarks_held",
        "industry_benchmarks",
        ["industry", "platform", "metric", "statistic", "source", "data_year"],
        unique=True,
        sqlite_where=sa.text("replaced_at IS NULL"),
        postgresql_where=sa.text("replaced_at IS NULL"),
    )
    op.create_table(
        "leases",
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("holder", sa.String(length=120), nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_leases")),
    )
    op.create_table(
        "metrics",
        sa.Column("id", ID, nullable=False),
        sa.Column("platform", sa.String(length=20), nullable=False),
        sa.Column("level", sa.String(length=20), nullable=False),
        sa.Column("metric_name", sa.String(length=120), nullable=False),
        sa.Column("period", sa.String(length=20), nullable=False),
        sa.Column("breakdown", sa.String(length=200), nullable=False),
        sa.Column("canonical", sa.String(length=60), nullable=True),
        sa.Column("classification", sa.String(length=30), nullable=False),
        sa.Column("unit", sa.String(length=20), nullable=True),
        sa.Column("counting", sa.String(length=20), nullable=True),
        sa.CheckConstraint(
            "classification IN ('algorithm_dependent', 'algorithm_independent', 'level', 'unclassified')",
            name=op.f("ck_metrics_classification_known"),
        ),
        sa.CheckConstraint("level IN ('account', 'post')", name=op.f("ck_metrics_level_known")),
        sa.CheckConstraint("period IN ('day', 'week', 'days_28', 'lifetime')", name=op.f("ck_metrics_period_known")),
        sa.CheckConstraint("platform IN ('facebook', 'instagram')", name=op.f("ck_metrics_platform_known")),
        sa.CheckConstraint("length(metric_name) > 0", name=op.f("ck_metrics_metric_name_given")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_metrics")),
        sa.UniqueConstraint(
            "platform",
            "level",
            "metric_name",
            "period",
            "breakdown",
            name=op.f("uq_metrics_platform_level_metric_name_period_breakdown"),
        ),
    )
    op.create_index(op.f("ix_metrics_canonical"), "metrics", ["canonical"], unique=False)
    op.create_table(
        "portfolio_events",
        sa.Column("id", ID, nullable=False),
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
        sa.CheckConstraint("kind IN ('spike', 'drop', 'rise', 'fall')", name=op.f("ck_portfolio_events_kind_known")),
        sa.CheckConstraint("platform IN ('facebook', 'instagram')", name=op.f("ck_portfolio_events_platform_known")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_portfolio_events")),
        sa.UniqueConstraint("platform", "metric", "since", name=op.f("uq_portfolio_events_platform_metric_since")),
    )
    op.create_table(
        "watched_metrics",
        sa.Column("platform", sa.String(length=20), nullable=False),
        sa.Column("metric", sa.String(length=60), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=False),
        sa.Column("together", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("event", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("judged_at", MOMENT, nullable=False),
        sa.CheckConstraint("platform IN ('facebook', 'instagram')", name=op.f("ck_watched_metrics_platform_known")),
        sa.PrimaryKeyConstraint("platform", "metric", name=op.f("pk_watched_metrics")),
    )
    op.create_table(
        "accounts",
        sa.Column("id", ID, nullable=False),
        sa.Column("client_id", ID, nullable=False),
        sa.Column("platform", sa.String(length=20), nullable=False),
        sa.Column("external_id", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("username", sa.String(length=100), nullable=True),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("status_reason", Message(), nullable=True),
        sa.Column("token_encrypted", sa.Text(), nullable=True),
        sa.Column("token_scopes", sa.JSON(), nullable=False),
        sa.Column("token_expires_at", MOMENT, nullable=True),
        sa.Column("data_access_expires_at", MOMENT, nullable=True),
        sa.Column("token_checked_at", MOMENT, nullable=True),
        sa.Column("connected_at", MOMENT, nullable=False),
        sa.CheckConstraint("platform IN ('facebook', 'instagram')", name=op.f("ck_accounts_platform_known")),
        sa.CheckConstraint("status IN ('active', 'needs_reconnect', 'paused')", name=op.f("ck_accounts_status_known")),
        sa.CheckConstraint("length(external_id) > 0", name=op.f("ck_accounts_external_id_given")),
        sa.ForeignKeyConstraint(["client_id"], ["clients.id"], name=op.f("fk_accounts_client_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_accounts")),
        sa.UniqueConstraint("platform", "external_id", name=op.f("uq_accounts_platform_external_id")),
    )
    op.create_index(op.f("ix_accounts_client_id"), "accounts", ["client_id"], unique=False)
    op.create_table(
        "annotations",
        sa.Column("id", ID, nullable=False),
        sa.Column("client_id", ID, nullable=True),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("author", sa.String(length=120), nullable=False),
        sa.Column("written_at", MOMENT, nullable=False),
        sa.Column("removed_at", MOMENT, nullable=True),
        sa.CheckConstraint("length(author) > 0", name=op.f("ck_annotations_author_given")),
        sa.CheckConstraint("length(text) > 0", name=op.f("ck_annotations_text_given")),
        sa.ForeignKeyConstraint(
            ["client_id"], ["clients.id"], name=op.f("fk_annotations_client_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_annotations")),
    )
    op.create_index("ix_annotations_client_id_day", "annotations", ["client_id", "day"], unique=False)
    op.create_table(
        "api_key_clients",
        sa.Column("api_key_id", ID, nullable=False),
        sa.Column("client_id", ID, nullable=False),
        sa.ForeignKeyConstraint(
            ["api_key_id"], ["api_keys.id"], name=op.f("fk_api_key_clients_api_key_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["client_id"], ["clients.id"], name=op.f("fk_api_key_clients_client_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("api_key_id", "client_id", name=op.f("pk_api_key_clients")),
    )
    op.create_index(op.f("ix_api_key_clients_client_id"), "api_key_clients", ["client_id"], unique=False)
    op.create_table(
        "campaigns",
        sa.Column("id", ID, nullable=False),
        sa.Column("client_id", ID, nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("slug", sa.String(length=120), nullable=False),
        sa.Column("content_pillar", sa.String(length=100), nullable=True),
        sa.Column("start_date", sa.Date(), nullable=False),
        sa.Column("end_date", sa.Date(), nullable=True),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("grouping_key", sa.String(length=400), nullable=True),
        sa.CheckConstraint("end_date IS NULL OR end_date >= start_date", name=op.f("ck_campaigns_dates_in_order")),
        sa.CheckConstraint("length(slug) > 0", name=op.f("ck_campaigns_slug_given")),
        sa.ForeignKeyConstraint(["client_id"], ["clients.id"], name=op.f("fk_campaigns_client_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_campaigns")),
        sa.UniqueConstraint("client_id", "slug", name=op.f("uq_campaigns_client_id_slug")),
    )
    op.create_index("uq_campaigns_client_id_grouping_key", "campaigns", ["client_id", "grouping_key"], unique=True)
    op.create_table(
        "client_goals",
        sa.Column("id", ID, nullable=False),
        sa.Column("client_id", ID, nullable=False),
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
        "client_revisions",
        sa.Column("id", ID, nullable=False),
        sa.Column("client_id", ID, nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("timezone", sa.String(length=60), nullable=False),
        sa.Column("industry", sa.String(length=60), nullable=True),
        sa.Column("replaced_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["client_id"], ["clients.id"], name=op.f("fk_client_revisions_client_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_client_revisions")),
    )
    op.create_index(
        "ix_client_revisions_client_id_replaced_at", "client_revisions", ["client_id", "replaced_at"], unique=False
    )
    op.create_table(
        "competitors",
        sa.Column("id", ID, nullable=False),
        sa.Column("client_id", ID, nullable=False),
        sa.Column("username", sa.String(length=30), nullable=False),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("problem", Message(), nullable=True),
        sa.Column("added_at", MOMENT, nullable=False),
        sa.Column("asked_at", MOMENT, nullable=True),
        sa.Column("posts_since", MOMENT, nullable=True),
        sa.CheckConstraint("status IN ('new', 'ok', 'refused')", name=op.f("ck_competitors_status_known")),
        sa.CheckConstraint("length(username) > 0", name=op.f("ck_competitors_username_given")),
        sa.ForeignKeyConstraint(
            ["client_id"], ["clients.id"], name=op.f("fk_competitors_client_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_competitors")),
        sa.UniqueConstraint("client_id", "username", name=op.f("uq_competitors_client_id_username")),
    )
    op.create_table(
        "content_drafts",
        sa.Column("id", ID, nullable=False),
        sa.Column("client_id", ID, nullable=False),
        sa.Column("platform", sa.String(length=20), nullable=False),
        sa.Column("copy", sa.Text(), nullable=False),
        sa.Column("image_prompt", sa.Text(), nullable=False),
        sa.Column("image_ratio", sa.String(length=20), nullable=False),
        sa.Column("content_pillar", sa.String(length=100), nullable=True),
        sa.Column("content_format", sa.String(length=40), nullable=True),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("platform_post_id", sa.String(length=80), nullable=True),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=True),
        sa.Column("media_urls", sa.JSON(), server_default="[]", nullable=False),
        sa.Column("account_ids", sa.JSON(), server_default="[]", nullable=False),
        sa.Column("idempotency_key", sa.String(length=200), nullable=True),
        sa.Column("content_sha256", sa.String(length=64), nullable=True),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.CheckConstraint("platform IN ('facebook', 'instagram')", name=op.f("ck_content_drafts_platform_known")),
        sa.ForeignKeyConstraint(
            ["client_id"], ["clients.id"], name=op.f("fk_content_drafts_client_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_content_drafts")),
    )
    op.create_index(op.f("ix_content_drafts_client_id"), "content_drafts", ["client_id"], unique=False)
    op.create_index("ix_content_drafts_platform_post_id", "content_drafts", ["platform_post_id"], unique=False)
    op.create_index(
        "uq_content_drafts_client_id_idempotency_key", "content_drafts", ["client_id", "idempotency_key"], unique=True
    )
    op.create_table(
        "conversion_source_choices",
        sa.Column("id", ID, nullable=False),
        sa.Column("client_id", ID, nullable=False),
        sa.Column("origin", sa.String(length=100), nullable=False),
        sa.Column("set_at", MOMENT, nullable=False),
        sa.Column("ended_at", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(
            ["client_id"], ["clients.id"], name=op.f("fk_conversion_source_choices_client_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_conversion_source_choices")),
    )
    op.create_index("ix_conversion_source_choices_client_id", "conversion_source_choices", ["client_id"], unique=False)
    op.create_table(
        "decision_quality_scores",
        sa.Column("id", ID, nullable=False),
        sa.Column("client_id", ID, nullable=False),
        sa.Column("stage", sa.String(length=20), nullable=False),
        sa.Column("period_start", sa.Date(), nullable=False),
        sa.Column("period_end", sa.Date(), nullable=False),
        sa.Column("sample_size", sa.Integer(), nullable=False),
        sa.Column("skill", sa.Float(), nullable=True),
        sa.Column("details", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("computed_at", MOMENT, nullable=False),
        sa.CheckConstraint(
            "stage IN ('research', 'angle', 'persona', 'format', 'voice', 'gate', 'approval', 'performance')",
            name=op.f("ck_decision_quality_scores_stage_known"),
        ),
        sa.CheckConstraint("period_end > period_start", name=op.f("ck_decision_quality_scores_period_in_order")),
        sa.CheckConstraint("sample_size >= 0", name=op.f("ck_decision_quality_scores_sample_size_not_negative")),
        sa.ForeignKeyConstraint(
            ["client_id"], ["clients.id"], name=op.f("fk_decision_quality_scores_client_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_decision_quality_scores")),
        sa.UniqueConstraint(
            "client_id",
            "stage",
            "period_start",
            "period_end",
            name=op.f("uq_decision_quality_scores_client_id_stage_period_start_period_end"),
        ),
    )
    op.create_table(
        "ideal_customers",
        sa.Column("id", ID, nullable=False),
        sa.Column("client_id", ID, nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("youngest", sa.Integer(), nullable=True),
        sa.Column("oldest", sa.Integer(), nullable=True),
        sa.Column("genders", sa.JSON(), nullable=False),
        sa.Column("countries", sa.JSON(), nullable=False),
        sa.Column("places", sa.JSON(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.CheckConstraint("length(name) > 0", name=op.f("ck_ideal_customers_name_given")),
        sa.CheckConstraint(
            "oldest IS NULL OR (youngest IS NOT NULL AND youngest <= oldest)",
            name=op.f("ck_ideal_customers_ages_in_order"),
        ),
        sa.ForeignKeyConstraint(
            ["client_id"], ["clients.id"], name=op.f("fk_ideal_customers_client_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ideal_customers")),
        sa.UniqueConstraint("client_id", "name", name=op.f("uq_ideal_customers_client_id_name")),
    )
    op.create_table(
        "marketing_costs",
        sa.Column("id", ID, nullable=False),
        sa.Column("client_id", ID, nullable=False),
        sa.Column("start_date", sa.Date(), nullable=False),
        sa.Column("end_date", sa.Date(), nullable=False),
        sa.Column("amount", MoneyAmount(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("purpose", sa.String(length=200), nullable=False),
        sa.Column("recorded_at", MOMENT, nullable=False),
        sa.Column("removed_at", MOMENT, nullable=True),
        sa.CheckConstraint("amount >= 0", name=op.f("ck_marketing_costs_amount_not_negative")),
        sa.CheckConstraint("end_date >= start_date", name=op.f("ck_marketing_costs_dates_in_order")),
        sa.CheckConstraint("length(currency) = 3", name=op.f("ck_marketing_costs_currency_given")),
        sa.CheckConstraint("length(purpose) > 0", name=op.f("ck_marketing_costs_purpose_given")),
        sa.ForeignKeyConstraint(
            ["client_id"], ["clients.id"], name=op.f("fk_marketing_costs_client_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_marketing_costs")),
    )
    op.create_index(
        "ix_marketing_costs_client_id_start_date", "marketing_costs", ["client_id", "start_date"], unique=False
    )
    op.create_table(
        "account_totals",
        sa.Column("account_id", ID, nullable=False),
        sa.Column("readings", ID, nullable=False),
        sa.Column("latest_metric_date", Day(), nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_account_totals_account_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_account_totals")),
    )
    op.create_table(
        "anomalies",
        sa.Column("id", ID, nullable=False),
        sa.Column("account_id", ID, nullable=False),
        sa.Column("metric", sa.String(length=60), nullable=False),
        sa.Column("noticed", sa.Date(), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("until", sa.Date(), nullable=True),
        sa.Column("worst", sa.Date(), nullable=True),
        sa.Column("value", sa.Float(), nullable=True),
        sa.Column("score", sa.Float(), nullable=True),
        sa.Column("expected", sa.Float(), nullable=True),
        sa.Column("low", sa.Float(), nullable=True),
        sa.Column("high", sa.Float(), nullable=True),
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
    op.create_index("ix_anomalies_since", "anomalies", ["since"], unique=False)
    op.create_table(
        "approval_events",
        sa.Column("id", ID, nullable=False),
        sa.Column("draft_id", ID, nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("actor", sa.String(length=120), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("happened_at", MOMENT, nullable=False),
        sa.CheckConstraint(
            "kind IN ('created', 'edited', 'regenerated', 'approved', 'rejected')",
            name=op.f("ck_approval_events_kind_known"),
        ),
        sa.CheckConstraint("length(actor) > 0", name=op.f("ck_approval_events_actor_given")),
        sa.ForeignKeyConstraint(
            ["draft_id"], ["content_drafts.id"], name=op.f("fk_approval_events_draft_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_approval_events")),
    )
    op.create_index("ix_approval_events_draft_id", "approval_events", ["draft_id"], unique=False)
    op.create_table(
        "campaign_memberships",
        sa.Column("campaign_id", ID, nullable=False),
        sa.Column("draft_id", ID, nullable=False),
        sa.ForeignKeyConstraint(
            ["campaign_id"], ["campaigns.id"], name=op.f("fk_campaign_memberships_campaign_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["draft_id"], ["content_drafts.id"], name=op.f("fk_campaign_memberships_draft_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("campaign_id", "draft_id", name=op.f("pk_campaign_memberships")),
    )
    op.create_index(op.f("ix_campaign_memberships_draft_id"), "campaign_memberships", ["draft_id"], unique=False)
    op.create_table(
        "collection_runs",
        sa.Column("id", ID, nullable=False),
        sa.Column("account_id", ID, nullable=False),
        sa.Column("trigger", sa.String(length=20), nullable=False),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("started_at", MOMENT, nullable=False),
        sa.Column("finished_at", MOMENT, nullable=True),
        sa.Column("api_version", sa.String(length=10), nullable=False),
        sa.Column("calls", sa.Integer(), nullable=False),
        sa.Column("calls_counted_by_meta", sa.Integer(), nullable=False),
        sa.Column("retries", sa.Integer(), server_default="0", nullable=False),
        sa.Column("percent_used", sa.Double(), server_default="0", nullable=False),
        sa.Column("families", sa.JSON(), server_default="{}", nullable=False),
        sa.Column("readings_new", sa.Integer(), nullable=False),
        sa.Column("readings_changed", sa.Integer(), nullable=False),
        sa.Column("readings_same", sa.Integer(), nullable=False),
        sa.Column("posts_new", sa.Integer(), nullable=False),
        sa.Column("quarantined", sa.Integer(), nullable=False),
        sa.Column("problems", sa.JSON(), nullable=False),
        sa.Column("action_needed", Message(), nullable=True),
        sa.Column("resume_at", MOMENT, nullable=True),
        sa.CheckConstraint(
            "status IN ('running', 'ok', 'partial', 'throttled', 'needs_reconnect', 'failed')",
            name=op.f("ck_collection_runs_status_known"),
        ),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_collection_runs_account_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_collection_runs")),
    )
    op.create_index(
        "ix_collection_runs_account_id_started_at", "collection_runs", ["account_id", "started_at"], unique=False
    )
    op.create_table(
        "competitor_posts",
        sa.Column("competitor_id", ID, autoincrement=False, nullable=False),
        sa.Column("platform_post_id", sa.String(length=80), nullable=False),
        sa.Column("published_at", MOMENT, nullable=False),
        sa.Column("media_type", sa.String(length=20), nullable=True),
        sa.Column("like_count", ID, nullable=True),
        sa.Column("comments_count", ID, nullable=True),
        sa.Column("read_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["competitor_id"], ["competitors.id"], name=op.f("fk_competitor_posts_competitor_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("competitor_id", "platform_post_id", name=op.f("pk_competitor_posts")),
    )
    op.create_index(
        "ix_competitor_posts_competitor_id_published_at",
        "competitor_posts",
        ["competitor_id", "published_at"],
        unique=False,
    )
    op.create_table(
        "competitor_values",
        sa.Column("competitor_id", ID, autoincrement=False, nullable=False),
        sa.Column("metric_name", sa.String(length=60), nullable=False),
        sa.Column("metric_date", Day(), nullable=False),
        sa.Column("metric_value", ID, nullable=False),
        sa.CheckConstraint(
            "metric_date BETWEEN 12418 AND 47482", name=op.f("ck_competitor_values_metric_date_in_range")
        ),
        sa.CheckConstraint("metric_value >= 0", name=op.f("ck_competitor_values_metric_value_not_negative")),
        sa.ForeignKeyConstraint(
            ["competitor_id"], ["competitors.id"], name=op.f("fk_competitor_values_competitor_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("competitor_id", "metric_name", "metric_date", name=op.f("pk_competitor_values")),
    )
    op.create_table(
        "conversion_events",
        sa.Column("id", ID, nullable=False),
        sa.Column("client_id", ID, nullable=False),
        sa.Column("content_draft_id", ID, nullable=True),
        sa.Column("event_type", sa.String(length=20), nullable=False),
        sa.Column("source", sa.String(length=100), nullable=False),
        sa.Column("event_date", sa.Date(), nullable=False),
        sa.Column("revenue_amount", MoneyAmount(), nullable=True),
        sa.Column("currency", sa.String(length=3), nullable=True),
        sa.Column("details", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("idempotency_key", sa.String(length=200), nullable=False),
        sa.Column("content_sha256", sa.String(length=64), nullable=False),
        sa.Column("recorded_at", MOMENT, nullable=False),
        sa.Column("external_id", sa.String(length=200), nullable=True),
        sa.Column("customer_key", sa.String(length=64), nullable=True),
        sa.Column("utm_source", sa.String(length=200), nullable=True),
        sa.Column("utm_medium", sa.String(length=200), nullable=True),
        sa.Column("utm_campaign", sa.String(length=200), nullable=True),
        sa.Column("utm_content", sa.String(length=200), nullable=True),
        sa.Column("link_url", sa.Text(), nullable=True),
        sa.Column("attributed_by", sa.String(length=20), nullable=True),
        sa.Column("origin", sa.String(length=100), server_default="", nullable=False),
        sa.Column("from_analytics", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("transaction_key", sa.String(length=200), nullable=True),
        sa.Column("row_key", sa.String(length=64), nullable=True),
        sa.Column("removed_at", MOMENT, nullable=True),
        sa.Column("removed_by", sa.String(length=10), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "event_type IN ('utm_click', 'save', 'follow', 'dm', 'inquiry', 'conversion', 'refund')",
            name=op.f("ck_conversion_events_event_type_known"),
        ),
        sa.CheckConstraint(
            "(revenue_amount IS NULL) = (currency IS NULL)", name=op.f("ck_conversion_events_revenue_has_currency")
        ),
        sa.CheckConstraint("length(source) > 0", name=op.f("ck_conversion_events_source_given")),
        sa.CheckConstraint(
            "revenue_amount IS NULL OR revenue_amount >= 0", name=op.f("ck_conversion_events_revenue_not_negative")
        ),
        sa.ForeignKeyConstraint(
            ["client_id"], ["clients.id"], name=op.f("fk_conversion_events_client_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["content_draft_id"],
            ["content_drafts.id"],
            name=op.f("fk_conversion_events_content_draft_id"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_conversion_events")),
        sa.UniqueConstraint(
            "client_id", "idempotency_key", name=op.f("uq_conversion_events_client_id_idempotency_key")
        ),
    )
    op.create_index(
        "ix_conversion_events_client_id_customer_key", "conversion_events", ["client_id", "customer_key"], unique=False
    )
    op.create_index(
        "ix_conversion_events_client_id_event_date", "conversion_events", ["client_id", "event_date"], unique=False
    )
    op.create_index(
        "ix_conversion_events_client_id_row_key", "conversion_events", ["client_id", "row_key"], unique=False
    )
    op.create_index(
        "ix_conversion_events_client_id_transaction_key",
        "conversion_events",
        ["client_id", "transaction_key"],
        unique=False,
    )
    op.create_index(
        op.f("ix_conversion_events_content_draft_id"), "conversion_events", ["content_draft_id"], unique=False
    )
    op.create_index(
        "uq_conversion_events_identity", "conversion_events", ["client_id", "external_id", "origin"], unique=True
    )
    op.create_table(
        "decision_traces",
        sa.Column("id", ID, nullable=False),
        sa.Column("client_id", ID, nullable=False),
        sa.Column("draft_id", ID, nullable=True),
        sa.Column("stage", sa.String(length=20), nullable=False),
        sa.Column("decision", sa.Text(), nullable=False),
        sa.Column("rationale", sa.Text(), nullable=True),
        sa.Column("alternatives_considered", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("evidence", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("predicted", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("predicted_age", sa.String(length=3), nullable=False),
        sa.Column("confidence", sa.Float(), nullable=True),
        sa.Column("decided_at", MOMENT, nullable=False),
        sa.Column("recorded_at", MOMENT, nullable=False),
        sa.Column("idempotency_key", sa.String(length=200), nullable=False),
        sa.Column("content_sha256", sa.String(length=64), nullable=False),
        sa.CheckConstraint(
            "predicted_age IN ('24h', '7d', '28d')", name=op.f("ck_decision_traces_predicted_age_known")
        ),
        sa.CheckConstraint(
            "stage IN ('research', 'angle', 'persona', 'format', 'voice', 'gate', 'approval', 'performance')",
            name=op.f("ck_decision_traces_stage_known"),
        ),
        sa.CheckConstraint(
            "confidence IS NULL OR confidence BETWEEN 0 AND 1",
            name=op.f("ck_decision_traces_confidence_is_probability"),
        ),
        sa.ForeignKeyConstraint(
            ["client_id"], ["clients.id"], name=op.f("fk_decision_traces_client_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["draft_id"], ["content_drafts.id"], name=op.f("fk_decision_traces_draft_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_decision_traces")),
        sa.UniqueConstraint("client_id", "idempotency_key", name=op.f("uq_decision_traces_client_id_idempotency_key")),
    )
    op.create_index(
        "ix_decision_traces_client_id_decided_at", "decision_traces", ["client_id", "decided_at"], unique=False
    )
    op.create_index(op.f("ix_decision_traces_draft_id"), "decision_traces", ["draft_id"], unique=False)
    op.create_table(
        "kpi_snapshots",
        sa.Column("id", ID, nullable=False),
        sa.Column("client_id", ID, nullable=False),
        sa.Column("account_id", ID, nullable=True),
        sa.Column("account_key", ID, nullable=False),
        sa.Column("week_start", sa.Date(), nullable=False),
        sa.Column("week_end", sa.Date(), nullable=False),
        sa.Column("kpis", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("algo_dependent_summary", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("algo_independent_summary", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("computed_at", MOMENT, nullable=False),
        sa.Column("checked_at", MOMENT, nullable=False),
        sa.CheckConstraint("week_end > week_start", name=op.f("ck_kpi_snapshots_week_in_order")),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_kpi_snapshots_account_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["client_id"], ["clients.id"], name=op.f("fk_kpi_snapshots_client_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_kpi_snapshots")),
        sa.UniqueConstraint(
            "client_id", "account_key", "week_start", name=op.f("uq_kpi_snapshots_client_id_account_key_week_start")
        ),
    )
    op.create_table(
        "metric_status",
        sa.Column("id", ID, nullable=False),
        sa.Column("platform", sa.String(length=20), nullable=False),
        sa.Column("object_kind", sa.String(length=20), nullable=False),
        sa.Column("api_version", sa.String(length=10), nullable=False),
        sa.Column("metric_name", sa.String(length=120), nullable=False),
        sa.Column("account_id", ID, nullable=True),
        sa.Column("code", sa.Integer(), nullable=False),
        sa.Column("subcode", sa.Integer(), nullable=True),
        sa.Column("reason", Message(), nullable=False),
        sa.Column("since", MOMENT, nullable=False),
        sa.Column("ask_again_at", MOMENT, nullable=False),
        sa.CheckConstraint("platform IN ('facebook', 'instagram')", name=op.f("ck_metric_status_platform_known")),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_metric_status_account_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_metric_status")),
        sa.UniqueConstraint(
            "account_id",
            "object_kind",
            "api_version",
            "metric_name",
            name=op.f("uq_metric_status_account_id_object_kind_api_version_metric_name"),
        ),
    )
    op.create_index(
        "uq_metric_status_everywhere",
        "metric_status",
        ["platform", "object_kind", "api_version", "metric_name"],
        unique=True,
        sqlite_where=sa.text("account_id IS NULL"),
        postgresql_where=sa.text("account_id IS NULL"),
    )
    op.create_table(
        "posts",
        sa.Column("id", ID, nullable=False),
        sa.Column("account_id", ID, nullable=False),
        sa.Column("platform_post_id", sa.String(length=80), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("video_id", sa.String(length=40), nullable=True),
        sa.Column("published_at", MOMENT, nullable=False),
        sa.Column("permalink", sa.Text(), nullable=True),
        sa.Column("text", sa.Text(), nullable=True),
        sa.Column("draft_id", ID, nullable=True),
        sa.Column("first_seen_at", MOMENT, nullable=False),
        sa.Column("gone_at", MOMENT, nullable=True),
        sa.Column("gone_reason", Message(), nullable=True),
        sa.CheckConstraint("length(platform_post_id) > 0", name=op.f("ck_posts_platform_post_id_given")),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_posts_account_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["draft_id"], ["content_drafts.id"], name=op.f("fk_posts_draft_id"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_posts")),
        sa.UniqueConstraint("account_id", "platform_post_id", name=op.f("uq_posts_account_id_platform_post_id")),
    )
    op.create_index("ix_posts_account_id_published_at", "posts", ["account_id", "published_at"], unique=False)
    op.create_index("ix_posts_draft_id", "posts", ["draft_id"], unique=False)
    op.create_index("ix_posts_platform_post_id", "posts", ["platform_post_id"], unique=False)
    op.create_table(
        "publishing_queue",
        sa.Column("id", ID, nullable=False),
        sa.Column("draft_id", ID, nullable=False),
        sa.Column("account_id", ID, nullable=False),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("queued_by", sa.String(length=120), nullable=True),
        sa.Column("scheduled_for", MOMENT, nullable=True),
        sa.Column("published_at", MOMENT, nullable=True),
        sa.Column("platform_post_id", sa.String(length=80), nullable=True),
        sa.Column("attempt_id", sa.String(length=40), nullable=True),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("started_at", MOMENT, nullable=True),
        sa.Column("caption", sa.Text(), nullable=True),
        sa.Column("parts", sa.JSON(), server_default="[]", nullable=False),
        sa.Column("container_id", sa.String(length=40), nullable=True),
        sa.Column("sent_at", MOMENT, nullable=True),
        sa.Column("next_try_at", MOMENT, nullable=True),
        sa.Column("problem", Message(), nullable=True),
        sa.Column("what_to_do", Message(), nullable=True),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.CheckConstraint(
            "status IN ('queued', 'publishing', 'published', 'failed', 'cancelled')",
            name=op.f("ck_publishing_queue_status_known"),
        ),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_publishing_queue_account_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["draft_id"], ["content_drafts.id"], name=op.f("fk_publishing_queue_draft_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_publishing_queue")),
        sa.UniqueConstraint("draft_id", "account_id", name=op.f("uq_publishing_queue_draft_id_account_id")),
    )
    op.create_index(
        "ix_publishing_queue_account_id_platform_post_id",
        "publishing_queue",
        ["account_id", "platform_post_id"],
        unique=False,
    )
    op.create_index("ix_publishing_queue_status", "publishing_queue", ["status"], unique=False)
    op.create_table(
        "refused_objects",
        sa.Column("account_id", ID, nullable=False),
        sa.Column("object_id", sa.String(length=80), nullable=False),
        sa.Column("code", sa.Integer(), nullable=False),
        sa.Column("subcode", sa.Integer(), nullable=True),
        sa.Column("reason", Message(), nullable=False),
        sa.Column("since", MOMENT, nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("ask_again_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_refused_objects_account_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("account_id", "object_id", name=op.f("pk_refused_objects")),
    )
    op.create_table(
        "tracked_links",
        sa.Column("id", ID, nullable=False),
        sa.Column("client_id", ID, nullable=False),
        sa.Column("draft_id", ID, nullable=False),
        sa.Column("account_id", ID, nullable=True),
        sa.Column("campaign_id", ID, nullable=True),
        sa.Column("campaign_slug", sa.String(length=120), nullable=True),
        sa.Column("original", sa.Text(), nullable=False),
        sa.Column("tagged", sa.Text(), nullable=False),
        sa.Column("original_sha256", sa.String(length=64), nullable=False),
        sa.Column("tagged_sha256", sa.String(length=64), nullable=False),
        sa.Column("first_seen_at", MOMENT, nullable=False),
        sa.Column("last_checked_at", MOMENT, nullable=True),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("problem", Message(), nullable=True),
        sa.CheckConstraint(
            "status IN ('unchecked', 'ok', 'dead', 'loses_tags', 'unsure', 'refused')",
            name=op.f("ck_tracked_links_status_known"),
        ),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_tracked_links_account_id"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["campaign_id"], ["campaigns.id"], name=op.f("fk_tracked_links_campaign_id"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["client_id"], ["clients.id"], name=op.f("fk_tracked_links_client_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["draft_id"], ["content_drafts.id"], name=op.f("fk_tracked_links_draft_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tracked_links")),
        sa.UniqueConstraint("draft_id", "tagged_sha256", name=op.f("uq_tracked_links_draft_id_tagged_sha256")),
    )
    op.create_index(op.f("ix_tracked_links_account_id"), "tracked_links", ["account_id"], unique=False)
    op.create_index(op.f("ix_tracked_links_campaign_id"), "tracked_links", ["campaign_id"], unique=False)
    op.create_index(
        "ix_tracked_links_client_id_original_sha256", "tracked_links", ["client_id", "original_sha256"], unique=False
    )
    op.create_index(
        "ix_tracked_links_client_id_tagged_sha256", "tracked_links", ["client_id", "tagged_sha256"], unique=False
    )
    op.create_table(
        "watched_series",
        sa.Column("account_id", ID, nullable=False),
        sa.Column("metric", sa.String(length=60), nullable=False),
        sa.Column("remembered", sa.JSON(none_as_null=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_watched_series_account_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("account_id", "metric", name=op.f("pk_watched_series")),
    )
    op.create_table(
        "watermarks",
        sa.Column("account_id", ID, nullable=False),
        sa.Column("family", sa.String(length=40), nullable=False),
        sa.Column("from_day", Day(), nullable=False),
        sa.Column("through_day", Day(), nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.CheckConstraint("from_day <= through_day", name=op.f("ck_watermarks_days_in_order")),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_watermarks_account_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("account_id", "family", name=op.f("pk_watermarks")),
    )
    op.create_table(
        "comment_readings",
        sa.Column("post_id", ID, autoincrement=False, nullable=False),
        sa.Column("read_at", MOMENT, nullable=False),
        sa.Column("counted", ID, nullable=True),
        sa.ForeignKeyConstraint(
            ["post_id"], ["posts.id"], name=op.f("fk_comment_readings_post_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("post_id", name=op.f("pk_comment_readings")),
    )
    op.create_table(
        "comments",
        sa.Column("id", ID, nullable=False),
        sa.Column("account_id", ID, nullable=False),
        sa.Column("post_id", ID, nullable=False),
        sa.Column("platform_comment_id", sa.String(length=80), nullable=False),
        sa.Column("written_at", MOMENT, nullable=False),
        sa.Column("text", sa.Text(), nullable=True),
        sa.Column("language", sa.String(length=10), nullable=True),
        sa.Column("tone", sa.String(length=20), nullable=False),
        sa.Column("compound", sa.Double(), nullable=True),
        sa.Column("not_scored_reason", sa.String(length=40), nullable=True),
        sa.Column("is_reply", sa.Boolean(), nullable=False),
        sa.Column("is_own", sa.Boolean(), nullable=False),
        sa.Column("is_hidden", sa.Boolean(), nullable=True),
        sa.Column("like_count", ID, nullable=True),
        sa.Column("first_seen_at", MOMENT, nullable=False),
        sa.Column("fetched_at", MOMENT, nullable=False),
        sa.Column("changed_at", MOMENT, nullable=True),
        sa.Column("gone_at", MOMENT, nullable=True),
        sa.CheckConstraint(
            "(tone = 'not scored') = (not_scored_reason IS NOT NULL)", name=op.f("ck_comments_reason_when_not_scored")
        ),
        sa.CheckConstraint(
            "tone IN ('positive', 'neutral', 'negative', 'not scored')", name=op.f("ck_comments_tone_known")
        ),
        sa.CheckConstraint("length(platform_comment_id) > 0", name=op.f("ck_comments_platform_comment_id_given")),
        sa.CheckConstraint("like_count IS NULL OR like_count >= 0", name=op.f("ck_comments_like_count_not_negative")),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_comments_account_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["post_id"], ["posts.id"], name=op.f("fk_comments_post_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_comments")),
        sa.UniqueConstraint(
            "account_id", "platform_comment_id", name=op.f("uq_comments_account_id_platform_comment_id")
        ),
    )
    op.create_index("ix_comments_account_id_written_at", "comments", ["account_id", "written_at"], unique=False)
    op.create_index("ix_comments_post_id", "comments", ["post_id"], unique=False)
    op.create_table(
        "conversion_event_revisions",
        sa.Column("id", ID, nullable=False),
        sa.Column("conversion_id", ID, nullable=False),
        sa.Column("replaced_at", MOMENT, nullable=False),
        sa.Column("client_id", ID, nullable=False),
        sa.Column("content_draft_id", ID, nullable=True),
        sa.Column("event_type", sa.String(length=20), nullable=False),
        sa.Column("source", sa.String(length=100), nullable=False),
        sa.Column("event_date", sa.Date(), nullable=False),
        sa.Column("revenue_amount", MoneyAmount(), nullable=True),
        sa.Column("currency", sa.String(length=3), nullable=True),
        sa.Column("details", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("idempotency_key", sa.String(length=200), nullable=False),
        sa.Column("content_sha256", sa.String(length=64), nullable=False),
        sa.Column("recorded_at", MOMENT, nullable=False),
        sa.Column("external_id", sa.String(length=200), nullable=True),
        sa.Column("customer_key", sa.String(length=64), nullable=True),
        sa.Column("utm_source", sa.String(length=200), nullable=True),
        sa.Column("utm_medium", sa.String(length=200), nullable=True),
        sa.Column("utm_campaign", sa.String(length=200), nullable=True),
        sa.Column("utm_content", sa.String(length=200), nullable=True),
        sa.Column("link_url", sa.Text(), nullable=True),
        sa.Column("attributed_by", sa.String(length=20), nullable=True),
        sa.Column("origin", sa.String(length=100), server_default="", nullable=False),
        sa.Column("from_analytics", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("transaction_key", sa.String(length=200), nullable=True),
        sa.Column("row_key", sa.String(length=64), nullable=True),
        sa.Column("removed_at", MOMENT, nullable=True),
        sa.Column("removed_by", sa.String(length=10), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["client_id"], ["clients.id"], name=op.f("fk_conversion_event_revisions_client_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["content_draft_id"],
            ["content_drafts.id"],
            name=op.f("fk_conversion_event_revisions_content_draft_id"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["conversion_id"],
            ["conversion_events.id"],
            name=op.f("fk_conversion_event_revisions_conversion_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_conversion_event_revisions")),
    )
    op.create_index(
        "ix_conversion_event_revisions_client_id_idempotency_key",
        "conversion_event_revisions",
        ["client_id", "idempotency_key"],
        unique=False,
    )
    op.create_index(
        "ix_conversion_event_revisions_client_id_replaced_at",
        "conversion_event_revisions",
        ["client_id", "replaced_at"],
        unique=False,
    )
    op.create_index(
        op.f("ix_conversion_event_revisions_content_draft_id"),
        "conversion_event_revisions",
        ["content_draft_id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_conversion_event_revisions_conversion_id"),
        "conversion_event_revisions",
        ["conversion_id"],
        unique=False,
    )
    op.create_table(
        "derived_metrics",
        sa.Column("post_id", ID, autoincrement=False, nullable=False),
        sa.Column("metric_name", sa.String(length=60), nullable=False),
        sa.Column("metric_date", Day(), nullable=False),
        sa.Column("metric_value", sa.Double(), nullable=False),
        sa.Column("sample_size", sa.Integer(), nullable=False),
        sa.Column("computed_at", MOMENT, nullable=False),
        sa.CheckConstraint("metric_date BETWEEN 12418 AND 47482", name=op.f("ck_derived_metrics_metric_date_in_range")),
        sa.CheckConstraint(
            "metric_value >= 0 AND metric_value <= 1", name=op.f("ck_derived_metrics_metric_value_is_ratio")
        ),
        sa.CheckConstraint("sample_size > 0", name=op.f("ck_derived_metrics_sample_size_positive")),
        sa.ForeignKeyConstraint(["post_id"], ["posts.id"], name=op.f("fk_derived_metrics_post_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("post_id", "metric_name", "metric_date", name=op.f("pk_derived_metrics")),
    )
    op.create_table(
        "fetches",
        sa.Column("id", ID, nullable=False),
        sa.Column("run_id", ID, nullable=False),
        sa.Column("fetched_at", MOMENT, nullable=False),
        sa.Column("stored_at", MOMENT, nullable=False),
        sa.Column("subject", sa.String(length=40), nullable=False),
        sa.Column("request", sa.Text(), nullable=False),
        sa.Column("api_version", sa.String(length=10), nullable=False),
        sa.Column("sha256", sa.LargeBinary(length=32), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(["run_id"], ["collection_runs.id"], name=op.f("fk_fetches_run_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fetches")),
    )
    op.create_index(
        "ix_fetches_fetched_at_raw",
        "fetches",
        ["fetched_at"],
        unique=False,
        sqlite_where=sa.text("body IS NOT NULL"),
        postgresql_where=sa.text("body IS NOT NULL"),
    )
    op.create_index("ix_fetches_run_id", "fetches", ["run_id"], unique=False)
    op.create_index("ix_fetches_stored_at", "fetches", ["stored_at"], unique=False)
    op.create_table(
        "kpi_snapshot_revisions",
        sa.Column("snapshot_id", ID, autoincrement=False, nullable=False),
        sa.Column("replaced_at", MOMENT, nullable=False),
        sa.Column("kpis", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("algo_dependent_summary", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("algo_independent_summary", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("computed_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["snapshot_id"],
            ["kpi_snapshots.id"],
            name=op.f("fk_kpi_snapshot_revisions_snapshot_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("snapshot_id", "replaced_at", name=op.f("pk_kpi_snapshot_revisions")),
    )
    op.create_table(
        "metric_series",
        sa.Column("id", ID, nullable=False),
        sa.Column("account_id", ID, nullable=False),
        sa.Column("post_id", ID, nullable=True),
        sa.Column("metric_id", ID, nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_metric_series_account_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["metric_id"], ["metrics.id"], name=op.f("fk_metric_series_metric_id")),
        sa.ForeignKeyConstraint(["post_id"], ["posts.id"], name=op.f("fk_metric_series_post_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_metric_series")),
    )
    op.create_index("ix_metric_series_account_id_metric_id", "metric_series", ["account_id", "metric_id"], unique=False)
    op.create_index(
        "uq_metric_series_account_metric",
        "metric_series",
        ["account_id", "metric_id"],
        unique=True,
        sqlite_where=sa.text("post_id IS NULL"),
        postgresql_where=sa.text("post_id IS NULL"),
    )
    op.create_index(
        "uq_metric_series_post_metric",
        "metric_series",
        ["post_id", "metric_id"],
        unique=True,
        sqlite_where=sa.text("post_id IS NOT NULL"),
        postgresql_where=sa.text("post_id IS NOT NULL"),
    )
    op.create_table(
        "post_outcome_revisions",
        sa.Column("post_id", ID, autoincrement=False, nullable=False),
        sa.Column("age", sa.String(length=3), nullable=False),
        sa.Column("metric", sa.String(length=60), nullable=False),
        sa.Column("replaced_at", MOMENT, nullable=False),
        sa.Column("value", sa.Float(), nullable=False),
        sa.Column("read_at", MOMENT, nullable=False),
        sa.Column("measured_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["post_id"], ["posts.id"], name=op.f("fk_post_outcome_revisions_post_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("post_id", "age", "metric", "replaced_at", name=op.f("pk_post_outcome_revisions")),
    )
    op.create_table(
        "post_outcomes",
        sa.Column("post_id", ID, autoincrement=False, nullable=False),
        sa.Column("age", sa.String(length=3), nullable=False),
        sa.Column("metric", sa.String(length=60), nullable=False),
        sa.Column("value", sa.Float(), nullable=False),
        sa.Column("read_at", MOMENT, nullable=False),
        sa.Column("measured_at", MOMENT, nullable=False),
        sa.CheckConstraint("age IN ('24h', '7d', '28d')", name=op.f("ck_post_outcomes_age_known")),
        sa.ForeignKeyConstraint(["post_id"], ["posts.id"], name=op.f("fk_post_outcomes_post_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("post_id", "age", "metric", name=op.f("pk_post_outcomes")),
    )
    op.create_table(
        "quarantined_items",
        sa.Column("id", ID, nullable=False),
        sa.Column("run_id", ID, nullable=False),
        sa.Column("reason", Message(), nullable=False),
        sa.Column("object_id", sa.String(length=80), nullable=False),
        sa.Column("metric_name", sa.String(length=200), nullable=False),
        sa.Column("excerpt", sa.Text(), nullable=False),
        sa.Column("recorded_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["run_id"], ["collection_runs.id"], name=op.f("fk_quarantined_items_run_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quarantined_items")),
    )
    op.create_index("ix_quarantined_items_run_id", "quarantined_items", ["run_id"], unique=False)
    op.create_table(
        "engagement_metrics",
        sa.Column("series_id", ID, autoincrement=False, nullable=False),
        sa.Column("metric_date", Day(), nullable=False),
        sa.Column("metric_value", MetricValue(), nullable=False),
        sa.Column("fetch_id", ID, nullable=False),
        sa.CheckConstraint(
            "metric_date BETWEEN 12418 AND 47482", name=op.f("ck_engagement_metrics_metric_date_in_range")
        ),
        sa.CheckConstraint(
            "metric_value >= 0 AND metric_value < 9223372036854775808",
            name=op.f("ck_engagement_metrics_metric_value_possible"),
        ),
        sa.ForeignKeyConstraint(
            ["series_id"], ["metric_series.id"], name=op.f("fk_engagement_metrics_series_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("series_id", "metric_date", name=op.f("pk_engagement_metrics")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "metric_revisions",
        sa.Column("series_id", ID, autoincrement=False, nullable=False),
        sa.Column("metric_date", Day(), nullable=False),
        sa.Column("replaced_by_fetch_id", ID, autoincrement=False, nullable=False),
        sa.Column("metric_value", MetricValue(), nullable=False),
        sa.Column("fetch_id", ID, nullable=False),
        sa.CheckConstraint(
            "metric_date BETWEEN 12418 AND 47482", name=op.f("ck_metric_revisions_metric_date_in_range")
        ),
        sa.ForeignKeyConstraint(
            ["series_id"], ["metric_series.id"], name=op.f("fk_metric_revisions_series_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("series_id", "metric_date", "replaced_by_fetch_id", name=op.f("pk_metric_revisions")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "users",
        sa.Column("id", ID, nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("name_folded", sa.String(length=100), nullable=False),
        sa.Column("role", sa.String(length=10), nullable=False),
        sa.Column("password_hash", sa.String(length=200), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("disabled_at", UtcDateTime(), nullable=True),
        sa.CheckConstraint("length(name) > 0", name=op.f("ck_users_name_given")),
        sa.CheckConstraint("role IN ('operator', 'manager', 'viewer')", name=op.f("ck_users_role_known")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_users")),
        sa.UniqueConstraint("name_folded", name=op.f("uq_users_name_folded")),
    )
    op.create_table(
        "user_clients",
        sa.Column("user_id", ID, nullable=False),
        sa.Column("client_id", ID, nullable=False),
        sa.ForeignKeyConstraint(
            ["client_id"], ["clients.id"], name=op.f("fk_user_clients_client_id_clients"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_user_clients_user_id_users"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("user_id", "client_id", name=op.f("pk_user_clients")),
    )
    op.create_index(op.f("ix_user_clients_client_id"), "user_clients", ["client_id"])
    op.create_table(
        "user_sessions",
        sa.Column("id", ID, nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("user_id", ID, nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("used_at", UtcDateTime(), nullable=False),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.Column("browser", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_user_sessions_user_id_users"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_user_sessions")),
        sa.UniqueConstraint("sha256", name=op.f("uq_user_sessions_sha256")),
    )
    op.create_index(op.f("ix_user_sessions_user_id"), "user_sessions", ["user_id"])
    op.create_table(
        "sign_in_links",
        sa.Column("id", ID, nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("user_id", ID, nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.Column("used_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_sign_in_links_user_id_users"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_in_links")),
        sa.UniqueConstraint("sha256", name=op.f("uq_sign_in_links_sha256")),
    )
    op.create_index(op.f("ix_sign_in_links_user_id"), "sign_in_links", ["user_id"])
    op.create_table(
        "share_links",
        sa.Column("id", ID, nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("client_id", ID, nullable=False),
        sa.Column("label", sa.String(length=100), nullable=False),
        sa.Column("start_date", Day(), nullable=True),
        sa.Column("end_date", Day(), nullable=True),
        sa.Column("password_hash", sa.String(length=200), nullable=True),
        sa.Column("created_by", sa.String(length=120), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.Column("revoked_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["client_id"], ["clients.id"], name=op.f("fk_share_links_client_id_clients"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_share_links")),
        sa.UniqueConstraint("sha256", name=op.f("uq_share_links_sha256")),
    )
    op.create_index(op.f("ix_share_links_client_id"), "share_links", ["client_id"])
    op.execute(FLAT_VIEW[op.get_context().dialect.name])
    # Every command reads the names of all migrations; only this one needs the shipped benchmarks, and numpy with them.
    from sophia.analytics.benchmarks.comparison import SEED  # noqa: PLC0415

    op.bulk_insert(BENCHMARKS, [{c.name: getattr(benchmark, c.name) for c in BENCHMARKS.c} for benchmark in SEED])


def downgrade() -> None:
    op.execute("DROP VIEW readings_flat")
    for table in reversed(TABLES):
        op.drop_table(table)

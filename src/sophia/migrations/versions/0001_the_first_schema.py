"""The first schema"""

import sqlalchemy as sa
from alembic import op

import sophia.database.columns

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

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


def upgrade() -> None:
    op.create_table(
        "api_keys",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("prefix", sa.String(length=20), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("limited", sa.Boolean(), nullable=False),
        sa.Column("created_at", sophia.database.columns.UtcDateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sophia.database.columns.UtcDateTime(timezone=True), nullable=True),
        sa.CheckConstraint("length(name) > 0", name=op.f("ck_api_keys_name_given")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_keys")),
        sa.UniqueConstraint("name", name=op.f("uq_api_keys_name")),
        sa.UniqueConstraint("prefix", name=op.f("uq_api_keys_prefix")),
        sa.UniqueConstraint("sha256", name=op.f("uq_api_keys_sha256")),
    )
    op.create_table(
        "clients",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("slug", sa.String(length=100), nullable=False),
        sa.Column("timezone", sa.String(length=60), nullable=False),
        sa.Column("industry", sa.String(length=60), nullable=True),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("created_at", sophia.database.columns.UtcDateTime(timezone=True), nullable=False),
        sa.CheckConstraint("status IN ('active', 'archived')", name=op.f("ck_clients_status_known")),
        sa.CheckConstraint("length(name) > 0", name=op.f("ck_clients_name_given")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_clients")),
        sa.UniqueConstraint("name", name=op.f("uq_clients_name")),
        sa.UniqueConstraint("slug", name=op.f("uq_clients_slug")),
    )
    op.create_table(
        "industry_benchmarks",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
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
        sa.CheckConstraint("platform IN ('facebook', 'instagram')", name=op.f("ck_industry_benchmarks_platform_known")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_industry_benchmarks")),
        sa.UniqueConstraint(
            "industry",
            "platform",
            "metric",
            "statistic",
            "source",
            "data_year",
            name=op.f("uq_industry_benchmarks_industry_platform_metric_statistic_source_data_year"),
        ),
    )
    op.create_table(
        "leases",
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("holder", sa.String(length=120), nullable=False),
        sa.Column("expires_at", sophia.database.columns.UtcDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_leases")),
    )
    op.create_table(
        "metrics",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
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
    with op.batch_alter_table("metrics", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_metrics_canonical"), ["canonical"], unique=False)

    op.create_table(
        "accounts",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("client_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("platform", sa.String(length=20), nullable=False),
        sa.Column("external_id", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("username", sa.String(length=100), nullable=True),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("status_reason", sa.Text(), nullable=True),
        sa.Column("token_encrypted", sa.Text(), nullable=True),
        sa.Column("token_scopes", sa.JSON(), nullable=False),
        sa.Column("token_expires_at", sophia.database.columns.UtcDateTime(timezone=True), nullable=True),
        sa.Column("data_access_expires_at", sophia.database.columns.UtcDateTime(timezone=True), nullable=True),
        sa.Column("token_checked_at", sophia.database.columns.UtcDateTime(timezone=True), nullable=True),
        sa.Column("connected_at", sophia.database.columns.UtcDateTime(timezone=True), nullable=False),
        sa.CheckConstraint("platform IN ('facebook', 'instagram')", name=op.f("ck_accounts_platform_known")),
        sa.CheckConstraint("status IN ('active', 'needs_reconnect', 'paused')", name=op.f("ck_accounts_status_known")),
        sa.CheckConstraint("length(external_id) > 0", name=op.f("ck_accounts_external_id_given")),
        sa.ForeignKeyConstraint(["client_id"], ["clients.id"], name=op.f("fk_accounts_client_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_accounts")),
        sa.UniqueConstraint("platform", "external_id", name=op.f("uq_accounts_platform_external_id")),
    )
    with op.batch_alter_table("accounts", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_accounts_client_id"), ["client_id"], unique=False)

    op.create_table(
        "api_key_clients",
        sa.Column("api_key_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("client_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(
            ["api_key_id"], ["api_keys.id"], name=op.f("fk_api_key_clients_api_key_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["client_id"], ["clients.id"], name=op.f("fk_api_key_clients_client_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("api_key_id", "client_id", name=op.f("pk_api_key_clients")),
    )
    with op.batch_alter_table("api_key_clients", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_api_key_clients_client_id"), ["client_id"], unique=False)

    op.create_table(
        "campaigns",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("client_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("slug", sa.String(length=120), nullable=False),
        sa.Column("content_pillar", sa.String(length=100), nullable=True),
        sa.Column("start_date", sa.Date(), nullable=False),
        sa.Column("end_date", sa.Date(), nullable=True),
        sa.Column("created_at", sophia.database.columns.UtcDateTime(timezone=True), nullable=False),
        sa.CheckConstraint("end_date IS NULL OR end_date >= start_date", name=op.f("ck_campaigns_dates_in_order")),
        sa.CheckConstraint("length(slug) > 0", name=op.f("ck_campaigns_slug_given")),
        sa.ForeignKeyConstraint(["client_id"], ["clients.id"], name=op.f("fk_campaigns_client_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_campaigns")),
        sa.UniqueConstraint("client_id", "slug", name=op.f("uq_campaigns_client_id_slug")),
    )
    op.create_table(
        "content_drafts",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("client_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("platform", sa.String(length=20), nullable=False),
        sa.Column("copy", sa.Text(), nullable=False),
        sa.Column("image_prompt", sa.Text(), nullable=False),
        sa.Column("image_ratio", sa.String(length=20), nullable=False),
        sa.Column("content_pillar", sa.String(length=100), nullable=True),
        sa.Column("content_format", sa.String(length=40), nullable=True),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("platform_post_id", sa.String(length=80), nullable=True),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.Column("created_at", sophia.database.columns.UtcDateTime(timezone=True), nullable=False),
        sa.CheckConstraint("platform IN ('facebook', 'instagram')", name=op.f("ck_content_drafts_platform_known")),
        sa.ForeignKeyConstraint(
            ["client_id"], ["clients.id"], name=op.f("fk_content_drafts_client_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_content_drafts")),
    )
    with op.batch_alter_table("content_drafts", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_content_drafts_client_id"), ["client_id"], unique=False)
        batch_op.create_index("ix_content_drafts_platform_post_id", ["platform_post_id"], unique=False)

    op.create_table(
        "decision_quality_scores",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("client_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("stage", sa.String(length=20), nullable=False),
        sa.Column("period_start", sa.Date(), nullable=False),
        sa.Column("period_end", sa.Date(), nullable=False),
        sa.Column("sample_size", sa.Integer(), nullable=False),
        sa.Column("skill", sa.Float(), nullable=True),
        sa.Column("details", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("computed_at", sophia.database.columns.UtcDateTime(timezone=True), nullable=False),
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
        "account_totals",
        sa.Column("account_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("readings", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("latest_metric_date", sophia.database.columns.Day(), nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_account_totals_account_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_account_totals")),
    )
    op.create_table(
        "campaign_memberships",
        sa.Column("campaign_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("draft_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(
            ["campaign_id"], ["campaigns.id"], name=op.f("fk_campaign_memberships_campaign_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["draft_id"], ["content_drafts.id"], name=op.f("fk_campaign_memberships_draft_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("campaign_id", "draft_id", name=op.f("pk_campaign_memberships")),
    )
    with op.batch_alter_table("campaign_memberships", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_campaign_memberships_draft_id"), ["draft_id"], unique=False)

    op.create_table(
        "collection_runs",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("account_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("trigger", sa.String(length=20), nullable=False),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("started_at", sophia.database.columns.UtcDateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sophia.database.columns.UtcDateTime(timezone=True), nullable=True),
        sa.Column("api_version", sa.String(length=10), nullable=False),
        sa.Column("calls", sa.Integer(), nullable=False),
        sa.Column("calls_counted_by_meta", sa.Integer(), nullable=False),
        sa.Column("readings_new", sa.Integer(), nullable=False),
        sa.Column("readings_changed", sa.Integer(), nullable=False),
        sa.Column("readings_same", sa.Integer(), nullable=False),
        sa.Column("posts_new", sa.Integer(), nullable=False),
        sa.Column("quarantined", sa.Integer(), nullable=False),
        sa.Column("problems", sa.JSON(), nullable=False),
        sa.Column("action_needed", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "status IN ('running', 'ok', 'partial', 'throttled', 'needs_reconnect', 'failed')",
            name=op.f("ck_collection_runs_status_known"),
        ),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_collection_runs_account_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_collection_runs")),
    )
    with op.batch_alter_table("collection_runs", schema=None) as batch_op:
        batch_op.create_index("ix_collection_runs_account_id_started_at", ["account_id", "started_at"], unique=False)

    op.create_table(
        "conversion_events",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("client_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("content_draft_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("event_type", sa.String(length=20), nullable=False),
        sa.Column("source", sa.String(length=100), nullable=False),
        sa.Column("event_date", sa.Date(), nullable=False),
        sa.Column("revenue_amount", sa.Numeric(precision=14, scale=2), nullable=True),
        sa.Column("currency", sa.String(length=3), nullable=True),
        sa.Column("details", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("idempotency_key", sa.String(length=200), nullable=False),
        sa.Column("content_sha256", sa.String(length=64), nullable=False),
        sa.Column("recorded_at", sophia.database.columns.UtcDateTime(timezone=True), nullable=False),
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
    with op.batch_alter_table("conversion_events", schema=None) as batch_op:
        batch_op.create_index("ix_conversion_events_client_id_event_date", ["client_id", "event_date"], unique=False)
        batch_op.create_index(batch_op.f("ix_conversion_events_content_draft_id"), ["content_draft_id"], unique=False)

    op.create_table(
        "decision_traces",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("client_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("draft_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("stage", sa.String(length=20), nullable=False),
        sa.Column("decision", sa.Text(), nullable=False),
        sa.Column("rationale", sa.Text(), nullable=True),
        sa.Column("alternatives_considered", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("evidence", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("predicted", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("confidence", sa.Float(), nullable=True),
        sa.Column("actual", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("decided_at", sophia.database.columns.UtcDateTime(timezone=True), nullable=False),
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
    )
    with op.batch_alter_table("decision_traces", schema=None) as batch_op:
        batch_op.create_index("ix_decision_traces_client_id_decided_at", ["client_id", "decided_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_decision_traces_draft_id"), ["draft_id"], unique=False)

    op.create_table(
        "kpi_snapshots",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("client_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("account_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("account_key", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("week_start", sa.Date(), nullable=False),
        sa.Column("week_end", sa.Date(), nullable=False),
        sa.Column("kpis", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("algo_dependent_summary", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("algo_independent_summary", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("computed_at", sophia.database.columns.UtcDateTime(timezone=True), nullable=False),
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
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("platform", sa.String(length=20), nullable=False),
        sa.Column("object_kind", sa.String(length=20), nullable=False),
        sa.Column("api_version", sa.String(length=10), nullable=False),
        sa.Column("metric_name", sa.String(length=120), nullable=False),
        sa.Column("account_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("code", sa.Integer(), nullable=False),
        sa.Column("subcode", sa.Integer(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("since", sophia.database.columns.UtcDateTime(timezone=True), nullable=False),
        sa.Column("ask_again_at", sophia.database.columns.UtcDateTime(timezone=True), nullable=False),
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
    with op.batch_alter_table("metric_status", schema=None) as batch_op:
        batch_op.create_index(
            "uq_metric_status_everywhere",
            ["platform", "object_kind", "api_version", "metric_name"],
            unique=True,
            sqlite_where=sa.text("account_id IS NULL"),
            postgresql_where=sa.text("account_id IS NULL"),
        )

    op.create_table(
        "posts",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("account_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("platform_post_id", sa.String(length=80), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("video_id", sa.String(length=40), nullable=True),
        sa.Column("published_at", sophia.database.columns.UtcDateTime(timezone=True), nullable=False),
        sa.Column("permalink", sa.Text(), nullable=True),
        sa.Column("text", sa.Text(), nullable=True),
        sa.Column("draft_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("first_seen_at", sophia.database.columns.UtcDateTime(timezone=True), nullable=False),
        sa.Column("gone_at", sophia.database.columns.UtcDateTime(timezone=True), nullable=True),
        sa.Column("gone_reason", sa.Text(), nullable=True),
        sa.CheckConstraint("length(platform_post_id) > 0", name=op.f("ck_posts_platform_post_id_given")),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_posts_account_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["draft_id"], ["content_drafts.id"], name=op.f("fk_posts_draft_id"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_posts")),
        sa.UniqueConstraint("account_id", "platform_post_id", name=op.f("uq_posts_account_id_platform_post_id")),
    )
    with op.batch_alter_table("posts", schema=None) as batch_op:
        batch_op.create_index("ix_posts_account_id_published_at", ["account_id", "published_at"], unique=False)
        batch_op.create_index("ix_posts_draft_id", ["draft_id"], unique=False)

    op.create_table(
        "publishing_queue",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("draft_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("account_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("scheduled_for", sophia.database.columns.UtcDateTime(timezone=True), nullable=True),
        sa.Column("published_at", sophia.database.columns.UtcDateTime(timezone=True), nullable=True),
        sa.Column("platform_post_id", sa.String(length=80), nullable=True),
        sa.Column("created_at", sophia.database.columns.UtcDateTime(timezone=True), nullable=False),
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
    with op.batch_alter_table("publishing_queue", schema=None) as batch_op:
        batch_op.create_index(
            "ix_publishing_queue_account_id_platform_post_id", ["account_id", "platform_post_id"], unique=False
        )

    op.create_table(
        "watermarks",
        sa.Column("account_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("family", sa.String(length=40), nullable=False),
        sa.Column("from_day", sophia.database.columns.Day(), nullable=False),
        sa.Column("through_day", sophia.database.columns.Day(), nullable=False),
        sa.Column("updated_at", sophia.database.columns.UtcDateTime(timezone=True), nullable=False),
        sa.CheckConstraint("from_day <= through_day", name=op.f("ck_watermarks_days_in_order")),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_watermarks_account_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("account_id", "family", name=op.f("pk_watermarks")),
    )
    op.create_table(
        "fetches",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("run_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("fetched_at", sophia.database.columns.UtcDateTime(timezone=True), nullable=False),
        sa.Column("stored_at", sophia.database.columns.UtcDateTime(timezone=True), nullable=False),
        sa.Column("subject", sa.String(length=40), nullable=False),
        sa.Column("request", sa.Text(), nullable=False),
        sa.Column("api_version", sa.String(length=10), nullable=False),
        sa.Column("sha256", sa.LargeBinary(length=32), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(["run_id"], ["collection_runs.id"], name=op.f("fk_fetches_run_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fetches")),
    )
    with op.batch_alter_table("fetches", schema=None) as batch_op:
        batch_op.create_index(
            "ix_fetches_fetched_at_raw",
            ["fetched_at"],
            unique=False,
            sqlite_where=sa.text("body IS NOT NULL"),
            postgresql_where=sa.text("body IS NOT NULL"),
        )
        batch_op.create_index("ix_fetches_run_id", ["run_id"], unique=False)

    op.create_table(
        "metric_series",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("account_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("post_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("metric_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_metric_series_account_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["metric_id"], ["metrics.id"], name=op.f("fk_metric_series_metric_id")),
        sa.ForeignKeyConstraint(["post_id"], ["posts.id"], name=op.f("fk_metric_series_post_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_metric_series")),
    )
    with op.batch_alter_table("metric_series", schema=None) as batch_op:
        batch_op.create_index("ix_metric_series_account_id_metric_id", ["account_id", "metric_id"], unique=False)
        batch_op.create_index(
            "uq_metric_series_account_metric",
            ["account_id", "metric_id"],
            unique=True,
            sqlite_where=sa.text("post_id IS NULL"),
            postgresql_where=sa.text("post_id IS NULL"),
        )
        batch_op.create_index(
            "uq_metric_series_post_metric",
            ["post_id", "metric_id"],
            unique=True,
            sqlite_where=sa.text("post_id IS NOT NULL"),
            postgresql_where=sa.text("post_id IS NOT NULL"),
        )

    op.create_table(
        "quarantined_items",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("run_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("object_id", sa.String(length=80), nullable=False),
        sa.Column("metric_name", sa.String(length=200), nullable=False),
        sa.Column("excerpt", sa.Text(), nullable=False),
        sa.Column("recorded_at", sophia.database.columns.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["run_id"], ["collection_runs.id"], name=op.f("fk_quarantined_items_run_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quarantined_items")),
    )
    with op.batch_alter_table("quarantined_items", schema=None) as batch_op:
        batch_op.create_index("ix_quarantined_items_run_id", ["run_id"], unique=False)

    op.create_table(
        "engagement_metrics",
        sa.Column(
            "series_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.Column("metric_date", sophia.database.columns.Day(), nullable=False),
        sa.Column("metric_value", sophia.database.columns.MetricValue(), nullable=False),
        sa.Column("fetch_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
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
        sa.Column(
            "series_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.Column("metric_date", sophia.database.columns.Day(), nullable=False),
        sa.Column(
            "replaced_by_fetch_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=False,
            nullable=False,
        ),
        sa.Column("metric_value", sophia.database.columns.MetricValue(), nullable=False),
        sa.Column("fetch_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.CheckConstraint(
            "metric_date BETWEEN 12418 AND 47482", name=op.f("ck_metric_revisions_metric_date_in_range")
        ),
        sa.ForeignKeyConstraint(
            ["series_id"], ["metric_series.id"], name=op.f("fk_metric_revisions_series_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("series_id", "metric_date", "replaced_by_fetch_id", name=op.f("pk_metric_revisions")),
        sqlite_with_rowid=False,
    )
    op.execute(FLAT_VIEW[op.get_context().dialect.name])


def downgrade() -> None:
    op.execute("DROP VIEW readings_flat")
    op.drop_table("metric_revisions")
    op.drop_table("engagement_metrics")
    with op.batch_alter_table("quarantined_items", schema=None) as batch_op:
        batch_op.drop_index("ix_quarantined_items_run_id")

    op.drop_table("quarantined_items")
    with op.batch_alter_table("metric_series", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_metric_series_post_metric",
            sqlite_where=sa.text("post_id IS NOT NULL"),
            postgresql_where=sa.text("post_id IS NOT NULL"),
        )
        batch_op.drop_index(
            "uq_metric_series_account_metric",
            sqlite_where=sa.text("post_id IS NULL"),
            postgresql_where=sa.text("post_id IS NULL"),
        )
        batch_op.drop_index("ix_metric_series_account_id_metric_id")

    op.drop_table("metric_series")
    with op.batch_alter_table("fetches", schema=None) as batch_op:
        batch_op.drop_index("ix_fetches_run_id")
        batch_op.drop_index(
            "ix_fetches_fetched_at_raw",
            sqlite_where=sa.text("body IS NOT NULL"),
            postgresql_where=sa.text("body IS NOT NULL"),
        )

    op.drop_table("fetches")
    op.drop_table("watermarks")
    with op.batch_alter_table("publishing_queue", schema=None) as batch_op:
        batch_op.drop_index("ix_publishing_queue_account_id_platform_post_id")

    op.drop_table("publishing_queue")
    with op.batch_alter_table("posts", schema=None) as batch_op:
        batch_op.drop_index("ix_posts_draft_id")
        batch_op.drop_index("ix_posts_account_id_published_at")

    op.drop_table("posts")
    with op.batch_alter_table("metric_status", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_metric_status_everywhere",
            sqlite_where=sa.text("account_id IS NULL"),
            postgresql_where=sa.text("account_id IS NULL"),
        )

    op.drop_table("metric_status")
    op.drop_table("kpi_snapshots")
    with op.batch_alter_table("decision_traces", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_decision_traces_draft_id"))
        batch_op.drop_index("ix_decision_traces_client_id_decided_at")

    op.drop_table("decision_traces")
    with op.batch_alter_table("conversion_events", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_conversion_events_content_draft_id"))
        batch_op.drop_index("ix_conversion_events_client_id_event_date")

    op.drop_table("conversion_events")
    with op.batch_alter_table("collection_runs", schema=None) as batch_op:
        batch_op.drop_index("ix_collection_runs_account_id_started_at")

    op.drop_table("collection_runs")
    with op.batch_alter_table("campaign_memberships", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_campaign_memberships_draft_id"))

    op.drop_table("campaign_memberships")
    op.drop_table("account_totals")
    op.drop_table("decision_quality_scores")
    with op.batch_alter_table("content_drafts", schema=None) as batch_op:
        batch_op.drop_index("ix_content_drafts_platform_post_id")
        batch_op.drop_index(batch_op.f("ix_content_drafts_client_id"))

    op.drop_table("content_drafts")
    op.drop_table("campaigns")
    with op.batch_alter_table("api_key_clients", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_api_key_clients_client_id"))

    op.drop_table("api_key_clients")
    with op.batch_alter_table("accounts", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_accounts_client_id"))

    op.drop_table("accounts")
    with op.batch_alter_table("metrics", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_metrics_canonical"))

    op.drop_table("metrics")
    op.drop_table("leases")
    op.drop_table("industry_benchmarks")
    op.drop_table("clients")
    op.drop_table("api_keys")

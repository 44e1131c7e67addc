"""Comments and competitors"""

import sqlalchemy as sa
from alembic import op

import sophia.database.columns

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sophia.database.columns.UtcDateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "competitors",
        sa.Column("id", ID, nullable=False),
        sa.Column("client_id", ID, nullable=False),
        sa.Column("username", sa.String(length=30), nullable=False),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("problem", sa.Text(), nullable=True),
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
        "ix_competitor_posts_competitor_id_published_at", "competitor_posts", ["competitor_id", "published_at"]
    )

    op.create_table(
        "competitor_values",
        sa.Column("competitor_id", ID, autoincrement=False, nullable=False),
        sa.Column("metric_name", sa.String(length=60), nullable=False),
        sa.Column("metric_date", sophia.database.columns.Day(), nullable=False),
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
    op.create_index("ix_comments_account_id_written_at", "comments", ["account_id", "written_at"])
    op.create_index("ix_comments_post_id", "comments", ["post_id"])

    op.create_table(
        "derived_metrics",
        sa.Column("post_id", ID, autoincrement=False, nullable=False),
        sa.Column("metric_name", sa.String(length=60), nullable=False),
        sa.Column("metric_date", sophia.database.columns.Day(), nullable=False),
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


def downgrade() -> None:
    op.drop_table("derived_metrics")

    op.drop_table("comments")
    op.drop_table("comment_readings")
    op.drop_table("competitor_values")

    op.drop_table("competitor_posts")
    op.drop_table("competitors")

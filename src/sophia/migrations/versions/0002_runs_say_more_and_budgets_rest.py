"""Runs say more and budgets rest"""

import sqlalchemy as sa
from alembic import op

import sophia.database.columns

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "budget_pauses",
        sa.Column("budget", sa.String(length=80), nullable=False),
        sa.Column("until", sophia.database.columns.UtcDateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("budget", name=op.f("pk_budget_pauses")),
    )
    op.create_table(
        "refused_objects",
        sa.Column("account_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("object_id", sa.String(length=80), nullable=False),
        sa.Column("code", sa.Integer(), nullable=False),
        sa.Column("subcode", sa.Integer(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("since", sophia.database.columns.UtcDateTime(timezone=True), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("ask_again_at", sophia.database.columns.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_refused_objects_account_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("account_id", "object_id", name=op.f("pk_refused_objects")),
    )
    for column in (
        sa.Column("retries", sa.Integer(), server_default="0", nullable=False),
        sa.Column("percent_used", sa.Double(), server_default="0", nullable=False),
        sa.Column("families", sa.JSON(), server_default="{}", nullable=False),
        sa.Column("resume_at", sophia.database.columns.UtcDateTime(timezone=True), nullable=True),
    ):
        op.add_column("collection_runs", column)
    op.create_index("ix_posts_platform_post_id", "posts", ["platform_post_id"])


def downgrade() -> None:
    op.drop_index("ix_posts_platform_post_id", "posts")
    for name in ("resume_at", "families", "percent_used", "retries"):
        op.drop_column("collection_runs", name)
    op.drop_table("refused_objects")
    op.drop_table("budget_pauses")

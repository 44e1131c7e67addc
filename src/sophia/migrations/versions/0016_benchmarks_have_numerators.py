"""Benchmarks have numerators."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

BENCHMARKS = sa.table(
    "industry_benchmarks",
    *(sa.column(name, sa.String()) for name in ("platform", "metric", "numerator")),
    sa.column("is_own", sa.Boolean()),
)
# The KPIs that have only one numerator.
NUMERATORS = {
    "save_rate": "saves",
    "share_rate": "shares",
    "amplification_rate": "shares",
    "audience_growth": "net new followers",
    "click_through_rate": "link clicks",
    "conversion_rate": "conversions",
}
# What the shipped studies count.
SHIPPED = {"facebook": "likes+comments+shares", "instagram": "likes+comments"}


def upgrade() -> None:
    op.add_column(
        "industry_benchmarks",
        sa.Column("numerator", sa.String(length=60), server_default="not stated", nullable=False),
    )
    table = BENCHMARKS.c
    for metric, numerator in NUMERATORS.items():
        op.execute(BENCHMARKS.update().where(table.metric == metric).values(numerator=numerator))
    for platform, numerator in SHIPPED.items():
        shipped = table.is_own.is_(sa.false()), table.platform == platform
        op.execute(BENCHMARKS.update().where(*shipped).values(numerator=numerator))


def downgrade() -> None:
    with op.batch_alter_table("industry_benchmarks") as table:
        table.drop_column("numerator")

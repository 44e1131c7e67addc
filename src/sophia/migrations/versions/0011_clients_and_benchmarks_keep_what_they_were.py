"""Clients and benchmarks keep what they were"""

import sqlalchemy as sa
from alembic import op

import sophia.database.columns

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sophia.database.columns.UtcDateTime(timezone=True)
KEY = ("industry", "platform", "metric", "statistic", "source", "data_year")
UNIQUE = "uq_industry_benchmarks_industry_platform_metric_statistic_source_data_year"


def check() -> sa.CheckConstraint:
    """SQLite makes the table anew, and forgets checks that are not said again."""
    return sa.CheckConstraint(
        "platform IN ('facebook', 'instagram')", name=op.f("ck_industry_benchmarks_platform_known")
    )  # fmt: skip


def upgrade() -> None:
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
    op.create_index("ix_client_revisions_client_id_replaced_at", "client_revisions", ["client_id", "replaced_at"])
    with op.batch_alter_table("industry_benchmarks", table_args=(check(),)) as table:
        # Nobody knows when those that are there came: for reports of the past they have always been.
        table.add_column(sa.Column("recorded_at", MOMENT, nullable=True))
        table.add_column(sa.Column("replaced_at", MOMENT, nullable=True))
        table.drop_constraint(op.f(UNIQUE), type_="unique")
    held = sa.text("replaced_at IS NULL")
    op.create_index(
        "uq_industry_benchmarks_held",
        "industry_benchmarks",
        KEY,
        unique=True,
        sqlite_where=held,
        postgresql_where=held,
    )


def downgrade() -> None:
    op.execute("DELETE FROM industry_benchmarks WHERE replaced_at IS NOT NULL")
    op.drop_index("uq_industry_benchmarks_held", "industry_benchmarks")
    with op.batch_alter_table("industry_benchmarks", table_args=(check(),)) as table:
        table.create_unique_constraint(op.f(UNIQUE), list(KEY))
        table.drop_column("replaced_at")
        table.drop_column("recorded_at")
    op.drop_table("client_revisions")

"""Clients have ideal customers, and the shipped benchmarks stand in their table"""

import sqlalchemy as sa
from alembic import op

import sophia.database.columns
from sophia.analytics.benchmarks.comparison import SEED

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sophia.database.columns.UtcDateTime(timezone=True)
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
KEY = ("industry", "platform", "metric", "statistic", "source", "data_year")


def upgrade() -> None:
    op.add_column("industry_benchmarks", sa.Column("is_own", sa.Boolean(), server_default=sa.false(), nullable=False))
    # Until now nothing but a person's own hand put rows there.
    op.execute("UPDATE industry_benchmarks SET is_own = true")
    ship_benchmarks()
    op.create_table(
        "ideal_customers",
        sa.Column("id", BIG, nullable=False),
        sa.Column("client_id", BIG, nullable=False),
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


def ship_benchmarks() -> None:
    """Rows that are there already stay as they are: somebody wrote down the same number of the same source."""
    known = {tuple(row) for row in op.get_bind().execute(sa.select(*(BENCHMARKS.c[name] for name in KEY)))}
    rows = [{column.name: getattr(one, column.name) for column in BENCHMARKS.c} for one in SEED]
    op.bulk_insert(BENCHMARKS, [row for row in rows if tuple(row[name] for name in KEY) not in known])


def downgrade() -> None:
    op.drop_table("ideal_customers")
    op.execute("DELETE FROM industry_benchmarks WHERE NOT is_own")
    op.drop_column("industry_benchmarks", "is_own")

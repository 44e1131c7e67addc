"""Snapshots keep what they said, and say when they were last checked"""

import sqlalchemy as sa
from alembic import op

import sophia.database.columns

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

MOMENT = sophia.database.columns.UtcDateTime(timezone=True)


def upgrade() -> None:
    op.add_column("kpi_snapshots", sa.Column("checked_at", MOMENT, nullable=True))
    op.execute("UPDATE kpi_snapshots SET checked_at = computed_at")
    with op.batch_alter_table("kpi_snapshots") as table:
        table.alter_column("checked_at", nullable=False)
    op.create_table(
        "kpi_snapshot_revisions",
        sa.Column("snapshot_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
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
    op.create_index("ix_fetches_stored_at", "fetches", ["stored_at"])


def downgrade() -> None:
    op.drop_index("ix_fetches_stored_at", "fetches")
    op.drop_table("kpi_snapshot_revisions")
    op.drop_column("kpi_snapshots", "checked_at")

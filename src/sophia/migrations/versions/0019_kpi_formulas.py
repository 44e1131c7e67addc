"""Keep the version of the formulas with which a week's KPIs were computed.

Revision ID: 0019
Revises: 0018
"""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("kpi_snapshots", sa.Column("formulas", sa.SmallInteger(), server_default="0", nullable=False))


def downgrade() -> None:
    op.drop_column("kpi_snapshots", "formulas")

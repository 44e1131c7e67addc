"""Drafts that are sent twice are made once, and amounts have three decimals where their currency has"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

UNIQUE = "uq_content_drafts_client_id_idempotency_key"


def upgrade() -> None:
    op.add_column("content_drafts", sa.Column("idempotency_key", sa.String(length=200), nullable=True))
    op.add_column("content_drafts", sa.Column("content_sha256", sa.String(length=64), nullable=True))
    op.create_index(UNIQUE, "content_drafts", ["client_id", "idempotency_key"], unique=True)
    resize(15, 3)


def downgrade() -> None:
    resize(14, 2)
    op.drop_index(UNIQUE, "content_drafts")
    op.drop_column("content_drafts", "content_sha256")
    op.drop_column("content_drafts", "idempotency_key")


def resize(precision: int, scale: int) -> None:
    """SQLite keeps numbers as they are, whatever was declared."""
    if op.get_bind().dialect.name == "postgresql":
        for table, column in (("conversion_events", "revenue_amount"), ("marketing_costs", "amount")):
            op.alter_column(table, column, type_=sa.Numeric(precision, scale))

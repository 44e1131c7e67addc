"""Comments name the model that scored them."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("comments", sa.Column("scored_by", sa.String(length=40), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("comments") as table:
        table.drop_column("scored_by")

"""Posts have pictures."""

import sqlalchemy as sa
from alembic import op

from sophia.database.columns import Message, UtcDateTime

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "post_pictures",
        sa.Column("post_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("address", sa.Text(), nullable=True),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=True),
        sa.Column("bytes", sa.Integer(), nullable=True),
        sa.Column("problem", Message(), nullable=True),
        sa.Column("changed_at", UtcDateTime(timezone=True), nullable=False),
        sa.CheckConstraint("(status = 'stored') = (sha256 IS NOT NULL)", name=op.f("ck_post_pictures_stored_has_file")),
        sa.CheckConstraint(
            "status IN ('waiting', 'stored', 'refused', 'removed')", name=op.f("ck_post_pictures_status_known")
        ),
        sa.ForeignKeyConstraint(["post_id"], ["posts.id"], name=op.f("fk_post_pictures_post_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("post_id", name=op.f("pk_post_pictures")),
    )
    op.create_index("ix_post_pictures_status", "post_pictures", ["status"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_post_pictures_status", table_name="post_pictures")
    op.drop_table("post_pictures")

"""Drafts are approved and published"""

import sqlalchemy as sa
from alembic import op

import sophia.database.columns

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

MOMENT = sophia.database.columns.UtcDateTime(timezone=True)
NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def columns() -> dict[str, tuple["sa.Column[object]", ...]]:
    """What is new in tables that exist already."""
    return {
        "content_drafts": (
            sa.Column("kind", sa.String(length=20), nullable=True),
            sa.Column("media_urls", sa.JSON(), server_default="[]", nullable=False),
            sa.Column("account_ids", sa.JSON(), server_default="[]", nullable=False),
            sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        ),
        "publishing_queue": (
            sa.Column("attempt_id", sa.String(length=40), nullable=True),
            sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
            sa.Column("started_at", MOMENT, nullable=True),
            sa.Column("caption", sa.Text(), nullable=True),
            sa.Column("parts", sa.JSON(), server_default="[]", nullable=False),
            sa.Column("container_id", sa.String(length=40), nullable=True),
            sa.Column("sent_at", MOMENT, nullable=True),
            sa.Column("next_try_at", MOMENT, nullable=True),
            sa.Column("problem", sa.Text(), nullable=True),
            sa.Column("what_to_do", sa.Text(), nullable=True),
        ),
    }


def upgrade() -> None:
    op.create_table(
        "approval_events",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("draft_id", NUMBER, nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("actor", sa.String(length=120), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("happened_at", MOMENT, nullable=False),
        sa.CheckConstraint(
            "kind IN ('created', 'edited', 'approved', 'rejected')", name=op.f("ck_approval_events_kind_known")
        ),
        sa.CheckConstraint("length(actor) > 0", name=op.f("ck_approval_events_actor_given")),
        sa.ForeignKeyConstraint(
            ["draft_id"], ["content_drafts.id"], name=op.f("fk_approval_events_draft_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_approval_events")),
    )
    op.create_index("ix_approval_events_draft_id", "approval_events", ["draft_id"])
    for table, added in columns().items():
        for column in added:
            op.add_column(table, column)
    op.create_index("ix_publishing_queue_status", "publishing_queue", ["status"])


def downgrade() -> None:
    op.drop_index("ix_publishing_queue_status", "publishing_queue")
    for table, added in reversed(columns().items()):
        for column in reversed(added):
            op.drop_column(table, column.name)
    op.drop_index("ix_approval_events_draft_id", "approval_events")
    op.drop_table("approval_events")

"""Conversions have versions and an origin"""

import sqlalchemy as sa
from alembic import op

import sophia.database.columns

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sophia.database.columns.UtcDateTime(timezone=True)
TABLE = "conversion_events"
UTM = ("utm_source", "utm_medium", "utm_campaign", "utm_content")
NEW_INDEXES = {
    "ix_conversion_events_client_id_transaction_key": ["client_id", "transaction_key"],
    "ix_conversion_events_client_id_row_key": ["client_id", "row_key"],
}


def columns() -> tuple[sa.Column[object], ...]:
    """All can be added to a table that exists, on both databases, without a copy of it."""
    return (
        sa.Column("origin", sa.String(length=100), server_default="", nullable=False),
        sa.Column("from_analytics", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("transaction_key", sa.String(length=200), nullable=True),
        sa.Column("row_key", sa.String(length=64), nullable=True),
        sa.Column("removed_at", MOMENT, nullable=True),
        sa.Column("removed_by", sa.String(length=10), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
    )


def upgrade() -> None:
    for column in columns():
        op.add_column(TABLE, column)
    op.drop_index("uq_conversion_events_client_id_external_id", TABLE)
    fill_columns()
    for name, names in NEW_INDEXES.items():
        op.create_index(name, TABLE, names)
    op.create_index("uq_conversion_events_identity", TABLE, ["client_id", "external_id", "origin"], unique=True)
    create_revisions()
    op.create_table(
        "conversion_source_choices",
        sa.Column("id", ID, nullable=False),
        sa.Column("client_id", ID, nullable=False),
        sa.Column("origin", sa.String(length=100), nullable=False),
        sa.Column("set_at", MOMENT, nullable=False),
        sa.Column("ended_at", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(
            ["client_id"], ["clients.id"], name=op.f("fk_conversion_source_choices_client_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_conversion_source_choices")),
    )
    op.create_index("ix_conversion_source_choices_client_id", "conversion_source_choices", ["client_id"])


def create_revisions() -> None:
    table = "conversion_event_revisions"
    op.create_table(
        table,
        sa.Column("id", ID, nullable=False),
        sa.Column("conversion_id", ID, nullable=False),
        sa.Column("replaced_at", MOMENT, nullable=False),
        sa.Column("client_id", ID, nullable=False),
        sa.Column("content_draft_id", ID, nullable=True),
        sa.Column("event_type", sa.String(length=20), nullable=False),
        sa.Column("source", sa.String(length=100), nullable=False),
        sa.Column("event_date", sa.Date(), nullable=False),
        sa.Column("revenue_amount", sophia.database.columns.MoneyAmount(), nullable=True),
        sa.Column("currency", sa.String(length=3), nullable=True),
        sa.Column("details", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("idempotency_key", sa.String(length=200), nullable=False),
        sa.Column("content_sha256", sa.String(length=64), nullable=False),
        sa.Column("recorded_at", MOMENT, nullable=False),
        sa.Column("external_id", sa.String(length=200), nullable=True),
        sa.Column("customer_key", sa.String(length=64), nullable=True),
        *(sa.Column(name, sa.String(length=200), nullable=True) for name in UTM),
        sa.Column("link_url", sa.Text(), nullable=True),
        sa.Column("attributed_by", sa.String(length=20), nullable=True),
        *columns(),
        *(
            sa.ForeignKeyConstraint([column], [target], name=op.f(f"fk_{table}_{column}"), ondelete=rule)
            for column, target, rule in (
                ("conversion_id", "conversion_events.id", "CASCADE"),
                ("client_id", "clients.id", "CASCADE"),
                ("content_draft_id", "content_drafts.id", "SET NULL"),
            )
        ),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
    )
    for names in (
        ["client_id", "idempotency_key"],
        ["client_id", "replaced_at"],
        ["conversion_id"],
        ["content_draft_id"],
    ):
        op.create_index(f"ix_{table}_{'_'.join(names)}", table, names)


def fill_columns() -> None:
    """Say of the events that are there where they came from.

    Files of Google Analytics gave the channel as the source and as the tag; nothing else that was imported did. Google
    numbers a refund as its sale, so that the day has to tell refunds of one sale apart.
    """
    op.execute("UPDATE conversion_events SET origin = source")
    op.execute(
        "UPDATE conversion_events SET origin = 'ga4', from_analytics = true"
        " WHERE idempotency_key LIKE 'external-%' AND event_type IN ('conversion', 'refund') AND utm_source = source"
    )
    op.execute(
        "UPDATE conversion_events SET transaction_key = lower(trim(ltrim(trim("
        "CASE WHEN external_id LIKE 'refund\\:%' THEN substr(external_id, 8) ELSE external_id END), '#')))"
        " WHERE external_id IS NOT NULL AND event_type IN ('conversion', 'refund')"
    )
    op.execute(
        "UPDATE conversion_events SET external_id = external_id || '\\:' || CAST(event_date AS VARCHAR(10))"
        " WHERE from_analytics AND event_type = 'refund' AND external_id LIKE 'refund\\:%' AND length(external_id) < 189"
    )
    op.execute(
        "UPDATE conversion_events SET attributed_by = 'utm_source'"
        " WHERE attributed_by IS NULL AND utm_source IS NOT NULL AND utm_source <> '(direct)'"
    )


def downgrade() -> None:
    op.drop_table("conversion_source_choices")
    op.drop_table("conversion_event_revisions")
    op.execute("DELETE FROM conversion_events WHERE removed_at IS NOT NULL")
    op.execute("UPDATE conversion_events SET attributed_by = NULL WHERE attributed_by = 'utm_source'")
    op.execute(
        "UPDATE conversion_events SET external_id = substr(external_id, 1, length(external_id) - 11)"
        " WHERE from_analytics AND event_type = 'refund' AND external_id LIKE 'refund\\:%\\:____-__-__'"
    )
    # Two sources may use the same number: the schema of before keeps the number of the first.
    op.execute(
        "UPDATE conversion_events SET external_id = NULL WHERE external_id IS NOT NULL AND id NOT IN"
        " (SELECT min(id) FROM conversion_events GROUP BY client_id, external_id)"
    )
    op.drop_index("uq_conversion_events_identity", TABLE)
    for name in NEW_INDEXES:
        op.drop_index(name, TABLE)
    for column in columns():
        op.drop_column(TABLE, column.name)
    op.create_index("uq_conversion_events_client_id_external_id", TABLE, ["client_id", "external_id"], unique=True)

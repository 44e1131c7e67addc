"""Links, conversions and campaigns"""

import sqlalchemy as sa
from alembic import op

import sophia.database.columns

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
STATUSES = "('unchecked', 'ok', 'dead', 'loses_tags', 'unsure', 'refused')"
OF_CONVERSIONS = (
    ("external_id", 200),
    ("customer_key", 64),
    ("utm_source", 200),
    ("utm_medium", 200),
    ("utm_campaign", 200),
    ("utm_content", 200),
    ("attributed_by", 20),
)


def upgrade() -> None:
    op.add_column("clients", sa.Column("domains", sa.JSON(), server_default="[]", nullable=False))
    op.add_column("campaigns", sa.Column("grouping_key", sa.String(length=400), nullable=True))
    op.create_index("uq_campaigns_client_id_grouping_key", "campaigns", ["client_id", "grouping_key"], unique=True)
    for name, length in OF_CONVERSIONS:
        op.add_column("conversion_events", sa.Column(name, sa.String(length=length), nullable=True))
    op.add_column("conversion_events", sa.Column("link_url", sa.Text(), nullable=True))
    op.execute("UPDATE conversion_events SET attributed_by = 'content_draft_id' WHERE content_draft_id IS NOT NULL")
    op.create_index("ix_conversion_events_client_id_customer_key", "conversion_events", ["client_id", "customer_key"])
    op.create_index(
        "uq_conversion_events_client_id_external_id", "conversion_events", ["client_id", "external_id"], unique=True
    )
    create_tracked_links()


def create_tracked_links() -> None:
    op.create_table(
        "tracked_links",
        sa.Column("id", BIG, nullable=False),
        sa.Column("client_id", BIG, nullable=False),
        sa.Column("draft_id", BIG, nullable=False),
        sa.Column("account_id", BIG, nullable=True),
        sa.Column("campaign_id", BIG, nullable=True),
        sa.Column("campaign_slug", sa.String(length=120), nullable=True),
        sa.Column("original", sa.Text(), nullable=False),
        sa.Column("tagged", sa.Text(), nullable=False),
        sa.Column("original_sha256", sa.String(length=64), nullable=False),
        sa.Column("tagged_sha256", sa.String(length=64), nullable=False),
        sa.Column("first_seen_at", sophia.database.columns.UtcDateTime(timezone=True), nullable=False),
        sa.Column("last_checked_at", sophia.database.columns.UtcDateTime(timezone=True), nullable=True),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("problem", sa.Text(), nullable=True),
        sa.CheckConstraint(f"status IN {STATUSES}", name=op.f("ck_tracked_links_status_known")),
        *(
            sa.ForeignKeyConstraint([column], [target], name=op.f(f"fk_tracked_links_{column}"), ondelete=rule)
            for column, target, rule in (
                ("client_id", "clients.id", "CASCADE"),
                ("draft_id", "content_drafts.id", "CASCADE"),
                ("account_id", "accounts.id", "SET NULL"),
                ("campaign_id", "campaigns.id", "SET NULL"),
            )
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tracked_links")),
        sa.UniqueConstraint("draft_id", "tagged_sha256", name=op.f("uq_tracked_links_draft_id_tagged_sha256")),
    )
    for columns in (["account_id"], ["campaign_id"], ["client_id", "tagged_sha256"], ["client_id", "original_sha256"]):
        op.create_index(f"ix_tracked_links_{'_'.join(columns)}", "tracked_links", columns)


def downgrade() -> None:
    op.drop_table("tracked_links")
    op.drop_index("uq_conversion_events_client_id_external_id", "conversion_events")
    op.drop_index("ix_conversion_events_client_id_customer_key", "conversion_events")
    for name in ("link_url", *(name for name, _ in OF_CONVERSIONS)):
        op.drop_column("conversion_events", name)
    op.drop_index("uq_campaigns_client_id_grouping_key", "campaigns")
    op.drop_column("campaigns", "grouping_key")
    op.drop_column("clients", "domains")

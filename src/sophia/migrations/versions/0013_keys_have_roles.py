"""Keys have roles, and queue entries know who queued them"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # In SQL, which both databases read alike: to add a check, Alembic would make SQLite's table anew, and dropping the old
    # one would delete the rows of api_key_clients with it.
    op.execute(
        "ALTER TABLE api_keys ADD COLUMN role VARCHAR(10) DEFAULT 'read' NOT NULL"
        " CONSTRAINT ck_api_keys_role_known CHECK (role IN ('read', 'write', 'publish', 'admin'))"
    )
    # Until now each key could do everything with the clients that it sees, and may still do so.
    op.execute("UPDATE api_keys SET role = 'admin'")
    op.add_column("publishing_queue", sa.Column("queued_by", sa.String(length=120), nullable=True))


def downgrade() -> None:
    op.drop_column("publishing_queue", "queued_by")
    op.drop_column("api_keys", "role")

"""Alembic runs this file: it applies revisions on the connection that `sophia.migrations.upgrade` passes."""

from alembic import context

import sophia.access.keys
import sophia.access.mail_links
import sophia.access.sessions
import sophia.access.share_links
import sophia.analytics.models
import sophia.portfolio.models
from sophia.database.columns import Base

# These imports register the tables with the metadata.
TABLES = (
    sophia.access.keys,
    sophia.access.mail_links,
    sophia.access.sessions,
    sophia.access.share_links,
    sophia.analytics.models,
    sophia.portfolio.models,
)

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    render_as_batch=True,
    compare_type=True,
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()

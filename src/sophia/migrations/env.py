"""Run by Alembic: applies revisions on the connection that `sophia.migrations.upgrade` hands over."""

from alembic import context

import sophia.access
import sophia.analytics.models
import sophia.portfolio.models
from sophia.database.columns import Base

# Imported for the tables that they hang on the metadata.
TABLES = (sophia.access, sophia.analytics.models, sophia.portfolio.models)

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    render_as_batch=True,
    compare_type=True,
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()

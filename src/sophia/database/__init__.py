"""The database: `engine` opens one transaction per request or job, `columns` holds the column types that SQLite and
PostgreSQL share, `statements` the SQL that SQLAlchemy does not write.
"""

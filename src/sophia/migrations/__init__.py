"""Schema changes, shipped in the package: `upgrade` brings any older store to what this version expects."""

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from sophia.database.engine import Database
from sophia.errors import StoreError


def configuration() -> Config:
    """Alembic's own configuration, without any file of its own."""
    config = Config()
    config.set_main_option("script_location", "sophia:migrations")
    config.set_main_option("path_separator", "os")
    return config


def newest_revision() -> str:
    """The schema that this version of Sophia works with."""
    return str(ScriptDirectory.from_config(configuration()).get_current_head())


def expect_no_newer(found: str | None, newest: str) -> None:
    """Raises StoreError when the store's schema comes after the newest that this version knows. Revisions are counted."""
    if found is not None and found > newest:
        raise StoreError(
            f"The database has schema {found}, made by a newer Sophia; this one knows none after {newest}. "
            "Install the newer version again. Nothing was changed."
        )


def upgrade(database: Database) -> None:
    """Bring the store to the newest schema; makes it when there is none. Does nothing when it is there already.

    Raises StoreError for a store that a newer Sophia made.
    """
    if database.path is not None:
        try:
            database.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError as error:
            folder = database.path.parent
            raise StoreError(
                f"The store's folder {folder} cannot be made ({error.strerror}): SOPHIA_DATA_DIR"
            ) from None
    config = configuration()
    with database.engine.connect().execution_options(sophia_write=True) as connection:
        expect_no_newer(MigrationContext.configure(connection).get_current_revision(), newest_revision())
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        connection.commit()


def expect_current(database: Database) -> None:
    """Raises StoreError when the store's schema is not the one that this version of Sophia works with."""
    newest = newest_revision()
    with database.engine.connect() as connection:
        current_revision = MigrationContext.configure(connection).get_current_revision()
    if current_revision is None:
        raise StoreError("The database is empty. Run `sophia db upgrade` first.")
    expect_no_newer(current_revision, newest)
    if current_revision != newest:
        raise StoreError(
            f"The database has schema {current_revision}, this Sophia works with {newest}. Run `sophia db upgrade`."
        )

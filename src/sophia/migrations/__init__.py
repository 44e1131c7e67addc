"""Schema changes, shipped in the package: `upgrade` brings any older store to what this version expects."""

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from sophia.database.engine import Database
from sophia.errors import StoreError


def configuration() -> Config:
    """Return Alembic's configuration without a file."""
    config = Config()
    config.set_main_option("script_location", "sophia:migrations")
    config.set_main_option("path_separator", "os")
    return config


def newest_revision() -> str:
    """Return the revision of the schema that this version of Sophia works with."""
    return str(ScriptDirectory.from_config(configuration()).get_current_head())


def oldest_revision() -> str:
    """Return the revision of the oldest schema that `upgrade` can bring to the newest."""
    return str(ScriptDirectory.from_config(configuration()).get_base())


def expect_known(current: str | None, oldest: str, newest: str) -> None:
    """Raise StoreError unless the revision of a store is between the oldest and the newest that this version knows.

    Revisions are counted, so a later one is the greater text. None, an empty store, is accepted.
    """
    if current is not None and current > newest:
        raise StoreError(
            f"The database has schema {current}, made by a newer Sophia; this one knows none after {newest}. "
            "Install the newer version again. Nothing was changed."
        )
    if current is not None and current < oldest:
        raise StoreError(
            f"The database has schema {current}, made by a Sophia before its first release; this one knows none before "
            f"{oldest}. Run `sophia db export FOLDER` with the version that wrote it, then `sophia db import FOLDER` with "
            "this one into a new store. Nothing was changed."
        )


def expect_newest(current: str | None, oldest: str, newest: str) -> None:
    """Raise StoreError, with the command to run, unless the revision of a store is the newest."""
    if current is None:
        raise StoreError("The database is empty. Run `sophia db upgrade` first.")
    expect_known(current, oldest, newest)
    if current != newest:
        raise StoreError(
            f"The database has schema {current}, this Sophia works with {newest}. Run `sophia db upgrade`."
        )


def upgrade(database: Database) -> None:
    """Bring the store to the newest schema and create it when there is none. A current store does not change.

    Raises StoreError when the store's schema is newer than this version, or older than its first schema.
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
        current = MigrationContext.configure(connection).get_current_revision()
        expect_known(current, oldest_revision(), newest_revision())
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        connection.commit()


def expect_current(database: Database) -> None:
    """Raise StoreError when the store's schema is not the one that this version of Sophia works with."""
    with database.engine.connect() as connection:
        current = MigrationContext.configure(connection).get_current_revision()
    expect_newest(current, oldest_revision(), newest_revision())

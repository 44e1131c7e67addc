"""`sophia backup`, `sophia restore` and `sophia purge`: keep the store, and delete a client completely."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sophia.cli.arguments import Client
from sophia.cli.errors import ERROR, PARTLY, warn
from sophia.cli.installation import Installation, open_installation
from sophia.cli.output import ask, echo
from sophia.cli.tables import AsJson, show_json

if TYPE_CHECKING:
    from sophia.analytics.maintenance.purging import Purge

LOGS = "Sophia writes logs to standard error only. Delete its lines where your supervisor keeps them, and old backups."
REUSED = "PostgreSQL overwrites the space of deleted rows later. VACUUM FULL rewrites its files at once."
STILL_READ = (
    "Another program is reading the store, so its -wal file still holds deleted rows. They are overwritten when the "
    "next program closes the store, such as at the next restart of sophia serve."
)


BackupFile = Annotated[Path, typer.Argument(metavar="FILE", dir_okay=False)]


def backup(
    file: BackupFile,
    pictures: Annotated[bool, typer.Option("--pictures", help="Include the pictures of posts.")] = False,
    with_key: Annotated[
        bool, typer.Option("--with-key", help="Include the key of the tokens: the file then reveals them.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Back up the store into a new file, while Sophia runs. Tokens stay encrypted."""
    from sophia.analytics.maintenance.backups import write_backup
    from sophia.cli.progress import table_progress

    installation = open_installation()
    with table_progress(silent=as_json) as report_progress:
        result = write_backup(
            installation.database,
            file,
            installation.clock(),
            report_progress,
            pictures_of=installation.settings.data_dir if pictures else None,
            vault=installation.vault if with_key else None,
        )
    if as_json:
        show_json(result)
        return
    echo(f"{file}: {result.rows:,} rows, {result.pictures:,} pictures, {result.size / 1e6:,.1f} MB")
    echo(f"SHA-256: {result.sha256}")
    echo(
        "The file contains the key: whoever reads it can use the tokens."
        if result.has_key
        else "The file has no key. Keep the key of the tokens in another safe place: without it, connect the accounts again."
    )


def restore(file: BackupFile, as_json: AsJson = False) -> None:
    """Fill an empty store from a backup, on SQLite or PostgreSQL, completely or not at all."""
    from sophia.analytics.maintenance.backups import restore_backup
    from sophia.cli.progress import table_progress

    installation = open_installation(create=True)
    with table_progress(silent=as_json) as report_progress:
        result = restore_backup(
            installation.database, file, installation.settings.data_dir, installation.vault, report_progress
        )
    if as_json:
        show_json(result)
    else:
        echo(f"{sum(result.tables.values()):,} rows and {result.pictures:,} pictures are restored.")
    warn_without_key(installation)


def warn_without_key(installation: Installation) -> None:
    """Warn when this machine cannot decrypt the stored tokens."""
    from sophia.errors import ConfigurationError
    from sophia.portfolio.service import expect_keys

    try:
        with installation.database.read() as session:
            expect_keys(session, installation.vault)
    except ConfigurationError as error:
        warn(str(error))


def purge(
    client: Client,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask for the client's name.")] = False,
    as_json: AsJson = False,
) -> None:
    """Delete a client, erase its rows from the database file, and search for what mentions it. This cannot be undone.

    Its accounts, tokens, posts, readings, drafts, reports and pictures go, and the keys and users that see no other
    client. Exit code 3 if rows of others mention it.
    """
    from sophia.analytics.maintenance.purging import purge_client

    installation = open_installation()
    stored = installation.find_client(client)
    if not yes and ask(f"This cannot be undone. Type the name {stored.name} to delete all its data", "") != stored.name:
        echo("Nothing was deleted: the name differs.", err=True)
        raise typer.Exit(ERROR)
    result = purge_client(installation.database, stored.id, installation.settings.data_dir, installation.clock())
    if as_json:
        show_json(result)
    else:
        show_purge(installation, result)
    if result.mentions or not result.is_erased:
        raise typer.Exit(PARTLY)


def show_purge(installation: Installation, result: "Purge") -> None:
    deleted = result.deleted
    echo(
        f"{deleted.name} is deleted: {deleted.accounts:,} accounts, {deleted.posts:,} posts, {deleted.readings:,} readings, "
        f"{deleted.pictures:,} pictures, {deleted.keys:,} keys and {deleted.users:,} users of this client only."
    )
    for mention in result.mentions:
        echo(f"Its name or an id is still in {mention.rows:,} rows of others: {mention.table}.{mention.column}")
    if not result.is_erased:
        echo(STILL_READ)
    if not installation.database.is_sqlite:
        echo(REUSED)
    echo(LOGS)

"""`sophia purge`: delete a client so that nothing of it is left."""

from typing import TYPE_CHECKING, Annotated

import typer

from sophia.cli.arguments import Client
from sophia.cli.errors import ERROR, PARTLY
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

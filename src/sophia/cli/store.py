"""`sophia db`: upgrade, verify, export, import and recompute the store."""

from pathlib import Path
from typing import Annotated

import typer

from sophia.cli.errors import ERROR, PARTLY
from sophia.cli.installation import open_installation
from sophia.cli.output import echo
from sophia.cli.tables import AsJson, show_json

store = typer.Typer(help="Upgrade, verify, export and import the store.", no_args_is_help=True)
Folder = Annotated[Path, typer.Argument(metavar="DIR", file_okay=False)]


@store.command()
def upgrade() -> None:
    """Upgrade the store to the schema of this version. Creates the store if there is none."""
    from sophia import migrations

    installation = open_installation(check=False)
    migrations.upgrade(installation.database)
    migrations.expect_current(installation.database)
    echo("The store has the schema of this version.")


@store.command()
def verify(as_json: AsJson = False) -> None:
    """Check that the store is consistent, without changing it. Exit code 1 if something is wrong."""
    from sophia.analytics.maintenance.verifying import verify_store

    installation = open_installation()
    checks = verify_store(installation.database)
    if as_json:
        show_json({"ok": all(not check.wrong for check in checks), "checks": checks})
    else:
        for check in checks:
            state = "ok   " if not check.wrong else "WRONG"
            details = f": {check.wrong:,}, such as {'; '.join(check.examples)}" if check.wrong else ""
            echo(f"{state} {check.name}{details}")
    if any(check.wrong for check in checks):
        raise typer.Exit(ERROR)


@store.command()
def export(folder: Folder, as_json: AsJson = False) -> None:
    """Export the store to a new folder: a CSV file per table and a manifest, without tokens and keys."""
    from sophia.analytics.maintenance.exporting import export_store
    from sophia.cli.progress import table_progress

    installation = open_installation()
    with table_progress(silent=as_json) as report_progress:
        manifest = export_store(installation.database, folder, installation.clock(), report_progress)
    if as_json:
        show_json(manifest)
        return
    rows = sum(table["rows"] for table in manifest["tables"].values())
    echo(f"{rows:,} rows of {len(manifest['tables'])} tables are in {folder}.")


@store.command("import")
def import_(folder: Folder, as_json: AsJson = False) -> None:
    """Import an export into an empty store. Then connect the accounts again, because exports have no tokens."""
    from sophia.analytics.maintenance.importing import import_store
    from sophia.cli.progress import table_progress

    installation = open_installation(create=True)
    with table_progress(silent=as_json) as report_progress:
        rows = import_store(installation.database, folder, report_progress)
    if as_json:
        show_json({"tables": rows})
        return
    echo(f"{sum(rows.values()):,} rows are imported. Next, connect the accounts: sophia connect")


@store.command()
def copy(
    to: Annotated[str, typer.Option("--to", metavar="URL", help="As SOPHIA_DATABASE_URL: an empty database.")],
    as_json: AsJson = False,
) -> None:
    """Copy the store into an empty database, from SQLite to PostgreSQL or back. Stop Sophia before.

    A copy that was stopped continues with the same command. Both stores are compared at the end.
    """
    from pydantic import SecretStr
    from sqlalchemy import make_url

    from sophia.analytics.maintenance.copying import copy_store
    from sophia.cli.progress import table_progress
    from sophia.database.engine import Database
    from sophia.vault import remember

    installation = open_installation()
    target = Database(to)
    remember(SecretStr(make_url(to).password or ""))
    with table_progress(silent=as_json) as report_progress:
        checksums = copy_store(installation.database, target, installation.clock(), report_progress)
    target.close()
    if as_json:
        show_json({"tables": checksums})
        return
    echo(f"{sum(table.rows for table in checksums.values()):,} rows are copied and equal.")
    keys = installation.vault.path or "SOPHIA_ENCRYPTION_KEY"
    echo(f"Set SOPHIA_DATABASE_URL to the new database. Keep the key of the tokens: {keys}")


@store.command()
def recompute(
    apply: Annotated[bool, typer.Option("--apply", help="Store the differences, as a run of its own.")] = False,
    as_json: AsJson = False,
) -> None:
    """Read Meta's stored answers again and compare them with the readings. Exit code 3 if differences remain."""
    from sophia.analytics.maintenance.recomputing import recompute as compare

    installation = open_installation()
    result = compare(installation.database, installation.clock, apply=apply)
    if as_json:
        show_json(result)
    else:
        echo(f"{result.answers:,} answers give {result.readings:,} readings; {len(result.differences):,} differ.")
        for difference in result.differences[:20]:
            name = f"{difference.metric} {difference.breakdown}".strip()
            where = f"account {difference.account_id}" + (f", post {difference.post}" if difference.post else "")
            echo(f"  {where}, {name}, {difference.day}: stored {difference.stored}, now {difference.computed}")
        if len(result.differences) > 20:  # noqa: PLR2004 - as above
            echo(f"  … and {len(result.differences) - 20:,} more. --json shows all of them")
        if result.unreadable:
            echo(f"{result.unreadable:,} answers cannot be read.")
        if result.busy:
            echo(f"Accounts skipped because they are being collected: {result.busy}")
        if apply:
            echo(f"{result.applied:,} readings are replaced.")
    if result.busy or result.unreadable or (result.differences and not apply):
        raise typer.Exit(PARTLY)

"""`sophia db`: the care of the store."""

from pathlib import Path
from typing import Annotated

import typer

from sophia.cli.errors import ERROR, PARTLY
from sophia.cli.opening import open_installation
from sophia.cli.output import echo
from sophia.cli.tables import AsJson, show_json

store = typer.Typer(help="The care of the store.", no_args_is_help=True)
Folder = Annotated[Path, typer.Argument(metavar="DIR", file_okay=False)]


@store.command()
def upgrade() -> None:
    """Bring the store to the schema of this version; make it when there is none."""
    installation = open_installation(check=False)
    from sophia import migrations  # noqa: PLC0415

    migrations.upgrade(installation.database)
    migrations.expect_current(installation.database)
    echo("The store has the schema of this version.")


@store.command()
def verify(as_json: AsJson = False) -> None:
    """Check that the store holds together; changes nothing. Ends with 1 when something is wrong."""
    installation = open_installation()
    from sophia.analytics.maintenance.verifying import verify_store  # noqa: PLC0415

    checks = verify_store(installation.database)
    if as_json:
        show_json({"ok": all(not check.wrong for check in checks), "checks": checks})
    else:
        for check in checks:
            state = "ok   " if not check.wrong else "WRONG"
            some = f": {check.wrong:,}, such as {'; '.join(check.examples)}" if check.wrong else ""
            echo(f"{state} {check.name}{some}")
    if any(check.wrong for check in checks):
        raise typer.Exit(ERROR)


@store.command()
def export(folder: Folder, as_json: AsJson = False) -> None:
    """Write everything collected into a new folder: a CSV file per table and a manifest; no token, no key."""
    installation = open_installation()
    from sophia.analytics.maintenance.exporting import export_store  # noqa: PLC0415
    from sophia.cli.progress import watch_tables  # noqa: PLC0415

    with watch_tables(silent=as_json) as told:
        manifest = export_store(installation.database, folder, installation.clock(), told)
    if as_json:
        show_json(manifest)
        return
    rows = sum(table["rows"] for table in manifest["tables"].values())
    echo(f"{rows:,} rows of {len(manifest['tables'])} tables are in {folder}.")


@store.command("import")
def import_(folder: Folder, as_json: AsJson = False) -> None:
    """Fill an empty store from an export. Accounts come without tokens and wait to be connected again."""
    installation = open_installation(create=True)
    from sophia.analytics.maintenance.importing import import_store  # noqa: PLC0415
    from sophia.cli.progress import watch_tables  # noqa: PLC0415

    with watch_tables(silent=as_json) as told:
        done = import_store(installation.database, folder, told)
    if as_json:
        show_json({"tables": done})
        return
    echo(f"{sum(done.values()):,} rows are imported. Next, give the accounts their tokens: sophia connect")


@store.command()
def recompute(
    apply: Annotated[bool, typer.Option("--apply", help="Store what differs, as a run of its own.")] = False,
    as_json: AsJson = False,
) -> None:
    """Read Meta's kept answers again and compare with what is stored. Ends with 3 when something differs and stays."""
    installation = open_installation()
    from sophia.analytics.maintenance.recomputing import recompute as compare  # noqa: PLC0415

    result = compare(installation.database, installation.clock, apply=apply)
    if as_json:
        show_json(result)
    else:
        echo(f"{result.answers:,} answers say {result.readings:,} readings; {len(result.differences):,} differ.")
        for difference in result.differences[:20]:
            name = f"{difference.metric} {difference.breakdown}".strip()
            where = f"account {difference.account_id}" + (f", post {difference.post}" if difference.post else "")
            echo(f"  {where}, {name}, {difference.day}: stored {difference.stored}, now {difference.computed}")
        if len(result.differences) > 20:  # noqa: PLR2004 - as shown above
            echo(f"  … and {len(result.differences) - 20:,} more; --json shows all")
        if result.unreadable:
            echo(f"{result.unreadable:,} answers cannot be read.")
        if result.busy:
            echo(f"Accounts being collected right now were left alone: {result.busy}")
        if apply:
            echo(f"{result.applied:,} readings are stored anew.")
    if result.busy or result.unreadable or (result.differences and not apply):
        raise typer.Exit(PARTLY)


def register(app: typer.Typer) -> None:
    app.add_typer(store, name="db")

"""`sophia tokens check`: ask Meta about every token."""

import typer

from sophia.cli.errors import PARTLY, warn
from sophia.cli.opening import open_installation
from sophia.cli.output import echo
from sophia.cli.tables import AsJson, show_json

tokens = typer.Typer(help="Look after the accounts' tokens.", no_args_is_help=True)


@tokens.command()
def check(as_json: AsJson = False) -> None:
    """Ask Meta whether every token is valid, what it may and when it ends. Ends with 3 when somebody has to act."""
    installation = open_installation()
    from sophia.cli.running import run  # noqa: PLC0415
    from sophia.portfolio.checking import TokenCheck, check_tokens  # noqa: PLC0415

    async def work() -> TokenCheck:
        async with installation.graph_client() as graph:
            i = installation
            return await check_tokens(i.database, i.vault, graph, i.settings, i.clock)

    result = run(work())
    if as_json:
        show_json({"checked": result.checked, "warnings": result.warnings})
    else:
        for warning in result.warnings:
            warn(warning.message)
        echo(f"{result.checked} accounts checked, {len(result.warnings)} warnings")
    if result.warnings:
        raise typer.Exit(PARTLY)


def register(app: typer.Typer) -> None:
    app.add_typer(tokens, name="tokens")

"""`sophia tokens check`: check every token at Meta."""

import typer

from sophia.cli.cancellation import run
from sophia.cli.errors import PARTLY, warn
from sophia.cli.installation import open_installation
from sophia.cli.output import echo
from sophia.cli.tables import AsJson, show_json

tokens = typer.Typer(help="Check the access tokens of the accounts.", no_args_is_help=True)


@tokens.command()
def check(as_json: AsJson = False) -> None:
    """Check at Meta that every token is valid, has its permissions and does not end soon. Exit code 3 if there are warnings."""
    from sophia.portfolio.checking import TokenCheck, check_tokens

    installation = open_installation()

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

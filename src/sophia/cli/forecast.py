"""`sophia forecast`: what to expect of a client in the next weeks."""

from typing import TYPE_CHECKING, Annotated

import typer

from sophia.cli.arguments import Client
from sophia.cli.installation import open_installation
from sophia.cli.output import echo, echo_heading
from sophia.cli.tables import AsJson, show_record, show_table

if TYPE_CHECKING:
    from sophia.analytics.forecasts.client_forecasts import KpiForecast

SHORTEST, LONGEST, USUAL = 4, 12, 8


def forecast(
    client: Client,
    weeks: Annotated[
        int, typer.Option("--weeks", min=SHORTEST, max=LONGEST, help="The number of coming weeks.")
    ] = USUAL,
    as_json: AsJson = False,
) -> None:
    """Show what to expect of a client's KPIs in the next weeks, with 80 % intervals."""
    from sophia.analytics.forecasts.client_forecasts import client_forecasts

    installation = open_installation()
    client_row = installation.find_client(client)
    with installation.database.read() as session:
        forecasts = client_forecasts(session, client_row.id, installation.clock(), weeks=weeks)
    if as_json:
        show_record(forecasts)
        return
    echo_heading(f"{client_row.name}: the next {weeks} weeks")
    show_table([row for kpi in forecasts.forecasts for row in forecast_rows(kpi)], empty="No week is complete yet.")
    for kpi in forecasts.forecasts:
        if kpi.reason is not None:
            echo(f"{kpi.kpi}: {kpi.reason}")


def forecast_rows(kpi: "KpiForecast") -> list[dict[str, str]]:
    """Return one row for each coming week."""
    name = kpi.kpi if kpi.currency is None else f"{kpi.kpi} ({kpi.currency})"
    return [
        {
            "KPI": name,
            "week from": str(week.week.start),
            "expected": f"{week.middle:,.0f}",
            "80 % interval": f"{week.low:,.0f} … {week.high:,.0f}",
        }
        for week in kpi.weeks
    ]

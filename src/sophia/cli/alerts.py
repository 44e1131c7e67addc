"""`sophia alerts`: open alerts, and the routes on which they are sent.

The address of a route comes from a hidden prompt or a pipe. It is never an argument, which other users of the machine can
read.
"""

import asyncio
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from sophia.cli.arguments import ClientOption
from sophia.cli.installation import open_installation
from sophia.cli.output import ask_hidden, echo
from sophia.cli.tables import AsJson, local_time, show_list, show_record

if TYPE_CHECKING:
    from pydantic import SecretStr

    from sophia.alerts.routes import Route
    from sophia.portfolio.alert_models import AlertKind

alerts = typer.Typer(help="Show alerts, and manage the routes on which they are sent.", no_args_is_help=True)
route = typer.Typer(help="Manage the routes on which alerts are sent.", no_args_is_help=True)
alerts.add_typer(route, name="route")
RouteId = Annotated[int, typer.Argument(metavar="ID", help="As `sophia alerts route list` shows it.", min=1)]
KINDS = "anomaly, portfolio_event, token, collection_failed, collection_overdue, goal, report_held"
Hour = Annotated[int | None, typer.Option(min=0, max=23, metavar="HOUR", show_default=False)]


@alerts.command("list")
def list_(
    every: Annotated[bool, typer.Option("--all", help="Also alerts that ended in the last 90 days.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show the open alerts, the newest first."""
    from sophia.alerts.tracking import list_alerts

    installation = open_installation()
    zone = installation.settings.operator_zone
    with installation.database.read() as session:
        listed = list_alerts(session, None, only_open=not every)
    show_list(
        "alerts",
        listed,
        lambda alert: {
            "began": local_time(alert.began_at, zone),
            "ended": local_time(alert.ended_at, zone) if alert.ended_at else "open",
            "kind": alert.condition.kind,
            "alert": alert.condition.title,
            "details": alert.outcome or alert.condition.text,
        },
        as_json=as_json,
        empty="There is no open alert.",
    )


@route.command()
def add(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Your own name for the route.")],
    client: ClientOption = None,
    kind: Annotated[
        list[str] | None, typer.Option(metavar="KIND", help=f"One of {KINDS}. Can be repeated. Default: all.")
    ] = None,
    zone: Annotated[
        str | None, typer.Option(metavar="ZONE", help="The receiver's time zone. Default: the operator's.")
    ] = None,
    quiet_from: Hour = None,
    quiet_until: Hour = None,
    digest: Annotated[
        int | None, typer.Option(min=0, max=23, metavar="HOUR", help="One message a day at this hour.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Add a route. Paste the address of apprise at the hidden prompt, or pipe it in: mailto://…, slack://…, tgram://…"""
    from sophia.alerts.routes import NewRoute, Timing, add_route
    from sophia.config import known_zone

    installation = open_installation()
    timezone = zone or installation.settings.operator_timezone
    try:
        timing = Timing(
            timezone=known_zone(timezone), quiet_from=quiet_from, quiet_until=quiet_until, digest_hour=digest
        )
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None
    new = NewRoute(
        name=name,
        address=read_address(),
        client_id=installation.find_client_id(client),
        kinds=parse_kinds(kind),
        timing=timing,
    )
    with installation.database.write() as session:
        added = add_route(session, installation.vault, None, new, installation.clock())
    if as_json:
        show_record(added)
    else:
        echo(
            f"Added the route {added.id} to {added.service} ({added.fingerprint}). Try it: sophia alerts route test {added.id}"
        )


def read_address() -> "SecretStr":
    """Return the address from a hidden prompt, or the first line of a pipe."""
    from pydantic import SecretStr

    text = ask_hidden("Address of apprise") if sys.stdin.isatty() else sys.stdin.readline()
    return SecretStr(text.strip())


def parse_kinds(names: list[str] | None) -> "tuple[AlertKind, ...] | None":
    """Raise BadParameter for an unknown kind."""
    from sophia.alerts.routes import ALERT_KINDS

    unknown = sorted(set(names or ()) - set(ALERT_KINDS))
    if unknown:
        raise typer.BadParameter(f"There is no kind {unknown[0]!r}. Use {KINDS}")
    return None if not names else tuple(kind for kind in ALERT_KINDS if kind in names)


@route.command("list")
def list_routes_(as_json: AsJson = False) -> None:
    """List the routes. Their addresses are never shown."""
    from sophia.alerts.routes import list_routes

    installation = open_installation()
    zone = installation.settings.operator_zone
    with installation.database.read() as session:
        routes = list_routes(session, None)

    def row(item: "Route") -> dict[str, str]:
        return {
            "id": str(item.id),
            "name": item.name,
            "for": item.client_name or "the portfolio",
            "service": f"{item.service} {item.fingerprint}",
            "kinds": "all" if item.kinds is None else ", ".join(item.kinds),
            "when": item.timing.text,
            "last sent": local_time(item.last_sent_at, zone),
            "state": item.state,
        }

    show_list(
        "routes", routes, row, as_json=as_json, empty="There is no route yet. Add one: sophia alerts route add NAME"
    )


@route.command()
def test(route_id: RouteId) -> None:
    """Send a test message on a route, also in quiet hours."""
    from sophia.alerts.sending import send_test
    from sophia.errors import InvalidInputError

    i = open_installation()
    outcome = asyncio.run(send_test(i.database, i.vault, i.settings, None, route_id, i.clock()))
    if outcome.result != "sent":
        raise InvalidInputError(outcome.error)
    echo("The service accepted the test message.")


@route.command()
def pause(
    route_id: RouteId, resume: Annotated[bool, typer.Option("--resume", help="Let the route send again.")] = False
) -> None:
    """Pause a route; --resume lets it send again."""
    from sophia.alerts.routes import pause_route

    installation = open_installation()
    with installation.database.write() as session:
        changed = pause_route(session, None, route_id, installation.clock(), is_paused=not resume)
    echo(f"The route {changed.name} {'sends again' if resume else 'is paused'}.")


@route.command()
def delete(route_id: RouteId) -> None:
    """Delete a route with its address."""
    from sophia.alerts.routes import delete_route

    installation = open_installation()
    with installation.database.write() as session:
        deleted = delete_route(session, None, route_id)
    echo(f"The route {deleted.name} is deleted.")

"""`sophia conversions list|show|amend|delete|restore|source`: manage single conversions, and choose sources of sales."""

from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sophia.cli.arguments import (
    DAYS,
    Client,
    First,
    Last,
    check_currency,
    check_text,
    option_check,
    parse_amount,
    parse_date_range,
)
from sophia.cli.conversions import EventName, conversions, show_shared
from sophia.cli.installation import open_installation
from sophia.cli.output import echo
from sophia.cli.tables import AsJson, show_json, show_list, show_table

if TYPE_CHECKING:
    from sophia.analytics.conversions.listing import ConversionRecord, ConversionVersionRecord
    from sophia.analytics.conversions.sources import ConversionSources

ConversionId = Annotated[int, typer.Argument(metavar="CONVERSION", min=1, help="Its id, as the list shows it.")]
Reason = Annotated[str, typer.Option("--reason", metavar="TEXT", help="The reason, which is stored.")]
LONGEST_REASON = 500


@conversions.command("list")
def list_(
    client: Client,
    first: First = None,
    last: Last = None,
    event_type: Annotated[
        EventName | None, typer.Option("--type", metavar="TYPE", help=f"Only this type: {', '.join(EventName)}.")
    ] = None,
    source: Annotated[str | None, typer.Option(help="Only this source.")] = None,
    external_id: Annotated[str | None, typer.Option("--id", help="Only this order or transaction number.")] = None,
    removed: Annotated[bool, typer.Option("--removed", help="Include deleted and withdrawn conversions.")] = False,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="Show this many.")] = 50,
    as_json: AsJson = False,
) -> None:
    """List conversions, newest day first."""
    from sophia.analytics.conversions.listing import ConversionFilter, list_conversions

    installation = open_installation()
    window = parse_date_range(None, first, last, installation.clock())
    conversion_filter = ConversionFilter(
        window, None if event_type is None else event_type.value, source, external_id, removed
    )
    with installation.read_client(client) as (session, client_id):
        records = list_conversions(session, client_id, conversion_filter, limit=limit)
    show_list("conversions", records, record_row, as_json=as_json, empty="No conversion matches.")


def amount_text(version: "ConversionVersionRecord") -> str:
    return "" if version.revenue_amount is None else f"{version.revenue_amount:,f} {version.currency}"


def record_row(record: "ConversionRecord") -> dict[str, str]:
    version = record.version
    state = "deleted" if version.removed_at is not None else "counts" if record.counts else "counts in another source"
    return {
        "id": str(record.id),
        "day": str(version.event_date),
        "type": version.event_type,
        "source": version.source if version.source == version.origin else f"{version.source} ({version.origin})",
        "number": (version.external_id or "")[:40],
        "amount": amount_text(version),
        "post": "" if version.content_draft_id is None else str(version.content_draft_id),
        "state": state,
        "earlier versions": str(record.revisions),
    }


@conversions.command()
def show(client: Client, conversion: ConversionId, as_json: AsJson = False) -> None:
    """Show a conversion with its earlier versions."""
    from sophia.analytics.conversions.listing import find_conversion, list_revisions

    installation = open_installation()
    with installation.read_client(client) as (session, client_id):
        record = find_conversion(session, client_id, conversion)
        history = list_revisions(session, client_id, conversion)
    if as_json:
        show_json({"conversion": record, "history": history})
        return
    rows = [
        {
            "until": "now" if version.replaced_at is None else f"{version.replaced_at:%Y-%m-%d %H:%M} UTC",
            "day": str(version.event_date),
            "amount": amount_text(version),
            "channel": version.utm_source or version.source,
            "removed by": version.removed_by or "",
            "reason": version.reason or "",
        }
        for version in (record.version, *history)
    ]
    show_table(rows, empty="")


@conversions.command()
def amend(
    client: Client,
    conversion: ConversionId,
    reason: Reason,
    day: Annotated[datetime | None, typer.Option("--date", formats=DAYS, help="The day of the event.")] = None,
    amount: Annotated[Decimal | None, typer.Option("--amount", parser=parse_amount, help="Such as 19.90.")] = None,
    currency: Annotated[
        str | None, typer.Option("--currency", callback=option_check(check_currency), help="Such as CAD.")
    ] = None,
    draft: Annotated[int | None, typer.Option(min=1, help="The draft of the post that led to it.")] = None,
    campaign: Annotated[str | None, typer.Option(help="Its utm_campaign.")] = None,
    channel: Annotated[str | None, typer.Option(help="Its utm_source.")] = None,
) -> None:
    """Change a conversion. Reports as of an earlier moment keep the earlier version."""
    changes = {
        "event_date": None if day is None else day.date(),
        "revenue_amount": amount,
        "currency": currency,
        "content_draft_id": draft,
        "utm_campaign": campaign,
        "utm_source": channel,
    }
    changes = {name: value for name, value in changes.items() if value is not None}
    if not changes:
        raise typer.BadParameter(
            "Give at least one change: --date, --amount, --currency, --draft, --campaign or --channel."
        )
    change_conversion(client, conversion, check_reason(reason), changes)
    echo(f"Conversion {conversion} is amended.")


def change_conversion(client: str, conversion: int, reason: str, fields: dict[str, Any]) -> None:
    from pydantic import ValidationError

    from sophia.analytics.conversions.incoming import expect_event_date
    from sophia.analytics.conversions.listing import find_conversion
    from sophia.analytics.conversions.schemas import ConversionChange
    from sophia.analytics.conversions.versions import amend_conversion

    installation = open_installation()
    now = installation.clock()
    try:
        change = ConversionChange(reason=reason, **fields)
    except ValidationError as error:
        raise typer.BadParameter("; ".join(problem["msg"] for problem in error.errors())) from None
    if change.event_date is not None:
        expect_event_date(change.event_date, now.date())
    with installation.write_client(client) as (session, client_id):
        changes = change.changes_of(find_conversion(session, client_id, conversion))
        amend_conversion(session, client_id, conversion, changes, change.reason, now)


def check_reason(text: str) -> str:
    return check_text(text, LONGEST_REASON, "--reason")


@conversions.command()
def delete(client: Client, conversion: ConversionId, reason: Reason) -> None:
    """Delete a conversion. Reports as of an earlier moment keep it. Importing a file does not bring it back."""
    from sophia.analytics.conversions.versions import delete_conversion

    reason = check_reason(reason)
    installation = open_installation()
    with installation.write_client(client) as (session, client_id):
        delete_conversion(session, client_id, conversion, reason, installation.clock())
    echo(f"Conversion {conversion} is deleted. Restore it with: sophia conversions restore")


@conversions.command()
def restore(client: Client, conversion: ConversionId, reason: Reason) -> None:
    """Restore a deleted conversion, so that it counts again."""
    from sophia.analytics.conversions.versions import restore_conversion

    reason = check_reason(reason)
    installation = open_installation()
    with installation.write_client(client) as (session, client_id):
        restore_conversion(session, client_id, conversion, reason, installation.clock())
    echo(f"Conversion {conversion} counts again.")


@conversions.command()
def source(
    client: Client,
    sources: Annotated[list[str] | None, typer.Argument(metavar="SOURCE", help="The sources that count.")] = None,
    every: Annotated[bool, typer.Option("--all", help="Count the sales of every source.")] = False,
    default: Annotated[bool, typer.Option("--default", help="Go back to the default rule.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show the sources of sales, or choose the sources whose sales and refunds count.

    By default every source counts. A sale that both web analytics and a shop report counts once, as the shop reports it.
    """
    from sophia.analytics.conversions.models import EVERY_SOURCE
    from sophia.analytics.conversions.source_store import choose_sources
    from sophia.analytics.conversions.sources import list_sources

    if sum((bool(sources), every, default)) > 1:
        raise typer.BadParameter("Give sources, --all or --default.")
    installation = open_installation()
    if sources or every or default:
        chosen = None if default else [EVERY_SOURCE] if every else sources
        with installation.write_client(client) as (session, client_id):
            choose_sources(session, client_id, chosen, installation.clock())
    with installation.read_client(client) as (session, client_id):
        conversion_sources = list_sources(session, client_id)
    if as_json:
        show_json(conversion_sources)
    else:
        show_sources(conversion_sources)


def show_sources(conversion_sources: "ConversionSources") -> None:
    def money(amounts: dict[str, Decimal]) -> str:
        return ", ".join(f"{amount:,f} {code}" for code, amount in sorted(amounts.items()))

    rows = [
        {
            "source": source.name,
            "kind": "web analytics" if source.from_analytics else "shop or sender",
            "sales": f"{source.sales:,}",
            "counted sales": f"{source.counted_sales:,}",
            "net revenue": money(source.revenue),
            "counted revenue": money(source.counted_revenue),
        }
        for source in conversion_sources.sources
    ]
    show_table(rows, empty="No sales are recorded.")
    echo(f"Chosen: {'the default rule' if conversion_sources.chosen is None else ', '.join(conversion_sources.chosen)}")
    show_shared(conversion_sources.shared)

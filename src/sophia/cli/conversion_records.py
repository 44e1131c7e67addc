"""`sophia conversions list|show|amend|delete|restore|source`: single conversions, and whose sales count."""

from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sophia.cli.arguments import DAYS, Client, First, Last, chosen_window
from sophia.cli.conversions import EventName, checked, conversions, currency, show_shared
from sophia.cli.opening import open_installation
from sophia.cli.output import echo
from sophia.cli.tables import AsJson, show_json, show_table
from sophia.cli.told import amount

if TYPE_CHECKING:
    from sophia.analytics.conversions.listing import ConversionRecord
    from sophia.analytics.conversions.sources import ConversionSources

Number = Annotated[int, typer.Argument(metavar="CONVERSION", min=1, help="Its id, as the list shows it.")]
Reason = Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why; it is kept.")]
LONGEST_REASON = 500


@conversions.command("list")
def list_(
    client: Client,
    first: First = None,
    last: Last = None,
    event_type: Annotated[EventName | None, typer.Option("--type", help="Of one type only.")] = None,
    source: Annotated[str | None, typer.Option(help="Of one source only.")] = None,
    external_id: Annotated[str | None, typer.Option("--id", help="Of one order or transaction number only.")] = None,
    removed: Annotated[bool, typer.Option("--removed", help="Deleted and withdrawn ones too.")] = False,
    limit: Annotated[int, typer.Option(min=1, max=10_000)] = 50,
    as_json: AsJson = False,
) -> None:
    """List conversions, newest day first."""
    installation = open_installation()
    from sophia.analytics.conversions.listing import ConversionFilter, list_conversions  # noqa: PLC0415
    from sophia.portfolio.service import find_client  # noqa: PLC0415

    window = chosen_window(None, first, last, installation.clock())
    conversion_filter = ConversionFilter(
        window, None if event_type is None else event_type.value, source, external_id, removed
    )
    with installation.database.read() as session:
        found = list_conversions(session, find_client(session, client).id, conversion_filter, limit=limit)
    if as_json:
        show_json({"conversions": found})
    else:
        show_table([row(record) for record in found], empty="No conversion matches.")


def row(record: "ConversionRecord") -> dict[str, str]:
    version = record.version
    money = "" if version.revenue_amount is None else f"{version.revenue_amount:,f} {version.currency}"
    state = "deleted" if version.removed_at is not None else "counts" if record.counts else "counts elsewhere"
    return {
        "id": str(record.id),
        "day": str(version.event_date),
        "type": version.event_type,
        "source": version.source if version.source == version.origin else f"{version.source} ({version.origin})",
        "number": (version.external_id or "")[:40],
        "amount": money,
        "post": "" if version.content_draft_id is None else str(version.content_draft_id),
        "state": state,
        "earlier versions": str(record.revisions),
    }


@conversions.command()
def show(client: Client, conversion: Number, as_json: AsJson = False) -> None:
    """Show a conversion with its earlier versions."""
    installation = open_installation()
    from sophia.analytics.conversions.listing import find_conversion, list_revisions  # noqa: PLC0415
    from sophia.portfolio.service import find_client  # noqa: PLC0415

    with installation.database.read() as session:
        client_id = find_client(session, client).id
        record = find_conversion(session, client_id, conversion)
        history = list_revisions(session, client_id, conversion)
    if as_json:
        show_json({"conversion": record, "history": history})
        return
    rows = [
        {
            "until": "now" if version.replaced_at is None else f"{version.replaced_at:%Y-%m-%d %H:%M} UTC",
            "day": str(version.event_date),
            "amount": "" if version.revenue_amount is None else f"{version.revenue_amount:,f} {version.currency}",
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
    conversion: Number,
    reason: Reason,
    day: Annotated[datetime | None, typer.Option("--date", formats=DAYS, help="The day on which it happened.")] = None,
    amount_: Annotated[Decimal | None, typer.Option("--amount", parser=amount, help="Such as 19.90.")] = None,
    currency_: Annotated[str | None, typer.Option("--currency", callback=checked(currency))] = None,
    draft: Annotated[int | None, typer.Option(min=1, help="The post that led to it, by its draft.")] = None,
    campaign: Annotated[str | None, typer.Option(help="Its utm_campaign.")] = None,
    channel: Annotated[str | None, typer.Option(help="Its utm_source.")] = None,
) -> None:
    """Amend a conversion. What it said before is kept for reports of the past."""
    given = {
        "event_date": None if day is None else day.date(),
        "revenue_amount": amount_,
        "currency": currency_,
        "content_draft_id": draft,
        "utm_campaign": campaign,
        "utm_source": channel,
    }
    given = {name: value for name, value in given.items() if value is not None}
    if not given:
        raise typer.BadParameter("Say what changes: --date, --amount, --currency, --draft, --campaign or --channel.")
    change_conversion(client, conversion, reason, given)
    echo(f"Conversion {conversion} is amended.")


def change_conversion(client: str, conversion: int, reason: str, given: dict[str, Any]) -> None:
    installation = open_installation()
    from pydantic import ValidationError  # noqa: PLC0415

    from sophia.analytics.conversions.incoming import expect_event_date  # noqa: PLC0415
    from sophia.analytics.conversions.listing import find_conversion  # noqa: PLC0415
    from sophia.analytics.conversions.schemas import ConversionChange  # noqa: PLC0415
    from sophia.analytics.conversions.versions import amend_conversion  # noqa: PLC0415
    from sophia.portfolio.service import find_client  # noqa: PLC0415

    now = installation.clock()
    try:
        change = ConversionChange(reason=checked_reason(reason), **given)
    except ValidationError as error:
        raise typer.BadParameter("; ".join(one["msg"] for one in error.errors())) from None
    if change.event_date is not None:
        expect_event_date(change.event_date, now.date())
    with installation.database.write() as session:
        client_id = find_client(session, client).id
        changes = change.changes_of(find_conversion(session, client_id, conversion))
        amend_conversion(session, client_id, conversion, changes, change.reason, now)


def checked_reason(text: str) -> str:
    """Raises BadParameter for an empty reason or one that is too long."""
    reason = " ".join(text.split())
    if not reason or len(reason) > LONGEST_REASON:
        raise typer.BadParameter(f"Say why, in 1 to {LONGEST_REASON} characters.", param_hint="--reason")
    return reason


@conversions.command()
def delete(client: Client, conversion: Number, reason: Reason) -> None:
    """Delete a conversion. It is kept for reports of the past, and stays deleted when a file names it again."""
    reason = checked_reason(reason)
    installation = open_installation()
    from sophia.analytics.conversions.versions import delete_conversion  # noqa: PLC0415
    from sophia.portfolio.service import find_client  # noqa: PLC0415

    with installation.database.write() as session:
        delete_conversion(session, find_client(session, client).id, conversion, reason, installation.clock())
    echo(f"Conversion {conversion} is deleted. It counts again after: sophia conversions restore")


@conversions.command()
def restore(client: Client, conversion: Number, reason: Reason) -> None:
    """Let a deleted conversion count again."""
    reason = checked_reason(reason)
    installation = open_installation()
    from sophia.analytics.conversions.versions import restore_conversion  # noqa: PLC0415
    from sophia.portfolio.service import find_client  # noqa: PLC0415

    with installation.database.write() as session:
        restore_conversion(session, find_client(session, client).id, conversion, reason, installation.clock())
    echo(f"Conversion {conversion} counts again.")


@conversions.command()
def source(
    client: Client,
    sources: Annotated[list[str] | None, typer.Argument(metavar="[SOURCE]...", help="Those that count.")] = None,
    every: Annotated[bool, typer.Option("--all", help="The sales of every source count.")] = False,
    default: Annotated[bool, typer.Option("--default", help="Forget the choice.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show the sources of sales, or choose those whose sales and refunds count.

    Without a choice every source counts, and a sale that web analytics and a shop both name counts once, as the shop
    says it.
    """
    if sum((bool(sources), every, default)) > 1:
        raise typer.BadParameter("Give either sources, --all or --default.")
    installation = open_installation()
    from sophia.analytics.conversions.models import EVERY_SOURCE  # noqa: PLC0415
    from sophia.analytics.conversions.source_store import choose_sources  # noqa: PLC0415
    from sophia.analytics.conversions.sources import list_sources  # noqa: PLC0415
    from sophia.portfolio.service import find_client  # noqa: PLC0415

    if sources or every or default:
        chosen = None if default else [EVERY_SOURCE] if every else sources
        with installation.database.write() as session:
            choose_sources(session, find_client(session, client).id, chosen, installation.clock())
    with installation.database.read() as session:
        found = list_sources(session, find_client(session, client).id)
    if as_json:
        show_json(found)
    else:
        show_sources(found)


def show_sources(conversion_sources: "ConversionSources") -> None:
    def money(amounts: dict[str, Decimal]) -> str:
        return ", ".join(f"{amount:,f} {code}" for code, amount in sorted(amounts.items()))

    rows = [
        {
            "source": source.name,
            "kind": "web analytics" if source.from_analytics else "shop or sender",
            "sales": f"{source.sales:,}",
            "of which count": f"{source.counted_sales:,}",
            "net revenue": money(source.revenue),
            "counted": money(source.counted_revenue),
        }
        for source in conversion_sources.sources
    ]
    show_table(rows, empty="No sales are recorded.")
    echo(f"Chosen: {'the default rule' if conversion_sources.chosen is None else ', '.join(conversion_sources.chosen)}")
    show_shared(conversion_sources.shared)


def register(app: typer.Typer) -> None:
    """The commands hang on `sophia conversions`, which is registered already."""
    del app

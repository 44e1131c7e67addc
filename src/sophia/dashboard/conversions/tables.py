"""The tables of the page of links and conversions."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from sophia.analytics.conversions.attribution import AttributionModel, Credit, DraftCredit
from sophia.analytics.conversions.listing import ConversionRecord
from sophia.analytics.conversions.models import EVERY_SOURCE
from sophia.analytics.conversions.schemas import AttributionReport, FunnelReport
from sophia.analytics.conversions.sources import ConversionSources, SharedSales
from sophia.analytics.links.queries import LinkRecord
from sophia.display.figures import count_cell, figure_cell
from sophia.display.formatting import DASH, clock, day, decimal, money, whole
from sophia.display.values import Cell, Column, State, Table, Value

# {type of event: (one, several)}.
EVENT_LABELS = {
    "utm_click": ("link click", "link clicks"),
    "save": ("save", "saves"),
    "follow": ("follow", "follows"),
    "dm": ("message", "messages"),
    "inquiry": ("inquiry", "inquiries"),
    "conversion": ("conversion", "conversions"),
    "refund": ("refund", "refunds"),
}
MODEL_LABELS = {
    AttributionModel.FIRST_TOUCH: "First touch",
    AttributionModel.LAST_TOUCH: "Last touch",
    AttributionModel.LINEAR: "Linear",
}
LINK_STATES: Mapping[str, tuple[State | None, str]] = {
    "ok": ("sage", "works"),
    "dead": ("coral", "dead"),
    "loses_tags": ("amber", "loses its tags"),
    "unsure": ("amber", "could not be checked"),
    "refused": ("amber", "not checked: the address is private"),
    "unchecked": (None, "not checked yet"),
}
LONGEST_ADDRESS = 70
NO_AMOUNT = "It has no amount."
NO_CUSTOMERS = "Not every event identifies its customer."


def event_label(event_type: str, count: int) -> str:
    """Return the word for events of a type."""
    single, several = EVENT_LABELS[event_type]
    return single if count == 1 else several


def amounts(by_currency: Mapping[str, Decimal]) -> Value:
    """Return an amount in each currency."""
    texts = [money(amount, currency) for currency, amount in sorted(by_currency.items())]
    return Value(" · ".join(texts)) if texts else Value(DASH, reason=NO_AMOUNT)


def funnel_table(report: FunnelReport) -> Table:
    rows = tuple(
        (
            Cell(Value(event_label(step.name, 2).capitalize())),
            count_cell(step.events, ""),
            count_cell(step.people, NO_CUSTOMERS),
            figure_cell(step.of_previous),
            figure_cell(step.of_first),
        )
        for step in report.steps
        if any(other.events for other in report.steps)
    )
    columns = (
        Column("Step"),
        Column("Events", numeric=True),
        Column("People", numeric=True),
        Column("Of the previous step", numeric=True),
        Column("Of the first step", numeric=True),
    )
    return Table(
        "funnel",
        "Funnel",
        columns,
        rows,
        "No event of this period is recorded, so the funnel is unknown. Import sales, or send events to the API.",
    )


def credit_table(report: AttributionReport) -> Table:
    """Return the credits of every channel, the three models side by side."""
    by_model = {item.model: {credit.channel: credit for credit in item.channels} for item in report.models}
    names = sorted({name for channels in by_model.values() for name in channels})
    models = tuple(by_model)
    rows = [
        (Cell(Value(name)), *(cell for model in models for cell in credit_cells(by_model[model].get(name))))
        for name in names
    ]
    if any(item.unattributed.conversions for item in report.models):
        cells = (cell for item in report.models for cell in credit_cells(item.unattributed))
        rows.append((Cell(Value("not attributed")), *cells))
    labels = [f"{MODEL_LABELS[model]}{part}" for model in models for part in (": conversions", ": revenue")]
    return Table(
        "attribution",
        "Conversions and revenue by channel",
        (Column("Draft" if report.by == "draft" else "Source"), *(Column(label, numeric=True) for label in labels)),
        tuple(rows),
        "There is no conversion in this period to credit.",
        f"Touches of the same customer in the {report.lookback_days} days before a sale share its credit.",
    )


def credit_cells(credit: Credit | None) -> tuple[Cell, Cell]:
    if credit is None:
        return Cell(Value("0"), sort=0.0), Cell(Value(DASH, reason=NO_AMOUNT))
    return credited(credit), Cell(amounts(credit.revenue))


def credited(credit: Credit) -> Cell:
    number = credit.conversions
    return Cell(Value(whole(number) if number.is_integer() else decimal(number, 2)), sort=number)


def draft_table(drafts: Sequence[DraftCredit]) -> Table:
    rows = tuple(
        (
            Cell(Value("no draft" if credit.content_draft_id is None else f"Draft {credit.content_draft_id}")),
            credited(credit),
            Cell(amounts(credit.revenue)),
        )
        for credit in drafts
    )
    columns = (Column("Draft"), Column("Conversions", numeric=True), Column("Revenue", numeric=True))
    return Table(
        "drafts", "Conversions by the draft that they name", columns, rows, "No conversion of this period to credit."
    )


def source_table(sources: ConversionSources) -> Table:
    rows = tuple(
        (
            Cell(Value(source.name), note="web analytics" if source.from_analytics else ""),
            count_cell(source.sales, ""),
            count_cell(source.counted_sales, ""),
            Cell(amounts(source.revenue)),
            Cell(amounts(source.counted_revenue)),
        )
        for source in sources.sources
    )
    columns = (
        Column("Source"),
        Column("Sales", numeric=True),
        Column("Sales that count", numeric=True),
        Column("Revenue", numeric=True),
        Column("Revenue that counts", numeric=True),
    )
    return Table(
        "sources", "Sources of sales, all days", columns, rows, "No sale is recorded yet.", source_rule(sources)
    )


def source_rule(sources: ConversionSources) -> str:
    """Return which sources count."""
    if sources.chosen is None:
        return "A sale that web analytics and a shop both report counts once, with the data of the shop."
    if EVERY_SOURCE in sources.chosen:
        return "The sales of every source count."
    return f"Only the sales of {', '.join(sources.chosen)} count."


def shared_table(shared: Sequence[SharedSales]) -> Table:
    rows = tuple(
        (
            Cell(Value(" and ".join(sales.sources))),
            count_cell(sales.by_number, ""),
            count_cell(sales.possible, ""),
            Cell(Value(sales.counted)),
        )
        for sales in shared
    )
    columns = (
        Column("Sources"),
        Column("Same transaction number", numeric=True),
        Column("Possibly the same", numeric=True),
        Column("Source that counts"),
    )
    return Table("shared-sales", "Sales that two sources report", columns, rows, "No two sources report the same sale.")


def conversion_table(records: Sequence[ConversionRecord], most: int) -> Table:
    rows = tuple(conversion_row(record) for record in records)
    columns = (
        Column("Number", numeric=True),
        Column("Day"),
        Column("Event"),
        Column("Source"),
        Column("Amount", numeric=True),
        Column("Credited to"),
        Column("State"),
    )
    footnote = f"The newest {most}; the API lists all." if len(records) == most else ""
    return Table("conversions", "Events of this period, newest first", columns, rows, "No event is recorded.", footnote)


def conversion_row(record: ConversionRecord) -> tuple[Cell, ...]:
    version = record.version
    amount = {} if version.currency is None else {version.currency: version.revenue_amount or Decimal(0)}
    return (
        Cell(Value(str(record.id)), sort=float(record.id)),
        Cell(Value(day(version.event_date), version.event_date.isoformat()), sort=version.event_date.isoformat()),
        Cell(Value(event_label(version.event_type, 1))),
        Cell(Value(version.origin)),
        Cell(amounts(amount)),
        Cell(credited_to(record)),
        Cell(Value(state_of(record)), note="" if version.removed_at is None else version.reason or ""),
    )


def credited_to(record: ConversionRecord) -> Value:
    if record.version.content_draft_id is not None:
        return Value(f"Draft {record.version.content_draft_id}")
    if record.version.utm_source is not None:
        return Value(record.version.utm_source)
    return Value(DASH, reason="The event names neither a draft nor a source.")


def state_of(record: ConversionRecord) -> str:
    if record.version.removed_at is not None:
        return "deleted"
    return "counts" if record.counts else "counted by another source"


def link_table(links: Sequence[LinkRecord], zone: ZoneInfo, now: datetime, most: int) -> Table:
    rows = tuple(
        (
            Cell(address(link.tagged), note=link.campaign_slug or ""),
            Cell(Value(f"Draft {link.draft_id}"), sort=float(link.draft_id)),
            Cell(Value(LINK_STATES[link.status][1]), state=LINK_STATES[link.status][0], note=link.problem or ""),
            Cell(Value("yes") if link.untagged is None else Value("no", f"no: {link.untagged.value}")),
            Cell(clock(link.last_checked_at, zone, now)),
        )
        for link in links
    )
    columns = (Column("Link"), Column("Draft"), Column("Check"), Column("Tagged"), Column("Last checked"))
    footnote = f"The newest {most}; the API lists all. " if len(links) == most else ""
    return Table(
        "links",
        "Tracked links, newest first",
        columns,
        rows,
        "No draft with a link was published yet.",
        f"{footnote}Sophia follows every link once a week.",
    )


def address(text: str) -> Value:
    """Return an address, shortened to fit."""
    if len(text) <= LONGEST_ADDRESS:
        return Value(text)
    return Value(f"{text[: LONGEST_ADDRESS - 1]}…", text)

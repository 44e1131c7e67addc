"""The portfolio: which client needs what, whether everything was collected, and how each client does."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import BoundedSemaphore
from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Query, Request, Response

from sophia.access.pages import ReadPage
from sophia.access.web import RequestContext
from sophia.analytics.figures.comparison import Comparison
from sophia.analytics.kpis.format_averages import BestFormat
from sophia.analytics.readings.account_states import AccountState, account_states
from sophia.analytics.reports.brief_cache import CachedBrief, brief_cache
from sophia.analytics.reports.brief_records import Brief, ClientBrief, ClientStatus
from sophia.analytics.reports.brief_summary import algorithm_changes
from sophia.analytics.reports.records import TopPost
from sophia.dashboard.layout.pages import frame, respond
from sophia.dashboard.layout.routes import PageRoute
from sophia.dashboard.layout.windows import PageQuery, picker, shared_query, window_of
from sophia.display.figures import definition, format_label, kpi_cell, label_of, late_footnote, spark
from sophia.display.formatting import (
    DASH,
    at_moment,
    beginning,
    clock,
    completion,
    dates,
    day,
    named_dates,
    value_of,
    whole,
)
from sophia.display.values import Cell, Column, Notice, State, Table, Value

router = APIRouter(route_class=PageRoute, include_in_schema=False)

TABLE_KPIS = ("views", "reach", "engagement_rate_by_reach", "followers")
SHORT_LABELS = {"engagement_rate_by_reach": "Engagement rate"}
MOST_TITLE = 40
RISES = ("spike", "rise")
MOST_REASONS = 2
MOST_NEEDS = 12
# While something is stored several times a second, the figures are never newer than some seconds.
YOUNG = timedelta(minutes=1)
# Python runs one thread at a time. Of many readers who share it, all wait until the last page is made; in turn, the first
# half waits less than half as long.
TURNS = BoundedSemaphore(2)
STATES: dict[ClientStatus, State] = {
    ClientStatus.CORAL: "coral",
    ClientStatus.AMBER: "amber",
    ClientStatus.SAGE: "sage",
    ClientStatus.NO_DATA: "none",
}


@dataclass(frozen=True, slots=True)
class Need:
    """A client that needs somebody, with the reasons that weigh most."""

    name: str
    href: str
    state: State
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PortfolioPage:
    """`lead` answers who needs the reader, `collected` whether everything arrived, `events` what all clients share.

    `outdated` says of when the figures are, while newer ones are computed; `pending` says when the last week is complete in Meta's time zone, while it is not.
    """

    lead: str
    collected: str
    outdated: str
    pending: str
    needs: tuple[Need, ...]
    notices: tuple[Notice, ...]
    clients: Table
    events: tuple[str, ...]
    calm: str


@router.get("/portfolio")
def portfolio(request: Request, context: ReadPage, query: Annotated[PageQuery, Query()]) -> Response:
    window = window_of(query, context.now)
    cached = brief_cache(context.database).brief(
        context.database, context.allowed_clients, context.now, window, query.compare
    )
    with TURNS:
        return render_portfolio(request, context, cached, query.compare)


def render_portfolio(
    request: Request, context: RequestContext, cached: CachedBrief, comparison: Comparison
) -> Response:
    """Return the page of a brief, with the present state of the accounts."""
    with context.database.read() as session:
        accounts = account_states(session, context.allowed_clients, active_clients=True)
    zone, window = ZoneInfo(context.settings.operator_timezone), cached.brief.window
    links_query = shared_query(request).removeprefix("?")
    page = portfolio_page(context.settings.path_prefix, cached, accounts, zone, context.now, links_query)
    page_frame = frame(request, context, f"Portfolio {dates(window)}", picker(request, context, window, comparison))
    return respond(request, "portfolio/page.html", page_frame, page)


def portfolio_page(
    prefix: str, cached: CachedBrief, accounts: list[AccountState], zone: ZoneInfo, now: datetime, query: str = ""
) -> PortfolioPage:
    """Return the page of a brief and of the accounts' states."""
    brief = cached.brief
    needy = [client for client in brief.clients if client.state in (ClientStatus.CORAL, ClientStatus.AMBER)]
    needs = tuple(
        Need(
            client.name,
            client_address(prefix, client.client_id, query),
            STATES[client.state],
            tuple(reason.text for reason in client.reasons[:MOST_REASONS]),
        )
        for client in needy[:MOST_NEEDS]
    )
    return PortfolioPage(
        lead=lead(needy),
        collected=collected(accounts, zone, now),
        outdated=outdated(cached, zone, now),
        pending=completion(brief.window, brief.complete_at, zone, now),
        needs=needs,
        notices=notices(prefix, brief, accounts),
        clients=client_table(prefix, brief, zone, now, query),
        events=(events := shared_changes(brief)),
        calm="" if events else "Platform: no change that most clients share.",
    )


def outdated(cached: CachedBrief, zone: ZoneInfo, now: datetime) -> str:
    """Return of when the figures are, or nothing if they are current."""
    if cached.is_current:
        return ""
    moment = at_moment(cached.brief.as_of, zone, now)
    if cached.has_failed:
        return (
            f"The figures are as of {moment}. Renewing them failed, and the log says why. Reload the page to try again."
        )
    newer = "" if now - cached.brief.as_of < YOUNG else " Newer ones are being computed; reload the page to see them."
    return f"The figures are as of {moment}.{newer}"


def lead(needy: list[ClientBrief]) -> str:
    """Return one sentence: who needs the reader now."""
    critical = [client.name for client in needy if client.state is ClientStatus.CORAL]
    if critical:
        names = ", ".join(critical[:2]) + (f" and {len(critical) - 2} more" if len(critical) > 2 else "")  # noqa: PLR2004
        return f"{_clients(len(critical))} now: {names}."
    if needy:
        names = ", ".join(client.name for client in needy[:2]) + (
            f" and {len(needy) - 2} more" if len(needy) > 2 else ""  # noqa: PLR2004
        )
        return f"No client is critical. Watch {names}."
    return "No client needs you: everything is on track."


def _clients(count: int) -> str:
    return "One client needs you" if count == 1 else f"{count} clients need you"


def collected(accounts: list[AccountState], zone: ZoneInfo, now: datetime) -> str:
    """Return one sentence: whether everything arrived."""
    if not accounts:
        return "No account is connected yet."
    behind = [account for account in accounts if account.is_stale(now)]
    broken = [account for account in accounts if account.status == "needs_reconnect"]
    successes = [account.last_success_at for account in accounts if account.last_success_at is not None]
    newest = clock(max(successes, default=None), zone, now).text
    if broken:
        return f"{len(broken)} of {len(accounts)} accounts must be reconnected; last collection {newest}."
    if behind:
        return f"{len(behind)} of {len(accounts)} accounts are behind; last collection {newest}."
    return f"All {len(accounts)} accounts were collected; last collection {newest}."


def notices(prefix: str, brief: Brief, accounts: list[AccountState]) -> tuple[Notice, ...]:
    """Return what the page must say about itself: nothing connected, nothing collected, an account to reconnect."""
    if not accounts:
        return (Notice("Connect the first account to see figures here.", "Connect accounts", f"{prefix}/connect"),)
    texts: list[Notice] = [
        Notice(f"{account.client_name}, {account.name}: {account.action_needed}", "Reconnect", f"{prefix}/connect")
        for account in accounts
        if account.action_needed is not None
    ]
    if all(client.state is ClientStatus.NO_DATA for client in brief.clients):
        texts.append(Notice("Nothing was collected for this period yet.", "Collection", f"{prefix}/collection"))
    return tuple(texts)


def client_table(prefix: str, brief: Brief, zone: ZoneInfo, now: datetime, query: str) -> Table:
    """Return the table of all clients, with the figures of the window and the line of eight weeks."""
    columns = (
        Column("Client"),
        Column("State"),
        *(
            Column(SHORT_LABELS.get(name, label_of(name)), numeric=True, href=definition(prefix, name))
            for name in TABLE_KPIS
        ),
        Column("Best post"),
        Column("Best format"),
        Column("8 weeks"),
        Column("Collected"),
    )
    rows = tuple(
        (
            Cell(Value(client.name), client_address(prefix, client.client_id, query), sort=client.name),
            Cell(Value(""), state=STATES[client.state], sort=list(STATES).index(client.state)),
            *(kpi_cell(client.kpis[name], client.changes.get(name)) for name in TABLE_KPIS),
            best_post_cell(prefix, client.best_post),
            best_format_cell(client.best_format),
            Cell(Value("" if spark(client.weekly_views) else DASH), line=spark(client.weekly_views)),
            Cell(clock(None if client.collection is None else client.collection.last_success_at, zone, now)),
        )
        for client in brief.clients
    )
    compared = f"Changes compare {dates(brief.window)} with {named_dates(brief.before, brief.window)}."
    late = late_footnote(
        [client.kpis[name] for client in brief.clients for name in TABLE_KPIS],
        [client.changes["engagement_rate_by_reach"] for client in brief.clients],
    )
    return Table("clients", "All clients", columns, rows, "No client yet.", f"{compared} {late}".rstrip())


def best_post_cell(prefix: str, post: TopPost | None) -> Cell:
    """Return the post with the most engagement."""
    if post is None:
        return Cell(Value(DASH, reason="No post of this period has a known engagement."))
    return Cell(
        Value(beginning(post.title or "Post without text", MOST_TITLE)),
        f"{prefix}/posts/{post.post_id}",
        sort=float(post.engagements),
        note=f"{whole(post.engagements)} engagement",
    )


def best_format_cell(best: BestFormat | None) -> Cell:
    """Return the format with the highest engagement rate by reach."""
    if best is None:
        return Cell(Value(DASH, reason="Fewer than two formats have two posts in this period."))
    rate = value_of(best.average.rate_by_reach)
    return Cell(Value(format_label(best.name)), note=f"{rate.text} of reach, {best.average.posts} posts")


def shared_changes(brief: Brief) -> tuple[str, ...]:
    """Return what most clients share: events first, then the change of distribution by the algorithm."""
    events = tuple(
        f"{day(event.since)}: {event.alike} of {event.series} series {'rose' if event.kind in RISES else 'fell'}"
        f" together on {' and '.join(sorted({part.platform.value.capitalize() for part in event.parts}))}."
        for event in brief.events
    )
    return (*events, *(sentence.text for sentence in algorithm_changes(brief)))


def client_address(prefix: str, client_id: int, query: str) -> str:
    return f"{prefix}/clients/{client_id}" + (f"?{query}" if query else "")

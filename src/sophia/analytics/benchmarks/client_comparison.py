"""A client's KPIs beside what others reach: as it was published, and as the portfolio shows it without names."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from sqlalchemy.orm import Session

from sophia.analytics.benchmarks.comparison import (
    DENOMINATORS,
    FOLLOWERS_RATE,
    Benchmark,
    Comparison,
    PortfolioQuantiles,
    compare,
    portfolio_quantiles,
)
from sophia.analytics.benchmarks.queries import benchmarks_for
from sophia.analytics.figures.facts import (
    ClientWindow,
)
from sophia.analytics.figures.figures import Figure, check_window, last_closed_week, missing, week_of
from sophia.analytics.kpis.kpis import KPIS
from sophia.analytics.kpis.queries import account_figures
from sophia.analytics.kpis.windows import (
    MeasuredClient,
    client_among,
    client_windows,
    measured_clients,
    of_accounts,
)
from sophia.database.engine import Database
from sophia.meta.catalogue.terms import Platform
from sophia.meta.reporting_zone import DateRange, reporting_day

PEER_KPIS = ("engagement_rate_by_reach", "engagement_rate_by_followers", "audience_growth")
NO_PEERS = "Only whole weeks from Monday to Sunday, when they are over, are compared with the portfolio."

# {platform: {client: {KPI: figure}}} of one week, of all clients that have one account on the platform.
AccountFigures = Mapping[Platform, Mapping[int, Mapping[str, Figure]]]


def published(
    client: MeasuredClient, now: ClientWindow, benchmarks: Sequence[Benchmark], today: date
) -> tuple[Comparison, ...]:
    """Against every published number of the same KPI on the same platform (G9).

    The rate by followers is always looked for; other KPIs where there is a number of somebody.
    """
    comparisons: list[Comparison] = []
    for platform in _platforms(client):
        mine = _on(now, platform)
        named = {FOLLOWERS_RATE} | {benchmark.metric for benchmark in benchmarks if benchmark.platform is platform}
        for kpi in KPIS:
            if kpi.name in DENOMINATORS and kpi.name in named:
                comparisons += compare(kpi.compute(mine), benchmarks, platform, kpi.name, client.industry, today)
    return tuple(comparisons)


@dataclass(frozen=True, slots=True)
class Peers:
    """One KPI of the client's account on one platform, and the quarters of the portfolio's clients in the same week."""

    platform: Platform
    kpi: str
    own: Figure
    portfolio: PortfolioQuantiles


def peers(client: MeasuredClient, now: ClientWindow, figures: AccountFigures | None) -> tuple[Peers, ...]:
    """Beside the quarters of the portfolio's clients in the same week; without `figures` there are none, with a reason."""
    peerses = []
    for platform in _platforms(client):
        mine = _on(now, platform)
        own = {kpi.name: kpi.compute(mine) for kpi in KPIS if kpi.name in PEER_KPIS}
        for kpi in PEER_KPIS:
            if figures is None:
                quantiles = portfolio_quantiles({}, own[kpi].unit)
                none = missing(own[kpi].unit, NO_PEERS)
                quantiles = replace(quantiles, lower=none, middle=none, upper=none)
            else:
                known = {one: kpis[kpi] for one, kpis in figures.get(platform, {}).items() if kpi in kpis}
                quantiles = portfolio_quantiles(known, own[kpi].unit)
            peerses.append(Peers(platform, kpi, own[kpi], quantiles))
    return tuple(peerses)


def _on(window: ClientWindow, platform: Platform) -> ClientWindow:
    return of_accounts(window, {account: one for account, one in window.accounts.items() if one is platform})


def _platforms(client: MeasuredClient) -> list[Platform]:
    return sorted(set(client.accounts.values()))


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientComparison:
    """A client's KPIs of one window, by platform, against every benchmark that is like them."""

    client_id: int
    industry: str | None
    window: DateRange
    published: tuple[Comparison, ...]
    portfolio: tuple[Peers, ...]


def make_comparison(database: Database, client_id: int, window: DateRange | None, now: datetime) -> ClientComparison:
    """A client's KPIs of a window beside published numbers and the portfolio's. Raises as `make_report` does."""
    chosen = window or last_closed_week(now)
    check_window(chosen, now)
    with database.read() as session:
        clients = measured_clients(session)
        client = client_among(clients, client_id)
        measured = client_windows(session, [client], [chosen], now)[client_id][chosen]
        figures = _account_figures(session, clients, chosen, today=now, as_of=None)
        known = benchmarks_for(session, client.industry)
    return ClientComparison(
        client_id=client_id,
        industry=client.industry,
        window=chosen,
        published=published(client, measured, known, reporting_day(now)),
        portfolio=peers(client, measured, figures),
    )


def _account_figures(
    session: Session, clients: Sequence[MeasuredClient], window: DateRange, *, today: datetime, as_of: datetime | None
) -> AccountFigures | None:
    """Of clients with one account on a platform: several of one client would count it twice."""
    if window != week_of(window.start) or not window.is_closed(reporting_day(today)):
        return None
    figures = account_figures(session, window, PEER_KPIS, as_of=as_of)
    found: dict[Platform, dict[int, Mapping[str, Figure]]] = {}
    for client in clients:
        counts = Counter(client.accounts.values())
        for account, platform in client.accounts.items():
            if counts[platform] == 1 and account in figures:
                found.setdefault(platform, {})[client.id] = figures[account]
    return found

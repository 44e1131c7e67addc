"""Compares a client's KPIs with published benchmarks and with the portfolio, whose clients are not named."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial

from sqlalchemy.orm import Session

from sophia.analytics.benchmarks.comparison import (
    DENOMINATORS,
    FOLLOWERS_RATE,
    Benchmark,
    Comparison,
    PortfolioQuantiles,
    compare,
    missing_quantiles,
    portfolio_quantiles,
)
from sophia.analytics.benchmarks.numerators import figure_like
from sophia.analytics.benchmarks.queries import benchmarks_for
from sophia.analytics.figures.facts import ClientWindow, of_accounts
from sophia.analytics.figures.figures import Figure, check_window, last_closed_week, week_of
from sophia.analytics.kpis.kpis import KPIS, Kpi
from sophia.analytics.kpis.measured_clients import MeasuredClient, find_measured_client, measured_clients
from sophia.analytics.kpis.queries import account_figures
from sophia.analytics.kpis.windows import client_windows
from sophia.database.engine import Database
from sophia.meta.catalogue.terms import Platform
from sophia.meta.reporting_zone import DateRange, reporting_day

PEER_KPIS = ("engagement_rate_by_reach", "engagement_rate_by_followers", "audience_growth")
NO_PEERS = "Only complete weeks from Monday to Sunday are compared with the portfolio."

# {platform: {client: {KPI: figure}}} of one week, for all clients with exactly one account on the platform.
AccountFigures = Mapping[Platform, Mapping[int, Mapping[str, Figure]]]


def compare_published(
    client: MeasuredClient, window: ClientWindow, benchmarks: Sequence[Benchmark], today: date
) -> tuple[Comparison, ...]:
    """Compare with every published number of the same KPI on the same platform, counting what it counts (G9).

    The rate by followers is always compared; other KPIs only if they have a benchmark.
    """
    comparisons: list[Comparison] = []
    for platform in _platforms(client):
        own = _on(window, platform)
        metrics = {FOLLOWERS_RATE} | {benchmark.metric for benchmark in benchmarks if benchmark.platform is platform}
        for kpi in KPIS:
            if kpi.name in DENOMINATORS and kpi.name in metrics:
                own_like = partial(_own_like, own, kpi)
                comparisons += compare(own_like, benchmarks, platform, kpi.name, client.industry, today)
    return tuple(comparisons)


def _own_like(own: ClientWindow, kpi: Kpi, benchmark: Benchmark | None) -> Figure:
    return kpi.compute(own) if benchmark is None else figure_like(own, kpi, benchmark.numerator)


@dataclass(frozen=True, slots=True)
class PeerComparison:
    """One KPI of the client's account on one platform, and the portfolio's quantiles in the same week."""

    platform: Platform
    kpi: str
    own: Figure
    portfolio: PortfolioQuantiles


def compare_peers(
    client: MeasuredClient, window: ClientWindow, figures: AccountFigures | None
) -> tuple[PeerComparison, ...]:  # fmt: skip
    """Compare with the portfolio's clients in the same week; without `figures` the quantiles are missing."""
    comparisons = []
    for platform in _platforms(client):
        on_platform = _on(window, platform)
        own = {kpi.name: kpi.compute(on_platform) for kpi in KPIS if kpi.name in PEER_KPIS}
        for kpi in PEER_KPIS:
            if figures is None:
                quantiles = missing_quantiles(own[kpi].unit, NO_PEERS)
            else:
                by_client = figures.get(platform, {})
                # Values that were first read after the week are compared with such values only.
                by_client_of_kpi = {
                    client_id: kpis[kpi]
                    for client_id, kpis in by_client.items()
                    if kpi in kpis and (kpis[kpi].late is None) == (own[kpi].late is None)
                }
                quantiles = portfolio_quantiles(by_client_of_kpi, own[kpi].unit)
            comparisons.append(PeerComparison(platform, kpi, own[kpi], quantiles))
    return tuple(comparisons)


def _on(window: ClientWindow, platform: Platform) -> ClientWindow:
    return of_accounts(window, {account_id: platform for account_id, on in window.accounts.items() if on is platform})


def _platforms(client: MeasuredClient) -> list[Platform]:
    return sorted(set(client.accounts.values()))


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientComparison:
    """The client's KPIs of one window against matching benchmarks, and against the portfolio without names."""

    client_id: int
    industry: str | None
    window: DateRange
    published: tuple[Comparison, ...]
    portfolio: tuple[PeerComparison, ...]


def make_comparison(database: Database, client_id: int, window: DateRange | None, now: datetime) -> ClientComparison:
    """Compare a client's KPIs of a window, by default the last complete week. Raises as `make_report` does."""
    window = window or last_closed_week(now)
    check_window(window, now)
    with database.read() as session:
        clients = measured_clients(session)
        client = find_measured_client(clients, client_id)
        measured = client_windows(session, [client], [window], now)[client_id][window]
        figures = portfolio_figures(session, clients, window, today=now, as_of=None)
        benchmarks = benchmarks_for(session, client.industry)
    return ClientComparison(
        client_id=client_id,
        industry=client.industry,
        window=window,
        published=compare_published(client, measured, benchmarks, reporting_day(now)),
        portfolio=compare_peers(client, measured, figures),
    )


def portfolio_figures(
    session: Session, clients: Sequence[MeasuredClient], window: DateRange, *, today: datetime, as_of: datetime | None
) -> AccountFigures | None:
    """Return the figures of a complete week, or None for another window.

    A client with several accounts on a platform is left out, because it would count several times.
    """
    if window != week_of(window.start) or not window.is_closed(reporting_day(today)):
        return None
    figures = account_figures(session, window, PEER_KPIS, as_of=as_of)
    by_platform: dict[Platform, dict[int, Mapping[str, Figure]]] = {}
    for client in clients:
        counts = Counter(client.accounts.values())
        for account_id, platform in client.accounts.items():
            if counts[platform] == 1 and account_id in figures:
                by_platform.setdefault(platform, {})[client.id] = figures[account_id]
    return by_platform

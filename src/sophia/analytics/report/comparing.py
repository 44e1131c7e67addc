"""A client's KPIs beside what others reach: as it was published, and as the portfolio shows it without names."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date

from sophia.analytics.measures.benchmarks import (
    DENOMINATORS,
    FOLLOWERS_RATE,
    Benchmark,
    Comparison,
    compare,
    portfolio_quantiles,
)
from sophia.analytics.measures.facts import ClientWindow
from sophia.analytics.measures.figures import Figure, missing
from sophia.analytics.measures.kpis import KPIS
from sophia.analytics.queries.windows import MeasuredClient, of_accounts
from sophia.analytics.report.records import Peers
from sophia.meta.catalogue import Platform

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
    found: list[Comparison] = []
    for platform in _platforms(client):
        mine = _on(now, platform)
        named = {FOLLOWERS_RATE} | {one.metric for one in benchmarks if one.platform is platform}
        for kpi in KPIS:
            if kpi.name in DENOMINATORS and kpi.name in named:
                found += compare(kpi.compute(mine), benchmarks, platform, kpi.name, client.industry, today)
    return tuple(found)


def peers(client: MeasuredClient, now: ClientWindow, figures: AccountFigures | None) -> tuple[Peers, ...]:
    """Beside the quarters of the portfolio's clients in the same week; without `figures` there are none, with a reason."""
    found = []
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
            found.append(Peers(platform, kpi, own[kpi], quantiles))
    return tuple(found)


def _on(window: ClientWindow, platform: Platform) -> ClientWindow:
    return of_accounts(window, {account: one for account, one in window.accounts.items() if one is platform})


def _platforms(client: MeasuredClient) -> list[Platform]:
    return sorted(set(client.accounts.values()))

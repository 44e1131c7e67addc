"""The last complete week of all clients: their KPIs, and the number of clients for which each KPI rose or fell."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Annotated

from pydantic import Field

from sophia.analytics.figures.figures import Figure, change
from sophia.analytics.figures.sentences import Reference, Sentence, say
from sophia.analytics.kpis.queries import ClientWeek
from sophia.analytics.kpis.trends import newest_weeks
from sophia.meta.reporting_zone import DateRange, reporting_day

MOVING_KPIS = {
    "views": "Views",
    "engagements_at_24_hours": "Engagement on posts of the week at 24 hours of age",
    "net_new_followers": "Net new followers",
}


@dataclass(frozen=True, slots=True)
class Movement:
    """The numbers of clients for which a KPI rose and fell from the previous week, among `clients` with both weeks."""

    up: int
    down: int
    clients: int


@dataclass(frozen=True, slots=True)
class PortfolioWeek:
    """The KPIs of all clients in the last complete week, and their movements since the previous week.

    The KPIs are those of the brief and of the movements; GET /{client_id}/kpis returns all KPIs of one client.
    """

    week: DateRange
    kpis: Annotated[Mapping[int, Mapping[str, Figure]], Field(description="By client.")]
    movements: Mapping[str, Movement]
    computed_at: datetime
    commentary: Annotated[tuple[Sentence, ...], Field(exclude=True)] = ()


def two_newest_weeks(now: datetime) -> tuple[DateRange, ...]:
    return newest_weeks(reporting_day(now), 2)


def newest_portfolio_week(snapshots: Sequence[ClientWeek], now: datetime) -> PortfolioWeek | None:
    """Return the week from the snapshots of the last two complete weeks, or None if no client has the newest yet."""
    before, week = two_newest_weeks(now)
    after = {snapshot.client_id: snapshot for snapshot in snapshots if snapshot.week == week}
    earlier = {snapshot.client_id: snapshot.kpis for snapshot in snapshots if snapshot.week == before}
    if not after:
        return None
    kpis = {client: snapshot.kpis for client, snapshot in after.items()}
    movements = {name: _movement(name, earlier, kpis) for name in MOVING_KPIS}
    computed = max(snapshot.computed_at for snapshot in after.values())
    portfolio_week = PortfolioWeek(week, kpis, movements, computed)
    return replace(portfolio_week, commentary=tuple(_commentary(portfolio_week)))


def _movement(
    name: str, earlier: Mapping[int, Mapping[str, Figure]], after: Mapping[int, Mapping[str, Figure]]
) -> Movement:
    steps = []
    for client, kpis in after.items():
        now, before = kpis.get(name), earlier.get(client, {}).get(name)
        step = None if now is None or before is None else change(before, now).absolute.value
        if step is not None:
            steps.append(float(step))
    return Movement(sum(step > 0 for step in steps), sum(step < 0 for step in steps), len(steps))


def _commentary(portfolio_week: PortfolioWeek) -> Iterator[Sentence]:
    for name, label in MOVING_KPIS.items():
        if portfolio_week.movements[name].clients:
            yield say(
                portfolio_week,
                f"{label} rose for {{up}} and fell for {{down}} of {{clients}} clients in the week of {{start}}.",
                up=f"movements.{name}.up",
                down=f"movements.{name}.down",
                clients=f"movements.{name}.clients",
                start=Reference("week.start", "text"),
            )
    if not any(movement.clients for movement in portfolio_week.movements.values()):
        yield say(
            portfolio_week,
            "There is no previous week for the week of {start}.",
            start=Reference("week.start", "text"),
        )

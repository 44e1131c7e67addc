"""How the goals of clients stand: each KPI over the goal's own days, as far as they are over."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime

from sqlalchemy.orm import Session

from sophia.analytics.figures.facts import ClientWindow
from sophia.analytics.figures.figures import Figure, FigureUnit, missing
from sophia.analytics.goals.progress import FOLLOWERS, NOT_BEGUN, ReportedGoal, followers, goal_of, progress
from sophia.analytics.goals.queries import SetGoal, set_goals
from sophia.analytics.kpis.kpis import KPIS, OF_EVENTS
from sophia.analytics.kpis.windows import MeasuredClient, client_windows, measured_clients
from sophia.database.engine import Database
from sophia.meta.reporting_zone import DateRange, reporting_day

_KPIS = {kpi.name: kpi for kpi in KPIS}


def client_goals(database: Database, client_id: int, now: datetime) -> tuple[ReportedGoal, ...]:
    """All goals of a client as they stand today, those that end first at the beginning."""
    with database.read() as session:
        clients = [measured_client for measured_client in measured_clients(session) if measured_client.id == client_id]
        return gather_goals(session, clients, now).get(client_id, ())


def gather_goals(
    session: Session,
    clients: Sequence[MeasuredClient],
    now: datetime,
    *,
    window: DateRange | None = None,
    as_of: datetime | None = None,
) -> dict[int, tuple[ReportedGoal, ...]]:
    """{client: its goals}; of a window those whose days touch it, as they stood at its end.

    One query without goals; with some, a fixed number and one more for every length of time that others overlap.
    """
    today = reporting_day(now)
    until = today if window is None else min(window.end, today)
    goals = set_goals(session, [client.id for client in clients], window=window, as_of=as_of)
    mine = [client for client in clients if client.id in goals]
    every = [goal for found in goals.values() for goal in found]
    spans = {span for goal in every if (span := days_over(goal, until)) is not None}
    inputs = {name for goal in every for name in _inputs(goal)}
    windows = client_windows(
        session, mine, spans, now, as_of=as_of, metrics=inputs, events=bool(inputs & OF_EVENTS)
    )  # fmt: skip
    return {client.id: measured(goals[client.id], windows[client.id], until) for client in mine}


def days_over(goal: SetGoal, until: date) -> DateRange | None:
    """The days of a goal that are over; None before its first one is."""
    end = min(goal.window.end, until)
    return DateRange(goal.window.start, end) if end > goal.window.start else None


def _inputs(goal: SetGoal) -> tuple[str, ...]:
    return (FOLLOWERS,) if goal.kpi == FOLLOWERS else _KPIS[goal.kpi].inputs


def measured(
    goals: Sequence[SetGoal], windows: Mapping[DateRange, ClientWindow], until: date
) -> tuple[ReportedGoal, ...]:
    return tuple(_measured(goal, windows, until) for goal in goals)


def _measured(goal: SetGoal, windows: Mapping[DateRange, ClientWindow], until: date) -> ReportedGoal:
    span = days_over(goal, until)
    current, base = _current(goal, None if span is None else windows[span])
    wanted = goal_of(goal.kpi, goal.target, goal.window, at_most=goal.at_most, base=float(base or 0))
    found = progress(wanted, current, until)
    return ReportedGoal(
        name=goal.name,
        kpi=goal.kpi,
        kind=wanted.kind,
        target=goal.target,
        at_most=goal.at_most,
        window=goal.window,
        base=base,
        current=current,
        done=found.done,
        pace=found.pace,
        projected=found.projected,
        standing=found.standing,
    )


def _current(goal: SetGoal, now: ClientWindow | None) -> tuple[Figure, int | None]:
    if goal.kpi == FOLLOWERS:
        return (missing(FigureUnit.PEOPLE, NOT_BEGUN), None) if now is None else followers(now)
    kpi = _KPIS[goal.kpi]
    return (missing(kpi.unit, NOT_BEGUN) if now is None else kpi.compute(now)), None

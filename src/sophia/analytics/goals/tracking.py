"""Computes the progress of clients' goals, each over its own days that are over."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime

from sqlalchemy.orm import Session

from sophia.analytics.figures.facts import FOLLOWERS, ClientWindow
from sophia.analytics.figures.figures import Figure, FigureUnit, missing
from sophia.analytics.forecasts.series import week_values, weeks_before
from sophia.analytics.forecasts.weekly import MOST_WEEKS
from sophia.analytics.goals.chances import NET_NEW, chance
from sophia.analytics.goals.progress import GOALS, NOT_BEGUN, GoalKind, ReportedGoal, follower_base, goal_of, progress
from sophia.analytics.goals.queries import SetGoal, set_goals
from sophia.analytics.kpis.followers import followers
from sophia.analytics.kpis.kpis import KPIS, OF_EVENTS
from sophia.analytics.kpis.measured_clients import MeasuredClient, measured_clients
from sophia.analytics.kpis.queries import portfolio_kpis
from sophia.analytics.kpis.windows import client_windows
from sophia.database.engine import Database
from sophia.database.records import as_record
from sophia.meta.reporting_zone import DateRange, reporting_day

WeeklyFigures = Mapping[int, Mapping[date, Mapping[str, Figure]]]
_KPIS = {kpi.name: kpi for kpi in KPIS}


def client_goals(database: Database, client_id: int, now: datetime) -> tuple[ReportedGoal, ...]:
    """Return all goals of a client with their progress today, by end date."""
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
    """Return {client: its goals}, with `window` those whose days touch it, with their progress at its end.

    One query without goals; otherwise a fixed number, and one more for each layer of overlapping goals. The chance is
    forecast from the weeks before that end.
    """
    today = reporting_day(now)
    until = today if window is None else min(window.end, today)
    goals = set_goals(session, [client.id for client in clients], window=window, as_of=as_of)
    clients_with_goals = [client for client in clients if client.id in goals]
    all_goals = [goal for client_goals in goals.values() for goal in client_goals]
    spans = {span for goal in all_goals if (span := days_over(goal, until)) is not None}
    inputs = {name for goal in all_goals for name in _inputs(goal)}
    windows = client_windows(
        session, clients_with_goals, spans, now, as_of=as_of, metrics=inputs, events=bool(inputs & OF_EVENTS)
    )  # fmt: skip
    weeks = weeks_before(until, MOST_WEEKS)
    history = _history(session, goals, weeks, until, as_of)
    return {
        client.id: measured(goals[client.id], windows[client.id], until, weeks, history.get(client.id, {}))
        for client in clients_with_goals
    }


def _history(
    session: Session,
    goals: Mapping[int, Sequence[SetGoal]],
    weeks: Sequence[DateRange],
    until: date,
    as_of: datetime | None,
) -> WeeklyFigures:
    """Return {client: {Monday: {KPI: figure}}} for the goals whose end can be forecast; no query without any."""
    open_goals = {
        client: kpis
        for client, client_goals in goals.items()
        if (kpis := {_history_kpi(goal) for goal in client_goals if _can_be_forecast(goal, until)})
    }
    kpis = {kpi for names in open_goals.values() for kpi in names}
    return portfolio_kpis(session, weeks, kpis, clients=open_goals, as_of=as_of) if open_goals else {}


def _can_be_forecast(goal: SetGoal, until: date) -> bool:
    return GOALS[goal.kpi] is not GoalKind.RATE and goal.window.start < until < goal.window.end


def _history_kpi(goal: SetGoal) -> str:
    return FOLLOWERS if goal.kpi == NET_NEW else goal.kpi


def days_over(goal: SetGoal, until: date) -> DateRange | None:
    """Return the days of a goal that are over, or None before the first is."""
    end = min(goal.window.end, until)
    return DateRange(goal.window.start, end) if end > goal.window.start else None


def _inputs(goal: SetGoal) -> tuple[str, ...]:
    return (FOLLOWERS,) if goal.kpi == FOLLOWERS else _KPIS[goal.kpi].inputs


def measured(
    goals: Sequence[SetGoal],
    windows: Mapping[DateRange, ClientWindow],
    until: date,
    weeks: Sequence[DateRange],
    history: Mapping[date, Mapping[str, Figure]],
) -> tuple[ReportedGoal, ...]:
    """Return the progress of one client's goals. `history` are the client's KPIs by Monday, `weeks` those that are over."""
    return tuple(_measured(goal, windows, until, weeks, history) for goal in goals)


def _measured(
    goal: SetGoal,
    windows: Mapping[DateRange, ClientWindow],
    until: date,
    weeks: Sequence[DateRange],
    history: Mapping[date, Mapping[str, Figure]],
) -> ReportedGoal:
    span = days_over(goal, until)
    current, base = _current(goal, None if span is None else windows[span])
    kpi_goal = goal_of(goal.kpi, goal.target, goal.window, at_most=goal.at_most, base=base)
    goal_progress = progress(kpi_goal, current, until)
    kpi = _history_kpi(goal)
    figures = {monday: week[kpi] for monday, week in history.items() if kpi in week}
    level = None if span is None else followers(windows[span]).value
    goal_chance = chance(
        kpi_goal, current, until, week_values(kpi, weeks, figures), None if level is None else float(level)
    )
    return as_record(
        ReportedGoal,
        goal,
        kind=kpi_goal.kind,
        base=base,
        current=current,
        done=goal_progress.done,
        pace=goal_progress.pace,
        projected=goal_progress.projected,
        chance=goal_chance,
        standing=goal_progress.standing,
    )


def _current(goal: SetGoal, now: ClientWindow | None) -> tuple[Figure, int | None]:
    if goal.kpi == FOLLOWERS:
        return (missing(FigureUnit.PEOPLE, NOT_BEGUN), None) if now is None else (followers(now), follower_base(now))
    kpi = _KPIS[goal.kpi]
    return (missing(kpi.unit, NOT_BEGUN) if now is None else kpi.compute(now)), None

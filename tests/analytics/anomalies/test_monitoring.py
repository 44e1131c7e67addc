"""What is told of unusual days stays told, is told once, and is the same whether days are judged one by one or at once."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import delete, select, update
from tests.analytics.reports.conftest import Agency
from tests.analytics.reports.conftest import agency as agency  # noqa: PLC0414 - a fixture of this folder too
from tests.analytics.reports.conftest import database as database  # noqa: PLC0414 - a fixture of this folder too
from tests.conftest import NOW, ON_BOTH, ONE_DAY, Api, Filling, QueryCounter

from sophia.analytics.annotations.store import NewAnnotation, add_annotation
from sophia.analytics.anomalies.daily import keep_anomalies
from sophia.analytics.anomalies.models import AnomalyEntry, MonitoredMetric, MonitoredSeries, PortfolioEventEntry
from sophia.analytics.anomalies.queries import stored_anomalies
from sophia.analytics.figures.saved_rows import SavedRows
from sophia.analytics.kpis.weekly import keep_weeks
from sophia.analytics.readings.run_models import Watermark
from sophia.portfolio.models import Client

# 04:00 in Meta's zone; the last day that is over is the 21st.
LAST = date(2026, 11, 21)
FIRST = LAST - timedelta(days=149)


def usual(number: int = 0, days: int = 150) -> dict[date, float]:
    """A week's pattern with little noise, the same in every test."""
    return {
        FIRST + index * ONE_DAY: 1000.0 + 60 * (index % 7) + 13 * ((index * (number + 5)) % 11) for index in range(days)
    }


def watched(agency: Agency, name: str, values: dict[date, float], number: int = 0) -> tuple[int, int, int]:
    """(client, account, series of views) of a client that was asked through yesterday."""
    client, account = agency.client(name)
    series = agency.days(account, "views", values)
    agency.days(account, "total_interactions", usual(number))
    agency.filling.watermark(account, "account_totals", FIRST, LAST)
    return client, account, series


def at(day: date) -> datetime:
    """The morning on which this day is the last that is over."""
    return datetime(day.year, day.month, day.day, 12, tzinfo=NOW.tzinfo) + ONE_DAY


def told(filling: Filling) -> list[tuple[Any, ...]]:
    """Everything that stands, without when it was told."""
    entry = AnomalyEntry
    columns = (entry.account_id, entry.metric, entry.noticed, entry.kind, entry.since, entry.until, entry.score)
    with filling.database.read() as session:
        rows = session.execute(
            select(*columns, entry.provisional).where(entry.withdrawn_at.is_(None)).order_by(*columns[:3])
        )
        return [tuple(row) for row in rows]


def test_day_by_day_is_the_same_as_at_once(agency: Agency) -> None:
    """H1, E4: three weeks of mornings, and one morning after three weeks in which the machine slept, tell the same."""
    filling = agency.filling
    values = usual() | {LAST - timedelta(days=15): 9000.0, LAST - timedelta(days=9): 20.0}
    values |= {day: value * 1.8 for day, value in values.items() if day > LAST - timedelta(days=8)}
    _, account, _ = watched(agency, "Hats", values)
    begun = LAST - timedelta(days=21)
    keep_anomalies(filling.database, at(begun))
    with filling.database.write() as session:
        kept = {row.metric: row.remembered for row in session.scalars(select(MonitoredSeries))}
    assert set(kept) == {"views", "total_interactions"}
    for index in range(1, 22):
        keep_anomalies(filling.database, at(begun + index * ONE_DAY))
    one_by_one = told(filling)
    assert {(row[3], row[4]) for row in one_by_one} >= {
        ("spike", LAST - timedelta(days=15)),
        ("drop", LAST - timedelta(days=9)),
    }
    with filling.database.write() as session:
        for table in (AnomalyEntry, MonitoredSeries, MonitoredMetric):
            session.execute(delete(table))
    keep_anomalies(filling.database, at(begun))
    keep_anomalies(filling.database, at(LAST))
    assert told(filling) == one_by_one
    assert {row[0] for row in one_by_one} == {account}


def test_the_same_day_twice_changes_nothing(agency: Agency) -> None:
    """J5, G1: a second job on the same morning tells nothing anew."""
    watched(agency, "Hats", usual() | {LAST - timedelta(days=5): 9000.0})
    first = keep_anomalies(agency.filling.database, NOW)
    assert first.new >= 1
    before = told(agency.filling)
    assert keep_anomalies(agency.filling.database, NOW + timedelta(hours=1)) == SavedRows()
    assert told(agency.filling) == before


def test_what_was_told_stays_told(agency: Agency) -> None:
    """A13: a final day that Meta restates later stays told; a provisional one that it takes back is withdrawn."""
    filling, spike = agency.filling, LAST - timedelta(days=6)
    _, account, series = watched(agency, "Hats", usual() | {spike: 9000.0, LAST: 9000.0})
    keep_anomalies(filling.database, NOW)
    assert [(row[4], row[5], row[7]) for row in told(filling)] == [(spike, spike, False), (LAST, None, True)]
    fetch = filling.fetch(account, NOW + ONE_DAY)
    for day in (spike, LAST):
        filling.revise(series, day, usual()[day], fetch)
    watermark_moves(filling, account, LAST + ONE_DAY)
    filling.readings(account, series, {LAST + ONE_DAY: 1000.0}, fetch)
    kept = keep_anomalies(filling.database, NOW + ONE_DAY)
    assert (kept.withdrawn, [(row[4], row[5]) for row in told(filling)]) == (1, [(spike, spike)])


def watermark_moves(filling: Filling, account: int, day: date) -> None:
    with filling.database.write() as session:
        session.get_one(Watermark, (account, "account_totals")).through_day = day


def test_days_that_nobody_asked_for_are_not_judged(agency: Agency) -> None:
    """H3, A12: without a collection there are no gaps; when others went on, what is missing in one is a gap."""
    filling = agency.filling
    client, account, series = watched(agency, "Hats", usual())
    keep_anomalies(filling.database, at(LAST + timedelta(days=9)))
    assert told(filling) == []
    _, other, _ = watched(agency, "Shoes", usual(3))
    watermark_moves(filling, other, LAST + timedelta(days=9))
    keep_anomalies(filling.database, at(LAST + timedelta(days=9)))
    gaps = [(row[0], row[3], row[4], row[5]) for row in told(filling) if row[1] == "views"]
    assert (account, "gap", LAST + ONE_DAY, None) in gaps
    assert client != other
    later = {LAST + index * ONE_DAY: 1000.0 for index in range(1, 12)}
    filling.readings(account, series, later, filling.fetch(account))
    watermark_moves(filling, other, LAST + timedelta(days=12))
    keep_anomalies(filling.database, at(LAST + timedelta(days=12)))
    closed = [(row[0], row[3], row[4], row[5] is None) for row in told(filling) if row[1] == "views"]
    assert (account, "gap", LAST + ONE_DAY, False) in closed


def test_what_nobody_watches_any_more_has_ended(agency: Agency) -> None:
    """An archived client is told of no more; a deleted one leaves nothing."""
    filling = agency.filling
    client, _, _ = watched(agency, "Hats", {day: value for day, value in usual().items() if day < LAST - 8 * ONE_DAY})
    watched(agency, "Shoes", usual(3))
    keep_anomalies(filling.database, at(LAST - ONE_DAY))
    assert [row[5] for row in told(filling) if row[3] == "gap"] == [None]
    with filling.database.write() as session:
        session.get_one(Client, client).status = "archived"
    keep_anomalies(filling.database, NOW)
    assert [row[5] for row in told(filling) if row[3] == "gap"] != [None]
    with filling.database.write() as session:
        session.delete(session.get_one(Client, client))
    assert told(filling) == []


@pytest.fixture
def collapsed(agency: Agency) -> tuple[Agency, list[int], date]:
    """Seven clients whose views collapse on one day, and one that has a day of its own besides."""
    day, clients = LAST - timedelta(days=5), []
    for number in range(7):
        values = usual(number)
        own = {LAST - timedelta(days=20): 12_000.0} if number == 0 else {}
        clients.append(watched(agency, f"Client {number}", values | {day: values[day] / 20} | own, number)[0])
    return agency, clients, day


@ON_BOTH
def test_anomalies_and_events_over_http(collapsed: tuple[Agency, list[int], date], api: Api) -> None:
    """H1, H2, D3: what, when, how unusual, against what; a day of everybody's is one event; a key sees its clients."""
    agency, clients, day = collapsed
    path, own = f"/{clients[0]}/anomalies", LAST - timedelta(days=20)
    assert api.get(path).json() | {"judged_through": None, "anomalies": []} == api.get(path).json()
    keep_anomalies(agency.filling.database, NOW)
    api.post("/portfolio/annotations", {"day": str(day), "text": "Meta was down"})
    found = api.get(path).json()
    assert found["judged_through"] == str(LAST - timedelta(days=2))
    (spike,) = [one for one in found["anomalies"] if one["anomaly"]["since"] == str(own)]
    anomaly = spike["anomaly"]
    assert (anomaly["kind"], anomaly["value"], anomaly["until"], anomaly["event_since"]) == (
        "spike",
        12_000,
        str(own),
        None,
    )
    assert anomaly["score"] > 3.5
    assert anomaly["low"] < anomaly["expected"] < anomaly["high"] < anomaly["value"]
    assert spike["sentence"]["text"].startswith(
        f"Views on Instagram were unusually high on {own}: 12,000 on {own}, and "
    )
    (drop,) = [one["anomaly"] for one in found["anomalies"] if one["anomaly"]["since"] == str(day)]
    assert (drop["kind"], drop["event_since"]) == ("drop", str(day))
    assert [one["text"] for one in found["annotations"]] == ["Meta was down"]
    events = api.get("/portfolio/events").json()
    (event,) = events["events"]
    assert (event["kind"], event["since"], event["alike"]) == ("drop", str(day), 7)
    assert [(one["metric"], one["kind"], one["since"]) for one in event["parts"]] == [("views", "drop", str(day))]
    assert [one["text"] for one in events["annotations"]] == ["Meta was down"]
    assert api.get(f"{path}?open=true").json()["anomalies"] == []
    assert len(api.get(f"{path}?start_date={own}&end_date={own}").json()["anomalies"]) == 1
    assert api.get("/portfolio/events?open=true").json()["events"] == []
    assert api.get("/portfolio/events?end_date=2026-01-01").json()["events"] == []
    assert api.get(f"{path}?start_date=2026-11-02&end_date=2026-11-01").status_code == 422
    assert api.get(path, key=agency.filling.key(clients[1])).status_code == 404


def test_watching_costs_a_constant_number_of_queries(agency: Agency) -> None:
    """J9: a dozen series ask the store no more often than one."""
    counts = []
    watched(agency, "Client", usual())
    for more in (0, 11):
        for number in range(more):
            watched(agency, f"Client {number}", usual(number), number)
        with agency.filling.database.write() as session:
            for table in (AnomalyEntry, MonitoredSeries, MonitoredMetric):
                session.execute(delete(table))
        with QueryCounter(agency.filling.database) as counter:
            keep_anomalies(agency.filling.database, NOW)
        counts.append(counter.count)
    assert counts[1] <= counts[0] + 2
    with agency.filling.database.read() as session:
        assert session.scalars(select(PortfolioEventEntry)).all() == []


def test_days_that_nobody_has_watched_yet_are_watched_by_the_summary(agency: Agency, api: Api) -> None:
    """H1, H12: what was kept some days ago says nothing of the days since."""
    sunday = date(2026, 11, 15)
    client, _, _ = watched(agency, "Hats", usual() | {sunday: 9000.0})
    keep_anomalies(agency.filling.database, at(sunday - 3 * ONE_DAY))
    found = api.get(f"/{client}/summary").json()
    assert found["freshness"]["judged_through"] == str(sunday - timedelta(days=5))
    assert ("spike", str(sunday)) in [
        (one["anomaly"]["kind"], one["anomaly"]["since"]) for one in found["anomalies"]
    ]  # fmt: skip


def test_a_summary_says_all_and_how_fresh(agency: Agency, api: Api) -> None:
    """H12, G1, G2: KPIs, trends, anomalies, sentences and benchmarks are filled, from what was kept as from the readings."""
    filling, spike = agency.filling, date(2026, 11, 12)
    client, _, _ = watched(agency, "Hats", usual() | {spike: 9000.0})
    path = f"/{client}/summary"
    live = api.get(path).json()
    assert (live["freshness"]["weeks_checked_at"], live["freshness"]["judged_through"]) == (None, None)
    keep_weeks(filling.database, NOW)
    keep_anomalies(filling.database, NOW)
    kept = api.get(path).json()
    assert kept["freshness"]["weeks_checked_at"] == "2026-11-22T12:00:00Z"
    assert kept["freshness"]["judged_through"] == str(LAST - timedelta(days=2))
    for found in (live, kept):
        assert [(one["metric"], one["anomaly"]["kind"], one["anomaly"]["since"]) for one in found["anomalies"]] == [
            ("views", "spike", str(spike))
        ]
        assert "Views rose by" in found["commentary"]
        assert found["benchmark"]["published"]
        assert found["benchmark"]["portfolio"]
    assert kept["kpis"] == live["kpis"]
    # Of a year ago, when nothing was collected, nothing was kept; on the spot it is a week without posts.
    same = ("points", "from_previous", "falling", "rising")
    for name, trend in live["trends"].items():
        assert {part: kept["trends"][name][part] for part in same} == {part: trend[part] for part in same}
    portfolio = api.get("/portfolio/summary").json()
    assert portfolio["reasons"] == {}
    assert portfolio["commentary"]
    assert portfolio["detailed_kpis"]["computed_at"] == "2026-11-22T12:00:00Z"
    assert portfolio["detailed_kpis"]["kpis"][str(client)]["views"] == live["kpis"]["views"]


def test_annotated_days_and_holidays_are_expected(agency: Agency) -> None:
    """A fifth of the usual views is an anomaly, except on an annotated day and on a holiday of the client's country."""
    low = {LAST - timedelta(days=12): 200.0}
    plain, annotated, abroad = (watched(agency, name, usual() | low) for name in ("Plain", "Annotated", "Abroad"))
    holiday, _, _ = watched(agency, "Holiday", usual() | {date(2026, 11, 11): 200.0})
    database = agency.filling.database
    with database.write() as session:
        note = NewAnnotation(LAST - timedelta(days=12), "The shop was closed")
        add_annotation(session, annotated[0], note, "Ada", NOW)
        # Independence Day of Poland; the others have no holiday on that day.
        session.execute(update(Client).where(Client.id == holiday).values(timezone="Europe/Warsaw"))
    keep_anomalies(database, NOW)
    with database.read() as session:
        days = {client: stored_anomalies(session, client) for client in (plain[0], annotated[0], abroad[0], holiday)}
    assert {client: [anomaly.since for anomaly in found] for client, found in days.items()} == {
        plain[0]: [*low],
        annotated[0]: [],
        abroad[0]: [*low],
        holiday: [],
    }

"""Closed weeks are kept once, newest on time, and again when what they rest on changes."""

from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import select
from tests.analytics.reports.conftest import EARLIER, MONDAY, WEEK, Agency, counters, each_day
from tests.analytics.reports.conftest import agency as agency  # noqa: PLC0414 - a fixture of this folder too
from tests.analytics.reports.conftest import database as database  # noqa: PLC0414 - a fixture of this folder too
from tests.conftest import NOW, ON_BOTH, ONE_DAY, Api, Filling, QueryCounter

from sophia.analytics.conversions.costs_store import NewCost, add_cost, remove_cost
from sophia.analytics.conversions.models import ConversionEvent
from sophia.analytics.figures.ages import AGES
from sophia.analytics.figures.documents import figure_document, figure_of
from sophia.analytics.figures.figures import Coverage, Figure, FigureUnit, Interval
from sophia.analytics.figures.saved_rows import SavedRows
from sophia.analytics.kpis.kpis import compute_kpis
from sophia.analytics.kpis.measured_clients import measured_clients
from sophia.analytics.kpis.models import KPISnapshot, KPISnapshotRevision
from sophia.analytics.kpis.queries import _weeks_of_decisions, account_figures, weeks_due
from sophia.analytics.kpis.weekly import keep_weeks
from sophia.analytics.kpis.windows import client_windows
from sophia.meta.reporting_zone import DateRange
from sophia.portfolio.models import ApprovalEvent

MONDAY_MORNING = datetime(2026, 11, 16, 16, tzinfo=NOW.tzinfo)
SUNDAY_EVENING_IN_CALIFORNIA = datetime(2026, 11, 16, 7, 30, tzinfo=NOW.tzinfo)


def collected(agency: Agency, name: str = "Hats") -> tuple[int, int, int]:
    """(client, account, series of views) of a client that is collected since the Monday of the earlier week."""
    client, account = agency.client(name)
    series = agency.fortnight(account, "views", 100, 50)
    agency.filling.watermark(account, "account_totals", EARLIER.start, WEEK.end)
    agency.filling.run(account, started_at=MONDAY_MORNING, finished_at=MONDAY_MORNING)
    return client, account, series


def views_kept(filling: Filling, client: int) -> dict[date, object]:
    return kept_of(filling, client, "views")


def kept_of(filling: Filling, client: int, kpi: str) -> dict[date, object]:
    with filling.database.read() as session:
        rows = session.scalars(
            select(KPISnapshot).where(KPISnapshot.client_id == client, KPISnapshot.account_key == 0)
        ).all()
        return {row.week_start: row.kpis[kpi]["value"] for row in rows}


@ON_BOTH
def test_closed_weeks_are_kept_once(agency: Agency) -> None:
    """G1, G3: client and account, Monday to Sunday, no running week; a second time nothing is new or changed."""
    client, _, _ = collected(agency)
    database = agency.filling.database
    assert keep_weeks(database, MONDAY_MORNING) == SavedRows(new=4)
    assert views_kept(agency.filling, client) == {EARLIER.start: 700, WEEK.start: 350}
    again = keep_weeks(database, MONDAY_MORNING + timedelta(hours=3))
    assert (again.new, again.changed) == (0, 0)
    with database.read() as session:
        rows = session.scalars(select(KPISnapshot)).all()
        assert {(row.week_start.weekday(), row.week_end - row.week_start) for row in rows} == {(0, 6 * ONE_DAY)}
        assert session.scalars(select(KPISnapshotRevision)).all() == []


def test_a_week_is_over_when_it_is_over_for_meta(agency: Agency) -> None:
    """G3, A11: on Monday morning in Europe it is Sunday in the reporting zone."""
    client, _, _ = collected(agency)
    keep_weeks(agency.filling.database, SUNDAY_EVENING_IN_CALIFORNIA)
    assert list(views_kept(agency.filling, client)) == [EARLIER.start]


@ON_BOTH
def test_a_restated_week_is_computed_anew(agency: Agency) -> None:
    """G1, A13: a day of the older week was restated: that week changes, what it said before is kept."""
    client, account, series = collected(agency)
    other, _, _ = collected(agency, "Shoes")
    database = agency.filling.database
    keep_weeks(database, MONDAY_MORNING)
    later = MONDAY_MORNING + timedelta(days=2)
    agency.filling.revise(series, EARLIER.start + ONE_DAY, 1100, agency.filling.fetch(account, later))
    saved = keep_weeks(database, later + timedelta(hours=1))
    # The client and its account; the reach of the next week grew from another number, of views nothing did.
    assert (saved.new, saved.changed) == (0, 2)
    assert views_kept(agency.filling, client) == {EARLIER.start: 1700, WEEK.start: 350}
    assert views_kept(agency.filling, other) == {EARLIER.start: 700, WEEK.start: 350}
    with database.read() as session:
        kept = session.scalars(select(KPISnapshotRevision)).all()
        assert [row.kpis["views"]["value"] for row in kept] == [700, 700]
        before = account_figures(session, EARLIER, ["views"], as_of=later)
        after = account_figures(session, EARLIER, ["views"], as_of=later + timedelta(days=1))
        never = account_figures(session, EARLIER, ["views"], as_of=MONDAY_MORNING - ONE_DAY)
    assert (before[account]["views"].value, after[account]["views"].value, never) == (700, 1700, {})


def test_the_week_after_a_restated_one_is_computed_anew(agency: Agency) -> None:
    """G1, A8: followers at the end of one week are those at the start of the next, though no day of that was restated."""
    client, account, _ = collected(agency)
    database, later = agency.filling.database, MONDAY_MORNING + timedelta(days=9)
    ends = {week.end - ONE_DAY: total for week, total in ((EARLIER.previous, 90), (EARLIER, 100), (WEEK, 130))}
    followers = agency.days(account, "followers_count", ends)
    keep_weeks(database, later)
    before = kept_of(agency.filling, client, "net_new_followers")
    assert (before[EARLIER.start], before[WEEK.start], len(before)) == (10, 30, 3)
    agency.filling.revise(followers, EARLIER.end - ONE_DAY, 95, agency.filling.fetch(account, later + ONE_DAY))
    keep_weeks(database, later + ONE_DAY + timedelta(hours=1))
    after = kept_of(agency.filling, client, "net_new_followers")
    assert (after[EARLIER.start], after[WEEK.start]) == (5, 35)


def test_the_week_of_a_post_that_is_read_later_is_computed_anew(agency: Agency) -> None:
    """L29, G1: a post of the older week could not be read for a fortnight; its first values change its kept week."""
    client, account, _ = collected(agency)
    filling = agency.filling
    post = agency.post(account, EARLIER.start, {}, EARLIER.start)
    keep_weeks(filling.database, MONDAY_MORNING)
    assert kept_of(filling, client, "engagements") == {EARLIER.start: None, WEEK.start: None}
    later = MONDAY_MORNING + timedelta(hours=8)
    fetch = filling.fetch(account, later)
    for name, value in counters(500, 40).items():
        series = filling.series(account, filling.metric("instagram", "post", name, "lifetime"), post)
        filling.readings(account, series, {WEEK.end: value}, fetch)
    keep_weeks(filling.database, later + ONE_DAY)
    assert kept_of(filling, client, "engagements") == {EARLIER.start: 50, WEEK.start: None}
    with filling.database.read() as session:
        clients = measured_clients(session)
        window = client_windows(session, clients, [EARLIER], later + ONE_DAY)[client][EARLIER]
        (kept,) = session.scalars(select(KPISnapshot).filter_by(account_key=0, week_start=EARLIER.start)).all()
    assert figure_of(kept.kpis["engagements"]) == compute_kpis(window)["engagements"]


def test_what_is_made_up_for_is_computed(agency: Agency) -> None:
    """G1: older days that were backfilled, posts and conversions that came to be known later."""
    client, account, _ = collected(agency)
    database = agency.filling.database
    keep_weeks(database, MONDAY_MORNING)
    older = DateRange(EARLIER.start - 7 * ONE_DAY, EARLIER.start)
    later = MONDAY_MORNING + timedelta(days=1)
    agency.days(account, "total_interactions", each_day(older, 5), later)
    agency.filling.watermark(account, "account_series", older.start, WEEK.end)
    agency.post(account, EARLIER.start, counters(10, 1), EARLIER.start + ONE_DAY, later)
    agency.filling.add(
        ConversionEvent(
            client_id=client,
            event_type="conversion",
            source="shop",
            event_date=EARLIER.start,
            idempotency_key="1",
            content_sha256="0",
            recorded_at=later,
        )
    )
    saved = keep_weeks(database, later + ONE_DAY)
    # Client and account in the week itself; and that nobody bought in the week after it is known since the first event.
    assert (saved.new, saved.changed) == (2, 3)
    with database.read() as session:
        row = session.scalars(
            select(KPISnapshot).where(KPISnapshot.week_start == EARLIER.start, KPISnapshot.account_key == 0)
        ).one()
        assert (row.kpis["posts"]["value"], row.kpis["conversions"]["value"]) == (1, 1)


def test_an_account_shows_no_events_of_its_client(agency: Agency) -> None:
    """A12: conversions belong to the client; an account has none that were counted, and so no 0."""
    _, account, _ = collected(agency)
    keep_weeks(agency.filling.database, MONDAY_MORNING)
    with agency.filling.database.read() as session:
        rows = {row.account_id: row.kpis for row in session.scalars(select(KPISnapshot))}
    assert "conversions" in rows[None]
    assert "conversions" not in rows[account]
    assert "approval_rate" not in rows[account]


@ON_BOTH
def test_what_is_kept_is_what_is_computed(agency: Agency) -> None:
    """G1, H12: a snapshot says what the window itself says, coverage, reasons and bounds included."""
    client, account, _ = collected(agency)
    agency.fortnight(account, "reach", 10, 20)
    agency.post(account, MONDAY, counters(300, 20), MONDAY + ONE_DAY)
    keep_weeks(agency.filling.database, MONDAY_MORNING)
    with agency.filling.database.read() as session:
        found = client_windows(session, measured_clients(session), (WEEK, EARLIER), MONDAY_MORNING, ages=AGES.values())[
            client
        ]
        expected = compute_kpis(found[WEEK], found[EARLIER])
        row = session.scalars(
            select(KPISnapshot).where(KPISnapshot.week_start == MONDAY, KPISnapshot.account_key == 0)
        ).one()
    assert {name: figure_of(document) for name, document in row.kpis.items()} == expected
    assert row.algo_dependent_summary is not None
    assert figure_of(row.algo_dependent_summary["account.views"]).value == 350


def test_weeks_cost_a_constant_number_of_queries(agency: Agency) -> None:
    """G12, J9: nine clients ask no more often than one, to find what is due."""
    counts = []
    for size in (1, 8):
        for number in range(size):
            collected(agency, f"Client {size} {number}")
        with agency.filling.database.read() as session, QueryCounter(agency.filling.database) as counter:
            weeks_due(session, WEEK.end)
        counts.append(counter.count)
    assert counts[0] == counts[1]


@pytest.mark.parametrize(
    "figure",
    [
        Figure(value=3, unit=FigureUnit.COUNT, n=2, doubt="odd", coverage=Coverage(6, 7)),
        Figure(value=None, unit=FigureUnit.PEOPLE, reason="none", at_least=3, at_most=9.5),
        Figure(value=0.1 + 0.2, unit=FigureUnit.PERCENT, interval=Interval(0.1, 0.7)),
    ],
)
def test_figures_come_back_to_the_digit(figure: Figure) -> None:
    assert figure_of(figure_document(figure)) == figure


# -- over HTTP ---------------------------------------------------------------------------------------------------------


def test_the_newest_weeks_oldest_first(agency: Agency, api: Api) -> None:
    """G2: of three weeks the newest two, ascending; the number asked for is checked."""
    client, account, _ = collected(agency)
    agency.filling.watermark(account, "account_series", EARLIER.start - 7 * ONE_DAY, WEEK.end)
    agency.days(account, "reach", each_day(EARLIER.previous, 5))
    keep_weeks(agency.filling.database, MONDAY_MORNING)
    found = api.get(f"/{client}/kpis?weeks=2").json()
    assert [week["week"]["start"] for week in found["weeks"]] == ["2026-11-02", "2026-11-09"]
    assert [week["kpis"]["views"]["value"] for week in found["weeks"]] == [700, 350]
    assert found["trends"]["views"]["from_previous"]["percent"]["value"] == -50
    of_account = api.get(f"/{client}/kpis?account_id={account}").json()
    assert len(of_account["weeks"]) == 3
    for wrong in ("weeks=0", "weeks=-1", "weeks=261"):
        assert api.get(f"/{client}/kpis?{wrong}").status_code == 422
    _, stranger, _ = collected(agency, "Shoes")
    assert api.get(f"/{client}/kpis?account_id={stranger}").status_code == 404


def test_the_summaries_are_filled(agency: Agency, api: Api) -> None:
    """G1, H12: no stub in an answer: numbers that were computed, and a commentary that tells them."""
    client, _, _ = collected(agency)
    empty = api.get("/portfolio/summary").json()
    assert (empty["detailed_kpis"], empty["commentary"]) == (None, None)
    assert set(empty["reasons"]) == {"detailed_kpis", "commentary"}
    keep_weeks(agency.filling.database, MONDAY_MORNING)
    found = api.get("/portfolio/summary").json()
    assert found["detailed_kpis"]["kpis"][str(client)]["views"]["value"] == 350
    assert found["detailed_kpis"]["movements"]["views"] == {"up": 0, "down": 1, "clients": 1}
    assert "Views rose for 0 and fell for 1 of 1 clients in the week of 2026-11-09." in found["commentary"]
    assert found["reasons"] == {}
    one = api.get(f"/{client}/summary").json()
    assert one["kpis"]["views"]["value"] == 350
    assert "Views fell by 50 %, to 350 from 700." in one["commentary"]
    assert one["trends"]["views"]["points"][-1]["figure"]["value"] == 350
    assert set(one["benchmark"]) == {"published", "portfolio"}


def test_a_limited_key_sees_its_own_weeks_in_the_portfolio(agency: Agency, api: Api) -> None:
    """D3: of two clients the key's own alone, in the figures, in what moved and in the sentences."""
    client, _, _ = collected(agency)
    collected(agency, "Shoes")
    keep_weeks(agency.filling.database, MONDAY_MORNING)
    everything = api.get("/portfolio/summary").json()
    assert everything["detailed_kpis"]["movements"]["views"] == {"up": 0, "down": 2, "clients": 2}
    found = api.get("/portfolio/summary", key=agency.filling.key(client)).json()
    assert set(found["detailed_kpis"]["kpis"]) == {str(client)}
    assert found["detailed_kpis"]["movements"]["views"] == {"up": 0, "down": 1, "clients": 1}
    assert "Views rose for 0 and fell for 1 of 1 clients" in found["commentary"]


def test_the_portfolio_is_the_second_benchmark(agency: Agency, api: Api) -> None:
    """G9: quarters of eight clients and more, nameless; fewer are not shown."""
    for number in range(8):
        _, account, _ = collected(agency, f"Client {number}")
        agency.post(account, MONDAY, counters(100, 10 * number), MONDAY + ONE_DAY)
    keep_weeks(agency.filling.database, MONDAY_MORNING)
    client = next(iter(views_of(agency.filling)))
    (peers,) = [one for one in api.get(f"/{client}/report").json()["peers"] if one["kpi"] == "engagement_rate_by_reach"]
    assert peers["portfolio"]["n"] == 8
    assert [peers["portfolio"][name]["value"] for name in ("lower", "middle", "upper")] == [27.5, 45.0, 62.5]
    assert peers["own"]["value"] == 10.0


def views_of(filling: Filling) -> list[int]:
    with filling.database.read() as session:
        return sorted(set(session.scalars(select(KPISnapshot.client_id))))


def test_decisions_and_costs_change_the_weeks_that_they_touch(agency: Agency) -> None:
    """G1, G5, G15: a cost told later, and taken back; a draft is decided in a day of its client: only these weeks are computed anew."""
    client, _, _ = collected(agency)
    filling, database = agency.filling, agency.filling.database
    keep_weeks(database, MONDAY_MORNING)
    later = MONDAY_MORNING + timedelta(days=2)
    cost = NewCost(EARLIER.start, EARLIER.end - ONE_DAY, Decimal("70.00"), "CAD", "Ads")
    with database.write() as session:
        number, _ = add_cost(session, client, cost, later)
    # The client alone: an account has no costs.
    assert keep_weeks(database, later + timedelta(hours=1)).changed == 1
    with database.write() as session:
        remove_cost(session, client, number, later + ONE_DAY)
    assert keep_weeks(database, later + ONE_DAY + timedelta(hours=1)).changed == 1
    with database.read() as session:
        kept = session.scalars(select(KPISnapshotRevision.kpis).order_by(KPISnapshotRevision.replaced_at)).all()
    assert [one["marketing_cost"]["value"] for one in kept] == [None, {"decimal": "70.00"}]
    decided = datetime(2026, 11, 8, 23, 30, tzinfo=NOW.tzinfo)
    draft = filling.draft(client)
    filling.add(ApprovalEvent(draft_id=draft, kind="approved", version=1, actor="Ada", happened_at=decided))
    with database.read() as session:
        touched = _weeks_of_decisions(session, decided - timedelta(minutes=1))
    assert touched == {(client, EARLIER.start)}

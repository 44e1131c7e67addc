"""The brief names those who need somebody, with the reasons, and invents nothing for those without data."""

import json
import re
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from tests.analytics.reports.conftest import EARLIER, LONG_AGO, MONDAY, WEEK, Agency, counters, each_day, furnish
from tests.analytics.reports.test_building import check_sentence
from tests.conftest import NOW, ONE_DAY, YESTERDAY, Api, Filling, QueryCounter, plain_settings

from sophia.analytics.figures.schemas import response_json
from sophia.analytics.goals.store import NewGoal, set_goal
from sophia.analytics.kpis.weekly import keep_weeks
from sophia.analytics.readings.models import MetricSeries
from sophia.analytics.reports.brief import make_brief
from sophia.analytics.reports.brief_records import Brief, ClientBrief, ClientStatus
from sophia.analytics.reports.gathering import make_report
from sophia.main import create_app
from sophia.portfolio.models import Account


def brief_of(filling: Filling) -> Brief:
    return make_brief(filling.database, None, NOW)


def by_name(brief: Brief) -> dict[str, ClientBrief]:
    return {client.name: client for client in brief.clients}


def well(agency: Agency, name: str) -> tuple[int, int]:
    """A client that is collected, posts, and has what it always has."""
    client, account = agency.client(name)
    for metric, value in (("views", 1000.0), ("total_interactions", 100.0)):
        days = {day: value + index % 3 for index, day in enumerate(each_day(EARLIER, 0) | each_day(WEEK, 0))}
        agency.days(account, metric, days)
    for window in (EARLIER, WEEK):
        agency.post(account, window.start, counters(500, 40), window.start + 2 * ONE_DAY)
    collected(agency.filling, account)
    return client, account


def collected(filling: Filling, account: int, first: date = EARLIER.start) -> None:
    for family in ("account_series", "account_totals"):
        filling.watermark(account, family, first, YESTERDAY)
    filling.run(account)


def test_every_client_has_a_state_and_reasons(agency: Agency) -> None:
    """H11, H12: well, a look, somebody now, no data: each with what was computed, ranked by need."""
    filling = agency.filling
    well(agency, "Well")
    filling.client("Empty")
    _, dead = well(agency, "Dead")
    with filling.database.write() as session:
        account = session.get_one(Account, dead)
        account.status, account.status_reason = "needs_reconnect", "The password was changed."
    _, falling = agency.client("Falling")
    agency.fortnight(falling, "views", 1000, 400)
    agency.fortnight(falling, "total_interactions", 100, 40)
    agency.post(falling, EARLIER.start, counters(100, 5), EARLIER.start + ONE_DAY)
    collected(filling, falling)
    found = brief_of(filling)
    clients = by_name(found)
    states = {name: one.state for name, one in clients.items()}
    assert states == {
        "Well": ClientStatus.SAGE,
        "Empty": ClientStatus.NO_DATA,
        "Dead": ClientStatus.CORAL,
        "Falling": ClientStatus.CORAL,
    }
    assert [one.name for one in found.clients] == ["Dead", "Falling", "Well", "Empty"]
    assert found.counts == {"coral": 2, "amber": 0, "sage": 1, "no data": 1, "clients": 4}
    assert clients["Well"].reasons == ()
    assert [one.text for one in clients["Empty"].reasons] == ["No account is connected."]
    assert "The password was changed." in clients["Dead"].reasons[0].text
    codes = [reason.code for reason in clients["Falling"].reasons]
    assert codes == ["engagement_fell", "silent"]
    assert "Account interactions on Instagram fell by 60 %" in clients["Falling"].reasons[0].text
    told = "Clients: 4. Critical (coral): 2; watch (amber): 0; on track (sage): 1; no data: 1."
    assert found.commentary[0].text == told


def test_posts_that_nobody_collected_are_not_0(agency: Agency, api: Api) -> None:
    """A12, H3, H11: with a dead collection nobody knows what was published: no silence, no −100 %, no 0 in a trend of years
    ago; as of a moment before the collection returned neither.
    """
    client, account = agency.client("Dead")
    agency.days(account, "views", each_day(EARLIER, 100.0))
    agency.post(account, EARLIER.start, counters(500, 40), EARLIER.start + ONE_DAY)
    died, back = NOW - timedelta(days=13), NOW - timedelta(hours=2)
    agency.filling.run(account, started_at=died, finished_at=died)
    (one,) = brief_of(agency.filling).clients
    assert {reason.code for reason in one.reasons} >= {"stale"}
    assert "silent" not in {reason.code for reason in one.reasons}
    assert (one.kpis["posts"].value, one.changes["posts"].percent.value) == (None, None)
    assert one.kpis["posts"].reason == "The posts of these days have not been collected."
    report = f"/{client}/report?start_date=2024-04-01&end_date=2024-04-07"
    before_history = api.get(report).json()
    assert before_history["kpis"]["posts"]["value"] is None
    agency.filling.run(account, started_at=back, finished_at=back)
    (one,) = brief_of(agency.filling).clients
    (silent,) = [reason for reason in one.reasons if reason.code == "silent"]
    assert silent.text == "No posts in this period; 1 post in the previous period."
    assert make_report(agency.filling.database, client, WEEK, NOW).kpis["posts"].value == 0
    then = make_report(agency.filling.database, client, WEEK, NOW, as_of=back - ONE_DAY)
    assert then.kpis["posts"].value is None


def test_what_a_client_never_sent_is_no_missed_goal(agency: Agency) -> None:
    """A12, G14: no event was ever recorded, so a goal of conversions is not known, and no reason to look."""
    client, _ = well(agency, "Well")
    goal = NewGoal("conversions", 5.0, MONDAY, MONDAY + 27 * ONE_DAY)
    with agency.filling.database.write() as session:
        set_goal(session, client, "Sell", goal, LONG_AGO)
    (one,) = brief_of(agency.filling).clients
    assert (one.state, one.goals[0].standing.value) == (ClientStatus.SAGE, "not known")
    report = make_report(agency.filling.database, client, None, NOW)
    assert [report.kpis[name].value for name in ("conversions", "new_customers")] == [None, None]
    assert "No event of this client was recorded" in " ".join(one.text for one in report.commentary)


def test_a_silent_collector_is_said(agency: Agency) -> None:
    """H3: readings that are behind are a reason; incomplete days are one too."""
    _, account = agency.client("Late")
    agency.days(account, "views", dict.fromkeys(list(each_day(EARLIER, 1)) + list(each_day(WEEK, 1))[:4], 100.0))
    agency.days(account, "total_interactions", each_day(EARLIER, 9) | each_day(WEEK, 9))
    (one,) = brief_of(agency.filling).clients
    assert one.state is ClientStatus.AMBER
    texts = {reason.code: reason.text for reason in one.reasons}
    assert texts["stale"] == "Collection is late: the newest readings are of 2026-11-15."
    assert texts["incomplete"] == "Readings are complete for 4 of 7 days."


def test_what_happens_to_everybody_is_one_event(agency: Agency) -> None:
    """H1: a day on which all collapse is said once, and is no reason for any client alone."""
    first, day = WEEK.end - 105 * ONE_DAY, MONDAY + 2 * ONE_DAY
    for number in range(7):
        _, account = agency.client(f"Client {number}")
        for metric, usual in (("views", 2000.0), ("total_interactions", 300.0)):
            days = {first + index * ONE_DAY: usual + 11 * ((index * (number + 3)) % 7) for index in range(105)}
            agency.days(account, metric, days | {day: usual / 20})
        collected(agency.filling, account)
        for window in (EARLIER, WEEK):
            agency.post(account, window.start, counters(500, 40), window.start + 2 * ONE_DAY)
    found = brief_of(agency.filling)
    (event,) = found.events
    assert (event.kind, event.since, event.alike, event.series) == ("drop", day, 14, 14)
    assert {(part.metric, part.kind, part.since, part.alike) for part in event.parts} == {
        ("views", "drop", day, 7),
        ("total_interactions", "drop", day, 7),
    }
    assert not any(reason.code in ("drop", "outage") for client in found.clients for reason in client.reasons)
    assert "one event" in found.commentary[0].text


def falling_weeks(agency: Agency, factors: list[list[float]]) -> None:
    """Furnish a client for each row, whose days of each week are 1,000 × its factor, and keep the weeks."""
    weeks = len(factors[0])
    for number, row in enumerate(factors):
        _, account = agency.client(f"Client {number}")
        for metric, usual in (("views", 1000.0), ("total_interactions", 100.0)):
            days = {
                WEEK.end - (7 * (weeks - week) - index) * ONE_DAY: usual * factor + (index * (number + 2)) % 7
                for week, factor in enumerate(row)
                for index in range(7)
            }
            agency.days(account, metric, days)
        for week in range(weeks):
            start = WEEK.end - 7 * (weeks - week) * ONE_DAY
            agency.post(account, start, counters(500, 40), start + 2 * ONE_DAY)
        collected(agency.filling, account, WEEK.end - 7 * weeks * ONE_DAY)
    keep_weeks(agency.filling.database, NOW)


def test_a_fall_of_all_clients_is_no_reason_for_one(agency: Agency) -> None:
    """L28, H1: all fall for four weeks and by a third in the last: only the client that falls further has a reason."""
    shared = [1.0, 0.9, 0.8, 0.75, 0.5]
    falling_weeks(agency, [shared] * 6 + [[1.0, 0.8, 0.6, 0.45, 0.2]])
    brief = brief_of(agency.filling)
    clients = by_name(brief)
    assert clients["Client 0"].falling["views"] == 4
    assert clients["Client 0"].fallen["views"] == pytest.approx(-50, abs=1)
    assert clients["Client 0"].fallen_alone["views"] == pytest.approx(0, abs=1)
    for number in range(6):
        codes = {reason.code for reason in clients[f"Client {number}"].reasons}
        assert codes.isdisjoint({"views_falling", "engagement_fell"})
    codes = {reason.code for reason in clients["Client 6"].reasons}
    assert codes >= {"views_falling", "engagement_fell"}
    assert clients["Client 6"].fallen_alone["views"] == pytest.approx(-60, abs=1)
    (text,) = [sentence.text for sentence in brief.commentary if "the algorithm" in sentence.text]
    # The first client's sensitivity makes its part of the fall a little larger.
    assert text.startswith("On Instagram the algorithm reduced the distribution of all clients by 3")


def test_two_clients_make_no_shared_fall(agency: Agency) -> None:
    """H1: with few others nothing is shared, and each fall is the client's own."""
    falling_weeks(agency, [[1.0, 0.9, 0.8, 0.75, 0.5]] * 2)
    clients = by_name(brief_of(agency.filling))
    for client in clients.values():
        assert client.fallen_alone == client.fallen
        assert "views_falling" in {reason.code for reason in client.reasons}


def test_portfolio_events_come_first_and_each_client_has_its_best(agency: Agency) -> None:
    """L28: views, reach, rate, growth, best post and best format of a client, with the post's text and address."""
    client, account = furnish(agency)
    for index in range(2):
        agency.post(account, MONDAY + (3 + index) * ONE_DAY, counters(100, 30), MONDAY + 6 * ONE_DAY, kind="reel")
    (hats,) = [one for one in brief_of(agency.filling).clients if one.client_id == client]
    assert hats.best_post is not None
    assert (hats.best_post.engagements, hats.best_post.reach, hats.best_post.title) == (
        40,
        800,
        "New hats for a new season",
    )
    assert hats.best_format is not None
    assert (hats.best_format.name, hats.best_format.average.posts) == ("instagram reel", 2)
    assert hats.best_format.average.rate_by_reach.value == 40.0
    assert hats.best_format.average.engagements.value == 40.0
    assert (hats.kpis["views"].value, hats.kpis["audience_growth"].value) == (3500, 5.0)
    assert hats.kpis["engagement_rate_by_reach"].value == pytest.approx(100 * (40 + 10 + 80) / 1200)


def test_the_brief_over_http(agency: Agency, api: Api) -> None:
    """D3, H12: a key sees its clients only; every figure of every sentence is a reference into the document."""
    mine, _ = well(agency, "Mine")
    _, account = agency.client("Other")
    agency.fortnight(account, "views", 1000, 400)
    agency.fortnight(account, "total_interactions", 100, 40)
    document: Any = api.get("/portfolio/brief").json()
    assert [one["name"] for one in document["clients"]] == ["Other", "Mine"]
    for sentence in document["commentary"]:
        check_sentence(document, sentence)
    reasons = [(one, reason) for one in document["clients"] for reason in one["reasons"]]
    assert reasons
    for one, reason in reasons:
        check_sentence(one, reason["sentence"])
        assert reason["text"] == reason["sentence"]["text"]
        assert re.search(r"\w", reason["text"])
    limited = api.get("/portfolio/brief", key=agency.filling.key(mine)).json()
    assert [one["name"] for one in limited["clients"]] == ["Mine"]
    assert limited["counts"]["clients"] == 1
    assert api.get("/portfolio/brief?start_date=2026-11-09").json()["window"]["start"] == "2026-11-09"


def test_whoever_moved_is_named_to_those_who_see_it(agency: Agency) -> None:
    """D3: that one client's posts are answered better is told to keys that see it, and to no other."""
    clients = []
    for number in range(7):
        client, account = agency.client(f"Client {number}")
        agency.fortnight(account, "views", 5000, 5000)
        agency.fortnight(account, "total_interactions", 300, 300 if number else 900)
        clients.append(client)
    for seen, moved in ((None, [clients[0]]), (frozenset(clients[:1]), [clients[0]]), (frozenset(clients[1:]), [])):
        found = make_brief(agency.filling.database, seen, NOW)
        assert [one.client_id for one in found.moved] == moved


def test_a_brief_costs_a_constant_number_of_queries(agency: Agency) -> None:
    """H11, J9: a dozen clients ask the store no more often than one."""
    counts = []
    for size in (1, 11):
        for number in range(size):
            well(agency, f"Client {size} {number}")
        with QueryCounter(agency.filling.database) as counter:
            brief_of(agency.filling)
        counts.append(counter.count)
    assert counts[0] == counts[1]
    assert counts[0] <= 28


def test_the_brief_and_the_report_say_the_same(agency: Agency) -> None:
    """H12: one client's numbers, drivers and changes are the same in both."""
    client, _ = furnish(agency)
    (brief,) = [one for one in brief_of(agency.filling).clients if one.client_id == client]
    report = make_report(agency.filling.database, client, None, NOW)
    assert brief.drivers == report.drivers
    assert brief.coverage == report.coverage
    assert {name: report.changes[name] for name in brief.changes} == brief.changes


def test_an_empty_portfolio(filling: Filling) -> None:
    """H11: nobody is well of whom nothing is known."""
    found = brief_of(filling)
    assert (found.clients, found.counts["clients"]) == ((), 0)


def test_a_brief_as_it_was_to_the_digit(agency: Agency, api: Api) -> None:
    """A13, H11, G1: restated days, new posts, goals, annotations and clients: the brief of the moment stays the same."""
    filling, later = agency.filling, NOW + timedelta(days=2)
    client, account = furnish(agency)
    keep_weeks(filling.database, NOW)
    told = api.post("/portfolio/annotations", {"day": str(MONDAY), "text": "A holiday"})
    goal = {"kpi": "views", "target": 9000, "start_date": str(MONDAY), "end_date": "2026-11-30"}
    assert (told.status_code, api.ask("PUT", f"/{client}/goals/Views", json=goal).status_code) == (201, 201)
    then = make_brief(filling.database, None, NOW, as_of=NOW)
    (one,) = [found for found in then.clients if found.client_id == client]
    assert (one.collection, one.goals[0].current.value, len(then.annotations)) == (None, 3500, 1)
    live = by_name(brief_of(filling))["Hats"]
    assert live.kpis == one.kpis
    assert live.goals == one.goals

    fetch = filling.fetch(account, later)
    with filling.database.read() as session:
        series = session.scalars(select(MetricSeries.id).filter_by(account_id=account, post_id=None)).all()
    for number in series:
        filling.revise(number, MONDAY + 6 * ONE_DAY, 7, fetch)
    agency.post(account, MONDAY, counters(9000, 900), MONDAY + 5 * ONE_DAY, later)
    filling.client("Late", created_at=later)
    after = Api(create_app(plain_settings(), filling.database, clock=lambda: later + ONE_DAY), api.key)
    assert after.ask("DELETE", f"/{client}/goals/Views").status_code == 204
    assert after.ask("DELETE", f"/portfolio/annotations/{told.json()['id']}").status_code == 204
    keep_weeks(filling.database, later + ONE_DAY)
    assert make_brief(filling.database, None, later + ONE_DAY, as_of=NOW) == then
    now = by_name(make_brief(filling.database, None, later + ONE_DAY, WEEK))
    assert "Late" in now
    assert now["Hats"].kpis["views"].value != one.kpis["views"].value
    document = after.get("/portfolio/brief?as_of=2026-11-22T12:00:00Z").json()
    assert document == json.loads(response_json(then))
    assert after.get("/portfolio/brief?as_of=2027-01-01T00:00:00Z").status_code == 422
    for sentence in document["commentary"]:
        check_sentence(document, sentence)
    for found in document["clients"]:
        for reason in found["reasons"]:
            check_sentence(found, reason["sentence"])

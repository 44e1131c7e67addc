"""Benchmarks through the API: one's own beside those that are shipped, like with like, and a portfolio without names."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select
from tests.analytics.reports.conftest import MONDAY, WEEK, Agency, counters, furnish
from tests.analytics.reports.conftest import agency as agency  # noqa: PLC0414 - a fixture of this folder too
from tests.conftest import NOW, ONE_DAY, YESTERDAY, Api, Filling, QueryCounter

from sophia.analytics.benchmarks.client_comparison import make_comparison
from sophia.analytics.benchmarks.comparison import SEED, TOO_FEW_CLIENTS
from sophia.analytics.benchmarks.numerators import UNSTATED
from sophia.analytics.benchmarks.store import write_benchmarks
from sophia.analytics.kpis.weekly import keep_weeks
from sophia.analytics.readings.account_states import DAY_FAMILIES
from sophia.database.engine import Database
from sophia.errors import ConflictError
from sophia.portfolio.models import Account

ON_SQLITE = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
HEAD = "industry,platform,metric,statistic,value_percent,data_year,source,provenance\n"
OWN = "Retail,instagram,engagement_rate_by_followers,median,1.00,2025,Our survey,Asked 40 shops\n"
SAVES = "all,instagram,save_rate,mean,0.80,2020,Our survey,Asked 40 shops\n"


def kept(filling: Filling) -> None:
    """The newest week of every account, as the morning's job keeps it."""
    with filling.database.read() as session:
        accounts = session.scalars(select(Account.id)).all()
    for account in accounts:
        filling.watermark(account, DAY_FAMILIES[0], WEEK.start, YESTERDAY)
    keep_weeks(filling.database, NOW)


def put(api: Api, text: str, **more: Any) -> Any:
    answer = api.post("/benchmarks/import", {"csv": text} | more)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_data_of_years_to_come_are_refused(api: Api) -> None:
    """G9: nobody has measured 2030 yet, and nothing would be newer than it; the running year may be."""
    lines = "".join(f"retail,instagram,save_rate,mean,1,{year},s{year},p\n" for year in (2026, 2027, 2030))
    written = put(api, HEAD + lines)
    assert written["added"] == 1
    said = "data_year must be a whole number from 2004 to 2026."
    assert written["bad"] == [{"line": 3, "problem": said}, {"line": 4, "problem": said}]


def test_a_file_is_kept_once(api: Api) -> None:
    """G9: counted before it is kept, kept once, changed where it says something else; bad lines are named."""
    text = HEAD + OWN + SAVES + "x,myspace,save_rate,mean,1,2020,s,p\n"
    wanted = {"added": 2, "changed": 0, "unchanged": 0, "dry_run": True}
    assert {name: value for name, value in put(api, text, dry_run=True).items() if name != "bad"} == wanted
    assert len(api.get("/benchmarks").json()) == len(SEED)
    written = put(api, text)
    assert (written["added"], written["bad"]) == (
        2,
        [{"line": 4, "problem": "platform must be facebook or instagram."}],
    )
    assert (put(api, text)["added"], put(api, text)["unchanged"]) == (0, 2)
    assert put(api, HEAD + OWN.replace("1.00", "1.25"))["changed"] == 1
    listed = api.get("/benchmarks?industry=RETAIL&platform=instagram").json()
    assert [(one["value_percent"], one["is_own"], one["is_old"]) for one in listed] == [
        (1.25, True, False),
        (0.16, False, True),
    ]
    assert len(api.get("/benchmarks").json()) == len(SEED) + 2
    assert api.post("/benchmarks/import", {"csv": "a,b\n1,2\n"}).status_code == 422


def test_benchmarks_a_page_at_a_time(api: Api) -> None:
    """J6: any page size walks through the same list once; a place that no page named is refused."""
    years = [OWN.replace("2025", year) for year in ("2023", "2024")]
    others = [OWN.replace("Retail", "Gartenmöbel & Zubehör"), OWN.replace("Our survey", "our survey")]
    put(api, "".join([HEAD, OWN, SAVES, *years, *others]))
    whole = api.get("/benchmarks").json()
    assert len(whole) == len(SEED) + 6
    for size in (1, 4, len(whole)):
        found, path = [], f"/benchmarks?limit={size}"
        while path:
            answer = api.get(path)
            assert len(answer.json()) <= size
            found += answer.json()
            path = answer.links.get("next", {}).get("url", "").removeprefix("/api/analytics")
        assert found == whole
    retail = [one["data_year"] for one in whole if one["industry"] == "retail" and one["is_own"]]
    assert retail == [2025, 2025, 2024, 2023]
    assert api.get("/benchmarks?cursor=nonsense").status_code == 422


NUMERATORS = HEAD.replace("\n", ",numerator\n")
COUNTED = f"{OWN.strip()},likes+comments+shares+saves\n"


def test_the_own_figure_counts_what_the_benchmark_counts(api: Api, agency: Agency) -> None:
    """G9: likes and comments beside likes and comments; what cannot be counted alike is not compared."""
    client, account = agency.client("Hats", industry="Retail")
    agency.days(account, "followers_count", {MONDAY - ONE_DAY: 2000})
    agency.post(account, MONDAY + ONE_DAY, counters(800, 30), MONDAY + 4 * ONE_DAY)
    line = OWN.strip().replace("Our survey", "{}") + ",{}\n"
    numerators = {"A": "likes+comments", "B": "", "C": "likes+comments+shares+saves"}
    put(api, NUMERATORS + "".join(line.format(*item) for item in numerators.items()))
    published = api.get(f"/{client}/benchmarks").json()["published"]
    by_source = {one["benchmark"]["source"][0]: one for one in published}
    assert {source: one["own"]["value"] for source, one in by_source.items()} == {
        "A": 1.75,
        "B": None,
        "C": 2,
        "R": 1.75,
    }
    assert by_source["A"]["points"]["value"] == 0.75
    assert (by_source["B"]["benchmark"]["numerator"], by_source["B"]["points"]["reason"]) == ("not stated", UNSTATED)
    sentences = [one["text"] for one in api.get(f"/{client}/report").json()["commentary"]]
    assert (
        sum("1.75 % of followers (counting likes+comments), above the 1.00 % of A" in text for text in sentences) == 1
    )


def test_a_page_has_no_saves_to_compare(api: Api, agency: Agency) -> None:
    """G9: Meta reports no saves for posts of Pages; without them the figure would be too small."""
    client, page = agency.client("Hats", "facebook", industry="Retail")
    agency.post(page, MONDAY + ONE_DAY, counters(800, 30), MONDAY + 4 * ONE_DAY, kind="post")
    put(api, NUMERATORS + COUNTED.replace("instagram", "facebook"))
    saves, studied = api.get(f"/{client}/benchmarks").json()["published"]
    assert "counts saves, which Meta does not report" in saves["own"]["reason"]
    assert studied["benchmark"]["numerator"] == "likes+comments+shares"


def test_a_client_is_compared_with_its_like(api: Api, agency: Agency) -> None:
    """G9, A12: by platform, KPI and denominator; one's own first; a figure that is not known is compared with nothing."""
    client, account = agency.client("Hats", industry="Retail")
    agency.days(account, "followers_count", {MONDAY - ONE_DAY: 2000, MONDAY + 6 * ONE_DAY: 2100})
    agency.post(account, MONDAY + ONE_DAY, counters(800, 30), MONDAY + 4 * ONE_DAY)
    others = SAVES.strip() + ",\n", COUNTED.replace("instagram", "facebook").replace("1.00", "9")
    put(api, "".join([NUMERATORS, COUNTED, *others]))
    found = api.get(f"/{client}/benchmarks").json()
    assert (found["industry"], found["window"]["start"]) == ("Retail", str(WEEK.start))
    told = [
        (one["benchmark"]["metric"], one["benchmark"]["value_percent"], one["same_industry"], one["is_old"])
        for one in found["published"]
    ]
    assert told == [
        ("engagement_rate_by_followers", 1.0, True, False),
        ("engagement_rate_by_followers", 0.16, True, True),
        ("save_rate", 0.8, False, True),
    ]
    first, _, saves = found["published"]
    assert (first["own"]["value"], first["points"]["value"]) == (2.0, 1.0)
    assert saves["own"]["value"] == 0.25
    report = api.get(f"/{client}/report").json()
    assert report["benchmarks"] == found["published"]
    assert sum(" of Our survey for " in one["text"] for one in report["commentary"]) == 1
    empty, _ = agency.client("Empty", industry="retail")
    for one in api.get(f"/{empty}/benchmarks").json()["published"]:
        assert (one["own"]["value"], one["points"]["value"]) == (None, None)
        assert one["own"]["reason"]


@ON_SQLITE
def test_the_portfolio_names_nobody(api: Api, agency: Agency) -> None:
    """H12, D3: quarters of eight clients and more, without names, and the same for every key."""
    client, _ = furnish(agency, clients=9)
    kept(agency.filling)
    found = api.get(f"/{client}/benchmarks").json()
    (reach,) = [one for one in found["portfolio"] if one["kpi"] == "engagement_rate_by_reach"]
    assert reach["portfolio"]["n"] == 9
    limited = api.get(f"/{client}/benchmarks", key=agency.filling.key(client))
    assert limited.json() == found
    assert "Other" not in limited.text
    days = {"start_date": str(MONDAY), "end_date": str(MONDAY + 3 * ONE_DAY)}
    part = api.get(f"/{client}/benchmarks", params=days).json()["portfolio"][0]["portfolio"]
    assert "Monday to Sunday" in part["middle"]["reason"]


@ON_SQLITE
def test_few_clients_hide_nobody(api: Api, agency: Agency) -> None:
    """H12: with seven there are no quarters, and the answer says why."""
    client, _ = furnish(agency, clients=7)
    kept(agency.filling)
    found = api.get(f"/{client}/benchmarks").json()["portfolio"]
    assert {one["portfolio"]["middle"]["reason"] for one in found} == {TOO_FEW_CLIENTS}


def test_shipped_numbers_are_never_replaced(api: Api, database: Database) -> None:
    """G9: another value under the name of a study that came with Sophia is set aside, with what to do; others are kept."""
    before = api.get("/benchmarks").json()
    one = next(row for row in SEED if row.industry == "retail" and row.platform == "instagram")
    line = f'Retail,instagram,{one.metric},{one.statistic},9.99,{one.data_year},"{one.source}",Made up\n'
    for dry_run in (True, False):
        written = put(api, HEAD + line + SAVES, dry_run=dry_run)
        assert (written["added"], written["changed"], [bad["line"] for bad in written["bad"]]) == (1, 0, [2])
        assert "is shipped with Sophia" in written["bad"][0]["problem"]
        assert "source of its own" in written["bad"][0]["problem"]
    assert [row for row in api.get("/benchmarks").json() if not row["is_own"]] == before
    same = put(api, HEAD + line.replace("9.99", str(one.value_percent)))
    assert (same["added"], same["changed"], same["unchanged"], same["bad"]) == (0, 0, 1, [])
    assert [row for row in api.get("/benchmarks").json() if not row["is_own"]] == before
    another = put(api, HEAD + line.replace(one.source, "Our own reading"))
    assert (another["added"], another["bad"]) == (1, [])
    with pytest.raises(ConflictError, match="is shipped with Sophia"), database.write() as session:
        write_benchmarks(session, [replace(one, value_percent=Decimal(7))], NOW)


@ON_SQLITE
def test_an_industry_is_said(api: Api, filling: Filling) -> None:
    """G9: any name is kept; the answer says whether anybody published a number for it."""
    client = filling.client("Hats", industry="retail")
    kept = api.ask("PUT", f"/{client}/industry", json={"industry": " Food  & Beverage"}).json()
    assert (kept["industry"], kept["has_benchmarks"]) == ("Food & Beverage", True)
    assert "food & beverage" in kept["known"]
    kept = api.ask("PUT", f"/{client}/industry", json={"industry": "hat makers"}).json()
    assert (kept["has_benchmarks"], api.get(f"/{client}/benchmarks").json()["industry"]) == (False, "hat makers")
    assert api.ask("PUT", f"/{client}/industry", json={"industry": None}).json()["industry"] is None
    for wrong in ({}, {"industry": "\u2003"}, {"industry": "x" * 61}):
        assert api.ask("PUT", f"/{client}/industry", json=wrong).status_code == 422


@ON_SQLITE
def test_only_who_sees_all_clients_brings_benchmarks(api: Api, filling: Filling) -> None:
    """D3, G9: they hold for every client."""
    key = filling.key(filling.client("Hats"))
    assert api.post("/benchmarks/import", {"csv": HEAD + OWN}, key=key).status_code == 403
    assert len(api.get("/benchmarks", key=key).json()) == len(SEED)


@ON_SQLITE
def test_a_number_of_queries_that_does_not_grow(database: Database, agency: Agency) -> None:
    """J9: the same for three clients and for six, for thirty benchmarks and for more."""
    client, _ = furnish(agency, clients=3)

    def asked() -> int:
        with QueryCounter(database) as counter:
            make_comparison(database, client, None, NOW)
        return counter.count

    before = asked()
    for number in range(3):
        _, other = agency.client(f"More {number}")
        agency.post(other, date(2026, 11, 10), counters(100, 1), date(2026, 11, 12))
    assert asked() == before <= 15

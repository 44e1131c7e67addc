"""What is odd in the store, as the API tells it."""

from datetime import date

from tests.analytics.reports.conftest import MONDAY, WEEK, Agency, counters, each_day
from tests.conftest import NOW, ON_BOTH, ONE_DAY, Api

from sophia.analytics.anomalies.daily import keep_anomalies


@ON_BOTH
def test_rates_beyond_reason_are_shown_with_a_doubt(agency: Agency, api: Api) -> None:
    """G8: 50,000 % is what was stored and is shown, with the reason to look twice; without reach there is no rate at all."""
    client, account = agency.client("Hats")
    agency.fortnight(account, "views", 100, 100)
    agency.post(account, MONDAY, counters(1, 490), MONDAY + ONE_DAY)
    other, nobody = agency.client("Nobody")
    agency.fortnight(nobody, "views", 100, 100)
    agency.post(nobody, MONDAY, counters(0, 490), MONDAY + ONE_DAY)
    rate = api.get(f"/{client}/report").json()["kpis"]["engagement_rate_by_reach"]
    assert rate["value"] == 50000.0
    assert rate["doubt"]
    absent = api.get(f"/{other}/report").json()["kpis"]["engagement_rate_by_reach"]
    assert absent["value"] is None
    assert absent["reason"]


@ON_BOTH
def test_summaries_are_of_one_level_and_one_aggregate(agency: Agency, api: Api) -> None:
    """G10, A4, A7: days of accounts are added, posts count with their last snapshot, and neither is averaged over rows."""
    client, account = agency.client("Hats")
    agency.fortnight(account, "views", 40, 100)
    agency.days(account, "something_new", each_day(WEEK, 3))
    for index in range(2):
        agency.post(account, MONDAY + index * ONE_DAY, counters(50, 10 + index), MONDAY + 3 * ONE_DAY)
    report = api.get(f"/{client}/report").json()
    lines = {
        (one["metric"], one["level"]): (one["aggregate"], one["change"]["after"]["value"])
        for name in ("algo_dependent_summary", "algo_independent_summary")
        for one in report[name]
    }
    assert lines["views", "account"] == ("sum", 700)
    assert lines["likes", "post"][1] == 21
    assert "something_new" in str(report["unclassified"])


@ON_BOTH
def test_young_series_are_not_judged(agency: Agency, api: Api) -> None:
    """H4: nine days are no past to judge a tenth on, however far it lies; every number in the answer is finite."""
    client, account = agency.client("Hats")
    first = date(2026, 11, 10)
    days = {first + index * ONE_DAY: 100.0 + index for index in range(9)} | {first + 9 * ONE_DAY: 1e12}
    agency.days(account, "views", days)
    agency.filling.watermark(account, "account_totals", first, max(days))
    keep_anomalies(agency.filling.database, NOW)
    answer = api.get(f"/{client}/anomalies")
    assert [one["anomaly"]["kind"] for one in answer.json()["anomalies"]] == []
    assert "Infinity" not in answer.text
    assert "NaN" not in answer.text

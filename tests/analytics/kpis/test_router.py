"""The life of posts over HTTP, as JSON and as CSV."""

import csv
import io
from datetime import timedelta

import pytest
from tests.analytics.kpis.test_post_ages import MONDAY, WEEKLY, Reader, at
from tests.conftest import ONE_DAY, Api, Filling

WINDOW = f"start_date={MONDAY}&end_date={MONDAY + 6 * ONE_DAY}"


@pytest.fixture
def reader(filling: Filling) -> Reader:
    """Two posts: one read every day, one read for the first time after eight days; and a story."""
    reader = Reader(filling)
    reader.grow("1_1", at(MONDAY), 10_000, *WEEKLY)
    reader.grow("1_2", at(MONDAY + ONE_DAY), 5_000, 8 * ONE_DAY, 9 * ONE_DAY)
    reader.post("1_3", at(MONDAY), "story")
    return reader


def test_posts_have_their_figures_at_each_age(reader: Reader, api: Api) -> None:
    answer = api.get(f"/{reader.client}/post-ages?{WINDOW}").json()
    later, first = answer["posts"]
    assert (first["platform_post_id"], later["platform_post_id"]) == ("1_1", "1_2")
    week = first["ages"]["7d"]
    assert week["reached_at"] == "2026-10-12T18:30:00Z"
    figures = week["figures"]
    assert figures["reach"]["value"] == pytest.approx(10_000 * (1 - 2.718281828**-3.5), rel=0.01)
    assert (figures["reach"]["unit"], figures["reach"]["age_hours"]) == ("people", 168)
    engagement = figures["likes"]["value"]
    assert figures["engagements"]["value"] == engagement
    assert figures["engagement_rate_by_reach"]["value"] == pytest.approx(100 * engagement / figures["reach"]["value"])
    assert "link_clicks" not in figures
    reasons = {name: figure["reason"] for name, figure in later["ages"]["7d"]["figures"].items()}
    assert set(reasons.values()) == {"The post was not read shortly before an age of 7 days."}
    assert len(reasons) == 8
    assert (
        first["ages"]["24h"]["figures"]["reach"]["reason"]
        == "The readings around an age of 24 hours are 24 hours apart."
    )


def test_the_csv_has_a_row_per_figure(reader: Reader, api: Api) -> None:
    answer = api.get(f"/{reader.client}/post-ages.csv?{WINDOW}")
    assert answer.headers["content-type"].startswith("text/csv")
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert len(rows) == 2 * 3 * 8
    (reach,) = [row for row in rows if (row["platform_post_id"], row["age"], row["metric"]) == ("1_1", "7d", "reach")]
    json = api.get(f"/{reader.client}/post-ages?{WINDOW}").json()["posts"][1]["ages"]["7d"]["figures"]["reach"]
    assert float(reach["value"]) == json["value"]
    assert (reach["unit"], reach["reason"]) == ("people", "")


def test_the_usual_window_and_a_past_moment(reader: Reader, api: Api) -> None:
    moment = at(MONDAY) + 7 * ONE_DAY + timedelta(hours=1)
    answer = api.get(f"/{reader.client}/post-ages?as_of={moment:%Y-%m-%dT%H:%M:%SZ}").json()
    assert answer["window"]["end"] == "2026-10-12"
    (first,) = [post for post in answer["posts"] if post["platform_post_id"] == "1_1"]
    reason = first["ages"]["7d"]["figures"]["reach"]["reason"]
    assert reason == "The post has not been read since it reached an age of 7 days."


@pytest.mark.parametrize(
    "query", ["start_date=2025-01-01&end_date=2026-10-01", "start_date=2030-01-01&end_date=2030-01-02"]
)
def test_impossible_windows_are_refused(reader: Reader, api: Api, query: str) -> None:
    assert api.get(f"/{reader.client}/post-ages?{query}").status_code == 422
    assert api.get(f"/{reader.client + 99}/post-ages").status_code == 404

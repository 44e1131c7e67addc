"""All readings of a client as CSV."""

import csv
import io

import pytest
from tests.conftest import ONE_DAY, YESTERDAY, Api, Filling

from sophia.analytics.readings import csv_export


def test_every_reading_once(api: Api, filling: Filling, monkeypatch: pytest.MonkeyPatch) -> None:
    """J6: an export holds what the pages hold, each reading once, however many pages that takes."""
    monkeypatch.setattr(csv_export, "ROWS_AT_ONCE", 10)
    client = filling.client("Hats")
    account = filling.account(client)
    filling.daily(account, "page_media_view", {YESTERDAY - index * ONE_DAY: index for index in range(35)})
    filling.daily(account, "page_video_view_time", {YESTERDAY: 1.5})
    answer = api.get(f"/{client}/metrics.csv")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    listed = api.get(f"/{client}/metrics?limit=100").json()
    assert [row["id"] for row in rows] == [str(reading["id"]) for reading in listed]
    assert [row["metric_value"] for row in rows] == [str(reading["metric_value"]) for reading in listed]
    assert rows[0]["created_at"] == listed[0]["created_at"]
    assert {row["content_draft_id"] for row in rows} == {""}


def test_no_cell_is_a_formula(api: Api, filling: Filling) -> None:
    """J6: what others named is text to a spreadsheet too."""
    client = filling.client("Hats")
    account = filling.account(client)
    post = filling.post(account, '=HYPERLINK("https://evil.example")')
    series = filling.series(account, filling.metric("facebook", "post", "-odd", "lifetime"), post)
    filling.readings(account, series, {YESTERDAY: 2}, filling.fetch(account))
    (row,) = csv.DictReader(io.StringIO(api.get(f"/{client}/metrics.csv").text))
    found = (row["platform_post_id"], row["metric_name"], row["metric_value"])
    assert found == ('\'=HYPERLINK("https://evil.example")', "'-odd", "2")


def test_filters_and_sight(api: Api, filling: Filling) -> None:
    """D3, J7: an export knows the same filters, and the same limits of a key, as the pages."""
    client, other = filling.client("Hats"), filling.client("Shoes")
    account = filling.account(client)
    filling.daily(account, "page_media_view", {YESTERDAY: 1, YESTERDAY - ONE_DAY: 2})
    filling.daily(account, "page_views_total", {YESTERDAY: 3})
    text = api.get(f"/{client}/metrics.csv?metric_name=page_media_view&start_date={YESTERDAY}").text
    assert [row["metric_value"] for row in csv.DictReader(io.StringIO(text))] == ["1"]
    assert api.get(f"/{client}/metrics.csv", key=filling.key(other)).status_code == 404
    assert api.get(f"/{client}/metrics.csv?start_date=x").status_code == 422
    assert api.get(f"/{client}/metrics.csv", key=None).status_code == 401

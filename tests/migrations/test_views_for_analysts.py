"""The views for analysts have the figures of the functions that the API calls, on both databases."""

import importlib
import random
import re
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import inspect, select, text
from tests.conftest import NOW, ONE_DAY, YESTERDAY, Filling

import sophia.migrations
from sophia.analytics.anomalies.models import AnomalyEntry
from sophia.analytics.campaigns.models import Campaign, CampaignMembership
from sophia.analytics.conversions.counted import counted_conversions
from sophia.analytics.conversions.models import ConversionEvent, ConversionSourceChoice
from sophia.analytics.figures.documents import figure_document
from sophia.analytics.figures.figures import Figure, FigureUnit, Interval, missing, week_of
from sophia.analytics.kpis.post_values import post_facts
from sophia.analytics.kpis.store import ComputedWeek, save_week
from sophia.analytics.readings.metric_definitions import metric_definitions
from sophia.analytics.readings.posts import posts_by_id
from sophia.database.engine import Database
from sophia.meta.catalogue.lookup import METRICS
from sophia.meta.catalogue.terms import Level, ObjectKind, Platform
from sophia.portfolio.models import Post

(MIGRATION,) = Path(sophia.migrations.__path__[0], "versions").glob("*_views_for_analysts.py")
VIEWS: dict[str, tuple[str, dict[str, str]]] = importlib.import_module(
    f"sophia.migrations.versions.{MIGRATION.stem}"
).VIEWS
DOCS = Path(__file__).parents[2] / "docs" / "data-for-analysts.md"
KINDS = {
    "facebook": ("post", "video", "reel", "story"),
    "instagram": ("feed", "carousel", "reel", "story", "other"),
}
COUNTERS = ("views", "reach", "likes", "comments", "shares", "saved", "link_clicks")


def view(database: Database, name: str) -> list[dict[str, Any]]:
    """All rows of a view; days are texts and decimals are floats, as SQLite has them."""
    with database.read() as session:
        rows = session.execute(text(f"SELECT * FROM {name}")).mappings().all()  # noqa: S608
    return [{key: as_on_sqlite(value) for key, value in row.items()} for row in rows]


def as_on_sqlite(value: Any) -> Any:
    if isinstance(value, date):
        return str(value)
    return float(value) if isinstance(value, Decimal) else value


def test_columns_are_those_of_the_comments_and_the_documentation(database: Database) -> None:
    """A view is a promise: no column is renamed, and each is explained, in PostgreSQL by comments."""
    documented = documented_columns()
    assert documented.keys() == VIEWS.keys()
    for name, (comment, columns) in VIEWS.items():
        stored = inspect(database.engine).get_columns(name)
        assert [column["name"] for column in stored] == list(columns), name
        assert documented[name] == columns, name
        if database.engine.dialect.name == "postgresql":
            assert {column["name"]: column["comment"] for column in stored} == columns
            with database.read() as session:
                shown = session.execute(text(f"SELECT obj_description('{name}'::regclass)")).scalar_one()
            assert shown == comment


def documented_columns() -> dict[str, dict[str, str]]:
    """{view: {column: its text}} of docs/data-for-analysts.md."""
    found: dict[str, dict[str, str]] = {}
    for part in re.split(r"^### `(?=\w+_flat`)", DOCS.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]:
        name, _, body = part.partition("`")
        rows = re.findall(r"^\| `(\w+)` \| (.+) \|$", body.partition("\n#")[0], re.MULTILINE)
        found[name] = {column: meaning.replace("`", "") for column, meaning in rows}
    return found


def every_post(filling: Filling, chance: random.Random) -> list[int]:
    """A post of every kind with two readings of most of the lifetime counters that Meta has on its platform."""
    client = filling.client("Bakery")
    posts: list[int] = []
    for platform, kinds in KINDS.items():
        account = filling.account(client, platform)
        # What these counters are read from, and what has the same meaning but is not read.
        names = {
            metric.name
            for metric in METRICS
            if (metric.platform, metric.level) == (Platform(platform), Level.POST) and metric.canonical in COUNTERS
        }
        names |= {f"post_reactions_by_type_total_{name}" for name in ("like", "love", "anger")}
        fetch = filling.fetch(account)
        for kind in kinds:
            post = filling.add(
                Post(
                    account_id=account,
                    platform_post_id=f"{platform} {kind} {len(posts)}",
                    kind=kind,
                    published_at=NOW - timedelta(days=20),
                    first_seen_at=NOW,
                )
            )
            posts.append(post)
            for name in sorted(names):
                if chance.random() < 0.8:
                    series = filling.series(account, filling.metric(platform, "post", name, "lifetime"), post)
                    values = {YESTERDAY - days * ONE_DAY: chance.randrange(1000) for days in chance.sample(range(9), 2)}
                    filling.readings(account, series, values, fetch)
    return posts


def test_posts_have_the_newest_counters(filling: Filling) -> None:
    """Every counter of every kind equals that of the reports; a counter that was not read is missing, never zero."""
    posts = every_post(filling, random.Random(7))
    with filling.database.read() as session:
        stored = posts_by_id(session, posts)
        day = YESTERDAY + ONE_DAY
        facts = post_facts(session, {day: list(stored.values())}, metric_definitions(session), None)
    rows = {row["post_id"]: row for row in view(filling.database, "posts_flat")}
    assert rows.keys() == set(posts)
    compared = 0
    for post_id, row in rows.items():
        values = facts[post_id].values
        for name in COUNTERS:
            assert row[name] == values.get(name), (row["platform"], row["kind"], name)
            compared += row[name] is not None
        assert row["engagements"] == facts[post_id].engagements, (row["platform"], row["kind"])
        assert row["read_on"] <= str(YESTERDAY)
    assert compared > 25
    assert {row["kind"] for row in rows.values()} == {kind for kinds in KINDS.values() for kind in kinds}
    assert {kind.value for kind in ObjectKind} >= {row["kind"] for row in rows.values()}


def test_weekly_kpis_have_every_part_of_a_figure(filling: Filling) -> None:
    """Money stays exact, a missing figure is empty with its reason, and zero is zero."""
    client = filling.client("Bakery")
    account = filling.account(client, "instagram")
    week = week_of(YESTERDAY).previous
    figures = {
        "rate": Figure(value=4.5678, unit=FigureUnit.PERCENT, n=12, interval=Interval(3.25, 6.5), doubt="Old"),
        "revenue": Figure(value=Decimal("1234.56"), unit=FigureUnit.MONEY, currency="EUR"),
        "reach": Figure(value=None, unit=FigureUnit.PEOPLE, at_least=70, at_most=210, reason="Not added"),
        "zero": Figure(value=0, unit=FigureUnit.COUNT, n=0),
        "unknown": missing(FigureUnit.COUNT, "There are no readings for these days."),
    }
    documents = {name: figure_document(figure) for name, figure in figures.items()}
    with filling.database.write() as session:
        computed = [ComputedWeek(client, None, documents, {}, {}), ComputedWeek(client, account, documents, {}, {})]
        save_week(session, week, computed, NOW)
    rows = view(filling.database, "kpis_weekly_flat")
    assert len(rows) == 2 * len(figures)
    for row in rows:
        figure = figures[row["kpi"]]
        interval = (None, None) if figure.interval is None else tuple(figure.interval)
        assert row["value"] == (None if figure.value is None else pytest.approx(float(figure.value), abs=1e-12))
        assert (row["interval_low"], row["interval_high"]) == interval
        for name in ("n", "reason", "doubt", "currency", "at_least", "at_most"):
            assert row[name] == getattr(figure, name), name
        assert row["unit"] == figure.unit.value
        assert (row["week_start"], row["week_end"]) == (str(week.start), str(week.end - ONE_DAY))
    assert {(row["account_id"], row["platform"]) for row in rows} == {(None, None), (account, "instagram")}


def some_conversions(filling: Filling, chance: random.Random) -> None:
    """Sales that a shop and web analytics report, near and far apart; refunds, clicks, removed events; choices."""
    for number in range(4):
        client = filling.client(f"Client {number}")
        draft = filling.draft(client)
        for index in range(60):
            kind = chance.choice(["conversion", "conversion", "refund", "utm_click", "inquiry"])
            is_sale = kind in ("conversion", "refund")
            filling.add(
                ConversionEvent(
                    client_id=client,
                    event_type=kind,
                    source=chance.choice(["shop", "google", "till"]),
                    origin=chance.choice(["shop", "ga4", "till"]),
                    from_analytics=chance.random() < 0.5,
                    event_date=YESTERDAY - chance.randrange(12) * ONE_DAY,
                    revenue_amount=Decimal(chance.randrange(10_000)) / 100 if is_sale else None,
                    currency="EUR" if is_sale else None,
                    transaction_key=str(chance.randrange(8)) if is_sale and chance.random() < 0.8 else None,
                    content_draft_id=draft if chance.random() < 0.3 else None,
                    utm_source=chance.choice([None, "instagram"]),
                    utm_campaign=chance.choice([None, "spring"]),
                    idempotency_key=str(index),
                    content_sha256="",
                    recorded_at=NOW,
                    removed_at=NOW if chance.random() < 0.15 else None,
                )
            )
        for origin, ended in ((), (("shop", None),), (("*", None),), (("shop", NOW),))[number]:
            filling.add(ConversionSourceChoice(client_id=client, origin=origin, set_at=NOW, ended_at=ended))


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_conversions_are_those_that_count(filling: Filling, seed: int) -> None:
    """The same events with the same attribution as in reports, whatever a shop and web analytics both report."""
    some_conversions(filling, random.Random(seed))
    counted = counted_conversions()
    columns = ("event_id", "client_id", "event_type", "source", "content_draft_id", "utm_source", "utm_campaign")
    with filling.database.read() as session:
        expected = {
            row.event_id: (tuple(getattr(row, name) for name in columns), row.revenue_amount)
            for row in session.execute(select(counted))
        }
    rows = {row["conversion_id"]: row for row in view(filling.database, "conversions_flat")}
    names = ("conversion_id", *columns[1:])
    assert {key: tuple(row[name] for name in names) for key, row in rows.items()} == {
        key: values for key, (values, _) in expected.items()
    }
    assert 100 < len(rows) < 240
    for key, row in rows.items():
        amount = expected[key][1]
        sign = {"conversion": 1, "refund": -1}.get(row["event_type"])
        assert row["net_revenue"] == (None if sign is None else pytest.approx(sign * float(amount)))


def test_campaigns_and_anomalies(filling: Filling) -> None:
    """A campaign has a row per draft and post, and one without any; withdrawn anomalies are left out."""
    client = filling.client("Bakery")
    account, draft, unused = filling.account(client), filling.draft(client), filling.draft(client)
    posts = [filling.post(account, name, draft) for name in ("a", "b")]
    dates = {"start_date": YESTERDAY, "created_at": NOW}
    spring = filling.add(Campaign(client_id=client, name="Spring", slug="spring", **dates))
    empty = filling.add(Campaign(client_id=client, name="Empty", slug="empty", **dates))
    with filling.database.write() as session:
        session.add_all([CampaignMembership(campaign_id=spring, draft_id=one) for one in (draft, unused)])
    rows = {
        (row["campaign_id"], row["content_draft_id"], row["post_id"])
        for row in view(filling.database, "campaigns_flat")
    }
    assert rows == {(spring, draft, posts[0]), (spring, draft, posts[1]), (spring, unused, None), (empty, None, None)}
    told: dict[str, datetime] = {"first_told_at": NOW, "changed_at": NOW}
    for day, withdrawn in ((YESTERDAY, None), (YESTERDAY - ONE_DAY, NOW)):
        filling.add(
            AnomalyEntry(
                account_id=account,
                metric="views",
                noticed=day,
                kind="spike",
                since=day,
                value=7.0,
                low=1.0,
                high=3.0,
                provisional=False,
                withdrawn_at=withdrawn,
                **told,
            )
        )
    (row,) = view(filling.database, "anomalies_flat")
    assert (row["since"], row["value"], row["low"], row["high"]) == (str(YESTERDAY), 7.0, 1.0, 3.0)

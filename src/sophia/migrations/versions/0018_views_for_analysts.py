"""Views for analysts: posts, weekly KPIs, campaigns, conversions and anomalies, with comments on their columns."""

from collections.abc import Iterable, Mapping

from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

STORY = ("story",)
FACEBOOK_POSTS = ("post", "video", "reel")
INSTAGRAM_POSTS = ("feed", "carousel", "reel", "other")
REACTIONS = ("like", "love", "wow", "haha", "sorry", "anger")
# {column: [(platform, kinds of posts, Meta's names whose values are added)]}, as the catalogue reads them.
COUNTERS: Mapping[str, list[tuple[str, tuple[str, ...], tuple[str, ...]]]] = {
    "views": [
        ("facebook", FACEBOOK_POSTS, ("post_media_view",)),
        ("facebook", STORY, ("STORY_MEDIA_VIEW",)),
        ("instagram", INSTAGRAM_POSTS + STORY, ("views",)),
    ],
    "reach": [
        ("facebook", FACEBOOK_POSTS, ("post_total_media_view_unique",)),
        ("facebook", STORY, ("STORY_TOTAL_MEDIA_VIEW_UNIQUE",)),
        ("instagram", INSTAGRAM_POSTS + STORY, ("reach",)),
    ],
    "likes": [
        ("facebook", FACEBOOK_POSTS, tuple(f"post_reactions_by_type_total_{name}" for name in REACTIONS)),
        ("facebook", STORY, ("PAGES_FB_STORY_THREAD_LIGHTWEIGHT_REACTIONS",)),
        ("instagram", INSTAGRAM_POSTS, ("likes",)),
    ],
    "comments": [("facebook", FACEBOOK_POSTS, ("comments_count",)), ("instagram", INSTAGRAM_POSTS, ("comments",))],
    "shares": [
        ("facebook", FACEBOOK_POSTS, ("shares_count",)),
        ("facebook", STORY, ("PAGES_FB_STORY_SHARES",)),
        ("instagram", INSTAGRAM_POSTS + STORY, ("shares",)),
    ],
    "saved": [("instagram", INSTAGRAM_POSTS, ("saved",))],
    "link_clicks": [
        ("facebook", FACEBOOK_POSTS, ("post_clicks_by_type_link_clicks",)),
        ("instagram", STORY, ("link_clicks",)),
    ],
}
NEWEST = (
    "(SELECT e.metric_value FROM engagement_metrics e WHERE e.series_id = s.id ORDER BY e.metric_date DESC LIMIT 1)"
)
OF_POST = (
    "FROM metric_series s JOIN metrics m ON m.id = s.metric_id "
    "WHERE s.post_id = p.id AND m.period = 'lifetime' AND m.breakdown = ''"
)
DAY = {"sqlite": "date({} * 86400, 'unixepoch')", "postgresql": "DATE '1970-01-01' + {}"}
APART = {"sqlite": "abs(julianday({}) - julianday({}))", "postgresql": "abs({} - {})"}
# A member of the figure in `f.value`; money is {"decimal": text}, anything else a plain number or text.
MEMBER = {
    "sqlite": "json_extract(f.value, '$.{name}')",
    "postgresql": "f.value #>> '{{{path}}}'",
}

READINGS = {
    "client": "Name of the client",
    "client_id": "Id of the client",
    "platform": "facebook or instagram",
    "account": "Name of the Page or Instagram account",
    "account_id": "Id of the account",
    "level": "account: the value is about the whole account; post: about one post. Never mix them",
    "platform_post_id": "The post's id at Meta; empty at account level",
    "post_kind": "Kind of the post, such as reel; empty at account level",
    "published_at": "When the post was published, UTC",
    "content_draft_id": "Id of the draft that became the post, if any",
    "metric_name": "Meta's name of the metric, flattened",
    "canonical": "Meaning of the metric on both platforms; several names can share it",
    "breakdown": "Empty for the total, else a part such as follow_type=follower",
    "period": "day, week, days_28 or lifetime: the days that the value covers. Lifetime values are counters",
    "unit": "Unit of the value",
    "counting": "additive: may be added; unique: people, never add; level: use the last; ratio: never add",
    "classification": "What drives the number: algorithm_dependent, algorithm_independent, level or unclassified",
    "metric_date": "The day of the value, in Meta's reporting zone (US Pacific)",
    "metric_value": "The value. A missing row is not zero",
}
POSTS = {
    "client": "Name of the client",
    "client_id": "Id of the client",
    "platform": "facebook or instagram",
    "account": "Name of the Page or Instagram account",
    "account_id": "Id of the account",
    "post_id": "Id of the post in this database",
    "platform_post_id": "The post's id at Meta",
    "kind": "post, video, reel, feed, carousel, story or other",
    "published_at": "When the post was published, UTC",
    "permalink": "Address of the post",
    "text": "Text of the post",
    "content_draft_id": "Id of the draft that became the post, if any",
    "content_pillar": "Content pillar of that draft",
    "gone_at": "When Sophia noticed that the post no longer exists, UTC",
    "views": "Newest reading of views since publication",
    "reach": "Newest reading of the people reached since publication. Never add it over posts",
    "likes": "Newest reading of likes, on Facebook of all reactions",
    "comments": "Newest reading of comments",
    "shares": "Newest reading of shares",
    "saved": "Newest reading of saves; Instagram only",
    "link_clicks": "Newest reading of link clicks, where Meta counts them",
    "read_on": "Newest day of these readings, US Pacific. Posts read on different days have different ages",
    "engagements": "Likes + comments + shares + saves; empty for stories and if one of them is missing",
}
KPIS = {
    "client": "Name of the client",
    "client_id": "Id of the client",
    "account": "Name of the account; empty for the whole client",
    "account_id": "Id of the account; empty for the whole client. Never add accounts and client",
    "platform": "Platform of the account; empty for the whole client",
    "week_start": "Monday of the week, US Pacific",
    "week_end": "Sunday of the week",
    "kpi": "Name of the KPI, such as engagement_rate_by_reach",
    "value": "Value of the KPI; empty if it is unknown. Only counts and money of different weeks may be added",
    "unit": "count, people, percent, percentage_points, milliseconds, money, factor or ratio",
    "currency": "Currency of money",
    "n": "Size of the sample, such as the number of posts",
    "interval_low": "Lower end of the 95 % interval",
    "interval_high": "Upper end of the 95 % interval",
    "at_least": "Certain lower bound, where people cannot be added up",
    "at_most": "Certain upper bound",
    "reason": "Why there is no value",
    "doubt": "Warning about the value",
    "computed_at": "When the value was computed, UTC",
}
CAMPAIGNS = {
    "client": "Name of the client",
    "client_id": "Id of the client",
    "campaign_id": "Id of the campaign; a row for each of its drafts and their posts",
    "campaign": "Name of the campaign",
    "slug": "The campaign in tagged links (utm_campaign)",
    "content_pillar": "Content pillar of an automatic campaign",
    "start_date": "First day",
    "end_date": "Last day, included; empty if it has no end",
    "content_draft_id": "Id of a draft of the campaign; empty if it has none",
    "post_id": "Id of a post that the draft became, as in posts_flat; empty if it has none",
}
CONVERSIONS = {
    "client": "Name of the client",
    "client_id": "Id of the client",
    "conversion_id": "Id of the event. Each event that counts has one row",
    "event_type": "utm_click, save, follow, dm, inquiry, conversion or refund",
    "event_date": "Day of the event, as its source dates it",
    "source": "Where the event came from, such as a shop or a channel",
    "revenue_amount": "Amount of a sale or of a refund. Subtract refunds",
    "currency": "Currency of the amount. Never add currencies",
    "net_revenue": "The amount of a sale, and the negative amount of a refund",
    "content_draft_id": "Id of the draft that the event is attributed to",
    "utm_source": "Channel in the tag of the link",
    "utm_campaign": "Campaign in the tag of the link",
    "recorded_at": "When Sophia stored this version, UTC",
}
ANOMALIES = {
    "client": "Name of the client",
    "client_id": "Id of the client",
    "platform": "facebook or instagram",
    "account": "Name of the account",
    "account_id": "Id of the account",
    "anomaly_id": "Id of the anomaly. Withdrawn anomalies are left out",
    "metric": "Canonical metric of the account's daily values",
    "kind": "spike, drop or outage of some days; rise or fall to a new level; gap without readings",
    "since": "First unusual day, US Pacific",
    "until": "Last unusual day; empty while it continues",
    "worst_day": "The most unusual day",
    "value": "Value of the most unusual day",
    "expected": "Expected value of that day",
    "low": "Lower end of the 95 % range of that day",
    "high": "Upper end of the 95 % range of that day",
    "score": "How unusual the value is, as z",
    "portfolio_event_since": "First day of the portfolio event that explains it",
    "changed_at": "When Sophia last changed it, UTC",
}
# {view: its comment, and those of its columns in their order}.
VIEWS: Mapping[str, tuple[str, Mapping[str, str]]] = {
    "readings_flat": ("One row per reading: the value of one metric of one account or post on one day", READINGS),
    "posts_flat": ("One row per post, with its newest readings", POSTS),
    "kpis_weekly_flat": ("One row per complete week and KPI, of each client and of each account", KPIS),
    "campaigns_flat": ("One row per campaign, draft and post of the draft", CAMPAIGNS),
    "conversions_flat": ("One row per event that counts, from a click to a sale or refund", CONVERSIONS),
    "anomalies_flat": ("One row per unusual time in the daily values of an account", ANOMALIES),
}


def texts(values: Iterable[str]) -> str:
    return ", ".join(f"'{value}'" for value in values)


def counter(name: str) -> str:
    """Return the sum of the newest values of one post's names, NULL without any."""
    matches = " OR ".join(
        f"(a.platform = '{platform}' AND p.kind IN ({texts(kinds)}) AND m.metric_name IN ({texts(names)}))"
        for platform, kinds, names in COUNTERS[name]
    )
    return f"(SELECT sum({NEWEST}) {OF_POST} AND ({matches})) AS {name}"


def posts(dialect: str) -> str:
    newest_day = DAY[dialect].format("max(e.metric_date)")
    names = ", ".join(f"q.{name}" for name in POSTS if name != "engagements")
    counters = ",\n           ".join(counter(name) for name in COUNTERS)
    return f"""
    SELECT {names},
           CASE WHEN q.kind = 'story' THEN NULL
                WHEN q.platform = 'facebook' THEN q.likes + q.comments + q.shares
                ELSE q.likes + q.comments + q.shares + q.saved END AS engagements
    FROM (
    SELECT c.name AS client, c.id AS client_id, a.platform, a.name AS account, a.id AS account_id, p.id AS post_id,
           p.platform_post_id, p.kind, p.published_at, p.permalink, p.text, p.draft_id AS content_draft_id,
           d.content_pillar, p.gone_at,
           {counters},
           (SELECT {newest_day} FROM engagement_metrics e JOIN metric_series s ON s.id = e.series_id
            JOIN metrics m ON m.id = s.metric_id
            WHERE s.post_id = p.id AND m.period = 'lifetime' AND m.breakdown = '') AS read_on
    FROM posts p
    JOIN accounts a ON a.id = p.account_id
    JOIN clients c ON c.id = a.client_id
    LEFT JOIN content_drafts d ON d.id = p.draft_id
    ) q
    """  # noqa: S608 - names of this file


def member(dialect: str, name: str, column: str, kind: str) -> str:
    path = name.replace(".", ",").replace("[", ",").replace("]", "")
    text = MEMBER[dialect].format(name=name, path=path)
    return f"CAST({text} AS {kind}) AS {column}"


def number(dialect: str, name: str) -> str:
    """Return a number of a figure, which is text if it is money."""
    member_of = MEMBER[dialect]
    money = member_of.format(name=f"{name}.decimal", path=f"{name},decimal")
    plain = member_of.format(name=name, path=name)
    if dialect == "postgresql":
        return f"CAST(coalesce({money}, {plain}) AS NUMERIC) AS {name}"
    return f"coalesce(CAST({money} AS NUMERIC), {plain}) AS {name}"


def kpis(dialect: str) -> str:
    each = "json_each(k.kpis) f" if dialect == "sqlite" else "json_each(k.kpis) AS f(key, value)"
    figures = [
        number(dialect, "value"),
        member(dialect, "unit", "unit", "TEXT"),
        member(dialect, "currency", "currency", "TEXT"),
        member(dialect, "n", "n", "INTEGER"),
        member(dialect, "interval[0]", "interval_low", "REAL" if dialect == "sqlite" else "DOUBLE PRECISION"),
        member(dialect, "interval[1]", "interval_high", "REAL" if dialect == "sqlite" else "DOUBLE PRECISION"),
        number(dialect, "at_least"),
        number(dialect, "at_most"),
        member(dialect, "reason", "reason", "TEXT"),
        member(dialect, "doubt", "doubt", "TEXT"),
    ]
    return f"""
    SELECT c.name AS client, c.id AS client_id, a.name AS account, k.account_id, a.platform,
           k.week_start, k.week_end, f.key AS kpi,
           {", ".join(figures)}, k.computed_at
    FROM kpi_snapshots k
    JOIN clients c ON c.id = k.client_id
    LEFT JOIN accounts a ON a.id = k.account_id
    CROSS JOIN {each}
    """  # noqa: S608 - names of this file


CAMPAIGNS_SQL = """
    SELECT c.name AS client, c.id AS client_id, g.id AS campaign_id, g.name AS campaign, g.slug, g.content_pillar,
           g.start_date, g.end_date, m.draft_id AS content_draft_id, p.id AS post_id
    FROM campaigns g
    JOIN clients c ON c.id = g.client_id
    LEFT JOIN campaign_memberships m ON m.campaign_id = g.id
    LEFT JOIN posts p ON p.draft_id = m.draft_id
"""
ANOMALIES_SQL = """
    SELECT c.name AS client, c.id AS client_id, a.platform, a.name AS account, a.id AS account_id, n.id AS anomaly_id,
           n.metric, n.kind, n.since, n.until, n.worst AS worst_day, n.value, n.expected, n.low, n.high, n.score,
           n.event_since AS portfolio_event_since, n.changed_at
    FROM anomalies n
    JOIN accounts a ON a.id = n.account_id
    JOIN clients c ON c.id = a.client_id
    WHERE n.withdrawn_at IS NULL
"""


def same_sale(dialect: str, other: str) -> str:
    """Return the condition that two events that are not removed are the same sale or refund."""
    apart = APART[dialect].format(f"{other}.event_date", "e.event_date")
    return (
        f"{other}.client_id = e.client_id AND {other}.transaction_key = e.transaction_key "
        f"AND {other}.event_type = e.event_type AND {other}.removed_at IS NULL "
        f"AND {apart} <= CASE WHEN e.event_type = 'conversion' THEN 7 ELSE 120 END"
    )


def chosen(condition: str = "") -> str:
    """Return the condition that the client chose sources now."""
    return (
        "EXISTS (SELECT 1 FROM conversion_source_choices k WHERE k.client_id = e.client_id "  # noqa: S608 - names of this file
        f"AND k.ended_at IS NULL {condition})"
    )


def conversions(dialect: str) -> str:
    """Return every event that counts, once: a sale of web analytics only if no shop has the same sale."""
    observed, first, shop = (same_sale(dialect, name) for name in ("o", "f", "h"))
    return f"""
    SELECT c.name AS client, c.id AS client_id, e.id AS conversion_id, e.event_type, e.event_date, e.source,
           e.revenue_amount, e.currency,
           CASE e.event_type WHEN 'conversion' THEN e.revenue_amount WHEN 'refund' THEN -e.revenue_amount END AS net_revenue,
           coalesce(e.content_draft_id, o.content_draft_id) AS content_draft_id,
           coalesce(e.utm_source, o.utm_source) AS utm_source,
           coalesce(e.utm_campaign, o.utm_campaign) AS utm_campaign, e.recorded_at
    FROM conversion_events e
    JOIN clients c ON c.id = e.client_id
    LEFT JOIN conversion_events o ON NOT e.from_analytics AND o.from_analytics AND {observed}
        AND o.id = (SELECT min(f.id) FROM conversion_events f WHERE f.from_analytics AND {first})
        AND NOT {chosen("AND k.origin = '*'")}
    WHERE e.removed_at IS NULL AND (
        e.event_type NOT IN ('conversion', 'refund')
        OR {chosen("AND k.origin IN (e.origin, '*')")}
        OR NOT {chosen()} AND NOT (
            e.from_analytics AND EXISTS (SELECT 1 FROM conversion_events h WHERE NOT h.from_analytics AND {shop})))
    """  # noqa: S608 - names of this file


def definitions(dialect: str) -> dict[str, str]:
    """Return {view: its query}."""
    return {
        "posts_flat": posts(dialect),
        "kpis_weekly_flat": kpis(dialect),
        "campaigns_flat": CAMPAIGNS_SQL,
        "conversions_flat": conversions(dialect),
        "anomalies_flat": ANOMALIES_SQL,
    }


def upgrade() -> None:
    connection = op.get_bind()
    for name, query in definitions(connection.dialect.name).items():
        connection.exec_driver_sql(f"CREATE VIEW {name} AS {query}")
    if connection.dialect.name != "postgresql":
        return  # SQLite has no comments; docs/data-for-analysts.md has the same texts.
    for view, (comment, columns) in VIEWS.items():
        connection.exec_driver_sql(f"COMMENT ON VIEW {view} IS {quoted(comment)}")
        for column, text in columns.items():
            connection.exec_driver_sql(f"COMMENT ON COLUMN {view}.{column} IS {quoted(text)}")


def quoted(text: str) -> str:
    # The driver would take a percent sign as a parameter.
    return "'" + text.replace("'", "''").replace("%", "%%") + "'"


def downgrade() -> None:
    for name in reversed(definitions(op.get_bind().dialect.name)):
        op.execute(f"DROP VIEW {name}")

"""What the tools say about each client, KPI, post, anomaly and decision, as rows of JSON."""

from collections.abc import Iterator
from typing import Any

from sophia.analytics.anomalies.records import PortfolioEvent, StoredAnomaly
from sophia.analytics.anomalies.schemas import AnomalyLine
from sophia.analytics.decisions.queries import DecidedPost, StoredDecision
from sophia.analytics.drivers.drivers import DRIVERS
from sophia.analytics.kpis.kpis import KPIS
from sophia.analytics.kpis.labels import kpi_label
from sophia.analytics.posting_times.service import RankedPost
from sophia.analytics.readings.aggregated import BucketValue, SeriesGroup
from sophia.analytics.reports.brief_records import ClientBrief
from sophia.analytics.reports.records import Report
from sophia.mcp.answers import change_row, compact, figure_row
from sophia.meta.catalogue.canonical import CANONICAL
from sophia.meta.reporting_zone import ONE_DAY, DateRange

Row = dict[str, Any]
LONGEST_TEXT = 300
BRIEF_KPIS = ("views", "reach", "engagement_rate_by_reach")


def days_row(window: DateRange) -> Row:
    """Return the first and the last day of a window, both included, as the tools take them."""
    return {"start_date": window.start, "end_date": window.end - ONE_DAY}


def client_row(client: ClientBrief) -> Row:
    return {
        "client_id": client.client_id,
        "name": client.name,
        "state": client.state.value,
        "reasons": [reason.text for reason in client.reasons],
        "coverage": f"{client.coverage.days_with_data} of {client.coverage.days} days",
        "kpis": {
            name: figure_row(client.kpis[name]) | {"change": change_row(client.changes[name])}
            for name in BRIEF_KPIS
            if name in client.kpis and name in client.changes
        },
    }


def kpi_rows(report: Report) -> Iterator[Row]:
    """Yield the KPIs of a report, with their changes, those without a value last."""
    for name in sorted(report.kpis, key=lambda name: report.kpis[name].value is None):
        change = report.changes.get(name)
        yield {
            "kpi": name,
            "label": kpi_label(name),
            **figure_row(report.kpis[name]),
            "change": None if change is None else change_row(change),
        }


def commentary_rows(report: Report) -> Iterator[Row]:
    for sentence in report.commentary:
        yield {"text": sentence.text}


def top_post_rows(report: Report) -> Iterator[Row]:
    for post in report.top_posts:
        yield {
            "post_id": post.post_id,
            "platform": post.platform.value,
            "kind": post.kind.value,
            "published_at": post.published_at,
            "title": post.title,
            "engagements": post.engagements,
            "reach": post.reach,
            "engagement_rate_by_reach": figure_row(post.rate_by_reach),
            "first_read_on": post.first_read_on,
        }


def goal_rows(report: Report) -> Iterator[Row]:
    for goal in report.goals:
        yield {
            "name": goal.name,
            "kpi": goal.kpi,
            "target": goal.target,
            "at_most": goal.at_most or None,
            **days_row(goal.window),
            "state": goal.standing.value,
            **{name: figure_row(getattr(goal, name)) for name in ("current", "done", "projected", "chance")},
        }


def driver_rows(report: Report) -> Iterator[Row]:
    """Yield the parts of the change of engagement by platform: of the algorithm, and of people."""
    for platform, split in report.drivers.items():
        for name in ("whole", *DRIVERS):
            part = getattr(split, name)
            yield {
                "platform": platform,
                "part": name,
                "percent": None if part is None else part.percent,
                "interval": None if part is None else part.percent_interval,
                "verdict": None if part is None else part.verdict,
                "compared_clients": split.others,
                "reason": split.reasons.get(name),
            }


def bucket_row(group: SeriesGroup, point: BucketValue) -> Row:
    return {
        "platform": None if group.platform is None else group.platform.value,
        "account_id": group.account_id,
        "start": point.start,
        "value": point.value,
        "days_with_data": point.days_with_data,
        "at_least": point.at_least,
        "at_most": point.at_most,
        "reason": point.reason,
    }


def ranked_row(post: RankedPost) -> Row:
    rank = post.rank
    return {
        "post_id": post.post_id,
        "platform": post.platform.value,
        "format": post.format,
        "published_at": post.published_at,
        "title": post.title,
        "value": post.value,
        "verdict": rank.verdict,
        "usual": rank.usual,
        "interval": None if rank.low is None or rank.high is None else [rank.low, rank.high],
        "n": rank.compared,
        "reason": rank.reason,
    }


def anomaly_row(line: AnomalyLine) -> Row:
    anomaly: StoredAnomaly = line.anomaly
    return {
        "text": line.sentence.text,
        "account_id": anomaly.account_id,
        "platform": anomaly.platform.value,
        "metric": anomaly.metric,
        "unit": CANONICAL[anomaly.metric].unit.value if anomaly.metric in CANONICAL else None,
        "kind": anomaly.kind,
        "since": anomaly.since,
        "until": anomaly.until,
        "open": anomaly.until is None or None,
        "worst": anomaly.worst,
        "value": anomaly.value,
        "expected": anomaly.expected,
        "interval": None if anomaly.low is None or anomaly.high is None else [anomaly.low, anomaly.high],
        "portfolio_event_since": anomaly.event_since,
        "withdrawn_at": anomaly.withdrawn_at,
    }


def event_row(event: Any, parts: tuple[PortfolioEvent, ...]) -> Row:
    return {
        "kind": event.kind,
        "since": event.since,
        "until": event.until,
        "open": event.until is None or None,
        "n": event.series,
        "alike": event.alike,
        "metrics": sorted({f"{part.platform.value} {part.metric}" for part in parts}),  # type: ignore[attr-defined]
    }


def decision_row(decision: StoredDecision) -> Row:
    return {
        "decision_id": decision.id,
        "stage": decision.stage,
        "decision": decision.decision[:LONGEST_TEXT],
        "rationale": None if decision.rationale is None else decision.rationale[:LONGEST_TEXT],
        "decided_at": decision.decided_at,
        "draft_id": decision.draft_id,
        "predicted": decision.predicted,
        "predicted_age": decision.predicted_age if decision.predicted else None,
        "posts": [outcome_row(post, decision) for post in decision.posts],
    }


def outcome_row(post: DecidedPost, decision: StoredDecision) -> Row:
    """Return the values of a post at the age of the prediction."""
    outcomes = post.outcomes.get(decision.predicted_age, {})
    return compact(
        {
            "post_id": post.post_id,
            "published_at": post.published_at,
            f"after_{decision.predicted_age}": {name: outcome.value for name, outcome in outcomes.items()},
        }
    )


def definition_rows(text: str | None) -> Iterator[Row]:
    """Yield the KPIs and then the metrics whose name, label or meaning contains the text, or all of them."""
    for kpi in KPIS:
        row: Row = {
            "kpi": kpi.name,
            "label": kpi_label(kpi.name),
            "unit": kpi.unit.value,
            "formula": kpi.formula,
            "inputs": list(kpi.inputs),
        }
        if matches(text, row):
            yield row
    for metric in CANONICAL.values():
        row = {
            "metric": metric.name,
            "meaning": metric.meaning,
            "unit": metric.unit.value,
            "counting": metric.counting.value,
            "classification": metric.metric_class.value,
        }
        if matches(text, row):
            yield row


def matches(text: str | None, row: Row) -> bool:
    """Return whether every word of the text is in the row's names, label, formula or meaning."""
    searched = " ".join(str(row.get(name, "")) for name in ("kpi", "metric", "label", "formula", "meaning")).lower()
    searched += " " + searched.replace("_", " ")
    return text is None or all(word in searched for word in text.lower().split())

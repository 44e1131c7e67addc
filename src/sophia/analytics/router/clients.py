"""What is known of one client. Another's client answers as one that does not exist (D3)."""

from collections.abc import Collection, Iterator
from datetime import timedelta
from difflib import get_close_matches
from itertools import chain
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.responses import StreamingResponse
from sqlalchemy.orm import Session

from sophia.access.problems import documented
from sophia.access.web import Visit, Visited
from sophia.analytics import exports, queries, schemas
from sophia.analytics.measures.figures import expect_days
from sophia.analytics.queries import AccountState, ReadingFilter, StoredReading, whole_buckets
from sophia.analytics.queries.snapshots import client_snapshots
from sophia.analytics.queries.watching import judged_through
from sophia.analytics.report import last_closed_week, make_report
from sophia.analytics.router.linking import link_next
from sophia.analytics.router.portfolio import gap_window
from sophia.analytics.schedule import Days
from sophia.analytics.schemas.reports import BenchmarkSummary, report_answer
from sophia.errors import InvalidInputError
from sophia.meta.catalogue import CANONICAL, Level, Platform, stored_names
from sophia.meta.reporting_zone import reporting_day

router = APIRouter(responses=documented(404))

ClientId = Annotated[schemas.Id, Path()]
SERIES_DAYS = 90
MOST_SERIES_DAYS = 3_660


@router.get("/{client_id}/metrics", response_model=list[schemas.ReadingAnswer])
def metrics(
    who: Visited,
    client_id: ClientId,
    asked: Annotated[schemas.MetricsQuery, Query()],
    request: Request,
    response: Response,
) -> list[StoredReading]:
    """Readings, newest day first; `Link: rel="next"` leads on. A name that neither the catalogue nor this client's
    readings know is refused.
    """
    with who.database.read() as session:
        queries.expect_client(session, who.seen, client_id)
        expect_metrics(session, client_id, asked.metric_name, asked.canonical)
        page = queries.read_page(session, client_id, reading_filter(asked), asked.limit, asked.cursor)
    if page.next_cursor is not None:
        link_next(request, response, cursor=page.next_cursor)
    return page.readings


def expect_metrics(session: Session, client_id: int, names: Collection[str], canonical: str | None) -> None:
    """Raises InvalidInputError for a stored name or a meaning that no metric has: a misspelt one would read like a metric
    without readings.
    """
    if canonical is not None and canonical not in CANONICAL:
        raise InvalidInputError(unknown_name("canonical metric", canonical, CANONICAL))
    known = stored_names()
    uncatalogued = set(names) - known
    if uncatalogued:
        of_client = queries.client_metric_names(session, client_id)
        for name in sorted(uncatalogued - of_client):
            raise InvalidInputError(unknown_name("metric", name, known | of_client))


def unknown_name(what: str, name: str, known: Collection[str]) -> str:
    near = get_close_matches(name, sorted(known), 3)
    hint = f"Did you mean {' or '.join(near)}? " if near else ""
    return f"There is no {what} {name!r}. {hint}GET /api/analytics/catalogue lists them."


def reading_filter(asked: schemas.ReadingsQuery) -> ReadingFilter:
    return ReadingFilter(
        start_date=asked.start_date,
        end_date=asked.end_date,
        metric_names=tuple(asked.metric_name),
        platform=asked.platform,
        level=asked.level,
        account_id=asked.account_id,
        platform_post_id=asked.platform_post_id,
        period=asked.period,
        canonical=asked.canonical,
        breakdown=asked.breakdown,
        as_of=asked.as_of,
    )


@router.get(
    "/{client_id}/metrics.csv",
    response_class=StreamingResponse,
    responses={200: {"content": {"text/csv": {"schema": {"type": "string"}}}, "description": "A row per reading."}},
)
def metrics_csv(
    who: Visited, client_id: ClientId, asked: Annotated[schemas.ReadingsQuery, Query()]
) -> StreamingResponse:
    """All readings that match, newest day first, as CSV with a heading; sent as they are read, however many (J6)."""
    with who.database.read() as session:
        queries.expect_client(session, who.seen, client_id)
        expect_metrics(session, client_id, asked.metric_name, asked.canonical)
    found = pages(who, client_id, reading_filter(asked))
    # Read before the answer begins: what goes wrong can then still be said as a problem.
    lines = exports.as_csv(chain([next(found)], found))
    name = f'attachment; filename="client-{client_id}-readings.csv"'
    return StreamingResponse(lines, media_type="text/csv; charset=utf-8", headers={"Content-Disposition": name})


def pages(who: Visit, client_id: int, wanted: ReadingFilter) -> Iterator[list[StoredReading]]:
    """Page after page, each in a short read of its own: a slow reader must not hold a connection."""
    cursor: str | None = None
    while True:
        with who.database.read() as session:
            page = queries.read_page(session, client_id, wanted, exports.ROWS_AT_ONCE, cursor)
        yield page.readings
        cursor = page.next_cursor
        if cursor is None:
            return


@router.get("/{client_id}/series", response_model=schemas.SeriesAnswer)
def series(who: Visited, client_id: ClientId, asked: Annotated[schemas.SeriesQuery, Query()]) -> schemas.SeriesAnswer:
    """One metric of the client's accounts by day, week (from Monday) or month, as its way of counting allows.

    Without a window: 90 days until the newest reading. Days outside the window that share a bucket with it count too.
    """
    with who.database.read() as session:
        queries.expect_client(session, who.seen, client_id)
        expect_metrics(session, client_id, [asked.metric_name] if asked.metric_name else [], asked.canonical)
        newest = queries.newest_day(session, client_id) or reporting_day(who.now) - timedelta(days=1)
        window = asked.days_until(newest, SERIES_DAYS)
        asked_days = Days(window.start, window.end - timedelta(days=1))
        expect_days(len(asked_days), MOST_SERIES_DAYS)
        days = whole_buckets(asked_days, asked.bucket)
        found = queries.aggregate(
            session,
            client_id,
            days,
            asked.bucket,
            asked.group_by,
            canonical=asked.canonical,
            metric_name=asked.metric_name,
        )
    return schemas.SeriesAnswer(
        client_id=client_id,
        canonical=asked.canonical,
        metric_names=list(found.names),
        level=Level.ACCOUNT,
        bucket=asked.bucket,
        group_by=asked.group_by,
        counting=found.counting,
        unit=found.unit,
        start=days.first,
        end=days.last + timedelta(days=1),
        groups=[schemas.GroupAnswer.model_validate(group) for group in found.groups],
        reason=None if found.names else "No account of this client's platforms has daily readings of this metric.",
    )


@router.get("/{client_id}/summary", response_model=schemas.ClientSummaryAnswer)
def summary(who: Visited, client_id: ClientId) -> schemas.ClientSummaryAnswer:
    """The newest closed week in short, and how fresh and complete the client's readings are.

    Its KPIs are computed from the readings as they are; trends and anomalies are those that were kept in the morning, when
    they were.
    """
    with who.database.read() as session:
        queries.expect_client(session, who.seen, client_id)
        accounts = queries.account_states(session, who.seen, client_id=client_id)
        refused = queries.list_refusals(session, who.seen, client_id)
        gaps = queries.find_gaps(session, accounts, refused, gap_window(None, None, who.now))
        unknown = queries.unknown_metrics(session, who.seen, client_id)
        kept = client_snapshots(session, client_id, [last_closed_week(who.now)])
        through = judged_through(session, client_id)
    report = report_answer(make_report(who.database, client_id, None, who.now, kept=True))
    return schemas.ClientSummaryAnswer(
        client_id=client_id,
        window=report.window,
        kpis=report.kpis,
        trends=report.trends,
        anomalies=report.anomalies,
        commentary=" ".join(sentence.text for sentence in report.commentary),
        benchmark=BenchmarkSummary(published=report.benchmarks, portfolio=report.peers),
        freshness=schemas.FreshnessAnswer(
            latest_metric_date=queries.newest(account.latest_metric_date for account in accounts),
            last_success_at=queries.latest(account.last_success_at for account in accounts),
            stale=any(account.is_stale(who.now) for account in accounts),
            accounts=[freshness(account, stale=account.is_stale(who.now)) for account in accounts],
            gaps=len(gaps),
            unclassified_metrics=sorted({metric.metric_name for metric in unknown}),
            weeks_checked_at=kept[0].checked_at if kept else None,
            judged_through=through,
        ),
    )


def freshness(account: AccountState, *, stale: bool) -> schemas.AccountFreshness:
    return schemas.AccountFreshness(
        account_id=account.id,
        platform=Platform(account.platform),
        name=account.name,
        status=schemas.AccountStatus(account.status),
        latest_metric_date=account.latest_metric_date,
        asked_through=account.through_day,
        last_success_at=account.last_success_at,
        stale=stale,
        readings=account.readings,
        action_needed=account.action_needed,
    )

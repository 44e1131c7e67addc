"""Jobs: what this process does by itself, how the last run ended, and buttons that run a job now."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Form, Query, Request, Response

from sophia.access.pages import AdminPage
from sophia.dashboard.layout.client_forms import see
from sophia.dashboard.layout.pages import frame, respond
from sophia.dashboard.layout.routes import PageRoute
from sophia.dashboard.layout.windows import PageQuery
from sophia.display.formatting import clock, whole
from sophia.display.values import Cell, Choice, Column, Table, Value
from sophia.errors import ConflictError, NotFoundError
from sophia.jobs.local import Runner
from sophia.jobs.table import JOBS, Job

router = APIRouter(route_class=PageRoute, include_in_schema=False)

# {name of a job: what it does}.
PURPOSES = {
    "collect_daily": "Collect every account that is due",
    "catch_up": "Collect what the daily collection missed",
    "collect_fresh": "Collect stories and the posts of the last days",
    "collect_comments": "Collect comments and competitors",
    "fetch_pictures": "Fetch the pictures of new posts",
    "publish_due": "Publish what is due",
    "keep_weeks": "Store the KPIs of complete weeks",
    "keep_anomalies": "Look for anomalies",
    "renew_briefs": "Compute the portfolio of the usual periods",
    "attribute_decisions": "Compare predictions with the outcomes of posts",
    "score_decisions": "Score the predictions of complete weeks",
    "check_tokens": "Check every token at Meta",
    "group_campaigns": "Group drafts into campaigns",
    "check_links": "Check the published links",
    "forget_raw_answers": "Delete old answers of Meta",
    "forget_comments": "Delete old comments",
}
EVERY = {"minute": "every minute", "hour": "every hour", "day": "every day", "week": "every week"}
NO_JOBS = (
    "This process runs no jobs. Open the address of the process that runs them, or start this one without --no-jobs."
)


@dataclass(frozen=True, slots=True)
class JobsPage:
    """The jobs. `choices` are those that can be run now; none in a process that runs no jobs."""

    lead: str
    jobs: Table
    choices: tuple[Choice, ...]


@router.get("/collection/jobs")
def jobs(request: Request, context: AdminPage, _query: Annotated[PageQuery, Query()]) -> Response:
    runner: Runner | None = request.app.state.runner
    zone = ZoneInfo(context.settings.operator_timezone)
    page = jobs_page(runner, zone, context.now)
    return respond(request, "jobs/page.html", frame(request, context, "Jobs"), page)


@router.post("/collection/jobs")
async def run_now(
    request: Request, context: AdminPage, name: Annotated[str, Form(max_length=60)]
) -> Response:  # fmt: skip
    """Start a job; its result appears on the page when it has ended."""
    runner: Runner | None = request.app.state.runner
    job = next((job for job in JOBS if job.name == name), None)
    if job is None:
        raise NotFoundError(f"There is no job {name!r}.")
    if runner is None:
        raise ConflictError(NO_JOBS)
    if not runner.run_now(job):
        raise ConflictError(f"This job is running already: {PURPOSES[name]}.")
    return see(context, "/collection/jobs")


def jobs_page(runner: Runner | None, zone: ZoneInfo, now: datetime) -> JobsPage:
    running = 0 if runner is None else sum(runner.is_running(job.name) for job in JOBS)
    return JobsPage(
        lead=NO_JOBS if runner is None else f"{running} of {len(JOBS)} jobs are running now.",
        jobs=job_table(runner, zone, now),
        choices=() if runner is None else tuple(Choice(job.name, PURPOSES[job.name]) for job in JOBS),
    )


def job_table(runner: Runner | None, zone: ZoneInfo, now: datetime) -> Table:
    columns = (Column("Job"), Column("Runs"), Column("State"), Column("Last run here"), Column("Result"))
    rows = tuple(job_row(job, runner, zone, now) for job in JOBS)
    note = "Results are those since the start of this process. The log has the runs of all processes."
    return Table("jobs", "All jobs", columns, rows, "", footnote=note)


def job_row(job: Job, runner: Runner | None, zone: ZoneInfo, now: datetime) -> tuple[Cell, ...]:
    result = None if runner is None else runner.result_of(job.name)
    is_running = runner is not None and runner.is_running(job.name)
    if result is None:
        text = ""
    elif result.counts is None:
        text = "failed; the log has the cause"
    else:
        text = ", ".join(f"{name.replace('_', ' ')} {whole(count)}" for name, count in result.counts.items())
    return (
        Cell(Value(PURPOSES[job.name]), note=job.name),
        Cell(Value(EVERY[job.schedule.every])),
        Cell(Value("running" if is_running else "waiting")),
        Cell(clock(None if result is None else result.ended_at, zone, now)),
        Cell(Value(text)),
    )

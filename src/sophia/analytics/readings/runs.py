"""Reads of runs: what was requested, what was stored, what failed (A14, C10)."""

from collections.abc import Collection
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from sophia.analytics.figures.run_status import RunStatus
from sophia.analytics.readings.permissions import ClientScope, visible
from sophia.analytics.readings.run_models import CollectionRun
from sophia.database.statements import among
from sophia.meta.catalogue.terms import Platform
from sophia.portfolio.models import Account
from sophia.vault import redact_secrets


@dataclass(frozen=True, slots=True)
class RunProblem:
    """A problem of a run, with Meta's code if Meta sent one."""

    message: str
    family: str | None
    code: int | str | None
    subcode: int | None
    fbtrace_id: str | None
    what_to_do: str | None


@dataclass(frozen=True, slots=True)
class FamilyResult:
    """What a run did for a family of series: the number of answers, and how the family ended.

    *empty*: Meta answered without any value. *none*: the same, which is usual for a small account. *incomplete*: a list
    was cut short. *stopped*: a rate limit or a dead token interrupted it.
    """

    answers: int
    ended: Literal["ok", "failed", "empty", "none", "incomplete", "stopped", "not asked", "not permitted"]


@dataclass(frozen=True, slots=True)
class RunRecord:
    """One collection for one account; moments are in UTC."""

    id: int
    client_id: int
    account_id: int
    platform: Platform
    trigger: str
    status: RunStatus
    started_at: datetime
    finished_at: datetime | None
    api_version: str
    calls: int
    calls_counted_by_meta: int
    retries: int
    percent_used: float
    families: dict[str, FamilyResult]
    readings_new: int
    readings_changed: int
    readings_same: int
    posts_new: int
    quarantined: int
    problems: list[RunProblem]
    action_needed: str | None
    resume_at: datetime | None


def list_runs(
    session: Session,
    allowed_clients: ClientScope,
    *,
    client_id: int | None = None,
    account_id: int | None = None,
    status: str | None = None,
    before_id: int | None = None,
    limit: int = 50,
) -> list[RunRecord]:
    """Return the newest runs of allowed clients, newest first; `before_id` continues a list."""
    conditions = [visible(Account.client_id, allowed_clients, client_id)]
    if account_id is not None:
        conditions.append(CollectionRun.account_id == account_id)
    if status is not None:
        conditions.append(CollectionRun.status == status)
    if before_id is not None:
        conditions.append(CollectionRun.id < before_id)
    rows = session.execute(
        select(CollectionRun, Account.client_id, Account.platform)
        .join(Account, Account.id == CollectionRun.account_id)
        .where(*conditions)
        .order_by(CollectionRun.id.desc())
        .limit(limit)
    )
    return [_record(*row) for row in rows]


def runs_by_id(session: Session, ids: Collection[int]) -> dict[int, RunRecord]:
    rows = session.execute(
        select(CollectionRun, Account.client_id, Account.platform)
        .join(Account, Account.id == CollectionRun.account_id)
        .where(among(CollectionRun.id, ids))
    )
    return {run.id: _record(run, client_id, platform) for run, client_id, platform in rows}


def runs_by_status(session: Session, since: datetime) -> dict[str, int]:
    """Return the number of runs that began since then, by status."""
    rows = session.execute(
        select(CollectionRun.status, func.count())
        # The condition on accounts makes the index on account and start usable; none is on the start alone.
        .where(CollectionRun.account_id.in_(select(Account.id)), CollectionRun.started_at >= since)
        .group_by(CollectionRun.status)
    )
    return dict(rows.all())


def calls_since(session: Session, since: datetime) -> tuple[int, int]:
    """Return the calls of the runs that began since then (aware): over HTTP, and as Meta counts them."""
    sums = (func.sum(CollectionRun.calls), func.sum(CollectionRun.calls_counted_by_meta))
    accounts = select(Account.id)  # lets the index on account and start serve
    query = select(*sums).where(CollectionRun.account_id.in_(accounts), CollectionRun.started_at >= since)
    http, counted = session.execute(query).one()
    return int(http or 0), int(counted or 0)


def _record(run: CollectionRun, client_id: int, platform: str) -> RunRecord:
    columns: dict[str, Any] = {field.name: getattr(run, field.name, None) for field in fields(RunRecord)}
    return RunRecord(
        **columns
        | {
            "client_id": client_id,
            "platform": Platform(platform),
            "families": {name: FamilyResult(**state) for name, state in run.families.items()},
            "problems": [_problem(note) for note in run.problems],
            "action_needed": run.action_needed and redact_secrets(run.action_needed),
        }
    )


def _problem(note: dict[str, Any]) -> RunProblem:
    """Return a stored problem without secrets, because Meta's messages may quote the request."""
    return RunProblem(
        message=redact_secrets(str(note.get("message", ""))),
        family=note.get("family"),
        code=note.get("code"),
        subcode=note.get("subcode"),
        fbtrace_id=note.get("fbtrace_id"),
        what_to_do=note.get("what_to_do"),
    )

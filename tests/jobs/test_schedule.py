"""When jobs run, who runs them, and what remains when the server stops."""

import asyncio
import pickle
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta

import pytest
from pydantic import SecretStr
from sqlalchemy import select
from tests.conftest import plain_settings
from tests.portfolio.conftest import Agency

from sophia.analytics.readings.models import Fetch
from sophia.analytics.readings.run_models import CollectionRun
from sophia.jobs.context import JobContext
from sophia.jobs.local import Runner
from sophia.jobs.run_times import Schedule
from sophia.jobs.schedule import GRACE, build_scheduler, run_jobs
from sophia.jobs.table import JOBS, Job
from sophia.jobs.triggers import RunTimes

SECRETS = {
    "facebook_access_token": SecretStr("EAAsecretsecretsecretsecret1"),
    "instagram_access_token": SecretStr("EAAsecretsecretsecretsecret2"),
    "facebook_app_secret": SecretStr("appsecretappsecret"),
    "encryption_key": SecretStr("HgVbcYEAXyOlbWj0vKPJuTTUZA0wKXXpUp09RYdR0bw="),
}


def test_the_daily_hour_is_that_of_the_operator() -> None:
    """E9: at six in Toronto, and some minutes later, never at the same second everywhere."""
    settings = plain_settings(operator_timezone="America/Toronto")
    fires = {
        RunTimes(Schedule("day"), 6, settings.operator_zone).get_next_fire_time(
            None, datetime(2026, 11, 22, tzinfo=UTC)
        )
        for _ in range(20)
    }
    assert all(fire is not None for fire in fires)
    minutes = {fire.astimezone(UTC).hour * 60 + fire.minute for fire in fires if fire is not None}
    assert min(minutes) >= 11 * 60
    assert max(minutes) <= 11 * 60 + 5
    assert len(fires) > 1


def test_a_missed_hour_is_made_good_and_only_once() -> None:
    """E4: a grace of hours, and many missed firings are one."""
    scheduler = build_scheduler(plain_settings(), print)
    assert {job.id for job in scheduler.get_jobs()} == {job.name for job in JOBS}
    for job in scheduler.get_jobs():
        assert job.misfire_grace_time == GRACE.total_seconds() >= 3600
        assert job.coalesce
        assert job.max_instances == 1


def test_jobs_carry_their_name_and_no_secret() -> None:
    """D1, D6: what the scheduler knows of a job, pickled or printed, holds none of the settings' secrets."""
    settings = plain_settings(**SECRETS)
    scheduler = build_scheduler(settings, print)
    for job in scheduler.get_jobs():
        assert job.args == (job.id,)
        assert job.kwargs == {}
        state = pickle.dumps((job.args, job.kwargs, job.name)) + repr(job.trigger).encode()
        assert not any(secret.get_secret_value().encode() in state for secret in SECRETS.values())


def test_alone_is_shorter_than_the_interval() -> None:
    """E3: a claim that outlasts the interval would suppress the next turn."""
    intervals = {
        "minute": timedelta(minutes=1),
        "hour": timedelta(hours=1),
        "day": timedelta(days=1),
        "week": timedelta(days=7),
    }
    for job in JOBS:
        interval = intervals[job.schedule.every]
        assert job.alone_for is None or job.alone_for + job.schedule.jitter < interval


@pytest.fixture
def slept() -> list[str]:
    return []


def test_one_of_two_processes_runs_a_job(agency: Agency, slept: list[str]) -> None:
    """E3: both clocks fire; the database lets one of them do it, and the next turn is free again."""

    async def note(_context: JobContext) -> Mapping[str, int]:
        slept.append("ran")
        return {}

    job = Job("note", note, Schedule("hour"), alone_for=timedelta(minutes=30))

    async def work(context: JobContext) -> list[bool]:
        one, other = Runner(context), Runner(context)
        return [*await asyncio.gather(one.run(job), other.run(job)), await one.run(job)]

    assert sorted(agency.run(work)) == [False, False, True]
    agency.now += timedelta(hours=1)
    assert sorted(agency.run(work)) == [False, False, True]
    assert slept == ["ran", "ran"]


@pytest.mark.parametrize(
    ("back", "runs"), [(timedelta(days=40), True), (timedelta(hours=1), True), (timedelta(0), False)]
)
def test_a_claim_of_a_clock_that_ran_ahead_is_not_believed(agency: Agency, back: timedelta, runs: bool) -> None:
    """E3, E4: set back to the right time, the clock must not keep hourly jobs waiting until that of the claim comes."""

    async def note(_context: JobContext) -> Mapping[str, int]:
        return {}

    job = Job("note", note, Schedule("hour"), alone_for=timedelta(minutes=30))

    async def work(context: JobContext) -> bool:
        return await Runner(context).run(job)

    assert agency.run(work)
    agency.now -= back
    assert agency.run(work) is runs
    assert not agency.run(work), "the right clock's claim is believed"


def test_a_job_that_fails_harms_nobody(agency: Agency, caplog: pytest.LogCaptureFixture) -> None:
    """C10: it is logged with its traceback, and its next turn comes."""

    async def fail(_context: JobContext) -> Mapping[str, int]:
        raise RuntimeError("broken")

    job = Job("fail", fail, Schedule("hour"))

    async def work(context: JobContext) -> list[bool]:
        runner = Runner(context)
        return [await runner.run(job), await runner.run(job)]

    assert agency.run(work) == [True, True]


def test_a_job_does_not_overtake_itself(agency: Agency) -> None:
    """E2: a turn that comes while the last one still works is left out."""
    gate = asyncio.Event()

    async def wait(_context: JobContext) -> Mapping[str, int]:
        await gate.wait()
        return {}

    job = Job("wait", wait, Schedule("hour"))

    async def work(context: JobContext) -> tuple[bool, bool]:
        runner = Runner(context)
        first = asyncio.create_task(runner.run(job))
        await asyncio.sleep(0.01)
        second = await runner.run(job)
        gate.set()
        return await first, second

    assert agency.run(work) == (True, False)


def serve(agency: Agency, done: Callable[[], bool]) -> None:
    """The jobs of a server that lives until something is done, or for a while."""

    async def live() -> None:
        async with run_jobs(agency.settings, agency.database, clock=agency.clock):
            for _ in range(1000):
                if await asyncio.to_thread(done):
                    return
                await asyncio.sleep(0.02)

    asyncio.run(live())


def statuses(agency: Agency) -> list[str]:
    with agency.database.read() as session:
        return list(session.scalars(select(CollectionRun.status)))


@pytest.fixture
def served(agency: Agency) -> Agency:
    """An agency whose tokens are encrypted with the key that a server finds in its data folder."""
    key = "HgVbcYEAXyOlbWj0vKPJuTTUZA0wKXXpUp09RYdR0bw="
    agency.change(encryption_key=SecretStr(key))
    agency.vault = type(agency.vault)([key])
    agency.connect()
    return agency


def test_a_server_collects_what_is_due_when_it_starts(served: Agency) -> None:
    """E4: nobody has to wait for six o'clock, and who starts again does not ask again."""
    serve(served, lambda: statuses(served) == ["ok"] * 6)
    assert statuses(served) == ["ok"] * 6
    served.meta.api.reset()
    tries = iter([False] * 10 + [True])
    serve(served, lambda: next(tries))
    assert served.meta.api.calls == []


def test_a_server_that_stops_leaves_everything_in_order(served: Agency) -> None:
    """E1, K10: what runs is closed as failed, leases are given back, and the next start takes up the rest."""
    served.meta.api.latency_seconds = 0.1

    def all_collecting() -> bool:
        with served.database.read() as session:
            return len(session.scalars(select(Fetch.run_id).distinct()).all()) == 6

    serve(served, all_collecting)
    assert set(statuses(served)) == {"failed"}
    assert served.count("leases")["leases"] == 0
    served.meta.api.latency_seconds = 0
    serve(served, lambda: statuses(served).count("ok") == 6)
    assert statuses(served).count("ok") == 6

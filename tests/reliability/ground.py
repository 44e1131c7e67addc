"""What a scenario plays on: a simulated Meta, a store, a clock for each of them, and Sophia in this process or as a child.

Meta's clock stands still, so that what it says is one truth. Sophia's clock is Meta's, off by `off`, when it runs here;
a child process has the machine's.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import stamina
from cryptography.fernet import Fernet
from pydantic import SecretStr
from tests.analytics.collector.conftest import NOON, AppState, Key, in_no_time
from tests.conftest import PATIENCE_SECONDS

from sophia.analytics.collector.plan import Plan
from sophia.analytics.collector.portfolio import Collector
from sophia.analytics.readings.account_states import account_health, failing_families
from sophia.analytics.readings.runs_store import RunOutcome
from sophia.cli.cancellation import run
from sophia.cli.status import as_document
from sophia.config import IsolatedSettings
from sophia.database.columns import day_of
from sophia.database.engine import Database
from sophia.demo.graph_api import GraphApi
from sophia.demo.meta.truth.truth import Truth
from sophia.demo.meta.world.world import build_world
from sophia.demo.server import running_server
from sophia.meta.client import GraphClient
from sophia.meta.pacing import Pacing
from sophia.meta.reporting_zone import reporting_day
from sophia.vault import Vault

POSTS_PER_ACCOUNT = 15
POST_DAYS = 25  # young enough to be read again by every run
INITIAL_DAYS = 10
ONE_DAY = timedelta(days=1)
RESTATED = (("page_views_total", 2, 4321), ("page_media_view", 1, 98765))  # metric, days ago, the value from then on
Stored = dict[Key, int | float]
BEFORE_MIDNIGHT = timedelta(seconds=30)
LONGEST_REST = timedelta(hours=7)


@dataclass(frozen=True, slots=True)
class Told:
    """What came of a collection: statuses of accounts, what was said, the exit code where there was a process, and what
    should not have happened.
    """

    statuses: tuple[str, ...] = ()
    said: str = ""
    code: int | None = None
    wrong: tuple[str, ...] = ()


@dataclass
class Ground(AppState):
    """Businesses with a Page and an Instagram account, their Meta, a store, and an encryption key that children get."""

    folder: Path = field(default_factory=Path)
    key: str = ""
    off: timedelta = timedelta(0)
    children: list["subprocess.Popen[str]"] = field(default_factory=list)
    before: Stored = field(default_factory=dict)  # what stood in the store before the fault

    @property
    def sophia_now(self) -> datetime:
        return self.now + self.off

    # Collecting.

    def collect(
        self, *external_ids: str, plan: Plan | None = None, version: str = "v22.0", **changes: Any
    ) -> list[RunOutcome]:
        """In this process, through the collector, by Sophia's clock. Retries do not wait."""
        silence = changes.pop("timeout_seconds", 30.0)
        settings = self.settings.model_copy(update=changes)
        ids = [self.account_ids[one] for one in external_ids or self.account_ids]

        def clock() -> datetime:
            return self.sophia_now

        async def work() -> list[RunOutcome]:
            secret = SecretStr(self.world.app_secret)
            pacing = Pacing(clock, sleep=in_no_time)
            async with GraphClient(
                self.base_url, version, clock, app_secret=secret, timeout_seconds=silence, pacing=pacing
            ) as client:
                collector = Collector(self.database, self.vault, client, settings, clock)
                return await collector.collect(ids, plan or Plan())

        with stamina.set_testing(testing=True, attempts=4):
            return run(work())

    def told(self, **changes: Any) -> Told:
        """Collect in this process, with these settings changed, and say what came of it."""
        outcomes = self.collect(**changes)
        return Told(tuple(one.status for one in outcomes), "\n".join(lines_of(outcomes)))

    def start(
        self, *arguments: str, prepare: Callable[[], None] | None = None, log: Path | None = None, **variables: str
    ) -> "subprocess.Popen[str]":
        """A command of Sophia as a process of its own. `prepare` runs in it before the command does; `log` is the file
        that standard error goes to.
        """
        kept = {name: value for name, value in os.environ.items() if not name.startswith("SOPHIA_")}
        with ExitStack() as stack:
            process = subprocess.Popen(
                [sys.executable, "-m", "sophia", *arguments],
                env={**kept, **self.environment(), **variables},
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=stack.enter_context(log.open("w")) if log else subprocess.PIPE,
                text=True,
                preexec_fn=prepare,  # noqa: PLW1509 - limits must be set in the child, where no lock of ours matters
            )
        self.children.append(process)
        return process

    def environment(self) -> dict[str, str]:
        settings: Mapping[str, object] = {
            "DATA_DIR": self.folder,
            "DATABASE_URL": self.database.engine.url.render_as_string(hide_password=False),
            "ENCRYPTION_KEY": self.key,
            "GRAPH_BASE_URL": self.base_url,
            "FACEBOOK_APP_SECRET": self.world.app_secret,
            "INITIAL_DAYS": INITIAL_DAYS,
        }
        return {f"SOPHIA_{name}": str(value) for name, value in settings.items()}

    def command(self, *arguments: str, prepare: Callable[[], None] | None = None) -> Told:
        """A command as a child, from its start to its end."""
        return ended(self.start(*arguments, prepare=prepare))

    def wait_for_calls(self, count: int, process: "subprocess.Popen[str] | None" = None) -> None:
        """Wait until Meta was asked so often, or the process ended before."""
        end = time.monotonic() + PATIENCE_SECONDS
        while len(self.api.calls) < count and (process is None or process.poll() is None):
            if time.monotonic() > end:
                raise TimeoutError(f"Meta was asked {len(self.api.calls)} times only")
            time.sleep(0.005)

    # Time and truth.

    def wait_for_limits(self) -> None:
        """Let the rests pass that Sophia keeps after one of Meta's limits; the day stays the same."""
        if self.count("budget_pauses"):
            self.off += LONGEST_REST

    def begin_a_day_ago(self, look: Callable[[], Stored] | None = None) -> None:
        """Collect a day ago and note what is stored; then Meta restates two values of the Page that it gave."""
        self.now -= ONE_DAY
        self.collect()
        self.before = (look or self.everything)()
        self.now += ONE_DAY
        today, page = reporting_day(self.now), self.world.pages[0].id
        for metric, back, value in RESTATED:
            self.truth.restate(page, metric, today - back * ONE_DAY, value)

    # What stands in the store.

    def everything(self) -> Stored:
        """Every reading of every account."""
        return {key: value for account in self.account_ids for key, value in self.stored(account).items()}

    def count(self, table: str, condition: str = "1 = 1") -> int:
        return int(self.rows(f"SELECT count(*) FROM {table} WHERE {condition}")[0][0])  # noqa: S608 - ours

    def revisions(self) -> dict[Key, list[int | float]]:
        """The values that each reading had before, oldest first."""
        rows = self.rows(
            """
            SELECT a.external_id, p.platform_post_id, m.metric_name, m.period, m.breakdown, r.metric_date,
                   r.metric_value
            FROM metric_revisions r JOIN metric_series s ON s.id = r.series_id JOIN metrics m ON m.id = s.metric_id
            JOIN accounts a ON a.id = s.account_id LEFT JOIN posts p ON p.id = s.post_id
            ORDER BY r.replaced_by_fetch_id
            """
        )
        found: dict[Key, list[int | float]] = {}
        for account, post, name, period, breakdown, day, value in rows:
            found.setdefault((account, post, name, period, breakdown, day_of(day)), []).append(float(value))
        return found

    def watermarks(self) -> dict[tuple[int, str], tuple[date, date]]:
        rows = self.rows("SELECT account_id, family, from_day, through_day FROM watermarks")
        return {(account, family): (day_of(first), day_of(last)) for account, family, first, last in rows}

    def shown(self) -> list[str]:
        """What `sophia status --json` says a person should do, and what the records of runs say went wrong."""
        with self.database.read() as session:
            failing = failing_families(session)
            documents = [
                as_document(one, failing.get(one.account.id, []), self.sophia_now, ONE_DAY)
                for one in account_health(session)
            ]
        advice = [f"{one['platform']}: {one['what_to_do']}" for one in documents if one["what_to_do"]]
        problems = self.rows(
            "SELECT status, problems, action_needed FROM collection_runs WHERE status <> 'ok' ORDER BY id"
        )
        for status, told, action in problems:
            listed = json.loads(told) if isinstance(told, str) else told
            advice += [f"{status}: {one['message']}" for one in listed]
            advice += [action] if action else []
        return advice


def ended(process: "subprocess.Popen[str]") -> Told:
    """What a child said until it ended."""
    out, err = process.communicate(timeout=300)
    statuses: tuple[str, ...] = ()
    if out.startswith("{"):
        accounts = json.loads(out).get("accounts", [])
        statuses = tuple(one["status"] for one in accounts)
        out = "\n".join(problem["message"] for one in accounts for problem in one.get("problems", []))
    return Told(statuses, f"{out}\n{err or ''}", process.returncode)


def lines_of(outcomes: list[RunOutcome]) -> Iterator[str]:
    for outcome in outcomes:
        for problem in outcome.problems:
            yield str(problem["message"])
        if outcome.action_needed:
            yield outcome.action_needed


def present() -> datetime:
    """The moment at which Meta's clock stands while children, who have the machine's, take part: the same for a whole
    reporting day, so that the truth is reckoned once. Waits while a day is about to end.
    """
    now = datetime.now(UTC)
    while reporting_day(now + BEFORE_MIDNIGHT) != reporting_day(now):
        time.sleep(1)
        now = datetime.now(UTC)
    return moment_of(reporting_day(now))


@cache
def moment_of(_day: date) -> datetime:
    return datetime.now(UTC)


@contextmanager
def open_ground(
    database: Database, folder: Path, *, real_clock: bool = False, businesses: int = 1, connected: bool = True
) -> Iterator[Ground]:
    """Yield a world whose posts are as young as the present: noon of a fixed day, or the machine's when children take
    part. Its accounts are in the store already if `connected`.
    """
    now = present() if real_clock else NOON
    world = build_world(businesses=businesses, posts_per_account=POSTS_PER_ACCOUNT, days=POST_DAYS, now=now)
    truth = Truth(world)
    clock = [now]
    api = GraphApi(world, truth, clock=lambda: clock[0])
    key = Fernet.generate_key().decode()
    settings = IsolatedSettings(data_dir=folder, initial_days=INITIAL_DAYS)
    with running_server(api) as base_url:
        ground = Ground(
            database, world, truth, api, base_url, settings, clock, vault=Vault([key]), folder=folder, key=key
        )
        if connected:
            ground.connect()
        try:
            yield ground
        finally:
            for process in ground.children:
                process.kill()
                process.communicate()

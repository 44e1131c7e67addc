"""Trials: a fresh Sophia connects and collects through the rule proxy, by its commands alone."""

import json
import os
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.cases.proxy import Rule, RuleProxy, running_proxy

from sophia.demo.server import spawned_server

# (platform, level, post id, metric name)
Key = tuple[str, str, str | None, str]
READINGS = "SELECT DISTINCT platform, level, platform_post_id, metric_name FROM readings_flat"
NEWEST_MEDIA = (
    "SELECT platform_post_id FROM readings_flat WHERE platform = 'instagram' AND level = 'post'"
    " AND post_kind <> 'story' ORDER BY published_at DESC LIMIT 1"
)


@dataclass(frozen=True, slots=True)
class Trial:
    """What the commands printed, what the store holds afterwards, and the refusals and problems that runs report there."""

    connect: str
    collect: str
    status: str
    readings: frozenset[Key]
    reported: str

    def posts(self, platform: str) -> int:
        """How many posts of a platform have readings."""
        return len({post for where, _, post, _ in self.readings if where == platform and post is not None})


@dataclass(frozen=True, slots=True)
class Laboratory:
    """One simulated agency behind a proxy. `names`: what {page}, {ig} and {newest_ig} mean in rules."""

    proxy: RuleProxy
    environment: Mapping[str, str]
    control: Trial
    names: Mapping[str, str]

    def run(self, rules: Sequence[Rule]) -> Trial:
        """Connect and collect into a new store while these rules hold."""
        return run_trial(self.proxy, self.environment, json.loads(replace_names(json.dumps(rules), self.names)))


def replace_names(text: str, names: Mapping[str, str]) -> str:
    for name, value in names.items():
        text = text.replace(f"{{{name}}}", value)
    return text


def sophia(*arguments: str, environment: Mapping[str, str]) -> str:
    """Everything that a command prints. It runs in its data folder and sees no setting but these."""
    command = [str(Path(sys.executable).parent / "sophia"), *arguments]
    kept = {"PATH": os.environ["PATH"], "COLUMNS": "200", **environment}
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, cwd=environment["SOPHIA_DATA_DIR"], env=kept, timeout=300
    )
    return (done.stdout + done.stderr).strip()


def sophia_document(*arguments: str, environment: Mapping[str, str]) -> Any:
    """The document that a command prints with --json."""
    command = [str(Path(sys.executable).parent / "sophia"), *arguments, "--json"]
    kept = {"PATH": os.environ["PATH"], **environment}
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, cwd=environment["SOPHIA_DATA_DIR"], env=kept, timeout=300
    )
    return json.loads(done.stdout)


def run_trial(proxy: RuleProxy, environment: Mapping[str, str], rules: Sequence[Rule]) -> Trial:
    proxy.rules = rules
    try:
        with tempfile.TemporaryDirectory() as folder:
            return collect_into(Path(folder), environment)
    finally:
        proxy.rules = ()


def collect_into(folder: Path, environment: Mapping[str, str]) -> Trial:
    settings = {**environment, "SOPHIA_DATA_DIR": str(folder)}
    connect = sophia("connect", "--yes", environment=settings)
    collect = sophia("collect", environment=settings)
    status = sophia("status", environment=settings)
    store = folder / "sophia.db"
    return Trial(connect, collect, status, read_store(store), read_reports(store))


def read_store(path: Path) -> frozenset[Key]:
    if not path.exists():
        return frozenset()
    with closing(sqlite3.connect(path)) as connection:
        return frozenset(connection.execute(READINGS).fetchall())


def read_reports(path: Path) -> str:
    """The remembered refusals and the problems of all runs, as text."""
    if not path.exists():
        return ""
    with closing(sqlite3.connect(path)) as connection:
        refused = connection.execute("SELECT metric_name FROM metric_status").fetchall()
        problems = connection.execute("SELECT problems FROM collection_runs").fetchall()
    return f"{refused} {problems}"


def read_names(path: Path) -> dict[str, str]:
    """The ids of the Page, the Instagram account and its newest post, from the store of a first collection."""
    with closing(sqlite3.connect(path)) as connection:
        accounts = dict(connection.execute("SELECT platform, external_id FROM accounts").fetchall())
        [newest] = connection.execute(NEWEST_MEDIA).fetchone()
    return {"page": accounts["facebook"], "ig": accounts["instagram"], "newest_ig": newest}


@contextmanager
def laboratory() -> Iterator[Laboratory]:
    """A simulated Meta with one business and 30 posts an account, and what a trial without rules stores."""
    now = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    with (
        spawned_server(businesses=1, posts=30, now=now, runs=True) as meta,
        running_proxy(meta.base_url) as proxy,
        tempfile.TemporaryDirectory() as folder,
    ):
        environment = {
            "SOPHIA_GRAPH_BASE_URL": proxy.base_url,
            "SOPHIA_FACEBOOK_APP_ID": meta.app_id,
            "SOPHIA_FACEBOOK_APP_SECRET": meta.app_secret,
            "SOPHIA_FACEBOOK_ACCESS_TOKEN": meta.user_token,
            "SOPHIA_INITIAL_DAYS": "30",
            "SOPHIA_COLLECT_COMMENTS": "false",
        }
        control = collect_into(Path(folder), environment)
        yield Laboratory(proxy, environment, control, read_names(Path(folder, "sophia.db")))

"""The commands, in this process and as real ones, against a simulated Meta whose clock is the machine's."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from tests.conftest import PATIENCE_SECONDS
from tests.meta.conftest import Meta
from typer.testing import CliRunner, Result

from sophia.cli import app
from sophia.demo.graph_api import GraphApi
from sophia.demo.meta.truth.truth import Truth
from sophia.demo.meta.world.world import World, build_world
from sophia.demo.server import running_server


@dataclass
class Shell:
    """Runs commands of Sophia in a folder of its own. `environment` holds every SOPHIA_ variable that they see."""

    meta: Meta
    folder: Path
    environment: dict[str, str] = field(default_factory=dict)
    processes: list["subprocess.Popen[str]"] = field(default_factory=list)

    @property
    def world(self) -> World:
        return self.meta.world

    def run(self, *arguments: str, stdin: str = "", **variables: str) -> Result:
        """In this process; `stdin` is standard input, which is not a terminal."""
        environment = {name: None for name in os.environ if name.startswith("SOPHIA_")} | self.environment | variables
        return CliRunner().invoke(app, arguments, input=stdin, env=environment, prog_name="sophia")

    def ask(self, *arguments: str, **variables: str) -> Any:
        """What a command says with --json: one document on standard output and nothing else."""
        return json.loads(self.run(*arguments, "--json", **variables).stdout)

    def start(
        self, *arguments: str, prepare: Callable[[], None] | None = None, **variables: str
    ) -> "subprocess.Popen[str]":
        """Start a command as a process of its own; `prepare` runs in it before the command does."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("SOPHIA_")}
        process = subprocess.Popen(
            [sys.executable, "-m", "sophia", *arguments],
            env={**kept, **self.environment, **variables},
            cwd=self.folder,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            preexec_fn=prepare,  # noqa: PLW1509 - rights must be dropped in the child, where no lock of ours matters
        )
        self.processes.append(process)
        return process

    def end_processes(self) -> None:
        """Kill what a test that failed left running."""
        for process in self.processes:
            if process.poll() is None:
                process.kill()
                process.communicate()

    def finish(self, process: "subprocess.Popen[str]", stdin: str = "") -> tuple[int, str, str]:
        """(exit code, standard output, standard error) of a process when it ends."""
        out, err = process.communicate(stdin, timeout=PATIENCE_SECONDS)
        return process.returncode, out, err

    def connect(self) -> None:
        assert self.run("connect", "--yes", stdin=self.world.user_token).exit_code == 0


@pytest.fixture(scope="session")
def world() -> World:
    """Two clients, the second too small for Meta's unique counts."""
    return build_world(businesses=2, posts_per_account=3, days=10, now=datetime.now(UTC))


@pytest.fixture
def shell(world: World, tmp_path: Path) -> Iterator[Shell]:
    served = Meta(GraphApi(world, Truth(world), clock=lambda: datetime.now(UTC)))
    with running_server(served) as served.base_url:
        shell = Shell(served, tmp_path, variables(served, tmp_path))
        yield shell
        shell.end_processes()


def variables(meta: Meta, folder: Path) -> dict[str, str]:
    settings: Mapping[str, object] = {
        "DATA_DIR": folder / "data",
        "GRAPH_BASE_URL": meta.base_url,
        "FACEBOOK_APP_ID": meta.world.app_id,
        "FACEBOOK_APP_SECRET": meta.world.app_secret,
        "INITIAL_DAYS": 2,
    }
    return {f"SOPHIA_{name}": str(value) for name, value in settings.items()}

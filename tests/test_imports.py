"""Importing does nothing: no file beyond code, no socket, no database, no environment."""

import os
import pkgutil
import subprocess
import sys
from pathlib import Path

from tests.conftest import PATIENCE_SECONDS

import sophia

# Runs in an interpreter of its own. An audit hook sees every file, socket and process that anything opens.
WATCHER = """
import importlib, os, sys

# What libraries themselves read or do while they are imported is theirs: they are imported before we look.
for name in sys.argv[1].split(","):
    importlib.import_module(name)
CODE = (".py", ".pyc", ".so", ".pyd", ".dist-info", "entry_points.txt", "METADATA")
seen = []

def watch(event, arguments):
    if event in ("socket.__new__", "socket.connect", "socket.getaddrinfo", "subprocess.Popen", "sqlite3.connect",
                 "os.mkdir", "os.remove", "os.rename"):
        seen.append((event, repr(arguments)[:200]))
    elif event == "open":
        path = str(arguments[0])
        writes = any(sign in str(arguments[1] or "") for sign in "wax+")
        if "zoneinfo" in path or "tzdata" in path:
            return  # the rules of time zones are as constant as code
        if (writes and ".pyc" not in path) or not path.endswith(CODE) and ".pyc." not in path and not os.path.isdir(path):
            seen.append((event, path))

class Environment(type(os.environ)):
    def __getitem__(self, key):
        if key.startswith("SOPHIA_"):
            seen.append(("environment", key))
        return super().__getitem__(key)

os.environ.__class__ = Environment
os.environ.__dict__.setdefault("x", 0)
sys.addaudithook(watch)
for name in sys.argv[2].split(","):
    importlib.import_module(name)
found = list(seen)
import sqlalchemy.engine.base as base, gc
found += [("engine", repr(one)) for one in gc.get_objects() if type(one) is base.Engine]
print(found)
"""
LIBRARIES = [
    "sqlalchemy",
    "sqlalchemy.orm",
    "sqlalchemy.dialects.sqlite",
    "sqlalchemy.dialects.postgresql",
    "httpx",
    "fastapi",
    "uvicorn",
    "alembic.command",
    "alembic.context",
    "psycopg",
    "pydantic",
    "pydantic_settings",
    "cryptography.fernet",
    "stamina",
    "structlog",
    "zoneinfo",
    "tzdata",
    "anyio",
    "asyncio",
    "ssl",
    "typer",
    "rich.console",
    "rich.progress",
    "rich.table",
    "prometheus_client",
    "apscheduler.schedulers.background",
    "pyrate_limiter",
    "numpy",
    "email.message",
    "mcp.server.mcpserver",
]

NEEDS_EXTRAS = {"sophia.mcp.server"}
WITHOUT_EXTRAS = """
import importlib, sys

for name in ("mcp", "pyarrow"):
    sys.modules[name] = None
for name in (MODULES,):
    importlib.import_module(name)
from sophia.errors import ConfigurationError
from sophia.analytics.exports.formats import FileFormat, open_format
from sophia.mcp.router import load_server

for use in (lambda: load_server(None), lambda: open_format(FileFormat.PARQUET, None, {}).__enter__()):
    try:
        use()
    except ConfigurationError as error:
        print(error)
"""


def modules() -> list[str]:
    """Every module of the package, except what runs when it is imported because that is what it is for."""
    found = [info.name for info in pkgutil.walk_packages(sophia.__path__, "sophia.")]
    runs = {"sophia.__main__", "sophia.migrations.env"}
    return [name for name in found if name not in runs and not name.startswith("sophia.migrations.versions")]


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments],
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE_SECONDS,
    )


def test_importing_opens_nothing(tmp_path: Path) -> None:
    """K9: no file but code, no socket, no process, no SOPHIA_ variable, no engine; for every module there is."""
    assert len(modules()) > 40
    done = run("-B", "-c", WATCHER, ",".join(LIBRARIES), ",".join(modules()), SOPHIA_DATA_DIR=str(tmp_path / "data"))
    assert done.stderr == ""
    assert done.stdout.strip() == "[]"
    assert list(tmp_path.iterdir()) == []


def test_importing_without_the_extras() -> None:
    """Without the packages of the extras every other module is imported, and their use says how to install them."""
    needed = ", ".join(f'"{name}"' for name in modules() if name not in NEEDS_EXTRAS)
    done = run("-c", WITHOUT_EXTRAS.replace("MODULES", needed))
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [
        'Assistants need the package mcp. Install Sophia with it: pip install "sophia[mcp]"',
        'Parquet needs the package pyarrow. Install Sophia with it: pip install "sophia[parquet]"',
    ]


def test_importing_with_a_broken_environment() -> None:
    """K9: settings that cannot be read hinder no import, and neither do warnings that are errors."""
    broken = {
        "SOPHIA_DATABASE_URL": "nonsense",
        "SOPHIA_ENCRYPTION_KEY": "nonsense",
        "SOPHIA_DAILY_HOUR": "nonsense",
        "SOPHIA_GRAPH_API_VERSION": "v0",
        "SOPHIA_OPERATOR_TIMEZONE": "Nowhere",
        "SOPHIA_ASK_ALSO": "{",
        "TZ": "Nowhere/Else",
    }
    imports = "\n".join(f"import {name}" for name in modules())
    done = run("-c", imports, **broken)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_every_module_alone() -> None:
    """K9: the lower rooms can be imported first, in any order: nobody relies on what another has imported."""
    lower = [name for name in modules() if name.startswith(("sophia.meta", "sophia.analytics", "sophia.portfolio"))]
    script = (
        "import importlib, sys\n"
        "before = set(sys.modules)\n"
        "for name in sys.argv[1].split(','):\n"
        "    for one in [m for m in sys.modules if m.split('.')[0] == 'sophia']:\n"
        "        del sys.modules[one]\n"
        "    importlib.import_module(name)\n"
    )
    pure = [name for name in lower if name.startswith("sophia.meta")]
    done = run("-c", script, ",".join(pure))
    assert (done.returncode, done.stderr) == (0, "")

"""`sophia demo`: collect an invented agency from a simulated Meta over HTTP, and serve it."""

import json
import shlex
import shutil
import socket
import sqlite3
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from urllib.request import Request, urlopen

import typer

from sophia.cli.installation import Installation, settle_memory, utc_now
from sophia.cli.output import echo

if TYPE_CHECKING:
    from sophia.analytics.readings.runs_store import RunOutcome
    from sophia.database.engine import Database
    from sophia.demo.server import SpawnedServer
    from sophia.portfolio.service import AccountInfo

MARK = "made-by-sophia-demo"
LONGEST_ANSWER = 700


def demo(
    folder: Annotated[
        Path, typer.Option("--dir", help="Folder of the demo's store. Every demo replaces its content.")
    ] = Path("demo-data"),
    businesses: Annotated[
        int, typer.Option("--clients", min=1, max=200, help="Number of clients, with two accounts each.")
    ] = 12,
    posts: Annotated[int, typer.Option(min=1, max=5000, help="Posts per account, over 90 days.")] = 100,
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port of the API. If it is in use, a free port.")] = 8000,
    once: Annotated[bool, typer.Option("--once", help="Stop after printing the API's answers.")] = False,
) -> None:
    """Collect an invented agency from a simulated Meta and serve it. Your own store and settings are not used."""
    from sophia.demo.server import running_server, spawned_server
    from sophia.jobs.schedule import open_runner
    from sophia.main import create_app

    started = time.monotonic()
    settle_memory()
    moment = utc_now().replace(minute=0, second=0, microsecond=0)
    with claimed_folder(folder), ThreadPoolExecutor(1) as background:
        # A thread makes the store and loads the model while the simulated Meta's process starts and answers.
        store = background.submit(make_store, folder)
        background.submit(load_language_model)
        with spawned_server(businesses=businesses, posts=posts, now=moment, runs=True) as meta:
            echo(f"Started a simulated Meta with {businesses} clients.")
            installation = install(folder, meta, store.result())
            collect(installation, meta)
            key = make_key(installation)
            settings, database = installation.settings, installation.database
            runner = partial(open_runner, settings, database, clock=utc_now)
            app = create_app(settings, database, clock=utc_now, on_start=runner, has_patterns=True)
            with running_server(app, port=free_port(port), lifespan=True) as address:
                get(address, key, "/healthz")
                echo(
                    f"The API answers {time.monotonic() - started:.0f} s after the start of this command, so far without"
                )
                echo("past decisions and scores, weekly KPIs, anomalies and comments. Adding these …")
                analyse(installation, meta)
                echo(f"All figures are complete {time.monotonic() - started:.0f} s after the start of this command.")
                show(address, key)
                echo(f"\nAddress:  {address}\nKey:      {key}\nStore:    {installation.database.path}")
                echo(f"Try:      curl -H 'Authorization: Bearer {key}' {address}/api/analytics/accounts")
                if not once:
                    write_environment(folder, meta)
                    echo(f"Commands: {shell_line(folder)}")
                    echo(f"Pages:    {address}/sign-in/{make_sign_in_link(installation)} (signs in once in 15 minutes)")
                    echo("Press Ctrl-C to stop. The pictures of the newest posts appear within a minute.")
                    with suppress(KeyboardInterrupt):
                        fetch_pictures(installation)
                        wait()
                    echo("\nStopped.")
            installation.database.close()


def make_store(folder: Path) -> "Database":
    from sophia.database.engine import Database
    from sophia.migrations import upgrade

    database = Database(f"sqlite:///{folder.resolve() / 'sophia.db'}")
    upgrade(database)
    return database


def load_language_model() -> None:
    """Load the model that detects the languages of comments: 1 s, before the first comment needs it."""
    from sophia.analytics.comments.scoring import score

    score("Thank you for the lovely evening")


@contextmanager
def claimed_folder(folder: Path) -> Iterator[None]:
    """Empty the folder, and lock it against other demos while the block runs.

    Raise InvalidInputError when another demo uses the folder, or when it contains anything but an earlier demo.
    """
    from sophia.errors import InvalidInputError

    if folder.exists() and any(folder.iterdir()) and not (folder / MARK).exists():
        raise InvalidInputError(f"{folder} contains files that are not from a demo. Choose another folder with --dir.")
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    # SQLite's lock works on every operating system, which releases it when the process dies.
    mark = sqlite3.connect(folder / MARK, timeout=0, isolation_level=None)
    try:
        try:
            mark.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError as error:
            text = f"Another demo runs in {folder}. Stop it with Ctrl-C, or choose another folder with --dir."
            raise InvalidInputError(text) from error
        clear(folder)
        yield
    finally:
        mark.close()


def clear(folder: Path) -> None:
    """Delete the files of an earlier demo, except the mark."""
    for path in folder.iterdir():
        if path.is_dir():
            shutil.rmtree(path)
        elif path.name != MARK:
            path.unlink()


def shell_line(folder: Path) -> str:
    """Return a shell line that makes `sophia` use the demo's store, wherever the program is installed."""
    environment = f"set -a; . {shlex.quote(str(folder.resolve() / '.env'))}; set +a"
    python = Path(sys.executable)
    if python.with_name("sophia").exists():
        return f'{environment}; PATH={shlex.quote(str(python.parent))}:"$PATH"; sophia status'
    return f'{environment}; sophia() {{ {shlex.quote(str(python))} -m sophia "$@"; }}; sophia status'


def install(folder: Path, meta: "SpawnedServer", database: "Database") -> Installation:
    """Create an installation for the demo. It ignores the environment and files named .env."""
    from pydantic import SecretStr

    from sophia import logs
    from sophia.config import IsolatedSettings

    settings = IsolatedSettings(
        data_dir=folder,
        graph_base_url=meta.base_url,
        graph_upload_url=meta.base_url,
        facebook_app_id=meta.app_id,
        facebook_app_secret=SecretStr(meta.app_secret),
        facebook_access_token=SecretStr(meta.user_token),
        facebook_login_config_id=meta.world.login_config_id,
        facebook_login_url=meta.base_url,
        picture_loopback=True,
    )
    logs.configure(settings, least="warning")
    return Installation(settings, database, utc_now)


def write_environment(folder: Path, meta: "SpawnedServer") -> None:
    """Write the file .env with which other commands use the demo's store and its simulated Meta."""
    settings = {
        "DATA_DIR": folder.resolve(),
        "DATABASE_URL": f"sqlite:///{folder.resolve() / 'sophia.db'}",
        "GRAPH_BASE_URL": meta.base_url,
        "GRAPH_UPLOAD_URL": meta.base_url,
        "FACEBOOK_APP_ID": meta.app_id,
        "FACEBOOK_APP_SECRET": meta.app_secret,
        "FACEBOOK_LOGIN_CONFIG_ID": meta.world.login_config_id,
        "FACEBOOK_LOGIN_URL": meta.base_url,
        "PICTURE_LOOPBACK": "true",
    }
    lines = [f"SOPHIA_{name}={shlex.quote(str(value))}" for name, value in settings.items()]
    (folder / ".env").write_text("\n".join(lines) + "\n", encoding="utf-8")


def collect(installation: Installation, meta: "SpawnedServer") -> None:
    """Connect accounts, add the agency's data and collect, with the functions that the other commands call."""
    from pydantic import SecretStr

    from sophia.analytics.collector.plan import Plan
    from sophia.cli.cancellation import run
    from sophia.cli.collecting import collect_accounts
    from sophia.cli.connecting import find_pages
    from sophia.demo.agency.clients import connect_clients, furnish
    from sophia.portfolio.service import list_accounts

    evenings = week_evenings(meta.now)
    plain = without_pictures(installation)
    offer = run(find_pages(installation, SecretStr(meta.user_token)))
    connected = connect_clients(installation.database, installation.vault, offer, meta.world, evenings[0])
    furnish(installation.database, meta.world, meta.now + timedelta(hours=1))
    echo(f"Connected {len(connected)} accounts of {len(meta.world.businesses)} clients.")
    with installation.database.read() as session:
        accounts = list_accounts(session)
    started, outcomes = time.monotonic(), []
    for evening in evenings:
        echo(f"Collecting 90 days as of {evening:%d %B, %H:%M} UTC, the end of a week …")
        set_clock(meta, evening)
        past_installation = Installation(plain.settings, installation.database, fixed_clock(evening))
        outcomes += collect_accounts(past_installation, accounts, lambda _: Plan("demo"), as_json=True)
    set_clock(meta, None)
    echo("Collecting the days since then …")
    newest = collect_accounts(plain, accounts, lambda _: Plan("demo"), as_json=False)
    summarise([*outcomes, *newest], newest, time.monotonic() - started)


def analyse(installation: Installation, meta: "SpawnedServer") -> None:
    """Add the history of some clients, do the work of the daily and weekly jobs, and collect one client's comments."""
    from sophia.analytics.anomalies.daily import keep_anomalies
    from sophia.analytics.decisions.scoring import attribute_outcomes, keep_scores
    from sophia.analytics.kpis.weekly import keep_weeks
    from sophia.analytics.reports.brief_cache import brief_cache
    from sophia.demo.agency.history import remember
    from sophia.portfolio.service import list_accounts

    remember(installation.database, meta.world, meta.truth, meta.now)
    keep_weeks(installation.database, utc_now())
    keep_anomalies(installation.database, utc_now())
    stored_outcomes = attribute_outcomes(installation.database, utc_now())
    keep_scores(installation.database, utc_now())
    echo(f"Compared the planners' predictions with {stored_outcomes.new:,} outcomes of posts.")
    with installation.database.read() as session:
        accounts = list_accounts(session)
    collect_comments(without_pictures(installation), meta, accounts)
    # The server made a brief when it started, without these figures.
    brief_cache(installation.database).refresh(installation.database, utc_now())


def collect_comments(installation: Installation, meta: "SpawnedServer", accounts: "list[AccountInfo]") -> None:
    """Add a competitor to the first client, and collect the client's comments and this competitor."""
    from sophia.analytics.collector.plan import Plan
    from sophia.cli.collecting import collect_accounts

    first = [account for account in accounts if account.client_id == accounts[0].client_id]
    add_first_competitor(installation, meta, first[0].client_name)
    comment_runs = collect_accounts(installation, first, lambda _: Plan("comments", comments_only=True), as_json=True)
    echo(f"Collected {sum(outcome.saved.new for outcome in comment_runs):,} comments of {first[0].client_name}.")


def without_pictures(installation: Installation) -> Installation:
    """Return the same installation for collecting without pictures, which come last: the figures need none."""
    settings = installation.settings.model_copy(update={"picture_megabytes": 0})
    return Installation(settings, installation.database, installation.clock)


def fetch_pictures(installation: Installation) -> None:
    """Fetch the pictures of the newest posts, as the server does after each collection."""
    from sophia.cli.cancellation import run
    from sophia.jobs.pictures import fetch_pictures

    async def work() -> dict[str, int]:
        async with installation.graph_client() as graph:
            return await fetch_pictures(installation.context(graph))

    run(work())


def week_evenings(now: datetime) -> list[datetime]:
    """Return the last evenings of the two last complete weeks. Reports on a week use the values that posts had then."""
    from sophia.analytics.figures.figures import week_of
    from sophia.meta.reporting_zone import ONE_WEEK, day_start, reporting_day

    monday = week_of(reporting_day(now)).start
    return [day_start(start) - timedelta(minutes=30) for start in (monday - ONE_WEEK, monday)]


def fixed_clock(moment: datetime) -> Callable[[], datetime]:
    return lambda: moment


def set_clock(meta: "SpawnedServer", moment: datetime | None) -> None:
    """Set the clock of the simulated Meta to a moment, or to the present for None."""
    body = json.dumps({"now": None if moment is None else moment.isoformat()}).encode()
    headers = {"Content-Type": "application/json"}
    with urlopen(Request(f"{meta.base_url}/_sim/now", body, headers), timeout=30):  # noqa: S310 - our own address
        pass


def add_first_competitor(installation: Installation, meta: "SpawnedServer", client: str) -> None:
    """Add another business of the demo, if there is one, as a competitor of the client."""
    from sophia.analytics.comments.competitors_store import add_competitor
    from sophia.portfolio.service import find_client

    others = [business.instagram.username for business in meta.world.businesses if business.name != client]
    with installation.database.write() as session:
        for username in others[:1]:
            add_competitor(session, find_client(session, client).id, username, installation.clock())


def summarise(outcomes: list["RunOutcome"], newest: list["RunOutcome"], seconds: float) -> None:
    readings = sum(outcome.saved.new for outcome in outcomes)
    posts = sum(outcome.saved.posts_new for outcome in outcomes)
    calls = sum(outcome.calls for outcome in outcomes)
    echo(f"Collected {readings:,} readings of {posts:,} posts in {seconds:.1f} s with {calls:,} calls.")
    bad = [outcome for outcome in newest if outcome.status != "ok"]
    if bad:
        echo(f"{len(bad)} accounts need an action. In a real installation, `sophia status` shows it.")


def make_key(installation: Installation) -> str:
    from sophia.access.keys import create_key
    from sophia.access.roles import Role

    with installation.database.write() as session:
        # The agency is invented, so the key may do everything.
        return create_key(session, "demo", None, utc_now(), role=Role.ADMIN)


def make_sign_in_link(installation: Installation) -> str:
    """Create the user named operator, and return the token of an address that signs this user in."""
    from sophia.access.sessions import create_first_sign_in_link

    with installation.database.write() as session:
        return create_first_sign_in_link(session, utc_now())


def free_port(port: int) -> int:
    """Return the port, or 0 for any free port when another program uses it."""
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return 0
    return port


def show(address: str, key: str) -> None:
    """Print answers of the API, requested over HTTP."""
    for path in sample_paths(address, key):
        answer = get(address, key, path)
        text = json.dumps(answer, ensure_ascii=False)
        echo(f"\nGET {path}\n  {text[:LONGEST_ANSWER]}{' …' if len(text) > LONGEST_ANSWER else ''}")


def sample_paths(address: str, key: str) -> Iterator[str]:
    yield "/healthz"
    yield "/api/analytics/portfolio/summary"
    first = get(address, key, "/api/analytics/portfolio/summary")["clients"][0]["client_id"]
    yield f"/api/analytics/{first}/metrics?metric_name=reach&limit=2"
    yield f"/api/analytics/{first}/series?canonical=views&bucket=week"
    yield f"/api/analytics/{first}/summary"
    yield f"/api/analytics/{first}/campaigns"
    yield f"/api/analytics/{first}/decision-quality"
    yield f"/api/analytics/{first}/decision-context"
    yield f"/api/analytics/{first}/sentiment"


def get(address: str, key: str, path: str) -> Any:
    request = Request(address + path, headers={"Authorization": f"Bearer {key}"})  # noqa: S310 - our own address
    with urlopen(request, timeout=30) as response:  # noqa: S310
        return json.load(response)


def wait() -> None:
    while True:
        time.sleep(3600)

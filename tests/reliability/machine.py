"""What is done to the machine in its rows. Processes are real, and so is what happens to them."""

import ctypes
import os
import resource
import signal
import sqlite3
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import event, text
from tests.analytics.collector.conftest import NOON, Key
from tests.reliability.ground import Ground, Told, ended

from sophia.analytics.readings.account_states import account_health
from sophia.jobs.due import is_due_at_start, is_due_daily
from sophia.meta.reporting_zone import reporting_day
from sophia.migrations import configuration, newest_revision

SLOW_ANSWERS = 0.05  # seconds: long enough for a run of twenty calls to be met in the middle
UNTIL_THEY_MEET = 3.0  # seconds an answer takes: the second process begins while the first one waits
IN_THE_MIDDLE = 14  # calls
STORED = 100  # readings
CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH, PR_CAPBSET_DROP = 1, 2, 24


# -- ended from outside ------------------------------------------------------------------------------------------------


def stopped_by(kind: signal.Signals) -> Callable[[Ground], Told]:
    """Collect as a process that gets this signal in the middle of its run."""

    def run(ground: Ground) -> Told:
        ground.api.latency_seconds = SLOW_ANSWERS
        process = ground.start("collect")
        ground.wait_for_calls(IN_THE_MIDDLE, process)
        # Answers are stored in batches, a moment after the calls.
        wait_until(lambda: ground.count("engagement_metrics") >= STORED or process.poll() is not None)
        process.send_signal(kind)
        return ended(process)

    return run


# -- disks and files ---------------------------------------------------------------------------------------------------


def limit_file_size() -> None:
    """No file of this process grows past 400 kB; a write beyond fails as on a disk with a quota."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (400 * 1024, 400 * 1024))


def obey_modes() -> None:
    """Whoever is root may write whatever its mode says; without this right, root is told what others are told."""
    if os.geteuid() == 0:
        libc = ctypes.CDLL(None, use_errno=True)
        for right in (CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH):
            if libc.prctl(PR_CAPBSET_DROP, right, 0, 0, 0):
                raise OSError(ctypes.get_errno(), "the right to ignore modes cannot be given up")


def disk_over_its_limit(ground: Ground) -> Told:
    return ground.command("collect", prepare=limit_file_size)


def no_page_more(ground: Ground) -> Told:
    """SQLite may add forty pages to the file and no more; it says then what it says of a full disk."""
    with ground.database.read() as session:
        pages = session.execute(text("PRAGMA page_count")).scalar_one() + 40

    def limit(connection: sqlite3.Connection, _entry: object) -> None:
        connection.execute(f"PRAGMA max_page_count={pages}")

    ground.database.close()
    event.listen(ground.database.engine, "connect", limit)
    told = ground.told()
    event.remove(ground.database.engine, "connect", limit)
    ground.database.close()
    return told


def read_only_file(ground: Ground) -> Told:
    ground.database.close()
    (ground.folder / "sophia.db").chmod(0o444)
    return ground.command("collect", prepare=obey_modes)


def read_only_folder(ground: Ground) -> Told:
    ground.database.close()
    ground.folder.chmod(0o555)
    return ground.command("collect", prepare=obey_modes)


def writable(ground: Ground) -> tuple[str, ...]:
    ground.folder.chmod(0o755)
    (ground.folder / "sophia.db").chmod(0o644)
    return ()


def locked_for(seconds: float) -> Callable[[Ground], Told]:
    """Collect while another program holds the store's only lock for a while."""

    def run(ground: Ground) -> Told:
        ground.database.close()
        other = sqlite3.connect(ground.folder / "sophia.db", isolation_level=None, check_same_thread=False)
        other.execute("BEGIN EXCLUSIVE")
        letting_go = threading.Timer(seconds, other.execute, ("COMMIT",))
        letting_go.start()
        process = ground.start("collect")
        told = ended(process)
        letting_go.cancel()
        letting_go.join()
        if other.in_transaction:
            other.execute("COMMIT")
        other.close()
        return told

    return run


# -- several processes -------------------------------------------------------------------------------------------------


def two_collections(ground: Ground) -> Told:
    """Two `sophia collect` of the same portfolio at once. What they say together."""
    ground.api.latency_seconds = UNTIL_THEY_MEET
    one, other = ground.start("collect"), ground.start("collect")
    wait_until(lambda: have_met(ground) or one.poll() is not None or other.poll() is not None)
    ground.api.latency_seconds = 0
    first, second = ended(one), ended(other)
    codes = sorted((first.code or 0, second.code or 0))
    statuses = tuple(f"process ended with {code}" for code in codes)
    return Told(statuses, f"{first.said}\n{second.said}", wrong=overlapping(ground))


def two_servers(ground: Ground) -> Told:
    """Two `sophia serve` with jobs, started at once on one store, until both are through what is due at their start."""
    ground.api.latency_seconds = UNTIL_THEY_MEET
    logs = [ground.folder / "one.log", ground.folder / "other.log"]
    processes = [ground.start("serve", "--port", "0", log=log, SOPHIA_LOG_FORMAT="json") for log in logs]

    def done() -> list[bool]:
        lines = [log.read_text().splitlines() for log in logs]
        ends = ("job_finished", "job_failed")
        return [any("collect_at_start" in line and any(end in line for end in ends) for line in log) for log in lines]

    def last_lines() -> str:
        return "\n".join("\n".join(log.read_text().splitlines()[-20:]) for log in logs)

    wait_until(lambda: have_met(ground) or any(done()), last_lines)
    ground.api.latency_seconds = 0
    wait_until(lambda: all(done()), last_lines)
    for process in processes:
        process.send_signal(signal.SIGTERM)
    codes = [ended(process).code for process in processes]
    runs = ground.count("collection_runs", "status = 'ok'")
    wrong = [] if runs == len(ground.account_ids) else [f"{runs} runs of {len(ground.account_ids)} accounts"]
    statuses = tuple(f"process ended with {code}" for code in codes)
    return Told(statuses, "".join(log.read_text() for log in logs), wrong=(*wrong, *overlapping(ground)))


def have_met(ground: Ground) -> bool:
    """Whether two processes hold an account each."""
    return bool(ground.rows("SELECT count(DISTINCT holder) FROM leases WHERE name LIKE 'account:%'")[0][0] > 1)


def wait_until(true: Callable[[], bool], explain: Callable[[], str] = str) -> None:
    """Wait until the condition holds; after 120 s raise TimeoutError with what `explain` returns."""
    end = time.monotonic() + 120
    while not true():
        if time.monotonic() > end:
            raise TimeoutError(f"The condition did not become true within 120 s. {explain()}")
        time.sleep(0.05)


def overlapping(ground: Ground) -> tuple[str, ...]:
    """Runs of one account that went on at the same time."""
    found = ground.rows(
        """
        SELECT one.account_id, one.id, other.id FROM collection_runs one JOIN collection_runs other
        ON other.account_id = one.account_id AND other.id > one.id AND other.started_at < one.finished_at
        """
    )
    return tuple(f"runs {one} and {other} of account {account} overlap" for account, one, other in found)


# -- versions ----------------------------------------------------------------------------------------------------------


def older_version(ground: Ground) -> Told:
    """A store of the revision before the newest, with everything in it; an empty one where there is only one revision."""
    script = ScriptDirectory.from_config(configuration())
    previous = script.get_revision("head").down_revision
    if previous is not None:
        ground.collect()
        ground.before = ground.everything()
    config = configuration()
    with ground.database.engine.connect().execution_options(sophia_write=True) as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, str(previous or "base"))
        connection.commit()
    ground.database.close()
    told = ground.command("collect")
    mended = ground.command("db", "upgrade")
    if previous is None:
        ground.connect()
    wrong = () if mended.code == 0 else (f"db upgrade says {mended.said}",)
    return replace(told, wrong=wrong)


def newer_version(ground: Ground) -> Told:
    """A store that a later Sophia has changed already."""
    write_revision(ground, "9999")
    told, mended = ground.command("collect"), ground.command("db", "upgrade")
    wrong = () if (mended.code, "newer Sophia" in mended.said) == (1, True) else (f"db upgrade says {mended.said}",)
    return replace(told, wrong=wrong)


def known_version(ground: Ground) -> tuple[str, ...]:
    write_revision(ground, newest_revision())
    return ()


def write_revision(ground: Ground, revision: str) -> None:
    with ground.database.write() as session:
        session.execute(text("UPDATE alembic_version SET version_num = :revision"), {"revision": revision})
    ground.database.close()


# -- clocks ------------------------------------------------------------------------------------------------------------


def clock_off_by(off: timedelta) -> Callable[[Ground], Told]:
    """Collect while the machine's clock is off."""

    def run(ground: Ground) -> Told:
        ground.off = off
        return ground.told()

    return run


def clock_set_right(ground: Ground) -> tuple[str, ...]:
    """Nobody may wait until the time comes that the clock once showed: accounts are due when the next day is over."""
    ground.off = timedelta(0)
    with ground.database.read() as session:
        known = account_health(session)
    tomorrow = ground.now + timedelta(days=1)
    late = [one for one in known if not (is_due_daily(one, tomorrow) and is_due_at_start(one, tomorrow))]
    return tuple(f"the {one.account.platform} account is not due again" for one in late)


def dated(first: int, last: int) -> Callable[[Key], bool]:
    """Readings of days so far from today, both included. Meta does not date its counters: Sophia does, by the clock that
    it has; and whoever asks for days that have not come is answered.
    """
    return lambda key: first <= (key[5] - reporting_day(NOON)).days <= last


# -- PostgreSQL --------------------------------------------------------------------------------------------------------


def connections_ended(ground: Ground) -> Told:
    """Every connection of the store is ended by its server in the middle of a run, as by a restart."""
    ground.api.latency_seconds = SLOW_ANSWERS

    def end() -> None:
        ground.wait_for_calls(IN_THE_MIDDLE)
        with ground.database.write() as session:
            others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
            session.execute(text(f"{others} AND pid <> pg_backend_pid()"))

    ending = threading.Thread(target=end)
    ending.start()
    told = ground.told()
    ending.join()
    return told

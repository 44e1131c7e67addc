"""Compares a store with the truth: nothing wrong, nothing invented, nothing doubled, nothing lost, all in order."""

import tempfile
from collections.abc import Callable
from datetime import datetime
from functools import cache
from pathlib import Path

from tests.analytics.collector.conftest import Key
from tests.analytics.collector.test_truth import as_stored, fills, spans_of, truth_of
from tests.demo.expected import expected_readings
from tests.reliability.ground import INITIAL_DAYS, ONE_DAY, Ground, Stored, open_ground
from tests.reliability.stores import sqlite_store

from sophia.analytics.maintenance.verifying import verify_store
from sophia.jobs.due import DAILY_FAMILIES
from sophia.meta.reporting_zone import reporting_day


def wanted_on(ground: Ground, *, real_clock: bool, again: bool) -> Stored:
    """Return what a complete store of this world holds at Meta's present moment: after a first collection then, or, with
    `again`, after another one that followed it a day later.
    """
    return _reckon(real_clock, again, len(ground.world.businesses), ground.now)


@cache
def _reckon(real_clock: bool, again: bool, businesses: int, now: datetime) -> Stored:
    """Reckon it from the truth. What is asked for is learnt from a store that was collected without any fault, and that
    must equal the truth in full before anything is compared with it.
    """
    with (
        tempfile.TemporaryDirectory() as folder,
        sqlite_store(Path(folder)) as database,
        open_ground(database, Path(folder), real_clock=real_clock, businesses=businesses) as ground,
    ):
        if ground.now != now:
            raise ValueError("scenarios of one day end at one moment")
        if again:
            ground.begin_a_day_ago(lambda: proved(ground))
        ground.collect()
        return proved(ground)


def proved(ground: Ground, version: str = "v22.0") -> Stored:
    """Return everything in the store, after each value was found in the truth, and each value of the truth in the store.

    Weekly questions (demographics, and totals of 28 days by breakdown) are not asked again the next day: there the
    truth is that of the day when they were.
    """
    before, truth, stored = ground.before, truth_at(ground, version), ground.everything()
    weekly = {key for key in truth.keys() | stored.keys() if is_weekly(key)}
    missing = truth.keys() - stored.keys() - (weekly if before else set())
    invented = {
        key for key in stored.keys() - truth.keys() if before.get(key) != stored[key] and not is_filling(key, stored)
    }
    wrong = {
        key
        for key in truth.keys() & stored.keys()
        if stored[key] != truth[key] and not (key in weekly and before.get(key) == stored[key])
    }
    if missing or invented or wrong:
        raise AssertionError(f"without any fault: missing {missing}, invented {invented}, wrong {wrong}")
    return stored


def truth_at(ground: Ground, version: str = "v22.0") -> Stored:
    """Return what the simulated Meta knows at its present moment, of the days that are collected."""
    since = reporting_day(ground.now) - INITIAL_DAYS * ONE_DAY
    found: Stored = {}
    for account in ground.account_ids:
        found |= truth_of(ground, account, since, version)
        found |= dict(spans_of(ground, account))
    return found


def all_that_is_true(ground: Ground) -> Stored:
    """What Meta would say to any question: of a post asked for alone, of days before those that are wanted."""
    today = reporting_day(ground.now)
    found: Stored = {}
    since = today - 3 * INITIAL_DAYS * ONE_DAY
    for account in ground.account_ids:
        told = expected_readings(ground.world, ground.truth, account, since, today, ground.now, 22)
        found |= {as_stored(item, today): item.value for item in told} | dict(spans_of(ground, account))
    return found


def is_weekly(key: Key) -> bool:
    _, post, name, period, breakdown, _ = key
    return post is None and ("demographics" in name or (period == "days_28" and bool(breakdown)))


def is_filling(key: Key, stored: Stored) -> bool:
    """A zero for a key that a dictionary left out."""
    return stored[key] == 0 and fills(key)


def while_it_lasts(
    ground: Ground, wanted: Stored, lost: Callable[[Key], bool], beside: Callable[[Key], bool]
) -> list[str]:
    """What is wrong with the store during a fault. A reading may be missing, or as it was before, only where `lost`
    says that it cannot be had; `beside` names readings that may stand beside the true ones.
    """
    stored = ground.everything()
    absent = [key for key in wanted.keys() - stored.keys() if not is_filling(key, wanted)]
    stale = [
        key for key in stored if key in wanted and stored[key] != wanted[key] and stored[key] == ground.before.get(key)
    ]
    return [
        *_say("could be had and are missing", [key for key in absent if not lost(key)]),
        *_say("could be had and are old", [key for key in stale if not lost(key)]),
        *_differences(ground, wanted, stored, set(stale), beside),
    ]


def at_the_end(ground: Ground, wanted: Stored, beside: Callable[[Key], bool]) -> list[str]:
    """What is wrong with the store after the clean run that follows."""
    stored = ground.everything()
    absent = [key for key in wanted.keys() - stored.keys() if not is_filling(key, wanted)]
    return [
        *_say("are missing for good", absent),
        *_differences(ground, wanted, stored, set(), beside),
        *_unrevised(ground, stored),
        *in_order(ground),
    ]


def _differences(
    ground: Ground, wanted: Stored, stored: Stored, stale: set[Key], beside: Callable[[Key], bool]
) -> list[str]:
    wrong = [key for key in stored if key in wanted and stored[key] != wanted[key] and key not in stale]
    more = [
        key for key in stored if not (key in wanted or key in ground.before or is_filling(key, stored) or beside(key))
    ]
    known = all_that_is_true(ground) if more else {}
    invented = [key for key in more if known.get(key) != stored[key]]
    doubled = ground.count("engagement_metrics") - len(stored)
    return [
        *_say("differ from the truth", wrong),
        *_say("are invented", invented),
        *_say("are lost", list(ground.before.keys() - stored.keys())),
        *([f"{doubled} readings are doubled"] if doubled else []),
    ]


def _unrevised(ground: Ground, stored: Stored) -> list[str]:
    """Values that changed although no revision keeps what they were; and revisions of values that nobody replaced."""
    revisions = ground.revisions()
    changed = [key for key, value in ground.before.items() if stored.get(key, value) != value]
    silent = [key for key in changed if ground.before[key] not in revisions.get(key, [])]
    idle = [key for key, values in revisions.items() if stored.get(key) == values[-1]]
    return [*_say("changed without a revision", silent), *_say("have a revision that changed nothing", idle)]


def in_order(ground: Ground) -> list[str]:
    """What a run must leave: watermarks through yesterday without a hole, no lease, no open run, a store that holds."""
    today, marks = reporting_day(ground.now), ground.watermarks()
    pages = {page.id for page in ground.world.pages}
    through = {
        f"{family} of account {number}: {marks.get((number, family))}"
        for external_id, number in ground.account_ids.items()
        for family in DAILY_FAMILIES["facebook" if external_id in pages else "instagram"]
        if (number, family) not in marks
        or marks[number, family][0] > today - INITIAL_DAYS * ONE_DAY
        or marks[number, family][1] != today - ONE_DAY
    }
    return [
        *(f"the watermark is off, {one}" for one in sorted(through)),
        *(["a lease stayed behind"] if ground.count("leases", "name LIKE 'account:%'") else []),
        *(["a run was never closed"] if ground.count("collection_runs", "status = 'running'") else []),
        *(f"db verify: {check.name}: {check.examples}" for check in verify_store(ground.database) if check.wrong),
    ]


def _say(what: str, keys: list[Key]) -> list[str]:
    some = "; ".join(" ".join(str(part) for part in key) for key in sorted(keys, key=str)[:3])
    return [f"{len(keys)} readings {what}, such as {some}"] if keys else []

"""One row of the matrix: a fault, what was asked and stored while it lasted, what the operator reads, what closes it."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from tests.analytics.collector.conftest import Key
from tests.reliability.comparing import at_the_end, wanted_on, while_it_lasts
from tests.reliability.ground import Ground, Told, open_ground

from sophia.database.engine import Database

LONGEST_LINE = 240


def everything(_key: Key) -> bool:
    return True


def nothing(_key: Key) -> bool:
    return False


def lift_nothing(_ground: Ground) -> tuple[str, ...]:
    """Faults of Meta and slow answers end anyway."""
    return ()


@dataclass(frozen=True, slots=True)
class Scenario:
    """A fault of Meta or of the machine.

    `done` says in a sentence what is done. `run` arranges the fault and collects under it; `lift` takes it away and
    returns what is wrong then. `told`: each of these must stand in what the operator reads; `code`: the exit code.
    `lost` names the readings that cannot be had while it lasts, and `least` how many there are all the same; `beside`
    names those that may stand beside the true ones. `again`: the store is a day old when the fault comes, else empty.
    `real_clock`: children take part. `slow`: takes longer than three seconds, so a campaign.
    """

    name: str
    done: str
    run: Callable[[Ground], Told]
    told: tuple[str, ...] = ()
    code: int | None = None
    lift: Callable[[Ground], tuple[str, ...]] = lift_nothing
    lost: Callable[[Key], bool] = nothing
    least: int = 0
    beside: Callable[[Key], bool] = nothing
    again: bool = False
    real_clock: bool = False
    slow: bool = False
    backend: Literal["sqlite", "postgresql"] = "sqlite"


@dataclass(frozen=True, slots=True)
class Row:
    """What came of a scenario. `wrong` says why it is not as it should be; empty when all is well."""

    scenario: Scenario
    calls: int
    stored: int
    expected: int
    statuses: str
    told: tuple[str, ...]
    closed: bool
    wrong: tuple[str, ...]


def play(scenario: Scenario, database: Database, folder: Path) -> Row:
    """Play a scenario on a migrated, empty store. `folder` is where its children live."""
    with open_ground(database, folder, real_clock=scenario.real_clock) as ground:
        complete = wanted_on(ground, real_clock=scenario.real_clock, again=scenario.again)
        if scenario.again:
            ground.begin_a_day_ago()
        ground.api.calls.clear()
        told = scenario.run(ground)
        calls, stored, shown = len(ground.api.calls), ground.everything(), ground.shown()
        wrong = [*told.wrong, *while_it_lasts(ground, complete, scenario.lost, scenario.beside)]
        wrong += [f"the fault never struck: {fault.pattern}" for fault in ground.api.faults if not fault.struck]
        if told.code != scenario.code and scenario.code is not None:
            wrong.append(f"the exit code is {told.code}")
        if len(stored) < scenario.least:
            wrong.append(f"only {len(stored)} readings are stored")
        ground.api.faults.clear()
        ground.api.latency_seconds = 0
        wrong += scenario.lift(ground)
        ground.wait_for_limits()
        outcomes = ground.collect()
        after = at_the_end(ground, complete, scenario.beside)
        if {outcome.status for outcome in outcomes} != {"ok"}:
            after.append(f"the run that follows says {[outcome.problems for outcome in outcomes]}")
        text = "\n".join([told.said, *shown, *ground.shown()]).replace(str(ground.folder), "data")
        said = [line.strip() for line in text.splitlines() if line.strip()]
        silent = [f"nobody is told {words!r}" for words in scenario.told if not any(words in line for line in said)]
    return Row(
        scenario=scenario,
        calls=calls,
        stored=sum(stored.get(key) == value for key, value in complete.items()),
        expected=len(complete),
        statuses=outcome_of(told),
        told=tuple(next((shorten(line, words) for line in said if words in line), "") for words in scenario.told),
        closed=not after,
        wrong=(*wrong, *after, *silent),
    )


def outcome_of(told: Told) -> str:
    """Statuses and exit code in a few words."""
    counts = [f"{told.statuses.count(status)} {status}" for status in dict.fromkeys(told.statuses)]
    return ", ".join([*counts, *([f"exit code {told.code}"] if told.code is not None else [])])


def shorten(line: str, words: str) -> str:
    """The part of a long line that holds these words."""
    if len(line) <= LONGEST_LINE:
        return line
    start = max(0, line.index(words) - 30)
    return ("… " if start else "") + line[start : start + LONGEST_LINE] + " …"

"""One row of the matrix: a fault, what was asked and stored while it lasted, what an operator is told, what closes it."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from tests.analytics.collector.conftest import Key
from tests.reliability.comparing import at_the_end, wanted_at, while_it_lasts
from tests.reliability.ground import Ground, Told, open_ground

from sophia.database import Database

LONGEST_LINE = 160


def everything(_key: Key) -> bool:
    return True


def nothing(_key: Key) -> bool:
    return False


def lift_faults(ground: Ground) -> None:
    ground.api.faults.clear()
    ground.api.latency_seconds = 0


@dataclass(frozen=True, slots=True)
class Scenario:
    """A fault of Meta or of the machine.

    `done` says in a sentence what is done. `run` arranges the fault and collects under it; `lift` takes it away. `told`:
    each of these must stand in what an operator is told. `lost` names the readings that cannot be had while it lasts.
    `again`: the store is a day old when the fault comes, else empty. `real_clock`: children take part. `slow`: left
    out of the suite, for it takes longer than three seconds.
    """

    name: str
    done: str
    run: Callable[[Ground], Told]
    told: tuple[str, ...] = ()
    lift: Callable[[Ground], None] = lift_faults
    lost: Callable[[Key], bool] = nothing
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
        wanted = wanted_at(ground.now, real_clock=scenario.real_clock)
        if scenario.again:
            ground.begin_a_day_ago()
        complete = wanted.second if scenario.again else wanted.first
        ground.api.calls.clear()
        told = scenario.run(ground)
        calls, stored, shown = len(ground.api.calls), ground.everything(), ground.shown()
        wrong = while_it_lasts(ground, complete, scenario.lost)
        wrong += [f"the fault never struck: {fault.pattern}" for fault in ground.api.faults if not fault.struck]
        scenario.lift(ground)
        outcomes = ground.collect()
        after = at_the_end(ground, complete)
        if {outcome.status for outcome in outcomes} != {"ok"}:
            after.append(f"the run that follows says {[outcome.problems for outcome in outcomes]}")
        said = [line.strip() for line in [*told.said.splitlines(), *shown, *ground.shown()] if line.strip()]
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

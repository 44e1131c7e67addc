"""Kills collections at random moments, and compares what the next run leaves with the truth.

`python -m tests.reliability.kills --times 50 --seed 1 [--postgresql]` prints a line for each round and a summary; it
ends with 1 when any store differs. A round kills a run, sometimes the one after it too, and then lets one end. Its store
is empty, or complete as of yesterday, or that of the round before with a value or two that Meta has restated since.
"""

import argparse
import logging
import random
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import structlog
from sqlalchemy import URL
from tests.reliability.comparing import at_the_end, is_weekly, truth_at, wanted_on, while_it_lasts
from tests.reliability.ground import ONE_DAY, RESTATED, Ground, Stored, ended, open_ground, present
from tests.reliability.scenarios import everything, nothing
from tests.reliability.stores import postgresql_store, running_postgresql, sqlite_store

from sophia.meta.reporting_zone import reporting_day

LATENCY_SECONDS = 0.06
LIKELY_CALLS = 60  # until a run ended before it was killed
EMPTY = "empty"


@dataclass(slots=True)
class Round:
    """What one round did. `stored` is how many true readings each killed run left; `wrong` what was found wrong."""

    store: str
    stored: list[int] = field(default_factory=list)
    expected: int = 0
    too_late: int = 0
    wrong: list[str] = field(default_factory=list)


@dataclass
class Campaign:
    """Rounds, one after another, each on the store of the last one or on a new one."""

    chance: random.Random
    server: URL | None = None
    businesses: int = 2
    ground: Ground | None = None
    complete: Stored = field(default_factory=dict)
    calls: dict[str, int] = field(default_factory=dict)  # how many a whole run makes, by the store that it finds
    stack: ExitStack = field(default_factory=ExitStack)

    def rounds(self, times: int) -> Iterator[Round]:
        with self.stack:
            for _ in range(times):
                yield self.play()

    def play(self) -> Round:
        old = self.ground
        if old is None or old.now != present() or self.chance.random() < 0.6:
            ground = self.begin()
            done = Round(self.settle(ground))
        else:
            ground = old
            done = Round(f"goes on, {self.restate(ground)} restated")
        ground.before = ground.everything()
        wanted = self.wanted(ground)
        done.expected = len(wanted)
        for _ in range(self.chance.choice((1, 1, 2))):
            done.too_late += not self.kill(ground, done.store.partition(",")[0])
            stored = ground.everything()
            done.stored.append(sum(stored.get(key) == value for key, value in wanted.items()))
            done.wrong += while_it_lasts(ground, wanted, everything, nothing)
        told = ground.command("collect")
        if told.code != 0:
            done.wrong.append(f"the next run ends with {told.code}: {told.said.strip()}")
        done.wrong += at_the_end(ground, wanted, nothing)
        return done

    def begin(self) -> Ground:
        """A new, empty store; the one before is thrown away."""
        self.stack.close()
        folder = Path(self.stack.enter_context(tempfile.TemporaryDirectory(ignore_cleanup_errors=True)))
        store = postgresql_store(self.server) if self.server else sqlite_store(folder)
        database = self.stack.enter_context(store)
        opened = open_ground(database, folder, real_clock=True, businesses=self.businesses)
        self.ground = self.stack.enter_context(opened)
        return self.ground

    def settle(self, ground: Ground) -> str:
        """Leave the store empty, or let it be complete as of yesterday."""
        again = self.chance.random() >= 0.5
        self.complete = wanted_on(ground, real_clock=True, again=again)
        if not again:
            return EMPTY
        ground.begin_a_day_ago()
        return "a day old"

    def restate(self, ground: Ground) -> int:
        """Meta gives up to two other values for days that it told of before."""
        chosen = self.chance.sample(RESTATED, self.chance.randint(0, len(RESTATED)))
        today = reporting_day(ground.now)
        for metric, back, _ in chosen:
            value = self.chance.randint(1, 10**6)
            ground.truth.restate(self.chance.choice(ground.world.pages).id, metric, today - back * ONE_DAY, value)
        return len(chosen)

    def wanted(self, ground: Ground) -> Stored:
        """What a complete store holds after what was restated; weekly questions are not asked again."""
        truth = truth_at(ground)
        return {key: value if is_weekly(key) else truth.get(key, value) for key, value in self.complete.items()}

    def kill(self, ground: Ground, kind: str) -> bool:
        """Kill a collection at a random moment between its first call and its last, as far as that is known of such
        collections; whether it still ran then.
        """
        ground.api.calls.clear()
        ground.api.latency_seconds = LATENCY_SECONDS
        process = ground.start("collect")
        ground.wait_for_calls(self.chance.randint(1, self.calls.get(kind, LIKELY_CALLS)), process)
        time.sleep(self.chance.uniform(0, 2 * LATENCY_SECONDS))
        runs = process.poll() is None
        process.send_signal(signal.SIGKILL)
        ended(process)
        if not runs:
            self.calls[kind] = len(ground.api.calls)
        ground.api.latency_seconds = 0
        return runs


def line(number: int, times: int, done: Round) -> str:
    killed = ", ".join(f"{count:,}" for count in done.stored)
    late = f" ({done.too_late} had ended)" if done.too_late else ""
    state = "equals the truth" if not done.wrong else f"WRONG: {'; '.join(done.wrong)}"
    return f"{number:3}/{times} {done.store:19} killed with {killed} of {done.expected:,} readings{late}; then {state}"


def summary(rounds: list[Round], seed: int, store: str, seconds: float) -> str:
    kills = sum(len(one.stored) - one.too_late for one in rounds)
    wrong = sum(bool(one.wrong) for one in rounds)
    inside = [count for one in rounds if one.store == EMPTY for count in one.stored if 0 < count < one.expected]
    return (
        f"{store}, seed {seed}: {len(rounds)} rounds, {kills} runs killed, {len(inside)} of them in the middle of a first "
        f"collection; {wrong} stores differ from the truth. {seconds:.0f} s."
    )


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.reliability.kills", description=__doc__)
    parser.add_argument("--times", type=int, default=50, help="rounds")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--postgresql", action="store_true", help="on a PostgreSQL of this program's own, else SQLite")
    given = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    began, rounds = time.monotonic(), list[Round]()
    with ExitStack() as stack:
        server = stack.enter_context(running_postgresql()) if given.postgresql else None
        for done in Campaign(random.Random(given.seed), server).rounds(given.times):
            rounds.append(done)
            print(line(len(rounds), given.times, done), flush=True)
    print(summary(rounds, given.seed, "PostgreSQL" if server else "SQLite", time.monotonic() - began))
    if any(one.wrong for one in rounds):
        sys.exit(1)


if __name__ == "__main__":
    main()

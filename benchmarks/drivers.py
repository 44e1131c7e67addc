"""Whether the split into drivers finds what was planted: `python -m benchmarks.drivers [portfolios, default 40]`.

Invented portfolios with known parts; for each part the share of clients whose 95 % interval holds the truth, the mean
width of the interval, and the mean error; then how long a large portfolio takes.
"""

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.machine import machine, measured, table
from sophia.analytics.measures.driver_figures import ClientWindows, DaysWindow, PostsWindow
from sophia.analytics.measures.drivers import DRIVERS, DriverSplit, split_drivers

SEED = 20261122
FORMATS = ("photo", "reel", "status", "video")
SHOWN, REACTED = np.array([1.0, 2.2, 0.6, 1.2]), np.array([1.0, 1.3, 0.8, 1.1])


@dataclass(frozen=True)
class Truth:
    """What was planted for one client, on the log scale, in the order of `DRIVERS`."""

    platform: float
    distribution: float
    posting: float
    people: float


Portfolio = tuple[list[ClientWindows], list[Truth]]


def planted(random: np.random.Generator, clients: int) -> tuple[float, np.ndarray, np.ndarray]:
    """The platform's change; distribution, which moves for some; people, who change for some."""
    platform = float(random.normal(0.0, 0.15))
    distribution = random.normal(0.0, 0.05, clients) + (random.random(clients) < 0.15) * random.normal(0, 0.3, clients)
    people = random.normal(0.0, 0.03, clients) + (random.random(clients) < 0.2) * random.normal(0, 0.3, clients)
    return platform, distribution, people


def days(random: np.random.Generator, clients: int = 20, length: int = 7) -> Portfolio:
    """Days: weekly season, noise that lasts, engagements that scatter more than Poisson, an exponent for posts."""
    platform, distribution, people = planted(random, clients)
    exponent = random.uniform(0.1, 0.8)
    found, truths = [], []
    for client in range(clients):
        level, week = random.lognormal(7, 1), np.exp(random.normal(0, 0.2, 7))
        usual = random.uniform(3, 12)
        posts = 1 + random.poisson(usual * np.array([1, random.choice([1.0, 1.0, 1.0, 0.5, 2.0])]) * length / 7)
        moved = platform + distribution[client] + exponent * np.log(posts[1] / posts[0])
        noise = np.zeros(2 * length)
        noise[0] = random.normal(0, 0.2)
        for day in range(1, 2 * length):
            noise[day] = 0.3 * noise[day - 1] + random.normal(0, 0.19)
        windows = []
        for side in (0, 1):
            when = np.arange(length) + side * length
            exposure = level * week[when % 7] * np.exp(noise[when] + side * moved)
            rate = 0.04 * np.exp(side * people[client] + random.normal(0, 0.1, length))
            reacted = random.poisson(exposure * rate)
            gone = random.random(length) < 0.02
            windows.append(
                DaysWindow(
                    tuple(None if lost else round(float(x)) for x, lost in zip(exposure, gone, strict=True)),
                    tuple(float(e) for e in reacted),
                    int(posts[side]),
                )
            )
        found.append(ClientWindows(client, windows[0], windows[1]))
        posting = exponent * float(np.log(posts[1] / posts[0]))
        truths.append(Truth(platform, float(distribution[client]), posting, float(people[client])))
    return found, truths


def posts(random: np.random.Generator, clients: int = 20, weeks: float = 1) -> Portfolio:
    """Posts: formats with factors of their own, a mix that changes, log-normal views with some viral posts."""
    platform, distribution, people = planted(random, clients)
    found, truths = [], []
    for client in range(clients):
        level, usual = random.lognormal(6, 1), random.uniform(4, 12) * weeks
        counts = 3 + random.poisson(usual * np.array([1, random.choice([1.0, 1.0, 1.0, 0.5, 2.0])]))
        windows, potential = [], []
        for side in (0, 1):
            mix = random.dirichlet((4, 3, 1, 2))
            kinds = random.choice(4, size=counts[side], p=mix)
            viral = np.where(random.random(counts[side]) < 0.01, 4.0, 1.0)
            moved = side * (platform + distribution[client])
            exposure = level * SHOWN[kinds] * viral * np.exp(random.normal(0, 0.45, counts[side]) + moved)
            rate = 0.04 * REACTED[kinds] * np.exp(random.normal(0, 0.25, counts[side]) + side * people[client])
            reacted = random.poisson(exposure * rate)
            windows.append(
                PostsWindow(
                    tuple(FORMATS[kind] for kind in kinds),
                    tuple(round(float(x)) for x in exposure),
                    tuple(float(e) for e in reacted),
                )
            )
            potential.append(float((SHOWN[kinds] * REACTED[kinds]).sum()))
        found.append(ClientWindows(client, windows[0], windows[1]))
        posting = float(np.log(potential[1] / potential[0]))
        truths.append(Truth(platform, float(distribution[client]), posting, float(people[client])))
    return found, truths


def judged(make: Callable[[np.random.Generator], Portfolio], portfolios: int) -> list[list[str]]:
    """For each part: coverage, mean width, mean absolute error, share of verdicts with the wrong sign."""
    held: dict[str, list[tuple[bool, float, float, bool]]] = {driver: [] for driver in DRIVERS}
    for number in range(portfolios):
        clients, truths = make(np.random.default_rng((SEED, number)))
        splits = split_drivers(clients, seed=number)
        for client, truth in zip(clients, truths, strict=True):
            for driver in DRIVERS:
                judge(held[driver], splits[client.client_id], driver, getattr(truth, driver))
    return [
        [
            driver,
            f"{len(found)}",
            *(
                f"{share:.1%}" if place in {0, 3} else f"{share:.3f}"
                for place, share in enumerate(np.mean(found, axis=0))
            ),
        ]
        for driver, found in held.items()
    ]


def judge(found: list[tuple[bool, float, float, bool]], split: DriverSplit, driver: str, truth: float) -> None:
    part = getattr(split, driver)
    if part is None or part.low is None or part.high is None:
        return
    wrong = part.verdict != "cannot tell" and (part.log > 0) != (truth > 0)
    tolerance = 1e-9
    found.append(
        (part.low - tolerance <= truth <= part.high + tolerance, part.high - part.low, abs(part.log - truth), wrong)
    )


def main(arguments: Sequence[str]) -> None:
    portfolios = int(arguments[0]) if arguments else 40
    print(machine())
    columns = ["part", "clients", "interval holds truth", "mean width (log)", "mean error (log)", "wrong sign"]
    for title, make in {
        "Days, windows of 7": days,
        "Days, windows of 28": lambda random: days(random, length=28),
        "Days, windows of 7, six clients": lambda random: days(random, clients=6),
        "Posts, one week": posts,
        "Posts, four weeks": lambda random: posts(random, weeks=4),
    }.items():
        table(title, columns, judged(make, portfolios))
    rows = []
    for title, large in {
        "200 clients, 28 days": days(np.random.default_rng(1), 200, 28),
        "200 clients, posts of 4 weeks": posts(np.random.default_rng(1), 200, 4),
    }.items():
        with measured() as spent:
            split_drivers(large[0])
        rows.append([title, f"{spent.wall * 1000:.0f}"])
    table("Time", ["portfolio", "ms"], rows)


if __name__ == "__main__":
    main(sys.argv[1:])

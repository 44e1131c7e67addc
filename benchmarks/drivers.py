"""Whether the split into drivers finds what was planted: `python -m benchmarks.drivers [portfolios, default 40]`.

Invented portfolios, and all weeks of simulated ones, with known parts; for each part the share of clients whose 95 %
interval holds the truth, the mean width of the interval, and the mean error; then how long a large portfolio takes.
"""

import sys
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from itertools import chain

import numpy as np
from tests.demo.planted import PlantedParts

from benchmarks.machine import machine, measured, percentile, table
from benchmarks.simulated_weeks import simulated_weeks
from sophia.analytics.drivers.drivers import DRIVERS, DriverSplit, split_drivers
from sophia.analytics.drivers.units import ClientWindows, DaysWindow, PostsWindow

SEED = 20261122
FORMATS = ("photo", "reel", "status", "video")
SHOWN, REACTED = np.array([1.0, 2.2, 0.6, 1.2]), np.array([1.0, 1.3, 0.8, 1.1])


Portfolio = tuple[list[ClientWindows], list[PlantedParts]]


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
        truths.append(PlantedParts(platform, float(distribution[client]), posting, float(people[client])))
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
        truths.append(PlantedParts(platform, float(distribution[client]), posting, float(people[client])))
    return found, truths


Judged = list[tuple[bool, float, float, bool]]


Make = Callable[[np.random.Generator], Portfolio]


def invented(make: Make, portfolios: int) -> Iterable[Portfolio]:
    return (make(np.random.default_rng((SEED, number))) for number in range(portfolios))


def simulated(platform: str, portfolios: int) -> Iterable[Portfolio]:
    """Every pair of neighbouring weeks of a simulated portfolio for each ten of the invented ones."""
    return chain.from_iterable(simulated_weeks(SEED + number, platform) for number in range(max(portfolios // 10, 1)))


def judged(portfolios: Iterable[Portfolio]) -> list[list[str]]:
    """For each part: coverage, mean width, mean absolute error, share of verdicts with the wrong sign."""
    held: dict[str, Judged] = {driver: [] for driver in DRIVERS}
    for number, (clients, truths) in enumerate(portfolios):
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


def judge(found: Judged, split: DriverSplit, driver: str, truth: float) -> None:
    part = getattr(split, driver)
    if part is None or part.low is None or part.high is None:
        return
    if part.low == part.high:  # as many posts as before: nothing to be found out
        return
    tolerance = 1e-9
    # Of a part that is truly none, every verdict is wrong.
    wrong = part.verdict != "not enough evidence" and (abs(truth) < tolerance or (part.log > 0) != (truth > 0))
    inside = part.low - tolerance <= truth <= part.high + tolerance
    found.append((inside, part.high - part.low, abs(part.log - truth), wrong))


def main(arguments: Sequence[str]) -> None:
    portfolios = int(arguments[0]) if arguments else 40
    print(machine())
    columns = ["part", "clients", "interval holds truth", "mean width (log)", "mean error (log)", "wrong sign"]
    cases: dict[str, Make] = {
        "Days, windows of 7": days,
        "Days, windows of 28": partial(days, length=28),
        "Days, windows of 7, six clients": partial(days, clients=6),
        "Days, windows of 7, eight clients": partial(days, clients=8),
        "Days, windows of 7, twelve clients": partial(days, clients=12),
        "Days, windows of 28, six clients": partial(days, clients=6, length=28),
        "Posts, one week": posts,
        "Posts, four weeks": partial(posts, weeks=4),
        "Posts, one week, six clients": partial(posts, clients=6),
    }
    for title, make in cases.items():
        table(title, columns, judged(invented(make, portfolios)))
    for length in (7, 28):
        large = invented(partial(days, clients=200, length=length), max(portfolios // 10, 1))
        table(f"Days, windows of {length}, 200 clients", columns, judged(large))
    for platform in ("facebook", "instagram"):
        table(f"Simulated weeks, {platform}", columns, judged(simulated(platform, portfolios)))
    rows = []
    for title, (clients, _) in {
        "200 clients, 28 days": days(np.random.default_rng(1), 200, 28),
        "200 clients, posts of 4 weeks": posts(np.random.default_rng(1), 200, 4),
    }.items():
        spent = [time_of(clients) for _ in range(20)]
        rows.append([title, f"{percentile(spent, 0.0):.0f}", f"{percentile(spent, 0.5):.0f}"])
    table("Time", ["portfolio", "ms, best of 20", "ms, median"], rows)


def time_of(clients: list[ClientWindows]) -> float:
    """Milliseconds of one split."""
    with measured() as spent:
        split_drivers(clients)
    return spent.wall * 1000


if __name__ == "__main__":
    main(sys.argv[1:])

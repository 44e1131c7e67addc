"""Whether the lift of a campaign finds what was planted: `python -m benchmarks.campaign_lifts [worlds, default 4]`.

The portfolios come from `benchmarks.worlds`, which was written without reading the model. In each, clients get a campaign
that the generator does not know: their interactions are multiplied by a planted factor, or by 1. A client's own campaigns in
the generator are known to the model.
"""

import sys
from dataclasses import dataclass, field

import numpy as np

from benchmarks.machine import machine, measured, table
from benchmarks.worlds import World, portfolio
from sophia.analytics.campaigns.synthetic_control import LEVEL, LiftEstimate, estimate_lift

SEED = 20261203
SIZES = (6, 12, 20)
SCENARIOS = ("calm", "holidays", "boosts", "viral", "posting_change", "platform_shock", "people_shift", "everything")
FACTORS = (1.0, 1.3, 1.6, 2.2)
HISTORY_DAYS = 26 * 7
CAMPAIGNS_A_WORLD = 4
COLUMNS = (
    "portfolios",
    "planted",
    "campaigns",
    "no estimate",
    "interval holds truth",
    "says lift or fall",
    "wrong sign",
    "mean width (log)",
)


@dataclass
class Judged:
    """The results of campaigns with the same planted factor."""

    estimates: list[LiftEstimate] = field(default_factory=list)
    campaigns: int = 0

    def row(self, name: str, factor: float) -> list[str]:
        truth = float(np.log(factor))
        inside = [estimate.low <= truth <= estimate.high for estimate in self.estimates]
        clear = [estimate for estimate in self.estimates if estimate.p_value <= LEVEL]
        wrong = [estimate for estimate in clear if estimate.log * truth <= 0]
        count = max(1, len(self.estimates))
        return [
            name,
            f"{factor - 1:+.0%}",
            str(self.campaigns),
            f"{1 - len(self.estimates) / max(1, self.campaigns):.0%}",
            f"{sum(inside) / count:.1%}",
            f"{len(clear) / count:.1%}",
            "–" if factor == 1 else f"{len(wrong) / count:.1%}",
            f"{np.mean([estimate.high - estimate.low for estimate in self.estimates] or [np.nan]):.2f}",
        ]


def own_campaign_days(world: World) -> np.ndarray:
    days = np.zeros(world.observed.views.shape, dtype=bool)
    for campaign in world.observed.campaigns:
        days[campaign.client, campaign.start_day : campaign.end_day] = True
    return days


def judge_world(world: World, seed: int, judged: dict[float, Judged]) -> None:
    """Plant campaigns in clients that have no other campaign then, each factor in the same days of the same clients."""
    random = np.random.default_rng(seed)
    own = own_campaign_days(world)
    clients = random.permutation(len(world.observed.clients))[:CAMPAIGNS_A_WORLD]
    for client in clients:
        length = int(random.integers(5, 29))
        start = int(random.integers(HISTORY_DAYS, world.observed.days - length))
        if own[client, start : start + length].any():
            continue
        first = start - HISTORY_DAYS
        for factor in FACTORS:
            days = world.observed.interactions[:, first : start + length].copy()
            days[client, HISTORY_DAYS:] *= factor
            judged[factor].campaigns += 1
            estimate = estimate_lift(days, int(client), HISTORY_DAYS, length, own[:, first : start + length])
            if isinstance(estimate, LiftEstimate):
                judged[factor].estimates.append(estimate)


def main() -> None:
    worlds = int(sys.argv[1]) if len(sys.argv) > 1 else 4
    print(machine())
    of_scenario = {scenario: {factor: Judged() for factor in FACTORS} for scenario in SCENARIOS}
    of_size = {size: {factor: Judged() for factor in FACTORS} for size in SIZES}
    with measured() as spent:
        for index in range(worlds):
            for place, scenario in enumerate(SCENARIOS):
                for size in SIZES:
                    seed = SEED + 1000 * index + 10 * place + size
                    world = portfolio(
                        scenario, clients=size, seed=seed, days=420, platform=("facebook", "instagram")[index % 2]
                    )
                    fresh = {factor: Judged() for factor in FACTORS}
                    judge_world(world, seed, fresh)
                    for factor, part in fresh.items():
                        for whole in (of_scenario[scenario][factor], of_size[size][factor]):
                            whole.campaigns += part.campaigns
                            whole.estimates += part.estimates
    groups = [(f"{size} clients", of_size[size]) for size in SIZES] + list(of_scenario.items())
    table(
        "Planted campaigns",
        COLUMNS,
        [part.row(name, factor) for name, group in groups for factor, part in group.items()],
    )
    print(f"\n{spent.cpu:.0f} s of CPU")


if __name__ == "__main__":
    main()

"""What may happen in each scenario. Spreads and sizes are on the log scale; a chance is per client and year unless named."""

from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Scenario:
    """The strength of each cause. 0 switches a cause off."""

    regular_schedule: bool = False
    form_spread: float = 0.12
    season: float = 0.04
    holidays: float = 0.0
    boost_share: float = 0.0
    viral_chance: float = 0.001
    posting_changes: float = 0.3
    pauses: float = 0.0
    campaigns: float = 0.0
    platform_drift: float = 0.03
    platform_shocks: float = 0.0
    format_shocks: float = 0.0
    people_drift: float = 0.05
    people_shifts: float = 0.0
    distribution_drift: float = 0.07
    growth_spread: float = 0.0004
    gaps: float = 0.002
    luck: float = 0.45


CALM = Scenario()
SCENARIOS: dict[str, Scenario] = {
    "calm": CALM,
    "exponents": replace(CALM, form_spread=0.35, posting_changes=1.5),
    "holidays": replace(CALM, holidays=1.0, season=0.15),
    "boosts": replace(CALM, boost_share=0.12),
    "viral": replace(CALM, viral_chance=0.012, luck=0.6),
    "posting_change": replace(CALM, posting_changes=3.0, pauses=0.8, campaigns=1.0),
    "platform_shock": replace(CALM, platform_shocks=3.0),
    "format_shock": replace(CALM, format_shocks=3.0),
    "people_shift": replace(CALM, people_shifts=2.5, people_drift=0.08, growth_spread=0.0015),
    "everything": Scenario(
        form_spread=0.25,
        season=0.12,
        holidays=0.8,
        boost_share=0.06,
        viral_chance=0.005,
        posting_changes=1.5,
        pauses=0.4,
        campaigns=0.7,
        platform_drift=0.05,
        platform_shocks=2.0,
        format_shocks=1.0,
        people_drift=0.08,
        people_shifts=1.2,
        distribution_drift=0.1,
        growth_spread=0.001,
        gaps=0.006,
        luck=0.55,
    ),
    "null": Scenario(
        regular_schedule=True,
        season=0.0,
        viral_chance=0.0,
        posting_changes=0.0,
        platform_drift=0.0,
        people_drift=0.0,
        distribution_drift=0.0,
        growth_spread=0.0,
        gaps=0.0,
    ),
}

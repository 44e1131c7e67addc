"""Draws clients: size, habits, how their exposure grows with the number of posts, and how sensitive they are."""

from dataclasses import dataclass

import numpy as np

from benchmarks.worlds.calendars import COUNTRIES, NICHES
from benchmarks.worlds.records import KINDS, Client, Floats, Generator, as_floats
from benchmarks.worlds.scenarios import Scenario

FORMS = ("power", "logarithm", "capped")


@dataclass(frozen=True, slots=True)
class Saturation:
    """How the exposure of a week grows with its number of posts: a form, its shape, and the usual number of posts.

    power: n^shape. logarithm: ln(1 + n / (shape · usual)). capped: n up to shape · usual, a tenth of each further post.
    """

    form: str
    shape: float
    usual: float

    def total(self, posts: Floats) -> Floats:
        """Return the exposure of a week with so many posts, in any unit."""
        if self.form == "power":
            return as_floats(posts**self.shape)
        if self.form == "logarithm":
            return as_floats(np.log1p(posts / (self.shape * self.usual)))
        cap = self.shape * self.usual
        return as_floats(np.minimum(posts, cap) + 0.1 * np.maximum(posts - cap, 0))

    def per_post(self, posts: Floats) -> Floats:
        """Return what each of `posts` posts of a week gets, relative to a week with the usual number."""
        usual = np.array([self.usual])
        return as_floats((self.total(posts) / posts) / (self.total(usual) / usual))

    @property
    def exponent(self) -> float:
        """The elasticity at the usual number of posts, over ± 20 %."""
        low, high = self.total(np.array([0.8 * self.usual, 1.2 * self.usual]))
        return float(np.log(high / low) / np.log(1.2 / 0.8))


@dataclass(frozen=True, slots=True)
class Traits:
    """What stays the same for a client. Rates are per view; `exposure` are the views of a usual post of a usual kind."""

    public: Client
    followers: float
    exposure: float
    profile_views: float
    interaction_rate: float
    posts_per_week: float
    saturation: Saturation
    kind_shares: Floats
    kind_exposure: Floats
    kind_response: Floats
    age_scale_hours: Floats
    age_spread: float
    weekday_posting: Floats
    weekday_exposure: Floats
    hours: Floats
    hour_exposure: Floats
    luck: float
    sensitivity: float
    format_sensitivity: float
    follower_exponent: float


def _saturation(random: Generator, usual: float, spread: float) -> Saturation:
    form = FORMS[random.choice(3, p=(0.5, 0.25, 0.25))]
    wide = spread / 0.25
    if form == "power":
        return Saturation(form, float(np.clip(random.normal(0.62, spread), 0.05, 1.1)), usual)
    if form == "logarithm":
        return Saturation(form, float(np.exp(random.normal(0.3, 0.8 * wide))), usual)
    return Saturation(form, float(np.clip(random.normal(1.05, 0.4 * wide), 0.5, 2.0)), usual)


def _sensitivity(random: Generator) -> float:
    """Draw how strongly a client follows the platform: about 1, in one of ten cases hardly at all."""
    return float(random.uniform(0, 0.25) if random.random() < 0.1 else random.lognormal(-0.05, 0.35))


def draw_client(random: Generator, platform: str, scenario: Scenario) -> Traits:
    """Draw one client of a platform."""
    kinds = len(KINDS[platform])
    facebook = platform == "facebook"
    followers = float(np.clip(random.lognormal(8.6, 1.3), 250, 400_000))
    posts_per_week = float(np.clip(random.lognormal(1.2 if facebook else 1.35, 0.6), 0.8, 18))
    exposure = followers * random.lognormal(-2.2 if facebook else -1.2, 0.5)
    hours = random.dirichlet(6 * np.exp(-0.5 * ((np.arange(24) - random.uniform(9, 19)) / 3.5) ** 2) + 0.02)
    return Traits(
        public=Client(str(random.choice(COUNTRIES)), str(random.choice(NICHES))),
        followers=followers,
        exposure=max(exposure, 30.0),
        profile_views=max(exposure, 30.0) * posts_per_week / 7 * random.uniform(0.04, 0.25),
        interaction_rate=float(np.clip(random.lognormal(-3.5 if facebook else -3.1, 0.5), 0.003, 0.15)),
        posts_per_week=posts_per_week,
        saturation=_saturation(random, posts_per_week, scenario.form_spread),
        kind_shares=random.dirichlet(np.full(kinds, 1.5)),
        kind_exposure=np.exp(random.normal(0, 0.25, kinds) + np.linspace(-0.2, 0.2, kinds)),
        kind_response=np.exp(random.normal(0, 0.3, kinds)),
        age_scale_hours=np.exp(random.normal(np.linspace(2.2, 3.2, kinds), 0.4)),
        age_spread=float(random.uniform(0.9, 1.6)),
        weekday_posting=random.dirichlet(np.array([6, 6, 6, 6, 6, 3, 2.5])),
        weekday_exposure=np.exp(random.normal(0, 0.1, 7)),
        hours=hours,
        hour_exposure=np.exp(0.15 * np.cos(2 * np.pi * (np.arange(24) - random.uniform(15, 22)) / 24)),
        luck=scenario.luck * random.lognormal(0, 0.2),
        sensitivity=_sensitivity(random),
        format_sensitivity=float(random.lognormal(-0.05, 0.3)),
        follower_exponent=float(random.uniform(0.5, 1.0)),
    )

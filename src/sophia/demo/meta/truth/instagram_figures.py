"""The exact figures of an Instagram account for one Pacific day, its audience, and the parts of totals."""

from collections.abc import Callable
from dataclasses import dataclass, fields
from datetime import date
from operator import attrgetter

from sophia.demo.meta.truth.attention import DayAttention
from sophia.demo.meta.truth.media_figures import MediaFigures
from sophia.demo.meta.truth.values import distributed_numbers
from sophia.demo.meta.world.noise import around_one, seed_of, split, unit, weights_of
from sophia.demo.meta.world.objects import DEMOGRAPHIC_DIMENSIONS, DEMOGRAPHICS, InstagramAccount

Parts = dict[tuple[str, ...], int]

UNIQUE = frozenset({"reach", "accounts_engaged"})


@dataclass(frozen=True, slots=True)
class InstagramFigures:
    """Whole numbers of one day as Meta serves them at some moment."""

    views: int
    reach: int
    accounts_engaged: int
    likes: int
    comments: int
    shares: int
    saves: int
    replies: int
    reposts: int
    profile_links_taps: int
    profile_views: int
    website_clicks: int
    quotes: int
    threads_views: int
    threads_likes: int
    threads_replies: int
    follows: int
    unfollows: int

    @property
    def total_interactions(self) -> int:
        return self.likes + self.comments + self.shares + self.saves + self.replies + self.reposts


# Per follower and day. The first nine depend on what the platform shows, the others on what people look for.
_SHOWN_RATES = (0.62, 0.4, 0.026, 0.031, 0.0027, 0.0034, 0.0041, 0.0009, 0.0011)
_SOUGHT_RATES = (0.0031, 0.021, 0.0024, 0.0002, 0.006, 0.0007, 0.0003, 0.0032, 0.0019)
# The people's reactions among the first nine.
_REACTIONS = range(2, 9)
_NEVER_RESTATED = 2


def instagram_views(seed: int, account: InstagramAccount, day: date, attention: DayAttention) -> float:
    """Return the views of `day` before they are rounded."""
    return account.followers * attention.distributed * _SHOWN_RATES[0] * around_one(seed, 24 * day.toordinal(), 0.1)


def instagram_figures(
    seed: int, account: InstagramAccount, day: date, attention: DayAttention, share: float, media: MediaFigures
) -> InstagramFigures:
    """Return the figures of `day`, of which Meta serves `share` so far, and never less than the day's gains of its
    `media`.

    Follows and unfollows are known at once.
    """
    base = 24 * day.toordinal()
    distributed, sought = account.followers * attention.distributed * share, account.followers * attention.sought
    numbers = distributed_numbers(seed, base, distributed, _SHOWN_RATES, attention.response, _REACTIONS)
    interactions = (media.likes, media.comments, media.shares, media.saved, media.replies, media.reposts)
    gains = (media.views, media.reach, 0, *interactions)
    numbers = [max(pair) for pair in zip(numbers, gains, strict=True)]
    restated = len(_SOUGHT_RATES) - _NEVER_RESTATED
    for index, rate in enumerate(_SOUGHT_RATES):
        known_share = sought * share if index < restated else sought
        numbers.append(int(known_share * rate * around_one(seed, base + 9 + index, 0.4) + 0.4 * (index >= restated)))
    return InstagramFigures(*numbers)


# Most metrics have the name of their figure.
INSTAGRAM_RECIPES: dict[str, Callable[[InstagramFigures], int]] = {
    **{field.name: attrgetter(field.name) for field in fields(InstagramFigures)[:-2]},
    "total_interactions": lambda day: day.total_interactions,
    "follower_count": lambda day: day.follows,
    "follows_and_unfollows": lambda day: day.follows + day.unfollows,
    "content_views": lambda day: day.views - day.views // 12,
}

_PRODUCTS = ("REEL", "POST", "STORY", "CAROUSEL_CONTAINER", "AD")
_FOLLOW_TYPES = ("FOLLOWER", "NON_FOLLOWER", "UNKNOWN")
_BUTTONS = ("DIRECTION", "CALL", "EMAIL", "BOOK_NOW", "TEXT", "UNDEFINED")


def day_parts(account: InstagramAccount, total: int, dimensions: tuple[str, ...]) -> Parts:
    """Return the parts of `total` by `dimensions`, without zeros; their sum is `total`.

    The parts of one dimension are sums over the other one, so that both divisions agree exactly.
    """
    if dimensions == ("contact_button_type",):
        parts = split(total, weights_of(seed_of("buttons", account.id), len(_BUTTONS)))
        return {(name,): part for name, part in zip(_BUTTONS, parts, strict=True) if part > 0}
    products = split(total, weights_of(seed_of("products", account.id), len(_PRODUCTS)))
    cells: Parts = {}
    for product, part in zip(_PRODUCTS, products, strict=True):
        known_share = 0.35 + 0.4 * unit(seed_of("followers", account.id, product))
        for follow_type, cell in zip(_FOLLOW_TYPES, split(part, (known_share, 0.98 - known_share, 0.02)), strict=True):
            key = tuple(product if dimension == "media_product_type" else follow_type for dimension in dimensions)
            cells[key] = cells.get(key, 0) + cell
    return {key: cell for key, cell in cells.items() if cell > 0}


def follow_parts(days: list[InstagramFigures]) -> Parts:
    """Return the follows of `days` as FOLLOWER and the unfollows as NON_FOLLOWER."""
    parts = {("FOLLOWER",): sum(day.follows for day in days), ("NON_FOLLOWER",): sum(day.unfollows for day in days)}
    return {key: part for key, part in parts.items() if part > 0}


_AGES = ("13-17", "18-24", "25-34", "35-44", "45-54", "55-64", "65+")
_GENDERS = ("F", "M", "U")
_CITIES_BY_COUNTRY = {
    "PT": ("Lisbon, Lisbon", "Porto, Porto"),
    "CA": ("Toronto, Ontario", "Montreal, Quebec"),
    "DE": ("Leipzig, Saxony", "Berlin, Berlin"),
    "BR": ("Porto Alegre, Rio Grande do Sul", "São Paulo, São Paulo"),
}
_COUNTED_SHARE = dict(zip(DEMOGRAPHICS, (0.93, 0.06, 0.55), strict=True))
_AGE_GROUP, _PLACE_GROUP = frozenset({"age", "gender"}), frozenset({"country", "city"})


def _people(seed: int) -> tuple[tuple[tuple[str, str], ...], tuple[float, ...]]:
    """Return every (age, gender) with its weight."""
    ages = weights_of(seed_of(seed, "age"), len(_AGES), 0.9)
    cells = tuple((age, gender) for age in _AGES for gender in _GENDERS)
    weights = tuple(weight * share for weight in ages for share in (0.52, 0.43, 0.05))
    return cells, weights


def _places(seed: int) -> tuple[tuple[tuple[str, str], ...], tuple[float, ...]]:
    """Return every (country, city) with its weight."""
    countries = weights_of(seed_of(seed, "country"), len(_CITIES_BY_COUNTRY), 0.45)
    cells = tuple((country, city) for country, cities in _CITIES_BY_COUNTRY.items() for city in cities)
    weights = tuple(weight * share for weight in countries for share in (0.7, 0.3))
    return cells, weights


def demographics(account: InstagramAccount, metric: str, followers: int, dimensions: tuple[str, ...]) -> Parts:
    """Return the audience by any of age, gender, country and city, without zeros."""
    seed = seed_of("audience", account.id, metric)
    total = int(followers * _COUNTED_SHARE[metric])
    cells: dict[tuple[str, ...], int] = {(): total}
    order: tuple[str, ...] = ()
    for group, names, (labels, weights) in (
        (_AGE_GROUP, DEMOGRAPHIC_DIMENSIONS[:2], _people(seed)),
        (_PLACE_GROUP, DEMOGRAPHIC_DIMENSIONS[2:], _places(seed)),
    ):
        if group.isdisjoint(dimensions):
            continue
        order += names
        cells = {
            (*key, *label): part
            for key, amount in cells.items()
            for label, part in zip(labels, split(amount, weights), strict=True)
        }
    places = [order.index(dimension) for dimension in dimensions]
    parts: Parts = {}
    for cell, amount in cells.items():
        key = tuple(cell[index] for index in places)
        parts[key] = parts.get(key, 0) + amount
    return {key: part for key, part in parts.items() if part > 0}


def online_followers(account: InstagramAccount, day: date, followers: int) -> dict[str, int]:
    """Return how many followers were online in each hour "0" to "23" of `day`."""
    seed = seed_of("online", account.id)
    busiest = int(24 * unit(seed))
    hours = {}
    for hour in range(24):
        distance = min((hour - busiest) % 24, (busiest - hour) % 24)
        share = 0.42 - 0.028 * distance
        hours[str(hour)] = int(followers * share * around_one(seed, 24 * day.toordinal() + hour, 0.08))
    return hours

"""How well an audience fits the people a client wants to reach: by age, gender and place, as Meta reports them."""

import math
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache

from sophia.analytics.figures.figures import Figure, FigureUnit, Number, figure, missing, percent, total
from sophia.errors import InvalidInputError

AGE, GENDER, COUNTRY, CITY = "age", "gender", "country", "city"
YOUNGEST, OLDEST = 13, 120
# Meta calls a gender that it does not know U.
GENDERS = ("F", "M")
_UNKNOWN = {GENDER: ("U",)}

NOT_REPORTED = "Meta reports no audience by this; it needs at least 100 people."
NOT_ASKED = "The profile does not ask for this."
OPEN_END = "Meta does not divide people of 65 and over, so the part that fits has bounds only."
NOTHING_KNOWN = "No part of the profile can be compared with the audience."
NOT_COUNTED = "Meta lists those of whom it knows this, and nobody can say here how many others there are."


@dataclass(frozen=True, slots=True)
class AudienceCell:
    """People of one breakdown as it is stored: {"age": "25-34", "gender": "F"}, {"country": "DE"}."""

    dimensions: Mapping[str, str]
    people: Number


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """The people whom a client wants to reach; what is empty does not matter to it. Raises InvalidInputError (H9).

    `ages` are years, both included, None for no upper end. `countries` are ISO 3166 codes or English names, `places`
    are cities as Meta writes them ("Toronto, Ontario"), or the city or the region alone; exactly, but for case (H8).
    """

    name: str
    ages: tuple[int, int | None] | None = None
    genders: tuple[str, ...] = ()
    countries: tuple[str, ...] = ()
    places: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.name != " ".join(self.name.split()) or not self.name or not self.name.isprintable() or "/" in self.name:
            raise InvalidInputError("A profile needs a name that can be read, with single spaces and without a slash.")
        if self.ages is not None:
            low, high = self.ages
            if not YOUNGEST <= low <= (OLDEST if high is None else high) <= OLDEST:
                raise InvalidInputError(
                    f"The ages of {self.name!r} must run from {YOUNGEST} or more to {OLDEST} or less, the lower first."
                )
        wrong = [gender for gender in self.genders if gender not in GENDERS]
        if wrong:
            raise InvalidInputError(f"Meta knows the genders F and M, not {wrong[0]!r} ({self.name}).")
        if any(not _folded(place) for place in self.places):
            raise InvalidInputError(f"A place of {self.name!r} has no name.")
        for country in self.countries:
            country_code(country)


@dataclass(frozen=True, slots=True)
class Fit:
    """How much of an audience a profile covers, part by part; `overall` is the mean of the parts that are known."""

    profile: Profile
    age: Figure
    gender: Figure
    country: Figure
    place: Figure
    overall: Figure


def by_dimension(cells: Iterable[AudienceCell], dimension: str) -> dict[str, Number]:
    """People by the values of one dimension, added over the others (H7).

    Each breakdown that has the dimension holds the same people: of several the one with the fewest dimensions counts.
    """
    mine = [cell for cell in cells if dimension in cell.dimensions]
    _, chosen = min(((len(cell.dimensions), sorted(cell.dimensions)) for cell in mine), default=(0, []))
    found: dict[str, list[Number]] = {}
    for cell in mine:
        if sorted(cell.dimensions) == chosen:
            found.setdefault(cell.dimensions[dimension], []).append(cell.people)
    return {value: total(people) or 0 for value, people in sorted(found.items())}


def known_percent(cells: Iterable[AudienceCell], dimension: str) -> dict[str, Figure]:
    """The share of each value among those of whom the dimension is known and listed, the largest first."""
    people = by_dimension(cells, dimension)
    known = {value: count for value, count in people.items() if value not in _UNKNOWN.get(dimension, ())}
    ordered = sorted(known, key=lambda value: (-float(known[value]), value))
    return {value: percent(known[value], total(known.values())) for value in ordered}


def unknown_percent(cells: Iterable[AudienceCell], dimension: str, everybody: Number | None = None) -> Figure:
    """How many of the audience Meta knows nothing about in this dimension; they are neither in nor out of a fit.

    `everybody` is the size of the whole audience where somebody counted it: then those who are not listed at all are
    unknown too. Otherwise only a gender can be known to be unknown (A12).
    """
    people = by_dimension(cells, dimension)
    if not people:
        return missing(FigureUnit.PERCENT, NOT_REPORTED)
    lost = total(people[value] for value in _UNKNOWN.get(dimension, ()) if value in people) or 0
    listed = total(people.values()) or 0
    if everybody is not None:
        whole = max(float(everybody), float(listed))
        return percent(whole - float(listed) + float(lost), whole)
    return percent(lost, listed) if dimension in _UNKNOWN else missing(FigureUnit.PERCENT, NOT_COUNTED)


def fits(profiles: Iterable[Profile], cells: Iterable[AudienceCell]) -> tuple[Fit, ...]:
    """The fit of each profile. Raises InvalidInputError when two have one name: one would hide the other (H9)."""
    wanted, audience = list(profiles), list(cells)
    names = [profile.name for profile in wanted]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise InvalidInputError(f"Two profiles are called {twice[0]!r}; give each a name of its own.")
    return tuple(fit(profile, audience) for profile in wanted)


def fit(profile: Profile, cells: Iterable[AudienceCell]) -> Fit:
    """How much of the audience the profile covers; what is unknown stays unknown, with a reason, and is never 0."""
    audience = list(cells)
    age = _age(profile.ages, by_dimension(audience, AGE))
    gender = _share(set(profile.genders), by_dimension(audience, GENDER), _UNKNOWN[GENDER])
    codes = {country_code(country) for country in profile.countries}
    country = _share(codes, {code.upper(): n for code, n in by_dimension(audience, COUNTRY).items()})
    cities = by_dimension(audience, CITY)
    places = {_folded(place) for place in profile.places}
    place = _share(
        {city for city in cities if places & _names_of(city)} if places else set(), cities, asked=bool(places)
    )
    known = [float(one.value) for one in (age, gender, country, place) if one.value is not None]
    overall = missing(FigureUnit.PERCENT, NOTHING_KNOWN, n=0)
    if known:
        overall = figure(math.fsum(known) / len(known), FigureUnit.PERCENT, n=len(known))
    return Fit(profile, age, gender, country, place, overall)


def _share(
    wanted: set[str], people: Mapping[str, Number], unknown: tuple[str, ...] = (), *, asked: bool | None = None
) -> Figure:
    """Those wanted by all who are known and listed: Meta lists the 45 largest places and no others."""
    if not (bool(wanted) if asked is None else asked):
        return missing(FigureUnit.PERCENT, NOT_ASKED)
    known = {value: count for value, count in people.items() if value not in unknown}
    if not known:
        return missing(FigureUnit.PERCENT, NOT_REPORTED)
    return percent(total(count for value, count in known.items() if value in wanted) or 0, total(known.values()))


def _age(ages: tuple[int, int | None] | None, people: Mapping[str, Number]) -> Figure:
    """Pro rata by years: of 25–34, the ages 25 and 26 are two tenths (H9)."""
    if ages is None:
        return missing(FigureUnit.PERCENT, NOT_ASKED)
    buckets = {bucket: span for bucket in people if (span := _years(bucket)) is not None}
    whole = total(people[bucket] for bucket in buckets)
    if not buckets or not whole:
        return missing(FigureUnit.PERCENT, NOT_REPORTED)
    low, high = ages
    inside, perhaps = [], 0.0
    for bucket, (first, last) in buckets.items():
        count = float(people[bucket])
        if last is None:
            if high is not None and high >= first:
                perhaps += count
            elif high is None:
                inside.append(count if low <= first else 0.0)
                perhaps += count if low > first else 0.0
            continue
        years = min(last, OLDEST if high is None else high) - max(first, low) + 1
        inside.append(count * max(years, 0) / (last - first + 1))
    certain = 100 * math.fsum(inside) / float(whole)
    if perhaps:
        at_most = certain + 100 * perhaps / float(whole)
        return Figure(value=None, unit=FigureUnit.PERCENT, reason=OPEN_END, at_least=certain, at_most=at_most)
    return figure(certain, FigureUnit.PERCENT)


def _years(bucket: str) -> tuple[int, int | None] | None:
    """The years of `25-34` and of `65+`; None for anything else."""
    low, dash, high = bucket.partition("-")
    if dash and low.isdigit() and high.isdigit() and int(low) <= int(high):
        return int(low), int(high)
    return (int(bucket[:-1]), None) if bucket.endswith("+") and bucket[:-1].isdigit() else None


def _folded(text: str) -> str:
    return " ".join(unicodedata.normalize("NFC", text).casefold().split())


def _names_of(city: str) -> set[str]:
    """How `Toronto, Ontario` may be called: as a whole, by its city, by its region."""
    first, comma, rest = city.partition(",")
    return {_folded(city), _folded(first)} | ({_folded(rest)} if comma else set())


def country_code(country: str) -> str:
    """The ISO 3166 code of a country that is given by code or by its English name. Raises InvalidInputError (H8)."""
    given = _folded(country)
    known = _countries()
    if given.upper() in known.values():
        return given.upper()
    if given not in known:
        raise InvalidInputError(
            f"{country!r} is no country; write its ISO 3166 code, such as CA or DE, or its English name."
        )
    return known[given]


@cache
def _countries() -> dict[str, str]:
    """Folded English name → code, from Unicode's CLDR."""
    from babel import Locale  # noqa: PLC0415 - takes longer to import than all of this room

    territories = Locale("en").territories
    return {
        _folded(name): code
        for code, name in territories.items()
        if len(code) == 2 and code.isalpha() and code not in _NO_COUNTRIES  # noqa: PLR2004
    }


# Codes of CLDR that ISO 3166 gives to no country: unions, dependencies with a code of another's, tests, the unknown.
_NO_COUNTRIES = frozenset({"AC", "CP", "CQ", "DG", "EA", "EU", "EZ", "IC", "QO", "TA", "UN", "XA", "XB", "ZZ"})

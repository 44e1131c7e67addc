"""Compares an audience, as Meta reports it, with the target audiences of a client: by age, gender, country and place."""

import math
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from typing import Annotated, Literal, get_args

from pydantic import Field

from sophia.analytics.figures.figures import Figure, FigureUnit, figure, missing, percent
from sophia.errors import InvalidInputError
from sophia.escaping import PRINTABLE

AGE, GENDER, COUNTRY, CITY = "age", "gender", "country", "city"
DIMENSIONS = (AGE, GENDER, COUNTRY, CITY)
YOUNGEST, OLDEST = 13, 120
Gender = Literal["F", "M"]
GENDERS = get_args(Gender)
# Meta's value for people whose gender it does not know.
_UNKNOWN = {GENDER: ("U",)}

NOT_REPORTED = "Meta reports no audience by this dimension; it needs at least 100 people."
NOT_RESTRICTED = "The target audience does not restrict this."
OPEN_END = "Meta does not divide people of 65 and over, so only bounds of the matching share are known."
NOTHING_KNOWN = "No criterion of the target audience can be compared with the audience."
NOT_COUNTED = "Meta lists only people whose value it knows, and it does not say how many others there are."

Years = Annotated[int, Field(strict=True, ge=0, le=1000)]
Country = Annotated[str, Field(min_length=1, max_length=60, pattern=PRINTABLE)]
Place = Annotated[str, Field(min_length=1, max_length=120, pattern=PRINTABLE)]


@dataclass(frozen=True, slots=True)
class AgeRange:
    """Years, both included; without `oldest` there is no upper end."""

    youngest: Years
    oldest: Years | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AudienceCriteria:
    """The people whom a client wants to reach. A criterion that is left out does not restrict the audience."""

    ages: AgeRange | None = None
    genders: Annotated[tuple[Gender, ...], Field(max_length=2)] = ()
    countries: Annotated[
        tuple[Country, ...], Field(max_length=50, description="ISO 3166 codes or English names; stored as codes.")
    ] = ()
    places: Annotated[
        tuple[Place, ...],
        Field(
            max_length=100,
            description="Cities as Meta writes them (Toronto, Ontario), or the city or the region alone.",
        ),
    ] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetAudience(AudienceCriteria):
    """The criteria under a name. Raises InvalidInputError for criteria that no audience can match (H8, H9)."""

    name: str

    def __post_init__(self) -> None:
        if self.name != " ".join(self.name.split()) or not self.name or not self.name.isprintable() or "/" in self.name:
            raise InvalidInputError(
                "The name of a target audience must be readable, with single spaces and without a slash."
            )
        if self.ages is not None:
            low, high = self.ages.youngest, self.ages.oldest
            if not YOUNGEST <= low <= (OLDEST if high is None else high) <= OLDEST:
                raise InvalidInputError(
                    f"The ages of {self.name!r} must be between {YOUNGEST} and {OLDEST}, the lower first."
                )
        wrong = [gender for gender in self.genders if gender not in GENDERS]
        if wrong:
            raise InvalidInputError(f"Meta knows the genders F and M, not {wrong[0]!r} ({self.name}).")
        if not all(map(_folded, self.places)):
            raise InvalidInputError(f"A place of {self.name!r} has no name.")
        for country in self.countries:
            country_code(country)


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedTargetAudience(TargetAudience):
    """A target audience as it is stored."""

    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class AudienceCell:
    """The people of one cell of a breakdown: {"age": "25-34", "gender": "F"} or {"country": "DE"}."""

    dimensions: Mapping[str, str]
    people: int | float


@dataclass(frozen=True, slots=True)
class AudiencePart:
    """The people with one value of a dimension. `percent` is their share of those whose value is known, null for unknown."""

    value: str
    people: int | float
    percent: Figure | None


@dataclass(frozen=True, slots=True)
class AudienceDimension:
    """The audience by age, gender, country or city, the largest part first, as of `day`.

    All shares of the dimension, and those of a match, are of the `base`: the people whose value Meta knows and lists.
    `unknown` is the number of the other people.
    """

    dimension: str
    day: date
    base: Annotated[int | float, Field(description="The people of whom all shares are.")]
    unknown: Figure
    parts: tuple[AudiencePart, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AudienceMatch:
    """The share of an audience, in percent, that meets each criterion; `overall` is the mean of the known shares."""

    name: str
    age: Figure
    gender: Figure
    country: Figure
    place: Figure
    overall: Figure


def people_by_value(cells: Iterable[AudienceCell], dimension: str) -> dict[str, int | float]:
    """Return people by the values of one dimension, added over the other dimensions (H7).

    Several breakdowns with the dimension hold the same people, so only the breakdown with the fewest dimensions counts.
    """
    with_dimension = [cell for cell in cells if dimension in cell.dimensions]
    smallest = min(((len(cell.dimensions), sorted(cell.dimensions)) for cell in with_dimension), default=None)
    counts: dict[str, list[int | float]] = {}
    for cell in with_dimension:
        if (len(cell.dimensions), sorted(cell.dimensions)) == smallest:
            counts.setdefault(cell.dimensions[dimension], []).append(cell.people)
    # Sorted, so that the sum of floats does not depend on the order of the cells.
    return {value: sum(sorted(people)) for value, people in sorted(counts.items())}


def known_shares(cells: Iterable[AudienceCell], dimension: str) -> dict[str, Figure]:
    """Return the share of each value among the people whose value is known and listed, the largest first."""
    people = people_by_value(cells, dimension)
    counts = {value: count for value, count in people.items() if value not in _UNKNOWN.get(dimension, ())}
    total = sum(counts.values())
    return {value: percent(counts[value], total) for value in sorted(counts, key=lambda value: (-counts[value], value))}


def unknown_people(cells: Iterable[AudienceCell], dimension: str, everybody: float | None = None) -> Figure:
    """Return the number of people of whom Meta reports no value of this dimension; no share and no match counts them.

    `everybody` is the size of the whole audience, if it is known: then people who are not listed are unknown too. Without
    it, only the number of unknown genders can be computed (A12).
    """
    people = people_by_value(cells, dimension)
    if not people:
        return missing(FigureUnit.PEOPLE, NOT_REPORTED)
    unknown = sum(people.get(value, 0) for value in _UNKNOWN.get(dimension, ()))
    listed = sum(people.values())
    if everybody is not None:
        return figure(max(everybody, listed) - listed + unknown, FigureUnit.PEOPLE)
    return figure(unknown, FigureUnit.PEOPLE) if dimension in _UNKNOWN else missing(FigureUnit.PEOPLE, NOT_COUNTED)


def audience_dimension(
    cells: Iterable[AudienceCell], name: str, day: date, everybody: float | None
) -> AudienceDimension:  # fmt: skip
    """Return one dimension of an audience, whose numbers are of that day."""
    cells = list(cells)
    people, shares = people_by_value(cells, name), known_shares(cells, name)
    values = [*shares, *(value for value in people if value not in shares)]
    parts = tuple(AudiencePart(value, people[value], shares.get(value)) for value in values)
    base = sum(people[value] for value in shares)
    return AudienceDimension(name, day, base, unknown_people(cells, name, everybody), parts)


def match_audiences(targets: Iterable[TargetAudience], cells: Iterable[AudienceCell]) -> tuple[AudienceMatch, ...]:
    """Match each target audience. Raises InvalidInputError if two have the same name: one would hide the other (H9)."""
    targets, cells = list(targets), list(cells)
    names = [target.name for target in targets]
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        raise InvalidInputError(f"Two target audiences have the name {repeated[0]!r}; give each its own name.")
    return tuple(match_audience(target, cells) for target in targets)


def match_audience(target: TargetAudience, cells: Iterable[AudienceCell]) -> AudienceMatch:
    """Return how much of the audience meets the criteria. An unknown share has a reason and never counts as 0."""
    cells = list(cells)
    age = _age_share(target.ages, people_by_value(cells, AGE))
    gender = _share(set(target.genders) or None, people_by_value(cells, GENDER), _UNKNOWN[GENDER])
    codes = {country_code(country) for country in target.countries}
    country = _share(codes or None, {code.upper(): n for code, n in people_by_value(cells, COUNTRY).items()})
    cities, places = people_by_value(cells, CITY), set(map(_folded, target.places))
    city_share = _share({city for city in cities if places & _names_of(city)} if places else None, cities)
    shares = [float(share.value) for share in (age, gender, country, city_share) if share.value is not None]
    overall = missing(FigureUnit.PERCENT, NOTHING_KNOWN, n=0)
    if shares:
        overall = figure(math.fsum(shares) / len(shares), FigureUnit.PERCENT, n=len(shares))
    return AudienceMatch(name=target.name, age=age, gender=gender, country=country, place=city_share, overall=overall)


def _share(values: set[str] | None, people: Mapping[str, float], unknown: tuple[str, ...] = ()) -> Figure:
    """Return the share of people with these values among all whose value is known and listed; None means any value.

    Meta lists the 45 largest places only.
    """
    if values is None:
        return missing(FigureUnit.PERCENT, NOT_RESTRICTED)
    counts = {value: count for value, count in people.items() if value not in unknown}
    if not counts:
        return missing(FigureUnit.PERCENT, NOT_REPORTED)
    return percent(sum(count for value, count in counts.items() if value in values), sum(counts.values()))


def _age_share(ages: AgeRange | None, people: Mapping[str, float]) -> Figure:
    """Return the share of people in the range, counted pro rata by years: 25 and 26 are two tenths of 25-34 (H9)."""
    if ages is None:
        return missing(FigureUnit.PERCENT, NOT_RESTRICTED)
    buckets = {bucket: span for bucket in people if (span := _years(bucket)) is not None}
    total = sum(people[bucket] for bucket in buckets)
    if not total:
        return missing(FigureUnit.PERCENT, NOT_REPORTED)
    oldest = OLDEST if ages.oldest is None else ages.oldest
    inside, possible = [], 0.0
    for bucket, (first, last) in buckets.items():
        count = float(people[bucket])
        if last is not None:
            years = min(last, oldest) - max(first, ages.youngest) + 1
            inside.append(count * max(years, 0) / (last - first + 1))
        elif ages.oldest is None and ages.youngest <= first:
            inside.append(count)
        elif oldest >= first:
            possible += count
    certain = 100 * math.fsum(inside) / total
    if possible:
        at_most = certain + 100 * possible / total
        return Figure(value=None, unit=FigureUnit.PERCENT, reason=OPEN_END, at_least=certain, at_most=at_most)
    return figure(certain, FigureUnit.PERCENT)


def _years(bucket: str) -> tuple[int, int | None] | None:
    """Return the years of `25-34` and of `65+`; None for any other text."""
    low, dash, high = bucket.partition("-")
    if dash and low.isdigit() and high.isdigit() and int(low) <= int(high):
        return int(low), int(high)
    return (int(bucket[:-1]), None) if bucket.endswith("+") and bucket[:-1].isdigit() else None


def _folded(text: str) -> str:
    return " ".join(unicodedata.normalize("NFC", text).casefold().split())


def _names_of(city: str) -> set[str]:
    """Return the names of `Toronto, Ontario`: the full name, the city and the region."""
    first, comma, rest = city.partition(",")
    return {_folded(city), _folded(first)} | ({_folded(rest)} if comma else set())


def country_code(country: str) -> str:
    """Return the ISO 3166 code of a country, from its code or its English name. Raises InvalidInputError (H8)."""
    name, codes = _folded(country), _country_codes()
    if name.upper() in codes.values():
        return name.upper()
    if name not in codes:
        raise InvalidInputError(
            f"{country!r} is no country; write its ISO 3166 code, such as CA or DE, or its English name."
        )
    return codes[name]


@cache
def _country_codes() -> dict[str, str]:
    """Return {folded English name: code}, from Unicode's CLDR."""
    from babel import Locale  # noqa: PLC0415 - takes longer to import than all of this package

    territories = Locale("en").territories
    return {
        _folded(name): code
        for code, name in territories.items()
        if len(code) == 2 and code.isalpha() and code not in _NO_COUNTRIES  # noqa: PLR2004
    }


# CLDR's codes that are no country in ISO 3166: unions, dependencies with the code of another country, tests, unknown.
_NO_COUNTRIES = frozenset({"AC", "CP", "CQ", "DG", "EA", "EU", "EZ", "IC", "QO", "TA", "UN", "XA", "XB", "ZZ"})

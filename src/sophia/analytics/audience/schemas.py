"""Whom a client wants to reach, as it is sent, and whom it reaches, as it is answered."""

from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import Field

from sophia.analytics.audience.fit import (
    AGE,
    CITY,
    COUNTRY,
    GENDER,
    Fit,
    Profile,
    by_dimension,
    fits,
    known_percent,
    unknown_percent,
)
from sophia.analytics.audience.queries import AccountAudience, IdealCustomerState
from sophia.analytics.figures.figures import Figure
from sophia.analytics.figures.requests import VISIBLE, RequestModel
from sophia.analytics.figures.schemas import Quantity, ResponseModel
from sophia.meta.catalogue import Platform

Audience = Literal["followers", "engaged", "reached"]
DIMENSIONS = (AGE, GENDER, COUNTRY, CITY)
Years = Annotated[int, Field(strict=True, ge=0, le=1000)]
Country = Annotated[str, Field(min_length=1, max_length=60, pattern=VISIBLE)]
Place = Annotated[str, Field(min_length=1, max_length=120, pattern=VISIBLE)]


class AudienceQuery(RequestModel):
    audience: Audience = Field(default="followers", description="Who follows, who engaged, or who was reached.")


class AgesGiven(RequestModel):
    """Years, both included; without `oldest` there is no upper end."""

    youngest: Years
    oldest: Years | None = None


class ProfileGiven(RequestModel):
    """Whom a client wants to reach; what is left out does not matter to it."""

    ages: AgesGiven | None = None
    genders: Annotated[list[Literal["F", "M"]], Field(max_length=2)] = Field(default=[])
    countries: Annotated[list[Country], Field(max_length=50)] = Field(
        default=[], description="ISO 3166 codes or English names."
    )
    places: Annotated[list[Place], Field(max_length=100)] = Field(
        default=[], description="Cities as Meta writes them (Toronto, Ontario), or the city or the region alone."
    )
    # So that what GET answered may be sent back with a change.
    name: str | None = Field(default=None, description="Ignored: the address names it.")
    created_at: datetime | None = Field(default=None, description="Ignored.")
    updated_at: datetime | None = Field(default=None, description="Ignored.")

    def profile(self, name: str) -> Profile:
        """Raises InvalidInputError for what cannot be wanted: reversed ages, a country that is none (H8, H9)."""
        return Profile(
            name=name,
            ages=None if self.ages is None else (self.ages.youngest, self.ages.oldest),
            genders=tuple(self.genders),
            countries=tuple(self.countries),
            places=tuple(self.places),
        )


class AgesAnswer(ResponseModel):
    youngest: int
    oldest: int | None


class ProfileAnswer(ResponseModel):
    """A profile as it is kept: countries by their codes."""

    name: str
    ages: AgesAnswer | None
    genders: list[str]
    countries: list[str]
    places: list[str]
    created_at: datetime
    updated_at: datetime


class AudiencePartAnswer(ResponseModel):
    """People with one value of a dimension; `percent` of those of whom it is known, and null for the unknown."""

    value: str
    people: Quantity
    percent: Figure | None


class DimensionAnswer(ResponseModel):
    """The audience by age, gender, country or city, the largest part first, as of `day`.

    `unknown` is the share of whom Meta says nothing here; they count in no fit.
    """

    dimension: str
    day: date
    unknown: Figure
    parts: list[AudiencePartAnswer]


class FitAnswer(ResponseModel):
    """How much of the audience a profile covers, in percent; `overall` is the mean of the parts that are known."""

    name: str
    age: Figure
    gender: Figure
    country: Figure
    place: Figure
    overall: Figure


class CellAnswer(ResponseModel):
    """People of one breakdown, as Meta gave them."""

    dimensions: dict[str, str]
    people: Quantity


class AccountAudienceAnswer(ResponseModel):
    """One account's audience. Its people may be those of another account too, and so accounts are never added."""

    account_id: int
    platform: Platform
    name: str
    day: date | None = Field(description="Of the newest numbers; null where Meta has never reported any.")
    everybody: Quantity | None = Field(description="All followers, where they are what is asked for.")
    dimensions: list[DimensionAnswer]
    fits: list[FitAnswer]
    cells: list[CellAnswer]
    reason: str | None


class AudienceAnswer(ResponseModel):
    client_id: int
    audience: Audience
    accounts: list[AccountAudienceAnswer]


def profile_answer(state: IdealCustomerState) -> ProfileAnswer:
    profile = state.profile
    return ProfileAnswer(
        name=profile.name,
        ages=None if profile.ages is None else AgesAnswer(youngest=profile.ages[0], oldest=profile.ages[1]),
        genders=list(profile.genders),
        countries=list(profile.countries),
        places=list(profile.places),
        created_at=state.created_at,
        updated_at=state.updated_at,
    )


def account_audience_answer(account_audience: AccountAudience, profiles: list[Profile]) -> AccountAudienceAnswer:
    """One account's audience, measured against the profiles."""
    return AccountAudienceAnswer(
        account_id=account_audience.account_id,
        platform=account_audience.platform,
        name=account_audience.name,
        day=max(account_audience.days.values(), default=None),
        everybody=account_audience.everybody,
        dimensions=[one for name in DIMENSIONS if (one := _dimension(account_audience, name)) is not None],
        fits=[_fit(fit) for fit in fits(profiles, account_audience.cells)],
        cells=[CellAnswer.model_validate(cell) for cell in account_audience.cells],
        reason=account_audience.reason,
    )


def _dimension(account_audience: AccountAudience, name: str) -> DimensionAnswer | None:
    people, shares = by_dimension(account_audience.cells, name), known_percent(account_audience.cells, name)
    if not people:
        return None
    order = [*shares, *(value for value in people if value not in shares)]
    return DimensionAnswer(
        dimension=name,
        day=account_audience.day_of(name),
        unknown=unknown_percent(account_audience.cells, name, account_audience.everybody),
        parts=[
            AudiencePartAnswer.model_validate({"value": value, "people": people[value], "percent": shares.get(value)})
            for value in order
        ],
    )


def _fit(fit: Fit) -> FitAnswer:
    return FitAnswer.model_validate(
        {"name": fit.profile.name, "age": fit.age, "gender": fit.gender}
        | {"country": fit.country, "place": fit.place, "overall": fit.overall}
    )

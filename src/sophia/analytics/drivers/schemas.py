"""What the API answers of reports, and the shapes that they share with briefs. A figure without a value says why it has none."""

from typing import Literal

from pydantic import FiniteFloat

from sophia.analytics.figures.schemas import (
    Ends,
    ResponseModel,
)


class PartAnswer(ResponseModel):
    """A part of a change: what it alone would have changed, in percent."""

    log: FiniteFloat
    low: FiniteFloat | None
    high: FiniteFloat | None
    percent: FiniteFloat
    percent_interval: Ends | None
    verdict: Literal["up", "down", "cannot tell"]


class DriversAnswer(ResponseModel):
    """Who decided the change of engagement on one platform."""

    whole: PartAnswer | None
    platform: PartAnswer | None
    distribution: PartAnswer | None
    posting: PartAnswer | None
    people: PartAnswer | None
    main_driver: Literal["platform", "distribution", "posting", "people"] | None
    others: int
    others_alike: int
    units: tuple[int, int]
    reasons: dict[str, str]

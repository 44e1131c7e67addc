"""What people respond to, and when; and posts among others of the same age."""

from collections.abc import Mapping
from datetime import datetime
from typing import Literal

from pydantic import Field, FiniteFloat

from sophia.analytics.figures.figures import DateRange, Figure
from sophia.analytics.figures.requests import Limit, WindowQuery
from sophia.analytics.figures.schemas import Quantity, ResponseModel
from sophia.analytics.posting_times.responses import Effect, GroupResponse, Slot
from sophia.analytics.posting_times.service import Measured, PostingTimes
from sophia.meta.catalogue import Platform

Verdict = Literal["above", "below", "usual"]


class PostingEffectsResponse(ResponseModel):
    """Of `posts` that were published in the window, `compared` have both engagements and reach.

    `factor` 1.2 means a fifth more engagement from as many people reached; it is drawn towards 1 the more, the fewer
    posts there are. `reason` says why nothing can be compared.
    """

    client_id: int
    window: DateRange
    posts: int
    compared: int
    reason: str | None


class ResponseAnswer(ResponseModel):
    factor: Figure
    effect: Effect


class SlotAnswer(ResponseModel):
    """An hour of the week in the client's zone; Monday is 0."""

    weekday: int
    hour: int


class PostingTimeAnswer(SlotAnswer, ResponseAnswer):
    pass


class PostingTimesAnswer(PostingEffectsResponse):
    """By hour of the week in the client's `zone`. `best` are the hours that are better for certain, the best first."""

    zone: str
    hours: list[PostingTimeAnswer] = Field(description="The hours in which anything was published.")
    best: list[SlotAnswer]


class FormatsAnswer(PostingEffectsResponse):
    """By platform and kind of post, and by content pillar; posts without a pillar are in none."""

    formats: dict[str, ResponseAnswer]
    pillars: dict[str, ResponseAnswer]
    without_pillar: int


class PostRankingQuery(WindowQuery):
    """Posts of which window, at which age, by what."""

    age: Literal["1d", "7d", "28d"] = Field(
        default="7d", description="Reporting days after the one on which a post was published."
    )
    metric: Measured = "engagements"
    verdict: Verdict | None = None
    limit: Limit = 200


class PostRankResponse(ResponseModel):
    """A post against the others of its account: of its format where there are eight, else of all formats.

    `usual` is their median, 95 % of posts would lie between `low` and `high`, `score` is z on the log scale.
    """

    compared: int
    among: Literal["format", "all formats"]
    score: FiniteFloat | None
    usual: FiniteFloat | None
    low: FiniteFloat | None
    high: FiniteFloat | None
    verdict: Verdict | None
    reason: str


class RankedPostResponse(ResponseModel):
    post_id: int
    account_id: int
    platform: Platform
    format: str
    platform_post_id: str
    published_at: datetime
    title: str | None
    permalink: str | None
    value: Quantity | None
    standing: PostRankResponse


class PostRankingResponse(ResponseModel):
    """Posts that have reached the age, newest first. `total` counts those that match, also beyond the limit."""

    client_id: int
    window: DateRange
    age: str
    metric: str
    total: int
    posts: list[RankedPostResponse]


def posting_times_answer(responses: PostingTimes) -> PostingTimesAnswer:
    figures = [time.factor for time in responses.times.values()]
    known = any(figure.value is not None for figure in figures)
    return PostingTimesAnswer(
        client_id=responses.client_id,
        window=responses.window,
        posts=responses.posts,
        compared=responses.compared,
        reason=None if known else figures[0].reason,
        zone=responses.zone,
        hours=posting_time_answers(responses.times),
        best=[SlotAnswer(weekday=slot.weekday, hour=slot.hour) for slot in responses.best],
    )


def formats_answer(responses: PostingTimes) -> FormatsAnswer:
    figures = [one.factor for one in (*responses.formats.values(), *responses.pillars.values())]
    known = any(figure.value is not None for figure in figures)
    reason = figures[0].reason if figures else "No post of this window was collected."
    return FormatsAnswer.model_validate(
        {
            "client_id": responses.client_id,
            "window": responses.window,
            "posts": responses.posts,
            "compared": responses.compared,
            "reason": None if known else reason,
            "formats": responses.formats,
            "pillars": responses.pillars,
            "without_pillar": responses.without_pillar,
        }
    )


def posting_time_answers(times: Mapping[Slot, GroupResponse]) -> list[PostingTimeAnswer]:
    """The hours in which anything was published, in order."""
    return [
        PostingTimeAnswer(
            weekday=slot.weekday, hour=slot.hour, **ResponseAnswer.model_validate(time).model_dump(round_trip=True)
        )
        for slot, time in times.items()
        if time.factor.n
    ]

"""Cuts a simulated world to the days that are wanted, so that it neither begins without old posts nor ends without new."""

from dataclasses import fields, replace
from datetime import timedelta

import numpy as np

from benchmarks.worlds.records import DAYS_OF_AGE, Campaign, Counterfactuals, Floats, Observed, Posts, World

DAYS_BEFORE = 42
DAYS_AFTER = 7


def trim(world: World, days: int) -> World:
    """Cut to `days` days from the 43rd simulated day. Earlier posts leave the list; what they gather later stays."""
    window = slice(DAYS_BEFORE, DAYS_BEFORE + days)
    truth = world.truth
    mechanism = world.mechanism
    cut = {name: getattr(truth, name)[..., window] for name in (field.name for field in fields(truth))}
    return replace(
        world,
        observed=_observed(world.observed, window, days),
        truth=Counterfactuals(**cut),
        mechanism=replace(
            mechanism,
            platform=mechanism.platform[:, window],
            people=mechanism.people[:, window],
            distribution=mechanism.distribution[:, window],
            calendar_exposure=mechanism.calendar_exposure[:, window],
            calendar_response=mechanism.calendar_response[:, window],
        ),
    )


def _observed(observed: Observed, window: slice, days: int) -> Observed:
    return replace(
        observed,
        first_date=observed.first_date + timedelta(days=DAYS_BEFORE),
        followers=observed.followers[:, window],
        reach=observed.reach[:, window],
        views=observed.views[:, window],
        interactions=observed.interactions[:, window],
        paid_views=observed.paid_views[:, window],
        paid_interactions=observed.paid_interactions[:, window],
        posts_covered=observed.posts_covered[:, window],
        posts=_posts(observed.posts, days),
        campaigns=tuple(
            Campaign(
                campaign.client, max(campaign.start_day - DAYS_BEFORE, 0), min(campaign.end_day - DAYS_BEFORE, days)
            )
            for campaign in observed.campaigns
            if campaign.end_day > DAYS_BEFORE and campaign.start_day < DAYS_BEFORE + days
        ),
    )


def _posts(posts: Posts, days: int) -> Posts:
    day = posts.day - DAYS_BEFORE
    kept = (day >= 0) & (day < days)
    # A post published at midnight is a day old when its first day ends.
    last_day = day[:, None] + np.arange(DAYS_OF_AGE)[None, :] + (posts.hour > 0)[:, None]

    def reached(values: Floats) -> Floats:
        return np.where(last_day < days, values, np.nan)[kept]

    return Posts(
        client=posts.client[kept],
        day=day[kept],
        hour=posts.hour[kept],
        kind=posts.kind[kept],
        boosted=posts.boosted[kept],
        listed=posts.listed[kept],
        views=reached(posts.views),
        interactions=reached(posts.interactions),
        paid_views=reached(posts.paid_views),
        paid_interactions=reached(posts.paid_interactions),
    )

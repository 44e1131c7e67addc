"""The true parts of each change: the logarithm by which a cause changed a client's interactions between two windows."""

from dataclasses import dataclass

import numpy as np

from benchmarks.worlds.records import Counterfactuals, Floats, World

PARTS = ("platform", "posting", "distribution", "people", "calendar")


@dataclass(frozen=True, slots=True)
class Parts:
    """What changed ln(interactions) from one window to the next, [client] or [client, week]. NaN: a window without any.

    total = platform + posting + distribution + people + calendar, for organic counts. Each of these is the sum of its
    effect on exposure (views) and on the response (interactions per view).
    `paid` comes on top: ln of the ratio of all interactions = total + paid.
    `luck` is the share of single posts in distribution, `response_luck` in people. `exposure` is the change of ln(views).
    """

    total: Floats
    exposure: Floats
    platform: Floats
    posting: Floats
    distribution: Floats
    people: Floats
    calendar_exposure: Floats
    calendar_response: Floats
    platform_response: Floats
    posting_response: Floats
    distribution_response: Floats
    paid: Floats
    luck: Floats
    response_luck: Floats

    @property
    def calendar(self) -> Floats:
        return self.calendar_exposure + self.calendar_response

    def five(self) -> Floats:
        """Return the parts [..., part] in the order of PARTS; they add up to `total`."""
        return np.stack([self.platform, self.posting, self.distribution, self.people, self.calendar], axis=-1)

    def four(self) -> Floats:
        """Return platform, posting, distribution, people [..., part] for a method without a part for the calendar.

        By the definitions of the parts, the calendar then belongs to the rest of exposure, and to the response.
        """
        return np.stack(
            [
                self.platform,
                self.posting,
                self.distribution + self.calendar_exposure,
                self.people + self.calendar_response,
            ],
            axis=-1,
        )


def _change(daily: Floats, before: int, after: int, days: int) -> Floats:
    """Return ln(sum after / sum before), [client]; NaN where a sum is 0."""
    earlier, later = daily[:, before : before + days].sum(axis=1), daily[:, after : after + days].sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.log(later / earlier)
    return np.where(np.isfinite(ratio), ratio, np.nan)


def _platform_change(truth: Counterfactuals, before: int, after: int, days: int) -> tuple[Floats, Floats]:
    """Return what the change of the platform did to ln(views), and to ln(interactions) through the mix of kinds, [client].

    Both windows are computed with the platform of both, day by day, and the two answers are averaged. A platform that
    did not change therefore has no part, even where it treats kinds differently and the kinds of posts changed.
    """
    windows = slice(before, before + days), slice(after, after + days)
    factors = [np.exp(truth.platform_by_source[:, :, window]) for window in windows]

    def mean_change(daily: Floats) -> Floats:
        of_windows = [
            np.log((daily[:, :, window] * factors[1]).sum((1, 2)) / (daily[:, :, window] * factors[0]).sum((1, 2)))
            for window in windows
        ]
        return np.asarray(np.mean(of_windows, axis=0), dtype=np.float64)

    return (
        mean_change(truth.views_without_platform_by_source),
        mean_change(truth.mixed_interactions_without_platform_by_source),
    )


def parts_between(world: World, before: int, after: int, days: int) -> Parts:
    """Return the true parts [client] between the windows of `days` days that start on the days `before` and `after`."""
    truth = world.truth

    def change(name: str) -> Floats:
        return _change(getattr(truth, name), before, after, days)

    total, exposure, views = change("true_interactions"), change("true_views"), change("views")
    all_interactions = _change(truth.true_interactions + truth.true_paid_interactions, before, after, days)
    posting, posting_all = change("scheduled_views"), change("scheduled_interactions")
    platform, platform_all = _platform_change(truth, before, after, days)
    mix = change("mixed_interactions") - views
    calendar = views - change("views_without_calendar")
    calendar_response = change("interactions") - change("interactions_without_calendar_response")
    distribution_response = mix - (posting_all - posting) - (platform_all - platform)
    return Parts(
        total=total,
        exposure=exposure,
        platform=platform_all,
        posting=posting_all,
        distribution=exposure - posting - platform - calendar + distribution_response,
        people=total - exposure - mix - calendar_response,
        calendar_exposure=calendar,
        calendar_response=calendar_response,
        platform_response=platform_all - platform,
        posting_response=posting_all - posting,
        distribution_response=distribution_response,
        paid=all_interactions - total,
        luck=views - change("views_without_luck"),
        response_luck=change("interactions") - change("interactions_without_response_luck"),
    )


def window_starts(world: World, days: int) -> list[int]:
    """List the starts of all windows that end with a week and have an equal window before them."""
    return list(range(days, world.observed.days - days + 1, 7))


def parts_of_weeks(world: World, days: int = 7) -> Parts:
    """Return the true parts [client, week] of each window of `window_starts` against the equal window directly before."""
    single = [parts_between(world, start - days, start, days) for start in window_starts(world, days)]
    return Parts(**{name: np.stack([getattr(parts, name) for parts in single], axis=1) for name in Parts.__slots__})

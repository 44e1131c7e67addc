"""What metrics mean on either platform, and what drives them: the algorithm or people.

The rule: a metric that counts exposure by the platform is algorithm-dependent; one that counts acts of people is
algorithm-independent; a total, or the description of an audience, is a level; watch times and rates of watching follow
the exposure that created them. The specification sets three cases otherwise: visits to a profile and new followers are
algorithm-dependent, because exposure brings them, and the rates of engagement per reach are algorithm-independent,
because exposure is divided out of them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType


class MetricClass(StrEnum):
    """What drives a number: the algorithm, people, or neither (a level)."""

    ALGORITHM_DEPENDENT = "algorithm_dependent"
    ALGORITHM_INDEPENDENT = "algorithm_independent"
    LEVEL = "level"
    UNCLASSIFIED = "unclassified"


# Levels and unclassified metrics are neither.
IS_ALGORITHM_DEPENDENT: Mapping[str, bool] = {
    MetricClass.ALGORITHM_DEPENDENT: True,
    MetricClass.ALGORITHM_INDEPENDENT: False,
}


class Counting(StrEnum):
    """How several values combine: added, never added (people), last one taken, averaged."""

    ADDITIVE = "additive"
    UNIQUE = "unique"
    LEVEL = "level"
    RATIO = "ratio"


class Unit(StrEnum):
    """One unit of the value; money is in the currency of the account."""

    COUNT = "count"
    PEOPLE = "people"
    MILLISECONDS = "milliseconds"
    RATIO = "ratio"
    MONEY = "money"


@dataclass(frozen=True, slots=True)
class Canonical:
    """A meaning that several platform metrics share; unit and counting are those of its usual row."""

    name: str
    metric_class: MetricClass
    unit: Unit
    meaning: str
    counting: Counting = Counting.ADDITIVE


_DEPENDENT = MetricClass.ALGORITHM_DEPENDENT
_INDEPENDENT = MetricClass.ALGORITHM_INDEPENDENT
_LEVEL = MetricClass.LEVEL

_ALL = (
    # Exposure by the platform.
    Canonical("views", _DEPENDENT, Unit.COUNT, "Times the content was on a screen."),
    Canonical(
        "impressions", _DEPENDENT, Unit.COUNT, "Times the content was shown, as counted before views replaced it."
    ),
    Canonical("story_views", _DEPENDENT, Unit.COUNT, "Views of the stories of an account, added up."),
    Canonical("facebook_views", _DEPENDENT, Unit.COUNT, "Views on Facebook of content made for Instagram."),
    Canonical("crossposted_views", _DEPENDENT, Unit.COUNT, "Views of a reel on Instagram and Facebook together."),
    Canonical("reach", _DEPENDENT, Unit.PEOPLE, "People who saw the content at least once.", Counting.UNIQUE),
    Canonical("plays", _DEPENDENT, Unit.COUNT, "Times a reel began to play, however briefly."),
    Canonical("replays", _DEPENDENT, Unit.COUNT, "Times a reel was played again by the same person."),
    Canonical("video_views", _DEPENDENT, Unit.COUNT, "Times a video played for at least three seconds."),
    Canonical("video_long_views", _DEPENDENT, Unit.COUNT, "Times a video played for 10 to 60 seconds at least."),
    Canonical("video_complete_views", _DEPENDENT, Unit.COUNT, "Times a video played to its end, or nearly."),
    Canonical("watch_time", _DEPENDENT, Unit.MILLISECONDS, "Time spent watching, replays included."),
    Canonical("average_watch_time", _DEPENDENT, Unit.MILLISECONDS, "Time spent watching per play.", Counting.RATIO),
    Canonical("retention", _DEPENDENT, Unit.RATIO, "Share of viewers still watching at each point.", Counting.RATIO),
    Canonical("skip_rate", _DEPENDENT, Unit.RATIO, "Share of viewers who leave within three seconds.", Counting.RATIO),
    Canonical("profile_visits", _DEPENDENT, Unit.COUNT, "Visits to the profile or Page, which exposure brings."),
    Canonical("follows", _DEPENDENT, Unit.COUNT, "New followers, before those who left are taken off."),
    Canonical("follower_changes", _DEPENDENT, Unit.COUNT, "Follows and unfollows reported as one number."),
    Canonical("follower_growth", _DEPENDENT, Unit.COUNT, "Net change in followers, computed from their totals."),
    # Acts of people.
    Canonical("likes", _INDEPENDENT, Unit.COUNT, "Likes, and on Facebook reactions of every type."),
    Canonical("comments", _INDEPENDENT, Unit.COUNT, "Comments written."),
    Canonical("shares", _INDEPENDENT, Unit.COUNT, "Times the content was shared or sent on."),
    Canonical("saved", _INDEPENDENT, Unit.COUNT, "Times the content was saved for later."),
    Canonical("reposts", _INDEPENDENT, Unit.COUNT, "Times the content was reposted to somebody's own profile."),
    Canonical("quotes", _INDEPENDENT, Unit.COUNT, "Times the content was quoted."),
    Canonical("replies", _INDEPENDENT, Unit.COUNT, "Replies to stories; Meta reports 0 for the EU and Japan."),
    Canonical("sticker_taps", _INDEPENDENT, Unit.COUNT, "Uses of the stickers on a story."),
    Canonical("navigation", _INDEPENDENT, Unit.COUNT, "Taps and swipes through a story: forward, back, out of it."),
    Canonical("clicks", _INDEPENDENT, Unit.COUNT, "Clicks anywhere on the content."),
    Canonical("link_clicks", _INDEPENDENT, Unit.COUNT, "Clicks on a link that leads off the platform."),
    Canonical(
        "clicked_plays", _INDEPENDENT, Unit.COUNT, "Plays of a video that began with a click, not by themselves."
    ),
    Canonical(
        "profile_actions", _INDEPENDENT, Unit.COUNT, "Taps on contact and call-to-action buttons of the profile."
    ),
    Canonical(
        "total_interactions",
        _INDEPENDENT,
        Unit.COUNT,
        "All interactions together, as the platform adds them; of an account: account interactions.",
    ),
    Canonical("accounts_engaged", _INDEPENDENT, Unit.PEOPLE, "People who interacted at least once.", Counting.UNIQUE),
    Canonical("engaged_followers", _INDEPENDENT, Unit.PEOPLE, "Followers who ever interacted.", Counting.UNIQUE),
    Canonical("unfollows", _INDEPENDENT, Unit.COUNT, "Followers who left."),
    Canonical("negative_feedback", _INDEPENDENT, Unit.COUNT, "Hides, reports and similar refusals."),
    Canonical("checkins", _INDEPENDENT, Unit.COUNT, "Check-ins at the place of the Page."),
    Canonical("engagement_rate_on_reached", _INDEPENDENT, Unit.RATIO, "Engagements divided by reach.", Counting.RATIO),
    Canonical("save_rate", _INDEPENDENT, Unit.RATIO, "Saves divided by reach.", Counting.RATIO),
    Canonical("share_rate", _INDEPENDENT, Unit.RATIO, "Shares divided by reach.", Counting.RATIO),
    Canonical(
        "comment_quality_score", _INDEPENDENT, Unit.RATIO, "How good the comments are, scored per day.", Counting.RATIO
    ),
    # Totals and descriptions of an audience.
    Canonical("followers", _LEVEL, Unit.PEOPLE, "Followers in total.", Counting.LEVEL),
    Canonical("fans", _LEVEL, Unit.PEOPLE, "People who like the Page, in total.", Counting.LEVEL),
    Canonical("following", _LEVEL, Unit.COUNT, "Accounts that this account follows.", Counting.LEVEL),
    Canonical("media_count", _LEVEL, Unit.COUNT, "Posts on the account.", Counting.LEVEL),
    Canonical("follower_demographics", _LEVEL, Unit.PEOPLE, "Followers by place, age and gender.", Counting.LEVEL),
    Canonical("engaged_demographics", _LEVEL, Unit.PEOPLE, "Engaged people by place, age and gender.", Counting.LEVEL),
    Canonical("reached_demographics", _LEVEL, Unit.PEOPLE, "Reached people by place, age and gender.", Counting.LEVEL),
    Canonical("online_followers", _LEVEL, Unit.PEOPLE, "Followers online, by hour of the day.", Counting.LEVEL),
    Canonical("audience_watch_time", _LEVEL, Unit.MILLISECONDS, "Watch time by place, age and gender.", Counting.LEVEL),
    Canonical("audience_video_views", _LEVEL, Unit.COUNT, "Views of a video by place.", Counting.LEVEL),
    Canonical("video_length", _LEVEL, Unit.MILLISECONDS, "Length of the video.", Counting.LEVEL),
    Canonical("earnings", _LEVEL, Unit.MONEY, "Money paid out by the platform."),
    Canonical("ad_rate", _LEVEL, Unit.MONEY, "Money per thousand ads shown in a video.", Counting.RATIO),
    Canonical("monetised_views", _LEVEL, Unit.COUNT, "Views and ads that count towards payouts."),
)

CANONICAL: Mapping[str, Canonical] = MappingProxyType({entry.name: entry for entry in _ALL})

"""Faults of Meta: a row is one entry of META. Patterns are searched in `METHOD /path?query` of each request."""

from collections.abc import Callable
from typing import Any

from tests.analytics.collector.conftest import Key
from tests.demo.faults import graph_fault
from tests.reliability.ground import Ground, Told
from tests.reliability.scenarios import Scenario, everything

from sophia.demo.meta.faults.faults import Fault

PAGE_INSIGHTS = r"^GET /v22.0/10\d+/insights\?"
INSTAGRAM_INSIGHTS = r"^GET /v22.0/178\d+/insights\?"
POSTS = r"/published_posts\?"
MEDIA = r"/media\?"
TOO_MUCH = "Please reduce the amount of data you're asking for, then retry your request"
HTML = "<html><head><title>Sorry, something went wrong</title></head></html>"
BEGINS = {"facebook": "10", "instagram": "178"}
PROFILE_FIELDS = ("followers_count", "fan_count", "follows_count", "media_count")


def under(*make: Callable[[], Fault]) -> Callable[[Ground], Told]:
    """Collect while these faults strike."""

    def run(ground: Ground) -> Told:
        ground.api.faults += [one() for one in make]
        return ground.told()

    return run


def of_platform(platform: str) -> Callable[[Key], bool]:
    """Everything of accounts of a platform."""
    return lambda key: key[0].startswith(BEGINS[platform])


def of_account(platform: str) -> Callable[[Key], bool]:
    """Daily values of accounts of a platform, without the fields of its profile."""
    return lambda key: key[1] is None and key[0].startswith(BEGINS[platform]) and key[2] not in PROFILE_FIELDS


def of_posts(platform: str) -> Callable[[Key], bool]:
    """What is known of the posts of accounts of a platform."""
    return lambda key: key[1] is not None and key[0].startswith(BEGINS[platform])


def error(pattern: str, code: int, message: str, **details: Any) -> Callable[[], Fault]:
    return lambda: graph_fault(pattern, code, message, **details)


def too_much() -> Fault:
    """Pages of more than 25 posts are more than Meta wants to serve."""
    fault = graph_fault(POSTS, 1, TOO_MUCH, status=500)
    fault.when = lambda request: int(request.parameters.get("limit", 25)) > 25
    return fault


LIMITED = ("Wait: Meta set a limit",)

META = (
    Scenario(
        "HTTP 500, once",
        "The first request is answered with HTTP 500 and an empty body.",
        under(lambda: Fault(r".", times=1, status=500, body="")),
    ),
    Scenario(
        "HTTP 500 on one edge, every time",
        "Every request for the Page's own insights is answered with HTTP 500.",
        under(lambda: Fault(PAGE_INSIGHTS, status=500, body="")),
        told=("no JSON (HTTP 500)", "page_insights failed in the last run"),
        lost=of_account("facebook"),
    ),
    Scenario(
        "Code 1: reduce the amount of data",
        "Pages of more than 25 posts are refused as too much, every time.",
        under(too_much),
    ),
    Scenario(
        "Code 2, three times",
        "Three requests in a row are answered with a passing error.",
        under(error(r".", 2, "An unexpected error has occurred.", is_transient=True, times=3)),
    ),
    Scenario(
        "Code 4: the app's limit",
        "From the first request on, the application has used up its calls.",
        under(error(r".", 4, "(#4) Application request limit reached", status=403)),
        told=LIMITED,
        lost=everything,
    ),
    Scenario(
        "Code 17: the user's limit",
        "Every request about the Page is over the limit of its token, which the Instagram account shares.",
        under(error(r"/10\d+/", 17, "(#17) User request limit reached")),
        told=LIMITED,
        lost=everything,
    ),
    Scenario(
        "Code 80002: the Instagram account's limit, half-way",
        "Its insights are over the limit a day after all was well.",
        under(error(INSTAGRAM_INSIGHTS, 80002, "(#80002) There have been too many calls to this Instagram account.")),
        told=LIMITED,
        lost=of_platform("instagram"),
        again=True,
    ),
    Scenario(
        "Code 190: the token died",
        "Every request is answered with an invalidated session, a day after all was well.",
        under(error(r".", 190, "Error validating access token: Session has expired.", subcode=463)),
        told=("sophia connect",),
        lost=everything,
        again=True,
    ),
    Scenario(
        "Code 100/33: one object of a page is gone",
        "A page of posts with insights fails as a whole, each time; without insights it is answered.",
        under(error(POSTS + r".*insights", 100, "Unsupported get request.", subcode=33)),
    ),
    Scenario(
        "The connection breaks in an answer, once",
        "The first answer about posts ends half-way.",
        under(lambda: Fault(POSTS, times=1, kind="cut")),
    ),
    Scenario(
        "The connection breaks in every answer, on one edge",
        "Every answer that lists media ends half-way.",
        under(lambda: Fault(MEDIA, kind="cut")),
        told=("Meta could not be reached",),
        lost=of_posts("instagram"),
    ),
    Scenario(
        "A page of HTML, twice",
        "Two answers are HTML with HTTP 502, as a proxy before Meta sends it.",
        under(lambda: Fault(r".", times=2, status=502, body=HTML)),
    ),
    Scenario(
        "Items of a batch are null",
        "Meta has no time for the first three items of batches; what they asked for is asked again, one by one.",
        under(lambda: Fault(r"/v22.0/\?|/video_reels\?", times=3, kind="null")),
    ),
    Scenario(
        "A value is NaN",
        "The newest value of a metric of the Page comes as NaN, a day after all was well.",
        under(lambda: Fault(PAGE_INSIGHTS, mutation="nan", metric="page_views_total")),
        told=("were invalid and rejected",),
        lost=lambda key: key[2] == "page_views_total",
        again=True,
    ),
)

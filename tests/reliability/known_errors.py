"""Rows of the matrix that come from lists: every error of Meta's, every bad body, every change of an answer, every odd
list, every fault of the wire.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from sqlalchemy import text
from tests.analytics.collector.conftest import Key
from tests.demo.faults import redirect
from tests.demo.foreign_host import ForeignHost
from tests.reliability.ground import Ground, Told
from tests.reliability.scenarios import Scenario, everything

from sophia.demo.meta.faults.bodies import BODIES
from sophia.demo.meta.faults.faults import Fault, fault_of
from sophia.demo.meta.faults.listings import PAGINGS
from sophia.demo.meta.faults.mutations import MUTATIONS
from sophia.demo.meta.graph.meta_errors import META_ERRORS, MetaError
from sophia.demo.server import running_server
from sophia.meta.errors import STOPS, GraphError, Remedy

POSTS = r"/published_posts\?"
PAGE_INSIGHTS = r"^GET /v22.0/10\d+/insights\?"
UNKNOWN = "metric_of_next_year"
# What the suite plays of the long lists; `python3 dev.py reliability` plays all.
QUICK = frozenset({"nan", "list", "no end_time", "contradicting value", "foreign object", "endless", "same page"})
NOWHERE = "http://graph.sophia.invalid"
# Heal within the run: what was asked is asked otherwise, and nothing is missing.
HEALED = frozenset({Remedy.AGAIN, Remedy.SMALLER, Remedy.WITHOUT_METRIC, Remedy.METRIC_WITHHELD, Remedy.OBJECT_GONE})


def of_facebook(key: Key) -> bool:
    return key[0].startswith("10")


def of_facebook_posts(key: Key) -> bool:
    return of_facebook(key) and key[1] is not None


def of_the_page(key: Key) -> bool:
    return of_facebook(key) and key[1] is None


def with_faults(*make: Callable[[], Fault], **changes: Any) -> Callable[[Ground], Told]:
    """Collect while these faults strike, with these settings changed."""

    def run(ground: Ground) -> Told:
        ground.api.faults += [one() for one in make]
        return ground.told(**changes)

    return run


def error_rows() -> Iterator[Scenario]:
    """Each row of GRAPH_API §3 that reading can meet, whenever posts are listed together with their insights."""
    played: set[Remedy] = set()
    for name, row in META_ERRORS.items():
        if row.area != "reading":
            continue
        remedy = remedy_of(row)
        slow = remedy in played
        played.add(remedy)
        stops = remedy in STOPS
        yield Scenario(
            f"Error {name}",
            "Every list of the Page's posts that asks for insights is answered with it.",
            with_faults(lambda name=name: fault_of(name, POSTS + ".*insights")),  # type: ignore[misc]
            told=()
            if remedy in HEALED or remedy in (Remedy.ASK_PERSON, Remedy.MISTAKE, Remedy.NO_DATA_YET)
            else (row.message[:30],),
            lost=everything if stops else of_facebook_posts,
            slow=slow,
        )


def remedy_of(row: MetaError) -> Remedy:
    error = row.as_error()
    return GraphError(error.message, code=error.code, subcode=error.subcode, status=error.status).remedy


def body_rows() -> Iterator[Scenario]:
    """Each bad body, three times where insights are asked: a fourth attempt brings the answer."""
    for name in BODIES:
        yield Scenario(
            f"Body: {name}",
            "Three answers about the Page's insights come like that.",
            with_faults(lambda name=name: Fault(PAGE_INSIGHTS, times=3, bad_body=name)),  # type: ignore[misc]
        )


def mutation_rows() -> Iterator[Scenario]:
    """Each change of an answer, at every fifth place, a day after all was well: only what was touched is missing."""
    for name, mutation in MUTATIONS.items():
        yield Scenario(
            f"Answer changed: {name}",
            "Every fifth place where it fits in the answers about the Page's insights.",
            with_faults(lambda name=name: Fault(PAGE_INSIGHTS, mutation=name, every=5)),  # type: ignore[misc]
            lost=of_the_page if mutation.loses else lambda _: False,
            beside=lambda key: key[2] == UNKNOWN,  # kept, unclassified
            again=True,
            slow=name not in QUICK,
        )


def paging_rows() -> Iterator[Scenario]:
    for name in PAGINGS:
        yield Scenario(
            f"List: {name}",
            "The Page's posts are listed like that.",
            with_faults(lambda name=name: Fault(POSTS, paging=name)),  # type: ignore[misc]
            lost=of_facebook_posts,
            slow=name not in QUICK,
        )


def wire_rows() -> Iterator[Scenario]:
    """What happens to the connection itself."""
    for kind in ("reset", "reset half-way", "cut"):
        yield Scenario(
            f"Connection: {kind}, three times",
            "Three calls in a row end like that.",
            with_faults(lambda kind=kind: Fault(r".", times=3, kind=kind)),  # type: ignore[misc]
        )
    yield Scenario(
        "Connection: answers trickle",
        "Two answers come a few thousand bytes at a time.",
        with_faults(lambda: Fault(PAGE_INSIGHTS, times=2, kind="drip", bytes_at_once=4000, pause_seconds=0.01)),
    )
    yield Scenario(
        "Connection: an answer that never ends",
        "An answer about the Page never ends; the run has three seconds.",
        with_faults(lambda: Fault(PAGE_INSIGHTS, kind="endless drip", pause_seconds=0.02), run_minutes=0.05),
        told=("The run took longer than",),
        lost=everything,
    )
    yield Scenario(
        "Connection: silence",
        "Nothing is answered about the Page's insights; a call may be silent for a fifth of a second.",
        with_faults(lambda: Fault(PAGE_INSIGHTS, kind="hang", delay_seconds=1.0), timeout_seconds=0.2),
        told=("Meta did not answer in time",),
        lost=of_the_page,
        slow=True,
    )
    yield Scenario(
        "TLS: certificates that nobody signed",
        "Meta's certificate is its own.",
        under_tls,
        told=("could not be reached",),
        lost=everything,
    )
    yield Scenario(
        "DNS: no such host",
        "The name of Meta's host does not resolve.",
        without_name,
        told=("could not be reached",),
        lost=everything,
    )
    yield Scenario(
        "Redirect to another host",
        "Every call is sent to another host, which must never see a token.",
        redirected,
        told=("redirect",),
        lost=everything,
    )
    yield Scenario(
        "Another version answers",
        "The answers say that they are of v25.0.",
        with_faults(lambda: Fault(r".", headers={"Facebook-Api-Version": "v25.0"})),
    )


def elsewhere(ground: Ground, base_url: str) -> Told:
    """Collect where Meta is not."""
    true, ground.base_url = ground.base_url, base_url
    try:
        return ground.told()
    finally:
        ground.base_url = true


def under_tls(ground: Ground) -> Told:
    with TemporaryDirectory() as folder, running_server(ground.api, tls="self-signed", tls_folder=Path(folder)) as url:
        return elsewhere(ground, url)


def without_name(ground: Ground) -> Told:
    return elsewhere(ground, NOWHERE)


def redirected(ground: Ground) -> Told:
    stranger = ForeignHost()
    with running_server(stranger) as url:
        ground.api.faults.append(redirect(".", f"{url}/v22.0/me"))
        told = ground.told()
    return replace(told, wrong=("the other host saw a token",)) if stranger.saw_authorization else told


def limit_rows() -> Iterator[Scenario]:
    yield Scenario(
        "Usage rises to 100 %",
        "The headers say 90, 95, 100 % of the Page's calls; nothing is refused.",
        used_up(refuses=False),
        told=("Meta set a limit",),
        lost=of_facebook,
    )
    yield Scenario(
        "Usage rises to 100 %, then calls are refused",
        "Code 80001 with the minutes until access is regained.",
        used_up(refuses=True),
        told=("Meta set a limit",),
        lost=of_facebook,
    )


def used_up(*, refuses: bool) -> Callable[[Ground], Told]:
    def run(ground: Ground) -> Told:
        limit = ground.api.limits.add(
            "object", 1000, timedelta(minutes=12), of=ground.world.pages[0].id, refuses=refuses
        )
        limit.used = 949
        told = ground.told()
        late = len(ground.api.calls_while_throttled)
        ground.api.reset_limits()
        return replace(told, wrong=(f"{late} calls came too late",)) if late > 3 else told

    return run


def half_way_rows() -> Iterator[Scenario]:
    yield Scenario(
        "A metric is retired half-way",
        "The name page_views_total is dead; two weeks later it lives again.",
        retired_half_way,
        told=("Meta refuses page_views_total",),
        lift=two_weeks_pass,
        lost=lambda key: key[2] == "page_views_total",
    )
    yield Scenario(
        "The token dies half-way",
        "After four calls the session is invalid.",
        dead_half_way,
        told=("sophia connect",),
        lift=alive_again,
        lost=everything,
    )


def retired_half_way(ground: Ground) -> Told:
    ground.api.retire("page_views_total", ground.now, after_calls=0)
    return ground.told()


def two_weeks_pass(ground: Ground) -> tuple[str, ...]:
    """For the refusal alone: the rest of the store stays as old as it is."""
    ground.api.simulation.retirements.clear()
    with ground.database.write() as session:
        session.execute(text("UPDATE metric_status SET ask_again_at = since"))
    return ()


def dead_half_way(ground: Ground) -> Told:
    ground.api.dead_token(ground.world.pages[0].id, ground.now, after_calls=4)
    return ground.told()


def alive_again(ground: Ground) -> tuple[str, ...]:
    ground.api.simulation.dead_tokens.clear()
    return ()


KNOWN = (
    *error_rows(),
    *body_rows(),
    *mutation_rows(),
    *paging_rows(),
    *wire_rows(),
    *limit_rows(),
    *half_way_rows(),
)

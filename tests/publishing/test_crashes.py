"""Killed at any moment, cut off from any answer: what was to be published is there once, and the queue says so.

The simulated Meta holds an answer back, before it does what it was asked or after, and the process that waits for it is
killed there. The next process knows nothing but what is stored.
"""

import json
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import select
from tests.conftest import PATIENCE_SECONDS
from tests.publishing.conftest import Newsroom, id_of

from sophia.demo.meta.faults.faults import Fault, FaultKind
from sophia.portfolio.models import Client, PublishingQueueEntry

CHILD = Path(__file__).parent / "child.py"
BEFORE, AFTER = "before Meta does it", "after Meta did it"
# Where a publication may be: platform, kind, the call that is held back, how many of its like are let through first.
POINTS = [
    *(("facebook", "feed", "POST .*/feed", 0, when) for when in (BEFORE, AFTER)),
    *(("facebook", "photo", "POST .*/photos", 0, when) for when in (BEFORE, AFTER)),
    *(("facebook", "video", "POST .*/videos", 0, when) for when in (BEFORE, AFTER)),
    *(("facebook", "reel", "POST .*/video_reels", 0, when) for when in (BEFORE, AFTER)),
    *(("facebook", "reel", "POST /video-upload", 0, when) for when in (BEFORE, AFTER)),
    *(("facebook", "reel", "POST .*/video_reels", 1, when) for when in (BEFORE, AFTER)),
    ("instagram", "image", "GET .*/content_publishing_limit", 0, BEFORE),
    *(("instagram", "image", "POST .*/media$", 0, when) for when in (BEFORE, AFTER)),
    ("instagram", "image", r"GET /v22.0/17\d{13}\?", 1, BEFORE),
    *(("instagram", "image", "POST .*/media_publish", 0, when) for when in (BEFORE, AFTER)),
    *(("instagram", "carousel", "POST .*/media$", 1, when) for when in (BEFORE, AFTER)),
    ("instagram", "carousel", "POST .*/media$", 3, AFTER),
    ("instagram", "carousel", "POST .*/media_publish", 0, AFTER),
    ("instagram", "reel", "POST .*/media_publish", 0, AFTER),
    *(("instagram", "story", "POST .*/media_publish", 0, when) for when in (BEFORE, AFTER)),
]


@contextmanager
def publishing_process(newsroom: Newsroom) -> Iterator["subprocess.Popen[str]"]:
    """Another process that publishes what is due; killed with SIGKILL at the end of the block."""
    house = newsroom.house
    facts = {
        "database_url": house.database.engine.url.render_as_string(hide_password=False).replace("+psycopg", ""),
        "base_url": house.base_url,
        "key": newsroom.key,
        "app_secret": house.world.app_secret,
        "now": house.now.isoformat(),
    }
    process = subprocess.Popen([sys.executable, str(CHILD)], stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdin is not None
    process.stdin.write(json.dumps(facts))
    process.stdin.close()
    try:
        yield process
    finally:
        process.kill()
        process.wait(timeout=PATIENCE_SECONDS)
        assert process.stderr is not None
        process.stderr.close()


def wait_until(true: Callable[[], bool], process: "subprocess.Popen[str]", seconds: float = PATIENCE_SECONDS) -> None:
    end = time.monotonic() + seconds
    while not true():
        if process.poll() is not None and process.stderr is not None:
            raise AssertionError(f"the process ended before it could be killed: {process.stderr.read()}")
        assert time.monotonic() < end, "it did not come to pass"
        time.sleep(0.02)


def kill_at(newsroom: Newsroom, pattern: str, through: int, when: str) -> None:
    """Let another process publish, and kill it while it waits for the answer to this call."""
    held = Fault(pattern, times=1, after=through, delay_seconds=90, status=500 if when == BEFORE else None)
    api = newsroom.house.api
    api.faults.append(held)

    def is_held() -> bool:
        """Whether it came, and Meta has done what it was asked, or never will."""
        asked = [f"{call.method} {call.path}?{call.query}".rstrip("?") for call in api.calls[before:]]
        return held.struck == 1 and sum(1 for text in asked if re.search(pattern, text)) == through + 1

    before = len(api.calls)
    with publishing_process(newsroom) as process:
        wait_until(is_held, process)
    newsroom.house.api.faults.clear()


def publish_until_done(newsroom: Newsroom, entry: int) -> None:
    """Rounds as the job would make them, a minute apart, for an hour at most."""
    for _ in range(60):
        newsroom.publish()
        if newsroom.entry(entry).status == "published":
            return
        newsroom.later(minutes=1)
    raise AssertionError(newsroom.entry(entry))


def expect_exactly_one(newsroom: Newsroom, platform: str, entry: int) -> None:
    shown = newsroom.entry(entry)
    (post,) = newsroom.posted(platform)
    assert (shown.status, shown.platform_post_id) == ("published", id_of(post))
    calls = len(newsroom.house.api.calls)
    newsroom.later(hours=1)
    assert newsroom.publish() == {"due": 0}
    assert len(newsroom.house.api.calls) == calls


# A process for each point takes minutes: all of them by hand, `pytest tests/publishing -m campaign`.
SOME = [pytest.param(*point, marks=[pytest.mark.campaign] if number % 8 else []) for number, point in enumerate(POINTS)]


@pytest.mark.parametrize(("platform", "kind", "pattern", "through", "when"), SOME)
def test_killed_and_started_again(
    newsroom: Newsroom, platform: str, kind: str, pattern: str, through: int, when: str
) -> None:
    """C1, E1: kill -9 at this point, then a restart: Meta has the post exactly once, and the queue says published."""
    entry = newsroom.ready(platform, kind)
    kill_at(newsroom, pattern, through, when)
    assert newsroom.entry(entry).status == "publishing"
    publish_until_done(newsroom, entry)
    expect_exactly_one(newsroom, platform, entry)


def test_killed_again_while_it_looks(newsroom: Newsroom) -> None:
    """C1: a restart that is killed itself leaves everything as it was."""
    entry = newsroom.ready("facebook", "feed")
    kill_at(newsroom, "POST .*/feed", 0, AFTER)
    kill_at(newsroom, "GET .*/published_posts", 0, AFTER)
    publish_until_done(newsroom, entry)
    expect_exactly_one(newsroom, "facebook", entry)
    assert newsroom.asked("POST", "/feed") == 1


BROKEN: list[tuple[FaultKind, int | None]] = [
    ("hang", None),
    ("cut", None),
    ("reset", None),
    ("reset half-way", None),
    ("answer", 502),
]
CALLS = [("facebook", "feed", "/feed"), ("instagram", "image", "/media_publish"), ("facebook", "reel", "/video_reels")]


@pytest.mark.parametrize(("platform", "kind", "edge"), CALLS)
@pytest.mark.parametrize(("how", "status"), BROKEN)
def test_an_answer_that_is_lost(
    newsroom: Newsroom, platform: str, kind: str, edge: str, how: FaultKind, status: int | None
) -> None:
    """C1, C8: no answer, half of one, or a gateway's: the post is looked for and not sent again while it may be there.

    Where Meta did not do it, a gateway refused; it is sent again after the time in which it would have appeared.
    """
    newsroom.house.api.faults.append(
        Fault(
            f"POST .*{edge}", times=1, after=kind == "reel", kind=how, status=status, body="<html>" if status else None
        )
    )
    entry = newsroom.ready(platform, kind)
    newsroom.publish()
    assert newsroom.entry(entry).status == ("publishing" if status else "published")
    publish_until_done(newsroom, entry)
    expect_exactly_one(newsroom, platform, entry)


def test_a_slow_list_does_not_make_it_go_out_twice(newsroom: Newsroom) -> None:
    """A post that Meta lists only minutes later is waited for, and found."""
    newsroom.house.api.faults.append(Fault("POST .*/feed", times=1, kind="cut"))
    newsroom.house.api.faults.append(Fault("GET .*/published_posts", times=3, status=200, body='{"data":[]}'))
    entry = newsroom.ready()
    newsroom.publish()
    assert newsroom.entry(entry).status == "publishing"
    newsroom.later(minutes=3)
    newsroom.house.api.faults.clear()
    publish_until_done(newsroom, entry)
    expect_exactly_one(newsroom, "facebook", entry)
    assert newsroom.asked("POST", "/feed") == 1


def test_what_cannot_be_looked_for_is_not_sent_again(newsroom: Newsroom) -> None:
    """While Meta does not say what there is, nothing more goes out on this account."""
    newsroom.house.api.faults.append(Fault("POST .*/feed", times=1, kind="cut"))
    newsroom.house.api.faults.append(Fault("GET .*/published_posts", status=500, body="<html>"))
    entry, other = newsroom.ready(copy="One"), newsroom.ready(copy="Two")
    for _ in range(10):
        newsroom.publish()
        newsroom.later(minutes=10)
    assert newsroom.entry(entry).status == "publishing"
    assert newsroom.entry(other).status == "queued"
    assert "Looking for the post failed" in (newsroom.entry(entry).problem or "")
    newsroom.house.api.faults.clear()
    publish_until_done(newsroom, entry)
    newsroom.publish()
    assert newsroom.entry(other).status == "published"
    assert len(newsroom.posted()) == 2


def test_the_words_that_went_out_are_looked_for_and_not_those_of_now(newsroom: Newsroom) -> None:
    """A campaign that was renamed meanwhile changes the tags of what is not sent yet, and nothing else."""
    entry = newsroom.ready()
    kill_at(newsroom, "POST .*/feed", 0, AFTER)
    with newsroom.house.database.write() as session:
        row = session.scalars(select(PublishingQueueEntry)).one()
        assert row.sent_at == newsroom.house.now
        assert "utm_campaign=cakes-november-2026" in (row.caption or "")
    with newsroom.house.database.write() as session:
        session.scalars(select(Client)).one().domains = []
    publish_until_done(newsroom, entry)
    expect_exactly_one(newsroom, "facebook", entry)

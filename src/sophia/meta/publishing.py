"""Publishing on Pages and Instagram accounts: the requests, the answers, and the meaning of refusals.

Every call here that changes something goes out once and is never retried automatically. `sophia.publishing` finds out
whether a call without an answer created a post.
"""

import unicodedata
from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from sophia.meta.caller import Caller
from sophia.meta.envelope import OBJECT_ID, Answer, object_id
from sophia.meta.errors import TOO_MANY_REQUESTS, GraphError, Remedy, display_text, find_rule

PAGE_SIZE = "50"
SUBJECT = "publishing"


class Verdict(StrEnum):
    """The meaning of a refusal for a post that was to be published."""

    UNKNOWN = "unknown"  # the call may have succeeded: check first
    LATER = "later"  # temporary: the same call may succeed later
    TOMORROW = "tomorrow"  # the day's posts are used up
    DUPLICATE = "duplicate"  # Meta has the same post already
    REST = "rest"  # a limit, or no answer: no more calls for this account until then
    BLOCKED = "blocked"  # Meta has blocked the account for its behaviour: a person must check
    RECONNECT = "reconnect"  # the token is dead
    NEVER = "never"  # the same call never succeeds


# Code and subcode; a subcode of None stands for all. GRAPH_API §3.
VERDICTS: Mapping[tuple[int, int | None], Verdict] = {
    (-2, 2207003): Verdict.LATER,
    (-1, None): Verdict.LATER,
    (24, 2207008): Verdict.LATER,
    (9007, 2207027): Verdict.LATER,
    (9, 2207042): Verdict.TOMORROW,
    (3, None): Verdict.REST,  # the application lacks a capability: a person must check
    (368, None): Verdict.BLOCKED,
    (506, None): Verdict.DUPLICATE,
    # Too large, of the wrong form or shape.
    **{(code, None): Verdict.NEVER for code in (36000, 36001, 36003)},
}


def verdict_on(error: GraphError) -> Verdict:
    """Return what to do after an error. After a temporary error of Meta the result of the call is unknown."""
    verdict = VERDICTS.get((error.code, error.subcode)) or VERDICTS.get((error.code, None))
    if verdict is not None and error.remedy is not Remedy.FAILING:
        return verdict
    is_silent = error.code == 0 and error.status is None
    is_unasked = error.remedy is Remedy.FAILING or (is_silent and error.remedy in (Remedy.PAUSE, Remedy.UNREACHABLE))
    rule = find_rule(error.code, error.subcode, error.message)
    # A gateway's Retry-After turns any error into a pause, and does not reveal the result of the call.
    is_limit = error.status == TOO_MANY_REQUESTS or (rule is not None and rule.remedy is Remedy.PAUSE)
    if is_unasked or is_limit or error.remedy is Remedy.STOP_APPLICATION:
        return Verdict.REST
    if error.remedy is Remedy.RECONNECT:
        return Verdict.RECONNECT
    return Verdict.UNKNOWN if error.remedy in (Remedy.AGAIN, Remedy.PAUSE) or error.code == 0 else Verdict.NEVER


@dataclass(frozen=True, slots=True)
class Published:
    """A post as Meta lists it. `at` is aware; `text` the message, description or caption, empty if there is none."""

    id: str
    at: datetime
    text: str
    media_type: str = ""


class Readiness(StrEnum):
    """The progress of Meta with uploaded content that is not public yet."""

    WORKING = "working"
    READY = "ready"
    PUBLISHED = "published"
    REFUSED = "refused"
    GONE = "gone"


@dataclass(frozen=True, slots=True)
class Progress:
    """The readiness, and Meta's message."""

    readiness: Readiness
    message: str = ""


# -- Facebook Pages ----------------------------------------------------------------------------------------------------


async def post_feed(caller: Caller, page: str, message: str) -> str:
    """Publish a post of text only; return its id."""
    answer = await caller.post(f"{object_id(page)}/feed", {"message": message}, SUBJECT)
    return answered_id(answer, "id")


async def post_photo(caller: Caller, page: str, url: str, message: str) -> str:
    """Publish a photo with a text; return the id of the post, because the photo's id has no insights."""
    answer = await caller.post(f"{object_id(page)}/photos", {"url": url, "message": message}, SUBJECT)
    return answered_id(answer, "post_id")


async def post_video(caller: Caller, page: str, url: str, description: str) -> str:
    """Publish a video with a text; return the id of the video, by which its post is found once Meta lists it."""
    params = {"file_url": url, "description": description}
    answer = await caller.post(f"{object_id(page)}/videos", params, SUBJECT)
    return answered_id(answer, "id")


async def start_reel(caller: Caller, page: str) -> str:
    """Announce a reel; return the id of its video, which is not public yet."""
    answer = await caller.post(f"{object_id(page)}/video_reels", {"upload_phase": "start"}, SUBJECT)
    return answered_id(answer, "video_id")


async def upload_reel(caller: Caller, video_id: str, url: str) -> None:
    await caller.upload(object_id(video_id), url, SUBJECT)


async def finish_reel(caller: Caller, page: str, video_id: str, description: str) -> None:
    """Make the reel public with its text."""
    params = {
        "upload_phase": "finish",
        "video_id": video_id,
        "video_state": "PUBLISHED",
        "description": description,
    }
    await caller.post(f"{object_id(page)}/video_reels", params, SUBJECT)


async def reel_progress(caller: Caller, video_id: str) -> Progress:
    """Return the progress of a reel; READY if the video is uploaded and not public."""
    try:
        answer = await caller.get(object_id(video_id), {"fields": "id,status"}, SUBJECT)
    except GraphError as error:
        if error.remedy is Remedy.OBJECT_GONE:
            return Progress(Readiness.GONE, error.text)
        raise
    status = answer.data.get("status")
    phases = status if isinstance(status, dict) else {}
    if phases.get("video_status") == "error":
        return Progress(Readiness.REFUSED, "Meta could not process the video.")
    # Once publishing has begun, finishing the upload again would do nothing new.
    if phase_of(phases, "publishing_phase") in ("in_progress", "complete"):
        return Progress(Readiness.PUBLISHED)
    is_uploaded = phase_of(phases, "uploading_phase") == "complete"
    return Progress(Readiness.READY if is_uploaded else Readiness.WORKING)


def phase_of(status: Mapping[str, Any], name: str) -> str:
    phase = status.get(name)
    return str(phase.get("status")) if isinstance(phase, dict) else ""


# -- Instagram ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Quota:
    """How many posts an Instagram account has published through the API in 24 hours, and how many it may."""

    used: int
    total: int

    @property
    def is_used_up(self) -> bool:
        return self.used >= self.total


async def quota(caller: Caller, account: str) -> Quota | None:
    """Return the account's daily quota, or None if Meta's answer is unknown, which prevents no attempt."""
    fields = {"fields": "config,quota_usage"}
    answer = await caller.edge(f"{object_id(account)}/content_publishing_limit", fields, SUBJECT)
    first = next((row for row in answer.data["data"] if isinstance(row, dict)), {})
    config = first.get("config")
    used, total = first.get("quota_usage"), config.get("quota_total") if isinstance(config, dict) else None
    return Quota(used, total) if isinstance(used, int) and isinstance(total, int) else None


async def make_container(caller: Caller, account: str, params: Mapping[str, str]) -> str:
    """Create the container of a post, which is not public and which Meta deletes after 24 hours. Return its id."""
    answer = await caller.post(f"{object_id(account)}/media", params, SUBJECT)
    return answered_id(answer, "id")


async def container_progress(caller: Caller, container_id: str) -> Progress:
    try:
        answer = await caller.get(object_id(container_id), {"fields": "id,status_code,status"}, SUBJECT)
    except GraphError as error:
        if error.remedy is Remedy.OBJECT_GONE:
            return Progress(Readiness.GONE, error.text)
        raise
    words = {
        "FINISHED": Readiness.READY,
        "PUBLISHED": Readiness.PUBLISHED,
        "ERROR": Readiness.REFUSED,
        "EXPIRED": Readiness.GONE,
    }
    readiness = words.get(str(answer.data.get("status_code")), Readiness.WORKING)
    return Progress(readiness, display_text(str(answer.data.get("status") or "")))


async def publish_container(caller: Caller, account: str, container_id: str) -> str:
    """Make a container public; return the id of the medium. A container becomes one medium at most."""
    answer = await caller.post(f"{object_id(account)}/media_publish", {"creation_id": object_id(container_id)}, SUBJECT)
    return answered_id(answer, "id")


# -- checking ----------------------------------------------------------------------------------------------------------

# Edge, fields, and Meta's names of the moment and the text there. Each edge lists the newest first.
LISTS = {
    "published_posts": ("id,created_time,message,attachments{media_type}", "created_time", "message"),
    "videos": ("id,created_time,description", "created_time", "description"),
    "media": ("id,timestamp,caption,media_type", "timestamp", "caption"),
    "stories": ("id,timestamp,media_type", "timestamp", "caption"),
}


async def published_since(caller: Caller, account: str, edge: str, since: datetime) -> list[Published]:
    """Return everything that the edge lists from this moment (aware) on, newest first. Raises GraphError."""
    return [post async for post in _published(caller, account, edge, since)]


async def _published(caller: Caller, account: str, edge: str, since: datetime) -> AsyncGenerator[Published, None]:
    fields, moment, text = LISTS[edge]
    params = {"fields": fields, "limit": PAGE_SIZE}
    async for page in caller.pages(f"{object_id(account)}/{edge}", params, SUBJECT):
        for item in page.data["data"]:
            if not isinstance(item, dict) or not OBJECT_ID.fullmatch(str(item.get("id"))):
                continue
            at = moment_of(item.get(moment))
            if at < since:
                return
            yield Published(str(item["id"]), at, str(item.get(text) or ""), media_type_of(item))


def moment_of(text: Any) -> datetime:
    """Return Meta's moment. Raises GraphError for an invalid one, which must not make a post look absent."""
    try:
        moment = datetime.fromisoformat(str(text))
    except ValueError:
        raise GraphError(f"Meta lists a post at {str(text)[:40]!r}, which is no moment", remedy=Remedy.AGAIN) from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def media_type_of(item: Mapping[str, Any]) -> str:
    """Return the type of a medium or of a post's first attachment, in lower case; empty for text only."""
    attachments = item.get("attachments")
    data = attachments.get("data") if isinstance(attachments, dict) else None
    first = data[0] if isinstance(data, list) and data and isinstance(data[0], dict) else item
    return str(first.get("media_type") or "").lower()


def same_text(first: str, second: str) -> bool:
    """Return whether Meta treats two texts as the same: it trims them and may write accents in another form."""
    return _plain(first) == _plain(second)


def _plain(text: str) -> str:
    return " ".join(unicodedata.normalize("NFC", text).split())


def answered_id(answer: Answer, name: str) -> str:
    """Return the id in an answer. Raises GraphError if there is none: then the result is unknown."""
    object_id = str(answer.data.get(name))
    if not OBJECT_ID.fullmatch(object_id):
        raise GraphError(f"Meta said yes without giving the {name} of what it made", remedy=Remedy.AGAIN)
    return object_id

"""How each platform publishes: the objects to create first, the single call that makes a post public, and the search for it.

A channel calls Meta and writes nothing. It passes the ids of new objects to `record`, which stores them before the next
call.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from sophia.errors import SophiaError
from sophia.meta import publishing as meta
from sophia.meta.caller import Caller
from sophia.meta.publishing import Published, Readiness
from sophia.portfolio.drafts import is_video
from sophia.publishing.attempts import Attempt

# Meta's clock and ours may differ by this much.
SLACK = timedelta(minutes=10)
# The waits for Meta's processing before the next entry gets its turn.
POLL_SECONDS = (1.0, 2.0, 4.0, 8.0, 15.0, 30.0)

Record = Callable[[Attempt, tuple[str, ...], str | None], Awaitable[Attempt]]
Sleep = Callable[[float], Awaitable[object]]
IsOtherPost = Callable[[str], bool]


class StillProcessingError(SophiaError):
    """Meta is still processing the media."""


class ObjectExpiredError(SophiaError):
    """The object at Meta has expired before it became public, which happens after 24 hours."""


class MediaRefusedError(SophiaError):
    """Meta cannot use the files at the draft's media addresses."""


class QuotaUsedError(SophiaError):
    """The account has used up its posts of 24 hours."""


@dataclass(frozen=True, slots=True)
class PublishedPost:
    """The post that an attempt made. `id` is None when Meta confirms that it is public but does not list it."""

    id: str | None
    at: datetime


class Channel(Protocol):
    """A platform's way to publish. All methods raise GraphError."""

    async def make_ready(self, attempt: Attempt, record: Record) -> Attempt:
        """Create the objects that must exist before the post can be public. Raises the errors above."""

    async def publish(self, attempt: Attempt) -> str:
        """Send the call that makes the post public, once. Returns the id of the post."""

    async def find(self, attempt: Attempt, is_other_post: IsOtherPost) -> PublishedPost | None:
        """Return the post that the attempt made, or None when Meta does not have it now."""

    async def is_kept(self, attempt: Attempt) -> bool:
        """Return whether the attempt's object still exists and can be made public."""


@dataclass(frozen=True, slots=True)
class FacebookChannel:
    """Publishes on a Facebook Page."""

    caller: Caller
    sleep: Sleep

    async def make_ready(self, attempt: Attempt, record: Record) -> Attempt:
        if attempt.kind != "reel":
            return attempt
        if attempt.container_id is None:
            attempt = await record(attempt, (), await meta.start_reel(self.caller, attempt.external_id))
        video_id = attempt.container_id or ""
        if (await meta.reel_progress(self.caller, video_id)).readiness is Readiness.WORKING:
            await meta.upload_reel(self.caller, video_id, attempt.media_urls[0])
        await until_ready(lambda: meta.reel_progress(self.caller, video_id), self.sleep)
        return attempt

    async def publish(self, attempt: Attempt) -> str:
        page, text = attempt.external_id, attempt.caption
        if attempt.kind == "feed":
            return await meta.post_feed(self.caller, page, text)
        if attempt.kind == "photo":
            return await meta.post_photo(self.caller, page, attempt.media_urls[0], text)
        if attempt.kind == "video":
            return await meta.post_video(self.caller, page, attempt.media_urls[0], text)
        video_id = attempt.container_id or ""
        await meta.finish_reel(self.caller, page, video_id, text)
        return video_id

    async def find(self, attempt: Attempt, is_other_post: IsOtherPost) -> PublishedPost | None:
        sent_at = attempt.sent_at or attempt.started_at
        if attempt.kind == "reel":
            # The video has its id since before it was public, so no text needs to be compared.
            progress = await meta.reel_progress(self.caller, attempt.container_id or "")
            return PublishedPost(attempt.container_id, sent_at) if progress.readiness is Readiness.PUBLISHED else None
        edge = "videos" if attempt.kind == "video" else "published_posts"
        listed = await meta.published_since(self.caller, attempt.external_id, edge, attempt.started_at - SLACK)
        is_photo = attempt.kind == "photo"
        return find_match(
            [post for post in listed if edge == "videos" or (post.media_type == "photo") == is_photo],
            attempt,
            is_other_post,
        )

    async def is_kept(self, attempt: Attempt) -> bool:
        if attempt.container_id is None:
            return False
        progress = await meta.reel_progress(self.caller, attempt.container_id)
        return progress.readiness in (Readiness.READY, Readiness.WORKING)


@dataclass(frozen=True, slots=True)
class InstagramChannel:
    """Publishes on an Instagram professional account, where every post starts as a container."""

    caller: Caller
    sleep: Sleep

    async def make_ready(self, attempt: Attempt, record: Record) -> Attempt:
        account, caller = attempt.external_id, self.caller
        if attempt.container_id is None:
            quota = await meta.quota(caller, account)
            if quota is not None and quota.is_used_up:
                raise QuotaUsedError(f"{quota.used} of {quota.total} posts were published in the last 24 hours.")
            if attempt.kind == "carousel":
                for url in attempt.media_urls[len(attempt.parts) :]:
                    params = {**media_params(url, "VIDEO"), "is_carousel_item": "true"}
                    part = await meta.make_container(caller, account, params)
                    attempt = await record(attempt, (*attempt.parts, part), None)
            container_id = await meta.make_container(caller, account, container_params(attempt))
            attempt = await record(attempt, attempt.parts, container_id)
        container_id = attempt.container_id or ""
        await until_ready(lambda: meta.container_progress(caller, container_id), self.sleep)
        return attempt

    async def publish(self, attempt: Attempt) -> str:
        return await meta.publish_container(self.caller, attempt.external_id, attempt.container_id or "")

    async def find(self, attempt: Attempt, is_other_post: IsOtherPost) -> PublishedPost | None:
        progress = await meta.container_progress(self.caller, attempt.container_id or "")
        if progress.readiness in (Readiness.READY, Readiness.WORKING):
            return None
        sent_at = attempt.sent_at or attempt.started_at
        edge = "stories" if attempt.kind == "story" else "media"
        listed = await meta.published_since(self.caller, attempt.external_id, edge, attempt.started_at - SLACK)
        if progress.readiness is Readiness.PUBLISHED and not attempt.caption:
            # Stories have no text to compare: only a single candidate is certain.
            candidates = [post for post in listed if post.at >= sent_at - SLACK and not is_other_post(post.id)]
            is_certain = len(candidates) == 1
            return PublishedPost(candidates[0].id, candidates[0].at) if is_certain else PublishedPost(None, sent_at)
        post = find_match(listed, attempt, is_other_post)
        return post or (PublishedPost(None, sent_at) if progress.readiness is Readiness.PUBLISHED else None)

    async def is_kept(self, attempt: Attempt) -> bool:
        if attempt.container_id is None:
            return False
        progress = await meta.container_progress(self.caller, attempt.container_id)
        return progress.readiness in (Readiness.READY, Readiness.WORKING)


def container_params(attempt: Attempt) -> dict[str, str]:
    """Return the parameters that create a post's container."""
    if attempt.kind == "carousel":
        return {"media_type": "CAROUSEL", "children": ",".join(attempt.parts), "caption": attempt.caption}
    url = attempt.media_urls[0]
    if attempt.kind == "story":
        return {**media_params(url, "STORIES"), "media_type": "STORIES"}
    return {**media_params(url, "REELS"), "caption": attempt.caption}


def media_params(url: str, video_type: str) -> dict[str, str]:
    """Return the parameters of a media file; only a video needs a type."""
    return {"video_url": url, "media_type": video_type} if is_video(url) else {"image_url": url}


async def until_ready(check: Callable[[], Awaitable[meta.Progress]], sleep: Sleep) -> None:
    """Wait until the object can be made public, or is public already.

    Raises StillProcessingError after a minute, ObjectExpiredError when the object does not exist any more, and
    MediaRefusedError when Meta cannot use the media.
    """
    for seconds in (*POLL_SECONDS, None):
        progress = await check()
        if progress.readiness in (Readiness.READY, Readiness.PUBLISHED):
            return
        if progress.readiness is Readiness.GONE:
            raise ObjectExpiredError("The prepared post has expired at Meta and is prepared again.")
        if progress.readiness is Readiness.REFUSED:
            raise MediaRefusedError(progress.message or "Meta could not use the media.")
        if seconds is not None:
            await sleep(seconds)
    raise StillProcessingError("Meta is still processing the media.")


def find_match(listed: list[Published], attempt: Attempt, is_other_post: IsOtherPost) -> PublishedPost | None:
    """Return the oldest listed post with the attempt's text that is no other entry's; the list has the newest first."""
    matches = [post for post in listed if meta.same_text(post.text, attempt.caption) and not is_other_post(post.id)]
    return PublishedPost(matches[-1].id, matches[-1].at) if matches else None

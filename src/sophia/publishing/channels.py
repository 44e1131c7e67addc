"""How a draft becomes a post on each platform: what is made first, the one call that makes it public, and how to look.

A channel speaks with Meta and writes nothing. What it makes is handed to `note`, which keeps it before the next call.
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
# How long somebody waits for Meta's processing before others get their turn.
POLL_SECONDS = (1.0, 2.0, 4.0, 8.0, 15.0, 30.0)

Note = Callable[[Attempt, tuple[str, ...], str | None], Awaitable[Attempt]]
Sleep = Callable[[float], Awaitable[object]]
IsAnother = Callable[[str], bool]


class StillWorkingError(SophiaError):
    """Meta is still processing what it was given."""


class MadeInVainError(SophiaError):
    """What was made at Meta has ended before it was made public, as it does after 24 hours."""


class MediaRefusedError(SophiaError):
    """Meta cannot use what it found at the draft's media addresses."""


class QuotaUsedError(SophiaError):
    """The account has published all that it may in 24 hours."""


@dataclass(frozen=True, slots=True)
class Found:
    """A post that an attempt became. `id` is None where Meta says that it is public and does not list it."""

    id: str | None
    at: datetime


class Channel(Protocol):
    """One platform. All methods raise GraphError."""

    async def make_ready(self, attempt: Attempt, note: Note) -> Attempt:
        """Make what must be made before anything can be public. Raises the errors above."""

    async def publish(self, attempt: Attempt) -> str:
        """The one call that makes it public; once. Returns the id by which the post is found."""

    async def find(self, attempt: Attempt, is_another: IsAnother) -> Found | None:
        """The post that the attempt became since it was sent; None when there is none now."""

    async def is_kept(self, attempt: Attempt) -> bool:
        """Whether what was made before is still there and can be made public."""


@dataclass(frozen=True, slots=True)
class FacebookChannel:
    """A Page."""

    caller: Caller
    sleep: Sleep

    async def make_ready(self, attempt: Attempt, note: Note) -> Attempt:
        if attempt.kind != "reel":
            return attempt
        if attempt.container_id is None:
            attempt = await note(attempt, (), await meta.start_reel(self.caller, attempt.external_id))
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

    async def find(self, attempt: Attempt, is_another: IsAnother) -> Found | None:
        sent_at = attempt.sent_at or attempt.started_at
        if attempt.kind == "reel":
            # Meta gave the video its id before it was public, so there is nothing to compare.
            progress = await meta.reel_progress(self.caller, attempt.container_id or "")
            return Found(attempt.container_id, sent_at) if progress.readiness is Readiness.PUBLISHED else None
        edge = "videos" if attempt.kind == "video" else "published_posts"
        listed = await meta.published_since(self.caller, attempt.external_id, edge, attempt.started_at - SLACK)
        is_photo = attempt.kind == "photo"
        return first_of(
            [one for one in listed if edge == "videos" or (one.media_type == "photo") == is_photo], attempt, is_another
        )

    async def is_kept(self, attempt: Attempt) -> bool:
        if attempt.container_id is None:
            return False
        progress = await meta.reel_progress(self.caller, attempt.container_id)
        return progress.readiness in (Readiness.READY, Readiness.WORKING)


@dataclass(frozen=True, slots=True)
class InstagramChannel:
    """An Instagram professional account, where everything is a container first."""

    caller: Caller
    sleep: Sleep

    async def make_ready(self, attempt: Attempt, note: Note) -> Attempt:
        account, caller = attempt.external_id, self.caller
        if attempt.container_id is None:
            quota = await meta.quota(caller, account)
            if quota is not None and quota.is_used_up:
                raise QuotaUsedError(f"{quota.used} of {quota.total} posts were published in the last 24 hours.")
            if attempt.kind == "carousel":
                for url in attempt.media_urls[len(attempt.parts) :]:
                    params = {**media_params(url, "VIDEO"), "is_carousel_item": "true"}
                    part = await meta.make_container(caller, account, params)
                    attempt = await note(attempt, (*attempt.parts, part), None)
            made = await meta.make_container(caller, account, container_params(attempt))
            attempt = await note(attempt, attempt.parts, made)
        container_id = attempt.container_id or ""
        await until_ready(lambda: meta.container_progress(caller, container_id), self.sleep)
        return attempt

    async def publish(self, attempt: Attempt) -> str:
        return await meta.publish_container(self.caller, attempt.external_id, attempt.container_id or "")

    async def find(self, attempt: Attempt, is_another: IsAnother) -> Found | None:
        progress = await meta.container_progress(self.caller, attempt.container_id or "")
        if progress.readiness in (Readiness.READY, Readiness.WORKING):
            return None
        sent_at = attempt.sent_at or attempt.started_at
        edge = "stories" if attempt.kind == "story" else "media"
        listed = await meta.published_since(self.caller, attempt.external_id, edge, attempt.started_at - SLACK)
        if progress.readiness is Readiness.PUBLISHED and not attempt.caption:
            # Stories have no text by which they could be told apart: only if there is one can it be the one.
            mine = [one for one in listed if one.at >= sent_at - SLACK and not is_another(one.id)]
            return Found(mine[0].id, mine[0].at) if len(mine) == 1 else Found(None, sent_at)
        found = first_of(listed, attempt, is_another)
        return found or (Found(None, sent_at) if progress.readiness is Readiness.PUBLISHED else None)

    async def is_kept(self, attempt: Attempt) -> bool:
        if attempt.container_id is None:
            return False
        progress = await meta.container_progress(self.caller, attempt.container_id)
        return progress.readiness in (Readiness.READY, Readiness.WORKING)


def container_params(attempt: Attempt) -> dict[str, str]:
    """What the container of a post is made of."""
    if attempt.kind == "carousel":
        return {"media_type": "CAROUSEL", "children": ",".join(attempt.parts), "caption": attempt.caption}
    url = attempt.media_urls[0]
    if attempt.kind == "story":
        return {**media_params(url, "STORIES"), "media_type": "STORIES"}
    return {**media_params(url, "REELS"), "caption": attempt.caption}


def media_params(url: str, video_type: str) -> dict[str, str]:
    """A picture needs no type; a video does."""
    return {"video_url": url, "media_type": video_type} if is_video(url) else {"image_url": url}


async def until_ready(look: Callable[[], Awaitable[meta.Progress]], sleep: Sleep) -> None:
    """Return when what was handed in can be made public, or is already.

    Raises StillWorkingError after a minute, MadeInVainError when it is there no more, MediaRefusedError when Meta cannot
    use it.
    """
    for seconds in (*POLL_SECONDS, None):
        progress = await look()
        if progress.readiness in (Readiness.READY, Readiness.PUBLISHED):
            return
        if progress.readiness is Readiness.GONE:
            raise MadeInVainError("What was made for this post has ended, and is made again.")
        if progress.readiness is Readiness.REFUSED:
            raise MediaRefusedError(progress.message or "Meta could not use the media.")
        if seconds is not None:
            await sleep(seconds)
    raise StillWorkingError("Meta is still processing the media.")


def first_of(listed: list[Published], attempt: Attempt, is_another: IsAnother) -> Found | None:
    """The oldest post with the attempt's text that is nobody else's; a list has the newest first."""
    mine = [one for one in listed if meta.same_text(one.text, attempt.caption) and not is_another(one.id)]
    return Found(mine[-1].id, mine[-1].at) if mine else None

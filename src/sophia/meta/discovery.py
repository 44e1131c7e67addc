"""Competitors on Instagram, through Business Discovery: what a professional account may see of another."""

import re
from typing import Any

from sophia.meta.envelope import OBJECT_ID, Answer, object_id
from sophia.meta.fallbacks import RunContext
from sophia.meta.interpreting import moment_of
from sophia.meta.records import Discovered, DiscoveredPost

USERNAME = re.compile(r"[a-z0-9_](?:[a-z0-9_.]{0,28}[a-z0-9_])?")
POSTS_A_CALL = 50
_POST = "id,timestamp,media_type,like_count,comments_count"
# Far above any number of likes or followers; a larger number is not a count.
LARGEST = 10**12


async def discover(context: RunContext, username: str) -> Answer:
    """Make one call for one competitor: followers, number of posts, and the newest fifty posts with likes and comments.

    Raises GraphError with the remedy OBJECT_GONE for an unknown name or a personal account, ValueError for an invalid
    name, because no other text may become part of a request.
    """
    if not USERNAME.fullmatch(username):
        raise ValueError(f"{username[:40]!r} is not an Instagram name")
    profile_fields = f"username,followers_count,media_count,media.limit({POSTS_A_CALL}){{{_POST}}}"
    fields = {"fields": f"business_discovery.username({username}){{{profile_fields}}}"}
    return await context.caller.get(object_id(context.account), fields, "business_discovery")


def read(data: dict[str, Any]) -> Discovered | None:
    """Return the content of an answer, or None if it describes no account."""
    profile = data.get("business_discovery")
    if not isinstance(profile, dict):
        return None
    media = profile.get("media")
    listed = media.get("data") if isinstance(media, dict) else None
    items = [item for item in listed if isinstance(item, dict)] if isinstance(listed, list) else []
    posts = [post for post in map(_post, items) if post is not None]
    total = count(profile.get("media_count"))
    is_all = total == 0 or 0 < len(items) < POSTS_A_CALL
    unreadable = (len(listed) if isinstance(listed, list) else int(listed is not None)) - len(posts)
    return Discovered(count(profile.get("followers_count")), total, posts, is_all=is_all, unreadable=unreadable)


def _post(item: dict[str, Any]) -> DiscoveredPost | None:
    try:
        number, published_at = str(item["id"]), moment_of(item["timestamp"])
    except (KeyError, ValueError, TypeError, OverflowError):
        return None
    if not OBJECT_ID.fullmatch(number):
        return None
    kind = item.get("media_type")
    return DiscoveredPost(
        number,
        published_at,
        kind[:20] if isinstance(kind, str) else None,
        count(item.get("like_count")),
        count(item.get("comments_count")),
    )


def count(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < LARGEST else None

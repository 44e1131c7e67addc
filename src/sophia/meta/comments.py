"""Comments under an account's posts: the requests, and how to read the answers.

The comments of many posts come with the list of the posts, one call per page, and those of older posts by id; further
pages of one post come from its own edge. No request asks for names. Facebook's requests ask for the author's id, the
only way to recognise the Page's own answers; it is compared and discarded.
"""

from collections.abc import AsyncGenerator, Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl, urlencode

from sophia.meta.caller import MOST_BATCH_ITEMS
from sophia.meta.catalogue.terms import Platform
from sophia.meta.envelope import COMMENT_ID, OBJECT_ID, Answer, object_id
from sophia.meta.errors import STOPS, GraphError, Remedy
from sophia.meta.fallbacks import NOT_ABOUT_THE_OBJECT, RunContext
from sophia.meta.interpreting import moment_of
from sophia.meta.listing import Listing, walk
from sophia.meta.paging import has_next, next_page_params
from sophia.meta.records import ObservedComment, ObservedComments

NEEDS = {Platform.FACEBOOK: "pages_read_user_content", Platform.INSTAGRAM: "instagram_manage_comments"}
# Instagram returns at most fifty; Meta answers fifty posts with fifty comments each well within its time.
COMMENTS_A_POST = 50
POSTS_A_PAGE = 50
MOST_AT_ONCE = MOST_BATCH_ITEMS
LISTED, OF_ONE = "comments_of_posts", "comments"

_FACEBOOK = "id,created_time,message,is_hidden,like_count,parent{id},from{id}"
# Instagram returns `user` only for comments that the account itself wrote.
_INSTAGRAM = "id,timestamp,text,hidden,like_count,user{id}"
_FIELDS = {
    Platform.FACEBOOK: _FACEBOOK,
    Platform.INSTAGRAM: f"{_INSTAGRAM},replies.limit({COMMENTS_A_POST}){{{_INSTAGRAM}}}",
}
_ORDER = {Platform.FACEBOOK: {"filter": "stream", "order": "reverse_chronological"}, Platform.INSTAGRAM: {}}
_EDGES = {Platform.FACEBOOK: ("published_posts", "created_time"), Platform.INSTAGRAM: ("media", "timestamp")}


def expansion(platform: Platform) -> str:
    """Return the field expansion for the newest comments of a post."""
    modifiers = "".join(f".{name}({value})" for name, value in _ORDER[platform].items())
    return f"comments{modifiers}.limit({COMMENTS_A_POST}){{{_FIELDS[platform]}}}"


async def of_newest_posts(context: RunContext, since: datetime) -> AsyncGenerator[Answer, None]:
    """Yield the newest comments of every post back to `since`, one call per fifty posts.

    Raises GraphError, also if a single post fails or the list is incomplete: `of_each_post` reads the rest.
    """
    edge, moment = _EDGES[context.platform]
    listing = Listing(
        edge=edge,
        subject=LISTED,
        fields=f"id,{moment},{expansion(context.platform)}",
        expansion="",
        kinds=(),
        names=(),
        single_subject="",
        moment=moment,
    )
    async for answer in walk(context, listing, since, limit=POSTS_A_PAGE):
        yield answer
    if edge in context.cut:
        raise context.cut.pop(edge)


async def of_each_post(
    context: RunContext, ids: Sequence[str], closed: dict[str, GraphError]
) -> AsyncGenerator[Answer, None]:
    """Yield the newest comments of each post from its own edge, fifty posts per call; a refusal affects one post only.

    `closed` receives the posts that refused, and why. Raises GraphError if a permission is missing for all of them.
    """
    params = _params(context.platform)
    denied: list[GraphError] = []
    answered = False
    for start in range(0, len(ids), MOST_BATCH_ITEMS):
        part = ids[start : start + MOST_BATCH_ITEMS]
        results = await context.caller.batch(
            [(f"{object_id(post_id)}/comments", params, 1) for post_id in part], OF_ONE
        )
        for post_id, result in zip(part, results, strict=True):
            if isinstance(result, Answer):
                answered = True
                yield result
            elif result.remedy in STOPS:
                raise result
            else:
                closed[post_id] = result
                if result.remedy in NOT_ABOUT_THE_OBJECT | {Remedy.WITHOUT_FIELD}:
                    denied.append(result)
        if not answered and len(denied) == len(ids[: start + len(part)]) > 1:
            for post_id in ids:
                closed.pop(post_id, None)
            raise denied[0]


async def next_pages(
    context: RunContext, pages: Sequence[tuple[str, str]], closed: dict[str, GraphError]
) -> AsyncGenerator[Answer, None]:
    """Yield the next page of each of these posts, given as in `ObservedComments.after`; at most fifty, in one call."""
    params = _params(context.platform)
    queries = [(f"{object_id(post)}/comments", {**params, **dict(parse_qsl(after))}, 1) for post, after in pages]
    for (post, _), result in zip(pages, await context.caller.batch(queries, OF_ONE), strict=True):
        if isinstance(result, Answer):
            yield result
        elif result.remedy in STOPS:
            raise result
        else:
            closed[post] = result


def _params(platform: Platform) -> dict[str, str]:
    return {"fields": _FIELDS[platform], "limit": str(COMMENTS_A_POST), **_ORDER[platform]}


def read(answer: Answer, platform: Platform, account: str, base_url: str = "") -> list[ObservedComments]:
    """Return the comments of an answer, by post. Unreadable items are left out and mark their post as incomplete; items
    that name no post come under the post "". `base_url` is the configured address of the Graph API.
    """
    data, subject = answer.data, answer.source.subject
    if subject == OF_ONE:
        path = answer.source.request.split(" ", 1)[1].split("?", 1)[0].strip("/")
        return [_of_post(path.rpartition("/comments")[0].rpartition("/")[2], data, platform, account, base_url)]
    items = data.get("data")
    if not isinstance(items, list):
        return [UNNAMED_POST]
    return [_of_item(item, platform, account, base_url) for item in items]


UNNAMED_POST = ObservedComments("", [], None, is_incomplete=True)


def _of_item(item: Any, platform: Platform, account: str, base_url: str) -> ObservedComments:
    """Return one post of a list. An error in its place reveals nothing about comments."""
    if not isinstance(item, dict) or not OBJECT_ID.fullmatch(str(item.get("id"))) or "error" in item:
        return UNNAMED_POST
    return _of_post(str(item["id"]), item.get("comments", {}), platform, account, base_url)


def _of_post(post: str, data: Any, platform: Platform, account: str, base_url: str) -> ObservedComments:
    """Return the comments of a post. Meta leaves the field out if there is no comment."""
    own = frozenset({account, post.partition("_")[0]})
    listed = data.get("data", []) if isinstance(data, dict) else None
    if not isinstance(data, dict) or not isinstance(listed, list):
        return ObservedComments(post, [], None, is_incomplete=True)
    observed_comments: list[ObservedComment] = []
    is_incomplete = False
    for item in listed:
        answers, cut = _replies(item)
        is_incomplete = is_incomplete or cut
        for entry, is_reply in ((item, False), *((reply, True) for reply in answers)):
            comment = _comment(entry, platform, own, is_reply=is_reply)
            if comment is None:
                is_incomplete = True
            else:
                observed_comments.append(comment)
    try:
        next_page = next_page_params(data, base_url, "comments")
    except GraphError:  # there are more comments that cannot be requested
        next_page, is_incomplete = None, True
    return ObservedComments(post, observed_comments, urlencode(next_page) if next_page else None, is_incomplete)


def _replies(item: Any) -> tuple[list[Any], bool]:
    """Return the replies below a comment on Instagram, and whether there are more of them."""
    replies = item.get("replies") if isinstance(item, dict) else None
    listed = replies.get("data") if isinstance(replies, dict) else None
    if not isinstance(replies, dict) or not isinstance(listed, list):
        return [], replies is not None
    return listed, has_next(replies)


def _comment(item: Any, platform: Platform, own: frozenset[str], *, is_reply: bool) -> ObservedComment | None:
    """Return a comment, or None if it has no id or no readable moment."""
    is_facebook = platform is Platform.FACEBOOK
    try:
        number = str(item["id"])
        written_at = moment_of(item["created_time" if is_facebook else "timestamp"])
    except (KeyError, ValueError, TypeError, OverflowError):
        return None
    if not COMMENT_ID.fullmatch(number):
        return None
    text, hidden = item.get("message" if is_facebook else "text"), item.get("is_hidden" if is_facebook else "hidden")
    likes, author = item.get("like_count"), item.get("from" if is_facebook else "user")
    return ObservedComment(
        comment_id=number,
        written_at=written_at,
        text=text.replace("\x00", "") if isinstance(text, str) else None,
        is_reply=is_reply or isinstance(item.get("parent"), dict),
        is_own=_is_own(author, own, is_facebook=is_facebook),
        is_hidden=hidden if isinstance(hidden, bool) else None,
        likes=likes if isinstance(likes, int) and not isinstance(likes, bool) and likes >= 0 else None,
    )


def _is_own(author: Any, own: frozenset[str], *, is_facebook: bool) -> bool:
    """Return whether the account wrote the comment. Instagram names the author only then, by an id that may differ."""
    if not isinstance(author, Mapping) or "id" not in author:
        return False
    return str(author["id"]) in own if is_facebook else True

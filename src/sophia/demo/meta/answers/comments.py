"""Invented comments under posts, in several languages, each with a known tone.

GRAPH_API.md describes Facebook's edge and `filter`. The names of fields, `order`, the limit of fifty comments on
Instagram and `instagram_manage_comments` follow Meta's documentation; no recording shows them.
"""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as Base64Error
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from sophia.demo.meta.graph import errors
from sophia.demo.meta.graph.errors import as_json
from sophia.demo.meta.graph.fields import Field
from sophia.demo.meta.graph.request_context import RequestContext
from sophia.demo.meta.truth.truth import Truth
from sophia.demo.meta.world.noise import seed_of, unit
from sophia.demo.meta.world.objects import InstagramAccount, Media, Page, Post
from sophia.demo.meta.world.pacific import stamp
from sophia.demo.meta.world.world import CommentIdParts, World

Tone = Literal["positive", "neutral", "negative", "not scored"]
MAX_FACEBOOK, MAX_INSTAGRAM = 100, 50
DEFAULT_LIMIT = 25
PERMISSIONS = {"facebook": "pages_read_user_content", "instagram": "instagram_manage_comments"}

# English texts have a clear tone. Sophia must name no tone for texts in other languages.
ENGLISH: tuple[tuple[Tone, str], ...] = (
    ("positive", "I love this place, the staff were wonderful!"),
    ("positive", "Absolutely delicious, best breakfast we have had in years. Thank you so much!"),
    ("positive", "What a beautiful shop, we had a great time and will be back."),
    ("positive", "So happy with the service, really friendly people."),
    ("neutral", "The shop opens at nine in the morning on weekdays."),
    ("neutral", "Is the second floor open on Sunday?"),
    ("neutral", "We are going to be there with four people on Saturday."),
    ("negative", "Terrible service, I will never come back here again."),
    ("negative", "This was an awful experience, the food was cold and the waiter was rude."),
    ("negative", "I am very disappointed, the product broke after two days and nobody cares."),
)
ELSEWHERE: dict[str, tuple[str, ...]] = {
    "de": (
        "Das ist wirklich furchtbar, ich komme nie wieder in diesen Laden!",
        "Wunderschöner Laden, wir haben uns sehr wohl gefühlt und kommen bestimmt wieder.",
    ),
    "es": (
        "Qué horror de servicio, nunca más vuelvo a este restaurante.",
        "Muchísimas gracias por todo, fue una tarde preciosa con la familia.",
    ),
    "fr": (
        "C'est vraiment nul, je suis très déçue de cette boutique.",
        "Merci beaucoup pour votre accueil, nous avons passé une très belle soirée.",
    ),
    "pt": (
        "Que atendimento horrível, nunca mais volto a esta loja com a minha família.",
        "Muito obrigado pelo carinho, foi uma noite maravilhosa com os meus amigos.",
    ),
    "ja": ("最悪のサービスです。二度と行きません。", "とても素敵なお店でした。また行きたいです。"),
}
NAMES = ("Mia Placeholder", "Jo Nobody", "Sam Fictional", "Ana Invented", "Lee Madeup")
REPLY_EVERY, OWN_EVERY, HIDDEN_EVERY = 5, 4, 23


@dataclass(frozen=True, slots=True)
class Comment:
    """One comment. `thread` is the comment that it replies to, if any; `is_own`: the account itself wrote it."""

    id: str
    object_id: str
    created_at: datetime
    text: str | None
    language: str
    tone: Tone
    thread: str | None
    is_hidden: bool
    is_own: bool
    likes: int
    author: str
    author_id: str


def invent_comments(world: World, truth: Truth, post: Post | Media, now: datetime) -> list[Comment]:
    """Return as many comments as the post's counter shows at `now`, oldest first, deleted ones included."""
    count_at = _counter(truth, post)
    comments: list[Comment] = []
    moment, thread = post.created_at, None
    for serial in range(count_at(now)):
        moment = _arrival(count_at, serial, moment, now)
        is_reply = thread is not None and serial % REPLY_EVERY == REPLY_EVERY - 1
        comment = _invented(world, post, serial, moment, thread if is_reply else None)
        thread = thread if is_reply else comment.id
        comments.append(comment)
    return comments


def _counter(truth: Truth, post: Post | Media) -> Callable[[datetime], int]:
    if isinstance(post, Post):
        return lambda moment: truth.post_counts(truth.post_figures(post, moment))["comments"]
    return lambda moment: truth.media_figures(post, moment).comments


def _arrival(count_at: Callable[[datetime], int], serial: int, earliest: datetime, now: datetime) -> datetime:
    """Return the hour in which the counter passed `serial`, plus seconds, so that no two comments share a moment."""
    start = earliest.replace(minute=0, second=0, microsecond=0)
    low, high = 0, max(1, int((now - start) / timedelta(hours=1)) + 1)
    while low < high:
        middle = (low + high) // 2
        if count_at(start + timedelta(hours=middle)) > serial:
            high = middle
        else:
            low = middle + 1
    hour = start + timedelta(hours=low)
    seconds = min(serial % 3000, max(0, int((now - hour).total_seconds())))
    return max(hour + timedelta(seconds=seconds), earliest)


def _invented(world: World, post: Post | Media, serial: int, moment: datetime, thread: str | None) -> Comment:
    seed = seed_of(world.seed, "comment", post.id, serial)
    business = world.business_of(post.page_id if isinstance(post, Post) else post.account_id)
    account: Page | InstagramAccount = business.page if isinstance(post, Post) else business.instagram
    is_own = thread is not None and serial % OWN_EVERY == 0
    author = int(unit(seed, 3) * len(NAMES))
    language = "en" if business.language == "en" or unit(seed, 1) < 0.6 else business.language
    if language == "en":
        tone, text = ENGLISH[int(unit(seed, 2) * len(ENGLISH))]
    else:
        choices = ELSEWHERE[language]
        tone, text = "not scored", choices[int(unit(seed, 2) * len(choices))]
    return Comment(
        id=comment_id(post, serial, world.comment_id_parts),
        object_id=post.id,
        created_at=moment,
        text=text,
        language=language,
        tone=tone,
        thread=thread,
        is_hidden=serial % HIDDEN_EVERY == HIDDEN_EVERY - 1,
        is_own=is_own,
        likes=int(5 * unit(seed, 4) ** 2),
        author=account.name if is_own else NAMES[author],
        author_id=account.id if is_own else f"9{author:015d}",
    )


def comment_id(post: Post | Media, serial: int, parts: CommentIdParts) -> str:
    """Return the id of the comment with this number; on Facebook of two or three parts."""
    if isinstance(post, Post):
        if parts == "three" or (parts == "mixed" and serial % 2):
            return f"{post.id}_{serial + 1:06d}"
        return f"{post.id.partition('_')[2]}_{serial + 1:06d}"
    return f"17{post.id[2:]}{serial:05d}"


# Edges and fields.

Reader = Callable[[Comment], Any]
FACEBOOK_FIELDS: dict[str, Reader] = {
    "id": lambda comment: comment.id,
    "created_time": lambda comment: stamp(comment.created_at),
    "message": lambda comment: comment.text,
    "is_hidden": lambda comment: comment.is_hidden,
    "like_count": lambda comment: comment.likes,
    "parent": lambda comment: None if comment.thread is None else {"id": comment.thread},
    "from": lambda comment: {"name": comment.author, "id": comment.author_id},
}
INSTAGRAM_FIELDS: dict[str, Reader] = {
    "id": lambda comment: comment.id,
    "timestamp": lambda comment: stamp(comment.created_at),
    "text": lambda comment: comment.text,
    "hidden": lambda comment: comment.is_hidden,
    "like_count": lambda comment: comment.likes,
    "username": lambda comment: comment.author.lower().replace(" ", "."),
    # Meta shows the author's account only to that account.
    "user": lambda comment: {"id": comment.author_id} if comment.is_own else None,
}
DEFAULTS = {
    "facebook": (Field("created_time"), Field("from"), Field("message"), Field("id")),
    "instagram": (Field("timestamp"), Field("text"), Field("id")),
}


def comments_edge(
    context: RequestContext, post: Post | Media, arguments: Mapping[str, str], fields: tuple[Field, ...] | None
) -> str:
    """Return a page of the comments under a post or medium: newest first on Instagram, on Facebook as `order` says."""
    platform = "facebook" if isinstance(post, Post) else "instagram"
    if not context.has_scope(PERMISSIONS[platform]):
        raise errors.permission_missing(PERMISSIONS[platform])
    if post.id in context.simulation.closed:
        raise context.simulation.closed[post.id]
    # A request for no comments wants the summary alone. Inventing them would take longer than the rest of a page.
    comments = [] if arguments.get("limit") == "0" else _comments_now(context, post)
    visible = [comment for comment in comments if not context.simulation.is_deleted(comment.id, context.now)]
    rows = (
        visible if arguments.get("filter") == "stream" else [comment for comment in visible if comment.thread is None]
    )
    if platform == "instagram" or arguments.get("order") == "reverse_chronological":
        rows = rows[::-1]
    replies = [comment for comment in visible if comment.thread is not None]
    page, following = _cut(rows, arguments, platform)
    texts = [_render(context, comment, replies, fields or DEFAULTS[platform], platform) for comment in page]
    parts = [f'"data":[{",".join(texts)}]']
    if page:
        parts.append(f'"paging":{_paging(context, post.id, page, arguments, following=following)}')
    if arguments.get("summary") in {"true", "1", "total_count"} and isinstance(post, Post):
        total = context.truth.post_counts(context.truth.post_figures(post, context.now))["comments"]
        parts.append(f'"summary":{{"total_count":{total}}}')
    return "{" + ",".join(parts) + "}"


def _comments_now(context: RequestContext, post: Post | Media) -> list[Comment]:
    """Return the post's comments, remembered for an hour, in which the list does not change."""
    remembered = context.simulation.comments
    key = (post.id, context.now.replace(minute=0, second=0, microsecond=0))
    if key not in remembered:
        remembered[key] = invent_comments(context.world, context.truth, post, context.now)
    comments: list[Comment] = remembered[key]
    return comments


def _cut(rows: Sequence[Comment], arguments: Mapping[str, str], platform: str) -> tuple[Sequence[Comment], bool]:
    text = arguments.get("limit") or str(DEFAULT_LIMIT)
    if not text.isdigit():
        raise errors.bad_parameter("param limit must be an integer")
    limit = min(int(text), MAX_FACEBOOK if platform == "facebook" else MAX_INSTAGRAM)
    start = 0
    if after := arguments.get("after"):
        try:
            last = urlsafe_b64decode(after).decode()
        except (Base64Error, UnicodeDecodeError) as error:
            raise errors.bad_parameter("Invalid cursors values") from error
        start = next((index + 1 for index, row in enumerate(rows) if row.id == last), len(rows))
    return rows[start : start + limit], start + limit < len(rows)


def _paging(
    context: RequestContext,
    owner: str,
    page: Sequence[Comment],
    arguments: Mapping[str, str],
    *,
    following: bool,
) -> str:
    first, last = (urlsafe_b64encode(comment.id.encode()).decode() for comment in (page[0], page[-1]))
    paging: dict[str, Any] = {"cursors": {"before": first, "after": last}}
    if following:
        paging["next"] = context.request.url(f"{owner}/comments", {**arguments, "after": last})
    return as_json(paging)


def _render(
    context: RequestContext,
    comment: Comment,
    replies: Sequence[Comment],
    fields: Sequence[Field],
    platform: str,
) -> str:
    table = FACEBOOK_FIELDS if platform == "facebook" else INSTAGRAM_FIELDS
    parts = []
    for field in fields:
        if field.name == "replies" and platform == "instagram" and comment.thread is None:
            below = [reply for reply in replies if reply.thread == comment.id]
            if below:
                texts = [
                    _render(context, reply, (), field.subfields or DEFAULTS[platform], platform) for reply in below
                ]
                parts.append(f'"replies":{{"data":[{",".join(texts)}]}}')
            continue
        if field.name not in table:
            raise errors.unknown_field(field.name, "Comment" if platform == "facebook" else "IGComment")
        value = table[field.name](comment)
        if field.name in {"message", "text"}:
            value = context.simulation.edited.get(comment.id, value)
        if isinstance(value, dict) and field.subfields is not None:
            value = {name: value[name] for name in (sub.name for sub in field.subfields) if name in value}
        if value is not None:
            parts.append(f'"{field.name}":{as_json(value)}')
    if not any(field.name == "id" for field in fields):
        parts.append(f'"id":"{comment.id}"')
    return "{" + ",".join(parts) + "}"

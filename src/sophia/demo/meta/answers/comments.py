"""What people write under posts: invented, in several languages, each with a tone that is known.

Of Facebook's fields and parameters GRAPH_API.md knows the edge and `filter`; names of fields, `order`, the fifty comments
of one Instagram page and `instagram_manage_comments` are as Meta documents them, and were not seen in a recording.
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

# In English the tone is plain to everybody; what stands in another language has none that Sophia may name.
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
class Written:
    """One comment. `thread` is the comment that it answers, None at the top; `is_own`: the account itself wrote it."""

    id: str
    object_id: str
    written_at: datetime
    text: str | None
    language: str
    tone: Tone
    thread: str | None
    is_hidden: bool
    is_own: bool
    likes: int
    author: str
    author_id: str


def written(world: World, truth: Truth, under: Post | Media, now: datetime) -> list[Written]:
    """Every comment under a post or medium at `now`, oldest first, deleted ones included; as many as its counter says."""
    counted = _counter(truth, under)
    writtens: list[Written] = []
    moment, thread = under.created_at, None
    for serial in range(counted(now)):
        moment = _arrival(counted, serial, moment, now)
        is_reply = thread is not None and serial % REPLY_EVERY == REPLY_EVERY - 1
        one = _invented(world, under, serial, moment, thread if is_reply else None)
        thread = thread if is_reply else one.id
        writtens.append(one)
    return writtens


def _counter(truth: Truth, under: Post | Media) -> Callable[[datetime], int]:
    if isinstance(under, Post):
        return lambda moment: truth.post_counts(truth.post_figures(under, moment))["comments"]
    return lambda moment: truth.media_figures(under, moment).comments


def _arrival(counted: Callable[[datetime], int], serial: int, earliest: datetime, now: datetime) -> datetime:
    """The hour in which the counter passed `serial`, and some seconds so that no two comments share a moment."""
    start = earliest.replace(minute=0, second=0, microsecond=0)
    low, high = 0, max(1, int((now - start) / timedelta(hours=1)) + 1)
    while low < high:
        middle = (low + high) // 2
        if counted(start + timedelta(hours=middle)) > serial:
            high = middle
        else:
            low = middle + 1
    hour = start + timedelta(hours=low)
    seconds = min(serial % 3000, max(0, int((now - hour).total_seconds())))
    return max(hour + timedelta(seconds=seconds), earliest)


def _invented(world: World, under: Post | Media, serial: int, moment: datetime, thread: str | None) -> Written:
    seed = seed_of(world.seed, "comment", under.id, serial)
    business = world.business_of(under.page_id if isinstance(under, Post) else under.account_id)
    account: Page | InstagramAccount = business.page if isinstance(under, Post) else business.instagram
    is_own = thread is not None and serial % OWN_EVERY == 0
    author = int(unit(seed, 3) * len(NAMES))
    language = "en" if business.language == "en" or unit(seed, 1) < 0.6 else business.language
    if language == "en":
        tone, text = ENGLISH[int(unit(seed, 2) * len(ENGLISH))]
    else:
        choices = ELSEWHERE[language]
        tone, text = "not scored", choices[int(unit(seed, 2) * len(choices))]
    return Written(
        id=comment_id(under, serial, world.comment_id_parts),
        object_id=under.id,
        written_at=moment,
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


def comment_id(under: Post | Media, serial: int, parts: CommentIdParts) -> str:
    """The id of the comment with this number; on Facebook of two or three parts."""
    if isinstance(under, Post):
        if parts == "three" or (parts == "mixed" and serial % 2):
            return f"{under.id}_{serial + 1:06d}"
        return f"{under.id.partition('_')[2]}_{serial + 1:06d}"
    return f"17{under.id[2:]}{serial:05d}"


# -- what an edge, or a field, shows of them ------------------------------------------------------------------------------

Reader = Callable[[Written], Any]
FACEBOOK_FIELDS: dict[str, Reader] = {
    "id": lambda one: one.id,
    "created_time": lambda one: stamp(one.written_at),
    "message": lambda one: one.text,
    "is_hidden": lambda one: one.is_hidden,
    "like_count": lambda one: one.likes,
    "parent": lambda one: None if one.thread is None else {"id": one.thread},
    "from": lambda one: {"name": one.author, "id": one.author_id},
}
INSTAGRAM_FIELDS: dict[str, Reader] = {
    "id": lambda one: one.id,
    "timestamp": lambda one: stamp(one.written_at),
    "text": lambda one: one.text,
    "hidden": lambda one: one.is_hidden,
    "like_count": lambda one: one.likes,
    "username": lambda one: one.author.lower().replace(" ", "."),
    # Meta shows the account that wrote a comment only when it is the one that asks.
    "user": lambda one: {"id": one.author_id} if one.is_own else None,
}
DEFAULTS = {
    "facebook": (Field("created_time"), Field("from"), Field("message"), Field("id")),
    "instagram": (Field("timestamp"), Field("text"), Field("id")),
}


def comments_edge(
    request_context: RequestContext, under: Post | Media, arguments: Mapping[str, str], fields: tuple[Field, ...] | None
) -> str:
    """A page of the comments under a post or medium: newest first on Instagram, on Facebook as `order` says."""
    platform = "facebook" if isinstance(under, Post) else "instagram"
    if not request_context.has_scope(PERMISSIONS[platform]):
        raise errors.permission_missing(PERMISSIONS[platform])
    if under.id in request_context.simulation.closed:
        raise request_context.simulation.closed[under.id]
    # Who asks for none wants the summary: to make them all up for it would take longer than all the rest of a page.
    known = [] if arguments.get("limit") == "0" else _known(request_context, under)
    shown = [one for one in known if not request_context.simulation.is_deleted(one.id, request_context.now)]
    rows = shown if arguments.get("filter") == "stream" else [one for one in shown if one.thread is None]
    if platform == "instagram" or arguments.get("order") == "reverse_chronological":
        rows = rows[::-1]
    replies = [one for one in shown if one.thread is not None]
    page, following = _cut(rows, arguments, platform)
    texts = [_render(request_context, one, replies, fields or DEFAULTS[platform], platform) for one in page]
    parts = [f'"data":[{",".join(texts)}]']
    if page:
        parts.append(f'"paging":{_paging(request_context, under.id, page, arguments, following=following)}')
    if arguments.get("summary") in {"true", "1", "total_count"} and isinstance(under, Post):
        total = request_context.truth.post_counts(request_context.truth.post_figures(under, request_context.now))[
            "comments"
        ]
        parts.append(f'"summary":{{"total_count":{total}}}')
    return "{" + ",".join(parts) + "}"


def _known(request_context: RequestContext, under: Post | Media) -> list[Written]:
    """The comments at this moment, with what was edited since; remembered, for the list of one hour stays the same."""
    remembered = request_context.simulation.comments
    key = (under.id, request_context.now.replace(minute=0, second=0, microsecond=0))
    if key not in remembered:
        remembered[key] = written(request_context.world, request_context.truth, under, request_context.now)
    writtens: list[Written] = remembered[key]
    return writtens


def _cut(rows: Sequence[Written], arguments: Mapping[str, str], platform: str) -> tuple[Sequence[Written], bool]:
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
    request_context: RequestContext,
    owner: str,
    page: Sequence[Written],
    arguments: Mapping[str, str],
    *,
    following: bool,
) -> str:
    first, last = (urlsafe_b64encode(one.id.encode()).decode() for one in (page[0], page[-1]))
    paging: dict[str, Any] = {"cursors": {"before": first, "after": last}}
    if following:
        paging["next"] = request_context.request.url(f"{owner}/comments", {**arguments, "after": last})
    return as_json(paging)


def _render(
    request_context: RequestContext,
    written: Written,
    replies: Sequence[Written],
    fields: Sequence[Field],
    platform: str,
) -> str:
    table = FACEBOOK_FIELDS if platform == "facebook" else INSTAGRAM_FIELDS
    parts = []
    for field in fields:
        if field.name == "replies" and platform == "instagram" and written.thread is None:
            below = [reply for reply in replies if reply.thread == written.id]
            if below:
                texts = [
                    _render(request_context, reply, (), field.subfields or DEFAULTS[platform], platform)
                    for reply in below
                ]
                parts.append(f'"replies":{{"data":[{",".join(texts)}]}}')
            continue
        if field.name not in table:
            raise errors.unknown_field(field.name, "Comment" if platform == "facebook" else "IGComment")
        value = table[field.name](written)
        if field.name in {"message", "text"}:
            value = request_context.simulation.edited.get(written.id, value)
        if isinstance(value, dict) and field.subfields is not None:
            value = {name: value[name] for name in (sub.name for sub in field.subfields) if name in value}
        if value is not None:
            parts.append(f'"{field.name}":{as_json(value)}')
    if not any(field.name == "id" for field in fields):
        parts.append(f'"id":"{written.id}"')
    return "{" + ",".join(parts) + "}"

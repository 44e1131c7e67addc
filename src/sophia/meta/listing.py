"""Walks along an edge, newest first, with the insights of a whole page in one call, and skips invalid objects (B8).

One invalid post fails a page of a hundred. The walk finds the cause of a failed page: its size, a metric, a missing
permission, or a post. For a post, the pages become smaller until the post is found, and large again after it.
"""

from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from typing import Any
from urllib.parse import urlencode

from sophia.meta.batches import ByIdGroup, by_id, expand
from sophia.meta.bisection import is_about_object
from sophia.meta.caller import MOST_PAGES
from sophia.meta.catalogue.terms import ObjectKind
from sophia.meta.envelope import Answer, object_id
from sophia.meta.errors import STOPS, GraphError, Remedy
from sophia.meta.fallbacks import RunContext
from sophia.meta.paging import incomplete
from sophia.meta.reporting_zone import parse_moment

PAGE_SIZE = 100
MOST_EMPTY_PAGES = 20
# Posts requested one by one, in one HTTP call, when one of them is invalid; Meta counts each as a call.
SMALL_PAGE = 12
# A page on which objects left alone and others alternate more often than this is requested one by one.
MOST_RUNS = 6


def unknown_kind(_item: Mapping[str, Any]) -> ObjectKind | None:
    """Return None, for lists whose objects are all of one kind, or are requested without insights."""
    return None


@dataclass(frozen=True, slots=True)
class Listing:
    """How to list objects with their insights: the edge, its fields, and the metrics of every object on it."""

    edge: str  # published_posts, media …
    subject: str
    fields: str
    kinds: tuple[ObjectKind, ...]
    names: tuple[str, ...]
    single_subject: str  # subject of an answer about single objects, by id
    gated_fields: str = ""  # these need a permission that a token may lack
    expansion: str = "insights"  # or video_insights
    moment: str = "created_time"
    short: bool = False  # lists only a few objects, so that a search can request each
    kind_of: Callable[[dict[str, Any]], ObjectKind | None] = unknown_kind

    def wanted(self, context: RunContext) -> tuple[str, ...]:
        """Return the names that Meta does not refuse for any of the kinds on this edge."""
        refused = context.refused_for(*self.kinds)
        return tuple(name for name in self.names if name not in refused)

    def select(self, names: Sequence[str], *, gated: bool) -> str:
        """Return the `fields` of the request; field expansion adds the insights of the whole page."""
        parts = [self.fields]
        if gated and self.gated_fields:
            parts.append(self.gated_fields)
        if names:
            parts.append(expand(self.expansion, names))
        return ",".join(parts)

    def by_kind(self, answer: Answer) -> dict[ObjectKind | None, list[str]]:
        """Return the ids of a page's objects by kind."""
        ids_by_kind: dict[ObjectKind | None, list[str]] = {}
        for item in listed(answer, answer.source.subject):
            if "id" in item:
                kind = self.kinds[0] if len(self.kinds) == 1 else self.kind_of(item)
                ids_by_kind.setdefault(kind, []).append(str(item["id"]))
        return ids_by_kind

    def group(self, kind: ObjectKind | None, names: tuple[str, ...], ids: Sequence[str]) -> ByIdGroup:
        return ByIdGroup(kind, self.expansion, self.single_subject, names, tuple(ids))


@dataclass(slots=True)
class PageSize:
    """The number of objects to request at once. `next_objects`: one of the next N objects is invalid; 0 if none is
    known to be.

    `fruitless_searches`: how often a page failed down to a few objects that each answered alone.
    """

    usual: int
    next_objects: int = 0
    one_by_one: bool = False
    fruitless_searches: int = 0

    @property
    def limit(self) -> int:
        if self.next_objects > SMALL_PAGE:
            return (self.next_objects + 1) // 2
        return self.next_objects or self.usual

    @property
    def is_down_to_a_few(self) -> bool:
        return self.one_by_one or 0 < self.next_objects <= SMALL_PAGE

    def failed(self) -> None:
        self.next_objects = self.limit

    def passed(self) -> None:
        if self.next_objects:
            self.next_objects -= self.limit

    def resolved(self, requested: int, skipped: int) -> None:
        """Record that the invalid objects were found. If they are many, or if no object causes the failures, the rest
        of the walk requests objects one by one.
        """
        self.next_objects = 0
        self.fruitless_searches += requested > 0 and skipped == 0
        self.one_by_one = (
            self.one_by_one or (requested > SMALL_PAGE // 2 and skipped * 2 > requested) or self.fruitless_searches > 1
        )

    def halve(self) -> bool:
        """Request half as many from now on; return False if that is impossible."""
        if self.limit == 1:
            return False
        self.usual, self.next_objects = max(1, self.limit // 2), 0
        return True


@dataclass(slots=True)
class LoopDetector:
    """Detects an endless list: page after page of objects that were listed before, or of no objects."""

    listed_ids: set[str] = field(default_factory=set)
    empty_pages: int = 0

    def check(self, answer: Answer) -> None:
        """Raise GraphError if the list loops; the pages so far are stored."""
        ids = ids_of(answer)
        self.empty_pages = 0 if ids else self.empty_pages + 1
        if (ids and self.listed_ids.issuperset(ids)) or self.empty_pages > MOST_EMPTY_PAGES:
            raise incomplete("it goes in a circle")
        self.listed_ids.update(ids)


@dataclass(slots=True)
class Walk:
    """The state of a walk along an edge.

    `upcoming`: ids of the next objects, if a list without insights has shown them. `answering`: kinds of which an
    object answered all names. `denied`: why no object answers any insights; the walk then continues without them.
    """

    context: RunContext
    listing: Listing
    size: PageSize
    gated: bool
    page_params: Mapping[str, str] = field(
        default_factory=dict
    )  # the paging parameters of the next page; none for the first
    upcoming: list[str] = field(default_factory=list)
    answering: set[ObjectKind | None] = field(default_factory=set)
    denied: GraphError | None = None

    @property
    def path(self) -> str:
        return f"{object_id(self.context.account)}/{self.listing.edge}"

    async def get(self, names: Sequence[str], limit: int) -> Answer:
        """Request the page at `page_params`, with these metrics of every object on it."""
        fields = {"fields": self.listing.select(names, gated=self.gated), "limit": str(limit), **self.page_params}
        # During the search for an invalid object a failed call locates it; retries would cost four times as much.
        return await self.context.caller.edge(
            self.path, fields, self.listing.subject, patient=not self.size.next_objects
        )

    async def page(self) -> tuple[Answer, bool] | None:
        """Return the next page, and whether its insights must be requested one by one; None: try again."""
        names = () if self.denied else self.listing.wanted(self.context)
        limit, is_left_alone = self._next_run()
        alone = not is_left_alone and not self.upcoming and not self.denied and self.size.is_down_to_a_few
        requested_names = () if alone or is_left_alone else names
        try:
            answer = await self.get(requested_names, limit)
        except GraphError as error:
            return await self._after_failure(error, requested_names)
        self._advance(answer, requested_names)
        return answer, alone

    def _next_run(self) -> tuple[int, bool]:
        """Return the number of objects to request, and whether they are left alone."""
        for is_left_alone, run in groupby(self.upcoming, self.context.is_left_alone):
            return min(len(list(run)), self.size.usual), is_left_alone
        return self.size.limit, False

    def _advance(self, answer: Answer, names: Sequence[str]) -> None:
        """Record what an answered page shows about the next objects."""
        ids = ids_of(answer)
        if self.upcoming[: len(ids)] == ids:
            self.upcoming = self.upcoming[len(ids) :]
        else:
            self.upcoming = []
        if not names:
            return
        self.size.passed()
        kinds = self.listing.by_kind(answer)
        self.answering |= set(kinds)
        for item in listed(answer, self.listing.subject):
            if "id" in item and self.listing.expansion in item:
                self.context.answered.add(str(item["id"]))

    async def _after_failure(self, error: GraphError, names: tuple[str, ...]) -> tuple[Answer, bool] | None:
        """Decide how to continue after a failed page. Raise an error that no other request avoids."""
        self.upcoming = []
        if error.remedy in STOPS:
            raise error
        if error.remedy is Remedy.WITHOUT_FIELD and self._leave_gated_out(error):
            return None
        if error.remedy is Remedy.SMALLER and self.size.halve():
            return None
        if not names:
            if error.remedy is not Remedy.AGAIN and await self._is_gated(error):
                return None
            raise error
        if self.size.next_objects:
            self.size.failed()
            return None
        return await self._find_cause(error, names)

    def _leave_gated_out(self, error: GraphError) -> bool:
        """Stop requesting the fields that need a permission; return False if they were not requested."""
        if not (self.gated and self.listing.gated_fields):
            return False
        self.context.withheld[self.listing.edge] = error
        self.gated = False
        return True

    async def _is_gated(self, error: GraphError) -> bool:
        """Return whether the list is answered without the fields that need a permission."""
        if not (self.gated and self.listing.gated_fields):
            return False
        await self.context.caller.edge(self.path, {"fields": self.listing.fields, "limit": "1"}, self.listing.subject)
        return self._leave_gated_out(error)

    async def _find_cause(self, error: GraphError, names: tuple[str, ...]) -> tuple[Answer, bool] | None:
        """List the page without insights, and find out with some of its objects what made it fail."""
        limit = self.size.limit
        try:
            page = await self.get((), limit)
        except GraphError as again:
            return await self._after_failure(again, ())
        ids = ids_of(page)
        left_alone = [self.context.is_left_alone(object_id) for object_id in ids]
        if self.listing.short or len(ids) <= SMALL_PAGE or all(left_alone):
            return page, True
        if not any(left_alone) and not is_about_object(error):
            await self._sample(page, names)
            left_alone = [self.context.is_left_alone(object_id) for object_id in ids]
            if self.denied:
                return page, False
            if self.listing.wanted(self.context) != names:
                return None
        if any(left_alone):
            if len(list(groupby(left_alone))) > MOST_RUNS:
                return page, True
            self.upcoming = ids
        else:
            self.size.failed()
        return None

    async def _sample(self, page: Answer, names: tuple[str, ...]) -> None:
        """Request some objects of each kind that has not answered yet. Their answers come again with the page."""
        groups = []
        for kind, ids in self.listing.by_kind(page).items():
            if kind not in self.answering:
                some = list(dict.fromkeys((ids[0], ids[len(ids) // 2], ids[-1])))
                groups.append(self.listing.group(kind, names, some))
        try:
            async for _ in by_id(self.context, groups, is_sample=True):
                pass
        except GraphError as error:
            if error.remedy in STOPS:
                raise
            self.denied = error
        self.answering |= {group.kind for group in groups if self.context.answered.intersection(group.ids)}

    async def request_one_by_one(self, page: Answer) -> list[Answer]:
        """Return the insights of a page's objects, requested one by one."""
        before, names = len(self.context.skipped), self.listing.wanted(self.context)
        groups = [self.listing.group(kind, names, ids) for kind, ids in self.listing.by_kind(page).items()]
        try:
            answers = [answer async for answer in by_id(self.context, groups)]
        except GraphError as error:
            if error.remedy in STOPS:
                raise
            self.denied = error
            return []
        self.size.resolved(len(ids_of(page)), len(self.context.skipped) - before)
        return answers


async def walk(
    context: RunContext,
    listing: Listing,
    since: datetime | None,
    *,
    scope: str = "",
    limit: int = PAGE_SIZE,
) -> AsyncGenerator[Answer, None]:
    """Yield every page of an edge, newest first, back to the posts of `since`, and the objects requested alone.

    `scope` is the permission that the gated fields need; without it they are not requested. A list that ends neither at
    `since` nor with its last page is recorded in `context.cut`: objects missing from it may exist. Raises GraphError if no
    smaller page helps, and at the end if no object answers any insights; the pages yielded before remain valid.
    """
    state = Walk(context, listing, PageSize(limit), not scope or scope in context.scopes)
    loop = LoopDetector()
    used: set[str] = set()
    for _ in range(MOST_PAGES):
        result = await state.page()
        if result is None:
            continue
        page, alone = result
        yield page
        if alone:
            for single in await state.request_one_by_one(page):
                yield single
        if is_past(page, listing.moment, since) or not follow(state, page, loop, used):
            break
    else:
        context.cut[listing.edge] = incomplete("it has no end")
    if state.denied:
        raise state.denied


def follow(state: Walk, page: Answer, loop: LoopDetector, used: set[str]) -> bool:
    """Move to the next page; return False if there is none. A list that cannot be followed is recorded as cut."""
    try:
        following = state.context.caller.next_page_params(page, state.listing.edge)
        if following is None:
            return False
        loop.check(page)
        key = urlencode(following)
        if key in used:
            raise incomplete("it goes in a circle")
    except GraphError as error:
        state.context.cut[state.listing.edge] = error
        return False
    used.add(key)
    state.page_params = following
    return True


def listed(answer: Answer, subject: str) -> list[dict[str, Any]]:
    """Return the objects that a page lists. Answers about single objects, which follow a failed page, list none."""
    items = answer.data.get("data") if answer.source.subject == subject else None
    return [item for item in items if isinstance(item, dict)] if isinstance(items, list) else []


def ids_of(answer: Answer) -> list[str]:
    """Return the ids of the objects that a page lists."""
    return [str(item["id"]) for item in listed(answer, answer.source.subject) if "id" in item]


def is_past(answer: Answer, moment: str, since: datetime | None) -> bool:
    """Return whether the page reached posts older than `since`; pages come newest first."""
    items = answer.data.get("data")
    if since is None or not isinstance(items, list) or not items:
        return False
    last = items[-1]
    try:
        return parse_moment(last[moment]) < since
    except (KeyError, TypeError, ValueError):
        return False

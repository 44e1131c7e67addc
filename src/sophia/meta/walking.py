"""Walks along an edge, newest first, with the insights of a whole page in one call, and passes by what is odd (B8).

One odd post fails a whole page of a hundred. So a page that fails is looked at closer: is it the page's size, a metric, a
missing permission, or a post? Then the pages become smaller until the odd post is found, and large again after it.
"""

from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from sophia.meta.asking import ABOUT_A_METRIC, ABOUT_A_PERMISSION, Ask
from sophia.meta.catalogue import ObjectKind
from sophia.meta.envelope import Answer, object_id
from sophia.meta.errors import STOPS, GraphError, Remedy
from sophia.meta.paging import incomplete
from sophia.meta.reporting_zone import parse_moment
from sophia.meta.singly import expand, find_refused, one_by_one

PAGE_SIZE = 100
MOST_PAGES = 1000
MOST_EMPTY_PAGES = 20
# So many posts are asked one by one when one of them is odd, in one HTTP call; each counts as a call at Meta.
FEW = 12


@dataclass(frozen=True, slots=True)
class Listing:
    """How to list objects with their insights: the edge, its fields, and what to ask of every object on it."""

    edge: str  # published_posts, media …
    subject: str
    fields: str
    gated_fields: str  # need a permission that a token may lack
    expansion: str  # insights, video_insights
    kinds: tuple[ObjectKind, ...]
    names: tuple[str, ...]
    single_subject: str  # subject of an answer about one object
    moment: str = "created_time"
    short: bool = False  # lists a few objects only, so that an odd one is found at once by asking each

    def wanted(self, ask: Ask) -> tuple[str, ...]:
        """The names that Meta does not refuse for any of the kinds on this edge."""
        refused = ask.refused_for(*self.kinds)
        return tuple(name for name in self.names if name not in refused)

    def select(self, names: Sequence[str], *, gated: bool) -> str:
        """The `fields` of the request: field expansion brings the insights of a whole page in one call."""
        parts = [self.fields]
        if gated and self.gated_fields:
            parts.append(self.gated_fields)
        if names:
            parts.append(expand(self.expansion, names))
        return ",".join(parts)


@dataclass(slots=True)
class PageSize:
    """How many objects to ask for at once. `among`: one of the next so many is odd; 0 when none is known to be."""

    usual: int
    among: int = 0
    singly: bool = False

    @property
    def limit(self) -> int:
        if self.among > FEW:
            return (self.among + 1) // 2
        return self.among or self.usual

    @property
    def holds_the_odd_one(self) -> bool:
        return self.singly or 0 < self.among <= FEW

    def failed(self) -> None:
        self.among = self.limit

    def passed(self) -> None:
        if self.among:
            self.among -= self.limit

    def resolved(self, asked: int, skipped: int) -> None:
        """The odd ones were found. Where they are no exception, the rest of the walk asks one by one."""
        self.among = 0
        self.singly = self.singly or (asked > FEW // 2 and skipped * 2 > asked)

    def halve(self) -> bool:
        """Ask for half as many from now on; False when that is not possible."""
        if self.limit == 1:
            return False
        self.usual, self.among = max(1, self.limit // 2), 0
        return True


@dataclass(slots=True)
class Circle:
    """Notices a list that never ends: page after page of nothing but what was listed before, or of nothing at all."""

    seen: set[str] = field(default_factory=set)
    empty: int = 0

    def look(self, answer: Answer) -> None:
        """Raise GraphError when the list goes in a circle; what it listed so far is stored."""
        ids = ids_of(answer)
        self.empty = 0 if ids else self.empty + 1
        if (ids and self.seen.issuperset(ids)) or self.empty > MOST_EMPTY_PAGES:
            raise incomplete("it goes in a circle")
        self.seen.update(ids)


@dataclass(slots=True)
class Walk:
    """Where a walk along an edge stands."""

    ask: Ask
    listing: Listing
    size: PageSize
    gated: bool
    place: Mapping[str, str]  # the paging parameters of the next page; none for the first
    permitted: bool = False  # whether the bare list has been seen, so that no permission for it is missing

    @property
    def path(self) -> str:
        return f"{object_id(self.ask.account)}/{self.listing.edge}"

    async def get(self, names: Sequence[str]) -> Answer:
        """The page that begins at `place`, with these metrics of every object on it."""
        page = {"limit": str(self.size.limit), **self.place}
        fields = {"fields": self.listing.select(names, gated=self.gated), **page}
        edge, subject = self.ask.caller.edge, self.listing.subject
        if self.size.among:
            # While an odd object is looked for, a call that fails tells where it is; trying again would cost four times
            # that. Only what no object can cause is tried again.
            try:
                return await edge(self.path, fields, subject, patient=False)
            except GraphError as error:
                if error.remedy is not Remedy.AGAIN or error.may_be_too_heavy:
                    raise
        return await edge(self.path, fields, subject)

    async def page(self) -> tuple[Answer, bool] | None:
        """The next page, and whether its insights have to be asked one by one; None after what makes another try wise."""
        names = self.listing.wanted(self.ask)
        alone = self.size.holds_the_odd_one
        try:
            answer = await self.get(() if alone else names)
        except GraphError as error:
            if error.remedy is Remedy.WITHOUT_FIELD and self.gated and self.listing.gated_fields:
                self.ask.withheld[self.listing.edge] = error
                self.gated = False
                return None
            if error.remedy in STOPS:
                raise
            if error.remedy is Remedy.SMALLER and self.size.halve():
                return None
            if alone or not names or self._is_outage(error):
                raise
            if not await self._is_about_one(error, names):
                return None
            return await self.get(()), True
        self.permitted = True
        if not alone:
            self.size.passed()
        return answer, alone

    def _is_outage(self, error: GraphError) -> bool:
        """Whether neither the page's size nor an object can cause the error, so that smaller pages fail as well."""
        may_be_ours = error.may_be_too_heavy and self.ask.caller.circuit.has_succeeded
        return error.remedy is Remedy.AGAIN and not may_be_ours

    async def _is_about_one(self, error: GraphError, names: tuple[str, ...]) -> bool:
        """Look closer at a page that failed: True to list it without insights and ask them one by one, False to ask it
        again, with fewer metrics or fewer objects.
        """
        if error.remedy in ABOUT_A_METRIC and not self.size.among and await self._learn_refusals(names):
            return False
        if self.listing.short:
            return True
        if error.remedy in ABOUT_A_PERMISSION and not self.permitted:
            await self.ask.caller.edge(self.path, {"fields": "id", "limit": "1"}, self.listing.subject)
            self.permitted = True
        self.size.failed()
        return self.size.holds_the_odd_one

    async def _learn_refusals(self, names: tuple[str, ...]) -> bool:
        """Whether metrics are to blame: those that fail for the newest object alone are refused from now on."""

        async def probe(part: tuple[str, ...]) -> None:
            fields = {"fields": f"id,{expand(self.listing.expansion, part)}", "limit": "1"}
            await self.ask.caller.edge(self.path, fields, self.listing.subject)

        found = await find_refused(probe, names)
        if len(found) == len(names) > 1:
            return False
        for name, error in found:
            self.ask.refuse(self.listing.kinds, [name], error)
        return bool(found)

    async def singles(self, page: Answer) -> list[Answer]:
        """The insights of a page's objects, asked one by one."""
        ids, before = ids_of(page), len(self.ask.skipped)
        names = self.listing.wanted(self.ask)
        answers = await one_by_one(self.ask, ids, names, self.listing.expansion, self.listing.single_subject)
        self.size.resolved(len(ids), len(self.ask.skipped) - before)
        return answers


async def walk(
    ask: Ask,
    listing: Listing,
    since: datetime | None,
    *,
    scope: str = "",
    place: Mapping[str, str] | None = None,
    limit: int = PAGE_SIZE,
) -> AsyncGenerator[Answer, None]:
    """Every page of an edge, newest first, back to the posts of `since`, with the objects that had to be asked alone.

    `scope` is the permission that the gated fields need; without it they are not asked. `place` begins further down.
    A list that ends neither there nor with its last page is noted in `ask.cut`: what it does not list may yet exist.
    Raises GraphError for what no smaller page mends; everything yielded before it stands.
    """
    way = Walk(ask, listing, PageSize(limit), not scope or scope in ask.scopes, place or {})
    circle = Circle()
    used: set[str] = set()
    for _ in range(MOST_PAGES):
        found = await way.page()
        if found is None:
            continue
        page, alone = found
        yield page
        if alone:
            for single in await way.singles(page):
                yield single
        if is_past(page, listing.moment, since):
            return
        try:
            following = ask.caller.next_place(page, listing.edge)
            if following is None:
                return
            circle.look(page)
        except GraphError as error:
            ask.cut[listing.edge] = error
            return
        way.place, key = following, urlencode(following)
        if key in used:
            break
        used.add(key)
    ask.cut[listing.edge] = incomplete("it goes in a circle, or has no end")


def listed(answer: Answer, subject: str) -> list[dict[str, Any]]:
    """The objects that a page lists; answers about single objects, which follow a page that failed, list none."""
    items = answer.data.get("data") if answer.source.subject == subject else None
    return [item for item in items if isinstance(item, dict)] if isinstance(items, list) else []


def ids_of(answer: Answer) -> list[str]:
    """The ids of the objects that a page lists."""
    return [str(item["id"]) for item in listed(answer, answer.source.subject) if "id" in item]


def is_past(answer: Answer, moment: str, since: datetime | None) -> bool:
    """Whether the page reached posts older than `since`; pages come newest first."""
    items = answer.data.get("data")
    if since is None or not isinstance(items, list) or not items:
        return False
    last = items[-1]
    try:
        return parse_moment(last[moment]) < since
    except (KeyError, TypeError, ValueError):
        return False

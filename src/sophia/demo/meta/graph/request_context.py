"""The changeable state of the simulated Meta, and one request in progress with everything that its answer needs."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Literal

from sophia.demo.meta.graph.errors import GraphError, page_migrated, unknown_object
from sophia.demo.meta.graph.requests import Request
from sophia.demo.meta.graph.rules import TABLES, Kind, Rule
from sophia.demo.meta.graph.wordings import WORDINGS
from sophia.demo.meta.truth.truth import Truth
from sophia.demo.meta.world.objects import Media, Node, Page, PageStory
from sophia.demo.meta.world.pacific import pacific_day
from sophia.demo.meta.world.upload_store import Desk
from sophia.demo.meta.world.world import World, account_of, created_at, is_alive

# Kinds for which a test can have a metric refused: those with rules, and the kinds of media apart.
MediaKind = Literal["feed", "carousel", "reels", "story"]
RefusedKind = Kind | MediaKind


@dataclass(slots=True)
class Simulation:
    """The world, its truth, and what tests change while it runs. Moments are aware."""

    world: World
    truth: Truth
    clock: Callable[[], datetime]
    # metric name → when Meta retires it, on every version
    retirements: dict[str, datetime] = field(default_factory=dict)
    # access token → (when it dies, subcode of error 190)
    dead_tokens: dict[str, tuple[datetime, int]] = field(default_factory=dict)
    # object id → when it was deleted
    deleted: dict[str, datetime] = field(default_factory=dict)
    # object id → the error that its insights answer with, alone or in a page
    broken: dict[str, GraphError] = field(default_factory=dict)
    # ids that lists leave out after the limit was applied, so that pages come short
    hidden: set[str] = field(default_factory=set)
    # object id → the error that its comments answer with, alone or in a page
    closed: dict[str, GraphError] = field(default_factory=dict)
    # comment id → what it says since it was edited
    edited: dict[str, str | None] = field(default_factory=dict)
    # (access token, or None for all; permission) that was taken back
    withdrawn_scopes: set[tuple[str | None, str]] = field(default_factory=set)
    # ids of accounts whose insights are all empty, without a reason
    silent_insights: set[str] = field(default_factory=set)
    # whether `/me/accounts` is empty, as for Pages that belong to a business portfolio
    hides_accounts: bool = False
    hides_targets: bool = False
    # ids of Pages whose own token Meta does not show
    withheld_tokens: set[str] = field(default_factory=set)
    # id of a Page → (since when it goes by another id, that id)
    migrations: dict[str, tuple[datetime, str]] = field(default_factory=dict)
    # names of Instagram accounts that turned personal, so that nobody discovers them
    personal: set[str] = field(default_factory=set)
    # the comments of an object in an hour, once they were made up
    comments: dict[Any, Any] = field(default_factory=dict)
    # (kind of object, metric name) → the name of the wording in which it is refused
    refused_metrics: dict[tuple[RefusedKind, str], str] = field(default_factory=dict)
    # what was handed in and is not public yet, and how much may be published
    desk: Desk = field(default_factory=Desk)

    def scopes_of(self, token: str | None) -> tuple[str, ...]:
        """The permissions of a token, in the order of the world's."""
        withdrawn = {scope for holder, scope in self.withdrawn_scopes if holder in {None, token}}
        return tuple(scope for scope in self.world.scopes if scope not in withdrawn)

    def new_page_id(self, page_id: str, now: datetime) -> str | None:
        """The id that replaced that of a Page; None while the old one is good."""
        since, new_id = self.migrations.get(page_id, (now, None))
        return new_id if now >= since else None

    def world_id(self, object_id: str, now: datetime) -> str:
        """The id under which the world knows an object that may go by a new id."""
        replaced = (old for old in self.migrations if self.new_page_id(old, now) == object_id)
        return next(replaced, object_id)

    def is_retired(self, metric: str, now: datetime) -> bool:
        return metric in self.retirements and now >= self.retirements[metric]

    def is_deleted(self, object_id: str, now: datetime) -> bool:
        return object_id in self.deleted and now >= self.deleted[object_id]


@dataclass(frozen=True, slots=True)
class Holder:
    """Whose token a request carries; `page` is set for Page tokens."""

    kind: Literal["user", "page", "app"]
    page: Page | None = None


@dataclass(frozen=True, slots=True)
class RequestContext:
    """One request in progress."""

    simulation: Simulation
    request: Request
    holder: Holder
    # what was compiled once for all posts of a page; keyed by the field or parameters it was made of
    plans: dict[Any, Any] = field(default_factory=dict)

    @property
    def world(self) -> World:
        return self.simulation.world

    @property
    def truth(self) -> Truth:
        return self.simulation.truth

    @property
    def now(self) -> datetime:
        return self.request.now

    @property
    def today(self) -> date:
        return pacific_day(self.request.now)

    def has_scope(self, scope: str) -> bool:
        return scope in self.simulation.scopes_of(self.request.token)

    def has_silent_insights(self, account_id: str) -> bool:
        return account_id in self.simulation.silent_insights

    def shown_id(self, node: Node) -> str:
        """The id in answers: a Page may have got a new one."""
        return self.simulation.new_page_id(node.id, self.now) or node.id

    def rule(self, kind: Kind, metric: str) -> Rule | None:
        """The rule for a name that is valid on this version today; None for dead, misspelt and retired ones."""
        rule = TABLES[kind].get(metric)
        if rule is None or not rule.is_alive(self.request.version, self.today):
            return None
        return None if self.simulation.is_retired(metric, self.now) else rule

    def valid_names(self, kind: Kind) -> list[str]:
        return [name for name in TABLES[kind] if self.rule(kind, name) is not None]

    def refuse_metrics(self, kind: RefusedKind, table: Kind, names: Sequence[str]) -> None:
        """Raise the refusal of the first name that a test had refused for this kind of object, in its wording."""
        refused = self.simulation.refused_metrics
        for name in names:
            if (kind, name) in refused:
                valid = [valid_name for valid_name in self.valid_names(table) if (kind, valid_name) not in refused]
                raise WORDINGS[refused[kind, name]].error(name, names, valid)

    def is_visible(self, node: Node) -> bool:
        """Whether the object has been published and not deleted."""
        made = created_at(node)
        if made is not None and made > self.now:
            return False
        return not self.simulation.is_deleted(node.id, self.now)

    def node(self, object_id: str) -> Node:
        """The object that the token's holder may see. GraphError 100/33 otherwise, 21 for the old id of a Page."""
        new_id = self.simulation.new_page_id(object_id, self.now)
        if new_id is not None:
            raise page_migrated(object_id, new_id)
        node = self.world.node(self.simulation.world_id(object_id, self.now))
        if node is None or not self.is_visible(node):
            raise unknown_object(object_id)
        if self.holder.page is not None:
            owner = self.world.business_of(account_of(self.world, node).id)
            if owner.page.id != self.holder.page.id:
                raise unknown_object(object_id)
        return node

    def is_listed(self, node: Node) -> bool:
        """Whether an edge shows the object: visible, and alive if it is a story."""
        if isinstance(node, PageStory) or (isinstance(node, Media) and node.is_story):
            return self.is_visible(node) and is_alive(node, self.now)
        return self.is_visible(node)

    def refuse_if_broken(self, object_id: str) -> None:
        if self.simulation.broken and object_id in self.simulation.broken:
            raise self.simulation.broken[object_id]

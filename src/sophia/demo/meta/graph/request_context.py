"""The changeable state of the simulated Meta, and the context of one request."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Literal

from sophia.demo.meta.graph.errors import GraphError, page_migrated, unknown_object
from sophia.demo.meta.graph.logins import Logins
from sophia.demo.meta.graph.requests import Request
from sophia.demo.meta.graph.rules import TABLES, Kind, Rule
from sophia.demo.meta.graph.wordings import WORDINGS
from sophia.demo.meta.truth.truth import Truth
from sophia.demo.meta.world.objects import Media, Node, Page, PageStory
from sophia.demo.meta.world.pacific import pacific_day
from sophia.demo.meta.world.upload_store import UploadStore
from sophia.demo.meta.world.world import World, account_of, created_at, is_alive

# Kinds for which a test can have a metric refused: those with rules, and the kinds of media apart.
MediaKind = Literal["feed", "carousel", "reels", "story"]
RefusedKind = Kind | MediaKind


@dataclass(slots=True)
class Simulation:
    """The world, its true figures, and the changes of tests. Moments are aware."""

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
    # ids that lists omit after applying the limit, so that pages come short
    hidden: set[str] = field(default_factory=set)
    # object id → the error that its comments answer with, alone or in a page
    closed: dict[str, GraphError] = field(default_factory=dict)
    # comment id → its edited text
    edited: dict[str, str | None] = field(default_factory=dict)
    # (access token, or None for all; withdrawn permission)
    withdrawn_scopes: set[tuple[str | None, str]] = field(default_factory=set)
    # ids of accounts whose insights are all empty, without a reason
    silent_insights: set[str] = field(default_factory=set)
    # whether `/me/accounts` is empty, as for Pages that belong to a business portfolio
    hides_accounts: bool = False
    hides_targets: bool = False
    # ids of Pages whose token Meta withholds
    withheld_tokens: set[str] = field(default_factory=set)
    # id of a Page → (moment of its migration, new id)
    migrations: dict[str, tuple[datetime, str]] = field(default_factory=dict)
    # names of Instagram accounts that became personal, which Business Discovery does not find
    personal: set[str] = field(default_factory=set)
    # the invented comments of an object in an hour
    comments: dict[Any, Any] = field(default_factory=dict)
    # (kind of object, metric name) → the name of the wording in which it is refused
    refused_metrics: dict[tuple[RefusedKind, str], str] = field(default_factory=dict)
    # uploads and containers that are not public yet, and the publishing limit
    upload_store: UploadStore = field(default_factory=UploadStore)
    # codes and tokens of people who used the dialog
    logins: Logins = field(default_factory=Logins)

    def scopes_of(self, token: str | None) -> tuple[str, ...]:
        """Return the permissions of a token, in the world's order."""
        withdrawn = {scope for holder, scope in self.withdrawn_scopes if holder in {None, token}}
        login = self.logins.tokens.get(token or "")
        return tuple(scope for scope in (login.scopes if login else self.world.scopes) if scope not in withdrawn)

    def opens(self, token: str | None, page_id: str) -> bool:
        """Return whether a token gives access to a Page: that of a login only to the chosen ones."""
        login = self.logins.tokens.get(token or "")
        return login is None or page_id in login.page_ids

    def new_page_id(self, page_id: str, now: datetime) -> str | None:
        """Return the new id of a migrated Page, or None before its migration."""
        since, new_id = self.migrations.get(page_id, (now, None))
        return new_id if now >= since else None

    def world_id(self, object_id: str, now: datetime) -> str:
        """Return the object's id in the world, which is the old one for a migrated Page."""
        replaced = (old for old in self.migrations if self.new_page_id(old, now) == object_id)
        return next(replaced, object_id)

    def is_retired(self, metric: str, now: datetime) -> bool:
        return metric in self.retirements and now >= self.retirements[metric]

    def is_deleted(self, object_id: str, now: datetime) -> bool:
        return object_id in self.deleted and now >= self.deleted[object_id]


@dataclass(frozen=True, slots=True)
class Holder:
    """The holder of a request's token; `page` is set for Page tokens."""

    kind: Literal["user", "page", "app"]
    page: Page | None = None


@dataclass(frozen=True, slots=True)
class RequestContext:
    """One request in progress."""

    simulation: Simulation
    request: Request
    holder: Holder
    # plans for all posts of a page, by the field or parameters that they were made of
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
        """Return the id in answers: the new one for a migrated Page."""
        return self.simulation.new_page_id(node.id, self.now) or node.id

    def rule(self, kind: Kind, metric: str) -> Rule | None:
        """Return the rule of a metric, or None if it is unknown or retired on this version today."""
        rule = TABLES[kind].get(metric)
        if rule is None or not rule.is_alive(self.request.version, self.today):
            return None
        return None if self.simulation.is_retired(metric, self.now) else rule

    def valid_names(self, kind: Kind) -> list[str]:
        return [name for name in TABLES[kind] if self.rule(kind, name) is not None]

    def refuse_metrics(self, kind: RefusedKind, table: Kind, names: Sequence[str]) -> None:
        """Raise the refusal of the first metric that a test refuses for this kind of object, in its wording."""
        refused = self.simulation.refused_metrics
        for name in names:
            if (kind, name) in refused:
                valid = [valid_name for valid_name in self.valid_names(table) if (kind, valid_name) not in refused]
                raise WORDINGS[refused[kind, name]].error(name, names, valid)

    def is_visible(self, node: Node) -> bool:
        """Return whether the object has been published and not deleted."""
        made = created_at(node)
        if made is not None and made > self.now:
            return False
        return not self.simulation.is_deleted(node.id, self.now)

    def node(self, object_id: str) -> Node:
        """Return a visible object of the token's holder. Raise GraphError 100/33 otherwise, 21 for a Page's old id."""
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
        """Return whether an edge shows the object: it is visible, and if it is a story, alive."""
        if isinstance(node, PageStory) or (isinstance(node, Media) and node.is_story):
            return self.is_visible(node) and is_alive(node, self.now)
        return self.is_visible(node)

    def refuse_if_broken(self, object_id: str) -> None:
        if self.simulation.broken and object_id in self.simulation.broken:
            raise self.simulation.broken[object_id]

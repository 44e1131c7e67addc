"""Changes that tests make in a running simulated Meta."""

from datetime import datetime
from typing import get_args

from sophia.demo.meta.graph.errors import GraphError
from sophia.demo.meta.graph.request_context import MediaKind, RefusedKind, Simulation
from sophia.demo.meta.graph.rules import Kind
from sophia.demo.meta.graph.wordings import WORDINGS, choose_wording
from sophia.demo.meta.truth.truth import Truth
from sophia.demo.meta.world.world import World


class Switches:
    """The switches of `GraphApi`. Each takes effect with the next request."""

    def __init__(self, simulation: Simulation) -> None:
        self.simulation = simulation

    @property
    def world(self) -> World:
        return self.simulation.world

    @property
    def truth(self) -> Truth:
        return self.simulation.truth

    @property
    def hidden(self) -> set[str]:
        """Ids that lists omit after applying the limit: pages are shorter, even empty, and the list continues."""
        return self.simulation.hidden

    def delete(self, object_id: str, at: datetime) -> None:
        """Delete an object from `at` on: lists omit it, and it answers with error 100/33."""
        self.simulation.deleted[object_id] = at

    def break_insights(self, object_id: str, error: GraphError) -> None:
        """Let the insights of this object answer with `error`, alone or in a list, which then fails as a whole."""
        self.simulation.broken[object_id] = error

    def break_comments(self, object_id: str, error: GraphError) -> None:
        """Let the comments of this object answer with `error`, alone or in a list, which then fails as a whole."""
        self.simulation.closed[object_id] = error

    def edit_comment(self, comment_id: str, text: str | None) -> None:
        """Change the text of a comment, as its author may."""
        self.simulation.edited[comment_id] = text

    def make_personal(self, username: str) -> None:
        """Make an Instagram account personal, so that Business Discovery does not find it."""
        self.simulation.personal.add(username)

    def show_product_type(self, medium_id: str, name: str | None) -> None:
        """Let a medium show an unknown `media_product_type`, or (None) none; see `Media.has_odd_product`."""
        self.world.show_product_type(medium_id, name)

    # Permissions and accounts.

    def withdraw_scope(self, scope: str, *, of: str | None = None) -> None:
        """Withdraw a permission from all tokens or from the Page token of the account `of`.

        Without `read_insights` all insights of Facebook are empty, with status 200.
        """
        token = None if of is None else self.world.business_of(of).page.access_token
        self.simulation.withdrawn_scopes.add((token, scope))

    def grant_scope(self, scope: str) -> None:
        """Restore a permission that was withdrawn from any token."""
        withdrawn = self.simulation.withdrawn_scopes
        withdrawn -= {(token, name) for token, name in withdrawn if name == scope}

    def silence_insights(self, account_id: str, *, silent: bool = True) -> None:
        """Let all insights of a Page or Instagram account and its posts be empty, with status 200, or end that."""
        change = self.simulation.silent_insights.add if silent else self.simulation.silent_insights.discard
        change(account_id)

    def hide_accounts(self, *, hidden: bool = True) -> None:
        """Let `/me/accounts` be empty, as for Pages of a business portfolio, or end that."""
        self.simulation.hides_accounts = hidden

    def hide_targets(self, *, hidden: bool = True) -> None:
        """Let `debug_token` name no objects, as for permissions on all objects, or end that."""
        self.simulation.hides_targets = hidden

    def withhold_page_token(self, page_id: str) -> None:
        """Hide the `access_token` of this Page, as for a Page on which the person has no role."""
        self.simulation.withheld_tokens.add(page_id)

    def migrate_page(self, page_id: str, new_id: str, at: datetime) -> None:
        """Give the Page `new_id` from `at` on. Its old id answers with error 21; its posts keep their ids."""
        self.simulation.migrations[page_id] = (at, new_id)

    # Metrics.

    def refuse_metric(self, metric: str, kind: RefusedKind, wording: str | None = None, *, seed: int = 0) -> str:
        """Refuse `metric` for objects of this kind until `allow_metric`; return the name of the wording.

        `wording` names one of `wordings.WORDINGS`; without it, `seed` picks one. ValueError for an unknown kind or
        wording.
        """
        chosen = wording or choose_wording(seed, kind, metric)
        if chosen not in WORDINGS:
            raise ValueError(f"{chosen!r} is not a wording. Choose one of: {', '.join(WORDINGS)}")
        if kind not in (*get_args(Kind), *get_args(MediaKind)):
            raise ValueError(f"{kind!r} is not a kind of object with insights")
        self.simulation.refused_metrics[kind, metric] = chosen
        return chosen

    def allow_metric(self, metric: str, kind: RefusedKind) -> None:
        """End a refusal. KeyError when there is none."""
        del self.simulation.refused_metrics[kind, metric]

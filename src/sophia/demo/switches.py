"""What tests change in a simulated Meta while it runs."""

from datetime import datetime
from typing import get_args

from sophia.demo.errors import GraphError
from sophia.demo.rules import Kind
from sophia.demo.truth import Truth
from sophia.demo.visit import MediaKind, RefusedKind, Simulation
from sophia.demo.wordings import WORDINGS, choose_wording
from sophia.demo.world import World


class Switches:
    """The switches of `GraphApi`; each takes effect with the next request, and lasts."""

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
        """Ids that lists leave out after the limit was applied: pages come short, even empty, and go on."""
        return self.simulation.hidden

    def delete(self, object_id: str, at: datetime) -> None:
        """From `at` on the object is gone: not listed, error 100/33."""
        self.simulation.deleted[object_id] = at

    def break_insights(self, object_id: str, error: GraphError) -> None:
        """The insights of this object answer with `error`, alone or in a list, which then fails as a whole."""
        self.simulation.broken[object_id] = error

    def break_comments(self, object_id: str, error: GraphError) -> None:
        """The comments of this object answer with `error`, alone or in a list, which then fails as a whole."""
        self.simulation.closed[object_id] = error

    def edit_comment(self, comment_id: str, text: str | None) -> None:
        """Its author has written something else."""
        self.simulation.edited[comment_id] = text

    def make_personal(self, username: str) -> None:
        """An Instagram account is no professional one any more: Business Discovery does not find it."""
        self.simulation.personal.add(username)

    # Metrics.

    def refuse_metric(self, metric: str, kind: RefusedKind, wording: str | None = None, *, seed: int = 0) -> str:
        """Refuse `metric` for objects of this kind until `allow_metric`; return the name of the wording.

        `wording` names one of `wordings.WORDINGS`; without it, `seed` picks one. ValueError for an unknown kind or wording.
        """
        chosen = wording or choose_wording(seed, kind, metric)
        if chosen not in WORDINGS:
            raise ValueError(f"{chosen!r} is no wording. Known: {', '.join(WORDINGS)}")
        if kind not in (*get_args(Kind), *get_args(MediaKind)):
            raise ValueError(f"{kind!r} is no kind of object that has insights")
        self.simulation.refused_metrics[kind, metric] = chosen
        return chosen

    def allow_metric(self, metric: str, kind: RefusedKind) -> None:
        """End a refusal. KeyError when there is none."""
        del self.simulation.refused_metrics[kind, metric]

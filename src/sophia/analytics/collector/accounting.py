"""The report of a run for an operator: the result of each family, what failed, what to do (C10)."""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy.exc import DBAPIError

from sophia.analytics.readings.runs_store import RunOutcome
from sophia.errors import StoreError
from sophia.meta.bisection import TEMPORARY
from sophia.meta.catalogue.terms import Platform
from sophia.meta.errors import STOPS_TOKEN, GraphError, Remedy
from sophia.meta.fallbacks import RunContext
from sophia.vault import redact_secrets

log = structlog.get_logger(__name__)
# When a host that does not answer is tried again. Meta's outages last minutes, those of a laptop's network less.
AGAIN_AFTER_SILENCE = timedelta(minutes=5)
# When a run is repeated in which Meta's servers failed on every call: failed calls count against Meta's limits.
AGAIN_AFTER_OUTAGE = timedelta(minutes=15)
FAMILY_OF_EDGE = {"published_posts": "posts", "video_reels": "posts"}
MOST_EXAMPLES = 5
STATUS_AFTER = {Remedy.RECONNECT: "needs_reconnect", Remedy.PAUSE: "throttled"}
NEEDS_A_PERSON = frozenset(
    {Remedy.RECONNECT, Remedy.STOP_APPLICATION, Remedy.UNREACHABLE, Remedy.ASK_PERSON, Remedy.WITHOUT_FIELD}
)


INSIGHTS_PERMISSION = {Platform.FACEBOOK: "read_insights", Platform.INSTAGRAM: "instagram_manage_insights"}
# Meta returns no demographics and no split by follower for an account with fewer than 100 followers (GRAPH_API §1d),
# and perhaps no person tapped a contact button.
MAY_HAVE_NONE = frozenset({"demographics", "weeks"})
NONE_YET = "Meta answered without any value for {family}."
SMALL_ACCOUNT = (
    "Nothing, if the account has fewer than 100 followers. Otherwise connect it again and allow {permission}: "
    "sophia connect"
)
ALLOW_INSIGHTS = (
    "Connect this account again and allow {permission}: sophia connect. The next run asks for these days again."
)
LIST_CUT_SHORT = (
    "Meta's list ended early, although it named a next page. Posts missing from it do not count as deleted."
)


@dataclass(slots=True)
class Accounting:
    """The outcome of a run while it grows. Every problem has a message and an action, and is reported once."""

    outcome: RunOutcome = field(default_factory=RunOutcome)
    _failed: set[str] = field(default_factory=set)
    _reported: set[int] = field(default_factory=set)
    _outage: dict[str, tuple[GraphError, datetime]] = field(default_factory=dict)  # families that failed in passing

    def answered(self, family: str) -> None:
        self.outcome.families[family]["answers"] += 1

    def ended(self, family: str) -> None:
        self.outcome.families[family]["ended"] = "ok"

    def failed(self, family: str, error: GraphError, now: datetime) -> None:
        """Record that a family ended with an error of Meta. An error that stops the whole account is reported once.

        A family that such an error interrupts keeps its answers and is "stopped"; a family without an answer is "not
        asked".
        """
        self._fail(family)
        outcome, state = self.outcome, self.outcome.families[family]
        if error.remedy in STOPS_TOKEN:
            state["ended"] = "stopped" if state["answers"] or id(error) not in self._reported else "not asked"
        outcome.status = STATUS_AFTER.get(error.remedy, outcome.status)
        if error.remedy is Remedy.PAUSE:
            outcome.resume_at = error.resume_at
        elif error.remedy is Remedy.UNREACHABLE:
            outcome.resume_at = now + AGAIN_AFTER_SILENCE
        elif error.remedy in (Remedy.AGAIN, Remedy.FAILING):
            self._outage[family] = (error, now)
        if id(error) in self._reported:
            return
        self._reported.add(id(error))
        outcome.problems.append(as_problem(family, error))
        if error.remedy in NEEDS_A_PERSON and outcome.action_needed is None:
            outcome.action_needed = f"{error.advice} ({error.text})"

    def store_failed(self, family: str, error: DBAPIError | StoreError) -> None:
        """Report a database error in the driver's words, without the statement, whose parameters may be private."""
        self._fail(family)
        text = str(error.orig if isinstance(error, DBAPIError) else error).strip()
        reason = text.splitlines()[0] if text else type(error).__name__
        action = "Check the database: its disk, its permissions, its connections. The next run reads this again."
        self._problem(family, "store", f"The store could not be written: {redact_secrets(reason)}", action)
        self.outcome.action_needed = self.outcome.action_needed or action

    def crashed(self, family: str, error: Exception) -> None:
        self._fail(family)
        message = f"{type(error).__name__}: an error in Sophia; its log says more"
        self._problem(family, "crashed", message, "Report this error in Sophia, with the lines of its log.")

    def not_allowed(self, family: str, message: str, what_to_do: str) -> None:
        """Record that a family was not requested because a permission is missing that only this family needs."""
        self._fail(family)
        self.outcome.families[family]["ended"] = "not permitted"
        self._problem(family, "permission", message, what_to_do)

    def silent(self, family: str, context: RunContext, *, had_values: bool) -> None:
        """Record that Meta answered without a value. A family that may have none by its nature fails nothing."""
        permission = INSIGHTS_PERMISSION[context.platform]
        may_have_none = family in MAY_HAVE_NONE and not had_values
        self.outcome.families[family]["ended"] = "none" if may_have_none else "empty"
        if may_have_none:
            self._problem(
                family, "no_values", NONE_YET.format(family=family), SMALL_ACCOUNT.format(permission=permission)
            )
            return
        self._failed.add(family)
        before = "where it gave values before" if had_values else "and never gave one"
        if permission in context.scopes:
            reason = f"Most likely the token lacks the permission {permission}"
        else:
            reason = f"The token lacks the permission {permission}"
        message = f"Meta answered without any value for {family}, {before}. {reason}."
        action = ALLOW_INSIGHTS.format(permission=permission)
        self._problem(family, "no_values", message, action)
        self.outcome.action_needed = self.outcome.action_needed or f"{action} ({message})"

    def cut_short(self, family: str) -> None:
        """Record that a list ended although Meta named a next page. What it listed is stored."""
        self._failed.add(family)
        self.outcome.families[family]["ended"] = "incomplete"
        self._problem(family, "incomplete", LIST_CUT_SHORT, "Nothing: the next run reads the list again.")

    def noted(self, family: str, code: str, message: str, what_to_do: str) -> None:
        """Report something that a person should know and that does not affect the rest of the family."""
        self._problem(family, code, message, what_to_do)

    def out_of_time(self, minutes: float) -> None:
        message = f"The run took longer than {minutes:g} minutes and was stopped; what it fetched is stored."
        self._failed.add("deadline")
        self._problem("run", "deadline", message, "Nothing: the next run continues there.")

    def conclude(self, context: RunContext) -> None:
        """Report what was refused, skipped or rejected, and set the status."""
        outcome = self.outcome
        for refusal in context.refusals:
            message = f"Meta refuses {refusal.metric} for {refusal.kind.value}: {refusal.reason}"
            remedy = Remedy.WITHOUT_METRIC if refusal.everywhere else Remedy.METRIC_WITHHELD
            self._problem("metrics", refusal.code, message, advice_of(remedy), subcode=refusal.subcode)
        for edge, error in context.withheld.items():
            outcome.problems.append(as_problem(edge, error))
            outcome.action_needed = outcome.action_needed or f"{error.advice} ({error.text})"
        for edge, error in context.cut.items():
            family = FAMILY_OF_EDGE.get(edge, edge)
            self._fail(family)
            outcome.problems.append(as_problem(family, error))
        outcome.problems += skipped_problems(context.skipped.items())
        outcome.problems += skipped_problems(context.incomplete.items())
        if outcome.saved.unclassified:
            names = ", ".join(sorted(outcome.saved.unclassified))
            message = f"Meta sent metrics that the catalogue does not know; they are stored as unclassified: {names}"
            self._problem("metrics", "unclassified", message, "Nothing, or a row in the catalogue for each.")
        if outcome.saved.unknown_kinds:
            message, action = unknown_kinds_problem(outcome.saved.unknown_kinds)
            self._problem("media", "unknown_kind", message, action)
        if outcome.saved.quarantined:
            what = "; ".join(
                f"{what} ({count}×)" for what, count in first_examples(outcome.saved.rejected_items.items())
            )
            message = f"{outcome.saved.quarantined} parts of answers were invalid and rejected: {what}"
            self._problem(
                "quarantine", "set_aside", message, "Nothing, unless this persists: the next run reads them again."
            )
        if any(error.remedy in TEMPORARY for error in context.skipped.values()):
            self._failed.add("posts")
        if outcome.status == "ok":
            self._settle_status()

    def _settle_status(self) -> None:
        outcome = self.outcome
        if self._failed:
            answered = any(family["answers"] for family in outcome.families.values())
            outcome.status = "partial" if answered else "failed"
            if not answered and self._failed == set(self._outage):
                self._note_outage()
        elif outcome.saved.quarantined:
            outcome.status = "partial"

    def _note_outage(self) -> None:
        """Let the server repeat the run soon and name the probable cause, because every family failed temporarily."""
        error, now = next(iter(self._outage.values()))
        is_silence = error.code == 0
        self.outcome.resume_at = now + (AGAIN_AFTER_SILENCE if is_silence else AGAIN_AFTER_OUTAGE)
        if is_silence and self.outcome.action_needed is None:
            self.outcome.action_needed = f"{advice_of(Remedy.UNREACHABLE)} ({error.text})"

    def _fail(self, family: str) -> None:
        self._failed.add(family)
        if family in self.outcome.families:
            self.outcome.families[family]["ended"] = "failed"

    def _problem(
        self, family: str, code: int | str, message: str, what_to_do: str, *, subcode: int | None = None
    ) -> None:
        note = {"family": family, "code": code, "message": redact_secrets(message), "what_to_do": what_to_do}
        self.outcome.problems.append(note if subcode is None else {**note, "subcode": subcode})


async def attempt(
    accounting: Accounting, family: str, work: Callable[[], Awaitable[None]], now: datetime, name: str
) -> None:
    """Do the work of a family. Any failure is recorded and ends this family only (C1)."""
    try:
        await work()
    except GraphError as error:
        accounting.failed(family, error, now)
    except (DBAPIError, StoreError) as error:
        accounting.store_failed(family, error)
    except Exception as error:  # an unforeseen exception ends this family only
        accounting.crashed(family, error)
        log.exception("family_crashed", accounting=name, family=family)
    else:
        if accounting.outcome.families[family]["ended"] == "not asked":
            accounting.ended(family)


def as_problem(family: str, error: GraphError) -> dict[str, Any]:
    note: dict[str, Any] = {"family": family, "code": error.code, "message": error.text}
    if error.subcode is not None:
        note["subcode"] = error.subcode
    if error.trace:
        note["fbtrace_id"] = error.trace
    if error.resume_at:
        note["resume_at"] = error.resume_at.isoformat()
    return {**note, "what_to_do": error.advice}


def skipped_problems(skipped: Iterable[tuple[str, GraphError]]) -> list[dict[str, Any]]:
    """Return one problem per reason with its objects, so that a hundred posts are not a hundred lines."""
    reasons: dict[tuple[int, int | None, Remedy], list[tuple[str, GraphError]]] = {}
    for name, error in skipped:
        reasons.setdefault((error.code, error.subcode, error.remedy), []).append((name, error))
    problems = []
    for group in reasons.values():
        names = [name for name, _ in group]
        examples = ", ".join(first_examples(names)) + (
            f" and {len(names) - MOST_EXAMPLES} more" if len(names) > MOST_EXAMPLES else ""
        )
        note = as_problem(f"object {names[0]}" if len(names) == 1 else f"{len(names)} objects", group[0][1])
        problems.append({**note, "objects": names, "message": f"{examples}: {note['message']}"})
    return problems


def unknown_kinds_problem(counts: Mapping[str, int]) -> tuple[str, str]:
    """Return the message about media of unknown kinds, and what to do."""
    posts = sum(counts.values())
    kinds = "; ".join(f"{kind} ({count}×)" for kind, count in first_examples(sorted(counts.items())))
    message = f"Meta lists {posts} media of a kind that Sophia does not know: {kinds}. They are kept as kind other."
    return message, "Nothing: their basic metrics are read. A newer Sophia may know the kind and read more of it."


def advice_of(remedy: Remedy) -> str:
    return GraphError("", remedy=remedy).advice


def first_examples(items: Iterable[Any]) -> list[Any]:
    return list(items)[:MOST_EXAMPLES]

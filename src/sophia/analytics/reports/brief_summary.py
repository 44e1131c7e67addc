"""What follows from the clients of a brief: their counts, moves of response, and the commentary."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from math import log1p

from sophia.analytics.anomalies.sentences import say_event
from sophia.analytics.figures.sentences import PLATFORM_NAMES, Reference, Sentence, say
from sophia.analytics.readings.permissions import ClientScope
from sophia.analytics.reports.brief_records import Brief, ClientBrief, ClientStatus, ResponseMove
from sophia.meta.catalogue.terms import Platform

# A smaller change of the response is not worth acting on, however certain it is.
SMALLEST_MOVE = log1p(0.10)
# A smaller change of all clients is not mentioned.
SHARED_PERCENT = 5.0


def restrict_brief(brief: Brief, allowed_clients: ClientScope) -> Brief:
    """Return the brief of all clients as a viewer of some of them gets it; None allows all."""
    if allowed_clients is None:
        return brief
    clients = tuple(client_brief for client_brief in brief.clients if client_brief.client_id in allowed_clients)
    return summarize_brief(replace(brief, clients=clients))


def summarize_brief(brief: Brief) -> Brief:
    """Return the brief with what follows from its clients: their counts, moves of response, and the commentary."""
    counts = {state.value: sum(client_brief.state is state for client_brief in brief.clients) for state in ClientStatus}
    brief = replace(brief, counts=counts | {"clients": len(brief.clients)}, moved=_moved(brief.clients))
    return replace(brief, commentary=tuple(_commentary(brief)))


def _moved(client_briefs: Iterable[ClientBrief]) -> tuple[ResponseMove, ...]:
    """Return the clients whose change in response chance does not explain among the whole portfolio."""
    moves = [
        ResponseMove(brief.client_id, brief.name, Platform(platform), part.percent, part.percent_interval)
        for brief in client_briefs
        for platform, split in brief.drivers.items()
        if (part := split.people) is not None
        and part.is_confident
        and part.percent_interval is not None
        and abs(part.log) >= SMALLEST_MOVE
    ]
    return tuple(sorted(moves, key=lambda move: (-move.percent, move.client_id, move.platform)))


def _commentary(brief: Brief) -> Iterator[Sentence]:
    for index, event in enumerate(brief.events):
        yield say_event(brief, event, f"events.{index}.")
    yield from algorithm_changes(brief)
    yield say(
        brief,
        "Clients: {clients}. Critical (coral): {coral}; watch (amber): {amber}; on track (sage): {sage}; no data: {none}.",
        clients="counts.clients",
        coral="counts.coral",
        amber="counts.amber",
        sage="counts.sage",
        none="counts.no data",
    )
    for index, moved in enumerate(brief.moved):
        word = "rose" if moved.percent > 0 else "fell"
        yield say(
            brief,
            f"The audience's response to {{name}} on {PLATFORM_NAMES[moved.platform]} {word}: {{percent}} (95 % interval "
            "{interval}), more than chance explains among all clients.",
            name=Reference(f"moved.{index}.name", "text"),
            percent=Reference(f"moved.{index}.percent", "signed_percent"),
            interval=Reference(f"moved.{index}.interval", "range_percent"),
        )
    for index in range(len(brief.annotations)):
        path = f"annotations.{index}"
        day, text = Reference(f"{path}.day", "text"), Reference(f"{path}.text", "text")
        yield say(brief, "Annotation of {day}: {text}", day=day, text=text)


def algorithm_changes(brief: Brief) -> Iterator[Sentence]:
    """Describe the certain change of distribution that all clients share on a platform."""
    for platform in PLATFORM_NAMES:
        for index, client in enumerate(brief.clients):
            split = client.drivers.get(platform)
            part = None if split is None else split.platform
            if part is None or part.verdict == "not enough evidence" or abs(part.percent) < SHARED_PERCENT:
                continue
            word = "increased" if part.verdict == "up" else "reduced"
            yield say(
                brief,
                f"On {PLATFORM_NAMES[platform]} the algorithm {word} the distribution of all clients by {{percent}}.",
                percent=Reference(f"clients.{index}.drivers.{platform}.platform.percent", "change_size"),
            )
            break

"""Cases in which Meta answers unexpectedly: 02, 03, 09, 10, 12 and 16 of the folder of failing inputs."""

import json
from collections.abc import Iterator
from pathlib import Path

from tests.cases.checks import Check
from tests.cases.trials import Laboratory, Trial

OUR_FAULT = "Report this error"
TEXT_FOR_USERS = ("Picture too wide", "The picture has an aspect ratio that cannot be published.")


def rules_of(folder: Path) -> dict[str, list[dict[str, object]]]:
    rules: dict[str, list[dict[str, object]]] = json.loads((folder / "rules.json").read_text())
    return rules


def lost_metrics(laboratory: Laboratory, trial: Trial, *, without: str = "") -> set[str]:
    """The names of metrics that are missing where the control has them; `without`: a post that may be missing."""
    return {name for _, _, post, name in laboratory.control.readings - trial.readings if post != without or not post}


def refused_metrics(laboratory: Laboratory, folder: Path) -> Iterator[Check]:
    """02: a metric that Meta refuses in any wording costs itself and is reported."""
    for label, rules in rules_of(folder).items():
        trial, metric = laboratory.run(rules), str(rules[0]["metric"])
        yield Check(f"{label}: lost", {metric}, lost_metrics(laboratory, trial))
        yield Check(f"{label}: reported", expected=True, actual=trial.reported.count(metric) > 1)
        yield Check(f"{label}: taken for a fault of Sophia", expected=False, actual=OUR_FAULT in trial.collect)


def invalid_newest_object(laboratory: Laboratory, folder: Path) -> Iterator[Check]:
    """03: an invalid newest object and a refused metric cost themselves, no more."""
    for label, rules in rules_of(folder).items():
        trial = laboratory.run(rules)
        lost = lost_metrics(laboratory, trial, without=laboratory.names["newest_ig"])
        yield Check(f"{label}: lost", {"reposts"}, lost)


def text_for_users(laboratory: Laboratory, _: Path) -> Iterator[Check]:
    """09: the text that Meta writes for users is shown."""
    rule = {
        "path": "{page}/insights",
        "code": 100,
        "subcode": 2207089,
        "message": "Invalid parameter",
        "user": TEXT_FOR_USERS,
    }
    trial = laboratory.run([rule])
    for text in TEXT_FOR_USERS:
        yield Check(f"shown: {text}", expected=True, actual=text in trial.collect)


def unknown_media(laboratory: Laboratory, folder: Path) -> Iterator[Check]:
    """10: media of an unknown kind are kept and reported."""
    for label, rules in rules_of(folder).items():
        trial = laboratory.run(rules)
        yield Check(f"{label}: posts", laboratory.control.posts("instagram"), trial.posts("instagram"))
        for kind in ("IGTV", "CLIPS"):
            yield Check(f"{label}: {kind} is reported", expected=True, actual=kind in trial.collect)


def business_portfolio(laboratory: Laboratory, folder: Path) -> Iterator[Check]:
    """12: Pages of a business portfolio are connected, or the message names the permission and the way round."""
    for label, rules in rules_of(folder).items():
        trial = laboratory.run(rules)
        helped = "connected" in trial.connect or (
            "business_management" in trial.connect and "SOPHIA_FACEBOOK_PAGE_ID" in trial.connect
        )
        yield Check(f"{label}: connected or explained", expected=True, actual=helped)


def replaced_page(laboratory: Laboratory, folder: Path) -> Iterator[Check]:
    """16: a Page that was replaced by another is not a fault of Sophia; the new one must be connected."""
    for label, rules in rules_of(folder).items():
        trial = laboratory.run(rules)
        output = trial.connect + trial.collect + trial.status
        yield Check(f"{label}: taken for a fault of Sophia", expected=False, actual=OUR_FAULT in output)
        yield Check(f"{label}: says to connect", expected=True, actual="sophia connect" in output)


META_CASES = {
    "02": refused_metrics,
    "03": invalid_newest_object,
    "09": text_for_users,
    "10": unknown_media,
    "12": business_portfolio,
    "16": replaced_page,
}

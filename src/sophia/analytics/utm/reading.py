"""Reads tags back: which of them an address carries, and which draft `utm_content` names."""

import re
from urllib.parse import parse_qsl

TAGS = ("utm_source", "utm_medium", "utm_campaign", "utm_content")
_DRAFT = re.compile(r"post_([1-9][0-9]{0,18})")
_LARGEST_ID = 2**63 - 1
_MOST_PARAMETERS = 200


def read_tags(address: str) -> dict[str, str]:
    """The four tags that an address carries, the first of each name; also of a path such as `/menu?utm_content=post_7`.

    Whatever the text is, it has tags or none; nothing is raised.
    """
    query = address.partition("#")[0].partition("?")[2].replace("&amp;", "&")
    if query.count("&") >= _MOST_PARAMETERS:
        return {}
    found: dict[str, str] = {}
    for name, value in parse_qsl(query):
        # What cannot be shown cannot be a tag of ours, and PostgreSQL keeps no NUL.
        if name.lower() in TAGS and value.isprintable():
            found.setdefault(name.lower(), value)
    return found


def draft_named(utm_content: str | None) -> int | None:
    """The number in `post_42`; None for whatever else may stand there."""
    named = _DRAFT.fullmatch(utm_content or "")
    return int(named[1]) if named and int(named[1]) <= _LARGEST_ID else None


def lost_tags(sent: str, arrived: str) -> tuple[str, ...]:
    """Which tags of the address that was sent are missing, or have another value, in the one that was arrived at."""
    left = read_tags(arrived)
    return tuple(name for name, value in read_tags(sent).items() if left.get(name) != value)

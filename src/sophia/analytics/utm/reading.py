"""Reads the tags of an address, and the draft in `utm_content`."""

import re
from urllib.parse import parse_qsl

TAGS = ("utm_source", "utm_medium", "utm_campaign", "utm_content")
_DRAFT = re.compile(r"post_([1-9][0-9]{0,18})")
_LARGEST_ID = 2**63 - 1
_MOST_PARAMETERS = 200


def read_tags(address: str) -> dict[str, str]:
    """Return the first value of each of the four tags in an address or in a path such as `/menu?utm_content=post_7`.

    Never raises: any text has tags or none.
    """
    query = address.partition("#")[0].partition("?")[2].replace("&amp;", "&")
    if query.count("&") >= _MOST_PARAMETERS:
        return {}
    tags: dict[str, str] = {}
    for name, value in parse_qsl(query):
        # Sophia's tags are printable, and PostgreSQL cannot store NUL.
        if name.lower() in TAGS and value.isprintable():
            tags.setdefault(name.lower(), value)
    return tags


def draft_from_tag(utm_content: str | None) -> int | None:
    """Return the number in `post_42`; None for any other text."""
    match = _DRAFT.fullmatch(utm_content or "")
    return int(match[1]) if match and int(match[1]) <= _LARGEST_ID else None


def lost_tags(sent: str, arrived: str) -> tuple[str, ...]:
    """Return the tags of the sent address that are missing or different in the address where it arrived."""
    arrived_tags = read_tags(arrived)
    return tuple(name for name, value in read_tags(sent).items() if arrived_tags.get(name) != value)

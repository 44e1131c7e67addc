"""The little language of `fields=`: names, nested braces, and modifiers in parentheses."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from sophia.demo.meta.graph.errors import bad_syntax

_CLOSING = {"(": ")", "{": "}"}


@dataclass(frozen=True, slots=True)
class Field:
    """`name.modifier(argument){subfields}`; `subfields` is None when there are no braces."""

    name: str
    modifiers: tuple[tuple[str, str], ...] = ()
    subfields: tuple["Field", ...] | None = None

    @property
    def arguments(self) -> dict[str, str]:
        return dict(self.modifiers)

    @property
    def wanted(self) -> frozenset[str] | None:
        """The names inside the braces; None means everything."""
        return None if self.subfields is None else frozenset(field.name for field in self.subfields)


@lru_cache(maxsize=256)
def parse_fields(text: str) -> tuple[Field, ...]:
    """The fields that `text` names. GraphError 2500 when brackets do not match."""
    return tuple(_parse_field(part) for part in _split(text))


def _split(text: str) -> Iterator[str]:
    """Parts between commas that stand outside of all brackets."""
    start = 0
    place = 0
    while place < len(text):
        if text[place] in _CLOSING:
            place = _matching(text, place)
        elif text[place] == ",":
            yield text[start:place]
            start = place + 1
        place += 1
    if text[start:].strip():
        yield text[start:]


def _matching(text: str, opening: int) -> int:
    """Where the bracket that opens at `opening` is closed."""
    expected: list[str] = []
    for place in range(opening, len(text)):
        sign = text[place]
        if sign in _CLOSING:
            expected.append(_CLOSING[sign])
        elif sign in ")}":
            if expected.pop() != sign:
                raise bad_syntax(text[place:])
            if not expected:
                return place
    raise bad_syntax(text[opening:])


def _parse_field(part: str) -> Field:
    part = part.strip()
    end = next((index for index, sign in enumerate(part) if sign in ".{("), len(part))
    name, rest = part[:end].strip(), part[end:]
    if not name.replace("_", "").isalnum():
        raise bad_syntax(part)
    modifiers: list[tuple[str, str]] = []
    subfields: tuple[Field, ...] | None = None
    while rest:
        bracket = next((place for place, sign in enumerate(rest) if sign in _CLOSING), -1)
        if bracket < 0 or subfields is not None:
            raise bad_syntax(rest)
        closing = _matching(rest, bracket)
        inside, word = rest[bracket + 1 : closing], rest[:bracket]
        if rest[bracket] == "{" and not word.strip():
            subfields = parse_fields(inside)
        elif rest[bracket] == "(" and word.startswith("."):
            modifiers.append((word[1:], inside))
        else:
            raise bad_syntax(rest)
        rest = rest[closing + 1 :]
    arguments = dict(modifiers)
    if subfields is None and "fields" in arguments:
        subfields = parse_fields(arguments["fields"])
    return Field(name, tuple(modifiers), subfields)

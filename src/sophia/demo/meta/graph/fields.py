"""The syntax of `fields=`: names, nested braces, and modifiers in parentheses."""

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
    def subfield_names(self) -> frozenset[str] | None:
        """The names inside the braces; None means everything."""
        return None if self.subfields is None else frozenset(field.name for field in self.subfields)


@lru_cache(maxsize=256)
def parse_fields(text: str) -> tuple[Field, ...]:
    """Return the fields that `text` names. GraphError 2500 when brackets do not match."""
    return tuple(_parse_field(part) for part in _split(text))


def _split(text: str) -> Iterator[str]:
    """Yield the parts between the commas outside all brackets."""
    start = 0
    index = 0
    while index < len(text):
        if text[index] in _CLOSING:
            index = _matching(text, index)
        elif text[index] == ",":
            yield text[start:index]
            start = index + 1
        index += 1
    if text[start:].strip():
        yield text[start:]


def _matching(text: str, opening: int) -> int:
    """Return the index of the bracket that closes the one at `opening`."""
    expected: list[str] = []
    for index in range(opening, len(text)):
        sign = text[index]
        if sign in _CLOSING:
            expected.append(_CLOSING[sign])
        elif sign in ")}":
            if expected.pop() != sign:
                raise bad_syntax(text[index:])
            if not expected:
                return index
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
        bracket = next((index for index, sign in enumerate(rest) if sign in _CLOSING), -1)
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

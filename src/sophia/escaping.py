"""Escapes text from outside for terminals and logs, so that it cannot control the terminal or forge a line.

Names, messages and addresses come from Meta, from requests and from files. An escape sequence in them could rename the
window, hide a line, or write to the clipboard of the reader.
"""

import re

# The pattern of texts that users name things with.
PRINTABLE = r"^[^\x00-\x1f\x7f]+$"
# C0 (with ESC, BEL, CR and LF), DEL, C1 (with the one-character CSI and OSC), the two separators that end a line,
# controls of text direction, and lone surrogates, which no stream can encode.
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_CONTROL_IN_LINES = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def escape_controls(text: str, *, keep_lines: bool = False) -> str:
    r"""Return the text with every control character written as \uXXXX, as in JSON, so that a JSON document stays the same.

    `keep_lines` leaves line feeds and tabs as they are, for documents and tracebacks.
    """
    pattern = _CONTROL_IN_LINES if keep_lines else _CONTROL
    return pattern.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


def shorten(text: str, limit: int) -> str:
    """Return the first `limit` characters and the number of omitted ones; a shorter text stays unchanged."""
    return text if len(text) <= limit else f"{text[:limit].rstrip()} … ({len(text) - limit:,} more characters)"

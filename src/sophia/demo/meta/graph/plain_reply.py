"""An answer that is no JSON: a page, a redirect or a picture, for browsers."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PlainReply:
    """The status, the content with its media type, and the target of a redirect."""

    status: int
    content: bytes = b""
    media_type: str = "text/html; charset=utf-8"
    location: str = ""

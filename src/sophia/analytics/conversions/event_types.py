"""The types of conversion events, and how an event is credited. The API and the database use these values."""

from typing import Final, Literal

EventType = Literal["utm_click", "save", "follow", "dm", "inquiry", "conversion", "refund"]
AttributedBy = Literal["content_draft_id", "utm_content", "link_url", "utm_source"]

CLICK: Final = "utm_click"
INQUIRY: Final = "inquiry"
CONVERSION: Final = "conversion"
REFUND: Final = "refund"
SALES = (CONVERSION, REFUND)
TOUCHES = (CLICK, "save", "follow", "dm", INQUIRY)
# Google Analytics writes this for a visit without a known channel.
DIRECT = "(direct)"

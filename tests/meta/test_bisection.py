"""What a message names is asked apart first; which names fail is decided by the answers alone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sophia.meta.bisection import Part, suspected_names

NAMES = ("reach", "views", "saved", "post_clicks", "post_clicks_by_type")


@pytest.mark.parametrize(
    ("message", "found"),
    [
        ("(#100) Incompatible metric (saved) with the media", ("saved",)),
        ("(#100) The metric post_clicks_by_type has been deprecated.", ("post_clicks_by_type",)),
        ("(#12) «saved» ya no está disponible", ("saved",)),
        ("saved, views: nicht verfügbar", ("views", "saved")),
        ("(#100) metric[2] must be one of the following values: reach, views", ("saved",)),
        ("Enum value at insights.metric[1] cannot be resolved", ("views",)),
        # Names that the message itself lists as valid are not to blame.
        ("(#100) metric[2] must be one of the following values: reach, views, saved", ()),
        ("(#100) saved is wrong. Valid values are: views, saved", ()),
        ("(#100) The value must be a valid insights metric", ()),
        ("reach views saved post_clicks post_clicks_by_type", ()),
        ("metric[99] is unknown", ()),
        ("unsaved reviews", ()),
        ("metric[" + "9" * 5000 + "]", ()),
        ("", ()),
    ],
)
def test_what_a_message_speaks_of(message: str, found: tuple[str, ...]) -> None:
    """L3: a hint for the search; a name inside another name, or in a list of valid ones, is none."""
    assert suspected_names(message, NAMES) == found


@given(st.text(), st.lists(st.sampled_from(NAMES), min_size=2, unique=True).map(tuple))
def test_every_name_is_in_one_piece(message: str, names: tuple[str, ...]) -> None:
    """L3: whatever the message says, a part falls into two smaller ones, so that a search ends."""
    pieces = Part("1", "insights", names).by_name(message)
    assert sorted(name for piece in pieces for name in piece.names) == sorted(names)
    assert all(0 < len(piece.names) < len(names) for piece in pieces)

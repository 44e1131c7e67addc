"""JSON that is nearly clean."""

import pytest

from sophia.meta.json_text import read_json


def test_a_cut_emoji_costs_itself() -> None:
    """A16: half a character in one caption leaves the rest of the answer as it is."""
    assert read_json(rb'{"data":[{"message":"cut \ud83d"},{"id":"2"}]}') == {
        "data": [{"message": "cut \N{REPLACEMENT CHARACTER}"}, {"id": "2"}]
    }


def test_an_endless_number_costs_itself() -> None:
    """A15: a number of 100,000 digits is read at once, as one that is never stored."""
    assert read_json(b'{"a":1,"b":' + b"9" * 100_000 + b"}") == {"a": 1, "b": float("inf")}


@pytest.mark.parametrize("body", [b"", b"<html>", b'{"a":', b"[" * 100_000, b"\xff"])
def test_what_is_no_json_is_refused(body: bytes) -> None:
    """C8: said with ValueError, whatever is wrong with it."""
    with pytest.raises(ValueError, match=r"."):
        read_json(body)

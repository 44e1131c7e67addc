"""The little language of `fields=`."""

import pytest

from sophia.demo.meta.graph.errors import GraphError
from sophia.demo.meta.graph.fields import Field, parse_fields


def test_nested_braces_and_modifiers_are_read() -> None:
    """Names, modifiers with lists, and braces inside braces come out as they went in."""
    text = "id,insights.metric(a,b).period(lifetime){name,values},x{y{z},w},c.summary(true).limit(0)"
    assert parse_fields(text) == (
        Field("id"),
        Field("insights", (("metric", "a,b"), ("period", "lifetime")), (Field("name"), Field("values"))),
        Field("x", (), (Field("y", (), (Field("z"),)), Field("w"))),
        Field("c", (("summary", "true"), ("limit", "0"))),
    )


@pytest.mark.parametrize("text", ["a{b", "a(b}", "a)b", "a.limit(1", "a{b}c", "a-b", "a.limit"])
def test_bad_syntax_is_refused(text: str) -> None:
    """Brackets that do not match are error 2500."""
    with pytest.raises(GraphError) as caught:
        parse_fields(text)
    assert caught.value.code == 2500

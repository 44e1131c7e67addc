"""Mail addresses: what a server and a header can hold."""

import pytest

from sophia.errors import InvalidInputError
from sophia.reporting.schedules.addresses import expect_address


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("anna@example.com", "anna@example.com"),
        ("  Anna.B+news@Example.COM ", "Anna.B+news@example.com"),
        ("anna@bücher.example", "anna@xn--bcher-kva.example"),
        ("anna@例え.テスト", "anna@xn--r8jz45g.xn--zckzah"),
        ("o'neil_1@mail.example.co.uk", "o'neil_1@mail.example.co.uk"),
    ],
)
def test_an_address_has_an_ascii_domain(text: str, expected: str) -> None:
    assert expect_address(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "anna",
        "@example.com",
        "anna@",
        "anna@localhost",
        "anna@example..com",
        "anna@-example.com",
        "anna@example.com.",
        "anna@exa mple.com",
        "anna b@example.com",
        "anna@ben@example.com",
        ".anna@example.com",
        "anna@example.com\r\nBcc: eve@evil.example",
        "anna\n@example.com",
        "anna@example.com\nRCPT TO:<eve@evil.example>",
        "<anna@example.com>",
        "Anna <anna@example.com>",
        '"anna"@example.com',
        "änna@example.com",
        "anna@[127.0.0.1]",
        f"{'a' * 65}@example.com",
        f"anna@{'a' * 64}.com",
        f"anna@{'a.' * 130}com",
    ],
)
def test_other_texts_are_refused_with_what_is_wrong(text: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        expect_address(text)
    assert str(caught.value).isprintable()

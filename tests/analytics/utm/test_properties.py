"""What holds for every copy and every address, tried on made-up ones and compared with what a browser reads."""

import html
from time import process_time
from urllib.parse import unquote

import pytest
from ada_url import URL, check_url
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tests.analytics.utm.cases import BARE, CASES

from sophia.analytics.utm.tagging import build_utm_url, inject_utm_into_copy, tag_copy

PAIRS = [("utm_source", "instagram"), ("utm_medium", "social"), ("utm_campaign", "tips"), ("utm_content", "post_42")]
OURS = {name for name, _ in PAIRS}

# ruff: noqa: RUF001 - letters of many scripts

# Copy made of what decides where links begin and end, of letters of many scripts, and of anything at all.
PIECES = (
    *(
        "https://",
        "HTTP://",
        "ftp://",
        "mailto:",
        "www.",
        "ex.com",
        "a.b",
        "münchen.de",
        "例え.jp",
        "[::1]",
        "u:p@",
        ":80",
    ),
    *(
        "/",
        "?",
        "#",
        "&",
        "=",
        "&amp;",
        "&#39;",
        "&quot;",
        "utm_source=x",
        "UTM_content=",
        "utm_term=y",
        "%E9",
        "%",
        "+",
    ),
    *(
        "(",
        ")",
        "[",
        "]",
        "{",
        "}",
        "<",
        ">",
        '"',
        "'",
        "`",
        "*",
        "**",
        "_",
        "~",
        "|",
        ",",
        ";",
        ".",
        "!",
        ":",
        "@",
        "\\",
        "-",
    ),
    *(
        "a",
        "Z",
        "9",
        "é",
        "e\u0301",
        "ж",
        "α",
        "日",
        "本",
        "か",
        "한",
        "ไ",
        "ม\u0e34",
        "ع",
        "ש",
        "क\u093f",
        "。",
        "、",
        "）",
        "・",
    ),
    *(
        "…",
        "’",
        "”",
        "»",
        "–",
        "—",
        "\u200b",
        "\u200c",
        "\u200d",
        "🔥",
        "❤\ufe0f",
        "1\ufe0f\u20e3",
        " ",
        "\n",
        "\u3000",
        "\x00",
        "\ud800",
    ),
)
COPY = st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=3)), max_size=24).map("".join)
PART = st.lists(st.sampled_from("aZ09-._~!$'()*+,;:@%|^[]{}éж日"), max_size=8).map("".join)
QUERY = st.lists(
    st.one_of(
        PART.map(lambda part: part.replace("&", "")),
        st.sampled_from(("utm_source=x", "UTM_MEDIUM", "utm_term=t", "a=", "=", "")),
    ),
    max_size=6,
).map("&".join)
HOST = st.sampled_from(("ex.com", "EX.com.", "münchen.de", "xn--mnchen-3ya.de", "例え.jp", "[::1]", "192.0.2.7", "a_b.ex.com", "localhost", "[x]", "a b", "ex.com:99999", "u@ex.com", "..", "", "1.2.3"))  # fmt: skip


@st.composite
def addresses(draw: st.DrawFn) -> str:
    scheme = draw(st.sampled_from(("https", "http", "HTTPS")))
    port = draw(st.sampled_from(("", ":", ":8080", ":443", ":0", ":x")))
    path = draw(st.one_of(st.just(""), PART.map("/{}".format)))
    query = draw(st.one_of(st.just(""), QUERY.map("?{}".format)))
    fragment = draw(st.one_of(st.just(""), st.one_of(PART, QUERY).map("#{}".format)))
    return f"{scheme}://{draw(HOST)}{port}{path}{query}{fragment}"


def inject(copy: str, *, bare_domains: bool = False) -> str:
    return inject_utm_into_copy(copy, "instagram", "tips", 42, bare_domains=bare_domains)


@given(addresses())
@settings(max_examples=500, deadline=None)
def test_a_browser_reads_the_same_address_with_other_tags(address: str) -> None:
    """F6, F7, F14: scheme, host, port, path, fragment and all other parameters are what they were, in their order."""
    tagged = build_utm_url(address, "instagram", "tips", 42)
    if not check_url(address):
        assert tagged == address
        return
    before, after = URL(address), URL(tagged)
    for part in ("protocol", "username", "password", "host", "pathname", "hash"):
        assert getattr(after, part) == getattr(before, part)
    if tagged != address:
        assert before.username == ""
        assert parameters(after.search)[-4:] == [f"{name}={value}" for name, value in PAIRS]
        assert not_ours(after.search) == not_ours(before.search) == parameters(after.search)[:-4]
        assert not_ours(query_of(tagged)) == not_ours(query_of(address))
        assert address.partition("#")[2] == tagged.partition("#")[2]
    else:
        assert before.username or not before.hostname or not is_plain(address)


def parameters(query: str) -> list[str]:
    return query.removeprefix("?").split("&") if query.removeprefix("?") else []


def not_ours(query: str) -> list[str]:
    return [token for token in parameters(query) if unquote(token.partition("=")[0]).lower() not in OURS]


def query_of(address: str) -> str:
    return address.partition("#")[0].partition("?")[2]


def is_plain(address: str) -> bool:
    """Whether nothing but a host that a browser mends keeps us from tagging."""
    authority = address.partition("://")[2]
    for mark in "/?#":
        authority = authority.partition(mark)[0]
    return authority.lower().startswith(
        ("ex.com", "münchen", "xn--", "例え", "[::1]", "192.0.2.7", "a_b.", "localhost")
    )


@given(COPY, st.booleans())
@settings(max_examples=1_000, deadline=None)
@example("https://ex.com(new)", True)
@example("https://ex.com/?utm_source=(&b=)c", False)
def test_a_second_time_changes_nothing(copy: str, bare_domains: bool) -> None:
    """F7: publishing again, or tagging what was tagged by hand with our tags, keeps the copy as it is."""
    once = inject(copy, bare_domains=bare_domains)
    assert inject(once, bare_domains=bare_domains) == once


@given(COPY, st.booleans())
@settings(max_examples=1_000, deadline=None)
def test_nothing_outside_of_links_changes(copy: str, bare_domains: bool) -> None:
    """F2, F5: the copy is the same but for its tagged links, which stand where they stood, apart and in their order."""
    tagged = tag_copy(copy, "instagram", "tips", 42, bare_domains=bare_domains)
    end = 0
    text = tagged.text
    for link in tagged.links:
        assert copy[link.start : link.end] == link.original
        assert text.startswith(copy[end : link.start] + link.tagged)
        text = text[link.start - end + len(link.tagged) :]
        assert link.start >= end
        end = link.end
        assert link.is_tagged or link.tagged == link.original
    assert text == copy[end:]


@given(COPY.filter(lambda copy: "utm" not in copy.lower()))
@settings(max_examples=500, deadline=None)
def test_tags_can_be_taken_out_again(copy: str) -> None:
    """F6: not one byte of what was there is lost."""
    left = inject(copy)
    for joint in ("&", "&amp;"):
        ours = joint.join(f"{name}={value}" for name, value in PAIRS)
        left = left.replace(f"?{ours}", "").replace(f"{joint}{ours}", "")
    # Where there was an empty query, its question mark went with ours.
    assert left == copy or [one for one in left if one != "?"] == [one for one in copy if one != "?"]


@given(COPY, st.sampled_from(("ex.com", "münchen.de", "a.b")))
@settings(max_examples=500, deadline=None)
def test_only_what_a_browser_would_send_to_us_is_tagged(copy: str, domain: str) -> None:
    """F10, F15: no text makes a link of somebody else look like ours."""
    ours = URL(f"https://{domain}").hostname
    for link in tag_copy(copy, "instagram", "tips", 42, domains=[domain]).links:
        if link.is_tagged:
            for address in (link.original, link.tagged):
                read = URL(address)
                host = read.hostname.removesuffix(".")
                assert host == ours or host.endswith(f".{ours}")
                assert read.username == ""


@given(st.text(), st.booleans())
@settings(max_examples=500, deadline=None)
def test_no_text_raises(text: str, bare_domains: bool) -> None:
    """F1: whatever stands in a copy or an address, publishing goes on."""
    inject(text, bare_domains=bare_domains)
    build_utm_url(text, "instagram", "tips", 42, bare_domains=bare_domains)
    build_utm_url(f"https://{text}", "instagram", "tips", 42, domains=[text])


@pytest.mark.parametrize("copy", [before for before, _ in CASES + BARE if "&" not in before or "&amp;" not in before])
def test_html_and_text_are_tagged_alike(copy: str) -> None:
    """F8: escaped copy, tagged and unescaped, is the copy tagged."""
    if html.unescape(copy) == copy:
        assert html.unescape(inject(html.escape(copy))) == inject(copy)


@pytest.mark.parametrize(
    "piece",
    [
        *(
            "(",
            "[",
            "http://",
            "%",
            "a.",
            "www.",
            "@",
            "https://a.b/(",
            "a:",
            "a+",
            "&#0",
            "https://[",
            "https://a@",
            "mailto:",
        ),
        *(
            "a.b@",
            "x.y+",
            "ex.com",
            "https://見",
            "https://a.b?",
            "e\u0301",
            "日a",
            "✪.a",
            "https://✪.a❤.b✪.c❤.d✪.e❤.f",
        ),
    ],
)
def test_hostile_copy_takes_no_time(piece: str) -> None:
    """F1: 60,000 signs take tenths of a second at most; were the time to grow with their square, it would be minutes.

    benchmarks/links.py measures a megabyte of each.
    """
    copy = piece * (60_000 // len(piece))
    began = process_time()
    for text in (copy, f"https://a.b/{copy}", f"https://a.b/?{copy}"):
        inject(text)
        inject(text, bare_domains=True)
    assert process_time() - began < 3

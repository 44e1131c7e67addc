"""Tagging links: the faults that were seen, a table of copy made by hand, and what is told of each link."""

from collections.abc import Callable

import pytest
from tests.analytics.utm.cases import BARE, CASES, SAME

from sophia.analytics.utm.addresses import Untagged
from sophia.analytics.utm.tagging import LONGEST_COPY, build_utm_url, copy_length, inject_utm_into_copy, tag_copy
from sophia.errors import InvalidInputError
from sophia.meta.catalogue.terms import Platform

PAIRS = ("utm_source=facebook", "utm_medium=social", "utm_campaign=spring-sale", "utm_content=post_7")
TAGS = "&".join(PAIRS)
WITHOUT_SCHEME = {"www.ex.com and ex.com/a", "https:// ex.com"}


def url(address: str) -> str:
    return build_utm_url(address, "facebook", "spring-sale", 7)


def copy(text: str) -> str:
    return inject_utm_into_copy(text, "facebook", "spring-sale", 7)


def spelled_out(copy_before: str, expected: str | None) -> str:
    if expected is SAME:
        return copy_before
    for mark, joint in (("?", "&"), ("&", "&"), ("?amp;", "&amp;"), ("&amp;", "&amp;")):
        begin = "?" if mark[0] == "?" else joint
        expected = expected.replace(f"⟨{mark}⟩", begin + joint.join(PAIRS))
    return expected


@pytest.mark.parametrize(("before", "expected"), CASES)
def test_copy_as_people_write_it(before: str, expected: str | None) -> None:
    """F1–F9, F14, F15: what is a link, where it ends, and that nothing else changes; a second time neither."""
    after = copy(before)
    assert after == spelled_out(before, expected)
    assert copy(after) == after


@pytest.mark.parametrize(("before", "expected"), BARE)
def test_bare_domains_are_links_when_asked_for(before: str, expected: str | None) -> None:
    """F9: `www.ex.com` and `ex.com/a`, where the suffix is a real one; never inside an e-mail address or a mention."""
    after = inject_utm_into_copy(before, "facebook", "spring-sale", 7, bare_domains=True)
    assert after == spelled_out(before, expected)
    assert inject_utm_into_copy(after, "facebook", "spring-sale", 7, bare_domains=True) == after


@pytest.mark.parametrize(("before", "expected"), [case for case in CASES if case[0] not in WITHOUT_SCHEME])
def test_links_with_a_scheme_read_the_same_with_bare_domains(before: str, expected: str | None) -> None:
    """F9: the option adds links, and changes nothing of the others."""
    assert inject_utm_into_copy(before, "facebook", "spring-sale", 7, bare_domains=True) == spelled_out(
        before, expected
    )


@pytest.mark.parametrize("joint", [",", ";", "|"])
def test_urls_joined_without_a_space_are_several(joint: str) -> None:
    """F4: `https://a.com,https://b.com` is two links, each tagged by itself; a third and a query change nothing of that."""
    before = joint.join(["https://a.com", "https://b.com/x?a=1,2;3|4", "http://c.org/y"])
    tagged = tag_copy(before, "facebook", "spring-sale", 7)
    assert [link.original for link in tagged.links] == ["https://a.com", "https://b.com/x?a=1,2;3|4", "http://c.org/y"]
    assert tagged.text == joint.join(
        [f"https://a.com?{TAGS}", f"https://b.com/x?a=1,2;3|4&{TAGS}", f"http://c.org/y?{TAGS}"]
    )


def test_one_address() -> None:
    """F6, F7: the four tags in their order, in place of those that were there, behind the query as it stood."""
    assert url("https://ex.com/a") == f"https://ex.com/a?{TAGS}"
    assert url("https://ex.com/a?b=%E9&&c[]={x}#top") == f"https://ex.com/a?b=%E9&&c[]={{x}}&{TAGS}#top"
    assert url("https://ex.com/?UTM_Source=old&utm_term=x") == f"https://ex.com/?utm_term=x&{TAGS}"
    assert url("https://ex.com/?") == f"https://ex.com/?{TAGS}"
    assert url("https://ex.com/page.") == f"https://ex.com/page.?{TAGS}"
    assert url(" https://ex.com/a\n") == f" https://ex.com/a?{TAGS}\n"
    assert url(url("https://ex.com/a")) == url("https://ex.com/a")


@pytest.mark.parametrize(
    "address",
    [
        *("", " ", "mailto:a@ex.com", "mailto:a@ex.com?subject=https://ex.com/a", "tel:+4930", "javascript:alert(1)"),
        *(
            "ftp://ex.com/a",
            "data:text/html,x",
            "//ex.com/a",
            "/a",
            "?a=1",
            "#top",
            "ex.com",
            "www.ex.com",
            "https:",
            "https://",
        ),
        *(
            "https://[brand]",
            "http\u017f://ex.com",
            "https://[::1",
            "https://::1/",
            "https://a b/",
            "https://ex.com/a b",
            "https://ex.com\\a",
        ),
        *(
            "https://u:p@ex.com/",
            "https://ex.com:x/",
            "https://ex.com:65536/",
            "https://ex.com!",
            "https://\ud800/",
            "\x00",
        ),
        *(
            "https://" + "a" * 64 + ".com",
            "https://" + "a." * 200 + "com",
            "https://ex.com:" + "1" * 5000,
            "https://xn--\u00e9/",
        ),
    ],
)
def test_what_is_no_web_address_stays_as_it_is(address: str) -> None:
    """F1, F5, F15: http and https with a host only; nothing raises."""
    assert url(address) == address


def test_one_address_without_its_scheme() -> None:
    """F9: when asked for."""

    def bare(address: str) -> str:
        return build_utm_url(address, "facebook", "spring-sale", 7, bare_domains=True)

    assert bare("www.ex.com") == f"www.ex.com?{TAGS}"
    assert bare("ex.com:8080/a?b#c") == f"ex.com:8080/a?b&{TAGS}#c"
    for other in (
        "a@ex.com",
        "mailto:a@ex.com",
        "tel:112",
        "ftp://ex.com",
        "menu.pdf",
        "localhost",
        "co.uk",
        "",
        "ex.com x",
    ):
        assert bare(other) == other


@pytest.mark.parametrize("make", [build_utm_url, inject_utm_into_copy, tag_copy])
@pytest.mark.parametrize("text", ["https://ex.com", "", "no link"])
@pytest.mark.parametrize(
    ("platform", "slug", "draft", "named"),
    [
        ("", "tips", 7, "platform ''"),
        (None, "tips", 7, "platform None"),
        ("Facebook", "tips", 7, "platform 'Facebook'"),
        ("tiktok", "tips", 7, "'facebook' or 'instagram'"),
        (["facebook"], "tips", 7, "platform"),
        ("facebook", "", 7, "'' is not a campaign slug"),
        ("facebook", None, 7, "None is not a campaign slug"),
        ("facebook", "Q&A", 7, "Use 'q-a'"),
        ("facebook", "behind-the-scenes!", 7, "Use 'behind-the-scenes'"),
        ("facebook", "🔥🔥", 7, "Use 'campaign-"),
        ("facebook", "tips\n", 7, "Use 'tips'"),
        ("facebook", "tips", None, "None is not the number of a draft"),
        ("facebook", "tips", 0, "0 is not the number of a draft"),
        ("facebook", "tips", -1, "-1 is not the number of a draft"),
        ("facebook", "tips", True, "True is not the number of a draft"),
        ("facebook", "tips", 7.0, "7.0 is not the number of a draft"),
        ("facebook", "tips", "7", "'7' is not the number of a draft"),
    ],
)
def test_arguments_that_cannot_be(
    make: Callable[..., object], text: str, platform: object, slug: object, draft: object, named: str
) -> None:
    """F13: refused with what is wrong and what would do, whether there is a link to tag or not."""
    with pytest.raises(InvalidInputError) as refused:
        make(text, platform, slug, draft)
    assert named in str(refused.value)


def test_only_the_clients_own_domains() -> None:
    """F10: competitors, maps and Facebook itself are left alone, and so are hosts that only look like ours."""
    text = (
        "https://ex.com/a https://shop.EX.com:8080/a https://facebook.com/ex.com https://ex.com.evil.org/a "
        "https://notex.com/a https://xn--mnchen-3ya.de/ https://münchen.de./ https://maps.app.goo.gl/x?to=ex.com"
    )
    tagged = tag_copy(text, "instagram", "tips", 7, domains=["Ex.com", "MÜNCHEN.de"])
    assert [(link.original, link.untagged) for link in tagged.links] == [
        ("https://ex.com/a", None),
        ("https://shop.EX.com:8080/a", None),
        ("https://facebook.com/ex.com", Untagged.FOREIGN),
        ("https://ex.com.evil.org/a", Untagged.FOREIGN),
        ("https://notex.com/a", Untagged.FOREIGN),
        ("https://xn--mnchen-3ya.de/", None),
        ("https://münchen.de./", None),
        ("https://maps.app.goo.gl/x?to=ex.com", Untagged.FOREIGN),
    ]
    assert build_utm_url("https://b.org/", "facebook", "tips", 7, domains=("ex.com",)) == "https://b.org/"
    assert build_utm_url("https://b.org/", "facebook", "tips", 7, domains=()) == "https://b.org/"
    assert build_utm_url("https://b.org/", "facebook", "tips", 7, domains="b.org") != "https://b.org/"
    assert tag_copy("https://b.org/", "facebook", "tips", 7, domains=iter(["b.org"])).links[0].is_tagged


def test_what_is_told_of_each_link() -> None:
    """F1, F5, F15: original, tagged, where it stood, and why it was left alone."""
    text = (
        "🎉 (https://ex.com/a) https://[brand] ftp://ex.com/b https://u:p@ex.com/ anna@ex.com mailto:a@ex.com "
        "https://b.s3.amazonaws.com/k?X-Amz-Signature=5f https://ex.com/a?#'"
    )
    tagged = tag_copy(text, "facebook", "spring-sale", 7)
    assert [(link.original, link.untagged) for link in tagged.links] == [
        ("https://ex.com/a", None),
        ("https://[brand]", Untagged.UNPARSABLE),
        ("ftp://ex.com/b", Untagged.NOT_HTTP),
        ("https://u:p@ex.com/", Untagged.CREDENTIALS),
        ("https://b.s3.amazonaws.com/k?X-Amz-Signature=5f", Untagged.SIGNED),
        ("https://ex.com/a?#", None),
    ]
    assert [text[link.start : link.end] for link in tagged.links] == [link.original for link in tagged.links]
    assert tagged.links[0].start == 3
    assert tagged.links[0].tagged == f"https://ex.com/a?{TAGS}"
    assert tagged.links[0].is_tagged
    assert tagged.links[1].tagged == tagged.links[1].original
    assert not tagged.links[1].is_tagged


@pytest.mark.parametrize(
    "text",
    [
        "anna.co@ex.com",
        "anna.co+news@ex.com",
        "mailto:anna@ex.com?body=https://ex.com",
        "tel:112",
        "@ex.com",
        "#ex.com",
    ],
)
def test_what_is_not_even_a_link(text: str) -> None:
    """F5: e-mail addresses, mentions and hashtags are not told as links that were left alone."""
    assert tag_copy(text, "facebook", "spring-sale", 7, bare_domains=True).links == ()


@pytest.mark.parametrize(
    "query",
    [
        # As the services themselves write them, with made-up keys.
        *(
            "X-Amz-Signature=1",
            "a=1&x-goog-signature=2",
            "x%2Damz%2Dsignature=1",
            "x-oss-signature=ab12&x-oss-expires=60",
        ),
        "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=K%2F20261122%2Fus-east-1%2Fs3%2Faws4_request&X-Amz-Signature=a1b2",
        "AWSAccessKeyId=AKIAEXAMPLE&Expires=1767225600&Signature=vjbyPxybdZaNmGa%2ByT272YEAiv4%3D",
        "Expires=1&Signature=a~b&Key-Pair-Id=K",
        "Policy=eyJTdGF0&Signature=nitfHRCrtziwO2HwPfWw~yYDhUF5EwRunQA-j19DzZr&Key-Pair-Id=K2JCJMDEHXQW5F",
        "GoogleAccessId=me%40example.iam.gserviceaccount.com&Expires=1458238630&Signature=VVUgfqviDCov%2B",
        "sv=2022-11-02&se=2026-12-01T00%3A00%3A00Z&sr=b&sp=r&sig=a%2Fb%3D",
        "st=2026-01-01&se=2026-12-01&sig=Z%2FRHIX5Xcg0Mq2rqI3OlWTjEg2tYkboXr1P9ZUXDtkk%3D",
        "OSSAccessKeyId=nz2p&Expires=1141889120&Signature=vjbyPxybdZaNmGa%2ByT272YEAiv4%3D",
        "expires=1767225600&signature=4a0c4e4f0f4b4b7d9c9d8a3a6c5e2f1b0a9d8c7b6a5f4e3d2c1b0a9f8e7d6c5b",
        "user=5&signature=4a0c4e4f0f4b4b7d9c9d8a3a6c5e2f1b0a9d8c7b6a5f4e3d2c1b0a9f8e7d6c5b",
        *("_hash=R%2Bz0jX3f1o%3D&_expiration=1767225600", "signature=abc123", "sig=deadbeef", "hmac=700e2dadb827fcc8"),
        *(
            "token=Zk3-x_9&expires=1767225600",
            "md5=p7g&expires=2147483647",
            "e=1767225600&token=key:sig=",
            "sign=1a2B3c4D5e6F",
        ),
        *(
            "__token__=exp=1~acl=/*~hmac=9f",
            "oh=00_AfB&oe=69A1B2C3",
            "ex=65d903de&is=65c68ede&hm=2481f30d",
            "s=" + "0f" * 16,
        ),
    ],
)
def test_links_signed_by_others_stay_as_they_are(query: str) -> None:
    """L26, F6: whoever signed the query may refuse it with one parameter more; each such link is reported."""
    for joint in ("&", "&amp;"):
        address = f"https://ex.com/f?{query.replace('&', joint)}"
        [link] = tag_copy(f"See {address} now", "facebook", "spring-sale", 7, domains=["ex.com"]).links
        assert (link.original, link.tagged, link.untagged) == (address, address, Untagged.SIGNED)


@pytest.mark.parametrize(
    "query",
    [
        *(
            "signature=classic",
            "collection=signature",
            "signature=1",
            "signature=autumn-2026",
            "signature=Gold_Edition",
        ),
        *(
            "sig=yes",
            "sig=",
            "signature",
            "hmac=",
            "sign=leo",
            "sign=libra&month=10",
            "s=shirts",
            "s=12345",
            "s=red-hats",
        ),
        *(
            "token=abc",
            "expires=1767225600",
            "hash=abc",
            "policy=returns",
            "md5=1",
            "e=1",
            "a=X-Amz-Signature",
            "key=a1b2",
        ),
        *(
            "variant=40123456789012&currency=EUR",
            "gclid=Cj0KCQiA1b2c3",
            "fbclid=IwAR1a2B3c",
            "sku=AB12cd34",
            "id=0f0f0f0f0f0f",
        ),
        *(
            "q=signature&sort=expires",
            "sv=1",
            "se=2",
            "code=SAVE20",
            "ref=4a0c4e4f0f4b4b7d9c9d8a3a6c5e2f1b",
            "page=2&sign=",
        ),
    ],
)
def test_parameters_of_shops_are_no_signatures(query: str) -> None:
    """L26: what only sounds like a signature, or is part of one alone, is tagged."""
    assert url(f"https://ex.com/f?{query}") == f"https://ex.com/f?{query}&{TAGS}"


def test_a_link_that_would_swallow_its_neighbours_is_left_alone() -> None:
    """F2, F3: without a query a host ends at once; behind our tags, what follows would become a part of them."""
    tagged = tag_copy("ex.com's and ex.com(new) and ex.com now", "facebook", "spring-sale", 7, bare_domains=True)
    assert [link.untagged for link in tagged.links] == [Untagged.AMBIGUOUS, Untagged.AMBIGUOUS, None]
    # What was replaced had opened a bracket, and what stays closes it.
    odd = "https://ex.com/?utm_source=(&b=)c"
    assert tag_copy(odd, "facebook", "spring-sale", 7).links[0].untagged is Untagged.AMBIGUOUS


def test_length_and_overflow() -> None:
    """F16: tagging makes copy longer; who publishes it must know by how much it is too long."""
    link = "https://ex.com/a"
    added = len(f"?{TAGS}".replace("facebook", "instagram"))
    fits = tag_copy("x" * (2_200 - len(link) - added - 1) + " " + link, "instagram", "spring-sale", 7)
    assert (fits.length, fits.limit, fits.overflow) == (2_200, 2_200, 0)
    over = tag_copy("x" * (2_200 - len(link) - 1) + " " + link, Platform.INSTAGRAM, "spring-sale", 7)
    assert (over.length, over.overflow) == (2_200 + added, added)
    assert tag_copy("x" * 3_000, "facebook", "spring-sale", 7).overflow == 0
    assert LONGEST_COPY[Platform.FACEBOOK] == 63_206


def test_how_copy_is_counted() -> None:
    """F16: in UTF-16 units, of which no text has fewer than characters."""
    counted = {
        "": 0,
        "abc": 3,
        "é": 1,
        "e\u0301": 2,
        "日本": 2,
        "🎉": 2,
        "👨‍👩‍👧‍👦": 11,
        "\r\n": 2,
        "\ud83d": 1,
        "\x00": 1,
    }
    assert {text: copy_length(text) for text in counted} == counted

"""One slug function for clients and campaigns."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sophia.portfolio.slugs import LONGEST_SLUG, is_slug, slug_of

# ruff: noqa: RUF001 - names in many scripts


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("tips", "tips"),
        ("Tips!", "tips"),
        ("  --Tips?  ", "tips"),
        ("Behind the scenes!", "behind-the-scenes"),
        ("Q&A", "q-a"),
        ("Café Größe & Söhne", "cafe-grosse-sohne"),
        ("Cafe\u0301", "cafe"),
        ("STRAẞE", "strasse"),
        ("Łódź Øl, Ærø", "lodz-ol-aero"),
        ("Þórður", "thordur"),
        ("İstanbul ışık", "istanbul-isik"),
        ("Весенняя распродажа", "vesennyaya-rasprodazha"),
        ("Щи да каша", "shchi-da-kasha"),
        ("Йогурт", "yogurt"),
        ("И\u0306огурт", "yogurt"),
        ("Καλημέρα Ψωμί", "kalimera-psomi"),
        ("ＳＡＬＥ ５０％", "sale-50"),
        ("ﬁne №5", "fine-no5"),
        ("Tips 🎉", "tips"),
        ("A" * 200, "a" * 60),
        ("a" * 59 + " b", "a" * 59),
    ],
)
def test_names_are_spelled_in_ascii(name: str, slug: str) -> None:
    """F11: whatever a person calls it, the link and the campaign get the same plain slug."""
    assert slug_of(name) == slug


def test_what_ascii_cannot_spell_is_told_apart() -> None:
    """F11: 🎉 and 🔥, 花屋 and 本屋 do not collide, and what is left of a mixed name stays readable."""
    names = [
        "🎉",
        "🔥",
        "🔥🔥",
        "!",
        "?",
        "花屋",
        "本屋",
        "حلويات",
        "תפוחים",
        "मिठाई",
        "ขนม",
        "春 Sale",
        "夏 Sale",
        "",
        "\ud800",
    ]
    slugs = [slug_of(name) for name in names]
    assert len(set(slugs)) == len(names)
    assert slugs[0] == "campaign-6146299c"  # the same for ever: links that are out there carry it
    assert slugs[11] == "sale-620421b8"
    assert slug_of("🎉", kind="client") == "client-6146299c"


def test_taken_slugs_are_numbered() -> None:
    """F11: unique among those of one client."""
    taken: list[str] = []
    for name in ("Tips!", "Tips?", "tips", "Tips 2", "🎉", "🎉", "x" * 60, "x" * 61):
        taken.append(slug_of(name, taken))
    assert taken[:4] == ["tips", "tips-2", "tips-3", "tips-2-2"]
    assert taken[4:] == ["campaign-6146299c", "campaign-6146299c-2", "x" * 60, "x" * 58 + "-2"]


@given(st.text(), st.integers(0, 12))
def test_every_name_has_a_slug(name: str, already: int) -> None:
    """F11: of the slug form, short enough, the same every time, and new however many are taken."""
    taken: set[str] = set()
    for _ in range(already + 1):
        slug = slug_of(name, taken)
        assert is_slug(slug)
        assert len(slug) <= LONGEST_SLUG
        assert slug not in taken
        assert slug == slug_of(name, taken)
        taken.add(slug)


@pytest.mark.parametrize("text", ["", "-", "a-", "-a", "a--b", "A", "a b", "a_b", "ä", "a\n", "tips!", "🎉", "٣"])
def test_what_is_no_slug(text: str) -> None:
    """F13: a slug is checked before it goes into a link."""
    assert not is_slug(text)

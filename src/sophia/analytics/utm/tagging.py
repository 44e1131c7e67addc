"""Writes into links whose post they stand in: `utm_source`, `utm_medium`, `utm_campaign` and `utm_content`."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sophia.analytics.utm.addresses import Untagged, is_signed, put_together, take_apart
from sophia.analytics.utm.domains import canonical_domains, lies_in
from sophia.analytics.utm.finding import LinkKind, Span, find_links
from sophia.errors import InvalidInputError
from sophia.meta.catalogue.terms import Platform
from sophia.portfolio.slugs import is_slug, slug_of

MEDIUM = "social"
# What the platforms accept as the text of one post.
LONGEST_COPY = {Platform.INSTAGRAM: 2_200, Platform.FACEBOOK: 63_206}
# How far beyond a link the signs reach that can decide where it ends.
_CONTEXT = 80

Tags = Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class FoundLink:
    """A link of the copy: where it stood (in characters, end excluded), how it reads now, and why it was left alone."""

    start: int
    end: int
    original: str
    tagged: str
    untagged: Untagged | None

    @property
    def is_tagged(self) -> bool:
        return self.untagged is None


@dataclass(frozen=True, slots=True)
class TaggedCopy:
    """Copy with its links tagged. `length` and `limit` are in UTF-16 units, see `copy_length`."""

    text: str
    links: tuple[FoundLink, ...]
    length: int
    limit: int

    @property
    def overflow(self) -> int:
        """By how much the text is too long for the platform; 0 when it fits."""
        return max(0, self.length - self.limit)


def build_utm_url(
    base_url: str,
    platform: str,
    campaign_slug: str,
    draft_id: int,
    *,
    domains: Iterable[str] | None = None,
    bare_domains: bool = False,
) -> str:
    """Return the address with our four tags, or unchanged where it must not be touched (see `addresses.Untagged`).

    White space around it stays. `domains` are those that may be tagged, with all below them; None means every domain.
    With `bare_domains` the address may lack its scheme. Raises InvalidInputError for a platform, slug or draft that
    cannot be, never for an address.
    """
    tags = checked_tags(platform, campaign_slug, draft_id)
    address = base_url.strip()
    outcome = _tag(address, tags, _allowed(domains), bare=bare_domains)
    if isinstance(outcome, Untagged):
        return base_url
    before, _, after = base_url.partition(address)
    return before + outcome + after


def inject_utm_into_copy(
    copy: str,
    platform: str,
    campaign_slug: str,
    draft_id: int,
    *,
    domains: Iterable[str] | None = None,
    bare_domains: bool = False,
) -> str:
    """Return the copy with its links tagged; a second time changes nothing. Options and errors as in `tag_copy`."""
    return tag_copy(copy, platform, campaign_slug, draft_id, domains=domains, bare_domains=bare_domains).text


def tag_copy(
    copy: str,
    platform: str,
    campaign_slug: str,
    draft_id: int,
    *,
    domains: Iterable[str] | None = None,
    bare_domains: bool = False,
) -> TaggedCopy:
    """Tag the links of a copy and tell of each what was done; nothing outside of links changes.

    `domains` are those that may be tagged, with all below them; None means every domain. With `bare_domains`, `www.ex.com`
    and `ex.com/menu` are links too. Raises InvalidInputError for a platform, slug or draft that cannot be; never for copy.
    """
    tags = checked_tags(platform, campaign_slug, draft_id)
    allowed = _allowed(domains)
    pieces: list[str] = []
    links: list[FoundLink] = []
    done = 0
    for span in find_links(copy, bare_domains=bare_domains):
        link = _tagged_link(copy, span, tags, allowed)
        pieces += copy[done : span.start], link.tagged
        links.append(link)
        done = span.end
    text = "".join([*pieces, copy[done:]])
    return TaggedCopy(text, tuple(links), copy_length(text), LONGEST_COPY[Platform(platform)])


def why_untagged(address: str, domains: Iterable[str]) -> Untagged | None:
    """Return why an address that stands alone is not tagged; None when it may be. `domains` as in `tag_copy`."""
    parts = take_apart(address, bare=True)
    if isinstance(parts, Untagged):
        return parts
    if not lies_in(parts.host, canonical_domains(domains)):
        return Untagged.FOREIGN
    return Untagged.SIGNED if is_signed(parts) else None


def copy_length(text: str) -> int:
    """The length of a text in UTF-16 units: é is 1, 🎉 is 2, a family of four with its joiners 11.

    Meta does not say how it counts. No other way of counting characters gives more than this one, and so a text that fits
    here fits however Instagram and Facebook count.
    """
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def checked_tags(platform: str, campaign_slug: str, draft_id: int) -> Tags:
    """The four tags in their order. Raises InvalidInputError for a platform, slug or draft that cannot be."""
    try:
        source = Platform(platform)
    except ValueError:
        known = " or ".join(f"{one.value!r}" for one in Platform)
        raise InvalidInputError(f"There is no platform {platform!r}. Give {known}.") from None
    if not isinstance(campaign_slug, str) or not is_slug(campaign_slug):
        would_do = f" {slug_of(campaign_slug)!r} would do." if isinstance(campaign_slug, str) and campaign_slug else ""
        raise InvalidInputError(
            f"{campaign_slug!r} is no slug of a campaign: small letters, digits and single hyphens.{would_do}"
        )
    if isinstance(draft_id, bool) or not isinstance(draft_id, int) or draft_id < 1:
        raise InvalidInputError(f"{draft_id!r} is no number of a draft: give a whole number above 0.")
    return (
        ("utm_source", source.value),
        ("utm_medium", MEDIUM),
        ("utm_campaign", campaign_slug),
        ("utm_content", f"post_{draft_id}"),
    )


def _allowed(domains: Iterable[str] | None) -> frozenset[str] | None:
    return None if domains is None else canonical_domains(domains)


def _tagged_link(copy: str, span: Span, tags: Tags, allowed: frozenset[str] | None) -> FoundLink:
    original = copy[span.start : span.end]
    is_bare = span.kind is LinkKind.BARE
    outcome = _tag(original, tags, allowed, bare=is_bare)
    if not isinstance(outcome, Untagged):
        # Without a query `https://ex.com(new)` ends at the bracket, with one it does not: whoever reads the tagged copy
        # would take `post_7(new)` for the draft. A link is tagged only if it is found again as the same link.
        after = copy[span.end : span.stop + _CONTEXT]
        again = next(find_links(outcome + after, bare_domains=is_bare), None)
        if again is None or (again.start, again.end) != (0, len(outcome)):
            outcome = Untagged.AMBIGUOUS
    if isinstance(outcome, Untagged):
        return FoundLink(span.start, span.end, original, original, outcome)
    return FoundLink(span.start, span.end, original, outcome, None)


def _tag(text: str, tags: Tags, allowed: frozenset[str] | None, *, bare: bool) -> str | Untagged:
    address = take_apart(text, bare=bare)
    if isinstance(address, Untagged):
        return address
    if allowed is not None and not lies_in(address.host, allowed):
        return Untagged.FOREIGN
    return Untagged.SIGNED if is_signed(address) else put_together(address, tags)

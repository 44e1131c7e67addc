"""Adds the tags of a post to its links: `utm_source`, `utm_medium`, `utm_campaign` and `utm_content`."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sophia.analytics.utm.addresses import Untagged, is_signed, join_address, split_address
from sophia.analytics.utm.domains import canonical_domains, lies_in
from sophia.analytics.utm.finding import LinkKind, Span, find_links
from sophia.errors import InvalidInputError
from sophia.meta.catalogue.terms import Platform
from sophia.portfolio.slugs import is_slug, slug_of

MEDIUM = "social"
# The longest text of a post that the platform accepts.
LONGEST_COPY = {Platform.INSTAGRAM: 2_200, Platform.FACEBOOK: 63_206}
# The number of characters after a link that can decide where it ends.
_CONTEXT = 80

Tags = Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class FoundLink:
    """A link of the original copy, from character `start` to `end` (excluded), and why it is not tagged."""

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
    """Copy with tagged links. `length` and `limit` are in UTF-16 units, see `copy_length`."""

    text: str
    links: tuple[FoundLink, ...]
    length: int
    limit: int

    @property
    def overflow(self) -> int:
        """The number of units above the limit of the platform; 0 if the text fits."""
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
    """Return the address with the four tags, or unchanged if it cannot have tags (see `addresses.Untagged`).

    Surrounding white space stays. `domains` limits tagging to these domains and their subdomains; None means every domain.
    With `bare_domains` the address needs no scheme. Raises InvalidInputError for an invalid platform, slug or draft, but
    never for an address.
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
    """Return the copy with tagged links; tagging it again changes nothing. Options and errors are those of `tag_copy`."""
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
    """Tag the links of a copy and report each link; text outside of links does not change.

    `domains` limits tagging to these domains and their subdomains; None means every domain. With `bare_domains`,
    `www.ex.com` and `ex.com/menu` are links too. Raises InvalidInputError for an invalid platform, slug or draft, but never
    for copy.
    """
    tags = checked_tags(platform, campaign_slug, draft_id)
    allowed = _allowed(domains)
    pieces: list[str] = []
    links: list[FoundLink] = []
    position = 0
    for span in find_links(copy, bare_domains=bare_domains):
        link = _tagged_link(copy, span, tags, allowed)
        pieces += copy[position : span.start], link.tagged
        links.append(link)
        position = span.end
    text = "".join([*pieces, copy[position:]])
    return TaggedCopy(text, tuple(links), copy_length(text), LONGEST_COPY[Platform(platform)])


def why_untagged(address: str, domains: Iterable[str]) -> Untagged | None:
    """Return why a single address is not tagged; None if it can be. `domains` is that of `tag_copy`."""
    parts = split_address(address, bare=True)
    if isinstance(parts, Untagged):
        return parts
    if not lies_in(parts.host, canonical_domains(domains)):
        return Untagged.FOREIGN
    return Untagged.SIGNED if is_signed(parts) else None


def copy_length(text: str) -> int:
    """Return the length of a text in UTF-16 units: é is 1, 🎉 is 2, a family of four with its joiners is 11.

    Meta does not document how it counts. No other way of counting characters gives a larger number, so a text that fits here
    fits on Instagram and Facebook.
    """
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def checked_tags(platform: str, campaign_slug: str, draft_id: int) -> Tags:
    """Return the four tags in their order. Raises InvalidInputError for an invalid platform, slug or draft."""
    try:
        source = Platform(platform)
    except ValueError:
        platforms = " or ".join(f"{name.value!r}" for name in Platform)
        raise InvalidInputError(f"There is no platform {platform!r}. Choose {platforms}.") from None
    if not isinstance(campaign_slug, str) or not is_slug(campaign_slug):
        hint = f" Use {slug_of(campaign_slug)!r}." if isinstance(campaign_slug, str) and campaign_slug else ""
        raise InvalidInputError(
            f"{campaign_slug!r} is not a campaign slug: lower-case letters, digits and single hyphens.{hint}"
        )
    if isinstance(draft_id, bool) or not isinstance(draft_id, int) or draft_id < 1:
        raise InvalidInputError(f"{draft_id!r} is not the number of a draft: give a whole number above 0.")
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
        # Without a query `https://ex.com(new)` ends at the bracket, but with a query it does not, and the draft would become
        # `post_7(new)`. So a link gets tags only if the finder finds the same link again.
        after = copy[span.end : span.stop + _CONTEXT]
        tagged_span = next(find_links(outcome + after, bare_domains=is_bare), None)
        if tagged_span is None or (tagged_span.start, tagged_span.end) != (0, len(outcome)):
            outcome = Untagged.AMBIGUOUS
    if isinstance(outcome, Untagged):
        return FoundLink(span.start, span.end, original, original, outcome)
    return FoundLink(span.start, span.end, original, outcome, None)


def _tag(text: str, tags: Tags, allowed: frozenset[str] | None, *, bare: bool) -> str | Untagged:
    address = split_address(text, bare=bare)
    if isinstance(address, Untagged):
        return address
    if allowed is not None and not lies_in(address.host, allowed):
        return Untagged.FOREIGN
    return Untagged.SIGNED if is_signed(address) else join_address(address, tags)

"""Tagged links: found in copy, taken apart without loss, and tagged with the post they stand in. Pure functions of text."""

from sophia.analytics.utm.addresses import Untagged
from sophia.analytics.utm.domains import belongs_to
from sophia.analytics.utm.reading import TAGS, draft_named, lost_tags, read_tags
from sophia.analytics.utm.tagging import (
    LONGEST_COPY,
    FoundLink,
    TaggedCopy,
    build_utm_url,
    copy_length,
    inject_utm_into_copy,
    tag_copy,
    why_untagged,
)
from sophia.portfolio.slugs import is_slug, slug_of

__all__ = [
    "LONGEST_COPY",
    "TAGS",
    "FoundLink",
    "TaggedCopy",
    "Untagged",
    "belongs_to",
    "build_utm_url",
    "copy_length",
    "draft_named",
    "inject_utm_into_copy",
    "is_slug",
    "lost_tags",
    "read_tags",
    "slug_of",
    "tag_copy",
    "why_untagged",
]

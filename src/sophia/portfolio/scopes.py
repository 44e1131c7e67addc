"""The permissions that a token needs, and what does not work without them."""

from collections.abc import Collection

NEEDED = {
    "facebook": {
        "read_insights": "Meta answers every request for insights of a Page with nothing",
        "pages_read_engagement": "a Page's posts and followers cannot be read",
        "pages_show_list": "the Pages of this token cannot be listed",
    },
    "instagram": {
        "instagram_basic": "Instagram accounts and their media cannot be read",
        "instagram_manage_insights": "reach, views and other insights of Instagram cannot be read",
        "pages_read_engagement": "Instagram accounts are reached through their Page, which cannot be read",
    },
}
OPTIONAL = {
    "facebook": {"pages_read_user_content": "comments and reactions of Facebook posts are not counted"},
    "instagram": {"instagram_manage_comments": "comments of Instagram posts cannot be read"},
}
# Only publishing needs these; measuring works without them.
PUBLISHING = {
    "facebook": {"pages_manage_posts": "nothing can be published on a Page"},
    "instagram": {"instagram_content_publish": "nothing can be published on Instagram"},
}
# For messages where permissions cannot be verified.
NEEDED_SENTENCE = " ".join(
    f"{name} needs {', '.join(NEEDED[platform])}."
    for platform, name in (("facebook", "Facebook"), ("instagram", "Instagram"))
)
ALL = frozenset(scope for table in (NEEDED, OPTIONAL) for scopes in table.values() for scope in scopes)


def missing(platform: str, scopes: Collection[str]) -> list[str]:
    """Return a sentence for every missing permission without which the platform cannot be measured."""
    return _sentences(NEEDED[platform], scopes)


def missing_optional(platform: str, scopes: Collection[str]) -> list[str]:
    """Return a sentence for every missing permission without which some numbers are not available."""
    return _sentences(OPTIONAL[platform], scopes)


def missing_to_publish(platform: str, scopes: Collection[str]) -> list[str]:
    """Return a sentence for every missing permission without which nothing can be published."""
    return _sentences(PUBLISHING[platform], scopes)


def _sentences(effects: dict[str, str], scopes: Collection[str]) -> list[str]:
    return [f"The permission {scope} is missing: {effect}." for scope, effect in effects.items() if scope not in scopes]

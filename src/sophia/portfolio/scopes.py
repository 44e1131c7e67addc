"""Which permissions a token needs, and what stops working without each."""

from collections.abc import Collection

NEEDED = {
    "facebook": {
        "read_insights": "Meta answers every question about a Page's insights with nothing at all",
        "pages_read_engagement": "a Page's posts and followers cannot be read",
        "pages_show_list": "the Pages of this token cannot be listed",
    },
    "instagram": {
        "instagram_basic": "Instagram accounts and their media cannot be read",
        "instagram_manage_insights": "no reach, views or other insights of Instagram can be read",
        "pages_read_engagement": "Instagram accounts are reached through their Page, which cannot be read",
    },
}
OPTIONAL = {
    "facebook": {"pages_read_user_content": "comments and reactions of Facebook posts are not counted"},
    "instagram": {"instagram_manage_comments": "what people write under Instagram posts cannot be read"},
}
# What only publishing needs; who only measures is not asked for it.
PUBLISHING = {
    "facebook": {"pages_manage_posts": "nothing can be published on a Page"},
    "instagram": {"instagram_content_publish": "nothing can be published on Instagram"},
}
# As a sentence needs them: what to allow where it cannot be verified.
NEEDED_SENTENCE = " ".join(
    f"{name} needs {', '.join(NEEDED[platform])}."
    for platform, name in (("facebook", "Facebook"), ("instagram", "Instagram"))
)
ALL = frozenset(scope for table in (NEEDED, OPTIONAL) for scopes in table.values() for scope in scopes)


def missing(platform: str, scopes: Collection[str]) -> list[str]:
    """A sentence for every permission that is missing and without which the platform cannot be measured."""
    return _sentences(NEEDED[platform], scopes)


def missed(platform: str, scopes: Collection[str]) -> list[str]:
    """A sentence for every permission whose absence costs a part of the numbers only."""
    return _sentences(OPTIONAL[platform], scopes)


def missing_to_publish(platform: str, scopes: Collection[str]) -> list[str]:
    """A sentence for every permission without which nothing can be published."""
    return _sentences(PUBLISHING[platform], scopes)


def _sentences(wanted: dict[str, str], scopes: Collection[str]) -> list[str]:
    return [f"The permission {scope} is missing: {loss}." for scope, loss in wanted.items() if scope not in scopes]

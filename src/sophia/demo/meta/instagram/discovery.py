"""Business Discovery: the public fields of another professional Instagram account, by its name.

Meta answers for personal accounts and for unknown names with the same error 110/2207013, as other projects have
recorded. GRAPH_API.md does not describe it.
"""

from sophia.demo.meta.graph import errors
from sophia.demo.meta.graph.errors import GraphError, as_json
from sophia.demo.meta.graph.fields import Field
from sophia.demo.meta.graph.request_context import RequestContext
from sophia.demo.meta.world.objects import InstagramAccount, Media

# The public fields of other accounts and their media, which never include insights.
ACCOUNT_FIELDS = frozenset(
    {"id", "username", "name", "biography", "website", "followers_count", "follows_count", "media_count"}
)
MEDIA_FIELDS = frozenset(
    {"id", "caption", "media_type", "media_product_type", "permalink", "timestamp", "like_count", "comments_count"}
)
DEFAULT_MEDIA, MAX_MEDIA = 25, 50


def discovered(context: RequestContext, expansion: Field) -> tuple[InstagramAccount, tuple[Field, ...]]:
    """Return the account that `business_discovery.username(…)` names, and its requested fields."""
    if not context.has_scope("instagram_manage_insights"):
        raise errors.permission_missing("instagram_manage_insights")
    name = expansion.arguments.get("username", "")
    account = next(
        (
            instagram_account
            for instagram_account in context.world.instagram_accounts
            if instagram_account.username == name.lower()
        ),
        None,
    )
    if account is None or name.lower() in context.simulation.personal:
        raise unknown_name(name)
    fields = expansion.subfields or (Field("id"),)
    for field in fields:
        if field.name not in ACCOUNT_FIELDS | {"media"}:
            raise errors.unknown_field(field.name, "IGUser")
    return account, fields


def unknown_name(name: str) -> GraphError:
    return GraphError(
        "Invalid user id",
        110,
        2207013,
        is_transient=False,
        title="Cannot find User",
        user_message=f"The user with username: {name} cannot be found.",
    )


def discovered_media(
    context: RequestContext, account: InstagramAccount, expansion: Field
) -> tuple[list[Media], tuple[Field, ...]]:
    """Return the newest media of the account, and their requested fields."""
    fields = expansion.subfields or (Field("id"),)
    for field in fields:
        if field.name not in MEDIA_FIELDS:
            raise errors.unknown_field(field.name, "IGMedia")
    limit = expansion.arguments.get("limit", str(DEFAULT_MEDIA))
    if not limit.isdigit():
        raise errors.bad_parameter("param limit must be an integer")
    listed = [medium for medium in context.world.media(account.id) if context.is_listed(medium)]
    return listed[: min(int(limit), MAX_MEDIA)], fields


def media_paging(media: list[Media], *, following: bool) -> str:
    """Return the cursors. Only `after` shows that there are more media."""
    cursors = {"before": f"b{media[0].id}"} | ({"after": f"a{media[-1].id}"} if following else {})
    return as_json({"cursors": cursors})

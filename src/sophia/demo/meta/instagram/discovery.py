"""Business Discovery: what one professional Instagram account may see of another by its name.

Meta tells a personal account from a name that nobody has in no way: both are error 110/2207013, as other projects have
recorded. GRAPH_API.md is silent about it.
"""

from sophia.demo.meta.graph import errors
from sophia.demo.meta.graph.errors import GraphError, as_json
from sophia.demo.meta.graph.fields import Field
from sophia.demo.meta.graph.request_context import RequestContext
from sophia.demo.meta.world.objects import InstagramAccount, Media

# What is shown of a stranger's account and media; insights never are.
SHOWN = frozenset({"id", "username", "name", "biography", "website", "followers_count", "follows_count", "media_count"})
SHOWN_OF_MEDIA = frozenset(
    {"id", "caption", "media_type", "media_product_type", "permalink", "timestamp", "like_count", "comments_count"}
)
DEFAULT_MEDIA, MAX_MEDIA = 25, 50


def discovered(request_context: RequestContext, asked: Field) -> tuple[InstagramAccount, tuple[Field, ...]]:
    """The account that `business_discovery.username(…)` names, and the fields wanted of it."""
    if not request_context.has_scope("instagram_manage_insights"):
        raise errors.permission_missing("instagram_manage_insights")
    name = asked.arguments.get("username", "")
    account = next(
        (
            instagram_account
            for instagram_account in request_context.world.instagram_accounts
            if instagram_account.username == name.lower()
        ),
        None,
    )
    if account is None or name.lower() in request_context.simulation.personal:
        raise unknown_name(name)
    fields = asked.subfields or (Field("id"),)
    for field in fields:
        if field.name not in SHOWN | {"media"}:
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
    request_context: RequestContext, account: InstagramAccount, asked: Field
) -> tuple[list[Media], tuple[Field, ...]]:
    """The newest media of the account, and the fields wanted of each."""
    fields = asked.subfields or (Field("id"),)
    for field in fields:
        if field.name not in SHOWN_OF_MEDIA:
            raise errors.unknown_field(field.name, "IGMedia")
    limit = asked.arguments.get("limit", str(DEFAULT_MEDIA))
    if not limit.isdigit():
        raise errors.bad_parameter("param limit must be an integer")
    listed = [medium for medium in request_context.world.media(account.id) if request_context.is_listed(medium)]
    return listed[: min(int(limit), MAX_MEDIA)], fields


def media_paging(media: list[Media], *, following: bool) -> str:
    """Cursors stand on every page; here, where there is more, `after` alone tells it."""
    cursors = {"before": f"b{media[0].id}"} | ({"after": f"a{media[-1].id}"} if following else {})
    return as_json({"cursors": cursors})

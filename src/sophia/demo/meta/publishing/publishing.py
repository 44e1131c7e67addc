"""Publishing in the simulated Meta: posts, photos, videos and reels of Pages; containers of Instagram (GRAPH_API.md,
6).
"""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import cast, get_args

from sophia.demo.meta.graph import errors
from sophia.demo.meta.graph.access import require_page_token
from sophia.demo.meta.graph.errors import GraphError, as_json
from sophia.demo.meta.graph.fields import parse_fields
from sophia.demo.meta.graph.meta_errors import META_ERRORS
from sophia.demo.meta.graph.request_context import RequestContext
from sophia.demo.meta.world.feed import POST_FACTOR, campaign_of, medium_of, size_of
from sophia.demo.meta.world.noise import seed_of, unit
from sophia.demo.meta.world.objects import InstagramAccount, Media, MediaType, Page, Post, PostKind, ProductType
from sophia.demo.meta.world.upload_store import Container, ContainerKind, Upload

LONGEST_CAPTION = 2200
# Meta refuses the same text within this time.
DUPLICATE_WITHIN = timedelta(hours=1)
_VIDEO_ENDINGS = (".mp4", ".mov", ".m4v", ".webm", ".avi", ".mkv")
_PHOTO_FACTORS = {"FEED": 1.1, "REELS": 2.4, "STORY": 0.35}


def publish(context: RequestContext) -> str:
    """Return the answer to a POST. GraphError when Meta would refuse it."""
    path = context.request.path
    if path[:1] == ("video-upload",):
        return _upload(context, path[-1])
    if len(path) != 2:
        raise errors.unknown_path("/".join(path))
    node = context.node(path[0])
    require_page_token(context, node)
    if isinstance(node, Page) and path[1] in _OF_PAGES:
        if not context.has_scope("pages_manage_posts"):
            raise META_ERRORS["200 permission"].as_error()
        return _OF_PAGES[path[1]](context, node, context.request.parameters)
    if isinstance(node, InstagramAccount) and path[1] in _OF_INSTAGRAM:
        if not context.has_scope("instagram_content_publish"):
            raise errors.permission_missing("instagram_content_publish")
        return _OF_INSTAGRAM[path[1]](context, node, context.request.parameters)
    raise GraphError("Unsupported post request.", 100, 33, kind=errors.METHOD)


def describe_unpublished(context: RequestContext, path: tuple[str, ...]) -> str | None:
    """Answer about unpublished objects and the publishing limit; return None for any other path."""
    store = context.simulation.upload_store
    if len(path) == 2 and path[1] == "content_publishing_limit":
        account = context.node(path[0])
        config = {"quota_total": store.cap, "quota_duration": 86400}
        return as_json({"data": [{"quota_usage": store.used(account.id, context.now), "config": config}]})
    if len(path) != 1:
        return None
    if path[0] in store.containers:
        return _container(context, store.containers[path[0]])
    upload = store.uploads.get(path[0])
    if upload is None:
        return None
    phases = {"uploading_phase": upload.url, "processing_phase": None, "publishing_phase": None}
    status = {name: {"status": "complete" if done else "not_started"} for name, done in phases.items()}
    return as_json({"id": upload.video_id, "status": {"video_status": "processing", **status}})


def _required(parameters: Mapping[str, str], name: str) -> str:
    value = parameters.get(name, "")
    if not value:
        raise errors.bad_parameter(f"The parameter {name} is required")
    return value


def _fetch(context: RequestContext, url: str) -> str:
    """Return the address after Meta has fetched it. Raise GraphError for one that Meta cannot use."""
    if url in context.simulation.upload_store.bad_urls:
        raise errors.bad_parameter("Missing or invalid image file")
    return url


# Pages.


def _feed(context: RequestContext, page: Page, parameters: Mapping[str, str]) -> str:
    message = _required(parameters, "message")
    for post in context.world.posts(page.id):
        is_recent = context.now - DUPLICATE_WITHIN < post.created_at <= context.now
        if is_recent and post.message == message and context.is_listed(post):
            raise META_ERRORS["506 duplicate post"].as_error()
    return as_json({"id": _add_post(context, page, "status", message).id})


def _photos(context: RequestContext, page: Page, parameters: Mapping[str, str]) -> str:
    _fetch(context, _required(parameters, "url"))
    post = _add_post(context, page, "photo", parameters.get("message", ""))
    return as_json({"id": f"79{post.id.partition('_')[2]}", "post_id": post.id})


def _videos(context: RequestContext, page: Page, parameters: Mapping[str, str]) -> str:
    _fetch(context, _required(parameters, "file_url"))
    post = _add_post(context, page, "video", parameters.get("description", ""))
    return as_json({"id": post.video_id})


def _reels(context: RequestContext, page: Page, parameters: Mapping[str, str]) -> str:
    store = context.simulation.upload_store
    if parameters.get("upload_phase") == "start":
        video_id = _video_id(page, store.number())
        store.uploads[video_id] = Upload(video_id, page.id)
        url = f"{context.request.base_url}/video-upload/v{context.request.version}.0/{video_id}"
        return as_json({"video_id": video_id, "upload_url": url})
    upload = store.uploads.get(_required(parameters, "video_id"))
    if parameters.get("upload_phase") != "finish" or parameters.get("video_state") != "PUBLISHED" or upload is None:
        raise errors.bad_parameter("Invalid upload phase or video")
    if upload.url is None:
        raise errors.bad_parameter("The video is not uploaded yet")
    del store.uploads[upload.video_id]
    _add_post(context, page, "reel", parameters.get("description", ""), upload.video_id)
    return as_json({"success": True})


def _upload(context: RequestContext, video_id: str) -> str:
    upload = context.simulation.upload_store.uploads.get(video_id)
    if upload is None or context.holder.page is None or context.holder.page.id != upload.page_id:
        raise errors.unknown_object(video_id)
    upload.url = _fetch(context, _required(context.request.parameters, "file_url"))
    return as_json({"success": True})


def _video_id(page: Page, number: int) -> str:
    return f"77{page.number:04d}{number:08d}"


def _add_post(context: RequestContext, page: Page, kind: PostKind, message: str, video_id: str | None = None) -> Post:
    """Publish a post now. As for all posts, its figures follow from its id."""
    world = context.world
    number = int(video_id[-8:]) if video_id else context.simulation.upload_store.number()
    business, moment = world.business_of(page.id), context.now.replace(microsecond=0)
    local = f"{page.number:04d}{number:08d}"
    seed = seed_of(world.seed, "published", page.id, number)
    filmed = kind in {"video", "reel"}
    post = Post(
        id=f"{page.echo_id}_122{local}",
        page_id=page.id,
        serial=number,
        kind=kind,
        created_at=moment,
        message=message,
        permalink=f"https://www.facebook.com/{page.echo_id}/posts/122{local}",
        video_id=(video_id or _video_id(page, number)) if filmed else None,
        link=None,
        campaign=campaign_of(world.plan, business, moment),
        size=size_of(seed, POST_FACTOR[kind]),
        length_seconds=round(8 + 50 * unit(seed, 21), 3) if filmed else 0.0,
    )
    world.publish(post)
    return post


_OF_PAGES: dict[str, Callable[[RequestContext, Page, Mapping[str, str]], str]] = {
    "feed": _feed,
    "photos": _photos,
    "videos": _videos,
    "video_reels": _reels,
}

# Instagram.


def _make_container(context: RequestContext, account: InstagramAccount, parameters: Mapping[str, str]) -> str:
    store = context.simulation.upload_store
    caption = parameters.get("caption", "")
    if len(caption) > LONGEST_CAPTION:
        raise errors.bad_parameter("The caption was too long")
    media_type = parameters.get("media_type", "IMAGE")
    if media_type == "CAROUSEL":
        children = tuple(name for name in parameters.get("children", "").split(",") if name)
        if not 2 <= len(children) <= 10 or not all(_is_child(context, account, name) for name in children):
            raise errors.bad_parameter("A carousel needs 2 to 10 children that were made for it")
        urls = children
    else:
        url = parameters.get("video_url") or _required(parameters, "image_url")
        if url.endswith(_VIDEO_ENDINGS) != ("video_url" in parameters) or media_type not in get_args(ContainerKind):
            raise errors.bad_parameter("Only photo or video can be accepted as media type")
        urls = (url,)
    container = Container(
        id=f"17{account.number:05d}{store.number():08d}",
        account_id=account.id,
        kind=cast("ContainerKind", media_type),
        urls=urls,
        caption=caption,
        is_child=parameters.get("is_carousel_item") == "true",
        made_at=context.now,
        polls_left=store.polls,
    )
    store.containers[container.id] = container
    return as_json({"id": container.id})


def _is_child(context: RequestContext, account: InstagramAccount, container_id: str) -> bool:
    child = context.simulation.upload_store.containers.get(container_id)
    return child is not None and child.account_id == account.id and child.is_child


def _status_of(context: RequestContext, container: Container) -> str:
    if container.medium_id is not None:
        return "PUBLISHED"
    if container.is_expired(context.now):
        return "EXPIRED"
    if any(url in context.simulation.upload_store.bad_urls for url in container.urls):
        return "ERROR"
    return "IN_PROGRESS" if container.polls_left > 0 else "FINISHED"


def _container(context: RequestContext, container: Container) -> str:
    """Answer about a container. Each answer brings it nearer to its end."""
    require_page_token(context, context.node(container.account_id))
    code = _status_of(context, container)
    container.polls_left = max(0, container.polls_left - 1)
    status_text = (
        f"{code.title()}: Media upload has failed with error code 2207052" if code == "ERROR" else code.title()
    )
    values = {"id": container.id, "status_code": code, "status": status_text}
    text = context.request.parameters.get("fields")
    names = [field.name for field in parse_fields(text)] if text else ["id"]
    for name in names:
        if name not in values:
            raise errors.unknown_field(name, "IGContainer")
    return as_json({name: values[name] for name in dict.fromkeys((*names, "id"))})


def _publish_container(context: RequestContext, account: InstagramAccount, parameters: Mapping[str, str]) -> str:
    store = context.simulation.upload_store
    container = store.containers.get(_required(parameters, "creation_id"))
    if container is None or container.account_id != account.id or container.is_expired(context.now):
        raise META_ERRORS["24/2207008 container gone"].as_error()
    if store.used(account.id, context.now) >= store.cap:
        raise META_ERRORS["9/2207042 daily cap"].as_error()
    status = _status_of(context, container)
    if status == "PUBLISHED" or container.is_child:
        raise errors.bad_parameter("This media cannot be published")
    if status != "FINISHED":
        raise META_ERRORS["9007/2207027 media not ready"].as_error()
    medium = _add_medium(context, account, container)
    container.medium_id = medium.id
    store.published.setdefault(account.id, []).append(context.now)
    return as_json({"id": medium.id})


def _add_medium(context: RequestContext, account: InstagramAccount, container: Container) -> Media:
    world, moment = context.world, context.now.replace(microsecond=0)
    products: dict[str, ProductType] = {"REELS": "REELS", "STORIES": "STORY"}
    product = products.get(container.kind, "FEED")
    is_video = container.urls[0].endswith(_VIDEO_ENDINGS)
    look: MediaType = "CAROUSEL_ALBUM" if container.kind == "CAROUSEL" else "VIDEO" if is_video else "IMAGE"
    number = context.simulation.upload_store.number()
    business = world.business_of(account.id)
    seed = seed_of(world.seed, "published", account.id, number)
    size = size_of(seed, _PHOTO_FACTORS[product])
    medium = medium_of(
        world.plan,
        business,
        number,
        moment,
        product=product,
        look=look,
        size=size,
        caption=container.caption,
        children=len(container.urls),
    )
    world.publish(medium)
    return medium


_OF_INSTAGRAM: dict[str, Callable[[RequestContext, InstagramAccount, Mapping[str, str]], str]] = {
    "media": _make_container,
    "media_publish": _publish_container,
}

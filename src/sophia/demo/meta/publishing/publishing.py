"""Publishing in the simulated Meta: posts, photos, videos and reels of Pages; containers of Instagram (GRAPH_API.md, 6)."""

from collections.abc import Callable, Mapping
from datetime import timedelta

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
# The same text again within this time is a mistake of the caller's.
DUPLICATE_WITHIN = timedelta(hours=1)
_VIDEO_ENDINGS = (".mp4", ".mov", ".m4v", ".webm", ".avi", ".mkv")
_PHOTO_FACTORS = {"FEED": 1.1, "REELS": 2.4, "STORY": 0.35}


def publish(request_context: RequestContext) -> str:
    """The answer to a POST. GraphError when Meta would refuse it."""
    path = request_context.request.path
    if path[:1] == ("video-upload",):
        return _upload(request_context, path[-1])
    if len(path) != 2:
        raise errors.unknown_path("/".join(path))
    node = request_context.node(path[0])
    require_page_token(request_context, node)
    if isinstance(node, Page) and path[1] in _OF_PAGES:
        if not request_context.has_scope("pages_manage_posts"):
            raise META_ERRORS["200 permission"].as_error()
        return _OF_PAGES[path[1]](request_context, node, request_context.request.parameters)
    if isinstance(node, InstagramAccount) and path[1] in _OF_INSTAGRAM:
        if not request_context.has_scope("instagram_content_publish"):
            raise errors.permission_missing("instagram_content_publish")
        return _OF_INSTAGRAM[path[1]](request_context, node, request_context.request.parameters)
    raise GraphError("Unsupported post request.", 100, 33, kind=errors.METHOD)


def look(request_context: RequestContext, path: tuple[str, ...]) -> str | None:
    """The answer about what is not public yet, or about how much may be published; None for anything else."""
    desk = request_context.simulation.desk
    if len(path) == 2 and path[1] == "content_publishing_limit":
        account = request_context.node(path[0])
        config = {"quota_total": desk.cap, "quota_duration": 86400}
        return as_json({"data": [{"quota_usage": desk.used(account.id, request_context.now), "config": config}]})
    if len(path) != 1:
        return None
    if path[0] in desk.containers:
        return _container(request_context, desk.containers[path[0]])
    upload = desk.uploads.get(path[0])
    if upload is None:
        return None
    phases = {"uploading_phase": upload.url, "processing_phase": None, "publishing_phase": None}
    status = {name: {"status": "complete" if done else "not_started"} for name, done in phases.items()}
    return as_json({"id": upload.video_id, "status": {"video_status": "processing", **status}})


def _needed(given: Mapping[str, str], name: str) -> str:
    value = given.get(name, "")
    if not value:
        raise errors.bad_parameter(f"The parameter {name} is required")
    return value


def _fetched(request_context: RequestContext, url: str) -> str:
    """The address, after Meta has fetched what is there."""
    if url in request_context.simulation.desk.bad_urls:
        raise errors.bad_parameter("Missing or invalid image file")
    return url


# Pages.


def _feed(request_context: RequestContext, page: Page, given: Mapping[str, str]) -> str:
    message = _needed(given, "message")
    for post in request_context.world.posts(page.id):
        is_recent = request_context.now - DUPLICATE_WITHIN < post.created_at <= request_context.now
        if is_recent and post.message == message and request_context.is_listed(post):
            raise META_ERRORS["506 duplicate post"].as_error()
    return as_json({"id": _add_post(request_context, page, "status", message).id})


def _photos(request_context: RequestContext, page: Page, given: Mapping[str, str]) -> str:
    _fetched(request_context, _needed(given, "url"))
    post = _add_post(request_context, page, "photo", given.get("message", ""))
    return as_json({"id": f"79{post.id.partition('_')[2]}", "post_id": post.id})


def _videos(request_context: RequestContext, page: Page, given: Mapping[str, str]) -> str:
    _fetched(request_context, _needed(given, "file_url"))
    post = _add_post(request_context, page, "video", given.get("description", ""))
    return as_json({"id": post.video_id})


def _reels(request_context: RequestContext, page: Page, given: Mapping[str, str]) -> str:
    desk = request_context.simulation.desk
    if given.get("upload_phase") == "start":
        video_id = _video_id(page, desk.number())
        desk.uploads[video_id] = Upload(video_id, page.id)
        url = f"{request_context.request.base_url}/video-upload/v{request_context.request.version}.0/{video_id}"
        return as_json({"video_id": video_id, "upload_url": url})
    upload = desk.uploads.get(_needed(given, "video_id"))
    if given.get("upload_phase") != "finish" or given.get("video_state") != "PUBLISHED" or upload is None:
        raise errors.bad_parameter("Invalid upload phase or video")
    if upload.url is None:
        raise errors.bad_parameter("The video is not uploaded yet")
    del desk.uploads[upload.video_id]
    _add_post(request_context, page, "reel", given.get("description", ""), upload.video_id)
    return as_json({"success": True})


def _upload(request_context: RequestContext, video_id: str) -> str:
    upload = request_context.simulation.desk.uploads.get(video_id)
    if upload is None or request_context.holder.page is None or request_context.holder.page.id != upload.page_id:
        raise errors.unknown_object(video_id)
    upload.url = _fetched(request_context, _needed(request_context.request.parameters, "file_url"))
    return as_json({"success": True})


def _video_id(page: Page, number: int) -> str:
    return f"77{page.number:04d}{number:08d}"


def _add_post(
    request_context: RequestContext, page: Page, kind: PostKind, message: str, video_id: str | None = None
) -> Post:
    """A post that appears now; its numbers follow from its id, as those of all posts do."""
    world = request_context.world
    number = int(video_id[-8:]) if video_id else request_context.simulation.desk.number()
    business, moment = world.business_of(page.id), request_context.now.replace(microsecond=0)
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
        size=size_of(world.plan, business, seed, moment, POST_FACTOR[kind]),
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


def _make_container(request_context: RequestContext, account: InstagramAccount, given: Mapping[str, str]) -> str:
    desk = request_context.simulation.desk
    caption = given.get("caption", "")
    if len(caption) > LONGEST_CAPTION:
        raise errors.bad_parameter("The caption was too long")
    asked = given.get("media_type", "IMAGE")
    if asked == "CAROUSEL":
        children = tuple(name for name in given.get("children", "").split(",") if name)
        if not 2 <= len(children) <= 10 or not all(_is_child(request_context, account, name) for name in children):
            raise errors.bad_parameter("A carousel needs 2 to 10 children that were made for it")
        kind, urls = "CAROUSEL", children
    else:
        url = given.get("video_url") or _needed(given, "image_url")
        if url.endswith(_VIDEO_ENDINGS) != ("video_url" in given) or asked not in {
            "IMAGE",
            "VIDEO",
            "REELS",
            "STORIES",
        }:
            raise errors.bad_parameter("Only photo or video can be accepted as media type")
        kind, urls = asked, (url,)
    container = Container(
        id=f"17{account.number:05d}{desk.number():08d}",
        account_id=account.id,
        kind=_KINDS[kind],
        urls=urls,
        caption=caption,
        is_child=given.get("is_carousel_item") == "true",
        made_at=request_context.now,
        polls_left=desk.polls,
    )
    desk.containers[container.id] = container
    return as_json({"id": container.id})


_KINDS: dict[str, ContainerKind] = {
    "IMAGE": "IMAGE",
    "VIDEO": "VIDEO",
    "REELS": "REELS",
    "STORIES": "STORIES",
    "CAROUSEL": "CAROUSEL",
}


def _is_child(request_context: RequestContext, account: InstagramAccount, container_id: str) -> bool:
    child = request_context.simulation.desk.containers.get(container_id)
    return child is not None and child.account_id == account.id and child.is_child


def _status_of(request_context: RequestContext, container: Container) -> str:
    if container.medium_id is not None:
        return "PUBLISHED"
    if container.is_expired(request_context.now):
        return "EXPIRED"
    if any(url in request_context.simulation.desk.bad_urls for url in container.urls):
        return "ERROR"
    return "IN_PROGRESS" if container.polls_left > 0 else "FINISHED"


def _container(request_context: RequestContext, container: Container) -> str:
    """A container, shown to those who see its account. Each look brings it nearer to its end."""
    require_page_token(request_context, request_context.node(container.account_id))
    code = _status_of(request_context, container)
    container.polls_left = max(0, container.polls_left - 1)
    said = f"{code.title()}: Media upload has failed with error code 2207052" if code == "ERROR" else code.title()
    shown = {"id": container.id, "status_code": code, "status": said}
    text = request_context.request.parameters.get("fields")
    names = [field.name for field in parse_fields(text)] if text else ["id"]
    for name in names:
        if name not in shown:
            raise errors.unknown_field(name, "IGContainer")
    return as_json({name: shown[name] for name in dict.fromkeys((*names, "id"))})


def _publish_container(request_context: RequestContext, account: InstagramAccount, given: Mapping[str, str]) -> str:
    desk = request_context.simulation.desk
    container = desk.containers.get(_needed(given, "creation_id"))
    if container is None or container.account_id != account.id or container.is_expired(request_context.now):
        raise META_ERRORS["24/2207008 container gone"].as_error()
    if desk.used(account.id, request_context.now) >= desk.cap:
        raise META_ERRORS["9/2207042 daily cap"].as_error()
    status = _status_of(request_context, container)
    if status == "PUBLISHED" or container.is_child:
        raise errors.bad_parameter("This media cannot be published")
    if status != "FINISHED":
        raise META_ERRORS["9007/2207027 media not ready"].as_error()
    medium = _add_medium(request_context, account, container)
    container.medium_id = medium.id
    desk.published.setdefault(account.id, []).append(request_context.now)
    return as_json({"id": medium.id})


def _add_medium(request_context: RequestContext, account: InstagramAccount, container: Container) -> Media:
    world, moment = request_context.world, request_context.now.replace(microsecond=0)
    products: dict[str, ProductType] = {"REELS": "REELS", "STORIES": "STORY"}
    product = products.get(container.kind, "FEED")
    is_video = container.urls[0].endswith(_VIDEO_ENDINGS)
    look: MediaType = "CAROUSEL_ALBUM" if container.kind == "CAROUSEL" else "VIDEO" if is_video else "IMAGE"
    number = request_context.simulation.desk.number()
    business = world.business_of(account.id)
    seed = seed_of(world.seed, "published", account.id, number)
    size = size_of(world.plan, business, seed, moment, _PHOTO_FACTORS[product])
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

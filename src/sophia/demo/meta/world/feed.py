"""The past and future posts, media and stories of accounts, newest first; equal seeds give equal ones."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal

from sophia.demo.meta.world.invention import sentence
from sophia.demo.meta.world.noise import around_one, lognormal, seed_of, unit
from sophia.demo.meta.world.objects import (
    AlgorithmChange,
    BetterContent,
    Busier,
    Business,
    Campaign,
    Media,
    MediaType,
    PageStory,
    Post,
    PostKind,
    ProductType,
    ViralDay,
)
from sophia.demo.meta.world.pacific import ONE_DAY, pacific_day

# The world has posts for so long after its building, so that a moving clock finds new ones.
FUTURE = timedelta(days=14)
_STORY_AGES_HOURS = (2, 9, 17)


@dataclass(frozen=True, slots=True)
class Plan:
    """How much is published, when, and the planted events. Shares are fractions of the posts of one account."""

    seed: int
    now: datetime
    days: int
    posts_per_account: int
    reel_share: float
    fb_reel_share: float
    old_media: bool
    algorithm_change: AlgorithmChange
    campaigns: tuple[Campaign, ...]
    viral_day: ViralDay
    better_content: BetterContent | None = None
    busier: Busier | None = None


def _moments(plan: Plan, business: Business, account_seed: int) -> Iterator[tuple[int, datetime]]:
    """Yield (serial, moment of publication), oldest first, evenly spread with jitter, `posts_per_account` up to now.

    A business that gets busier publishes only every second post before.
    """
    count = plan.posts_per_account
    if count == 0:
        return
    step = timedelta(days=plan.days) / count
    later = int(FUTURE / step)
    for serial in range(count + later):
        ahead = serial - count + 0.1 + 0.8 * unit(seed_of(account_seed, "moment"), serial)
        moment = (plan.now + ahead * step).replace(microsecond=0)
        if serial % 2 == 0 or not publishes_half(plan, business, pacific_day(moment)):
            yield serial, moment


def publishes_half(plan: Plan, business: Business, day: date) -> bool:
    busier = plan.busier
    return busier is not None and busier.business_number == business.number and day < busier.day


def response_on(plan: Plan, business: Business, day: date) -> float:
    """Return the factor by which people react more than usual to this business."""
    better = plan.better_content
    improved = better is not None and better.business_number == business.number and day >= better.day
    return better.factor if better is not None and improved else 1.0


def campaign_of(plan: Plan, business: Business, moment: datetime) -> Campaign | None:
    day = pacific_day(moment)
    running = (
        campaign for campaign in plan.campaigns if campaign.business_number == business.number and campaign.covers(day)
    )
    return next(running, None)


def size_of(seed: int, factor: float) -> float:
    """Return the weight of a post among the posts of its account."""
    return factor * lognormal(seed, 0, 0.45)


def _spread_evenly(serial: int, share: float) -> bool:
    """Return True for `share` of all serials, evenly spread."""
    return int((serial + 1) * share) > int(serial * share)


def _post_kind(plan: Plan, seed: int, serial: int) -> PostKind:
    if _spread_evenly(serial, plan.fb_reel_share):
        return "reel"
    draw = unit(seed, 20)
    return "photo" if draw < 0.6 else "status" if draw < 0.85 else "video"


POST_FACTOR = {"status": 0.6, "photo": 1.0, "video": 1.2, "reel": 2.2}


def facebook_posts(plan: Plan, business: Business) -> tuple[Post, ...]:
    """Return the posts of a Page, newest first, future ones included."""
    page = business.page
    account_seed = seed_of(plan.seed, "posts", page.id)
    posts = []
    for serial, moment in _moments(plan, business, account_seed):
        seed = seed_of(account_seed, serial)
        kind = _post_kind(plan, seed, serial)
        campaign = campaign_of(plan, business, moment)
        filmed = kind in {"video", "reel"}
        local = f"{page.number:04d}{serial:08d}"
        site = f"https://{business.slug}.example/news/{serial}"
        tagged = f"{site}?utm_source=facebook&utm_medium=social&utm_campaign={campaign.slug}" if campaign else site
        link = tagged if kind == "status" or (campaign and not filmed) else None
        message = sentence(business.language, seed, kind, campaign.slug if campaign else None)
        posts.append(
            Post(
                id=f"{page.echo_id}_122{local}",
                page_id=page.id,
                serial=serial,
                kind=kind,
                created_at=moment,
                message=f"{message} {link}" if link else message,
                permalink=f"https://www.facebook.com/{page.echo_id}/posts/122{local}",
                video_id=f"77{local}" if filmed else None,
                link=link,
                campaign=campaign,
                size=size_of(seed, POST_FACTOR[kind]),
                response=response_on(plan, business, pacific_day(moment)),
                length_seconds=round(8 + 50 * unit(seed, 21), 3) if filmed else 0.0,
            )
        )
    posts.reverse()
    return tuple(posts)


def instagram_media(plan: Plan, business: Business) -> tuple[Media, ...]:
    """Return the feed and reels of an Instagram account, newest first, future ones included; no stories."""
    account = business.instagram
    account_seed = seed_of(plan.seed, "media", account.id)
    media: list[Media] = []
    for serial, moment in _moments(plan, business, account_seed):
        seed = seed_of(account_seed, serial)
        product: ProductType = "REELS" if _spread_evenly(serial, plan.reel_share) else "FEED"
        look: MediaType = "VIDEO" if product == "REELS" else "CAROUSEL_ALBUM" if unit(seed, 22) < 0.3 else "IMAGE"
        size = size_of(seed, 2.4 if product == "REELS" else 1.1)
        oldest = plan.old_media and business.number == 0 and serial == 0
        media.append(
            medium_of(plan, business, serial, moment, product=product, look=look, size=size, before_professional=oldest)
        )
    media.reverse()
    return tuple(media)


def medium_of(
    plan: Plan,
    business: Business,
    serial: int,
    moment: datetime,
    *,
    product: ProductType,
    look: MediaType,
    size: float,
    few_viewers: bool = False,
    before_professional: bool = False,
    caption: str | None = None,
    children: int = 3,
) -> Media:
    """Return a medium, with an invented caption if `caption` is None, and `children` pictures if it is an album."""
    account = business.instagram
    seed = seed_of(plan.seed, "media", account.id, product, serial)
    local, campaign = f"{account.number:05d}{serial:08d}", campaign_of(plan, business, moment)
    code = f"C{seed_of(account.id, product, serial):016x}"[:11]
    prefix = "180" if product != "STORY" else "181"
    album = tuple(f"182{local}{index}" for index in range(children)) if look == "CAROUSEL_ALBUM" else ()
    invented = sentence(business.language, seed, look, campaign.slug if campaign else None)
    folder = {"REELS": "reel", "STORY": "stories"}.get(product, "p")
    return Media(
        id=f"{prefix}{local}0",
        account_id=account.id,
        serial=serial,
        product_type=product,
        media_type=look,
        created_at=moment,
        caption="" if product == "STORY" else invented if caption is None else caption,
        permalink=f"https://www.instagram.com/{folder}/{code}/",
        shortcode=code,
        children=album,
        campaign=campaign,
        size=size,
        response=response_on(plan, business, pacific_day(moment)),
        length_seconds=round(6 + 40 * unit(seed, 21), 3) if look == "VIDEO" else 0.0,
        few_viewers=few_viewers,
        before_professional=before_professional,
    )


def _story_moments(plan: Plan, per_day: int) -> Iterator[tuple[int, datetime]]:
    """Yield (serial, moment), oldest first: `per_day` stories are alive on each day at the hour of `plan.now`."""
    serial = 0
    for day in range(-2, FUTURE.days + 1):
        for hours in sorted(_STORY_AGES_HOURS[:per_day], reverse=True):
            yield serial, (plan.now + day * ONE_DAY - timedelta(hours=hours, minutes=11)).replace(microsecond=0)
            serial += 1


def stories_per_day(number: int) -> int:
    """Return how many stories the business with this number keeps alive: 3, 0, 1, 2, and so on."""
    return (3, 0, 1, 2)[number % 4]


def instagram_stories(plan: Plan, business: Business) -> tuple[Media, ...]:
    """Stories around the moment the world was built, newest first. One story of the first business has under 5 viewers."""
    stories = []
    for serial, moment in _story_moments(plan, stories_per_day(business.number)):
        seed = seed_of(plan.seed, "story", business.instagram.id, serial)
        look: MediaType = "VIDEO" if unit(seed, 1) < 0.5 else "IMAGE"
        few = business.number == 0 and serial % 3 == 2
        size = 0.35 * around_one(seed, 2, 0.3)
        stories.append(
            medium_of(plan, business, serial, moment, product="STORY", look=look, size=size, few_viewers=few)
        )
    stories.reverse()
    return tuple(stories)


def page_stories(plan: Plan, business: Business) -> tuple[PageStory, ...]:
    """Facebook stories of every third Page, newest first."""
    if business.number % 3:
        return ()
    page = business.page
    stories = []
    for serial, moment in _story_moments(plan, 2):
        seed = seed_of(plan.seed, "page-story", page.id, serial)
        local = f"{page.number:04d}{serial:08d}"
        look: Literal["photo", "video"] = "photo" if unit(seed, 1) < 0.6 else "video"
        stories.append(
            PageStory(
                id=f"{page.echo_id}_133{local}",
                page_id=page.id,
                media_id=f"78{local}",
                media_type=look,
                created_at=moment,
                url=f"https://www.facebook.com/stories/{page.echo_id}/133{local}",
                size=0.25 * around_one(seed, 2, 0.3),
            )
        )
    stories.reverse()
    return tuple(stories)

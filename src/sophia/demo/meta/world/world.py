"""The world of the simulated Meta: clients, accounts, their posts, and planted events."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import Literal, TypeVar

from sophia.demo.meta.world.feed import Plan, facebook_posts, instagram_media, instagram_stories, page_stories
from sophia.demo.meta.world.invention import business_name, industry_of, place_of, slug_of
from sophia.demo.meta.world.noise import seed_of, unit
from sophia.demo.meta.world.objects import (
    Account,
    AlgorithmChange,
    BetterContent,
    Busier,
    Business,
    Campaign,
    InstagramAccount,
    Media,
    MediaChild,
    Node,
    Page,
    PageStory,
    Post,
    Video,
    ViralDay,
)
from sophia.demo.meta.world.pacific import ONE_DAY, pacific_day

ALL_SCOPES = (
    "pages_show_list",
    "pages_read_engagement",
    "pages_read_user_content",
    "pages_manage_engagement",
    "read_insights",
    "instagram_basic",
    "instagram_manage_insights",
    "business_management",
    "pages_manage_posts",
    "instagram_content_publish",
    "instagram_manage_comments",
)
# The forms of ids of Facebook comments: POST_COMMENT, PAGE_POST_COMMENT, or alternately both.
CommentIdParts = Literal["two", "three", "mixed"]
STORY_LIFE = timedelta(hours=24)


@dataclass(frozen=True)
class World:
    """Everything that exists. It makes lists of posts on their first use; equal seeds give equal worlds."""

    plan: Plan
    businesses: tuple[Business, ...]
    scopes: tuple[str, ...]
    require_appsecret_proof: bool
    app_id: str = "412000000000077"
    app_secret: str = "5f0c0ffee0000000000000000000demo"  # noqa: S105  # nothing real opens with it
    login_config_id: str = "733000000000055"
    user_id: str = "10150000000000001"
    user_name: str = "Alex Invented"
    portfolio_id: str = "710400000000033"
    portfolio_name: str = "Invented Agency Portfolio"
    comment_id_parts: CommentIdParts = "two"
    _posts: dict[str, tuple[Post, ...]] = field(default_factory=dict, repr=False, compare=False)
    _media: dict[str, tuple[Media, ...]] = field(default_factory=dict, repr=False, compare=False)
    _stories: dict[str, tuple[Media, ...]] = field(default_factory=dict, repr=False, compare=False)
    _page_stories: dict[str, tuple[PageStory, ...]] = field(default_factory=dict, repr=False, compare=False)
    _published: dict[str, tuple[Post | Media, ...]] = field(default_factory=dict, repr=False, compare=False)
    _nodes: dict[str, dict[str, Node]] = field(default_factory=dict, repr=False, compare=False)

    @property
    def seed(self) -> int:
        return self.plan.seed

    @property
    def built_at(self) -> datetime:
        return self.plan.now

    @property
    def user_token(self) -> str:
        """The long-lived token of the agency's person; `/me/accounts` lists every Page with it."""
        return f"EAAsimUser{seed_of(self.seed, 'user'):016x}"

    @property
    def short_user_token(self) -> str:
        """The token that a login gives; `/oauth/access_token` exchanges it for `user_token`."""
        return f"EAAsimShort{seed_of(self.seed, 'short'):016x}"

    @property
    def app_token(self) -> str:
        return f"{self.app_id}|{self.app_secret}"

    # Planted events.

    @property
    def algorithm_change(self) -> AlgorithmChange:
        return self.plan.algorithm_change

    @property
    def campaigns(self) -> tuple[Campaign, ...]:
        return self.plan.campaigns

    @property
    def viral_day(self) -> ViralDay:
        return self.plan.viral_day

    @property
    def small_page(self) -> Page | None:
        return next((page for page in self.pages if page.is_small), None)

    @property
    def monetised_page(self) -> Page | None:
        return next((page for page in self.pages if page.monetised), None)

    @property
    def renamed_page(self) -> Page | None:
        """The Page whose answers carry another id than the requested one."""
        return next((page for page in self.pages if page.echo_id != page.id), None)

    @cached_property
    def empty_instagram_days(self) -> frozenset[tuple[str, date]]:
        """(Instagram account id, day) for which Meta has no data: `data: []`, never 0."""
        today = pacific_day(self.built_at)
        account = self.businesses[0].instagram.id
        return frozenset({(account, today - 6 * ONE_DAY), (account, today - 20 * ONE_DAY)})

    @cached_property
    def valueless_days(self) -> frozenset[tuple[str, str, date]]:
        """(Page id, metric, day) whose entry has an `end_time` and no `value`."""
        return frozenset({(self.businesses[0].page.id, "page_views_total", pacific_day(self.built_at) - 9 * ONE_DAY)})

    @cached_property
    def old_media(self) -> Media | None:
        """The medium that is older than its account's professional status, if the world has one."""
        media = self.media(self.businesses[0].instagram.id)
        return next((medium for medium in media if medium.before_professional), None)

    # Accounts.

    @cached_property
    def pages(self) -> tuple[Page, ...]:
        return tuple(business.page for business in self.businesses)

    @cached_property
    def instagram_accounts(self) -> tuple[InstagramAccount, ...]:
        return tuple(business.instagram for business in self.businesses)

    @cached_property
    def _owners(self) -> dict[str, Business]:
        owners = {business.page.id: business for business in self.businesses}
        owners |= {business.page.echo_id: business for business in self.businesses}
        return owners | {business.instagram.id: business for business in self.businesses}

    def business_of(self, account_id: str) -> Business:
        """Return the client that owns the Page or Instagram account. KeyError when there is none."""
        return self._owners[account_id]

    def account(self, account_id: str) -> Account:
        """The Page or Instagram account with this id, for a Page also its echoed id. Raise KeyError if unknown."""
        business = self._owners[account_id]
        return business.instagram if account_id == business.instagram.id else business.page

    @cached_property
    def page_by_token(self) -> dict[str, Page]:
        return {page.access_token: page for page in self.pages}

    # The accounts' posts, newest first, future ones included.

    def posts(self, page_id: str) -> tuple[Post, ...]:
        if page_id not in self._posts:
            self._posts[page_id] = facebook_posts(self.plan, self.business_of(page_id))
        return self._posts[page_id]

    def media(self, account_id: str) -> tuple[Media, ...]:
        if account_id not in self._media:
            self._media[account_id] = instagram_media(self.plan, self.business_of(account_id))
        return self._media[account_id]

    def stories(self, account_id: str) -> tuple[Media, ...]:
        """Instagram stories, expired and future ones included; see `is_alive`."""
        if account_id not in self._stories:
            self._stories[account_id] = instagram_stories(self.plan, self.business_of(account_id))
        return self._stories[account_id]

    def page_stories(self, page_id: str) -> tuple[PageStory, ...]:
        if page_id not in self._page_stories:
            self._page_stories[page_id] = page_stories(self.plan, self.business_of(page_id))
        return self._page_stories[page_id]

    def everything_of(self, account: Account) -> Sequence[Post | Media | PageStory]:
        """Return all posts and stories of an account."""
        if isinstance(account, Page):
            return (*self.posts(account.id), *self.page_stories(account.id))
        return (*self.media(account.id), *self.stories(account.id))

    def published(self, account_id: str) -> Sequence[Post | Media]:
        """Return the posts that were published through the API, oldest first."""
        return self._published.get(account_id, ())

    def publish(self, new: Post | Media) -> None:
        """Add a post that was published through the API."""
        home = self.business_of(new.page_id if isinstance(new, Post) else new.account_id)
        if isinstance(new, Post):
            self._posts[new.page_id] = _with(self.posts(new.page_id), new)
        elif new.is_story:
            self._stories[new.account_id] = _with(self.stories(new.account_id), new)
        else:
            self._media[new.account_id] = _with(self.media(new.account_id), new)
        account_id = new.page_id if isinstance(new, Post) else new.account_id
        self._published[account_id] = (*self.published(account_id), new)
        self._nodes.pop(home.slug, None)

    def show_product_type(self, medium_id: str, name: str | None) -> None:
        """Let a medium or story show `name` as its media_product_type, or no such field. KeyError for anything else."""
        medium = self.node(medium_id)
        if not isinstance(medium, Media):
            raise KeyError(medium_id)
        odd = replace(medium, has_odd_product=True, odd_product_type=name)
        lists = self._stories if medium.is_story else self._media
        lists[odd.account_id] = tuple(odd if other.id == medium_id else other for other in lists[odd.account_id])
        self._nodes.pop(self.business_of(odd.account_id).slug, None)

    def node(self, object_id: str) -> Node | None:
        """Return the object with this id, visible or not, or None."""
        if object_id in self._owners:
            return self.account(object_id)
        business = self._home_of(object_id)
        return None if business is None else self._nodes_of(business).get(object_id)

    def _home_of(self, object_id: str) -> Business | None:
        """Return the business whose number is in the id, so that a look-up builds the lists of one business only."""
        page_id, underscore, _ = object_id.partition("_")
        if underscore:
            return self._owners.get(page_id)
        digits = {"77": (2, 6), "78": (2, 6), "18": (3, 8)}.get(object_id[:2])
        if digits is None or not object_id.isdigit() or len(object_id) < digits[1]:
            return None
        number = int(object_id[digits[0] : digits[1]])
        return self.businesses[number] if number < len(self.businesses) else None

    def _nodes_of(self, business: Business) -> dict[str, Node]:
        if business.slug not in self._nodes:
            nodes: dict[str, Node] = {}
            for post in self.posts(business.page.id):
                nodes[post.id] = post
                if post.video_id is not None:
                    nodes[post.video_id] = Video(post.video_id, post)
            nodes.update((story.id, story) for story in self.page_stories(business.page.id))
            for medium in (*self.media(business.instagram.id), *self.stories(business.instagram.id)):
                nodes[medium.id] = medium
                nodes.update((child, MediaChild(child, medium)) for child in medium.children)
            self._nodes[business.slug] = nodes
        return self._nodes[business.slug]


_Listed = TypeVar("_Listed", bound=Post | Media)


def _with(listed: tuple[_Listed, ...], new: _Listed) -> tuple[_Listed, ...]:
    """Return the list, newest first, with a new post, which precedes posts of the same moment."""
    later = sum(1 for post in listed if post.created_at > new.created_at)
    return (*listed[:later], new, *listed[later:])


def account_of(world: World, node: Node) -> Account:
    """Return the account that `node` is or belongs to."""
    if isinstance(node, Page | InstagramAccount):
        return node
    if isinstance(node, Video):
        return world.account(node.post.page_id)
    if isinstance(node, MediaChild):
        return world.account(node.parent.account_id)
    return world.account(node.account_id if isinstance(node, Media) else node.page_id)


def created_at(node: Node) -> datetime | None:
    """Return when `node` was published; None for accounts."""
    if isinstance(node, Video):
        return node.post.created_at
    if isinstance(node, MediaChild):
        return node.parent.created_at
    return None if isinstance(node, Page | InstagramAccount) else node.created_at


def is_alive(story: Media | PageStory, now: datetime) -> bool:
    """Return whether Meta shows a story at `now`: for 24 hours from its publication."""
    return story.created_at <= now < story.created_at + STORY_LIFE


def _build_business(seed: int, number: int, count: int) -> Business:
    name, location, (industry, category) = business_name(number), place_of(number), industry_of(number)
    slug = slug_of(name)
    local = seed_of(seed, "business", number)
    # One business is too small for Meta's unique counts, except in a world of one business.
    small = count > 1 and number == count - 1
    page_id = f"10{local % 10**8:08d}{number:05d}"
    page = Page(
        id=page_id,
        echo_id=f"61{local % 10**8:08d}{number:05d}" if number == 1 else page_id,
        number=number,
        name=name,
        username=slug.replace("-", "."),
        category=category,
        access_token=f"EAAsimPage{seed_of(seed, 'token', number):016x}",
        followers=64 if small else int(900 + 14000 * unit(local, 1) ** 2),
        monetised=number == 0,
    )
    instagram = InstagramAccount(
        id=f"178414{local % 10**6:06d}{number:05d}",
        number=number,
        page_id=page.id,
        username=slug.replace("-", "_"),
        name=name,
        biography=f"{category}, {location.city}",
        website=f"https://{slug}.example/",
        followers=71 if small else int(700 + 22000 * unit(local, 2) ** 2),
        follows=int(40 + 500 * unit(local, 3)),
    )
    return Business(
        number,
        name,
        slug,
        location.city,
        location.country,
        location.timezone,
        location.language,
        industry,
        page,
        instagram,
    )


def _planted(today: date, days: int, count: int) -> tuple[AlgorithmChange, tuple[Campaign, ...], ViralDay]:
    """Return the events of the world, all in the last `days` days before `today`."""

    def ago(share: float) -> date:
        return today - timedelta(days=max(1, int(days * share)))

    campaigns = (
        Campaign("Autumn Opening", "autumn-opening", 0, ago(0.62), ago(0.5), 1.6),
        Campaign("Night of Lights", "night-of-lights", min(1, count - 1), ago(0.26), ago(0.16), 1.45),
    )
    return AlgorithmChange(ago(0.34), 0.8), campaigns, ViralDay(min(2, count - 1), ago(0.44), 7.0)


def build_world(
    seed: int = 7,
    businesses: int = 12,
    posts_per_account: int = 100,
    days: int = 90,
    *,
    now: datetime,
    reel_share: float = 1 / 3,
    fb_reel_share: float = 0.2,
    old_media: bool = False,
    scopes: tuple[str, ...] = ALL_SCOPES,
    require_appsecret_proof: bool = False,
    better_content: BetterContent | None = None,
    busier: Busier | None = None,
    comment_id_parts: CommentIdParts = "two",
) -> World:
    """Return an agency with `businesses` clients, each with a Page and an Instagram account, on which they published
    `posts_per_account` posts in the `days` days before `now` (aware). Equal arguments give equal worlds. `reel_share`
    is the share of reels on Instagram, `fb_reel_share` that on Facebook.
    """
    if now.tzinfo is None:
        raise ValueError("now needs a time zone")
    change, campaigns, viral = _planted(pacific_day(now), days, businesses)
    plan = Plan(
        seed,
        now,
        days,
        posts_per_account,
        reel_share,
        fb_reel_share,
        old_media,
        change,
        campaigns,
        viral,
        better_content,
        busier,
    )
    built = tuple(_build_business(seed, number, businesses) for number in range(businesses))
    return World(plan, built, scopes, require_appsecret_proof, comment_id_parts=comment_id_parts)

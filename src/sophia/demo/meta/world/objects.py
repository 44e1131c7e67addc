"""The objects of the simulated Meta: businesses, their accounts, and the accounts' posts."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

PostKind = Literal["status", "photo", "video", "reel"]
ProductType = Literal["FEED", "REELS", "STORY"]
MediaType = Literal["IMAGE", "VIDEO", "CAROUSEL_ALBUM"]

REACTIONS = ("like", "love", "wow", "haha", "sorry", "anger")
DEMOGRAPHIC_DIMENSIONS = ("age", "gender", "country", "city")
DEMOGRAPHICS = ("follower_demographics", "engaged_audience_demographics", "reached_audience_demographics")

# Meta withholds unique counts, demographics and follower counts from accounts with fewer followers than this.
FEW_FOLLOWERS = 100


@dataclass(frozen=True, slots=True)
class Campaign:
    """Days (both included) on which one business promotes itself and gets more attention."""

    name: str
    slug: str
    business_number: int
    first_day: date
    last_day: date
    uplift: float

    def covers(self, day: date) -> bool:
        return self.first_day <= day <= self.last_day


@dataclass(frozen=True, slots=True)
class ViralDay:
    """A day on which far more people than usual saw one business."""

    business_number: int
    day: date
    factor: float


@dataclass(frozen=True, slots=True)
class AlgorithmChange:
    """From `day` on both platforms show the content of all businesses `factor` times as often."""

    day: date
    factor: float


@dataclass(frozen=True, slots=True)
class BetterContent:
    """From `day` on people react `factor` times as much to this business."""

    business_number: int
    day: date
    factor: float


@dataclass(frozen=True, slots=True)
class Busier:
    """Until `day` this business publishes half as often and has fewer views; its quality stays the same."""

    business_number: int
    day: date


@dataclass(frozen=True, slots=True)
class Page:
    """A Facebook Page. `followers` is the level on the last closed day when the world was built."""

    id: str
    echo_id: str  # the id that answers carry; differs from `id` on one Page (New Pages Experience)
    number: int
    name: str
    username: str
    category: str
    access_token: str
    followers: int
    monetised: bool

    @property
    def is_small(self) -> bool:
        return self.followers < FEW_FOLLOWERS


@dataclass(frozen=True, slots=True)
class InstagramAccount:
    """An Instagram professional account. `followers` is the level on the last closed day when the world was built."""

    id: str
    number: int
    page_id: str
    username: str
    name: str
    biography: str
    website: str
    followers: int
    follows: int

    @property
    def is_small(self) -> bool:
        return self.followers < FEW_FOLLOWERS


@dataclass(frozen=True, slots=True)
class Business:
    """A client of the agency: one Page and the Instagram account linked to it."""

    number: int
    name: str
    slug: str
    city: str
    country: str
    timezone: str
    language: str
    industry: str
    page: Page
    instagram: InstagramAccount


@dataclass(frozen=True, slots=True)
class Post:
    """A Facebook post. `size` is its weight among the posts that share the Page's views, `response` the factor by which
    people react more than usual.
    """

    id: str
    page_id: str
    serial: int
    kind: PostKind
    created_at: datetime
    message: str
    permalink: str
    video_id: str | None
    link: str | None
    campaign: Campaign | None
    size: float
    length_seconds: float
    response: float = 1.0

    @property
    def is_video(self) -> bool:
        return self.video_id is not None


@dataclass(frozen=True, slots=True)
class Video:
    """The video or reel behind a post, under its own id; its insights are at `/video_insights`."""

    id: str
    post: Post


@dataclass(frozen=True, slots=True)
class PageStory:
    """A story of a Facebook Page; `id` is the post id for insights. Lists show it for 24 hours."""

    id: str
    page_id: str
    media_id: str
    media_type: Literal["photo", "video"]
    created_at: datetime
    url: str
    size: float


@dataclass(frozen=True, slots=True)
class Media:
    """An Instagram post, reel or story. `size` is its weight among the posts that share the account's views, `response`
    the factor by which people react more than usual.
    """

    id: str
    account_id: str
    serial: int
    product_type: ProductType
    media_type: MediaType
    created_at: datetime
    caption: str
    permalink: str
    shortcode: str
    children: tuple[str, ...]
    campaign: Campaign | None
    size: float
    length_seconds: float
    few_viewers: bool = False
    before_professional: bool = False
    response: float = 1.0
    # Meta shows `odd_product_type` as its media_product_type: an unknown name, or None for no field.
    has_odd_product: bool = False
    odd_product_type: str | None = None

    @property
    def shown_product_type(self) -> str | None:
        return self.odd_product_type if self.has_odd_product else self.product_type

    @property
    def is_story(self) -> bool:
        return self.product_type == "STORY"


@dataclass(frozen=True, slots=True)
class MediaChild:
    """One picture of an album: an object without insights."""

    id: str
    parent: Media


Account = Page | InstagramAccount
Node = Page | InstagramAccount | Post | Video | PageStory | Media | MediaChild

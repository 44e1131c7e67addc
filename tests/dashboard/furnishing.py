"""What Hats has for the pages of campaigns, conversions, benchmarks and comments."""

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

from tests.analytics.reports.conftest import MONDAY
from tests.conftest import NOW, ONE_DAY, Filling

from sophia.analytics.campaigns.schemas import NewCampaign
from sophia.analytics.campaigns.store import create_campaign
from sophia.analytics.comments.competitors_store import add_competitor, save_discovered
from sophia.analytics.comments.store import save_comments
from sophia.analytics.conversions.incoming import Conversion, NewConversion
from sophia.analytics.conversions.store import record_conversion
from sophia.analytics.links.store import register_links, set_domains
from sophia.analytics.utm.tagging import tag_copy
from sophia.meta.records import Discovered, DiscoveredPost, ObservedComment, ObservedComments

TEXTS = (
    "I love this place, the staff were wonderful!",
    "Terrible service, I will never come back here again.",
    "The shop opens at nine in the morning on weekdays.",
    "Das ist wirklich furchtbar, ich komme nie wieder in diesen Laden!",
)
# (type, source, customer, revenue) of each event, a day apart from Monday on.
EVENTS: tuple[tuple[str, str, str, int | None], ...] = (
    ("utm_click", "instagram", "anna", None),
    ("inquiry", "website", "anna", None),
    ("conversion", "shop", "anna", 40),
    ("conversion", "shop", "ben", 60),
    ("refund", "shop", "ben", 10),
)


def at(day: date) -> datetime:
    return datetime.combine(day, time(20), UTC)


def furnish_pages(filling: Filling, client: int, account: int) -> None:
    """Store a campaign with a draft, events, a link, comments and a competitor."""
    draft = filling.draft(client)
    filling.post(account, "of a draft", draft)
    with filling.database.write() as session:
        campaign = NewCampaign(name="Autumn", start_date=MONDAY, end_date=MONDAY + 9 * ONE_DAY, draft_ids=[draft])
        create_campaign(session, client, campaign, NOW)
        for index, (event_type, source, customer, revenue) in enumerate(EVENTS):
            new = NewConversion(
                event_type=event_type,  # type: ignore[arg-type]
                source=source,
                event_date=MONDAY + index * ONE_DAY,
                revenue_amount=None if revenue is None else Decimal(revenue),
                currency=None if revenue is None else "EUR",
                content_draft_id=draft,
                customer_key=customer,
                external_id=f"event {index}",
            )
            record_conversion(session, client, Conversion.from_new(new), None, NOW)
        set_domains(session, client, ["example.com"])
        tagged = tag_copy("Look at https://example.com/new", "instagram", "autumn", draft, domains=["example.com"])
        register_links(session, draft, account, tagged, None, NOW)
        competitor = add_competitor(session, client, "caps", NOW)
        posts = [DiscoveredPost("c1", at(MONDAY), "IMAGE", 10, 2)]
        save_discovered(session, competitor, Discovered(900, 1, posts, is_all=True), NOW)
    comments = [
        ObservedComment(
            f"comment {index}", at(MONDAY + ONE_DAY) + timedelta(minutes=index), text, is_reply=False, is_own=False
        )
        for index, text in enumerate(TEXTS)
    ]
    page = ObservedComments(f"{account}_{at(MONDAY + ONE_DAY).timestamp():.0f}", comments, None, is_incomplete=False)
    save_comments(filling.database, account, [page], NOW, NOW - timedelta(days=400))

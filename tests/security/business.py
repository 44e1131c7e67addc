"""A client with one of everything that the API can tell of, each thing with a mark that others must not see."""

from dataclasses import dataclass, field
from decimal import Decimal
from zoneinfo import ZoneInfo

from tests.conftest import NOW, ONE_DAY, YESTERDAY, Filling

from sophia.analytics.annotations.models import Annotation
from sophia.analytics.audience.models import TargetAudienceEntry
from sophia.analytics.campaigns.models import Campaign, CampaignMembership
from sophia.analytics.comments.competitor_models import Competitor
from sophia.analytics.comments.models import Comment, DerivedMetric
from sophia.analytics.conversions.models import ConversionEvent, MarketingCost
from sophia.analytics.decisions.models import DecisionTrace
from sophia.analytics.goals.models import ClientGoal
from sophia.analytics.readings.run_models import MetricStatus
from sophia.meta.reporting_zone import DateRange
from sophia.portfolio.models import ContentDraft, PublishingQueueEntry
from sophia.reporting.branding import Branding
from sophia.reporting.document import Document
from sophia.reporting.editions import keep_report

MINE, OTHERS = "of-mine", "of-the-other"


@dataclass
class Business:
    """`ids` are what could stand in an address or a body, by the names that they have there."""

    filling: Filling
    mark: str
    ids: dict[str, str] = field(default_factory=dict)

    def furnish(self) -> None:
        client = self.filling.client(f"Client {self.mark}")
        account = self.filling.account(
            client, name=f"Page {self.mark}", username=f"page-{self.mark}", external_id=f"x-{self.mark}"
        )
        draft = self.filling.draft(client)
        post = self.filling.post(account, f"post-{self.mark}", draft)
        metric = self.filling.metric("facebook", "post", f"unknown-{self.mark}")
        series = self.filling.series(account, metric, post)
        self.filling.readings(account, series, {YESTERDAY: 7}, self.filling.fetch(account))
        self.filling.daily(account, "page_media_view", {YESTERDAY: 7})
        self.filling.watermark(account, "page_insights", YESTERDAY, YESTERDAY)
        run = self.filling.run(account, status="failed", problems=[{"code": 1, "message": f"failed {self.mark}"}])
        self._refuse(account)
        campaign = self.filling.add(
            Campaign(
                client_id=client,
                name=f"Campaign {self.mark}",
                slug=f"c-{self.mark}",
                start_date=YESTERDAY,
                created_at=NOW,
            )
        )
        with self.filling.database.write() as session:
            session.add(CampaignMembership(campaign_id=campaign, draft_id=draft))
            row = session.get_one(ContentDraft, draft)
            row.kind, row.copy = "feed", f"written {self.mark}"
        note = Annotation(client_id=client, day=YESTERDAY, text=f"note {self.mark}", author="Ada", written_at=NOW)
        cost = self._spend(client)
        self._aim(client)
        self.filling.add(
            DecisionTrace(
                client_id=client,
                draft_id=draft,
                stage="angle",
                decision=f"decided {self.mark}",
                decided_at=NOW,
                recorded_at=NOW,
                idempotency_key=self.mark,
                content_sha256="",
            )
        )
        self._want(client)
        entry = self.filling.add(PublishingQueueEntry(draft_id=draft, account_id=account, created_at=NOW))
        competitor = self.filling.add(Competitor(client_id=client, username=f"rival-{self.mark}", added_at=NOW))
        self._comment(account, post)
        self.ids = {
            "client_id": str(client),
            "account_id": str(account),
            "content_draft_id": str(draft),
            "platform_post_id": f"post-{self.mark}",
            "campaign_id": str(campaign),
            "draft_id": str(draft),
            "competitor_id": str(competitor),
            "run_id": str(run),
            "entry_id": str(entry),
            "before_id": str(run + 100),
            "annotation_id": str(self.filling.add(note)),
            "cost_id": str(cost),
            "conversion_id": str(self._sell(client)),
            "edition_id": str(self._report(client)),
            "name": f"named-{self.mark}",
        }

    def _report(self, client: int) -> int:
        document = Document(
            language="en",
            branding=Branding(),
            title="Report",
            name=f"report {self.mark}",
            period="",
            compared="",
            lead="",
            edition="",
            fresh="",
            pending="",
            prepared_by="",
            note=None,
            result=None,
            changes=None,
            work=None,
            outlook=None,
            needs=None,
            figures=None,
            definitions_heading="",
            definitions=(),
        )
        window = DateRange(YESTERDAY, YESTERDAY + ONE_DAY)
        with self.filling.database.write() as session:
            kept = keep_report(
                session, client, window, document, as_of=NOW, zone=ZoneInfo("UTC"), actor=self.mark, now=NOW
            )
        return kept.edition.id

    def _spend(self, client: int) -> int:
        return self.filling.add(
            MarketingCost(
                client_id=client,
                start_date=YESTERDAY,
                end_date=YESTERDAY,
                amount=Decimal(7),
                currency="CAD",
                purpose=f"ads {self.mark}",
                recorded_at=NOW,
            )
        )

    def _sell(self, client: int) -> int:
        return self.filling.add(
            ConversionEvent(
                client_id=client,
                event_type="conversion",
                source=f"shop {self.mark}",
                origin=f"shop {self.mark}",
                event_date=YESTERDAY,
                idempotency_key=self.mark,
                content_sha256="",
                recorded_at=NOW,
            )
        )

    def _aim(self, client: int) -> None:
        self.filling.add(
            ClientGoal(
                client_id=client,
                name=f"named-{self.mark}",
                kpi="posts",
                target=7,
                at_most=False,
                start_date=YESTERDAY,
                end_date=YESTERDAY,
                set_at=NOW,
            )
        )

    def _want(self, client: int) -> None:
        profile = TargetAudienceEntry(
            client_id=client, name=f"named-{self.mark}", genders=["F"], countries=[], places=[f"place-{self.mark}"]
        )
        profile.created_at = profile.updated_at = NOW
        self.filling.add(profile)

    def _comment(self, account: int, post: int) -> None:
        self.filling.add(
            Comment(
                account_id=account,
                post_id=post,
                platform_comment_id=f"comment-{self.mark}",
                written_at=NOW,
                text=f"said {self.mark}",
                tone="positive",
                is_reply=False,
                is_own=False,
                first_seen_at=NOW,
                fetched_at=NOW,
            )
        )
        with self.filling.database.write() as session:
            session.add(
                DerivedMetric(
                    post_id=post,
                    metric_name=f"quality-{self.mark}",
                    metric_date=YESTERDAY,
                    metric_value=1.0,
                    sample_size=1,
                    computed_at=NOW,
                )
            )

    def _refuse(self, account: int) -> None:
        self.filling.add(
            MetricStatus(
                platform="facebook",
                object_kind="page",
                api_version="v22.0",
                metric_name=f"refused-{self.mark}",
                account_id=account,
                code=100,
                reason=f"refused {self.mark}",
                since=NOW,
                ask_again_at=NOW,
            )
        )


def furnished(filling: Filling, mark: str) -> Business:
    business = Business(filling, mark)
    business.furnish()
    return business

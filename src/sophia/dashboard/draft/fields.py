"""The form of a draft: what a person typed, and the choices that its client and platform have."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from sophia.analytics.campaigns.queries import list_campaigns
from sophia.dashboard.layout.forms import lines_of
from sophia.display.formatting import PLATFORM_LABELS
from sophia.display.values import Choice
from sophia.portfolio.drafts import KINDS, Draft, DraftContent
from sophia.portfolio.service import list_accounts

# Separates platform and kind in the value of a choice.
SEPARATOR = " "


@dataclass(frozen=True, slots=True)
class DraftFields:
    """The fields of a draft as a form has them: `post_type` is platform and kind, `media` has one address a line."""

    post_type: str = ""
    copy: str = ""
    media: str = ""
    account_ids: tuple[int, ...] = ()
    content_pillar: str = ""
    campaign_id: int | None = None

    @property
    def content(self) -> DraftContent:
        platform, _, kind = self.post_type.partition(SEPARATOR)
        media_urls, pillar = lines_of(self.media), self.content_pillar.strip() or None
        return DraftContent(platform, kind, self.copy, media_urls, self.account_ids, pillar)


@dataclass(frozen=True, slots=True)
class DraftForm:
    """The form of a draft, filled in. `copy` and `media` keep their line ends."""

    types: tuple[Choice, ...]
    copy: str
    media: str
    accounts: tuple[Choice, ...]
    content_pillar: str
    campaigns: tuple[Choice, ...]


def fields_of(draft: Draft) -> DraftFields:
    return DraftFields(
        post_type=f"{draft.platform}{SEPARATOR}{draft.kind or ''}",
        copy=draft.copy,
        media="\n".join(draft.media_urls),
        account_ids=tuple(draft.account_ids),
        content_pillar=draft.content_pillar or "",
    )


def draft_form(
    session: Session, client_id: int, fields: DraftFields, now: datetime, platform: str | None = None
) -> DraftForm:
    """Return the form for a client. With `platform`, which a draft keeps, only its types and accounts can be chosen."""
    accounts = [
        account for account in list_accounts(session, client_id=client_id) if platform in (None, account.platform)
    ]
    # Types of the client's own platforms; without an account all of them, so that a draft can be prepared.
    platforms = {account.platform for account in accounts} or set(KINDS)
    return DraftForm(
        types=tuple(
            Choice(value, f"{PLATFORM_LABELS[name]} · {kind}", value == fields.post_type)
            for name, kinds in KINDS.items()
            if name == platform or (platform is None and name in platforms)
            for kind in kinds
            for value in [f"{name}{SEPARATOR}{kind}"]
        ),
        copy=fields.copy,
        media=fields.media,
        accounts=tuple(
            Choice(
                str(account.id),
                f"{account.name} · {PLATFORM_LABELS[account.platform]}",
                account.id in fields.account_ids,
            )
            for account in accounts
        ),
        content_pillar=fields.content_pillar,
        campaigns=tuple(
            Choice(str(campaign.id), campaign.name, campaign.id == fields.campaign_id)
            for campaign in list_campaigns(session, client_id, now)
        )
        if platform is None
        else (),
    )

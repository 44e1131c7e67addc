"""What goes with a client, and what stays."""

from sqlalchemy.orm import Session
from tests.models.rows import (
    NOW,
    add,
    annotation,
    anomaly,
    benchmark,
    campaign,
    client_revision,
    comment,
    competitor,
    conversion,
    cost,
    derived,
    edition,
    goal,
    ideal,
    link,
    membership,
    note,
    outcome,
    outcome_revision,
    picture,
    queued,
    reading,
    remembered,
    report_settings,
    revision,
    score,
    snapshot,
    status,
    trace,
    watermark,
)

from sophia.analytics.benchmarks.comparison import SEED
from sophia.analytics.campaigns.models import CampaignMembership
from sophia.analytics.comments.models import CommentReading
from sophia.analytics.conversions.models import ConversionEvent
from sophia.database.columns import Base
from sophia.database.engine import Database
from sophia.portfolio.models import Client, ContentDraft, Post


def test_a_client_takes_everything_along(store: Database) -> None:
    """K5: nothing of a client that is deleted stays behind, but the metrics, which are everybody's."""
    rows = [reading(), reading(series_id=2), revision(), snapshot(), campaign(), membership(), conversion(), link()]
    rows += [trace(draft_id=1), outcome(), outcome_revision(), score(), queued(), status(account_id=1), watermark()]
    rows += [cost(), goal(), annotation(), remembered(), anomaly(), ideal(), client_revision(), picture()]
    rows += [report_settings(), note(), edition()]
    rows += [comment(), derived(), CommentReading(post_id=1, read_at=NOW), *competitor()]
    add(store, *rows, benchmark(), status())
    with store.write() as session:
        session.delete(session.get_one(Client, 1))

    def left(session: Session) -> dict[str, int]:
        counted = {table.name: session.query(table).count() for table in Base.metadata.sorted_tables}
        return {name: count for name, count in counted.items() if count}

    with store.read() as session:
        assert left(session) == {"metrics": 1, "industry_benchmarks": len(SEED) + 1, "metric_status": 1}


def test_a_draft_leaves_its_post(store: Database) -> None:
    """K5: the post was published whatever becomes of the draft; so was the conversion."""
    add(store, conversion(content_draft_id=1), membership())
    with store.write() as session:
        session.delete(session.get_one(ContentDraft, 1))
    with store.read() as session:
        assert session.get_one(Post, 1).draft_id is None
        assert session.query(ConversionEvent).one().content_draft_id is None
        assert session.query(CampaignMembership).count() == 0

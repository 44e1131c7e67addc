"""A store with one row of everything that others hang on."""

import pytest
from tests.models.rows import DAY, NOW, metric

from sophia.analytics.campaigns.models import Campaign
from sophia.analytics.readings.models import MetricSeries
from sophia.analytics.readings.run_models import CollectionRun
from sophia.database.engine import Database
from sophia.portfolio.models import Account, Client, ContentDraft, Post


@pytest.fixture
def store(database: Database) -> Database:
    """One row, numbered 1, of everything that others hang on."""
    with database.write() as session:
        session.add(Client(name="Bakery", slug="bakery", timezone="UTC", created_at=NOW))
        session.flush()
        session.add(Account(client_id=1, platform="facebook", external_id="9", name="Page", connected_at=NOW))
        session.add(
            ContentDraft(
                client_id=1, platform="facebook", copy="x", image_prompt="x", image_ratio="1:1", created_at=NOW
            )
        )
        session.add(Campaign(client_id=1, name="Spring", slug="spring", start_date=DAY, created_at=NOW))
        session.flush()
        session.add(
            Post(account_id=1, platform_post_id="9_1", kind="post", published_at=NOW, first_seen_at=NOW, draft_id=1)
        )
        session.add(metric())
        session.add(CollectionRun(account_id=1, trigger="manual", status="ok", started_at=NOW, api_version="v22.0"))
        session.flush()
        session.add_all([MetricSeries(account_id=1, metric_id=1), MetricSeries(account_id=1, post_id=1, metric_id=1)])
    return database

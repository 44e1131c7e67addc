"""Clients and accounts, on both databases."""

import threading
import time
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from sqlalchemy import func, select
from tests.conftest import NOW, ONE_DAY, YESTERDAY, Filling
from tests.models.rows import (
    alert,
    alert_delivery,
    alert_route,
    delivery,
    edition,
    note,
    recipient,
    report_settings,
    schedule,
    scheduled,
)

from sophia.analytics.annotations.models import Annotation
from sophia.analytics.anomalies.models import AnomalyEntry, MonitoredSeries
from sophia.analytics.audience.models import TargetAudienceEntry
from sophia.analytics.campaigns.models import Campaign, CampaignMembership
from sophia.analytics.comments.competitors_store import add_competitor, save_discovered
from sophia.analytics.comments.store import finish_posts, save_comments
from sophia.analytics.conversions.models import (
    ConversionEvent,
    ConversionEventRevision,
    ConversionSourceChoice,
    MarketingCost,
)
from sophia.analytics.decisions.models import DecisionQualityScore, DecisionTrace, PostOutcome, PostOutcomeRevision
from sophia.analytics.goals.models import ClientGoal
from sophia.analytics.kpis.models import KPISnapshot, KPISnapshotRevision
from sophia.analytics.links.models import TrackedLink
from sophia.analytics.maintenance.deleting import delete_client_data
from sophia.analytics.maintenance.tables import exported_tables
from sophia.analytics.readings.models import QuarantinedItem
from sophia.analytics.readings.run_models import MetricStatus, RefusedObject
from sophia.analytics.readings.runs_store import take_lease
from sophia.database.engine import Database
from sophia.errors import BusyError, ConflictError, InvalidInputError, NotFoundError
from sophia.meta.records import Discovered, DiscoveredPost, ObservedComment, ObservedComments
from sophia.portfolio.models import Account, ApprovalEvent, Client, ClientRevision, PublishingQueueEntry
from sophia.portfolio.service import (
    Connection,
    archive_client,
    connect_account,
    create_client,
    find_client,
    find_or_create_client,
    list_accounts,
    list_clients,
    reencrypt_tokens,
    restore_client,
)
from sophia.vault import Vault

PAGE = Connection("facebook", "100", "Bakery", None, SecretStr("EAAbakerysfirsttoken"), frozenset({"read_insights"}))


@pytest.fixture
def vault() -> Vault:
    return Vault(["HgVbcYEAXyOlbWj0vKPJuTTUZA0wKXXpUp09RYdR0bw="])


def test_clients_with_one_slug_are_numbered(database: Database) -> None:
    """F11: Tips! and Tips? are told apart."""
    with database.write() as session:
        slugs = [create_client(session, name, "UTC", NOW).slug for name in ("Tips!", "Tips?", "tips", "Tips 2")]
    assert slugs == ["tips", "tips-2", "tips-3", "tips-2-2"]


def test_long_names_and_names_without_latin_letters_have_slugs_of_their_own(database: Database) -> None:
    """F11: two shops in Kanazawa must not share a slug, nor two names that differ after sixty letters."""
    names = ("花屋", "本屋", "A" * 100 + "b", "A" * 100 + "c")
    with database.write() as session:
        slugs = [create_client(session, name, "UTC", NOW).slug for name in names]
    assert slugs == ["client-90c96f61", "client-d45a8a98", "a" * 60, "a" * 58 + "-2"]


@pytest.mark.parametrize("name", ["", "   ", "a\x00b", "x" * 201])
def test_a_name_that_cannot_be_shown_is_refused(database: Database, name: str) -> None:
    with database.write() as session, pytest.raises(InvalidInputError):
        create_client(session, name, "UTC", NOW)


@pytest.mark.parametrize("zone", ["", "EST5", "Mars/Phobos", "america/toronto"])
def test_a_zone_that_is_none_is_refused(database: Database, zone: str) -> None:
    """E7: a bad zone never gets as far as a job."""
    with database.write() as session, pytest.raises(InvalidInputError, match="time zone"):
        create_client(session, "Bakery", zone, NOW)


def test_a_client_is_found_by_name_slug_and_number(database: Database) -> None:
    with database.write() as session:
        bakery = create_client(session, "Amber  Bakery", "UTC", NOW)
        odd = create_client(session, str(bakery.id), "UTC", NOW)
        assert find_client(session, "Amber Bakery") is find_client(session, "amber-bakery") is bakery
        assert find_client(session, str(bakery.id)) is odd, "a name goes before a number"
        assert find_or_create_client(session, " Amber Bakery ", "UTC", NOW) is bakery
        for wrong in ("Bakery", "99", "9" * 30, "²"):
            with pytest.raises(NotFoundError):
                find_client(session, wrong)
        with pytest.raises(ConflictError):
            create_client(session, "Amber Bakery", "UTC", NOW)


def test_an_account_belongs_to_one_client(database: Database, vault: Vault) -> None:
    """A3: connecting an account of another client is refused by that client's name, and changes nothing."""
    with database.write() as session:
        bakery, barber = (create_client(session, name, "UTC", NOW) for name in ("Bakery", "Barber"))
        connect_account(session, vault, bakery, PAGE, NOW)
        with pytest.raises(ConflictError, match="belongs to the client 'Bakery'"):
            connect_account(session, vault, barber, PAGE, NOW)
    with database.read() as session:
        assert [account.client_name for account in list_accounts(session)] == ["Bakery"]


def test_connecting_again_brings_the_new_token(database: Database, vault: Vault) -> None:
    """A3, D5: the account stays the same; token, permissions and end are those of now, and it is active again."""
    with database.write() as session:
        client = create_client(session, "Bakery", "UTC", NOW)
        number, is_new = connect_account(session, vault, client, PAGE, NOW)
        session.get_one(Account, number).status = "needs_reconnect"
    later = Connection(
        "facebook", "100", "Bakery!", None, SecretStr("EAAbakerysnexttoken"), frozenset(), NOW + ONE_DAY, None, NOW
    )
    with database.write() as session:
        again = connect_account(session, vault, find_client(session, "Bakery"), later, NOW)
    assert is_new
    assert again == (number, False)
    with database.read() as session:
        account = session.get_one(Account, number)
        assert vault.decrypt(str(account.token_encrypted)).get_secret_value() == "EAAbakerysnexttoken"
        assert (account.status, account.name, account.token_scopes) == ("active", "Bakery!", [])
        assert list_accounts(session)[0].token_ends_at == NOW + ONE_DAY


def test_no_token_is_in_what_lists_return(database: Database, vault: Vault) -> None:
    """D5: tokens are at rest encrypted, and leave the service in no list."""
    with database.write() as session:
        connect_account(session, vault, create_client(session, "Bakery", "UTC", NOW), PAGE, NOW)
        assert "EAAbakery" not in str(list_accounts(session)) + str(list_clients(session))
        assert "EAAbakery" not in str(session.scalar(select(Account.token_encrypted)))


def test_an_archived_client_is_left_alone_until_it_is_restored(database: Database, vault: Vault) -> None:
    with database.write() as session:
        client = create_client(session, "Bakery", "UTC", NOW)
        connect_account(session, vault, client, PAGE, NOW)
        archive_client(session, client.id)
        assert list_accounts(session) == []
        assert len(list_accounts(session, archived=True)) == 1
        with pytest.raises(ConflictError, match="restore"):
            connect_account(session, vault, client, PAGE, NOW)
        restore_client(session, client.id)
        assert len(list_accounts(session)) == 1


def test_tokens_are_encrypted_anew(database: Database) -> None:
    """D5: after a rotation the old key can be taken away."""
    old, new = "HgVbcYEAXyOlbWj0vKPJuTTUZA0wKXXpUp09RYdR0bw=", "dJ2PdnYC1ol4CnGPXXBuKsdJvRjlyVQ3lPBOcyyvQYg="
    with database.write() as session:
        connect_account(session, Vault([old]), create_client(session, "Bakery", "UTC", NOW), PAGE, NOW)
        assert reencrypt_tokens(session, Vault([new, old])) == 1
        stored = session.scalar(select(Account.token_encrypted))
    assert Vault([new]).decrypt(str(stored)).get_secret_value() == "EAAbakerysfirsttoken"


def fill(filling: Filling, name: str) -> int:
    """A client with a row in every table that can belong to one."""
    client = filling.client(name)
    account = filling.account(client)
    draft = filling.draft(client)
    post = filling.post(account, f"{name}-post", draft)
    series = filling.series(account, filling.metric("facebook", "post", "post_media_view", "lifetime"), post)
    fetch = filling.fetch(account)
    filling.readings(account, series, {YESTERDAY: 5}, fetch)
    filling.revise(series, YESTERDAY, 6, filling.fetch(account))
    filling.watermark(account, "page_insights", YESTERDAY, YESTERDAY)
    filling.key(client)
    run = filling.run(account)
    campaign = filling.add(Campaign(client_id=client, name="C", slug="c", start_date=YESTERDAY, created_at=NOW))
    rows = [
        CampaignMembership(campaign_id=campaign, draft_id=draft),
        PublishingQueueEntry(draft_id=draft, account_id=account, created_at=NOW),
        ApprovalEvent(draft_id=draft, kind="created", version=1, actor="Ada", happened_at=NOW),
        QuarantinedItem(run_id=run, reason="odd", object_id="1", metric_name="m", excerpt="{", recorded_at=NOW),
        MetricStatus(
            platform="facebook",
            object_kind="page",
            api_version="v22.0",
            metric_name=name,
            account_id=account,
            code=100,
            reason="no",
            since=NOW,
            ask_again_at=NOW,
        ),
        RefusedObject(account_id=account, object_id="1_2", code=100, reason="no", since=NOW, ask_again_at=NOW),
        TrackedLink(
            client_id=client,
            draft_id=draft,
            original="https://example.com/",
            tagged="https://example.com/?utm_content=post_1",
            original_sha256="0" * 64,
            tagged_sha256="1" * 64,
            first_seen_at=NOW,
        ),
        KPISnapshot(
            client_id=client,
            account_id=account,
            account_key=account,
            week_start=YESTERDAY - timedelta(days=6),
            week_end=YESTERDAY,
            kpis={},
            computed_at=NOW,
            checked_at=NOW,
        ),
        ConversionEvent(
            client_id=client,
            content_draft_id=draft,
            event_type="save",
            source="shop",
            event_date=YESTERDAY,
            idempotency_key="k",
            content_sha256="0" * 64,
            recorded_at=NOW,
        ),
        ConversionSourceChoice(client_id=client, origin="shop", set_at=NOW),
        TargetAudienceEntry(
            client_id=client, name="i", genders=["F"], countries=[], places=[], created_at=NOW, updated_at=NOW
        ),
        DecisionTrace(
            client_id=client,
            draft_id=draft,
            stage="voice",
            decision="d",
            decided_at=NOW,
            recorded_at=NOW,
            idempotency_key="k",
            content_sha256="",
        ),
        DecisionQualityScore(
            client_id=client,
            stage="voice",
            period_start=YESTERDAY - ONE_DAY,
            period_end=YESTERDAY,
            sample_size=1,
            computed_at=NOW,
        ),
    ]
    with filling.database.write() as session:
        session.add_all(rows)
        session.flush()
        (snapshot,) = (row for row in rows if isinstance(row, KPISnapshot))
        session.add(KPISnapshotRevision(snapshot_id=snapshot.id, replaced_at=NOW, kpis={}, computed_at=NOW))
        (conversion,) = (row for row in rows if isinstance(row, ConversionEvent))
        session.add(earlier_version(conversion))
    talk(filling, client, account, name)
    tell(filling, client, account, name)
    return client


def earlier_version(conversion: ConversionEvent) -> ConversionEventRevision:
    """What a conversion was before it was changed."""
    columns = {column.key for column in ConversionEventRevision.__table__.columns} - {
        "id",
        "conversion_id",
        "replaced_at",
    }
    values = {name: getattr(conversion, name) for name in columns}
    return ConversionEventRevision(conversion_id=conversion.id, replaced_at=NOW, **values)


def tell(filling: Filling, client: int, account: int, name: str) -> None:
    """What people told of it, what was watched in it, and what became of a post."""
    days: dict[str, Any] = {"start_date": YESTERDAY, "end_date": YESTERDAY}
    seen: dict[str, Any] = {
        "post_id": filling.post(account, f"judged-{name}"),
        "age": "7d",
        "metric": "reach",
        "value": 5.0,
    }
    seen |= {"read_at": NOW, "measured_at": NOW}
    told: dict[str, Any] = {"first_told_at": NOW, "changed_at": NOW, "since": YESTERDAY}
    rows = [
        Annotation(client_id=client, day=YESTERDAY, text="A fair", author="Ada", written_at=NOW),
        MarketingCost(client_id=client, amount=Decimal(9), currency="CAD", purpose="ads", recorded_at=NOW, **days),
        ClientRevision(client_id=client, name=name, timezone="UTC", replaced_at=NOW),
        ClientGoal(client_id=client, name="Views", kpi="views", target=9, at_most=False, set_at=NOW, **days),
        MonitoredSeries(account_id=account, metric="views", remembered={}),
        AnomalyEntry(account_id=account, metric="views", noticed=YESTERDAY, kind="spike", provisional=False, **told),
        PostOutcome(**seen),
        PostOutcomeRevision(**seen, replaced_at=NOW),
    ]
    with filling.database.write() as session:
        session.add_all(rows)
    warn(filling, client, account)


def warn(filling: Filling, client: int, account: int) -> None:
    """An alert about it, its route, and what was sent; and what belongs to its reports."""
    days: dict[str, Any] = {"start_date": YESTERDAY, "end_date": YESTERDAY}
    route = filling.add(alert_route(id=None, client_id=client))
    alert_id = filling.add(alert(id=None, key=f"token:{account}", client_id=client, account_id=account))
    filling.add(alert_delivery(alert_id=alert_id, route_id=route))
    filling.add(report_settings(id=client, client_id=client))
    filling.add(note(client_id=client, **days))
    kept = filling.add(edition(client_id=client, **days))
    schedule_id = filling.add(schedule(client_id=client))
    filling.add(recipient(schedule_id=schedule_id))
    filling.add(scheduled(schedule_id=schedule_id, **days))
    filling.add(
        delivery(client_id=client, edition_id=kept, schedule_id=schedule_id, message_id=f"<{client}@hats.example>")
    )


def talk(filling: Filling, client: int, account: int, name: str) -> None:
    """A comment with what follows from it, and a competitor that was seen."""
    said = ObservedComment("c1", NOW, "I love this place!", is_reply=False, is_own=False)
    shown = ObservedComments(f"post-{name}", [said], None, is_incomplete=False)
    rival = Discovered(7, 1, [DiscoveredPost("1", NOW, "IMAGE", 3, 1)], is_all=True)
    filling.post(account, shown.post)
    save_comments(filling.database, account, [shown], NOW, NOW - timedelta(days=30))
    with filling.database.write() as session:
        finish_posts(session, account, {}, {shown.post: (NOW, 1)}, NOW, NOW - timedelta(days=30))
        save_discovered(session, add_competitor(session, client, "rival", NOW), rival, NOW)


def rows_by_table(database: Database) -> dict[str, int]:
    with database.read() as session:
        return {
            table.name: session.scalar(select(func.count()).select_from(table)) or 0
            for table in exported_tables(database)
        }


def test_deleting_a_client_leaves_nothing_of_it_and_all_of_the_others(filling: Filling, tmp_path: Path) -> None:
    """K5: every table that can hold something of a client is emptied of it, readings and revisions included."""
    database = filling.database
    fill(filling, "Stays")
    before = rows_by_table(database)
    goes = fill(filling, "Goes")
    both = rows_by_table(database)
    grown = {name for name, count in both.items() if count > before[name]}
    # Those that did not grow belong to no client; whoever adds a table adds it to `fill`, or here.
    assert set(both) - grown == {"metrics", "industry_benchmarks", "watched_metrics", "portfolio_events"}
    delete_client_data(database, goes, tmp_path, NOW)
    assert rows_by_table(database) == before
    with database.read() as session:
        assert session.scalars(select(Client.name)).all() == ["Stays"]


def test_a_client_that_is_being_collected_is_not_deleted(filling: Filling, tmp_path: Path) -> None:
    """K5: nothing is pulled from under a run; afterwards it goes, and no lease stays behind."""
    database = filling.database
    client = filling.client("Bakery")
    account = filling.account(client)
    with database.write() as session:
        take_lease(session, f"account:{account}", "a run", NOW, timedelta(minutes=5))
    with pytest.raises(BusyError):
        delete_client_data(database, client, tmp_path, NOW)
    delete_client_data(database, client, tmp_path, NOW + timedelta(minutes=6))
    with database.read() as session:
        assert list_clients(session) == []


def test_two_who_make_one_client_at_once_get_the_same(postgres_database: Database) -> None:
    """E6: the second waits for the first and finds its client; who insists on a new one hears that it was taken."""
    found: list[int] = []

    def second() -> None:
        with postgres_database.write() as session:
            found.append(find_or_create_client(session, "Bakery", "UTC", NOW).id)

    def insisting() -> None:
        with pytest.raises(ConflictError, match=r"at the same moment|already"), postgres_database.write() as session:
            create_client(session, "Bakery", "UTC", NOW)

    others = [threading.Thread(target=work) for work in (second, insisting)]
    with postgres_database.write() as session:
        first = find_or_create_client(session, "Bakery", "UTC", NOW).id
        for other in others:
            other.start()
        time.sleep(0.3)  # until they wait for what is not committed yet
    for other in others:
        other.join(timeout=20)
    assert found == [first]

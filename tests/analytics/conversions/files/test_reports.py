"""Reports of Google Analytics: sales come from named columns, money and counts are never ignored unsaid."""

from datetime import date
from decimal import Decimal

import pytest
from tests.analytics.conversions.files.invented import ALL_DAYS, GA4, net, order, put, sales, stored
from tests.conftest import NOW, ON_SQLITE, Filling

from sophia.analytics.campaigns.queries import list_campaigns
from sophia.analytics.conversions.attribution import AttributionModel, attribute
from sophia.analytics.conversions.queries import conversion_facts, count_events
from sophia.errors import InvalidInputError

BY_SOURCE = "Date,Session source / medium,"


@ON_SQLITE
def test_events_of_every_kind_are_no_sales(filling: Filling) -> None:
    """L14: 300 events of a source are refused until the user names the column; the row with real sales is read."""
    client = filling.client("Hats")
    events = BY_SOURCE + "Event count\n20261101,google / organic,300\n"
    with pytest.raises(InvalidInputError, match="'Event count' counts events of every kind"):
        put(filling, client, events, event_type="conversion")
    both = BY_SOURCE + "Event count,Key events,Purchase revenue\n"
    both += "20261101,google / organic,300,0,0\n20261101,facebook / social,40,2,80.00\n"
    report = put(filling, client, both, event_type="conversion", dry_run=True)
    assert (report.conversions, report.counted_by, report.recorded) == (2, "Key events", 2)
    assert report.unused_numbers == ("Event count (events are counted by Key events)",)
    assert put(filling, client, events, event_type="inquiry", count_column="Event count").recorded == 300


def test_sales_of_a_channel_have_all_their_revenue(filling: Filling) -> None:
    """L14: 5, 0 and 2 purchases of 580.00; the average order is 82.86; each is credited to its channel, the last click."""
    client = filling.client("Hats")
    text = BY_SOURCE + "Session campaign,Ecommerce purchases,Purchase revenue\n"
    text += "20261101,facebook / social,tips,5,500.00\n20261102,facebook / social,tips,0,0.00\n"
    text += "20261103,instagram / social,tips,2,80.01\n"
    report = put(filling, client, text)
    assert (report.conversions, report.counted_by, report.unattributed) == (7, "Ecommerce purchases", 0)
    assert report.passed_over == {"rows that count nothing": 1}
    assert net(filling, client) == Decimal("580.01")
    with filling.database.read() as session:
        facts = conversion_facts(session, client, ALL_DAYS)
        (counted,) = count_events(session, client, ALL_DAYS)
    for model in AttributionModel:
        (found,) = [credits_ for credits_ in attribute(facts, ALL_DAYS) if credits_.model is model]
        assert {credit.channel: credit.conversions for credit in found.channels} == {"facebook": 5, "instagram": 2}
        assert found.unattributed.conversions == 0
    assert counted.unattributed == 0


@ON_SQLITE
@pytest.mark.parametrize(
    ("heading", "value", "named"),
    [
        ("Total purchasers", "3", "Total purchasers counts people"),
        ("Item revenue", "90.00", "Item revenue is not the amount of a sale"),
        ("Average purchase revenue", "30.00", "Average purchase revenue is not the amount"),
        ("Event value", "30.00", "Event value may hold money"),
        ("Bestellwert netto", "30,00", "Bestellwert netto may hold money"),
        ("Sessions", "12", "Sessions may hold counts"),
    ],
)
def test_numbers_that_are_not_understood_are_refused_by_name(
    filling: Filling, heading: str, value: str, named: str
) -> None:
    """L14: unless a column that is understood says the same, the user names it, or leaves it out by name."""
    client = filling.client("Hats")
    text = f'{BY_SOURCE}{heading}\n20261101,facebook / social,"{value}"\n'
    with pytest.raises(InvalidInputError, match=named):
        put(filling, client, text, event_type="conversion")
    assert stored(filling) == []
    assert put(filling, client, text, event_type="inquiry", ignored_columns=(heading,)).recorded == 1
    empty = text.replace(value, "0")
    assert put(filling, client, empty, event_type="dm").recorded == 1


@ON_SQLITE
def test_what_went_back(filling: Filling) -> None:
    """L14: in a column of its own, with a minus, or off a row's revenue; a purchase below 0 says what to do."""
    client = filling.client("Hats")
    text = GA4.strip() + ",Refund amount\n20261101,purchase,T1,facebook / social,100.00,0.00\n"
    put(filling, client, text + "20261103,refund,T1,facebook / social,0.00,100.00\n")
    assert sales(filling, client)[1] == ("refund", date(2026, 11, 3), Decimal("100.00"))
    report = put(
        filling,
        client,
        GA4 + "20261104,purchase,T2,a / b,-20.00\n20261104,refund,T3,a / b,0\n20261104,refund,T4,a / b,(5.00)\n",
    )
    assert [row.line for row in report.bad] == [2, 3]
    assert "must be named refund" in report.bad[0].reason
    assert "has no amount" in report.bad[1].reason
    assert net(filling, client) == -5
    summed = BY_SOURCE + "Transactions,Purchase revenue,Refund amount\n20261110,x / y,2,80.00,20.00\n"
    put(filling, client, summed)
    assert net(filling, client) == 75
    put(filling, client, BY_SOURCE + "Transactions,Total revenue\n20261112,x / y,0,-3.00\n20261113,x / y,0,9.00\n")
    assert net(filling, client) == 72


@ON_SQLITE
@pytest.mark.parametrize(
    "headings",
    [
        "Datum,Sitzung – Quelle/Medium,E-Commerce-Käufe,Gesamtumsatz",
        "Date,Source/Support de la session,Achats e-commerce,Total des revenus",
        "Fecha,Fuente/medio de la sesión,Compras de comercio electrónico,Ingresos totales",
        "Data,Origem / mídia da sessão,Compras de e-commerce,Receita total",
        "Data,Sorgente/mezzo sessione,Acquisti e-commerce,Entrate totali",
        "Datum,Sessiebron/-medium,E-commerceaankopen,Totale opbrengst",
    ],
)
def test_reports_in_other_languages(filling: Filling, headings: str) -> None:
    """L14: headings of six languages mean the same; the row of sums is skipped by its name."""
    client = filling.client("Hats")
    total = {"Datum": "Gesamtsumme", "Date": "Total général", "Fecha": "Total general"}.get(
        headings.split(",", maxsplit=1)[0], "Totale"
    )
    report = put(filling, client, f"{headings}\n,,2,80.00,{total}\n20261101,facebook / social,2,80.00\n")
    assert (report.conversions, report.bad, report.passed_over) == (2, [], {"grand totals": 1})
    assert {(row.utm_source, row.utm_medium) for row in stored(filling)} == {("facebook", "social")}


@ON_SQLITE
def test_a_language_that_nobody_knows_is_named_by_the_user(filling: Filling) -> None:
    """L14: the columns are listed with the way to name them, and then the file is read."""
    client = filling.client("Hats")
    text = "Päivämäärä,Lähde,Ostot,Tuotto\n20261101,facebook,2,80.00\n"
    with pytest.raises(InvalidInputError, match=r"Päivämäärä, Lähde, Ostot, Tuotto.*--column event_date=HEADING"):
        put(filling, client, text)
    columns = {"event_date": "Päivämäärä", "source": "Lähde", "purchases": "Ostot", "revenue_amount": "Tuotto"}
    assert put(filling, client, text, columns=columns).conversions == 2
    with pytest.raises(InvalidInputError, match="no column 'Myynti'"):
        put(filling, client, text, columns=columns | {"source": "Myynti"})


def test_one_sale_from_a_shop_and_from_analytics_counts_once(filling: Filling) -> None:
    """L15: whichever comes first; with the shop's money and analytics' channel; reported, and a choice decides."""
    analytics = GA4 + "20261102,purchase,1001,facebook / social,90.00\n20261105,refund,1001,facebook / social,20\n"
    shop = order(status="partially_refunded", refunded="25.00")
    for name, files in (("Hats", (analytics, shop)), ("Shoes", (shop, analytics))):
        client = filling.client(name)
        for text in files:
            report = put(filling, client, text)
        (pair,) = report.shared
        assert (pair.sources, pair.by_number, pair.possible, pair.counted) == (("ga4", "shopify"), 1, 0, "shopify")
        assert net(filling, client) == 75
        with filling.database.read() as session:
            facts = conversion_facts(session, client, ALL_DAYS)
            assert list_campaigns(session, client, NOW) == []
        (last_touch,) = [
            credits_ for credits_ in attribute(facts, ALL_DAYS) if credits_.model is AttributionModel.LAST_TOUCH
        ]
        (credited,) = [credit for credit in last_touch.channels if credit.channel == "facebook"]
        assert (credited.conversions, credited.revenue) == (1, {"EUR": Decimal("100.00")})


@ON_SQLITE
def test_sales_without_numbers_may_be_the_same(filling: Filling) -> None:
    """L15: a report that counts sales by channel beside a shop's orders of the same days is reported, and counts until
    the user chooses.
    """
    client = filling.client("Hats")
    put(filling, client, order("#1", total="60.00"))
    put(filling, client, order("#2", total="40.00"))
    report = put(filling, client, BY_SOURCE + "Transactions,Total revenue\n20261101,facebook / social,2,100.00\n")
    (pair,) = report.shared
    assert (pair.by_number, pair.possible) == (0, 2)
    assert net(filling, client) == 200

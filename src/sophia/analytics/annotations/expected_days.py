"""Finds the days on which a client is expected to be unlike its usual days: public holidays and annotated days."""

from collections import defaultdict
from collections.abc import Mapping
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from sophia.analytics.annotations.holidays import country_of_zone, public_holidays
from sophia.analytics.annotations.queries import list_annotations
from sophia.meta.reporting_zone import ONE_DAY, DateRange


def expected_days(
    session: Session, zones: Mapping[int, ZoneInfo], days: DateRange, as_of: datetime | None = None
) -> dict[int, set[date]]:
    """Return {client: its expected days} for {client: its time zone}, with the public holidays of the zone's country.

    Annotations of the whole portfolio do not count. One query.
    """
    by_client: dict[int, set[date]] = defaultdict(set)
    for client, zone in zones.items():
        country = country_of_zone(zone.key)
        if country is not None:
            by_client[client] |= public_holidays(country, days.start, days.end - ONE_DAY)
    for annotation in list_annotations(session, zones, window=days, as_of=as_of):
        if annotation.client_id is not None:
            by_client[annotation.client_id].add(annotation.day)
    return by_client

"""`since`, `until` and `date_preset`: the Pacific days of an insights request, and the neighbouring windows."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from sophia.demo.meta.graph.errors import bad_parameter, window_too_long
from sophia.demo.meta.graph.requests import Request
from sophia.demo.meta.world.pacific import ONE_DAY, day_close, day_start, days_closing_in, pacific_day

FACEBOOK_MAX_DAYS = 93
INSTAGRAM_MAX_DAYS = 30
FACEBOOK_KEPT_DAYS = 730
INSTAGRAM_KEPT_DAYS = 90


@dataclass(frozen=True, slots=True)
class Window:
    """The days whose closing midnight is after `since` and not after `until` (aware)."""

    since: datetime
    until: datetime

    def days(self) -> list[date]:
        return days_closing_in(self.since, self.until)

    def require_at_most(self, days: int) -> None:
        """Raise GraphError for longer windows. Meta counts seconds, so the autumn clock change makes a window too long."""
        if (self.until - self.since).total_seconds() > days * 86400:
            raise window_too_long(days)

    def links(self, request: Request, path: str, parameters: Mapping[str, str], version: int) -> str:
        """Return `previous` and `next`: the neighbouring windows of the same length, even in the future."""
        kept = {key: value for key, value in parameters.items() if key not in {"since", "until", "date_preset"}}
        since, until = int(self.since.timestamp()), int(self.until.timestamp())
        length = until - since
        urls = (
            request.url(path, {**kept, "since": str(start), "until": str(start + length)}, version)
            for start in (since - length, until)
        )
        return '{{"previous":"{}","next":"{}"}}'.format(*urls)


def read_window(parameters: Mapping[str, str], now: datetime, default: Window) -> Window:
    """Return the requested window. `date_preset` has an effect only without `since` and `until`."""
    since, until = parameters.get("since"), parameters.get("until")
    if not since and not until:
        preset = parameters.get("date_preset")
        return preset_window(preset, now) if preset else default
    last = _moment(until, "until") if until else now
    length = default.until - default.since
    first = _moment(since, "since") if since else last - length
    if first > last:
        raise bad_parameter("The since param is larger than the until param")
    return Window(first, last)


def _moment(text: str, name: str) -> datetime:
    """Return the moment of Unix seconds, an ISO moment, or a date, which means its Pacific midnight."""
    try:
        if text.isdigit():
            return datetime.fromtimestamp(int(text), UTC)
        if len(text) == 10:
            return day_start(date.fromisoformat(text))
        moment = datetime.fromisoformat(text)
    except (ValueError, OverflowError) as error:
        raise bad_parameter(f"param {name} must be a valid date/time") from error
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def last_days(now: datetime, count: int) -> Window:
    """Return the last `count` days that are closed at `now`."""
    midnight = day_start(pacific_day(now))
    return Window(day_start(pacific_day(now) - count * ONE_DAY), midnight)


def preset_window(preset: str, now: datetime) -> Window:
    """Return the window of a `date_preset`; weeks and months are Pacific ones. GraphError 100 for an unknown one."""
    today = pacific_day(now)
    monday = today - today.weekday() * ONE_DAY
    sunday = today - (today.weekday() + 1) % 7 * ONE_DAY
    month = today.replace(day=1)
    quarter = month.replace(month=3 * ((month.month - 1) // 3) + 1)
    year = month.replace(month=1)
    before = month - ONE_DAY
    spans: dict[str, tuple[date, date]] = {
        "today": (today, today),
        "yesterday": (today - ONE_DAY, today - ONE_DAY),
        "this_month": (month, today),
        "last_month": (before.replace(day=1), before),
        "this_quarter": (quarter, today),
        "last_quarter": (_quarter_before(quarter), quarter - ONE_DAY),
        "this_year": (year, today),
        "last_year": (year.replace(year=year.year - 1), year - ONE_DAY),
        "last_week_mon_sun": (monday - 7 * ONE_DAY, monday - ONE_DAY),
        "last_week_sun_sat": (sunday - 7 * ONE_DAY, sunday - ONE_DAY),
        "this_week_mon_today": (monday, today),
        "this_week_sun_today": (sunday, today),
        "maximum": (today - FACEBOOK_KEPT_DAYS * ONE_DAY, today),
        "data_maximum": (today - FACEBOOK_KEPT_DAYS * ONE_DAY, today),
    }
    spans |= {f"last_{count}d": (today - count * ONE_DAY, today - ONE_DAY) for count in (3, 7, 14, 28, 30, 90)}
    if preset not in spans:
        raise bad_parameter(f"date_preset must be one of the following values: {', '.join(spans)}")
    first, last = spans[preset]
    return Window(day_start(first), day_close(last))


def _quarter_before(quarter: date) -> date:
    return (quarter - timedelta(days=80)).replace(day=1)

"""Public holidays, the days that matter to a niche, and the seasons of a niche.

The dates come from the rules of the countries, so that nothing here shares an error with a package of holidays.
"""

from datetime import date, timedelta

import numpy as np

from benchmarks.worlds.records import Client, Floats, Generator, days_of

COUNTRIES = ("DE", "AT", "FR", "GB", "US")
NICHES = ("florist", "retail", "restaurant", "tourism", "fitness", "b2b", "education", "sport")
_FIXED: dict[str, tuple[tuple[int, int], ...]] = {
    "DE": ((1, 1), (5, 1), (10, 3), (12, 25), (12, 26)),
    "AT": ((1, 1), (1, 6), (5, 1), (8, 15), (10, 26), (11, 1), (12, 8), (12, 25), (12, 26)),
    "FR": ((1, 1), (5, 1), (5, 8), (7, 14), (8, 15), (11, 1), (11, 11), (12, 25)),
    "GB": ((1, 1), (12, 25), (12, 26)),
    "US": ((1, 1), (6, 19), (7, 4), (11, 11), (12, 25)),
}
_EASTER: dict[str, tuple[int, ...]] = {
    "DE": (-2, 1, 39, 50),
    "AT": (1, 39, 50, 60),
    "FR": (1, 39, 50),
    "GB": (-2, 1),
    "US": (),
}
# {niche: (days of the event, mean effect on exposure, mean effect on interactions per view, days of run-up)}
_EVENTS: dict[str, tuple[tuple[str, float, float, int], ...]] = {
    "florist": (("valentine", 0.5, 0.25, 7), ("mothers", 0.6, 0.3, 9), ("all_saints", 0.25, 0.0, 5)),
    "retail": (("black_friday", 0.45, 0.1, 9), ("christmas", 0.3, 0.1, 24), ("school", 0.2, 0.05, 10)),
    "restaurant": (("valentine", 0.25, 0.15, 5), ("mothers", 0.2, 0.1, 4), ("new_year_eve", 0.3, 0.1, 7)),
    "tourism": (("easter", 0.25, 0.15, 12), ("summer", 0.2, 0.1, 30)),
    "fitness": (("resolutions", 0.4, 0.2, 3), ("spring", 0.2, 0.1, 14)),
    "b2b": (("christmas", -0.5, -0.15, 6), ("summer", -0.25, -0.05, 20), ("easter", -0.25, -0.05, 4)),
    "education": (("school", 0.4, 0.2, 14), ("summer", -0.3, -0.1, 25)),
    "sport": (("finals", 0.4, 0.3, 10), ("summer", -0.3, -0.1, 20)),
}
# Day of the year at which the niche has its peak.
_PEAKS = {
    "florist": 125,
    "retail": 340,
    "restaurant": 190,
    "tourism": 185,
    "fitness": 25,
    "b2b": 290,
    "education": 250,
    "sport": 110,
}


def easter(year: int) -> date:
    """Return Easter Sunday of the Gregorian calendar (the anonymous algorithm of 1876)."""
    century, remainder = divmod(year, 100)
    golden = year % 19
    moon = (19 * golden + century - century // 4 - (century - (century + 8) // 25 + 1) // 3 + 15) % 30
    week = (32 + 2 * (century % 4) + 2 * (remainder // 4) - moon - remainder % 4) % 7
    shift = (golden + 11 * moon + 22 * week) // 451
    month, day = divmod(moon + week - 7 * shift + 114, 31)
    return date(year, month, day + 1)


def weekday_of_month(year: int, month: int, weekday: int, number: int) -> date:
    """Return the `number`-th weekday (Monday = 0) of a month; -1 is its last."""
    if number < 0:
        end = date(year + month // 12, month % 12 + 1, 1) - timedelta(days=1)
        return end - timedelta(days=(end.weekday() - weekday) % 7)
    first = date(year, month, 1)
    return first + timedelta(days=(weekday - first.weekday()) % 7 + 7 * (number - 1))


def public_holidays(country: str, year: int) -> list[date]:
    """List the nation-wide public holidays of a country."""
    days = [date(year, month, day) for month, day in _FIXED[country]]
    days += [easter(year) + timedelta(days=shift) for shift in _EASTER[country]]
    if country == "GB":
        days += [weekday_of_month(year, 5, 0, 1), weekday_of_month(year, 5, 0, -1), weekday_of_month(year, 8, 0, -1)]
    if country == "US":
        days += [
            weekday_of_month(year, month, 0, number) for month, number in ((1, 3), (2, 3), (5, -1), (9, 1), (10, 2))
        ]
        days.append(weekday_of_month(year, 11, 3, 4))
    return sorted(days)


def event_date(name: str, country: str, year: int) -> date:
    """Return the last day of the run-up to an event."""
    mothers = weekday_of_month(year, 5, 6, 2)
    if country == "FR":
        mothers = weekday_of_month(year, 5, 6, -1)
    if country == "GB":
        mothers = easter(year) - timedelta(days=21)
    return {
        "valentine": date(year, 2, 14),
        "mothers": mothers,
        "all_saints": date(year, 11, 1),
        "black_friday": weekday_of_month(year, 11, 3, 4) + timedelta(days=1),
        "christmas": date(year, 12, 24),
        "school": date(year, 9, 5),
        "new_year_eve": date(year, 12, 31),
        "easter": easter(year),
        "summer": date(year, 8, 15),
        "resolutions": date(year, 1, 12),
        "spring": date(year, 4, 10),
        "finals": date(year, 5, 25),
    }[name]


def _bump(length: int, centre: int, run_up: int, after: int) -> Floats:
    """Rise over `run_up` days to 1 at `centre`, and fall within `after` days."""
    day = np.arange(length, dtype=np.float64)
    before = np.clip(1 - (centre - day) / (run_up + 1), 0, 1)
    later = np.clip(1 - (day - centre) / (after + 1), 0, 1)
    return np.where(day <= centre, before, later)


def _of_client(random: Generator, client: Client, first_date: date, days: int) -> tuple[Floats, Floats]:
    """Add up the effects of all days that matter to one client."""
    exposure, response = np.zeros(days), np.zeros(days)
    quiet = client.niche in {"b2b", "education"}
    public = random.normal(-0.3 if quiet else 0.08, 0.15), random.normal(-0.1 if quiet else 0.08, 0.08)
    events = [
        (name, random.normal(on_exposure, 0.12), random.normal(on_response, 0.06), run_up)
        for name, on_exposure, on_response, run_up in _EVENTS[client.niche]
    ]
    last = first_date + timedelta(days=days)
    for year in range(first_date.year - 1, last.year + 2):
        for holiday in public_holidays(client.country, year):
            shape = _bump(days, (holiday - first_date).days, 1, 1) * random.lognormal(0, 0.2)
            exposure += public[0] * shape
            response += public[1] * shape
        for name, on_exposure, on_response, run_up in events:
            centre = (event_date(name, client.country, year) - first_date).days
            shape = _bump(days, centre, run_up, max(run_up // 3, 1)) * random.lognormal(0, 0.2)
            exposure += on_exposure * shape
            response += on_response * shape
    return exposure, response


def calendar_effects(
    random: Generator, clients: tuple[Client, ...], first_date: date, days: int, holidays: float, season: float
) -> tuple[Floats, Floats]:
    """Return the effects [client, day] of seasons and holidays on exposure, and on interactions per view, as logarithms."""
    day_of_year = np.array([day.timetuple().tm_yday for day in days_of(first_date, days)])
    exposure, response = np.zeros((len(clients), days)), np.zeros((len(clients), days))
    for row, client in enumerate(clients):
        wave = np.cos(2 * np.pi * (day_of_year - _PEAKS[client.niche] - random.normal(0, 12)) / 365.25)
        on_exposure, on_response = _of_client(random, client, first_date, days)
        exposure[row] = season * random.lognormal(0, 0.4) * wave + holidays * on_exposure
        response[row] = 0.3 * season * random.normal(1, 0.5) * wave + holidays * on_response
    return exposure, response

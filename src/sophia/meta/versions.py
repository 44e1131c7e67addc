"""When Meta retires a version of the Graph API, and how early to say so (B9).

An expired version is not refused but silently answered by the next one, whose numbers may mean something else.
"""

from datetime import date

# GRAPH_API §5. Of v26.0 and v27.0 no end is announced.
LAST_DAYS = {
    "v22.0": date(2027, 5, 20),
    "v23.0": date(2027, 10, 8),
    "v24.0": date(2028, 2, 18),
    "v25.0": date(2028, 7, 29),
}
WARNING_DAYS = 90


def version_warning(version: str, today: date) -> str | None:
    """What to say about the version that is called; None while it has 90 days or more."""
    last = LAST_DAYS.get(version)
    if last is None or (last - today).days >= WARNING_DAYS:
        return None
    mend = "Choose a newer one with SOPHIA_GRAPH_API_VERSION"
    if today > last:
        return f"Meta retired {version} on {last}; another version answers in its place. {mend}."
    days = (last - today).days
    return f"Meta retires {version} on {last}, in {days} day{'' if days == 1 else 's'}. {mend} before then."

"""When Meta retires a version of the Graph API, and how early Sophia warns (B9).

Meta does not refuse an expired version but silently answers with the next one, whose numbers may have other meanings.
"""

from datetime import date

# GRAPH_API §5. Meta has announced no end of v26.0 and v27.0.
LAST_DAYS = {
    "v22.0": date(2027, 5, 20),
    "v23.0": date(2027, 10, 8),
    "v24.0": date(2028, 2, 18),
    "v25.0": date(2028, 7, 29),
}
WARNING_DAYS = 90


def version_warning(version: str, today: date) -> str | None:
    """Return a warning about the version that Sophia calls, or None while it has 90 days or more."""
    last = LAST_DAYS.get(version)
    if last is None or (last - today).days >= WARNING_DAYS:
        return None
    advice = "Choose a newer one with SOPHIA_GRAPH_API_VERSION"
    if today > last:
        return f"Meta retired {version} on {last}; another version answers in its place. {advice}."
    days = (last - today).days
    return f"Meta retires {version} on {last}, in {days} day{'' if days == 1 else 's'}. {advice} before then."

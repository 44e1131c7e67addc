"""Does what the first readers of the portfolio would wait for while the server starts."""

from contextlib import suppress

from sqlalchemy.exc import SQLAlchemyError

from sophia.access.web import AppState
from sophia.analytics.reports.brief_cache import brief_cache
from sophia.dashboard.layout.pages import environment
from sophia.errors import SophiaError


def warm(app_state: AppState) -> None:
    """Load the templates and make the usual briefs. Problems are left to the first request, which reports them."""
    environment().get_template("portfolio/page.html")
    with suppress(SophiaError, SQLAlchemyError):
        brief_cache(app_state.database).refresh(app_state.database, app_state.clock())

"""All pages: each folder beside this file is one page with its view and template."""

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from starlette.exceptions import HTTPException

from sophia.dashboard.audience.view import router as audience
from sophia.dashboard.benchmarks.view import router as benchmarks
from sophia.dashboard.campaign.view import router as campaign
from sophia.dashboard.campaigns.view import router as campaigns
from sophia.dashboard.client.view import router as client
from sophia.dashboard.client_settings.view import router as client_settings
from sophia.dashboard.collection.view import router as collection
from sophia.dashboard.comments.view import router as comments
from sophia.dashboard.connecting.view import router as connecting
from sophia.dashboard.conversion_import.view import router as conversion_import
from sophia.dashboard.conversions.view import router as conversions
from sophia.dashboard.decisions.view import router as decisions
from sophia.dashboard.definitions.view import router as definitions
from sophia.dashboard.draft.view import router as draft
from sophia.dashboard.drafts.view import router as drafts
from sophia.dashboard.forecast.view import router as forecast
from sophia.dashboard.goals.view import router as goals
from sophia.dashboard.jobs.view import router as jobs
from sophia.dashboard.layout.pages import STATIC, static_file
from sophia.dashboard.patterns.view import router as patterns
from sophia.dashboard.pictures.view import router as pictures
from sophia.dashboard.portfolio.view import router as portfolio
from sophia.dashboard.portfolio_settings.view import router as portfolio_settings
from sophia.dashboard.post.view import router as post
from sophia.dashboard.posts.view import router as posts
from sophia.dashboard.report.view import router as report
from sophia.dashboard.report_settings.view import router as report_settings
from sophia.dashboard.settings.view import router as settings
from sophia.dashboard.sharing.view import router as sharing
from sophia.dashboard.signing_in.view import router as signing_in
from sophia.dashboard.timing.view import router as timing
from sophia.errors import InvalidInputError
from sophia.reporting.branding import expect_colour, on_dark

router = APIRouter(include_in_schema=False)
NOT_FOUND = 404


@router.get("/")
def start(request: Request) -> Response:
    """Lead to the portfolio, which leads to the sign-in where there is no session."""
    return RedirectResponse(f"{request.app.state.app_state.settings.path_prefix}/portfolio", 303)


@router.get("/static/{version}/{name}")
def static(name: str, version: str) -> Response:
    """Return a stylesheet or script. Its address holds the hash of its content, so browsers keep it for a year."""
    if name not in STATIC or static_file(name)[1] != version:
        raise HTTPException(NOT_FOUND)
    headers = {"Cache-Control": "public, max-age=31536000, immutable"}
    return Response(static_file(name)[0], media_type=STATIC[name], headers=headers)


@router.get("/brand/{colour}.css")
def brand_style(colour: str) -> Response:
    """Return the stylesheet of a brand's colour: the pages allow no style of their own (CSP)."""
    try:
        readable = expect_colour(f"#{colour}")
    except InvalidInputError:
        raise HTTPException(NOT_FOUND) from None
    style = f":root{{--brand:{readable}}}@media (prefers-color-scheme:dark){{:root{{--brand:{on_dark(readable)}}}}}"
    return Response(style, media_type="text/css", headers={"Cache-Control": "public, max-age=31536000, immutable"})


PAGES = (
    *(signing_in, portfolio, client, report, posts, post, pictures, sharing, collection, jobs, connecting, definitions),
    *(campaigns, campaign, conversion_import, conversions, benchmarks, comments),
    *(audience, timing, decisions, forecast, goals),
    *(drafts, draft, settings, portfolio_settings, report_settings, client_settings, patterns),
)
for page in PAGES:
    router.include_router(page)

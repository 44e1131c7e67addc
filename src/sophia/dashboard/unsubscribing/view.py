"""The unsubscribe link of a mail. Opening it changes nothing, because mail programs open links by themselves (RFC 8058)."""

from dataclasses import dataclass, replace
from typing import Annotated

from fastapi import APIRouter, Path, Request, Response

from sophia.access.web import AppState
from sophia.dashboard.layout.pages import plain_frame, respond
from sophia.dashboard.layout.routes import PageRoute
from sophia.display.languages import language
from sophia.reporting.schedules.store import Subscription, find_subscription, unsubscribe

router = APIRouter(route_class=PageRoute, include_in_schema=False)
ADDRESS = "/unsubscribe/{token}"
Token = Annotated[str, Path(max_length=100)]


@dataclass(frozen=True, slots=True)
class UnsubscribePage:
    """The question, or that it is done. `button` is empty when nothing is left to do."""

    title: str
    text: str
    button: str


@router.get(ADDRESS)
def ask(request: Request, token: Token) -> Response:
    app_state: AppState = request.app.state.app_state
    with app_state.database.read() as session:
        subscription = find_subscription(session, token)
    return show(request, subscription)


@router.post(ADDRESS)
def end_subscription(request: Request, token: Token) -> Response:
    """End the subscription, for the button of the page and for mail programs. Repeating it is harmless."""
    app_state: AppState = request.app.state.app_state
    with app_state.database.write() as session:
        subscription = unsubscribe(session, token, app_state.clock())
    return show(request, replace(subscription, is_active=False))


def show(request: Request, subscription: Subscription) -> Response:
    words = language(subscription.language)
    values = {"address": subscription.address, "name": subscription.client_name}
    title = words.say("mail.unsubscribe")
    page = UnsubscribePage(
        title=title,
        text=words.say("mail.question" if subscription.is_active else "mail.done", **values),
        button=title if subscription.is_active else "",
    )
    outside = replace(plain_frame(request, title), language=subscription.language, words=words.section("page"))
    return respond(request, "unsubscribing/page.html", outside, page)

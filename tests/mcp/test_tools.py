"""The tools, called by the client of the official SDK: what they answer, and what a limited key sees."""

import asyncio
import json
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
from tests.analytics.reports.conftest import MONDAY
from tests.conftest import NOW, ONE_DAY
from tests.mcp.conftest import Installed, text_of

from mcp import Client
from sophia.access.keys import revoke_key
from sophia.access.roles import Role
from sophia.analytics.figures.figures import Change, Figure, FigureUnit, change
from sophia.mcp.answers import MOST_BYTES, answer, change_row, figure_row
from sophia.mcp.tools import TOOLS

DAYS = {"start_date": str(MONDAY), "end_date": str(MONDAY + 6 * ONE_DAY)}
# Every tool with arguments for the client Hats, and what makes its answer as long as it can be.
CALLS: dict[str, dict[str, Any]] = {
    "portfolio_brief": {},
    "client_report": {"client": "Hats"},
    "series": {"client": "Hats", "metric": "views", **DAYS},
    "posts": {"client": "Hats", **DAYS},
    "definitions": {},
    "anomalies": {"client": "Hats", "start_date": str(MONDAY)},
    "decisions": {"client": "Hats"},
}
SECTIONS = ("commentary", "kpis", "top_posts", "goals", "drivers")


async def call_every_tool(client: Client, hats: int) -> None:
    """List and call every tool; the answers are small, name their source and time, and hold one client only."""
    listed = {tool.name: tool for tool in (await client.list_tools()).tools}
    assert set(listed) == set(CALLS) == {tool.__name__ for tool in TOOLS}
    assert all(tool.annotations is not None and tool.annotations.read_only_hint for tool in listed.values())
    for name, arguments in CALLS.items():
        result = await client.call_tool(name, arguments)
        text = text_of(result)
        assert not result.is_error, (name, text)
        assert len(text.encode()) < MOST_BYTES
        assert "Other" not in text.replace("Other posts", ""), name
        document = json.loads(text)
        assert document["source"].startswith("GET /api/analytics/")
        assert document["as_of"].endswith("Z")
        assert document.get("client_id", hats) == hats
        assert document["total"] >= 1, f"{name} has something to say"
    brief = json.loads(text_of(await client.call_tool("portfolio_brief", DAYS)))
    assert [client["name"] for client in brief["clients"]] == ["Hats"]
    assert brief["total"] == 1


async def ask_for_another_client(client: Client) -> None:
    """Another client answers like one that does not exist, by name and by id, with every tool (D3)."""
    for name in (name for name, arguments in CALLS.items() if "client" in arguments):
        texts = []
        for other in ("Other 3", "4", "Nobody", "4711"):
            result = await client.call_tool(name, CALLS[name] | {"client": other})
            assert result.is_error
            texts.append(text_of(result).replace(other, "…"))
        assert len(set(texts)) == 1, texts


def over_both_eras(installed: Installed, act: Callable[[Client], Coroutine[Any, Any, None]]) -> None:
    """Act with a client of today's protocol, and with one of the protocol that began with a handshake."""

    async def go() -> None:
        for mode in ("auto", "legacy"):
            async with installed.over_http(mode=mode) as client:
                await act(client)

    asyncio.run(go())


def test_a_limited_key_calls_every_tool_over_http(installed: Installed) -> None:
    over_both_eras(installed, lambda client: call_every_tool(client, installed.hats))
    over_both_eras(installed, ask_for_another_client)


def test_a_limited_key_calls_every_tool_over_stdio(installed: Installed) -> None:
    """A real process, which reads with a key of its environment."""

    async def go() -> None:
        async with installed.over_stdio() as client:
            await call_every_tool(client, installed.hats)
            await ask_for_another_client(client)

    asyncio.run(go())


def test_a_key_ends_and_has_a_limit(installed: Installed) -> None:
    """401 without a valid key, also for one that was revoked meanwhile; requests count against the limit of the key."""
    message = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}
    name = "ends soon"
    key = installed.filling.key(installed.hats, name=name, role=Role.READ)
    headers = {"Accept": "application/json, text/event-stream"}
    accepted = installed.api.ask("POST", "//mcp", key=key, json=message, headers=headers)
    assert (accepted.status_code, len(accepted.json()["result"]["tools"])) == (200, len(TOOLS))
    with installed.filling.database.write() as session:
        revoke_key(session, name, NOW)
    for wrong in (key, "sophia_x_y"):
        refused = installed.api.ask("POST", "//mcp", key=wrong, json=message, headers=headers)
        assert (refused.status_code, refused.headers["Content-Type"]) == (401, "application/problem+json")
    assert installed.api.ask("GET", "//mcp").status_code == 405


def test_figures_equal_those_of_the_named_source(installed: Installed) -> None:
    """The request that an answer names returns the same figures, for a key of all clients."""

    async def go() -> list[dict[str, Any]]:
        async with installed.over_http(installed.api.key) as client:
            arguments = {"client": "Hats", "limit": 1000}
            report = await client.call_tool("client_report", arguments)
            points = await client.call_tool("series", arguments | {"metric": "views", "group_by": "platform"})
            ranked = await client.call_tool("posts", arguments | {"metric": "reach", "age": "1d"})
            brief = await client.call_tool("portfolio_brief", {"limit": 100})
            return [json.loads(text_of(result)) for result in (report, points, ranked, brief)]

    report, points, ranked, brief = asyncio.run(go())

    def named_source(document: dict[str, Any]) -> Any:
        return installed.api.get(document["source"].removeprefix("GET /api/analytics")).json()

    expected = named_source(report)
    assert len(report["kpis"]) == len(expected["kpis"]) > 20
    for row in report["kpis"]:
        figure = expected["kpis"][row["kpi"]]
        assert row.get("value") == figure["value"]
        assert row["unit"] == figure["unit"]
        assert row.get("n") == figure["n"]
        assert row.get("reason") == figure["reason"]
    by_value = [row for row in report["kpis"] if "value" in row]
    assert len(by_value) >= 8, "the report has figures"
    expected = named_source(points)
    assert [(row["start"], row["value"]) for row in reversed(points["points"]) if "value" in row] == [
        (point["start"], point["value"])
        for group in expected["groups"]
        for point in group["points"]
        if point["value"] is not None
    ]
    expected = named_source(ranked)
    assert [(row["post_id"], row.get("value")) for row in ranked["posts"]] == [
        (post["post_id"], post["value"]) for post in expected["posts"]
    ]
    assert brief["total"] == len(brief["clients"]) == 31
    expected = named_source(brief)
    assert [row["kpis"]["views"]["value"] for row in brief["clients"]] == [
        client["kpis"]["views"]["value"] for client in expected["clients"]
    ]


def test_every_section_of_the_report_answers(installed: Installed) -> None:
    async def go() -> dict[str, dict[str, Any]]:
        async with installed.over_http() as client:
            return {
                section: json.loads(
                    text_of(await client.call_tool("client_report", {"client": "Hats", "section": section, **DAYS}))
                )
                for section in SECTIONS
            }

    documents = asyncio.run(go())
    assert all(document[section] for section, document in documents.items()), documents
    (goal,) = documents["goals"]["goals"]
    assert (goal["target"], goal["current"]["unit"]) == (9000, "count")
    assert documents["drivers"]["drivers"][0]["part"] == "whole"


def test_a_portfolio_that_is_too_large_says_what_it_left_out(installed: Installed) -> None:
    async def go() -> tuple[str, str]:
        async with installed.over_http(installed.api.key) as client:
            short = await client.call_tool("portfolio_brief", {})
            whole = await client.call_tool("portfolio_brief", {"limit": 31})
            return text_of(short), text_of(whole)

    short, whole = asyncio.run(go())
    assert len(short.encode()) < MOST_BYTES < len(whole.encode())
    document = json.loads(short)
    assert document["left_out"] == 31 - len(document["clients"]) > 0
    assert "limit=31" in document["more"]
    assert json.loads(whole)["clients"][: len(document["clients"])] == document["clients"]


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({"client": "Hats", "lmit": 3}, "no argument 'lmit'"),
        ({"client": "Hats", "start_date": "2026-11-30", "end_date": "2026-01-01"}, "start_date is after end_date"),
        ({"client": "Hats", "start_date": "yesterday"}, "a day looks like 2026-02-28"),
        ({"client": "Hats", "metric": "likes per cow"}, "likes per cow"),
        ({}, "client"),
    ],
)
def test_wrong_arguments_are_refused_with_the_reason(
    installed: Installed, arguments: dict[str, Any], expected: str
) -> None:
    async def go() -> tuple[bool, str]:
        async with installed.over_http() as client:
            result = await client.call_tool("series", {"metric": "views"} | arguments)
            return bool(result.is_error), text_of(result)

    is_error, text = asyncio.run(go())
    assert is_error
    assert expected in text


def test_an_answer_is_cut_by_bytes_and_not_by_rows() -> None:
    """Letters of several bytes count; an answer with a limit has that many rows."""
    rows = [{"title": "ä" * 100, "number": number, "nothing": None} for number in range(100)]
    short = answer("GET /x", NOW, {"unit": "count"}, "rows", rows, None)
    document = json.loads(short)
    assert MOST_BYTES - 250 < len(short.encode()) < MOST_BYTES
    assert document["total"] == 100 == len(document["rows"]) + document["left_out"]
    assert document["rows"][0] == {"title": "ä" * 100, "number": 0}
    assert len(json.loads(answer("GET /x", NOW, {}, "rows", rows, 60))["rows"]) == 60
    complete = json.loads(answer("GET /x", NOW, {}, "rows", rows, 100))
    assert "left_out" not in complete
    assert "more" not in complete


def test_a_missing_figure_keeps_its_reason_and_never_becomes_zero() -> None:
    nothing = Figure(value=None, unit=FigureUnit.PEOPLE, reason="There are no readings for these days.", n=0)
    zero = Figure(value=0, unit=FigureUnit.PEOPLE, n=0)
    assert figure_row(nothing) == {"unit": "people", "n": 0, "reason": "There are no readings for these days."}
    assert figure_row(zero) == {"value": 0, "unit": "people", "n": 0}
    compared: Change = change(zero, Figure(value=5, unit=FigureUnit.PEOPLE))
    assert change_row(compared) == {"before": 0, "reason": "A base of 0 has no percentage."}

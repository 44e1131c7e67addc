"""The title of each operation in the OpenAPI document; FastAPI would use the names of functions."""

from collections.abc import Mapping
from typing import Any

_PORTFOLIO = "/api/analytics/portfolio"
_CLIENT = "/api/analytics/{client_id}"
_PUBLISHING = "/api/publishing"

TITLES: Mapping[str, str] = {
    "GET /healthz": "Check that the server and its store work",
    "GET /metrics": "Get metrics for Prometheus",
    "GET /api/analytics/accounts": "List connected accounts",
    "GET /api/analytics/runs": "List collection runs",
    "GET /api/analytics/gaps": "List days without readings",
    "GET /api/analytics/catalogue": "List all known metrics",
    "GET /api/analytics/benchmarks": "List benchmarks",
    "POST /api/analytics/benchmarks/import": "Import benchmarks from CSV",
    f"GET {_PORTFOLIO}/summary": "Summarise all clients",
    f"GET {_PORTFOLIO}/brief": "Get the brief of all clients",
    f"GET {_PORTFOLIO}/events": "List events of the whole portfolio",
    f"GET {_PORTFOLIO}/annotations": "List annotations of the whole portfolio",
    f"POST {_PORTFOLIO}/annotations": "Annotate a day for the whole portfolio",
    f"DELETE {_PORTFOLIO}/annotations/{{annotation_id}}": "Delete an annotation of the whole portfolio",
    f"GET {_CLIENT}/report": "Get a client's report",
    f"GET {_CLIENT}/kpis": "List a client's weekly KPIs",
    f"GET {_CLIENT}/metrics": "List a client's readings",
    f"GET {_CLIENT}/metrics.csv": "Export a client's readings as CSV",
    f"GET {_CLIENT}/series": "Get one metric by day, week or month",
    f"GET {_CLIENT}/summary": "Summarise a client",
    f"GET {_CLIENT}/posting-times": "Compare posting times",
    f"GET {_CLIENT}/formats": "Compare formats and content pillars",
    f"GET {_CLIENT}/post-standings": "Rank a client's posts",
    f"GET {_CLIENT}/audience": "Get a client's audience",
    f"GET {_CLIENT}/ideal-customers": "List target audiences",
    f"GET {_CLIENT}/ideal-customers/{{name}}": "Get a target audience",
    f"PUT {_CLIENT}/ideal-customers/{{name}}": "Save a target audience",
    f"DELETE {_CLIENT}/ideal-customers/{{name}}": "Delete a target audience",
    f"GET {_CLIENT}/benchmarks": "Compare a client with benchmarks",
    f"PUT {_CLIENT}/industry": "Set a client's industry",
    f"GET {_CLIENT}/campaigns": "List campaigns",
    f"POST {_CLIENT}/campaigns": "Create a campaign",
    f"POST {_CLIENT}/campaigns/group": "Group drafts into campaigns",
    f"PATCH {_CLIENT}/campaigns/{{campaign_id}}": "Change a campaign",
    f"DELETE {_CLIENT}/campaigns/{{campaign_id}}": "Delete a campaign",
    f"POST {_CLIENT}/campaigns/{{campaign_id}}/drafts": "Add drafts to a campaign",
    f"DELETE {_CLIENT}/campaigns/{{campaign_id}}/drafts/{{draft_id}}": "Remove a draft from a campaign",
    f"GET {_CLIENT}/comments": "List comments",
    f"GET {_CLIENT}/sentiment": "Summarise the sentiment of comments",
    f"GET {_CLIENT}/derived-metrics": "List derived metrics of posts",
    f"GET {_CLIENT}/competitors": "List competitors",
    f"POST {_CLIENT}/competitors": "Add a competitor",
    f"DELETE {_CLIENT}/competitors/{{competitor_id}}": "Delete a competitor",
    f"GET {_CLIENT}/share-of-voice": "Get the share of voice",
    f"POST {_CLIENT}/conversion": "Record a conversion",
    f"GET {_CLIENT}/funnel": "Get the conversion funnel",
    f"GET {_CLIENT}/attribution": "Get the attribution of conversions",
    f"POST {_CLIENT}/decisions": "Record a decision",
    f"GET {_CLIENT}/decisions": "List decisions",
    f"GET {_CLIENT}/decision-quality": "Get the quality of decisions",
    f"GET {_CLIENT}/decision-context": "Get guidance for the next brief",
    f"GET {_CLIENT}/links": "List links",
    f"GET {_CLIENT}/domains": "List a client's domains",
    f"PUT {_CLIENT}/domains": "Set a client's domains",
    f"GET {_CLIENT}/anomalies": "List anomalies",
    f"GET {_CLIENT}/costs": "List costs",
    f"POST {_CLIENT}/costs": "Record a cost",
    f"DELETE {_CLIENT}/costs/{{cost_id}}": "Delete a cost",
    f"GET {_CLIENT}/goals": "List goals",
    f"GET {_CLIENT}/goals/{{name}}": "Get a goal",
    f"PUT {_CLIENT}/goals/{{name}}": "Set a goal",
    f"DELETE {_CLIENT}/goals/{{name}}": "Delete a goal",
    f"GET {_CLIENT}/annotations": "List annotations",
    f"POST {_CLIENT}/annotations": "Annotate a day",
    f"DELETE {_CLIENT}/annotations/{{annotation_id}}": "Delete an annotation",
    f"POST {_PUBLISHING}/drafts": "Create a draft",
    f"GET {_PUBLISHING}/drafts": "List drafts",
    f"GET {_PUBLISHING}/drafts/{{draft_id}}": "Get a draft",
    f"PATCH {_PUBLISHING}/drafts/{{draft_id}}": "Change a draft",
    f"POST {_PUBLISHING}/drafts/{{draft_id}}/approve": "Approve a draft",
    f"POST {_PUBLISHING}/drafts/{{draft_id}}/reject": "Reject a draft",
    f"POST {_PUBLISHING}/drafts/{{draft_id}}/queue": "Queue a draft",
    f"GET {_PUBLISHING}/queue": "List the publishing queue",
    f"POST {_PUBLISHING}/queue/{{entry_id}}/cancel": "Cancel a queue entry",
    f"POST {_PUBLISHING}/queue/{{entry_id}}/retry": "Retry a failed queue entry",
}


def name_operations(document: dict[str, Any]) -> None:
    """Give the operations of an OpenAPI document their titles; one without an entry here keeps FastAPI's."""
    for path, operations in document.get("paths", {}).items():
        for method, operation in operations.items():
            operation["summary"] = TITLES.get(f"{method.upper()} {path}", operation.get("summary", ""))

"""Titles of operations in the OpenAPI document."""

from tests.conftest import ON_SQLITE, Api

from sophia.api_documents.titles import TITLES


@ON_SQLITE
def test_every_operation_has_a_title_in_plain_english(api: Api) -> None:
    """J11: a verb and its object, different for each; a route without one is missing in api_documents/titles.py."""
    operations = {
        f"{method.upper()} {path}": operation["summary"]
        for path, methods in api.app.openapi()["paths"].items()
        for method, operation in methods.items()
    }
    assert operations == TITLES
    assert len(set(TITLES.values())) == len(TITLES)
    verbs = {title.split()[0] for title in TITLES.values()}
    assert verbs <= {
        *("Add", "Annotate", "Approve", "Cancel", "Change", "Check", "Compare", "Create", "Delete", "Export", "Get"),
        *(
            "Group",
            "Import",
            "List",
            "Queue",
            "Rank",
            "Record",
            "Reject",
            "Remove",
            "Restore",
            "Retry",
            "Save",
            "Send",
            "Set",
            "Summarise",
        ),
    }

"""`sophia annotate`: note events that explain a client's numbers."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from sophia.cli.arguments import DAYS, By, user_name
from sophia.cli.installation import open_installation
from sophia.cli.tables import AsJson, show_list

if TYPE_CHECKING:
    from sophia.analytics.annotations.queries import AnnotationRecord

EVERY_CLIENT = "all"


def annotate(
    client: Annotated[str, typer.Argument(metavar="CLIENT", help="Name or id, or `all` for the whole portfolio.")],
    day: Annotated[
        datetime | None, typer.Argument(metavar="DAY", formats=DAYS, help="Default: show the annotations.")
    ] = None,
    text: Annotated[str | None, typer.Argument(metavar="TEXT", help="What happened.")] = None,
    remove: Annotated[int | None, typer.Option(metavar="ID", min=1, help="Delete this annotation.")] = None,
    by: By = None,
    as_json: AsJson = False,
) -> None:
    """Note what happened on a day. Reports, trends and anomalies show it. Without a day: show the annotations.

    The reports of every client show an annotation of `all`, so do not name a client in it.
    """
    from sophia.analytics.annotations.queries import list_annotations
    from sophia.analytics.annotations.store import NewAnnotation, add_annotation, remove_annotation

    if (day is None) != (text is None) or (remove is not None and day is not None):
        raise typer.BadParameter("Give a day and a text, or --remove, or only the client.")
    installation = open_installation()
    client_id = None if client == EVERY_CLIENT else installation.find_client_id(client)
    now = installation.clock()
    with installation.database.write() as session:
        if remove is not None:
            remove_annotation(session, client_id, remove, now)
        elif day is not None and text is not None:
            add_annotation(session, client_id, NewAnnotation(day.date(), text), user_name(by), now)
        annotations = list_annotations(session, [] if client_id is None else [client_id])
    empty = "There is no annotation. Write one: sophia annotate CLIENT DAY TEXT"
    show_list("annotations", annotations, annotation_row, as_json=as_json, empty=empty)


def annotation_row(annotation: "AnnotationRecord") -> dict[str, str]:
    return {
        "id": str(annotation.id),
        "day": str(annotation.day),
        "for": "all clients" if annotation.client_id is None else "this client",
        "text": annotation.text,
        "by": annotation.author or "",
    }

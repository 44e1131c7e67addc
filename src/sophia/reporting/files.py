"""Documents as files in answers of the server."""

from fastapi import Response

from sophia.meta.reporting_zone import ONE_DAY, DateRange
from sophia.reporting.document import Document
from sophia.reporting.pdf import print_pdf

MEDIA_TYPE = "application/pdf"


def pdf_response(document: Document, window: DateRange) -> Response:
    """Return a document as a PDF to save; its name has only ASCII characters."""
    name = f"report-{window.start}-{window.end - ONE_DAY}.pdf"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(print_pdf(document), media_type=MEDIA_TYPE, headers=headers)

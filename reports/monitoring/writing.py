"""A document as the two pages that lie beside a run's files."""

from collections.abc import Callable, Mapping
from typing import TypeVar

import structlog

from graph.errors import StemmaError
from monitors.runs import Pages, Subject
from reports.documents import Document
from reports.monitoring.attribution import attribution_document
from reports.monitoring.bias import bias_document
from reports.monitoring.clarify import clarify_document
from reports.monitoring.data_quality import data_document
from reports.monitoring.model_quality import quality_document
from reports.rendering import document_html, document_pdf
from reports.typesetting import TypesettingError

HTML, PDF = "report.html", "report.pdf"

Found = TypeVar("Found")
log = structlog.get_logger(__name__)


def writer(make: Callable[[Subject, Found], Document]) -> Pages[Found]:
    """What `monitors` takes as `pages`, of a function that makes the document.

    A run whose numbers took hours is not lost for want of its PDF: it is then kept without, and the log says why.
    """

    async def write(subject: Subject, found: Found) -> Mapping[str, bytes]:
        document = make(subject, found)
        made = {HTML: document_html(document)}
        try:
            made[PDF] = await document_pdf(document)
        except (StemmaError, TypesettingError) as error:
            log.warning("report_not_typeset", job=subject.job, error=str(error))
        return made

    return write


data_pages = writer(data_document)
quality_pages = writer(quality_document)
bias_pages = writer(bias_document)
attribution_pages = writer(attribution_document)
clarify_pages = writer(clarify_document)

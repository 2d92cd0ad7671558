"""The report on attributions, of the guide's college-admission example."""

from dataclasses import dataclass

from monitors.analysis.attribution import AttributionDrift, AttributionReport, LabelAttribution, find_attribution_drift
from monitors.measurements import Measured
from monitors.runs import Subject
from reports.monitoring.attribution import attribution_document
from reports.monitoring.writing import attribution_pages
from reports.rendering import plain
from tests.reports.pdfs import text_of

DATA = Measured("file:///tmp/live.csv", "live.csv", "ab" * 32, 10, 1, "csv", 100, ("SAT", "GPA", "class rank"))


@dataclass(frozen=True)
class Found:
    report: AttributionReport
    drifts: tuple[AttributionDrift, ...] = ()
    before: AttributionReport | None = None


def attributions(sat: float, gpa: float, rank: float) -> AttributionReport:
    values = {"SAT": sat, "GPA": gpa, "class rank": rank}
    return AttributionReport((LabelAttribution("admitted", values, 0.4, {}),), rows=100, explained=50, evaluations=900)


async def test_the_admission_example_has_lost_its_order() -> None:
    before, now = attributions(0.70, 0.50, 0.05), attributions(0.10, 0.20, 0.70)
    found = Found(now, tuple(find_attribution_drift(now, before)), before)
    subject = Subject("attribution", "arn:run", "attribution-1", DATA, "arn:baseline")
    data, figures = plain(attribution_document(subject, found))
    assert len(figures) == 2
    assert data["parts"][0]["title"] == "1 violation"
    made = await attribution_pages(subject, found)
    assert set(made) == {"report.html", "report.pdf"}
    assert made == await attribution_pages(subject, found)
    for said in ("0.6876", "classrank", "50of100"):
        assert said in text_of(made["report.pdf"])


async def test_a_baseline_says_what_the_predictions_rest_on() -> None:
    document = attribution_document(
        Subject("attribution", "arn:run", "attribution-1", DATA), Found(attributions(0.7, 0.5, 0.1))
    )
    data, figures = plain(document)
    assert len(figures) == 1
    assert data["parts"][0]["title"] == "A baseline"

"""An `analysis_config.json`, computed: one `analysis.json` of all that it asks, and pages for people."""

import asyncio
import importlib
from dataclasses import dataclass, replace
from typing import Any

from monitors.analysis.attribution.document import attribution_document
from monitors.analysis.bias.document import VERSION, analysis_document
from monitors.analysis.jsonfile import dump
from monitors.attribution import AttributionFound
from monitors.bias import BiasFound
from monitors.measurements import Measured
from monitors.processing.clarify import questions
from monitors.processing.clarify.bias import bias
from monitors.processing.clarify.explanations import explanations
from monitors.processing.clarify.table import Table, of_dataset, of_window
from monitors.processing.numbers import of_attribution, of_bias
from monitors.processing.outcomes import ANALYSIS, LOCAL, VIOLATIONS, written
from monitors.processing.plans import Found, Outcome, Plan
from monitors.reading import Reading
from monitors.runs import Subject


@dataclass(frozen=True, slots=True)
class ClarifyFound:
    """What a report on an analysis is made of: either, or both."""

    bias: BiasFound | None = None
    attribution: AttributionFound | None = None


def clarify(plan: Plan) -> Outcome:
    """Compute what is asked.

    Raises:
        NotFoundError: there are no rows.
        InvalidError: rows, model, baseline and configuration do not fit each other, or one can't be read.
        UnavailableError: the model does not answer.
    """
    document: questions.Document = plan.config or {}
    questions.check(document, captured=plan.window is not None)
    if plan.window is not None and plan.threshold is not None:
        document = {**document, "probability_threshold": plan.threshold}
    table = of_dataset(plan, document) if plan.window is None else of_window(plan, document)
    made: dict[str, Any] = {}
    files: dict[str, bytes] = {}
    findings: list[Found] = []
    found_bias = found_attribution = None
    if questions.asks_bias(document):
        biased = bias(plan, document, table)
        found_bias = biased.found
        made |= analysis_document(biased.found.report)
        findings += biased.findings
    if questions.asks_shap(document):
        explained = explanations(plan, document, table)
        found_attribution = explained.found
        made |= attribution_document(explained.found.report, explained.found.drifts)
        findings += explained.findings
        if explained.local is not None:
            files[LOCAL] = explained.local
    files[ANALYSIS] = dump(made)
    measured = [] if found_bias is None else of_bias(found_bias.report, found_bias.before)
    if found_attribution is not None:
        measured += of_attribution(found_attribution.report, found_attribution.drifts)
    # Without violations Clarify writes no file of them.
    if findings:
        files[VIOLATIONS] = dump({"version": VERSION, "violations": [item.document for item in findings]})
    files |= _pages(plan, table, ClarifyFound(found_bias, found_attribution))
    return written(
        *(plan, table.data, table.data.columns, files, findings),
        held=plan.constraints is not None,
        facts=_facts(table, found_bias, found_attribution),
        merged=table.merged,
        measured=measured,
    )


def _pages(plan: Plan, table: Table, found: ClarifyFound) -> dict[str, bytes]:
    if plan.pages is None:
        return {}
    writing = importlib.import_module(plan.pages)
    told = plan.subject
    monitor = "bias" if found.bias is not None else "attribution"
    subject = Subject(
        *(monitor, told["arn"] or "", told["job"] or "", _named(table.data, plan.uri), told["baseline"], told["model"]),
        reading=Reading(),
        again=told["again"],
    )
    made: dict[str, bytes] = asyncio.run(writing.clarify_pages(subject, found))
    return made


def _named(data: Measured, uri: str) -> Measured:
    """The data as people know it: not where it lies for the time of a run."""
    return replace(data, uri=uri, name=uri.partition("?")[0].rstrip("/").rpartition("/")[2] or uri)


def _facts(table: Table, bias: BiasFound | None, attribution: AttributionFound | None) -> dict[str, Any]:
    facts: dict[str, Any] = dict(table.facts or {})
    if bias is not None:
        facts |= {"mode": bias.mode, "seed": bias.config.seed if bias.config is not None else 0}
    if attribution is not None:
        report, config = attribution.report, attribution.config
        facts |= {"method": report.method, "agg_method": report.aggregation, "evaluations": report.evaluations}
        facts |= {"explained_rows": report.explained, "seed": config.seed if config is not None else 0}
    return facts

"""How it was made: training with its parameters, evaluation with its numbers, the other jobs."""

from collections.abc import Mapping

import orjson

from graph.entities import Entity, Kind
from reports.audit.covered import Covered
from reports.audit.words import Told, digest, kind, name, time
from reports.documents import Facts, Paragraph, Part, Section, Table

TRAINING = "SageMakerTrainingJob"
EVALUATION = "Evaluation"
SIZES = frozenset({"bytes", "columns", "files", "rows"})
"""Properties of a file that are numbers and no metrics."""


def making(covered: Covered) -> Told:
    """The jobs upstream, training and evaluation first."""
    jobs = [
        each for each in (covered.subject, *covered.entities(covered.upstream)) if each.kind is Kind.TRIAL_COMPONENT
    ]
    training = [each for each in jobs if each.type == TRAINING]
    missing: list[Paragraph] = []
    subject = covered.source(covered.subject.arn)
    sections = [Section(f"Training: {name(each)}", _training(covered, each)) for each in training]
    if not training:
        missing.append(Paragraph("No training job is recorded upstream of it.", subject))
    for each in training:
        lacking = [word for word, at in (("began", each.started_at), ("ended", each.ended_at)) if at is None]
        if lacking:
            text = f"When the training {name(each)} {' and '.join(lacking)} is not recorded."
            missing.append(Paragraph(text, covered.source(each.arn)))
    parts: list[Part] = []
    if jobs:
        rows = tuple(
            (kind(each), name(each), _status(each), time(each.started_at), time(each.ended_at), each.created_by)
            for each in jobs
        )
        columns = ("type", "job", "status", "began", "ended", "recorded by")
        sources = tuple(covered.revisions[each.arn].source for each in jobs)
        parts.append(Table("Jobs that had a part in it", columns, rows, sources=sources))
    else:
        parts.append(Paragraph("No job is recorded upstream of it."))
    evaluation = _evaluation(covered)
    if evaluation:
        sections.append(Section("Evaluation", evaluation))
    elif covered.versions:
        missing.append(Paragraph("No evaluation was looked at when it was decided on.", subject))
    return Told(Section("Training and evaluation", parts, sections), missing)


def _training(covered: Covered, job: Entity) -> list[Part]:
    source = covered.source(job.arn)
    parts: list[Part] = [
        Facts(
            (
                ("Job", job.resource_arn or job.arn),
                ("Status", _status(job)),
                ("Began", time(job.started_at)),
                ("Ended", time(job.ended_at)),
                *(((key, value) for key, value in (job.metadata or {}).items())),
            ),
            source,
        )
    ]
    for caption, values in (("Parameters", job.parameters), ("Metrics", job.metrics)):
        if values:
            rows = tuple((key, _value(value)) for key, value in sorted(values.items()))
            sources = source * len(rows)
            parts.append(Table(f"{caption} of {name(job)}", (caption[:-1].lower(), "value"), rows, sources=sources))
    return parts


def _evaluation(covered: Covered) -> list[Part]:
    """The evaluations that decisions rest on, each with the numbers that the graph has of it."""
    seen: dict[str, Entity] = {}
    for version in covered.versions:
        for evidence in version.evidence.values():
            seen |= {arn: each for arn, each in evidence.items() if each.type == EVALUATION or each.metrics}
    seen |= {each.arn: each for each in covered.around if each.type == EVALUATION}
    # A place stands for itself only where the content that lay there is not among them.
    lying = {each.source_uri for each in seen.values() if digest(each) is not None}
    seen = {arn: each for arn, each in seen.items() if digest(each) is not None or each.source_uri not in lying}
    rows: list[tuple[str, str, str]] = []
    sources: list[str] = []
    for arn, each in sorted(seen.items(), key=lambda item: (item[1].created_at, item[0])):
        if arn not in covered.revisions:
            continue
        numbers = {key: _value(value) for key, value in (each.metrics or {}).items()}
        numbers |= {
            key: value for key, value in (each.properties or {}).items() if key not in SIZES and _is_number(value)
        }
        for key, value in sorted(numbers.items()) or [("–", "no numbers in the graph; they are in its file")]:
            rows.append((name(each), key, value))
            sources.append(covered.revisions[arn].source)
    if not rows:
        return []
    columns = ("evaluation", "metric", "value")
    return [Table("What evaluations say", columns, tuple(rows), frozenset({2}), sources=tuple(sources))]


def _status(job: Entity) -> str:
    if job.status is None:
        return "–"
    words = job.status.value.lower().replace("_", " ")
    return f"{words}: {job.status_message}" if job.status_message else words


def _value(value: object) -> str:
    if isinstance(value, Mapping):
        inner = [str(each) for key, each in value.items() if key in ("number", "string", "last", "max", "value")]
        return inner[0] if inner else orjson.dumps(dict(value)).decode()
    return str(value)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True

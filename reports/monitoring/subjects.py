"""What every monitor's report says in the same words: what was looked at, the verdict, and how to do it again."""

import shlex
from collections.abc import Sequence
from dataclasses import fields
from importlib.metadata import version

from monitors.reading import Reading
from monitors.records import ANALYZER
from monitors.runs import Subject
from reports.documents import Code, Document, Facts, Notice, Paragraph, Part, Section
from reports.numbers import number

TITLES = {
    "data-quality": "Data quality",
    "model-quality": "Model quality",
    "bias": "Bias",
    "attribution": "Attribution",
}

OPTIONS = {
    "mode": "--drift-mode",
    "tolerance": "--tolerance",
    "replicates": "--intervals",
    "correction": "--drift",
    "predictor": "--predictor",
    "min_ndcg": "--min-ndcg",
    "keep_local": "--keep-local",
    "format": "--format",
    "delimiter": "--delimiter",
    "quote": "--quote",
    "encoding": "--encoding",
    "group_by": "--group-by",
    "every": "--every",
    "sketch_size": "--sketch-size",
    "sensitive": "--sensitive",
    "patterns": "--missing-patterns",
    "keep_profile": "--keep-profile",
}
"""The command line's options by what they are called here; a seed is a part of the configuration."""

MOST_NAMED = 6


def report(
    subject: Subject,
    parts: Sequence[Part],
    sections: Sequence[Section],
    *,
    facts: Sequence[tuple[str, str]] = (),
) -> Document:
    """The document: the verdict (`parts`), what was looked at, what the monitor found, how to do it again.

    Args:
        subject: What was looked at.
        parts: What comes first.
        sections: What was found.
        facts: What else the numbers depend on.
    """
    title = TITLES.get(subject.monitor, subject.monitor)
    kind = "run" if subject.baseline is not None else "baseline"
    return Document(
        f"{title} of {subject.data.name}",
        f"Monitor {kind} {subject.job}",
        parts,
        (Section("What was looked at", (looked_at(subject, facts),)), *sections, again(subject)),
        footer=f"{title} {kind} · {subject.job}",
    )


def looked_at(subject: Subject, facts: Sequence[tuple[str, str]] = ()) -> Facts:
    """The data with its digest, what it was held against, and what else the numbers depend on."""
    data = subject.data
    pairs = [
        ("Data", data.uri),
        ("SHA-256", data.digest),
        (
            "Size",
            f"{number(data.rows)} rows, {number(len(data.columns))} columns; {data.format}, {files(data.files, data.size)}",
        ),
        *facts,
        ("Baseline", subject.baseline or "none: this is one"),
    ]
    if subject.model is not None:
        pairs.append(("Model", subject.model))
    return Facts((*pairs, ("Run", subject.arn)))


def files(count: int, size: int) -> str:
    """How many files, and how large they are together."""
    return f"{number(count)} {'file' if count == 1 else 'files'}, {number(size)} bytes"


def verdict(violations: int, subjects: Sequence[str], of: str) -> Notice:
    """What a run came to, first of all.

    Args:
        violations: How many there are.
        subjects: What violates, each once.
        of: What was checked, such as `12 features`.
    """
    if not violations:
        return Notice("good", "No violations", f"All of {of} are as the baseline asks.")
    named = ", ".join(subjects[:MOST_NAMED]) + (
        f" and {len(subjects) - MOST_NAMED} more" if len(subjects) > MOST_NAMED else ""
    )
    return Notice("bad", "1 violation" if violations == 1 else f"{number(violations)} violations", f"Of {of}: {named}.")


def again(subject: Subject) -> Section:
    """The command that does the same again, and what its numbers depend on."""
    parts: list[Part] = [Code(command(subject)) if subject.again is None else Paragraph(subject.again)]
    if subject.again is None and subject.baseline is None and subject.monitor != "data-quality":
        parts.append(Paragraph("The file analysis_config.json is kept beside this report."))
    seed = subject.settings.get("seed")
    drawn = "" if seed is None else f" Samples are drawn with the seed {seed}."
    parts.append(
        Paragraph(
            f"Computed by Stemma {version('stemma')}, analysis version {ANALYZER}.{drawn}"
            " The same data, baseline and options give the same files, byte for byte, and find this run again."
        )
    )
    return Section("How to do it again", parts)


def command(subject: Subject) -> str:
    """The command line that does the same."""
    words = ["stemma", "monitor", "baseline" if subject.baseline is None else "run", subject.data.uri]
    if subject.monitor != "data-quality":
        words += ["--type", subject.monitor]
    if subject.baseline is not None:
        words += ["--baseline", subject.baseline]
    elif subject.monitor != "data-quality":
        words += ["--config", "analysis_config.json"]
    if subject.model is not None:
        words += ["--model", subject.model]
    # However a run was asked for, its report is the same: the format is always said, baseline and model by their ARNs.
    given = {
        "format": subject.data.format,
        **_read(subject.reading),
        **{key: value for key, value in subject.settings.items() if value},
    }
    for name, value in given.items():
        option = OPTIONS.get(name)
        if option is not None:
            words += _option(option, value)
    if not subject.reading.header:
        words.append("--no-header")
    return " ".join(shlex.quote(word) for word in words)


def _read(reading: Reading) -> dict[str, object]:
    plain = Reading()
    named = [field.name for field in fields(Reading) if field.name in OPTIONS and field.name != "format"]
    return {name: getattr(reading, name) for name in named if getattr(reading, name) != getattr(plain, name)}


def _option(option: str, value: object) -> list[str]:
    if value is True:
        return [option]
    if isinstance(value, frozenset):
        return [word for item in sorted(value) for word in (option, str(item))]
    return [option, str(value)]

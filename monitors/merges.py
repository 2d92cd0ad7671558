"""A merge of captured records with ground truth, recorded in the graph.

Labels that come late are merged by running again: the same captures with more labels are another job and another content
of the same place.
"""

import os
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from graph.access import Caller
from graph.catalog import Catalog
from graph.commands import associate
from graph.contents import content, sha256
from monitors.capture.labels import labels
from monitors.capture.layout import names
from monitors.capture.merging import Counts, Merge, gather, nothing_matched
from monitors.datasets import Progress, Read, aside, digest_of, read_whole, translated, uri_of
from monitors.reading import Reading
from monitors.records import PRODUCED, Record

NAME = "ground-truth-merge"


@dataclass(frozen=True, slots=True)
class Merged:
    """What a merge wrote, and what it left in the graph.

    Attributes:
        arn: of the job's trial component.
        data_arn: of the merged records' content.
        folder: where they lie.
        parts: the files.
    """

    arn: str
    job: str
    data_arn: str
    created: bool
    folder: Path
    parts: tuple[Path, ...]
    counts: Counts


async def merge(
    catalog: Catalog,
    caller: Caller,
    captures: str | Path,
    truth: str | Path,
    output: Path,
    *,
    endpoint: str | None = None,
    variant: str | None = None,
    name: str = NAME,
    reading: Reading | None = None,
    truth_reading: Reading | None = None,
    on_progress: Progress | None = None,
) -> Merged:
    """Join captured records with their labels and write them below `<output>/merge/`.

    Args:
        catalog: The graph.
        caller: Who asks.
        captures: A file, folder, pattern or URI of captured records.
        truth: The same of ground truth.
        output: A folder.
        endpoint: Whose records they are, or the batch schedule; by the captures' folders if not given.
        variant: Which variant's; a batch schedule has none.
        name: What the job is called, before its identity.
        reading: How to read the captures: where they are, which share may be broken.
        truth_reading: Where the ground truth is.
        on_progress: Told how far reading has come.

    Raises:
        NotFoundError: Nothing is there, or no record has a label.
        InvalidError: Too many lines can't be read, or it can't be told which endpoint's records they are.
        ConflictError: A file was changed while it was read.
        UnavailableError: The output can't be written.
    """
    started = datetime.now(UTC)
    named = names(*(text for text in (endpoint, variant) if text is not None)) or None
    asked = replace(reading or Reading(), format="capture")
    of_truth = replace(truth_reading or Reading(), format="capture")
    captured, labelled, counts, parts = await aside(
        lambda heard: _merged(captures, truth, Merge(output, named), (asked, of_truth), heard), on_progress
    )
    folder = Path(os.path.commonpath([part.parent for part in parts]))
    with translated():
        made = Reading(format="capture").open(folder)
        digest = digest_of(made, folder)
    place = catalog.place(caller.account)
    inputs = {
        "captures": [captured.uri, captured.digest],
        "truth": [labelled.uri, labelled.digest],
        "folder": str(folder),
    }
    record = Record(place, name, inputs)
    results = []
    for read, kind, rows in ((captured, "DataSet", counts.captured), (labelled, "GroundTruth", counts.labels)):
        about = {"rows": str(rows), "bytes": str(read.size), "files": str(len(read.dataset.files)), "format": "capture"}
        results.append(
            content(place, read.uri, [sha256(read.digest)], name=read.name[:120], type=kind, properties=about)
        )
    about = {
        "rows": str(counts.merged),
        "bytes": str(made.total_bytes),
        "files": str(len(made.files)),
        "format": "capture",
    }
    result = content(place, uri_of(folder), [sha256(digest)], name=folder.name[:120], type="DataSet", properties=about)
    record.commands += results
    record.run(
        started=started,
        ended=datetime.now(UTC),
        description=f"{counts.merged:,} of {counts.captured:,} captured records have a label",
        facts={
            "captured": counts.captured,
            "merged": counts.merged,
            "unlabelled": counts.unlabelled,
            "unmatched_labels": counts.unmatched,
            "replaced_labels": counts.replaced,
            "broken_lines": counts.broken.count,
        },
    )
    for command in results:
        record.contributed(command.arn)
    record.commands += [result, associate(record.arn, result.arn, PRODUCED)]
    outcome = await catalog.write(caller, record.commands, operation="monitor_merge")
    return Merged(record.arn, record.job, result.arn, outcome.sequence is not None, folder, tuple(parts), counts)


def _merged(
    captures: str | Path, truth: str | Path, writer: Merge, readings: tuple[Reading, Reading], heard: Progress
) -> tuple[Read, Read, Counts, list[Path]]:
    counts = Counts()
    with labels() as known:
        try:
            labelled, _ = read_whole(truth, readings[1], lambda data, tell: gather(data, known, counts, tell), heard)
            captured, _ = read_whole(
                captures, readings[0], lambda data, tell: writer.write(data, known, counts, tell), heard
            )
            counts.check(readings[0].broken_share)
            if not counts.merged:
                raise nothing_matched(str(captures), str(truth), counts)
            return captured, labelled, counts, writer.finish()
        finally:
            writer.abandon()

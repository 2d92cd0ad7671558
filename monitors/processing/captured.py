"""What a window holds of capture files, and of it joined with ground truth: on files of this host alone."""

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import orjson

from graph.times import to_ms
from monitors.analysis import Attribute, CaptureLayout, Dataset
from monitors.capture.labels import labels
from monitors.capture.layout import hour_of_path, time_of
from monitors.capture.merging import Counts, Merge, gather, nothing_matched
from monitors.datasets import translated
from monitors.processing.plans import Plan
from monitors.reading import Reading

HOUR_MS = 3_600_000
TRUTH, PREDICTION, PROBABILITY = "ground_truth", "prediction", "probability"
COLUMNS = {
    "ground_truth_attribute": (TRUTH, "truth"),
    "inference_attribute": (PREDICTION, "output"),
    "probability_attribute": (PROBABILITY, "output"),
}
"""What a schedule's attributes are called as columns, and in which part of a record they are looked for."""


@dataclass(slots=True)
class Looked:
    """What was looked at.

    Attributes:
        kept: files of which something lies in the window.
        outside: records outside of the window.
        unreadable: lines that are no records, in hours that the window cuts.
    """

    files: int = 0
    kept: int = 0
    records: int = 0
    outside: int = 0
    unreadable: int = 0


def narrow(folder: Path, window: tuple[int, int], target: Path) -> Looked:
    """Put what lies in a window into another folder, at the same places: whole hours as they are, else record by record.

    Args:
        folder: Capture files, `…/yyyy/mm/dd/hh/<file>`.
        window: `[start, end)`, epoch milliseconds.
        target: Where they go.
    """
    looked = Looked()
    target.mkdir(parents=True, exist_ok=True)
    for file in sorted(each for each in folder.rglob("*") if each.is_file()):
        looked.files += 1
        place = target / file.relative_to(folder)
        place.parent.mkdir(parents=True, exist_ok=True)
        hour = hour_of_path(str(file))
        begin = None if hour is None else to_ms(hour.at)
        if begin is not None and window[0] <= begin and begin + HOUR_MS <= window[1]:
            shutil.move(file, place)
            looked.kept += 1
            continue
        kept = _narrowed(file, window, looked)
        if kept:
            place.write_bytes(b"".join(kept))
            looked.kept += 1
    return looked


def _narrowed(file: Path, window: tuple[int, int], looked: Looked) -> list[bytes]:
    kept = []
    with file.open("rb") as lines:
        for line in lines:
            if not line.strip():
                continue
            looked.records += 1
            try:
                at = time_of(orjson.loads(line))
            except (orjson.JSONDecodeError, AttributeError):
                at = None
            if at is None:
                looked.unreadable += 1
            elif window[0] <= to_ms(at) < window[1]:
                kept.append(line if line.endswith(b"\n") else line + b"\n")
            else:
                looked.outside += 1
    return kept


def reading(plan: Plan, names: Sequence[str] = ()) -> Reading:
    """How captured records are read: with a baseline's names, or with the columns that a schedule's attributes say."""
    columns = tuple(
        (COLUMNS[key][0], Attribute(COLUMNS[key][1], value))  # type: ignore[arg-type]
        for key, value in plan.attributes.items()
        if key in COLUMNS and value
    )
    layout = CaptureLayout(tuple(names), columns, plan.features or None, frozenset(plan.excluded))
    return Reading(format="capture", capture=layout, workers=1)


def joined(plan: Plan) -> tuple[Path, Counts, list[Path]]:
    """Join captured records with ground truth, below `<output>/merge/`; the folder, the counts, the files.

    Args:
        plan: Its data is a folder with capture files, its truth one with ground truth.

    Raises:
        NotFoundError: no record has a label.
        InvalidError: too many lines can't be read.
    """
    plain = Reading(format="capture")
    output = Path(plan.output)
    counts, writer = Counts(), Merge(output, plan.names or None)

    def unheard(done: int) -> None:
        """Nobody waits."""

    with translated(), labels() as known:
        opened: Mapping[str, Dataset] = {"truth": plain.open(plan.truth or ""), "captured": plain.open(plan.data)}
        try:
            gather(opened["truth"], known, counts, unheard)
            writer.write(opened["captured"], known, counts, unheard)
            counts.check(plain.broken_share)
            if not counts.merged:
                raise nothing_matched(plan.looked, "the ground truth of the same hours", counts)
            return output / "merge", counts, writer.finish()
        finally:
            writer.abandon()

"""Captured records joined with their ground truth, on inferenceId where a record has one, else on eventId.

https://docs.aws.amazon.com/sagemaker/latest/dg/model-monitor-model-quality-merge.html
"""

import hashlib
import os
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC
from pathlib import Path

import polars as pl

from graph.errors import InvalidError, NotFoundError, UnavailableError
from monitors.analysis import Dataset, json_lines
from monitors.analysis.broken import BrokenLines
from monitors.analysis.files import File
from monitors.analysis.lines import Piece
from monitors.analysis.reading import CHUNK_ROWS
from monitors.capture import batches
from monitors.capture.labels import Labels
from monitors.capture.layout import Hour, hour_of_path, time_at

Report = Callable[[int], None]
"""Told the bytes read so far."""


@dataclass
class Counts:
    """What became of the records and labels.

    Attributes:
        captured: Captured records.
        merged: Those that have a label.
        labels: Events with a label.
        replaced: Labels that a later one took the place of.
        unmatched: Labels of no captured record.
        broken: Lines that are no record, or no label.
    """

    captured: int = 0
    merged: int = 0
    labels: int = 0
    replaced: int = 0
    unmatched: int = 0
    broken: BrokenLines = field(default_factory=BrokenLines)

    @property
    def unlabelled(self) -> int:
        """Captured records without a label, so far."""
        return self.captured - self.merged

    def facts(self) -> dict[str, str | float]:
        """As parameters of a run."""
        return {
            "captured": self.captured,
            "merged": self.merged,
            "unlabelled": self.unlabelled,
            "unmatched_labels": self.unmatched,
            "replaced_labels": self.replaced,
        }

    def check(self, share: float) -> None:
        """Refuse data of which too much can't be read.

        Raises:
            InvalidError: a larger share of the lines is broken.
        """
        lines = self.captured + self.labels + self.broken.count
        if self.broken.count > share * lines:
            examples = "".join(
                f"\n  {line.file}, line {line.line}: {line.reason}." for line in self.broken.examples[:5]
            )
            raise InvalidError(
                f"{self.broken.count:,} of {lines:,} lines can't be read:{examples}",
                path="data",
                constraint=f"at most {share:.2%} of the lines broken",
            )


def gather(truth: Dataset, labels: Labels, counts: Counts, report: Report) -> None:
    """Take in ground truth; of several labels of one event the last in the files' order counts."""
    for piece, file in _pieces(truth, report):
        labels.put(batches.labels(piece, file, counts.broken))
    counts.labels = labels.count
    counts.replaced = labels.given - counts.labels


class Merge:
    """Writes merged records into a folder, `merge/<endpoint>/<variant>/yyyy/mm/dd/hh/part-*.jsonl`.

    Nothing is seen before all is written; then the new parts take the places of what an earlier merge of the same hours
    has left there.

    Args:
        output: The folder.
        names: Endpoint and variant, or a batch schedule; by the captures' paths if None.
    """

    def __init__(self, output: Path, names: tuple[str, ...] | None = None) -> None:
        self._output = output / "merge"
        self._names = names
        self._run = uuid.uuid4().hex
        self._begun: dict[Hour, Path] = {}

    def write(self, captured: Dataset, labels: Labels, counts: Counts, report: Report) -> None:
        """Join all captured records.

        Raises:
            InvalidError: it can't be told which endpoint's a file is.
            UnavailableError: the folder can't be written.
        """
        for piece, file in _pieces(captured, report):
            records = batches.captured(piece, file, counts.broken)
            for hour, some in self._by_hour(file, records):
                if hour is None:
                    for number in some["number"]:
                        counts.broken.add(file.name, number, "no captureData, no eventId, or no time")
                    continue
                counts.captured += some.height
                counts.merged += self._join(hour, some, labels)
        counts.unmatched = labels.unused

    def finish(self) -> list[Path]:
        """Put what was written into its place; the parts' paths."""
        made = []
        for hour in sorted(self._begun, key=lambda hour: hour.folder):
            path = self._begun[hour]
            with path.open("rb") as file:
                digest = hashlib.file_digest(file, "sha256").hexdigest()
                os.fsync(file.fileno())
            part = path.with_name(f"part-00000-{digest[:32]}.jsonl")
            path.replace(part)
            for other in part.parent.glob("part-*.jsonl"):
                if other != part:
                    other.unlink(missing_ok=True)
            made.append(part)
        self._begun = {}
        return made

    def abandon(self) -> None:
        """Remove what was written and is not finished."""
        for path in self._begun.values():
            path.unlink(missing_ok=True)
        self._begun = {}

    def _join(self, hour: Hour, records: pl.DataFrame, labels: Labels) -> int:
        found = records.with_columns(truth=labels.take(records["event"])).drop_nulls("truth")
        if found.height:
            lines = found.select(
                pl.concat_str(pl.lit('{"groundTruthData":'), "truth", pl.lit(","), pl.col("line").str.slice(1))
            )
            self._append(hour, lines)
        return found.height

    def _append(self, hour: Hour, lines: pl.DataFrame) -> None:
        path = self._begun.get(hour)
        try:
            if path is None:
                folder = self._output / hour.folder
                folder.mkdir(parents=True, exist_ok=True)
                path = self._begun[hour] = folder / f".{self._run}.jsonl"
            with path.open("ab") as file:
                lines.write_csv(file, include_header=False, quote_style="never")
        except OSError as error:
            raise UnavailableError(f"{self._output} can't be written: {error.strerror}") from error

    def _by_hour(self, file: File, records: pl.DataFrame) -> Iterator[tuple[Hour | None, pl.DataFrame]]:
        """The records of each hour, in their order; of None those that have no time."""
        placed = hour_of_path(file.name)
        if placed is not None:
            yield (placed if self._names is None else Hour(self._names, placed.at)), records
            return
        if self._names is None:
            raise InvalidError(
                f"{file.name} lies in no folder ENDPOINT/VARIANT/yyyy/mm/dd/hh; name the endpoint and the variant",
                path="endpoint",
                constraint="a name, or the folders of a capture",
            )
        times = [time_at(text) for text in records["time"]]
        hours = [None if at is None else at.replace(minute=0, second=0, microsecond=0) for at in times]
        timed = records.with_columns(pl.Series("hour", hours, dtype=pl.Datetime("us", "UTC")))
        for some in timed.partition_by("hour", maintain_order=True):
            at = some["hour"][0]
            yield (None if at is None else Hour(self._names, at.astimezone(UTC))), some


def nothing_matched(captures: str, truth: str, counts: Counts) -> NotFoundError:
    """No captured record has a label."""
    return NotFoundError(
        f"none of {counts.captured:,} captured records in {captures} has its label among those of {counts.labels:,} events "
        f"in {truth}; a label's eventId has to be the record's inferenceId or, where it has none, its eventId"
    )


def _pieces(dataset: Dataset, report: Report) -> Iterator[tuple[Piece, File]]:
    done = 0
    for file in dataset.files:
        for piece in json_lines.cut(file, CHUNK_ROWS):
            yield piece, file
            report(done + piece.bytes_read)
        done += file.size

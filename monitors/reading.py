"""How a data set is read, and what is measured of it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path

from monitors.analysis import (
    Attribute,
    CaptureLayout,
    Cluster,
    Dataset,
    Format,
    Grouping,
    MissingPatterns,
    Profile,
    Source,
    open_dataset,
    profile_dataset,
)
from monitors.analysis.folding import Begin, Folded, S, fold_dataset


@dataclass(frozen=True, slots=True)
class Reading:
    """How a data set is read and what is measured of it.

    Attributes:
        format: How to read the files; by their suffix if None.
        header: Whether CSV files begin with a line of names.
        delimiter: Between the fields of CSV files.
        quote: Around fields of CSV files; empty for none.
        encoding: Of CSV files.
        broken_share: The share of lines that may be broken, 0 to 1.
        sensitive: Columns that are counted and never listed.
        group_by: A column by whose values, or times, statistics are divided as well.
        every: The length of a bucket of time, such as `1d`.
        patterns: Whether to count which columns are missing together.
        sketch_size: k of the quantile sketches.
        keep_profile: Whether the profile is kept as well, to be merged with others later.
        workers: Processes; None for as many as the data is worth. Results are the same for any number.
        cluster: Machines that read and compute instead of this one; they must see the files by the same names.
        source: Where the files are, when it is not this machine.
        capture: What the fields of captured records are called; without names, those of the baseline in its order.
    """

    format: Format | None = None
    header: bool = True
    delimiter: str = ","
    quote: str = '"'
    encoding: str = "utf-8"
    broken_share: float = 0.01
    sensitive: frozenset[str] = frozenset()
    group_by: str | None = None
    every: str | None = None
    patterns: bool = False
    sketch_size: int = 2048
    keep_profile: bool = False
    workers: int | None = None
    cluster: Cluster | None = None
    source: Source | None = None
    capture: CaptureLayout | None = None

    def identity(self) -> dict[str, object]:
        """What results depend on, as far as it is not what it is by default."""
        aside = ("format", "header", "workers", "cluster", "source", "broken_share")
        given = {field.name: getattr(self, field.name) for field in fields(self) if field.name not in aside}
        plain = Reading()
        if self.capture is not None:
            given["capture"] = self.capture.to_document()
        return {
            name: sorted(value) if isinstance(value, frozenset) else value
            for name, value in given.items()
            if value != getattr(plain, name)
        }

    def open(self, path: str | Path) -> Dataset:
        """The data set at a path, a pattern or a URI."""
        return open_dataset(
            path,
            self.format,
            self.header,
            delimiter=self.delimiter,
            quote=self.quote or None,
            encoding=self.encoding,
            source=self.source,
            layout=self.capture,
        )

    def captured(self, names: Sequence[str] = (), truth: str | None = None) -> "Reading":
        """The same with what a monitor knows of captured records, unless it was given.

        Args:
            names: The columns in order.
            truth: The column with the ground truth.
        """
        if self.format != "capture":
            return self
        layout = self.capture or CaptureLayout()
        named = [name for name, _ in layout.columns]
        if truth is not None and truth not in named and all(at.part != "truth" for _, at in layout.columns):
            layout = replace(layout, columns=(*layout.columns, (truth, Attribute("truth", "0"))))
        return replace(self, capture=replace(layout, names=layout.names or tuple(names)))

    def fold(
        self,
        dataset: Dataset,
        begin: Begin[S],
        columns: Sequence[str] | None,
        on_progress: Callable[[int, int], None] | None = None,
    ) -> Folded[S]:
        """The state of a data set's rows, by whoever reads and computes."""
        return fold_dataset(dataset, begin, columns, on_progress, workers=self.workers, cluster=self.cluster)

    def profile(self, dataset: Dataset, on_progress: Callable[[int, int], None] | None = None) -> Profile:
        """What it asks to measure of a data set."""
        like = Profile(
            sketch_size=self.sketch_size,
            grouping=None if self.group_by is None else Grouping(self.group_by, self.every),
            patterns=MissingPatterns() if self.patterns else None,
            sensitive=self.sensitive,
        )
        return profile_dataset(
            dataset,
            on_progress,
            like=like,
            workers=self.workers,
            cluster=self.cluster,
            broken_share=self.broken_share,
        )

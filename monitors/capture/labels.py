"""Ground truth by the id of its event: texts on the disk, since there may be more than fits in memory."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from graph.errors import ConflictError

SCHEMA = pl.Schema({"event": pl.String, "truth": pl.String})


class Labels:
    """Labels by event; of several for one event the last counts. All are put before the first is taken.

    They are found by the hashes of their events, in order; and as other events may have the same hash, the event that is
    found is compared.

    Args:
        folder: Where they are kept.

    Attributes:
        given: How many were put, repeated ones included.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.given = 0
        self._seed = 0
        self._files: list[Path] = []
        self._held: pl.DataFrame | None = None
        self._hashes: NDArray[np.uint64] = np.empty(0, dtype=np.uint64)
        self._rows: NDArray[np.int64] = np.empty(0, dtype=np.int64)
        self._used: NDArray[np.bool_] = np.empty(0, dtype=np.bool_)

    def put(self, labels: pl.DataFrame) -> None:
        """Keep labels: the ids of their events, and what they are, as the text of a JSON object (of `SCHEMA`)."""
        if self._held is not None:
            raise ConflictError("labels were put after some were taken")
        if labels.height:
            path = self._folder / f"{len(self._files)}.arrow"
            labels.write_ipc(path, compression="uncompressed", compat_level=pl.CompatLevel.newest())
            self._files.append(path)
            self.given += labels.height

    def take(self, events: pl.Series) -> pl.Series:
        """The label of each event, noted as used; null where there is none."""
        held = self._sorted()
        hashes = events.hash(self._seed).to_numpy()
        # The last of those with the same hash, which came last.
        places = np.searchsorted(self._hashes, hashes, side="right") - 1
        found = np.flatnonzero((places >= 0) & (self._hashes[places] == hashes)) if len(self._hashes) else places[:0]
        labels = held[self._rows[places[found]]]
        same = (labels["event"] == events.gather(found)).to_numpy()
        self._used[places[found[same]]] = True
        rows = pl.DataFrame({"row": found[same], "truth": labels["truth"].filter(pl.Series(same))})
        every = pl.DataFrame({"row": np.arange(len(events))})
        return every.join(rows, on="row", how="left", maintain_order="left")["truth"]

    @property
    def count(self) -> int:
        """How many events have a label."""
        self._sorted()
        return len(self._hashes)

    @property
    def unused(self) -> int:
        """How many labels belong to no event that was asked for."""
        self._sorted()
        return len(self._used) - int(np.count_nonzero(self._used))

    def _sorted(self) -> pl.DataFrame:
        if self._held is None:
            frames = [pl.read_ipc(path) for path in self._files]
            self._held = pl.concat(frames, rechunk=False) if frames else SCHEMA.to_frame()
            while not self._order(self._held["event"]):
                self._seed += 1
        return self._held

    def _order(self, events: pl.Series) -> bool:
        """Sort by hashes, keeping the last label of each event; false where two events have one hash."""
        hashes = events.hash(self._seed).to_numpy()
        rows = np.argsort(hashes, kind="stable")
        hashes = hashes[rows]
        last = np.append(hashes[1:] != hashes[:-1], True)[: len(hashes)]
        earlier = np.flatnonzero(~last)
        if (events.gather(rows[earlier]) != events.gather(rows[earlier + 1])).any():
            return False
        self._hashes, self._rows = hashes[last], rows[last]
        self._used = np.zeros(len(self._rows), dtype=np.bool_)
        return True


@contextmanager
def labels() -> Iterator[Labels]:
    """Labels that are gone with the context."""
    with tempfile.TemporaryDirectory(prefix="stemma-labels-") as folder:
        yield Labels(Path(folder))

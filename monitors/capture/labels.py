"""Ground truth by the id of its event, on the disk: there may be more of it than fits in memory."""

import sqlite3
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

_AT_ONCE = 30_000
"""SQLite takes 32,766 parameters."""


class Labels:
    """Labels by event; of several for one event the last counts.

    Attributes:
        given: How many were put, repeated ones included.
    """

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database
        self.given = 0
        database.execute(
            "CREATE TABLE labels (event TEXT PRIMARY KEY, truth BLOB, used INTEGER DEFAULT 0) WITHOUT ROWID"
        )

    def put(self, labels: Iterable[tuple[str, bytes]]) -> None:
        """Keep labels with the ids of their events."""
        before = self._database.total_changes
        self._database.executemany("INSERT OR REPLACE INTO labels (event, truth) VALUES (?, ?)", labels)
        self.given += self._database.total_changes - before

    def take(self, events: Iterable[str]) -> Mapping[str, bytes]:
        """The labels of some events, noted as used."""
        wanted = list(dict.fromkeys(events))
        found: dict[str, bytes] = {}
        for begin in range(0, len(wanted), _AT_ONCE):
            some = wanted[begin : begin + _AT_ONCE]
            places = ",".join("?" * len(some))
            query = f"UPDATE labels SET used = 1 WHERE event IN ({places}) RETURNING event, truth"  # noqa: S608  # only question marks
            found |= dict(self._database.execute(query, some).fetchall())
        return found

    @property
    def count(self) -> int:
        """How many events have a label."""
        return int(self._database.execute("SELECT count(*) FROM labels").fetchone()[0])

    @property
    def unused(self) -> int:
        """How many labels belong to no event that was asked for."""
        return int(self._database.execute("SELECT count(*) FROM labels WHERE used = 0").fetchone()[0])


@contextmanager
def labels() -> Iterator[Labels]:
    """Labels that are gone with the context."""
    with tempfile.TemporaryDirectory(prefix="stemma-labels-") as folder:
        database = sqlite3.connect(Path(folder) / "labels.db", isolation_level=None, check_same_thread=False)
        try:
            # Nothing of it outlives the run, so nothing has to survive a crash.
            database.execute("PRAGMA journal_mode = OFF")
            database.execute("PRAGMA synchronous = OFF")
            # One transaction for all: each of its own would cost ten times the work.
            database.execute("BEGIN")
            yield Labels(database)
        finally:
            database.close()

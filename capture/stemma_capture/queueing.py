"""From a bounded queue to segments on the disk, and from there to the destination, by two threads."""

import logging
import os
import threading
import time
from collections import deque
from dataclasses import dataclass, replace
from pathlib import Path

from stemma_capture.destinations import Destination, destination
from stemma_capture.records import Exchange, line
from stemma_capture.settings import Settings
from stemma_capture.spool import Run, key, left, lines_in

log = logging.getLogger("stemma_capture")

GATHERED = 0.05
"""Seconds in which events gather before they are written; the disk's own time comes on top."""
FEWEST, MOST = 0.5, 30.0
"""Seconds between attempts to upload."""
WARNED = 10.0


@dataclass(frozen=True, slots=True)
class Statistics:
    """What became of the exchanges.

    Attributes:
        accepted: Events that were taken; they are numbered from 1.
        durable_through: Every event up to this number is on the disk, or was found to have nothing that may be written.
        dropped: Exchanges that found the queue or the spool full, were too large, or could not be written.
        unwritable: Accepted events of which redaction left nothing.
        lost: Events that killed processes had accepted, and that were not on the disk yet.
        uploaded: Segments at the destination.
        waiting_bytes: Bytes that are not there yet.
        failure: Why the last attempt to write or upload failed; None once one has gone well.
    """

    accepted: int = 0
    durable_through: int = 0
    dropped: int = 0
    unwritable: int = 0
    lost: int = 0
    uploaded: int = 0
    waiting_bytes: int = 0
    failure: str | None = None


class Capture:
    """Takes exchanges, from any thread, and never waits.

    Args:
        settings: What is captured, and where it goes.
        to: Takes the segments instead of what the settings' destination names.
    """

    def __init__(self, settings: Settings, to: Destination | None = None) -> None:
        self.settings = settings
        self._destination = to or destination(settings.destination, settings.endpoint_url)
        self._begin()
        os.register_at_fork(after_in_child=self._begin)

    def _begin(self) -> None:
        """As new: threads, locks and the spooled run belong to one process."""
        self._lock = threading.Lock()
        self._queue: deque[Exchange] = deque()
        self._bytes = 0
        self._known = Statistics()
        self._warned = 0.0
        self._woken, self._sealed = threading.Event(), threading.Event()
        self._closing = False
        self._threads: list[threading.Thread] = []
        self._run: Run | None = None
        self._uploads: deque[Path] = deque()

    def put(self, exchange: Exchange) -> bool:
        """Take an exchange; False where there is no room for it."""
        with self._lock:
            if self._closing:
                return False
            run = self._run
            if run is None:
                run = self._started()
            known, settings = self._known, self.settings
            if (
                run is None
                or len(self._queue) >= settings.queued_events
                or self._bytes + exchange.size > settings.queued_bytes
                or known.waiting_bytes > settings.spool_bytes
            ):
                self._drop(1)
                return False
            self._queue.append(exchange)
            self._bytes += exchange.size
            run.state.note(run.state.accepted + 1, run.state.settled)
        self._woken.set()
        return True

    def pass_over(self) -> None:
        """Count an exchange that can't be taken."""
        with self._lock:
            self._drop(1)

    def statistics(self) -> Statistics:
        """What became of the exchanges so far."""
        with self._lock:
            run = self._run
            if run is None:
                return self._known
            return replace(self._known, accepted=run.state.accepted, durable_through=run.state.settled)

    def close(self, seconds: float = 10.0) -> None:
        """Write and upload what is waiting; what can't be uploaded in that time stays in the spool for the next process."""
        with self._lock:
            self._closing = True
        self._woken.set()
        self._sealed.set()
        end = time.monotonic() + seconds
        for thread in self._threads:
            thread.join(max(0.0, end - time.monotonic()))
        if self._run is not None and not any(thread.is_alive() for thread in self._threads):
            self._known = self.statistics()
            self._run.close()
            self._run = None

    def _started(self) -> Run | None:
        """The process's run, with its threads; None where the spool can't be written."""
        try:
            self._run = Run(Path(self.settings.spool))
        except OSError as error:
            self._known = replace(self._known, failure=f"the spool can't be written: {error.strerror}")
            return None
        for work in (self._write, self._upload):
            thread = threading.Thread(
                target=work, args=(self._run,), name=f"stemma-capture-{work.__name__}", daemon=True
            )
            self._threads.append(thread)
            thread.start()
        return self._run

    def _drop(self, count: int) -> None:
        self._known = replace(self._known, dropped=self._known.dropped + count)
        now = time.monotonic()
        if now - self._warned > WARNED:
            self._warned = now
            log.warning("%d exchanges were not captured so far", self._known.dropped)

    # The writer

    def _write(self, run: Run) -> None:
        while True:
            self._woken.wait(self.settings.segment_seconds / 4)
            if not self._closing:
                time.sleep(GATHERED)
            self._woken.clear()
            with self._lock:
                taken = list(self._queue)
                self._queue.clear()
                self._bytes = 0
                done, through = self._closing, run.state.accepted
            self._written(run, taken, through)
            limits = (0, 0.0) if done else (self.settings.segment_bytes, self.settings.segment_seconds)
            self._uploads.extend(run.seal(*limits))
            self._sealed.set()
            if done:
                return

    def _written(self, run: Run, taken: list[Exchange], through: int) -> None:
        """Write and sync some events; then all up to a number are settled."""
        groups: dict[str, tuple[float, list[bytes]]] = {}
        unwritable = dropped = size = 0
        failure = None
        for exchange in taken:
            try:
                text = line(exchange, self.settings)
            except Exception:
                log.exception("an exchange could not be written")
                text = None
            if text is None:
                unwritable += 1
                continue
            folder = time.strftime(f"{self.settings.endpoint}/{exchange.variant}/%Y/%m/%d/%H", time.gmtime(exchange.at))
            groups.setdefault(folder, (exchange.at, []))[1].append(text)
        for folder, (at, lines) in groups.items():
            try:
                size += run.write(folder, at, lines)
            except OSError as error:
                dropped += len(lines)
                failure = f"the spool can't be written: {error.strerror}"
        if groups:
            try:
                run.sync()
            except OSError as error:
                failure = f"the spool can't be synced: {error.strerror}"
        with self._lock:
            known = self._known
            self._known = replace(
                known,
                unwritable=known.unwritable + unwritable,
                waiting_bytes=known.waiting_bytes + size,
                failure=failure or known.failure,
            )
            if dropped:
                self._drop(dropped)
            if failure is None:
                run.state.note(run.state.accepted, through)

    # The uploader

    def _upload(self, run: Run) -> None:
        pause = FEWEST
        self._recover(run)
        while True:
            self._sealed.wait(MOST)
            self._sealed.clear()
            writing = self._threads[0].is_alive()
            while self._uploads:
                if self._put(self._uploads[0]):
                    self._uploads.popleft()
                    pause = FEWEST
                else:
                    time.sleep(pause)
                    pause = FEWEST if self._closing else min(MOST, pause * 2)
            if self._closing and not writing:
                return
            if self._closing:
                self._threads[0].join(0.05)
                self._sealed.set()

    def _recover(self, run: Run) -> None:
        """Upload what killed processes have left, and count what they had not written."""
        for state, segments in left(Path(self.settings.spool), run.folder):
            with self._lock:
                gone = max(0, state.accepted - state.settled)
                self._known = replace(self._known, lost=self._known.lost + gone)
            if gone:
                log.warning("%d events of a process that was killed were not on the disk yet", gone)
            state.note(state.accepted, state.accepted)
            for segment in segments:
                with self._lock:
                    self._known = replace(self._known, waiting_bytes=self._known.waiting_bytes + segment.stat().st_size)
                while not self._put(segment) and not self._closing:
                    time.sleep(FEWEST)

    def _put(self, segment: Path) -> bool:
        size = segment.stat().st_size
        try:
            if lines_in(segment):
                self._destination.put(segment, key(segment))
        except Exception as error:
            # Whatever a client library raises: the segment stays, and is tried again.
            log.warning("a segment could not be uploaded: %s", type(error).__name__)
            with self._lock:
                self._known = replace(
                    self._known, failure=f"{self.settings.destination}: {type(error).__name__}: {error}"[:300]
                )
            return False
        segment.unlink()
        with self._lock:
            known = self._known
            self._known = replace(
                known, uploaded=known.uploaded + bool(size), waiting_bytes=known.waiting_bytes - size, failure=None
            )
        return True

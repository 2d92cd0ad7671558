"""Requests as the write queue holds them, and the attempts to commit some of them at once."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import cast

from graph.access import Caller
from graph.changes import Applied, Command
from graph.drafts import Draft
from graph.errors import ConflictError, StemmaError
from graph.ledger import Entry, Head
from graph.records import Records
from graph.working import Following, Looking, Needs


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a request came to.

    Attributes:
        applied: one result a command, in order.
        sequence: the ledger entry that holds it; None when nothing had to change.
        recorded: that entry's time, epoch microseconds; None likewise.
        repeated: the same request had been done before.
    """

    applied: list[Applied]
    sequence: int | None = None
    recorded: int | None = None
    repeated: bool = False


@dataclass(slots=True)
class Request:
    """One request in the queue, and what became of it in the attempt at hand."""

    caller: Caller
    commands: Sequence[Command]
    key: str
    payload: str
    named: bool
    future: "asyncio.Future[Outcome]"
    needs: Needs
    outcome: Outcome | None = None
    error: Exception | None = None
    entry: Entry | None = None
    records: Records = field(default_factory=Records)

    @property
    def following(self) -> list[Following]:
        """Its commands that have more to see once the first was seen."""
        return [cast(Following, command) for command in self.commands if hasattr(command, "follow")]

    @property
    def looking(self) -> list[Looking]:
        """Its commands that have to look around under the lock; see `Looking`."""
        found = [cast(Looking, command) for command in self.commands if hasattr(command, "look")]
        return [command for command in found if command.alone]

    def apply(self, draft: Draft) -> list[Applied]:
        """Apply its commands, in order.

        Raises:
            StemmaError: one is refused; it says which.
        """
        applied = []
        for position, command in enumerate(self.commands):
            try:
                applied.append(command.apply(draft))
            except StemmaError as error:
                if len(self.commands) > 1:
                    error.position = position
                raise
        return applied

    def repeat(self, seen: tuple[int, str, int]) -> None:
        """Answer it by the entry, payload and recorded time that were written under its key before."""
        sequence, payload, recorded = seen
        if payload != self.payload:
            self.error = ConflictError(
                f"the request id {self.key.split('/', 2)[2]!r} was used for another request (ledger entry {sequence}); "
                "use a new id"
            )
        else:
            applied = [
                Applied(arn=getattr(command, "arn", None), triple=getattr(command, "triple", None), changed=False)
                for command in self.commands
            ]
            self.outcome = Outcome(applied, sequence, recorded, repeated=True)

    def fail(self, error: Exception) -> None:
        """Tell who waits what went wrong, unless they were told already."""
        if not self.future.done():
            self.future.set_exception(error)

    def answer(self) -> None:
        """Tell who waits what came of it, unless they were told already."""
        if self.future.done():
            return
        if self.error is not None:
            self.future.set_exception(self.error)
        else:
            assert self.outcome is not None
            self.future.set_result(self.outcome)


class Attempt:
    """One whose commit was sent: how to find it again, and what it answers if it took place."""

    def __init__(self, batch: list[Request], heads: list[Head]) -> None:
        first = next(request.entry for request in batch if request.entry is not None)
        self.request, self.hash = first.request, first.hash
        self.heads = heads
        self._answers = [(request.outcome, request.error) for request in batch]

    def restore(self, batch: list[Request]) -> None:
        """Give the requests the answers of this attempt."""
        for request, (outcome, error) in zip(batch, self._answers, strict=True):
            request.outcome, request.error = outcome, error

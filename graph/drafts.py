"""What a request is about to write, on top of what the database holds.

Each request gets a `Draft` over its batch's `Working` set: its changes reach the working set (and so the next request of the
batch) only when the whole request succeeded.
"""

from collections.abc import Callable, Collection

from graph.access import Role
from graph.associations import Triple
from graph.entities import Kind, State, compact
from graph.errors import AlreadyExistsError, ConflictError, InvalidError, NotFoundError
from graph.records import Closing, Edge, Records, Revision, present, state_of
from graph.times import FOREVER, from_ms
from graph.working import Working


class Draft:
    """The changes of one request.

    Args:
        working: What is known before it.
        account: The caller's account; nothing of another account can be seen or changed.
        actor: Who asks.
        recorded: When, in epoch microseconds.
        role: What the actor may do.
    """

    def __init__(self, working: Working, account: str, actor: str, recorded: int, role: Role = Role.READER) -> None:
        self.working = working
        self.account = account
        self.actor = actor
        self.role = role
        self.now = recorded // 1000
        self.records = Records()
        self._pieces: dict[str, list[Revision]] = {}
        self._edges: dict[Triple, list[Edge]] = {}
        self._holders: dict[str, str | None] = {}
        self._numbers: dict[str, int] = {}
        self._fresh: set[int] = set()
        self._dropped: set[int] = set()

    def pieces(self, arn: str) -> list[Revision]:
        """The entity's pieces of history, as known now, in order."""
        own = self._pieces.get(arn)
        return own if own is not None else self.working.pieces.get(arn, [])

    def edges(self, triple: Triple) -> list[Edge]:
        """The edges of a triple, as known now."""
        own = self._edges.get(triple)
        held = own if own is not None else self.working.edges.get(triple, [])
        return [edge for edge in held if edge.account == self.account]

    def state(self, arn: str) -> State | None:
        """The entity's state now, or None when it is not there."""
        return present(self.pieces(arn), self.account)

    def number(self, prefix: str) -> int:
        """The next number of those whose keys begin so; it is used up when the request succeeds."""
        number = self._numbers.get(prefix, self.working.numbers.get(prefix, 0)) + 1
        self._numbers[prefix] = number
        return number

    def existing(self, arn: str) -> State:
        """The entity's state now.

        Raises:
            NotFoundError: it is not there.
        """
        state = self.state(arn)
        if state is None:
            raise NotFoundError(f"{arn} does not exist in account {self.account}")
        return state

    def moment(self, valid_from: int | None, path: str = "validFrom") -> int:
        """The valid time of a change: now unless the caller said otherwise.

        Raises:
            InvalidError: it lies in the future, or before 1970.
        """
        if valid_from is None:
            return self.now
        if not 0 <= valid_from <= self.now:
            raise InvalidError(
                f"{path} {from_ms(min(max(valid_from, 0), 253_402_300_799_000)).isoformat()} does not lie in the past",
                path=path,
                constraint=f"1970-01-01T00:00:00Z <= {path} <= now",
            )
        return valid_from

    def create(self, arn: str, kind: Kind, state: State, valid_from: int) -> None:
        """Let an entity begin at `valid_from`, where no piece of it with a state reaches.

        Raises:
            InvalidError: its ARN, or its resource's, is another account's.
            AlreadyExistsError: another entity has its resource's ARN.
            ConflictError: it was deleted later than `valid_from`.
        """
        self._claim(arn, state.get("resource_arn"))
        pieces = self.pieces(arn)
        if pieces and pieces[-1].valid_from > valid_from:
            raise ConflictError(
                f"{arn} was deleted at {from_ms(pieces[-1].valid_from).isoformat()}; it can't be created again before that"
            )
        tombstone = pieces[-1] if pieces else None
        replaces = None if tombstone is None else tombstone.key or tombstone.replaces
        new = Revision(arn, self.account, kind, compact(state), valid_from, replaces=replaces)
        self._replace(arn, [new], valid_from)

    def existed(self, arn: str, at: int) -> bool:
        """Whether an entity that exists now did at `at` already; false when it began later.

        Raises:
            ConflictError: it was deleted then, or later.
        """
        for piece in self.pieces(arn):
            if piece.valid_to > at:
                if state_of(piece) is not None:
                    return piece.valid_from <= at
                raise ConflictError(
                    f"{arn} was deleted at {from_ms(piece.valid_from).isoformat()} and exists again since "
                    f"{from_ms(piece.valid_to).isoformat()}; it can't be created before that"
                )
        return False

    def extend(self, arn: str, valid_from: int) -> None:
        """Let an entity that began later begin at `valid_from` already, in its first state."""
        first = self.pieces(arn)[0]
        state = state_of(first)
        assert state is not None
        earlier = Revision(arn, self.account, first.kind, state, valid_from, first.valid_from, "update")
        self.records.revisions.append(earlier)
        self._keep(earlier)
        self._pieces[arn] = [earlier, *self.pieces(arn)]

    def patch(self, arn: str, change: Callable[[State], State], valid_from: int) -> bool:
        """Change an entity's state from `valid_from` on, in every piece of its history since. False: nothing changed."""
        first = self.pieces(arn)[0]
        extended = first.valid_from > valid_from and state_of(first) is not None
        if extended:
            self.extend(arn, valid_from)
        new: list[Revision] = []
        changed = False
        for piece in self.pieces(arn):
            if piece.valid_to <= valid_from:
                continue
            begin = max(piece.valid_from, valid_from)
            before = state_of(piece)
            after = None if before is None else compact(change(dict(before)))
            operation = "restate"
            if after is not None and after != before:
                after |= {"modified_at": self.now, "modified_by": self.actor}
                operation, changed = "update", True
            new.append(self._successor(piece, operation, after, begin, piece.valid_to))
        if changed:
            self._replace(arn, new, valid_from)
        return changed or extended

    def rename(self, arn: str, resource_arn: str) -> None:
        """Let an entity's resource have another ARN from now on.

        Raises:
            AlreadyExistsError: another entity has it.
        """
        before = self.existing(arn).get("resource_arn")
        if before != resource_arn:
            self._claim(arn, resource_arn)
            self._holders[before or ""] = None
            self.patch(arn, lambda state: {**state, "resource_arn": resource_arn}, self.now)

    def delete(self, arn: str, valid_from: int) -> None:
        """Let an entity end at `valid_from`; a tombstone stands from there on."""
        last = self.pieces(arn)[-1]
        if (resource_arn := (state_of(last) or {}).get("resource_arn")) is not None:
            self._holders[resource_arn] = None
        self._replace(arn, [self._successor(last, "delete", None, valid_from, FOREVER)], valid_from)

    def connect(self, triple: Triple, valid_from: int, existing: Collection[str] = ()) -> bool:
        """Let an edge hold from `valid_from` on. False: it did already.

        Args:
            triple: Which edge.
            valid_from: Since when.
            existing: Ends known to exist since then, by edges of theirs; they need not be loaded.

        Raises:
            InvalidError: one end did not exist yet at `valid_from`.
        """
        overlapping = [edge for edge in self.edges(triple) if edge.valid_to > valid_from]
        if any(edge.valid_from <= valid_from and edge.valid_to == FOREVER for edge in overlapping):
            return False
        begin = min([valid_from, *(edge.valid_from for edge in overlapping)])
        # Where an edge already held before, its ends existed: only the new part is looked at.
        for arn in (triple[0], triple[2]):
            if arn not in existing:
                self._exists_since(arn, valid_from)
        kept = [edge for edge in self.edges(triple) if edge not in overlapping]
        for edge in overlapping:
            self._close(edge)
        new = Edge(triple, self.account, begin)
        self._add_edge(new)
        self._edges[triple] = [*kept, new]
        return True

    def disconnect(self, triple: Triple, valid_to: int) -> bool:
        """Let an edge hold no longer from `valid_to` on; before its beginning, it never held. False: it did not hold."""
        ended = [edge for edge in self.edges(triple) if edge.valid_to > valid_to]
        if not ended:
            return False
        kept = [edge for edge in self.edges(triple) if edge not in ended]
        for edge in ended:
            self._close(edge)
            if edge.valid_from < valid_to:
                cut = Edge(triple, self.account, edge.valid_from, valid_to)
                self._add_edge(cut)
                kept.append(cut)
        self._edges[triple] = kept
        return True

    def touching(self, arn: str, after: int) -> list[Triple]:
        """The triples of an entity that hold at some time past `after`, in order."""
        known = self.working.touching.get(arn, set()) | {t for t in self._edges if arn in (t[0], t[2])}
        return sorted(t for t in known if any(edge.valid_to > after for edge in self.edges(t)))

    def accept(self) -> None:
        """Make the changes part of the working set; `records` then holds what is to be written."""
        if self._dropped:
            records = self.records
            records.revisions = [record for record in records.revisions if id(record) not in self._dropped]
            records.edges = [record for record in records.edges if id(record) not in self._dropped]
        self.working.pieces.update(self._pieces)
        self.working.edges.update(self._edges)
        self.working.holders.update(self._holders)
        self.working.numbers.update(self._numbers)
        for triple in self._edges:
            for arn in (triple[0], triple[2]):
                self.working.touching.setdefault(arn, set()).add(triple)

    def _claim(self, arn: str, resource_arn: str | None) -> None:
        """Check that the names of a new entity are the account's own and free."""
        for name in (arn, resource_arn):
            if name is not None and name.split(":", 5)[4] != self.account:
                raise InvalidError(
                    f"{name} does not belong to account {self.account}",
                    path="arn" if name == arn else "resourceArn",
                    constraint="an ARN of the caller's account",
                )
        if resource_arn is not None:
            holder = self._holders.get(resource_arn, self.working.holders.get(resource_arn))
            if holder not in (None, arn):
                raise AlreadyExistsError(f"{resource_arn} exists already, as {holder}")
            self._holders[resource_arn] = arn

    def _exists_since(self, arn: str, since: int) -> None:
        reach = FOREVER
        for piece in reversed(self.pieces(arn)):
            if piece.valid_to != reach or (piece.body is None and piece.state is None):
                break
            reach = piece.valid_from
        if reach == FOREVER:
            raise NotFoundError(f"{arn} does not exist in account {self.account}")
        if reach > since:
            raise InvalidError(
                f"{arn} exists only since {from_ms(reach).isoformat()}, so an association can't hold since "
                f"{from_ms(since).isoformat()}; create the entity with that validFrom first",
                path="validFrom",
                constraint="both ends exist since validFrom",
            )

    def _replace(self, arn: str, new: list[Revision], since: int) -> None:
        """Put new pieces in place of whatever reaches past `since`, keeping what lies before."""
        kept: list[Revision] = []
        for piece in self.pieces(arn):
            if piece.valid_to <= since:
                kept.append(piece)
                continue
            self._close(piece)
            if piece.valid_from < since:
                rest = self._successor(piece, "restate", state_of(piece), piece.valid_from, since)
                self.records.revisions.append(rest)
                self._keep(rest)
                kept.append(rest)
        for piece in new:
            self.records.revisions.append(piece)
            self._keep(piece)
        self._pieces[arn] = [*kept, *new]

    def _successor(self, piece: Revision, operation: str, state: State | None, begin: int, end: int) -> Revision:
        # A piece that this very request made was known to nobody: what follows it takes its place.
        if id(piece) in self._fresh:
            if operation == "restate" or (operation == "update" and piece.operation == "create"):
                operation = piece.operation
            return Revision(piece.arn, self.account, piece.kind, state, begin, end, operation, piece.replaces)
        return Revision(piece.arn, self.account, piece.kind, state, begin, end, operation, piece.key)

    def _add_edge(self, edge: Edge) -> None:
        self.records.edges.append(edge)
        self._keep(edge)

    def _keep(self, record: Revision | Edge) -> None:
        self._fresh.add(id(record))

    def _close(self, record: Revision | Edge) -> None:
        # What this very request made was never known to anybody: it is taken back, not closed.
        if id(record) in self._fresh:
            self._dropped.add(id(record))
        else:
            self.records.closings.append(Closing(record))

"""A graph as naive as can be, to compare the real one with: step functions over valid time, and a copy of all a request."""

import copy
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from graph import commands
from graph.associations import AssociationType, Triple
from graph.changes import Command
from graph.commands import Place
from graph.entities import Kind
from graph.errors import AlreadyExistsError, ConflictError, NotFoundError, StemmaError
from graph.errors import InvalidError as Invalid
from graph.times import from_ms

END = 2**53 - 1
KINDS = (Kind.ARTIFACT, Kind.ARTIFACT, Kind.ARTIFACT, Kind.ACTION, Kind.CONTEXT, Kind.TRIAL_COMPONENT, Kind.ARTIFACT)
TYPES = ("DataSet", "Model", "DataSet", "Approval", "Endpoint", "Job", "Image")

Fact = dict[str, Any]
Steps = list[tuple[int, Any]]
Graph = list[Triple]


@dataclass(frozen=True)
class Op:
    """One change: `what` happens to node `a` (and `b`), from the valid time `at` on, or from now."""

    what: str
    a: int
    b: int = 0
    association: AssociationType = AssociationType.CONTRIBUTED_TO
    at: int | None = None
    word: str = ""
    flag: bool = False

    def command(self, place: Place) -> Command:
        """What the real graph is asked."""
        when = None if self.at is None else from_ms(self.at)
        arn, other = node_arn(place, self.a), node_arn(place, self.b)
        if self.what == "create":
            details: dict[str, Any] = {"type": TYPES[self.a], "tags": {"team": self.word}} if self.word else {}
            if KINDS[self.a] is Kind.ARTIFACT:
                return commands.create_artifact(place, uri(self.a), valid_from=when, exclusive=self.flag, **details)
            return commands.create_named(
                place, KINDS[self.a], f"node-{self.a}", valid_from=when, exclusive=self.flag, **details
            )
        if self.what == "update":
            kind = KINDS[self.a]
            return commands.update(arn, kind, description=self.word or None, tags={"k=1": self.word}, valid_from=when)
        if self.what == "delete":
            return commands.delete(arn, cascade="ASSOCIATIONS" if self.flag else "NONE", valid_to=when)
        if self.what == "associate":
            return commands.associate(arn, other, self.association, valid_from=when, exclusive=self.flag)
        return commands.dissociate(arn, other, self.association, valid_to=when)


def uri(number: int) -> str:
    """The source of an artifact."""
    return f"s3://bucket/file-{number}"


def node_arn(place: Place, number: int) -> str:
    """The ARN of a node."""
    if KINDS[number] is Kind.ARTIFACT:
        return commands.create_artifact(place, uri(number)).arn
    return commands.create_named(place, KINDS[number], f"node-{number}").arn


def at(steps: Steps, when: int) -> Any:
    """The value of a step function."""
    value = None
    for begin, then in steps:
        if begin <= when:
            value = then
    return value


def since(steps: Steps, when: int) -> Iterator[Any]:
    """Every value of a step function from a time on."""
    yield at(steps, when)
    yield from (then for begin, then in steps if begin > when)


def set_from(steps: Steps, when: int, value: Any) -> Steps:
    """The step function with one value from a time on."""
    return [(begin, then) for begin, then in steps if begin < when] + [(when, value)]


def shortest(steps: Steps) -> Steps:
    """The same step function without steps that change nothing; before the first step there is nothing."""
    before = [None, *(then for _, then in steps)]
    return [
        (begin, then) for (begin, then), last in zip(steps, before, strict=False) if (then or None) != (last or None)
    ]


@dataclass
class Model:
    """What is known now; `past` holds what was known after each ledger entry."""

    place: Place
    actor: str
    entities: dict[str, Steps] = field(default_factory=dict)
    edges: dict[Triple, Steps] = field(default_factory=dict)
    past: list["Model"] = field(default_factory=list)

    def same(self, other: "Model") -> bool:
        """Whether both know the same facts, step by step."""
        return all(
            {key: kept for key, steps in mine.items() if (kept := shortest(steps))}
            == {key: kept for key, steps in theirs.items() if (kept := shortest(steps))}
            for mine, theirs in ((self.entities, other.entities), (self.edges, other.edges))
        )

    def request(self, ops: Iterable[Op], now: int) -> "Model | StemmaError":
        """What would be known after a request, or what it fails with, with the position of the faulty one."""
        after = Model(self.place, self.actor, copy.deepcopy(self.entities), copy.deepcopy(self.edges))
        for position, op in enumerate(ops):
            try:
                getattr(after, op.what)(op, node_arn(self.place, op.a), now if op.at is None else op.at, now)
            except StemmaError as error:
                error.position = position
                return error
        return after

    def accept(self, after: "Model") -> None:
        self.entities, self.edges = after.entities, after.edges

    def remember(self) -> None:
        """Keep what is known now as what is known after one more ledger entry."""
        self.past.append(Model(self.place, self.actor, copy.deepcopy(self.entities), copy.deepcopy(self.edges)))

    def alive(self, arn: str) -> bool:
        return at(self.entities.get(arn, []), END) is not None

    def create(self, op: Op, arn: str, when: int, now: int) -> None:
        steps = self.entities.get(arn, [])
        if not self.alive(arn):
            if steps and max(begin for begin, _ in steps) > when:
                raise ConflictError("deleted later")
            artifact = KINDS[op.a] is Kind.ARTIFACT
            fact = {
                "name": f"file-{op.a}" if artifact else f"node-{op.a}",
                "kind": KINDS[op.a],
                "type": TYPES[op.a] if op.word else None,
                "tags": {"team": op.word} if op.word else {},
                "description": None,
                "created_at": when,
                "modified_at": when,
            }
            self.entities[arn] = set_from(steps, when, fact)
        elif op.flag:
            raise AlreadyExistsError("exists")
        elif op.at is not None and at(steps, when) is None:
            if when >= steps[0][0] or steps[0][1] is None:
                raise ConflictError("deleted then")
            self.entities[arn] = [(when, dict(steps[0][1])), *steps]

    def update(self, op: Op, arn: str, when: int, now: int) -> None:
        if not self.alive(arn):
            raise NotFoundError("not there")

        def changed(fact: Fact | None) -> Fact | None:
            if fact is None:
                return None
            new = {**fact, "tags": {**fact["tags"], "k=1": op.word}}
            if op.word:
                new["description"] = op.word
            return fact if new == fact else {**new, "modified_at": now}

        steps = self.entities[arn]
        first, fact = steps[0]
        if when < first and fact is not None:
            steps = [(when, fact), *steps]
        elif when > first:
            steps = sorted([*(step for step in steps if step[0] != when), (when, at(steps, when))], key=lambda s: s[0])
        self.entities[arn] = [(begin, changed(then) if begin >= when else then) for begin, then in steps]

    def delete(self, op: Op, arn: str, when: int, now: int) -> None:
        if not self.alive(arn):
            raise NotFoundError("not there")
        touching = [t for t, steps in self.edges.items() if arn in (t[0], t[2]) and any(since(steps, when))]
        if touching and not op.flag:
            raise ConflictError("has associations")
        for triple in touching:
            self.edges[triple] = set_from(self.edges[triple], when, False)
        self.entities[arn] = set_from(self.entities[arn], when, None)

    def associate(self, op: Op, arn: str, when: int, now: int) -> None:
        triple = (arn, op.association.value, node_arn(self.place, op.b))
        if not self.alive(triple[0]) or not self.alive(triple[2]):
            raise NotFoundError("an end is not there")
        steps = self.edges.get(triple, [])
        if op.flag and at(steps, END):
            raise AlreadyExistsError("holds")
        if all(since(steps, when)):
            return
        for end in (triple[0], triple[2]):
            if any(fact is None for fact in since(self.entities[end], when)):
                raise Invalid("an end did not exist then")
        self.edges[triple] = set_from(steps, when, True)

    def dissociate(self, op: Op, arn: str, when: int, now: int) -> None:
        triple = (arn, op.association.value, node_arn(self.place, op.b))
        steps = self.edges.get(triple, [])
        if not any(since(steps, when)):
            raise NotFoundError("does not hold")
        self.edges[triple] = set_from(steps, when, False)

    def facts(self, when: int) -> dict[str, Fact]:
        """The entities there at a time."""
        found = {arn: at(steps, when) for arn, steps in self.entities.items()}
        return {arn: fact for arn, fact in found.items() if fact is not None}

    def graph(self, when: int, associations: Iterable[AssociationType] = tuple(AssociationType)) -> Graph:
        """The edges that hold at a time."""
        kinds = {kind.value for kind in associations}
        return [triple for triple, steps in self.edges.items() if triple[1] in kinds and at(steps, when)]


def cone(graph: Graph, starts: Iterable[str], ways: str, depth: int | None) -> dict[str, int]:
    """How far away everything is that a walk up (`u`) or down (`d`), or both ways, meets."""
    distances = dict.fromkeys(starts, 0)
    level = 0
    while depth is None or level < depth:
        level += 1
        new = set()
        for source, _, destination in graph:
            if "d" in ways and distances.get(source) == level - 1 and destination not in distances:
                new.add(destination)
            if "u" in ways and distances.get(destination) == level - 1 and source not in distances:
                new.add(source)
        if not new:
            break
        distances |= dict.fromkeys(new, level)
    return distances

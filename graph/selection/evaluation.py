"""Which entities a selection names, and the edges between them."""

import re
import time
from collections.abc import Callable, Mapping, Set
from dataclasses import dataclass
from fnmatch import translate

from graph import lineage
from graph.associations import Association, AssociationType
from graph.errors import TooExpensiveError
from graph.finding import Entry, Finder, snapshot
from graph.levels import Cone, Node, describe, expand
from graph.lineage import LIMIT, Direction
from graph.selection.language import Either, Every, Other, Selection, Term, Walked, parse
from graph.store.store import Store
from graph.times import Moment

STARTS = lineage.STARTS


@dataclass(frozen=True, slots=True)
class Selected:
    """What a selection names.

    Attributes:
        nodes: the entities shown, the nearest to what a walked term names first.
        edges: all those between them.
        total: how many entities it names, shown or not.
    """

    nodes: list[Node]
    edges: list[Association]
    total: int
    moment: Moment


async def select(
    store: Store,
    finder: Finder,
    account: str,
    query: str,
    when: Moment,
    *,
    present: bool,
    limit: int = 5_000,
    seconds: float = 20.0,
) -> Selected:
    """The entities that a selection names at a moment, and the edges between them.

    Args:
        store: Where to look.
        finder: Knows what can be looked for now.
        account: Whose graph.
        query: In the language of `graph.selection.language`.
        when: At which moment.
        present: Whether that is now; a past moment is read anew.
        limit: How many entities are shown before the answer is cut, 1 to 100,000.
        seconds: How long it may take.

    Raises:
        InvalidError: the selection can't be read, or `limit` is out of its range.
        TooExpensiveError: a walk would begin at more than 1,000 entities, or go through more than 100,000.
    """
    lineage.check(["one"], None, limit)
    wanted = parse(query)
    entries = await finder.entries(account) if present else await snapshot(store, account, when)
    chosen = _Choosing(store, account, when, entries, time.monotonic() + seconds)
    found = await chosen.of(wanted)
    depths = {arn: chosen.depths.get(arn, 0) for arn in found if arn in entries}
    shown = sorted(depths, key=lambda arn: (depths[arn], entries[arn].name, arn))[:limit]
    cone = Cone({arn: depths[arn] for arn in shown})
    kinds = [kind.value for kind in AssociationType]
    parameters = {"account": account, "at": when.at, "known": when.known, "associations": kinds}
    await expand(store, ("downstream",), parameters, shown, cone)
    edges = [
        Association(source, destination, AssociationType(kind), *times)
        for (source, kind, destination), times in cone.edges.items()
        if source in cone.depths and destination in cone.depths
    ]
    return Selected(await describe(store, account, cone, when), edges, len(depths), when)


class _Choosing:
    """The sets that the parts of one selection name."""

    def __init__(self, store: Store, account: str, when: Moment, entries: Mapping[str, Entry], deadline: float) -> None:
        self._store = store
        self._account = account
        self._when = when
        self._entries = entries
        self._deadline = deadline
        self.depths: dict[str, int] = {}

    async def of(self, selection: Selection) -> Set[str]:
        match selection:
            case Term():
                fits = _fitting(selection)
                return {arn for arn, each in self._entries.items() if fits(each)}
            case Walked():
                return await self._walked(selection)
            case Every(parts):
                found: Set[str] = await self.of(parts[0])
                for part in parts[1:]:
                    found = found & await self.of(part)
                return found
            case Either(parts):
                return set().union(*[await self.of(part) for part in parts])
            case Other(part):
                return self._entries.keys() - await self.of(part)

    async def _walked(self, walked: Walked) -> Set[str]:
        starts = await self.of(walked.term)
        if len(starts) > STARTS:
            raise TooExpensiveError(
                f"{walked.term.key}:{walked.term.value} names {len(starts)} entities; a walk begins at {STARTS} at most. "
                "Name fewer"
            )
        found = set(starts)
        for direction, depth in ((Direction.ASCENDANTS, walked.up), (Direction.DESCENDANTS, walked.down)):
            if depth == 0 or not starts:
                continue
            cone = await lineage.walk(
                self._store,
                self._account,
                sorted(starts),
                direction,
                self._when,
                depth=depth,
                limit=LIMIT,
                seconds=max(0.1, self._deadline - time.monotonic()),
            )
            if cone.truncated:
                raise TooExpensiveError(
                    f"what {walked.term.key}:{walked.term.value} leads to is more than {LIMIT} entities, or takes too long; "
                    "say how many edges far, as in churn+3"
                )
            for node in cone.nodes:
                self.depths[node.arn] = min(node.depth, self.depths.get(node.arn, node.depth))
            found.update(node.arn for node in cone.nodes)
        return found


def _fitting(term: Term) -> Callable[[Entry], bool]:
    """Whether an entity has the property of a term."""
    fits = _matcher(term.value)
    match term.key:
        case "name":
            return lambda each: fits(each.name)
        case "type":
            return lambda each: each.type is not None and fits(each.type)
        case "kind":
            return lambda each: fits(each.kind.value) or fits(each.kind.value.replace("_", ""))
        case "uri":
            return lambda each: each.source_uri is not None and fits(each.source_uri)
        case "tag":
            return lambda each: any(fits(key) or fits(f"{key}={value}") for key, value in each.tags.items())
        case "owner":
            return lambda each: any(fits(owner.strip()) for owner in each.tags.get("owner", "").split(","))
        case "model":
            return _resource(term.value, ("model-package-group", "model-package", "model"))
        case "endpoint":
            return _resource(term.value, ("endpoint",))
        case _:
            return lambda each: any(
                fits(arn) or fits(arn.split(":", 5)[-1]) for arn in (each.arn, each.resource_arn) if arn
            )


def _resource(value: str, families: tuple[str, ...]) -> Callable[[Entry], bool]:
    """Whether an entity is the resource of this name, or a numbered part of it."""
    fits = _matcher(value)

    def holds(each: Entry) -> bool:
        if each.resource_arn is None:
            return False
        family, _, name = each.resource_arn.split(":", 5)[5].partition("/")
        return family in families and (fits(name) or fits(name.partition("/")[0]))

    return holds


def _matcher(value: str) -> Callable[[str], bool]:
    folded = value.casefold()
    if not any(sign in folded for sign in "*?"):
        return lambda text: text.casefold() == folded
    # Only the two wildcards: brackets are a part of names.
    pattern = re.compile(translate(folded.replace("[", "[[]")))
    return lambda text: pattern.fullmatch(text.casefold()) is not None

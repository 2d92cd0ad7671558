"""Searching through the resources that the graph holds: which entities may fit, and what they look like.

A resource is offered by `searchable`; whoever adds another says where its entities are and how they are shown.
"""

import asyncio
import time
from collections import OrderedDict
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from weakref import WeakKeyDictionary

from api.sagemaker import properties
from api.sagemaker.calls import Call, Input
from api.sagemaker.model import Shape, service
from graph import search
from graph.catalog import Catalog
from graph.entities import Entity
from graph.errors import InvalidError, TimeLimitError
from graph.search import Condition, Either, Every, Expression, Nested, Operator
from graph.times import Moment

CONDITIONS = 100
DEPTH = 10
SCANNED = 100_000
"""Entities that one search looks through."""
CHUNK = 500
"""Entities that are looked through at a time, so that others get their turn."""
KEPT_SEARCHES = 64
KEPT = 1_000_000
"""ARNs that are kept for the next pages of searches."""

Document = dict[str, Any]
Entities = AsyncIterator[list[Entity]]


@dataclass(frozen=True, slots=True)
class Resource:
    """Something that Search finds.

    Attributes:
        member: its member of a result, such as `TrialComponent`.
        scope: pages of the entities among which those lie that fit all of some conditions; more may come, and one twice.
        show: the documents of entities, in their order; of the members whose first letters may be expensive only those
            named (in lower case) have to be there, all with None.
    """

    member: str
    scope: Callable[[Call, Moment, Sequence[Condition]], Entities]
    show: Callable[[Call, Moment, list[Entity], frozenset[str] | None], Awaitable[list[Document]]]

    @property
    def shape(self) -> Shape:
        """The model's shape of its documents."""
        return _shape(self.member)


RESOURCES: dict[str, Resource] = {}


def searchable(name: str, resource: Resource) -> None:
    """Offer a resource to Search under the model's name of it."""
    RESOURCES[name] = resource


@dataclass(slots=True)
class _Kept:
    """The results of one searcher's last searches, for their next pages."""

    results: OrderedDict[tuple[str, Moment], list[str]] = field(default_factory=OrderedDict)
    count: int = 0

    def put(self, key: tuple[str, Moment], arns: list[str]) -> None:
        self.results[key] = arns
        self.count += len(arns)
        while len(self.results) > KEPT_SEARCHES or (self.count > KEPT and len(self.results) > 1):
            self.count -= len(self.results.popitem(last=False)[1])


_kept: "WeakKeyDictionary[Catalog, _Kept]" = WeakKeyDictionary()


async def found(call: Call, given: Input, resource: Resource, when: Moment, query: str) -> list[str]:
    """The ARNs of all that fit, in order.

    Raises:
        InvalidError: a condition can't be read, or there are too many.
        TooExpensiveError: more than `SCANNED` entities would have to be looked at.
        TimeLimitError: it takes too long.
    """
    expression = read(given.get("SearchExpression"), resource.shape)
    sort = properties.property_of(resource.shape, given.get("SortBy") or _default_sort(resource.shape))
    kept = _kept.setdefault(call.catalog, _Kept())
    if (query, when) in kept.results:
        return kept.results[query, when]
    needed = frozenset(
        properties.first_of(path)
        for path in [
            sort.path,
            *(condition.property.path for condition in expression.conditions()),
            *_lists(expression),
        ]
    )
    key = search.order(sort)
    fits: dict[str, tuple[Any, ...]] = {}
    deadline = time.monotonic() + call.seconds
    async for page in resource.scope(call, when, _demanded(expression)):
        for start in range(0, len(page), CHUNK):
            chunk = page[start : start + CHUNK]
            for entity, document in zip(chunk, await resource.show(call, when, chunk, needed), strict=True):
                if entity.arn not in fits and expression.holds(document):
                    fits[entity.arn] = key(document)
            await asyncio.sleep(0)
            if time.monotonic() > deadline:
                raise TimeLimitError(
                    f"the search took longer than {call.seconds:g} s; narrow it by a name, a parent or a creation time"
                )
    arns = _ordered(fits, descending=given.get("SortOrder", "Descending") == "Descending")
    kept.put((query, when), arns)
    return arns


def read(given: Input | None, shape: Shape) -> Expression:
    """The expression that a SearchExpression means; all is true without one.

    Raises:
        InvalidError: a condition can't be read, or there are too many.
    """
    expression = _expression(given or {}, shape, 1)
    if (count := sum(1 for _ in expression.conditions())) > CONDITIONS:
        raise InvalidError(
            f"SearchExpression has {count} filters; it may have {CONDITIONS}",
            path="SearchExpression",
            constraint="size",
        )
    return expression


def _expression(given: Input, shape: Shape, depth: int) -> Expression:
    if depth > DEPTH:
        raise InvalidError(
            f"SearchExpression is nested deeper than {DEPTH} levels",
            path="SubExpressions",
            constraint=f"depth <= {DEPTH}",
        )
    parts: list[Expression] = [_condition(shape, item) for item in given.get("Filters", ())]
    for item in given.get("NestedFilters", ()):
        path = item["NestedPropertyName"]
        element, elements = properties.list_of(shape, path)
        prefix = f"{path}.".lower()
        conditions = []
        for inner in item["Filters"]:
            name = inner["Name"]
            own = name[len(prefix) :] if name.lower().startswith(prefix) else name
            conditions.append(_condition(element, {**inner, "Name": own}))
        parts.append(Nested(path, elements, tuple(conditions)))
    parts += [_expression(item, shape, depth + 1) for item in given.get("SubExpressions", ())]
    if given.get("Operator") == "Or" and parts:
        return Either(tuple(parts))
    return Every(tuple(parts))


def _condition(shape: Shape, item: Input) -> Condition:
    operator = Operator(item.get("Operator", "Equals"))
    return search.condition(properties.property_of(shape, item["Name"]), operator, item.get("Value"))


def _demanded(expression: Expression) -> list[Condition]:
    """Conditions that must hold of whatever fits; those of nested filters under their whole path."""
    if isinstance(expression, Condition):
        return [expression]
    if isinstance(expression, Nested):
        return [
            Condition(
                search.Property(f"{expression.path}.{part.property.path}", part.property.form, part.property.read),
                *(part.operator, part.wanted),
            )
            for part in expression.parts
        ]
    if isinstance(expression, Every) or (isinstance(expression, Either) and len(expression.parts) == 1):
        return [condition for part in expression.parts for condition in _demanded(part)]
    return []


def _lists(expression: Expression) -> list[str]:
    if isinstance(expression, Nested):
        return [expression.path]
    if isinstance(expression, Every | Either):
        return [path for part in expression.parts for path in _lists(part)]
    return []


def _ordered(fits: dict[str, tuple[Any, ...]], *, descending: bool) -> list[str]:
    """By their keys, equal ones by ARN; those without a value come last either way."""
    named = sorted(arn for arn in fits if fits[arn] != (0,))
    named.sort(key=fits.__getitem__, reverse=descending)
    return named + sorted(arn for arn in fits if fits[arn] == (0,))


def _default_sort(shape: Any) -> str:
    """By what results are sorted when nothing is said; groups are never modified."""
    return "LastModifiedTime" if "LastModifiedTime" in shape.members else "CreationTime"


@cache
def _shape(member: str) -> Shape:
    operation = service("sagemaker").operation("Search")
    assert operation is not None
    shape: Any = operation.output_shape
    found_: Shape = shape.members["Results"].member.members[member]
    return found_

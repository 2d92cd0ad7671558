"""What a GraphQL request may cost, found before anything of it runs.

A document is read once for its size (depth, aliases, fields, with fragments counted where they are used), then validated with
rules that are made once, and both results are kept by its text. The cost depends on the variables and is found each time: a
leaf is 1, a read of the database more, and everything below a page counts as often as the page may have items.
"""

from collections import OrderedDict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    GraphQLSchema,
    InlineFragmentNode,
    IntValueNode,
    NoSchemaIntrospectionCustomRule,
    OperationDefinitionNode,
    SelectionSetNode,
    VariableNode,
    parse,
    specified_rules,
    validate,
)
from strawberry.schema.validation_rules.maybe_null import MaybeNullValidationRule
from strawberry.schema.validation_rules.one_of import OneOfInputValidationRule

from graph.errors import InvalidError, TooExpensiveError

DEPTH = 15
NESTING = 60
"""Levels of selections and fragments in each other that are looked at, fields or not."""
ALIASES = 30
FIELDS = 1_000
TOKENS = 5_000
SOURCE = 100_000
COST = 1_000_000
ERRORS = 20
KEPT = 500
"""Documents whose reading is kept."""
KEPT_SOURCE = 20_000

DIGITS = 10
"""Of a page's size: Int has 32 bits."""
READ = 10
"""The cost of a field that reads the database."""
PAGES = {"artifacts", "actions", "contexts", "trialComponents", "associations", "history"}
PAGE = 50
WALKS = {"lineage": 5_000, "path": 1_000}
EDGES = 2
"""Edges a node that a walk is taken to have."""
BATCHED = {"entity", "sourceEntity", "destinationEntity"}
BODIES = {"before", "after"}


@dataclass(slots=True)
class Size:
    """How large a selection is when its fragments are written out."""

    depth: int = 0
    fields: int = 0
    aliases: int = 0


@dataclass(slots=True)
class Reading:
    """A document that was parsed, and what stands against it."""

    document: DocumentNode
    fragments: dict[str, FragmentDefinitionNode]
    errors: list[GraphQLError]


@dataclass(slots=True)
class Limits:
    """The limits of one schema, and the documents read before.

    Args:
        introspection: Whether `__schema` and `__type` may be asked for.
    """

    introspection: bool
    _kept: "OrderedDict[str, Reading]" = field(default_factory=OrderedDict)

    def read(self, schema: GraphQLSchema, source: str) -> Reading:
        """Parse and validate a document.

        Raises:
            GraphQLError: it is not GraphQL.
            InvalidError: it is too long.
            TooExpensiveError: it is too deep or has too many fields or aliases.
        """
        kept = self._kept.get(source)
        if kept is not None:
            self._kept.move_to_end(source)
            return kept
        if len(source) > SOURCE:
            raise InvalidError(
                f"the query has {len(source)} characters; it may have {SOURCE}; pass values as variables",
                path="query",
                constraint=f"length <= {SOURCE}",
            )
        document = parse(source, max_lexical_tokens=TOKENS, max_comments=TOKENS)
        fragments = {
            definition.name.value: definition
            for definition in document.definitions
            if isinstance(definition, FragmentDefinitionNode)
        }
        _within(document, fragments)
        reading = Reading(document, fragments, validate(schema, document, self._rules(), max_errors=ERRORS))
        if len(source) <= KEPT_SOURCE:
            self._kept[source] = reading
            if len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        return reading

    def _rules(self) -> tuple[Any, ...]:
        return OPEN_RULES if self.introspection else CLOSED_RULES


OPEN_RULES: tuple[Any, ...] = (*specified_rules, MaybeNullValidationRule, OneOfInputValidationRule)
CLOSED_RULES: tuple[Any, ...] = (*OPEN_RULES, NoSchemaIntrospectionCustomRule)


def cost(reading: Reading, operation: OperationDefinitionNode, variables: Mapping[str, Any]) -> int:
    """What an operation may cost at most, about one a value that it asks for."""
    defaults = {
        definition.variable.name.value: int(definition.default_value.value)
        for definition in operation.variable_definitions or ()
        if isinstance(definition.default_value, IntValueNode) and len(definition.default_value.value) <= DIGITS
    }
    return _Costs(reading.fragments, {**defaults, **variables}).of(operation.selection_set, 0)


def within_cost(reading: Reading, operation: OperationDefinitionNode, variables: Mapping[str, Any]) -> None:
    """Check an operation's cost.

    Raises:
        TooExpensiveError: it may cost too much.
    """
    if (found := cost(reading, operation, variables)) > COST:
        raise TooExpensiveError(
            f"the request may cost {found}; at most {COST} is allowed; ask for smaller pages, a smaller limit or fewer fields"
        )


def _within(document: DocumentNode, fragments: dict[str, FragmentDefinitionNode]) -> None:
    sizes = _Sizes(fragments)
    total = Size()
    for operation in _operations(document):
        size = sizes.of(operation.selection_set, 1)
        total.depth = max(total.depth, size.depth)
        total.fields += size.fields
        total.aliases += size.aliases
    # A fragment that no operation uses is refused by the rules, but not before they looked at all of it.
    total.fields = max(total.fields, sum(sizes.fragment(name, 1).fields for name in fragments))
    for name, found, allowed in (
        ("levels", total.depth, DEPTH),
        ("fields", total.fields, FIELDS),
        ("aliases", total.aliases, ALIASES),
    ):
        if found > allowed:
            count = found if found < 10**9 else "far too many"
            raise TooExpensiveError(f"the query has {count} {name}; it may have {allowed}")


class _Sizes:
    def __init__(self, fragments: dict[str, FragmentDefinitionNode]) -> None:
        self._fragments = fragments
        self._known: dict[str, Size | None] = {}

    def of(self, selections: SelectionSetNode, level: int) -> Size:
        """The size of a selection that stands so many levels deep."""
        if level > NESTING:
            raise TooExpensiveError(
                f"the query is nested deeper than {NESTING} levels; it may have {DEPTH} levels of fields"
            )
        found = Size()
        for selection in selections.selections:
            deeper = 0
            if isinstance(selection, FragmentSpreadNode):
                inner = self.fragment(selection.name.value, level + 1)
            elif isinstance(selection, FieldNode):
                nested = selection.selection_set
                inner = self.of(nested, level + 1) if nested else Size()
                # The usual question for a schema is deeper than any other, and has a rule of its own.
                inner.depth = 0 if selection.name.value in ("__schema", "__type") else inner.depth
                found.fields += 1
                found.aliases += selection.alias is not None
                deeper = 1
            else:
                assert isinstance(selection, InlineFragmentNode)
                inner = self.of(selection.selection_set, level + 1)
            found.depth = max(found.depth, inner.depth + deeper)
            found.fields += inner.fields
            found.aliases += inner.aliases
        return found

    def fragment(self, name: str, level: int) -> Size:
        """The size of a fragment, found once."""
        if name not in self._known:
            self._known[name] = None  # in work: a fragment that leads back here is a cycle
            fragment = self._fragments.get(name)
            # An unknown fragment is for the rules to name.
            self._known[name] = Size() if fragment is None else self.of(fragment.selection_set, level)
        found = self._known[name]
        if found is None:
            raise InvalidError(
                f"the fragment {name[:60]} contains itself", path="query", constraint="no fragment cycles"
            )
        return found


class _Costs:
    def __init__(self, fragments: dict[str, FragmentDefinitionNode], variables: Mapping[str, Any]) -> None:
        self._fragments = fragments
        self._variables = variables
        self._known: dict[tuple[str, int], int] = {}

    def of(self, selections: SelectionSetNode, items: int) -> int:
        """The cost of a selection on a page or walk of so many items; 0 on anything else."""
        total = 0
        for selection in selections.selections:
            if isinstance(selection, FieldNode):
                total += self._field(selection, items)
            elif isinstance(selection, FragmentSpreadNode):
                total += self._fragment(selection.name.value, items)
            else:
                assert isinstance(selection, InlineFragmentNode)
                total += self.of(selection.selection_set, items)
        return total

    def _fragment(self, name: str, items: int) -> int:
        if (name, items) not in self._known:
            self._known[name, items] = self.of(self._fragments[name].selection_set, items)
        return self._known[name, items]

    def _field(self, selection: FieldNode, items: int) -> int:
        name = selection.name.value
        if selection.selection_set is None:
            return READ if name in BODIES else 1
        if name in PAGES:
            return READ * 2 + self.of(selection.selection_set, self._argument(selection, "first", PAGE))
        if name in WALKS:
            return READ * 10 + self.of(selection.selection_set, self._argument(selection, "limit", WALKS[name]))
        inner = 1 + self.of(selection.selection_set, 0)
        if name in BATCHED:
            return READ + inner
        if name in ("nodes", "edges"):
            walked = EDGES if name == "edges" and not _has(selection, "node") else 1
            return max(1, items) * walked * inner
        return inner

    def _argument(self, selection: FieldNode, name: str, default: int) -> int:
        for argument in selection.arguments or ():
            if argument.name.value == name:
                value: Any = None
                if isinstance(argument.value, IntValueNode):
                    value = int(argument.value.value)
                elif isinstance(argument.value, VariableNode):
                    value = self._variables.get(argument.value.name.value)
                return max(0, value) if isinstance(value, int) else default
        return default


def _has(selection: FieldNode, name: str) -> bool:
    assert selection.selection_set is not None
    return any(
        isinstance(field, FieldNode) and field.name.value == name for field in selection.selection_set.selections
    )


def find_operation(document: DocumentNode, name: str | None) -> OperationDefinitionNode:
    """The operation that is to run.

    Raises:
        InvalidError: the document has none of this name, or several and no name was given.
    """
    operations = list(_operations(document))
    if name is not None:
        operations = [
            operation for operation in operations if operation.name is not None and operation.name.value == name
        ]
    if len(operations) != 1:
        raise InvalidError(
            "operationName names none of the query's operations"
            if name is not None
            else "the query has no operation"
            if not operations
            else "the query has several operations; say operationName",
            path="operationName",
            constraint="one operation of the query",
        )
    return operations[0]


def _operations(document: DocumentNode) -> Iterator[OperationDefinitionNode]:
    for definition in document.definitions:
        if isinstance(definition, OperationDefinitionNode):
            yield definition

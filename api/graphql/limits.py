"""How large a GraphQL request may be, found before anything of it runs.

A document is read once for its size (depth, aliases, fields, with fragments counted where they are used), then validated with
rules that are made once, and both results are kept by its text. What it may cost is found in `costs`.
"""

from collections import OrderedDict
from collections.abc import Iterator
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
    NoSchemaIntrospectionCustomRule,
    OperationDefinitionNode,
    SelectionSetNode,
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
ERRORS = 20
KEPT = 500
"""Documents whose reading is kept."""
KEPT_SOURCE = 20_000


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

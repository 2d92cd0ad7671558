"""What a GraphQL operation may cost, found before it runs.

The cost depends on the variables and is found each time: a leaf is 1, a read of the database more, and everything below a page
counts as often as the page may have items.
"""

from collections.abc import Mapping
from typing import Any

from graphql import (
    BooleanValueNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    IntValueNode,
    OperationDefinitionNode,
    SelectionSetNode,
    VariableNode,
)

from api.graphql.limits import Reading
from graph.detours import STEPS
from graph.errors import TooExpensiveError

COST = 1_000_000
DIGITS = 10
"""Of a page's size: Int has 32 bits."""
READ = 10
"""The cost of a field that reads the database."""
PAGES = {
    *("artifacts", "actions", "contexts", "trialComponents", "associations", "history", "deployments", "exposure"),
    *("modelGroups", "versions", "events", "webhooks", "deliveries", "search", "features", "violations"),
    *("modelCards", "collections", "children", "groups", "monitoringSchedules", "monitoringExecutions", "executions"),
    *("monitoringViolations", "monitoringAlerts"),
    "accessLog",
}
PAGE = 50
SERIES = {"metricSeries": 5_000, "series": 500, "measured": 5_000}
WALKS = {"lineage": 5_000, "compareModelVersions": 1_000, "select": 5_000, "diff": 5_000, "path": 1_000}
LOOKS = {
    "approvalStale": 200,
    "standing": 400,
    "monitoringRun": 1_000,
    "seriesPicture": 2_000,
    "inAlert": 20,
    "silence": 20,
    "createAuditReport": 200_000,
    "startAuditReport": 200_000,
}
"""Fields for which much is read of one version, one run, or all around one entity."""
EDGES = 2
"""Edges a node that a walk is taken to have."""
DETOURS = STEPS
"""The cost of looking for ways through hidden nodes, which name at most so many."""
BATCHED = {
    *("entity", "sourceEntity", "destinationEntity", "metrics"),
    *("modelGroup", "modelVersion", "group", "latest", "latestApproved", "approvals", "gateResults"),
}
BODIES = {"before", "after"}

Fragments = Mapping[str, FragmentDefinitionNode]


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


class _Costs:
    def __init__(self, fragments: Fragments, variables: Mapping[str, Any]) -> None:
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
        if name in SERIES:
            points = self._argument(selection, "first", SERIES[name])
            return READ * 2 + points * (1 + self.of(selection.selection_set, 0))
        if name in WALKS:
            detours = DETOURS if self._asked(selection, "via") else 0
            walked = self.of(selection.selection_set, self._argument(selection, "limit", WALKS[name]))
            return READ * 10 + detours + walked
        if name in LOOKS:
            return LOOKS[name] + self.of(selection.selection_set, 0)
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

    def _asked(self, selection: FieldNode, name: str) -> bool:
        """Whether an argument may be true."""
        for argument in selection.arguments or ():
            if argument.name.value == name:
                if isinstance(argument.value, VariableNode):
                    return self._variables.get(argument.value.name.value, True) is True
                return isinstance(argument.value, BooleanValueNode) and argument.value.value
        return False


def _has(selection: FieldNode, name: str) -> bool:
    assert selection.selection_set is not None
    return any(
        isinstance(field, FieldNode) and field.name.value == name for field in selection.selection_set.selections
    )

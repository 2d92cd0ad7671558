"""The schema. `python -m api.graphql.schema` prints it; the committed copy is docs/reference/schema.graphql."""

import sys
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import strawberry
from graphql import ExecutionResult, GraphQLError
from graphql.execution import execute
from strawberry.execution import optimized_is_awaitable
from strawberry.schema.config import StrawberryConfig

from api.access import arns_in
from api.graphql.context import Context
from api.graphql.conversion import plan_inputs
from api.graphql.costs import within_cost
from api.graphql.descriptions import describe
from api.graphql.entities import SHAPES
from api.graphql.execution import Projecting
from api.graphql.limits import Limits, find_operation
from api.graphql.mutations import Mutation
from api.graphql.naming import root_fields
from api.graphql.queries import Query
from api.graphql.scalars import SCALARS
from graph.errors import StemmaError


class RejectedError(Exception):
    """The request did not begin to run; `errors` say why."""

    def __init__(self, errors: list[Exception]) -> None:
        super().__init__()
        self.errors = errors


@cache
def schema() -> strawberry.Schema:
    """The schema, built at its first use."""
    describe()
    plan_inputs()
    return strawberry.Schema(
        query=Query, mutation=Mutation, types=list(SHAPES.values()), config=StrawberryConfig(scalar_map=SCALARS)
    )


def sdl() -> str:
    """The schema's text."""
    return schema().as_str().rstrip() + "\n"


class Engine:
    """Runs requests against the schema.

    strawberry's own `Schema.execute` would build rule sets and extension objects for each request and log whole queries when
    one fails; so its schema is run by graphql-core directly.

    Args:
        introspection: Whether callers may ask for the schema.
    """

    def __init__(self, *, introspection: bool) -> None:
        self._core = schema()._schema
        self._limits = Limits(introspection)

    async def run(
        self,
        query: str,
        variables: Mapping[str, Any],
        operation_name: str | None,
        context: Context,
        tell: Callable[[str, tuple[str, ...]], None],
    ) -> ExecutionResult:
        """The result of one operation; `tell` hears its root fields and the ARNs that it names before it runs.

        Raises:
            RejectedError: it is not valid, or may cost too much.
        """
        try:
            reading = self._limits.read(self._core, query)
            if reading.errors:
                raise RejectedError(list(reading.errors))
            operation = find_operation(reading.document, operation_name)
            tell(root_fields(operation, reading.fragments), arns_in([dict(variables), operation.selection_set]))
            within_cost(reading, operation, variables)
        except (GraphQLError, StemmaError) as error:
            raise RejectedError([error]) from error
        running = execute(
            self._core,
            reading.document,
            context_value=context,
            variable_values=dict(variables),
            operation_name=operation_name,
            is_awaitable=optimized_is_awaitable,  # type: ignore[arg-type]  # strawberry's own, typed as a plain predicate
            executor_class=Projecting,
        )
        return running if isinstance(running, ExecutionResult) else await running


if __name__ == "__main__":
    sys.stdout.write(sdl())

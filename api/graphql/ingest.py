"""Bulk writes: entities and associations in one transaction, all or nothing, with the faulty row named."""

from collections.abc import Iterable

import strawberry

from api.graphql import ingest_inputs, inputs, payloads, requests
from api.graphql.context import Context
from api.graphql.names import AssociationType
from graph import arns, commands, history
from graph.catalog import LINEAGE
from graph.commands import Command, Put
from graph.errors import InvalidError, NotFoundError, StemmaError
from graph.limits import BATCH_ROWS

FORMS = ("artifact", "action", "context", "trial_component")


class RowError(Exception):
    """The row at which an ingest failed, and why: its cause is the `StemmaError`."""

    def __init__(self, list_: str, index: int, position: int) -> None:
        super().__init__(f"{list_}[{index}]")
        self.list = list_
        self.index = index
        self.position = position


async def ingest(context: Context, given: ingest_inputs.IngestInput) -> payloads.IngestPayload:
    """Write all rows or none.

    Raises:
        InvalidError: there are no rows, or too many.
        RowError: a row is at fault.
    """
    size = len(given.entities) + len(given.associations)
    if not 1 <= size <= BATCH_ROWS:
        raise InvalidError(
            f"the request has {size} rows; it may have 1 to {BATCH_ROWS}",
            path="input",
            constraint=f"1 <= size <= {BATCH_ROWS}",
        )
    puts: list[Put] = []
    for index, entity in enumerate(given.entities):
        try:
            puts.append(requests.new(context.place, _only(entity)))
        except StemmaError as error:
            raise RowError("entities", index, index) from error
    triples = await _associations(context, given.associations, puts)
    all_: list[Command] = [*puts, *triples]
    try:
        outcome = await context.catalog.write(
            context.caller, all_, operation="ingest", request_id=given.client_request_id
        )
    except StemmaError as error:
        position = 0 if error.position is None and size == 1 else error.position
        if position is None:
            raise
        in_entities = position < len(puts)
        index = position if in_entities else position - len(puts)
        raise RowError("entities" if in_entities else "associations", index, position) from error
    return payloads.IngestPayload(
        sequence=payloads.sequence(outcome),
        recorded_at=payloads.recorded_at(outcome),
        created=sum(applied.created for applied in outcome.applied),
        entities=[
            payloads.IngestedEntity(arn=strawberry.ID(put.arn), created=applied.created)
            for put, applied in zip(puts, outcome.applied, strict=False)
        ],
        associations=[
            payloads.IngestedAssociation(
                source=strawberry.ID(command.triple[0]),
                destination=strawberry.ID(command.triple[2]),
                association=AssociationType(command.triple[1]),
                created=applied.created,
            )
            for command, applied in zip(triples, outcome.applied[len(puts) :], strict=True)
        ],
    )


def _only(given: ingest_inputs.IngestEntityInput) -> inputs.NewEntityInput:
    for form in FORMS:
        found = getattr(given, form)
        if found is not None:
            value: inputs.NewEntityInput = found.value
            return value
    raise InvalidError("the row is empty", path="entities", constraint="exactly one kind")


async def _associations(
    context: Context, given: list[ingest_inputs.IngestAssociationInput], puts: list[Put]
) -> list[commands.Associate]:
    own = await _own_names(context, (end for row in given for end in (row.source, row.destination) if end is not None))
    made: list[commands.Associate] = []
    for index, row in enumerate(given):
        try:
            source = _end(context, "source", row.source, row.source_row, puts, own)
            destination = _end(context, "destination", row.destination, row.destination_row, puts, own)
            made.append(commands.associate(source, destination, row.association, valid_from=row.valid_from))
        except StemmaError as error:
            raise RowError("associations", index, len(puts) + index) from error
    return made


async def _own_names(context: Context, ends: Iterable[str]) -> dict[str, str]:
    """The lineage ARNs of those ends that are resources' own ARNs, looked up together."""
    own = {text.lower() for text in ends if not _is_lineage(text)}
    return await history.resolve(context.catalog.store, context.account, sorted(own))


def _is_lineage(text: str) -> bool:
    parts = text.lower().split(":", 5)
    return len(parts) < 6 or parts[5].split("/", 1)[0] in LINEAGE


def _end(context: Context, name: str, text: str | None, row: int | None, puts: list[Put], own: dict[str, str]) -> str:
    if (text is None) == (row is None):
        raise InvalidError(f"needs either {name} or {name}Row", path=name, constraint=f"{name} or {name}Row")
    if row is not None:
        if not 0 <= row < len(puts):
            raise InvalidError(
                f"{name}Row is {row}; the request has {len(puts)} entities",
                path=f"{name}Row",
                constraint=f"0 <= {name}Row < {len(puts)}",
            )
        return puts[row].arn
    assert text is not None
    arn = arns.parse(text)
    if arn.account != context.account:
        raise NotFoundError(f"{arn} does not exist in account {context.account}")
    found = str(arn)
    if _is_lineage(found):
        return found
    if found not in own:
        raise NotFoundError(f"{found} does not exist in account {context.account}")
    return own[found]

"""Associations between lineage entities."""

from typing import Any

from api.sagemaker import shapes
from api.sagemaker.calls import Call, Input, Output, operation, size
from api.sagemaker.listings import descending
from graph import association_lists, commands
from graph.association_lists import AssociationFilter, AssociationSort, Connection, End
from graph.associations import AssociationType
from graph.times import Moment, to_ms

SORTS = {
    "SourceArn": AssociationSort.SOURCE,
    "DestinationArn": AssociationSort.DESTINATION,
    "SourceType": AssociationSort.SOURCE_TYPE,
    "DestinationType": AssociationSort.DESTINATION_TYPE,
    "CreationTime": AssociationSort.CREATED,
}


@operation("AddAssociation", note="Without an AssociationType it is kept, and shown, as AssociatedWith.")
async def add_association(call: Call, given: Input) -> Output:
    """A new association; one of the same type between the same entities is an error."""
    kind = given.get("AssociationType")
    association = AssociationType.ASSOCIATED_WITH if kind is None else shapes.ASSOCIATION_OF[kind]
    command = commands.associate(given["SourceArn"], given["DestinationArn"], association, exclusive=True)
    return await _done(call, command)


@operation("DeleteAssociation", note="Ends the associations of every type from the source to the destination.")
async def delete_association(call: Call, given: Input) -> Output:
    """End what holds from one entity to another."""
    return await _done(call, commands.part(given["SourceArn"], given["DestinationArn"]))


@operation("ListAssociations", note="Types of ends are matched, and shown, as they are now.")
async def list_associations(call: Call, given: Input) -> Output:
    """A page of associations; SourceType and DestinationType match the types of the ends."""
    when, place = await call.page(given)
    after, before = given.get("CreatedAfter"), given.get("CreatedBefore")
    kind = given.get("AssociationType")
    ends = [await _named(call, given.get(name), when) for name in ("SourceArn", "DestinationArn")]
    page = await association_lists.connections(
        call.catalog.store,
        call.account,
        call.catalog.region,
        when,
        wanted=AssociationFilter(
            source=ends[0],
            destination=ends[1],
            association=None if kind is None else shapes.ASSOCIATION_OF[kind],
            source_type=given.get("SourceType"),
            destination_type=given.get("DestinationType"),
            created_after=None if after is None else to_ms(after),
            created_before=None if before is None else to_ms(before),
        ),
        sort=SORTS[given.get("SortBy", "CreationTime")],
        descending=descending(given),
        first=size(given),
        after=place,
    )
    last = page.items[-1][0] if page.more else None
    return {
        "AssociationSummaries": [_summary(connection) for _, connection in page.items],
        **call.next_token(given, when, last),
    }


async def _named(call: Call, text: str | None, when: Moment) -> str | None:
    """The ARN of an end that has to be there: what is missing and what is another account's are told alike."""
    return None if text is None else (await call.entity(await call.arn(text), when)).arn


async def _done(call: Call, command: commands.Associate | commands.Part) -> Output:
    source, destination = (
        (command.source, command.destination)
        if isinstance(command, commands.Part)
        else (command.triple[0], command.triple[2])
    )
    call.arns += [source, destination]
    await call.write(command)
    return {"SourceArn": source, "DestinationArn": destination}


def _summary(connection: Connection) -> dict[str, Any]:
    return {
        **_end("Source", connection.source),
        **_end("Destination", connection.destination),
        "AssociationType": shapes.ASSOCIATIONS[connection.association],
        "CreationTime": connection.created_at,
    }


def _end(which: str, end: End) -> dict[str, Any]:
    name = end.name if shapes.NAME.fullmatch(end.name) else None
    return {f"{which}Arn": end.arn, f"{which}Type": end.type, f"{which}Name": name}

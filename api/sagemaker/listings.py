"""Lists as SageMaker pages them: newest first, ten a page, by an opaque token."""

from collections.abc import Callable
from typing import Any

from api.sagemaker.calls import Call, Input, Output, size
from graph import listing
from graph.entities import Entity, Kind
from graph.listing import Filter, Sort
from graph.times import to_ms


def filtered(given: Input, **fields: Any) -> Filter:
    """The filter that a list's input asks for; `fields` are those of `Filter` beside the times."""
    after, before = given.get("CreatedAfter"), given.get("CreatedBefore")
    return Filter(
        created_after=None if after is None else to_ms(after),
        created_before=None if before is None else to_ms(before),
        **fields,
    )


async def listed(
    call: Call, given: Input, kind: Kind, filter_: Filter, member: str, summary: Callable[[Entity], dict[str, Any]]
) -> Output:
    """One page of entities as the member of an output."""
    when, after = await call.page(given)
    page = await listing.entities(
        call.catalog.store,
        call.account,
        kind,
        when,
        filter=filter_,
        sort=Sort.NAME if given.get("SortBy") == "Name" else Sort.CREATED,
        descending=descending(given),
        first=size(given),
        after=after,
    )
    last = page.items[-1][0] if page.more else None
    return {member: [summary(entity) for _, entity in page.items], **call.next_token(given, when, last)}


def descending(given: Input) -> bool:
    """Whether the last comes first, as by default."""
    return bool(given.get("SortOrder", "Descending") == "Descending")

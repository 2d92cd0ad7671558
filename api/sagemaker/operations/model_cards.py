"""Model cards: made, described in any version, written anew, listed, ended."""

from collections.abc import Sequence

from api.sagemaker import cards, searching, shapes
from api.sagemaker.calls import Call, Input, Output, operation, size
from api.sagemaker.listings import descending
from api.sagemaker.searching import Document, Entities, Resource, searchable
from graph.entities import Entity
from graph.errors import InvalidError
from graph.listing import Sort
from graph.registry.cards import changes, lists, names
from graph.registry.cards.deletion import Delete
from graph.registry.cards.lists import Card, card_of
from graph.registry.lists import RegistryFilter
from graph.search import Condition
from graph.times import Moment, to_ms

APPROVED = "Approved takes the role approver."


@operation(
    "CreateModelCard",
    note=f"{APPROVED} Known parts of the content are held to the public schema, others are kept. "
    "Numbers of versions go on after a deletion.",
)
async def create_model_card(call: Call, given: Input) -> Output:
    """A new card; its name is unique."""
    name = given["ModelCardName"]
    arn = names.resource(call.place, name)
    call.arns.append(arn)
    command = changes.create(
        call.place,
        name,
        given["Content"],
        status=cards.STATUS_OF[given["ModelCardStatus"]],
        tags=shapes.tags_given(given.get("Tags")),
        security=given.get("SecurityConfig"),
    )
    await call.write(command)
    return {"ModelCardArn": arn}


@operation("DescribeModelCard")
async def describe_model_card(call: Call, given: Input) -> Output:
    """One card, in its newest version or another."""
    when = await call.catalog.moment(call.account)
    card = await find(call, given["ModelCardName"], when, given.get("ModelCardVersion"))
    return cards.described(card, metadata_only=given.get("IncludedData") == "MetadataOnly")


@operation("UpdateModelCard", note=f"{APPROVED} What an approved card says is changed only by who may approve it.")
async def update_model_card(call: Call, given: Input) -> Output:
    """Write a card's content anew, which makes a version, or set its status, which does not."""
    text, status = given.get("Content"), given.get("ModelCardStatus")
    if (text is None) == (status is None):
        raise InvalidError(
            "You cannot update both model card content and model card status in a single call; one of the two has to be "
            "given",
            path="Content",
            constraint="one of Content and ModelCardStatus",
        )
    name = names.named(call.place, given["ModelCardName"])
    arn = names.resource(call.place, name)
    call.arns.append(arn)
    if text is not None:
        await call.write(changes.revise(call.place, name, text, role=call.caller.role))
    else:
        await call.write(changes.set_status(call.place, name, cards.STATUS_OF[given["ModelCardStatus"]]))
    return {"ModelCardArn": arn}


@operation("ListModelCards", note="NameContains ignores case.")
async def list_model_cards(call: Call, given: Input) -> Output:
    """A page of cards."""
    when, after = await call.page(given)
    status = given.get("ModelCardStatus")
    page = await lists.page(
        *(call.catalog.store, call.account, when),
        filter=RegistryFilter(
            approval=None if status is None else cards.STATUS_OF[status],
            contains=given.get("NameContains"),
            created_after=None if "CreationTimeAfter" not in given else to_ms(given["CreationTimeAfter"]),
            created_before=None if "CreationTimeBefore" not in given else to_ms(given["CreationTimeBefore"]),
        ),
        sort=Sort.NAME if given.get("SortBy") == "Name" else Sort.CREATED,
        descending=descending(given),
        first=size(given),
        after=after,
    )
    last = page.items[-1][0] if page.more else None
    return {
        "ModelCardSummaries": [cards.summary(card) for _, card in page.items],
        **call.next_token(given, when, last),
    }


@operation("ListModelCardVersions")
async def list_model_card_versions(call: Call, given: Input) -> Output:
    """A page of a card's versions, by number."""
    when, after = await call.page(given)
    newest = await find(call, given["ModelCardName"], when)
    wanted, found = size(given), list[Card]()
    more = True
    while more and len(found) <= wanted:
        page = await lists.versions(
            *(call.catalog.store, call.place, newest, when), descending=descending(given), first=100, after=after
        )
        found += [card for _, card in page.items if _asked_for(card, given)]
        more = page.more
        after = page.items[-1][1].version if page.items else after
    place = found[wanted - 1].version if len(found) > wanted else None
    return {
        "ModelCardVersionSummaryList": [cards.version(card) for card in found[:wanted]],
        **call.next_token(given, when, place),
    }


@operation("DeleteModelCard", note="Its export jobs end with it; the files that they wrote stay.")
async def delete_model_card(call: Call, given: Input) -> Output:
    """End a card."""
    name = names.named(call.place, given["ModelCardName"])
    call.arns.append(names.resource(call.place, name))
    await call.write(Delete(call.place, name))
    return {}


async def find(call: Call, text: str, when: Moment, version: int | None = None) -> Card:
    """A card, noted as what the call is about.

    Raises:
        NotFoundError: there is none, or it has no such version.
    """
    call.arns.append(names.resource(call.place, names.named(call.place, text)))
    return await lists.card(call.catalog.store, call.place, text, when, version)


def _asked_for(card: Card, given: Input) -> bool:
    begun = card.begun or 0
    return (
        given.get("ModelCardStatus") in (None, card.shown)
        and ("CreationTimeAfter" not in given or begun >= to_ms(given["CreationTimeAfter"]))
        and ("CreationTimeBefore" not in given or begun < to_ms(given["CreationTimeBefore"]))
    )


async def _scope(call: Call, when: Moment, _: Sequence[Condition]) -> Entities:
    after, more = None, True
    while more:
        page = await lists.page(
            *(call.catalog.store, call.account, when),
            sort=Sort.NAME,
            descending=False,
            first=searching.CHUNK,
            after=after,
        )
        yield [card.entity for _, card in page.items]
        more = page.more
        after = page.items[-1][0] if page.items else None


async def _show(_: Call, __: Moment, entities: list[Entity], ___: frozenset[str] | None) -> list[Document]:
    return [cards.found(card) for entity in entities if (card := card_of(entity)) is not None]


searchable("ModelCard", Resource("ModelCard", _scope, _show))

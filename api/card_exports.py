"""Exporting a model card: typeset, written to where the policy allows or into the artifact store, recorded in the graph."""

import asyncio

from graph.access import Caller, Permission, require
from graph.artifacts import ArtifactStore
from graph.catalog import Catalog
from graph.contents import Content, content, sha256
from graph.errors import ConflictError, NotFoundError, StemmaError
from graph.reach import Policy
from graph.registry.cards import exports
from graph.registry.cards.exports import FILE_TYPE, Export
from graph.registry.cards.lists import Card
from graph.registry.names import checked
from monitors.processing.sources import Bucket
from reports.model_card import document
from reports.rendering import document_pdf


async def export(
    catalog: Catalog,
    caller: Caller,
    card: Card,
    name: str,
    *,
    policy: Policy,
    output: str | None = None,
    artifacts: ArtifactStore | None = None,
) -> Export:
    """Typeset a version of a card as PDF, keep the file, and record both.

    Args:
        catalog: The graph.
        caller: Who asks.
        card: The card, in the version that is wanted.
        name: Of the export; a card has one of each name.
        policy: Which S3 prefixes may be written.
        output: An S3 prefix, `s3://bucket/prefix`; None for the artifact store.
        artifacts: The artifact store.

    Raises:
        ForbiddenError: the caller may not write, or the policy lists no such prefix.
        ConflictError: the card has an export of this name.
        InvalidError: the name or the prefix is none.
    """
    require(caller, Permission.WRITE)
    place = catalog.place(caller.account)
    checked(name, "export")
    target = None
    if output is not None:
        target = policy.s3(caller.account, f"{output.rstrip('/')}/{card.name}-{card.version}-{name}.pdf")
    arn = exports.resource(place, card.name, name)
    try:
        await exports.find(catalog.store, place, arn, await catalog.moment(caller.account))
    except NotFoundError:
        pass
    else:
        raise ConflictError(f"Model card export job {arn} already exists.")
    file: Content | None = None
    reason = None
    try:
        made = await document_pdf(document(card))
        if target is not None:
            written = await asyncio.to_thread(Bucket(policy, caller.account).put, target.uri, made)
            file = content(place, written.uri, [sha256(written.digest)], type=FILE_TYPE)
        else:
            assert artifacts is not None, "an export without a prefix goes into the artifact store"
            stored = await asyncio.to_thread(artifacts.put, made, f"{card.name}-{card.version}.pdf")
            file = content(place, stored.uri, [sha256(stored.digest)], type=FILE_TYPE)
    except StemmaError as error:
        reason = error.message
    command = exports.record(place, card, name, output or "", file=file, reason=reason)
    await catalog.write(caller, [command], operation="exportModelCard")
    return await exports.find(catalog.store, place, arn, await catalog.moment(caller.account))

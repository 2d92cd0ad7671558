"""Exports of model cards as PDF to S3."""

from typing import Any

from api.card_exports import export
from api.sagemaker.calls import Call, Input, Output, operation, size
from api.sagemaker.listings import descending
from api.sagemaker.operations.model_cards import find
from graph.registry.cards import exports
from graph.registry.cards.exports import Export
from graph.times import to_ms

SORTS = {
    "Name": lambda export: export.name.lower(),
    "CreationTime": lambda export: export.entity.created_at,
    "Status": lambda export: _status(export),
}


@operation(
    "CreateModelCardExportJob",
    note="Done when it answers. Written where the operator's policy lists the prefix (STEMMA_POLICY).",
)
async def create_model_card_export_job(call: Call, given: Input) -> Output:
    """Typeset a card as PDF and write it to S3."""
    when = await call.catalog.moment(call.account)
    card = await find(call, given["ModelCardName"], when, given.get("ModelCardVersion"))
    name, output = given["ModelCardExportJobName"], given["OutputConfig"]["S3OutputPath"]
    made = await export(call.catalog, call.caller, card, name, policy=call.policy, output=output)
    return {"ModelCardExportJobArn": made.entity.resource_arn}


@operation("DescribeModelCardExportJob")
async def describe_model_card_export_job(call: Call, given: Input) -> Output:
    """One export."""
    when = await call.catalog.moment(call.account)
    found = await exports.find(call.catalog.store, call.place, given["ModelCardExportJobArn"], when)
    call.arns.append(found.entity.resource_arn or "")
    return {
        **_summary(found),
        "OutputConfig": {"S3OutputPath": found.output},
        "FailureReason": found.reason,
        "ExportArtifacts": None if found.uri is None else {"S3ExportArtifacts": found.uri},
    }


@operation("ListModelCardExportJobs")
async def list_model_card_export_jobs(call: Call, given: Input) -> Output:
    """A page of a card's exports to S3."""
    when, start = await call.page(given)
    card = await find(call, given["ModelCardName"], when)
    # A page later reads at the same moment, so that a position is a place.
    found = [one for one in await exports.of_card(call.catalog.store, call.place, card, when) if _fits(one, given)]
    found.sort(key=SORTS[given.get("SortBy", "CreationTime")], reverse=descending(given))
    first = start or 0
    shown = found[first : first + size(given)]
    rest = first + len(shown)
    return {
        "ModelCardExportJobSummaries": [_summary(one) for one in shown],
        **call.next_token(given, when, rest if rest < len(found) else None),
    }


def _fits(one: Export, given: Input) -> bool:
    contains = given.get("ModelCardExportJobNameContains", "").lower()
    return (
        # What was exported into the artifact store has no place in S3 to show.
        bool(one.output)
        and given.get("ModelCardVersion") in (None, one.version)
        and given.get("StatusEquals") in (None, _status(one))
        and contains in one.name.lower()
        and ("CreationTimeAfter" not in given or one.entity.created_at >= to_ms(given["CreationTimeAfter"]))
        and ("CreationTimeBefore" not in given or one.entity.created_at < to_ms(given["CreationTimeBefore"]))
    )


def _summary(one: Export) -> dict[str, Any]:
    return {
        "ModelCardExportJobName": one.name,
        "ModelCardExportJobArn": one.entity.resource_arn,
        "Status": _status(one),
        "ModelCardName": one.card,
        "ModelCardVersion": one.version,
        "CreatedAt": one.entity.created_at,
        "LastModifiedAt": one.entity.modified_at,
    }


def _status(one: Export) -> str:
    return "Completed" if one.done else "Failed"

"""Model cards in the words of SageMaker's models."""

from typing import Any

import orjson

from api.sagemaker import shapes
from graph.registry.cards.changes import SHOWN
from graph.registry.cards.lists import Card

STATUS_OF = {shown: status for status, shown in SHOWN.items()}
METADATA_ONLY = {
    "model_overview": ("model_id", "model_name"),
    "intended_uses": ("risk_rating",),
    "model_package_details": ("model_package_group_name", "model_package_arn"),
}
"""What MetadataOnly leaves of a content: the fields by which Search finds cards, and their risk rating."""


def summary(card: Card) -> dict[str, Any]:
    """A card, as lists have it."""
    return {
        "ModelCardName": card.name,
        "ModelCardArn": card.resource,
        "ModelCardStatus": card.shown,
        **shapes.summarised(card.entity),
    }


def version(card: Card) -> dict[str, Any]:
    """A version of a card, as lists have it: made when its content was written."""
    return {**summary(card), "ModelCardVersion": card.version, "CreationTime": card.begun}


def described(card: Card, *, metadata_only: bool = False) -> dict[str, Any]:
    """Everything of a card."""
    return {
        **summary(card),
        **shapes.described(card.entity),
        "ModelCardVersion": card.version,
        "Content": sanitized(card) if metadata_only else card.text,
        "SecurityConfig": card.security,
    }


def found(card: Card) -> dict[str, Any]:
    """A card, as Search has it."""
    said = card.subject
    return {
        **described(card),
        "Tags": shapes.tags_shown(card.entity),
        "ModelId": said.model_id,
        "RiskRating": said.risk,
        "ModelPackageGroupName": said.group,
    }


def sanitized(card: Card) -> str:
    """What a card says without what MetadataOnly withholds."""
    content = card.content
    kept = {
        part: {name: content[part][name] for name in names if name in content[part]}
        for part, names in METADATA_ONLY.items()
        if content.get(part)
    }
    return orjson.dumps({part: fields for part, fields in kept.items() if fields}).decode()

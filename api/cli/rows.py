"""Entities and associations as people write and read them: one JSON object each, in the names of the GraphQL schema."""

from collections.abc import Callable, Mapping
from typing import Any

from api.cli.values import time
from graph.associations import AssociationType
from graph.commands import Associate, Place, Put, associate, create_artifact, create_named
from graph.entities import Entity, Kind
from graph.errors import InvalidError
from graph.times import from_ms

TEXTS = {
    "name": "name",
    "type": "type",
    "description": "description",
    "resourceArn": "resource_arn",
    "sourceUri": "source_uri",
    "sourceArn": "source_arn",
    "sourceType": "source_type",
    "sourceId": "source_id",
    "displayName": "display_name",
    "status": "status",
    "statusMessage": "status_message",
}
TIMES = {"startedAt": "started_at", "endedAt": "ended_at", "validFrom": "valid_from"}
MAPS = ("properties", "tags", "metadata", "parameters", "metrics", "inputs", "outputs")
ENTITY_KEYS = {"id", "kind", "sourceTypes", *TEXTS, *TIMES, *MAPS}
ASSOCIATION_KEYS = {"source", "destination", "association", "validFrom"}


def is_association(row: Mapping[str, Any]) -> bool:
    """Whether a row is an association rather than an entity."""
    return "destination" in row or ("source" in row and "kind" not in row)


def put_of(place: Place, row: Mapping[str, Any]) -> Put:
    """The command that creates the entity of a row.

    Raises:
        InvalidError: a key is unknown, or a value does not fit.
    """
    _known(row, ENTITY_KEYS)
    try:
        kind = Kind(str(row.get("kind", "")).upper())
    except ValueError:
        raise InvalidError(f"kind is {row.get('kind')!r}; it is one of {', '.join(Kind)}", path="kind") from None
    details: dict[str, Any] = {field: _text(row, key) for key, field in TEXTS.items() if row.get(key) is not None}
    details |= {field: time(_text(row, key), key) for key, field in TIMES.items() if row.get(key) is not None}
    details |= {key: FORMS[key](_mapping(row, key)) for key in MAPS if row.get(key) is not None}
    if kind is Kind.ARTIFACT:
        uri = details.pop("source_uri", None)
        if uri is None:
            raise InvalidError("sourceUri is missing: an artifact is known by it", path="sourceUri")
        return create_artifact(place, uri, source_types=_source_types(row.get("sourceTypes") or []), **details)
    name = details.pop("name", None)
    if name is None:
        raise InvalidError("name is missing", path="name")
    if row.get("sourceTypes"):
        raise InvalidError("only artifacts have sourceTypes", path="sourceTypes")
    return create_named(place, kind, name, **details)


def associate_of(row: Mapping[str, Any], arns: Callable[[str], str]) -> Associate:
    """The command that makes the association of a row; `arns` gives the ARN of what an end names.

    Raises:
        InvalidError: a key is unknown, or a value does not fit.
    """
    _known(row, ASSOCIATION_KEYS)
    ends = [_text(row, "source"), _text(row, "destination")]
    if None in ends:
        raise InvalidError("an association has a source and a destination", path="source")
    kind = association_of(_text(row, "association") or AssociationType.ASSOCIATED_WITH)
    source, destination = (arns(end) for end in ends if end is not None)
    return associate(source, destination, kind, valid_from=time(_text(row, "validFrom"), "validFrom"))


def association_of(text: str) -> AssociationType:
    """An association's type, written `CONTRIBUTED_TO`, `ContributedTo` or `contributed-to`.

    Raises:
        InvalidError: it is none of the five.
    """
    for kind in AssociationType:
        if kind.value.replace("_", "") == text.upper().replace("_", "").replace("-", ""):
            return kind
    raise InvalidError(f"the association {text!r} is none of {', '.join(AssociationType)}", path="association")


def entity_document(entity: Entity) -> dict[str, Any]:
    """An entity as plain values, without its empty fields."""
    document: dict[str, Any] = {
        "arn": entity.arn,
        "kind": entity.kind.value,
        **{key: getattr(entity, field) for key, field in TEXTS.items()},
        "sourceTypes": [{"type": kind, "value": value} for kind, value in entity.source_types],
        **{key: _shown_time(getattr(entity, field)) for key, field in TIMES.items() if key != "validFrom"},
        **{key: {name: _shown(value) for name, value in (getattr(entity, key) or {}).items()} for key in MAPS},
        "createdAt": _shown_time(entity.created_at),
        "createdBy": entity.created_by,
        "modifiedAt": _shown_time(entity.modified_at),
        "modifiedBy": entity.modified_by,
    }
    return {key: value for key, value in document.items() if value not in (None, [], {})}


def _known(row: Mapping[str, Any], keys: set[str]) -> None:
    if unknown := sorted(set(row) - keys):
        raise InvalidError(f"{unknown[0]!r} is unknown; known are {', '.join(sorted(keys))}", path=unknown[0])


def _text(row: Mapping[str, Any], key: str) -> str | None:
    value = row.get(key)
    if value is not None and not isinstance(value, str):
        raise InvalidError(f"{key} is {value!r}; a text is needed", path=key, constraint="a text")
    return value


def _mapping(row: Mapping[str, Any], key: str) -> dict[str, Any]:
    value = row[key]
    if not isinstance(value, dict):
        raise InvalidError(f"{key} is no object", path=key, constraint="an object")
    return value


def _source_types(values: Any) -> list[tuple[str, str]]:
    try:
        return [(str(value["type"]), str(value["value"])) for value in values]
    except (TypeError, KeyError):
        raise InvalidError('sourceTypes is a list of {"type": …, "value": …}', path="sourceTypes") from None


def _texts(values: dict[str, Any]) -> dict[str, str]:
    for key, value in values.items():
        if not isinstance(value, str):
            raise InvalidError(f"{key[:60]!r} has the value {value!r}; a text is needed", path=key[:60])
    return values


def _parameters(values: dict[str, Any]) -> dict[str, dict[str, str]]:
    return {
        key: {"number": repr(value)}
        if isinstance(value, int | float) and not isinstance(value, bool)
        else {"string": str(value)}
        for key, value in values.items()
    }


def _files(values: dict[str, Any]) -> dict[str, dict[str, str]]:
    return {
        key: {"value": str(value["value"]), "media_type": str(value.get("mediaType", ""))}
        if isinstance(value, dict) and "value" in value
        else {"value": str(value)}
        for key, value in values.items()
    }


FORMS: dict[str, Callable[[dict[str, Any]], Any]] = {
    "properties": _texts,
    "tags": _texts,
    "metadata": _texts,
    "parameters": _parameters,
    "metrics": _parameters,
    "inputs": _files,
    "outputs": _files,
}


def _shown(value: Any) -> Any:
    if not isinstance(value, Mapping):
        return value
    if "number" in value:
        number = float(value["number"])
        return int(number) if number.is_integer() and abs(number) < 2**53 else number
    if "string" in value:
        return value["string"]
    shown = {"value": value["value"]}
    return {**shown, "mediaType": value["media_type"]} if value.get("media_type") else shown


def _shown_time(milliseconds: int | None) -> str | None:
    return None if milliseconds is None else from_ms(milliseconds).isoformat()

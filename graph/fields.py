"""The fields of entities: which kind has which, and what their values may be (SageMaker's limits)."""

import math
from collections.abc import Callable, Mapping
from typing import Any

from graph import arns, limits
from graph.entities import Kind, Status
from graph.errors import InvalidError
from graph.times import to_ms

MAXIMA = {"tags": 50, "properties": 30, "parameters": 300, "inputs": 60, "outputs": 60}
"""How many pairs an entity may have, by the field that holds them."""


def checked_fields(kind: Kind, details: Mapping[str, Any]) -> dict[str, Any]:
    """The fields given for an entity of a kind, as its state holds them; those that are None are left out.

    Raises:
        InvalidError: the kind has no such field, or a value does not fit its limits.
    """
    unknown = set(details) - FIELDS[kind]
    if unknown := {name for name in unknown if details[name] is not None}:
        raise InvalidError(
            f"{', '.join(sorted(unknown))} can't be given for {kind.value.lower().replace('_', ' ')}s",
            path=min(unknown),
            constraint=f"one of {', '.join(sorted(FIELDS[kind]))}",
        )
    checked = {name: CHECKS[name](value) for name, value in details.items() if value is not None}
    if kind is Kind.TRIAL_COMPONENT and checked.get("status") == Status.UNKNOWN:
        raise InvalidError("a trial component's status is never UNKNOWN", path="status", constraint="a known status")
    return checked


def _parameters(values: Mapping[str, Mapping[str, str]]) -> list[list[Any]]:
    _count(values, "parameters", MAXIMA["parameters"])
    return [
        [
            limits.text(name, "parameters.key", minimum=1, maximum=320, lines=False),
            {form: _parameter(form, value, name) for form, value in values[name].items()},
        ]
        for name in sorted(values)
    ]


def _metrics(values: Mapping[str, Mapping[str, str]]) -> list[list[Any]]:
    for name, value in values.items():
        limits.text(name, "metrics.key", minimum=1, maximum=255, lines=False)
        if list(value) != ["number"]:
            raise InvalidError(f"metrics[{name[:40]!r}] is no number", path="metrics", constraint="numbers")
    return _parameters(values)


def _parameter(form: str, value: str, name: str) -> str:
    if form == "number" and not math.isfinite(float(value)):
        raise InvalidError(
            f"parameters[{name[:40]!r}] is {value}; a number has to be finite", path="parameters", constraint="finite"
        )
    return limits.text(value, f"parameters[{name[:40]!r}]", maximum=2500)


def _files(values: Mapping[str, Mapping[str, str]]) -> list[list[Any]]:
    _count(values, "artifacts", MAXIMA["inputs"])
    return [
        [
            limits.text(name, "artifacts.key", minimum=1, maximum=128, lines=False),
            {
                form: limits.text(value, f"artifacts[{name[:40]!r}]", maximum=2048 if form == "value" else 64)
                for form, value in values[name].items()
            },
        ]
        for name in sorted(values)
    ]


def _count(values: Mapping[str, Any], path: str, maximum: int) -> None:
    if len(values) > maximum:
        raise InvalidError(
            f"{path} has {len(values)} entries; at most {maximum} are allowed",
            path=path,
            constraint=f"size <= {maximum}",
        )


CHECKS: dict[str, Callable[[Any], Any]] = {
    "description": lambda value: limits.text(value, "description", maximum=3072),
    "name": lambda value: limits.text(value, "name", minimum=1, maximum=120, lines=False),
    "type": lambda value: limits.text(value, "type", minimum=1, maximum=256, lines=False),
    "source_uri": lambda value: limits.text(value, "sourceUri", minimum=1, maximum=2048, lines=False),
    "display_name": lambda value: limits.text(value, "displayName", minimum=1, maximum=120, lines=False),
    "source_arn": arns.normal,
    "source_type": lambda value: limits.text(value, "sourceType", maximum=256, lines=False),
    "source_id": lambda value: limits.text(value, "sourceId", maximum=256, lines=False),
    "status_message": lambda value: limits.text(value, "statusMessage", maximum=1024),
    "metadata": limits.metadata,
    "specification": limits.specification,
    "status": lambda value: Status(value).value,
    "started_at": to_ms,
    "ended_at": to_ms,
    "parameters": _parameters,
    "metrics": _metrics,
    "inputs": _files,
    "outputs": _files,
}
"""How a field's value is checked and brought into the form that a state holds."""
FIELDS = {
    Kind.ARTIFACT: {"description", "name", "metadata", "specification"},
    Kind.ACTION: {
        *("description", "display_name", "source_uri", "source_type", "source_id"),
        *("status", "status_message", "started_at", "ended_at", "metadata", "specification"),
    },
    Kind.CONTEXT: {
        *("description", "display_name", "name", "source_arn", "source_uri", "source_type", "source_id", "metadata"),
        *("status", "status_message", "specification"),
    },
    Kind.TRIAL_COMPONENT: {
        *("description", "display_name", "source_arn", "source_uri", "source_type", "metadata", "specification"),
        *("status", "status_message", "started_at", "ended_at", "parameters", "metrics", "inputs", "outputs"),
    },
}
"""Which fields an entity may have beside its name, type, source, properties and tags, by its kind."""

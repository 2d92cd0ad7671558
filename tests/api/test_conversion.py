"""The plans build the very inputs that strawberry builds."""

from datetime import UTC, datetime
from typing import Any

import pytest
from strawberry.types.arguments import convert_argument

from api.graphql import conversion, ingest_inputs, inputs
from api.graphql.names import AssociationType, SourceIdType
from api.graphql.schema import schema
from graph.errors import InvalidError

NOW = datetime.now(UTC)
SAMPLES: list[tuple[type, dict[str, Any]]] = [
    (inputs.EntityFilter, {}),
    (inputs.EntityFilter, {"type": None, "sourceUri": "x", "createdAfter": NOW}),
    (
        inputs.CreateArtifactInput,
        {
            "sourceUri": "s3://a",
            "exclusive": True,
            "tags": [{"key": "a", "value": "b"}],
            "sourceTypes": [{"type": SourceIdType.CUSTOM, "value": "x"}],
            "properties": None,
        },
    ),
    (inputs.UpdateActionInput, {"arn": "x", "removeProperties": ["a"], "startedAt": NOW}),
    (
        inputs.CreateTrialComponentInput,
        {
            "name": "j",
            "metrics": [{"key": "m", "number": 1.5}],
            "inputs": [{"key": "k", "value": "v", "mediaType": "t"}],
        },
    ),
    (
        ingest_inputs.IngestInput,
        {
            "entities": [{"artifact": {"sourceUri": "s3://a"}}, {"trialComponent": {"name": "j", "parameters": []}}],
            "associations": [{"sourceRow": 0, "destination": "x", "association": AssociationType.PRODUCED}],
        },
    ),
    (ingest_inputs.IngestInput, {}),
]


@pytest.mark.parametrize(("type_", "value"), SAMPLES)
def test_both_build_the_same(type_: Any, value: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    ours = conversion.build(type_, value)
    made = schema()
    for known in vars(inputs).values():
        if hasattr(getattr(known, "__strawberry_definition__", None), "from_input"):
            monkeypatch.setattr(known.__strawberry_definition__, "from_input", None)
    theirs = convert_argument(value, type_, made.schema_converter.scalar_registry, made.config)
    assert ours == theirs
    assert type(ours) is type_


def test_null_is_none_of_the_kinds() -> None:
    with pytest.raises(InvalidError):
        conversion.build(ingest_inputs.IngestEntityInput, {"context": None})

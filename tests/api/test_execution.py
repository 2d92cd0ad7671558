"""The short way for lists of plain rows shows the very bytes of the long way."""

import pytest
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

from api.graphql import schema
from api.graphql.execution import Projecting
from tests.api.conftest import Service

FIELDS = "nodes { arn kind type name depth createdAt } edges { source destination association validFrom validTo via }"
SELECTIONS = [
    FIELDS,
    "nodes { name } truncated edges { validTo }",
    "nodes { shown: name name again: name } edges { a: source, b: source }",
    "nodes { __typename name } edges { __typename }",
    "nodes { name entity { name } }",
    "nodes { ...node } edges { ... on LineageEdge { source } ... @include(if: false) { destination } validTo }",
    "nodes { name @skip(if: true) kind } edges { source @include(if: $yes) }",
    "nodes { name @skip(if: true) } edges { source @skip(if: true) }",
    "nodes { name } nodes { depth } nodes { name }",
]


@pytest.mark.parametrize("selection", SELECTIONS)
async def test_both_ways_show_the_same(service: Service, selection: str, monkeypatch: pytest.MonkeyPatch) -> None:
    a, b, c = await service.contexts("a", "b", "c", validFrom="2026-01-01T00:00:00.123Z")
    await service.link((a, b), (b, c), (c, a))
    for arn in (a, c):
        tagged = 'mutation($arn: ID!) { tag(input: { arn: $arn, tags: [{ key: "k", value: "v" }] }) { sequence } }'
        await service.data(tagged, arn=arn)
    yes = "$yes" in selection
    declared = f"$start: [ID!]!, $names: [TagInput!]{', $yes: Boolean!' if yes else ''}"
    query = f"query({declared}) {{ lineage(start: $start, tags: $names, via: true) {{ {selection} }} }}"
    query += " fragment node on LineageNode { kind ...inner } fragment inner on LineageNode { depth }" * (
        "...node" in selection
    )
    for tags in (None, [{"key": "k", "value": "v"}]):
        body = {"query": query, "variables": {"start": [a], "names": tags, **({"yes": True} if yes else {})}}
        answers = []
        for executor in (Projecting, StrawberryGraphQLCoreExecutionContext):
            monkeypatch.setattr(schema, "Projecting", executor)
            response = await service.client.post("/graphql", json=body)
            assert response.status_code == 200, response.text
            answers.append(response.content)
        assert answers[0] == answers[1]
        assert (b'"via":["' in answers[0]) == (tags is not None and "via" in selection)

"""Whatever is sent is answered, soon, with a 4xx or a GraphQL error; never with a 5xx."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from graphql import GraphQLInterfaceType, GraphQLObjectType
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from api.graphql.costs import PAGES, SERIES, WALKS
from api.graphql.limits import ALIASES, DEPTH
from api.graphql.schema import schema
from tests.api.conftest import Serve, Service

JSON = {"Content-Type": "application/json"}
one_database = pytest.mark.parametrize("catalog", ["embedded"], indirect=True, scope="session")
"""For what is refused before the database is asked."""
SOON = 5.0
"""Seconds; far more than any of these takes, and far less than a hang."""


async def post(service: Service, content: Any, headers: dict[str, str] | None = None) -> httpx.Response:
    begin = time.monotonic()
    response = await service.client.post("/graphql", content=content, headers=JSON if headers is None else headers)
    assert time.monotonic() - begin < SOON
    assert response.status_code < 500, response.text
    assert response.headers["x-request-id"]
    return response


async def refused(service: Service, query: Any, **variables: Any) -> str:
    """The code with which a query is refused."""
    response = await post(service, json.dumps({"query": query, "variables": variables}).encode())
    body = response.json()
    assert body["errors"], body
    for error in body["errors"]:
        assert error["extensions"]["requestId"]
        assert "Traceback" not in error["message"]
    code: str = body["errors"][0]["extensions"]["code"]
    assert code != "INTERNAL", body
    return code


def nested(levels: int) -> str:
    inner = "arn"
    for _ in range(levels):
        inner = f"associations {{ nodes {{ sourceEntity {{ {inner} }} }} }}"
    return f'{{ entity(arn: "x") {{ {inner} }} }}'


@one_database
async def test_depth_bombs(service: Service) -> None:
    assert await refused(service, nested(DEPTH)) == "TOO_EXPENSIVE"
    for levels in (100, 1_000, 20_000):
        assert await refused(service, "{ a" * levels + " }" * levels) in ("TOO_EXPENSIVE", "INVALID")
        assert await refused(service, "{ " * levels) == "INVALID"
        value = "[" * levels + "]" * levels
        assert await refused(service, f"{{ lineage(start: {value}) {{ truncated }} }}") == "INVALID"
        assert await refused(service, f"{{ entity(arn: {'{a: ' * levels}1{'}' * levels}) {{ arn }} }}") == "INVALID"
        types = "[" * levels + "ID" + "]" * levels
        assert await refused(service, f"query($a: {types}) {{ viewer {{ account }} }}") == "INVALID"


@one_database
async def test_alias_and_field_bombs(service: Service) -> None:
    many = " ".join(f"a{number}: viewer {{ account }}" for number in range(ALIASES + 1))
    assert await refused(service, f"{{ {many} }}") == "TOO_EXPENSIVE"
    assert await refused(service, "{ viewer { " + "account " * 1_500 + "} }") == "TOO_EXPENSIVE"
    assert await refused(service, "{ viewer { " + "account " * 100_000 + "} }") == "INVALID"
    assert await refused(service, "{ viewer { account" + " @include(if: true)" * 900 + " } }") == "INVALID"
    operations = " ".join(f"query q{number} {{ viewer {{ account }} }}" for number in range(200))
    assert await refused(service, operations) == "INVALID"


@one_database
async def test_fragment_bombs(service: Service) -> None:
    assert await refused(service, "{ ...a } fragment a on Query { ...a }") == "INVALID"
    assert await refused(service, "{ ...a } fragment a on Query { ...b } fragment b on Query { ...a }") == "INVALID"
    doubling = "".join(
        f" fragment f{n} on Query {{ ...f{n + 1} x: viewer {{ account }} ...f{n + 1} }}" for n in range(60)
    )
    assert await refused(service, "{ ...f0 }" + doubling + " fragment f60 on Query { viewer { account } }") in (
        "TOO_EXPENSIVE",
        "INVALID",
    )
    chain = "".join(f" fragment f{n} on Query {{ ...f{n + 1} }}" for n in range(500))
    assert await refused(service, "{ ...f0 }" + chain + " fragment f500 on Query { viewer { account } }") in (
        "TOO_EXPENSIVE",
        "INVALID",
    )
    unused = "".join(f" fragment f{n} on Entity {{ arn }}" for n in range(300))
    assert await refused(service, "{ viewer { account } }" + unused) == "INVALID"
    assert await refused(service, "{ ...none }") == "INVALID"


def test_every_paged_field_has_its_cost() -> None:
    paged = {
        name
        for shape in schema()._schema.type_map.values()
        if isinstance(shape, GraphQLObjectType | GraphQLInterfaceType)
        for name, field in shape.fields.items()
        if "first" in field.args
    }
    assert paged <= PAGES | SERIES.keys() | WALKS.keys()
    assert {"monitoringSchedules", "executions", "search"} <= paged


async def test_costly_queries(service: Service) -> None:
    deep = "{ artifacts(first: 500) { nodes { history(first: 500) { nodes { before after } } } } }"
    assert await refused(service, deep) == "TOO_EXPENSIVE"
    walks = "{ artifacts { nodes { lineage { nodes { arn name } edges { source } } } } }"
    assert await refused(service, walks) == "TOO_EXPENSIVE"
    variable = """query($first: Int!) { artifacts(first: 500) { nodes { associations(first: $first) { nodes {
        sourceEntity { arn name } destinationEntity { arn name } } } } } }"""
    assert await refused(service, variable, first=500) == "TOO_EXPENSIVE"
    fragment = variable.replace("nodes { assoc", "nodes { ...f } } } fragment f on Artifact { assoc", 1)
    assert await refused(service, fragment[:-4], first=500) == "TOO_EXPENSIVE"
    tree = "{ collections(first: 500) { nodes { groups(first: 500) { nodes { versions(first: 100) { nodes { arn } } } } } } }"
    assert await refused(service, tree) == "TOO_EXPENSIVE"
    default = variable.replace("Int!", "Int! = 500")
    assert await refused(service, default) == "TOO_EXPENSIVE"
    assert (await service.ask(variable, first=5)).status == 200


@pytest.mark.parametrize(
    "value",
    [
        "x" * 1_000_000,
        "\x00",
        "a\x00b",
        "\x7f",
        "\u202e",
        "é" * 5_000,
        "arn:" * 1_000,
        "💥",
        "' OR 1=1 //",
        "",
        " ",
        "\\",
    ],
)
async def test_odd_texts(service: Service, value: str) -> None:
    assert await refused(service, "query($a: ID!) { entity(arn: $a) { arn } }", a=value) in ("INVALID", "NOT_FOUND")
    assert await refused(service, "query($a: [ID!]!) { lineage(start: $a) { truncated } }", a=[value]) in (
        "INVALID",
        "NOT_FOUND",
    )
    assert await refused(
        service, "query($a: DateTime) { ledger { hash } x: artifacts(asOf: $a) { nodes { arn } } }", a=value
    )
    create = "mutation($a: String!) { createContext(input: { name: $a, description: $a }) { arn } }"
    assert await refused(service, create, a=value) == "INVALID"
    filtered = await service.ask("query($a: String) { artifacts(filter: { name: $a }) { nodes { arn } } }", a=value)
    assert filtered.data["artifacts"]["nodes"] == []


@one_database
async def test_huge_literals(service: Service) -> None:
    long = "x" * 1_000_000
    assert await refused(service, f'{{ entity(arn: "{long}") {{ arn }} }}') == "INVALID"
    assert await refused(service, f'{{ entity(arn: """{long}""") {{ arn }} }}') == "INVALID"
    assert await refused(service, f"{{ {long} }}") == "INVALID"
    assert await refused(service, "#" + long) == "INVALID"
    assert await refused(service, "#\n" * 40_000 + "{ viewer { account } }") == "INVALID"
    assert await refused(service, f"{{ artifacts(first: {'9' * 50_000}) {{ nodes {{ arn }} }} }}") == "INVALID"
    assert await refused(service, f"query($a: ID! = {'9' * 50_000}) {{ entity(arn: $a) {{ arn }} }}") == "INVALID"
    assert await refused(service, "query($a: Int) { artifacts(first: $a) { nodes { arn } } }", a=10**400) == "INVALID"
    assert await refused(service, "{ artifacts(first: 1e999) { nodes { arn } } }") == "INVALID"
    assert await refused(service, "{ artifacts(knownAtSequence: 99999999999999999999) { nodes { arn } } }") == "INVALID"
    deep: Any = "x"
    for _ in range(500):
        deep = [deep]
    assert await refused(service, "query($a: [ID!]!) { lineage(start: $a) { truncated } }", a=deep) == "INVALID"
    many = ["x"] * 50_000
    assert await refused(service, "query($a: [ID!]!) { lineage(start: $a) { truncated } }", a=many) == "INVALID"


@one_database
@pytest.mark.parametrize(
    "value", [1, 1.5, True, None, [], {}, [[1]], {"a": {"b": None}}, ["x", None], {"input": 1}, "x", -(2**31) - 1]
)
async def test_wrong_types(service: Service, value: Any) -> None:
    for type_, use in (
        ("ID!", "entity(arn: $a) { arn }"),
        ("[ID!]!", "lineage(start: $a) { truncated }"),
        ("DateTime", 'entity(arn: "x", asOf: $a) { arn }'),
        ("BigInt", 'entity(arn: "x", knownAtSequence: $a) { arn }'),
        ("Direction!", 'lineage(start: ["x"], direction: $a) { truncated }'),
        ("EntityFilter", 'lineage(start: ["x"]) { truncated } artifacts(filter: $a) { nodes { arn } }'),
        ("IngestInput!", "ingest(input: $a) { created }"),
        ("CreateTrialComponentInput!", "createTrialComponent(input: $a) { created }"),
        ("Nope", "viewer { account }"),
    ):
        kind = "mutation" if "Input!" in type_ else "query"
        code = await refused(service, f"{kind}($a: {type_}) {{ {use} }}", a=value)
        assert code in ("INVALID", "NOT_FOUND")


@one_database
@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"null", 400),
        (b"{", 400),
        (b"1", 400),
        (b'"x"', 400),
        (b"[]", 400),
        (b'[{"query": "{ viewer { account } }"}]', 400),
        (b"{}", 400),
        (b'{"query": null}', 400),
        (b'{"query": 1}', 400),
        (b'{"query": ""}', 400),
        (b'{"query": "{ viewer { account } }", "variables": []}', 400),
        (b'{"query": "{ viewer { account } }", "variables": "x"}', 400),
        (b'{"query": "{ viewer { account } }", "operationName": 1}', 400),
        (b'{"query": "{ viewer { account } }", "operationName": "none"}', 400),
        (b'{"query": "query a { viewer { account } } query b { viewer { account } }"}', 400),
        (b'{"query": "fragment a on Query { viewer { account } }"}', 400),
        (b'{"query": "{ viewer { account } }\xff"}', 400),
        (b'{"query": "\\ud800"}', 400),
        (b"\x00" * 100, 400),
        (b"[" * 100_000, 400),
        (b'{"a":' * 100_000, 400),
        (b'{"query": "{ viewer { account } }", "variables": {"a": NaN}}', 400),
        (b'\xef\xbb\xbf{"query": "{ viewer { account } }"}', 400),
        (b'{"query": "subscription { x }"}', 400),
        (b'{"query": "type A { a: Int }"}', 400),
        (b'{"query": "{ viewer { account } }", "extensions": 1, "other": null, "variables": null}', 200),
    ],
)
async def test_bodies(service: Service, body: bytes, status: int) -> None:
    response = await post(service, body)
    assert response.status_code == status
    if status == 400:
        assert response.json()["errors"][0]["extensions"]["code"] == "INVALID"


@one_database
@pytest.mark.parametrize(
    "content_type",
    [
        "",
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/json; charset=utf-16",
    ],
)
async def test_other_media_types(service: Service, content_type: str) -> None:
    headers = {"Content-Type": content_type} if content_type else {}
    response = await post(service, b'{"query": "{ viewer { account } }"}', headers)
    assert response.status_code == 415
    assert response.headers["content-type"] == "application/problem+json"
    packed = {**JSON, "Content-Encoding": "gzip"}
    assert (await post(service, b"\x1f\x8b", packed)).status_code == 415


@one_database
async def test_bodies_over_the_limit(serve: Serve) -> None:
    service = serve(max_body_bytes=10_000)

    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(200):
            yield b" " * 1_000

    for content in (b" " * 10_001, pieces()):
        response = await post(service, content)
        assert response.status_code == 413
        assert response.json()["code"] == "INVALID"
    assert (await post(service, b'{"query": "{ viewer { account } }"}' + b" " * 9_000)).status_code == 200


@one_database
async def test_introspection_is_off(serve: Serve) -> None:
    service = serve()
    for query in ("{ __schema { types { name } } }", '{ __type(name: "Query") { name } }'):
        assert await refused(service, query) == "INVALID"
    assert (await service.data("{ __typename }")) == {"__typename": "Query"}
    service = serve(graphiql=True)
    assert (await service.data("{ __schema { queryType { name } } }"))["__schema"]["queryType"] == {"name": "Query"}
    circle = "{ __schema { types { " + "fields { type { " * 10 + "name" + " } }" * 10 + " } } }"
    assert await refused(service, circle) == "INVALID"


TEXTS = st.text(max_size=60)
NAMES = st.sampled_from(
    [
        "viewer",
        "entity",
        "lineage",
        "artifacts",
        "nodes",
        "edges",
        "arn",
        "history",
        "associations",
        "__typename",
        "on",
        "x",
    ]
)
TOKENS = st.one_of(
    NAMES,
    st.sampled_from(
        ["{", "}", "(", ")", ":", "...", "!", "$", "@", "[", "]", "query", "fragment", "mutation", '"""', '"', "#"]
    ),
    st.integers().map(str),
    st.floats().map(str),
    TEXTS,
)
QUERIES = st.one_of(TEXTS, st.lists(TOKENS, max_size=40).map(" ".join))
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(TEXTS, inner, max_size=5),
    max_leaves=20,
)
USES = st.sampled_from(
    [
        "query($a: ID!) { entity(arn: $a) { arn history { nodes { after } } } }",
        "query($a: [ID!]!) { lineage(start: $a) { nodes { arn } } }",
        "query($a: DateTime) { artifacts(asOf: $a) { nodes { arn } } }",
        "query($a: String) { contexts(after: $a) { nodes { arn } } }",
        "query($a: EntityFilter) { actions(filter: $a) { nodes { arn } } }",
        "query($a: BigInt) { trialComponents(knownAtSequence: $a) { nodes { arn } } }",
        "mutation($a: IngestInput!) { ingest(input: $a) { created } }",
        "mutation($a: CreateArtifactInput!) { createArtifact(input: $a) { entity { name properties { key } } } }",
        "mutation($a: [TagInput!]!, $arn: ID!) { tag(input: { arn: $arn, tags: $a }) { arn } }",
        "mutation($a: CreateTrialComponentInput!) { createTrialComponent(input: $a) { entity { parameters { number } } } }",
    ]
)
INPUTS = st.one_of(
    VALUES,
    st.fixed_dictionaries({"key": TEXTS, "value": TEXTS}).map(lambda pair: [pair]),
    st.fixed_dictionaries(
        {"sourceUri": TEXTS},
        optional={
            "name": TEXTS,
            "type": TEXTS,
            "description": TEXTS,
            "validFrom": st.datetimes().map(str),
            "exclusive": st.booleans(),
        },
    ),
    st.fixed_dictionaries(
        {"name": TEXTS},
        optional={
            "metrics": st.lists(st.fixed_dictionaries({"key": TEXTS, "number": st.floats(allow_nan=False)}), max_size=3)
        },
    ),
    st.fixed_dictionaries(
        {"entities": st.lists(st.fixed_dictionaries({"context": st.fixed_dictionaries({"name": TEXTS})}), max_size=3)}
    ),
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(query=QUERIES, use=USES, value=INPUTS, raw=st.binary(max_size=100))
async def test_whatever_comes(service: Service, query: str, use: str, value: Any, raw: bytes) -> None:
    arn = service.arn("context/none")
    bodies = (
        raw,
        json.dumps({"query": query, "variables": {"a": value}}, allow_nan=True).encode("utf-8", "replace"),
        json.dumps({"query": use, "variables": {"a": value, **({"arn": arn} if "$arn" in use else {})}}).encode(),
    )
    for response in await asyncio.gather(*(post(service, body) for body in bodies)):
        body = response.json()
        assert response.status_code in (200, 400)
        assert all(error["extensions"]["code"] != "INTERNAL" for error in body.get("errors", ())), body

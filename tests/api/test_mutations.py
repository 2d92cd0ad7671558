import asyncio
from typing import Any

import pytest

from tests.api.conftest import Service

CREATE = """mutation($input: CreateArtifactInput!) {
  createArtifact(input: $input) { arn created sequence recordedAt entity { name } } }"""
ASSOCIATE = """mutation($input: AssociateInput!) { associate(input: $input) {
  created sequence source destination associationType association { validFrom validTo association } } }"""
DISSOCIATE = """mutation($input: DissociateInput!) { dissociate(input: $input) {
  sequence association { validFrom validTo } } }"""
INGEST = """mutation($input: IngestInput!) { ingest(input: $input) {
  sequence created entities { arn created } associations { source destination association created } } }"""

MOMENT = "2026-01-01T00:00:00.000Z"


async def ask(service: Service, query: str, **fields: Any) -> Any:
    return await service.ask(query, input=fields)


async def test_creating_again_finds_it(service: Service) -> None:
    first = (await ask(service, CREATE, sourceUri="s3://a/b")).data["createArtifact"]
    again = (await ask(service, CREATE, sourceUri="s3://a/b", name="other")).data["createArtifact"]
    assert first["created"]
    assert again == {
        "arn": first["arn"],
        "created": False,
        "sequence": None,
        "recordedAt": None,
        "entity": {"name": "b"},
    }
    assert (await ask(service, CREATE, sourceUri="s3://a/b", exclusive=True)).code == "ALREADY_EXISTS"


async def test_a_repeated_request_is_done_once(service: Service) -> None:
    first = (await ask(service, CREATE, sourceUri="s3://a", clientRequestId="r1")).data["createArtifact"]
    again = (await ask(service, CREATE, sourceUri="s3://a", clientRequestId="r1")).data["createArtifact"]
    assert again["sequence"] == first["sequence"] == 1
    assert again["recordedAt"] == first["recordedAt"]
    assert (await ask(service, CREATE, sourceUri="s3://b", clientRequestId="r1")).code == "CONFLICT"
    assert (await ask(service, CREATE, sourceUri="s3://b", clientRequestId="\n")).code == "INVALID"


async def test_updates_of_the_four_kinds(service: Service) -> None:
    rows = [
        {"artifact": {"sourceUri": "s3://a"}},
        {"action": {"name": "act"}},
        {"context": {"name": "ctx"}},
        {"trialComponent": {"name": "job", "parameters": [{"key": "a", "number": 1}]}},
    ]
    made = (await ask(service, INGEST, entities=rows)).data["ingest"]["entities"]
    artifact, action, context, trial = [row["arn"] for row in made]
    query = """mutation($artifact: UpdateArtifactInput!, $action: UpdateActionInput!, $context: UpdateContextInput!,
                        $trial: UpdateTrialComponentInput!) {
      updateArtifact(input: $artifact) { entity { name properties { key value } } sequence }
      updateAction(input: $action) { entity { status } created }
      updateContext(input: $context) { entity { sourceUri description } }
      updateTrialComponent(input: $trial) { entity { status parameters { key number string } metrics { name } } } }"""
    done = await service.data(
        query,
        artifact={"arn": artifact, "name": "new", "properties": [{"key": "p", "value": "1"}]},
        action={"arn": action, "status": "FAILED"},
        context={"arn": context, "sourceUri": "x:y", "description": "d"},
        trial={
            "arn": trial,
            "status": "STOPPED",
            "parameters": [{"key": "b", "string": "x"}],
            "metrics": [{"key": "m", "number": 2.5}],
        },
    )
    # Mutations run one after another, as they stand.
    assert done["updateArtifact"] == {
        "entity": {"name": "new", "properties": [{"key": "p", "value": "1"}]},
        "sequence": 2,
    }
    assert done["updateAction"] == {"entity": {"status": "FAILED"}, "created": False}
    assert done["updateContext"] == {"entity": {"sourceUri": "x:y", "description": "d"}}
    component = done["updateTrialComponent"]["entity"]
    assert component["status"] == "STOPPED"
    assert [parameter["key"] for parameter in component["parameters"]] == ["a", "b"]
    assert component["metrics"] == [{"name": "m"}]
    remove = (
        """mutation($input: UpdateArtifactInput!) { updateArtifact(input: $input) { entity { properties { key } } } }"""
    )
    removed = await ask(service, remove, arn=artifact, removeProperties=["p"])
    assert removed.data["updateArtifact"]["entity"]["properties"] == []
    wrong = await ask(service, remove, arn=action, removeProperties=["p"])
    assert wrong.code == "INVALID"
    assert wrong.error["extensions"]["path"] == "arn"


KEYS = {"metrics": "name"}
"""What tells the items of a list apart, where it is not their key."""


async def test_null_clears_a_field_and_what_is_left_out_stays(service: Service) -> None:
    full = {
        "description": "d",
        "properties": [{"key": "p", "value": "1"}],
    }
    source = {"sourceUri": "s3://x", "sourceType": "t"}
    activity = {**source, "status": "FAILED", "statusMessage": "m", "startedAt": MOMENT, "endedAt": MOMENT}
    pairs = {name: [{"key": "k", "number": 1}] for name in ("parameters", "metrics")} | {
        name: [{"key": "k", "value": "s3://k"}] for name in ("inputs", "outputs")
    }
    rows = [
        {"artifact": {"sourceUri": "s3://a", **full}},
        {"action": {"name": "act", "sourceId": "1", **activity, **full}},
        {"context": {"name": "ctx", **source, "sourceId": "1", **full}},
        {"trialComponent": {"name": "job", "sourceArn": service.arn("model/m"), **activity, **pairs, **full}},
    ]
    arns = [row["arn"] for row in (await ask(service, INGEST, entities=rows)).data["ingest"]["entities"]]
    kinds = ("Artifact", "Action", "Context", "TrialComponent")
    for kind, arn, row in zip(kinds, arns, rows, strict=True):
        (given,) = row.values()
        fields = given.keys() - {"name"} - ({"sourceUri"} if kind == "Artifact" else set())
        shown = " ".join(
            f"{name} {{ key: {KEYS.get(name, 'key')} }}" if isinstance(given[name], list) else name
            for name in sorted(fields)
        )
        update = f"""mutation($input: Update{kind}Input!) {{ done: update{kind}(input: $input) {{
          sequence entity {{ {shown} }} }} }}"""
        same = (await ask(service, update, arn=arn)).data["done"]
        assert same["sequence"] is None
        assert all(same["entity"].values())
        for name in sorted(fields):
            done = (await ask(service, update, arn=arn, **{name: None})).data["done"]
            empty: Any = [] if isinstance(given[name], list) else None
            assert done["entity"] == {**same["entity"], name: empty}
            same = done
    literal = f'mutation {{ updateContext(input: {{ arn: "{arns[2]}", sourceUri: null }}) {{ sequence }} }}'
    assert (await service.ask(literal)).data["updateContext"]["sequence"] is None
    for name in ("null", "$name"):
        query = f'''mutation{"($name: String)" if "$" in name else ""} {{
          updateArtifact(input: {{ arn: "{arns[0]}", name: {name} }}) {{ sequence }} }}'''
        refused = await service.ask(query, **({"name": None} if "$" in name else {}))
        assert refused.code in ("INVALID", "GRAPHQL_VALIDATION_FAILED")
    # A variable that is not given leaves its field as it is.
    query = """mutation($arn: ID!, $name: String) { updateArtifact(input: { arn: $arn, name: $name }) { sequence } }"""
    assert (await service.data(query, arn=arns[0]))["updateArtifact"] == {"sequence": None}


async def test_tags_come_and_go(service: Service) -> None:
    (arn,) = await service.contexts("thing")
    tag = "mutation($input: SetTagsInput!) { tag(input: $input) { entity { __typename tags { key value } } created } }"
    untag = "mutation($input: RemoveTagsInput!) { untag(input: $input) { entity { tags { key } } sequence } }"
    done = await ask(service, tag, arn=arn, tags=[{"key": "b", "value": "1"}, {"key": "a", "value": "2"}])
    assert done.data["tag"] == {
        "entity": {"__typename": "Context", "tags": [{"key": "b", "value": "1"}, {"key": "a", "value": "2"}]},
        "created": False,
    }
    assert (await ask(service, untag, arn=arn, keys=["b"])).data["untag"]["entity"]["tags"] == [{"key": "a"}]
    assert (await ask(service, untag, arn=arn, keys=["b"])).data["untag"]["sequence"] is None
    assert (await ask(service, untag, arn=arn, keys=[])).code == "INVALID"
    twice = await ask(service, tag, arn=arn, tags=[{"key": "b", "value": "1"}, {"key": "b", "value": "2"}])
    assert twice.error["extensions"]["constraint"] == "unique keys"


async def test_associations_begin_and_end(service: Service) -> None:
    a, b = await service.contexts("a", "b", validFrom="2026-01-01T00:00:00Z")
    ends = {"source": a, "destination": b, "association": "PRODUCED"}
    made = (await ask(service, ASSOCIATE, **ends, validFrom="2026-02-01T00:00:00Z")).data["associate"]
    assert made["created"]
    assert made["association"] == {"validFrom": "2026-02-01T00:00:00.000Z", "validTo": None, "association": "PRODUCED"}
    again = (await ask(service, ASSOCIATE, **ends)).data["associate"]
    assert (again["created"], again["sequence"]) == (False, None)
    assert again["association"]["validFrom"] == "2026-02-01T00:00:00.000Z"
    assert (await ask(service, ASSOCIATE, **ends, exclusive=True)).code == "ALREADY_EXISTS"
    ended = (await ask(service, DISSOCIATE, **ends, validTo="2026-03-01T00:00:00Z")).data["dissociate"]
    assert ended["association"] == {"validFrom": "2026-02-01T00:00:00.000Z", "validTo": "2026-03-01T00:00:00.000Z"}
    gone = (await ask(service, DISSOCIATE, **ends, validTo="2026-01-01T00:00:00Z")).data["dissociate"]
    assert gone["association"] is None
    assert (await ask(service, DISSOCIATE, **ends)).code == "NOT_FOUND"
    assert (await ask(service, ASSOCIATE, source=a, destination=a)).code == "INVALID"
    assert (await ask(service, ASSOCIATE, source=a, destination=service.arn("context/none"))).code == "NOT_FOUND"
    future = await ask(service, ASSOCIATE, **ends, validFrom="2999-01-01T00:00:00Z")
    assert future.code == "INVALID"
    assert future.error["extensions"]["path"] == "validFrom"


async def test_deleting_asks_about_associations(service: Service) -> None:
    a, b = await service.contexts("a", "b")
    await service.link((a, b))
    delete = "mutation($input: DeleteEntityInput!) { deleteEntity(input: $input) { arn sequence recordedAt } }"
    assert (await ask(service, delete, arn=a)).code == "CONFLICT"
    done = (await ask(service, delete, arn=a, cascade="ASSOCIATIONS")).data["deleteEntity"]
    assert done["arn"] == a
    assert done["sequence"] == 3
    assert (await ask(service, delete, arn=a)).code == "NOT_FOUND"
    there = await service.data("query($arn: ID!) { entity(arn: $arn) { associations { nodes { source } } } }", arn=b)
    assert there["entity"]["associations"]["nodes"] == []


async def test_ingest_writes_rows_that_name_each_other(service: Service) -> None:
    done = await ask(
        service,
        INGEST,
        entities=[{"artifact": {"sourceUri": "s3://a"}}, {"trialComponent": {"name": "job"}}],
        associations=[
            {"sourceRow": 0, "destinationRow": 1, "association": "CONTRIBUTED_TO"},
            {"source": service.arn("experiment-trial-component/job"), "destinationRow": 0, "association": "PRODUCED"},
        ],
    )
    payload = done.data["ingest"]
    assert payload["created"] == 4
    artifact, job = [row["arn"] for row in payload["entities"]]
    assert payload["associations"] == [
        {"source": artifact, "destination": job, "association": "CONTRIBUTED_TO", "created": True},
        {"source": job, "destination": artifact, "association": "PRODUCED", "created": True},
    ]
    owned = {"context": {"name": "end", "resourceArn": service.arn("endpoint/end")}}
    await ask(service, INGEST, entities=[owned])
    row = {"source": artifact, "destination": service.arn("Endpoint/END")}
    linked = (await ask(service, INGEST, associations=[row])).data["ingest"]["associations"]
    assert linked[0]["destination"] == service.arn("context/end")


GOOD = {"context": {"name": "good"}}
OTHER = {"context": {"name": "other"}}
AWAY = "arn:aws:sagemaker:us-east-1:000000000000:endpoint/x"
LINK = {"sourceRow": 0, "destinationRow": 1}


@pytest.mark.parametrize(
    ("entities", "associations", "list_", "index", "code"),
    [
        ([GOOD, {"context": {"name": "b a d"}}], [], "entities", 1, "INVALID"),
        ([GOOD, {"artifact": {"sourceUri": ""}}, GOOD], [], "entities", 1, "INVALID"),
        ([{"action": {"name": "a", "validFrom": "2999-01-01T00:00:00Z"}}], [], "entities", 0, "INVALID"),
        ([GOOD, {"context": {"name": "x", "resourceArn": AWAY}}], [], "entities", 1, "INVALID"),
        ([GOOD], [{"sourceRow": 0, "destinationRow": 0}], "associations", 0, "INVALID"),
        ([GOOD], [LINK], "associations", 0, "INVALID"),
        ([GOOD], [{"sourceRow": -1, "destinationRow": 0}], "associations", 0, "INVALID"),
        ([GOOD], [{"sourceRow": 0}], "associations", 0, "INVALID"),
        ([GOOD], [{"sourceRow": 0, "source": "x", "destinationRow": 0}], "associations", 0, "INVALID"),
        ([GOOD], [{"source": "x", "destinationRow": 0}], "associations", 0, "INVALID"),
        ([GOOD, OTHER], [LINK, {"sourceRow": 0, "destination": "{none}"}], "associations", 1, "NOT_FOUND"),
        ([GOOD], [{"sourceRow": 0, "destination": "{endpoint}"}], "associations", 0, "NOT_FOUND"),
        ([GOOD], [{"sourceRow": 0, "destination": AWAY}], "associations", 0, "NOT_FOUND"),
    ],
)
async def test_ingest_names_the_faulty_row_and_writes_nothing(
    service: Service,
    entities: list[dict[str, Any]],
    associations: list[dict[str, Any]],
    list_: str,
    index: int,
    code: str,
) -> None:
    names = {"{none}": service.arn("context/none"), "{endpoint}": service.arn("endpoint/none")}
    rows = [
        {key: names.get(value, value) if isinstance(value, str) else value for key, value in row.items()}
        for row in associations
    ]
    reply = await ask(service, INGEST, entities=entities, associations=rows)
    extensions = reply.error["extensions"]
    assert (extensions["code"], extensions["list"], extensions["index"]) == (code, list_, index)
    assert extensions["position"] == index + (len(entities) if list_ == "associations" else 0)
    assert reply.error["message"].startswith(f"{list_}[{index}]")
    assert (await service.data("{ ledger { sequence } }"))["ledger"]["sequence"] == 0


async def test_ingest_refuses_nothing_and_too_much(service: Service) -> None:
    assert (await ask(service, INGEST)).code == "INVALID"
    many = [{"context": {"name": f"c{number}"}} for number in range(10_001)]
    assert (await ask(service, INGEST, entities=many)).code == "INVALID"
    both = {"context": {"name": "a"}, "action": {"name": "a"}}
    for row in (both, {}, {"context": None}):
        refused = await ask(service, INGEST, entities=[row])
        assert (refused.status, refused.code) == (400, "INVALID")


async def test_many_writers_of_one_artifact_make_one(service: Service) -> None:
    replies = await asyncio.gather(*(ask(service, CREATE, sourceUri="s3://same") for _ in range(16)))
    made = [reply.data["createArtifact"] for reply in replies]
    assert sum(payload["created"] for payload in made) == 1
    assert len({payload["arn"] for payload in made}) == 1


async def test_another_account_is_not_there(service: Service, serve: Any) -> None:
    a, b = await service.contexts("a", "b")
    await service.link((a, b))
    await service.contexts("owned", resourceArn=service.arn("endpoint/owned"))
    cursor = (await service.data("{ contexts(first: 1) { pageInfo { endCursor } } }"))["contexts"]["pageInfo"][
        "endCursor"
    ]
    other = serve(account=f"{(int(service.account) + 1) % 10**12:012d}")
    assert (await other.data("{ contexts { nodes { arn } } ledger { sequence } }")) == {
        "contexts": {"nodes": []},
        "ledger": {"sequence": 0},
    }
    foreign = [
        ("query($a: ID!) { entity(arn: $a) { arn } }", a),
        ("query($a: ID!) { entity(arn: $a) { arn } }", service.arn("endpoint/owned")),
        ("query($a: ID!) { lineage(start: [$a]) { nodes { arn } } }", a),
        ("query($a: ID!) { path(from: $a, to: $a) { nodes { arn } } }", a),
        ('mutation($a: ID!) { tag(input: { arn: $a, tags: [{ key: "k", value: "v" }] }) { arn } }', a),
        ("mutation($a: ID!) { deleteEntity(input: { arn: $a, cascade: ASSOCIATIONS }) { arn } }", a),
    ]
    for query, arn in foreign:
        reply = await other.ask(query, a=arn)
        assert reply.code == "NOT_FOUND", query
        # Whether it exists elsewhere, and under what name, does not show.
        assert reply.error["message"] == f"{arn} does not exist in account {other.account}"
    query = "query($after: String) { contexts(first: 1, after: $after) { nodes { arn } } }"
    assert (await other.ask(query, after=cursor)).code == "INVALID"

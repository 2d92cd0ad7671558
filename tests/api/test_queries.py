import itertools
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.api.conftest import Service

EVERYTHING = """
fragment All on Entity {
  __typename arn resourceArn kind type name description tags { key value } properties { key value } owners
  createdAt createdBy { id name kind } modifiedAt modifiedBy { id } deleted
  ... on Artifact { sourceUri sourceTypes { type value } }
  ... on Action { actionUri: sourceUri status startedAt endedAt }
  ... on Context { contextUri: sourceUri }
  ... on TrialComponent {
    sourceArn trialUri: sourceUri trialStatus: status trialStart: startedAt trialEnd: endedAt
    parameters { key number string } metrics { name count minimum maximum average standardDeviation last }
    inputs { key value mediaType } outputs { key value mediaType }
  }
}
query($arn: ID!, $asOf: DateTime, $knownAt: DateTime, $sequence: BigInt) {
  entity(arn: $arn, asOf: $asOf, knownAt: $knownAt, knownAtSequence: $sequence) { ...All }
}
"""
WALK = """
query($start: [ID!]!, $direction: Direction! = DESCENDANTS, $depth: Int, $kinds: [Kind!], $types: [String!],
      $associations: [AssociationType!], $tags: [TagInput!], $limit: Int! = 5000, $asOf: DateTime, $sequence: BigInt,
      $createdBefore: DateTime, $createdAfter: DateTime, $budget: Int) {
  lineage(start: $start, direction: $direction, depth: $depth, kinds: $kinds, types: $types, associations: $associations,
          tags: $tags, limit: $limit, asOf: $asOf, knownAtSequence: $sequence, createdBefore: $createdBefore,
          createdAfter: $createdAfter, timeBudgetMs: $budget) {
    nodes { arn kind type name depth createdAt entity { name tags { key } } }
    edges { source destination association validFrom validTo }
    truncated frontier asOf knownAt knownAtSequence
  }
}
"""


def iso(moment: datetime) -> str:
    return moment.isoformat()


async def chain(service: Service) -> list[str]:
    arns = await service.contexts("a", "b", "c", "d")
    await service.link(*itertools.pairwise(arns))
    return arns


def names(found: dict[str, Any]) -> list[str]:
    return [node["name"] for node in found["lineage"]["nodes"]]


async def test_an_artifact_shows_what_it_was_made_of(service: Service) -> None:
    made = await service.data(
        """mutation { createArtifact(input: { sourceUri: "s3://data/train.csv", type: "DataSet", description: "rows",
             sourceTypes: [{ type: S3_ETAG, value: "e1" }], properties: [{ key: "rows", value: "10" }],
             tags: [{ key: "owner", value: "ana, bo" }, { key: "a", value: "" }] })
           { arn created sequence recordedAt entity { name sourceUri } } }"""
    )
    payload = made["createArtifact"]
    assert payload["created"]
    assert payload["sequence"] == 1
    assert payload["entity"] == {"name": "train.csv", "sourceUri": "s3://data/train.csv"}
    entity = (await service.data(EVERYTHING, arn=payload["arn"]))["entity"]
    assert entity["__typename"] == "Artifact"
    assert entity["kind"] == "ARTIFACT"
    assert entity["type"] == "DataSet"
    assert entity["sourceTypes"] == [{"type": "S3_ETAG", "value": "e1"}]
    assert entity["tags"] == [{"key": "owner", "value": "ana, bo"}, {"key": "a", "value": ""}]
    assert entity["owners"] == ["ana", "bo"]
    assert entity["properties"] == [{"key": "rows", "value": "10"}]
    assert entity["createdBy"] == {"id": "local-admin", "name": "local-admin", "kind": "local"}
    assert entity["deleted"] is False
    assert entity["createdAt"].endswith("Z")


async def test_a_deleted_resource_is_found_in_its_past_under_its_own_name(service: Service) -> None:
    (other,) = await service.contexts("other", validFrom="2024-01-01T00:00:00Z")
    owned = service.arn("endpoint/e")
    (arn,) = await service.contexts("churn", resourceArn=owned, validFrom="2024-01-01T00:00:00Z")
    await service.data(
        """mutation($input: AssociateInput!) { associate(input: $input) { created } }""",
        input={"source": other, "destination": owned, "validFrom": "2024-01-01T00:00:00Z"},
    )
    await service.data(
        """mutation($input: DeleteEntityInput!) { deleteEntity(input: $input) { arn } }""",
        input={"arn": owned, "cascade": "ASSOCIATIONS", "validTo": "2024-03-01T00:00:00Z"},
    )
    query = """query($arn: ID!, $asOf: DateTime) {
      entity(arn: $arn, asOf: $asOf) { arn history(first: 5) { edges { node { operation } } } }
      lineage(start: [$arn], asOf: $asOf) { nodes { arn } }
    }"""
    found = await service.data(query, arn=owned, asOf="2024-02-01T00:00:00Z")
    assert found["entity"]["arn"] == arn
    assert [edge["node"]["operation"] for edge in found["entity"]["history"]["edges"]] == ["delete", "create"]
    assert {node["arn"] for node in found["lineage"]["nodes"]} == {arn, other}
    gone = await service.ask("query($arn: ID!) { entity(arn: $arn) { arn } }", arn=owned)
    assert gone.code == "NOT_FOUND"


async def test_a_trial_component_shows_parameters_metrics_and_files(service: Service) -> None:
    await service.data(
        """mutation($input: CreateTrialComponentInput!) { createTrialComponent(input: $input) { arn } }""",
        input={
            "name": "job-1",
            "status": "COMPLETED",
            "startedAt": "2026-03-01T10:00:00+01:00",
            "parameters": [{"key": "lr", "number": 0.1}, {"key": "loss", "string": "log"}],
            "metrics": [{"key": "auc", "number": 1}],
            "inputs": [{"key": "train", "value": "s3://a", "mediaType": "text/csv"}],
            "resourceArn": service.arn("training-job/job-1"),
        },
    )
    # Either name is accepted, in any case.
    entity = (await service.data(EVERYTHING, arn=service.arn("Training-Job/JOB-1")))["entity"]
    assert entity["arn"] == service.arn("experiment-trial-component/job-1")
    assert entity["resourceArn"] == service.arn("training-job/job-1")
    assert entity["trialStart"] == "2026-03-01T09:00:00.000Z"
    assert entity["trialStatus"] == "COMPLETED"
    assert entity["parameters"] == [
        {"key": "loss", "number": None, "string": "log"},
        {"key": "lr", "number": 0.1, "string": None},
    ]
    numbers = {"minimum": 1, "maximum": 1, "average": 1, "standardDeviation": 0, "last": 1}
    assert entity["metrics"] == [{"name": "auc", "count": 1, **numbers}]
    assert entity["inputs"] == [{"key": "train", "value": "s3://a", "mediaType": "text/csv"}]


async def test_an_action_and_an_experiment(service: Service) -> None:
    await service.data(
        """mutation { createAction(input: { name: "approve-1", type: "Approval", status: COMPLETED, sourceUri: "x:y",
                                            endedAt: "2026-03-01T10:00:00Z" }) { arn }
                      createContext(input: { name: "exp", type: "Experiment", sourceUri: "x:z" }) { arn } }"""
    )
    action = (await service.data(EVERYTHING, arn=service.arn("action/approve-1")))["entity"]
    assert (action["status"], action["actionUri"], action["startedAt"]) == ("COMPLETED", "x:y", None)
    assert action["endedAt"] == "2026-03-01T10:00:00.000Z"
    context = (await service.data(EVERYTHING, arn=service.arn("experiment/exp")))["entity"]
    assert (context["__typename"], context["contextUri"], context["type"]) == ("Context", "x:z", "Experiment")


async def test_what_is_not_there_is_not_found(service: Service) -> None:
    for arn in (service.arn("context/none"), service.arn("training-job/none")):
        reply = await service.ask(EVERYTHING, arn=arn)
        assert reply.status == 200
        assert reply.code == "NOT_FOUND"
        assert reply.body["data"] == {"entity": None}
        assert reply.error["path"] == ["entity"]
    reply = await service.ask(EVERYTHING, arn="nothing")
    assert reply.code == "INVALID"
    assert reply.error["extensions"]["path"] == "arn"


async def test_a_walk_down_up_and_around(service: Service) -> None:
    a, b, c, d = await chain(service)
    found = await service.data(WALK, start=[b])
    assert names(found) == ["b", "c", "d"]
    assert [node["depth"] for node in found["lineage"]["nodes"]] == [0, 1, 2]
    assert {(edge["source"], edge["destination"]) for edge in found["lineage"]["edges"]} == {(b, c), (c, d)}
    assert all(edge["validTo"] is None for edge in found["lineage"]["edges"])
    assert found["lineage"]["nodes"][0]["entity"] == {"name": "b", "tags": []}
    assert found["lineage"]["truncated"] is False
    assert found["lineage"]["knownAtSequence"] == 2
    assert names(await service.data(WALK, start=[b], direction="ASCENDANTS")) == ["b", "a"]
    assert set(names(await service.data(WALK, start=[b], direction="BOTH"))) == set("abcd")
    assert names(await service.data(WALK, start=[a, b], depth=1)) == ["a", "b", "c"]


async def test_filters_hide_and_do_not_cut(service: Service) -> None:
    a, _b, _c, d = await chain(service)
    await service.data(
        "mutation($arn: ID!) { tag(input: { arn: $arn, tags: [{ key: "
        '"team", value: "x" }] }) { entity { tags { value } } } }',
        arn=d,
    )
    assert names(await service.data(WALK, start=[a], tags=[{"key": "team", "value": "x"}])) == ["d"]
    assert names(await service.data(WALK, start=[a], kinds=["ARTIFACT"])) == []
    assert names(await service.data(WALK, start=[a], types=["Nope"])) == []
    assert names(await service.data(WALK, start=[a], associations=["PRODUCED"])) == ["a"]
    later = iso(datetime.now(UTC) + timedelta(days=1))
    assert names(await service.data(WALK, start=[a], createdAfter=later)) == []
    assert names(await service.data(WALK, start=[a], createdBefore=later)) == ["a", "b", "c", "d"]


async def test_a_cut_walk_says_where_to_go_on(service: Service) -> None:
    a, *_ = await chain(service)
    found = (await service.data(WALK, start=[a], limit=2))["lineage"]
    assert found["truncated"]
    assert found["frontier"]
    rest = (await service.data(WALK, start=found["frontier"]))["lineage"]
    assert {node["name"] for node in (*found["nodes"], *rest["nodes"])} == set("abcd")


async def test_each_direction_of_a_cut_walk_is_continued_on_its_own(service: Service) -> None:
    arns = await chain(service)
    query = """query($start: [ID!]!, $direction: Direction! = BOTH, $limit: Int! = 5000) {
        lineage(start: $start, direction: $direction, limit: $limit) {
          nodes { name } truncated frontier frontiers { direction arns } } }"""
    found = (await service.data(query, start=[arns[1]], limit=1))["lineage"]
    assert found["frontiers"] == [
        {"direction": "ASCENDANTS", "arns": [arns[0]]},
        {"direction": "DESCENDANTS", "arns": [arns[2]]},
    ]
    assert set(found["frontier"]) == {arns[0], arns[2]}
    names = {node["name"] for node in found["nodes"]}
    for part in found["frontiers"]:
        rest = (await service.data(query, start=part["arns"], direction=part["direction"]))["lineage"]
        assert (rest["truncated"], rest["frontiers"]) == (False, [])
        names |= {node["name"] for node in rest["nodes"]}
    assert names == set("abcd")


async def test_via_names_what_lies_hidden_between(service: Service) -> None:
    a, b, c, d = await chain(service)
    mark = 'mutation($arn: ID!) { tag(input: { arn: $arn, tags: [{ key: "k", value: "v" }] }) { sequence } }'
    before = (await service.data("{ ledger { sequence } }"))["ledger"]["sequence"]
    for arn in (a, d):
        await service.data(mark, arn=arn)
    query = """query($start: [ID!]!, $tags: [TagInput!], $types: [String!], $via: Boolean!, $known: BigInt) {
        lineage(start: $start, direction: DESCENDANTS, tags: $tags, types: $types, via: $via, knownAtSequence: $known) {
          nodes { arn } edges { source destination association via validTo } viaTruncated } }"""
    asked = {"start": [a], "tags": [{"key": "k", "value": "v"}]}
    assert (await service.data(query, via=False, **asked))["lineage"]["edges"] == []
    found = (await service.data(query, via=True, **asked))["lineage"]
    (way,) = found["edges"]
    assert way == {"source": a, "destination": d, "association": "CONTRIBUTED_TO", "via": [b, c], "validTo": None}
    assert found["viaTruncated"] is False
    everything = (await service.data(query, start=[a], via=True))["lineage"]
    assert [edge["via"] for edge in everything["edges"]] == [[], [], []]
    # Before they were tagged, nothing was shown, so nothing was connected.
    assert (await service.data(query, via=True, known=before, **asked))["lineage"]["edges"] == []
    many = " ".join(f"w{number}: lineage(start: $start, via: true) {{ truncated }}" for number in range(6))
    assert (await service.ask(f"query($start: [ID!]!) {{ {many} }}", start=[a])).code == "TOO_EXPENSIVE"
    assert (await service.ask(f"query($start: [ID!]!) {{ {many.replace('true', 'false')} }}", start=[a])).status == 200


async def test_a_path_is_the_shortest(service: Service) -> None:
    a, b, _c, d = await chain(service)
    await service.link((a, d), association="DERIVED_FROM")
    query = """query($from: ID!, $to: ID!, $direction: Direction! = DESCENDANTS) {
        path(from: $from, to: $to, direction: $direction) { nodes { name } edges { association } } }"""
    found = (await service.data(query, **{"from": a, "to": d}))["path"]
    assert [node["name"] for node in found["nodes"]] == ["a", "d"]
    assert found["edges"] == [{"association": "DERIVED_FROM"}]
    assert (await service.data(query, **{"from": d, "to": b}))["path"] is None
    assert (await service.data(query, **{"from": d, "to": b, "direction": "CONNECTED"}))["path"] is not None
    assert (await service.ask(query, **{"from": d, "to": b, "direction": "BOTH"})).code == "INVALID"


async def test_as_of_looks_at_another_time(service: Service) -> None:
    (arn,) = await service.contexts("old", validFrom="2026-01-01T00:00:00Z")
    change = """mutation($arn: ID!) {
        updateContext(input: { arn: $arn, description: "new", validFrom: "2026-02-01" }) { sequence } }"""
    await service.data(change, arn=arn)
    seen = [
        (await service.data(EVERYTHING, arn=arn, asOf=at))["entity"]["description"]
        for at in ("2026-01-15T00:00:00Z", "2026-02-01T00:00:00.000Z", "2026-02-01T00:30:00+02:00", None)
    ]
    assert seen == [None, "new", None, "new"]
    assert (await service.ask(EVERYTHING, arn=arn, asOf="2025-12-31T23:59:59Z")).code == "NOT_FOUND"


async def test_known_at_hides_what_came_later(service: Service) -> None:
    (arn,) = await service.contexts("thing")
    ledger = (await service.data("{ ledger { account sequence hash } }"))["ledger"]
    assert ledger["account"] == service.account
    assert ledger["sequence"] == 1
    change = """mutation($arn: ID!) { updateContext(input: { arn: $arn, description: "later" }) {
        sequence recordedAt entity { description } } }"""
    changed = (await service.data(change, arn=arn))["updateContext"]
    assert changed["entity"]["description"] == "later"
    assert changed["sequence"] == 2
    assert (await service.data(EVERYTHING, arn=arn, sequence=1))["entity"]["description"] is None
    assert (await service.data(EVERYTHING, arn=arn, sequence="2"))["entity"]["description"] == "later"
    before = datetime.fromisoformat(changed["recordedAt"]) - timedelta(microseconds=1)
    assert (await service.data(EVERYTHING, arn=arn, knownAt=iso(before)))["entity"]["description"] is None
    known = await service.data(EVERYTHING, arn=arn, knownAt=changed["recordedAt"])
    assert known["entity"]["description"] == "later"
    assert (await service.ask(EVERYTHING, arn=arn, sequence=3)).code == "INVALID"
    assert (await service.ask(EVERYTHING, arn=arn, sequence=1, knownAt="2026-01-01T00:00:00Z")).code == "INVALID"


async def test_all_below_a_root_reads_at_its_moment(service: Service) -> None:
    a, b, _c, _d = await chain(service)
    await service.data(
        "mutation($a: ID!, $b: ID!) { dissociate(input: { source: $a, destination: $b, association: CONTRIBUTED_TO })"
        " { sequence } }",
        a=a,
        b=b,
    )
    query = """query($arn: ID!, $sequence: BigInt) { entity(arn: $arn, knownAtSequence: $sequence) {
        associations { nodes { destinationEntity { name associations(direction: ASCENDANTS) { nodes { source } } } } }
        lineage(direction: DESCENDANTS) { nodes { name } knownAtSequence } history { nodes { sequence } } } }"""
    now = (await service.data(query, arn=a))["entity"]
    assert now["associations"]["nodes"] == []
    assert [node["name"] for node in now["lineage"]["nodes"]] == ["a"]
    then = (await service.data(query, arn=a, sequence=2))["entity"]
    assert then["associations"]["nodes"] == [
        {"destinationEntity": {"name": "b", "associations": {"nodes": [{"source": a}]}}}
    ]
    assert [node["name"] for node in then["lineage"]["nodes"]] == ["a", "b", "c", "d"]
    assert then["lineage"]["knownAtSequence"] == 2


async def test_history_tells_who_did_what(service: Service) -> None:
    (arn,) = await service.contexts("thing")
    await service.data(
        'mutation($arn: ID!) { tag(input: { arn: $arn, tags: [{ key: "k", value: "v" }] }) { arn } }', arn=arn
    )
    await service.data("mutation($arn: ID!) { deleteEntity(input: { arn: $arn }) { sequence } }", arn=arn)
    await service.contexts("thing")
    query = """query($arn: ID!, $first: Int! = 50, $after: String) { entity(arn: $arn) { history(first: $first, after: $after) {
        nodes { sequence recordedAt validFrom actor { id } door operation before after proof { leaf salt digest } }
        pageInfo { hasNextPage hasPreviousPage endCursor } } } }"""
    nodes = (await service.data(query, arn=arn))["entity"]["history"]["nodes"]
    assert [(node["sequence"], node["operation"]) for node in nodes] == [
        (4, "create"),
        (3, "delete"),
        (2, "update"),
        (1, "create"),
    ]
    update = nodes[2]
    assert update["after"]["tags"] == [{"key": "k", "value": "v"}]
    assert "tags" not in update["before"]
    assert (update["actor"], update["door"]) == ({"id": "local-admin"}, "graphql")
    assert len(update["proof"]["digest"]) == 64
    assert update["proof"]["leaf"] >= 0
    assert nodes[1]["after"] is None
    assert nodes[3]["before"] is None
    first = (await service.data(query, arn=arn, first=3))["entity"]["history"]
    assert first["pageInfo"]["hasNextPage"]
    assert not first["pageInfo"]["hasPreviousPage"]
    second = (await service.data(query, arn=arn, first=3, after=first["pageInfo"]["endCursor"]))["entity"]["history"]
    assert first["nodes"] + second["nodes"] == nodes
    assert second["pageInfo"]["hasPreviousPage"]


async def test_the_ledger_shows_its_signed_head(service: Service) -> None:
    await service.contexts("thing")
    service.catalog.checkpoints.flush()
    ledger = (await service.data("{ ledger { sequence signedSequence signedAt signature hash } }"))["ledger"]
    assert ledger["signedSequence"] == ledger["sequence"] == 1
    assert ledger["signature"]
    assert ledger["signedAt"]
    assert len(ledger["hash"]) == 64
    viewer = (await service.data("{ viewer { account actor { id kind } } }"))["viewer"]
    assert viewer == {"account": service.account, "actor": {"id": "local-admin", "kind": "local"}}

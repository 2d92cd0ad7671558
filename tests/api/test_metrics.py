"""Metrics, display names, sources, statuses and metadata through GraphQL, beside AWS's door."""

from typing import Any

from tests.api.conftest import Service

CREATE = "mutation($input: CreateTrialComponentInput!) { createTrialComponent(input: $input) { arn } }"
PUT = "mutation($input: PutMetricsInput!) { putMetrics(input: $input) { arn refused { index reason } } }"
SERIES = """query($arn: ID!, $name: String!, $first: Int, $after: String) { entity(arn: $arn) { ... on TrialComponent {
  metrics { name count minimum maximum average standardDeviation last lastAt }
  metricSeries(name: $name, first: $first, after: $after) { value step at cursor } } } }"""


async def aws(service: Service, target: str, **given: Any) -> Any:
    headers = {"x-amz-target": f"SageMaker.{target}", "content-type": "application/x-amz-json-1.1"}
    response = await service.client.post("/", json=given, headers=headers)
    assert response.status_code == 200, response.text
    return response.json()


async def component(service: Service, **fields: Any) -> str:
    made = await service.data(CREATE, input={"name": "run", **fields})
    return str(made["createTrialComponent"]["arn"])


def points(*values: float) -> list[dict[str, Any]]:
    return [
        {"name": "loss", "value": value, "step": step, "at": f"2026-01-01T00:00:{step:02d}Z"}
        for step, value in enumerate(values)
    ]


async def test_what_one_door_puts_the_other_shows(service: Service) -> None:
    arn = await component(service)
    done = await service.data(PUT, input={"arn": arn, "points": points(1, 3, 2)})
    assert done["putMetrics"] == {"arn": arn, "refused": []}
    body = {"MetricName": "loss", "Value": 6, "Step": 3, "Timestamp": 1_767_225_603}
    answer = await service.client.put("/BatchPutMetrics", json={"TrialComponentName": "run", "MetricData": [body]})
    assert answer.json() == {}
    entity = (await service.data(SERIES, arn=arn, name="loss", first=2))["entity"]
    assert entity["metrics"] == [
        {
            "name": "loss",
            "count": 4,
            "minimum": 1,
            "maximum": 6,
            "average": 3,
            "standardDeviation": 3.5**0.5,
            "last": 6,
            "lastAt": "2026-01-01T00:00:03.000Z",
        }
    ]
    assert [(point["step"], point["value"]) for point in entity["metricSeries"]] == [(0, 1), (1, 3)]
    after = entity["metricSeries"][-1]["cursor"]
    rest = (await service.data(SERIES, arn=arn, name="loss", after=after))["entity"]["metricSeries"]
    assert [(point["step"], point["at"]) for point in rest] == [
        (2, "2026-01-01T00:00:02.000Z"),
        (3, "2026-01-01T00:00:03.000Z"),
    ]
    described = await aws(service, "DescribeTrialComponent", TrialComponentName="run")
    assert (described["Metrics"][0]["Count"], described["Metrics"][0]["Avg"]) == (4, 3)


async def test_what_is_refused_is_named(service: Service) -> None:
    arn = await component(service)
    wrong = [*points(1), {"name": "", "value": 1}, {"name": "x", "value": 1, "at": "2200-01-01T00:00:00Z"}]
    done = await service.data(PUT, input={"arn": arn, "points": wrong})
    assert done["putMetrics"]["refused"] == [{"index": 1, "reason": "INVALID"}, {"index": 2, "reason": "INVALID"}]
    assert (await service.ask(PUT, input={"arn": arn + "x", "points": points(1)})).code == "NOT_FOUND"
    assert (await service.ask(PUT, input={"arn": arn, "points": []})).code == "INVALID"
    assert (await service.ask(SERIES, arn=arn, name="loss", first=20_000)).code == "INVALID"
    assert (await service.ask(SERIES, arn=arn, name="loss", after="x")).code == "INVALID"


async def test_a_request_that_is_repeated_under_its_id_adds_nothing(service: Service) -> None:
    arn = await component(service)
    given = {"arn": arn, "points": [{"name": "loss", "value": 1, "at": "2026-01-01T00:00:00Z"}] * 3}
    for request, count in (("a", 3), ("a", 3), ("b", 6), (None, 9)):
        await service.data(PUT, input={**given, "clientRequestId": request})
        (metric,) = (await service.data(SERIES, arn=arn, name="loss"))["entity"]["metrics"]
        assert metric["count"] == count


async def test_the_past_shows_the_metrics_of_then(service: Service) -> None:
    arn = await component(service)
    await service.data(PUT, input={"arn": arn, "points": points(1, 2)})
    await service.contexts("later")
    await service.data(PUT, input={"arn": arn, "points": points(1, 2, 3)})
    query = """query($arn: ID!, $sequence: BigInt) { entity(arn: $arn, knownAtSequence: $sequence) {
      ... on TrialComponent { metrics { count last } metricSeries(name: "loss") { value } } } }"""
    then = (await service.data(query, arn=arn, sequence=1))["entity"]
    assert then == {"metrics": [{"count": 2, "last": 2}], "metricSeries": [{"value": 1}, {"value": 2}]}
    assert (await service.data(query, arn=arn))["entity"]["metrics"] == [{"count": 3, "last": 3}]


async def test_details_are_taken_shown_changed_and_cleared(service: Service) -> None:
    arn = await component(
        service,
        displayName="my run",
        sourceType="SageMakerTrainingJob",
        status="FAILED",
        statusMessage="out of memory",
        metadata={"commitId": "abc", "projectId": "p"},
    )
    query = """query($arn: ID!) { entity(arn: $arn) { metadata { commitId repository generatedBy projectId }
      ... on TrialComponent { displayName sourceType statusMessage } } }"""
    shown = (await service.data(query, arn=arn))["entity"]
    assert shown == {
        "metadata": {"commitId": "abc", "repository": None, "generatedBy": None, "projectId": "p"},
        "displayName": "my run",
        "sourceType": "SageMakerTrainingJob",
        "statusMessage": "out of memory",
    }
    described = await aws(service, "DescribeTrialComponent", TrialComponentName="run")
    assert described["Status"] == {"PrimaryStatus": "Failed", "Message": "out of memory"}
    assert described["MetadataProperties"] == {"CommitId": "abc", "ProjectId": "p"}
    # SageMaker's pattern has no blanks.
    assert described["DisplayName"] == "run"
    update = "mutation($input: UpdateTrialComponentInput!) { updateTrialComponent(input: $input) { created } }"
    await service.data(update, input={"arn": arn, "displayName": None, "statusMessage": "", "metadata": None})
    shown = (await service.data(query, arn=arn))["entity"]
    assert (shown["displayName"], shown["statusMessage"], shown["metadata"]) == ("run", None, None)


async def test_actions_and_contexts_have_details_too(service: Service) -> None:
    query = """mutation {
      createAction(input: { name: "a", sourceUri: "u", sourceType: "t", sourceId: "1", statusMessage: "m",
        displayName: "A" }) { entity { displayName sourceUri sourceType sourceId statusMessage } }
      createContext(input: { name: "c", sourceUri: "u", sourceType: "t", sourceId: "1", metadata: { repository: "r" } }) {
        entity { displayName sourceUri sourceType sourceId metadata { repository } } } }"""
    done = await service.data(query)
    source = {"sourceUri": "u", "sourceType": "t", "sourceId": "1"}
    assert done["createAction"]["entity"] == {"displayName": "A", "statusMessage": "m", **source}
    assert done["createContext"]["entity"] == {"displayName": "c", "metadata": {"repository": "r"}, **source}
    described = await aws(service, "DescribeAction", ActionName="a")
    assert described["Source"] == {"SourceUri": "u", "SourceType": "t", "SourceId": "1"}

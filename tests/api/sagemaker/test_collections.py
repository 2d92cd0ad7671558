"""Collections through the resource-groups and tagging services with boto3, kept in step with tags whichever door sets them."""

import asyncio
import json
from collections.abc import Callable
from typing import Any

import cbor2
import httpx
import pytest
import pytest_asyncio

from graph.registry.collections import lists
from tests.api.sagemaker.conftest import AwsOf
from tests.api.sagemaker.test_registry import group

KEY = "sagemaker:collection-path:1700000000000"
ROOT = {"sagemaker:collection": "true", "sagemaker:collection-path:root": "true"}
TYPES = ["AWS::SageMaker::ModelPackageGroup", "AWS::ResourceGroups::Group"]


class Groups:
    """The three services of one application."""

    def __init__(self, of: AwsOf) -> None:
        self.sagemaker, self.groups, self.tags = of("sagemaker"), of("resource-groups"), of("resourcegroupstaggingapi")

    async def create(self, name: str, key: str, path: str, tags: dict[str, str] | None = None) -> str:
        wanted = {"ResourceTypeFilters": TYPES, "TagFilters": [{"Key": key, "Values": [path]}]}
        made = await self.groups(
            "create_group",
            Name=name,
            ResourceQuery={"Type": "TAG_FILTERS_1_0", "Query": json.dumps(wanted)},
            Tags=ROOT if tags is None else tags,
        )
        arn: str = made["Group"]["GroupArn"]
        return arn

    async def listed(self, name: str, kind: str | None = None) -> list[str]:
        filters = [] if kind is None else [{"Name": "resource-type", "Values": [kind]}]
        found = await self.groups("list_group_resources", Group=name, Filters=filters)
        assert [row["Identifier"] for row in found["Resources"]] == found["ResourceIdentifiers"]
        return [row["ResourceArn"].rsplit("/", 1)[1] for row in found["ResourceIdentifiers"]]

    async def edges(self, name: str) -> list[str]:
        """What the graph has in a collection."""
        service = self.sagemaker.service
        catalog, account = service.catalog, service.account
        when = await catalog.moment(account)
        found = await lists.group(catalog.store, catalog.place(account), name, when)
        return [
            (entity.resource_arn or "").rsplit("/", 1)[1]
            for family in ("group", "model-package-group")
            for _, entity in (await lists.members(catalog.store, account, found.entity.arn, when, family)).items
        ]


@pytest_asyncio.fixture
async def aws(aws_of: AwsOf) -> Groups:
    return Groups(aws_of)


async def test_a_collection_lives(aws: Groups) -> None:
    arn = await aws.create("Risk_Models.v1", KEY, "Risk_Models.v1")
    account = aws.sagemaker.service.account
    assert arn == f"arn:aws:resource-groups:us-east-1:{account}:group/Risk_Models.v1"
    for given in ({"Group": arn}, {"Group": "risk_models.V1"}, {"GroupName": "Risk_Models.v1"}):
        assert (await aws.groups("get_group", **given))["Group"] == {"GroupArn": arn, "Name": "Risk_Models.v1"}
    told = (await aws.groups("get_group_query", Group=arn))["GroupQuery"]["ResourceQuery"]
    assert json.loads(told["Query"])["TagFilters"] == [{"Key": KEY, "Values": ["Risk_Models.v1"]}]
    code, message = await aws.groups.refused("create_group", Name="risk_models.v1", ResourceQuery=told)
    assert (code, "group already exists" in message) == ("BadRequestException", True)
    await aws.groups("update_group", Group=arn, Description="ours", Owner="ana", Criticality=3)
    found = (await aws.groups("get_group", Group=arn))["Group"]
    assert (found["Description"], found["Owner"], found["Criticality"]) == ("ours", "ana", 3)
    assert (await aws.groups("get_tags", Arn=arn))["Tags"] == ROOT
    await aws.groups("tag", Arn=arn, Tags={"team": "risk"})
    await aws.groups("untag", Arn=arn, Keys=["team", "absent"])
    assert (await aws.groups("get_tags", Arn=arn))["Tags"] == ROOT
    page = await aws.groups("list_groups", Filters=[{"Name": "owner", "Values": ["ana"]}])
    assert [row["GroupName"] for row in page["GroupIdentifiers"]] == ["Risk_Models.v1"]
    assert (await aws.groups("delete_group", Group=arn))["Group"]["GroupArn"] == arn
    for operation in ("get_group", "get_group_query", "list_group_resources", "delete_group"):
        code, message = await aws.groups.refused(operation, Group=arn)
        assert code == "NotFoundException"


async def join_by_add_tags(aws: Groups, arn: str) -> None:
    await aws.sagemaker("add_tags", ResourceArn=arn, Tags=[{"Key": KEY, "Value": "risk"}])


async def join_by_tag_resources(aws: Groups, arn: str) -> None:
    assert (await aws.tags("tag_resources", ResourceARNList=[arn], Tags={KEY: "risk"}))["FailedResourcesMap"] == {}


async def join_by_graphql(aws: Groups, arn: str) -> None:
    await graphql(aws, arn, {"tags": [{"key": KEY, "value": "risk"}]})


async def leave_by_delete_tags(aws: Groups, arn: str) -> None:
    await aws.sagemaker("delete_tags", ResourceArn=arn, TagKeys=[KEY])


async def leave_by_untag_resources(aws: Groups, arn: str) -> None:
    await aws.tags("untag_resources", ResourceARNList=[arn], TagKeys=[KEY])


async def leave_by_another_value(aws: Groups, arn: str) -> None:
    await aws.sagemaker("add_tags", ResourceArn=arn, Tags=[{"Key": KEY, "Value": "elsewhere"}])


async def leave_by_graphql(aws: Groups, arn: str) -> None:
    await graphql(aws, arn, {"keys": [KEY]})


async def graphql(aws: Groups, arn: str, change: dict[str, Any]) -> None:
    name = "tag" if "tags" in change else "untag"
    kind = {"tag": "SetTagsInput", "untag": "RemoveTagsInput"}[name]
    query = f"mutation($input: {kind}!) {{ {name}(input: $input) {{ arn }} }}"
    body = {"query": query, "variables": {"input": {"arn": arn, **change}}}
    answer = (await aws.sagemaker.service.client.post("/graphql", json=body)).json()
    assert "errors" not in answer, answer


JOINS: list[Callable[[Groups, str], Any]] = [join_by_add_tags, join_by_tag_resources, join_by_graphql]
LEAVES = [leave_by_delete_tags, leave_by_untag_resources, leave_by_another_value, leave_by_graphql]


async def test_membership_follows_the_tags_through_every_door(aws: Groups) -> None:
    await aws.create("risk", KEY, "risk")
    churn = await group(aws.sagemaker)
    for join in JOINS:
        for leave in LEAVES:
            await join(aws, churn)
            assert await aws.edges("risk") == await aws.listed("risk") == ["churn"], join
            code, message = await aws.groups.refused("delete_group", Group="risk")
            assert (code, "not empty" in message) == ("BadRequestException", True)
            await leave(aws, churn)
            assert await aws.edges("risk") == await aws.listed("risk") == [], leave
    # Born with the tag; what is neither group nor collection never belongs.
    await group(aws.sagemaker, "born", Tags=[{"Key": KEY, "Value": "risk"}])
    model = await aws.sagemaker(
        "create_model", ModelName="m", PrimaryContainer={"Image": "i"}, Tags=[{"Key": KEY, "Value": "risk"}]
    )
    await join_by_add_tags(aws, model["ModelArn"])
    assert await aws.edges("risk") == ["born"]
    await aws.sagemaker("delete_model_package_group", ModelPackageGroupName="born")
    assert await aws.edges("risk") == []


async def test_a_group_belongs_to_several_and_collections_are_nested(aws: Groups) -> None:
    one, two = f"{KEY}1", f"{KEY}2"
    await aws.create("risk", KEY, "risk")
    await aws.create("credit", one, "risk/credit", {KEY: "risk", "sagemaker:collection": "true"})
    await aws.create("other", two, "other")
    churn = await group(aws.sagemaker)
    tags = [{"Key": KEY, "Value": "risk"}, {"Key": one, "Value": "risk/credit"}, {"Key": two, "Value": "other"}]
    await aws.sagemaker("add_tags", ResourceArn=churn, Tags=tags)
    assert await aws.listed("risk") == ["credit", "churn"]
    assert await aws.listed("risk", "AWS::ResourceGroups::Group") == ["credit"]
    assert await aws.listed("risk", "AWS::SageMaker::ModelPackageGroup") == ["churn"]
    assert await aws.listed("credit") == await aws.listed("other") == ["churn"]
    roots = await aws.tags(
        "get_resources",
        TagFilters=[{"Key": "sagemaker:collection-path:root", "Values": ["true"]}],
        ResourceTypeFilters=["resource-groups:group"],
    )
    assert [row["ResourceARN"].rsplit("/", 1)[1] for row in roots["ResourceTagMappingList"]] == ["other", "risk"]
    # A walk from the group reaches its collections, and no sibling.
    (context,) = (await aws.sagemaker("list_contexts", SourceUri=churn))["ContextSummaries"]
    walked = await aws.sagemaker(
        "query_lineage", StartArns=[context["ContextArn"]], Direction="Descendants", IncludeEdges=False
    )
    assert sorted(vertex["Type"] for vertex in walked["Vertices"]) == ["Collection"] * 3


async def test_a_collection_finds_what_carried_its_tag_before(aws: Groups) -> None:
    churn = await group(aws.sagemaker, Tags=[{"Key": KEY, "Value": "risk"}])
    await aws.create("risk", KEY, "risk")
    assert await aws.edges("risk") == ["churn"]
    wanted = {"ResourceTypeFilters": TYPES, "TagFilters": [{"Key": KEY, "Values": ["moved"]}]}
    asked = {"Type": "TAG_FILTERS_1_0", "Query": json.dumps(wanted)}
    await aws.groups("update_group_query", Group="risk", ResourceQuery=asked)
    assert await aws.edges("risk") == []
    await aws.sagemaker("add_tags", ResourceArn=churn, Tags=[{"Key": KEY, "Value": "moved"}])
    assert await aws.edges("risk") == ["churn"]
    other = {**asked, "Query": asked["Query"].replace(KEY, f"{KEY}9")}
    code, message = await aws.groups.refused("update_group_query", Group="risk", ResourceQuery=other)
    assert (code, "known by the key" in message) == ("BadRequestException", True)


async def test_collections_of_one_millisecond_are_kept_apart(aws: Groups) -> None:
    await asyncio.gather(*(aws.create(f"c{number}", KEY, f"c{number}") for number in range(4)))
    churn = await group(aws.sagemaker, Tags=[{"Key": KEY, "Value": "c2"}])
    assert [await aws.edges(f"c{number}") for number in range(4)] == [[], [], ["churn"], []]
    await aws.tags("tag_resources", ResourceARNList=[churn], Tags={KEY: "c0"})
    assert [await aws.edges(f"c{number}") for number in range(4)] == [["churn"], [], [], []]
    wanted = {"ResourceTypeFilters": TYPES, "TagFilters": [{"Key": KEY, "Values": ["c4"]}]}
    code, message = await aws.groups.refused(
        "create_group", Name="c4", ResourceQuery={"Type": "TAG_FILTERS_1_0", "Query": json.dumps(wanted)}
    )
    assert (code, "use another key" in message) == ("BadRequestException", True)


async def test_other_groups_are_found_by_their_tags(aws: Groups) -> None:
    for name, stage in (("a", "prod"), ("b", "prod"), ("c", "test")):
        await group(aws.sagemaker, name, Tags=[{"Key": "stage", "Value": stage}])
    wanted = {"ResourceTypeFilters": ["AWS::AllSupported"], "TagFilters": [{"Key": "stage", "Values": ["prod"]}]}
    asked = {"Type": "TAG_FILTERS_1_0", "Query": json.dumps(wanted)}
    await aws.groups("create_group", Name="live", ResourceQuery=asked, Tags={"stage": "prod"})
    assert await aws.listed("live") == ["live", "a", "b"]
    pages = await aws.groups.pages("list_group_resources", Group="live", MaxResults=2)
    assert [len(page["ResourceIdentifiers"]) for page in pages] == [2, 1]
    pages = await aws.groups.pages("search_resources", ResourceQuery=asked, MaxResults=2)
    assert [row["ResourceArn"].rsplit("/", 1)[1] for page in pages for row in page["ResourceIdentifiers"]] == [
        "live",
        "a",
        "b",
    ]
    await aws.groups("delete_group", Group="live")
    for wrong in ('{"TagFilters": 1}', "x", '{"ResourceTypeFilters": [], "TagFilters": []}'):
        code, _ = await aws.groups.refused(
            "create_group", Name="x", ResourceQuery={"Type": "TAG_FILTERS_1_0", "Query": wrong}
        )
        assert code == "BadRequestException"


async def test_the_tagging_service_answers_in_pages_and_names_what_failed(aws: Groups) -> None:
    arns = [await group(aws.sagemaker, f"g{number}", Tags=[{"Key": "n", "Value": str(number)}]) for number in range(5)]
    found: list[str] = []
    given: dict[str, Any] = {"ResourcesPerPage": 2, "ResourceTypeFilters": ["sagemaker:model-package-group"]}
    while True:
        page = await aws.tags("get_resources", **given)
        found += [row["ResourceARN"] for row in page["ResourceTagMappingList"]]
        if not page["PaginationToken"]:
            break
        given["PaginationToken"] = page["PaginationToken"]
    assert found == arns
    assert (await aws.tags("get_tag_keys"))["TagKeys"] == ["n"]
    assert (await aws.tags("get_tag_values", Key="n"))["TagValues"] == ["0", "1", "2", "3", "4"]
    absent = aws.sagemaker.arn("model-package-group/none")
    failed = (await aws.tags("tag_resources", ResourceARNList=[arns[0], absent], Tags={"a": "b"}))["FailedResourcesMap"]
    assert list(failed) == [absent]
    assert failed[absent]["ErrorCode"] == "InvalidParameterException"
    (row,) = (await aws.tags("get_resources", ResourceARNList=[arns[0], absent]))["ResourceTagMappingList"]
    assert {tag["Key"]: tag["Value"] for tag in row["Tags"]} == {"n": "0", "a": "b"}
    code, _ = await aws.tags.refused("get_resources", PaginationToken="made-up")
    assert code == "InvalidParameterException"


@pytest.mark.parametrize("body", [b"\xff", b"\x9f" * 5000, b"\x81", cbor2.dumps([1]), cbor2.dumps({"TagFilters": 5})])
async def test_bodies_that_are_no_input_are_refused(aws: Groups, body: bytes) -> None:
    headers = {"smithy-protocol": "rpc-v2-cbor", "content-type": "application/cbor"}
    path = "/service/ResourceGroupsTaggingAPI_20170126/operation/GetResources"
    client: httpx.AsyncClient = aws.sagemaker.service.client
    answer = await client.post(path, content=body, headers=headers)
    assert answer.status_code == 400
    assert answer.headers["smithy-protocol"] == "rpc-v2-cbor"
    assert cbor2.loads(answer.content)["__type"] == "SerializationException"
    target = {"x-amz-target": "ResourceGroupsTaggingAPI_20170126.GetTagKeys"}
    spoken = await client.post("/", content=b"{}", headers={**target, "content-type": "application/x-amz-json-1.1"})
    assert spoken.json() == {"TagKeys": [], "PaginationToken": ""}

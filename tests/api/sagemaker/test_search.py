"""Search and GetSearchSuggestions through boto3; generated expressions against a plain reading of the same facts."""

import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from graph import commands, experiments
from graph.access import Caller
from graph.commands import create_named
from graph.entities import Kind
from graph.metrics import Point
from tests.api.sagemaker.conftest import Aws

COMPONENT = "ExperimentTrialComponent"
COUNT = 40
Fact = dict[str, Any]


def facts() -> list[Fact]:
    """What some components are, the same each time."""
    pick = random.Random(7)
    found = []
    for number in range(COUNT):
        losses = [pick.choice([0.25, 0.5, 1.0, 2.0]) for _ in range(pick.randrange(4))]
        found.append(
            {
                "name": f"Run-{number:02d}" if number % 3 else f"prep-{number:02d}",
                "display": pick.choice([None, "Best", "worst"]),
                "status": pick.choice([None, "Completed", "Failed"]),
                "parameters": {
                    **({"lr": pick.choice([0.1, 0.01, 10.0])} if pick.random() < 0.7 else {}),
                    **({"optimizer": pick.choice(["adam", "sgd,momentum", "0.1"])} if pick.random() < 0.7 else {}),
                    **({"a.b": 1.0} if pick.random() < 0.3 else {}),
                },
                "inputs": {"data": pick.choice(["s3://b/One", "s3://b/two"])} if pick.random() < 0.5 else {},
                "tags": {"team": pick.choice(["red", "blue"])} if pick.random() < 0.6 else {},
                "losses": losses,
                "trials": sorted(pick.sample(["t1", "t2", "t3"], pick.randrange(3))),
                "started": None if pick.random() < 0.3 else 1_767_000_000_000 + 3_600_000 * pick.randrange(5),
            }
        )
    return found


FACTS = facts()
EXPERIMENT_OF = {"t1": "churn", "t2": "churn", "t3": "other"}


async def populate(aws: Aws, caller: Caller) -> None:
    """Make the components, their trials and experiments, once a test."""
    catalog, place = aws.service.catalog, aws.service.catalog.place(aws.service.account)
    made = [
        *experiments.create_experiment(place, "churn"),
        *experiments.create_experiment(place, "other"),
        *(command for name in EXPERIMENT_OF for command in experiments.create_trial(place, name, EXPERIMENT_OF[name])),
    ]
    for fact in FACTS:
        put = create_named(
            place,
            Kind.TRIAL_COMPONENT,
            fact["name"],
            display_name=fact["display"],
            status=None if fact["status"] is None else fact["status"].upper(),
            parameters={
                key: {"string": value} if isinstance(value, str) else {"number": repr(value)}
                for key, value in fact["parameters"].items()
            },
            inputs={key: {"value": value} for key, value in fact["inputs"].items()},
            tags=fact["tags"],
            started_at=None if fact["started"] is None else datetime.fromtimestamp(fact["started"] / 1000, UTC),
        )
        made += [put, *(experiments.join(put.arn, place.arn(f"experiment-trial/{name}")) for name in fact["trials"])]
    await catalog.write(caller, made, operation="test")
    for fact in FACTS:
        if fact["losses"]:
            arn = place.arn(f"experiment-trial-component/{fact['name']}")
            points = [Point("val.loss", value, 1000 + step, step) for step, value in enumerate(fact["losses"])]
            await catalog.put_metrics(caller, arn, points)


def metric(statistic: Callable[[list[float]], float]) -> Callable[[Fact], list[Any]]:
    return lambda fact: [statistic(fact["losses"])] if fact["losses"] else []


def one(value: Any) -> list[Any]:
    return [] if value is None else [value]


# Name → its form, its values in a fact, values to compare with.
PROPERTIES: dict[str, tuple[str, Callable[[Fact], list[Any]], list[str]]] = {
    "TrialComponentName": ("name", lambda f: [f["name"]], ["run-01", "RUN-04,prep-03", "Run", "none"]),
    "DisplayName": ("name", lambda f: [f["display"] or f["name"]], ["best", "Best,worst", "RUN"]),
    "Status.PrimaryStatus": ("text", lambda f: one(f["status"]), ["Completed", "completed", "Failed,Stopped"]),
    "Parameters.lr": ("free", lambda f: one(f["parameters"].get("lr")), ["0.1", "0.10", "0.05", "10,0.01", "x"]),
    "Parameters.optimizer": (
        *("free", lambda f: one(f["parameters"].get("optimizer")), ["adam", "ADAM", "sgd,momentum", "0.1", "da"]),
    ),
    "Parameters.a.b": ("free", lambda f: one(f["parameters"].get("a.b")), ["1", "2"]),
    "InputArtifacts.data": ("free", lambda f: one(f["inputs"].get("data")), ["s3://b/One", "b/", "B/"]),
    "InputArtifacts.data.Value": ("free", lambda f: one(f["inputs"].get("data")), ["s3://b/two"]),
    "Tags.team": ("text", lambda f: one(f["tags"].get("team")), ["red", "red,blue", "e"]),
    "Metrics.val.loss.Max": ("number", metric(max), ["1", "0.5,2", "1.5"]),
    "metrics.val.loss.MIN": ("number", metric(min), ["0.25", "0.5"]),
    "Metrics.val.loss": ("number", metric(lambda losses: losses[-1]), ["1", "0.5"]),
    "Metrics.val.loss.Count": ("number", metric(lambda losses: float(len(losses))), ["2", "3"]),
    "Parents.TrialName": ("name", lambda f: f["trials"], ["t1", "T2,t3", "none", "not a name"]),
    "Parents.ExperimentName": (
        "name",
        lambda f: [EXPERIMENT_OF[t] for t in f["trials"]],
        ["churn", "other", "OTHER,x"],
    ),
    "StartTime": (
        *("time", lambda f: one(f["started"]), ["2025-12-29T10:20:00Z", "1767003600", "2025-12-29T11:20:00+01:00"]),
    ),
}
ORDERS: dict[str, Callable[[Any, Any], bool]] = {
    "GreaterThan": lambda a, b: a > b,
    "GreaterThanOrEqualTo": lambda a, b: a >= b,
    "LessThan": lambda a, b: a < b,
    "LessThanOrEqualTo": lambda a, b: a <= b,
}
BY_FORM = {
    "name": ["Equals", "NotEquals", "Contains", "In", "Exists", "NotExists"],
    "text": ["Equals", "NotEquals", "Contains", "In", "Exists", "NotExists"],
    "free": ["Equals", "NotEquals", "Contains", "In", "Exists", "NotExists", *ORDERS],
    "number": ["Equals", "NotEquals", "Exists", "NotExists", "In", *ORDERS],
    "time": ["Equals", "NotEquals", "Exists", "NotExists", *ORDERS],
}


def number(text: Any) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def moment(text: str) -> float:
    return float(text) * 1000 if text.isdigit() else datetime.fromisoformat(text).timestamp() * 1000


def equal(form: str, value: Any, text: str) -> bool:
    if form == "name":
        return str(value).lower() in [part.lower() for part in (text, *text.split(","))]
    if form == "text":
        return value in (text, *text.split(","))
    if form == "time":
        return any(value == moment(part) for part in text.split(","))
    if isinstance(value, str):
        return value in (text, *text.split(","))
    return any(number(part) == value for part in text.split(","))


def fits(item: dict[str, str], values: list[Any]) -> bool:
    form = PROPERTIES[item["Name"]][0]
    operator, text = item["Operator"], item.get("Value", "")
    if operator in ("Exists", "NotExists"):
        return bool(values) == (operator == "Exists")
    if operator in ("Equals", "In", "NotEquals"):
        return any(equal(form, value, text) for value in values) != (operator == "NotEquals")
    if operator == "Contains":
        low = str.lower if form == "name" else str
        return any(low(text) in low(str(value)) for value in values)
    wanted = moment(text) if form == "time" else number(text)
    compare = ORDERS[operator]
    return any((n := number(value)) is not None and compare(n, wanted) for value in values)


def holds(expression: dict[str, Any], fact: Fact) -> bool:
    parts = [fits(item, PROPERTIES[item["Name"]][1](fact)) for item in expression.get("Filters", ())]
    for nested in expression.get("NestedFilters", ()):
        parents = [{"Parents.TrialName": t, "Parents.ExperimentName": EXPERIMENT_OF[t]} for t in fact["trials"]]
        parts.append(any(all(fits(item, [parent[item["Name"]]]) for item in nested["Filters"]) for parent in parents))
    parts += [holds(inner, fact) for inner in expression.get("SubExpressions", ())]
    return any(parts) if expression.get("Operator") == "Or" and parts else all(parts)


@st.composite
def filters(draw: st.DrawFn, names: tuple[str, ...] = tuple(PROPERTIES)) -> dict[str, str]:
    name = draw(st.sampled_from(names))
    form, _, values = PROPERTIES[name]
    operator = draw(st.sampled_from(BY_FORM[form]))
    if operator in ("Exists", "NotExists"):
        return {"Name": name, "Operator": operator}
    if operator in ORDERS:
        values = [value for value in values if form == "time" or number(value) is not None] or ["0.5"]
    return {"Name": name, "Operator": operator, "Value": draw(st.sampled_from(values))}


def expressions(depth: int = 2) -> st.SearchStrategy[dict[str, Any]]:
    members: dict[str, st.SearchStrategy[Any]] = {
        "Filters": st.lists(filters(), min_size=1, max_size=3),
        "NestedFilters": st.lists(
            st.fixed_dictionaries(
                {
                    "NestedPropertyName": st.just("Parents"),
                    "Filters": st.lists(
                        filters(("Parents.TrialName", "Parents.ExperimentName")), min_size=1, max_size=2
                    ),
                }
            ),
            min_size=1,
            max_size=1,
        ),
        "Operator": st.sampled_from(["And", "Or"]),
    }
    if depth:
        members["SubExpressions"] = st.lists(expressions(depth - 1), min_size=1, max_size=2)
    return st.fixed_dictionaries({}, optional=members)


async def names(aws: Aws, member: str = "TrialComponent", **asked: Any) -> list[str]:
    return [item[member][f"{member}Name"] for page in await aws.pages("search", **asked) for item in page["Results"]]


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(expression=expressions())
async def test_a_search_finds_what_a_plain_reading_finds(aws: Aws, caller: Caller, expression: dict[str, Any]) -> None:
    if not (await aws("list_experiments"))["ExperimentSummaries"]:
        await populate(aws, caller)
    asked: dict[str, Any] = {"SearchExpression": expression} if expression else {}
    found = await names(aws, Resource=COMPONENT, MaxResults=100, **asked)
    assert len(found) == len(set(found))
    assert set(found) == {fact["name"] for fact in FACTS if holds(expression, fact)}


@pytest.fixture
async def searched(aws: Aws, caller: Caller) -> Aws:
    await populate(aws, caller)
    return aws


async def test_pages_are_in_order_whatever_their_size(searched: Aws) -> None:
    read: list[tuple[str, Callable[[Fact], Any]]] = [
        ("TrialComponentName", lambda fact: fact["name"].lower()),
        ("metrics.val.loss.max", lambda fact: max(fact["losses"], default=None)),
        ("Parameters.lr", lambda fact: fact["parameters"].get("lr")),
        ("Tags.team", lambda fact: fact["tags"].get("team")),
        ("StartTime", lambda fact: fact["started"]),
    ]
    for property_, value in read:
        with_it = [fact for fact in FACTS if value(fact) is not None]
        without = sorted((fact["name"] for fact in FACTS if value(fact) is None), key=str.lower)
        for order in ("Ascending", "Descending"):
            listed = sorted(with_it, key=lambda fact: fact["name"].lower())
            listed.sort(key=value, reverse=order == "Descending")
            wanted = [fact["name"] for fact in listed] + without
            for size in (7, 100):
                asked: dict[str, Any] = {"SortBy": property_, "SortOrder": order, "MaxResults": size}
                assert await names(searched, Resource=COMPONENT, **asked) == wanted
    first = await searched("search", Resource=COMPONENT, MaxResults=3)
    assert first["TotalHits"] == {"Value": COUNT, "Relation": "EqualTo"}
    assert len((await searched("search", Resource=COMPONENT))["Results"]) == 10


async def test_a_result_has_tags_parents_and_all_that_describe_says(searched: Aws) -> None:
    tags = [{"Key": "sagemaker:trial-component-source", "Value": "run"}]
    await searched("create_trial_component", TrialComponentName="churn-my-run", DisplayName="my-run", Tags=tags)
    for name in ("t2", "t3"):
        await searched("associate_trial_component", TrialComponentName="churn-my-run", TrialName=name)
    by_name = {"Name": "TrialComponentName", "Operator": "Equals", "Value": "Churn-My-Run"}
    by_trial = {"Name": "Parents.TrialName", "Operator": "Equals", "Value": "t2"}
    (result,) = (await searched("search", Resource=COMPONENT, SearchExpression={"Filters": [by_name, by_trial]}))[
        "Results"
    ]
    found = result["TrialComponent"]
    assert found.pop("Tags") == tags
    assert found.pop("Parents") == [
        {"TrialName": "t2", "ExperimentName": "churn"},
        {"TrialName": "t3", "ExperimentName": "other"},
    ]
    assert found.pop("RunName") == "my-run"
    assert found == await searched("describe_trial_component", TrialComponentName="churn-my-run")
    by_trial["Value"] = "t1"
    assert not (await searched("search", Resource=COMPONENT, SearchExpression={"Filters": [by_name, by_trial]}))[
        "Results"
    ]


async def test_trials_and_experiments_are_found(searched: Aws) -> None:
    equals = {"Operator": "Equals"}
    by = {"Filters": [{"Name": "ExperimentName", "Value": "churn", **equals}]}
    found = await names(searched, "Trial", Resource="ExperimentTrial", SearchExpression=by, SortBy="TrialName")
    assert found == ["t2", "t1"]
    (page,) = await searched.pages("search", Resource="ExperimentTrial", SearchExpression=by)
    assert {result["Trial"]["ExperimentName"] for result in page["Results"]} == {"churn"}
    await searched("add_tags", ResourceArn=searched.arn("experiment/other"), Tags=[{"Key": "k", "Value": "v"}])
    by = {"Filters": [{"Name": "Tags.k", "Value": "v", **equals}]}
    assert await names(searched, "Experiment", Resource="Experiment", SearchExpression=by) == ["other"]
    arn = {"Filters": [{"Name": "ExperimentArn", "Value": searched.arn("experiment/churn").upper(), **equals}]}
    assert await names(searched, "Experiment", Resource="Experiment", SearchExpression=arn) == ["churn"]
    assert sorted(await names(searched, "Experiment", Resource="Experiment")) == ["churn", "other"]


async def test_time_of_creation_narrows(searched: Aws) -> None:
    middle = datetime.now(UTC) + timedelta(milliseconds=1)
    await searched("create_trial_component", TrialComponentName="late")
    after = [{"Name": "CreationTime", "Operator": "GreaterThan", "Value": middle.isoformat()}]
    before = [{"Name": "CreationTime", "Operator": "LessThanOrEqualTo", "Value": middle.isoformat()}]
    assert await names(searched, Resource=COMPONENT, SearchExpression={"Filters": after}) == ["late"]
    assert len(await names(searched, Resource=COMPONENT, SearchExpression={"Filters": before})) == COUNT
    assert await names(searched, Resource=COMPONENT, SearchExpression={"Filters": [*before, *after]}) == []


async def test_components_are_searched_by_their_source(aws: Aws, caller: Caller) -> None:
    catalog, place = aws.service.catalog, aws.service.catalog.place(aws.service.account)
    job = aws.arn("training-job/j1")
    made = [
        create_named(place, Kind.TRIAL_COMPONENT, name, source_arn=source, source_type="SageMakerTrainingJob")
        for name, source in (("a", job), ("b", aws.arn("training-job/j2")))
    ]
    await catalog.write(caller, [*made, commands.create_named(place, Kind.TRIAL_COMPONENT, "c")], operation="test")
    for name, value, wanted in (
        ("Source.SourceArn", job, ["a"]),
        ("Source.SourceType", "SageMakerTrainingJob", ["b", "a"]),
    ):
        by = {"Filters": [{"Name": name, "Operator": "Equals", "Value": value}]}
        assert await names(aws, Resource=COMPONENT, SearchExpression=by, SortBy="TrialComponentName") == wanted


async def test_a_page_goes_on_in_the_same_results_while_others_write(searched: Aws) -> None:
    asked = {"Resource": COMPONENT, "MaxResults": 30, "SortBy": "TrialComponentName", "SortOrder": "Ascending"}
    first = await searched("search", **asked)
    await searched("create_trial_component", TrialComponentName="a-new-one")
    await searched("delete_trial_component", TrialComponentName=next(f["name"] for f in FACTS[::-1] if not f["trials"]))
    second = await searched("search", **asked, NextToken=first["NextToken"])
    read = [item["TrialComponent"]["TrialComponentName"] for page in (first, second) for item in page["Results"]]
    assert read == sorted((fact["name"] for fact in FACTS), key=str.lower)
    code, _ = await searched.refused("search", **{**asked, "SortOrder": "Descending"}, NextToken=first["NextToken"])
    assert code == "ValidationException"


async def test_other_resources_are_not_held(aws: Aws) -> None:
    for resource in ("TrainingJob", "FeatureGroup", "HubContent"):
        assert (await aws("search", Resource=resource))["Results"] == []
        assert (await aws("get_search_suggestions", Resource=resource))["PropertyNameSuggestions"] == []
    await aws("create_experiment", ExperimentName="e")
    shared = {"Resource": "Experiment", "CrossAccountFilterOption": "CrossAccount"}
    assert (await aws("search", **shared))["Results"] == []


def nested(depth: int) -> dict[str, Any]:
    return {"SubExpressions": [nested(depth - 1)]} if depth else {"Filters": [{"Name": "DisplayName", "Value": "x"}]}


@pytest.mark.parametrize(
    ("asked", "problem"),
    [
        ({"SearchExpression": {"Filters": [{"Name": "Nothing", "Value": "x"}]}}, "Unknown property name: Nothing"),
        ({"SearchExpression": {"Filters": [{"Name": "Status.Nothing", "Value": "x"}]}}, "Unknown property name"),
        ({"SortBy": "Nothing"}, "Unknown property name"),
        ({"SearchExpression": {"Filters": [{"Name": "DisplayName", "Operator": "Equals"}]}}, "needs a Value"),
        (
            {"SearchExpression": {"Filters": [{"Name": "DisplayName", "Operator": "LessThan", "Value": "x"}]}},
            "DisplayName is a text",
        ),
        (
            {"SearchExpression": {"Filters": [{"Name": "Metrics.a.Max", "Operator": "LessThan", "Value": "x"}]}},
            "'x' is no number",
        ),
        ({"SearchExpression": {"Filters": [{"Name": "StartTime", "Value": "yesterday"}]}}, "'yesterday' is no time"),
        (
            {"SearchExpression": {"Filters": [{"Name": "StartTime", "Operator": "Contains", "Value": "1"}]}},
            "StartTime is no text",
        ),
        (
            {
                "SearchExpression": {
                    "NestedFilters": [
                        {"NestedPropertyName": "DisplayName", "Filters": [{"Name": "DisplayName", "Value": "x"}]}
                    ]
                }
            },
            "DisplayName is no list",
        ),
        ({"SearchExpression": nested(10)}, "nested deeper than 10 levels"),
        ({"SearchExpression": {"SubExpressions": [nested(1) for _ in range(20)] * 6}}, "less than or equal to 20"),
        ({"VisibilityConditions": [{"Key": "k", "Value": "v"}]}, "VisibilityConditions are not supported"),
        ({"NextToken": "AAAA"}, "NextToken"),
    ],
)
async def test_what_can_not_be_read_is_refused(aws: Aws, asked: dict[str, Any], problem: str) -> None:
    code, message = await aws.refused("search", Resource=COMPONENT, **asked)
    assert code == "ValidationException"
    assert problem in message


async def test_too_many_filters_are_refused(aws: Aws) -> None:
    many = {"SubExpressions": [{"Filters": [{"Name": "DisplayName", "Value": "x"}] * 20}] * 6}
    code, message = await aws.refused("search", Resource=COMPONENT, SearchExpression=many)
    assert (code, "has 120 filters" in message) == ("ValidationException", True)


async def test_suggestions_begin_as_the_hint_does(searched: Aws) -> None:
    async def suggested(hint: str, resource: str = COMPONENT) -> list[str]:
        query = {"PropertyNameQuery": {"PropertyNameHint": hint}}
        found = await searched("get_search_suggestions", Resource=resource, SuggestionQuery=query)
        return [item["PropertyName"] for item in found["PropertyNameSuggestions"]]

    assert await suggested("trialcomponent") == ["TrialComponentArn", "TrialComponentName"]
    assert await suggested("Par") == [
        "Parameters",
        *(f"Parameters.{name}" for name in ("a.b", "lr", "optimizer")),
        *("Parents.ExperimentName", "Parents.TrialName"),
    ]
    assert await suggested("Metrics.") == ["Metrics.val.loss"]
    assert await suggested("Tags.t") == ["Tags.team"]
    assert await suggested("Experiment", "Experiment") == ["ExperimentArn", "ExperimentName"]
    whole = await searched("get_search_suggestions", Resource=COMPONENT)
    assert {"CreationTime", "Source.SourceArn"} <= {item["PropertyName"] for item in whole["PropertyNameSuggestions"]}


async def test_nested_filters_hold_of_one_parent(searched: Aws) -> None:
    """A component in t2 (of churn) and t3 (of other) has no parent t2 of other, though it has a t2 and an other."""
    await searched("create_trial_component", TrialComponentName="both")
    for name in ("t2", "t3"):
        await searched("associate_trial_component", TrialComponentName="both", TrialName=name)
    for trial, experiment, one in (("t2", "churn", True), ("t3", "other", True), ("t2", "other", False)):
        filters = [
            {"Name": "Parents.TrialName", "Operator": "Equals", "Value": trial},
            {"Name": "Parents.ExperimentName", "Operator": "Equals", "Value": experiment},
        ]
        nested_ = {"NestedFilters": [{"NestedPropertyName": "Parents", "Filters": filters}]}
        asked: dict[str, Any] = {"Resource": COMPONENT, "MaxResults": 100}
        assert ("both" in await names(searched, **asked, SearchExpression=nested_)) == one
        assert "both" in await names(searched, **asked, SearchExpression={"Filters": filters})

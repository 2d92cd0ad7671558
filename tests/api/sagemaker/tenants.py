"""Requests for every place of AWS's models where a caller can name something, made from the models themselves.

A place is a member of an operation's input, at any depth, that takes a text which is not one of a fixed set. A request fills
it with a given value and everything else that is required with something of the caller's own.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from api.sagemaker.calls import OFFERED
from api.sagemaker.failures import ProtocolError
from api.sagemaker.model import service as model_of
from api.sagemaker.validation import check_of

Path = tuple[str | int, ...]
READS = ("BatchDescribe", "BatchGet", "Describe", "Get", "List", "Query", "Search")
"""What the names of operations that change nothing begin with."""
TEXTS = (
    "mine",
    "s3://mine/data",
    "text/csv",
    "arn:aws:sagemaker:us-east-1:123456789012:artifact/00000000000000000000000000000000",
    "fs-12345678",
    "arn:aws:lambda:us-east-1:123456789012:function:f",
    "arn:aws:sagemaker:us-east-1:aws:hub-content/Hub/DataSet/d/1.0.0",
    "arn:aws:sagemaker:us-east-1:aws:hub-content/Hub/Model/m/1.0.0",
    "arn:aws:sagemaker:us-east-1:123456789012:mlflow-tracking-server/m",
    "arn:aws:sagemaker:us-east-1:123456789012:training-plan/p",
    "arn:aws:sagemaker:us-east-1:123456789012:model-package/p/1",
    "arn:aws:sagemaker:us-east-1:123456789012:model-package-group/p",
    "AWS::SageMaker::Model",
    "arn:aws:resource-groups:us-east-1:123456789012:group/g",
    "arn:aws:sagemaker:us-east-1:123456789012:model-card/c/export-job/j",
)
"""Texts of which one fits each member that is required beside a place."""
QUERY = '{"ResourceTypeFilters": ["AWS::AllSupported"], "TagFilters": [{"Key": "mine"}]}'
NEEDED: dict[str, dict[str, Any]] = {
    "CreateModelPackage": {"InferenceSpecification": {"Containers": [{"Image": "mine"}]}},
    "CreateGroup": {"ResourceQuery": {"Type": "TAG_FILTERS_1_0", "Query": QUERY}},
    "DescribeLogStreams": {"logGroupName": "/aws/sagemaker/TrainingJobs"},
    "GetLogEvents": {"logGroupName": "/aws/sagemaker/TrainingJobs"},
    "UpdateModelCard": {"Content": '{"more": 1}'},
    "UpdateModelPackage": {"CustomerMetadataProperties": {"k": "v"}},
}
"""What operations need beyond what their models require."""
FIXED: dict[str, dict[str, Any]] = {
    "GetMetricStatistics": {"Period": 60, "StartTime": 0, "EndTime": 3600, "Statistics": ["Sum"]},
}
"""What fits each other where any value fits the model."""
GROUP = ("Group", "GroupName")
ITEM, VALUE = 0, 1
"""In a path: an item of a list, a value of a map."""


@dataclass(frozen=True)
class Place:
    """Where a value goes.

    Attributes:
        path: members, and `ITEM` or `VALUE` for what is in lists and maps.
        shape: the text's shape in the model.
        names: whether it is a name, an ARN, an address or an id by its own or its shape's name, and no free text.
    """

    service: str
    operation: str
    path: Path
    shape: Any

    def __str__(self) -> str:
        return f"{self.operation}({'.'.join(str(part) for part in self.path)})"

    @property
    def names(self) -> bool:
        member = next(part for part in reversed(self.path) if isinstance(part, str))
        text = f"{member} {self.shape.name}".lower()
        return any(part in text for part in ("arn", "name", "uri", "id", "value", "token"))

    def takes(self, value: str) -> bool:
        """Whether a value has the length and the form that the model asks for here."""
        return fits(self.shape, value)


def fits(shape: Any, value: Any) -> bool:
    problems: list[str] = []
    try:
        check_of(shape)(value, "", problems)
    except ProtocolError:
        return False
    return not problems


def mutates(operation: str) -> bool:
    return not operation.startswith(READS)


def places() -> Iterator[Place]:
    """Every place of every operation that is offered."""
    for name, operation in sorted(OFFERED):
        shape = model_of(name).model.operation_model(operation).input_shape
        for path, text in _texts(shape, (), ()) if shape is not None else ():
            yield Place(name, operation, path, text)


def requests(service: str, operation: str, own: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Requests with what is required: one for each value of a member that takes one of a fixed set.

    Where nothing is required, one that names something of the caller's own, and one that does not.
    """
    shape: Any = model_of(service).model.operation_model(operation).input_shape
    if shape is None:
        yield {}
        return
    made = _structure(shape, (), "", own, operation)
    if not made and (named := [name for name in shape.members if name in own]):
        name = named[0]
        yield {name: _value(shape.members[name], name, None, "", own, operation), **NEEDED.get(operation, {})}
    made = {**NEEDED.get(operation, {}), **_group(shape, own), **made, **FIXED.get(operation, {})}
    yield made
    for member in shape.required_members:
        for other in shape.members[member].enum if shape.members[member].type_name == "string" else ():
            if other != made[member]:
                yield {**made, member: other}


def request(place: Place, value: str, own: Mapping[str, Any]) -> dict[str, Any]:
    """The request that puts a value into a place.

    Args:
        place: Which.
        value: What goes there.
        own: What fills the members that are required beside it, by their names; `new` is a name for something new.
    """
    shape = model_of(place.service).model.operation_model(place.operation).input_shape
    beside = {} if place.path[0] in GROUP else _group(shape, own)
    return {**NEEDED.get(place.operation, {}), **beside, **_structure(shape, place.path, value, own, place.operation)}


def _group(shape: Any, own: Mapping[str, Any]) -> dict[str, Any]:
    """The group that an operation is about, which its model does not require, since it has two names for it."""
    return {"Group": own["Group"]} if shape is not None and set(GROUP) <= set(shape.members) and "Group" in own else {}


def _texts(shape: Any, path: Path, within: tuple[str, ...]) -> Iterator[tuple[Path, Any]]:
    kind = shape.type_name
    if kind == "structure" and shape.name not in within:
        for name, member in shape.members.items():
            yield from _texts(member, (*path, name), (*within, shape.name))
    elif kind == "list":
        yield from _texts(shape.member, (*path, ITEM), within)
    elif kind == "map":
        yield from _texts(shape.value, (*path, VALUE), within)
    elif kind == "string" and not shape.enum:
        yield path, shape


def _structure(shape: Any, path: Path, value: str, own: Mapping[str, Any], operation: str) -> dict[str, Any]:
    chosen = path[0] if path else None
    return {
        name: _value(member, name, path[1:] if name == chosen else None, value, own, operation)
        for name, member in shape.members.items()
        if name == chosen or name in shape.required_members
    }


def _value(shape: Any, member: str, path: Path | None, value: str, own: Mapping[str, Any], operation: str) -> Any:
    kind = shape.type_name
    if kind == "structure":
        return _structure(shape, path or (), value, own, operation)
    if kind == "list":
        return [_value(shape.member, member, path[1:] if path else None, value, own, operation)]
    if kind == "map":
        key = next(key for key in ("mine", "k") if fits(shape.key, key)) if not shape.key.enum else shape.key.enum[0]
        return {key: _value(shape.value, member, path[1:] if path else None, value, own, operation)}
    if path == ():
        return value
    if kind == "timestamp":
        return datetime.now(UTC)
    if kind in ("integer", "long", "float", "double"):
        return type(1 if kind in ("integer", "long") else 1.0)(shape.metadata.get("min", 1))
    if kind == "boolean":
        return False
    if kind == "blob":
        return b"mine"
    if operation == f"Create{member.removesuffix('Name')}" or (operation, member) == ("CreateGroup", "Name"):
        return own["new"]
    candidates = [own[member]] if member in own else []
    candidates += [*shape.enum, *TEXTS, own["ResourceArn"], own["RoleArn"]]
    for candidate in candidates:
        if fits(shape, candidate):
            return candidate
    raise AssertionError(f"nothing fits {operation}'s {member} ({shape.metadata}); add a text to TEXTS")

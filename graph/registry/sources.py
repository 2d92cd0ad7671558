"""What a model package's SourceUri names, where that is a package or a model: it gives the inference specification."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import orjson

from graph import arns
from graph.commands import Place
from graph.entities import State
from graph.errors import NotFoundError
from graph.registry import names

MODEL = "model"
COPIED = ("ContainerHostname", "Image", "ModelDataUrl", "ModelDataSource", "Environment")
"""Members that the containers of models and of packages have in common."""


class Source(NamedTuple):
    """The own ARN of a package or model, and its lineage ARN."""

    resource: str
    arn: str


def source_of(place: Place, request: Mapping[str, Any]) -> Source | None:
    """The package or model that a request's SourceUri names; None when it names something else.

    Raises:
        InvalidError: it is the ARN of no package.
        NotFoundError: it is another account's.
    """
    uri = (request.get("SourceUri") or "").lower()
    family = uri.split(":", 5)[5].partition("/")[0] if uri.startswith("arn:") and uri.count(":") >= 5 else ""
    if family == names.PACKAGE:
        named = names.package(place, uri)
        return Source(names.package_resource(place, named), names.package_arn(place, named))
    if family != MODEL:
        return None
    arn = arns.parse(uri)
    if arn.account != place.account or arn.region != place.region:
        raise NotFoundError(f"Could not find model {arn}.")
    return Source(str(arn), place.arn(f"artifact/{arns.artifact_id(str(arn), [])}"))


def inference(source: Source, state: State | None) -> dict[str, Any] | None:
    """The inference specification of a source; None when it has none.

    Raises:
        NotFoundError: the source is not there.
    """
    if state is None or state.get("resource_arn") != source.resource:
        kind = "Could not find model {}." if f":{MODEL}/" in source.resource else "ModelPackage {} does not exist."
        raise NotFoundError(kind.format(source.resource))
    held: dict[str, Any] = orjson.loads(state.get("specification") or "{}")
    if f":{MODEL}/" not in source.resource:
        return held.get("InferenceSpecification")
    containers = [
        {name: container[name] for name in COPIED if name in container}
        for container in [
            *([held["PrimaryContainer"]] if "PrimaryContainer" in held else []),
            *held.get("Containers", ()),
        ]
        if container.get("Image")
    ]
    return {"Containers": containers} if containers else None

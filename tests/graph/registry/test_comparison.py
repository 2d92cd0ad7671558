"""Two versions side by side: metrics, parameters, data, features and lineage."""

from pathlib import Path
from typing import Any

import orjson

from graph import commands, jobs
from graph.artifacts import ArtifactStore
from graph.entities import Status
from graph.jobs import File, JobKind
from graph.metrics import Point
from graph.registry.comparison import Comparison, Difference, compare
from graph.times import now_ms
from tests.graph.registry.test_versions import IMAGE, Registry, registry

__all__ = ["registry"]


def statistics(**features: str) -> bytes:
    return orjson.dumps({"version": 0, "features": [{"name": n, "inferred_type": t} for n, t in features.items()]})


async def trained(
    registry: Registry,
    name: str,
    table: str,
    depth: str,
    loss: float,
    store: ArtifactStore,
    auc: float,
    **features: str,
) -> None:
    """A job that made model data of a table, and a version of that data with files of metrics."""
    place, data = registry.place, f"s3://b/{name}/model.tar.gz"
    read = File("train", table, source_types=(("S3ETag", f"{name}-rows"),))
    await registry.write(*jobs.create(place, JobKind.TRAINING, name, specification="{}", inputs=[read]))
    output = File("model", data, "Model", source_types=(("S3ETag", name),))
    await registry.write(*jobs.report(place, JobKind.TRAINING, name, Status.COMPLETED, outputs=[output]))
    component = jobs.component_arn(place, JobKind.TRAINING, name)
    kind = (await registry.catalog.entity(registry.account, component)).kind
    await registry.write(commands.update(component, kind, parameters={"depth": {"number": depth}}))
    await registry.catalog.put_metrics(registry.writer, component, [Point("loss", loss, now_ms())])
    quality = orjson.dumps({"binary_classification_metrics": {"auc": {"value": auc, "standard_deviation": 0.1}}})
    uris = [store.put(quality, "quality.json").uri, store.put(statistics(**features), "statistics.json").uri]
    request: dict[str, Any] = {
        "InferenceSpecification": {"Containers": [{"Image": IMAGE, "ModelDataUrl": data}]},
        "ModelMetrics": {
            "ModelQuality": {"Statistics": {"ContentType": "application/json", "S3Uri": uris[0]}},
            "ModelDataQuality": {"Statistics": {"ContentType": "application/json", "S3Uri": uris[1]}},
        },
    }
    await registry.register(request=request)


async def compared(registry: Registry, store: ArtifactStore) -> Comparison:
    a, b = [await registry.version("churn", number) for number in ("1", "2")]
    return await compare(registry.catalog.store, registry.place, store, a, b, await registry.now())


async def test_two_versions_are_held_side_by_side(registry: Registry, tmp_path: Path) -> None:
    store = ArtifactStore(tmp_path)
    await registry.group()
    await trained(registry, "old", "s3://b/june", "3", 0.5, store, 0.81, age="Integral", city="String")
    await trained(registry, "new", "s3://b/july", "5", 0.25, store, 0.86, age="Integral", plan="String")
    found = await compared(registry, store)
    assert found.metrics == [Difference("auc", "0.81", "0.86"), Difference("loss", "0.5", "0.25")]
    assert [(one.name, one.a, one.b) for one in found.parameters] == [("depth", "3", "5")]
    assert {one.name: (one.a, one.b) for one in found.data} == {
        "s3://b/june": ("old-rows", None),
        "s3://b/july": (None, "new-rows"),
        "s3://b/old/model.tar.gz": ("old", None),
        "s3://b/new/model.tar.gz": (None, "new"),
        IMAGE: ("", ""),
    }
    assert [(one.name, one.a, one.b, one.same) for one in found.features] == [
        ("age", "Integral", "Integral", True),
        ("city", "String", None, False),
        ("plan", None, "String", False),
    ]
    names = [{entity.source_uri or entity.name for entity in only} for only in (found.only_a, found.only_b)]
    assert {"s3://b/june", "s3://b/old/model.tar.gz"} <= names[0]
    assert {"s3://b/july", "s3://b/new/model.tar.gz"} <= names[1]
    assert not names[0] & names[1]
    assert not found.truncated


async def test_what_is_not_held_is_not_read_and_a_version_is_like_itself(registry: Registry, tmp_path: Path) -> None:
    await registry.group()
    await registry.register()
    await registry.register()
    found = await compared(registry, ArtifactStore(tmp_path))
    assert found.metrics == found.parameters == found.features == []
    assert all(one.same for one in found.data)
    assert found.only_a == found.only_b == []
    first = await registry.version("churn", "1")
    same = await compare(
        registry.catalog.store, registry.place, ArtifactStore(tmp_path), first, first, await registry.now()
    )
    assert same.only_a == []


async def test_a_file_that_is_no_json_says_nothing(registry: Registry, tmp_path: Path) -> None:
    store = ArtifactStore(tmp_path)
    uri = store.put(b"{not json", "quality.json").uri
    await registry.group()
    request = {
        "InferenceSpecification": {"Containers": [{"Image": IMAGE, "ModelDataUrl": "s3://b/m"}]},
        "ModelMetrics": {"ModelQuality": {"Statistics": {"ContentType": "application/json", "S3Uri": uri}}},
    }
    for _ in range(2):
        await registry.register(request=request)
    assert (await compared(registry, store)).metrics == []

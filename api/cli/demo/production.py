"""How the demonstration's model comes into production: registered under gates, approved, deployed."""

from typing import Any, NamedTuple

from api.cli.call import Session
from graph.commands import create_artifact
from graph.entities import Approval
from graph.errors import NotFoundError
from graph.hosting import endpoints, names, records
from graph.hosting.names import Hosted
from graph.hosting.variants import held
from graph.registry import groups, lists
from graph.registry.amending import amend
from graph.registry.gates import Bound, set_gates
from graph.registry.versions import register

GROUP = "employment"
GATES = (Bound("auc", at_least=0.85),)


class Production(NamedTuple):
    """What runs: lineage ARNs of the version, its deployment and the endpoint, and the version as `employment/1`."""

    version: str
    deployment: str
    endpoint: str
    name: str


async def produce(session: Session, data: str, metrics: str, digest: str) -> Production:
    """Register model data with its metrics, approve it under the gates of its group, and let an endpoint run it.

    Done again with the same files, it changes nothing.

    Args:
        session: Where.
        data: The URI of the model data.
        metrics: The URI of its evaluation.
        digest: The SHA-256 of the model data.
    """
    place, store = session.place, session.catalog.store
    await session.write([groups.create(place, GROUP, exclusive=False)], "demo")
    await session.write([set_gates(place, GROUP, bounds=GATES, violations_since=0)], "demo")
    request = {
        "ModelPackageDescription": "who is employed, from the census of 2015",
        "InferenceSpecification": {"Containers": [{"ModelDataUrl": data}]},
        "ModelMetrics": {"ModelQuality": {"Statistics": {"ContentType": "application/json", "S3Uri": metrics}}},
    }
    command = register(place, request, group=GROUP)
    made = await session.catalog.write(session.caller, [command], operation="demo", request_id=f"{GROUP}-{digest}")
    assert made.sequence is not None  # whether it was done now or before
    (own,) = await lists.registered(store, session.account, made.sequence)
    await session.write([amend(place, own, approval=Approval.APPROVED)], "demo")
    name = f"{GROUP}-{digest[:12]}"
    await _hosted(session, Hosted.MODEL, name, {"PrimaryContainer": {"ModelPackageName": own}})
    variant = {"VariantName": "main", "ModelName": name, "InitialInstanceCount": 1, "InstanceType": "ml.m5.large"}
    await _hosted(session, Hosted.CONFIG, name, {"ProductionVariants": [variant]})
    try:
        await records.find(store, place, Hosted.ENDPOINT, GROUP, await session.catalog.moment(session.account))
    except NotFoundError:
        await session.write([await endpoints.create(store, place, GROUP, name)], "demo")
    else:
        await session.write([await endpoints.update(store, place, GROUP, name)], "demo")
    endpoint = await session.catalog.entity(session.account, names.lineage(place, Hosted.ENDPOINT, GROUP))
    (running,) = held(endpoint.specification)
    return Production(
        create_artifact(place, own).arn, running.deployment, endpoint.arn, own.split(":", 5)[5].partition("/")[2]
    )


async def _hosted(session: Session, kind: Hosted, name: str, request: dict[str, Any]) -> None:
    """A model or a configuration of a name, which is made when there is none."""
    place = session.place
    try:
        await records.find(session.catalog.store, place, kind, name, await session.catalog.moment(session.account))
    except NotFoundError:
        await session.write([records.create(place, kind, name, request)], "demo")

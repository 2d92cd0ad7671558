"""The model that an analysis asks: found by its name, brought to this host, or spoken to at its endpoint's address."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import orjson

from graph import history
from graph.catalog import Catalog
from graph.commands import Place
from graph.entities import Entity
from graph.errors import InvalidError, NotFoundError
from graph.hosting import names as hosting
from graph.hosting import records
from graph.hosting.endpoints import ADDRESS
from graph.hosting.names import Hosted
from graph.reach import Policy
from graph.registry import names as registry
from monitors.processing import shadows
from monitors.processing.clarify.questions import asks_model, columns
from monitors.processing.inputs import Prepared, fetch_all
from monitors.processing.processes import Limits
from monitors.processing.sources import Bucket

PACKAGE = ":model-package/"


@contextlib.asynccontextmanager
async def answering(
    catalog: Catalog,
    account: str,
    policy: Policy,
    serving: shadows.Serving,
    prepared: Prepared,
    bucket: Bucket,
    folder: Path,
    limits: Limits,
) -> AsyncIterator[Prepared]:
    """What is to be computed, with the model that it asks, if it asks one, answering until the context ends.

    Raises:
        NotFoundError: there is no such model.
        InvalidError: it can't be served.
        ForbiddenError: the account may not touch it, or its loader is not allowed.
    """
    plan = prepared.plan
    document = plan.config
    # What a model said of captured records was captured.
    if document is None or not asks_model(document, captured=plan.window is not None):
        yield prepared
        return
    headers = [str(name) for name in document.get("headers") or ()]
    features = columns(document, headers).features if headers else ()
    asked = await find(catalog, account, policy, document.get("predictor") or {}, features, bucket, folder)
    if asked.hosted is None:
        predictor = {"url": asked.url, "networks": policy.networks(account)}
        yield replace(prepared, plan=replace(plan, predictor=predictor), models=asked.arns)
        return
    async with shadows.shadow(asked.hosted, serving, limits, folder) as url:
        yield replace(prepared, plan=replace(plan, predictor={"url": url, "networks": []}), models=asked.arns)


@dataclass(frozen=True, slots=True)
class Asked:
    """A model that is asked.

    Attributes:
        arns: of the model, or of the endpoint, in the lineage.
        hosted: what is served for the run; None where it is served already.
        url: where it is served already.
    """

    arns: tuple[str, ...]
    hosted: shadows.Hosted | None = None
    url: str | None = None


async def find(
    catalog: Catalog,
    account: str,
    policy: Policy,
    predictor: Mapping[str, Any],
    features: tuple[str, ...],
    bucket: Bucket,
    folder: Path,
) -> Asked:
    """The model of a configuration's `predictor`.

    Args:
        catalog: The graph.
        account: Whose.
        policy: What the account may touch.
        predictor: With `model_name` (of CreateModel, or the ARN of a model package) or `endpoint_name`.
        features: What its features are called.
        bucket: What the account may touch in S3.
        folder: Where its files are brought.

    Raises:
        NotFoundError: there is none, or its model data is not there.
        InvalidError: it has no model data, or an endpoint no address.
        ForbiddenError: the account may not touch it.
    """
    place = catalog.place(account)
    if name := predictor.get("endpoint_name"):
        return await _endpoint(catalog, place, policy, name)
    name = predictor["model_name"]
    entity = await _model(catalog, place, name)
    container = _container(entity, name)
    arns = [entity.arn]
    if package := container.get("ModelPackageName"):
        version = await _package(catalog, place, package)
        arns.append(version.arn)
        container = {
            **_container(version, package),
            **{key: container[key] for key in ("Environment",) if key in container},
        }
    uri = container.get("ModelDataUrl") or container.get("ModelDataSource", {}).get("S3DataSource", {}).get("S3Uri")
    if not uri:
        raise InvalidError(
            f"the model {name} has no ModelDataUrl, so there is nothing that could be served", path="ModelDataUrl"
        )
    here = folder / "model-data"
    fetched = await asyncio.to_thread(fetch_all, bucket, uri, here, f"the model data of {name}")
    archive = fetched[0].path if len(fetched) == 1 else here
    hosted = shadows.Hosted(name, container.get("Image", ""), container.get("Environment", {}), archive, features)
    return Asked(tuple(arns), hosted)


async def _endpoint(catalog: Catalog, place: Place, policy: Policy, name: str) -> Asked:
    found = await records.find(catalog.store, place, Hosted.ENDPOINT, name, await catalog.moment(place.account))
    address = (found.tags or {}).get(ADDRESS) or orjson.loads(found.specification or "{}").get("Address")
    if not address:
        raise InvalidError(
            f"the endpoint {name} has no address: tag it {ADDRESS}=http://host:port, where its model answers",
            path="predictor",
        )
    policy.outbound(place.account, address)
    return Asked((found.arn,), url=address)


async def _model(catalog: Catalog, place: Place, name: str) -> Entity:
    if PACKAGE in name:
        return await _package(catalog, place, name)
    named = hosting.named(place, Hosted.MODEL, name)
    return await records.find(catalog.store, place, Hosted.MODEL, named, await catalog.moment(place.account))


async def _package(catalog: Catalog, place: Place, text: str) -> Entity:
    package = registry.package(place, text)
    arn = registry.package_arn(place, package)
    when = await catalog.moment(place.account)
    found = (await history.entities(catalog.store, place.account, [arn], when)).get(arn)
    if found is None or found.resource_arn != registry.package_resource(place, package):
        raise NotFoundError(f"ModelPackage {text} does not exist.")
    return found


def _container(entity: Entity, name: str) -> Mapping[str, Any]:
    """The first container of a model or a model package: the one that answers."""
    request = orjson.loads(entity.specification or "{}")
    found = records.containers(request) or request.get("InferenceSpecification", {}).get("Containers", [])
    if not found:
        raise InvalidError(f"the model {name} has no container", path="Containers")
    if len(found) > 1:
        raise InvalidError(
            f"the model {name} is a pipeline of {len(found)} containers; one can be served for a run", path="Containers"
        )
    container: Mapping[str, Any] = found[0]
    return container

"""Changes of endpoints: each looks at what it is to run, and gives the command that lets it run."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

import orjson

from graph import history, limits
from graph.commands import Place
from graph.entities import Entity
from graph.errors import ConflictError, InvalidError
from graph.hosting import names, records, variants
from graph.hosting.deployments import Deploy
from graph.hosting.names import Hosted
from graph.hosting.variants import Evidence, Variant
from graph.store.store import Store
from graph.times import Moment, from_ms

ADDRESS = "stemma:address"
"""The tag of an endpoint whose value is the address where a self-hosted model answers."""
REPEATED = (
    *("DataCaptureConfig", "AsyncInferenceConfig", "ExplainerConfig", "MetricsConfig", "CrossRegionTrafficConfig"),
    *("ExecutionRoleArn", "KmsKeyId"),
)
"""What an endpoint takes over from its configuration beside the variants."""
CHANGES = 100


async def create(
    store: Store,
    place: Place,
    name: str,
    configuration: str,
    *,
    deployment: Mapping[str, Any] | None = None,
    tags: Mapping[str, str] | None = None,
) -> Deploy:
    """A new endpoint that runs what a configuration says.

    Args:
        store: Where to look.
        place: Where ARNs are made.
        name: Its name.
        configuration: The configuration's name.
        deployment: SageMaker's DeploymentConfig, kept as it is.
        tags: Its tags; `stemma:address` says where a self-hosted model answers.

    Raises:
        InvalidError: a field does not fit.
        NotFoundError: the configuration, a model or its version is not there.
        ConflictError: a version is not approved.
    """
    names.checked(name, "endpointName")
    when = await history.moment(store, place.account)
    request, wanted, seen = await _configured(store, place, configuration, when)
    request |= {} if deployment is None else {"DeploymentConfig": deployment}
    if address := (tags or {}).get(ADDRESS):
        request["Address"] = address
    request["EndpointName"] = name
    if tags is not None:
        limits.tags(tags)
    return Deploy(place, name, request, tuple(wanted), seen, None, "Create", tags=tags)


async def update(
    store: Store,
    place: Place,
    name: str,
    configuration: str,
    *,
    retain: bool = False,
    renewed: Collection[str] = (),
    deployment: Mapping[str, Any] | None = None,
    retain_deployment: bool = False,
) -> Deploy:
    """An endpoint that runs what another configuration says.

    Args:
        store: Where to look.
        place: Where ARNs are made.
        name: Its name.
        configuration: The configuration's name.
        retain: Whether variants keep the weights, counts and data capture that they have now.
        renewed: Which of `DesiredWeight`, `DesiredInstanceCount`, `DataCaptureConfig` they do not keep.
        deployment: SageMaker's DeploymentConfig.
        retain_deployment: Whether the last one is kept.

    Raises:
        NotFoundError: the endpoint, the configuration, a model or its version is not there.
        ConflictError: a version is not approved.
    """
    when = await history.moment(store, place.account)
    held = await records.find(store, place, Hosted.ENDPOINT, name, when)
    before = orjson.loads(held.specification or "{}")
    request, wanted, seen = await _configured(store, place, configuration, when)
    request["EndpointName"] = records.shown_name(held)
    if address := (held.tags or {}).get(ADDRESS):
        request["Address"] = address
    kept = before.get("DeploymentConfig") if retain_deployment else deployment
    request |= {} if kept is None else {"DeploymentConfig": kept}
    if retain:
        now = {variant.name: variant for variant in variants.held(held.specification)}
        wanted = [_retained(variant, now.get(variant.name), renewed) for variant in wanted]
        if "DataCaptureConfig" not in renewed:
            request.pop("DataCaptureConfig", None)
            request |= {key: before[key] for key in ("DataCaptureConfig",) if key in before}
    return Deploy(place, request["EndpointName"], request, tuple(wanted), seen, held.specification, "Update")


async def reweigh(store: Store, place: Place, name: str, changes: Mapping[str, Mapping[str, Any]]) -> Deploy:
    """An endpoint whose variants get other weights or capacities: `{"blue": {"DesiredWeight": 0.2}}`.

    Raises:
        NotFoundError: the endpoint, or what it runs, is not there.
        InvalidError: it has no such variant.
    """
    when = await history.moment(store, place.account)
    held = await records.find(store, place, Hosted.ENDPOINT, name, when)
    now = variants.held(held.specification)
    if unknown := sorted(changes.keys() - {variant.name for variant in now}):
        known = ", ".join(variant.name for variant in now)
        raise InvalidError(
            f'The variant name(s) "{", ".join(unknown)}" is/are not present within endpoint configuration of endpoint '
            f'"{held.resource_arn}"; it has {known}.',
            path="DesiredWeightsAndCapacities",
            constraint="variants of the endpoint",
        )
    wanted = []
    for variant in now:
        asked = changes.get(variant.name, {})
        serverless = asked.get("ServerlessUpdateConfig")
        wanted.append(
            replace(
                variant,
                weight=float(asked.get("DesiredWeight", variant.weight)),
                count=asked.get("DesiredInstanceCount", variant.count),
                serverless=variant.serverless if serverless is None else {**(variant.serverless or {}), **serverless},
            )
        )
    seen = await variants.running(store, place, now, when)
    return _again(place, held, held, wanted, seen, "Weights")


async def rollback(
    store: Store, place: Place, name: str, *, at: int | None = None, reason: str | None = None
) -> Deploy:
    """An endpoint that runs again what it ran before its models changed last, or at a given time.

    What is rolled back stays in the history, and may be rolled back in turn.

    Args:
        store: Where to look.
        place: Where ARNs are made.
        name: Its name.
        at: A time, epoch milliseconds, whose variants are wanted.
        reason: Why; kept with the deployments that begin.

    Raises:
        NotFoundError: the endpoint is not there, was not there then, or a model of it no longer is.
        ConflictError: it never ran other models, or a version is no longer approved.
    """
    if reason is not None:
        limits.text(reason, "reason", maximum=1024)
    when = await history.moment(store, place.account)
    held = await records.find(store, place, Hosted.ENDPOINT, name, when)
    if at is None:
        earlier = await _before(store, place, held, when)
    else:
        earlier = await records.find(store, place, Hosted.ENDPOINT, name, Moment(at, when.known, when.sequence))
    wanted = variants.held(earlier.specification)
    made, seen = await variants.resolved(store, place, wanted, when)
    for before, after in zip(wanted, made, strict=True):
        if before.content != after.content:
            raise ConflictError(f"the model {before.model} was made anew since; what ran then is there no longer")
    return replace(_again(place, held, earlier, made, seen, "Rollback"), reason=reason or None)


async def _before(store: Store, place: Place, held: Entity, when: Moment) -> Entity:
    """The endpoint as it was before it ran the models that it runs now."""
    now = _contents(held)
    before: str | None = None
    while True:
        changes = await history.changes(store, place.account, held.arn, when.known, first=CHANGES, before=before)
        for change in changes:
            if change.after is None or change.after.resource_arn is None:
                continue
            if change.valid_from < held.created_at:
                break
            if _contents(change.after) != now:
                return change.after
        if len(changes) < CHANGES or changes[-1].valid_from < held.created_at:
            raise ConflictError(
                f"{held.resource_arn} runs what it has run since {from_ms(held.created_at).isoformat()}; "
                "there is nothing to roll back to"
            )
        before = changes[-1].key


def _again(place: Place, held: Entity, told: Entity, wanted: Sequence[Variant], seen: Evidence, cause: str) -> Deploy:
    """An endpoint that runs given variants as it was told once."""
    request = orjson.loads(told.specification or "{}")
    request.pop("Variants", None)
    return Deploy(place, records.shown_name(held), request, tuple(wanted), seen, held.specification, cause)


async def _configured(
    store: Store, place: Place, name: str, when: Moment
) -> tuple[dict[str, Any], list[Variant], Evidence]:
    """What a configuration says, its variants, and what was looked at."""
    found = await records.find(store, place, Hosted.CONFIG, name, when)
    said = orjson.loads(found.specification or "{}")
    request = {key: said[key] for key in REPEATED if key in said}
    request["EndpointConfigName"] = records.shown_name(found)
    wanted, seen = await variants.resolved(store, place, variants.asked(said), when)
    return request, wanted, Evidence({**seen.states, found.arn: (found.specification, None)}, seen.approvals)


def _retained(wanted: Variant, now: Variant | None, renewed: Collection[str]) -> Variant:
    if now is None:
        return wanted
    return replace(
        wanted,
        weight=wanted.weight if "DesiredWeight" in renewed else now.weight,
        count=wanted.count if "DesiredInstanceCount" in renewed else now.count,
    )


def _contents(endpoint: Entity) -> dict[str, tuple[Any, ...]]:
    return {variant.name: variant.content for variant in variants.held(endpoint.specification)}

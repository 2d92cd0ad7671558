"""Variants of endpoints: what each runs, from whom and by whose approval, and whether two run the same."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import orjson

from graph import history
from graph.commands import Place, create_artifact
from graph.entities import Approval, Entity, State
from graph.hosting import names, records
from graph.hosting.names import Hosted
from graph.registry import names as registry
from graph.registry.decisions import in_force
from graph.store.store import Store
from graph.times import Moment


@dataclass(frozen=True, slots=True)
class Variant:
    """A part of an endpoint that answers with one model.

    Attributes:
        name: as it was given.
        model: the model's name; None where the variant waits for components of its own.
        created: when that model was made, epoch milliseconds: another one of its name is another model.
        versions: own ARNs of the model packages that it was made from.
        images: the container images.
        settings: what else the configuration says of it.
        shadow: whether it only gets copies of requests.
        deployment: the lineage ARN of the action that says since when it runs so.
    """

    name: str
    model: str | None = None
    created: int | None = None
    versions: tuple[str, ...] = ()
    images: tuple[str, ...] = ()
    weight: float = 1.0
    count: int | None = None
    serverless: Mapping[str, Any] | None = None
    settings: Mapping[str, Any] | None = None
    shadow: bool = False
    deployment: str = ""

    @property
    def content(self) -> tuple[Any, ...]:
        """What answers, whatever its capacity."""
        return (self.model and self.model.lower(), self.created, self.versions)

    def same(self, other: "Variant") -> bool:
        """Whether both are the same in everything."""
        return replace(self, deployment="") == replace(other, deployment="")

    def kept(self) -> dict[str, Any]:
        """As the endpoint's specification keeps it."""
        found = {
            "VariantName": self.name,
            "ModelName": self.model,
            "ModelCreated": self.created,
            "Versions": list(self.versions),
            "Images": list(self.images),
            "Weight": self.weight,
            "Count": self.count,
            "Serverless": self.serverless,
            "Settings": self.settings,
            "Shadow": self.shadow,
            "Deployment": self.deployment,
        }
        return {
            name: value for name, value in found.items() if value is not None and value is not False and value != []
        }


def read(kept: Mapping[str, Any]) -> Variant:
    """A variant from an endpoint's specification."""
    return Variant(
        kept["VariantName"],
        kept.get("ModelName"),
        kept.get("ModelCreated"),
        tuple(kept.get("Versions", ())),
        tuple(kept.get("Images", ())),
        kept["Weight"],
        kept.get("Count"),
        kept.get("Serverless"),
        kept.get("Settings"),
        kept.get("Shadow", False),
        kept["Deployment"],
    )


def held(specification: str | None) -> list[Variant]:
    """The variants of an endpoint, from the text of its specification."""
    return [read(item) for item in orjson.loads(specification or "{}").get("Variants", ())]


def asked(configuration: Mapping[str, Any]) -> list[Variant]:
    """The variants that an endpoint configuration asks for, without what their models are."""
    found = []
    for member in ("ProductionVariants", "ShadowProductionVariants"):
        for item in configuration.get(member, ()):
            told = ("VariantName", "ModelName", "InitialVariantWeight", "InitialInstanceCount", "ServerlessConfig")
            found.append(
                Variant(
                    item["VariantName"],
                    item.get("ModelName"),
                    weight=float(item.get("InitialVariantWeight", 1.0)),
                    count=item.get("InitialInstanceCount"),
                    serverless=item.get("ServerlessConfig"),
                    settings={key: value for key, value in item.items() if key not in told} or None,
                    shadow=member != "ProductionVariants",
                )
            )
    return found


@dataclass(frozen=True, slots=True)
class Evidence:
    """What was looked at for a deployment, so that the write can tell whether it still holds.

    Attributes:
        states: specification and approval by lineage ARN.
        approvals: the approval action in force, by the version's own ARN.
    """

    states: Mapping[str, tuple[str | None, str | None]]
    approvals: Mapping[str, str]

    def holds(self, arn: str, state: State | None) -> bool:
        """Whether an entity is as it was seen."""
        return state is not None and (state.get("specification"), state.get("approval")) == self.states[arn]


async def resolved(
    store: Store, place: Place, wanted: Sequence[Variant], when: Moment
) -> tuple[list[Variant], Evidence]:
    """Variants with what their models are now, and what was looked at.

    Raises:
        NotFoundError: a model, or a model package that one was made from, is not there.
        ConflictError: such a package is a version which is not approved.
    """
    models = {variant.model: names.lineage(place, Hosted.MODEL, variant.model) for variant in wanted if variant.model}
    found = await history.entities(store, place.account, list(models.values()), when)
    requests: dict[str, dict[str, Any]] = {}
    for name, arn in models.items():
        if arn not in found or found[arn].resource_arn != names.resource(place, Hosted.MODEL, name):
            raise names.missing(place, Hosted.MODEL, name)
        requests[name] = orjson.loads(found[arn].specification or "{}")
    packages = {name: records.packages(place, request) for name, request in requests.items()}
    arns = {package: registry.package_arn(place, package) for made in packages.values() for package in made}
    versions = await history.entities(store, place.account, list(arns.values()), when)
    approvals: dict[str, str] = {}
    for package, arn in arns.items():
        own = registry.package_resource(place, package)
        entity = versions.get(arn)
        state = None if entity is None else {"resource_arn": entity.resource_arn, "approval": entity.approval}
        records.approved(state, own)
        if entity is not None and entity.approval is not None:
            action = await in_force(store, place.account, arn, when)
            approvals |= {} if action is None else {own: action.arn}
    states = _states({**found, **versions})
    made = []
    for variant in wanted:
        if variant.model is None:
            made.append(variant)
            continue
        request, entity = requests[variant.model], found[models[variant.model]]
        images = [image for container in records.containers(request) if (image := container.get("Image"))]
        for package in packages[variant.model]:
            images += _images(versions[arns[package]])
        made.append(
            replace(
                variant,
                model=entity.name,
                created=entity.created_at,
                versions=tuple(registry.package_resource(place, package) for package in packages[variant.model]),
                images=tuple(dict.fromkeys(images)),
            )
        )
    return made, Evidence(states, approvals)


async def running(store: Store, place: Place, held: Sequence[Variant], when: Moment) -> Evidence:
    """What is still there of that which variants were made from, approved or not: who runs it may always change how much."""
    arns = {own: create_artifact(place, own).arn for variant in held for own in variant.versions}
    models = [names.lineage(place, Hosted.MODEL, variant.model) for variant in held if variant.model]
    found = await history.entities(store, place.account, [*models, *arns.values()], when)
    approvals: dict[str, str] = {}
    for own, arn in arns.items():
        if arn in found and found[arn].approval == Approval.APPROVED:
            action = await in_force(store, place.account, arn, when)
            approvals |= {} if action is None else {own: action.arn}
    return Evidence(_states(found), approvals)


def _states(found: Mapping[str, Entity]) -> dict[str, tuple[str | None, str | None]]:
    return {
        arn: (entity.specification, None if entity.approval is None else entity.approval.value)
        for arn, entity in found.items()
    }


def _images(version: Entity) -> list[str]:
    request = orjson.loads(version.specification or "{}")
    return [
        image
        for container in request.get("InferenceSpecification", {}).get("Containers", ())
        if (image := container.get("Image"))
    ]

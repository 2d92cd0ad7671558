"""Hosting objects as entities: looked up, created and deleted; what models are made of."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from graph import history, limits
from graph.associations import AssociationType
from graph.changes import Applied, Put
from graph.commands import Place, create_artifact, create_named
from graph.drafts import Draft
from graph.entities import Approval, Entity, State
from graph.errors import AlreadyExistsError, ConflictError, NotFoundError
from graph.hosting import names
from graph.hosting.names import Hosted
from graph.registry import names as registry
from graph.registry import parts
from graph.registry.approvals import SHOWN
from graph.registry.names import Package
from graph.store.store import Store
from graph.times import Moment
from graph.working import Needs

CONTRIBUTED, ASSOCIATED = AssociationType.CONTRIBUTED_TO.value, AssociationType.ASSOCIATED_WITH.value


@dataclass(frozen=True, slots=True)
class Create:
    """Make a model or an endpoint configuration; made by `create`."""

    place: Place
    hosted: Hosted
    name: str
    put: Put
    request: Mapping[str, Any]

    def needs(self, needs: Needs) -> None:
        """It, and what a model is made of."""
        self.put.needs(needs)
        needs.incident.add(self.put.arn)
        if self.hosted is Hosted.MODEL:
            for part in _parts(self.place, self.request):
                part.needs(needs)
            for package in packages(self.place, self.request):
                needs.entity(registry.package_arn(self.place, package), None)
        for model in models(self.request):
            needs.entity(names.lineage(self.place, Hosted.MODEL, model), None)

    def apply(self, draft: Draft) -> Applied:
        """Make it, with its lineage.

        Raises:
            AlreadyExistsError: there is one of this name.
            NotFoundError: a model package that it is made from, or a model that it names, is not there.
            ConflictError: that package is a version which is not approved.
        """
        begin(draft, self.place, self.hosted, self.name, self.put)
        for model in models(self.request):
            held(draft, self.place, Hosted.MODEL, model)
        if self.hosted is Hosted.MODEL:
            sources = [arn for part in _parts(self.place, self.request) for arn in part.apply(draft)]
            for package in packages(self.place, self.request):
                arn = registry.package_arn(self.place, package)
                approved(draft.state(arn), registry.package_resource(self.place, package))
                sources.append(arn)
            for source in sources:
                draft.connect((source, CONTRIBUTED, self.put.arn), draft.now, existing={source})
        return Applied(self.put.arn, created=True)

    def payload(self) -> dict[str, Any]:
        """The state that was asked for."""
        return {"host": self.put.payload()}


def create(
    place: Place, hosted: Hosted, name: str, request: Mapping[str, Any], *, tags: Mapping[str, str] | None = None
) -> Create:
    """A new model or endpoint configuration.

    Args:
        place: Where ARNs are made.
        hosted: Which of both.
        name: Its name.
        request: What was asked for, in SageMaker's words, as Describe repeats it.
        tags: Its tags.

    Raises:
        InvalidError: a field does not fit.
        NotFoundError: a model package that it is made from is another account's.
    """
    made = Create(place, hosted, name, entity(place, hosted, name, dict(request), tags), request)
    made.needs(Needs())
    return made


def entity(
    place: Place, hosted: Hosted, name: str, specification: Mapping[str, Any], tags: Mapping[str, str] | None
) -> Put:
    """The entity of something hosted."""
    names.checked(name, f"{hosted.value}Name")
    own = names.resource(place, hosted, name)
    text = limits.specification(orjson.dumps(specification).decode())
    if hosted is Hosted.MODEL:
        return create_artifact(
            place, own, name=name, type=hosted.type, resource_arn=own, specification=text, tags=tags, exclusive=True
        )
    return create_named(
        place,
        hosted.kind,
        names.context_name(hosted, name),
        type=hosted.type,
        resource_arn=own,
        source_uri=own,
        display_name=name,
        specification=text,
        tags=tags,
        exclusive=True,
    )


def begin(draft: Draft, place: Place, hosted: Hosted, name: str, put: Put) -> None:
    """Let something hosted begin; what somebody made by hand under its lineage ARN becomes it.

    Raises:
        AlreadyExistsError: there is one of this name.
    """
    if (draft.state(put.arn) or {}).get("resource_arn") is not None:
        raise AlreadyExistsError(
            f'Cannot create already existing {hosted.shown} "{names.resource(place, hosted, name)}".'
        )
    made = {"created_at": draft.now, "created_by": draft.actor, "modified_at": draft.now, "modified_by": draft.actor}
    draft.create(put.arn, put.kind, {**put.state, **made, "account": draft.account}, draft.now)


@dataclass(frozen=True, slots=True)
class Delete:
    """Let a model or an endpoint configuration end; its associations end with it."""

    place: Place
    hosted: Hosted
    name: str

    @property
    def arn(self) -> str:
        """Its lineage ARN."""
        return names.lineage(self.place, self.hosted, self.name)

    def needs(self, needs: Needs) -> None:
        """It and all its edges."""
        needs.entity(self.arn, None)
        needs.incident.add(self.arn)

    def apply(self, draft: Draft) -> Applied:
        """End it.

        Raises:
            NotFoundError: it is not there.
        """
        held(draft, self.place, self.hosted, self.name)
        end(draft, self.arn)
        return Applied(self.arn)

    def payload(self) -> dict[str, Any]:
        """The end that was asked for."""
        return {"unhost": self.arn}


def end(draft: Draft, arn: str) -> None:
    """Let an entity end with its associations, all of which were asked for."""
    for triple in draft.touching(arn, draft.now):
        draft.disconnect(triple, draft.now)
    draft.delete(arn, draft.now)


def held(draft: Draft, place: Place, hosted: Hosted, name: str) -> State:
    """The state of something hosted.

    Raises:
        NotFoundError: there is none of this name.
    """
    state = draft.state(names.lineage(place, hosted, name))
    if state is None or state.get("resource_arn") != names.resource(place, hosted, name):
        raise names.missing(place, hosted, name)
    return state


async def find(store: Store, place: Place, hosted: Hosted, name: str, when: Moment) -> Entity:
    """Something hosted, at a moment.

    Raises:
        NotFoundError: there is none of this name.
    """
    arn = names.lineage(place, hosted, name)
    found = (await history.entities(store, place.account, [arn], when)).get(arn)
    if found is None or found.resource_arn != names.resource(place, hosted, name):
        raise names.missing(place, hosted, name)
    return found


def shown_name(found: Entity) -> str:
    """Its name as it was given."""
    return found.display_name or found.name


def containers(request: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The containers of a model's request."""
    first = request.get("PrimaryContainer")
    return [*([] if first is None else [first]), *request.get("Containers", ())]


def packages(place: Place, request: Mapping[str, Any]) -> list[Package]:
    """The model packages that a model is made from, each once.

    Raises:
        InvalidError: one is named as no package can be.
        NotFoundError: one is another account's.
    """
    wanted = [text for container in containers(request) if (text := container.get("ModelPackageName"))]
    return list(dict.fromkeys(registry.package(place, text) for text in wanted))


def models(request: Mapping[str, Any]) -> list[str]:
    """The models that an endpoint configuration names, each once."""
    variants = [*request.get("ProductionVariants", ()), *request.get("ShadowProductionVariants", ())]
    return list(dict.fromkeys(variant["ModelName"] for variant in variants if "ModelName" in variant))


def approved(state: State | None, own: str) -> None:
    """Check that a model package is there and, as the version of a group, approved.

    Raises:
        NotFoundError: it is not there.
        ConflictError: it is not approved.
    """
    if state is None or state.get("resource_arn") != own:
        raise NotFoundError(f"ModelPackage {own} does not exist.")
    approval = state.get("approval")
    # What has a number is a version, which only the registry makes and decides on.
    if (approval is not None or own.count("/") == 2) and approval != Approval.APPROVED:
        raise ConflictError(
            f"Model package {own} is {SHOWN[Approval(approval)] if approval else 'not decided on'}; only an approved version "
            "can be deployed"
        )


def _parts(place: Place, request: Mapping[str, Any]) -> list[parts.Image | parts.Data]:
    return parts.parts(place, {"InferenceSpecification": {"Containers": containers(request)}})

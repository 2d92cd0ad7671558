"""Deployments: each variant of an endpoint runs from a beginning to an end, and each has an action that says so.

The action is `IN_PROGRESS` in valid time while the variant runs so and `COMPLETED` afterwards; the approval in force, the
version and the model contributed to it, and it is associated with the endpoint while it runs.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import uuid4

import orjson

from graph import limits
from graph.changes import Applied, Put
from graph.commands import Place, create_artifact, create_named
from graph.drafts import Draft
from graph.entities import Kind, State, Status
from graph.errors import ConflictError
from graph.hosting import names, records, variants
from graph.hosting.names import Hosted
from graph.hosting.records import ASSOCIATED, CONTRIBUTED
from graph.hosting.variants import Evidence, Variant
from graph.records import present
from graph.working import Needs, Working


@dataclass(frozen=True, slots=True)
class Deploy:
    """Let an endpoint run given variants from now on; made by the functions of `graph/hosting/endpoints.py`.

    Attributes:
        request: what the endpoint's specification holds beside its variants.
        before: the text of the specification that it replaces; None for a new endpoint.
        cause: `Create`, `Update`, `Weights` or `Rollback`.
        suffix: what the names of its actions end with; the same in each attempt to write it.
    """

    place: Place
    name: str
    request: Mapping[str, Any]
    wanted: tuple[Variant, ...]
    seen: Evidence
    before: str | None
    cause: str
    reason: str | None = None
    tags: Mapping[str, str] | None = None
    suffix: str = field(default_factory=lambda: uuid4().hex[:12])

    @property
    def arn(self) -> str:
        """The endpoint's lineage ARN."""
        return names.lineage(self.place, Hosted.ENDPOINT, self.name)

    @property
    def resource(self) -> str:
        """The endpoint's own ARN."""
        return names.resource(self.place, Hosted.ENDPOINT, self.name)

    def needs(self, needs: Needs) -> None:
        """The endpoint with its edges, and all that was looked at."""
        needs.entity(self.arn, None)
        needs.incident.add(self.arn)
        needs.resources.add(self.resource)
        for arn in (*self.seen.states, *self.seen.approvals.values()):
            needs.entity(arn, None)

    def follow(self, working: Working, needs: Needs) -> None:
        """What runs there now, and what it was made from."""
        state = present(working.pieces.get(self.arn, ()), self.place.account)
        for variant in variants.held((state or {}).get("specification")):
            needs.entity(variant.deployment, None)
            for source in sources(self.place, variant):
                needs.entity(source, None)

    def apply(self, draft: Draft) -> Applied:
        """End what no longer runs, and begin what does.

        Raises:
            NotFoundError: the endpoint is not there, or no longer.
            AlreadyExistsError: there is one of this name.
            ConflictError: what was looked at has changed since.
        """
        for arn in self.seen.states:
            if not self.seen.holds(arn, draft.state(arn)):
                raise ConflictError(f"{arn} has changed while it was being deployed; try again")
        old = self._held(draft)
        running = {variant.name: variant for variant in old}
        kept: list[Variant] = []
        begun: list[Variant] = []
        for index, variant in enumerate(self.wanted):
            before = running.get(variant.name)
            if before is not None and before.same(variant):
                kept.append(before)
                continue
            kept.append(replace(variant, deployment=self._action_arn(variant, "deployment", index)))
            begun.append(kept[-1])
        specification = {**self.request, "Variants": [variant.kept() for variant in kept]}
        changed = self._write(draft, specification)
        ended = [variant for variant in old if variant not in kept]
        for variant in ended:
            end(draft, variant.deployment, self.arn)
        for variant in begun:
            self._begin(draft, variant)
        for index, (before, after) in enumerate(_replaced(ended, begun)):
            self._replace(draft, before, after, index)
        return Applied(self.arn, changed=changed, created=self.before is None)

    def payload(self) -> dict[str, Any]:
        """What was asked for."""
        asked = [dict(self.request), [replace(variant, deployment="").kept() for variant in self.wanted]]
        return {
            "deploy": self.arn,
            "cause": self.cause,
            "reason": self.reason,
            "endpoint": orjson.dumps(asked, option=orjson.OPT_SORT_KEYS).decode(),
        }

    def _held(self, draft: Draft) -> list[Variant]:
        if self.before is None:
            return []
        state = records.held(draft, self.place, Hosted.ENDPOINT, self.name)
        if state.get("specification") != self.before:
            raise ConflictError(f"{self.resource} has changed meanwhile; look at it again, and try again")
        return variants.held(self.before)

    def _write(self, draft: Draft, specification: Mapping[str, Any]) -> bool:
        if self.before is None:
            put = records.entity(self.place, Hosted.ENDPOINT, self.name, specification, self.tags)
            records.begin(draft, self.place, Hosted.ENDPOINT, self.name, put)
            return True
        text = limits.specification(orjson.dumps(specification).decode())
        return draft.patch(self.arn, lambda state: {**state, "specification": text}, draft.now)

    def _action_arn(self, variant: Variant, what: str, index: int) -> str:
        return self.place.arn(f"action/{self._action_name(variant, what, index)}")

    def _action_name(self, variant: Variant, what: str, index: int) -> str:
        return f"{self.name[:45]}-{variant.name[:40]}-{what}-{self.suffix}{index}".lower()

    def _begin(self, draft: Draft, variant: Variant) -> None:
        settings = {
            **(variant.settings or {}),
            **({} if variant.serverless is None else {"ServerlessConfig": variant.serverless}),
            **{key: self.request[key] for key in ("DataCaptureConfig",) if key in self.request},
            "Versions": list(variant.versions),
            "Images": list(variant.images),
        }
        shown = {
            "Endpoint": self.name,
            "EndpointConfig": self.request.get("EndpointConfigName"),
            "Variant": variant.name,
            "Model": variant.model,
            "ModelPackage": variant.versions[0] if variant.versions else None,
            "Weight": repr(variant.weight),
            "InstanceCount": None if variant.count is None else str(variant.count),
            "InstanceType": (variant.settings or {}).get("InstanceType"),
            "Shadow": "true" if variant.shadow else None,
            "Address": self.request.get("Address"),
            "Cause": self.cause,
        }
        index = next(place for place, each in enumerate(self.wanted) if each.name == variant.name)
        name = self._action_name(variant, "deployment", index)
        self._act(draft, name, names.DEPLOYMENT_TYPE, shown, settings)
        approvals = [self.seen.approvals[own] for own in variant.versions if own in self.seen.approvals]
        for source in (*sources(self.place, variant), *approvals):
            if draft.state(source) is None:  # what runs may have been deleted since it began to run
                continue
            draft.connect((source, CONTRIBUTED, variant.deployment), draft.now, existing={source})
        draft.connect((variant.deployment, ASSOCIATED, self.arn), draft.now)

    def _replace(self, draft: Draft, before: Variant, after: Variant, index: int) -> None:
        shown = {
            "Endpoint": self.name,
            "Variant": after.name,
            "Replaced": before.versions[0] if before.versions else before.model,
            "Replacement": after.versions[0] if after.versions else after.model,
            "Cause": self.cause,
        }
        name = self._action_name(after, "replaced", index)
        arn = self._act(draft, name, names.REPLACED_TYPE, shown, None)
        for source in sources(self.place, before):
            if draft.state(source) is not None:
                draft.connect((source, CONTRIBUTED, arn), draft.now, existing={source})
        draft.connect((arn, ASSOCIATED, self.arn), draft.now)

    def _act(
        self, draft: Draft, name: str, type_: str, shown: Mapping[str, str | None], settings: Mapping[str, Any] | None
    ) -> str:
        deployed = type_ == names.DEPLOYMENT_TYPE
        made = create_named(
            self.place,
            Kind.ACTION,
            name,
            type=type_,
            source_uri=self.resource,
            source_type=Hosted.ENDPOINT.type,
            source_id=shown.get("ModelPackage"),
            description=self.reason,
            status=Status.IN_PROGRESS if deployed else Status.COMPLETED,
            properties={key: value for key, value in shown.items() if value},
            specification=None if settings is None else orjson.dumps(settings).decode(),
        )
        at = {"started_at": draft.now} if deployed else {"started_at": draft.now, "ended_at": draft.now}
        Put(made.arn, made.kind, {**made.state, **at}).apply(draft)
        return made.arn


@dataclass(frozen=True, slots=True)
class Undeploy:
    """Let an endpoint end with its deployments."""

    place: Place
    name: str

    @property
    def arn(self) -> str:
        """The endpoint's lineage ARN."""
        return names.lineage(self.place, Hosted.ENDPOINT, self.name)

    def needs(self, needs: Needs) -> None:
        """The endpoint and all its edges."""
        needs.entity(self.arn, None)
        needs.incident.add(self.arn)

    def follow(self, working: Working, needs: Needs) -> None:
        """What runs there now."""
        state = present(working.pieces.get(self.arn, ()), self.place.account)
        for variant in variants.held((state or {}).get("specification")):
            needs.entity(variant.deployment, None)

    def apply(self, draft: Draft) -> Applied:
        """End it.

        Raises:
            NotFoundError: it is not there.
        """
        state = records.held(draft, self.place, Hosted.ENDPOINT, self.name)
        for variant in variants.held(state.get("specification")):
            end(draft, variant.deployment, self.arn)
        records.end(draft, self.arn)
        return Applied(self.arn)

    def payload(self) -> dict[str, Any]:
        """The end that was asked for."""
        return {"undeploy": self.arn}


def end(draft: Draft, deployment: str, endpoint: str) -> None:
    """Let a deployment end now; one that somebody deleted by hand has ended."""
    draft.disconnect((deployment, ASSOCIATED, endpoint), draft.now)
    if draft.state(deployment) is None:
        return

    def ended(state: State) -> State:
        if state.get("status") == Status.COMPLETED:
            return state
        return {**state, "status": Status.COMPLETED.value, "ended_at": draft.now}

    draft.patch(deployment, ended, draft.now)


def sources(place: Place, variant: Variant) -> list[str]:
    """The lineage ARNs of a variant's model and of the versions that it was made from."""
    versions = [create_artifact(place, own).arn for own in variant.versions]
    return [*([] if variant.model is None else [names.lineage(place, Hosted.MODEL, variant.model)]), *versions]


def _replaced(ended: list[Variant], begun: list[Variant]) -> list[tuple[Variant, Variant]]:
    """Which variant took whose place: of the same name, else in their order; one that runs the same again replaced nothing."""
    new = {variant.name: variant for variant in begun}
    old = {variant.name for variant in ended}
    left = iter([variant for variant in begun if variant.name not in old])
    pairs = []
    for variant in ended:
        other = new.get(variant.name) or next(left, None)
        if other is not None and other.content != variant.content:
            pairs.append((variant, other))
    return pairs

"""Exports of model cards: what was typeset when, and where the file lies; done elsewhere, recorded here."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from graph import arns, history, limits, listing
from graph.associations import AssociationType
from graph.canonical import digest
from graph.changes import Applied
from graph.commands import Place, create_named
from graph.contents import Content
from graph.drafts import Draft
from graph.entities import Entity, Kind, Status
from graph.errors import ConflictError, InvalidError, NotFoundError
from graph.registry.cards import names
from graph.registry.cards.changes import held
from graph.registry.cards.deletion import CONTRIBUTED
from graph.registry.cards.lists import Card
from graph.registry.names import checked
from graph.store.store import Store
from graph.times import Moment
from graph.working import Needs

FAMILY, TYPE, FILE_TYPE = "export-job", "ModelCardExport", "ModelCardDocument"
PRODUCED = AssociationType.PRODUCED.value
REASON = 1024


@dataclass(frozen=True, slots=True)
class Export:
    """An export as it went.

    Attributes:
        card, name: as they were given.
        output: the prefix under which the file was to lie.
        uri: where it lies; None when it failed.
        reason: why it failed.
    """

    entity: Entity
    card: str
    name: str
    version: int
    output: str
    uri: str | None
    reason: str | None

    @property
    def done(self) -> bool:
        """Whether the file was written."""
        return self.uri is not None


@dataclass(frozen=True, slots=True)
class Record:
    """Record an export: an action to which the card contributed, and which produced the file; made by `record`."""

    place: Place
    card: str
    arn: str
    resource: str
    specification: dict[str, Any]
    file: Content | None

    def needs(self, needs: Needs) -> None:
        """The card, the action and the file."""
        needs.entity(names.lineage(self.place, self.card), None)
        needs.entity(self.arn, None)
        needs.incident.add(self.arn)
        needs.resources.add(self.resource)
        if self.file is not None:
            self.file.needs(needs)

    def apply(self, draft: Draft) -> Applied:
        """Record it.

        Raises:
            NotFoundError: the card is not there any more.
            ConflictError: it has an export of this name.
        """
        held(draft, self.place, self.card)
        if (draft.state(self.arn) or {}).get("resource_arn") is not None:
            raise ConflictError(f"Model card export job {self.resource} already exists.")
        done = self.file is not None
        put = create_named(
            self.place,
            Kind.ACTION,
            self.arn.rsplit("/", 1)[1],
            type=TYPE,
            resource_arn=self.resource,
            display_name=self.specification["ModelCardExportJobName"],
            source_uri=names.resource(self.place, self.card),
            status=Status.COMPLETED if done else Status.FAILED,
            status_message=self.specification.get("FailureReason"),
            specification=orjson.dumps(self.specification).decode(),
        )
        times = {"created_at": draft.now, "modified_at": draft.now, "started_at": draft.now, "ended_at": draft.now}
        made = {**times, "created_by": draft.actor, "modified_by": draft.actor, "account": draft.account}
        draft.create(self.arn, Kind.ACTION, {**put.state, **made}, draft.now)
        draft.connect((names.lineage(self.place, self.card), CONTRIBUTED, self.arn), draft.now)
        if self.file is not None:
            produced = self.file.apply(draft).arn or self.file.location.arn
            for end in {produced, self.file.location.arn}:
                draft.connect((self.arn, PRODUCED, end), draft.now, existing={end})
        return Applied(self.arn, created=True)

    def payload(self) -> dict[str, Any]:
        """What was done."""
        return {"export": self.resource, "specification": orjson.dumps(self.specification).decode()}


def record(
    place: Place, card: Card, name: str, output: str, *, file: Content | None = None, reason: str | None = None
) -> Record:
    """An export of a version of a card, with its file or the reason why there is none.

    Raises:
        InvalidError: the name is none.
    """
    checked(name, "export")
    specification = {
        "ModelCardName": card.name,
        "ModelCardExportJobName": name,
        "ModelCardVersion": card.version,
        "S3OutputPath": output,
    }
    if file is not None:
        specification["S3ExportArtifacts"] = file.location.state["source_uri"]
    else:
        specification["FailureReason"] = limits.text((reason or "")[:REASON], "reason", maximum=REASON)
    return Record(
        place, card.name, lineage(place, card.name, name), resource(place, card.name, name), specification, file
    )


def resource(place: Place, card: str, name: str) -> str:
    """An export's own ARN."""
    return f"{names.resource(place, card)}/{FAMILY}/{name.lower()}"


def lineage(place: Place, card: str, name: str) -> str:
    """The lineage ARN of an export, short enough whatever the names."""
    return place.arn(f"action/model-card-export-{digest(resource(place, card, name).encode())[:32]}")


async def find(store: Store, place: Place, text: str, when: Moment) -> Export:
    """An export by its own ARN.

    Raises:
        InvalidError: it is the ARN of something else.
        NotFoundError: there is none.
    """
    arn = arns.parse(text)
    family, *parts = arn.resource.split("/")
    if family != names.CARD or len(parts) != 3 or parts[1] != FAMILY:
        raise InvalidError(f"{text} is not the ARN of an export job", path="arn", constraint="an export job's ARN")
    found: dict[str, Entity] = {}
    key = lineage(place, parts[0], parts[2])
    if arn.account == place.account and arn.region == place.region:
        found = await history.entities(store, place.account, [key], when)
    exported = export_of(found[key]) if key in found else None
    if exported is None:
        raise NotFoundError(f"Model card export job {arn} does not exist.")
    return exported


async def of_card(store: Store, place: Place, card: Card, when: Moment) -> list[Export]:
    """All exports of a card, the oldest first."""
    found: list[Export] = []
    after, more = None, True
    while more:
        page = await listing.associations(
            *(store, place.account, card.entity.arn, when),
            outgoing=True,
            types=(AssociationType.CONTRIBUTED_TO,),
            first=history.PAGE,
            after=after,
        )
        ends = [edge.destination for _, edge in page.items]
        entities = await history.entities(store, place.account, ends, when)
        found += _exports([entities[arn] for arn in ends if arn in entities])
        more, after = page.more, page.items[-1][0] if page.items else None
    return sorted(found, key=lambda export: (export.entity.created_at, export.entity.arn))


def export_of(entity: Entity) -> Export | None:
    """The export that an action is; None when it is none: only the registry gives an action such a specification."""
    said = orjson.loads(entity.specification or "{}")
    if entity.type != TYPE or "ModelCardExportJobName" not in said:
        return None
    return Export(
        *(entity, said["ModelCardName"], said["ModelCardExportJobName"], said["ModelCardVersion"]),
        *(said["S3OutputPath"], said.get("S3ExportArtifacts"), said.get("FailureReason")),
    )


def _exports(entities: Sequence[Entity]) -> list[Export]:
    return [export for entity in entities if (export := export_of(entity)) is not None]

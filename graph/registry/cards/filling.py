"""What a model card can be told by the graph: of a model version its model, training, evaluations, approvals, owners and uses.

Each part names the ARNs that it was taken from, in `additional_information.custom_details`, where SageMaker's schema has room
for words of one's own and the SDK reads them.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import orjson

from graph import history, metrics
from graph.associations import Association, AssociationType
from graph.commands import Place
from graph.entities import Entity, Kind
from graph.lineage import Direction, walk
from graph.registry import decisions, names
from graph.registry.approvals import SHOWN, reason_of
from graph.registry.cards.content import Content
from graph.registry.evidence import values_of
from graph.store.store import Store
from graph.times import Moment, from_ms

DEPTH, MOST = 5, 5000
"""How far and how much of a version's ancestry is looked at: model data, its contents, its job, what that read."""
LISTED, METRICS, PARAMETERS, EVALUATIONS = 15, 50, 100, 10
"""How many a card takes, by the schema."""
LINE = 1024
PURPOSES, RISKS = ("intended-use", "intended_use", "purpose"), ("risk-rating", "risk_rating", "risk")
"""Tags that say what a model is for, and how risky that is."""
RATINGS = ("High", "Medium", "Low", "Unknown")


async def filled(
    store: Store, place: Place, package: Entity, when: Moment, content: Mapping[str, Any] | None = None
) -> Content:
    """A card's content with what the graph knows of a model version.

    What the graph measured or recorded (the model, its training, evaluations, approvals) takes the place of what was there;
    what people wrote (owner, description, purpose, risk) stays where it is there.

    Args:
        store: Where to look.
        place: Whose.
        package: The version.
        when: At which moment.
        content: What the card says until now.
    """
    made: Content = orjson.loads(orjson.dumps(dict(content or {})))
    sources: dict[str, Iterable[str]] = {}
    group = await _group(store, place, package, when)
    tagged = [entity for entity in (package, group) if entity is not None]
    request = orjson.loads(package.specification or "{}")
    _model(made, sources, package, request, tagged)
    _uses(made, sources, tagged)
    walked = await walk(store, place.account, [package.arn], Direction.ASCENDANTS, when, depth=DEPTH, limit=MOST)
    entities = await history.entities(store, place.account, [node.arn for node in walked.nodes], when)
    await _training(store, place, made, sources, entities, walked.edges, when)
    _evaluations(made, sources, entities, walked.edges, package)
    taken = await decisions.decisions(store, place.account, package.arn, when)
    details = _part(made, "additional_information", "custom_details")
    if taken:
        said = [
            f"{SHOWN[action.approval]} by {action.created_by} at {from_ms(action.created_at).isoformat()}"
            + (f": {reason}" if (reason := reason_of(action)) else "")
            for action in taken
            if action.approval is not None
        ]
        details["approvals"] = _fit(said, "; ")
        sources["approvals"] = [action.arn for action in taken]
    for name, arns in sources.items():
        if text := _fit(sorted(set(arns)), " "):
            details[f"source of {name}"] = text
    return made


def _model(
    made: Content, sources: dict[str, Iterable[str]], package: Entity, request: Mapping[str, Any], tagged: list[Entity]
) -> None:
    overview = _part(made, "model_overview")
    named = names.of_arn(package.resource_arn or "")
    overview |= {"model_id": package.resource_arn, "model_name": request.get("ModelPackageGroupName") or package.name}
    if named is not None and named.number is not None:
        overview["model_version"] = named.number
    containers = request.get("InferenceSpecification", {}).get("Containers", ())
    for name, values in (
        ("model_artifact", [item.get("ModelDataUrl") for item in containers]),
        ("container_image", [item.get("Image") for item in containers]),
    ):
        if found := [value[:LINE] for value in values if value][:LISTED]:
            (overview if name == "model_artifact" else _part(overview, "inference_environment"))[name] = found
    sources["model_overview"] = [package.arn]
    if package.description and not overview.get("model_description"):
        overview["model_description"] = package.description[:LINE]
    _from_tag(overview, sources, "model_owner", ("owner",), tagged)


def _uses(made: Content, sources: dict[str, Iterable[str]], tagged: list[Entity]) -> None:
    uses = dict(made.get("intended_uses") or {})
    _from_tag(uses, sources, "purpose_of_model", PURPOSES, tagged)
    _from_tag(uses, sources, "risk_rating", RISKS, tagged, RATINGS)
    if uses:
        made["intended_uses"] = uses


async def _training(
    store: Store,
    place: Place,
    made: Content,
    sources: dict[str, Iterable[str]],
    entities: Mapping[str, Entity],
    edges: Iterable[Association],
    when: Moment,
) -> None:
    """The job that made the model data, with what it read and measured; the newest, when several did."""
    produced = {edge.source for edge in edges if edge.association is AssociationType.PRODUCED}
    jobs = [entity for arn, entity in entities.items() if arn in produced and entity.kind is Kind.TRIAL_COMPONENT]
    if not jobs:
        return
    job = max(jobs, key=lambda entity: (entity.created_at, entity.arn))
    details = _part(made, "training_details", "training_job_details")
    details["training_arn"] = job.resource_arn or job.source_arn or job.arn
    sources["training_job_details"] = [job.arn]
    read = [entities[edge.source] for edge in edges if edge.destination == job.arn and edge.source in entities]
    data = [entity for entity in read if entity.type == "DataSet" and entity.source_uri]
    if data:
        details["training_datasets"] = list(dict.fromkeys(str(entity.source_uri)[:LINE] for entity in data))[:LISTED]
        sources["training_datasets"] = [entity.arn for entity in data]
    if images := [entity for entity in read if entity.type == "Image" and entity.source_uri]:
        _part(details, "training_environment")["container_image"] = [
            str(entity.source_uri)[:LINE] for entity in images
        ][:LISTED]
        sources["training_environment"] = [entity.arn for entity in images]
    measured = values_of(job)
    for summary in (await metrics.summaries(store, place.account, [job], when)).get(job.arn, ()):
        if summary.last is not None:
            measured[summary.name] = summary.last
    if measured:
        details["training_metrics"] = [
            {"name": name[:255], "value": value} for name, value in sorted(measured.items())
        ][:METRICS]
    if job.parameters:
        details["hyper_parameters"] = [
            {"name": name[:255], "value": (value.get("number") or value.get("string") or "")[:255]}
            for name, value in sorted(job.parameters.items())
        ][:PARAMETERS]


def _evaluations(
    made: Content,
    sources: dict[str, Iterable[str]],
    entities: Mapping[str, Entity],
    edges: Iterable[Association],
    package: Entity,
) -> None:
    """Whatever is linked to the version itself, or to its approvals, and says numbers; each once."""
    near = {edge.source for edge in edges if edge.destination == package.arn}
    found = [
        entity
        for arn, entity in sorted(entities.items())
        if arn in near and entity.kind in (Kind.ARTIFACT, Kind.TRIAL_COMPONENT) and values_of(entity)
    ]
    if not found:
        return
    others = [item for item in made.get("evaluation_details", ()) if not _of_ours(item)]
    made["evaluation_details"] = [
        *others,
        *(
            {
                "name": (entity.display_name or entity.name)[:63],
                "metadata": {"source": entity.arn},
                "metric_groups": [
                    {
                        "name": "metrics",
                        "metric_data": [
                            {"name": name[:255], "type": "number", "value": value}
                            for name, value in sorted(values_of(entity).items())
                        ],
                    }
                ],
            }
            for entity in found[:EVALUATIONS]
        ),
    ]
    sources["evaluation_details"] = [entity.arn for entity in found[:EVALUATIONS]]


async def _group(store: Store, place: Place, package: Entity, when: Moment) -> Entity | None:
    named = names.of_arn(package.resource_arn or "")
    if named is None or named.number is None:
        return None
    arn = names.group_arn(place, named.name)
    return (await history.entities(store, place.account, [arn], when)).get(arn)


def _from_tag(
    part: dict[str, Any],
    sources: dict[str, Iterable[str]],
    field: str,
    keys: Iterable[str],
    tagged: list[Entity],
    allowed: tuple[str, ...] | None = None,
) -> None:
    """Fill a field from the first tag that says it, of the version before its group."""
    if part.get(field):
        return
    for entity in tagged:
        for key in keys:
            said = (entity.tags or {}).get(key, "").strip()
            value = said if allowed is None else next((one for one in allowed if one.lower() == said.lower()), "")
            if value:
                part[field] = value
                sources[field] = [entity.arn]
                return


def _part(content: dict[str, Any], *path: str) -> dict[str, Any]:
    """An inner object, made when it is not there."""
    for name in path:
        content[name] = dict(content.get(name) or {})
        content = content[name]
    return content


def _of_ours(item: Any) -> bool:
    return isinstance(item, Mapping) and (item.get("metadata") or {}).get("source", "").startswith("arn:")


def _fit(parts: Iterable[str], separator: str) -> str:
    """As many parts as a field takes; the number of those that it does not."""
    held, left = "", list(parts)
    while left and len(held) + len(separator) + len(left[0]) <= LINE - 20:
        held = f"{held}{separator}{left[0]}" if held else left[0]
        left.pop(0)
    return f"{held}{separator}(and {len(left)} more)" if left else held

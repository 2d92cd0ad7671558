"""Search: experiments, trials and trial components by their properties; other resources are not held, so nothing is found."""

from collections.abc import Sequence

from api.sagemaker import properties, searching, shapes
from api.sagemaker.calls import Call, Input, Output, operation, size
from api.sagemaker.operations.experiments import experiment
from api.sagemaker.operations.trial_components import component
from api.sagemaker.operations.trials import trial
from api.sagemaker.searching import RESOURCES, Document, Entities, Resource, searchable
from api.sagemaker.tokens import query_of
from graph import experiments, history, listing, metrics
from graph.entities import Entity, Kind
from graph.errors import InvalidError
from graph.experiments import COMPONENT, EXPERIMENT, TRIAL, Members
from graph.listing import Filter
from graph.search import Condition, Operator
from graph.times import Moment

RUN = ("sagemaker:trial-component-source", "run")
"""The tag with which SDK clients mark the component of a run."""
NAMES = 200
"""Names or groups in a filter up to which each is looked up by itself."""
SUGGESTIONS = 100
SAMPLE = 200
"""The newest entities from which suggestions of free names are taken."""


@operation(
    "Search",
    note="Experiment, ExperimentTrial, ExperimentTrialComponent, ModelPackageGroup, ModelPackage and ModelCard are held; "
    "other resources give no results. Equals takes several values, separated by commas; names and ARNs ignore case. "
    "VisibilityConditions are refused.",
)
async def search(call: Call, given: Input) -> Output:
    """One page of the resources that fit."""
    if "VisibilityConditions" in given:
        raise InvalidError(
            "VisibilityConditions are not supported: whoever has a key sees all of its account; leave them out",
            path="VisibilityConditions",
        )
    resource = RESOURCES.get(given["Resource"])
    when, place = await call.page(given)
    # Nothing is shared across accounts.
    if resource is None or given.get("CrossAccountFilterOption") == "CrossAccount":
        return {"Results": [], "TotalHits": {"Value": 0, "Relation": "EqualTo"}}
    arns = await searching.found(call, given, resource, when, query_of(call.account, call.operation, given))
    start = place or 0
    shown = arns[start : start + size(given)]
    entities = await history.entities(call.catalog.store, call.account, shown, when)
    documents = await resource.show(call, when, [entities[arn] for arn in shown if arn in entities], None)
    rest = start + len(shown)
    return {
        "Results": [{resource.member: document} for document in documents],
        "TotalHits": {"Value": len(arns), "Relation": "EqualTo"},
        **call.next_token(given, when, rest if rest < len(arns) else None),
    }


@operation(
    "GetSearchSuggestions", note="Names of tags, parameters, metrics and artifacts come from the newest 200 resources."
)
async def get_search_suggestions(call: Call, given: Input) -> Output:
    """Names of properties that begin as the hint does."""
    resource = RESOURCES.get(given["Resource"])
    if resource is None:
        return {"PropertyNameSuggestions": []}
    hint = given.get("SuggestionQuery", {}).get("PropertyNameQuery", {}).get("PropertyNameHint", "").lower()
    names = set(properties.names_of(resource.shape))
    when = await call.catalog.moment(call.account)
    async for page in resource.scope(call, when, ()):
        for document in await resource.show(call, when, page[:SAMPLE], None):
            for member in ("Parameters", "InputArtifacts", "OutputArtifacts"):
                names.update(f"{member}.{key}" for key in document.get(member) or ())
            for member, key in (("Tags", "Key"), ("Metrics", "MetricName")):
                names.update(f"{member}.{item[key]}" for item in document.get(member) or ())
        break
    fit = sorted(name for name in names if name.lower().startswith(hint) and len(name) <= 255)
    return {"PropertyNameSuggestions": [{"PropertyName": name} for name in fit[:SUGGESTIONS]]}


async def _components(call: Call, when: Moment, demanded: Sequence[Condition]) -> Entities:
    arns = _named(call, COMPONENT, "trialcomponent", demanded)
    if arns is None:
        for path, family, which in (
            ("parents.trialname", TRIAL, Members.DIRECT),
            ("parents.experimentname", EXPERIMENT, Members.INDIRECT),
        ):
            if arns is None and (wanted := _wanted(demanded, path)) is not None:
                arns = await _members(call, when, COMPONENT, [f"{family}/{name}" for name in wanted], which)
    source = _wanted(demanded, "source.sourcearn")
    if arns is None and source is not None and len(source) == 1:
        filter_ = Filter(source_arn=source.pop())
        page = await listing.entities(
            call.catalog.store, call.account, Kind.TRIAL_COMPONENT, when, filter=filter_, first=history.PAGE
        )
        if not page.more:
            yield [entity for _, entity in page.items]
            return
    async for entities in _scope(call, when, Kind.TRIAL_COMPONENT, None, arns, demanded):
        yield entities


async def _trials(call: Call, when: Moment, demanded: Sequence[Condition]) -> Entities:
    arns = _named(call, TRIAL, "trial", demanded)
    if arns is None and (wanted := _wanted(demanded, "experimentname")) is not None:
        arns = await _members(call, when, TRIAL, [f"{EXPERIMENT}/{name}" for name in wanted], Members.DIRECT)
    async for entities in _scope(call, when, Kind.CONTEXT, TRIAL, arns, demanded):
        yield entities


async def _experiments(call: Call, when: Moment, demanded: Sequence[Condition]) -> Entities:
    arns = _named(call, EXPERIMENT, "experiment", demanded)
    async for entities in _scope(call, when, Kind.CONTEXT, EXPERIMENT, arns, demanded):
        yield entities


async def _show_components(
    call: Call, when: Moment, entities: list[Entity], needed: frozenset[str] | None
) -> list[Document]:
    store = call.catalog.store
    summaries: dict[str, list[metrics.Summary]] = {}
    parents: dict[str, list[experiments.Parent]] = {}
    if needed is None or "metrics" in needed:
        summaries = await metrics.summaries(store, call.account, entities, when)
    if needed is None or "parents" in needed:
        parents = await experiments.parents(store, call.place, [entity.arn for entity in entities], when)
    return [
        {
            **component(entity, summaries.get(entity.arn, [])),
            "Tags": shapes.tags_shown(entity),
            "Parents": [
                {"TrialName": parent.trial, "ExperimentName": parent.experiment}
                for parent in parents.get(entity.arn, ())
            ],
            "RunName": shapes.display_name(entity) if (entity.tags or {}).get(RUN[0]) == RUN[1] else None,
        }
        for entity in entities
    ]


async def _show_trials(
    call: Call, when: Moment, entities: list[Entity], needed: frozenset[str] | None
) -> list[Document]:
    store, arns = call.catalog.store, [entity.arn for entity in entities]
    held: dict[str, str] = {}
    if needed is None or "experimentname" in needed:
        held = await experiments.experiments(store, call.place, arns, when)
    return [{**trial(entity, held.get(entity.arn)), "Tags": shapes.tags_shown(entity)} for entity in entities]


async def _show_experiments(_: Call, __: Moment, entities: list[Entity], ___: frozenset[str] | None) -> list[Document]:
    return [{**experiment(entity), "Tags": shapes.tags_shown(entity)} for entity in entities]


async def _scope(
    call: Call, when: Moment, kind: Kind, family: str | None, arns: list[str] | None, demanded: Sequence[Condition]
) -> Entities:
    """The entities of some ARNs, else those of a kind that were made in the demanded time."""
    store = call.catalog.store
    if arns is not None:
        for start in range(0, len(arns), listing.SLICE):
            part = arns[start : start + listing.SLICE]
            found = await history.entities(store, call.account, part, when)
            yield [found[arn] for arn in part if arn in found]
        return
    after, before = _created(demanded)
    prefix = None if family is None else call.place.arn(f"{family}/")
    async for entities in listing.every(
        *(store, call.account, kind, when),
        prefix=prefix,
        created_after=after,
        created_before=before,
        most=searching.SCANNED,
    ):
        yield entities


async def _members(call: Call, when: Moment, family: str, groups: list[str], which: Members) -> list[str]:
    arns = [call.place.arn(group) for group in groups]
    return await experiments.arns_of_members(
        call.catalog.store, call.place, arns, family, when, which=which, most=searching.SCANNED
    )


def _named(call: Call, family: str, member: str, demanded: Sequence[Condition]) -> list[str] | None:
    """The ARNs that a demand for names or ARNs leaves; None without one."""
    if (names := _wanted(demanded, f"{member}name")) is not None:
        return sorted(call.place.arn(f"{family}/{name}") for name in names)
    arns = _wanted(demanded, f"{member}arn")
    prefix = call.place.arn(f"{family}/")
    return None if arns is None else sorted(arn for arn in arns if arn.startswith(prefix))


def _wanted(demanded: Sequence[Condition], path: str) -> set[str] | None:
    """The values, in lower case, of which a property has to have one; None where that is open, or there are too many."""
    for condition in demanded:
        equal = condition.operator in (Operator.EQUALS, Operator.IN)
        if equal and condition.property.path.lower() == path and len(condition.wanted) <= NAMES:
            return {str(value).lower() for value in condition.wanted}
    return None


def _created(demanded: Sequence[Condition]) -> tuple[int | None, int | None]:
    """The demanded time of creation, a millisecond too wide at most: its begin, and its end, which is exclusive."""
    after: int | None = None
    before: int | None = None
    for condition in demanded:
        if condition.property.path.lower() == "creationtime":
            if condition.operator in (Operator.GREATER, Operator.GREATER_EQUAL):
                after = max(after or 0, condition.wanted[0])
            elif condition.operator in (Operator.LESS, Operator.LESS_EQUAL):
                end = max(0, condition.wanted[0] + 1)
                before = end if before is None else min(before, end)
    return after, before


searchable("ExperimentTrialComponent", Resource("TrialComponent", _components, _show_components))
searchable("ExperimentTrial", Resource("Trial", _trials, _show_trials))
searchable("Experiment", Resource("Experiment", _experiments, _show_experiments))

__all__ = ["get_search_suggestions", "search"]

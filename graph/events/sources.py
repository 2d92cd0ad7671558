"""Which events follow from a revision: one place where sources of events are entered."""

from collections.abc import Callable, Iterable

from graph.entities import Entity, Kind
from graph.events import alerts, deployments, packages, staleness
from graph.events.event import Event, Told, Written, event
from graph.hosting import names as hosting
from graph.monitoring import names as monitoring
from graph.registry import names as registry

Source = Callable[[Written], Iterable[Told]]
FAMILIES: dict[str, Source] = {registry.PACKAGE: packages.packages, registry.GROUP: packages.aliases}
"""By what the own ARN of a revision's entity begins with."""
ACTIONS: dict[str, Source] = {
    hosting.DEPLOYMENT_TYPE: deployments.deployed,
    hosting.REPLACED_TYPE: deployments.replaced,
    monitoring.ALERT_TYPE: alerts.alerts,
    registry.STALE_TYPE: staleness.became_stale,
}
"""By the type of an action that began."""


def events(written: Written) -> list[Event]:
    """The events of a revision, in their order."""
    source = _source(written.after)
    return [] if source is None else [event(written, number, told) for number, told in enumerate(source(written))]


def _source(entity: Entity) -> Source | None:
    if entity.resource_arn is not None:
        family = entity.resource_arn.split(":", 5)[5].partition("/")[0]
        if family in FAMILIES:
            return FAMILIES[family]
    return ACTIONS.get(entity.type or "") if entity.kind is Kind.ACTION else None

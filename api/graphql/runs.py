"""What a monitor's run found, read from the files that it left: at a glance, feature by feature, violation by violation."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

import strawberry

from api.graphql import cursors
from api.graphql.connections import Connection, connection
from api.graphql.context import Info
from api.graphql.documents import (
    DocumentFigure,
    DocumentPart,
    DocumentSection,
    DocumentTable,
    shown_figure,
    shown_parts,
    shown_sections,
    shown_table,
)
from api.graphql.entities import EntityType, TrialComponent, shaped
from api.graphql.monitoring import MonitoringExecution
from api.graphql.names import MonitoringType
from api.graphql.scalars import JSON, BigInt
from graph import jobs
from graph.entities import Entity
from graph.listing import first_within
from graph.monitoring import executions
from graph.times import Moment
from monitors import findings
from monitors.analysis.jsonfile import Document
from monitors.data_quality import DataFound
from monitors.findings import Findings, Traced
from reports.monitoring import pages
from reports.monitoring.pages import FeaturePage, Overview

T = TypeVar("T")
N = TypeVar("N")

KEPT = 4
"""Runs whose findings are kept, so that paging through features reads their files once; up to some 100 MB each."""


@dataclass(frozen=True, slots=True)
class _Read:
    findings: Findings
    overview: Overview


_kept: OrderedDict[tuple[Any, ...], _Read] = OrderedDict()
_reading = asyncio.Semaphore(1)


@strawberry.type
class RunFeature:
    """A feature of a data set, now and in the baseline."""

    page: strawberry.Private[FeaturePage]
    when: strawberry.Private[Moment]
    column_arn: strawberry.Private[str | None]

    @strawberry.field
    def name(self) -> str:
        return self.page.name

    @strawberry.field
    def type(self) -> str:
        """What its values are: `Integral`, `Fractional`, `String`, `Unknown`."""
        return self.page.type

    @strawberry.field
    def violates(self) -> bool:
        return self.page.violates

    @strawberry.field
    def distance(self) -> float | None:
        """From the baseline, 0 (the same) to 1."""
        return self.page.distance

    @strawberry.field
    def threshold(self) -> float | None:
        """What the distance is held against."""
        return self.page.threshold

    @strawberry.field
    def statistics(self) -> DocumentTable:
        """Counts, moments and quantiles, now and in the baseline."""
        return shown_table(self.page.statistics)

    @strawberry.field
    def figure(self) -> DocumentFigure | None:
        """What its values look like, over the baseline's; null where only counts may be told, or there is no value."""
        return None if self.page.figure is None else shown_figure(self.page.figure)

    @strawberry.field
    async def column(self, info: Info) -> EntityType | None:
        """The column, where a violation speaks of it."""
        return await _entity(info, self.when, [self.column_arn])


@strawberry.type
class RunViolation:
    """A violation as its run's file says it."""

    said: strawberry.Private[Document]
    traced: strawberry.Private[Traced]
    when: strawberry.Private[Moment]

    @strawberry.field
    def subject(self) -> str:
        """What violates: a feature, a metric, a group."""
        held = self.said
        if "facet" in held:
            return f"{held.get('metric_name')} of {held['facet']} = {held.get('facet_value')}"
        return str(held.get("feature_name") or held.get("label") or held.get("metric_name") or "")

    @strawberry.field
    def check(self) -> str:
        """What was checked."""
        return str(self.said.get("constraint_check_type", ""))

    @strawberry.field
    def description(self) -> str:
        return str(self.said.get("description", ""))

    @strawberry.field
    def document(self) -> JSON:
        """All that its file says of it."""
        return JSON(self.said)

    @strawberry.field
    async def entity(self, info: Info) -> EntityType | None:
        """Its artifact; null beyond the first 1,500 of a run."""
        return await _entity(info, self.when, findings.violation_arns(info.context.place, self.traced, self.said))

    @strawberry.field
    async def column(self, info: Info) -> EntityType | None:
        """The column that it speaks of."""
        names = findings.columns_of(self.said)
        arns = [findings.column_arn(info.context.place, self.traced, name) for name in names]
        return await _entity(info, self.when, arns)


@strawberry.type
class MonitoringRun:
    """A run of a monitor and what it found; files that are too large, or gone, are told of by the fields that need them."""

    traced: strawberry.Private[Traced]
    when: strawberry.Private[Moment]

    @strawberry.field
    def component(self) -> TrialComponent:
        return TrialComponent(data=self.traced.run, when=self.when)

    @strawberry.field
    def job(self) -> str:
        """The name of its processing job."""
        return jobs.job_name(self.traced.run)

    @strawberry.field
    async def execution(self, info: Info) -> MonitoringExecution | None:
        """How it stands in its schedule; null of a run that no schedule began."""
        job = jobs.job_name(self.traced.run)
        found = (await executions.find(info.context.catalog.store, info.context.account, [job])).get(job)
        return None if found is None else MonitoringExecution(data=found, when=self.when)

    @strawberry.field
    def data(self) -> list[EntityType]:
        """What it looked at."""
        return self._shaped(self.traced.data)

    @strawberry.field
    def baseline(self) -> list[EntityType]:
        """What the data was held against; none of a baseline."""
        return self._shaped(list(self.traced.baseline.values()))

    @strawberry.field
    def others(self) -> list[EntityType]:
        """What else had a part in it: the model or its version, a deployment."""
        return self._shaped(self.traced.others)

    @strawberry.field
    async def monitoring_type(self, info: Info) -> MonitoringType:
        """What it looks at, told by its files."""
        return (await _read(info, self.traced)).findings.monitor

    @strawberry.field
    async def notices(self, info: Info) -> list[DocumentPart]:
        """What a reader must not miss."""
        return shown_parts((await _read(info, self.traced)).overview.notices)

    @strawberry.field
    async def sections(self, info: Info) -> list[DocumentSection]:
        """What was measured: distances, metrics, curves, groups, attributions, with their pictures."""
        return shown_sections((await _read(info, self.traced)).overview.sections)

    @strawberry.field
    async def violation_count(self, info: Info) -> int:
        """How many there are."""
        return len((await _read(info, self.traced)).findings.violations)

    @strawberry.field
    async def violations(self, info: Info, first: int = 50, after: str | None = None) -> Connection[RunViolation]:
        """All of them, in the order of the file."""
        read = await _read(info, self.traced)

        def made(some: Sequence[Document]) -> list[RunViolation]:
            return [RunViolation(said=each, traced=self.traced, when=self.when) for each in some]

        return await self._page("violations", read.findings.violations, made, first, after)

    @strawberry.field
    async def features(
        self,
        info: Info,
        contains: str | None = None,
        violating: bool = False,
        first: int = 10,
        after: str | None = None,
    ) -> Connection[RunFeature]:
        """The features of a data set: those that violate, then those furthest from the baseline, then the data's order."""
        read = await _read(info, self.traced)
        names = [
            name
            for name in read.overview.features
            if (contains or "").casefold() in name.casefold() and (not violating or name in read.overview.violating)
        ]
        found = read.findings.found
        place = info.context.place

        def made(some: Sequence[str]) -> list[RunFeature]:
            if not isinstance(found, DataFound):
                return []
            return [
                RunFeature(
                    page=pages.feature_page(found, read.overview, name),
                    when=self.when,
                    column_arn=findings.column_arn(place, self.traced, name),
                )
                for name in some
            ]

        return await self._page(f"features {contains} {violating}", names, made, first, after)

    def _shaped(self, entities: Sequence[Entity]) -> list[EntityType]:
        return [shaped(entity, self.when) for entity in entities]

    async def _page(
        self, what: str, items: Sequence[T], made: Callable[[Sequence[T]], list[N]], first: int, after: str | None
    ) -> Connection[N]:
        """A page by position, which holds since the files of a run never change; only its items are made."""
        first_within(first)
        list_ = cursors.identity(self.traced.run.arn, what)
        start = 0 if after is None else int(cursors.decode(after, list_)[1]) + 1
        nodes = await asyncio.to_thread(made, items[start : start + first])
        page = [(str(position), node) for position, node in enumerate(nodes, start)]
        return connection(list_, self.when, page, more=start + first < len(items), after=after)


async def monitoring_run(
    info: Info,
    run: strawberry.ID,
    as_of: datetime | None = None,
    known_at: datetime | None = None,
    known_at_sequence: BigInt | None = None,
) -> MonitoringRun:
    """What a monitor's run found, by the ARN of its processing job or trial component."""
    context = info.context
    when = await context.moment(as_of, known_at, known_at_sequence)
    entity = await context.entity(await context.lineage_arn(run, when), when)
    traced = await findings.trace(context.catalog.store, context.account, entity, when)
    return MonitoringRun(traced=traced, when=when)


async def _read(info: Info, traced: Traced) -> _Read:
    """What a run's files say, read once while it is looked at."""
    context = info.context
    key = (context.account, traced.run.arn, *sorted((name, file.uri) for name, file in traced.files.items()))
    async with _reading:
        if key not in _kept:
            found = await findings.read(context.artifacts(), context.policy, context.account, traced)
            _kept[key] = _Read(found, await asyncio.to_thread(pages.overview, found.found))
            while len(_kept) > KEPT:
                _kept.popitem(last=False)
        _kept.move_to_end(key)
        return _kept[key]


async def _entity(info: Info, when: Moment, arns: Sequence[str | None]) -> EntityType | None:
    """The first of some entities that is there."""
    for arn in arns:
        if arn is not None and (found := await info.context.entities.load((arn, when))) is not None:
            return shaped(found, when)
    return None

"""What the resolvers of one request share: the caller, the graph, and look-ups gathered into batches."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

import strawberry
from strawberry.dataloader import DataLoader

from api.audit_jobs import AuditJobs
from graph import history, listing, metrics
from graph.access import Caller
from graph.artifacts import ArtifactStore
from graph.associations import Association, AssociationType
from graph.catalog import Catalog
from graph.commands import Place
from graph.entities import Entity
from graph.errors import NotFoundError
from graph.events.webhooks import Webhooks
from graph.reach.policy import Policy
from graph.times import Moment, to_ms, to_us

BATCH = 1000
"""Entities that one look-up asks for."""
PARALLEL = 12
"""Reads that one request has open at a time."""

K = TypeVar("K")
V = TypeVar("V")

EntityKey = tuple[str, Moment]
AssociationsKey = tuple[str, Moment, bool, tuple[AssociationType, ...], int, str | None]
ChangesKey = tuple[str, int, int, str | None]
SummariesKey = tuple[Entity, Moment]


@dataclass(slots=True)
class Context:
    """One request.

    Attributes:
        seconds: how long a walk may take at most.
        artifacts: opens the store of the files that we hold.
        policy: what the service may touch for the caller's account.
        audits: the audit reports that this process makes.
    """

    catalog: Catalog
    caller: Caller
    request_id: str
    seconds: float
    webhooks: Webhooks
    policy: Policy
    artifacts: Callable[[], ArtifactStore]
    audits: AuditJobs
    entities: DataLoader[EntityKey, Entity | None] = field(init=False)
    associations: DataLoader[AssociationsKey, listing.Page[Association]] = field(init=False)
    changes: DataLoader[ChangesKey, list[history.Change]] = field(init=False)
    summaries: DataLoader[SummariesKey, list[metrics.Summary]] = field(init=False)
    _slots: asyncio.Semaphore = field(init=False)
    _moments: dict[Any, "asyncio.Future[Moment]"] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        self._slots = asyncio.Semaphore(PARALLEL)
        self.entities = DataLoader(self._load_entities)
        self.associations = DataLoader(lambda keys: self._each(keys, self._load_associations))
        self.changes = DataLoader(lambda keys: self._each(keys, self._load_changes))
        self.summaries = DataLoader(self._load_summaries, cache_key_fn=lambda key: (key[0].arn, key[1]))

    @property
    def account(self) -> str:
        """The caller's account."""
        return self.caller.account

    @property
    def place(self) -> Place:
        """Where the caller's ARNs are made."""
        return self.catalog.place(self.account)

    async def moment(
        self, as_of: datetime | None = None, known_at: datetime | None = None, sequence: int | None = None
    ) -> Moment:
        """The moment at which a root reads; roots that ask for the same one share it.

        Raises:
            InvalidError: `known_at` and `sequence` are both given, or the sequence lies beyond the head.
        """
        asked = (as_of, known_at, sequence)
        if asked not in self._moments:
            at = None if as_of is None else to_ms(as_of)
            known = None if known_at is None else to_us(known_at)
            resolving = self.catalog.moment(self.account, as_of=at, known_at=known, sequence=sequence)
            self._moments[asked] = asyncio.ensure_future(resolving)
        return await self._moments[asked]

    async def lineage_arns(self, texts: Sequence[str], when: Moment | None = None) -> list[str]:
        """The lineage ARNs of whatever the caller names; see `Catalog.lineage_arns`."""
        return await self.catalog.lineage_arns(self.account, texts, when)

    async def lineage_arn(self, text: str, when: Moment | None = None) -> str:
        """The lineage ARN of one thing; see `lineage_arns`."""
        return (await self.lineage_arns([text], when))[0]

    async def entity(self, arn: str, when: Moment) -> Entity:
        """One entity at a moment.

        Raises:
            NotFoundError: it is not there then.
        """
        found = await self.entities.load((arn, when))
        if found is None:
            raise NotFoundError(f"{arn} does not exist in account {self.account}")
        return found

    async def _load_entities(self, keys: list[EntityKey]) -> list[Entity | None]:
        wanted: dict[Moment, list[str]] = {}
        for arn, when in keys:
            wanted.setdefault(when, []).append(arn)
        found: dict[EntityKey, Entity] = {}

        async def load(when: Moment, part: list[str]) -> None:
            async with self._slots:
                read = await history.entities(self.catalog.store, self.account, part, when)
            found.update({(arn, when): entity for arn, entity in read.items()})

        parts = [(when, all_[i : i + BATCH]) for when, all_ in wanted.items() for i in range(0, len(all_), BATCH)]
        await asyncio.gather(*(load(when, part) for when, part in parts))
        return [found.get(key) for key in keys]

    async def _load_summaries(self, keys: list[SummariesKey]) -> list[list[metrics.Summary]]:
        wanted: dict[Moment, list[Entity]] = {}
        for entity, when in keys:
            wanted.setdefault(when, []).append(entity)

        async def load(when: Moment, entities: list[Entity]) -> dict[str, list[metrics.Summary]]:
            async with self._slots:
                return await metrics.summaries(self.catalog.store, self.account, entities, when)

        read = await asyncio.gather(*(load(when, entities) for when, entities in wanted.items()))
        found = dict(zip(wanted, read, strict=True))
        return [found[when][entity.arn] for entity, when in keys]

    async def _load_associations(self, key: AssociationsKey) -> listing.Page[Association]:
        arn, when, outgoing, types, first, after = key
        return await listing.associations(
            self.catalog.store,
            self.account,
            arn,
            when,
            outgoing=outgoing,
            types=types or tuple(AssociationType),
            first=first,
            after=after,
        )

    async def _load_changes(self, key: ChangesKey) -> list[history.Change]:
        arn, known, first, before = key
        return await history.changes(self.catalog.store, self.account, arn, known, first=first, before=before)

    async def _each(self, keys: list[K], load: Callable[[K], Awaitable[V]]) -> list[V | BaseException]:
        # A page of edges or changes is one read an entity: the databases have no cheap way to cut many lists at once.
        # Equal ones are read once, and never more than a few at a time.
        async def one(key: K) -> V:
            async with self._slots:
                return await load(key)

        return await asyncio.gather(*(one(key) for key in keys), return_exceptions=True)


Info = strawberry.Info[Context, None]

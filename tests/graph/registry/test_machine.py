"""Random lives of two groups and a package of its own, against a model that keeps them in dictionaries, on both databases.

Requests of one round are sent at once, so that they become one transaction; after each story everything is compared, now and
at every moment before, and the ledger verifies.
"""

import asyncio
import os
import secrets
from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from graph.access import Caller, Role
from graph.catalog import Catalog
from graph.changes import Command
from graph.entities import Approval
from graph.errors import AlreadyExistsError, ConflictError, ForbiddenError, NotFoundError, StemmaError
from graph.registry import groups, lists, names
from graph.registry.amending import amend
from graph.registry.approvals import STEPS
from graph.registry.groups import ANY, DeleteGroup, set_alias
from graph.registry.lists import RegistryFilter
from graph.registry.names import Package
from graph.registry.versions import DeletePackage, register
from graph.times import Moment
from graph.verification import verify
from tests.graph.registry.test_versions import REQUEST, Registry

SOAK = int(os.environ.get("STEMMA_SOAK", "1"))
PENDING = Approval.PENDING_MANUAL_APPROVAL
NAMES = ("churn", "fraud")
ALIASES = ("champion", "candidate")
OWN = "alone"


@dataclass(frozen=True)
class Step:
    """One request: what is done to which group (or the package of its own), and how."""

    what: str
    name: str
    number: int = 1
    approval: Approval = PENDING
    alias: str = ALIASES[0]
    expected: int | None = ANY
    approver: bool = True

    def command(self, registry: Registry) -> Command:
        place, package = registry.place, Package(self.name, None if self.name == OWN else self.number)
        match self.what:
            case "create":
                return groups.create(place, self.name)
            case "end":
                return DeleteGroup(place, self.name)
            case "register" if self.name == OWN:
                return register(place, REQUEST, name=OWN)
            case "register":
                return register(place, REQUEST, group=self.name, approval=self.approval)
            case "decide":
                return amend(place, f"{self.name}/{self.number}", approval=self.approval)
            case "alias":
                return set_alias(place, self.name, self.alias, self.number or None, expected=self.expected)
            case _:
                return DeletePackage(place, package)


@dataclass
class Group:
    """A group as the model has it; numbers go on when it is made again."""

    there: bool = False
    last: int = 0
    versions: dict[int, Approval] = field(default_factory=dict)
    aliases: dict[str, int] = field(default_factory=dict)


@dataclass
class Model:
    """What should be there."""

    groups: dict[str, Group] = field(default_factory=lambda: {name: Group() for name in NAMES})
    own: bool = False

    def do(self, step: Step) -> type[StemmaError] | None:
        """Do a step, or say how it is refused."""
        if step.name == OWN:
            return self._own(step)
        group = self.groups[step.name]
        if step.what == "create":
            if group.there:
                return AlreadyExistsError
            group.there, group.aliases = True, {}
            return None
        held = group.versions.get(step.number)
        if step.what == "delete":
            if held is None:
                return NotFoundError
            del group.versions[step.number]
            group.aliases = {alias: number for alias, number in group.aliases.items() if number != step.number}
            return None
        if step.what == "decide":
            return self._decide(group, step, held)
        if step.what == "register" and step.approval is not PENDING and not step.approver:
            return ForbiddenError
        if not group.there:
            return NotFoundError
        return {"end": self._end, "register": self._register, "alias": self._alias}[step.what](group, step)

    def _own(self, step: Step) -> type[StemmaError] | None:
        making = step.what == "register"
        if making == self.own:
            return AlreadyExistsError if making else NotFoundError
        self.own = making
        return None

    def _end(self, group: Group, step: Step) -> type[StemmaError] | None:
        if group.versions:
            return ConflictError
        group.there = False
        return None

    def _register(self, group: Group, step: Step) -> None:
        group.last += 1
        group.versions[group.last] = step.approval

    def _decide(self, group: Group, step: Step, held: Approval | None) -> type[StemmaError] | None:
        if not step.approver:
            return ForbiddenError
        if held is None:
            return NotFoundError
        if step.approval is not held and step.approval not in STEPS[held]:
            return ConflictError
        group.versions[step.number] = step.approval
        return None

    def _alias(self, group: Group, step: Step) -> type[StemmaError] | None:
        if step.expected not in (ANY, group.aliases.get(step.alias)):
            return ConflictError
        if not step.number:
            group.aliases.pop(step.alias, None)
        elif step.number in group.versions:
            group.aliases[step.alias] = step.number
        else:
            return NotFoundError
        return None


named = st.sampled_from(NAMES)
numbers = st.integers(1, 4)
approvals = st.sampled_from([*Approval])
often = st.sampled_from([True, True, True, False])
steps = st.one_of(
    st.builds(Step, st.just("create"), named),
    st.builds(Step, st.just("register"), named, approval=approvals, approver=often),
    st.builds(Step, st.just("register"), named, approval=st.just(PENDING)),
    st.builds(Step, st.just("decide"), named, numbers, approvals, approver=often),
    st.builds(
        Step,
        st.just("alias"),
        named,
        st.integers(0, 4),
        alias=st.sampled_from(ALIASES),
        expected=st.sampled_from([ANY, ANY, None, 1, 2]),
    ),
    st.builds(Step, st.just("delete"), named, numbers),
    st.builds(Step, st.just("end"), named),
    st.builds(Step, st.sampled_from(["register", "delete"]), st.just(OWN)),
)
stories = st.lists(st.lists(steps, min_size=1, max_size=4), min_size=1, max_size=12)
begun = [[Step("create", name) for name in NAMES], [Step("register", name) for name in NAMES for _ in range(2)]]


async def shown(registry: Registry, when: Moment) -> dict[str, Any]:
    """What is there at a moment, in the model's words."""
    store, account = registry.catalog.store, registry.account
    found = await lists.page(store, account, names.GROUP, when, first=100)
    there = {entity.display_name or "": dict(entity.aliases or {}) for _, entity in found.items}
    versions: dict[str, dict[int, Approval]] = {}
    for name in there:
        page = await lists.page(store, account, names.PACKAGE, when, filter=RegistryFilter(group=name), first=100)
        versions[name] = {
            int(entity.name.rsplit("/")[-1]): entity.approval for _, entity in page.items if entity.approval is not None
        }
    own = await lists.packages(store, registry.place, [Package(OWN, None)], when)
    return {"groups": there, "versions": versions, "own": bool(own)}


def said(model: Model) -> dict[str, Any]:
    """The same of the model."""
    there = {name: group for name, group in model.groups.items() if group.there}
    return {
        "groups": {name: group.aliases for name, group in there.items()},
        "versions": {name: group.versions for name, group in there.items()},
        "own": model.own,
    }


async def tell(registry: Registry, story: Sequence[Sequence[Step]]) -> list[tuple[Moment, dict[str, Any]]]:
    """Live a story; what was there after each of its rounds, by the moment."""
    model, moments = Model(), []
    for batch in story:
        done = await asyncio.gather(
            *(
                registry.write(step.command(registry), by=registry.approver if step.approver else registry.writer)
                for step in batch
            ),
            return_exceptions=True,
        )
        for step, outcome in zip(batch, done, strict=True):
            refused = model.do(step)
            if refused is None:
                assert not isinstance(outcome, BaseException), (step, outcome)
            else:
                assert type(outcome) is refused, (step, outcome)
        now = await registry.now()
        assert await shown(registry, now) == said(model)
        moments.append((now, deepcopy(said(model))))
    return moments


@pytest.mark.soak
@settings(
    max_examples=15 * SOAK,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(story=stories)
async def test_a_registry_lives_as_the_model_says(catalog: Catalog, story: list[list[Step]]) -> None:
    account = f"{secrets.randbelow(10**12):012d}"
    registry = Registry(catalog, account)
    assert registry.approver == Caller(account, "boss", "test", Role.APPROVER)
    for when, expected in await tell(registry, [*begun, *story]):
        assert await shown(registry, when) == expected
    assert (await verify(catalog.store, None, account)).problem is None

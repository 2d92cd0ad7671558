"""Experiments, their trials, and the trial components that belong to them.

Experiments and trials are contexts of these types. Membership is an edge from member to group, ASSOCIATED_WITH: a trial
component belongs to trials, a trial to an experiment.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from graph import arns, commands
from graph.associations import AssociationType
from graph.changes import Applied, Associate, Command, Dissociate
from graph.commands import Place
from graph.drafts import Draft
from graph.entities import Entity, Kind, from_body
from graph.errors import ConflictError
from graph.listing import Filter, Page, Sort, first_within, within
from graph.store.store import Store
from graph.times import FOREVER, Moment
from graph.working import Needs

EXPERIMENT, TRIAL, COMPONENT = "experiment", "experiment-trial", "experiment-trial-component"
"""What their ARNs begin with."""
TYPES = {EXPERIMENT: "Experiment", TRIAL: "Trial"}
NAMES = {EXPERIMENT: "experiment", TRIAL: "trial", COMPONENT: "trial component"}
EVERY = Filter()
BATCH = 1_000
"""Entities that one look-up asks for."""


class Members(StrEnum):
    """Which of the entities around a group are listed."""

    DIRECT = "members"
    """what belongs to it: the trials of an experiment, the components of a trial"""
    INDIRECT = "members_of_members"
    """what belongs to those: the components of an experiment"""
    GROUPS = "groups"
    """what it belongs to: the trials of a component"""


@dataclass(frozen=True, slots=True)
class Parent:
    """A trial that a component belongs to, and the trial's experiment; names are None where there is none."""

    trial_arn: str
    trial: str
    experiment_arn: str | None
    experiment: str | None


def create_experiment(place: Place, name: str, **details: Any) -> list[Command]:
    """A new experiment; its name is unique.

    Raises:
        InvalidError: a field does not fit.
    """
    return [commands.create_named(place, Kind.CONTEXT, name, type="Experiment", exclusive=True, **details)]


def create_trial(place: Place, name: str, experiment: str, **details: Any) -> list[Command]:
    """A new trial of an experiment that exists; its name is unique.

    Raises:
        InvalidError: a field does not fit.
    """
    put = commands.create_named(place, Kind.CONTEXT, name, type="Trial", exclusive=True, **details)
    return [put, join(put.arn, place.arn(f"{EXPERIMENT}/{experiment}"))]


def join(member: str, group: str) -> Associate:
    """Let an entity belong to a group; it may already."""
    return commands.associate(member, group)


def leave(member: str, group: str) -> Dissociate:
    """Let an entity belong to a group no longer."""
    return commands.dissociate(member, group)


@dataclass(frozen=True, slots=True)
class Withdraw:
    """Let an experiment without trials, a trial without components, or a component outside all trials end.

    Its other associations end with it.
    """

    arn: str

    def needs(self, needs: Needs) -> None:
        """The entity and all its edges."""
        needs.entity(self.arn, None)
        needs.incident.add(self.arn)

    def apply(self, draft: Draft) -> Applied:
        """End it.

        Raises:
            NotFoundError: it is not there.
            ConflictError: it has members, or is one.
        """
        draft.existing(self.arn)
        family = family_of(self.arn)
        triples = draft.touching(self.arn, draft.now)
        members = {EXPERIMENT: TRIAL, TRIAL: COMPONENT}.get(family)
        held = [
            triple
            for triple in triples
            if triple[1] == AssociationType.ASSOCIATED_WITH
            and (
                (members is not None and triple[2] == self.arn and family_of(triple[0]) == members)
                or (family == COMPONENT and triple[0] == self.arn and family_of(triple[2]) == TRIAL)
            )
        ]
        if held:
            name = self.arn.rsplit("/", 1)[1]
            if members is None:
                others = ", ".join(sorted(triple[2].rsplit("/", 1)[1] for triple in held)[:3])
                raise ConflictError(
                    f"Trial component {name} is associated with {len(held)} trials ({others}); disassociate it first"
                )
            others = ", ".join(sorted(triple[0].rsplit("/", 1)[1] for triple in held)[:3])
            first = "delete them" if members == TRIAL else "disassociate them"
            raise ConflictError(
                f"{NAMES[family].capitalize()} {name} has {len(held)} {NAMES[members]}s ({others}); {first} first"
            )
        for triple in triples:
            draft.disconnect(triple, draft.now)
        draft.delete(self.arn, draft.now)
        return Applied(self.arn)

    def payload(self) -> dict[str, Any]:
        """The end that was asked for."""
        return {"withdraw": self.arn}


def family_of(arn: str) -> str:
    """What the resource part of an ARN begins with, such as `experiment-trial`."""
    return arn.split(":", 5)[5].split("/", 1)[0]


async def members(
    store: Store,
    account: str,
    arn: str,
    family: str,
    when: Moment,
    *,
    which: Members = Members.DIRECT,
    only: Sequence[str] | None = None,
    filter: Filter = EVERY,  # noqa: A002  # the field's word
    sort: Sort = Sort.CREATED,
    descending: bool = True,
    first: int = 50,
    after: str | None = None,
) -> Page[Entity]:
    """One page of the entities around a group.

    Args:
        store: Where to look.
        account: Whose.
        arn: The group's ARN, or the component's for its groups.
        family: What the ARNs of those listed begin with.
        when: At which moment.
        which: Which of them.
        only: None but these ARNs.
        filter: Times of creation; the other fields are not looked at.
        sort: By name or by creation; equal ones by ARN.
        descending: Last first.
        first: How many, 1 to 500.
        after: The key of an item: only what follows it.

    Raises:
        InvalidError: `first` is out of its range.
    """
    first_within(first)
    kind = Kind.TRIAL_COMPONENT if family == COMPONENT else Kind.CONTEXT
    low, high = f"{account}/{kind.value}/", f"{account}/{kind.value}0"
    if after is not None:
        low, high = (low, after) if descending else (after, high)
    parameters = {
        "arn": arn,
        "account": account,
        "prefix": arns.make(arns.parse(arn).region, account, f"{family}/"),
        "only": None if only is None else list(only),
        "at": when.at,
        "known": when.known,
        "created_after": filter.created_after or 0,
        "created_before": FOREVER if filter.created_before is None else filter.created_before,
        "by_name": sort is Sort.NAME,
        "from": low,
        "to": high,
        "limit": first + 1,
    }
    found = await store.read(f"experiment/{which.value}_{'descending' if descending else 'ascending'}", parameters)
    return Page([(key, from_body(body)) for key, body in found[:first]], len(found) > first)


async def arns_of_members(
    store: Store, place: Place, groups: Sequence[str], family: str, when: Moment, *, which: Members, most: int
) -> list[str]:
    """The ARNs of all that belong to some groups, in order, for looking through them.

    Args:
        store: Where to look.
        place: Whose, and where.
        groups: ARNs of trials or experiments.
        family: What the members' ARNs begin with.
        when: At which moment.
        which: Direct or indirect members.
        most: How many there may be.

    Raises:
        TooExpensiveError: there are more.
    """
    parameters = {
        "arns": list(groups),
        "account": place.account,
        "prefix": place.arn(f"{family}/"),
        "at": when.at,
        "known": when.known,
        "limit": most + 1,
    }
    found: list[str] = sorted(await store.read(f"experiment/arns_of_{which.value}", parameters))
    within(len(found), most)
    return found


async def parents(store: Store, place: Place, components: Sequence[str], when: Moment) -> dict[str, list[Parent]]:
    """The trials that components belong to, by the components' ARNs, each list by name."""
    found: dict[str, list[Parent]] = {}
    for start in range(0, len(components), BATCH):
        parameters = {
            "arns": list(components[start : start + BATCH]),
            "account": place.account,
            "trials": place.arn(f"{TRIAL}/"),
            "experiments": place.arn(f"{EXPERIMENT}/"),
            "at": when.at,
            "known": when.known,
        }
        for arn, *parent in await store.read("experiment/parents", parameters):
            # The name of a trial that has ended since is on its ARN alone.
            trial_arn, trial, experiment_arn, experiment = parent
            if experiment_arn is not None:
                experiment = experiment or experiment_arn.rsplit("/", 1)[1]
            found.setdefault(arn, []).append(
                Parent(trial_arn, trial or trial_arn.rsplit("/", 1)[1], experiment_arn, experiment)
            )
    for trials in found.values():
        trials.sort(key=lambda parent: parent.trial_arn)
    return found


async def experiments(store: Store, place: Place, trials: Sequence[str], when: Moment) -> dict[str, str]:
    """The names of the experiments that trials belong to, by the trials' ARNs."""
    found: dict[str, str] = {}
    for start in range(0, len(trials), BATCH):
        parameters = {
            "arns": list(trials[start : start + BATCH]),
            "account": place.account,
            "experiments": place.arn(f"{EXPERIMENT}/"),
            "at": when.at,
            "known": when.known,
        }
        for arn, experiment_arn, name in sorted(await store.read("experiment/experiments", parameters), reverse=True):
            found[arn] = name or experiment_arn.rsplit("/", 1)[1]
    return found

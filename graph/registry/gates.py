"""What a group asks of its versions before one may be approved: kept as data in the group's specification, with its history."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Any

import orjson

from graph import limits
from graph.access import Permission
from graph.changes import Applied
from graph.commands import Place
from graph.drafts import Draft
from graph.entities import State
from graph.errors import InvalidError
from graph.registry import groups, names
from graph.times import from_ms
from graph.working import Needs

APPROVALS, BOUNDS = 10, 30


EVER = 1
"""Since when violations of any age count: 0 would be kept as nothing."""


@dataclass(frozen=True, slots=True)
class Bound:
    """What the newest evaluation has to say of a metric; one of both ends or both."""

    name: str
    at_least: float | None = None
    at_most: float | None = None

    def holds(self, value: float) -> bool:
        """Whether a value lies within the bound.

        >>> Bound("auc", at_least=0.9).holds(0.91), Bound("rmse", at_most=2.0).holds(float("nan"))
        (True, False)
        """
        return (self.at_least is None or value >= self.at_least) and (self.at_most is None or value <= self.at_most)

    @property
    def text(self) -> str:
        """As it is told: `auc >= 0.9`."""
        ends = [(">=", self.at_least), ("<=", self.at_most)]
        return " and ".join(f"{self.name} {sign} {end:g}" for sign, end in ends if end is not None)


@dataclass(frozen=True, slots=True)
class Gates:
    """What is asked for; nothing by default.

    Attributes:
        approvals: how many persons have to approve, none of whom registered the version.
        bounds: what evaluations have to say.
        violations_since: no violation of a monitor that is younger may be open; epoch milliseconds.
        card: whether the version's model card has to be approved.
        licences: whether each data set that the version came from needs a tag `licence` (or `license`).
    """

    approvals: int = 0
    bounds: tuple[Bound, ...] = ()
    violations_since: int | None = None
    card: bool = False
    licences: bool = False

    def __bool__(self) -> bool:
        return self != NONE

    def kept(self) -> dict[str, Any]:
        """As a group's specification, and a result, keep it."""
        bounds = [
            {
                "Name": bound.name,
                **({} if bound.at_least is None else {"AtLeast": bound.at_least}),
                **({} if bound.at_most is None else {"AtMost": bound.at_most}),
            }
            for bound in self.bounds
        ]
        found = {
            "RequiredApprovals": self.approvals,
            "Metrics": bounds,
            "NoViolationsSince": self.violations_since,
            "ApprovedModelCard": self.card,
            "LicensedData": self.licences,
        }
        return {name: value for name, value in found.items() if value}


NONE = Gates()


@dataclass(frozen=True, slots=True)
class SetGates:
    """Let a group ask for other things from now on, or for nothing; made by `set_gates`."""

    place: Place
    name: str
    gates: Gates

    @property
    def arn(self) -> str:
        """The group's lineage ARN."""
        return names.group_arn(self.place, self.name)

    @property
    def permission(self) -> Permission:
        """To set gates."""
        return Permission.SET_GATES

    def needs(self, needs: Needs) -> None:
        """The group."""
        needs.entity(self.arn, None)

    def apply(self, draft: Draft) -> Applied:
        """Set them.

        Raises:
            NotFoundError: the group is not there.
        """
        groups.held(draft, self.place, self.name)

        def change(state: State) -> State:
            kept = {**orjson.loads(state.get("specification") or "{}"), groups.GATES: self.gates.kept()}
            kept = {key: value for key, value in kept.items() if value != {}}
            return {**state, "specification": orjson.dumps(kept).decode()}

        return Applied(self.arn, changed=draft.patch(self.arn, change, draft.now))

    def payload(self) -> dict[str, Any]:
        """The gates that were given."""
        return {"gates_of": self.arn, "gates": orjson.dumps(self.gates.kept()).decode()}


def set_gates(
    place: Place,
    group: str,
    *,
    approvals: int = 0,
    bounds: Sequence[Bound] = (),
    violations_since: int | None = None,
    card: bool = False,
    licences: bool = False,
) -> SetGates:
    """The gates of a group, named by its name or ARN, in place of those before; see `Gates`.

    Raises:
        InvalidError: a field does not fit.
        NotFoundError: the group is another account's.
    """
    if not 0 <= approvals <= APPROVALS:
        raise InvalidError(
            f"{approvals} approvals can't be required; 0 to {APPROVALS} can",
            path="requiredApprovals",
            constraint=f"0 <= requiredApprovals <= {APPROVALS}",
        )
    if len(bounds) > BOUNDS or len({bound.name for bound in bounds}) != len(bounds):
        raise InvalidError(
            f"metrics has {len(bounds)} bounds; at most {BOUNDS} are allowed, each of another metric",
            path="metrics",
            constraint=f"size <= {BOUNDS}, names are unique",
        )
    for bound in bounds:
        limits.text(bound.name, "metrics.name", minimum=1, maximum=255, lines=False)
        ends = [end for end in (bound.at_least, bound.at_most) if end is not None]
        if not ends or not all(map(isfinite, ends)) or ends != sorted(ends):
            raise InvalidError(
                f"the bound of {bound.name[:60]!r} needs a finite atLeast or atMost, the first not above the second",
                path="metrics",
                constraint="atLeast <= atMost",
            )
    if violations_since is not None:
        try:
            from_ms(violations_since)
        except (ValueError, OverflowError, OSError):
            violations_since = -1
        if violations_since < 0:
            raise InvalidError(
                "noViolationsSince is no time since 1970",
                path="noViolationsSince",
                constraint="1970-01-01T00:00:00Z <=",
            )
    # A beginning of 1970 asks for no violation at all; 0 would be left out as if nothing were asked.
    since = None if violations_since is None else max(EVER, violations_since)
    made = Gates(approvals, tuple(sorted(bounds, key=lambda bound: bound.name)), since, card, licences)
    return SetGates(place, names.group_name(place, group), made)


def read(kept: Mapping[str, Any]) -> Gates:
    """Gates from what `Gates.kept` gave."""
    bounds = tuple(Bound(each["Name"], each.get("AtLeast"), each.get("AtMost")) for each in kept.get("Metrics", ()))
    return Gates(
        kept.get("RequiredApprovals", 0),
        bounds,
        kept.get("NoViolationsSince"),
        kept.get("ApprovedModelCard", False),
        kept.get("LicensedData", False),
    )


def of(specification: str | None) -> Gates:
    """The gates in the text of a group's specification."""
    return read(orjson.loads(specification or "{}").get(groups.GATES, {}))

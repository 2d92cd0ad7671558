"""What a change of the graph is, and what became of one."""

from dataclasses import dataclass
from typing import Any, Protocol

from graph.associations import Triple
from graph.drafts import Draft
from graph.working import Needs


@dataclass(frozen=True, slots=True)
class Applied:
    """What a command came to.

    Attributes:
        arn: the entity it was about, if one.
        triple: the association it was about, if one.
        changed: whether the graph is another one now.
        created: whether the entity or association did not exist before.
        entities: how many entities ended.
        associations: how many associations ended.
        missing: what an approval that was recorded still needs before it takes effect.
    """

    arn: str | None = None
    triple: Triple | None = None
    changed: bool = True
    created: bool = False
    entities: int = 0
    associations: int = 0
    missing: tuple[str, ...] = ()


class Command(Protocol):
    """One change that is asked for."""

    def needs(self, needs: Needs) -> None:
        """Say what it has to see."""

    def apply(self, draft: Draft) -> Applied:
        """Make the change in a draft, or raise what stands against it."""

    def payload(self) -> dict[str, Any]:
        """The request in canonical JSON, to tell a repeated request from another one under the same id."""

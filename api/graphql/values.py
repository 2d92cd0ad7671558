"""Small types that explain themselves."""

import strawberry

from api.auth import LOCAL_ADMIN
from api.graphql.names import SourceIdType
from graph.keys import PrincipalKind


@strawberry.type
class Actor:
    """Who did something. `kind` is `person` or `service` (with a key), `local` (without keys) or `user` (of the machine)."""

    id: strawberry.ID
    name: str
    kind: str


@strawberry.type
class Tag:
    """A label on an entity."""

    key: str
    value: str


@strawberry.type
class Property:
    """A free fact about an entity."""

    key: str
    value: str


@strawberry.type
class SourceType:
    """What tells an artifact from others at the same source URI."""

    type: SourceIdType
    value: str


@strawberry.type
class Metadata:
    """Where something comes from: the commit and repository of its code, what generated it, its project."""

    commit_id: str | None
    repository: str | None
    generated_by: str | None
    project_id: str | None


@strawberry.type
class Parameter:
    """A value by name: a number or a text."""

    key: str
    number: float | None
    string: str | None


@strawberry.type
class TrialArtifact:
    """A file that a trial component read or wrote, by name."""

    key: str
    value: str
    media_type: str | None


def actor(name: str) -> Actor:
    """The actor that a record names."""
    kind, _, principal = name.partition("/")
    if kind in set(PrincipalKind) and principal:
        return Actor(id=strawberry.ID(name), name=principal, kind=kind)
    return Actor(id=strawberry.ID(name), name=name, kind="local" if name == LOCAL_ADMIN else "user")

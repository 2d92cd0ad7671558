"""Small types that explain themselves."""

import strawberry

from api.auth import LOCAL_ADMIN
from api.graphql.names import SourceIdType


@strawberry.type
class Actor:
    """Who did something. `kind` is `local` (the administrator of a service without keys), `key` or `user`."""

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
    kind = "local" if name == LOCAL_ADMIN else "key" if name.startswith("key-") else "user"
    return Actor(id=strawberry.ID(name), name=name, kind=kind)

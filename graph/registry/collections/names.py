"""The names of resource groups, of which collections are some: their own ARNs, and their lineage ARNs."""

import re

from graph import arns, limits
from graph.canonical import digest
from graph.commands import Place
from graph.errors import InvalidError, NotFoundError

FAMILY = "group"
SERVICE = "resource-groups"
PLAIN_TYPE = "ResourceGroup"
NAME = re.compile(r"[a-zA-Z0-9_.-]+", re.ASCII)
LONGEST = 300


def checked(name: str) -> str:
    """The name of a resource group.

    Raises:
        InvalidError: it is not 1 to 300 letters, digits, dots, hyphens and underscores.
    """
    limits.text(name, "name", minimum=1, maximum=LONGEST, lines=False)
    if NAME.fullmatch(name) is None or name.lower().startswith("aws"):
        raise InvalidError(
            f"{name!r} is no name of a collection: letters, digits, dots, hyphens and underscores, not beginning with AWS",
            path="name",
            constraint=NAME.pattern,
        )
    return name


def resource(place: Place, name: str) -> str:
    """A resource group's own ARN, in the form that the graph keeps."""
    return shown(place, name.lower())


def shown(place: Place, name: str) -> str:
    """A resource group's own ARN with its name as it was given, as AWS writes it."""
    return f"arn:aws:{SERVICE}:{place.region}:{place.account}:{FAMILY}/{name}"


def plain(place: Place, name: str) -> str:
    """The lineage ARN of a resource group that is no collection."""
    return place.arn(f"context/resource-group-{digest(name.lower().encode())[:32]}")


def named(place: Place, text: str) -> str:
    """The name, in lower case, of the resource group that a name or an ARN says.

    Raises:
        InvalidError: it is the ARN of something else.
        NotFoundError: it is another account's.
    """
    if not text.startswith("arn:"):
        return text.lower()
    arn = arns.parse(text)
    family, _, name = arn.resource.partition("/")
    if arn.service != SERVICE or family != FAMILY or not name:
        raise InvalidError(f"{text} is not the ARN of a group", path="group", constraint="a group's ARN or name")
    if arn.account != place.account or arn.region != place.region:
        raise missing(text)
    return name


def missing(text: str) -> NotFoundError:
    """There is no resource group of this name."""
    return NotFoundError(f"Cannot find group: {text[:300]}")

"""The names of registry objects: their own ARNs, and the lineage ARNs that are made of those."""

from typing import NamedTuple

from graph import arns, limits
from graph.commands import Place
from graph.errors import InvalidError, NotFoundError

GROUP, PACKAGE = "model-package-group", "model-package"
"""What their own ARNs begin with."""
GROUP_TYPE, PACKAGE_TYPE, CREATION_TYPE, APPROVAL_TYPE = "ModelGroup", "Model", "ModelPackageCreation", "Approval"
STALE_TYPE = "ApprovalStale"
"""The type of the action that says that an approval has become stale."""
NAME = 63
"""Characters of a name at most."""


class Package(NamedTuple):
    """A version of a group, or a package of its own, which has no number. Names are in lower case."""

    name: str
    number: int | None = None

    @property
    def resource(self) -> str:
        """What its own ARN ends with: `model-package/churn/7`."""
        return f"{PACKAGE}/{self.name}" if self.number is None else f"{PACKAGE}/{self.name}/{self.number}"

    @property
    def slug(self) -> str:
        """What the names of its actions begin with."""
        return self.name if self.number is None else f"{self.name}-{self.number}"


def checked(name: str, path: str = "name") -> str:
    """The name of a group or package.

    Raises:
        InvalidError: it is not 1 to 63 letters, digits and inner hyphens.
    """
    limits.text(name, path, minimum=1, maximum=NAME, lines=False)
    return limits.name(name, path)


def group_name(place: Place, text: str) -> str:
    """The name, in lower case, of the group that a name or an ARN says.

    Raises:
        InvalidError: it is the ARN of something else.
        NotFoundError: it is another account's.
    """
    if not text.startswith("arn:"):
        return checked(text, "group").lower()
    return _named(place, text, GROUP)


def group_resource(place: Place, name: str) -> str:
    """A group's own ARN."""
    return place.arn(f"{GROUP}/{name}")


def group_arn(place: Place, name: str) -> str:
    """The lineage ARN of a group."""
    return place.arn(f"context/{context_name(name)}")


def context_name(name: str) -> str:
    """The name of a group's context."""
    return f"{name}-aws-{GROUP}"


def package(place: Place, text: str) -> Package:
    """The package that a name, `churn/7` or an ARN says.

    Raises:
        InvalidError: it is the ARN of something else, or no name.
        NotFoundError: it is another account's.
    """
    rest = text.lower()
    if text.startswith("arn:"):
        rest = _named(place, text, PACKAGE)
    found = split(f"{PACKAGE}/{rest}")
    if found is None:
        raise InvalidError(f"{text} names no model package", path="arn", constraint="<group>/<version> or <name>")
    return found


def split(resource: str) -> Package | None:
    """The package whose own ARN ends so; None when there can be none."""
    parts = resource.split("/")
    if parts[0] != PACKAGE or len(parts) not in (2, 3) or not parts[1]:
        return None
    if len(parts) == 2:
        return Package(parts[1])
    number = parts[2]
    if not (number.isascii() and number.isdigit() and len(number) < 10 and int(number) > 0):
        return None
    return Package(parts[1], int(number))


def of_arn(resource_arn: str) -> Package | None:
    """The package that has an ARN; None when it is none."""
    return split(resource_arn.split(":", 5)[5])


def package_resource(place: Place, named: Package) -> str:
    """A package's own ARN."""
    return place.arn(named.resource)


def package_arn(place: Place, named: Package) -> str:
    """The lineage ARN of a package: that of the artifact whose source it is."""
    return place.arn(f"artifact/{arns.artifact_id(package_resource(place, named), [])}")


def creation_name(named: Package) -> str:
    """The name of the action that made a package."""
    return f"{named.slug}-aws-model-package-creation"


def _named(place: Place, text: str, expected: str) -> str:
    """What an ARN of a family names; that it is of the family is said first, whatever account it is of."""
    arn = arns.parse(text)
    family, _, name = arn.resource.partition("/")
    if family != expected or (family == GROUP and "/" in name):
        shown = expected.replace("-", " ")
        raise InvalidError(f"{text} is not the ARN of a {shown}", path="arn", constraint=f"a {shown}'s ARN")
    if arn.account != place.account or arn.region != place.region:
        kind = "ModelPackageGroup" if expected == GROUP else "ModelPackage"
        raise NotFoundError(f"{kind} {arn} does not exist.")
    return name

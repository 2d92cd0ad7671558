"""The names of hosting objects: their own ARNs, and the lineage ARNs that are made of those."""

from enum import StrEnum

from graph import arns, limits
from graph.commands import Place
from graph.entities import Kind
from graph.errors import InvalidError, NotFoundError

NAME = 63
"""Characters of a name at most."""
DEPLOYMENT_TYPE, REPLACED_TYPE = "ModelDeployment", "ModelReplaced"


class Hosted(StrEnum):
    """What is kept; the value is what its own ARN begins with."""

    MODEL = "model"
    CONFIG = "endpoint-config"
    ENDPOINT = "endpoint"

    @property
    def kind(self) -> Kind:
        """Of which kind its entity is."""
        return Kind.ARTIFACT if self is Hosted.MODEL else Kind.CONTEXT

    @property
    def type(self) -> str:
        """The type of its entity."""
        return {"model": "Model", "endpoint-config": "EndpointConfig", "endpoint": "Endpoint"}[self.value]

    @property
    def shown(self) -> str:
        """What AWS's messages call it."""
        return "endpoint configuration" if self is Hosted.CONFIG else self.value


def resource(place: Place, hosted: Hosted, name: str) -> str:
    """Its own ARN."""
    return place.arn(f"{hosted.value}/{name}")


def lineage(place: Place, hosted: Hosted, name: str) -> str:
    """Its lineage ARN."""
    if hosted is Hosted.MODEL:
        return place.arn(f"artifact/{arns.artifact_id(resource(place, hosted, name), [])}")
    return place.arn(f"context/{context_name(hosted, name)}")


def context_name(hosted: Hosted, name: str) -> str:
    """The name of the context of an endpoint or its configuration: `churn-aws-endpoint`."""
    return f"{name.lower()}-aws-{hosted.value}"


def checked(name: str, path: str = "name") -> str:
    """The name of something hosted.

    Raises:
        InvalidError: it is not 1 to 63 letters, digits and inner hyphens.
    """
    limits.text(name, path, minimum=1, maximum=NAME, lines=False)
    return limits.name(name, path)


def named(place: Place, hosted: Hosted, text: str) -> str:
    """The name that a name or an ARN says.

    Raises:
        InvalidError: it is the ARN of something else, or no name.
        NotFoundError: it is another account's.
    """
    if not text.startswith("arn:"):
        return checked(text, hosted.value)
    arn = arns.parse(text)
    family, _, rest = arn.resource.partition("/")
    suffix = f"-aws-{hosted.value}"
    lineage = family == "context" and rest.endswith(suffix)
    if not lineage and family != hosted.value:
        raise InvalidError(
            f"{text} is not the ARN of a {hosted.shown}", path=hosted.value, constraint="its ARN or name"
        )
    if arn.account != place.account or arn.region != place.region:
        raise NotFoundError(f"{arn} does not exist in account {place.account}")
    return rest.removesuffix(suffix) if lineage else rest


def missing(place: Place, hosted: Hosted, name: str) -> NotFoundError:
    """There is none of this name, in AWS's words."""
    return NotFoundError(f'Could not find {hosted.shown} "{resource(place, hosted, name)}".')

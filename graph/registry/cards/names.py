"""The names of model cards: their own ARNs, and the lineage ARNs that are made of those."""

from graph import arns
from graph.commands import Place
from graph.errors import InvalidError, NotFoundError
from graph.registry import names

CARD, TYPE = "model-card", "ModelCard"
"""What their own ARNs begin with; the type of their artifacts."""


def resource(place: Place, name: str) -> str:
    """A card's own ARN."""
    return place.arn(f"{CARD}/{name.lower()}")


def lineage(place: Place, name: str) -> str:
    """A card's lineage ARN: that of the artifact whose source it is."""
    return place.arn(f"artifact/{arns.artifact_id(resource(place, name), [])}")


def prefix(place: Place, name: str) -> str:
    """What the keys of a card's versions begin with."""
    return f"{place.account}/{CARD}/{name.lower()}/"


def named(place: Place, text: str) -> str:
    """The name, in lower case, of the card that a name or an ARN says.

    Raises:
        InvalidError: it is the ARN of something else, or no name.
        NotFoundError: it is another account's.
    """
    if not text.startswith("arn:"):
        return names.checked(text, "card").lower()
    arn = arns.parse(text)
    family, _, name = arn.resource.partition("/")
    if family != CARD or "/" in name:
        raise InvalidError(f"{text} is not the ARN of a model card", path="card", constraint="a card's ARN or name")
    if arn.account != place.account or arn.region != place.region:
        raise missing(str(arn))
    return name.lower()


def missing(arn: str) -> NotFoundError:
    """There is no card of this own ARN."""
    return NotFoundError(f"Model card {arn} does not exist.")

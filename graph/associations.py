"""The five kinds of edges, from cause to effect."""

from enum import StrEnum
from typing import NamedTuple


class AssociationType(StrEnum):
    """How the source bears on the destination."""

    CONTRIBUTED_TO = "CONTRIBUTED_TO"
    ASSOCIATED_WITH = "ASSOCIATED_WITH"
    DERIVED_FROM = "DERIVED_FROM"
    PRODUCED = "PRODUCED"
    SAME_AS = "SAME_AS"


Triple = tuple[str, str, str]
"""Source ARN, association type, destination ARN."""


class Association(NamedTuple):
    """An edge, true from `valid_from` until before `valid_to` (epoch milliseconds).

    A tuple, because walks make them by the thousands.
    """

    source: str
    destination: str
    association: AssociationType
    valid_from: int
    valid_to: int
    key: str = ""

"""Amazon resource names, the keys of everything.

`arn:aws:<service>:<region>:<account>:<resource>`; resource parts are lower case, and look-ups ignore case.
"""

import re
from dataclasses import dataclass

from graph.canonical import canonical, digest
from graph.errors import InvalidError

_ARN = re.compile(r"arn:(aws[a-z-]*):([a-z-]+):([a-z0-9-]*):(\d{12}):([^\s:][^\s]{0,2000})", re.ASCII)
ACCOUNT = re.compile(r"\d{12}", re.ASCII)
REGION = re.compile(r"[a-z]{2,}(-[a-z0-9]+)+", re.ASCII)


@dataclass(frozen=True, slots=True)
class Arn:
    """The parts of an ARN, as `parse` finds them."""

    partition: str
    service: str
    region: str
    account: str
    resource: str

    def __str__(self) -> str:
        return f"arn:{self.partition}:{self.service}:{self.region}:{self.account}:{self.resource}"


def parse(text: str) -> Arn:
    """The parts of an ARN in its normal, lower-case form.

    Raises:
        InvalidError: the text is not an ARN.
    """
    found = _ARN.fullmatch(text.lower())
    if found is None or len(text) > 2048:
        shown = text if len(text) <= 100 else text[:97] + "..."
        raise InvalidError(
            f"{shown!r} is not an ARN; expected something like arn:aws:sagemaker:us-east-1:123456789012:artifact/<id>",
            path="arn",
            constraint="arn:aws:<service>:<region>:<account>:<resource>",
        )
    return Arn(*found.groups())


def normal(text: str) -> str:
    """The ARN in the form that the graph keeps.

    Raises:
        InvalidError: the text is not an ARN.
    """
    return str(parse(text))


def make(region: str, account: str, resource: str) -> str:
    """The ARN of a SageMaker resource such as `context/churn`."""
    return f"arn:aws:sagemaker:{region}:{account}:{resource.lower()}"


def artifact_id(source_uri: str, source_types: list[tuple[str, str]]) -> str:
    """The 32 hex digits that stand for an artifact's source; the same in every account."""
    source = [source_uri, [[kind, value] for kind, value in sorted(source_types)]]
    return digest(canonical(source))[:32]

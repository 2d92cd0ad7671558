"""What a model card says: JSON text, held to the known parts of SageMaker's card schema, and otherwise kept as it is.

The known parts, in `schema.json`, are those of "Model package model card schema" in the SageMaker developer guide and those
that the SDKs of both generations write. Other members are kept, so that cards of newer clients are, too.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import orjson
from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match

from graph import arns
from graph.commands import Place
from graph.errors import InvalidError, StemmaError
from graph.registry import names
from graph.registry.sources import Source, source_of

LONGEST = 100_000
"""Characters of a content."""
Content = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Subject:
    """What a card says that it speaks about.

    Attributes:
        model_id: the ARN of a model or a model package, or what else stands there.
        group: the name of a model group.
        risk: `High`, `Medium`, `Low` or `Unknown`.
    """

    model_id: str | None
    group: str | None
    risk: str | None


def read(text: str) -> Content:
    """The content of a card.

    Raises:
        InvalidError: it is too long, no JSON object, or a known part of it does not fit.

    Example:
        >>> read('{"intended_uses": {"risk_rating": "Low"}}')
        {'intended_uses': {'risk_rating': 'Low'}}
    """
    if len(text) > LONGEST:
        raise InvalidError(
            f"the card's content has {len(text)} characters; it may have {LONGEST}",
            path="content",
            constraint=f"length <= {LONGEST}",
        )
    try:
        found: Any = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise InvalidError(f"the card's content is not JSON: {error}", path="content", constraint="JSON") from None
    if not isinstance(found, dict):
        raise InvalidError("the card's content is no JSON object", path="content", constraint="a JSON object")
    problem = best_match(_validator().iter_errors(found))
    if problem is not None:
        where = ".".join(str(part) for part in problem.absolute_path) or "the content"
        said = str(problem.message)
        # The message begins with the value, which may be the whole card.
        shown = said if len(said) <= 300 else f"{said[:100]}… {said[-180:]}"
        raise InvalidError(
            f"the card's content does not fit SageMaker's model card schema at {where}: {shown}",
            path=f"content.{where}"[:200],
            constraint=str(problem.validator),
        )
    return found


def subject(content: Mapping[str, Any]) -> Subject:
    """What a card's content says that it speaks about."""
    overview, details = _part(content, "model_overview"), _part(content, "model_package_details")
    model_id = overview.get("model_id") or details.get("model_package_arn")
    group = details.get("model_package_group_name")
    if not group and model_id is not None and (named := _package(model_id)) is not None:
        group = named
    return Subject(model_id or None, group or None, _part(content, "intended_uses").get("risk_rating"))


def candidates(place: Place, content: Mapping[str, Any]) -> list[Source]:
    """What a card may be associated with, the nearest first; what is there is seen when it is written.

    What it says of other accounts is kept as it was said, and leads nowhere.
    """
    said = subject(content)
    found: list[Source] = []
    try:
        if said.model_id is not None and (source := source_of(place, {"SourceUri": said.model_id})) is not None:
            found.append(source)
    except StemmaError:
        pass
    try:
        if said.group is not None:
            name = names.group_name(place, said.group)
            found.append(Source(names.group_resource(place, name), names.group_arn(place, name)))
    except StemmaError:
        pass
    return found


def _package(arn: str) -> str | None:
    """The group of the version that an ARN names."""
    try:
        named = names.split(arns.parse(arn).resource)
    except StemmaError:
        return None
    return None if named is None or named.number is None else named.name


def _part(content: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found: Mapping[str, Any] = content.get(name) or {}
    return found


@cache
def _validator() -> Draft202012Validator:
    schema = orjson.loads(files("graph.registry.cards").joinpath("schema.json").read_bytes())
    return Draft202012Validator(schema)

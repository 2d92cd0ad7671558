"""Where a baseline's model was, kept in its `analysis_config.json` so that a run can ask it again."""

from dataclasses import asdict, dataclass, fields

from graph.artifacts import ArtifactStore
from graph.catalog import Catalog
from graph.errors import InvalidError
from monitors import baselines
from monitors.analysis.jsonfile import Document
from monitors.predictors.container import Exchange
from monitors.predictors.loading import FORMATS, Predictor


@dataclass(frozen=True, slots=True)
class Place:
    """Where a model was, what it is, and, of a container, how it is spoken to."""

    uri: str
    format: str
    exchange: Exchange


def remembering(document: Document, predictor: Predictor, exchange: Exchange | None) -> Document:
    """A configuration that also says where its model is."""
    about: Document = {"uri": predictor.uri, "format": predictor.format}
    if predictor.digest is not None:
        about["sha256"] = predictor.digest
    else:
        about |= {key: value for key, value in asdict(exchange or Exchange()).items() if value is not None}
    return {**document, "predictor": {**about, **document.get("predictor", {})}}


async def place_of(catalog: Catalog, artifacts: ArtifactStore, account: str, baseline_arn: str) -> Place:
    """Where the model of a baseline was.

    Raises:
        NotFoundError: The baseline is not there.
        InvalidError: It is none of attribution.
    """
    held = await baselines.analysis(catalog, artifacts, account, baseline_arn, None)
    about = held.config.get("predictor")
    about = about if isinstance(about, dict) else {}
    uri, known = about.get("uri"), about.get("format")
    if not isinstance(uri, str) or known not in FORMATS:
        raise InvalidError(
            f"{baseline_arn} does not say where its model was: it is no baseline of attribution, or one made elsewhere; "
            "name the model",
            path="predictor",
            constraint="a baseline of attribution, or a model",
        )
    spoken = {item.name: about[item.name] for item in fields(Exchange) if item.name in about}
    return Place(uri, known, Exchange(**spoken))

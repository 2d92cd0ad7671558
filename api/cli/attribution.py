"""Options of the attribution monitor, the model that they name, and its baseline and runs."""

import asyncio
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from api.cli.call import Session
from api.cli.models import Asked, content

if TYPE_CHECKING:
    from collections.abc import Callable

    from monitors.analysis.attribution import AttributionConfig
    from monitors.attribution import AttributionFound, AttributionResult
    from monitors.datasets import Progress
    from monitors.predictors import Exchange, Predictor
    from monitors.reading import Reading
    from monitors.runs import Pages

PANEL = "Feature attribution"


class ExplainerOption(StrEnum):
    """How predictions are attributed."""

    permutation = "permutation"
    kernel = "kernel"
    tree = "tree"


class UnsafeOption(StrEnum):
    """Loaders that an operator has to allow."""

    pickle = "pickle"
    pyfunc = "pyfunc"
    skops = "skops"


@dataclass(frozen=True, slots=True)
class AttributionOptions:
    """What a command line says of attributions."""

    predictor: Annotated[
        str | None,
        typer.Option(
            metavar="FILE|FOLDER|URL",
            help="The model that is asked. A run asks the baseline's if not given. --model FILE says the same.",
            rich_help_panel=PANEL,
        ),
    ] = None
    predictor_format: Annotated[
        str | None,
        typer.Option(help="What it is, where its suffix does not say so.", rich_help_panel=PANEL, show_default=False),
    ] = None
    unsafe_loader: Annotated[
        list[UnsafeOption] | None,
        typer.Option(
            help="Allow a loader that runs a file's code, as STEMMA_UNSAFE_LOADERS does: for files that are trusted.",
            rich_help_panel=PANEL,
        ),
    ] = None
    method: Annotated[
        ExplainerOption | None,
        typer.Option(help="permutation by default; kernel needs shap; tree is exact.", rich_help_panel=PANEL),
    ] = None
    shap_baseline: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Rows for what is not known (CSV, Parquet); else clusters.", rich_help_panel=PANEL
        ),
    ] = None
    clusters: Annotated[
        int | None, typer.Option(min=1, max=12, help="Centres of a baseline made of the data.", rich_help_panel=PANEL)
    ] = None
    samples: Annotated[
        int | None, typer.Option(min=1, help="Evaluations of the model a row.", rich_help_panel=PANEL)
    ] = None
    rows: Annotated[
        int | None, typer.Option(min=1, help="Rows explained, drawn with the seed; 10,000.", rich_help_panel=PANEL)
    ] = None
    seed: Annotated[int | None, typer.Option(min=0, help="Of all that is drawn.", rich_help_panel=PANEL)] = None
    keep_local: Annotated[
        bool, typer.Option("--keep-local", help="Keep the values of every explained row.", rich_help_panel=PANEL)
    ] = False

    def config(self, asked: Asked) -> "AttributionConfig":
        """The configuration of a baseline.

        Raises:
            InvalidError: something contradicts itself.
        """
        from monitors.analysis.attribution import read_attribution_config
        from monitors.datasets import translated

        document = self._file(asked)
        shap = dict((document.get("methods") or {}).get("shap") or {})
        given: dict[str, Any] = {
            "method": None if self.method is None else self.method.value,
            "num_clusters": self.clusters,
            "num_samples": self.samples,
            "rows": self.rows,
            "seed": self.seed,
            "baseline": None if self.shap_baseline is None else rows_of(self.shap_baseline),
        }
        shap |= {key: value for key, value in given.items() if value is not None}
        label = {} if asked.label is None else {"label": asked.label}
        with translated():
            return read_attribution_config({**document, **label, "methods": {"shap": shap}})

    def exchange(self, asked: Asked) -> "Exchange":
        """How a container is spoken to: the configuration's `predictor`."""
        from dataclasses import fields

        from monitors.predictors import Exchange

        about = self._file(asked).get("predictor") or {}
        return Exchange(
            **{item.name: about[item.name] for item in fields(Exchange) if about.get(item.name) is not None}
        )

    def load(self, session: Session, place: str, kind: str | None, exchange: "Exchange") -> "Predictor":
        """The model at a place, as the policy allows it."""
        from monitors.predictors import load

        settings = session.settings
        allowed = settings.loaders | {one.value for one in self.unsafe_loader or ()}
        path = place if "://" in place else str(Path(place).absolute())
        policy = settings.reach(local_user=True)
        return load(policy, session.account, path, format=kind, unsafe=allowed, exchange=exchange)

    def _file(self, asked: Asked) -> dict[str, Any]:
        from monitors.analysis.jsonfile import load
        from monitors.datasets import translated

        with translated():
            return {} if asked.config is None else load(content(asked.config) or b"", str(asked.config))


def rows_of(path: Path) -> list[dict[str, Any]]:
    """The rows of a small file of data.

    Raises:
        NotFoundError: it is not there.
        InvalidError: it can't be read.
    """
    from monitors.analysis import open_dataset
    from monitors.datasets import translated

    with translated():
        return [row for chunk in open_dataset(path) for row in chunk.rows().frame.rows(named=True)]


def split(model: str | None, predictor: str | None) -> tuple[str | None, str | None]:
    """What `--model` says: an ARN is the model in the graph, anything else the model that is asked."""
    if model is None or model.startswith("arn:"):
        return model, predictor
    return None, predictor or model


async def baseline(
    session: Session,
    room: tuple[Any, ...],
    options: AttributionOptions,
    asked: Asked,
    *,
    name: str | None,
    model: str | None,
    reading: "Reading",
    pages: "Pages[AttributionFound] | None",
    on_progress: "Progress",
) -> "AttributionResult":
    """A baseline, of the model that the options name.

    Raises:
        InvalidError: they name none.
    """
    from graph.errors import InvalidError
    from monitors import attribution

    of_model, place = split(model, options.predictor)
    if place is None:
        raise InvalidError(
            "attributions need a model to ask: --model with a file, a folder of MLflow or a URL", path="model"
        )
    config, exchange = options.config(asked), options.exchange(asked)
    predictor = await asyncio.to_thread(options.load, session, place, options.predictor_format, exchange)
    return await attribution.baseline(
        *(*room, predictor, config),
        name=name or attribution.BASELINE_NAME,
        model=None if of_model is None else await session.arn(of_model),
        exchange=exchange,
        keep_local=options.keep_local,
        reading=reading,
        pages=pages,
        on_progress=on_progress,
    )


async def run(
    session: Session,
    room: tuple[Any, ...],
    options: AttributionOptions,
    *,
    name: str | None,
    model: str | None,
    threshold: float | None,
    reading: "Reading",
    pages: "Pages[AttributionFound] | None",
    on_progress: "Progress",
) -> "AttributionResult":
    """A run: of the model that the options name, else of the baseline's."""
    from monitors import attribution
    from monitors.analysis.attribution.drift import THRESHOLD
    from monitors.predictors.places import place_of

    of_model, place = split(model, options.predictor)
    was = await place_of(session.catalog, session.artifacts, session.account, room[-1])
    kind = options.predictor_format if place is not None else was.format
    predictor = await asyncio.to_thread(options.load, session, place or was.uri, kind, was.exchange)
    return await attribution.run(
        *(*room, predictor),
        name=name or attribution.NAME,
        model=None if of_model is None else await session.arn(of_model),
        threshold=THRESHOLD if threshold is None else threshold,
        keep_local=options.keep_local,
        reading=reading,
        pages=pages,
        on_progress=on_progress,
    )


def percent(report: "Callable[[int, int], None]") -> "Progress":
    """Reading as the first tenth, explaining as the rest."""

    def heard(stage: str, done: int, total: int) -> None:
        share = done / max(1, total)
        report(
            round(10 + 90 * share if stage == "explain" else (5 * share if stage == "digest" else 5 + 5 * share)), 100
        )

    return heard

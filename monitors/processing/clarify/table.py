"""The rows of an analysis: a data set or captured records, with what lies beside them and what a model says of them.

They are written as Parquet files to a folder of the job, batch by batch, so that every analysis reads the same rows.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, cast

import polars as pl

from graph.errors import InvalidError
from graph.reach.policy import only
from monitors.analysis import Attribute, CaptureLayout, Format
from monitors.analysis.attribution.features import Kind, kinds_of, typed
from monitors.datasets import translated
from monitors.measurements import Measured, measure
from monitors.predictors.container import ContainerModel, Exchange
from monitors.processing import captured, tables
from monitors.processing.clarify import questions
from monitors.processing.clarify.predictions import Predictions, Where
from monitors.processing.clarify.questions import Columns, Document
from monitors.processing.plans import Plan
from monitors.reading import Reading

PARTS = Reading(format="parquet", workers=1)
"""How the rows of a table are read."""
PREDICTED = "predicted_label"
SIDE_ROWS = 10_000_000


@dataclass(frozen=True, slots=True)
class Table:
    """Rows that can be analysed.

    Attributes:
        folder: their files.
        data: what was read.
        columns: of the data set.
        predicted, probability: the column with the model's labels, or with the probability of a positive one.
        facts: what became of captured records.
        merged: files with records joined with ground truth, below the plan's output.
        beside: columns that lay beside the data set, by what they are.
    """

    folder: Path
    data: Measured
    columns: Columns
    predicted: str | None = None
    probability: str | None = None
    facts: dict[str, str | float] | None = None
    merged: tuple[str, ...] = ()
    beside: Mapping[str, list[str]] = field(default_factory=dict)


def of_dataset(plan: Plan, document: Document) -> Table:
    """The rows of a data set.

    Raises:
        NotFoundError: there are none.
        InvalidError: it can't be read, or does not fit the configuration.
    """
    headers = [str(name) for name in document.get("headers") or ()]
    # A table whose first line is what the configuration lists has a line of names all the same.
    named = not headers or plan.format != "csv" or tables.first_line(plan) == headers
    plan = replace(plan, header=named)
    found = tables.columns(plan)
    names = found if named or not headers else headers
    if len(names) != len(found):
        raise InvalidError(
            f"headers lists {len(names)} columns: {tables.shown(names)}; {plan.uri} has {len(found)}", path="headers"
        )
    columns = questions.columns(document, names)
    renamed = dict(zip(found, names, strict=True))
    rows = _Rows(plan, columns)
    for what in (questions.FACETS, questions.PREDICTIONS):
        if what in plan.sides:
            rows.beside(what, _side(plan, document, what, columns))
    data = measure(plan.data, None, lambda frame: rows.take(frame.rename(renamed)), tables.reading(plan))
    if not data.rows:
        raise tables.empty(plan)
    table = Table(rows.folder, replace(data, columns=columns.names), columns, columns.predicted, beside=rows.joined)
    if questions.PREDICTIONS in plan.sides:
        told = rows.joined[questions.PREDICTIONS]
        return _predicted(table, document, rows, lambda frame, _: [_listed(frame, told)])
    if questions.asks_after_training(document) and questions.asks_model(document):
        model, predictor = model_of(plan, document), document["predictor"]
        places = Predictions(predictor, None).places
        return _predicted(table, document, rows, lambda frame, kinds: _answers(model, frame, kinds, places, columns))
    return table


def of_window(plan: Plan, document: Document) -> Table:
    """The rows of captured records in a window, for bias joined with their ground truth.

    Raises:
        NotFoundError: there are none.
        InvalidError: they can't be read, or do not fit the configuration.
    """
    headers = [str(name) for name in document.get("headers") or ()]
    if not headers:
        raise InvalidError(
            "analysis_config.json has no headers, and captured records have no names: list the columns",
            path="headers",
            constraint="a list of names",
        )
    columns = questions.columns(document, headers)
    output = Path(plan.output)
    plan = tables.narrowed(plan)
    facts: dict[str, str | float] = {}
    merged: tuple[str, ...] = ()
    places: list[tuple[str, Attribute]] = []
    predictor = {"label": plan.attributes.get("inference_attribute")}
    predictor["probability"] = plan.attributes.get("probability_attribute")
    told: list[str] = []
    if plan.truth is not None:
        folder, counts, files = captured.joined(plan)
        facts = counts.facts()
        merged = tuple(str(part.relative_to(output)) for part in files)
        plan = replace(plan, data=str(folder))
        label = columns.label or "label"
        places.append((label, Attribute("truth", plan.attributes.get("ground_truth_attribute", "0"))))
        columns = replace(columns, label=label)
        wanted = [str(value) for value in predictor.values() if value is not None] or ["0"]
        told = [f"\x00{position}" for position in range(len(wanted))]
        places += [(name, Attribute("output", where)) for name, where in zip(told, wanted, strict=True)]
    layout = CaptureLayout(
        columns.features,
        tuple(places),
        plan.features or None,
        frozenset(plan.excluded),
        frozenset(("input",)),
    )
    rows = _Rows(plan, columns)
    data = measure(plan.data, None, rows.take, Reading(format="capture", capture=layout, workers=1))
    if not data.rows:
        raise tables.empty(plan)
    table = Table(rows.folder, replace(data, columns=columns.names), columns, facts=facts, merged=merged)
    if not told:
        return table
    document = {**document, "predictor": {**(document.get("predictor") or {}), **predictor}}
    return _predicted(table, document, rows, lambda frame, _: [_listed(frame, [name]) for name in told], drop=told)


def model_of(plan: Plan, document: Document) -> ContainerModel:
    """The model that a configuration names, as it was served for this run.

    Raises:
        InvalidError: it can't be spoken to as the configuration says.
        UnavailableError: it does not answer.
    """
    predictor = document.get("predictor") or {}
    assert plan.predictor is not None
    given = {
        key: predictor[key]
        for key in ("content_type", "accept_type", "content_template", "record_template")
        if predictor.get(key) is not None
    }
    where: Where = predictor["probability"] if predictor.get("probability") is not None else predictor.get("label")
    exchange = Exchange(**given, probability=where)
    url = plan.predictor["url"]
    # The worker's policy allowed that host before.
    return ContainerModel(only("", url, plan.predictor["networks"]), "", url, exchange)


class _Rows:
    """Takes batches in, and writes them with what lies beside them."""

    def __init__(self, plan: Plan, columns: Columns) -> None:
        self.folder = Path(plan.output).parent / "rows"
        self.folder.mkdir()
        self.kinds: dict[str, Kind] = {}
        self.joined: dict[str, list[str]] = {}
        self._sides: list[tuple[str, pl.DataFrame]] = []
        self._columns = columns
        self._parts = self._seen = 0

    def beside(self, what: str, frame: pl.DataFrame) -> None:
        """Join a table to the batches that come: by the column that the configuration names, else row by row."""
        self._sides.append((what, frame))
        self.joined[what] = [name for name in frame.columns if name != self._columns.join]

    def take(self, frame: pl.DataFrame) -> None:
        """Write a batch."""
        for what, side in self._sides:
            frame = self._with(frame, what, side)
        self._learn(frame)
        self._write(self._parts, frame)
        self._parts += 1
        self._seen += frame.height

    def again(self, change: Callable[[pl.DataFrame], pl.DataFrame]) -> None:
        """Write every batch anew, changed."""
        for part in range(self._parts):
            self._write(part, change(pl.read_parquet(self._path(part))))

    def _with(self, frame: pl.DataFrame, what: str, side: pl.DataFrame) -> pl.DataFrame:
        join = self._columns.join
        if join is None:
            beside = side.slice(self._seen, frame.height)
            if beside.height != frame.height:
                raise InvalidError(
                    f"the {what} has {side.height} rows, fewer than the data set; without joinsource_name_or_index they stand "
                    "row by row",
                    path=what,
                )
            return frame.hstack(beside)
        keyed = frame.with_columns(pl.col(join).cast(pl.String))
        return keyed.join(side.with_columns(pl.col(join).cast(pl.String)), on=join, how="inner", maintain_order="left")

    def _learn(self, frame: pl.DataFrame) -> None:
        features = [name for name in self._columns.features if name in frame.columns]
        label = [self._columns.label] if self._columns.label in frame.columns else []
        flat = [name for name in (*features, *label) if name is not None]
        with translated():
            found = kinds_of(frame, flat)
        for name, kind in found.items():
            if frame[name].null_count() == frame.height:
                continue
            known = self.kinds.setdefault(name, kind)
            if known != kind:
                self.kinds[name] = "number" if {known, kind} == {"integer", "number"} else "text"

    def _path(self, part: int) -> Path:
        return self.folder / f"{part:08}.parquet"

    def _write(self, part: int, frame: pl.DataFrame) -> None:
        frame.write_parquet(self._path(part), compression="lz4", statistics=False)


def _predicted(
    table: Table,
    document: Document,
    rows: _Rows,
    told: Callable[[pl.DataFrame, dict[str, Kind]], list[list[Any]]],
    *,
    drop: list[str] | None = None,
) -> Table:
    """The table with what a model said of each row."""
    predictions = Predictions(document.get("predictor") or {}, document.get("probability_threshold"))
    name = PREDICTED
    while name in table.columns.names:
        name += "_"

    def change(frame: pl.DataFrame) -> pl.DataFrame:
        with translated():
            values = predictions.column(told(frame, rows.kinds))
        return frame.drop(drop or []).with_columns(values.alias(name))

    rows.again(change)
    # Of a regression, the label is no class that a threshold could tell.
    continuous = table.columns.label is not None and rows.kinds.get(table.columns.label) == "number"
    if predictions.kind == "probability" and not continuous:
        return replace(table, probability=name)
    return replace(table, predicted=name)


def _answers(
    model: ContainerModel, frame: pl.DataFrame, kinds: dict[str, Kind], places: list[Where], columns: Columns
) -> list[list[Any]]:
    read = typed(frame, {name: kinds.get(name, "number") for name in columns.features})
    return model.answers(read, places)


def _listed(frame: pl.DataFrame, names: list[str]) -> list[Any]:
    """A value a row, or a list where there are several columns."""
    if len(names) == 1:
        return frame[names[0]].to_list()
    return [list(row) for row in frame.select(names).rows()]


def _side(plan: Plan, document: Document, what: str, columns: Columns) -> pl.DataFrame:
    """A table beside the data set."""
    keys = {questions.FACETS: "facet_headers", questions.PREDICTIONS: "predicted_label_headers"}
    headers = [str(name) for name in document.get(keys[what]) or ()]
    aside = replace(plan, data=plan.sides[what], header=True)
    named = not headers or plan.format != "csv" or tables.first_line(aside) == headers
    read = Reading(format=cast("Format | None", plan.format), header=named, workers=1)
    parts: list[pl.DataFrame] = []
    held = measure(plan.sides[what], None, parts.append, read)
    if held.rows > SIDE_ROWS:
        raise InvalidError(f"the {what} has {held.rows} rows; {SIDE_ROWS} can be held", path=what)
    frame = pl.concat(parts, how="diagonal_relaxed")
    if headers and len(headers) != frame.width:
        raise InvalidError(
            f"{keys[what]} lists {', '.join(map(repr, headers))}; the file has {frame.width} columns", path=keys[what]
        )
    frame.columns = headers or frame.columns
    if columns.join is not None and columns.join not in frame.columns:
        raise InvalidError(
            f"the {what} has no column {columns.join!r} (joinsource_name_or_index); it has {', '.join(frame.columns)}",
            path="joinsource_name_or_index",
        )
    clashing = [name for name in frame.columns if name != columns.join and name in columns.names]
    if clashing:
        raise InvalidError(f"the {what} has columns that the data set has too: {tables.shown(clashing)}", path=what)
    return frame

"""What a job reads, brought to this host: from its request, or from the window of its schedule, to a plan."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import Any

import orjson

from graph import jobs
from graph.commands import Place
from graph.errors import InvalidError, NotFoundError
from graph.jobs import JobKind
from graph.monitoring.executions import Execution
from graph.monitoring.runs import inputs_of
from monitors.processing.clarify import questions
from monitors.processing.images import Image, image_of
from monitors.processing.plans import Analysis, Plan, read_format
from monitors.processing.sources import Bucket, Fetched, below, script, text_of

ATTRIBUTES = ("ground_truth_attribute", "inference_attribute", "probability_attribute")
CONFIGURATION = "analysis_config"
AGAIN = "The same request over the same files computes the same: DescribeProcessingJob repeats the request."
RERUN = "Windows of its schedule are run again by: stemma monitor schedule backfill"
FILES = 100_000
"""Files that one job may read."""


@dataclass(slots=True)
class Prepared:
    """A plan, and what it was made of.

    Attributes:
        output: where the files go: an `s3://` folder.
        inputs: what was read, beside the data: a baseline's files by what they are.
        deployments: ARNs of the deployments whose data it is.
        endpoint: the ARN of the endpoint.
        merged: where records that were joined with ground truth go: an `s3://` folder.
        models: ARNs of the models that are asked.
    """

    plan: Plan
    output: str
    inputs: dict[str, Fetched] = field(default_factory=dict)
    deployments: list[str] = field(default_factory=list)
    endpoint: str | None = None
    merged: str | None = None
    models: tuple[str, ...] = ()


def of_job(told: Mapping[str, Any], bucket: Bucket, folder: Path) -> Prepared:
    """Bring the inputs of a processing job here.

    Args:
        told: The job's request, with what was read when it was made.
        bucket: What the account may touch.
        folder: Where the files go.

    Raises:
        InvalidError: the request lacks something, or says something that can't be.
        NotFoundError: there is nothing at an input's URI.
        ForbiddenError: the account may not touch it.
    """
    image = image_of(told["AppSpecification"]["ImageUri"])
    environment: Mapping[str, str] = told.get("Environment", {})
    output = output_of(told)
    small = told.get("Read", {})
    held: dict[str, tuple[str, Path, str]] = {}
    for number, item in enumerate(inputs_of(told)):
        source = item["S3Input"]
        if source["S3Uri"] in small:
            continue
        here = folder / "inputs" / str(number)
        fetch_all(bucket, source["S3Uri"], here, item["InputName"])
        held[item["InputName"]] = (source.get("LocalPath", "").rstrip("/"), here, source["S3Uri"])
    made = folder / "output"
    made.mkdir()
    if image is Image.CLARIFY:
        return Prepared(clarify_plan(_clarify(told, small, held, made), bucket, folder), output)
    name, data = _dataset(environment, held)
    fields = read_format(_json(environment.get("dataset_format", '{"csv": {"header": true}}'), "dataset_format"))
    quality = environment.get("analysis_type", "").upper() == "MODEL_QUALITY"
    inputs: dict[str, Fetched] = {}
    against: dict[str, Any] = {}
    for what in ("constraints", "statistics"):
        if path := environment.get(f"baseline_{what}"):
            against[what] = str(_local(path, held, f"baseline_{what}"))
    threshold = environment.get("probability_threshold_attribute")
    plan = Plan(
        Analysis.MODEL_QUALITY if quality else Analysis.DATA_QUALITY,
        str(data),
        held[name][2],
        str(made),
        **fields,
        **against,
        problem=environment.get("problem_type"),
        attributes={key: environment[key] for key in ATTRIBUTES if key in environment},
        threshold=0.5 if threshold is None else _number(threshold, "probability_threshold_attribute"),
        drift_method=environment.get("categorical_drift_method"),
        **_scripts(told, environment, small, folder),
    )
    return Prepared(plan, output, inputs)


def introduced(prepared: Prepared, run: Execution, place: Place, pages: str | None) -> Prepared:
    """The same with what its report calls the run.

    Args:
        prepared: What is computed.
        run: The run.
        place: Where ARNs are made.
        pages: The module that makes the report; none if None.
    """
    baseline = prepared.inputs.get("constraints")
    subject = {
        "arn": jobs.component_arn(place, JobKind.PROCESSING, run.job),
        "job": run.job,
        "baseline": None if baseline is None else baseline.uri,
        "model": ((prepared.plan.config or {}).get("predictor") or {}).get("model_name"),
        "again": AGAIN if run.schedule is None else f"{AGAIN} {RERUN} {run.schedule}",
    }
    return replace(prepared, plan=replace(prepared.plan, pages=pages, subject=subject))


def fetch_all(bucket: Bucket, uri: str, folder: Path, name: str) -> list[Fetched]:
    """Bring whatever lies at a URI here, as files below a folder.

    Raises:
        NotFoundError: there is nothing.
        InvalidError: there is too much, or a key is no path.
    """
    found = bucket.listed(uri)
    if not found:
        raise NotFoundError(f"there is nothing at {uri}, the input {name}")
    if len(found) > FILES:
        raise InvalidError(
            f"{uri} holds {len(found)} files; a job may read {FILES}", path=name, constraint="fewer files"
        )
    return [bucket.fetch(each, inside(folder, relative)) for each, relative, _ in below(uri, found)]


def inside(folder: Path, relative: str) -> Path:
    """The path of a file below a folder.

    Raises:
        InvalidError: it would lie outside.
    """
    parts = PurePosixPath(relative).parts
    if not parts or any(part in ("..", "/") or "\0" in part for part in parts):
        raise InvalidError(f"{relative[:200]!r} is no path below a folder", path="uri", constraint="no '..'")
    return folder.joinpath(*parts)


def _clarify(
    told: Mapping[str, Any], small: Mapping[str, Any], held: Mapping[str, tuple[str, Path, str]], made: Path
) -> Plan:
    configured = next(
        (item["S3Input"]["S3Uri"] for item in inputs_of(told) if item["InputName"] == CONFIGURATION), None
    )
    if configured is None:
        raise InvalidError(f"the job has no input {CONFIGURATION}", path="ProcessingInputs", constraint=CONFIGURATION)
    config = analysis_config(small, configured)
    if "dataset" not in held:
        raise InvalidError("the job has no input dataset", path="ProcessingInputs", constraint="dataset")
    questions.check(config)
    _, here, uri = held["dataset"]
    analysis = Analysis.BIAS if questions.asks_bias(config) else Analysis.EXPLAINABILITY
    kind = questions.FORMATS[config.get("dataset_type", "text/csv")]
    return Plan(analysis, str(_only(here)), uri, str(made), format=kind, config=config)


def clarify_plan(plan: Plan, bucket: Bucket, folder: Path) -> Plan:
    """The plan with what its configuration names beside the data, brought here.

    Raises:
        NotFoundError: there is nothing at a URI.
        ForbiddenError: the account may not touch it.
    """
    here = {}
    for name, uri in questions.sides(plan.config or {}).items():
        fetch_all(bucket, uri, folder / "inputs" / name, name)
        here[name] = str(_only(folder / "inputs" / name))
    return replace(plan, sides=here)


def analysis_config(read: Mapping[str, Any], uri: str) -> dict[str, Any]:
    """The configuration that lay at a URI when the job was made.

    Raises:
        InvalidError: it could not be read, or is no JSON.
    """
    return _json(text_of(read, uri), "analysis_config.json")


def _scripts(
    told: Mapping[str, Any], environment: Mapping[str, str], small: Mapping[str, Any], folder: Path
) -> dict[str, Any]:
    """What a plan says of scripts, which the environment names by their paths in the container."""
    variables = {"record_preprocessor_script": "preprocessor", "post_analytics_processor_script": "postprocessor"}
    made = {}
    for variable, stage in variables.items():
        path = environment.get(variable)
        if not path:
            continue
        sources = [item["S3Input"] for item in inputs_of(told)]
        found = [held["S3Uri"] for held in sources if path.startswith(held.get("LocalPath", "\0").rstrip("/") + "/")]
        if not found:
            raise InvalidError(
                f"{variable} is {path}, which no input is mounted at", path=variable, constraint="a path of an input"
            )
        made[stage] = str(script(small, found[0], folder, stage))
    return made


def _dataset(environment: Mapping[str, str], held: Mapping[str, tuple[str, Path, str]]) -> tuple[str, Path]:
    """The input that is the data set, and where it lies here."""
    path = environment.get("dataset_source", "").rstrip("/")
    for name, (local, here, _) in held.items():
        if path and local and (path == local or path.startswith(local + "/")):
            below_it = path.removeprefix(local).strip("/")
            return name, _only(inside(here, below_it) if below_it else here)
    if not held:
        raise InvalidError("the job has no input with a data set", path="ProcessingInputs", constraint="an input")
    if path:
        raise InvalidError(
            f"dataset_source is {path}, which no input is mounted at; there are "
            + ", ".join(sorted(local for local, _, _ in held.values())),
            path="dataset_source",
        )
    name = next(iter(held))
    return name, _only(held[name][1])


def _local(path: str, held: Mapping[str, tuple[str, Path, str]], what: str) -> Path:
    for local, here, _ in held.values():
        if local and (path == local or path.startswith(local + "/")):
            found = path.removeprefix(local).strip("/")
            return inside(here, found) if found else _only(here)
    raise InvalidError(f"{what} is {path}, which no input is mounted at", path=what, constraint="a path of an input")


def _only(folder: Path) -> Path:
    """The one file of a folder that holds one, whatever it is called; else the folder."""
    files = [each for each in folder.rglob("*") if each.is_file()] if folder.is_dir() else []
    return files[0] if len(files) == 1 else folder


def output_of(told: Mapping[str, Any]) -> str:
    """Where a job's files go.

    Raises:
        InvalidError: it has no output in S3.
    """
    outputs = told.get("ProcessingOutputConfig", {}).get("Outputs", ())
    if not outputs or "S3Output" not in outputs[0]:
        raise InvalidError("the job has no output in S3", path="ProcessingOutputConfig", constraint="an S3Output")
    uri: str = outputs[0]["S3Output"]["S3Uri"]
    return uri.rstrip("/")


def _json(text: str, what: str) -> dict[str, Any]:
    try:
        found = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise InvalidError(f"{what} is not JSON: {error}", path=what, constraint="JSON") from None
    if not isinstance(found, dict):
        raise InvalidError(f"{what} is no object", path=what, constraint="an object")
    return found


def _number(text: str, what: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise InvalidError(f"{what} is {text[:40]!r}, which is no number", path=what, constraint="a number") from None

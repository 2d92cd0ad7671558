"""From a place to a model: what its name says it is, and whether it may be read."""

import hashlib
import os
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from graph.errors import ForbiddenError, InvalidError
from graph.reach import Policy
from monitors.analysis.errors import ModelError
from monitors.datasets import translated
from monitors.predictors.container import ContainerModel, Exchange
from monitors.predictors.onnx import OnnxModel
from monitors.predictors.probe import READERS, read_safely
from monitors.predictors.pyfunc import PyfuncModel
from monitors.predictors.scikit import from_pickle, from_skops

SETTING = "STEMMA_UNSAFE_LOADERS"
UNSAFE = {
    "pickle": "a pickle runs whatever code it names while it is read",
    "pyfunc": "MLflow unpickles the folder's model and imports the code that lies in it",
    "skops": "scikit-learn's trees in a crafted file can make it read memory that is not theirs",
}
"""What an operator may allow, and what it means."""

MLMODEL = "MLmodel"
LARGEST = 4 << 30
SUFFIXES = {
    ".onnx": "onnx",
    ".json": "xgboost",
    ".ubj": "xgboost",
    ".txt": "lightgbm",
    ".lgb": "lightgbm",
    ".cbm": "catboost",
    ".skops": "skops",
    ".pkl": "pickle",
    ".pickle": "pickle",
    ".joblib": "pickle",
}
FORMATS = ("onnx", "xgboost", "lightgbm", "catboost", "skops", "pickle", "pyfunc", "http")


@dataclass(frozen=True, slots=True)
class Predictor:
    """A model that can be asked, and what it was loaded from.

    Attributes:
        uri: `file://` with an absolute path, or the URL of a container.
        name: The last part of it.
        format: One of `FORMATS`.
        digest: SHA-256 of the file; of a folder, of its manifest of digests and paths; None behind a URL.
        size: Bytes.
        model: What answers.
    """

    uri: str
    name: str
    format: str
    digest: str | None
    size: int
    model: Any


def load(
    policy: Policy,
    account: str,
    place: str,
    *,
    format: str | None = None,  # noqa: A002  # the word for it, as for data sets
    unsafe: Collection[str] = (),
    exchange: Exchange | None = None,
    alone: bool = False,
) -> Predictor:
    """Load the model at a place.

    Args:
        policy: What may be touched.
        account: For whom.
        place: A file or folder, or the URL of a container that answers as SageMaker's do.
        format: What it is; told by the name if None.
        unsafe: Which loaders of `UNSAFE` the operator allows; never from a request.
        exchange: How a container is spoken to.
        alone: Whether this process may end on a file that is none: then no other one reads native files first.

    Raises:
        NotFoundError: nothing is there.
        ForbiddenError: the policy does not allow it, or it needs a loader that the operator does not.
        InvalidError: it can't be read as what it is, or nobody can tell what it is.
        UnavailableError: a container does not answer its ping.
    """
    if place.startswith(("http://", "https://")) or format == "http":
        container = ContainerModel(policy, account, place, exchange or Exchange())
        return Predictor(container.url, place.rstrip("/").rpartition("/")[2], "http", None, 0, container)
    path = policy.local(account, place)
    kind = format or ("pyfunc" if (path / MLMODEL).is_file() else SUFFIXES.get(path.suffix.lower(), ""))
    if kind not in FORMATS:
        raise InvalidError(
            f"{place} has no suffix that says what kind of model it is; there are {', '.join(sorted(SUFFIXES))}, a folder "
            f"with an {MLMODEL}, and URLs. Say which of {', '.join(FORMATS)} it is",
            path="model",
            constraint="a known format",
        )
    if kind in ("pickle", "pyfunc") and kind not in unsafe:
        raise ForbiddenError(
            f"{place} is not loaded: {UNSAFE[kind]}. Whoever runs Stemma allows it with {SETTING}={kind}, for files that "
            "are trusted; ONNX, skops and native files need no permission, and a container over HTTP runs elsewhere"
        )
    uri = "file://" + quote(str(path))
    with translated():
        if kind == "pyfunc":
            digest, size = _manifest(policy, account, path)
            return Predictor(uri, path.name, kind, digest, size, PyfuncModel(path))
        content = _content(policy, account, path)
        readers: dict[str, Callable[[bytes], Any]] = {
            "onnx": OnnxModel,
            "skops": lambda held: from_skops(held, trust="skops" in unsafe),
            "pickle": from_pickle,
        }
        if alone:
            readers |= READERS
        model = readers[kind](content) if kind in readers else read_safely(kind, content)
        return Predictor(uri, path.name, kind, hashlib.sha256(content).hexdigest(), len(content), model)


def _content(policy: Policy, account: str, path: Path) -> bytes:
    """The file, read once, so that what is loaded is what its digest says."""
    with policy.open(account, str(path)) as file:
        # Reading up to a number of bytes would take as much memory beforehand.
        if os.fstat(file.fileno()).st_size > LARGEST:
            raise ModelError(f"{path} is larger than {LARGEST >> 30} GiB; serve it over HTTP instead.")
        return file.read()


def _manifest(policy: Policy, account: str, folder: Path) -> tuple[str, int]:
    """The digest and size of a folder's files, as `monitors.datasets` takes a folder's."""
    manifest, size = hashlib.sha256(), 0
    for path in sorted(item for item in folder.rglob("*") if item.is_file() and "__pycache__" not in item.parts):
        content = _content(policy, account, path)
        size += len(content)
        line = f"{hashlib.sha256(content).hexdigest()}  {path.relative_to(folder).as_posix()}\n"
        manifest.update(line.encode("utf-8", "surrogateescape"))
    return manifest.hexdigest(), size

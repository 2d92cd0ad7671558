"""Reading a native file in a process of its own first.

The boosters' libraries end the process on some files that are none of theirs, and a service must outlive a wrong file.
"""

import subprocess
import sys
from collections.abc import Callable
from typing import Any

from monitors.analysis.errors import ModelError
from monitors.predictors.boosters import CatBoostModel, LightGBMModel, XGBoostModel

READERS: dict[str, Callable[[bytes], Any]] = {
    "xgboost": XGBoostModel,
    "lightgbm": LightGBMModel,
    "catboost": CatBoostModel,
}
SECONDS = 300.0

# The child imports what ours would, but only what the reading needs.
_CHILD = """
import sys
from monitors.analysis.errors import ModelError
from monitors.predictors import boosters
try:
    getattr(boosters, sys.argv[1])(sys.stdin.buffer.read())
except ModelError as error:
    sys.exit(error.message)
"""


def read_safely(kind: str, content: bytes) -> Any:
    """The model of a native file, once another process has read it and lived.

    Raises:
        ModelError: it can't be read.
    """
    command = [sys.executable, "-c", _CHILD, READERS[kind].__name__]
    try:
        done = subprocess.run(command, input=content, capture_output=True, timeout=SECONDS, check=False)  # noqa: S603
    except subprocess.TimeoutExpired:
        raise ModelError(f"This is no model that {kind} reads within {SECONDS:g} s.") from None
    if done.returncode < 0:
        raise ModelError(f"This is no model that {kind} reads: the library ended its process on it.")
    if done.returncode:
        said = done.stderr.decode("utf-8", "replace").strip().splitlines()
        raise ModelError(said[-1] if said else f"This is no model that {kind} reads.")
    return READERS[kind](content)

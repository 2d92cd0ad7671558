"""Libraries that not everyone needs, imported when they are used."""

from importlib import import_module
from typing import Any

from monitors.analysis.errors import ModelError


def needed(module: str, extra: str, purpose: str) -> Any:
    """An optional library.

    Args:
        module: What is imported.
        extra: The extra of ours that brings it.
        purpose: What it is for, as a sentence begins.

    Raises:
        ModelError: It is not installed; the message says how to.
    """
    try:
        return import_module(module)
    except ImportError as error:
        missing = error.name or module
        raise ModelError(
            f"{purpose} needs {missing}, which is not installed: pip install 'stemma[{extra}]'."
        ) from error

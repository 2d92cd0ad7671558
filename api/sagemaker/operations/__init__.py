"""The operations that are offered, a module a subject; importing a module offers what is in it."""

from importlib import import_module
from pkgutil import iter_modules


def load() -> None:
    """Offer all operations."""
    for module in iter_modules(__path__, f"{__name__}."):
        import_module(module.name)

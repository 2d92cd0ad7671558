"""HTML from a template and data: one page that asks for nothing else and runs nothing."""

from collections.abc import Mapping
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from reports.characters import visible, visible_in


def html(template: str, data: Mapping[str, Any], figures: Mapping[str, bytes] | None = None) -> bytes:
    """Fill a template of `reports/templates/` with data; every value is escaped.

    Args:
        template: Its name without `.html`.
        data: Plain values, by the names that the template has for them.
        figures: SVG pictures of our own making by name, which stand in the page as they are.
    """
    pictures = {name: Markup(visible(picture.decode())) for name, picture in (figures or {}).items()}  # noqa: S704
    filled = environment().get_template(f"{template}.html").render(**visible_in(dict(data)), figures=pictures)
    return filled.encode()


@cache
def environment() -> Environment:
    """Where templates are found and how they are filled: everything escaped, no name that is not given."""
    return Environment(
        loader=PackageLoader("reports"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )

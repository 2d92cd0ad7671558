"""What runs may use beside their data, as whoever runs the worker says."""

from dataclasses import dataclass, field

from graph.monitoring.published import Namespaces
from monitors.processing.shadows import Serving


@dataclass(frozen=True, slots=True)
class Allowances:
    """What runs may use.

    Attributes:
        serving: what may serve the models that analyses ask.
        pages: the module that makes pages for people of what an analysis found, such as `reports.monitoring.writing`; none if
            None.
        scripts: whether scripts of those who may write are run.
        namespaces: of metrics that are sent to CloudWatch.
    """

    serving: Serving = field(default_factory=Serving)
    pages: str | None = None
    scripts: bool = False
    namespaces: Namespaces = field(default_factory=Namespaces)

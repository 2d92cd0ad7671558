"""The names of monitoring objects: their own ARNs, and the lineage ARNs that are made of those."""

from enum import StrEnum

from graph import limits
from graph.commands import Place
from graph.errors import NotFoundError

NAME = 63
"""Characters of a name at most."""
ALERT = "violations"
"""The alert that every schedule has."""
ALERT_TYPE = "MonitoringAlert"


class Monitor(StrEnum):
    """What a monitor looks at, in SageMaker's words."""

    DATA_QUALITY = "DataQuality"
    MODEL_QUALITY = "ModelQuality"
    MODEL_BIAS = "ModelBias"
    MODEL_EXPLAINABILITY = "ModelExplainability"

    @property
    def family(self) -> str:
        """What the own ARN of a job definition of its begins with: `data-quality-job-definition`."""
        words = "".join(f"-{letter.lower()}" if letter.isupper() else letter for letter in self.value)
        return f"{words.removeprefix('-')}-job-definition"

    @property
    def type(self) -> str:
        """The type of a job definition's entity."""
        return f"{self.value}JobDefinition"


SCHEDULE = "monitoring-schedule"
SCHEDULE_TYPE = "MonitoringSchedule"
FAMILIES = (SCHEDULE, *(monitor.family for monitor in Monitor))


def resource(place: Place, family: str, name: str) -> str:
    """The own ARN of a schedule or a job definition."""
    return place.arn(f"{family}/{name}")


def context_name(family: str, name: str) -> str:
    """The name of its context: `churn-aws-monitoring-schedule`."""
    return f"{name.lower()}-aws-{family}"


def lineage(place: Place, family: str, name: str) -> str:
    """Its lineage ARN."""
    return place.arn(f"context/{context_name(family, name)}")


def checked(name: str, path: str = "name") -> str:
    """The name of a monitoring object.

    Raises:
        InvalidError: it is not 1 to 63 letters, digits and inner hyphens.
    """
    limits.text(name, path, minimum=1, maximum=NAME, lines=False)
    return limits.name(name, path)


def missing(place: Place, family: str, name: str) -> NotFoundError:
    """There is none of this name."""
    shown = "Monitoring Schedule" if family == SCHEDULE else "job definition"
    return NotFoundError(f"Could not find {shown} with name {resource(place, family, name)}")

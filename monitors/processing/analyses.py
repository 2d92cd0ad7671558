"""What a job's process computes: from the files of a plan to the files of its output. Nothing here reaches beyond this host."""

from collections.abc import Callable, Mapping

from monitors.processing.bias import bias
from monitors.processing.data_quality import data_quality
from monitors.processing.model_quality import model_quality
from monitors.processing.plans import Analysis, Outcome, Plan

ANALYSES: Mapping[Analysis, Callable[[Plan], Outcome]] = {
    Analysis.DATA_QUALITY: data_quality,
    Analysis.MODEL_QUALITY: model_quality,
    Analysis.BIAS: bias,
}


def compute(plan: Plan) -> Outcome:
    """Do what a plan says.

    Raises:
        NotFoundError: there is no data.
        InvalidError: the data, the baseline or the configuration can't be read, or do not fit each other.
    """
    return ANALYSES[plan.analysis](plan)

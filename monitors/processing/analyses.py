"""What a job's process computes: from the files of a plan to the files of its output. Nothing here reaches beyond this host."""

from dataclasses import replace
from pathlib import Path

from monitors.processing.outcomes import SCRIPT_LOG
from monitors.processing.plans import Analysis, Outcome, Plan


def compute(plan: Plan) -> Outcome:
    """Do what a plan says, users' scripts included.

    Raises:
        NotFoundError: there is no data.
        InvalidError: the data, the baseline or the configuration can't be read, or do not fit each other.
        UnavailableError: a model that is asked does not answer.
    """
    outcome = _computed(plan)
    if plan.postprocessor is not None:
        from monitors.processing import scripts

        scripts.postprocess(plan)
    said = Path(plan.output) / SCRIPT_LOG
    if said.is_file() and said.stat().st_size:
        return replace(outcome, files=(*outcome.files, SCRIPT_LOG))
    return outcome


def _computed(plan: Plan) -> Outcome:
    # Each analysis is imported alone: a process has little memory, and what one needs takes a second to import.
    if plan.analysis is Analysis.DATA_QUALITY:
        from monitors.processing.data_quality import data_quality

        return data_quality(plan)
    if plan.analysis is Analysis.MODEL_QUALITY:
        from monitors.processing.model_quality import model_quality

        return model_quality(plan)
    from monitors.processing.clarify.analysis import clarify

    return clarify(plan)

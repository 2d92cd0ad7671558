"""`stemma job` on jobs that run elsewhere."""

import pytest

from tests.api.cli.conftest import Stemma

DIGEST = "ab" * 32


@pytest.fixture
def job(stemma: Stemma) -> str:
    name = ("train-1-aws-training-job", "--type", "SageMakerTrainingJob", "--status", "InProgress")
    assert stemma("entity", "create-trial-component", *name).code == 0
    return "training-job/train-1"


def test_a_job_is_reported_shown_and_listed(stemma: Stemma, job: str) -> None:
    files = ("--output", "model=s3://b/m", "--digest", f"model={DIGEST}", "--metric", "auc=0.9")
    done = stemma("job", "report", job, "--status", "Completed", *files, "--ended", "2026-03-01T10:00:00Z", "--json")
    assert done.code == 0, done.err
    assert done.json["sequence"] == 2
    shown = stemma("job", "show", job, "--json").json
    assert (shown["status"], shown["endedAt"]) == ("COMPLETED", "2026-03-01T10:00:00+00:00")
    assert (shown["outputs"], shown["metrics"]) == ({"model": "s3://b/m"}, {"auc": 0.9})
    assert [row["name"] for row in stemma("job", "list", "--status", "Completed", "--json").json] == ["train-1"]
    assert stemma("job", "list", "--status", "Failed", "--json").json == []
    again = stemma("job", "report", job, "--status", "Completed")
    assert (again.code, again.out.strip()) == (0, "training-job/train-1 is Completed: nothing had to change")


def test_a_mistake_is_named(stemma: Stemma, job: str) -> None:
    for arguments, code, problem in (
        (("report", job, "--status", "Done"), 2, "known are IN_PROGRESS"),
        (("report", job, "--status", "Failed", "--metric", "auc=high"), 2, "which is no number"),
        (("report", "training-job/none", "--status", "Failed"), 1, "does not exist"),
        (("show", "context/x"), 2, "is no job"),
        (("token", "training-job/none"), 1, "does not exist"),
    ):
        done = stemma("job", *arguments)
        assert done.code == code, done.err
        assert problem in done.err


def test_a_token_says_where_to_post(stemma: Stemma, job: str) -> None:
    made = stemma("job", "token", job, "--json").json
    assert made["token"].startswith("stemma-job.")
    assert made["path"] == "/api/v1/jobs/training-job/train-1"

"""Experiments as the SDK's `Run` has them, versions 2 and 3."""

import contextlib
import io
import os
import runpy
import tempfile
from pathlib import Path

import sdk

experiment = sdk.module("experiments.experiment")
run = sdk.module("experiments.run")
session = sdk.session()
BUCKET = os.environ["EXPECTED_BUCKET"]
ROOT = Path(__file__).parents[3]


def started(experiment_name, run_name, **given):
    return run.Run(experiment_name=experiment_name, run_name=run_name, sagemaker_session=session, **given)


def described(experiment_name, run_name):
    return sdk.client().describe_trial_component(TrialComponentName=f"{experiment_name}-{run_name}")


def scenario_the_session_takes_its_bucket_from_the_configuration():
    assert session.default_bucket() == BUCKET


def scenario_an_experiment_lives():
    name = sdk.name("exp")
    one = experiment.Experiment.create(
        experiment_name=name,
        display_name="Churn",
        description="why they go",
        tags=[{"Key": "a", "Value": "b"}],
        sagemaker_session=session,
    )
    loaded = experiment.Experiment.load(name, sagemaker_session=session)
    assert (loaded.display_name, loaded.description) == ("Churn", "why they go")
    loaded.description = "why they stay"
    loaded.save()
    assert experiment.Experiment.load(name, sagemaker_session=session).description == "why they stay"
    sdk.refused(
        "ValidationException",
        "already exists",
        experiment.Experiment.create,
        experiment_name=name,
        sagemaker_session=session,
    )
    one.delete()
    sdk.refused("ResourceNotFound", "", experiment.Experiment.load, name, sagemaker_session=session)


def scenario_a_run_logs_parameters_and_metrics():
    name = sdk.name("exp")
    with started(name, "one", run_display_name="First") as current:
        current.log_parameter("depth", 3)
        current.log_parameters({"rate": 0.1, "optimizer": "adam"})
        for step in range(25):
            current.log_metric("loss", 1.0 / (step + 1), step=step)
        current.log_metric("accuracy", 0.5)
        assert described(name, "one")["Status"]["PrimaryStatus"] == "InProgress"
        config = current.experiment_config
    assert config == {
        "ExperimentName": name,
        "TrialName": f"Default-Run-Group-{name}",
        "RunName": f"{name}-one",
    }
    found = described(name, "one")
    assert found["DisplayName"] == "First"
    assert found["Status"]["PrimaryStatus"] == "Completed"
    assert found["EndTime"] >= found["StartTime"]
    assert found["Parameters"] == {
        "depth": {"NumberValue": 3.0},
        "rate": {"NumberValue": 0.1},
        "optimizer": {"StringValue": "adam"},
    }
    metrics = {metric["MetricName"]: metric for metric in found["Metrics"]}
    assert set(metrics) == {"loss", "accuracy"}
    loss = metrics["loss"]
    assert (loss["Count"], loss["Min"], loss["Max"], loss["Last"]) == (25, 0.04, 1.0, 0.04)
    assert abs(loss["Avg"] - sum(1 / n for n in range(1, 26)) / 25) < 1e-9
    assert loss["StdDev"] > 0


def scenario_a_run_that_raises_has_failed():
    name = sdk.name("exp")
    try:
        with started(name, "one"):
            raise RuntimeError("no such column")
    except RuntimeError:
        pass
    status = described(name, "one")["Status"]
    assert status == {"PrimaryStatus": "Failed", "Message": "no such column"}


def scenario_load_run_goes_on_with_a_run():
    name = sdk.name("exp")
    with started(name, "one") as current:
        current.log_parameter("a", 1)
        with run.load_run(sagemaker_session=session) as inner:
            assert inner is current
            inner.log_parameter("b", 2)
    with run.load_run(experiment_name=name, run_name="one", sagemaker_session=session) as loaded:
        loaded.log_parameter("c", 3)
        loaded.log_metric("f1", 0.7)
    found = described(name, "one")
    assert {key: value["NumberValue"] for key, value in found["Parameters"].items()} == {"a": 1, "b": 2, "c": 3}
    assert [metric["MetricName"] for metric in found["Metrics"]] == ["f1"]


def scenario_list_runs_finds_runs_with_their_metrics():
    name = sdk.name("exp")
    for number in range(3):
        with started(name, f"run{number}") as current:
            current.log_parameter("number", number)
            current.log_metric("loss", float(number))
    # A trial component of the same trial that is no run stays out.
    other = sdk.name("part")
    sdk.client().create_trial_component(TrialComponentName=other)
    sdk.client().associate_trial_component(TrialName=f"Default-Run-Group-{name}", TrialComponentName=other)
    runs = run.list_runs(experiment_name=name, sagemaker_session=session)
    assert [found.run_name for found in runs] == ["run2", "run1", "run0"]
    assert [found._trial_component.metrics[0].last for found in runs] == [2.0, 1.0, 0.0]
    assert [found._trial_component.parameters["number"] for found in runs] == [2.0, 1.0, 0.0]
    ordered = run.list_runs(
        experiment_name=name,
        sort_by=run.SortByType.NAME,
        sort_order=run.SortOrderType.ASCENDING,
        sagemaker_session=session,
    )
    assert [found.run_name for found in ordered] == ["run0", "run1", "run2"]


def scenario_the_same_run_twice_is_the_same_run():
    name = sdk.name("exp")
    with started(name, "one") as current:
        current.log_parameter("a", 1)
    with started(name, "one") as current:
        current.log_parameter("b", "2")
    assert set(described(name, "one")["Parameters"]) == {"a", "b"}
    assert len(run.list_runs(experiment_name=name, sagemaker_session=session)) == 1


def scenario_files_go_to_the_object_store_and_into_lineage():
    name = sdk.name("exp")
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "model.txt"
        file.write_text("weights")
        with started(name, "one") as current:
            current.log_artifact(name="train", value="s3://lake/train", media_type="text/csv", is_output=False)
            current.log_artifact(name="scores", value="s3://lake/scores")
            current.log_file(str(file), name="model")
            # A lineage artifact of its own, associated with the run.
            current._log_graph_artifact(artifact_name="curve", data={"x": [1]}, graph_type="LineChart", is_output=True)
    found = described(name, "one")
    assert found["InputArtifacts"]["train"] == {"MediaType": "text/csv", "Value": "s3://lake/train"}
    uri = found["OutputArtifacts"]["model"]["Value"]
    assert uri == f"s3://{BUCKET}/trial-component-artifacts/{name}-one/model.txt"
    stored = sdk.client("s3").get_object(Bucket=BUCKET, Key=uri.removeprefix(f"s3://{BUCKET}/"))
    assert stored["Body"].read() == b"weights"
    (made,) = sdk.client().list_associations(SourceArn=found["TrialComponentArn"], DestinationType="LineChart")[
        "AssociationSummaries"
    ]
    assert (made["AssociationType"], made["DestinationName"]) == ("Produced", "curve")


def scenario_an_experiment_is_deleted_with_all_that_is_in_it():
    name = sdk.name("exp")
    with started(name, "one") as current:
        current.log_metric("loss", 1.0)
    loaded = experiment.Experiment.load(name, sagemaker_session=session)
    assert [trial.trial_name for trial in loaded.list_trials()] == [f"Default-Run-Group-{name}"]
    sdk.refused("ValidationException", "", loaded.delete)
    loaded._delete_all("--force")
    sdk.refused("ResourceNotFound", "", experiment.Experiment.load, name, sagemaker_session=session)
    sdk.refused("ResourceNotFound", "", described, name, "one")


def scenario_the_readmes_example_prints_what_the_readme_says():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    said = readme.partition("<!-- test: what the script prints -->\n```\n")[2].partition("```")[0]
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        runpy.run_path(str(ROOT / "examples" / "keep_your_sagemaker_code.py"), run_name="__main__")
    assert printed.getvalue() == said
    assert said.count("\n") == 3

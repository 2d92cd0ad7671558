"""sagemaker-experiments 0.1.45, the library before `Run`; it takes its clients from boto3's defaults."""

import os
import tempfile
from pathlib import Path

import boto3
import sdk
from smexperiments import experiment, search_expression, tracker, trial, trial_component

BUCKET = os.environ["EXPECTED_BUCKET"]
sessions = boto3.Session()


def component(**given):
    return trial_component.TrialComponent.create(trial_component_name=sdk.name("part"), **given)


def equals(name, value):
    operator = search_expression.Operator.EQUALS
    return search_expression.SearchExpression(filters=[search_expression.Filter(name, operator, value)])


def scenario_experiments_and_trials_live():
    name = sdk.name("exp")
    one = experiment.Experiment.create(experiment_name=name, description="first", tags=[{"Key": "a", "Value": "b"}])
    loaded = experiment.Experiment.load(name)
    assert (loaded.experiment_arn.rpartition("/")[2], loaded.description) == (name, "first")
    loaded.description = "second"
    loaded.save()
    assert experiment.Experiment.load(name).description == "second"
    assert name in [summary.experiment_name for summary in experiment.Experiment.list()]
    made = one.create_trial(trial_name=sdk.name("trial"))
    other = trial.Trial.create(experiment_name=name, trial_name=sdk.name("trial"))
    assert {summary.trial_name for summary in one.list_trials()} == {made.trial_name, other.trial_name}
    made.display_name = "shown"
    made.save()
    assert trial.Trial.load(made.trial_name).display_name == "shown"
    sdk.refused("ValidationException", "", one.delete)
    made.delete()
    other.delete()
    one.delete()
    sdk.refused("ResourceNotFound", "", experiment.Experiment.load, name)


def scenario_trial_components_join_and_leave_trials():
    one = experiment.Experiment.create(experiment_name=sdk.name("exp"))
    first, second = one.create_trial(sdk.name("trial")), one.create_trial(sdk.name("trial"))
    part = component(display_name="Part", tags=[{"Key": "a", "Value": "b"}])
    first.add_trial_component(part)
    second.add_trial_component(part.trial_component_name)
    assert [found.trial_component_name for found in first.list_trial_components()] == [part.trial_component_name]
    assert {found.trial_name for found in part.list_trials()} == {first.trial_name, second.trial_name}
    sdk.refused("ValidationException", "", part.delete)
    second.remove_trial_component(part)
    part.delete(force_disassociate=True)
    assert list(first.list_trial_components()) == []
    sdk.refused("ResourceNotFound", "", trial_component.TrialComponent.load, part.trial_component_name)


def scenario_a_trial_component_keeps_what_is_saved():
    part = component()
    api = trial_component.api_types
    part.parameters = {"depth": 3, "optimizer": "adam"}
    part.input_artifacts = {"train": api.TrialComponentArtifact(value="s3://lake/train", media_type="text/csv")}
    part.output_artifacts = {"model": api.TrialComponentArtifact(value="s3://models/1")}
    part.status = api.TrialComponentStatus(primary_status="InProgress", message="training")
    part.save()
    loaded = trial_component.TrialComponent.load(part.trial_component_name)
    assert loaded.parameters == {"depth": 3.0, "optimizer": "adam"}
    assert loaded.input_artifacts["train"].value == "s3://lake/train"
    assert (loaded.status.primary_status, loaded.status.message) == ("InProgress", "training")
    loaded.parameters_to_remove = ["depth"]
    loaded.output_artifacts_to_remove = ["model"]
    loaded.parameters, loaded.output_artifacts = {}, {}
    loaded.save()
    again = trial_component.TrialComponent.load(part.trial_component_name)
    assert again.parameters == {"optimizer": "adam"}
    assert not again.output_artifacts
    assert set(again.input_artifacts) == {"train"}


def scenario_searches_find_by_name_and_parent():
    one = experiment.Experiment.create(experiment_name=sdk.name("exp"), description="sought")
    group = one.create_trial(sdk.name("trial"))
    parts = [component() for _ in range(2)]
    for part in parts:
        group.add_trial_component(part)
    (found,) = experiment.Experiment.search(search_expression=equals("ExperimentName", one.experiment_name))
    assert found.experiment_arn == one.experiment_arn
    (found,) = trial.Trial.search(search_expression=equals("TrialName", group.trial_name))
    assert found.experiment_name == one.experiment_name
    within = list(trial_component.TrialComponent.search(equals("Parents.TrialName", group.trial_name)))
    assert {part.trial_component_name for part in within} == {part.trial_component_name for part in parts}
    assert within[0].parents[0]["ExperimentName"] == one.experiment_name
    arns = ",".join(part.trial_component_arn for part in parts)
    assert len(list(trial_component.TrialComponent.search(equals("TrialComponentArn", arns)))) == 2
    assert list(trial_component.TrialComponent.search(equals("TrialComponentName", "none"))) == []


def scenario_a_tracker_tracks():
    one = experiment.Experiment.create(experiment_name=sdk.name("exp"))
    group = one.create_trial(sdk.name("trial"))
    sessions.client("s3").create_bucket(Bucket="tracked")
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "scores.csv"
        file.write_text("a,b\n1,2\n")
        with tracker.Tracker.create(display_name="Tracked", artifact_bucket="tracked") as current:
            group.add_trial_component(current)
            current.log_parameters({"rate": 0.1, "optimizer": "adam"})
            current.log_input("train", "s3://lake/train", media_type="text/csv")
            current.log_output("model", "s3://models/1")
            current.log_output_artifact(str(file), name="scores")
            current.log_table("table", {"x": [1, 2], "y": [3, 4]})
    found = trial_component.TrialComponent.load(current.trial_component.trial_component_name)
    assert (found.display_name, found.status.primary_status) == ("Tracked", "Completed")
    assert found.parameters == {"rate": 0.1, "optimizer": "adam"}
    assert set(found.output_artifacts) == {"model", "scores"}
    assert found.end_time >= found.start_time
    made = sdk.client().list_associations(SourceArn=found.trial_component_arn)["AssociationSummaries"]
    assert {(link["DestinationName"], link["DestinationType"]) for link in made} == {
        ("scores", "text/csv"),
        ("table", "Table"),
    }
    loaded = tracker.Tracker.load(found.trial_component_name)
    loaded.log_parameter("more", 1)
    loaded.close()
    assert trial_component.TrialComponent.load(found.trial_component_name).parameters["more"] == 1.0


def scenario_a_tracker_tracks_the_component_of_a_job():
    import lineage

    job = sdk.name("job")
    lineage.component(job)
    loaded = tracker.Tracker.load(training_job_name=job)
    loaded.log_parameter("seen", "yes")
    loaded.close()
    found = trial_component.TrialComponent.load(f"{job}-aws-training-job")
    assert found.parameters["seen"] == "yes"
    assert found.source.source_type == "SageMakerTrainingJob"
    (listed,) = trial_component.TrialComponent.list(source_arn=found.source.source_arn)
    assert listed.trial_component_name == found.trial_component_name


def scenario_an_experiment_is_deleted_with_all_that_is_in_it():
    one = experiment.Experiment.create(experiment_name=sdk.name("exp"))
    group = one.create_trial(sdk.name("trial"))
    group.add_trial_component(component())
    one.delete_all("--force")
    sdk.refused("ResourceNotFound", "", experiment.Experiment.load, one.experiment_name)


def scenario_trials_of_an_artifact_are_found_through_search():
    import lineage

    one = experiment.Experiment.create(experiment_name=sdk.name("exp"))
    group = one.create_trial(sdk.name("trial"))
    part = component()
    group.add_trial_component(part)
    data, result = lineage.made("DataSet"), lineage.made("DataSet")
    lineage.link(data.artifact_arn, part.trial_component_arn)
    lineage.link(part.trial_component_arn, result.artifact_arn, "Produced")
    assert data.downstream_trials(sagemaker_session=lineage.session) == [group.trial_name]
    assert data.downstream_trials_v2() == [group.trial_name]
    assert result.upstream_trials() == [group.trial_name]

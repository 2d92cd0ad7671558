"""Version 3's resource classes, which are made from the service's model."""

import datetime
import time

import sdk
from sagemaker.core import resources, shapes


def source(name):
    return shapes.ArtifactSource(source_uri=f"s3://lake/{name}")


def scenario_an_artifact_lives():
    uri = sdk.name("data")
    one = resources.Artifact.create(source=source(uri), artifact_type="DataSet", properties={"rows": "1"})
    assert one.artifact_type == "DataSet"
    assert one.source.source_uri == f"s3://lake/{uri}"
    one.update(artifact_name="named", properties={"rows": "2"}, properties_to_remove=[])
    found = resources.Artifact.get(one.artifact_arn)
    assert (found.artifact_name, found.properties) == ("named", {"rows": "2"})
    assert found.lineage_group_arn.endswith("lineage-group/sagemaker-default-lineage-group")
    (listed,) = resources.Artifact.get_all(source_uri=f"s3://lake/{uri}")
    assert listed.artifact_arn == one.artifact_arn
    one.delete()
    sdk.refused("ResourceNotFound", "", resources.Artifact.get, one.artifact_arn)


def scenario_actions_contexts_and_associations_live():
    run = resources.Action.create(
        action_name=sdk.name("run"),
        source=shapes.ActionSource(source_uri="s3://code"),
        action_type="Training",
        status="InProgress",
    )
    run.update(status="Completed", description="done")
    assert resources.Action.get(run.action_name).status == "Completed"
    place = resources.Context.create(
        context_name=sdk.name("place"), source=shapes.ContextSource(source_uri="arn:x"), context_type="Endpoint"
    )
    place.update(description="scores")
    assert resources.Context.get(place.context_name).description == "scores"
    resources.Association.add(run.action_arn, place.context_arn, association_type="AssociatedWith")
    (found,) = resources.Association.get_all(source_arn=run.action_arn)
    assert (found.destination_arn, found.association_type) == (place.context_arn, "AssociatedWith")
    found.delete()
    assert list(resources.Association.get_all(source_arn=run.action_arn)) == []
    place.delete()
    run.delete()


def scenario_experiments_hold_trials_that_hold_components():
    one = resources.Experiment.create(experiment_name=sdk.name("exp"), description="first")
    one.update(description="second")
    assert resources.Experiment.get(one.experiment_name).description == "second"
    group = resources.Trial.create(trial_name=sdk.name("trial"), experiment_name=one.experiment_name)
    part = resources.TrialComponent.create(
        trial_component_name=sdk.name("part"),
        parameters={"depth": shapes.TrialComponentParameterValue(number_value=3)},
        status=shapes.TrialComponentStatus(primary_status="InProgress"),
    )
    part.associate_trail(trial_name=group.trial_name)
    assert [found.trial_component_name for found in resources.TrialComponent.get_all(trial_name=group.trial_name)] == [
        part.trial_component_name
    ]
    assert [found.trial_name for found in resources.Trial.get_all(experiment_name=one.experiment_name)] == [
        group.trial_name
    ]
    now = datetime.datetime.now(datetime.UTC)
    part.batch_put_metrics(metric_data=[shapes.RawMetricData(metric_name="loss", timestamp=now, step=1, value=0.5)])
    part.update(status=shapes.TrialComponentStatus(primary_status="Completed"), end_time=now)
    part.wait_for_status("Completed", poll=1, timeout=10)
    found = resources.TrialComponent.get(part.trial_component_name)
    assert found.metrics[0].last == 0.5
    part.disassociate_trail(trial_name=group.trial_name)
    part.delete()
    group.delete()
    one.delete()


def scenario_a_training_job_is_recorded():
    import lineage

    job = sdk.name("job")
    lineage.component(job)
    found = resources.TrainingJob.get(job)
    assert found.training_job_name == job
    assert found.input_data_config[0].data_source.s3_data_source.s3_uri == f"s3://lake/{job}/train"
    found.stop()
    deadline = time.monotonic() + 10
    while resources.TrainingJob.get(job).training_job_status not in ("Stopping", "Stopped"):
        assert time.monotonic() < deadline
        time.sleep(0.2)
    assert job in [listed.training_job_name for listed in resources.TrainingJob.get_all(name_contains=job)]
    sdk.refused("ValidationException", "Requested resource not found", resources.TrainingJob.get, sdk.name("none"))


def scenario_tags_are_kept():
    one = resources.Artifact.create(source=source(sdk.name("data")), artifact_type="DataSet")
    resources.Tag.add_tags(resource_arn=one.artifact_arn, tags=[shapes.Tag(key="a", value="b")])
    (found,) = resources.Tag.get_all(resource_arn=one.artifact_arn)
    assert (found.key, found.value) == ("a", "b")
    resources.Tag.delete_tags(resource_arn=one.artifact_arn, tag_keys=["a"])
    assert list(resources.Tag.get_all(resource_arn=one.artifact_arn)) == []

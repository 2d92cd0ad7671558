"""Artifacts, actions, contexts and associations as the SDK's objects have them, versions 2 and 3."""

import datetime

import sdk

artifact = sdk.module("lineage.artifact")
action = sdk.module("lineage.action")
context = sdk.module("lineage.context")
association = sdk.module("lineage.association")
session = sdk.session()
LONG_AGO = datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC)


def made(kind, cls=artifact.Artifact, **given):
    """An artifact of a type."""
    uri = f"s3://lake/{sdk.name(kind.lower())}"
    return cls.create(
        artifact_name=kind.lower(), artifact_type=kind, source_uri=uri, sagemaker_session=session, **given
    )


def acted(kind, status="Completed"):
    name = sdk.name(kind.lower())
    return action.Action.create(
        action_name=name, action_type=kind, source_uri=f"s3://code/{name}", status=status, sagemaker_session=session
    )


def placed(kind, cls=context.Context, **given):
    name = sdk.name(kind.lower())
    return cls.create(
        context_name=name, context_type=kind, source_uri=f"arn:{name}", sagemaker_session=session, **given
    )


def link(source, destination, kind="ContributedTo"):
    association.Association.create(
        source_arn=source, destination_arn=destination, association_type=kind, sagemaker_session=session
    )


def component(job, kind="SageMakerTrainingJob"):
    """The trial component of a training job that ran elsewhere."""
    sdk.client().create_training_job(
        TrainingJobName=job,
        AlgorithmSpecification={"TrainingImage": f"registry/train:{job}", "TrainingInputMode": "File"},
        RoleArn="arn:aws:iam::123456789012:role/stemma",
        InputDataConfig=[
            {
                "ChannelName": "train",
                "DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": f"s3://lake/{job}/train"}},
            }
        ],
        OutputDataConfig={"S3OutputPath": f"s3://models/{job}"},
        ResourceConfig={"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 1},
        StoppingCondition={"MaxRuntimeInSeconds": 60},
    )
    return sdk.client().describe_trial_component(TrialComponentName=f"{job}-aws-training-job")["TrialComponentArn"]


def scenario_an_artifact_is_created_loaded_saved_and_deleted():
    types = [{"SourceIdType": "S3ETag", "Value": "9b2cf535f27731c974343645a3985328"}]
    one = made("DataSet", source_types=types, properties={"rows": "12"}, tags=[{"Key": "owner", "Value": "data"}])
    loaded = artifact.Artifact.load(one.artifact_arn, sagemaker_session=session)
    assert loaded.artifact_name == "dataset"
    assert loaded.artifact_type == "DataSet"
    assert loaded.properties == {"rows": "12"}
    assert loaded.source.source_uri == one.source.source_uri
    assert loaded.source.source_types == [{"SourceIdType": "S3ETag", "Value": types[0]["Value"]}]
    assert abs(loaded.creation_time - datetime.datetime.now(datetime.UTC)) < datetime.timedelta(minutes=5)
    loaded.properties["columns"] = "3"
    loaded.properties_to_remove = ["rows"]
    loaded.artifact_name = "renamed"
    loaded.save()
    again = artifact.Artifact.load(one.artifact_arn, sagemaker_session=session)
    assert (again.artifact_name, again.properties) == ("renamed", {"columns": "3"})
    assert again.last_modified_time >= again.creation_time
    assert again.set_tag({"Key": "stage", "Value": "raw"})[-1] == {"Key": "stage", "Value": "raw"}
    assert len(again.set_tags([{"Key": "a", "Value": "1"}, {"Key": "stage", "Value": "clean"}])) == 3
    again.delete()
    sdk.refused("ResourceNotFound", "", artifact.Artifact.load, one.artifact_arn, sagemaker_session=session)


def scenario_the_same_source_twice_is_refused_in_the_words_that_clients_look_for():
    one = made("DataSet")
    sdk.refused(
        "ValidationException",
        "already exists",
        artifact.Artifact.create,
        artifact_type="DataSet",
        source_uri=one.source.source_uri,
        sagemaker_session=session,
    )


def scenario_artifacts_are_listed_page_by_page():
    kind = sdk.name("Kind").replace("-", "")
    arns = [made(kind).artifact_arn for _ in range(13)]
    listed = list(artifact.Artifact.list(artifact_type=kind, sagemaker_session=session))
    assert [found.artifact_arn for found in listed] == arns[::-1]
    listed = artifact.Artifact.list(
        artifact_type=kind, sort_by="CreationTime", sort_order="Ascending", max_results=3, sagemaker_session=session
    )
    assert [found.artifact_arn for found in listed] == arns
    uri = artifact.Artifact.load(arns[3], sagemaker_session=session).source.source_uri
    (found,) = artifact.Artifact.list(source_uri=uri, sagemaker_session=session)
    assert found.artifact_arn == arns[3]
    (summary,) = artifact.Artifact.load(arns[3], sagemaker_session=session).s3_uri_artifacts(uri)["ArtifactSummaries"]
    assert summary["ArtifactArn"] == arns[3]
    assert list(artifact.Artifact.list(artifact_type=kind, created_before=LONG_AGO, sagemaker_session=session)) == []
    after = list(artifact.Artifact.list(artifact_type=kind, created_after=LONG_AGO, sagemaker_session=session))
    assert len(after) == 13


def scenario_an_action_lives():
    one = acted("Approval", status="InProgress")
    loaded = action.Action.load(one.action_name, sagemaker_session=session)
    assert (loaded.action_type, loaded.status) == ("Approval", "InProgress")
    loaded.status = "Completed"
    loaded.description = "checked"
    loaded.properties = {"by": "ana"}
    loaded.save()
    again = action.Action.load(one.action_name, sagemaker_session=session)
    assert (again.status, again.description, again.properties) == ("Completed", "checked", {"by": "ana"})
    assert again.set_tag({"Key": "a", "Value": "b"}) == [{"Key": "a", "Value": "b"}]
    listed = action.Action.list(source_uri=again.source.source_uri, sagemaker_session=session)
    assert [found.action_name for found in listed] == [one.action_name]
    sdk.refused(
        "ValidationException",
        "already exists",
        action.Action.create,
        action_name=one.action_name,
        action_type="x",
        source_uri="s3://x",
        sagemaker_session=session,
    )
    again.delete()
    sdk.refused("ResourceNotFound", "", action.Action.load, one.action_name, sagemaker_session=session)


def scenario_a_context_lives():
    one = placed("Endpoint", properties={"size": "1"}, description="scores", tags=[{"Key": "a", "Value": "b"}])
    loaded = context.Context.load(one.context_name, sagemaker_session=session)
    assert (loaded.context_type, loaded.properties, loaded.description) == ("Endpoint", {"size": "1"}, "scores")
    loaded.properties = {"size": "2"}
    loaded.save()
    assert context.Context.load(one.context_name, sagemaker_session=session).properties == {"size": "2"}
    listed = context.Context.list(source_uri=one.source.source_uri, sagemaker_session=session)
    assert [found.context_arn for found in listed] == [one.context_arn]
    loaded.set_tags([{"Key": "c", "Value": "d"}])
    assert len(sdk.client().list_tags(ResourceArn=one.context_arn)["Tags"]) == 2
    loaded.delete()
    sdk.refused("ResourceNotFound", "", context.Context.load, one.context_name, sagemaker_session=session)


def scenario_associations_are_made_listed_and_ended():
    data, deployment, endpoint = made("DataSet"), acted("ModelDeployment"), placed("Endpoint")
    link(data.artifact_arn, deployment.action_arn)
    link(deployment.action_arn, endpoint.context_arn, "AssociatedWith")
    (outgoing,) = association.Association.list(source_arn=data.artifact_arn, sagemaker_session=session)
    assert outgoing.destination_arn == deployment.action_arn
    assert (outgoing.source_type, outgoing.destination_type) == ("DataSet", "ModelDeployment")
    assert outgoing.association_type == "ContributedTo"
    (incoming,) = association.Association.list(destination_arn=endpoint.context_arn, sagemaker_session=session)
    assert incoming.source_name == deployment.action_name
    assert (
        list(
            association.Association.list(
                source_arn=data.artifact_arn, destination_type="Endpoint", sagemaker_session=session
            )
        )
        == []
    )
    sdk.refused("ValidationException", "already exists", link, data.artifact_arn, deployment.action_arn)
    made_again = association.Association(
        sagemaker_session=session, source_arn=data.artifact_arn, destination_arn=deployment.action_arn
    )
    made_again.delete()
    assert list(association.Association.list(source_arn=data.artifact_arn, sagemaker_session=session)) == []


def scenario_deleting_takes_associations_along_when_asked():
    data, run, more = made("DataSet"), acted("Training"), made("DataSet")
    link(data.artifact_arn, run.action_arn)
    link(more.artifact_arn, data.artifact_arn, "DerivedFrom")
    sdk.refused("ValidationException", "", data.delete)
    data.delete(disassociate=True)
    assert list(association.Association.list(destination_arn=run.action_arn, sagemaker_session=session)) == []
    run.delete(disassociate=True)
    place = placed("Endpoint")
    link(more.artifact_arn, place.context_arn)
    place.delete(disassociate=True)
    more.delete()

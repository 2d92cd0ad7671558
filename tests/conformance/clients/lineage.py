"""Lineage as the SDK's objects have it, versions 2 and 3."""

import datetime

import sdk

artifact = sdk.module("lineage.artifact")
action = sdk.module("lineage.action")
context = sdk.module("lineage.context")
association = sdk.module("lineage.association")
query = sdk.module("lineage.query")
visualizer = sdk.module("lineage.visualizer")
session = sdk.session()
DIRECTION = query.LineageQueryDirectionEnum
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


def chain():
    """Data → training job → model data → model → deployment → endpoint, with a second data set before the first."""
    job = sdk.name("job")
    found = {
        "raw": made("DataSet", artifact.DatasetArtifact),
        "data": made("DataSet", artifact.DatasetArtifact),
        "image": made("Image", artifact.ImageArtifact),
        "model_data": made("ModelData"),
        "model": made("Model", artifact.ModelArtifact),
        "deployment": acted("ModelDeployment"),
        "endpoint": placed("Endpoint", context.EndpointContext),
        "job": job,
    }
    training = found["training"] = component(job)
    link(found["raw"].artifact_arn, found["data"].artifact_arn, "DerivedFrom")
    link(found["data"].artifact_arn, training)
    link(found["image"].artifact_arn, training)
    link(training, found["model_data"].artifact_arn, "Produced")
    link(found["model_data"].artifact_arn, found["model"].artifact_arn)
    link(found["model"].artifact_arn, found["deployment"].action_arn)
    link(found["deployment"].action_arn, found["endpoint"].context_arn, "AssociatedWith")
    return found


def asked(start, direction, **given):
    filters = query.LineageFilter(**given) if given else None
    return query.LineageQuery(session).query(
        start_arns=[start], direction=direction, query_filter=filters, include_edges=False
    )


def scenario_a_lineage_query_walks_and_filters():
    found = chain()
    endpoint, raw = found["endpoint"].context_arn, found["raw"].artifact_arn
    upstream = {vertex.arn for vertex in asked(endpoint, DIRECTION.ASCENDANTS).vertices}
    assert {found[name].artifact_arn for name in ("raw", "data", "image", "model", "model_data")} < upstream
    assert endpoint not in upstream
    result = query.LineageQuery(session).query(start_arns=[raw], direction=DIRECTION.DESCENDANTS)
    assert {vertex.arn for vertex in result.vertices} >= {raw, endpoint, found["training"]}
    edges = {(edge.source_arn, edge.destination_arn): edge.association_type for edge in result.edges}
    assert edges[raw, found["data"].artifact_arn] == "DerivedFrom"
    assert edges[found["training"], found["model_data"].artifact_arn] == "Produced"
    entity, source = query.LineageEntityEnum, query.LineageSourceEnum
    models = asked(raw, DIRECTION.DESCENDANTS, entities=[entity.ARTIFACT], sources=[source.MODEL])
    assert [vertex.arn for vertex in models.vertices] == [found["model"].artifact_arn]
    (vertex,) = models.vertices
    assert (vertex.lineage_entity, vertex.lineage_source) == ("Artifact", "Model")
    assert isinstance(vertex.to_lineage_object(), artifact.ModelArtifact)
    assert asked(raw, DIRECTION.DESCENDANTS, created_before=LONG_AGO).vertices == []
    assert len(asked(raw, DIRECTION.DESCENDANTS, modified_after=LONG_AGO).vertices) >= 6
    near = query.LineageQuery(session).query([raw], DIRECTION.DESCENDANTS, include_edges=False, max_depth=1)
    assert [vertex.arn for vertex in near.vertices] == [found["data"].artifact_arn]
    both = {vertex.arn for vertex in asked(found["model"].artifact_arn, DIRECTION.BOTH).vertices}
    assert {raw, endpoint} < both
    kinds = {type(vertex.to_lineage_object()).__name__ for vertex in asked(endpoint, DIRECTION.ASCENDANTS).vertices}
    assert kinds >= {"DatasetArtifact", "ModelArtifact", "ImageArtifact", "Action", "LineageTrialComponent"}


def scenario_property_filters_admit_any_of_their_pairs():
    one, two = made("DataSet", properties={"stage": "raw"}), made("DataSet", properties={"stage": "clean"})
    run = acted("Training")
    link(one.artifact_arn, run.action_arn)
    link(two.artifact_arn, run.action_arn)
    found = asked(run.action_arn, DIRECTION.ASCENDANTS, properties={"stage": "clean", "other": "x"})
    assert [vertex.arn for vertex in found.vertices] == [two.artifact_arn]


def scenario_a_model_artifact_answers_for_itself():
    found = chain()
    model = artifact.ModelArtifact.load(found["model"].artifact_arn, sagemaker_session=session)
    assert [place.context_arn for place in model.endpoint_contexts()] == [found["endpoint"].context_arn]
    names = {data.artifact_arn for data in model.dataset_artifacts()}
    assert {found["raw"].artifact_arn, found["data"].artifact_arn} <= names
    assert model.training_job_arns() == [
        sdk.client().describe_training_job(TrainingJobName=found["job"])["TrainingJobArn"]
    ]
    assert model.pipeline_execution_arn() is None
    by_hand = acted("Action")
    link(model.artifact_arn, by_hand.action_arn)
    where = placed("Context")
    link(by_hand.action_arn, where.context_arn)
    assert [summary.destination_arn for summary in model.endpoints()] == [where.context_arn]


def scenario_a_dataset_artifact_answers_for_itself():
    found = chain()
    data = artifact.DatasetArtifact.load(found["data"].artifact_arn, sagemaker_session=session)
    assert [other.artifact_arn for other in data.upstream_datasets()] == [found["raw"].artifact_arn]
    assert [place.context_arn for place in data.endpoint_contexts()] == [found["endpoint"].context_arn]
    raw = artifact.DatasetArtifact.load(found["raw"].artifact_arn, sagemaker_session=session)
    assert [other.artifact_arn for other in raw.downstream_datasets()] == [found["data"].artifact_arn]
    assert data.trained_models() == []
    group = placed("Context")
    link(found["training"], group.context_arn)
    assert [summary.destination_arn for summary in data.trained_models()] == [group.context_arn]
    image = artifact.ImageArtifact.load(found["image"].artifact_arn, sagemaker_session=session)
    assert image.datasets(DIRECTION.DESCENDANTS) == []


def scenario_an_endpoint_context_answers_for_itself():
    found = chain()
    endpoint = context.EndpointContext.load(found["endpoint"].context_name, sagemaker_session=session)
    names = {data.artifact_arn for data in endpoint.dataset_artifacts()}
    assert {found["raw"].artifact_arn, found["data"].artifact_arn} <= names
    assert [arn.rpartition("/")[2] for arn in endpoint.training_job_arns()] == [found["job"]]
    assert [part.trial_component_arn for part in endpoint.trial_components()] == [found["training"]]
    assert endpoint.processing_jobs() == endpoint.transform_jobs() == []
    (deployment,) = endpoint.actions(direction=DIRECTION.ASCENDANTS)
    assert deployment.action_name == found["deployment"].action_name
    assert endpoint.pipeline_execution_arn() is None
    # `models` and `models_v2` go from the endpoint to its deployment, against our own edges: hand-made ones only.
    assert endpoint.models() == endpoint.models_v2() == []
    reversed_ = acted("ModelDeployment")
    link(found["endpoint"].context_arn, reversed_.action_arn, "AssociatedWith")
    link(reversed_.action_arn, found["model"].artifact_arn, "AssociatedWith")
    assert [summary.destination_arn for summary in endpoint.models()] == [found["model"].artifact_arn]
    assert found["model"].artifact_arn in {model.artifact_arn for model in endpoint.models_v2()}


def scenario_a_trial_component_answers_for_itself():
    found = chain()
    parts = sdk.module("lineage.lineage_trial_component")
    one = parts.LineageTrialComponent.load(f"{found['job']}-aws-training-job", sagemaker_session=session)
    assert found["data"].artifact_arn in {data.artifact_arn for data in one.dataset_artifacts()}
    assert [model.artifact_arn for model in one.models()] == [found["model"].artifact_arn]
    assert one.pipeline_execution_arn() is None


def scenario_the_visualizer_shows_both_sides_of_everything():
    found = chain()
    shown = visualizer.LineageTableVisualizer(session)

    def rows(**start):
        frame = shown.show(**start)
        assert list(frame.columns) == ["Name/Source", "Direction", "Type", "Association Type", "Lineage Type"]
        return {(row.Direction, row.Type, row[4], row[5]) for row in frame.itertuples()}

    training = rows(training_job_name=found["job"])
    assert ("Input", "DataSet", "ContributedTo", "artifact") in training
    assert ("Output", "ModelData", "Produced", "artifact") in training
    assert rows(trial_component_name=f"{found['job']}-aws-training-job") == training
    deployed = rows(actions_arn=found["deployment"].action_arn)
    assert deployed == {
        ("Input", "Model", "ContributedTo", "artifact"),
        ("Output", "Endpoint", "AssociatedWith", "context"),
    }
    assert rows(context_arn=found["endpoint"].context_arn) == {("Input", "ModelDeployment", "AssociatedWith", "action")}
    assert ("Output", "DataSet", "DerivedFrom", "artifact") in rows(artifact_arn=found["raw"].artifact_arn)
    assert rows(endpoint_arn=found["endpoint"].source.source_uri) == rows(context_arn=found["endpoint"].context_arn)
    assert rows(model_package_arn=found["model"].source.source_uri) == rows(artifact_arn=found["model"].artifact_arn)
    job_arn = sdk.client().describe_training_job(TrainingJobName=found["job"])["TrainingJobArn"]
    step = {"Metadata": {"TrainingJob": {"Arn": job_arn}}}
    assert rows(pipeline_execution_step=step) == training
    assert shown.show(endpoint_arn="arn:aws:sagemaker:us-east-1:123456789012:endpoint/none") is None

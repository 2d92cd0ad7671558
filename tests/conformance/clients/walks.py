"""What the SDK asks of a graph: queries, an artifact's and an endpoint's own questions, the visualizer; versions 2 and 3."""

import datetime

import sdk
from lineage import acted, artifact, component, context, link, made, placed, session

query = sdk.module("lineage.query")
visualizer = sdk.module("lineage.visualizer")
DIRECTION = query.LineageQueryDirectionEnum
LONG_AGO = datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC)


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

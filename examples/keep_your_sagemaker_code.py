"""Code as it is written for SageMaker: an experiment's run, its lineage, and questions about both.

    eval "$(stemma sdk-env)"
    python examples/keep_your_sagemaker_code.py

Nothing in it knows Stemma. It takes the `sagemaker` package, version 2 or 3.
"""

import uuid

import boto3

try:
    from sagemaker.core.experiments.run import Run, list_runs
    from sagemaker.core.helper.session_helper import Session
    from sagemaker.core.lineage.artifact import Artifact, ModelArtifact
    from sagemaker.core.lineage.association import Association
except ImportError:  # version 2
    from sagemaker import Session
    from sagemaker.experiments.run import Run, list_runs
    from sagemaker.lineage.artifact import Artifact, ModelArtifact
    from sagemaker.lineage.association import Association

session = Session()
experiment = f"churn-{uuid.uuid4().hex[:8]}"

for depth, losses in {3: (0.61, 0.52, 0.48), 6: (0.58, 0.44, 0.39)}.items():
    with Run(experiment_name=experiment, run_name=f"depth{depth}", sagemaker_session=session) as run:
        run.log_parameter("depth", depth)
        for epoch, loss in enumerate(losses):
            run.log_metric("loss", loss, step=epoch)
        component = run.experiment_config["RunName"]

# The last run read a data set and made a model.
sagemaker = boto3.client("sagemaker")
job = sagemaker.describe_trial_component(TrialComponentName=component)["TrialComponentArn"]
data = Artifact.create(
    artifact_type="DataSet", source_uri=f"s3://lake/{experiment}/train.parquet", sagemaker_session=session
)
model = ModelArtifact.create(
    artifact_type="Model", source_uri=f"s3://models/{experiment}/model.tar.gz", sagemaker_session=session
)
Association.create(data.artifact_arn, job, association_type="ContributedTo", sagemaker_session=session)
Association.create(job, model.artifact_arn, association_type="Produced", sagemaker_session=session)

for run in list_runs(experiment_name=experiment, sagemaker_session=session):
    name = f"{experiment}-{run.run_name}"
    (loss,) = sagemaker.describe_trial_component(TrialComponentName=name)["Metrics"]
    print(f"{run.run_name}: loss from {loss['Max']} to {loss['Last']} in {loss['Count']} epochs")

for source in model.dataset_artifacts():
    print("the model was trained on", source.source.source_uri.replace(experiment, "churn"))

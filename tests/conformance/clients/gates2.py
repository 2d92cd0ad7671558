"""`ModelPackage.deploy()` of version 2, which approves by itself first, on a group whose gates ask for an evaluation."""

import sdk
from sagemaker import ModelPackage

ROLE = "arn:aws:iam::123456789012:role/service"
METRICS = "s3://models-of-ours/gated/evaluation.json"


def scenario_deploying_passes_the_gates_or_is_refused():
    session, metrics = sdk.session(), {"ContentType": "application/json", "S3Uri": METRICS}
    arn = session.sagemaker_client.create_model_package(
        ModelPackageGroupName="gated",
        InferenceSpecification={"Containers": [{"Image": "xgboost:1.7"}], "SupportedContentTypes": ["text/csv"]},
        ModelMetrics={"ModelQuality": {"Statistics": metrics}},
    )["ModelPackageArn"]
    name = sdk.name("gated")

    def deploy():
        package = ModelPackage(role=ROLE, model_package_arn=arn, sagemaker_session=session)
        package.deploy(1, "ml.m5.large", endpoint_name=name, wait=False)

    def status():
        return session.sagemaker_client.describe_model_package(ModelPackageName=arn)["ModelApprovalStatus"]

    sdk.refused("ConflictException", "no evaluation of the version says auc", deploy)
    assert status() == "PendingManualApproval"
    evidence = {"ArtifactType": "ModelMetrics", "Source": {"SourceUri": METRICS}, "Properties": {"auc": "0.5"}}
    made = session.sagemaker_client.create_artifact(**evidence)["ArtifactArn"]
    sdk.refused("ConflictException", "auc is 0.5", deploy)
    session.sagemaker_client.update_artifact(ArtifactArn=made, Properties={"auc": "0.95"})
    deploy()
    assert status() == "Approved"
    variants = session.sagemaker_client.describe_endpoint(EndpointName=name)["ProductionVariants"]
    assert len(variants) == 1

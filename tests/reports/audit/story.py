"""A model's life, as far as reports speak of it: data, training, evaluation, version, approval, deployment, violation."""

from dataclasses import dataclass, replace
from typing import Any

from graph.access import Caller, Role
from graph.associations import AssociationType
from graph.catalog import Catalog
from graph.changes import Command
from graph.commands import associate, create_artifact, create_named
from graph.contents import content, sha256
from graph.entities import Approval, Kind, Status
from graph.hosting import endpoints, names, records
from graph.hosting.names import Hosted
from graph.hosting.variants import held
from graph.registry import groups, lists
from graph.registry.amending import amend
from graph.registry.gates import Bound, set_gates
from graph.registry.versions import register

CONTRIBUTED, PRODUCED, DERIVED = AssociationType.CONTRIBUTED_TO, AssociationType.PRODUCED, AssociationType.DERIVED_FROM
HOSTILE = '<img src=x onerror="alert(1)"> #panic() \u202egnp'
MODEL, EVALUATION, TRAIN = "s3://models/churn.tar.gz", "s3://models/evaluation.json", "s3://data/train.parquet"


@dataclass(frozen=True)
class Story:
    """ARNs: own ones of version and endpoint, lineage ones of all else."""

    version: str
    endpoint: str
    train: str
    job: str
    run: str
    violation: str
    deployment: str


async def tell(catalog: Catalog, writer: Caller, *, runs: int = 1) -> Story:
    """Write it; `runs` of a monitor, of which the last found a violation, each with ten pieces of captured data."""
    place, store = catalog.place(writer.account), catalog.store
    admin = replace(writer, actor="root", role=Role.ADMIN)

    async def write(*commands: Command, by: Caller = admin) -> None:
        await catalog.write(by, commands, operation="test")

    train = content(place, TRAIN, [sha256("ab" * 32)], type="DataSet", tags={"owner": "data-team"})
    code = create_artifact(place, "s3://code/train.py", type="Code", name=HOSTILE.replace("\u202e", ""))
    model = content(place, MODEL, [sha256("cd" * 32)], type="ModelData")
    evaluation = content(place, EVALUATION, [sha256("ef" * 32)], type="Evaluation", properties={"auc": "0.93"})
    job = create_named(
        place,
        Kind.TRIAL_COMPONENT,
        "churn-train-aws-training-job",
        type="SageMakerTrainingJob",
        status=Status.COMPLETED,
        parameters={"depth": {"number": "6"}},
        metrics={"loss": {"number": "0.25"}},
    )
    await write(
        *(train, code, model, evaluation, job),
        *(associate(each.arn, job.arn, CONTRIBUTED) for each in (train, code)),
        associate(job.arn, model.arn, PRODUCED),
        associate(model.arn, evaluation.arn, DERIVED),
        by=writer,
    )
    await write(groups.create(place, "churn"))
    await write(set_gates(place, "churn", bounds=[Bound("auc", at_least=0.9)]))
    request: dict[str, Any] = {
        "InferenceSpecification": {
            "Containers": [{"Image": "x.dkr.ecr.us-east-1.amazonaws.com/i:1", "ModelDataUrl": MODEL}]
        },
        "ModelMetrics": {"ModelQuality": {"Statistics": {"ContentType": "application/json", "S3Uri": EVALUATION}}},
    }
    made = await catalog.write(writer, [register(place, request, group="churn")], operation="test")
    assert made.sequence is not None
    (own,) = await lists.registered(store, writer.account, made.sequence)
    ana = replace(writer, actor="ana", role=Role.APPROVER)
    await write(amend(place, own, approval=Approval.APPROVED, reason=f"the best so far {HOSTILE}"), by=ana)
    await write(records.create(place, Hosted.MODEL, "churn", {"PrimaryContainer": {"ModelPackageName": own}}))
    variant = {"VariantName": "main", "ModelName": "churn", "InitialInstanceCount": 1, "InstanceType": "ml.m5.large"}
    await write(records.create(place, Hosted.CONFIG, "churn", {"ProductionVariants": [variant]}))
    await write(await endpoints.create(store, place, "churn", "churn"))
    endpoint = await catalog.entity(writer.account, names.lineage(place, Hosted.ENDPOINT, "churn"))
    (running,) = held(endpoint.specification)
    commands: list[Command] = []
    run = violation = ""
    for number in range(runs):
        found = number == runs - 1
        ran = create_named(
            place,
            Kind.TRIAL_COMPONENT,
            f"churn-monitor-{number}-aws-processing-job",
            type="SageMakerProcessingJob",
            status=Status.COMPLETED,
            parameters={"violations": {"number": "1" if found else "0"}, "rows": {"number": "100"}},
        )
        run = ran.arn
        commands.append(ran)
        for part in range(10):
            captured = create_artifact(place, f"s3://captured/{number}/{part}", type="CapturedData")
            commands += [captured, associate(running.deployment, captured.arn, CONTRIBUTED)]
            commands.append(associate(captured.arn, run, CONTRIBUTED))
        if found:
            file = create_artifact(place, f"s3://results/{number}/constraint_violations.json", type="Violations")
            wrong = create_artifact(
                place,
                f"s3://results/{number}/constraint_violations.json#age/completeness_check",
                type="Violation",
                properties={"feature_name": "age", "constraint_check_type": "completeness_check"},
            )
            violation = wrong.arn
            commands += [file, wrong, associate(run, file.arn, PRODUCED), associate(file.arn, wrong.arn, DERIVED)]
    for begin in range(0, len(commands), 900):
        await write(*commands[begin : begin + 900], by=writer)
    return Story(own, endpoint.resource_arn or "", train.arn, job.arn, run, violation, running.deployment)

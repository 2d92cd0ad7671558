"""The two calls of CloudWatch Logs that SDK clients make while they wait for a job: its log says what is recorded of it."""

from api.sagemaker.calls import Call, Input, Output, operation
from api.sagemaker.failures import ProtocolError
from graph import history, job_logs
from graph.entities import Entity
from graph.jobs import JobKind

GROUPS = {
    "/aws/sagemaker/TrainingJobs": JobKind.TRAINING,
    "/aws/sagemaker/TransformJobs": JobKind.TRANSFORM,
    "/aws/sagemaker/ProcessingJobs": JobKind.PROCESSING,
}
EVENTS = 10_000
FORWARD, BACKWARD = "f/", "b/"


@operation(
    "DescribeLogStreams",
    service="logs",
    note="One stream a job, found by the prefix <job>/; jobs that are not recorded have none. There is never a second page.",
)
async def describe_log_streams(call: Call, given: Input) -> Output:
    """The stream of the job that the prefix names."""
    group, kind = _group(given)
    # Clients ask with the job's name and a slash; a whole stream name is a prefix of itself.
    job_name, slash, _ = given.get("logStreamNamePrefix", "").partition("/")
    job = await _job(call, kind, job_name) if slash else None
    if job is None:
        return {"logStreams": []}
    name = _stream(job_name, job)
    if not name.startswith(given["logStreamNamePrefix"]):
        return {"logStreams": []}
    lines = await job_logs.lines(call.catalog.store, call.account, job)
    stream = {
        "logStreamName": name,
        "creationTime": job.created_at,
        "firstEventTimestamp": lines[0].at,
        "lastEventTimestamp": lines[-1].at,
        "lastIngestionTime": lines[-1].recorded,
        "arn": f"arn:aws:logs:{call.place.region}:{call.account}:log-group:{group}:log-stream:{name}",
        "storedBytes": 0,
    }
    return {"logStreams": [stream]}


@operation("GetLogEvents", service="logs", note="The job's ARN, and each change of its status.")
async def get_log_events(call: Call, given: Input) -> Output:
    """Lines of a job's log; past its end a page is empty, with the same token."""
    _, kind = _group(given)
    name = given["logStreamName"]
    job_name = name.partition("/")[0]
    job = await _job(call, kind, job_name)
    if job is None or name != _stream(job_name, job):
        raise ProtocolError("ResourceNotFoundException", "The specified log stream does not exist.")
    since, until = given.get("startTime", 0), given.get("endTime")
    lines = [
        line
        for line in await job_logs.lines(call.catalog.store, call.account, job)
        if line.at >= since and (until is None or line.at < until)
    ]
    limit = given.get("limit", EVENTS)
    begin, end = _range(given, len(lines), limit)
    return {
        "events": [
            {"timestamp": line.at, "message": line.text, "ingestionTime": line.recorded} for line in lines[begin:end]
        ],
        "nextForwardToken": f"{FORWARD}{end}",
        "nextBackwardToken": f"{BACKWARD}{begin}",
    }


def _range(given: Input, count: int, limit: int) -> tuple[int, int]:
    token = given.get("nextToken")
    if token is None:
        return (0, min(limit, count)) if given.get("startFromHead") else (max(0, count - limit), count)
    direction, place = token[: len(FORWARD)], token[len(FORWARD) :]
    if direction not in (FORWARD, BACKWARD) or not (place.isdecimal() and place.isascii() and len(place) < 10):
        raise ProtocolError("InvalidParameterException", "The specified nextToken is invalid.")
    at = min(int(place), count)
    return (at, min(at + limit, count)) if direction == FORWARD else (max(0, at - limit), at)


def _group(given: Input) -> tuple[str, JobKind]:
    name = given.get("logGroupName")
    if name is None:
        # An identifier is a group's name, or its ARN.
        name = given.get("logGroupIdentifier", "").rpartition(":log-group:")[2]
    if not name:
        raise ProtocolError("InvalidParameterException", "Give logGroupName or logGroupIdentifier.")
    if name not in GROUPS:
        raise ProtocolError("ResourceNotFoundException", "The specified log group does not exist.")
    return name, GROUPS[name]


async def _job(call: Call, kind: JobKind, name: str) -> Entity | None:
    resource = call.place.arn(f"{kind.value}/{name}")
    call.arns.append(resource)
    store = call.catalog.store
    when = await call.catalog.moment(call.account)
    arns = await history.resolve(store, call.account, [resource], when)
    found = await history.entities(store, call.account, list(arns.values()), when)
    return found.get(arns.get(resource, ""))


def _stream(name: str, job: Entity) -> str:
    return f"{name}/algo-1-{job.created_at // 1000}"

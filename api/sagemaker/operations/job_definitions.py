"""Job definitions of the four monitors: the same four operations for each."""

from typing import Any

from api.sagemaker import monitoring, shapes
from api.sagemaker.calls import Call, Input, Output, operation
from graph.access import Permission, require
from graph.entities import Entity
from graph.monitoring import definitions, records
from graph.monitoring.names import Monitor
from monitors.processing.sources import read_texts

RUNTIME_SECONDS = 3_600
NOTE = "Scripts and configuration are read when it is made; what a job that is named as baseline writes is looked up then, too."


def _offer(monitor: Monitor) -> None:
    kind = f"{monitor.value}JobDefinition"

    @operation(f"Create{kind}", note=NOTE)
    async def create(call: Call, given: Input) -> Output:
        """A new job definition."""
        require(call.caller, Permission.WRITE)
        name = given["JobDefinitionName"]
        arn = monitoring.own_arn(call, monitor.family, name)
        request = {key: value for key, value in given.items() if key != "Tags"}
        definitions.check_input(request[f"{monitor.value}JobInput"])
        held_against = await monitoring.baseline(call, monitor, request.get(f"{monitor.value}BaselineConfig", {}))
        read = await read_texts(call.policy, call.account, definitions.uris(monitor, request))
        made = definitions.create(
            call.place,
            monitor,
            name,
            request,
            read=read,
            baseline=held_against,
            tags=shapes.tags_given(given.get("Tags")),
        )
        await call.write(made)
        return {"JobDefinitionArn": arn}

    @operation(f"Describe{kind}")
    async def describe(call: Call, given: Input) -> Output:
        """One job definition."""
        name = given["JobDefinitionName"]
        monitoring.own_arn(call, monitor.family, name)
        when = await call.catalog.moment(call.account)
        found = await records.find(call.catalog.store, call.place, monitor.family, name, when)
        held = records.specification(found)
        request = monitoring.with_defaults(held[definitions.REQUEST], RUNTIME_SECONDS)
        config = f"{monitor.value}BaselineConfig"
        if config in request:
            request[config] = monitoring.with_baseline(monitor, request[config], held.get(definitions.BASELINE, {}))
        return {
            **request,
            "JobDefinitionArn": found.resource_arn,
            "JobDefinitionName": found.display_name,
            "CreationTime": found.created_at,
        }

    @operation(f"List{kind}s")
    async def list_(call: Call, given: Input) -> Output:
        """A page of job definitions."""
        endpoint = given.get("EndpointName")

        def summary(entity: Entity) -> dict[str, Any]:
            request = records.specification(entity)[definitions.REQUEST]
            return {
                "MonitoringJobDefinitionName": entity.display_name,
                "MonitoringJobDefinitionArn": entity.resource_arn,
                "CreationTime": entity.created_at,
                # The member is required, and batch transforms have no endpoint.
                "EndpointName": definitions.endpoint(monitor, request) or "",
            }

        return await monitoring.listed(
            *(call, given, monitor.family, "JobDefinitionSummaries", summary),
            lambda item: endpoint is None or item["EndpointName"] == endpoint,
            narrowed=endpoint is not None,
        )

    @operation(f"Delete{kind}", note="Refused while a schedule uses it.")
    async def delete(call: Call, given: Input) -> Output:
        """End a job definition; what it ran stays."""
        name = given["JobDefinitionName"]
        monitoring.own_arn(call, monitor.family, name)
        await call.write(records.Delete(call.place, monitor.family, name))
        return {}


for each in Monitor:
    _offer(each)

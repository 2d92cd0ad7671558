"""Schedules steered by our own doors: put, started, stopped and deleted, each with its timer."""

from graph.access import Caller, Permission, require
from graph.catalog import Catalog
from graph.changes import Command
from graph.errors import NotFoundError
from graph.monitoring import definitions, names, records, schedules, timers
from graph.monitoring.names import Monitor
from graph.monitoring.schedules import Schedule


async def find(catalog: Catalog, account: str, name: str) -> Schedule:
    """A schedule as it is now.

    Raises:
        NotFoundError: there is none of this name.
    """
    return await schedules.find(catalog.store, catalog.place(account), name, await catalog.moment(account))


async def put(
    catalog: Catalog, caller: Caller, name: str, *, expression: str, definition: str, monitor: Monitor
) -> Schedule:
    """Let a job definition run at times that an expression says: a new schedule, or another course for an old one.

    Args:
        catalog: The graph.
        caller: Who asks.
        name: The schedule's name.
        expression: When it runs: `cron(0 * ? * * *)`, `rate(5 minutes)`, `cron(0 9 ? * MON-FRI *) Europe/Berlin`.
        definition: The name of the job definition.
        monitor: Of which kind the definition is.

    Raises:
        InvalidError: a field does not fit.
        NotFoundError: there is no such job definition.
        ForbiddenError: the caller may only read.
    """
    require(caller, Permission.WRITE)
    place, when = catalog.place(caller.account), await catalog.moment(caller.account)
    names.checked(name)
    found = await records.find(catalog.store, place, monitor.family, definition, when)
    endpoint = definitions.endpoint(monitor, records.specification(found)[definitions.REQUEST])
    config = {
        "ScheduleConfig": {"ScheduleExpression": expression},
        "MonitoringJobDefinitionName": found.display_name,
        "MonitoringType": monitor.value,
    }
    command: Command
    try:
        await schedules.find(catalog.store, place, name, when)
        command = schedules.update(place, name, config, endpoint=endpoint)
    except NotFoundError:
        command = schedules.create(place, name, config, endpoint=endpoint)
    await _write(catalog, caller, name, command, "putSchedule")
    return await find(catalog, caller.account, name)


async def start(catalog: Catalog, caller: Caller, name: str) -> Schedule:
    """Let a schedule run that was stopped; what it missed is left out.

    Raises:
        NotFoundError: there is none of this name.
    """
    require(caller, Permission.WRITE)
    await find(catalog, caller.account, name)
    await _write(catalog, caller, name, schedules.start(catalog.place(caller.account), name), "startSchedule")
    return await find(catalog, caller.account, name)


async def stop(catalog: Catalog, caller: Caller, name: str) -> Schedule:
    """Let a schedule run no more until it is started.

    Raises:
        NotFoundError: there is none of this name.
    """
    require(caller, Permission.WRITE)
    await find(catalog, caller.account, name)
    await _write(catalog, caller, name, schedules.stop(catalog.place(caller.account), name), "stopSchedule")
    return await find(catalog, caller.account, name)


async def delete(catalog: Catalog, caller: Caller, name: str) -> None:
    """End a schedule; what it ran stays.

    Raises:
        NotFoundError: there is none of this name.
    """
    command = records.Delete(catalog.place(caller.account), names.SCHEDULE, name)
    await catalog.write(caller, [command], operation="deleteSchedule")


async def _write(catalog: Catalog, caller: Caller, name: str, command: Command, operation: str) -> None:
    # First the timer: one without a schedule is soon forgotten, a schedule without one would never run.
    await timers.put(catalog.store, caller.account, name)
    await catalog.write(caller, [command], operation=operation)

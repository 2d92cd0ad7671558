"""Roles, and the one place that holds callers to them."""

from dataclasses import replace

import pytest

from graph import commands
from graph.access import NEEDED, Caller, Permission, Role, require
from graph.catalog import Catalog
from graph.errors import ForbiddenError

MAY = {
    Role.READER: {Permission.READ},
    Role.WRITER: {Permission.READ, Permission.WRITE},
    Role.APPROVER: {Permission.READ, Permission.WRITE, Permission.APPROVE},
    Role.ADMIN: set(Permission),
}


@pytest.mark.parametrize("role", Role)
def test_each_role_may_what_it_may_and_nothing_else(role: Role) -> None:
    assert set(NEEDED) == set(Permission)
    caller = Caller("123456789012", "ana", "test", role)
    for permission in Permission:
        if permission in MAY[role]:
            require(caller, permission)
        else:
            with pytest.raises(ForbiddenError, match=f"ana has the role {role} and may not {permission}"):
                require(caller, permission)


async def test_a_reader_leaves_no_trace(catalog: Catalog, caller: Caller) -> None:
    place = catalog.place(caller.account)
    command = commands.create_artifact(place, "s3://bucket/data", name="data")
    with pytest.raises(ForbiddenError):
        await catalog.write(replace(caller, role=Role.READER), [command], operation="test", request_id="once")
    assert (await catalog.moment(caller.account)).sequence == 0
    done = await catalog.write(replace(caller, role=Role.APPROVER), [command], operation="test", request_id="once")
    assert (done.sequence, done.repeated) == (1, False)

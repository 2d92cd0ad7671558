"""Who asks, and what each role may do; the catalog asks here, below every door."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from graph.errors import ForbiddenError


class Role(StrEnum):
    """What a principal is trusted with; each role may do all that the ones before it may."""

    READER = "reader"
    WRITER = "writer"
    APPROVER = "approver"
    ADMIN = "admin"

    def may(self, permission: "Permission") -> bool:
        """Whether the role holds a permission.

        >>> Role.APPROVER.may(Permission.WRITE), Role.WRITER.may(Permission.APPROVE)
        (True, False)
        """
        return RANK[self] >= RANK[NEEDED[permission]]


class Permission(StrEnum):
    """What can be allowed; the value says it in words."""

    READ = "read"
    WRITE = "write"
    APPROVE = "set approvals"
    SET_GATES = "set gates"
    OVERRIDE = "override gates"
    MANAGE_KEYS = "manage keys"
    READ_ACCESS_LOG = "read the access log"
    MANAGE_WEBHOOKS = "manage webhooks"


RANK = {role: rank for rank, role in enumerate(Role)}
NEEDED = {
    Permission.READ: Role.READER,
    Permission.WRITE: Role.WRITER,
    Permission.APPROVE: Role.APPROVER,
    Permission.SET_GATES: Role.ADMIN,
    Permission.OVERRIDE: Role.ADMIN,
    Permission.MANAGE_KEYS: Role.ADMIN,
    Permission.READ_ACCESS_LOG: Role.ADMIN,
    Permission.MANAGE_WEBHOOKS: Role.ADMIN,
}
"""The least role that each permission takes."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks, through which door; `account` is the tenant."""

    account: str
    actor: str
    door: str
    role: Role


class Guarded(Protocol):
    """A command for which it takes more than to write."""

    @property
    def permission(self) -> Permission:
        """What it takes."""


def require(caller: Caller, permission: Permission) -> None:
    """Go on only if the caller may.

    Raises:
        ForbiddenError: its role lacks the permission.
    """
    if not caller.role.may(permission):
        raise ForbiddenError(
            f"{caller.actor} has the role {caller.role} and may not {permission}; "
            f"the least role for that is {NEEDED[permission]}"
        )

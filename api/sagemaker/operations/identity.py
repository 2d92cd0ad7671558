"""What clients ask of STS and IAM: who they are, and what a role's ARN is."""

import hashlib

from api.sagemaker.calls import Call, Input, Output, operation
from graph.times import now_ms


@operation("GetCallerIdentity", service="sts")
async def get_caller_identity(call: Call, _: Input) -> Output:
    """The caller's account and name."""
    actor = call.caller.actor
    return {"UserId": actor, "Account": call.account, "Arn": f"arn:aws:iam::{call.account}:user/{actor}"}


@operation(
    "GetRole",
    service="iam",
    note="Roles are not kept: every name has an ARN in the caller's account.",
)
async def get_role(call: Call, given: Input) -> Output:
    """The ARN that a role's name stands for."""
    name = given["RoleName"]
    return {
        "Role": {
            "Path": "/",
            "RoleName": name,
            "RoleId": "AROA" + hashlib.sha256(f"{call.account}/{name}".encode()).hexdigest()[:17].upper(),
            "Arn": f"arn:aws:iam::{call.account}:role/{name}",
            "CreateDate": now_ms() // 86_400_000 * 86_400_000,
            "AssumeRolePolicyDocument": (
                "%7B%22Version%22%3A%222012-10-17%22%2C%22Statement%22%3A%5B%7B%22Effect%22%3A%22Allow%22%2C%22Principal%22"
                "%3A%7B%22Service%22%3A%22sagemaker.amazonaws.com%22%7D%2C%22Action%22%3A%22sts%3AAssumeRole%22%7D%5D%7D"
            ),
        }
    }

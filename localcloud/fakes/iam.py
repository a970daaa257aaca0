"""What moto's IAM does not have: the permissions boundary of a user, keys of single services."""

from typing import Any

from moto.iam.models import iam_backends

from localcloud.fault import Fault
from localcloud.switchboard import Asked, Fake


def operations() -> dict[str, Fake]:
    """What this module serves."""
    return {
        "PutUserPermissionsBoundary": _put_boundary,
        "DeleteUserPermissionsBoundary": _delete_boundary,
        "ListServiceSpecificCredentials": _list_credentials,
    }


def complete_user(asked: Asked, answer: dict[str, Any]) -> None:
    """GetUser also tells the boundary."""
    if (asked.service, asked.operation) != ("iam", "GetUser"):
        return
    user = iam_backends[asked.account]["aws"].users.get(answer["User"]["UserName"])
    arn = getattr(user, "permissions_boundary_arn", None)
    if arn:
        answer["User"]["PermissionsBoundary"] = {
            "PermissionsBoundaryType": "PermissionsBoundaryPolicy",
            "PermissionsBoundaryArn": arn,
        }


def _put_boundary(asked: Asked) -> dict[str, Any]:
    arn = asked.params["PermissionsBoundary"]
    if arn not in iam_backends[asked.account]["aws"].managed_policies:
        raise Fault("NoSuchEntity", f"Scope ARN: {arn} does not exist!", status=404)
    # On moto's own user, so that it goes with the user and the evaluator finds it.
    _user(asked).permissions_boundary_arn = arn
    return {}


def _delete_boundary(asked: Asked) -> dict[str, Any]:
    user = _user(asked)
    if getattr(user, "permissions_boundary_arn", None) is None:
        text = f"PermissionsBoundary for {user.name} could not be found"
        raise Fault("NoSuchEntity", text, status=404)
    user.permissions_boundary_arn = None
    return {}


def _list_credentials(asked: Asked) -> dict[str, Any]:
    """Nobody has any: CreateServiceSpecificCredential is not served."""
    if "UserName" in asked.params:
        _user(asked)
    return {"ServiceSpecificCredentials": []}


def _user(asked: Asked) -> Any:
    name = asked.params["UserName"]
    user = iam_backends[asked.account]["aws"].users.get(name)
    if user is None:
        text = f"The user with name {name} cannot be found."
        raise Fault("NoSuchEntity", text, status=404)
    return user

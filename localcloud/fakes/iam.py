"""What moto's IAM does not have: the permissions boundary of a user, keys of single services."""

from typing import Any, Final

from moto.iam.models import iam_backends
from moto.iam.utils import random_access_key, random_resource_id

from localcloud.fault import Fault
from localcloud.stack import Unsupported
from localcloud.switchboard import Asked, Fake

# IAM API Reference, "CreateServiceSpecificCredential": a name and a password of these two services,
# an alias and a secret of the others.
_WITH_PASSWORD: Final = frozenset({"cassandra.amazonaws.com", "codecommit.amazonaws.com"})
_WITH_SECRET: Final = frozenset({"bedrock.amazonaws.com", "logs.amazonaws.com"})
_MOST: Final = 2  # of each service, for one user
_SECRETS: Final = frozenset({"ServicePassword", "ServiceCredentialSecret"})  # told once


def operations() -> dict[str, Fake]:
    """What this module serves."""
    return {
        "PutUserPermissionsBoundary": _put_boundary,
        "DeleteUserPermissionsBoundary": _delete_boundary,
        "CreateServiceSpecificCredential": _create_credential,
        "ListServiceSpecificCredentials": _list_credentials,
        "UpdateServiceSpecificCredential": _update_credential,
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


def one_case_for_each_tag(asked: Asked) -> None:
    """Refuse to go on where IAM would take two tag keys for one, and moto would not.

    AWS: IAM User Guide, "Tags for IAM resources", Case sensitivity: keys of users and roles.
    """
    if (asked.service, asked.operation) not in _TAGGING:
        return
    backend, given = iam_backends[asked.account]["aws"], asked.params
    if "UserName" in given:
        user = backend.users.get(given["UserName"])
        standing = [] if user is None else user.tags or []
    else:
        roles = (role for role in backend.roles.values() if role.name == given["RoleName"])
        standing = next((role.tags for role in roles), [])
    named = given.get("TagKeys") or [tag["Key"] for tag in given["Tags"]]
    for key in named:
        for tag in standing:
            if key != tag["Key"] and key.lower() == tag["Key"].lower():
                raise Unsupported(f"{asked.operation}: the tag {tag['Key']} by the name {key}")


_TAGGING = {("iam", f"{verb}{kind}") for verb in ("Tag", "Untag") for kind in ("User", "Role")}


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


def _create_credential(asked: Asked) -> dict[str, Any]:
    user, service = _user(asked), asked.params["ServiceName"]
    if service not in _WITH_PASSWORD | _WITH_SECRET:
        text = f"No such service {service} is supported for Service Specific Credentials"
        raise Fault("NotSupportedService", text, status=404)
    held = _credentials(user)
    if sum(one["ServiceName"] == service for one in held) >= _MOST:
        text = f"Cannot exceed quota for ServiceSpecificCredentialsPerUser: {_MOST}"
        raise Fault("LimitExceeded", text, status=409)
    credential = {
        "ServiceSpecificCredentialId": f"ACCA{random_access_key()}",
        "UserName": user.name,
        "ServiceName": service,
        "CreateDate": asked.at,
        "Status": "Active",
    }
    if service in _WITH_PASSWORD:
        credential["ServiceUserName"] = f"{user.name}-at-{asked.account}"
        credential["ServicePassword"] = random_resource_id(44)
    else:
        credential["ServiceCredentialAlias"] = f"{user.name}-at-{asked.account}"
        credential["ServiceCredentialSecret"] = random_resource_id(100)
    held.append(credential)
    return {"ServiceSpecificCredential": dict(credential)}


def _list_credentials(asked: Asked) -> dict[str, Any]:
    given = asked.params
    everyone = iam_backends[asked.account]["aws"].users.values()
    users = everyone if given.get("AllUsers") else [_user(asked)]
    found = [
        {key: value for key, value in one.items() if key not in _SECRETS}
        | {"UserName": user.name}  # the one it has now
        for user in users
        for one in _credentials(user)
        if given.get("ServiceName") in (None, one["ServiceName"])
    ]
    # IAM pages have a hundred at most; nobody here has so many, so a page is all there is.
    return {"ServiceSpecificCredentials": found, "IsTruncated": False}


def _update_credential(asked: Asked) -> dict[str, Any]:
    wanted = asked.params["ServiceSpecificCredentialId"]
    for one in _credentials(_user(asked)):
        if one["ServiceSpecificCredentialId"] == wanted:
            one["Status"] = asked.params["Status"]
            return {}
    raise Fault("NoSuchEntity", f"No such credential {wanted} exists", status=404)


def _credentials(user: Any) -> list[dict[str, Any]]:
    """On moto's own user, so that they go with it when it is renamed or deleted."""
    if not hasattr(user, "service_specific_credentials"):
        user.service_specific_credentials = []
    found: list[dict[str, Any]] = user.service_specific_credentials
    return found


def _user(asked: Asked) -> Any:
    name = asked.params.get("UserName")
    if name is None and asked.caller.kind == "user":
        name = asked.caller.arn.rpartition("/")[2]  # IAM takes the caller when none is named
    if name is None:
        raise Fault(
            "ValidationError", "Must specify userName when calling with non-User credentials"
        )
    user = iam_backends[asked.account]["aws"].users.get(name)
    if user is None:
        text = f"The user with name {name} cannot be found."
        raise Fault("NoSuchEntity", text, status=404)
    return user

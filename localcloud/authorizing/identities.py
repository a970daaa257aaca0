"""IAM and STS: which user, role or policy each operation is about."""

from typing import Any, Final

from moto.iam.models import iam_backends

from localcloud.authorizing.needed import PARTITION, Needed, keys
from localcloud.stack import Unsupported
from localcloud.switchboard import Asked

_OF_ALL: Final = frozenset(
    {
        "GetAccountAuthorizationDetails",
        "GetAccountPasswordPolicy",
        "GetAccountSummary",
        "GetCredentialReport",
        "GenerateCredentialReport",
        "GetServiceLastAccessedDetails",
        "ListAccountAliases",
        "ListGroups",
        "ListInstanceProfiles",
        "ListOpenIDConnectProviders",
        "ListPolicies",
        "ListRoles",
        "ListSAMLProviders",
        "ListUsers",
        "ListVirtualMFADevices",
    }
)
_OF_USERS: Final = frozenset(
    {
        "AddUserToGroup",
        "AttachUserPolicy",
        "CreateAccessKey",
        "CreateLoginProfile",
        "CreateServiceSpecificCredential",
        "CreateUser",
        "DeactivateMFADevice",
        "DeleteAccessKey",
        "DeleteLoginProfile",
        "DeleteUser",
        "DeleteUserPermissionsBoundary",
        "DeleteUserPolicy",
        "DetachUserPolicy",
        "EnableMFADevice",
        "GetAccessKeyLastUsed",
        "GetLoginProfile",
        "GetUser",
        "GetUserPolicy",
        "ListAccessKeys",
        "ListAttachedUserPolicies",
        "ListGroupsForUser",
        "ListMFADevices",
        "ListSSHPublicKeys",
        "ListServiceSpecificCredentials",
        "ListSigningCertificates",
        "ListUserPolicies",
        "ListUserTags",
        "PutUserPermissionsBoundary",
        "PutUserPolicy",
        "RemoveUserFromGroup",
        "TagUser",
        "UntagUser",
        "UpdateAccessKey",
        "UpdateLoginProfile",
        "UpdateSSHPublicKey",
        "UpdateServiceSpecificCredential",
        "UpdateSigningCertificate",
        "UpdateUser",
        "UploadSSHPublicKey",
        "UploadSigningCertificate",
    }
)
_OF_ROLES: Final = frozenset(
    {
        "AttachRolePolicy",
        "CreateRole",
        "DeleteRole",
        "DeleteRolePermissionsBoundary",
        "DeleteRolePolicy",
        "DetachRolePolicy",
        "GetRole",
        "GetRolePolicy",
        "ListAttachedRolePolicies",
        "ListInstanceProfilesForRole",
        "ListRolePolicies",
        "ListRoleTags",
        "PutRolePermissionsBoundary",
        "PutRolePolicy",
        "TagRole",
        "UntagRole",
        "UpdateAssumeRolePolicy",
        "UpdateRole",
        "UpdateRoleDescription",
    }
)
_OF_GROUPS: Final = frozenset(
    {
        "AttachGroupPolicy",
        "CreateGroup",
        "DeleteGroup",
        "DeleteGroupPolicy",
        "DetachGroupPolicy",
        "GetGroup",
        "GetGroupPolicy",
        "ListAttachedGroupPolicies",
        "ListGroupPolicies",
        "PutGroupPolicy",
    }
)
_OF_POLICIES: Final = frozenset(
    {
        "CreatePolicyVersion",
        "DeletePolicy",
        "DeletePolicyVersion",
        "GetPolicy",
        "GetPolicyVersion",
        "ListEntitiesForPolicy",
        "ListPolicyVersions",
        "SetDefaultPolicyVersion",
    }
)
# In these, iam:PermissionsBoundary is the boundary in force. Where one is set or replaced it is the
# one that is asked for: IAM User Guide, "Delegating responsibility to others using permissions
# boundaries", whose administrator may set one boundary and no other.
ABOUT_A_BOUNDARY: Final = frozenset(
    f"iam:{verb}{kind}{what}"
    for kind in ("User", "Role")
    for verb, what in (
        ("Attach", "Policy"),
        ("Delete", "PermissionsBoundary"),
        ("Delete", "Policy"),
        ("Detach", "Policy"),
        ("Put", "Policy"),
    )
)
# Membership is about the group, not the user: Service Authorization Reference, "IAM".
_OF_MEMBERSHIP: Final = frozenset({"AddUserToGroup", "RemoveUserFromGroup"})
_OF_PROFILES: Final = frozenset(
    {
        "AddRoleToInstanceProfile",
        "CreateInstanceProfile",
        "DeleteInstanceProfile",
        "GetInstanceProfile",
        "RemoveRoleFromInstanceProfile",
    }
)


def iam(asked: Asked) -> list[Needed]:
    """What a call of IAM needs."""
    given, operation = asked.params, asked.operation
    if operation in _OF_ALL:
        resource = "*"
    elif operation == "SimulatePrincipalPolicy":
        resource = given["PolicySourceArn"]
    elif operation == "GenerateServiceLastAccessedDetails":
        resource = given["Arn"]
    elif operation in _OF_MEMBERSHIP or operation in _OF_GROUPS:
        resource = _arn(asked, "group", given["GroupName"])
    elif operation in _OF_USERS:
        resource = _user(asked)
    elif operation in _OF_ROLES:
        resource = _arn(asked, "role", given["RoleName"])
    elif operation in _OF_POLICIES:
        resource = given["PolicyArn"]
    elif operation == "CreatePolicy":
        resource = _arn(asked, "policy", given["PolicyName"])
    elif operation in _OF_PROFILES:
        resource = _arn(asked, "instance-profile", given["InstanceProfileName"])
    else:
        raise Unsupported(f"what iam:{operation} needs")
    attached = "PolicyArn" if operation.startswith(("Attach", "Detach")) else ""
    found = keys(
        iam__PolicyARN=given.get(attached),
        iam__PermissionsBoundary=given.get("PermissionsBoundary") or _boundary(asked),
    )
    if tags := given.get("Tags"):
        found["aws:tagkeys"] = tuple(tag["Key"] for tag in tags)
        found |= {f"aws:requesttag/{tag['Key'].lower()}": (tag["Value"],) for tag in tags}
    if taken_away := given.get("TagKeys"):
        found["aws:tagkeys"] = tuple(taken_away)
    return [Needed(f"iam:{operation}", resource, asked.account, found)]


def sts(asked: Asked) -> list[Needed]:
    """What a call of STS needs: nothing to ask who one is, the role's trust to become it."""
    given = asked.params
    if asked.operation == "GetCallerIdentity":
        return []
    if asked.operation != "AssumeRole":
        raise Unsupported(f"what sts:{asked.operation} needs")
    role = str(given["RoleArn"])
    found = keys(
        sts__ExternalId=given.get("ExternalId"),
        sts__RoleSessionName=given.get("RoleSessionName"),
        sts__SourceIdentity=given.get("SourceIdentity"),
    )
    if tags := given.get("Tags"):
        found["aws:tagkeys"] = tuple(tag["Key"] for tag in tags)
        found |= {f"aws:requesttag/{tag['Key'].lower()}": (tag["Value"],) for tag in tags}
    actions = ["sts:AssumeRole"]
    actions += ["sts:TagSession"] if given.get("Tags") else []
    actions += ["sts:SetSourceIdentity"] if given.get("SourceIdentity") else []
    owner = role.split(":")[4] if role.count(":") >= 5 else ""
    return [Needed(one, role, owner, found, decides=True, trusts=True) for one in actions]


def passing(asked: Asked, role_arn: str, service: str) -> Needed:
    """What handing a role to a service needs."""
    return Needed("iam:PassRole", role_arn, asked.account, keys(iam__PassedToService=service))


def _boundary(asked: Asked) -> str | None:
    """The one of the user or role that a call is about, where the call itself brings none.

    IAM User Guide, "Permissions boundaries for IAM entities": a condition on it holds a delegate to
    identities that have that boundary.
    """
    backend, given = iam_backends[asked.account][PARTITION], asked.params
    held: Any = None
    if asked.operation in _OF_ROLES:
        held = next((r for r in backend.roles.values() if r.name == given["RoleName"]), None)
    elif asked.operation in _OF_USERS:
        held = backend.users.get(str(given.get("UserName")))
    found: str | None = getattr(held, "permissions_boundary_arn", None)
    return found


def _user(asked: Asked) -> str:
    name = asked.params.get("UserName")
    if name is not None:
        return _arn(asked, "user", name)
    if asked.operation == "GetAccessKeyLastUsed":
        return _arn(asked, "user", "*")  # AWS looks the owner up; a policy on all users fits
    if asked.caller.kind == "user":
        return asked.caller.arn  # IAM takes the caller for the user when none is named
    return "*"


def _arn(asked: Asked, kind: str, name: Any) -> str:
    """With the path of what stands under that name, if something does."""
    backend = iam_backends[asked.account][PARTITION]
    path = asked.params.get("Path", "/") if asked.operation.startswith("Create") else "/"
    held: dict[str, Any] = {
        "user": backend.users,
        "group": backend.groups,
        "role": {role.name: role for role in backend.roles.values()},
        "policy": {},
        "instance-profile": {one.name: one for one in backend.instance_profiles.values()},
    }
    if (found := held[kind].get(str(name))) is not None:
        path = found.path or "/"
    return f"arn:{PARTITION}:iam::{asked.account}:{kind}{path}{name}"

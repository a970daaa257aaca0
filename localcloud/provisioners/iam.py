"""Roles and policies."""

from typing import Any

from localcloud.provisioners import policies
from localcloud.provisioners.resource import Place, Provisioned, Resource
from localcloud.stack import TemplateError


def role(resource: Resource, place: Place) -> Provisioned:
    """AWS::IAM::Role."""
    properties, iam = resource.properties, place.client("iam")
    name = properties.text("RoleName") or place.name(resource.logical_id, limit=64)
    trust = properties.document("AssumeRolePolicyDocument") or {}
    wanted: dict[str, Any] = {
        "Path": properties.text("Path") or "/",
        "Description": properties.text("Description"),
        "MaxSessionDuration": properties.number("MaxSessionDuration"),
    }
    boundary = properties.text("PermissionsBoundary")
    wanted = {key: value for key, value in wanted.items() if value is not None}
    created = iam.create_role(
        RoleName=name,
        AssumeRolePolicyDocument=policies.text(trust),
        Tags=_tags(properties.tags()),
        **wanted,
        **({"PermissionsBoundary": boundary} if boundary else {}),
    )["Role"]
    for inline in properties.sections("Policies"):
        document = inline.document("PolicyDocument") or {}
        _put_inline(resource, iam, "role", name, inline.needed("PolicyName"), document)
    managed = properties.texts("ManagedPolicyArns")
    for arn in managed:
        _attach(resource, iam, "role", name, arn)
    found = iam.get_role(RoleName=name)["Role"]
    for key, value in wanted.items():
        resource.stands(key, value, found.get(key))
    resource.stands(
        "AssumeRolePolicyDocument",
        policies.versioned(trust),
        policies.written(found["AssumeRolePolicyDocument"]),
    )
    if boundary:
        resource.stands(
            "PermissionsBoundary",
            boundary,
            found.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn"),
        )
    attached = iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"]
    resource.stands("ManagedPolicyArns", sorted(managed), sorted(p["PolicyArn"] for p in attached))
    return Provisioned(name, {"Arn": created["Arn"], "RoleId": created["RoleId"]})


def managed_policy(resource: Resource, place: Place) -> Provisioned:
    """AWS::IAM::ManagedPolicy."""
    properties, iam = resource.properties, place.client("iam")
    document = properties.document("PolicyDocument") or {}
    arn = iam.create_policy(
        PolicyName=properties.text("ManagedPolicyName")
        or place.name(resource.logical_id, limit=128),
        Path=properties.text("Path") or "/",
        Description=properties.text("Description") or "",
        PolicyDocument=policies.text(document),
    )["Policy"]["Arn"]
    for kind, key in _HOLDERS:
        for name in properties.texts(key):
            _attach(resource, iam, kind, name, arn)
    return Provisioned(arn, {"PolicyArn": arn})


def policy(resource: Resource, place: Place) -> Provisioned:
    """AWS::IAM::Policy: an inline policy, put into each role, user and group it names."""
    properties, iam = resource.properties, place.client("iam")
    policy_name = properties.needed("PolicyName")
    document = properties.document("PolicyDocument") or {}
    holders = [(kind, name) for kind, key in _HOLDERS for name in properties.texts(key)]
    if not holders:
        raise TemplateError(f"{properties.where('Roles')}: nobody to put the policy into")
    for kind, name in holders:
        _put_inline(resource, iam, kind, name, policy_name, document)
    return Provisioned(place.name(resource.logical_id, limit=128))


_HOLDERS = (("role", "Roles"), ("user", "Users"), ("group", "Groups"))


def _put_inline(
    resource: Resource, iam: Any, kind: str, name: str, policy_name: str, document: dict[str, Any]
) -> None:
    key = {f"{kind.title()}Name": name, "PolicyName": policy_name}
    getattr(iam, f"put_{kind}_policy")(**key, PolicyDocument=policies.text(document))
    found = getattr(iam, f"get_{kind}_policy")(**key)["PolicyDocument"]
    resource.stands(
        f"PolicyDocument of {policy_name}", policies.versioned(document), policies.written(found)
    )


def _attach(resource: Resource, iam: Any, kind: str, name: str, arn: str) -> None:
    if not arn.startswith("arn:"):
        raise TemplateError(f"{resource.properties.where('ManagedPolicyArns')}: {arn} is no ARN")
    getattr(iam, f"attach_{kind}_policy")(**{f"{kind.title()}Name": name, "PolicyArn": arn})


def _tags(tags: dict[str, str]) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in tags.items()]

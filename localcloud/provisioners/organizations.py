"""Policies of an organization."""

import json
from typing import Final

from localcloud import iam_policy
from localcloud.organization import TYPE
from localcloud.provisioners.resource import Place, Provisioned, Resource
from localcloud.stack import TemplateError, Unsupported

_LONGEST: Final = 10_240  # characters (Organizations User Guide, "Quotas")


def policy(resource: Resource, place: Place) -> Provisioned:
    """AWS::Organizations::Policy."""
    properties, organizations = resource.properties, place.client("organizations")
    name, kind = properties.needed("Name"), properties.needed("Type")
    if kind != TYPE:
        raise Unsupported(f"{properties.where('Type')}: a {kind} would never be asked here")
    document = properties.document("Content") or {}
    content = json.dumps(document, separators=(",", ":"))
    if len(content) > _LONGEST:
        raise TemplateError(f"{properties.where('Content')} has {len(content)} characters")
    for statement in iam_policy.parse(name, content):
        if statement.principal is not None or statement.not_principal is not None:
            raise TemplateError(f"{statement.where} names a principal, and may not")
    roots = organizations.list_roots()["Roots"]
    if not any(one["Type"] == TYPE for root in roots for one in root["PolicyTypes"]):
        raise TemplateError(f"{name}: {TYPE} is not switched on in the organization")
    description, targets = properties.text("Description") or "", properties.texts("TargetIds")
    made = organizations.create_policy(
        Name=name,
        Type=kind,
        Description=description,
        Content=content,
        Tags=[{"Key": key, "Value": value} for key, value in properties.tags().items()],
    )["Policy"]["PolicySummary"]
    for target in targets:
        organizations.attach_policy(PolicyId=made["Id"], TargetId=target)
    found = organizations.describe_policy(PolicyId=made["Id"])["Policy"]
    resource.stands("Content", document, json.loads(found["Content"]))
    resource.stands("Description", description, found["PolicySummary"]["Description"])
    attached = organizations.list_targets_for_policy(PolicyId=made["Id"])["Targets"]
    resource.stands("TargetIds", sorted(targets), sorted(one["TargetId"] for one in attached))
    return Provisioned(
        made["Id"], {"Id": made["Id"], "Arn": made["Arn"], "AwsManaged": made["AwsManaged"]}
    )

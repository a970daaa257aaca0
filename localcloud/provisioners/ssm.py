"""Parameters and automation documents."""

import json
from typing import Any

import yaml

from localcloud.provisioners.resource import Place, Provisioned, Resource
from localcloud.stack import Document, TemplateError


def parameter(resource: Resource, place: Place) -> Provisioned:
    """AWS::SSM::Parameter."""
    properties, ssm = resource.properties, place.client("ssm")
    generated = "CFN-" + place.name(resource.logical_id, limit=200).removeprefix(
        f"{place.stack_name}-"
    )
    name = properties.text("Name") or generated
    value, kind = properties.needed("Value"), properties.needed("Type")
    optional = {key: properties.text(key) for key in ("Description", "AllowedPattern", "Tier")}
    tags = [{"Key": key, "Value": item} for key, item in properties.tags().items()]
    ssm.put_parameter(
        Name=name,
        Value=value,
        Type=kind,
        Tags=tags,
        **{key: text for key, text in optional.items() if text is not None},
    )
    found = ssm.get_parameter(Name=name)["Parameter"]
    resource.stands("Value", value, found["Value"])
    resource.stands("Type", kind, found["Type"])
    return Provisioned(name, {"Type": kind, "Value": value})


def document(resource: Resource, place: Place) -> Provisioned:
    """AWS::SSM::Document."""
    properties, ssm = resource.properties, place.client("ssm")
    name = properties.text("Name") or place.name(resource.logical_id, limit=128)
    kind = properties.text("DocumentType") or "Command"
    form = properties.text("DocumentFormat") or "JSON"
    content = properties.document("Content") or {}
    if "schemaVersion" not in content:
        # SSM refuses such a document (Systems Manager User Guide, "Document components").
        raise TemplateError(f"{properties.where('Content')} has no schemaVersion")
    text = json.dumps(content) if form == "JSON" else yaml.safe_dump(content, sort_keys=False)
    optional: dict[str, Any] = {key: properties.text(key) for key in ("TargetType", "VersionName")}
    ssm.create_document(
        Name=name,
        Content=text,
        DocumentType=kind,
        DocumentFormat=form,
        Tags=[{"Key": key, "Value": item} for key, item in properties.tags().items()],
        **{key: item for key, item in optional.items() if item is not None},
    )
    properties.set_aside("UpdateMethod", because="counts when a stack is updated; here it never is")
    found = ssm.get_document(Name=name, DocumentFormat=form)
    stored = json.loads(found["Content"]) if form == "JSON" else yaml.safe_load(found["Content"])
    resource.stands("Content", content, stored)
    place.registry.documents.append(Document(name, place.account, place.region, kind, content))
    return Provisioned(name)

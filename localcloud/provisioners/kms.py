"""Keys and their names."""

from typing import Any

from localcloud.provisioners import policies
from localcloud.provisioners.resource import Place, Provisioned, Resource


def key(resource: Resource, place: Place) -> Provisioned:
    """AWS::KMS::Key, symmetric or for signing."""
    properties, kms = resource.properties, place.client("kms")
    wanted: dict[str, Any] = {
        "Description": properties.text("Description") or "",
        "KeySpec": properties.text("KeySpec") or "SYMMETRIC_DEFAULT",
        "KeyUsage": properties.text("KeyUsage") or "ENCRYPT_DECRYPT",
        "MultiRegion": properties.flag("MultiRegion") or False,
    }
    document = properties.document("KeyPolicy")
    tags = [{"TagKey": k, "TagValue": v} for k, v in properties.tags().items()]
    policy = {"Policy": policies.text(document)} if document else {}
    created = kms.create_key(**wanted, **policy, Tags=tags)["KeyMetadata"]
    key_id = created["KeyId"]
    rotates, enabled = properties.flag("EnableKeyRotation"), properties.flag("Enabled")
    period = properties.number("RotationPeriodInDays")
    if rotates:
        given = {} if period is None else {"RotationPeriodInDays": period}
        kms.enable_key_rotation(KeyId=key_id, **given)
    if enabled is False:
        kms.disable_key(KeyId=key_id)
    properties.set_aside(
        "BypassPolicyLockoutSafetyCheck", because="no policy is refused here for shutting one out"
    )
    properties.set_aside(
        "PendingWindowInDays", because="counts when the stack deletes the key; nothing is deleted"
    )
    found = kms.describe_key(KeyId=key_id)["KeyMetadata"]
    for name, value in wanted.items():
        resource.stands(name, value, found.get(name))
    resource.stands("Enabled", enabled is not False, found["Enabled"])
    if rotates:
        status = kms.get_key_rotation_status(KeyId=key_id)
        resource.stands("EnableKeyRotation", True, status["KeyRotationEnabled"])
        if period is not None:
            resource.stands("RotationPeriodInDays", period, status.get("RotationPeriodInDays"))
    if document:
        stored = kms.get_key_policy(KeyId=key_id, PolicyName="default")["Policy"]
        resource.stands("KeyPolicy", policies.versioned(document), policies.written(stored))
    return Provisioned(key_id, {"Arn": created["Arn"], "KeyId": key_id})


def alias(resource: Resource, place: Place) -> Provisioned:
    """AWS::KMS::Alias."""
    properties = resource.properties
    name, target = properties.needed("AliasName"), properties.needed("TargetKeyId")
    place.client("kms").create_alias(AliasName=name, TargetKeyId=target)
    return Provisioned(name)

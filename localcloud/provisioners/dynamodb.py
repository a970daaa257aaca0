"""Tables, with everything that protects them."""

from typing import Any

from localcloud.provisioners.properties import Properties
from localcloud.provisioners.resource import Place, Provisioned, Resource

_LISTS = ("AttributeDefinitions", "KeySchema", "GlobalSecondaryIndexes", "LocalSecondaryIndexes")


def table(resource: Resource, place: Place) -> Provisioned:
    """AWS::DynamoDB::Table."""
    properties, dynamodb = resource.properties, place.client("dynamodb")
    name = properties.text("TableName") or place.name(resource.logical_id, limit=255)
    wanted: dict[str, Any] = {
        key: properties.value(key) for key in _LISTS if properties.value(key) is not None
    }
    wanted |= _stream(properties.section("StreamSpecification"))
    wanted |= _encryption(properties.section("SSESpecification"))
    billing = properties.text("BillingMode") or "PROVISIONED"
    throughput = properties.section("ProvisionedThroughput")
    if throughput is not None:
        wanted["ProvisionedThroughput"] = {
            key: throughput.number(key) for key in ("ReadCapacityUnits", "WriteCapacityUnits")
        }
    protected = properties.flag("DeletionProtectionEnabled") or False
    created = dynamodb.create_table(
        TableName=name,
        BillingMode=billing,
        DeletionProtectionEnabled=protected,
        Tags=[{"Key": key, "Value": value} for key, value in properties.tags().items()],
        **wanted,
    )["TableDescription"]
    _recovery(resource, dynamodb, name)
    _expiry(resource, dynamodb, name)
    found = dynamodb.describe_table(TableName=name)["Table"]
    resource.stands("DeletionProtectionEnabled", protected, found["DeletionProtectionEnabled"])
    resource.stands(
        "BillingMode",
        billing,
        found.get("BillingModeSummary", {}).get("BillingMode", "PROVISIONED"),
    )
    for key, value in wanted.items():
        if key == "SSESpecification":
            continue
        resource.stands(key, value, found.get(key))
    _check_encryption(resource, wanted.get("SSESpecification"), found.get("SSEDescription"))
    attributes = {"Arn": created["TableArn"], "TableId": created.get("TableId", name)}
    if "LatestStreamArn" in found:
        attributes["StreamArn"] = found["LatestStreamArn"]
    return Provisioned(name, attributes)


def _stream(section: Properties | None) -> dict[str, Any]:
    if section is None:
        return {}
    view = section.needed("StreamViewType")
    return {"StreamSpecification": {"StreamEnabled": True, "StreamViewType": view}}


def _encryption(section: Properties | None) -> dict[str, Any]:
    if section is None:
        return {}
    specification: dict[str, Any] = {"Enabled": section.flag("SSEEnabled")}
    for key in ("SSEType", "KMSMasterKeyId"):
        if (text := section.text(key)) is not None:
            specification[key] = text
    return {"SSESpecification": specification}


def _check_encryption(resource: Resource, wanted: Any, found: Any) -> None:
    if not wanted or not wanted["Enabled"]:
        return
    described = found or {}
    resource.stands("SSESpecification.SSEEnabled", "ENABLED", described.get("Status"))
    resource.stands(
        "SSESpecification.SSEType", wanted.get("SSEType", "KMS"), described.get("SSEType")
    )
    if "KMSMasterKeyId" in wanted:
        key = wanted["KMSMasterKeyId"].rpartition("/")[2]
        stands = described.get("KMSMasterKeyArn", "").rpartition("/")[2]
        resource.stands("SSESpecification.KMSMasterKeyId", key, stands)


def _recovery(resource: Resource, dynamodb: Any, name: str) -> None:
    section = resource.properties.section("PointInTimeRecoverySpecification")
    if section is None:
        return
    wanted: dict[str, Any] = {
        "PointInTimeRecoveryEnabled": section.flag("PointInTimeRecoveryEnabled") or False
    }
    if (days := section.number("RecoveryPeriodInDays")) is not None:
        wanted["RecoveryPeriodInDays"] = days
    dynamodb.update_continuous_backups(TableName=name, PointInTimeRecoverySpecification=wanted)
    found = dynamodb.describe_continuous_backups(TableName=name)["ContinuousBackupsDescription"]
    described = found["PointInTimeRecoveryDescription"]
    enabled = described["PointInTimeRecoveryStatus"] == "ENABLED"
    if days is not None:
        where = "PointInTimeRecoverySpecification.RecoveryPeriodInDays"
        resource.stands(where, days, described.get("RecoveryPeriodInDays"))
    resource.stands(
        "PointInTimeRecoverySpecification", wanted["PointInTimeRecoveryEnabled"], enabled
    )


def _expiry(resource: Resource, dynamodb: Any, name: str) -> None:
    section = resource.properties.section("TimeToLiveSpecification")
    if section is None:
        return
    wanted = {"Enabled": section.flag("Enabled"), "AttributeName": section.needed("AttributeName")}
    dynamodb.update_time_to_live(TableName=name, TimeToLiveSpecification=wanted)
    found = dynamodb.describe_time_to_live(TableName=name)["TimeToLiveDescription"]
    status = "ENABLED" if wanted["Enabled"] else "DISABLED"
    resource.stands("TimeToLiveSpecification.Enabled", status, found["TimeToLiveStatus"])
    if wanted["Enabled"]:
        resource.stands(
            "TimeToLiveSpecification.AttributeName", wanted["AttributeName"], found["AttributeName"]
        )

"""Buckets, with everything that protects what is in them. Each protection is its own API call."""

from typing import Any

from localcloud.provisioners import policies, s3_lifecycle, s3_log_delivery
from localcloud.provisioners.resource import Place, Provisioned, Resource
from localcloud.stack import TemplateError


def bucket(resource: Resource, place: Place) -> Provisioned:
    """AWS::S3::Bucket."""
    properties, s3 = resource.properties, place.client("s3")
    name = properties.text("BucketName") or place.name(resource.logical_id, limit=63).lower()
    where = {"LocationConstraint": place.region}
    s3.create_bucket(
        Bucket=name,
        ObjectLockEnabledForBucket=properties.flag("ObjectLockEnabled") or False,
        **({} if place.region == "us-east-1" else {"CreateBucketConfiguration": where}),
    )
    _ownership(resource, s3, name)
    _public_access(resource, s3, name)
    _encryption(resource, s3, name)
    _versioning(resource, s3, name)
    _lock(resource, s3, name)
    _logging(resource, s3, name)
    s3_lifecycle.apply(resource, s3, name)
    if tags := properties.tags():
        pairs = [{"Key": key, "Value": value} for key, value in tags.items()]
        s3.put_bucket_tagging(Bucket=name, Tagging={"TagSet": pairs})
    domain = f"{name}.s3.amazonaws.com"
    regional = f"{name}.s3.{place.region}.amazonaws.com"
    return Provisioned(
        name,
        {
            "Arn": f"arn:{place.partition}:s3:::{name}",
            "DomainName": domain,
            "RegionalDomainName": regional,
        },
    )


def bucket_policy(resource: Resource, place: Place) -> Provisioned:
    """AWS::S3::BucketPolicy."""
    properties, s3 = resource.properties, place.client("s3")
    name = properties.needed("Bucket")
    document = properties.document("PolicyDocument") or {}
    s3.put_bucket_policy(Bucket=name, Policy=policies.text(document))
    found = policies.written(s3.get_bucket_policy(Bucket=name)["Policy"])
    resource.stands("PolicyDocument", policies.versioned(document), found)
    return Provisioned(name)


def _ownership(resource: Resource, s3: Any, name: str) -> None:
    section = resource.properties.section("OwnershipControls")
    if section is None:
        return
    rules = [
        {"ObjectOwnership": rule.needed("ObjectOwnership")} for rule in section.sections("Rules")
    ]
    s3.put_bucket_ownership_controls(Bucket=name, OwnershipControls={"Rules": rules})
    found = s3.get_bucket_ownership_controls(Bucket=name)["OwnershipControls"]
    resource.stands("OwnershipControls", {"Rules": rules}, found)


def _public_access(resource: Resource, s3: Any, name: str) -> None:
    section = resource.properties.section("PublicAccessBlockConfiguration")
    if section is None:
        return
    keys = ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets")
    wanted = {key: section.flag(key) or False for key in keys}
    s3.put_public_access_block(Bucket=name, PublicAccessBlockConfiguration=wanted)
    found = s3.get_public_access_block(Bucket=name)["PublicAccessBlockConfiguration"]
    resource.stands("PublicAccessBlockConfiguration", wanted, found)


def _encryption(resource: Resource, s3: Any, name: str) -> None:
    section = resource.properties.section("BucketEncryption")
    if section is None:
        return
    rules = []
    for rule in section.sections("ServerSideEncryptionConfiguration"):
        default = rule.section("ServerSideEncryptionByDefault")
        if default is None:
            raise TemplateError(f"{rule.where('ServerSideEncryptionByDefault')} is missing")
        by_default = {"SSEAlgorithm": default.needed("SSEAlgorithm")}
        if (key := default.text("KMSMasterKeyID")) is not None:
            by_default["KMSMasterKeyID"] = key
        wanted: dict[str, Any] = {"ApplyServerSideEncryptionByDefault": by_default}
        if (flag := rule.flag("BucketKeyEnabled")) is not None:
            wanted["BucketKeyEnabled"] = flag
        rules.append(wanted)
    s3.put_bucket_encryption(Bucket=name, ServerSideEncryptionConfiguration={"Rules": rules})
    found = s3.get_bucket_encryption(Bucket=name)["ServerSideEncryptionConfiguration"]
    resource.stands("BucketEncryption", {"Rules": rules}, found)


def _versioning(resource: Resource, s3: Any, name: str) -> None:
    section = resource.properties.section("VersioningConfiguration")
    if section is None:
        return
    status = section.needed("Status")
    s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": status})
    found = s3.get_bucket_versioning(Bucket=name).get("Status")
    resource.stands("VersioningConfiguration.Status", status, found)


def _lock(resource: Resource, s3: Any, name: str) -> None:
    section = resource.properties.section("ObjectLockConfiguration")
    if section is None:
        return
    wanted: dict[str, Any] = {"ObjectLockEnabled": section.text("ObjectLockEnabled") or "Enabled"}
    rule = section.section("Rule")
    default = rule.section("DefaultRetention") if rule is not None else None
    if default is not None:
        retention: dict[str, Any] = {"Mode": default.needed("Mode")}
        spans = {key: default.number(key) for key in ("Days", "Years")}
        retention |= {key: span for key, span in spans.items() if span is not None}
        if len(retention) != 2:
            raise TemplateError(f"{default.where('Days')}: give days or years, one of them")
        wanted["Rule"] = {"DefaultRetention": retention}
    s3.put_object_lock_configuration(Bucket=name, ObjectLockConfiguration=wanted)
    found = s3.get_object_lock_configuration(Bucket=name)["ObjectLockConfiguration"]
    resource.stands("ObjectLockConfiguration", wanted, found)


def _logging(resource: Resource, s3: Any, name: str) -> None:
    section = resource.properties.section("LoggingConfiguration")
    if section is None:
        return
    wanted = {
        "TargetBucket": section.text("DestinationBucketName") or name,
        "TargetPrefix": section.text("LogFilePrefix") or "",
    }
    with s3_log_delivery.any_policy_is_read():
        s3.put_bucket_logging(Bucket=name, BucketLoggingStatus={"LoggingEnabled": wanted})
    found = s3.get_bucket_logging(Bucket=name).get("LoggingEnabled")
    resource.stands("LoggingConfiguration", wanted, found)

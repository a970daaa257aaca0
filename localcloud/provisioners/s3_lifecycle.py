"""A bucket's life cycle. CloudFormation and the S3 API name nearly every part differently."""

from typing import Any

from localcloud.provisioners.properties import Properties
from localcloud.provisioners.resource import Resource


def apply(resource: Resource, s3: Any, bucket: str) -> None:
    """Put the life cycle of this bucket, if its template has one."""
    section = resource.properties.section("LifecycleConfiguration")
    if section is None:
        return
    rules = [_rule(rule) for rule in section.sections("Rules")]
    s3.put_bucket_lifecycle_configuration(Bucket=bucket, LifecycleConfiguration={"Rules": rules})
    found = s3.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"]
    resource.stands("LifecycleConfiguration.Rules", rules, found)


def _rule(rule: Properties) -> dict[str, Any]:
    wanted: dict[str, Any] = {
        "Status": rule.needed("Status"),
        "Filter": {"Prefix": rule.text("Prefix") or ""},
    }
    if (name := rule.text("Id")) is not None:
        wanted["ID"] = name
    expiration: dict[str, Any] = {}
    if (days := rule.number("ExpirationInDays")) is not None:
        expiration["Days"] = days
    if (marker := rule.flag("ExpiredObjectDeleteMarker")) is not None:
        expiration["ExpiredObjectDeleteMarker"] = marker
    if expiration:
        wanted["Expiration"] = expiration
    if (noncurrent := rule.section("NoncurrentVersionExpiration")) is not None:
        wanted["NoncurrentVersionExpiration"] = _numbers(
            noncurrent,
            NoncurrentDays="NoncurrentDays",
            NewerNoncurrentVersions="NewerNoncurrentVersions",
        )
    if transitions := rule.sections("Transitions"):
        wanted["Transitions"] = [
            {"StorageClass": t.needed("StorageClass"), **_numbers(t, TransitionInDays="Days")}
            for t in transitions
        ]
    if transitions := rule.sections("NoncurrentVersionTransitions"):
        wanted["NoncurrentVersionTransitions"] = [
            {
                "StorageClass": t.needed("StorageClass"),
                **_numbers(t, TransitionInDays="NoncurrentDays"),
            }
            for t in transitions
        ]
    if (abort := rule.section("AbortIncompleteMultipartUpload")) is not None:
        wanted["AbortIncompleteMultipartUpload"] = _numbers(
            abort, DaysAfterInitiation="DaysAfterInitiation"
        )
    return wanted


def _numbers(section: Properties, **names: str) -> dict[str, int]:
    """The numbers given, each under the API's name for it."""
    given = {api: section.number(name) for name, api in names.items()}
    return {api: number for api, number in given.items() if number is not None}

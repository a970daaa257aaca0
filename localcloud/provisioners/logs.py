"""Log groups, and metrics made from them."""

from localcloud.provisioners.resource import Place, Provisioned, Resource
from localcloud.stack import TemplateError

# CloudWatch Logs API Reference, PutRetentionPolicy.
_RETENTION_DAYS = frozenset(
    {1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731}
    | {1096, 1827, 2192, 2557, 2922, 3288, 3653}
)


def log_group(resource: Resource, place: Place) -> Provisioned:
    """AWS::Logs::LogGroup."""
    properties, logs = resource.properties, place.client("logs")
    name = properties.text("LogGroupName") or place.name(resource.logical_id, limit=512)
    optional = {
        "kmsKeyId": properties.text("KmsKeyId"),
        "logGroupClass": properties.text("LogGroupClass"),
    }
    given = {key: text for key, text in optional.items() if text is not None}
    logs.create_log_group(logGroupName=name, tags=properties.tags(), **given)
    days = properties.number("RetentionInDays")
    if days is not None:
        if days not in _RETENTION_DAYS:
            raise TemplateError(f"{properties.where('RetentionInDays')}: {days} is not offered")
        logs.put_retention_policy(logGroupName=name, retentionInDays=days)
    groups = logs.describe_log_groups(logGroupNamePrefix=name)["logGroups"]
    found = next(group for group in groups if group["logGroupName"] == name)
    for key, text in given.items():
        resource.stands({"kmsKeyId": "KmsKeyId"}.get(key, "LogGroupClass"), text, found.get(key))
    if days is not None:
        resource.stands("RetentionInDays", days, found.get("retentionInDays"))
    return Provisioned(name, {"Arn": place.arn("logs", f"log-group:{name}:*")})


def metric_filter(resource: Resource, place: Place) -> Provisioned:
    """AWS::Logs::MetricFilter."""
    properties, logs = resource.properties, place.client("logs")
    name = properties.text("FilterName") or place.name(resource.logical_id, limit=512)
    group, pattern = properties.needed("LogGroupName"), properties.needed("FilterPattern")
    transformations = []
    for section in properties.sections("MetricTransformations"):
        transformation: dict[str, object] = {
            "metricName": section.needed("MetricName"),
            "metricNamespace": section.needed("MetricNamespace"),
            "metricValue": section.needed("MetricValue"),
        }
        if (default := section.text("DefaultValue")) is not None:
            transformation["defaultValue"] = float(default)
        if (unit := section.text("Unit")) is not None:
            transformation["unit"] = unit
        transformations.append(transformation)
    logs.put_metric_filter(
        logGroupName=group,
        filterName=name,
        filterPattern=pattern,
        metricTransformations=transformations,
    )
    found = logs.describe_metric_filters(logGroupName=group, filterNamePrefix=name)["metricFilters"]
    resource.stands("MetricTransformations", transformations, found[0]["metricTransformations"])
    resource.stands("FilterPattern", pattern, found[0]["filterPattern"])
    return Provisioned(name)

"""Alarms and dashboards."""

import json
from typing import Any

from localcloud.provisioners.resource import Place, Provisioned, Resource

_TEXTS = (
    "AlarmDescription",
    "ComparisonOperator",
    "EvaluateLowSampleCountPercentile",
    "ExtendedStatistic",
    "MetricName",
    "Namespace",
    "Statistic",
    "ThresholdMetricId",
    "TreatMissingData",
    "Unit",
)
_NUMBERS = ("DatapointsToAlarm", "EvaluationPeriods", "Period")
_LISTS = ("AlarmActions", "InsufficientDataActions", "OKActions")
_AS_GIVEN = ("Dimensions", "Metrics")


def alarm(resource: Resource, place: Place) -> Provisioned:
    """AWS::CloudWatch::Alarm."""
    properties, cloudwatch = resource.properties, place.client("cloudwatch")
    name = properties.text("AlarmName") or place.name(resource.logical_id, limit=255)
    wanted: dict[str, Any] = {key: properties.text(key) for key in _TEXTS}
    wanted |= {key: properties.number(key) for key in _NUMBERS}
    wanted |= {key: properties.texts(key) or None for key in _LISTS}
    wanted |= {key: properties.value(key) for key in _AS_GIVEN}
    wanted["ActionsEnabled"] = properties.flag("ActionsEnabled")
    threshold = properties.text("Threshold")
    wanted["Threshold"] = None if threshold is None else float(threshold)
    wanted = {key: value for key, value in wanted.items() if value is not None}
    tags = [{"Key": key, "Value": value} for key, value in properties.tags().items()]
    cloudwatch.put_metric_alarm(AlarmName=name, Tags=tags, **wanted)
    found = cloudwatch.describe_alarms(AlarmNames=[name])["MetricAlarms"][0]
    for key, value in wanted.items():
        resource.stands(key, value, found.get(key))
    return Provisioned(name, {"Arn": found["AlarmArn"]})


def dashboard(resource: Resource, place: Place) -> Provisioned:
    """AWS::CloudWatch::Dashboard."""
    properties, cloudwatch = resource.properties, place.client("cloudwatch")
    name = properties.text("DashboardName") or place.name(resource.logical_id, limit=255)
    body = properties.document("DashboardBody") or {}
    cloudwatch.put_dashboard(DashboardName=name, DashboardBody=json.dumps(body))
    found = json.loads(cloudwatch.get_dashboard(DashboardName=name)["DashboardBody"])
    resource.stands("DashboardBody", body, found)
    return Provisioned(name)

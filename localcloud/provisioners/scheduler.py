"""EventBridge Scheduler. Moto stores schedules and never fires them; the records here are fired."""

from typing import Any

from localcloud.provisioners.resource import Place, Provisioned, Resource
from localcloud.stack import Schedule, TemplateError


def schedule_group(resource: Resource, place: Place) -> Provisioned:
    """AWS::Scheduler::ScheduleGroup."""
    properties, scheduler = resource.properties, place.client("scheduler")
    name = properties.text("Name") or place.name(resource.logical_id, limit=64)
    tags = [{"Key": key, "Value": value} for key, value in properties.tags().items()]
    arn = scheduler.create_schedule_group(Name=name, Tags=tags)["ScheduleGroupArn"]
    return Provisioned(name, {"Arn": arn})


def schedule(resource: Resource, place: Place) -> Provisioned:
    """AWS::Scheduler::Schedule."""
    properties, scheduler = resource.properties, place.client("scheduler")
    name = properties.text("Name") or place.name(resource.logical_id, limit=64)
    group = properties.text("GroupName") or "default"
    window, target = properties.section("FlexibleTimeWindow"), properties.section("Target")
    if window is None or target is None:
        raise TemplateError(f"{properties.where('Target')}: a target and a window are needed")
    flexible: dict[str, Any] = {"Mode": window.needed("Mode")}
    if (minutes := window.number("MaximumWindowInMinutes")) is not None:
        flexible["MaximumWindowInMinutes"] = minutes
    aim: dict[str, Any] = {"Arn": target.needed("Arn"), "RoleArn": target.needed("RoleArn")}
    if (text := target.text("Input")) is not None:
        aim["Input"] = text
    if (dead_letters := target.section("DeadLetterConfig")) is not None:
        aim["DeadLetterConfig"] = {"Arn": dead_letters.needed("Arn")}
    if (retry := target.section("RetryPolicy")) is not None:
        keys = ("MaximumRetryAttempts", "MaximumEventAgeInSeconds")
        numbers = {key: retry.number(key) for key in keys}
        aim["RetryPolicy"] = {key: number for key, number in numbers.items() if number is not None}
    wanted: dict[str, Any] = {
        "ScheduleExpression": properties.needed("ScheduleExpression"),
        "ScheduleExpressionTimezone": properties.text("ScheduleExpressionTimezone") or "UTC",
        "State": properties.text("State") or "ENABLED",
        "FlexibleTimeWindow": flexible,
        "Target": aim,
        "Description": properties.text("Description"),
        "ActionAfterCompletion": properties.text("ActionAfterCompletion"),
    }
    wanted = {key: value for key, value in wanted.items() if value is not None}
    arn = scheduler.create_schedule(Name=name, GroupName=group, **wanted)["ScheduleArn"]
    found = scheduler.get_schedule(Name=name, GroupName=group)
    for key, value in wanted.items():
        resource.stands(key, value, found.get(key))
    place.registry.schedules.append(
        Schedule(
            name=name,
            group=group,
            account=place.account,
            region=place.region,
            arn=arn,
            expression=wanted["ScheduleExpression"],
            timezone=wanted["ScheduleExpressionTimezone"],
            state=wanted["State"],
            flexible_window_minutes=flexible.get("MaximumWindowInMinutes"),
            target_arn=aim["Arn"],
            role_arn=aim["RoleArn"],
            input=aim.get("Input"),
            dead_letter_arn=aim.get("DeadLetterConfig", {}).get("Arn"),
            retry_policy=aim.get("RetryPolicy"),
            action_after_completion=wanted.get("ActionAfterCompletion", "NONE"),
        )
    )
    return Provisioned(name, {"Arn": arn})

"""EventBridge: rules, buses, archives."""

import json
from typing import Any

from localcloud.provisioners.properties import Properties
from localcloud.provisioners.resource import Place, Provisioned, Resource
from localcloud.stack import Archive, Rule, Target, TemplateError


def rule(resource: Resource, place: Place) -> Provisioned:
    """AWS::Events::Rule with its targets."""
    properties, events = resource.properties, place.client("events")
    name = properties.text("Name") or place.name(resource.logical_id, limit=64)
    bus = (properties.text("EventBusName") or "default").rpartition("/")[2]
    pattern = properties.document("EventPattern")
    wanted: dict[str, Any] = {
        "Description": properties.text("Description"),
        "ScheduleExpression": properties.text("ScheduleExpression"),
        "RoleArn": properties.text("RoleArn"),
        "State": properties.text("State") or "ENABLED",
    }
    wanted = {key: value for key, value in wanted.items() if value is not None}
    if pattern is None and "ScheduleExpression" not in wanted:
        raise TemplateError(f"{properties.where('EventPattern')}: neither a pattern nor a schedule")
    given = {} if pattern is None else {"EventPattern": json.dumps(pattern)}
    tags = [{"Key": key, "Value": value} for key, value in properties.tags().items()]
    created = events.put_rule(Name=name, EventBusName=bus, Tags=tags, **wanted, **given)
    found = events.describe_rule(Name=name, EventBusName=bus)
    for key, value in wanted.items():
        resource.stands(key, value, found.get(key))
    if pattern is not None:
        resource.stands("EventPattern", pattern, json.loads(found["EventPattern"]))
    targets = tuple(_target(section) for section in properties.sections("Targets"))
    if targets:
        _put_targets(resource, events, name, bus, targets)
    arn = created["RuleArn"]
    place.registry.rules.append(
        Rule(
            name=name,
            account=place.account,
            region=place.region,
            pattern=pattern,
            state=wanted["State"],
            targets=targets,
            arn=arn,
            bus=bus,
            schedule_expression=wanted.get("ScheduleExpression"),
            role_arn=wanted.get("RoleArn"),
        )
    )
    return Provisioned(name if bus == "default" else f"{bus}|{name}", {"Arn": arn})


def event_bus(resource: Resource, place: Place) -> Provisioned:
    """AWS::Events::EventBus."""
    properties, events = resource.properties, place.client("events")
    name = properties.needed("Name")
    optional = {"Description": properties.text("Description")}
    given = {key: value for key, value in optional.items() if value is not None}
    tags = [{"Key": key, "Value": value} for key, value in properties.tags().items()]
    arn = events.create_event_bus(Name=name, Tags=tags, **given)["EventBusArn"]
    return Provisioned(name, {"Arn": arn, "Name": name})


def event_bus_policy(resource: Resource, place: Place) -> Provisioned:
    """AWS::Events::EventBusPolicy: one statement of a bus's policy, as a document of its own."""
    properties = resource.properties
    bus = (properties.text("EventBusName") or "default").rpartition("/")[2]
    statement = properties.document("Statement")
    if statement is None:
        raise TemplateError(f"{properties.where('Statement')}: only whole ones are known")
    named = statement | {"Sid": properties.needed("StatementId")}
    arn = place.arn("events", f"event-bus/{bus}")
    document = json.dumps({"Version": "2012-10-17", "Statement": [named]})
    place.registry.bus_policies.setdefault(arn, []).append(document)
    return Provisioned(named["Sid"])


def archive(resource: Resource, place: Place) -> Provisioned:
    """AWS::Events::Archive."""
    properties, events = resource.properties, place.client("events")
    name = properties.text("ArchiveName") or place.name(resource.logical_id, limit=48)
    pattern = properties.document("EventPattern")
    wanted: dict[str, Any] = {
        "EventSourceArn": properties.needed("SourceArn"),
        "Description": properties.text("Description") or "",
        "RetentionDays": properties.number("RetentionDays") or 0,
    }
    given = {} if pattern is None else {"EventPattern": json.dumps(pattern)}
    arn = events.create_archive(ArchiveName=name, **wanted, **given)["ArchiveArn"]
    found = events.describe_archive(ArchiveName=name)
    for key, value in wanted.items():
        resource.stands(key, value, found.get(key) or type(value)())
    if pattern is not None:
        resource.stands("EventPattern", pattern, json.loads(found["EventPattern"]))
    place.registry.archives.append(
        Archive(
            name=name,
            account=place.account,
            region=place.region,
            source_arn=wanted["EventSourceArn"],
            pattern=pattern,
            retention_days=wanted["RetentionDays"] or None,
        )
    )
    return Provisioned(name, {"Arn": arn, "ArchiveName": name})


def _target(section: Properties) -> Target:
    transformer = section.section("InputTransformer")
    retry = section.section("RetryPolicy")
    dead_letters = section.section("DeadLetterConfig")
    return Target(
        id=section.needed("Id"),
        arn=section.needed("Arn"),
        input=section.text("Input"),
        input_path=section.text("InputPath"),
        input_transformer=None
        if transformer is None
        else {
            "InputPathsMap": transformer.value("InputPathsMap") or {},
            "InputTemplate": transformer.needed("InputTemplate"),
        },
        retry_policy=None if retry is None else _retry(retry),
        dead_letter_arn=None if dead_letters is None else dead_letters.needed("Arn"),
        role_arn=section.text("RoleArn"),
    )


def _retry(section: Properties) -> dict[str, int]:
    given = {
        key: section.number(key) for key in ("MaximumRetryAttempts", "MaximumEventAgeInSeconds")
    }
    return {key: number for key, number in given.items() if number is not None}


def _put_targets(
    resource: Resource, events: Any, rule_name: str, bus: str, targets: tuple[Target, ...]
) -> None:
    wanted = [_as_api(target) for target in targets]
    answer = events.put_targets(Rule=rule_name, EventBusName=bus, Targets=wanted)
    resource.stands("Targets refused by EventBridge", [], answer.get("FailedEntries", []))
    found = events.list_targets_by_rule(Rule=rule_name, EventBusName=bus)["Targets"]
    in_order = sorted(found, key=lambda target: str(target["Id"]))
    resource.stands("Targets", sorted(wanted, key=lambda target: str(target["Id"])), in_order)


def _as_api(target: Target) -> dict[str, Any]:
    given: dict[str, Any] = {
        "Id": target.id,
        "Arn": target.arn,
        "Input": target.input,
        "InputPath": target.input_path,
        "InputTransformer": target.input_transformer,
        "RetryPolicy": target.retry_policy,
        "DeadLetterConfig": {"Arn": target.dead_letter_arn} if target.dead_letter_arn else None,
        "RoleArn": target.role_arn,
    }
    return {key: value for key, value in given.items() if value is not None}

"""State machines, from the definition file that is shipped."""

import json
import re
from typing import Any, Final

from localcloud import sam
from localcloud.distributed_maps import readable
from localcloud.enforcement import role_may
from localcloud.provisioners.properties import Properties
from localcloud.provisioners.resource import Place, Provisioned, Resource
from localcloud.stack import TemplateError, Unsupported

_PLACEHOLDER: Final = re.compile(r"\$\{[^}]*\}")
# Step Functions Developer Guide, "Logging using CloudWatch Logs", "IAM policies for logging".
_DELIVERY: Final = (
    "CreateLogDelivery",
    "DeleteLogDelivery",
    "DescribeLogGroups",
    "DescribeResourcePolicies",
    "GetLogDelivery",
    "ListLogDeliveries",
    "PutResourcePolicy",
    "UpdateLogDelivery",
)


def state_machine(resource: Resource, place: Place) -> Provisioned:
    """AWS::StepFunctions::StateMachine."""
    properties, states = resource.properties, place.client("stepfunctions")
    name = properties.text("StateMachineName") or place.name(resource.logical_id, limit=80)
    definition = _definition(resource, place)
    kind = properties.text("StateMachineType") or "STANDARD"
    wanted: dict[str, Any] = {"roleArn": properties.needed("RoleArn"), "type": kind}
    if (logging := properties.section("LoggingConfiguration")) is not None:
        wanted["loggingConfiguration"] = _logging(logging)
        if wanted["loggingConfiguration"]["level"] != "OFF":
            _deliverable(logging, wanted["roleArn"])
    if (tracing := properties.section("TracingConfiguration")) is not None:
        wanted["tracingConfiguration"] = {"enabled": tracing.flag("Enabled") or False}
    _children(resource, place, definition, name, wanted["roleArn"])
    tags = [{"key": key, "value": value} for key, value in properties.tags().items()]
    with readable():
        arn = states.create_state_machine(
            name=name, definition=json.dumps(definition), tags=tags, **wanted
        )["stateMachineArn"]
    found = states.describe_state_machine(stateMachineArn=arn)
    resource.stands("DefinitionString", definition, json.loads(found["definition"]))
    for key, value in wanted.items():
        resource.stands(key, value, found.get(key))
    return Provisioned(arn, {"Arn": arn, "Name": name})


def _children(
    resource: Resource, place: Place, definition: dict[str, Any], name: str, role_arn: str
) -> None:
    """A distributed map starts executions of its own machine, in the machine's role.

    Step Functions Developer Guide, "IAM policies for using Distributed Map states".
    """
    if '"DISTRIBUTED"' not in json.dumps(definition):
        return
    arn = f"arn:{place.partition}:states:{place.region}:{place.account}:stateMachine:{name}"
    run = f"{arn.replace(':stateMachine:', ':execution:')}/label:run"
    lacks = [
        action
        for action, thing in (
            ("states:StartExecution", arn),
            ("states:DescribeExecution", run),
            ("states:StopExecution", run),
        )
        if not role_may(role_arn, action, thing)
    ]
    if lacks:
        raise TemplateError(
            f"{resource.properties.where('RoleArn')}: {role_arn} cannot run the distributed map of "
            f"{name}; it lacks {', '.join(lacks)}"
        )


def _definition(resource: Resource, place: Place) -> dict[str, Any]:
    properties = resource.properties
    location = properties.section("DefinitionS3Location")
    text = properties.text("DefinitionString")
    if location is not None:
        if location.text("Bucket") != sam.BUCKET:
            raise Unsupported(f"{properties.where('DefinitionS3Location')}: not a local file")
        text = place.artifacts[location.needed("Key")].read_text(encoding="utf-8")
    elif text is None:
        text = json.dumps(properties.value("Definition") or {})
    substitutions = properties.value("DefinitionSubstitutions") or {}
    definition = sam.read(_substitute(text, substitutions, resource), short_forms=False)
    if not isinstance(definition, dict) or "StartAt" not in definition:
        raise TemplateError(f"{properties.where('DefinitionString')} is no state machine")
    return definition


def _substitute(text: str, substitutions: dict[str, Any], resource: Resource) -> str:
    """Put the values in before the text is read, as AWS does.

    AWS knows only the names listed in DefinitionSubstitutions; pseudo parameters are not among
    them. It leaves an unknown name as it stands, and Step Functions then refuses the ARN.
    """
    where = resource.properties.where("DefinitionSubstitutions")
    for name, value in substitutions.items():
        if f"${{{name}}}" not in text:
            raise Unsupported(f"{where}: the definition does not use {name}")
        text = text.replace(f"${{{name}}}", str(value))
    if unknown := sorted(set(_PLACEHOLDER.findall(text))):
        raise TemplateError(f"{where}: nothing is given for {', '.join(unknown)}")
    return text


def _logging(section: Properties) -> dict[str, Any]:
    wanted: dict[str, Any] = {
        "level": section.text("Level") or "OFF",
        "includeExecutionData": section.flag("IncludeExecutionData") or False,
        "destinations": [],
    }
    for destination in section.sections("Destinations"):
        group = destination.section("CloudWatchLogsLogGroup")
        arn = "" if group is None else group.needed("LogGroupArn")
        if not arn.endswith(":*"):
            # Step Functions API Reference, CloudWatchLogsLogGroup.
            raise TemplateError(f"{destination.where('LogGroupArn')} must end with :*")
        wanted["destinations"].append({"cloudWatchLogsLogGroup": {"logGroupArn": arn}})
    return wanted


def _deliverable(section: Properties, role_arn: str) -> None:
    """Step Functions sets the delivery up with the machine's role, and refuses where it cannot."""
    lacks = [f"logs:{each}" for each in _DELIVERY if not role_may(role_arn, f"logs:{each}")]
    if lacks:
        raise TemplateError(
            f"{section.where('Destinations')}: the state machine's role {role_arn} is not "
            f"authorized to access the log destination; it lacks {', '.join(lacks)}"
        )

"""Systems Manager and Incident Manager: which parameter, document, automation or OpsItem."""

from typing import Final

from localcloud.authorizing.needed import Needed, arn, owner_of
from localcloud.stack import Unsupported
from localcloud.switchboard import Asked

# Service Authorization Reference, "AWS Systems Manager": what has no resource type takes "*".
_SSM: Final = {
    "CreateOpsItem": None,
    "DescribeAutomationExecutions": None,
    "DescribeInstanceInformation": None,
    "DescribeOpsItems": None,
    "DescribeParameters": None,
    "GetCommandInvocation": None,
    "ListCommandInvocations": None,
    "ListCommands": None,
    "DescribeAutomationStepExecutions": ("automation-execution/", "AutomationExecutionId"),
    "GetAutomationExecution": ("automation-execution/", "AutomationExecutionId"),
    "SendAutomationSignal": ("automation-execution/", "AutomationExecutionId"),
    "StopAutomationExecution": ("automation-execution/", "AutomationExecutionId"),
    "DescribeDocument": ("document/", "Name"),
    "GetDocument": ("document/", "Name"),
    "GetOpsItem": ("opsitem/", "OpsItemId"),
    "UpdateOpsItem": ("opsitem/", "OpsItemId"),
    "DeleteParameter": ("parameter/", "Name"),
    "GetParameter": ("parameter/", "Name"),
    "GetParametersByPath": ("parameter/", "Path"),
    "PutParameter": ("parameter/", "Name"),
}

_CONTACT_KEYS = ("EngagementId", "PageId", "ContactChannelId", "ContactId")


def ssm(asked: Asked) -> list[Needed]:
    """What a call of Systems Manager needs."""
    given, operation = asked.params, asked.operation
    action = f"ssm:{operation}"
    if given.get("WithDecryption"):
        raise Unsupported(f"what {action} needs of the key of a secure string")
    if operation == "GetParameters":
        named = [_parameter(asked, name) for name in given["Names"]]
        return [Needed(action, one, asked.account) for one in named]
    if operation == "StartAutomationExecution":
        return _starts(asked)
    if operation == "SendCommand":
        return _sends(asked)
    if operation not in _SSM:
        raise Unsupported(f"what ssm:{operation} needs")
    where = _SSM[operation]
    if where is None:
        return [Needed(action, "*", asked.account)]
    kind, key = where
    resource = _parameter(asked, given[key]) if kind == "parameter/" else None
    resource = resource or arn(asked, "ssm", f"{kind}{given[key]}")
    return [Needed(action, resource, asked.account)]


def _parameter(asked: Asked, name: str) -> str:
    if name.startswith("arn:"):
        return name
    return arn(asked, "ssm", f"parameter/{name.lstrip('/')}")


def _starts(asked: Asked) -> list[Needed]:
    """The document in either way of writing it: AWS is moving from the first to the second."""
    given = asked.params
    name, version = given["DocumentName"], given.get("DocumentVersion", "$DEFAULT")
    definition = arn(asked, "ssm", f"automation-definition/{name}:{version}")
    document = arn(asked, "ssm", f"document/{name}")
    action = "ssm:StartAutomationExecution"
    return [Needed(action, definition, asked.account, or_resource=document)]


def _sends(asked: Asked) -> list[Needed]:
    """The document, and each instance that it is to run on."""
    given = asked.params
    if more := sorted({"Targets", "OutputS3BucketName", "ServiceRoleArn"} & set(given)):
        raise Unsupported(f"what ssm:SendCommand needs of {', '.join(more)}")
    document = arn(asked, "ssm", f"document/{given['DocumentName']}")
    instances = [arn(asked, "ec2", f"instance/{one}") for one in given["InstanceIds"]]
    return [Needed("ssm:SendCommand", one, asked.account) for one in (document, *instances)]


def incidents(asked: Asked) -> list[Needed]:
    """What a call of Incident Manager needs."""
    given = asked.params
    named = given.get("responsePlanArn") or given.get("incidentRecordArn") or given.get("arn")
    resource = str(named) if named else "*"
    if asked.operation == "StartIncident":  # Incident Manager makes an OpsItem in the caller's name
        beside = [Needed("ssm:CreateOpsItem", "*", asked.account)]
    else:
        beside = []
    return [
        Needed(f"ssm-incidents:{asked.operation}", resource, owner_of(resource, asked)),
        *beside,
    ]


def contacts(asked: Asked) -> list[Needed]:
    """What a call of Incident Manager's contacts needs."""
    given = asked.params
    named = next((given[one] for one in _CONTACT_KEYS if one in given), "*")
    return [Needed(f"ssm-contacts:{asked.operation}", named, asked.account)]

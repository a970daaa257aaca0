"""Run Command: a command is sent to managed instances, runs a while, and says something.

Moto ends each command at once and lets it say nothing. What the pretend machine does is in tags of
the instance: how long it takes, how it ends, and what stands in its last line. AWS: Systems Manager
API Reference, "SendCommand", "ListCommands", "ListCommandInvocations", "GetCommandInvocation".
"""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from moto.ec2.models import ec2_backends
from moto.ssm.models import ssm_backends

from localcloud.fakes.instances import is_managed
from localcloud.fault import Fault
from localcloud.switchboard import Asked, Fake

# Tags of an instance. Without them a command succeeds after two minutes, and says nothing.
MINUTES, STATUS, SAYS = "pretend-minutes", "pretend-status", "pretend-says"
_MINUTES: Final = 2
_STDOUT: Final = 24_000
_ENDED: Final = {"Success": 0, "Failed": 1, "TimedOut": -1, "Cancelled": -1}


@dataclass(frozen=True)
class _Command:
    id: str
    account: str
    region: str
    sent_at: datetime
    given: dict[str, Any]


class RunCommand:
    """Every command of a pretend cloud."""

    def __init__(self) -> None:
        self._commands: list[_Command] = []

    def operations(self) -> dict[str, Fake]:
        """What this class serves."""
        return {
            "GetCommandInvocation": self._output,
            "ListCommandInvocations": self._invocations,
            "ListCommands": self._list,
            "SendCommand": self._send,
        }

    def _send(self, asked: Asked) -> dict[str, Any]:
        given = asked.params
        document = _document(asked)
        if given.get("DocumentHash") not in (None, document["Hash"]):
            raise Fault("InvalidDocumentContent", "The hash is not that of the document.")
        unreached = [one for one in given["InstanceIds"] if not is_managed(asked, one)]
        if unreached:
            raise Fault("InvalidInstanceId", f"Instances {unreached} not in a valid state")
        known = {one["Name"] for one in document.get("Parameters") or []}
        if unknown := sorted(set(given.get("Parameters", {})) - known):
            raise Fault("InvalidParameters", f"The document has no {', '.join(unknown)}")
        made = _Command(str(uuid.uuid4()), asked.account, asked.region, asked.at, dict(given))
        self._commands.append(made)
        return {"Command": _shown(made, "Pending")}

    def _list(self, asked: Asked) -> dict[str, Any]:
        return {
            "Commands": [
                _shown(one, _status(one, name, asked.at)) for one, name in self._found(asked)
            ]
        }

    def _invocations(self, asked: Asked) -> dict[str, Any]:
        return {
            "CommandInvocations": [
                _invocation(one, name, asked.at) for one, name in self._found(asked)
            ]
        }

    def _output(self, asked: Asked) -> dict[str, Any]:
        found = [one for one, name in self._found(asked) if name == asked.params["InstanceId"]]
        if not found:
            raise Fault("InvocationDoesNotExist", "")
        [command] = found
        invocation = _invocation(command, asked.params["InstanceId"], asked.at)
        steps = {one["Name"]: one for one in invocation["CommandPlugins"]}
        if (step := steps.get(asked.params.get("PluginName", "memory"))) is None:
            raise Fault("InvalidPluginName", "")
        return {
            "CommandId": command.id,
            "InstanceId": asked.params["InstanceId"],
            "DocumentName": command.given["DocumentName"],
            "PluginName": step["Name"],
            "ResponseCode": step["ResponseCode"],
            "Status": invocation["Status"],
            "StatusDetails": invocation["Status"],
            "StandardOutputContent": step["Output"][:_STDOUT],
            "StandardErrorContent": "",
        }

    def _found(self, asked: Asked) -> Iterator[tuple[_Command, str]]:
        """Each command with an instance, newest first, as the parameters ask for them."""
        given = asked.params
        for one in reversed(self._commands):
            if (one.account, one.region) != (asked.account, asked.region):
                continue
            if given.get("CommandId", one.id) != one.id:
                continue
            for name in one.given["InstanceIds"]:
                if given.get("InstanceId", name) == name:
                    yield one, name


def _document(asked: Asked) -> dict[str, Any]:
    held: Any = ssm_backends[asked.account][asked.region]
    name, version = asked.params["DocumentName"], asked.params.get("DocumentVersion")
    if name not in held._documents:
        raise Fault("InvalidDocument", "The specified document does not exist.")
    found: dict[str, Any] = held.describe_document(name, version, None)
    return found


def _tags(command: _Command, name: str) -> dict[str, str]:
    held: dict[str, str] = ec2_backends[command.account][command.region].tags.get(name, {})
    return held


def _status(command: _Command, name: str, now: datetime) -> str:
    tags = _tags(command, name)
    takes = timedelta(minutes=float(tags.get(MINUTES, _MINUTES)))
    return "InProgress" if now < command.sent_at + takes else tags.get(STATUS, "Success")


def _shown(command: _Command, status: str) -> dict[str, Any]:
    given = command.given
    kept = ("DocumentName", "DocumentVersion", "Comment", "Parameters", "InstanceIds")
    return {
        "CommandId": command.id,
        "RequestedDateTime": command.sent_at,
        "Status": status,
        "StatusDetails": status,
        "TimeoutSeconds": given.get("TimeoutSeconds", 3600),
        **{key: given[key] for key in kept if key in given},
    }


def _invocation(command: _Command, name: str, now: datetime) -> dict[str, Any]:
    status = _status(command, name, now)
    step = {
        "Name": "memory",
        "Status": status,
        "ResponseCode": _ENDED.get(status, -1),
        "Output": _tags(command, name).get(SAYS, ""),
    }
    return {
        "CommandId": command.id,
        "InstanceId": name,
        "Comment": command.given.get("Comment", ""),
        "DocumentName": command.given["DocumentName"],
        "RequestedDateTime": command.sent_at,
        "Status": status,
        "StatusDetails": status,
        "CommandPlugins": [step],
    }

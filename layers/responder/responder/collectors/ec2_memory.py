"""The memory of an instance, taken by a tool of the shop's own, which Run Command starts.

What the tool is and where it writes is in a document of the shop (docs/operating.md, "Memory of an
instance"). It changes the instance a little, as every tool that runs on it does: so what ran is
kept with it. Started once for an instance and generation: a command of ours is found by its
comment. Only one that Systems Manager did not list yet could be sent a second time.
AWS: Systems Manager API Reference, "SendCommand" (`DocumentHash`: "Sha256 or Sha1"),
"GetCommandInvocation" ("the first 24,000 characters written by the plugin to stdout").
"""

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Annotated, Any

from pydantic import ConfigDict, Field, ValidationError

from responder.aws.errors import asking_aws
from responder.collectors import instances
from responder.collectors.collector import Collected, Later, Scene
from responder.collectors.contents import as_json
from responder.collectors.instances import Place
from responder.collectors.reads import Reads
from responder.collectors.rounds import Started
from responder.domain.errors import Broken, Unavailable
from responder.domain.model import Model

ID = "ec2.memory"
TITLE = "The memory of the instances"
KINDS: tuple[str, ...] = (instances.KIND,)
PERMISSIONS = frozenset(
    {
        "ssm:DescribeDocument",
        "ssm:DescribeInstanceInformation",
        "ssm:GetCommandInvocation",
        "ssm:GetDocument",
        "ssm:ListCommandInvocations",
        "ssm:ListCommands",
    }
)
COPIES = frozenset({"ssm:SendCommand"})
KEEPS: frozenset[str] = frozenset()
LIMITS = (
    "the memory itself is where the document put it; here is the record of how it was taken",
    "the place, the size and the hash are what the tool said, on a machine that an attacker may"
    " hold; nothing here has read the memory",
    "a tool that runs on the machine overwrites some of its memory, and malware can hide from it",
    "nothing of an instance that Systems Manager does not reach, or not any more: taking it off the"
    " network cuts the agent too, and containment runs beside this and may be first",
)

ASK_AGAIN = timedelta(seconds=60)
AT_MOST = timedelta(hours=4)  # a tool that is not done by then is left alone, and said to be
_DELIVERY_SECONDS = 600
_RUNNING = frozenset({"Pending", "InProgress", "Delayed", "Cancelling"})
_STDOUT = 24_000  # characters; what is longer is cut by Systems Manager
_COVERS = "what was run to take the memory, by which document, and what it said"
_NO_DOCUMENT = (
    "no memory was taken: no document is configured. Set MemoryDocument of the responder and of the"
    " member roles (docs/operating.md); to take it by hand, run your tool before the instance stops"
)
_NOT_MANAGED = (
    "no memory was taken: Systems Manager does not reach the instance. Take it by hand, on the"
    " console, before it stops; later its agent and the role for it (AmazonSSMManagedInstanceCore)"
)
_NOT_SAID = "the tool did not say, in a last line of JSON, where it put the memory and its hash"
_AS_SAID = "place, size and hash of the memory are the tool's word; compare them before you rely"


class Output(Model):
    """What the tool says in its last line: where it put the memory, and what it is."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    bucket: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$")]
    key: Annotated[str, Field(min_length=1, max_length=1024)]
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    size: Annotated[int, Field(ge=0)]


def collect(scene: Scene) -> Iterator[Collected | Later]:
    """One item for each instance, when its command has ended or was not sent."""
    yield from instances.copied(
        scene, ID, _COVERS, start=_start, look=_look, ask_again=ASK_AGAIN, at_most=AT_MOST
    )


def _start(scene: Scene, place: Place, _is_late: bool) -> Started:
    """The command that was sent, now or before; or why none was."""
    document = scene.options.memory_document
    if not document:
        return {"gap": _NO_DOCUMENT}
    ssm: Any = scene.clients.ssm(place.account, place.region)
    try:
        with asking_aws(f"taking the memory of {place.instance_id}"):
            managed = ssm.describe_instance_information(
                Filters=[{"Key": "InstanceIds", "Values": [place.instance_id]}]
            )["InstanceInformationList"]
            if not managed:
                return {"gap": _NOT_MANAGED}
            return _sent_before(ssm, place, scene) or _send(ssm, place, scene)
    except Broken as error:
        return {"gap": f"no memory was taken: {error}"}


def _sent_before(ssm: Any, place: Place, scene: Scene) -> Started | None:
    """A comment is anybody's to write: so also the document and what it was given have to fit."""
    asked = _asked(place, scene)
    pages = ssm.get_paginator("list_commands").paginate(InstanceId=place.instance_id)
    for page in pages:
        for command in page["Commands"]:
            if (
                command.get("Comment") == _comment(scene)
                and command.get("DocumentName") == scene.options.memory_document
                and _is_given(command, asked)
            ):
                return _note(command, None)
    return None


def _is_given(command: Any, asked: dict[str, list[str]]) -> bool:
    given = command.get("Parameters") or {}
    return all(given.get(name) == value for name, value in asked.items())


def _send(ssm: Any, place: Place, scene: Scene) -> Started:
    """By the version and the hash that stand now: what is kept is what ran, or nothing ran."""
    document = ssm.describe_document(Name=scene.options.memory_document)["Document"]
    copies: Any = scene.copies.ssm(place.account, place.region)
    answer = copies.send_command(
        InstanceIds=[place.instance_id],
        DocumentName=scene.options.memory_document,
        DocumentVersion=document["DocumentVersion"],
        DocumentHash=document["Hash"],
        DocumentHashType=document["HashType"],
        TimeoutSeconds=_DELIVERY_SECONDS,
        Comment=_comment(scene),
        Parameters=_asked(place, scene),
    )
    return _note(answer["Command"], answer.get("ResponseMetadata", {}).get("RequestId"))


def _asked(place: Place, scene: Scene) -> dict[str, list[str]]:
    """What every document is given, by the contract of docs/operating.md."""
    run = f"{scene.generation:04d}"
    return {
        "IncidentId": [scene.incident.id],
        "Generation": [run],
        "Destination": [f"memory/{scene.incident.id}/{run}/{place.instance_id}/"],
    }


def _comment(scene: Scene) -> str:
    """At most 100 characters, and of one incident and generation only."""
    return f"breach-responder {scene.incident.id} {scene.generation:04d}"


def _note(command: Any, request_id: str | None) -> Started:
    return {
        "command_id": command["CommandId"],
        "sent_at": command["RequestedDateTime"].isoformat(),
        "version": command.get("DocumentVersion") or "$DEFAULT",
        "request_id": request_id,
    }


def _look(scene: Scene, place: Place, sent: Started, is_late: bool) -> Collected | None:
    """The item, or None while the command runs and is not too old."""
    if "gap" in sent:
        return _item(place, scene, sent, Reads(scene.read_at), None, [sent["gap"]])
    ssm: Any = scene.clients.ssm(place.account, place.region)
    reads = Reads(scene.read_at)
    which = {"CommandId": sent["command_id"], "InstanceId": place.instance_id}
    invocations = reads.pages(
        "invocation",
        ssm,
        "list_command_invocations",
        "CommandInvocations",
        Details=True,
        **which,
    )
    if isinstance(reads.failure, Unavailable):
        raise reads.failure
    if reads.failure:
        return _item(place, scene, sent, reads, None, [*reads.gaps, _NOT_SAID])
    status = invocations[0]["Status"] if invocations else "Pending"
    if status in _RUNNING and not is_late:
        return None
    said = list[str]()
    for plugin in invocations[0].get("CommandPlugins", []) if invocations else []:
        step = plugin["Name"]
        output = reads.ask(
            f"output of {step}", ssm, "get_command_invocation", PluginName=step, **which
        )
        said.append((output or {}).get("StandardOutputContent", ""))
    reads.ask("command", ssm, "list_commands", "Commands", **which)
    of_document = {"Name": scene.options.memory_document, "DocumentVersion": sent["version"]}
    reads.ask("document", ssm, "describe_document", "Document", **of_document)
    reads.ask("content of the document", ssm, "get_document", **of_document)
    output = _output(said)
    gaps = [*reads.gaps, _NOT_SAID if output is None else _AS_SAID]
    if status != "Success":
        late = f" after {AT_MOST}; it was left to run" if status in _RUNNING else ""
        gaps.append(f"the command that takes the memory is {status}{late}")
    gaps += [
        f"what the tool said was cut at {_STDOUT} characters"
        for text in said
        if len(text) >= _STDOUT
    ]
    return _item(place, scene, sent, reads, output, gaps)


def _output(said: list[str]) -> Output | None:
    """What stands in the last line of the last step that says anything of the kind."""
    for text in reversed(said):
        lines = text.strip().splitlines()
        try:
            return Output.model_validate(json.loads(lines[-1]) if lines else None)
        except (ValidationError, ValueError, RecursionError):
            continue
    return None


def _item(
    place: Place,
    scene: Scene,
    sent: Started,
    reads: Reads,
    output: Output | None,
    gaps: list[str],
) -> Collected:
    role = scene.copies.member_role
    content = as_json(
        {
            "incident_id": scene.incident.id,
            "instance_id": place.instance_id,
            "account": place.account,
            "region": place.region,
            "sent": {key: value for key, value in sent.items() if key != "gap"} or None,
            "sent_by": role.arn(place.account) if role is not None and "gap" not in sent else None,
            "output_as_the_tool_said": None if output is None else output.model_dump(),
            "reads": reads.values,
        }
    )
    name = f"{ID}/{scene.generation:04d}/{place.instance_id}/command"
    return Collected(name, content, _COVERS, tuple(gaps))

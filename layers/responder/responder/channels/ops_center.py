"""Open the incident as an OpsItem in OpsCenter.

It calls nobody by itself: a page goes beside it.
"""

import hashlib
import json
from datetime import UTC

from botocore.exceptions import ClientError

from responder.aws.errors import code_of
from responder.channels.channel import Acknowledged, Answer, Desk, Opened, opening
from responder.domain.escaping import ascii_line, one_line
from responder.domain.finding import Severity
from responder.domain.incident import Incident, TimelineEvent
from responder.domain.related import Related
from responder.domain.summary import Summary

ID = "ops_center"
TITLE = "OpsCenter"
TAKES_NOTES = True
PERMISSIONS = frozenset({"ssm:CreateOpsItem", "ssm:UpdateOpsItem"})
READING = frozenset({"ssm:GetOpsItem"})
RESOLVING = frozenset({"ssm:UpdateOpsItem"})
_ANSWERS = {
    "InProgress": Answer.TAKEN,
    "Resolved": Answer.RESOLVED,
    "Closed": Answer.RESOLVED,
}
# CreateOpsItem refuses a source that contains aws, amazon or amzn.
_SOURCE = "breach-responder"
_PRIORITY = {
    Severity.CRITICAL: 1,
    Severity.HIGH: 2,
    Severity.MEDIUM: 3,
    Severity.LOW: 4,
    Severity.INFORMATIONAL: 5,
}


def open(incident: Incident, summary: Summary, desk: Desk) -> Opened:  # noqa: A001 - the protocol's
    """Create it under the incident's id, which OpsCenter keeps single while the item is open.

    Its resources are listed afterwards, by `relate`: they are part of what makes two items the same
    (Systems Manager User Guide, "Reducing duplicate OpsItems"), so those of findings that join
    later would make a second one.
    """
    client = desk.clients.home("ssm")
    same = json.dumps({"dedupString": incident.id})
    with opening("creating the OpsItem"):
        try:
            reference = client.create_ops_item(
                Title=summary.title,
                Description=summary.as_markdown(2048),
                Source=_SOURCE,
                Priority=_PRIORITY[incident.severity],
                # OpsCenter's severities are the texts 1 to 4.
                Severity=str(min(_PRIORITY[incident.severity], 4)),
                Category="Security",
                OperationalData={
                    "/aws/dedup": {"Type": "SearchableString", "Value": same},
                    "incident": {"Type": "SearchableString", "Value": incident.id},
                },
            )["OpsItemId"]
        except ClientError as error:
            if code_of(error) != "OpsItemAlreadyExistsException":
                raise
            reference = _existing(error)
    where = f"In OpsCenter: {desk.console(f'opsitems/{reference}')}"
    return Opened(reference, where=where, calls_people=False)


def note(reference: str, event: TimelineEvent, desk: Desk) -> None:
    """One entry of operational data for each event. Its key is the event's, so twice is once."""
    client = desk.clients.home("ssm")
    at = event.at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    value = f"{one_line(event.text, 4000)} ({one_line(event.by, 1000)})"
    with opening(f"noting {event.key} on the OpsItem"):
        client.update_ops_item(
            OpsItemId=reference,
            OperationalData={_entry(f"{at} {event.key}"): {"Type": "String", "Value": value}},
        )


def relate(reference: str, related: Related, known: Related, desk: Desk) -> None:  # noqa: ARG001
    """The item's tabs of related resources and runbooks, each written anew as a whole."""
    resources = [{"arn": one} for one in related.resources]
    runbooks = [
        {"automationType": "AWS:SSM:Automation", "automationId": one} for one in related.runbooks
    ]
    with opening("listing on the OpsItem what belongs to it"):
        desk.clients.home("ssm").update_ops_item(
            OpsItemId=reference,
            OperationalData={
                name: {"Type": "SearchableString", "Value": json.dumps(listed)}
                for name, listed in (("/aws/resources", resources), ("/aws/automations", runbooks))
                if listed
            },
        )


def acknowledged(reference: str, desk: Desk) -> Acknowledged | None:
    """By the item's status. Whose it was is known until we write on the item the next time."""
    with opening("reading the OpsItem"):
        item = desk.clients.home("ssm").get_ops_item(OpsItemId=reference)["OpsItem"]
    answer = _ANSWERS.get(item["Status"])
    if answer is None:
        return None
    by = item["LastModifiedBy"]
    return Acknowledged(answer, "" if desk.is_ours(by) else by, item["LastModifiedTime"])


def resolve(reference: str, desk: Desk) -> None:
    """Set its status. What is noted on it later leaves that as it is."""
    with opening("resolving the OpsItem"):
        desk.clients.home("ssm").update_ops_item(OpsItemId=reference, Status="Resolved")


def _entry(name: str) -> str:
    """At most 128 characters, and still its own. It begins with the time, so entries sort."""
    shown = ascii_line(name, 128)
    if shown == name:
        return name
    return f"{ascii_line(name, 110)} {hashlib.sha256(name.encode()).hexdigest()[:16]}"


def _existing(error: ClientError) -> str:
    """OpsItemAlreadyExistsException carries the id of the item that is there."""
    reference = error.response.get("OpsItemId")
    if not reference:
        raise error
    return str(reference)

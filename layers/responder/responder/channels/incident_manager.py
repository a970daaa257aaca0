"""Open the incident in Incident Manager, by the response plan that was given.

Only in accounts that had enabled it: AWS takes no new customers since 2025-11-07 (Incident Manager
User Guide, "Availability change"). The plan decides who is called, so we ask it whether anybody is.
"""

import hashlib
import json
from collections.abc import Callable, Iterator
from typing import Any

from botocore.exceptions import ClientError

from responder.aws.errors import code_of
from responder.channels.channel import Acknowledged, Answer, Desk, Opened, opening
from responder.domain.errors import Broken
from responder.domain.escaping import one_line
from responder.domain.finding import Severity
from responder.domain.incident import Incident, TimelineEvent
from responder.domain.related import Related
from responder.domain.summary import Summary

ID = "incident_manager"
TITLE = "Incident Manager"
TAKES_NOTES = True
PERMISSIONS = frozenset(
    {
        "ssm-incidents:CreateTimelineEvent",
        "ssm-incidents:GetResponsePlan",
        "ssm-incidents:StartIncident",
        "ssm-incidents:UpdateIncidentRecord",
        "ssm-incidents:UpdateRelatedItems",
        # Incident Manager does these two in our name: User Guide, "Cross-service permissions".
        "ssm-contacts:StartEngagement",
        "ssm:CreateOpsItem",
    }
)
READING = frozenset(
    {
        "ssm-contacts:ListEngagements",
        "ssm-contacts:ListPagesByEngagement",
        "ssm-incidents:GetIncidentRecord",
    }
)
RESOLVING = frozenset({"ssm-incidents:UpdateIncidentRecord"})
_IMPACT = {
    Severity.CRITICAL: 1,
    Severity.HIGH: 2,
    Severity.MEDIUM: 3,
    Severity.LOW: 4,
    Severity.INFORMATIONAL: 5,
}


def open(incident: Incident, summary: Summary, desk: Desk) -> Opened:  # noqa: A001 - the protocol's
    """Start it under a token of its own, so that a second start is the first one."""
    client = desk.clients.home("ssm-incidents")
    with opening("starting the incident in Incident Manager"):
        record = client.start_incident(
            responsePlanArn=desk.response_plan_arn,
            title=summary.title,
            impact=_IMPACT[incident.severity],
            triggerDetails={"source": "breach-responder", "timestamp": incident.opened_at},
            clientToken=incident.id,
        )["incidentRecordArn"]
    with opening("describing the incident in Incident Manager"):
        client.update_incident_record(
            arn=record,
            summary=summary.as_markdown(8000),
            clientToken=_token(record, summary.text),
        )
    where = f"In Incident Manager: {record}"
    return Opened(record, where=where, calls_people=_plan_calls_people(desk))


def note(reference: str, event: TimelineEvent, desk: Desk) -> None:
    """A custom event on the incident's timeline, at the time it happened."""
    client = desk.clients.home("ssm-incidents")
    # At most 12,000 characters once JSON has escaped them, which doubles them at worst.
    text = f"{one_line(event.text, 5000)} ({one_line(event.by, 900)})"
    with opening(f"noting {event.key} in Incident Manager"):
        client.create_timeline_event(
            incidentRecordArn=reference,
            eventTime=event.at,
            eventType="Custom Event",
            eventData=json.dumps(text, ensure_ascii=False),
            clientToken=_token(reference, event.key),
        )


def relate(reference: str, related: Related, known: Related, desk: Desk) -> None:
    """One related item for each resource, and one for each runbook, by its page in the console."""
    new = related.without(known)
    items: list[tuple[str, dict[str, Any]]] = [
        (one, {"type": "INVOLVED_RESOURCE", "value": {"arn": one}}) for one in new.resources
    ]
    for one in new.runbooks:
        page = desk.console(f"automation/execute/{one}")
        items.append((one, {"type": "TASK", "value": {"url": page}}))
    for title, identifier in items:
        with opening("listing in Incident Manager what belongs to the incident"):
            desk.clients.home("ssm-incidents").update_related_items(
                incidentRecordArn=reference,
                relatedItemsUpdate={
                    "itemToAdd": {"identifier": identifier, "title": one_line(title, 200)}  # type: ignore[typeddict-item]
                },
                clientToken=_token(reference, title),
            )


def acknowledged(reference: str, desk: Desk) -> Acknowledged | None:
    """That the record is resolved, or else the first page of it that somebody acknowledged.

    A page has been *read* when its contact acknowledged it (Incident Manager API, "Page").
    """
    with opening("reading the incident record"):
        client = desk.clients.home("ssm-incidents")
        record = client.get_incident_record(arn=reference)["incidentRecord"]
    if record["status"] == "RESOLVED":
        by, at = record["lastModifiedBy"], record.get("resolvedTime") or record["lastModifiedTime"]
        return Acknowledged(Answer.RESOLVED, "" if desk.is_ours(by) else by, at)
    contacts = desk.clients.home("ssm-contacts")
    with opening("reading whom Incident Manager called"):
        read = [
            Acknowledged(Answer.TAKEN, page["ContactArn"], page["ReadTime"])
            for engagement in _each(contacts.list_engagements, "Engagements", IncidentId=reference)
            for page in _each(
                contacts.list_pages_by_engagement,
                "Pages",
                EngagementId=engagement["EngagementArn"],
            )
            if page.get("ReadTime")
        ]
    return min(read, key=lambda one: (one.at, one.by), default=None)


def resolve(reference: str, desk: Desk) -> None:
    """Set its status, under a token of its own."""
    with opening("resolving the incident record"):
        desk.clients.home("ssm-incidents").update_incident_record(
            arn=reference, status="RESOLVED", clientToken=_token(reference, "RESOLVED")
        )


def _each(call: Callable[..., Any], name: str, **given: Any) -> Iterator[dict[str, Any]]:
    while True:
        page = call(**given)
        yield from page[name]
        if not page.get("NextToken"):
            return
        given["NextToken"] = page["NextToken"]


def _plan_calls_people(desk: Desk) -> bool:
    """False when the plan engages nobody, and also when it will not say: then we page as well."""
    client = desk.clients.home("ssm-incidents")
    try:
        with opening("reading the response plan"):
            try:
                plan = client.get_response_plan(arn=desk.response_plan_arn)
            except ClientError as error:
                if code_of(error) == "AccessDeniedException":
                    return False
                raise
    except Broken:
        return False
    return bool(plan.get("engagements") or plan.get("integrations"))


def _token(*parts: str) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()

"""Where the incident of a drill is open for people, in an account made today and in an old one.

The old one had Incident Manager before AWS closed it to new customers, and has a membership of
Security Incident Response and a chat besides: every place that the responder can open an incident
at or beside.
"""

import json
from collections.abc import Callable
from typing import Any

from localcloud.cloud import Cloud
from responder.domain.incident import Incident
from responder_cli.drill import standing
from responder_cli.drill.accounts import Account
from responder_cli.drill.stage import Stage
from responder_cli.drill.watch import Watch
from responder_cli.drill.world import HOME, REGION

_CODE = "123456"  # in the message that Incident Manager sends
_CLOSED_TO_NEW = ("ssm-contacts", "ssm-incidents")
_TEAM = [{"name": name, "jobTitle": "on call", "email": "a@example.com"} for name in ("Ana", "Ben")]


def prepare(cloud: Cloud, account: Account) -> dict[str, str]:
    """Parameters of the responder for such an account, with what they name."""
    if account is Account.NEW:
        return {}
    cloud.grows_old(HOME)

    def client(service: str) -> Any:
        return cloud.client(service, account=HOME)

    client("security-ir").create_membership(membershipName="shop", incidentResponseTeam=_TEAM)
    return {
        "ResponsePlanArn": an_on_call(client),
        "SecurityIncidentResponse": "self",
        "Chat": "yes",
    }


def an_on_call(client: Callable[[str], Any]) -> str:
    """A replication set, a person with an activated phone, and a plan that calls them: its ARN."""
    incidents, contacts = client("ssm-incidents"), client("ssm-contacts")
    incidents.create_replication_set(regions={REGION: {}})
    none_yet: dict[str, Any] = {"Stages": []}
    person = contacts.create_contact(Alias="ana", Type="PERSONAL", Plan=none_yet)["ContactArn"]
    channel = contacts.create_contact_channel(
        ContactId=person,
        Name="phone",
        Type="SMS",
        DeliveryAddress={"SimpleAddress": "+14155550100"},
        DeferActivation=True,
    )["ContactChannelArn"]
    contacts.activate_contact_channel(ContactChannelId=channel, ActivationCode=_CODE)
    target = {"ChannelTargetInfo": {"ContactChannelId": channel, "RetryIntervalInMinutes": 5}}
    stages = [{"DurationInMinutes": 10, "Targets": [target]}]
    contacts.update_contact(ContactId=person, Plan={"Stages": stages})
    arn: str = incidents.create_response_plan(
        name="breach-responder",
        engagements=[person],
        incidentTemplate={"title": "Breach Responder", "impact": 1},
    )["arn"]
    return arn


def acknowledge(client: Callable[[str], Any], record: str) -> None:
    """The person answers the page about a record, by the code in the message."""
    contacts = client("ssm-contacts")
    [engagement] = contacts.list_engagements(IncidentId=record)["Engagements"]
    [page] = contacts.list_pages_by_engagement(EngagementId=engagement["EngagementArn"])["Pages"]
    contacts.accept_page(PageId=page["PageArn"], AcceptType="READ", AcceptCode=_CODE)


def check(stage: Stage, cloud: Cloud, watch: Watch, incident: Incident, account: Account) -> None:
    """Where the incident was opened, who was called, and what was noted there."""
    if account is Account.OLD:
        _old(stage, cloud, watch, incident)
        return
    standing.people(stage, cloud, watch, incident)
    closed = sorted({call.name for call in cloud.calls if call.service in _CLOSED_TO_NEW})
    stage.check(
        "It works in an account made today: nothing is called that AWS closed to new ones",
        not closed and incident.channel is not None and incident.channel.id == "ops_center",
        ", ".join(closed) or f"open at {incident.channel and incident.channel.id}",
    )


def _old(stage: Stage, cloud: Cloud, watch: Watch, incident: Incident) -> None:
    def client(service: str) -> Any:
        return cloud.client(service, account=HOME)

    record = "" if incident.channel is None else incident.channel.reference
    engaged = client("ssm-contacts").list_engagements(IncidentId=record)["Engagements"]
    openings = [page for page in cloud.published if standing.is_opening(page.subject)]
    stage.check(
        "Incident Manager calls the person of its plan, and nobody is paged beside it",
        len(engaged) == 1 and not openings,
        f"{len(engaged)} engagement, {len(openings)} page of our own",
    )
    events = watch.timeline.events(incident.id)
    asked = client("ssm-incidents")
    noted = asked.list_timeline_events(incidentRecordArn=record)["eventSummaries"]
    related = asked.list_related_items(incidentRecordArn=record)["relatedItems"]
    kinds = {item["identifier"]["type"] for item in related}
    stage.check(
        "Every event is noted on its record, beside what the findings name and our runbooks",
        len(noted) == len(events) and kinds == {"INVOLVED_RESOURCE", "TASK"},
        f"{len(noted)} of {len(events)} events, {len(related)} related items",
    )
    told = [one for one in events if one.key == "case"]
    reference = told[0].text.split()[1] if told else "0000000000"
    comments = client("security-ir").list_comments(caseId=reference)["items"] if told else []
    cut = [one for one in events if one.key.startswith("contained:")]
    stage.check(
        "One case stands beside it, and was told of each cut",
        len(told) == 1 and len(comments) >= len(cut) > 0,
        f"case {reference}, {len(comments)} comments, {len(cut)} cuts",
    )
    shown = [json.loads(one.message) for one in cloud.published if "ChatTopic" in one.topic_arn]
    threads = {message["metadata"]["threadId"] for message in shown}
    stage.check(
        "The chat has one thread about it, in the form that Amazon Q shows",
        threads == {incident.id} and all(one["source"] == "custom" for one in shown),
        f"{len(shown)} messages in {len(threads)} thread",
    )

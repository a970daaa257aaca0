"""The same incident at each sink: which calls that is, each held to the SDK's model by the engine.

`pytest -s` prints them.
"""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from localcloud.fault import Fault
from responder.aws.clients import Clients
from responder.aws.incidents import Incidents
from responder.aws.ledger import Ledger
from responder.aws.notices import Notices
from responder.aws.pager import Pager
from responder.aws.rota_store import RotaStore
from responder.aws.rule_store import RuleStore
from responder.aws.silences import Silences
from responder.aws.timeline import Timeline
from responder.channels import incident_manager
from responder.channels.channel import Acknowledged, Answer, Desk
from responder.domain.incident import Incident
from responder.steps.mirror import mirror
from responder.steps.open import OpenRequest, open_incident
from responder_cli.drill.sinks import acknowledge, an_on_call
from tests.builders import HOME, INCIDENT_ID, NOON, REGION, a_finding, an_incident
from tests.unit.localcloud.judging import World, a_world

RUNBOOKS = ("breach-responder-cut", "breach-responder-release")
TABLE = "responder"
_KEYS = [{"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk")]
_SCHEMA = [
    {"AttributeName": "pk", "KeyType": "HASH"},
    {"AttributeName": "sk", "KeyType": "RANGE"},
]
_TICKET = ["ssm:CreateOpsItem", "sns:Publish", "ssm:UpdateOpsItem"]
SINKS = {
    "incident_manager": [
        "ssm-incidents:StartIncident",
        "ssm-incidents:UpdateIncidentRecord",
        "ssm-incidents:GetResponsePlan",
        "ssm-incidents:CreateTimelineEvent",
        "ssm-incidents:UpdateRelatedItems",
    ],
    "ops_center": _TICKET,
    "sns_topic": ["ssm:CreateOpsItem", "sns:Publish"],
    "security_ir": [*_TICKET, "security-ir:CreateCase", "security-ir:CreateCaseComment"],
    "chat": _TICKET,
}


@pytest.fixture
def world() -> Iterator[World]:
    with a_world() as world:
        world.operator("dynamodb").create_table(
            TableName=TABLE,
            AttributeDefinitions=_KEYS,
            KeySchema=_SCHEMA,
            BillingMode="PAY_PER_REQUEST",
        )
        for name, value in (("policy", "default"), ("assets", "none")):
            world.operator("ssm").put_parameter(Name=name, Type="String", Value=value)
        yield world


def client_of(world: World) -> Callable[[str], Any]:
    return lambda service: world.operator(service)


class HomeClients(Clients):
    """Our own clients, in the pretend account."""

    def __init__(self, world: World) -> None:
        super().__init__(REGION)
        for service in ("sns", "ssm", "ssm-incidents", "ssm-contacts", "security-ir"):
            self._home[service, REGION] = world.operator(service)


def a_desk(world: World, sink: str) -> Desk:
    """A desk with nothing but one sink, and the pager topic."""
    registry, client = world.registry, client_of(world)
    topic = client("sns").create_topic(Name="pager")["TopicArn"]
    given: dict[str, Any] = {"pager_topic_arn": topic, "runbooks": RUNBOOKS}
    if sink == "incident_manager":
        registry.old_accounts.add(HOME)
        given["response_plan_arn"] = an_on_call(client)
    if sink == "security_ir":
        member = {"jobTitle": "on call", "email": "a@example.com"}
        client("security-ir").create_membership(
            membershipName="shop",
            incidentResponseTeam=[{"name": n, **member} for n in ("Ana", "Ben")],
        )
        given["security_ir"] = "self"
    if sink == "chat":
        given["chat_topic_arn"] = client("sns").create_topic(Name="chat")["TopicArn"]
    return Desk(HomeClients(world), **given)


def opened(world: World, desk: Desk) -> Incident:
    """Open it as the step does, with one cut to tell of. It wakes people: nothing was chosen."""
    ledger = Ledger(TABLE, world.operator("dynamodb"))
    incidents, timeline = Incidents(ledger), Timeline(ledger)
    incidents.create(an_incident(), a_finding())
    timeline.record(INCIDENT_ID, "contained:ord-1", at=NOON, by="verify", text="Contained.")
    kept: dict[str, Any] = {"incidents": incidents, "timeline": timeline, "ledger": ledger}
    open_incident(
        OpenRequest(incident_id=INCIDENT_ID, now=NOON),
        **kept,
        pager=Pager(ledger, world.operator("sns"), desk.pager_topic_arn),
        quiet=Pager(ledger, world.operator("sns"), ""),
        notices=Notices(ledger),
        silences=Silences(ledger),
        rules=RuleStore(world.operator("ssm"), "policy", "", "", "assets"),
        rotas=RotaStore(world.operator("ssm"), ""),
        desk=desk,
        mode="monitor",
    )
    mirror(INCIDENT_ID, **kept, desk=desk, now=NOON)
    return incidents.get(INCIDENT_ID)


def calls_of(world: World, since: int) -> list[str]:
    """Each kind of call once, in the order of the first; printed with what it was given."""
    found = [
        call
        for call in world.switchboard.calls[since:]
        if call.service != "dynamodb" and call.name != "ssm:GetParameter"  # of our own
    ]
    for call in found:
        print(f"{call.name} {call.error or 'ok'} {sorted(call.params)}")  # noqa: T201
    return list(dict.fromkeys(call.name for call in found))


@pytest.mark.parametrize("sink", SINKS)
def test_each_sink_is_asked_with_what_its_model_takes(world: World, sink: str) -> None:
    desk = a_desk(world, sink)
    if sink == "sns_topic":  # where no console holds it
        world.switchboard.serve("ssm", "CreateOpsItem", _closed)
    since = len(world.switchboard.calls)
    incident = opened(world, desk)
    assert incident.channel is not None
    expected = sink if sink in ("incident_manager", "sns_topic") else "ops_center"
    assert incident.channel.id == expected
    made = calls_of(world, since)
    assert set(SINKS[sink]) == set(made)
    topics = {one.topic_arn.rpartition(":")[2] for one in world.switchboard.published}
    paged = set() if sink == "incident_manager" else {"pager"}
    assert topics == paged | ({"chat"} if sink == "chat" else set())
    failed = {call.name for call in world.switchboard.calls[since:] if call.error is not None}
    failed = {name for name in failed if not name.startswith("dynamodb")}  # what stands already
    assert failed == ({"ssm:CreateOpsItem"} if sink == "sns_topic" else set())


def _closed(asked: Any) -> dict[str, Any]:
    raise Fault("AccessDeniedException", f"{asked.operation} is denied", status=403)


def test_a_page_that_somebody_reads_is_heard_of_and_then_the_record_that_they_resolve(
    world: World,
) -> None:
    desk, client = a_desk(world, "incident_manager"), client_of(world)
    incident = opened(world, desk)
    assert incident.channel is not None
    record = incident.channel.reference
    assert incident_manager.acknowledged(record, desk) is None
    acknowledge(client, record)
    read = incident_manager.acknowledged(record, desk)
    assert read is not None
    assert (read.answer, read.by.rpartition("/")[2]) == (Answer.TAKEN, "ana")
    client("ssm-incidents").update_incident_record(arn=record, status="RESOLVED")
    resolved = incident_manager.acknowledged(record, desk)
    assert isinstance(resolved, Acknowledged)
    assert resolved.answer is Answer.RESOLVED
    related = client("ssm-incidents").list_related_items(incidentRecordArn=record)["relatedItems"]
    assert [item["identifier"]["type"] for item in related].count("TASK") == len(RUNBOOKS)


def test_an_account_that_never_had_incident_manager_has_none(world: World) -> None:
    incidents = world.operator("ssm-incidents")
    assert incidents.list_replication_sets()["replicationSetArns"] == []
    desk = a_desk(world, "ops_center")
    plan = f"arn:aws:ssm-incidents::{HOME}:response-plan/breach-responder"
    given = Desk(desk.clients, "aws", plan, desk.pager_topic_arn)
    incident = opened(world, given)
    assert incident.channel is not None
    assert incident.channel.id == "ops_center"
    ledger = Ledger(TABLE, world.operator("dynamodb"))
    said = {event.key: event.text for event in Timeline(ledger).events(INCIDENT_ID)}
    assert "Passed over: Incident Manager" in said["opened"]
    assert "AccessDeniedException" in said["opened"]

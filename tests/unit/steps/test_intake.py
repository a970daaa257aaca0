"""One incident to a campaign, one response to a generation, whatever the order of arrival."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import boto3
import pytest

from responder.aws.breaker import Breaker
from responder.aws.correlations import Correlations, Recorded
from responder.aws.generations import Generations
from responder.aws.incidents import INCIDENT, Incidents
from responder.aws.ledger import Ledger, incident_pk
from responder.aws.lineages import Lineages
from responder.aws.machine import Machine
from responder.aws.notices import Notices
from responder.aws.opener import Opener
from responder.aws.receipts import Receipts
from responder.aws.timeline import Timeline
from responder.domain.closing import known
from responder.domain.decision import Mode
from responder.domain.errors import Broken, Unavailable
from responder.domain.finding import Finding, Request, Resource, Severity, Source
from responder.domain.incident import Incident
from responder.domain.noise import Attention
from responder.domain.order import Order, OrderMode, Receipt, ReceiptStatus, Silence
from responder.domain.policy import DEFAULT_POLICY, Policy
from responder.domain.principal import Principal, PrincipalKind
from responder.domain.protection import ProtectList
from responder.steps.intake import Intake, Outcome, Taken, policy_or_none
from responder.steps.plan import PlanAnswer, PlanRequest, plan
from tests.asking import APPROVERS
from tests.builders import HOME, NOON, REGION, SHOP, a_finding, a_session, a_user, closed
from tests.consoles import fits
from tests.vaults import DiedHereError, Life

HOUR = timedelta(hours=1)
BUCKET = Resource(kind="S3Bucket", id="arn:aws:s3:::customer-exports")


@dataclass
class Told:
    """What stands for Lambda: keeps who was asked what."""

    asked: list[dict[str, Any]] = field(default_factory=list)

    def invoke(self, **given: Any) -> dict[str, Any]:
        fits("lambda", "Invoke", given)
        self.asked.append(json.loads(given["Payload"]))
        return {"StatusCode": 202}


@dataclass
class World:
    """The table, the state machine, and what stands in both."""

    ledger: Ledger
    machine: Machine
    opener: Told = field(default_factory=Told)

    def take(
        self,
        finding: Finding,
        now: datetime = NOON,
        *,
        life: Life | None = None,
        client: Any = None,
        policy: Policy | None = DEFAULT_POLICY,
        drill: bool = False,
        mode: Mode = "respond",
    ) -> Outcome:
        living = life or Life()
        table = replace(self.ledger, client=living.of(client or self.ledger.client))
        intake = Intake(
            incidents=Incidents(table),
            correlations=Correlations(table),
            receipts=Receipts(table),
            timeline=Timeline(table),
            generations=Generations(
                table, replace(self.machine, client=living.of(self.machine.client))
            ),
            notices=Notices(table),
            opener=Opener(living.of(self.opener), "open"),
            policy=policy,
            drill=drill,
            mode=mode,
        )
        return intake.take(finding, now=now)

    def plan(self, outcome: Outcome, now: datetime = NOON, *, mode: Mode = "respond") -> PlanAnswer:
        assert outcome.incident_id is not None
        assert outcome.generation is not None
        return plan(
            PlanRequest(incident_id=outcome.incident_id, generation=outcome.generation, now=now),
            incidents=Incidents(self.ledger),
            correlations=Correlations(self.ledger),
            receipts=Receipts(self.ledger),
            timeline=Timeline(self.ledger),
            breaker=Breaker(self.ledger),
            lineages=Lineages(self.ledger),
            policy=DEFAULT_POLICY,
            protect=ProtectList(),
            approvers=APPROVERS,
            mode=mode,
        )

    def orders(self, outcome: Outcome) -> list[Order]:
        return Incidents(self.ledger).orders(outcome.incident_id or "")

    def is_released(self, order: Order, at: datetime) -> None:
        """What stands in the table when a person undid an order."""
        Receipts(self.ledger).file(
            Receipt(
                order=order,
                status=ReceiptStatus.RELEASED,
                released_by="arn:aws:iam::444455556666:user/oncall",
                released_at=at,
            )
        )

    @property
    def items(self) -> dict[tuple[str, str], str]:
        pages = self.ledger.client.get_paginator("scan").paginate(TableName=self.ledger.table)
        return {
            (item["pk"]["S"], item["sk"]["S"]): item["body"]["S"]
            for page in pages
            for item in page["Items"]
        }

    @property
    def incidents(self) -> list[Incident]:
        found = [body for (_, sk), body in self.items.items() if sk == INCIDENT]
        return [Incident.model_validate_json(body) for body in found]

    @property
    def runs(self) -> list[str]:
        return runs_of(self.machine)

    @property
    def recorded(self) -> list[Recorded]:
        found = [body for (pk, _), body in self.items.items() if pk.startswith("RECORDED#")]
        return [Recorded.model_validate_json(body) for body in found]

    def told(self, incident_id: str) -> list[str]:
        return [event.key.split(":")[0] for event in Timeline(self.ledger).events(incident_id)]

    def close(
        self,
        incident_id: str,
        at: datetime = NOON + HOUR,
        held: dict[str, datetime] | None = None,
    ) -> None:
        item = self.ledger.get(incident_pk(incident_id), INCIDENT)
        assert item is not None
        findings = Incidents(self.ledger).findings(incident_id)
        incident = Incident.model_validate_json(item.body)
        seen = known(severity=incident.severity, findings=findings, held=held or {}, opened=NOON)
        self.ledger.replace(item, closed(incident, at=at, **seen))

    def forget(self) -> None:
        for pk, sk in self.items:
            self.ledger.client.delete_item(
                TableName=self.ledger.table, Key={"pk": {"S": pk}, "sk": {"S": sk}}
            )


@pytest.fixture
def world(ledger: Ledger) -> World:
    client = boto3.client("stepfunctions", region_name=REGION)
    return World(ledger, a_machine(client, "respond"))


def a_machine(client: Any, name: str) -> Machine:
    made = client.create_state_machine(
        name=name,
        definition='{"StartAt": "A", "States": {"A": {"Type": "Pass", "End": true}}}',
        roleArn=f"arn:aws:iam::{HOME}:role/states",
    )
    return Machine(made["stateMachineArn"], client)


def runs_of(machine: Machine) -> list[str]:
    """The names of its executions."""
    found = machine.client.list_executions(stateMachineArn=machine.arn)
    return sorted(run["name"] for run in found["executions"])


@dataclass
class BetweenReadAndWrite:
    """A table in which something else happens just before our first write."""

    client: Any
    happens: Callable[[], object] | None

    def __getattr__(self, name: str) -> Any:
        return getattr(self.client, name)

    def transact_write_items(self, **given: Any) -> Any:
        if self.happens is not None:
            happens, self.happens = self.happens, None
            happens()
        return self.client.transact_write_items(**given)


def test_a_finding_opens_an_incident_and_starts_its_response(world: World) -> None:
    outcome = world.take(a_finding())
    [incident] = world.incidents
    assert outcome == Outcome(taken=Taken.OPENED, incident_id=incident.id, generation=1)
    assert world.runs == [incident.id]
    assert (incident.severity, incident.account) == (Severity.HIGH, SHOP)
    assert incident.first_seen_at == a_finding().first_seen_at
    assert Incidents(world.ledger).findings(incident.id) == [a_finding()]
    [found] = Timeline(world.ledger).events(incident.id)
    assert found.text == (
        "GuardDuty reported Exfiltration:S3/AnomalousBehavior (high) about IAMUser orders-export."
    )


def test_delivered_again_it_changes_nothing(world: World) -> None:
    world.take(a_finding())
    before, runs = world.items, world.runs
    assert world.take(a_finding(), NOON + HOUR).taken is Taken.REPEATED
    assert (world.items, world.runs) == (before, runs)


def test_an_update_is_kept_and_starts_nothing(world: World) -> None:
    first = world.take(a_finding())
    newer = a_finding(count=7, updated_at=NOON + HOUR, severity=Severity.CRITICAL)
    assert world.take(newer, NOON + HOUR).taken is Taken.REPEATED
    assert Incidents(world.ledger).findings(first.incident_id or "") == [newer]
    assert [incident.severity for incident in world.incidents] == [Severity.CRITICAL]
    assert world.runs == [first.incident_id]


def test_an_older_version_that_comes_late_is_not_kept(world: World) -> None:
    newer = a_finding(count=7, updated_at=NOON + HOUR)
    first = world.take(newer)
    world.take(a_finding())
    assert Incidents(world.ledger).findings(first.incident_id or "") == [newer]


def test_another_finding_about_the_same_user_joins(world: World) -> None:
    first = world.take(a_finding())
    second = world.take(a_finding(key="arn:aws:guardduty:second"), NOON + HOUR)
    assert second == Outcome(taken=Taken.JOINED, incident_id=first.incident_id, generation=1)
    assert world.runs == [first.incident_id]
    assert len(Incidents(world.ledger).findings(first.incident_id or "")) == 2


def test_a_finding_that_names_nobody_joins_by_what_it_is_about(world: World) -> None:
    first = world.take(a_finding(principals=(), resources=(BUCKET,)))
    pod = Principal(kind=PrincipalKind.KUBERNETES_USER, account=SHOP, name="system:anonymous")
    second = world.take(a_finding(key="other", principals=(pod,), resources=(BUCKET,)))
    assert second.incident_id == first.incident_id


def test_another_account_or_another_user_is_another_incident(world: World) -> None:
    world.take(a_finding())
    world.take(a_finding(key="b", principals=(a_user("bob", "AKIAEXAMPLEEXAMPLE99"),)))
    elsewhere = a_user().model_copy(update={"account": "999900001111"})
    world.take(a_finding(key="c", account="999900001111", principals=(elsewhere,)))
    assert len(world.incidents) == len(world.runs) == 3


def test_the_window_slides_with_each_finding_and_then_closes(world: World) -> None:
    first = world.take(a_finding(key="0"))
    for hours in (20, 40, 60):
        outcome = world.take(a_finding(key=str(hours)), NOON + hours * HOUR)
        assert outcome.incident_id == first.incident_id
    late = world.take(a_finding(key="late"), NOON + 85 * HOUR)
    assert late.taken is Taken.OPENED
    assert late.incident_id != first.incident_id


def test_a_finding_that_adds_a_principal_runs_the_response_again_once(world: World) -> None:
    first = world.take(a_finding())
    both = a_finding(key="both", principals=(a_user(), a_session()))
    for _ in range(3):
        outcome = world.take(both, NOON + HOUR)
        assert outcome.generation == 2
    assert world.runs == [first.incident_id, f"{first.incident_id}-2"]
    assert world.told(first.incident_id or "").count("generation") == 1


def test_a_worse_finding_about_a_known_principal_runs_the_response_again_once(world: World) -> None:
    """An incident that a minor finding opened must not shield the thief from a critical one."""
    stealth = a_finding(
        key="stealth", type="Stealth:IAMUser/CloudTrailLoggingDisabled", severity=Severity.LOW
    )
    first = world.take(stealth)
    worse = a_finding(key="worse", severity=Severity.CRITICAL)
    for _ in range(2):
        outcome = world.take(worse)
        assert (outcome.incident_id, outcome.generation) == (first.incident_id, 2)
    assert world.runs == [first.incident_id, f"{first.incident_id}-2"]


def test_after_a_release_a_new_finding_asks_a_person_once_and_never_cuts(world: World) -> None:
    first = world.take(a_finding())
    world.plan(first)
    for order in world.orders(first):
        assert order.mode is OrderMode.AUTOMATIC
        world.is_released(order, NOON + HOUR)
    known = world.take(a_finding(updated_at=NOON + 2 * HOUR), NOON + 2 * HOUR)
    assert known.generation == 1  # whoever released it knew this finding
    worse = a_finding(
        key="worse", type="AttackSequence:IAM/CompromisedCredentials", severity=Severity.CRITICAL
    )
    for _ in range(2):
        again = world.take(worse, NOON + 2 * HOUR)
        assert (again.incident_id, again.generation) == (first.incident_id, 2)
    modes = [order.mode for order in world.plan(again, NOON + 2 * HOUR).orders]
    assert modes == [OrderMode.APPROVAL, OrderMode.APPROVAL]
    third = world.take(a_finding(key="third", severity=Severity.CRITICAL), NOON + 3 * HOUR)
    assert third.generation == 2  # the question stands
    assert world.runs == [first.incident_id, f"{first.incident_id}-2"]


@pytest.mark.parametrize(
    "later",
    [
        a_finding(key="later"),
        a_finding(updated_at=NOON + HOUR, count=2),
    ],
)
def test_what_monitor_mode_held_is_ordered_when_it_goes_on_in_respond_mode(
    world: World, later: Finding
) -> None:
    first = world.take(a_finding(), mode="monitor")
    held = world.plan(first, mode="monitor").orders
    assert [order.held for order in held] == [True, True]
    assert world.take(a_finding()).generation == 1  # a repeat is no news
    again = world.take(later, NOON + HOUR)
    assert again.generation == 2
    ordered = world.plan(again, NOON + HOUR).orders
    assert [(order.held, order.mode) for order in ordered] == [(False, OrderMode.AUTOMATIC)] * 2
    assert world.take(a_finding(key="last"), NOON + HOUR).generation == 2
    told = [e.text for e in Timeline(world.ledger).events(first.incident_id or "")]
    assert sum("Monitor mode held it." in text for text in told) == 2


def test_what_monitor_mode_held_stays_held_while_the_mode_is_monitor(world: World) -> None:
    first = world.take(a_finding(), mode="monitor")
    world.plan(first, mode="monitor")
    assert world.take(a_finding(key="later"), mode="monitor").generation == 1


def test_an_update_that_adds_a_principal_runs_the_response_again(world: World) -> None:
    first = world.take(a_finding())
    world.take(a_finding(updated_at=NOON + HOUR, principals=(a_user(), a_session())))
    assert world.runs == [first.incident_id, f"{first.incident_id}-2"]


def test_an_attack_sequence_joins_what_its_parts_opened(world: World) -> None:
    first = world.take(a_finding())
    sequence = a_finding(
        key="arn:seq",
        type="AttackSequence:IAM/CompromisedCredentials",
        severity=Severity.CRITICAL,
        sequence_key="arn:seq",
        principals=(a_user(), a_session()),
    )
    assert world.take(sequence).incident_id == first.incident_id
    part = a_finding(key="part", principals=(a_user("carol", "AKIAEXAMPLEEXAMPLE55"),))
    linked = part.model_copy(update={"sequence_key": "arn:seq"})
    assert world.take(linked).incident_id == first.incident_id
    assert len(world.incidents) == 1


def test_a_copy_by_security_hub_joins_whichever_comes_first(world: World) -> None:
    copy = a_finding(source=Source.SECURITY_HUB, principals=(), resources=(BUCKET,))
    first = world.take(copy)
    second = world.take(a_finding())
    assert second.incident_id == first.incident_id
    # The copy named nobody, so what GuardDuty adds is a new generation.
    assert world.runs == [first.incident_id, f"{first.incident_id}-2"]
    later = copy.model_copy(update={"updated_at": NOON + HOUR})
    world.take(later)
    assert Incidents(world.ledger).findings(first.incident_id or "") == [a_finding()]
    assert len(world.incidents) == 1


@pytest.mark.parametrize("mark", ["sample", "archived", "replayed", "own_write_back"])
def test_what_is_no_news_is_recorded_and_opens_nothing(world: World, mark: str) -> None:
    finding = a_finding(**{mark: True})
    assert world.take(finding).taken is Taken.RECORDED
    assert world.take(finding).taken is Taken.RECORDED
    assert (world.incidents, world.runs) == ([], [])
    [recorded] = world.recorded
    assert recorded.finding == finding
    assert recorded.reason


@pytest.mark.parametrize("mark", ["sample", "archived", "replayed", "own_write_back"])
def test_what_is_no_news_never_replaces_what_we_act_upon(world: World, mark: str) -> None:
    first = world.take(a_finding())
    world.take(a_finding(**{mark: True}, updated_at=NOON + HOUR, principals=()))
    assert Incidents(world.ledger).findings(first.incident_id or "") == [a_finding()]
    told = world.told(first.incident_id or "")
    assert ("sent-again" in told) is (mark in ("sample", "archived"))


def test_what_was_recorded_may_open_an_incident_when_it_gets_worse(world: World) -> None:
    assert world.take(a_finding(severity=Severity.LOW)).taken is Taken.RECORDED
    worse = a_finding(updated_at=NOON + HOUR)
    assert world.take(worse, NOON + HOUR).taken is Taken.OPENED


def test_a_minor_finding_joins_an_incident_that_is_open_and_adds_no_generation(
    world: World,
) -> None:
    first = world.take(a_finding())
    minor = a_finding(key="minor", severity=Severity.LOW, principals=(a_user(), a_session()))
    assert world.take(minor).taken is Taken.JOINED
    assert world.runs == [first.incident_id]


def test_a_sample_in_a_drill_opens_an_incident_marked_as_one(world: World) -> None:
    world.take(a_finding(sample=True), drill=True)
    [incident] = world.incidents
    assert incident.drill


def test_a_person_who_sends_a_minor_finding_gets_an_incident(world: World) -> None:
    asked = a_finding(
        severity=Severity.LOW, source=Source.SECURITY_HUB_ACTION, requested_action="Respond"
    )
    assert world.take(asked).taken is Taken.OPENED


def test_a_person_who_sends_a_finding_again_is_on_the_timeline(world: World) -> None:
    first = world.take(a_finding())
    asked = a_finding(source=Source.SECURITY_HUB_ACTION, requested_action="Respond")
    world.take(asked)
    texts = [event.text for event in Timeline(world.ledger).events(first.incident_id or "")]
    assert "A person sent this finding here: Respond." in texts


def clicked(request: Request, **given: Any) -> Finding:
    plain: dict[str, Any] = {
        "source": Source.SECURITY_HUB_ACTION,
        "requested_action": f"Breach {request.value}",
        "request": request,
    }
    return a_finding(**(plain | given))


CLUSTER = {
    "type": "Policy:Kubernetes/ExposedDashboard",
    "principals": (a_user(),),
    "severity": Severity.LOW,
}


def test_a_click_on_contain_asks_the_approvers_whatever_the_policy_leaves_to_a_person(
    world: World,
) -> None:
    for given in (CLUSTER, {"type": "Software/Other", "known_type": False}):
        key = f"{a_finding().key}-{given['type']}"
        first = world.take(clicked(Request.CONTAIN, key=key, **given))
        assert first.taken in (Taken.OPENED, Taken.JOINED)
        world.plan(first)
        orders = world.orders(first)
        assert orders
        assert {order.mode for order in orders} == {OrderMode.APPROVAL}
        assert Silence.PROCEED not in {order.on_silence for order in orders}


def test_a_click_on_contain_of_a_known_finding_runs_the_response_again_once(world: World) -> None:
    serious = {**CLUSTER, "type": "Backdoor:EC2/C&CActivity.B", "severity": Severity.HIGH}
    first = world.take(a_finding(**serious))
    world.plan(first)
    assert not world.orders(first)
    again = world.take(clicked(Request.CONTAIN, **serious))
    assert again.generation == 2
    world.plan(again)
    assert {order.mode for order in world.orders(again)} == {OrderMode.APPROVAL}
    assert world.take(clicked(Request.CONTAIN, **serious)).generation == 2
    later = a_finding(**serious, updated_at=NOON + HOUR)
    assert world.take(later).generation == 2, "an update of the detector takes nothing back"


def test_a_click_on_preserve_opens_an_incident_and_has_nothing_cut(world: World) -> None:
    first = world.take(clicked(Request.PRESERVE))
    assert first.taken is Taken.OPENED
    world.plan(first)
    assert not world.orders(first)


@pytest.mark.parametrize("source", [Source.GUARDDUTY, Source.SECURITY_HUB])
def test_a_click_on_preserve_holds_back_no_cut_of_the_policy(world: World, source: Source) -> None:
    plain = a_finding(source=source)
    for order in ((clicked(Request.PRESERVE), plain), (plain, clicked(Request.PRESERVE))):
        finding = [one.model_copy(update={"key": f"{one.key}{order[0].source}"}) for one in order]
        world.take(finding[0])
        last = world.take(finding[1])
        world.plan(last)
        assert world.orders(last)


@pytest.mark.parametrize(
    ("request_", "says"),
    [
        (Request.RELEASE, "To do it: responder release inc-"),
        (
            Request.KNOWN,
            f"If it is: responder known --account {SHOP} --principal {a_user().arn} "
            "--from 203.0.113.7 --type Exfiltration:S3/AnomalousBehavior --for 8h",
        ),
    ],
)
def test_a_click_on_release_or_known_says_what_to_type_and_does_nothing(
    world: World, request_: Request, says: str
) -> None:
    first = world.take(a_finding())
    before = world.orders(first)
    for _ in range(2):
        done = world.take(clicked(request_))
        assert (done.taken, done.generation) == (Taken.REPEATED, 1)
    texts = [event.text for event in Timeline(world.ledger).events(first.incident_id or "")]
    [said] = [text for text in texts if "custom action" in text]
    assert says in said
    assert "does not say who clicked, so nothing was changed" in said
    assert world.orders(first) == before
    assert world.take(clicked(request_, key=f"{a_finding().key}-other")).taken is Taken.RECORDED


def test_without_a_policy_every_finding_opens_an_incident(world: World) -> None:
    assert world.take(a_finding(severity=Severity.LOW), policy=None).taken is Taken.OPENED
    sample = a_finding(key="s", sample=True)
    assert world.take(sample, policy=None).taken is Taken.RECORDED


def test_a_policy_that_cannot_be_read_is_told_and_is_none() -> None:
    class Unreadable:
        def policy(self) -> Policy:
            raise Broken("the policy, line 3: unreadable")

    told: list[str] = []
    store: Any = Unreadable()
    assert policy_or_none(store, tell=told.append) is None
    assert "line 3" in told[0]


def test_news_about_a_closed_incident_is_a_new_one_that_follows(world: World) -> None:
    first = world.take(a_finding())
    world.close(first.incident_id or "")
    assert world.take(a_finding(), NOON + 2 * HOUR).incident_id == first.incident_id
    went_on = a_finding(updated_at=NOON + 3 * HOUR, last_seen_at=NOON + 2 * HOUR)
    again = world.take(went_on, NOON + 3 * HOUR)
    assert again.taken is Taken.OPENED
    assert again.incident_id != first.incident_id
    third = world.take(a_finding(key="third"), NOON + 3 * HOUR)
    assert third.incident_id == again.incident_id
    later = Incidents(world.ledger).get(again.incident_id or "")
    assert later.follows == (first.incident_id,)
    [found, _] = [
        event.text
        for event in Timeline(world.ledger).events(later.id)
        if event.key.startswith("found:")
    ]
    assert found.endswith(
        f"It follows {first.incident_id}, which arn:aws:sts::{HOME}:assumed-role/OnCall/"
        "ana@example.com closed at 2026-11-23 13:00:00 UTC: the key is replaced"
    )
    assert [run for run in world.runs if run == later.id] == [later.id]


CLOSED_AT = NOON + HOUR
LATE = NOON + 5 * HOUR
# What is sent of a finding that the closed incident holds: what becomes of it, and what is told.
AFTER = {
    "the same": (a_finding(), Taken.REPEATED, []),
    "counted again": (
        a_finding(updated_at=LATE, count=9, last_seen_at=NOON + HOUR / 2),
        Taken.REPEATED,
        ["after-closing"],
    ),
    "a copy": (a_finding(source=Source.SECURITY_HUB, updated_at=LATE), Taken.REPEATED, []),
    "archived": (a_finding(archived=True, updated_at=LATE), Taken.REPEATED, ["sent-again"]),
    "our own note": (a_finding(own_write_back=True, updated_at=LATE), Taken.REPEATED, []),
    "replayed": (a_finding(replayed=True, updated_at=LATE, last_seen_at=LATE), Taken.REPEATED, []),
    "went on": (a_finding(updated_at=LATE, last_seen_at=LATE), Taken.OPENED, []),
    "a copy of what went on": (
        a_finding(source=Source.SECURITY_HUB_V2, updated_at=LATE, last_seen_at=LATE),
        Taken.OPENED,
        [],
    ),
    "worse": (a_finding(updated_at=LATE, severity=Severity.CRITICAL), Taken.OPENED, []),
    "names another": (
        a_finding(updated_at=LATE, principals=(a_user(), a_session())),
        Taken.OPENED,
        [],
    ),
    "a person asks": (clicked(Request.CONTAIN), Taken.OPENED, []),
    "a person says it is known": (clicked(Request.KNOWN), Taken.REPEATED, ["sent-again"]),
}


@pytest.mark.parametrize("what", AFTER)
def test_what_comes_after_it_was_closed_is_news_or_is_kept_with_it_and_pages_nobody(
    world: World, what: str
) -> None:
    finding, taken, told = AFTER[what]
    first = world.take(a_finding())
    before = world.told(first.incident_id or "")
    world.close(first.incident_id or "", at=CLOSED_AT)
    Notices(world.ledger).decide(
        first.incident_id or "", Attention(loud=False, reason="quiet"), now=NOON
    )
    stood = Incidents(world.ledger).get(first.incident_id or "")
    for times in range(3):  # at least once, and never twice
        outcome = world.take(finding, LATE)
        assert outcome.taken is (taken if times == 0 else Taken.REPEATED)
        assert (outcome.incident_id == first.incident_id) is (taken is Taken.REPEATED)
    assert Incidents(world.ledger).get(first.incident_id or "") == stood
    assert sorted(world.told(first.incident_id or "")) == sorted([*before, *told])
    assert world.opener.asked == []
    assert len(world.incidents) == len(world.runs) == (1 if taken is Taken.REPEATED else 2)


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 0, 2), (2, 0, 1)])
def test_in_any_order_what_went_on_opens_one_incident_and_the_rest_joins_or_is_kept(
    world: World, order: tuple[int, ...]
) -> None:
    first = world.take(a_finding())
    world.close(first.incident_id or "", at=CLOSED_AT)
    late = [
        a_finding(updated_at=LATE, count=2, last_seen_at=NOON + HOUR / 2),
        a_finding(updated_at=LATE + HOUR, count=3, last_seen_at=LATE),
        a_finding(source=Source.SECURITY_HUB, updated_at=LATE + 2 * HOUR, last_seen_at=LATE),
    ]
    for place in order:
        for _ in range(2):
            world.take(late[place], LATE + 2 * HOUR)
    [old, new] = sorted(world.incidents, key=lambda incident: incident.opened_at)
    assert (old.id, new.follows) == (first.incident_id, (first.incident_id,))
    assert Incidents(world.ledger).findings(new.id) == [late[1]]
    assert world.runs.count(new.id) == 1


def test_an_incident_whose_window_is_over_is_named_by_the_next(world: World) -> None:
    first = world.take(a_finding(key="0"))
    late = world.take(a_finding(key="1"), NOON + 30 * HOUR)
    assert Incidents(world.ledger).get(late.incident_id or "").follows == (first.incident_id,)
    [event] = [
        one
        for one in Timeline(world.ledger).events(late.incident_id or "")
        if one.key.startswith("found:")
    ]
    assert event.text.endswith(f"It follows {first.incident_id}, which is still open.")


def test_a_key_remembers_who_had_it_before_and_no_more_than_ten_of_them(world: World) -> None:
    key = f"PRINCIPAL#{SHOP}#IAMUser#{a_user().arn}"
    opened = [
        world.take(a_finding(key=str(n)), NOON + n * 30 * HOUR).incident_id for n in range(13)
    ]
    claim = Correlations(world.ledger).claim(key)
    assert claim is not None
    assert list(claim.body.all) == opened[:1:-1]
    world.take(a_finding(key="again"), NOON + 12 * 30 * HOUR + 2 * HOUR)
    again = Correlations(world.ledger).claim(key)
    assert again is not None
    assert again.body.all == claim.body.all


@pytest.mark.parametrize("held", [False, True], ids=["new", "held"])
def test_a_finding_that_comes_while_it_is_closed_is_in_it_or_in_one_that_follows(
    world: World, held: bool
) -> None:
    """Whoever closes it writes after intake read, and before it wrote."""
    first = world.take(a_finding())
    ours = a_finding(updated_at=LATE, last_seen_at=LATE) if held else a_finding(key="ours")
    table = BetweenReadAndWrite(world.ledger.client, lambda: world.close(first.incident_id or ""))
    outcome = world.take(ours, LATE - HOUR, client=table)
    assert outcome.taken is Taken.OPENED
    assert outcome.incident_id != first.incident_id
    seat = Correlations(world.ledger).seat(ours.key)
    assert seat is not None
    assert seat.body.incident_id == outcome.incident_id
    assert ours in Incidents(world.ledger).findings(outcome.incident_id or "")
    assert Incidents(world.ledger).get(first.incident_id or "").closed is not None


def test_a_run_that_dies_between_joining_and_looking_again_loses_nothing(world: World) -> None:
    first = world.take(a_finding())
    ours, ends_at = a_finding(key="ours"), 0
    while True:
        table = BetweenReadAndWrite(
            world.ledger.client, lambda: world.close(first.incident_id or "")
        )
        try:
            world.take(ours, LATE, life=Life(ends_at), client=table)
            break
        except DiedHereError:
            ends_at += 1
        if Incidents(world.ledger).get(first.incident_id or "").closed is not None:
            break
    last = world.take(ours, LATE)
    assert last.incident_id != first.incident_id
    assert len(world.incidents) == 2
    assert last.incident_id in world.runs


SERIES = [
    a_finding(),
    a_finding(updated_at=NOON + HOUR, count=2),
    a_finding(key="second", principals=(a_user(), a_session())),
    a_finding(source=Source.SECURITY_HUB),
]


def _orders() -> Iterator[tuple[int, ...]]:
    yield from [(0, 1, 2, 3), (3, 2, 1, 0), (2, 0, 3, 1), (1, 3, 0, 2)]


@pytest.mark.parametrize("order", list(_orders()))
def test_in_any_order_and_twice_each_it_is_one_incident_with_both_principals(
    world: World, order: tuple[int, ...]
) -> None:
    for place in order:
        world.take(SERIES[place])
        world.take(SERIES[place])
    [incident] = world.incidents
    findings = Incidents(world.ledger).findings(incident.id)
    assert {finding.key for finding in findings} == {a_finding().key, "second"}
    assert SERIES[1] in findings
    assert world.runs[-1] == incident.execution_name
    named = {principal.arn for finding in findings for principal in finding.principals}
    assert named == {a_user().arn, a_session().arn}


@pytest.mark.parametrize("ours", SERIES[:3], ids=["same", "update", "second"])
def test_two_at_the_same_moment_are_one_incident(world: World, ours: Finding) -> None:
    theirs = SERIES[0]
    table = BetweenReadAndWrite(world.ledger.client, lambda: world.take(theirs))
    world.take(ours, client=table)
    [incident] = world.incidents
    keys = {finding.key for finding in Incidents(world.ledger).findings(incident.id)}
    assert keys == {ours.key, theirs.key}
    assert world.runs[-1] == incident.execution_name
    for _, body in [(k, v) for k, v in world.items.items() if k[0].startswith("CORRELATION#")]:
        assert incident.id in body


def test_a_writer_who_is_always_late_asks_to_be_tried_again_and_leaves_nothing(
    world: World,
) -> None:
    first = world.take(a_finding())
    before = world.items

    class AlwaysLate:
        def __getattr__(self, name: str) -> Any:
            return getattr(world.ledger.client, name)

        def transact_write_items(self, **given: Any) -> Any:
            item = world.ledger.get(incident_pk(first.incident_id or ""), INCIDENT)
            assert item is not None
            world.ledger.replace(item, Incident.model_validate_json(item.body))
            return world.ledger.client.transact_write_items(**given)

    with pytest.raises(Unavailable):
        world.take(a_finding(key="late", principals=(a_user(), a_session())), client=AlwaysLate())
    assert world.items == before


@pytest.mark.parametrize("finding", [SERIES[0], SERIES[2]], ids=["opens", "joins"])
def test_a_run_that_dies_at_any_call_is_completed_by_the_next(
    world: World, finding: Finding
) -> None:
    client = world.machine.client
    joins = finding.key == "second"

    def prepare(name: str) -> None:
        world.forget()
        world.machine = a_machine(client, name)
        if joins:
            world.take(SERIES[0])

    prepare("whole")
    whole = Life()
    world.take(finding, life=whole)
    expected, runs = world.items, world.runs
    assert whole.calls > 5
    for ends_at in range(whole.calls):
        prepare(f"dies-{ends_at}")
        before = world.items
        with pytest.raises(DiedHereError):
            world.take(finding, life=Life(ends_at))
        half = set(world.items) - set(before)
        assert not half or (incident_pk(world.incidents[0].id), f"FINDING#{finding.key}") in half
        world.take(finding)
        assert (world.items, world.runs) == (expected, runs)


def test_a_principal_of_another_incident_stays_with_it(world: World) -> None:
    alice = world.take(a_finding())
    bob = world.take(a_finding(key="b", principals=(a_user("bob", "AKIAEXAMPLEEXAMPLE99"),)))
    both = a_finding(key="both", principals=(a_user(), a_user("bob", "AKIAEXAMPLEEXAMPLE99")))
    joined = world.take(both)
    assert joined.incident_id == alice.incident_id
    events = Timeline(world.ledger).events(alice.incident_id or "")
    assert any(bob.incident_id and bob.incident_id in event.text for event in events)
    key = f"PRINCIPAL#{SHOP}#IAMUser#arn:aws:iam::{SHOP}:user/bob"
    assert Correlations(world.ledger).owner(key, now=NOON) == bob.incident_id


def test_an_attack_sequence_with_hundreds_of_names_fits_into_one_write(world: World) -> None:
    many = tuple(a_user(f"u{n}", f"AKIA{n:016d}") for n in range(100))
    assert world.take(a_finding(principals=many, sequence_key="arn:seq")).taken is Taken.OPENED


@pytest.mark.parametrize("loud", [True, False])
def test_a_finding_that_comes_to_a_quiet_incident_has_it_looked_at_again(
    world: World, loud: bool
) -> None:
    opened = world.take(a_finding())
    assert opened.incident_id is not None
    told = Attention(loud=loud, reason="for a reason")
    Notices(world.ledger).decide(opened.incident_id, told, now=NOON)
    assert not world.opener.asked
    at = NOON + timedelta(minutes=9)
    world.take(a_finding(key=f"{a_finding().key}2", severity=Severity.CRITICAL), at)
    asked = {"incident_id": opened.incident_id, "now": at.isoformat()}
    assert world.opener.asked == ([] if loud else [asked])


def test_a_run_that_died_before_it_asked_asks_when_the_finding_is_delivered_again(
    world: World,
) -> None:
    opened = world.take(a_finding())
    told = Attention(loud=False, reason="for a reason")
    Notices(world.ledger).decide(opened.incident_id or "", told, now=NOON)
    worse = a_finding(key=f"{a_finding().key}2", severity=Severity.CRITICAL)
    ends_at = 0
    while not world.opener.asked:
        world.opener.asked.clear()
        try:
            world.take(worse, life=Life(ends_at))
        except DiedHereError:
            assert not world.opener.asked
        ends_at += 1
    world.opener.asked.clear()
    assert world.take(worse).taken is Taken.REPEATED
    assert len(world.opener.asked) == 1

"""What a stolen credential led to is found, kept, and cut by the next generation; once."""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import boto3
import pytest

from responder.aws.breaker import Breaker
from responder.aws.correlations import Correlations
from responder.aws.generations import Generations
from responder.aws.incidents import FINDING, INCIDENT, Incidents
from responder.aws.ledger import Ledger, incident_pk
from responder.aws.lineages import Lineages
from responder.aws.machine import Machine
from responder.aws.receipts import Receipts
from responder.aws.timeline import Timeline
from responder.domain.decision import Mode
from responder.domain.errors import Broken, Unavailable
from responder.domain.finding import Finding
from responder.domain.incident import Incident
from responder.domain.lineage import NodeKind
from responder.domain.order import OrderMode
from responder.domain.policy import DEFAULT_POLICY
from responder.domain.protection import ProtectList, own_roles
from responder.steps import follow
from responder.steps import trace as tracing
from responder.steps.plan import PlanAnswer, PlanRequest, plan
from responder.steps.trace import TraceAnswer, TraceRequest, trace
from tests.asking import APPROVERS
from tests.builders import (
    HOME,
    INCIDENT_ID,
    NOON,
    REGION,
    SHOP,
    a_finding,
    a_session,
    a_user,
    an_incident,
    closed,
)
from tests.trails import (
    GLOBAL,
    STOLEN,
    History,
    assumes,
    by_session,
    by_user,
    key,
    makes_a_key,
    makes_a_user,
    record,
)
from tests.unit.steps.test_intake import a_machine, runs_of
from tests.vaults import DiedHereError, Life

CHAIN = (
    makes_a_key(1, by_user(), "backup", key(7, "AKIA")),
    assumes(2, by_user("backup", key(7, "AKIA")), "ops", "seven", key(1)),
    makes_a_user(3, by_session("ops", "seven", key(1)), "helper"),
)
HELPER = f"arn:aws:iam::{SHOP}:user/helper"


@dataclass
class World:
    """An incident in the table, a machine, and the event history of the shop."""

    ledger: Ledger
    machine: Machine
    history: History = field(default_factory=History)
    pauses: list[float] = field(default_factory=list)

    def joins(self, *findings: Finding) -> None:
        for finding in findings:
            self.ledger.add(incident_pk(INCIDENT_ID), FINDING + finding.key, finding)

    def trace(
        self,
        generation: int = 1,
        *,
        mode: Mode = "respond",
        protect: tuple[str, ...] = (),
        life: Life | None = None,
        client: Any = None,
        now: datetime = NOON,
    ) -> TraceAnswer:
        living = life or Life()
        table = replace(self.ledger, client=living.of(client or self.ledger.client))
        machine = replace(self.machine, client=living.of(self.machine.client))
        return trace(
            TraceRequest(incident_id=INCIDENT_ID, generation=generation, now=now),
            incidents=Incidents(table),
            lineages=Lineages(table),
            generations=Generations(table, machine),
            timeline=Timeline(table),
            clients=self.history,
            policy=DEFAULT_POLICY,
            protect=ProtectList(patterns=protect, own=own_roles()),
            mode=mode,
            pause=self.pauses.append,
        )

    def plan(self, generation: int, mode: Mode = "respond") -> PlanAnswer:
        return plan(
            PlanRequest(incident_id=INCIDENT_ID, generation=generation, now=NOON),
            incidents=Incidents(self.ledger),
            correlations=Correlations(self.ledger),
            receipts=Receipts(self.ledger),
            timeline=Timeline(self.ledger),
            breaker=Breaker(self.ledger),
            lineages=Lineages(self.ledger),
            policy=DEFAULT_POLICY,
            protect=ProtectList(own=own_roles()),
            approvers=APPROVERS,
            mode=mode,
        )

    @property
    def incident(self) -> Incident:
        return Incidents(self.ledger).get(INCIDENT_ID)

    @property
    def runs(self) -> list[str]:
        return runs_of(self.machine)

    @property
    def things(self) -> list[tuple[NodeKind, str | None]]:
        nodes, _ = Lineages(self.ledger).graph(INCIDENT_ID)
        return [(node.kind, node.name) for node in nodes if not node.seed]

    @property
    def gaps(self) -> str:
        found = Lineages(self.ledger).get(INCIDENT_ID)
        assert found is not None
        return "\n".join(found[0].gaps)

    def items(self) -> dict[tuple[str, str], tuple[int, str]]:
        pages = self.ledger.client.get_paginator("scan").paginate(TableName=self.ledger.table)
        return {
            (item["pk"]["S"], item["sk"]["S"]): (int(item["version"]["N"]), item["body"]["S"])
            for page in pages
            for item in page["Items"]
        }


def stand(ledger: Ledger, *records: dict[str, Any]) -> World:
    client = boto3.client("stepfunctions", region_name=REGION)
    world = World(ledger, a_machine(client, f"m{len(records)}"), History(*records))
    ledger.add(incident_pk(INCIDENT_ID), INCIDENT, an_incident())
    world.joins(a_finding())
    world.machine.start(world.incident)
    return world


@pytest.fixture
def world(ledger: Ledger) -> World:
    return stand(ledger, *CHAIN)


def test_three_hops_are_found_and_kept_with_the_events_that_prove_them(world: World) -> None:
    answer = world.trace()
    assert world.things == [
        (NodeKind.ACCESS_KEY, "backup"),
        (NodeKind.ROLE_SESSION, "ops"),
        (NodeKind.USER, "helper"),
    ]
    _, edges = Lineages(world.ledger).graph(INCIDENT_ID)
    assert [edge.event_id for edge in edges] == [one["eventID"] for one in CHAIN]
    assert (answer.nodes, answer.edges, answer.generation) == (4, 3, 2)


def test_the_answer_holds_no_names_of_things(world: World) -> None:
    said = world.trace().model_dump_json()
    assert "helper" not in said
    assert STOLEN not in said
    assert len(said) < 5000


def test_what_was_found_makes_a_generation_whose_plan_cuts_it(world: World) -> None:
    world.plan(1)
    world.trace()
    assert world.incident.generation == 2
    assert world.runs == [INCIDENT_ID, f"{INCIDENT_ID}-2"]
    world.plan(2)
    planned = Incidents(world.ledger).plan(INCIDENT_ID, 2)
    assert planned is not None
    assert [(order.action_id, order.resource, order.mode) for order in planned.orders] == [
        ("iam.deactivate_key", f"arn:aws:iam::{SHOP}:user/backup", OrderMode.AUTOMATIC),
        ("iam.deny_user", HELPER, OrderMode.AUTOMATIC),
        ("iam.deny_role_session", f"arn:aws:iam::{SHOP}:role/ops", OrderMode.APPROVAL),
    ]
    assert planned.orders[0].about[2] == key(7, "AKIA")
    assert "CreateUser-3" in planned.orders[1].reason


def test_a_trace_that_finds_nothing_new_starts_nothing(world: World) -> None:
    world.trace()
    world.plan(2)
    assert world.trace(2, now=NOON + timedelta(minutes=5)).generation is None
    assert world.incident.generation == 2
    assert world.runs == [INCIDENT_ID, f"{INCIDENT_ID}-2"]


def test_what_a_plan_will_not_cut_is_not_asked_for_for_ever(world: World) -> None:
    # No plan of generation 2 is ever made: it is as if another incident had all of it.
    world.trace()
    for generation in (2, 3):
        assert world.trace(generation).generation is None
    assert world.incident.generation == 2


def test_the_same_trace_twice_is_once(world: World) -> None:
    world.trace()
    before = world.items()
    world.trace()
    after = world.items()
    head = (incident_pk(INCIDENT_ID), "LINEAGE")
    assert before.pop(head)[1] == after.pop(head)[1]
    assert before == after


def test_what_the_attacker_makes_later_makes_another_generation(world: World) -> None:
    world.trace()
    world.plan(2)
    world.history.records.append(
        makes_a_user(20, by_session("ops", "seven", key(1)), "second-helper")
    )
    assert world.trace(2, now=NOON + timedelta(minutes=5)).generation == 3
    world.plan(3)
    planned = Incidents(world.ledger).plan(INCIDENT_ID, 3)
    assert planned is not None
    assert [order.resource for order in planned.orders] == [
        f"arn:aws:iam::{SHOP}:user/second-helper"
    ]


def test_an_attacker_without_end_is_left_to_a_person(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tracing, "MOST_STARTED", 1)
    world.trace()
    world.history.records.append(
        makes_a_user(20, by_session("ops", "seven", key(1)), "second-helper")
    )
    assert world.trace(2).generation is None
    assert "trace the rest by hand" in world.gaps


def test_a_run_that_died_anywhere_is_taken_up_and_ends_the_same(ledger: Ledger) -> None:
    whole = Life()
    world = stand(ledger, *CHAIN)
    world.trace(life=whole)
    wanted = world.items()
    head = (incident_pk(INCIDENT_ID), "LINEAGE")
    assert whole.calls > 10
    for ends_at in range(whole.calls):
        for pk, sk in world.items():
            ledger.client.delete_item(
                TableName=ledger.table, Key={"pk": {"S": pk}, "sk": {"S": sk}}
            )
        world = replace(
            world,
            machine=a_machine(world.machine.client, f"again-{ends_at}"),
            history=History(*CHAIN),
        )
        ledger.add(incident_pk(INCIDENT_ID), INCIDENT, an_incident())
        world.joins(a_finding())
        world.machine.start(world.incident)
        with pytest.raises(DiedHereError):
            world.trace(life=Life(ends_at))
        world.trace()
        found = world.items()
        assert found.pop(head)[1] == wanted[head][1], ends_at
        assert found == {name: one for name, one in wanted.items() if name != head}, ends_at
        assert world.runs == [INCIDENT_ID, f"{INCIDENT_ID}-2"], ends_at


def test_what_was_found_stays_when_event_history_no_longer_tells_it(world: World) -> None:
    world.trace()
    world.history.records = [makes_a_user(30, by_session("ops", "seven", key(1)), "late")]
    world.trace(2)
    assert world.things[-1] == (NodeKind.USER, "late")
    assert len(world.things) == 4


def test_it_asks_by_key_where_the_finding_is_and_where_global_services_report(
    world: World,
) -> None:
    world.trace()
    asked = {
        (region, value) for _, region, name, value in world.history.asked if name != "Username"
    }
    assert asked == {
        (region, value) for region in (REGION, GLOBAL) for value in (STOLEN, key(7, "AKIA"), key(1))
    }
    assert len(world.history.asked) == len(set(world.history.asked))
    since = an_incident().first_seen_at - timedelta(hours=24)
    assert world.history.windows == {(since, NOON)}


def test_it_never_asks_more_than_twice_a_second(world: World) -> None:
    world.trace()
    assert len(world.pauses) == len(world.history.asked) - 1
    assert min(world.pauses) >= 0.5


def test_a_history_too_long_is_cut_and_the_gap_says_where(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(follow, "MOST_PAGES_EACH", 2)
    busy = [record("DescribeRegions", n / 60, by_user(), service="ec2") for n in range(220)]
    world = stand(ledger, *busy)
    world.trace()
    assert "cut after 2 pages" in world.gaps


def test_a_run_asks_for_so_many_pages_in_all(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(follow, "MOST_PAGES", 3)
    world.trace()
    assert len(world.history.asked) == 3
    assert "cut after 3 pages" in world.gaps


def test_a_region_that_refuses_is_a_gap_and_the_rest_is_found(world: World) -> None:
    world.history.refusing = {REGION: "AccessDeniedException"}
    world.trace()
    assert (NodeKind.ACCESS_KEY, "backup") in world.things
    assert f"events in {REGION} of {SHOP}" in world.gaps
    assert "AccessDeniedException" in world.gaps


def test_where_nothing_answers_the_trace_fails_and_starts_nothing(world: World) -> None:
    world.history.refusing = {SHOP: "AccessDeniedException"}
    with pytest.raises(Broken):
        world.trace()
    assert world.incident.generation == 1


def test_throttling_is_tried_again_from_what_was_kept(world: World) -> None:
    world.history.refusing = {GLOBAL: "ThrottlingException"}
    with pytest.raises(Unavailable):
        world.trace()
    world.history.refusing = {}
    assert world.trace().generation == 2


def test_a_role_in_another_account_is_followed_there_if_we_are_let_in(ledger: Ledger) -> None:
    there = assumes(1, by_user(), "audit", "one", key(1), account=HOME)
    then = makes_a_user(2, by_session("audit", "one", key(1), account=HOME), "helper") | {
        "recipientAccountId": HOME
    }
    world = stand(ledger, there, then)
    world.trace()
    nodes, _ = Lineages(ledger).graph(INCIDENT_ID)
    assert [(node.kind, node.account) for node in nodes if not node.seed] == [
        (NodeKind.ROLE_SESSION, HOME),
        (NodeKind.USER, HOME),
    ]


def test_an_account_that_does_not_let_us_in_is_a_gap_and_its_role_is_for_a_person(
    ledger: Ledger,
) -> None:
    world = stand(ledger, assumes(1, by_user(), "audit", "one", key(1), account=HOME))
    world.history.refusing = {HOME: "AccessDenied"}
    assert world.trace().generation is None
    assert HOME in world.gaps
    [refusal] = Incidents(ledger).refusals(INCIDENT_ID)
    assert HOME in refusal.resource


def test_other_keys_of_the_users_are_found_and_asked_about(ledger: Ledger) -> None:
    iam = boto3.client("iam", region_name=REGION)
    iam.create_user(UserName="orders-export")
    other = iam.create_access_key(UserName="orders-export")["AccessKey"]["AccessKeyId"]
    off = iam.create_access_key(UserName="orders-export")["AccessKey"]["AccessKeyId"]
    iam.update_access_key(UserName="orders-export", AccessKeyId=off, Status="Inactive")
    world = stand(ledger)
    assert world.trace().generation == 2
    world.plan(2)
    asked = [o for o in Incidents(ledger).orders(INCIDENT_ID) if o.mode is OrderMode.APPROVAL]
    assert [order.about[2] for order in asked] == [other]


def test_a_role_with_a_path_is_asked_about_by_its_real_arn(ledger: Ledger) -> None:
    iam = boto3.client("iam", region_name=REGION)
    made = iam.create_role(RoleName="deploy", Path="/ci/", AssumeRolePolicyDocument="{}")
    edit = record("UpdateAssumeRolePolicy", 1, by_user(), {"roleName": "deploy"})
    world = stand(ledger, edit)
    world.trace()
    assert made["Role"]["Arn"] in {value for *_, value in world.history.asked}


def test_what_has_no_action_is_on_record_for_a_person_and_starts_nothing(ledger: Ledger) -> None:
    url = record(
        "CreateFunctionUrlConfig", 1, by_user(), {"functionName": "pay"}, {}, service="lambda"
    )
    world = stand(ledger, url)
    assert world.trace().generation is None
    [refusal] = Incidents(ledger).refusals(INCIDENT_ID)
    assert "delete-function-url-config --function-name pay" in refusal.next_step


def test_what_is_protected_starts_nothing(ledger: Ledger) -> None:
    world = stand(ledger, makes_a_user(1, by_user(), "helper"))
    assert world.trace(protect=("helper",)).generation is None
    [refusal] = Incidents(ledger).refusals(INCIDENT_ID)
    assert refusal.resource == HELPER


def test_monitor_mode_shows_it_once_and_respond_asks_again(ledger: Ledger) -> None:
    world = stand(ledger, makes_a_user(1, by_user(), "helper"))
    assert world.trace(mode="monitor").generation == 2
    world.plan(2, mode="monitor")
    assert all(order.held for order in Incidents(ledger).orders(INCIDENT_ID))
    assert world.trace(2, mode="monitor").generation is None
    assert world.trace(2).generation == 3


def test_a_closed_incident_is_traced_and_not_run_again(world: World) -> None:
    item = world.ledger.get(incident_pk(INCIDENT_ID), INCIDENT)
    assert item is not None
    world.ledger.replace(item, closed(world.incident))
    assert world.trace().generation is None
    assert len(world.things) == 3
    assert world.runs == [INCIDENT_ID]


def test_a_finding_that_joins_in_between_is_not_overwritten(world: World) -> None:
    class Between:
        """Intake writes the incident after the trace has read it, once."""

        done = False

        def __getattr__(self, name: str) -> Any:
            return getattr(world.ledger.client, name)

        def transact_write_items(self, **given: Any) -> Any:
            if not self.done:
                self.done = True
                item = world.ledger.get(incident_pk(INCIDENT_ID), INCIDENT)
                assert item is not None
                grown = world.incident.model_copy(update={"generation": 2})
                world.ledger.replace(item, grown)
            return world.ledger.client.transact_write_items(**given)

    assert world.trace(client=Between()).generation == 3
    assert world.incident.generation == 3


def test_a_principal_whose_calls_cannot_be_told_apart_is_a_gap(world: World) -> None:
    role = a_session().model_copy(update={"access_key_id": None, "session_name": None})
    world.joins(a_finding(key="another", principals=(role, a_user())))
    world.trace()
    assert "cannot be told apart" in world.gaps


def test_it_says_what_event_history_does_not_show(world: World) -> None:
    world.trace()
    assert "data events" in world.gaps
    assert f"regions other than {GLOBAL}, {REGION}" in world.gaps
    assert "may not have arrived" in world.gaps


def test_the_timeline_says_once_what_was_traced_and_why_the_response_runs_again(
    world: World,
) -> None:
    world.trace()
    world.trace()
    told = [event for event in Timeline(world.ledger).events(INCIDENT_ID) if event.by == "trace"]
    assert sorted(event.key for event in told) == ["generation:2", "traced:1"]
    assert "3 things" in next(event.text for event in told if event.key == "traced:1")

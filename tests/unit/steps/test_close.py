"""An incident is closed once, by a person, and only when nothing of it goes on."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from responder.aws.approvals import Approvals
from responder.aws.clocks import Clocks
from responder.aws.closings import Closings
from responder.aws.correlations import Correlations, Seat
from responder.aws.evidence import Shelf
from responder.aws.incidents import FINDING, Incidents
from responder.aws.ledger import Ledger, Write, incident_pk
from responder.aws.machine import Machine
from responder.aws.receipts import Receipts
from responder.aws.reporter import Reporter
from responder.aws.timeline import Timeline
from responder.domain.approval import Approval, ApprovalStatus
from responder.domain.clock import ClockState
from responder.domain.errors import Refused, Unavailable
from responder.domain.finding import Finding
from responder.domain.incident import Incident
from responder.domain.order import Order, OrderMode, Plan, Receipt, ReceiptStatus
from responder.steps.close import CloseAnswer, CloseRequest, close
from tests.builders import (
    FINDING_ARN,
    INCIDENT_ID,
    NOON,
    a_clock,
    a_finding,
    a_user,
    an_incident,
    an_order,
)
from tests.closing import is_kept, is_sealed, what_is_read
from tests.consoles import PERSON, fits, refusing
from tests.vaults import DiedHereError, Life

LATER = NOON + timedelta(hours=2)
BEN = "arn:aws:iam::444455556666:user/ben"


class Executions:
    """Step Functions, as far as listing goes."""

    def __init__(self) -> None:
        self.running: list[str] = []

    def get_paginator(self, name: str) -> "Executions":
        assert name == "list_executions"
        return self

    def paginate(self, **given: Any) -> list[dict[str, Any]]:
        fits("stepfunctions", "ListExecutions", given)
        assert given["statusFilter"] == "RUNNING"
        return [{"executions": [{"name": name} for name in self.running]}]


@dataclass
class Pages:
    """What stands for Lambda: keeps which pages were asked for."""

    asked: list[dict[str, Any]] = field(default_factory=list)

    def invoke(self, **given: Any) -> dict[str, Any]:
        fits("lambda", "Invoke", given)
        assert given["InvocationType"] == "Event"
        self.asked.append(json.loads(given["Payload"]))
        return {"StatusCode": 202}


@dataclass
class World:
    """One incident that is sealed, and all that may stand against closing it."""

    ledger: Ledger
    states: Executions = field(default_factory=Executions)
    pages: Any = field(default_factory=Pages)
    jurisdictions: tuple[str, ...] = ()

    def opened(self, *orders: Order, **given: Any) -> None:
        """With its finding, which has its seat."""
        self.joins(a_finding(), an_incident(**given))
        plan = Plan(incident_id=INCIDENT_ID, generation=1, planned_at=NOON, orders=orders)
        Incidents(self.ledger).save_plan(plan)

    def joins(self, finding: Finding, incident: Incident | None = None) -> None:
        """What intake writes about a finding."""
        pk, seats = incident_pk(INCIDENT_ID), Correlations(self.ledger)
        writes = [
            Write(pk, FINDING + finding.key, finding),
            seats.seating(finding.key, Seat(incident_id=INCIDENT_ID), None),
        ]
        if incident is not None:
            writes.append(Write(pk, "INCIDENT", incident))
        assert self.ledger.together(writes)

    def filed(self, order: Order, status: ReceiptStatus, **given: Any) -> None:
        Receipts(self.ledger).file(Receipt(order=order, status=status, **given))

    def answered(self, order: Order, status: ApprovalStatus) -> None:
        Approvals(self.ledger).create(
            Approval(
                approval_id=f"apr-{order.order_id}",
                incident_id=INCIDENT_ID,
                order_id=order.order_id,
                plan_hash="0" * 64,
                status=status,
                requested_at=NOON,
                expires_at=LATER,
            ),
            "token",
        )

    def close(
        self,
        by: str = PERSON,
        at: datetime = LATER,
        *,
        ledger: Ledger | None = None,
        because: str = "the key is replaced",
        **given: Any,
    ) -> CloseAnswer:
        table = ledger or self.ledger
        return close(
            CloseRequest(incident_id=INCIDENT_ID, by=by, because=because, **given),
            reads=what_is_read(table, self.jurisdictions),
            closings=Closings(table, Correlations(table)),
            machine=Machine("arn:aws:states:us-west-2:444455556666:stateMachine:r", self.states),  # type: ignore[arg-type]
            timeline=Timeline(table),
            reporter=Reporter(self.pages, "report"),
            now=at,
        )

    @property
    def incident(self) -> Incident:
        return Incidents(self.ledger).get(INCIDENT_ID)

    def said(self) -> list[str]:
        return [f"{one.by}: {one.text}" for one in Timeline(self.ledger).events(INCIDENT_ID)]

    def items(self) -> dict[tuple[str, str], str]:
        pages = self.ledger.client.get_paginator("scan").paginate(TableName=self.ledger.table)
        return {
            (item["pk"]["S"], item["sk"]["S"]): item["body"]["S"]
            for page in pages
            for item in page["Items"]
        }


@pytest.fixture
def world(ledger: Ledger) -> World:
    return World(ledger)


def why_not(world: World, **given: Any) -> str:
    """What a refusal says; nothing was changed by it."""
    before = world.items()
    with pytest.raises(Refused) as refused:
        world.close(**given)
    assert world.items() == before
    assert world.pages.asked == []
    return str(refused.value)


def test_it_is_closed_once_and_the_first_who_when_and_why_stay(world: World) -> None:
    world.opened()
    is_sealed(world.ledger)
    first = world.close()
    assert (first.by, first.at, first.why) == (PERSON, LATER, "the key is replaced")
    assert world.close(BEN, LATER + timedelta(hours=1), because="me too") == first
    over = world.incident.closed
    assert over is not None
    assert (over.by, over.at, over.why) == (PERSON, LATER, "the key is replaced")
    assert world.said() == [f"{PERSON}: Closed: the key is replaced."]
    assert world.pages.asked == [{"incident_id": INCIDENT_ID, "now": LATER.isoformat()}]
    assert Closings(world.ledger, Correlations(world.ledger)).late(until=LATER) == []
    late = LATER + timedelta(hours=1)
    assert Closings(world.ledger, Correlations(world.ledger)).late(until=late) == [INCIDENT_ID]


def test_everything_that_stands_against_it_is_named_at_once_and_nothing_is_changed(
    world: World,
) -> None:
    asked, busy, left = (
        an_order(mode=OrderMode.APPROVAL),
        an_order("iam.deactivate_key"),
        an_order(principal=a_user("other")),
    )
    world.opened(asked, busy, left, generation=2)
    world.filed(busy, ReceiptStatus.APPLIED)
    world.filed(left, ReceiptStatus.LEFT, note="AccessDenied")
    world.states.running = [f"{INCIDENT_ID}-2", "inc-20261123-ffffffffff"]
    Clocks(world.ledger).add(a_clock())
    is_sealed(world.ledger)
    is_kept(world.ledger, "ec2.memory/0001", LATER)
    said = why_not(world, by=a_user().arn)
    for reason in (
        f"{a_user().arn} is a principal of it",
        f"its response still runs ({INCIDENT_ID}-2)",
        f"{asked.order_id} (iam.deny_user on {asked.resource}) waits for a yes or a no",
        f"{busy.order_id} (iam.deactivate_key on {busy.resource}) is being carried out",
        f"{left.order_id} (iam.deny_user on {left.resource}) was left to a person, and nobody",
        "1 deadline is open: us-ca-individuals",
        "evidence of generation 2 is not sealed",
        "kept after the last seal, and not sealed: ec2.memory/0001",
    ):
        assert reason in said
    assert said.startswith(f"{INCIDENT_ID} stays open, and nothing was changed. 8 things stand")
    assert "ffffffffff" not in said


@pytest.mark.parametrize("status", list(ReceiptStatus))
@pytest.mark.parametrize("answer", [None, *ApprovalStatus])
def test_an_order_stands_against_it_until_it_came_to_an_end(
    world: World, status: ReceiptStatus, answer: ApprovalStatus | None
) -> None:
    order = an_order(mode=OrderMode.APPROVAL)
    world.opened(order)
    is_sealed(world.ledger)
    released = {"released_by": BEN} if status is ReceiptStatus.RELEASED else {}
    world.filed(order, status, contained_at=NOON, **released)
    if answer is not None:
        world.answered(order, answer)
    denied = status is ReceiptStatus.LEFT and answer is ApprovalStatus.DENIED
    if denied or status in (ReceiptStatus.CONTAINED, ReceiptStatus.RELEASED):
        world.close()
        assert world.incident.closed is not None
    else:
        assert order.order_id in why_not(world)


@pytest.mark.parametrize("answer", [None, *ApprovalStatus])
def test_an_order_without_a_receipt_stands_against_it_unless_monitor_mode_held_it(
    world: World, answer: ApprovalStatus | None
) -> None:
    order = an_order(mode=OrderMode.APPROVAL)
    held = an_order("iam.deactivate_key", held=True)
    world.opened(order, held)
    is_sealed(world.ledger)
    if answer is not None:
        world.answered(order, answer)
    said = why_not(world)
    waits = answer in (None, ApprovalStatus.WAITING)
    assert ("waits for a yes or a no" in said) is waits
    assert ("was not carried out yet" in said) is not waits
    assert held.order_id not in said


def test_an_order_that_is_being_put_back_stands_against_it(world: World) -> None:
    world.opened(an_order())
    is_sealed(world.ledger)
    world.filed(an_order(), ReceiptStatus.CONTAINED, contained_at=NOON, released_by=BEN)
    assert "is being put back" in why_not(world)


def test_what_a_stronger_order_replaced_is_over(world: World) -> None:
    weak = an_order(held=True)
    strong = an_order(order_id=Order.make_id(INCIDENT_ID, "a", "b", None))
    world.opened(weak, strong)
    is_sealed(world.ledger)
    world.filed(weak, ReceiptStatus.LEFT, replaced_by=strong.order_id)
    world.filed(strong, ReceiptStatus.CONTAINED, contained_at=NOON)
    assert [one.order_id for one in world.close().still_cut] == [strong.order_id]


def test_what_became_of_what_people_were_left_is_said_and_stands_on_record(world: World) -> None:
    order = an_order()
    world.opened(order)
    is_sealed(world.ledger)
    world.filed(order, ReceiptStatus.LEFT)
    other = Order.make_id(INCIDENT_ID, "a", "b", None)
    wrong = why_not(world, left={order.order_id: "deleted by hand", other: "gone"})
    assert f"{other} was not left to a person" in wrong
    assert order.order_id not in wrong
    world.close(left={order.order_id: "deleted by hand"})
    assert world.incident.closed is not None
    assert world.incident.closed.left == {order.order_id: "deleted by hand"}
    assert f"{order.order_id}: deleted by hand." in world.said()[-1]


def test_the_console_says_it_as_one_text() -> None:
    one, two = f"ord-{'0' * 20}", f"ord-{'1' * 20}"

    def asked(left: str) -> dict[str, str]:
        request = CloseRequest.model_validate(
            {"incident_id": INCIDENT_ID, "by": PERSON, "because": "over", "left": left}
        )
        return request.left

    assert asked(f"{one}=deleted; it was ours; {two} = cut by hand;") == {
        one: "deleted; it was ours",
        two: "cut by hand",
    }
    for wrong in ("deleted", f"x; {one}=a", f"{one}=a; {one}=b", f"{one}="):
        with pytest.raises(ValidationError):
            asked(wrong)


@pytest.mark.parametrize("state", list(ClockState))
def test_a_deadline_stands_against_it_until_it_is_met_or_not_owed_or_waived(
    world: World, state: ClockState
) -> None:
    world.opened()
    is_sealed(world.ledger)
    Clocks(world.ledger).add(a_clock(state=state))
    if state in (ClockState.FULFILLED, ClockState.NOT_OWED, ClockState.WAIVED):
        world.close()
        assert world.incident.closed is not None
    else:
        assert "1 deadline is open" in why_not(world)


def test_that_no_deadline_was_counted_is_not_that_none_is_open(world: World) -> None:
    world.jurisdictions = ("US-CA",)
    world.opened()
    is_sealed(world.ledger)
    assert "no deadline was counted yet" in why_not(world)


def test_many_deadlines_are_counted_and_some_are_named(world: World) -> None:
    world.opened()
    is_sealed(world.ledger)
    for number in range(30):
        Clocks(world.ledger).add(a_clock(f"c{number:02d}"))
    said = why_not(world)
    assert "30 deadlines are open: c00, c01" in said
    assert said.endswith("and 20 more")


def test_it_undoes_no_cut_and_lists_what_stands(world: World) -> None:
    order, other = an_order(), an_order("iam.deactivate_key")
    world.opened(order, other)
    is_sealed(world.ledger)
    world.filed(order, ReceiptStatus.CONTAINED, contained_at=NOON)
    world.filed(other, ReceiptStatus.RELEASED, contained_at=NOON, released_by=BEN)
    [still] = world.close().still_cut
    assert (still.order_id, still.since) == (order.order_id, NOON)
    before = Receipts(world.ledger).get(INCIDENT_ID, order.order_id)
    assert before is not None
    assert before.status is ReceiptStatus.CONTAINED
    assert world.incident.closed is not None
    assert world.incident.closed.held == {order.resource: NOON}


def test_a_drill_is_closed_alike_and_one_that_is_not_there_is_named(world: World) -> None:
    with pytest.raises(Refused, match=f"there is no incident {INCIDENT_ID}"):
        world.close()
    world.opened(drill=True)
    is_sealed(world.ledger)
    assert world.close().incident_id == INCIDENT_ID


@dataclass
class JustBefore:
    """A table in which something else happens just before a write of several items."""

    client: Any
    happens: Callable[[], object] | None

    def __getattr__(self, name: str) -> Any:
        return getattr(self.client, name)

    def transact_write_items(self, **given: Any) -> Any:
        if self.happens is not None:
            happens, self.happens = self.happens, None
            happens()
        return self.client.transact_write_items(**given)


def test_a_finding_that_joins_at_the_same_moment_keeps_it_open(world: World) -> None:
    world.opened()
    is_sealed(world.ledger)
    table = Ledger(
        world.ledger.table,
        JustBefore(world.ledger.client, lambda: world.joins(a_finding(key="second"))),  # type: ignore[arg-type]
    )
    with pytest.raises(Refused, match=r"joined .* at this very moment, so it stays open"):
        world.close(ledger=table)
    assert world.incident.closed is None
    assert world.incident.status.value == "open"
    assert Closings(world.ledger, Correlations(world.ledger)).is_resolved(INCIDENT_ID)
    late = LATER + timedelta(days=1)
    assert Closings(world.ledger, Correlations(world.ledger)).late(until=late) == []
    again = world.close(at=LATER + timedelta(minutes=1))
    assert again.at == LATER + timedelta(minutes=1)
    assert [line.partition(": ")[2][:12] for line in world.said()] == [
        "Closed: the ",
        "It is open a",
        "Closed: the ",
    ]


def test_one_that_another_incident_took_meanwhile_keeps_nothing_open(world: World) -> None:
    world.opened()
    is_sealed(world.ledger)
    second = a_finding(key="second")

    def joins_and_leaves() -> None:
        world.joins(second)
        seats = Correlations(world.ledger)
        seen = seats.seat(second.key)
        elsewhere = Seat(incident_id="inc-20261123-ffffffffff")
        assert world.ledger.together([seats.seating(second.key, elsewhere, seen)])

    table = Ledger(world.ledger.table, JustBefore(world.ledger.client, joins_and_leaves))  # type: ignore[arg-type]
    world.close(ledger=table)
    assert world.incident.closed is not None
    assert FINDING_ARN in {one.key for one in Incidents(world.ledger).findings(INCIDENT_ID)}


def test_a_generation_that_is_claimed_at_the_same_moment_is_looked_at_first(world: World) -> None:
    world.opened()
    is_sealed(world.ledger)

    def grows() -> None:
        item = Incidents(world.ledger).item(INCIDENT_ID)
        assert item is not None
        world.ledger.replace(item, an_incident(generation=2))

    table = Ledger(world.ledger.table, JustBefore(world.ledger.client, grows))  # type: ignore[arg-type]
    with pytest.raises(Refused, match="evidence of generation 2 is not sealed"):
        world.close(ledger=table)
    assert world.incident == an_incident(generation=2)


def test_a_run_that_dies_at_any_call_is_completed_by_the_next(world: World) -> None:
    world.opened()
    is_sealed(world.ledger)
    ends_at = 0
    while True:
        dying = Ledger(world.ledger.table, Life(ends_at).of(world.ledger.client))
        try:
            answer = world.close(ledger=dying)
            break
        except DiedHereError:
            ends_at += 1
    assert ends_at > 10
    assert answer == world.close()
    assert world.said() == [f"{PERSON}: Closed: the key is replaced."]
    assert len(world.pages.asked) <= 1


def test_a_last_page_that_cannot_be_asked_for_keeps_nothing_open(world: World) -> None:
    world.opened()
    is_sealed(world.ledger)
    world.pages.invoke = refusing("ResourceNotFoundException")
    world.close()
    assert world.incident.closed is not None
    assert "No last page was written" in world.said()[-1]


def test_whether_it_still_runs_is_not_guessed(world: World) -> None:
    world.opened()
    is_sealed(world.ledger)
    world.states.paginate = refusing("ThrottlingException")  # type: ignore[method-assign]
    with pytest.raises(Unavailable):
        world.close()
    assert world.incident.closed is None


def test_seals_are_of_the_shelf_of_seals(world: World) -> None:
    """Evidence that is called like a manifest is none."""
    world.opened()
    is_kept(world.ledger, "manifest/0001", NOON, Shelf.EVIDENCE)
    assert "evidence of generation 1 is not sealed" in why_not(world)


def test_a_finding_that_says_it_is_of_tomorrow_keeps_nothing_open(world: World) -> None:
    world.joins(a_finding(last_seen_at=LATER + timedelta(days=1)), an_incident())
    is_sealed(world.ledger)
    world.close()
    assert world.incident.closed is not None

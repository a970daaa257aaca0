"""Boards for tests: an empty one, one incident, and a night with thirty."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from responder.domain.approval import Yes
from responder.domain.clock import ClockState
from responder.domain.finding import Severity
from responder.domain.incident import Channel
from responder.domain.order import Order, OrderMode, ReceiptStatus
from responder.domain.rehash import Fault, Rehash, Wrong
from responder.report.board import Board, Case, Check, Duty, Queue, Theme, Verdict, View
from responder.report.board_page import render
from responder.report.model import Report
from tests.builders import NOON, a_clock, a_finding, a_session, an_incident, an_order
from tests.unit.report.reports import HERE, a_receipt, a_report, after, an_approval

ENDPOINT = "arn:aws:lambda:us-west-2:444455556666:function:customWidget-breach-responder-board"
NOW = after(minutes=10)
LONG = "maria-magdalena.von-und-zu-unterwasserschweiss@customer-data.example.com"[:64]
SSO = "arn:aws:sts::444455556666:assumed-role/AWSReservedSSO_IncidentResponders_0a"
_STATES = (
    ReceiptStatus.OBSERVED,
    ReceiptStatus.APPLIED,
    ReceiptStatus.CONTAINED,
    ReceiptStatus.RELEASED,
    ReceiptStatus.LEFT,
)
_SEVERITIES = tuple(Severity)


def an_id(number: int) -> str:
    return f"inc-20261123-{number:010x}"


def asks(number: int, **given: Any) -> Report:
    """An incident with one order that a person is asked about, until `number` minutes from noon."""
    order = _order(number, mode=OrderMode.APPROVAL)
    approval = an_approval(
        order,
        incident_id=an_id(number),
        approval_id=f"apr-{number}",
        expires_at=after(minutes=number),
        automation_id=f"4105a4fc-f944-11e6-9d32-{number:012d}",
    )
    return a_case(number, orders=(order,), approvals=(approval,), **given)


def stands(number: int, status: ReceiptStatus, **given: Any) -> Report:
    """An incident with one order that came so far."""
    order = _order(number)
    times = {
        "released_at": after(minutes=2) if status is ReceiptStatus.RELEASED else None,
        "contained_at": after(seconds=35) if status is ReceiptStatus.CONTAINED else None,
    }
    receipt = a_receipt(order, status=status, **times)
    return a_case(number, orders=(order,), receipts=(receipt,), **given)


def a_case(number: int, **given: Any) -> Report:
    plain: dict[str, Any] = {
        "incident": an_incident(
            id=an_id(number),
            title=f"Unusual amount of data read from bucket {number}",
            severity=_SEVERITIES[number % len(_SEVERITIES)],
            opened_at=NOON + timedelta(seconds=number),
            channel=Channel(id="ops_center", reference=f"oi-{number:012x}", opened_at=NOON),
        ),
        "generation": 1,
        "made_at": NOW,
        "here": HERE,
        "titles": {"iam.deny_user": "Deny the user everything"},
        "findings": (a_finding(),),
        "clocks": (
            a_clock(incident_id=an_id(number), due_at=after(days=20 + number)),
            a_clock(
                "us-tx-attorney-general",
                incident_id=an_id(number),
                jurisdiction_name="Texas",
                recipient_name="Attorney General",
                due_at=None,
                act_by=None,
                state=ClockState.WAITING,
            ),
        ),
    }
    return Report(**(plain | given))


def asks_together(number: int, *, answered: int) -> Report:
    """An incident with orders that one question asks two people about; one has said yes."""
    group: dict[str, Any] = {
        "group": "q1-1800s-escalate-2-1",
        "people_needed": 2,
        "mode": OrderMode.APPROVAL,
    }
    orders = [
        an_order(
            principal=a_session(role, session=LONG),
            incident_id=an_id(number),
            order_id=f"ord-{place:020x}",
            reason=f"A finding of severity 8 names the role. {LONG}",
            **group,
        )
        for place, role in enumerate(("orders-export", "web-tier", "nightly-billing-run"))
    ]
    yes = Yes(by=f"{SSO}/{LONG}", at=after(minutes=4), automation_id="a")
    approvals = [
        an_approval(
            order,
            incident_id=an_id(number),
            approval_id=f"apr-{order.order_id}",
            group=order.group,
            yeses=(yes,) if place < answered else (),
        )
        for place, order in enumerate(orders)
    ]
    return a_case(number, orders=tuple(orders), approvals=tuple(approvals))


def _order(number: int, **given: Any) -> Order:
    return an_order(
        principal=a_session(session=f"session-{number}"),
        incident_id=an_id(number),
        order_id=f"ord-{number:020x}",
        **given,
    )


def _thirty() -> Iterator[Case]:
    for number in range(30):
        is_asked = number % 3 == 0
        status = _STATES[number % len(_STATES)]
        report = asks(number + 11) if is_asked else stands(number + 11, status)
        yield Case(report=report, rehash=_rehash(number) if number % 4 else None)


def _rehash(number: int) -> Rehash:
    wrong = Wrong(name="iam/x", key="k", version_id="v", fault=Fault.CHANGED, found="0" * 64)
    return Rehash(
        incident_id=an_id(number + 11),
        due_at=after(days=7 - number),
        last_began_at=after(hours=-2) if number % 2 else None,
        standing=(wrong,) if number % 7 == 1 else (),
    )


QUEUES = (
    Queue(title="Findings", holds="events", is_dead_letters=False, waiting=3, in_flight=2),
    Queue(title="Touches", holds="calls of IAM", is_dead_letters=False, said="SQS did not answer"),
    Queue(title="Dead letters", holds="unread", is_dead_letters=True, waiting=1, in_flight=0),
)
CHECKS = (
    Check(title="Cuts are carried out", verdict=Verdict.PASS, said="The stack runs in respond."),
    Check(title="Somebody is on call", verdict=Verdict.FAIL, said="Nobody.", next_step="Write it."),
    Check(title="Findings arrive", verdict=Verdict.UNKNOWN, said="None is on record."),
)
ON_CALL = (
    Duty(level="primary", person="Ana Ruiz", until=after(hours=8), then="Ben Okafor"),
    Duty(level="manager", person=None, until=after(hours=2), then=None),
)


def a_board(*cases: Case, **given: Any) -> Board:
    plain: dict[str, Any] = {
        "made_at": NOW,
        "here": HERE,
        "mode": "respond",
        "release_document": "breach-responder-release",
        "cases": cases,
        "queues": QUEUES,
        "checks": CHECKS,
        "on_call": ON_CALL,
    }
    return Board(**(plain | given))


def together(answered: int = 3) -> Board:
    """One question about three orders; the first of two people approved so many of them."""
    return a_board(Case(report=asks_together(1, answered=answered)))


def thirty() -> Board:
    return a_board(*_thirty())


def one() -> Board:
    report = a_report(made_at=NOW)
    return a_board(Case(report=report, rehash=_rehash(3)))


def shown(board: Board, view: View, theme: Theme = Theme.AUTO) -> str:
    return render(board, view, theme=theme, endpoint=ENDPOINT)

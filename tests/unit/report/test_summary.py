from typing import Any

import pytest

from responder.domain.approval import ApprovalStatus
from responder.domain.clock import ClockKind, ClockState, Standing
from responder.domain.order import OrderMode, ReceiptStatus
from responder.report import order_lines, summary
from responder.report.model import Report
from responder.report.order_lines import Stands
from responder.report.summary import Whose
from tests.builders import a_clock, a_closing, a_session, a_user, an_incident, an_order, closed
from tests.unit.report.reports import a_receipt, a_report, after, an_approval


def cut(report: Report) -> str:
    return " ".join(summary.what_was_cut(report, order_lines.lines(report)))


def standings(report: Report) -> list[Stands]:
    return [line.stands for line in order_lines.lines(report)]


def test_monitor_mode_says_that_nothing_was_cut() -> None:
    report = a_report(orders=(an_order(held=True),), receipts=())
    assert cut(report).startswith("Nothing was cut")
    assert standings(report) == [Stands.HELD]


def test_no_plan_is_not_told_as_good_news() -> None:
    assert "Nothing was cut" in cut(a_report(orders=(), receipts=()))


def test_a_cut_that_was_not_read_twice_is_not_called_contained() -> None:
    order = an_order()
    for status, stands in (
        (ReceiptStatus.OBSERVED, Stands.BEGUN),
        (ReceiptStatus.APPLIED, Stands.CUT),
    ):
        receipt = a_receipt(order, status=status, contained_at=None)
        report = a_report(orders=(order,), receipts=(receipt,))
        assert standings(report) == [stands]
        assert "Nothing is verified contained" in cut(report)
        assert summary.contained_from_to(order_lines.lines(report)) is None


def test_contained_is_told_once_every_order_is_with_the_time_of_the_last() -> None:
    deny, key = an_order("iam.deny_user"), an_order("iam.deactivate_key")
    first, last = a_receipt(deny), a_receipt(key, contained_at=after(seconds=50))
    half = a_report(orders=(deny, key), receipts=(first,))
    assert summary.contained_from_to(order_lines.lines(half)) is None
    whole = a_report(orders=(deny, key), receipts=(first, last))
    assert summary.contained_from_to(order_lines.lines(whole)) == (
        after(seconds=35),
        after(seconds=50),
    )
    assert "50 seconds after the incident was opened" in cut(whole)


def test_what_was_released_no_longer_counts_as_contained() -> None:
    order = an_order()
    receipt = a_receipt(order, status=ReceiptStatus.RELEASED, released_at=after(hours=1))
    report = a_report(orders=(order,), receipts=(receipt,))
    assert standings(report) == [Stands.RELEASED]
    assert summary.contained_from_to(order_lines.lines(report)) is None


def test_an_answer_decides_how_an_order_that_asks_stands() -> None:
    order = an_order(mode=OrderMode.APPROVAL, principal=a_session())
    for status, stands in (
        (ApprovalStatus.WAITING, Stands.WAITING),
        (ApprovalStatus.DENIED, Stands.LEFT),
        (ApprovalStatus.EXPIRED, Stands.LEFT),
        (ApprovalStatus.APPROVED, Stands.PLANNED),
    ):
        asked = an_approval(order, status=status)
        assert standings(a_report(orders=(order,), receipts=(), approvals=(asked,))) == [stands]


def test_undoing_is_offered_exactly_while_there_is_something_to_put_back() -> None:
    order = an_order()
    for receipt, undo in (
        (a_receipt(order), True),
        (a_receipt(order, status=ReceiptStatus.LEFT, contained_at=None), True),
        (a_receipt(order, status=ReceiptStatus.LEFT, before=None), False),
        (a_receipt(order, status=ReceiptStatus.RELEASED, released_at=after(hours=1)), False),
    ):
        [line] = order_lines.lines(a_report(orders=(order,), receipts=(receipt,)))
        assert (line.undo is not None) is undo


def test_a_person_is_asked_about_every_thing_that_the_machine_will_not_do() -> None:
    report = a_report()
    titles = [one.title for one in summary.decisions(report, order_lines.lines(report))]
    assert [title.partition(":")[0] for title in titles] == [
        "Missed",
        "Approve or deny",
        "Not done by machine",
        "Counsel",
    ]


def test_what_a_person_denied_is_not_asked_again() -> None:
    order = an_order(mode=OrderMode.APPROVAL)
    asked = an_approval(order, status=ApprovalStatus.DENIED, decided_by="arn:x", comment="ours")
    report = a_report(orders=(order,), receipts=(), approvals=(asked,), refusals=(), clocks=())
    assert summary.decisions(report, order_lines.lines(report)) == []


def test_the_next_date_is_the_laws_before_our_own_targets() -> None:
    report = a_report()
    found = summary.next_clock(report)
    assert found is not None
    assert found.clock_id == "us-ca-individuals"  # Georgia's own target is three hours earlier
    assert "provisional" in " ".join(summary.next_date(report))


def test_a_missed_date_comes_before_the_next_one() -> None:
    sentences = summary.next_date(a_report())
    said = "Missed: Contract, acquiring bank (perhaps owed: counsel has not said)."
    assert sentences[0] == said


def test_no_clock_is_not_told_as_nothing_owed() -> None:
    assert "Do not read" in summary.next_date(a_report(clocks=()))[0]


def test_a_clock_that_ended_or_ran_out_is_not_the_next_date() -> None:
    for state in (ClockState.FULFILLED, ClockState.NOT_OWED, ClockState.MISSED):
        assert summary.next_clock(a_report(clocks=(a_clock(state=state),))) is None
    past = a_clock(due_at=after(minutes=-1))
    assert summary.next_clock(a_report(clocks=(past,))) is None


def test_confirmed_clocks_ask_nothing_of_counsel() -> None:
    report = a_report(clocks=(a_clock(standing=Standing.CONFIRMED),), refusals=(), orders=())
    assert summary.decisions(report, order_lines.lines(report)) == []


@pytest.mark.parametrize(
    ("kind", "standing", "said"),
    [
        (ClockKind.LAW, Standing.CONFIRMED, "still owed"),
        (ClockKind.LAW, Standing.PROVISIONAL, "perhaps owed: counsel has not said"),
        (ClockKind.CONTRACT, Standing.CONFIRMED, "still owed"),
        (ClockKind.POLICY, Standing.CONFIRMED, "a target of our own"),
    ],
)
def test_what_ran_out_is_called_owed_only_as_far_as_anybody_knows(
    kind: ClockKind, standing: Standing, said: str
) -> None:
    clock = a_clock(kind=kind, standing=standing, state=ClockState.MISSED)
    [decision] = [
        d for d in summary.decisions(a_report(clocks=(clock,)), []) if "Missed" in d.title
    ]
    assert said in decision.next_step
    assert said in summary.next_date(a_report(clocks=(clock,)))[0]


def test_who_closed_it_and_what_it_follows_are_said() -> None:
    earlier = "inc-20261120-ffffffffff"
    over = a_report(incident=closed(an_incident(follows=(earlier,))))
    assert summary.what_happened(over)[-2:] == [
        f"It follows {earlier}, about the same.",
        f"{a_closing().by} closed it at 2026-11-23 13:00:00 UTC: the key is replaced.",
    ]
    assert not any("closed" in sentence for sentence in summary.what_happened(a_report()))


def test_orders_that_one_answer_decides_are_one_decision_which_names_each() -> None:
    plain: dict[str, Any] = {"mode": OrderMode.APPROVAL, "group": "q1-1800s-escalate-1-1"}
    orders = [
        an_order(principal=a_user(name), **plain) for name in ("orders-export", "orders-import")
    ]
    alone = an_order("iam.deactivate_key", mode=OrderMode.APPROVAL)
    asked = [
        an_approval(one, status=ApprovalStatus.WAITING, group=one.group, automation_id="one")
        for one in orders
    ]
    asked.append(an_approval(alone, status=ApprovalStatus.WAITING, automation_id="another"))
    report = a_report(orders=(*orders, alone), receipts=(), approvals=tuple(asked), refusals=())
    found = [
        one
        for one in summary.decisions(report, order_lines.lines(report))
        if one.whose is Whose.APPROVERS
    ]
    assert [len(one.each) for one in found] == [2, 0]
    assert found[0].title == "Approve or deny: 2 orders at once"
    for order, text in zip(orders, found[0].each, strict=True):
        assert text.startswith(f"{order.order_id}: ")
    assert "one by one" in found[0].next_step
    assert "one by one" not in found[1].next_step
    apart = [one.model_copy(update={"group": None}) for one in asked]
    split = a_report(orders=(*orders, alone), receipts=(), approvals=tuple(apart), refusals=())
    decisions = summary.decisions(split, order_lines.lines(split))
    assert sum(one.whose is Whose.APPROVERS for one in decisions) == 3

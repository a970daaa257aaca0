"""A table of attacks on one answer to several orders: run with `-s` to read it.

Those on any decision, grouped or not: test_approval_attacks.py.
"""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

import pytest

from responder.aws.approvals import Approvals
from responder.aws.ledger import Ledger
from responder.domain.approval import ApprovalStatus
from responder.domain.errors import Refused
from responder.domain.order import Plan
from tests.asking import ALICE, COUNSEL, LATER, SOON, an_asked_order
from tests.asking_together import ROLES, Together, asked_for_by, orders_about
from tests.builders import HOME, INCIDENT_ID, a_finding, a_session, a_user

WAITING, APPROVED, DENIED, EXPIRED = ApprovalStatus
BOB = f"arn:aws:iam::{HOME}:user/bob"
STRONGER = "ord-" + "5" * 20


@dataclass(frozen=True)
class Row:
    """One attack: how it is played, how each order stands, and the outcome in words."""

    attack: str
    play: Callable[[Ledger], Together]
    outcome: str
    statuses: tuple[ApprovalStatus | None, ...] = (WAITING,) * 3
    go_on: tuple[int, ...] = ()
    questions: int = 1
    pages: tuple[str, ...] = ()


def asked(ledger: Ledger, *numbers: int) -> Together:
    return Together(ledger).ask_all(*numbers)


def says(together: Together, by: str = ALICE, verb: str = "Approve") -> Together:
    together.console.decide(verb, by=by)
    together.approve()
    return together


def changed(together: Together, *orders: object) -> Together:
    """Somebody writes another plan in the place of the one that was shown."""
    item = together.ledger.get(f"INCIDENT#{INCIDENT_ID}", f"PLAN#{together.generation}")
    assert item is not None
    plan = Plan.model_validate(together.plan.model_dump() | {"orders": orders})
    together.ledger.replace(item, plan)
    return together


def swapped_in(ledger: Ledger) -> Together:
    together = asked(ledger)
    group = together.order.group
    other = an_asked_order(principal=a_session("payments-role"), group=group)
    return says(changed(together, *together.plan.orders[:-1], together.members[2], other))


def regrouped(ledger: Ledger) -> Together:
    """The same orders, and one of them in another group: with more time, or less to lose."""
    together = asked(ledger)
    *others, last = together.plan.orders
    return says(changed(together, *others, last.model_copy(update={"group": "q1-60s-proceed-1-1"})))


def another_generation(ledger: Ledger) -> Together:
    """A yes to the question of one generation, handed in as one to that of the next."""
    first = asked(ledger)
    first.console.decide()
    yes = first.question.automation_id
    second = Together(
        ledger,
        members=orders_about("a-role", "b-role"),
        generation=2,
        console=first.console,
        executions=first.executions,
        topic=first.topic,
    ).ask_all()
    with pytest.raises(Refused):
        second.approve(automation_id=yes)
    return second


def two_mixed(ledger: Ledger) -> Together:
    """Two groups of one plan: the id of one, and the automation of the other."""
    quick = orders_about("a-role", "b-role", answer_within=timedelta(minutes=5))
    together = Together(ledger, members=(*orders_about(*ROLES[:2]), *quick)).ask_all()
    first, second = together.turn(0).question, together.turn(2).question
    together.console.steps[str(first.automation_id)]["StepStatus"] = "Put aside"
    together.console.decide()
    for about, automation in ((first, second), (second, first)):
        if automation is first:
            together.console.steps[str(first.automation_id)]["StepStatus"] = "Waiting"
        with pytest.raises(Refused):
            together.approve(approval_id=about.question_id, automation_id=automation.automation_id)
    return together


def replaced(ledger: Ledger) -> Together:
    together = asked(ledger).turn(1)
    together.leave("A stronger order took its place.", replaced_by=STRONGER)
    return says(together)


def given_up(ledger: Ledger) -> Together:
    together = asked(ledger).turn(1)
    together.leave("Refused: it is on the protect list.")
    return says(together)


def own_demand(ledger: Ledger) -> Together:
    """One of the orders is there because the approver asked for it."""
    return says(Together(ledger, members=asked_for_by(ALICE, ledger, 1)).ask_all())


def own_demand_late(ledger: Ledger) -> Together:
    """The same, and that order comes when the others were answered for."""
    members = asked_for_by(ALICE, ledger, 2)
    together = says(Together(ledger, members=members).ask_all(0, 1))
    together.turn(2).ask("token-2", now=SOON)
    return together


def is_one_of_them(ledger: Ledger, verb: str, comment: str = "x") -> Together:
    """One of the orders would contain whoever answers."""
    itself = a_user("counsel").model_copy(update={"account": HOME, "arn": COUNSEL})
    mine = an_asked_order(principal=itself, resource=COUNSEL)
    together = Together(ledger, members=(*orders_about(*ROLES[:2]), mine)).ask_all()
    together.console.decide(verb, by=COUNSEL, comment=comment)
    together.approve()
    return together


def not_listed(ledger: Ledger) -> Together:
    return says(asked(ledger), BOB)


def forged(ledger: Ledger) -> Together:
    together = asked(ledger)
    together.console.decide()
    with pytest.raises(Refused, match="no such request"):
        together.approve(approval_id="qst-" + "0" * 32)
    return together


def by_a_member(ledger: Ledger) -> Together:
    """The id of one order's request, which no question shows, with the question's automation."""
    together = asked(ledger)
    together.console.decide()
    with pytest.raises(Refused, match="with others"):
        together.approve(approval_id=together.approval.approval_id)
    return together


def late_after_no(ledger: Ledger) -> Together:
    together = says(asked(ledger, 0, 1), verb="Reject")
    together.turn(2).ask("token-2", now=SOON)
    return together


def late_under_another_plan(ledger: Ledger) -> Together:
    together = says(asked(ledger, 0, 1))
    group = together.order.group
    other = an_asked_order(principal=a_session("payments-role"), group=group)
    changed(together, *together.plan.orders, other)
    together.turn(2).ask("token-2", now=SOON)
    return together


def repeated(ledger: Ledger) -> Together:
    together = says(asked(ledger))
    for _ in range(3):
        together.approve(now=SOON + timedelta(minutes=1))
    return together


def no_then_yes(ledger: Ledger) -> Together:
    together = says(asked(ledger), verb="Reject")
    together.console.steps[together.automation_id] |= {"StepStatus": "Waiting"}
    return says(together)  # as if AWS let anybody decide twice


def late(ledger: Ledger) -> Together:
    together = asked(ledger)
    together.console.decide(at=LATER + timedelta(seconds=1))
    together.approve(now=LATER + timedelta(seconds=1))
    return together


def one_closed(ledger: Ledger) -> Together:
    together = asked(ledger).turn(1)
    Approvals(ledger).replace(together.approval, status=EXPIRED)
    return says(together)


def pretended(ledger: Ledger) -> Together:
    together = asked(ledger)
    together.approve(approval_id=None)
    return together


def stopped(ledger: Ledger, times: int = 1) -> Together:
    together = asked(ledger)
    for _ in range(times):
        together.console.steps[together.automation_id]["StepStatus"] = "Cancelled"
        together.approve(approval_id=None)
    return together


def stopped_after_the_yes(ledger: Ledger) -> Together:
    together = asked(ledger)
    together.console.decide()
    together.approve(approval_id=None)
    return together


def split_too_late(ledger: Ledger) -> Together:
    """Ten seconds before the end there is no time for a question about each: a no is a no."""
    together = asked(ledger)
    at = LATER - timedelta(seconds=10)
    together.console.decide("Reject", at=at, comment="one by one")
    together.approve(now=at)
    return together


NO_COUNT = ("ANSWER DOES NOT COUNT",)
ALL = (0, 1, 2)
ROWS = (
    Row("an order is swapped into the plan after it was shown", swapped_in,
        "void for all; nobody is asked about a plan they did not see", pages=NO_COUNT),
    Row("an order is moved to another group of the plan", regrouped,
        "void for all", pages=NO_COUNT),
    Row("a yes to another generation's question", another_generation, "refused",
        statuses=(WAITING,) * 2, questions=2),
    Row("the id of one group with the automation of another", two_mixed, "refused",
        statuses=(WAITING,) * 4, questions=2),
    Row("an order is replaced between the question and the yes", replaced,
        "it drops out; the others are carried out", (APPROVED, EXPIRED, APPROVED), (0, 2)),
    Row("an order was left to a person before the yes", given_up,
        "it drops out, and its approver is told; the others are carried out",
        (APPROVED, EXPIRED, APPROVED), (0, 2), pages=("APPROVED TOO LATE",)),
    Row("an order was closed before the yes", one_closed,
        "it drops out; the others are carried out", (APPROVED, EXPIRED, APPROVED), (0, 2)),
    Row("who asked for one of the cuts approves all", own_demand,
        "void for that one, about which others are asked; the others are carried out",
        (APPROVED, WAITING, APPROVED), (0, 2), questions=2, pages=NO_COUNT),
    Row("the same, and that one comes late", own_demand_late,
        "void for that one, which is asked about by itself",
        (APPROVED, APPROVED, WAITING), (0, 1), questions=2),
    Row("whom one of the orders would contain approves", lambda t: is_one_of_them(t, "Approve"),
        "void for all; others are asked", questions=2, pages=NO_COUNT),
    Row("whom one of the orders would contain denies", lambda t: is_one_of_them(t, "Reject"),
        "no veto; others are asked", questions=2, pages=NO_COUNT),
    Row("whom one of the orders would contain asks for a question about each",
        lambda t: is_one_of_them(t, "Reject", "one by one"),
        "void; one question goes on to be one", questions=2, pages=NO_COUNT),
    Row("somebody who is not listed approves all", not_listed, "void for all; others are asked",
        questions=2, pages=NO_COUNT),
    Row("Approve is invoked with a forged id of a question", forged, "refused"),
    Row("Approve is invoked with the id of one order's request", by_a_member, "refused"),
    Row("an order comes after the no to all", late_after_no, "denied too", (DENIED,) * 3),
    Row("an order comes after the yes, in a plan that is another since", late_under_another_plan,
        "void for it: asked by itself, it can be denied and not approved",
        (APPROVED, APPROVED, WAITING), (0, 1), questions=2),
    Row("the last step is replayed", repeated, "one yes for each, handed in once",
        (APPROVED,) * 3, ALL),
    Row("a no to all is followed by a yes", no_then_yes, "the no stays", (DENIED,) * 3),
    Row("a yes after the earliest end", late, "late for all"),
    Row("an event pretends that a live question ended", pretended, "nothing: AWS is asked"),
    Row("the question is stopped (StopAutomationExecution)", stopped,
        "paged once; asked again about all", questions=2, pages=("QUESTION DIED",)),
    Row("the question is stopped again and again", lambda t: stopped(t, 12),
        "paged at first and at last; asked 5 times at most for the whole group",
        questions=5, pages=("QUESTION DIED", "QUESTION DIED")),
    Row("the automation is stopped after the yes", stopped_after_the_yes,
        "the yes is taken in for all", (APPROVED,) * 3, ALL),
    Row("a question about each is asked for when there is no time for it", split_too_late,
        "a no to all", (DENIED,) * 3),
)  # fmt: skip


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.attack)
def test_an_attack_on_one_answer_to_several_orders_ends_as_the_table_says(
    ledger: Ledger, row: Row
) -> None:
    together = row.play(ledger)
    assert tuple(together.statuses()) == row.statuses
    assert together.went_on() == [f"token-{number}" for number in row.go_on]
    assert len(together.console.started) == row.questions
    subjects = [page["Subject"] for page in together.topic.messages]
    assert [subject.partition("]")[0].strip("[") for subject in subjects] == list(row.pages)
    sys.stdout.write(f"\n{row.attack}  ->  {row.outcome}\n")


def test_what_drops_out_says_why_in_its_record_and_on_the_timeline(ledger: Ledger) -> None:
    together = own_demand(ledger).turn(1)
    assert "asked for this cut" in (together.approval.dropped or "")
    [told] = [
        one.text
        for key, one in together.events().items()
        if key == f"answered-void:{together.order.order_id}"
    ]
    assert "asked for this cut" in told
    [again] = [given["Parameters"] for given in list(together.console.started.values())[1:]]
    assert together.order.resource in again["Cut"][0]
    assert together.members[0].resource not in again["Cut"][0]
    answered = together.events()[f"answered:{together.order.group}"]
    assert answered.text.startswith("Approved 2 orders")


def test_what_an_attack_left_waiting_is_silence_at_the_end(ledger: Ledger) -> None:
    together = stopped(ledger, 12)
    assert {one.proceed for one in together.expire_all()} == {False}
    assert together.statuses() == [EXPIRED] * 3


def test_a_finding_about_the_approver_that_came_after_the_plan_counts_for_all(
    ledger: Ledger,
) -> None:
    thief = a_user("counsel").model_copy(update={"account": HOME, "arn": COUNSEL})
    together = Together(ledger, finding=a_finding(principals=(thief,))).ask_all()
    says(together, COUNSEL)
    assert together.statuses() == [WAITING] * 3
    assert together.went_on() == []

"""One question about several orders, which a person answers once for all of them. Pure.

A plan puts orders together that wait equally long, mean the same by silence, and need as many
people. Each keeps a request and an answer of its own: what one answer does to each is judged apart.
"""

import re
from collections.abc import Iterable, Sequence
from datetime import timedelta

from pydantic import AwareDatetime, ConfigDict, Field

from responder.domain.answer import Answer
from responder.domain.approval import Approval
from responder.domain.identifiers import IncidentId, OrderId
from responder.domain.model import Model
from responder.domain.order import Order

MOST_TOGETHER = 10  # orders, so that what an approver reads has room for each
_EACH = re.compile(r"\W*one[\s-]+by[\s-]+one\b", re.IGNORECASE)
ONE_BY_ONE = "one by one"  # the comment of a denial that asks for a question about each order


class Heard(Model):
    """What one automation brought, and which orders it was shown to be about."""

    model_config = ConfigDict(frozen=True)

    automation_id: str
    answer: Answer
    about: tuple[OrderId, ...]
    each: bool = False  # it asks for a question about each order, and decides nothing


class Question(Model):
    """What people are asked about one group of a plan's orders, and what they said so far."""

    model_config = ConfigDict(frozen=True)

    question_id: str
    incident_id: IncidentId
    group: str
    order_ids: tuple[OrderId, ...]  # as the plan has them; nothing is added later
    plan_hash: str
    requested_at: AwareDatetime
    expires_at: AwareDatetime  # the earliest end of any of its orders
    asks: tuple[OrderId, ...]  # those that the automation is about
    # What the approver reads; written before it is asked.
    shown: dict[str, str] = Field(default_factory=dict)
    automation_id: str | None = None  # the one that asks now, or asked last
    ended: tuple[str, ...] = ()  # automations that asked before it
    heard: tuple[Heard, ...] = ()  # the first first
    is_over: bool = False  # what the last answer did is done, and nobody is asked by this again

    @property
    def asks_each(self) -> bool:
        """Whether the last answer to it asked for a question about each order."""
        return bool(self.heard) and self.heard[-1].each

    def of(self, automation_id: str) -> Heard | None:
        """What this automation brought, if it was taken in."""
        return next((one for one in self.heard if one.automation_id == automation_id), None)


def grouped(orders: Sequence[Order], generation: int) -> tuple[Order, ...]:
    """The orders of a plan, each that is asked about with others saying with which."""
    members = dict[str, list[str]]()
    for order in orders:
        if order.asks_people:
            members.setdefault(_alike(order, generation), []).append(order.order_id)
    groups = dict[str, str]()
    for alike, order_ids in members.items():
        parts = -(-len(order_ids) // MOST_TOGETHER)
        for number in range(parts):
            part = order_ids[number::parts]  # no question about a single one that was left over
            if len(part) > 1:
                groups |= dict.fromkeys(part, f"{alike}-{number + 1}")
    return tuple(
        order.model_copy(update={"group": groups[order.order_id]})
        if order.order_id in groups
        else order
        for order in orders
    )


def wants_each_asked(answer: Answer, question: Question, enough: timedelta) -> bool:
    """Whether a no asks for a question about each order, while there is time for that.

    Whatever else is written is a no to all: to misread a comment never cuts anything.
    """
    return (
        not answer.approves
        and len(question.asks) > 1
        and answer.comment is not None
        and _EACH.match(answer.comment) is not None
        and answer.decided_at <= question.expires_at - enough
    )


def count_of(approvals: Iterable[Approval]) -> int:
    """How many questions people see: orders that one automation asks about are one."""
    return len({one.automation_id or one.order_id for one in approvals})


def _alike(order: Order, generation: int) -> str:
    seconds = int(order.answer_within.total_seconds())
    return f"q{generation}-{seconds}s-{order.on_silence.value}-{order.people_needed}"

"""One action on one resource, and the proof that it was done."""

import hashlib
import json
from collections.abc import Sequence
from datetime import timedelta
from enum import StrEnum
from typing import Any, Self

from pydantic import AwareDatetime, ConfigDict, model_validator

from responder.domain.api_call import ApiCall
from responder.domain.escaping import one_line
from responder.domain.finding import Resource
from responder.domain.identifiers import AccountId, IncidentId, OrderId, Region
from responder.domain.ladder import part
from responder.domain.model import Model
from responder.domain.principal import Principal


class OrderMode(StrEnum):
    """Whether a person is asked before an order is carried out."""

    AUTOMATIC = "automatic"
    APPROVAL = "approval"


class Silence(StrEnum):
    """What happens when nobody answers a request for approval in time."""

    LEAVE = "leave"
    ESCALATE = "escalate"
    PROCEED = "proceed"


MOST_CALLS = 200  # of one order: an item of the table holds 400 KB

type About = tuple[str, str, str | None]  # action id, resource, and which part of it


class Target(Model):
    """What is cut: an identity, or a thing that a finding is about. Exactly one of the two."""

    model_config = ConfigDict(frozen=True)

    action_id: str
    resource: str  # ARN
    principal: Principal | None = None
    thing: Resource | None = None

    @property
    def about(self) -> About:
        """Two orders about the same are the same cut."""
        return self.action_id, self.resource, part(self.action_id, self.principal)

    @model_validator(mode="after")
    def _one_of_the_two(self) -> Self:
        if (self.principal is None) is (self.thing is None):
            raise ValueError("an order is about an identity or about a thing")
        return self


class Order(Target):
    """One action on one resource. `held` orders are planned and shown, and never carried out."""

    order_id: OrderId
    incident_id: IncidentId
    account: AccountId
    region: Region
    mode: OrderMode
    held: bool  # monitor mode
    slowed: bool = False  # asked about only because there were too many cuts within an hour
    reason: str
    answer_within: timedelta = timedelta(minutes=30)
    on_silence: Silence = Silence.ESCALATE
    people_needed: int = 1  # how many different people have to approve it
    act_at: AwareDatetime | None = None  # set once, when it is first carried out
    replaces: OrderId | None = None  # the order about the same thing that it takes the place of
    group: str | None = None  # the orders of its plan that one question asks about together

    @property
    def asks_people(self) -> bool:
        """Whether it is carried out only when people say so, and they are asked."""
        return self.mode is OrderMode.APPROVAL and not self.held

    @property
    def strength(self) -> int:
        """0 for an order that is held, 1 for one that asks a person, 2 for one that does not.

        Also 2 for one that asks only because it was slowed: nothing that a finding asks for is
        stronger, so nobody is asked about the same cut again.
        """
        return 2 if self.slowed else strength(self.mode, held=self.held)

    @staticmethod
    def make_id(
        incident_id: str,
        action_id: str,
        resource: str,
        access_key_id: str | None,
        replaces: OrderId | None = None,
    ) -> str:
        """The same action on the same thing in one incident is the same order.

        A later order about it is another one, which names the one that it `replaces`.
        """
        named = [incident_id, action_id, resource, access_key_id]
        seed = json.dumps(named if replaces is None else [*named, replaces])
        return "ord-" + hashlib.sha256(seed.encode()).hexdigest()[:20]


def strength(mode: OrderMode, *, held: bool) -> int:
    """How far an order goes by itself: held, asking, or at once."""
    return 0 if held else 1 if mode is OrderMode.APPROVAL else 2


class Refusal(Model):
    """Something we will not do by ourselves, why, and what a person does instead."""

    model_config = ConfigDict(frozen=True)

    resource: str
    reason: str
    next_step: str

    @property
    def text(self) -> str:
        """All of it, for whoever is refused at once."""
        return f"{self.resource}: {self.reason} {self.next_step}"


class Plan(Model):
    """What will be done about one incident generation, before anything is done."""

    model_config = ConfigDict(frozen=True)

    incident_id: IncidentId
    generation: int
    planned_at: AwareDatetime
    orders: tuple[Order, ...] = ()
    refusals: tuple[Refusal, ...] = ()

    @property
    def hash(self) -> str:
        """SHA-256 over what an approver decides about; changes when any order changes."""
        content = [
            [o.order_id, o.action_id, o.resource, o.mode.value, o.held, o.on_silence.value]
            # Left out where it is one, so that a plan of before keeps its hash.
            + ([o.people_needed] if o.people_needed > 1 else [])
            # The same: with which others it is asked about, and so until when.
            + ([o.group] if o.group is not None else [])
            for o in sorted(self.orders, key=lambda order: order.order_id)
        ]
        return hashlib.sha256(json.dumps(content).encode()).hexdigest()

    def members(self, group: str) -> tuple[Order, ...]:
        """The orders that one question asks about, in the order of the plan."""
        return tuple(order for order in self.orders if order.group == group)


class Before(Model):
    """What stood before an action touched the resource: all that `release` needs."""

    model_config = ConfigDict(frozen=True)

    state: dict[str, Any]


def differences(expected: Before, found: Before) -> tuple[str, ...]:
    """What is not as it was left, as sentences; empty if nothing changed."""
    names = sorted(expected.state.keys() | found.state.keys())
    return tuple(
        f"{name.replace('_', ' ')} was {_shown(expected.state.get(name))}, and is "
        f"{_shown(found.state.get(name))} now"
        for name in names
        if expected.state.get(name) != found.state.get(name)
    )


def _shown(value: object) -> str:
    text = value if isinstance(value, str) else json.dumps(value, sort_keys=True, default=str)
    return one_line(text, 300)


class ReceiptStatus(StrEnum):
    """How far an order has come."""

    OBSERVED = "observed"  # the state before is on record; apply may or may not have happened
    APPLIED = "applied"
    CONTAINED = "contained"  # read clean twice
    RELEASED = "released"
    LEFT = "left"  # refused, denied, unanswered or given up: a person has it


class Receipt(Model):
    """Proof of what one order did. Written before the change, completed after it."""

    model_config = ConfigDict(frozen=True)

    order: Order
    status: ReceiptStatus
    before: Before | None = None
    after: Before | None = None  # the same slots once it was contained: what a release expects
    observed_at: AwareDatetime | None = None
    applied_at: AwareDatetime | None = None
    clean_reads: int = 0
    last_read_at: AwareDatetime | None = None
    contained_at: AwareDatetime | None = None
    undone: int = 0  # how often a read found the cut undone, or without effect
    still_allowed: tuple[str, ...] = ()  # what IAM does not deny although the cut reads clean
    released_by: str | None = None  # from before the release on, so that nothing cuts against it
    released_at: AwareDatetime | None = None
    released_amid: bool = False  # released while a cut was being made, which may still land
    note: str | None = None
    calls: tuple[ApiCall, ...] = ()  # each that could change something, oldest first
    calls_left_out: int = 0  # later ones, for which there was no room
    replaced_by: OrderId | None = None  # a stronger order took its place before it was carried out

    def with_calls(self, made: Sequence[ApiCall]) -> "Receipt":
        """The receipt with these calls too; of very many, with the first, and how many followed."""
        every = (*self.calls, *made)
        left_out = self.calls_left_out + len(every[MOST_CALLS:])
        return self.model_copy(update={"calls": every[:MOST_CALLS], "calls_left_out": left_out})

"""An incident with several orders in its plan that one question asks about."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from responder.aws.approvals import Approvals
from responder.aws.incidents import Incidents, demanding
from responder.aws.ledger import Ledger
from responder.aws.questions import Questions
from responder.aws.timeline import Timeline
from responder.domain.approval import Approval, ApprovalStatus
from responder.domain.demand import Demand
from responder.domain.incident import TimelineEvent
from responder.domain.order import Order, Plan
from responder.domain.question import Question, grouped
from responder.steps.approve import ApproveAnswer
from responder.steps.expire import ExpireAnswer
from tests.asking import LATER, SOON, Asking, an_asked_order
from tests.builders import INCIDENT_ID, NOON, a_session, an_incident, an_order
from tests.vaults import Life

ROLES = ("web-tier-role", "export-role", "billing-role")


def orders_about(*roles: str, **given: Any) -> tuple[Order, ...]:
    """An order that people are asked about, for each role."""
    return tuple(an_asked_order(principal=a_session(role), **given) for role in roles)


def asked_for_by(by: str, ledger: Ledger, number: int) -> tuple[Order, ...]:
    """Orders, of which one is there because a person asked for it."""
    members = orders_about(*ROLES)
    demand = Demand(
        action_id=members[number].action_id,
        resource=members[number].resource,
        principal=members[number].principal,
        order_id=members[number].order_id,
        incident_id=INCIDENT_ID,
        by=by,
        reason="it came back",
        asked_at=NOON,
    )
    assert ledger.together([demanding(demand)])
    return members


@dataclass
class Together(Asking):
    """Orders in one plan. `turn` says which of them `ask` and `expire` are about."""

    members: tuple[Order, ...] = field(default_factory=lambda: orders_about(*ROLES))
    generation: int = 1

    def __post_init__(self) -> None:
        """Plan them, and let an execution wait for each: token-0 and so on."""
        incidents = Incidents(self.ledger)
        if incidents.find(INCIDENT_ID) is None:
            incidents.create(an_incident(), self.finding)
        at_once = (an_order(),) if self.generation == 1 else ()
        orders = grouped((*at_once, *self.members), self.generation)
        plan = Plan(
            incident_id=INCIDENT_ID,
            generation=self.generation,
            planned_at=NOON,
            orders=orders,
        )
        assert incidents.save_plan(plan)
        self.plan, self.members = plan, orders[len(at_once) :]
        self.executions.open |= {f"token-{n}" for n in range(len(self.members))}
        self.turn(0)

    def turn(self, number: int) -> "Together":
        """Be about this order from now on."""
        self.order = self.members[number]
        return self

    def ask_all(self, *numbers: int, now: datetime = NOON) -> "Together":
        """Each of these is asked about, or all."""
        for number in numbers or range(len(self.members)):
            self.turn(number).ask(f"token-{number}", now=now)
        return self

    def approve(
        self, life: Life | None = None, *, now: datetime = SOON, **given: str | None
    ) -> ApproveAnswer:
        """The last step of the automation that asks now."""
        plain = {
            "approval_id": self.question.question_id,
            "automation_id": self.question.automation_id,
        }
        return super().approve(life, now=now, **(plain | given))

    def expire_all(self, *, now: datetime = LATER) -> list[ExpireAnswer]:
        """The wait of each order ends."""
        self.time_out()
        return [self.turn(number).expire(now=now) for number in range(len(self.members))]

    def decides(self, number: int, verb: str) -> None:
        """A person decides the question that is about one order alone."""
        approval = self.turn(number).approval
        others = [
            step
            for one, step in self.console.steps.items()
            if step["StepStatus"] == "Waiting" and one != approval.automation_id
        ]
        for step in others:
            step["StepStatus"] = "Put aside"
        self.console.decide(verb)
        for step in others:
            step["StepStatus"] = "Waiting"
        super().approve(approval_id=approval.approval_id, automation_id=approval.automation_id)

    @property
    def question(self) -> Question:
        """The one of the order in turn, as it stands."""
        found = Questions(self.ledger).get(INCIDENT_ID, self.order.group or "")
        assert found is not None
        return found

    @property
    def approval(self) -> Approval:
        """Of the order in turn."""
        found = Approvals(self.ledger).of_order(INCIDENT_ID, self.order.order_id)
        assert found is not None
        return found

    def statuses(self) -> list[ApprovalStatus | None]:
        """Of each order; None for one that was not registered."""
        held = {one.order_id: one.status for one in Approvals(self.ledger).all(INCIDENT_ID)}
        return [held.get(one.order_id) for one in self.members]

    def went_on(self) -> list[str]:
        """The tokens that were told to go on."""
        return sorted(
            given["taskToken"]
            for operation, given in self.executions.told
            if operation == "SendTaskSuccess"
        )

    def refused(self) -> list[str]:
        """The tokens that were told no."""
        return sorted(
            given["taskToken"]
            for operation, given in self.executions.told
            if operation == "SendTaskFailure"
        )

    def events(self) -> dict[str, TimelineEvent]:
        """The timeline, by its keys."""
        return {one.key: one for one in Timeline(self.ledger).events(INCIDENT_ID)}

    def shown(self) -> dict[str, str]:
        """What the automation that was started last shows."""
        given = self.console.started[self.automation_id]["Parameters"]
        return {name: text for name, [text] in given.items()}

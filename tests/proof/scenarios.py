"""What is run undisturbed, and then again with everything that may go wrong."""

import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from responder.domain.ladder import QUARANTINE_INSTANCE
from responder_cli.drill import world
from responder_cli.drill.events import deliveries, told_of
from tests.builders import NOON
from tests.proof.campaigns import stolen_again
from tests.proof.people import answered, called
from tests.proof.things import found, stocked
from tests.workflow.nights import Night

_HOUR = timedelta(hours=1)
_ALICE = f"arn:aws:sts::{world.HOME}:assumed-role/on-call/alice@example.com"
_DENY_ALL = "arn:aws:iam::aws:policy/AWSDenyAll"


@dataclass(frozen=True)
class Scenario:
    """A night, from its first event on. `prepares` is not disturbed, `happens` is."""

    name: str
    happens: Callable[[Night], None]
    prepares: Callable[[Night], None] = lambda _: None
    parameters: Mapping[str, str] = field(default_factory=dict)
    answer: str | None = "Approve"  # what people say to whatever they are asked; None for nothing
    again: Callable[[Night], None] = Night.send  # what the detectors send once more

    def run(self, night: Night) -> None:
        """From what happens until every execution has ended."""
        self.happens(night)
        answered(night, self.answer)


def _campaign(night: Night, first: int | None = None) -> None:
    """Each event at its time, as the detectors send them, or the first so many of them."""
    events = told_of(NOON, night.shop, night.thief.session_key_id)[:first]
    for at, event in deliveries(events, duplicate=False, shuffle=None):
        night.cloud.advance(max(at - night.cloud.now(), timedelta()))
        night.cloud.deliver(event, account=world.HOME)


def rival_of(night: Night) -> str:
    """The last event of the campaign, as the intake function is given it by its queue."""
    event = told_of(NOON, night.shop, night.thief.session_key_id)[-1]
    record = {"messageId": "rival", "body": json.dumps(event), "eventSource": "aws:sqs"}
    return json.dumps({"Records": [record]})


def _stolen_key(night: Night) -> None:
    _campaign(night, 1)


def _was_stolen(night: Night) -> None:
    """The same as a beginning."""
    _stolen_key(night)
    _is_over(night)


def _were_cut(night: Night) -> None:
    """Things were found, asked about, and cut."""
    stocked(night)
    found(night)
    _is_over(night)


def _is_over(night: Night) -> None:
    """It has ended, and nobody's execution waits for deadlines."""
    answered(night, "Approve")
    states = night.cloud.client("stepfunctions", account=world.HOME)
    for machine in states.list_state_machines()["stateMachines"]:
        arn = machine["stateMachineArn"]
        for one in states.list_executions(stateMachineArn=arn, statusFilter="RUNNING")[
            "executions"
        ]:
            states.stop_execution(executionArn=one["executionArn"])
    night.cloud.settle()


def _asked(night: Night, **more: Any) -> dict[str, Any]:
    [incident] = night.watch.incidents()
    return {"incident_id": incident.id, "by": _ALICE, "reason": "rehearsal", **more}


def _release(night: Night) -> None:
    """Every cut of the incident is put back."""
    called(night, "ReleaseFunctionName", _asked(night, key_was_never_out=True))


def _touch(night: Night) -> None:
    """Somebody takes the deny away, twice, after it was called contained."""
    iam = night.cloud.client("iam", account=world.SHOP)
    for _ in range(2):
        with suppress(iam.exceptions.NoSuchEntityException):  # it is still off
            iam.detach_user_policy(UserName=world.USER, PolicyArn=_DENY_ALL)
        night.cloud.advance(_HOUR)  # a message that failed is looked at again before the next


def _by_hand(night: Night) -> None:
    """A person asks for a cut that no finding asks for."""
    role = f"arn:aws:iam::{world.SHOP}:role/{world.ROLE}"
    called(night, "CutFunctionName", _asked(night, action_id="iam.deny_role", resource=role))


def _facts(night: Night) -> None:
    """Counsel records when it was discovered, days pass, and the register is read."""
    said = {"discovered_at": "2026-11-23T12:00:00Z", "residents": {"US-CA": 1200, "US-TX": 700}}
    [incident] = night.watch.incidents()
    asked = {"incident_id": incident.id, "by": "counsel@example.com"} | said
    called(night, "RecordFunctionName", asked)
    night.cloud.advance(timedelta(days=20))
    called(night, "RegisterFunctionName", {})


_CUT_ALL = {"Policy": json.dumps({"rules": [{"types": ["*"], "then": "automatic"}]})}
_ASK_ALL = {"Policy": json.dumps({"rules": [{"types": ["*"], "then": "approval"}]})}
# The server is taken off the network at once, and people are asked about whatever else there is.
_ASK_OF_THINGS = {
    "Policy": json.dumps(
        {
            "rules": [
                {
                    "types": ["*"],
                    "then": "approval",
                    "things": "approval",
                    "actions": {QUARANTINE_INSTANCE: "automatic"},
                }
            ]
        }
    )
}
_LEAVE_ALL = {"Policy": json.dumps({"rules": [{"types": ["*"], "then": "escalate"}]})}
SCENARIOS = {
    one.name: one
    for one in (
        Scenario("stolen-key", _stolen_key, parameters=_CUT_ALL),
        Scenario("campaign", _campaign),
        Scenario("denied", _stolen_key, parameters=_ASK_ALL, answer="Reject"),
        Scenario("silence", _stolen_key, parameters=_ASK_ALL, answer=None),
        Scenario("release", _release, prepares=_was_stolen, parameters=_CUT_ALL),
        Scenario("touch", _touch, prepares=_was_stolen, parameters=_CUT_ALL),
        Scenario("by-hand", _by_hand, prepares=_was_stolen, parameters=_LEAVE_ALL),
        Scenario("things", found, prepares=stocked, parameters=_ASK_OF_THINGS, again=found),
        Scenario(
            "things-back", _release, prepares=_were_cut, parameters=_ASK_OF_THINGS, again=found
        ),
        Scenario("facts", _facts, prepares=_was_stolen, parameters=_LEAVE_ALL),
    )
}
# Two thefts in one account. What is cut of both without asking is as much as an hour may see, so
# who counts a cut twice, or one of the other's, has to ask.
CUTS = 4
THEFTS = Scenario(
    "two campaigns",
    _campaign,
    prepares=stolen_again,
    parameters={"Policy": json.dumps(world.POLICY | {"most_cuts_an_hour": CUTS})},
)

"""What is run undisturbed, and then again with everything that may go wrong."""

import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta

from responder.domain.ladder import QUARANTINE_INSTANCE
from responder.domain.order import ReceiptStatus
from responder_cli.drill import world
from responder_cli.drill.events import deliveries
from tests.proof import wider
from tests.proof.campaigns import campaigns, events_of, stolen_again
from tests.proof.people import about, answered, asked_of, asks_for_cut, called
from tests.proof.things import found, stocked
from tests.workflow.nights import Night

_HOUR = timedelta(hours=1)
_DENY_ALL = "arn:aws:iam::aws:policy/AWSDenyAll"


@dataclass(frozen=True)
class Scenario:
    """A night, from its first event on. `prepares` is not disturbed, `happens` is."""

    name: str
    happens: Callable[[Night], None]
    prepares: Callable[[Night], object] = lambda _: None
    parameters: Mapping[str, str] = field(default_factory=dict)
    answer: str | None = "Approve"  # what people say to whatever they are asked; None for nothing
    again: Callable[[Night], None] = Night.send  # what the detectors send once more

    def run(self, night: Night) -> None:
        """From what happens until every execution has ended."""
        self.happens(night)
        answered(night, self.answer)


def _campaign(night: Night, first: int | None = None) -> None:
    """Each event of every theft at its time, as the detectors send them, or the first so many."""
    told = sorted(events_of(night), key=lambda event: str(event["time"]))[:first]
    for at, event in deliveries(told, duplicate=False, shuffle=None):
        night.cloud.advance(max(at - night.cloud.now(), timedelta()))
        night.cloud.deliver(event, account=world.HOME)


def rival_of(night: Night) -> str:
    """The last event of the last theft, as the intake function is given it by its queue."""
    event = campaigns(night)[-1].events()[-1]
    record = {"messageId": "rival", "body": json.dumps(event), "eventSource": "aws:sqs"}
    return json.dumps({"Records": [record]})


def _again(night: Night) -> None:
    """Each event of every theft, once more."""
    for event in events_of(night):
        night.cloud.deliver(event, account=world.HOME)
    night.cloud.settle()


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


def _were_more_cut(night: Night) -> None:
    wider.were_cut(night)
    _is_over(night)


def _was_wider(night: Night) -> None:
    """And it was seen again, and cut further."""
    wider.were_cut(night)
    wider.seen_again(night)
    wider.asked_for_what_can_be_undone(night)
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


def _release(night: Night) -> None:
    """Every cut of the incident is put back."""
    called(night, "ReleaseFunctionName", asked_of(night, key_was_never_out=True))


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
    asks_for_cut(night, "iam.deny_role", role)


def _facts(night: Night) -> None:
    """Counsel records when it was discovered, and whom it concerns: a deadline is of 72 hours.

    Half of them pass, and the register is read.
    """
    said = {"discovered_at": "2026-11-23T12:00:00Z", "residents": {"US-CA": 1200, "EU-GDPR": 70}}
    called(night, "RecordFunctionName", about(night, by="counsel@example.com", **said))
    night.cloud.advance(timedelta(days=2))
    called(night, "RegisterFunctionName", {})


def _close(night: Night) -> None:
    """Counsel waives what may be owed, and a person closes it. Its finding is sent again."""
    [incident] = night.watch.incidents()
    still = [one.clock_id for one in night.watch.clocks.all(incident.id) if one.is_open]
    said = [{"clock_id": one, "why": "rehearsal"} for one in still]
    called(night, "RecordFunctionName", about(night, by="counsel@example.com", waived=said))
    left = {
        one.order.order_id: "looked at by hand"
        for one in night.watch.receipts.all(incident.id)
        if one.status is ReceiptStatus.LEFT
    }
    asked = about(night, by=_ANA, because="rehearsal", left=left)
    called(night, "CloseFunctionName", asked)
    _stolen_key(night)


_ANA = f"arn:aws:sts::{world.HOME}:assumed-role/on-call/ana@example.com"
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
# People are asked about what is wider; there is room for everything in an hour.
_CUT_THINGS = {
    "Policy": json.dumps({"rules": [{"types": ["*"], "then": "approval", "things": "automatic"}]})
}
_LEAVE_ALL = {"Policy": json.dumps({"rules": [{"types": ["*"], "then": "escalate"}]})}
# Two thefts in one account. What is cut of both without asking is as much as an hour may see, so
# who counts a cut twice, or one of the other's, has to ask.
CUTS = 4
THEFTS = Scenario(
    "two-campaigns",
    _campaign,
    prepares=stolen_again,
    parameters={"Policy": json.dumps(world.POLICY | {"most_cuts_an_hour": CUTS})},
    again=_again,
)
SCENARIOS = {
    one.name: one
    for one in (
        Scenario("stolen-key", _stolen_key, parameters=_CUT_ALL),
        Scenario("campaign", _campaign),
        THEFTS,
        Scenario("denied", _stolen_key, parameters=_ASK_ALL, answer="Reject"),
        Scenario("silence", _stolen_key, parameters=_ASK_ALL, answer=None),
        Scenario("release", _release, prepares=_was_stolen, parameters=_CUT_ALL),
        Scenario("touch", _touch, prepares=_was_stolen, parameters=_CUT_ALL),
        Scenario("by-hand", _by_hand, prepares=_was_stolen, parameters=_LEAVE_ALL),
        Scenario("things", found, prepares=stocked, parameters=_ASK_OF_THINGS, again=found),
        Scenario(
            "things-back", _release, prepares=_were_cut, parameters=_ASK_OF_THINGS, again=found
        ),
        Scenario(
            "wider",
            wider.seen_again,
            prepares=_were_more_cut,
            parameters=_CUT_THINGS,
            again=wider.again,
        ),
        Scenario(
            "wider-by-hand",
            wider.asked_for,
            prepares=_were_more_cut,
            parameters=_CUT_THINGS,
            again=found,
        ),
        Scenario(
            "wider-back",
            _release,
            prepares=_was_wider,
            parameters=_CUT_THINGS,
            again=wider.again,
        ),
        Scenario("closed", _close, prepares=_was_stolen, parameters=_CUT_ALL),
        Scenario("facts", _facts, prepares=_was_stolen, parameters=_LEAVE_ALL),
    )
}

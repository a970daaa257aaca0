"""What is run undisturbed, and then again with everything that may go wrong."""

import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from botocore.exceptions import ClientError

from responder.domain.ladder import QUARANTINE_INSTANCE
from responder_cli.drill import world
from responder_cli.drill.events import deliveries, told_of
from tests.builders import NOON
from tests.proof.campaigns import stolen_again
from tests.proof.things import found, stocked
from tests.workflow.nights import Night

_HOUR = timedelta(hours=1)
_REDRIVES = 4
REDRIVEN = "-redriven-"  # in the name of an execution that the operator started again
_TRIES = 6  # of a person
_TOUCH = "AWS API Call via CloudTrail"  # the detail-type of what the touch queue holds
_ALICE = f"arn:aws:sts::{world.HOME}:assumed-role/on-call/alice@example.com"
_DENY_ALL = "arn:aws:iam::aws:policy/AWSDenyAll"
_ROUNDS = 60  # of asking and answering; a run that needs more does not end


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


def answered(night: Night, signal: str | None) -> None:
    """Answer what waits for a person, or let it wait, until every execution has ended."""
    for _ in range(_ROUNDS):
        night.cloud.settle()
        waiting = night.asks() if signal is not None else []
        for automation_id in waiting:
            press(night, automation_id, signal or "")
        if _quiet(night):
            return
        night.watch.until(
            lambda: _quiet(night) or bool(signal is not None and night.asks()), at_most=3 * _HOUR
        )
    raise TimeoutError("executions are still running")


def _quiet(night: Night) -> bool:
    """No execution runs, but the tracker, which waits for deadlines weeks away."""
    states = night.cloud.client("stepfunctions", account=world.HOME)
    return not any(
        states.list_executions(stateMachineArn=one["stateMachineArn"], statusFilter="RUNNING")[
            "executions"
        ]
        for one in states.list_state_machines()["stateMachines"]
        if "Tracker" not in one["name"]
    )


def press(night: Night, automation_id: str, signal: str) -> None:
    """A button of the console, if it can still be pressed."""
    try:
        night.answer(automation_id, signal)
    except ClientError as error:
        # It timed out, or was taken back, between the look and the answer.
        if error.response["Error"]["Code"] != "InvalidAutomationSignalException":
            raise


def recovered(
    night: Night, answer: str | None, again: Callable[[Night], None] = Night.send
) -> None:
    """What AWS, the detectors and the operator do about a night on which something failed.

    Findings are sent again, dead letters are redriven, failed executions are started again with the
    input that they had, and the hourly sweep comes round.
    """
    again(night)
    redriven = set[str]()
    for _ in range(_REDRIVES):
        answered(night, answer)
        night.cloud.advance(_HOUR)
        answered(night, answer)
        moved = _redrive_letters(night)
        if not _redrive_executions(night, redriven) and not moved:
            return


def _redrive_letters(night: Night) -> int:
    """As StartMessageMoveTask does: each message back to the queue that it came from."""
    sqs = night.cloud.client("sqs", account=world.HOME)
    found = night.stacks.responder
    letters = found.outputs["IntakeDeadLetterQueueUrl"]
    moved = 0
    while got := sqs.receive_message(QueueUrl=letters, MaxNumberOfMessages=10).get("Messages"):
        for message in got:
            # Two queues share it, and nothing here keeps which one a letter came from.
            told = json.loads(message["Body"])
            is_touch = isinstance(told, dict) and told.get("detail-type") == _TOUCH
            queue = found.resources["TouchQueue" if is_touch else "IntakeQueue"]
            sqs.send_message(QueueUrl=queue, MessageBody=message["Body"])
            sqs.delete_message(QueueUrl=letters, ReceiptHandle=message["ReceiptHandle"])
            moved += 1
    return moved


def _redrive_executions(night: Night, redriven: set[str]) -> bool:
    before, states = len(redriven), night.cloud.client("stepfunctions", account=world.HOME)
    for machine in states.list_state_machines()["stateMachines"]:
        arn = machine["stateMachineArn"]
        for one in states.list_executions(stateMachineArn=arn)["executions"]:
            if one["status"] in ("RUNNING", "SUCCEEDED") or one["executionArn"] in redriven:
                continue
            redriven.add(one["executionArn"])
            given = states.describe_execution(executionArn=one["executionArn"])["input"]
            states.start_execution(
                stateMachineArn=arn,
                name=f"{one['name'][:60]}{REDRIVEN}{len(redriven)}",
                input=given,
            )
    return len(redriven) > before


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


def _called(night: Night, output: str, asked: dict[str, Any]) -> None:
    """As a person calls a function: again, if it fails or leaves something; not if it refuses.

    Who is failed again and again gives up. Whether that was right is for the end to say.
    """
    invoke = night.cloud.client("lambda", account=world.HOME).invoke
    for _ in range(_TRIES):
        reply = invoke(
            FunctionName=night.stacks.responder.outputs[output], Payload=json.dumps(asked).encode()
        )
        answer = json.loads(reply["Payload"].read())
        is_done = "FunctionError" not in reply and not answer.get("left")
        if is_done or answer.get("errorType") == "Refused":
            return
        night.cloud.advance(timedelta(minutes=1))


def _asked(night: Night, **more: Any) -> dict[str, Any]:
    [incident] = night.watch.incidents()
    return {"incident_id": incident.id, "by": _ALICE, "reason": "rehearsal", **more}


def _release(night: Night) -> None:
    """Every cut of the incident is put back."""
    _called(night, "ReleaseFunctionName", _asked(night, key_was_never_out=True))


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
    _called(night, "CutFunctionName", _asked(night, action_id="iam.deny_role", resource=role))


def _facts(night: Night) -> None:
    """Counsel records when it was discovered, days pass, and the register is read."""
    said = {"discovered_at": "2026-11-23T12:00:00Z", "residents": {"US-CA": 1200, "US-TX": 700}}
    [incident] = night.watch.incidents()
    asked = {"incident_id": incident.id, "by": "counsel@example.com"} | said
    _called(night, "RecordFunctionName", asked)
    night.cloud.advance(timedelta(days=20))
    _called(night, "RegisterFunctionName", {})


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

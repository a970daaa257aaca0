"""What people do about a night, and AWS with them: answer, ask, redrive, send again."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from botocore.exceptions import ClientError

from responder_cli.drill import world
from tests.workflow.nights import Night

_ALICE = f"arn:aws:sts::{world.HOME}:assumed-role/on-call/alice@example.com"
_BOB = f"arn:aws:sts::{world.HOME}:assumed-role/on-call/bob@example.com"
_HOUR = timedelta(hours=1)
_REDRIVES = 4
REDRIVEN = "-redriven-"  # in the name of an execution that the operator started again
_TRIES = 6  # of a person
_TOUCH = "AWS API Call via CloudTrail"  # the detail-type of what the touch queue holds
_ROUNDS = 60  # of asking and answering; a run that needs more does not end


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


def called(night: Night, output: str, asked: dict[str, Any]) -> None:
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


def asked_of(night: Night, **more: Any) -> dict[str, Any]:
    """What a person sends about the one incident, with their reason."""
    return about(night, by=_ALICE, reason="rehearsal") | more


def about(night: Night, *, by: str, **more: Any) -> dict[str, Any]:
    """What a person sends about the one incident."""
    [incident] = night.watch.incidents()
    return {"incident_id": incident.id, "by": by, **more}


def asks_for_cut(night: Night, action_id: str, resource: str) -> None:
    """A person asks for a cut by name."""
    # Who approves it is another: the one who answers what waits.
    asked = asked_of(night, action_id=action_id, resource=resource, by=_BOB)
    called(night, "CutFunctionName", asked)

"""What goes wrong with a call happens to its caller as AWS, the network or Lambda would do it."""

import pytest

from tests.proof.faults import Kind, Saboteur, kinds_for
from tests.unit.localcloud.clouds import Written, written

__all__ = ["written"]

# Counts in a queue how often it ran, and says what it met.
COUNTS = """
    import os, boto3
    from botocore.exceptions import BotoCoreError, ClientError

    def handler(event, context):
        sqs = boto3.client("sqs")
        url = os.environ["QUEUE"]
        try:
            sqs.send_message(QueueUrl=url, MessageBody="ran")
        except ClientError as error:
            return error.response["Error"]["Code"]
        except BotoCoreError as error:
            return type(error).__name__
        sqs.get_queue_attributes(QueueUrl=url)
        return "done"
"""
TEMPLATE = """
Queue: {Type: AWS::SQS::Queue}
Look:
  Type: AWS::Serverless::Function
  Properties:
    CodeUri: functions/look
    Environment: {Variables: {QUEUE: !Ref Queue}}
    Policies:
      - Version: "2012-10-17"
        Statement:
          - Effect: Allow
            Action: [sqs:SendMessage, sqs:GetQueueAttributes]
            Resource: [!GetAtt Queue.Arn]
"""


def disturbed(written: Written, kind: Kind, at: int = 1) -> tuple[object, int]:
    """What the function returned or how it failed, and how many messages were sent."""
    written.function("look", COUNTS)
    stack = written.deploy(TEMPLATE)
    saboteur = Saboteur(written.cloud, at, kind)
    written.cloud.disturb(saboteur)
    payload = written.invoke("Look")["Payload"]
    written.cloud.disturb(None)
    assert saboteur.hit is not None
    said = payload["errorType"] if isinstance(payload, dict) else payload
    return said, len(written.messages(stack.resources["Queue"]))


@pytest.mark.parametrize(
    ("kind", "said", "sent"),
    [
        (Kind.ERROR, "InternalFailure", 0),
        (Kind.THROTTLE, "ThrottlingException", 0),
        (Kind.LOST, "ReadTimeoutError", 1),
        (Kind.TIMEOUT, "Sandbox.Timedout", 1),
        (Kind.DEATH, "Runtime.ExitError", 1),
        (Kind.TWIN, "done", 2),
        (Kind.DENIED, "AccessDenied", 0),
    ],
)
def test_each_fault_is_what_its_name_says(
    written: Written, kind: Kind, said: str, sent: int
) -> None:
    assert disturbed(written, kind) == (said, sent)


def test_only_the_call_that_was_asked_for_is_hit(written: Written) -> None:
    assert disturbed(written, Kind.DEATH, at=2) == ("Runtime.ExitError", 1)
    assert written.invoke("Look")["Payload"] == "done"
    ran = written.ran("Look")
    assert [one.error for one in ran] == ["Runtime.ExitError", None]
    assert [one.cold for one in ran] == [True, True]


def test_what_people_call_is_never_disturbed(written: Written) -> None:
    written.function("look", COUNTS)
    stack = written.deploy(TEMPLATE)
    saboteur = Saboteur(written.cloud, 1, Kind.ERROR)
    written.cloud.disturb(saboteur)
    written.client("sqs").send_message(QueueUrl=stack.resources["Queue"], MessageBody="by hand")
    assert saboteur.seen == 0


def test_a_twin_runs_with_the_same_event_in_the_middle_of_the_other(written: Written) -> None:
    disturbed(written, Kind.TWIN, at=2)
    inner, outer = written.ran("Look")
    assert (inner.error, outer.error) == (None, None)
    assert inner.request_id != outer.request_id
    assert [call.operation for call in written.cloud.calls if call.function] == [
        "SendMessage",
        "GetQueueAttributes",
        "SendMessage",
        "GetQueueAttributes",
    ]


def test_a_twin_has_a_process_of_its_own_so_no_lock_of_the_other_can_stop_it(
    written: Written,
) -> None:
    """As botocore holds one while it asks for the keys of a role."""
    written.function(
        "look",
        """
        import threading
        import boto3
        lock, seen = threading.Lock(), []

        def handler(event, context):
            seen.append(event)
            assert lock.acquire(timeout=5), "the other one has it"
            boto3.client("sts").get_caller_identity()
            lock.release()
            return len(seen)
        """,
    )
    written.deploy("Look: {Type: AWS::Serverless::Function, Properties: {CodeUri: functions/look}}")
    written.cloud.disturb(Saboteur(written.cloud, 1, Kind.TWIN))
    assert written.invoke("Look")["Payload"] == 1
    assert [one.error for one in written.ran("Look")] == [None, None]
    assert [one.cold for one in written.ran("Look")] == [True, True]
    written.cloud.disturb(None)
    assert written.invoke("Look")["Payload"] == 2  # the first of them serves on


def test_there_is_no_twin_of_nothing(written: Written) -> None:
    with pytest.raises(RuntimeError, match="no handler runs"):
        written.cloud.run_inside()


def test_a_function_that_was_warmed_up_is_not_cold_and_one_that_cannot_start_says_so_later(
    written: Written,
) -> None:
    written.function("look", "def handler(event, context): return 1")
    written.function("broken", "import no_such_module")
    written.deploy(
        """
        Look: {Type: AWS::Serverless::Function, Properties: {CodeUri: functions/look}}
        Broken: {Type: AWS::Serverless::Function, Properties: {CodeUri: functions/broken}}
        """
    )
    written.cloud.warm_up()
    assert written.cloud.invocations == []
    assert written.invoke("Look")["Payload"] == 1
    assert written.invoke("Broken")["Payload"]["errorType"] == "Runtime.ImportModuleError"
    assert [one.cold for one in written.ran("Look")] == [False]


def test_reads_meet_only_what_makes_a_difference_to_a_read(written: Written) -> None:
    written.function("look", COUNTS)
    written.deploy(TEMPLATE)
    written.invoke("Look")
    send, read = [call for call in written.cloud.calls if call.function]
    assert set(kinds_for(send)) == set(Kind) - {Kind.RIVAL}
    assert set(kinds_for(read)) == {Kind.ERROR, Kind.DEATH, Kind.DENIED, Kind.TWIN}

"""Lambda polls a queue: what is taken goes, what fails comes back, what is poison goes aside."""

import json
from datetime import timedelta

from localcloud.queues import reported_failures
from localcloud.retries import Answer
from tests.builders import HOME, REGION
from tests.unit.localcloud.clouds import STARTS_AT, Written, written

__all__ = ["written"]

TAKE = """
    import json

    def handler(event, context):
        failed = []
        for record in event["Records"]:
            body = json.loads(record["body"])
            print(body["id"], record["attributes"]["ApproximateReceiveCount"])
            if body.get("poison"):
                failed.append({"itemIdentifier": record["messageId"]})
        return {"batchItemFailures": failed}
"""
STACK = """
    Queue:
      Type: AWS::SQS::Queue
      Properties:
        VisibilityTimeout: 180
        RedrivePolicy: {deadLetterTargetArn: !GetAtt Dead.Arn, maxReceiveCount: 3}
    Dead: {Type: AWS::SQS::Queue}
    Take:
      Type: AWS::Serverless::Function
      Properties:
        CodeUri: functions/take
        Events:
          Messages:
            Type: SQS
            Properties:
              Queue: !GetAtt Queue.Arn
              BatchSize: 10
              FunctionResponseTypes: [ReportBatchItemFailures]
"""


def send(written: Written, url: str, *bodies: object, delay: int = 0) -> None:
    for body in bodies:
        text = body if isinstance(body, str) else json.dumps(body)
        written.client("sqs").send_message(QueueUrl=url, MessageBody=text, DelaySeconds=delay)


def waits(written: Written) -> list[int]:
    """Seconds from the start to each run. Moto shows a message a millisecond late."""
    return [int((one.at - STARTS_AT).total_seconds()) for one in written.ran("Take")]


def left(written: Written, url: str) -> dict[str, int]:
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    found = written.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=names)
    visible, hidden = (int(found["Attributes"][name]) for name in names)
    return {"visible": visible, "hidden": hidden}


def test_messages_are_taken_in_one_batch_and_deleted(written: Written) -> None:
    written.function("take", TAKE)
    stack = written.deploy(STACK)
    send(written, stack.resources["Queue"], {"id": 1}, {"id": 2}, {"id": 3})
    assert written.ran("Take") == []
    written.cloud.settle()
    (ran,) = written.ran("Take")
    assert ran.log.split("\n")[:3] == ["1 1", "2 1", "3 1"]
    assert ran.event_source.startswith("queue/")
    assert left(written, stack.resources["Queue"]) == {"visible": 0, "hidden": 0}


def test_a_poison_message_goes_aside_and_the_others_are_taken_once(written: Written) -> None:
    written.function("take", TAKE)
    stack = written.deploy(STACK)
    send(written, stack.resources["Queue"], {"id": 1}, {"id": 2, "poison": True}, {"id": 3})
    written.cloud.settle()
    assert left(written, stack.resources["Queue"]) == {"visible": 0, "hidden": 1}
    written.cloud.advance(timedelta(minutes=30))
    assert [one.log.split() for one in written.ran("Take")] == [
        ["1", "1", "2", "1", "3", "1"],
        ["2", "2"],
        ["2", "3"],
    ]
    assert waits(written) == [0, 180, 360]
    (dead,) = written.messages(stack.resources["Dead"])
    assert json.loads(dead["Body"])["id"] == 2
    assert left(written, stack.resources["Queue"]) == {"visible": 0, "hidden": 0}


def test_a_function_that_raises_gets_the_whole_batch_again(written: Written) -> None:
    written.function(
        "take",
        """
        seen = []

        def handler(event, context):
            seen.append(len(event["Records"]))
            if len(seen) == 1:
                raise RuntimeError("not yet")
            print(seen)
        """,
    )
    stack = written.deploy(STACK)
    send(written, stack.resources["Queue"], {"id": 1}, {"id": 2})
    written.cloud.advance(timedelta(minutes=10))
    first, second = written.ran("Take")
    assert (first.error, second.error) == ("RuntimeError", None)
    assert second.log == "[2, 2]\n"
    assert written.messages(stack.resources["Dead"]) == []


def test_a_failure_that_names_no_message_fails_the_batch(written: Written) -> None:
    written.function(
        "take",
        "def handler(e, c): return {'batchItemFailures': [{'itemIdentifier': 'another'}]}",
    )
    stack = written.deploy(STACK)
    send(written, stack.resources["Queue"], {"id": 1})
    written.cloud.advance(timedelta(minutes=30))
    assert len(written.ran("Take")) == 3
    assert len(written.messages(stack.resources["Dead"])) == 1


def test_a_message_delivered_twice_is_taken_twice(written: Written) -> None:
    written.function("take", TAKE)
    stack = written.deploy(STACK)
    send(written, stack.resources["Queue"], {"id": 1}, {"id": 1})
    written.cloud.settle()
    assert written.ran("Take")[0].log.split() == ["1", "1", "1", "1"]


def test_a_delayed_message_is_taken_when_it_may_be(written: Written) -> None:
    written.function("take", TAKE)
    stack = written.deploy(STACK)
    send(written, stack.resources["Queue"], {"id": 1}, delay=90)
    written.cloud.settle()
    assert written.ran("Take") == []
    written.cloud.advance(timedelta(minutes=5))
    assert waits(written) == [90]


def test_a_window_gathers_messages_until_it_closes_or_the_batch_is_full(written: Written) -> None:
    written.function("take", TAKE)
    windowed = "BatchSize: 3\n              MaximumBatchingWindowInSeconds: 60"
    stack = written.deploy(STACK.replace("BatchSize: 10", windowed))
    url = stack.resources["Queue"]
    send(written, url, {"id": 1})
    written.cloud.advance(timedelta(seconds=30))
    send(written, url, {"id": 2})
    written.cloud.advance(timedelta(seconds=40))
    assert [one.log.split()[::2] for one in written.ran("Take")] == [["1", "2"]]
    assert waits(written) == [60]
    send(written, url, {"id": 3}, {"id": 4}, {"id": 5})
    written.cloud.settle()
    assert written.ran("Take")[1].log.split()[::2] == ["3", "4", "5"]


def test_what_a_filter_leaves_out_is_deleted_and_never_seen(written: Written) -> None:
    written.function("take", TAKE)
    filtered = (
        "BatchSize: 10\n              FilterCriteria: "
        """{Filters: [{Pattern: '{"body": {"kind": ["a"]}}'}]}"""
    )
    stack = written.deploy(STACK.replace("BatchSize: 10", filtered))
    url = stack.resources["Queue"]
    send(written, url, {"id": 1, "kind": "a"}, {"id": 2, "kind": "b"}, "no json")
    written.cloud.settle()
    assert [one.log.split()[0] for one in written.ran("Take")] == ["1"]
    assert left(written, url) == {"visible": 0, "hidden": 0}


def test_messages_that_wait_since_before_the_mapping_are_taken(written: Written) -> None:
    written.function("take", TAKE)
    queue, _, take = STACK.partition("    Take:")
    named = queue.replace("VisibilityTimeout", "QueueName: waiting\n        VisibilityTimeout")
    stack = written.deploy(named)
    send(written, stack.resources["Queue"], {"id": 1})
    written.cloud.settle()
    arn = f"arn:aws:sqs:{REGION}:{HOME}:waiting"
    written.deploy("    Take:" + take.replace("!GetAtt Queue.Arn", arn), stack_name="later")
    written.cloud.settle()
    assert [one.log.split() for one in written.ran("Take")] == [["1", "1"]]


def test_lambda_polls_with_the_rights_of_the_functions_role(written: Written) -> None:
    written.function("take", TAKE)
    stack = written.deploy(STACK)
    send(written, stack.resources["Queue"], {"id": 1})
    written.cloud.settle()
    polled = [call for call in written.cloud.calls if call.operation == "ReceiveMessage"]
    assert {call.caller.kind for call in polled} == {"session"}
    assert all(f"/{stack.resources['TakeRole']}/" in call.caller.arn for call in polled)


def test_an_attribute_of_a_message_reaches_the_function(written: Written) -> None:
    written.function(
        "take",
        "def handler(e, c): print(e['Records'][0]['messageAttributes'])",
    )
    stack = written.deploy(STACK)
    written.client("sqs").send_message(
        QueueUrl=stack.resources["Queue"],
        MessageBody="x",
        MessageAttributes={
            "kind": {"DataType": "String", "StringValue": "a"},
            "raw": {"DataType": "Binary", "BinaryValue": b"\x00\x01"},
        },
    )
    written.cloud.settle()
    log = written.ran("Take")[0].log
    assert "'stringValue': 'a'" in log
    assert "'binaryValue': 'AAE='" in log


def test_reported_failures_are_read_as_lambda_reads_them() -> None:
    def read(payload: object) -> frozenset[str] | None:
        return reported_failures(Answer(json.dumps(payload), None, "id", ""))

    assert read(None) == frozenset()
    assert read({}) == frozenset()
    assert read({"batchItemFailures": []}) == frozenset()
    assert read({"batchItemFailures": None}) == frozenset()
    assert read({"batchItemFailures": [{"itemIdentifier": "a"}]}) == frozenset({"a"})
    assert read({"batchItemFailures": [{"itemIdentifier": ""}]}) is None
    assert read({"batchItemFailures": [{"itemIdentifier": None}]}) is None
    assert read({"batchItemFailures": [{"wrong": "a"}]}) is None
    assert read({"batchItemFailures": "a"}) is None

"""An event source is shown, switched off and on, and delivers what waited meanwhile."""

from typing import Any

import pytest

from localcloud.stack import Unsupported
from tests.unit.localcloud.clouds import Written, written

__all__ = ["written"]

TAKE = "def handler(event, context): print(len(event['Records']))"
QUEUE = """
    Queue: {Type: AWS::SQS::Queue, Properties: {VisibilityTimeout: 180}}
    Take:
      Type: AWS::Serverless::Function
      Properties:
        CodeUri: functions/take
        Events:
          Messages: {Type: SQS, Properties: {Queue: !GetAtt Queue.Arn, Enabled: true}}
"""
STREAM = """
    Table:
      Type: AWS::DynamoDB::Table
      Properties:
        AttributeDefinitions: [{AttributeName: pk, AttributeType: S}]
        KeySchema: [{AttributeName: pk, KeyType: HASH}]
        BillingMode: PAY_PER_REQUEST
        StreamSpecification: {StreamViewType: NEW_IMAGE}
    Take:
      Type: AWS::Serverless::Function
      Properties:
        CodeUri: functions/take
        Events:
          Changes:
            Type: DynamoDB
            Properties: {Stream: !GetAtt Table.StreamArn, StartingPosition: TRIM_HORIZON}
"""


def deployed(written: Written, resources: str) -> tuple[dict[str, str], Any, str]:
    """What was deployed, a client of Lambda, and the id of the one event source."""
    written.function("take", TAKE)
    stack, functions = written.deploy(resources), written.client("lambda")
    [source] = functions.list_event_source_mappings()["EventSourceMappings"]
    assert source["State"] == "Enabled"
    assert source["FunctionArn"] == written.cloud.registry.function("Take").arn
    return stack.resources, functions, str(source["UUID"])


def test_a_queue_keeps_what_it_holds_while_it_is_off(written: Written) -> None:
    made, functions, uuid = deployed(written, QUEUE)

    def send() -> None:
        written.client("sqs").send_message(QueueUrl=made["Queue"], MessageBody="{}")
        written.cloud.settle()

    functions.update_event_source_mapping(UUID=uuid, Enabled=False)
    send()
    assert written.ran("Take") == []
    assert len(written.messages(made["Queue"])) == 1
    functions.update_event_source_mapping(UUID=uuid, Enabled=True)
    written.cloud.settle()
    assert [one.log for one in written.ran("Take")] == ["1\n"]
    send()
    assert len(written.ran("Take")) == 2


def test_a_message_that_came_just_before_it_was_switched_off_waits_too(written: Written) -> None:
    made, functions, uuid = deployed(written, QUEUE)
    written.client("sqs").send_message(QueueUrl=made["Queue"], MessageBody="{}")
    functions.update_event_source_mapping(UUID=uuid, Enabled=False)
    written.cloud.settle()
    assert written.ran("Take") == []


def test_a_stream_goes_on_where_it_was_switched_off(written: Written) -> None:
    made, functions, uuid = deployed(written, STREAM)

    def put(name: str) -> None:
        written.client("dynamodb").put_item(TableName=made["Table"], Item={"pk": {"S": name}})
        written.cloud.settle()

    put("one")
    functions.update_event_source_mapping(UUID=uuid, Enabled=False)
    put("two")
    put("three")
    assert [one.log for one in written.ran("Take")] == ["1\n"]
    functions.update_event_source_mapping(UUID=uuid, Enabled=True)
    written.cloud.settle()
    assert [one.log for one in written.ran("Take")] == ["1\n", "2\n"]


def test_one_that_is_deployed_off_is_off(written: Written) -> None:
    written.function("take", TAKE)
    made = written.deploy(QUEUE.replace("Enabled: true", "Enabled: false")).resources
    [source] = written.client("lambda").list_event_source_mappings()["EventSourceMappings"]
    written.client("sqs").send_message(QueueUrl=made["Queue"], MessageBody="{}")
    written.cloud.settle()
    assert (source["State"], written.ran("Take")) == ("Disabled", [])


def test_any_other_change_of_it_is_refused_by_name(written: Written) -> None:
    _, functions, uuid = deployed(written, QUEUE)
    with pytest.raises(Unsupported, match="BatchSize"):
        functions.update_event_source_mapping(UUID=uuid, BatchSize=1)

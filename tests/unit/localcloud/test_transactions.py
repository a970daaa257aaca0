"""A transaction that fails was never there, for the table and for who reads its stream."""

from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from localcloud.transactions import undone_whole
from tests.builders import REGION

NAME = "a-table"
A, B = {"pk": {"S": "a"}, "sk": {"S": "1"}}, {"pk": {"S": "b"}, "sk": {"S": "1"}}
ONLY_NEW = {"ConditionExpression": "attribute_not_exists(pk)"}
FAILS = {"Put": {"Item": A, **ONLY_NEW}}


@pytest.fixture
def dynamodb(aws: None) -> Any:
    client = boto3.client("dynamodb", region_name=REGION)
    client.create_table(
        TableName=NAME,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": n, "AttributeType": "S"} for n in ("pk", "sk")],
        KeySchema=[
            {"AttributeName": "pk", "KeyType": "HASH"},
            {"AttributeName": "sk", "KeyType": "RANGE"},
        ],
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"},
    )
    client.put_item(TableName=NAME, Item=A | {"body": {"S": "first"}})
    return client


def transact(dynamodb: Any, *writes: dict[str, Any]) -> str | None:
    named = [{kind: {"TableName": NAME} | each} for one in writes for kind, each in one.items()]
    try:
        dynamodb.transact_write_items(TransactItems=named)
    except ClientError as error:
        return str(error.response["Error"]["Code"])
    return None


class Reader:
    """Somebody who reads the stream from its beginning, on and on."""

    def __init__(self) -> None:
        self._client: Any = boto3.client("dynamodbstreams", region_name=REGION)
        [stream] = self._client.list_streams(TableName=NAME)["Streams"]
        told = self._client.describe_stream(StreamArn=stream["StreamArn"])["StreamDescription"]
        self._next = self._client.get_shard_iterator(
            StreamArn=stream["StreamArn"],
            ShardId=told["Shards"][0]["ShardId"],
            ShardIteratorType="TRIM_HORIZON",
        )["ShardIterator"]

    def new(self) -> list[tuple[str, str]]:
        answer = self._client.get_records(ShardIterator=self._next)
        self._next = answer["NextShardIterator"]
        return [(one["eventName"], one["dynamodb"]["Keys"]["pk"]["S"]) for one in answer["Records"]]


@pytest.mark.parametrize(
    "write",
    [
        {"Put": {"Item": B, **ONLY_NEW}},
        {"Put": {"Item": B | {"body": {"M": {"x": {"N": "1"}}}}}},
        {
            "Update": {
                "Key": B,
                "UpdateExpression": "SET body = :b",
                "ExpressionAttributeValues": {":b": {"S": "changed"}},
            }
        },
        {"Delete": {"Key": B}},
    ],
)
@pytest.mark.parametrize("stands", [False, True])
def test_nothing_of_a_failed_transaction_is_seen(
    dynamodb: Any, write: dict[str, Any], stands: bool
) -> None:
    if stands:
        dynamodb.put_item(TableName=NAME, Item=B | {"body": {"S": "stood"}})
    before = dynamodb.scan(TableName=NAME)["Items"]
    reader = Reader()
    told = reader.new()
    with undone_whole():
        assert transact(dynamodb, write, FAILS) == "TransactionCanceledException"
        assert dynamodb.scan(TableName=NAME)["Items"] == before
        assert reader.new() == []
        dynamodb.put_item(TableName=NAME, Item={"pk": {"S": "c"}, "sk": {"S": "1"}})
        assert reader.new() == [("INSERT", "c")]
    assert told[0] == ("INSERT", "a")


def test_one_that_succeeds_is_seen_whole(dynamodb: Any) -> None:
    reader = Reader()
    reader.new()
    with undone_whole():
        assert transact(dynamodb, {"Put": {"Item": B, **ONLY_NEW}}, {"Delete": {"Key": A}}) is None
    assert reader.new() == [("INSERT", "b"), ("REMOVE", "a")]
    assert dynamodb.scan(TableName=NAME)["Items"] == [B]

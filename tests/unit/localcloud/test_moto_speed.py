"""What makes moto faster changes no answer."""

from contextlib import nullcontext
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto.dynamodb.models.dynamo_type import DynamoType

from localcloud.moto_speed import sped_up
from tests.builders import REGION


def _table(dynamodb: Any, kind: str, *, with_range: bool) -> str:
    name = f"{kind}-{with_range}"
    names = ("pk", "sk") if with_range else ("sk",)
    dynamodb.create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[
            {"AttributeName": each, "AttributeType": "S" if each == "pk" else kind}
            for each in names
        ],
        KeySchema=[
            {"AttributeName": each, "KeyType": key}
            for each, key in zip(names, ("HASH", "RANGE"), strict=False)
        ],
    )
    for number in ("10", "9", "100", "-1", "1.5"):
        for pk in ("b", "a"):
            dynamodb.put_item(TableName=name, Item={"pk": {"S": pk}, "sk": {kind: number}})
    return name


def _read(dynamodb: Any, names: list[str]) -> list[Any]:
    scans = [dynamodb.scan(TableName=name)["Items"] for name in names]
    queries = [
        dynamodb.query(
            TableName=name,
            KeyConditionExpression="pk = :pk",
            ExpressionAttributeValues={":pk": {"S": "a"}},
            ScanIndexForward=False,
        )["Items"]
        for name in names
        if name.endswith("True")
    ]
    return [*scans, *queries]


@pytest.mark.usefixtures("aws")
def test_scans_and_queries_return_the_same_in_the_same_order() -> None:
    dynamodb = boto3.client("dynamodb", region_name=REGION)
    names = [_table(dynamodb, kind, with_range=wide) for kind in "SN" for wide in (True, False)]
    slow = _read(dynamodb, names)
    assert all(slow)
    with sped_up():
        assert _read(dynamodb, names) == slow
    assert _read(dynamodb, names) == slow


@pytest.mark.parametrize(
    "value",
    [
        {"S": "a"},
        {"N": "1.50"},
        {"B": b"a"},
        {"BOOL": True},
        {"NULL": True},
        {"SS": ["a", "b"]},
        {"NS": ["1", "2.0"]},
        {"L": [{"N": "1"}, {"S": "x"}]},
        {"M": {"k": {"L": [{"S": "v"}]}}},
    ],
)
def test_a_value_is_the_same(value: dict[str, Any]) -> None:
    slow = DynamoType(value)
    before = slow.cast_value, slow.size()
    with sped_up():
        assert (DynamoType(value).cast_value, DynamoType(value).size()) == before


def _transact(dynamodb: Any, name: str, *writes: dict[str, Any]) -> str | None:
    try:
        dynamodb.transact_write_items(
            TransactItems=[
                {kind: {"TableName": name} | each} for one in writes for kind, each in one.items()
            ]
        )
    except ClientError as error:
        return str(error.response["Error"]["Code"])
    return None


@pytest.mark.usefixtures("aws")
@pytest.mark.parametrize("fast", [False, True])
def test_a_transaction_that_fails_leaves_all_as_it_was(fast: bool) -> None:
    dynamodb = boto3.client("dynamodb", region_name=REGION)
    name = _table(dynamodb, "S", with_range=True)
    before = _read(dynamodb, [name])
    key = {"pk": {"S": "a"}, "sk": {"S": "9"}}
    new = {"Put": {"Item": key | {"body": {"M": {"x": {"N": "1"}}}}}}
    gone = {"Delete": {"Key": {"pk": {"S": "a"}, "sk": {"S": "10"}}}}
    only_new = {"ConditionExpression": "attribute_not_exists(pk)"}
    fails = {"Put": {"Item": {"pk": {"S": "b"}, "sk": {"S": "9"}}} | only_new}
    changed = {
        "Update": {
            "Key": {"pk": {"S": "a"}, "sk": {"S": "100"}},
            "UpdateExpression": "SET body = :b",
            "ExpressionAttributeValues": {":b": {"S": "changed"}},
        }
    }
    with sped_up() if fast else nullcontext():
        assert _transact(dynamodb, name, new, gone, fails) == "TransactionCanceledException"
        assert _read(dynamodb, [name]) == before
        assert _transact(dynamodb, name, new, changed, fails) == "TransactionCanceledException"
        assert _read(dynamodb, [name]) == before
        assert _transact(dynamodb, name, new, gone) is None
        [items, _] = _read(dynamodb, [name])
    assert new["Put"]["Item"] in items
    assert gone["Delete"]["Key"] not in items

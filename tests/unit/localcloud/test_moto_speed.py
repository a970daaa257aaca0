"""What makes moto faster changes no answer."""

from typing import Any

import boto3
import pytest
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

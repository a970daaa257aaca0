"""What makes moto faster changes no answer."""

import gc
from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial, wraps
from typing import Any

import boto3
import pytest
from botocore import hooks
from moto import mock_aws
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.core.request import Request
from moto.dynamodb.models.dynamo_type import DynamoType, Item
from moto.iam import models as iam
from moto.kms.models import kms_backends

from localcloud.moto_speed import sped_up
from tests.builders import HOME, REGION, SHOP
from tests.conftest import Faster


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
    by_index = dynamodb.query(
        TableName="indexed",
        IndexName="by-sk",
        KeyConditionExpression="sk = :sk",
        ExpressionAttributeValues={":sk": {"S": "1"}},
    )["Items"]
    by_number = [
        dynamodb.query(
            TableName="ranged",
            IndexName="by-kind",
            KeyConditionExpression="kind = :kind AND due_at <= :until",
            ExpressionAttributeValues={":kind": {"N": number}, ":until": {"S": "2026-02"}},
            ScanIndexForward=forward,
            Limit=2,
        )
        for number in ("1", "1.0", "2")
        for forward in (True, False)
    ]
    pages = [(one["Items"], one.get("LastEvaluatedKey")) for one in by_number]
    return [*scans, *queries, by_index, *pages]


def _indexed(dynamodb: Any) -> None:
    dynamodb.create_table(
        TableName="indexed",
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[
            {"AttributeName": each, "AttributeType": "S"} for each in ("pk", "sk")
        ],
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        GlobalSecondaryIndexes=[
            {
                "IndexName": "by-sk",
                "KeySchema": [{"AttributeName": "sk", "KeyType": "HASH"}],
                "Projection": {"ProjectionType": "ALL"},
            }
        ],
    )
    for pk, sk in ("a1", "b1", "c2"):
        dynamodb.put_item(TableName="indexed", Item={"pk": {"S": pk}, "sk": {"S": sk}})


def _ranged(dynamodb: Any) -> None:
    """Several items of one value, one of another, and one that the index does not hold."""
    kinds = {"pk": "S", "sk": "S", "kind": "N", "due_at": "S"}
    dynamodb.create_table(
        TableName="ranged",
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[
            {"AttributeName": name, "AttributeType": kind} for name, kind in kinds.items()
        ],
        KeySchema=[
            {"AttributeName": "pk", "KeyType": "HASH"},
            {"AttributeName": "sk", "KeyType": "RANGE"},
        ],
        GlobalSecondaryIndexes=[
            {
                "IndexName": "by-kind",
                "KeySchema": [
                    {"AttributeName": "kind", "KeyType": "HASH"},
                    {"AttributeName": "due_at", "KeyType": "RANGE"},
                ],
                "Projection": {"ProjectionType": "KEYS_ONLY"},
            }
        ],
    )
    for number, (pk, sk, kind, due_at) in enumerate(
        [
            ("b", "1", "1", "2026-02"),
            ("a", "2", "1.0", "2026-01"),
            ("a", "1", "1", "2026-01"),
            ("c", "1", "1", "2026-03"),
            ("c", "2", "2", "2026-01"),
        ]
    ):
        keys = {"pk": {"S": pk}, "sk": {"S": sk}, "kind": {"N": kind}, "due_at": {"S": due_at}}
        dynamodb.put_item(TableName="ranged", Item={**keys, "körper": {"S": "ß" * number}})
    dynamodb.put_item(TableName="ranged", Item={"pk": {"S": "a"}, "sk": {"S": "3"}})


def _sqs_counts(sqs: Any, url: str) -> tuple[Any, ...]:
    names = ["", "NotVisible", "Delayed"]
    given = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    return tuple(given[f"ApproximateNumberOfMessages{name}"] for name in names)


@pytest.mark.usefixtures("aws")
def test_a_queue_counts_and_gives_what_is_visible() -> None:
    sqs = boto3.client("sqs", region_name=REGION)
    url = sqs.create_queue(QueueName="counted")["QueueUrl"]
    for delay in (0, 0, 0, 900):
        sqs.send_message(QueueUrl=url, MessageBody=str(delay), DelaySeconds=delay)
    with sped_up():
        taken = sqs.receive_message(QueueUrl=url, VisibilityTimeout=600)["Messages"]
        counts = _sqs_counts(sqs, url)
        rest = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, VisibilityTimeout=0)
    assert counts == _sqs_counts(sqs, url) == ("2", "1", "1")
    assert [one["Body"] for one in [*taken, *rest["Messages"]]] == ["0", "0", "0"]


@pytest.fixture(autouse=True)
def _as_they_are(faster: Faster) -> Iterator[None]:
    """All tests run faster; these compare that with what it is without."""
    with faster.off():
        yield


@pytest.mark.usefixtures("aws")
def test_scans_and_queries_return_the_same_in_the_same_order() -> None:
    dynamodb = boto3.client("dynamodb", region_name=REGION)
    names = [_table(dynamodb, kind, with_range=wide) for kind in "SN" for wide in (True, False)]
    _indexed(dynamodb)
    _ranged(dynamodb)
    slow = _read(dynamodb, names)
    assert all(slow)
    with sped_up():
        with sped_up():
            assert _read(dynamodb, names) == slow
        assert _read(dynamodb, names) == slow
    assert _read(dynamodb, names) == slow


@pytest.mark.parametrize(
    "value",
    [
        {"S": "a"},
        {"S": "ä€"},
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


def test_an_item_has_the_same_size() -> None:
    item = Item(DynamoType({"S": "ä"}), None, {"pk": {"S": "ä"}, "größe": {"L": [{"N": "1"}]}})
    before = item.size()
    assert before > len("päpkgröße1")
    with sped_up():
        assert item.size() == before


@pytest.mark.usefixtures("aws")
@pytest.mark.parametrize("service", ["sts", "s3"])
@pytest.mark.parametrize("token", ["a-token", None])
def test_a_request_says_who_signed_it_and_for_what(service: Any, token: str | None) -> None:
    """And one of S3 is signed as ever, for what it holds."""
    session = boto3.Session("AKIAEXAMPLEEXAMPLE01", "x", token, REGION)

    def signed() -> dict[str, str]:
        found = dict[str, str]()
        client: Any = session.client(service)
        client.meta.events.register_first(
            "before-send", lambda request, **_: found.update(_texts(request.headers))
        )
        (client.get_caller_identity if service == "sts" else client.list_buckets)()
        assert found["x-amz-date"]
        scope = found["authorization"].split(", ")[0].split("/")
        scope[1] = "the day"
        return {
            "scope": "/".join(scope),
            "token": found.get("x-amz-security-token", ""),
            "of what": found.get("x-amz-content-sha256", ""),
        }

    slow = signed()
    assert (slow["token"], bool(slow["of what"])) == (token or "", service == "s3")
    with sped_up():
        assert signed() == slow


_JSON = {"Content-Type": "application/x-amz-json-1.0", "User-Agent": b"Boto", "Content-Length": "7"}
_AT = "https://dynamodb.us-west-2.amazonaws.com/"


@pytest.mark.parametrize(
    ("url", "headers", "body"),
    [
        (_AT, _JSON, b'{"a":1}'),
        (_AT, {}, b""),
        (_AT, {"Host": "another.example.com", "Transfer-Encoding": "chunked"}, b"x"),
        (_AT, {"x-amz-meta-a_b": "c", "X-Amz-Meta-D": "e"}, b"x"),
        (_AT, _JSON, None),
        (_AT, _JSON, '{"a":1}'),
        (f"{_AT}a%2Fb?c=d", _JSON, b"x"),
        ("http://[::1]:4566/", _JSON, b"x"),
        ("https://bücher.example.com/", _JSON, b"x"),
    ],
)
def test_a_request_reaches_moto_with_the_same_in_it(url: str, headers: Any, body: Any) -> None:
    def said() -> tuple[dict[str, Any], ...]:
        request = Request.from_primitives("POST", url, headers, body)
        environ = {k: v for k, v in request.environ.items() if k != "werkzeug.request"}
        environ["wsgi.input"] = environ["wsgi.input"].read()
        again = Request.from_primitives("POST", url, headers, body)
        return environ, {
            "headers": sorted(again.headers),
            "data": again.data,
            "url": again.raw_url,
            "form": again.form,
        }

    slow = said()
    with sped_up():
        assert said() == slow


def test_an_iam_that_nobody_asked_for_is_not_made_to_see_whose_a_key_is() -> None:
    with sped_up(), mock_aws():
        boto3.client("sqs", region_name=REGION).create_queue(QueueName="a")
        assert [list(held) for held in iam.iam_backends.values()] == [[]]


def _texts(headers: Any) -> dict[str, str]:
    return {
        name.lower(): value.decode() if isinstance(value, bytes) else value
        for name, value in headers.items()
    }


def _seen(*, fast: bool) -> dict[str, Any]:
    """What IAM shows in an account of a role that somebody took, and whose key is whose."""
    with ExitStack() as stack:
        if fast:
            stack.enter_context(sped_up())
        stack.enter_context(mock_aws(config={"iam": {"load_aws_managed_policies": True}}))
        client = boto3.client("iam", region_name=REGION)
        role = client.create_role(RoleName="visitor", AssumeRolePolicyDocument="{}")["Role"]
        taken = boto3.client("sts", region_name=REGION).assume_role(
            RoleArn=role["Arn"], RoleSessionName="visit"
        )["Credentials"]
        there = boto3.Session(
            taken["AccessKeyId"], taken["SecretAccessKey"], taken["SessionToken"]
        ).client("sts", region_name=REGION)
        client.create_user(UserName="a")
        key = client.create_access_key(UserName="a")["AccessKey"]["AccessKeyId"]
        policies = client.list_policies(Scope="AWS", MaxItems=1000)["Policies"]
        return {
            "caller": there.get_caller_identity()["Account"],
            "used": "LastUsedDate" in client.get_role(RoleName="visitor")["Role"]["RoleLastUsed"],
            "whose": [iam.get_account_id_from(each) for each in (key, f"AKIA{'0' * 16}")],
            "policies": sorted(one["Arn"] for one in policies),
        }


def test_whose_a_key_is_and_what_it_used_and_awss_own_policies_are_the_same() -> None:
    slow = _seen(fast=False)
    assert (len(slow["policies"]) > 500, slow["used"]) == (True, True)
    assert slow["whose"] == [HOME, DEFAULT_ACCOUNT_ID]
    assert _seen(fast=True) == slow


def test_awss_own_policies_are_new_ones_for_each_account() -> None:
    with sped_up(), mock_aws(config={"iam": {"load_aws_managed_policies": True}}):
        one, other = (iam.iam_backends[account]["aws"] for account in (HOME, SHOP))
        [mine], [theirs] = (
            [p for p in held.aws_managed_policies if p.name == "AWSDenyAll"]
            for held in (one, other)
        )
        mine.versions[0].document = "{}"
        mine.tags["a"] = {"Key": "a", "Value": "b"}
        mine.attachment_count += 1
        assert theirs.versions[0].document != "{}"
        assert (mine.account_id, theirs.account_id) == (HOME, SHOP)
        assert (theirs.tags, theirs.attachment_count) == ({}, 0)


@pytest.mark.usefixtures("aws")
def test_only_keys_without_use_for_a_key_pair_share_one() -> None:
    def pairs(spec: str, usage: str) -> int:
        client: Any = boto3.client("kms", region_name=REGION)
        ids = [
            client.create_key(KeySpec=spec, KeyUsage=usage)["KeyMetadata"]["KeyId"] for _ in "ab"
        ]
        return len({id(kms_backends[HOME][REGION].keys[one].private_key) for one in ids})

    given = (("SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT"), ("HMAC_256", "GENERATE_VERIFY_MAC"))
    own = (("RSA_2048", "SIGN_VERIFY"), ("ECC_NIST_P256", "SIGN_VERIFY"))
    with sped_up():
        assert [pairs(*one) for one in (*given, *own)] == [1, 1, 2, 2]
    assert pairs(*given[0]) == 2


def test_backends_are_forgotten_at_the_end_of_a_pretend_aws() -> None:
    with sped_up():
        for _ in range(2):
            with mock_aws():
                client = boto3.client("kms", region_name=REGION)
                assert client.list_keys()["Keys"] == []
                client.create_key()
                assert len(client.list_keys()["Keys"]) == 1


def test_a_backend_that_another_asks_for_while_it_is_emptied_is_forgotten_too() -> None:
    with sped_up():
        for _ in range(3):
            with mock_aws():
                ec2 = boto3.client("ec2", region_name=REGION)
                assert ec2.describe_key_pairs()["KeyPairs"] == []
                boto3.client("autoscaling", region_name=REGION).describe_auto_scaling_groups()
                ec2.create_key_pair(KeyName="of-one-test")


def _any(**_: Any) -> None: ...
def _none(a: Any = None, /, *, b: Any = None) -> None: ...


class _Handler:
    def any(self, **_: Any) -> None: ...
    def none(self) -> None: ...
    def __call__(self, **_: Any) -> None: ...


@wraps(_none)
def _wrapped(**_: Any) -> None: ...


@pytest.mark.parametrize(
    "handler",
    [_any, _none, _Handler().any, _Handler().none, _Handler(), partial(_none, b=1), _wrapped],
)
def test_a_handler_of_the_sdk_is_taken_or_refused_as_ever(handler: Any) -> None:
    def is_taken() -> bool:
        try:
            hooks.HierarchicalEmitter().register("before-call", handler)
        except ValueError:
            return False
        return True

    slow = is_taken()
    with sped_up():
        assert is_taken() is slow


@pytest.mark.usefixtures("aws")
def test_clients_have_the_same_methods_and_each_its_own_class() -> None:
    opened: Any = partial(boto3.client, region_name=REGION)

    def names(service: str) -> set[str]:
        return {name for name in dir(opened(service)) if name[0] != "_"}

    slow = {service: names(service) for service in ("sqs", "sns")}
    with sped_up():
        assert {service: names(service) for service in ("sqs", "sns", "sqs")} == slow
        one, other = opened("sqs"), opened("sqs")
        assert type(one) is not type(other)
        assert one.create_queue(QueueName="a")["QueueUrl"] in other.list_queues()["QueueUrls"]


def test_garbage_is_looked_for_as_ever_afterwards() -> None:
    before = gc.get_threshold()
    with sped_up():
        assert gc.get_threshold() != before
        assert gc.get_freeze_count() > 0
    assert (gc.get_threshold(), gc.get_freeze_count()) == (before, 0)


@pytest.mark.parametrize("aliases", [None, {"elb": "another"}])
@pytest.mark.parametrize("name", ["before-call.elb.Describe", "provide-client-params.s3", "x"])
def test_an_event_of_the_sdk_has_the_same_name(aliases: Any, name: str) -> None:
    def named() -> str:
        aliaser: Any = hooks.EventAliaser(hooks.HierarchicalEmitter(), aliases)
        return str(aliaser._alias_event_name(name))

    slow = named()
    with sped_up():
        assert [named(), named()] == [slow, slow]

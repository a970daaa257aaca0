"""The pretend AWS whole: time, events, machines and functions, and nothing left over."""

import json
import os
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto.awslambda.models import LambdaFunction
from moto.dynamodb.models.table import Table

from localcloud.cloud import Cloud
from localcloud.stack import Unsupported
from tests.builders import HOME, REGION, SHOP
from tests.unit.localcloud.clouds import STARTS_AT, Written, written

__all__ = ["written"]

ROOT = Path(__file__).resolve().parents[3]
MACHINE = """
    Look: {Type: AWS::Serverless::Function, Properties: {CodeUri: functions/look}}
    Machine:
      Type: AWS::Serverless::StateMachine
      Properties:
        DefinitionUri: machine.asl.yaml
        DefinitionSubstitutions: {LookArn: !GetAtt Look.Arn}
        Policies: [{LambdaInvokePolicy: {FunctionName: !Ref Look}}]
"""
LOOK_TWICE = """
    StartAt: Look
    States:
      Look:
        Type: Task
        Resource: ${LookArn}
        Retry: [{ErrorEquals: [Unavailable], IntervalSeconds: 10, MaxAttempts: 2, BackoffRate: 2}]
        Catch: [{ErrorEquals: [Refused], ResultPath: $.failure, Next: Wait}]
        ResultPath: $.look
        Next: Wait
      Wait: {Type: Wait, Seconds: 3600, End: true}
"""


def start(written: Written, stack: Any, given: Any) -> str:
    arn = written.client("stepfunctions").start_execution(
        stateMachineArn=stack.resources["Machine"], input=json.dumps(given)
    )["executionArn"]
    return str(arn)


def test_a_machine_runs_our_functions_and_matches_their_errors_by_name(written: Written) -> None:
    written.file("machine.asl.yaml", LOOK_TWICE)
    written.function(
        "look",
        """
        class Unavailable(Exception): pass
        class Refused(Exception): pass
        tries = []

        def handler(event, context):
            tries.append(event["how"])
            if event["how"] == "refuse":
                raise Refused("a rule said no")
            if tries.count("busy") < 2:
                raise Unavailable("busy")
            return "seen"
        """,
    )
    stack = written.deploy(MACHINE)
    busy, refused = (start(written, stack, {"how": how}) for how in ("busy", "refuse"))
    written.cloud.settle()
    written.cloud.advance(timedelta(hours=2))
    states = written.client("stepfunctions")
    ends = [states.describe_execution(executionArn=arn) for arn in (busy, refused)]
    assert [end["status"] for end in ends] == ["SUCCEEDED", "SUCCEEDED"]
    assert json.loads(ends[0]["output"])["look"] == "seen"
    assert json.loads(ends[1]["output"])["failure"]["Error"] == "Refused"
    assert [(one.error, one.at - STARTS_AT) for one in written.ran("Look")] == [
        ("Unavailable", timedelta(0)),
        ("Refused", timedelta(0)),
        (None, timedelta(seconds=10)),
    ]


def test_run_until_stops_when_it_has_happened(written: Written) -> None:
    written.file("machine.asl.yaml", LOOK_TWICE)
    written.function("look", "def handler(event, context): return 1")
    stack = written.deploy(MACHINE)
    arn = start(written, stack, {})

    def ended() -> bool:
        found = written.client("stepfunctions").describe_execution(executionArn=arn)
        return bool(found["status"] == "SUCCEEDED")

    written.cloud.run_until(ended, at_most=timedelta(days=1))
    assert written.cloud.now() - STARTS_AT == timedelta(hours=1)


def test_run_until_gives_up_in_time_and_names_what_waits(written: Written) -> None:
    written.file("machine.asl.yaml", LOOK_TWICE)
    written.function("look", "def handler(event, context): return 1")
    start(written, written.deploy(MACHINE), {})
    with pytest.raises(TimeoutError, match=r"0:05:00; what waits: \S+"):
        written.cloud.run_until(lambda: False, at_most=timedelta(minutes=5))
    assert written.cloud.now() - STARTS_AT == timedelta(minutes=5)


def test_run_until_meets_an_instant_that_nothing_else_waits_for(written: Written) -> None:
    at = STARTS_AT + timedelta(minutes=7)
    written.cloud.run_until(lambda: written.cloud.now() >= at, at_most=timedelta(minutes=7))
    assert written.cloud.now() == at


def test_the_operator_may_all_and_keys_only_what_iam_gives_them(written: Written) -> None:
    iam = written.client("iam", SHOP)
    iam.create_user(UserName="u")
    key = iam.create_access_key(UserName="u")["AccessKey"]
    written.client("s3", SHOP).create_bucket(
        Bucket="exports", CreateBucketConfiguration={"LocationConstraint": REGION}
    )
    s3 = written.cloud.keys("s3", access_key_id=key["AccessKeyId"], secret=key["SecretAccessKey"])
    with pytest.raises(ClientError, match="AccessDenied"):
        s3.list_objects_v2(Bucket="exports")
    iam.put_user_policy(
        UserName="u",
        PolicyName="read",
        PolicyDocument=json.dumps(
            {
                "Version": "2012-10-17",
                "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}],
            }
        ),
    )
    assert s3.list_objects_v2(Bucket="exports")["KeyCount"] == 0


def test_a_session_of_a_role_begins_now(written: Written) -> None:
    trust = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": "*"}}],
    }
    role = written.client("iam", SHOP).create_role(
        RoleName="web", AssumeRolePolicyDocument=json.dumps(trust)
    )["Role"]
    sts = written.cloud.role("sts", role_arn=role["Arn"], session_name="web-1")
    who = sts.get_caller_identity()
    assert (who["Account"], who["Arn"].rpartition("/")[2]) == (SHOP, "web-1")


def test_it_leaves_the_process_as_it_was() -> None:
    environment, threads = dict(os.environ), threading.active_count()
    invoke, add = vars(LambdaFunction)["invoke"], vars(Table)["all_items"]
    for _ in range(2):
        with Cloud(region=REGION, starts_at=STARTS_AT) as cloud:
            cloud.client("sqs", account=HOME).create_queue(QueueName="q")
            assert cloud.client("sqs", account=HOME).list_queues()["QueueUrls"]
            assert boto3.Session().get_credentials().access_key == "FOOBARKEY"  # type: ignore[union-attr]
    assert dict(os.environ) == environment
    assert threading.active_count() == threads
    assert (vars(LambdaFunction)["invoke"], vars(Table)["all_items"]) == (invoke, add)


def test_a_cloud_that_cannot_be_opened_leaves_nothing_open() -> None:
    with (
        Cloud(region=REGION, starts_at=STARTS_AT),
        pytest.raises(RuntimeError, match="virtual time"),
    ):
        Cloud(region=REGION, starts_at=STARTS_AT).__enter__()
    with Cloud(region=REGION, starts_at=STARTS_AT) as cloud:
        assert cloud.now() == STARTS_AT


def test_the_credentials_of_the_shell_reach_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "production")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "https://example.com")
    with Cloud(region=REGION, starts_at=STARTS_AT) as cloud:
        assert not {"AWS_PROFILE", "AWS_ENDPOINT_URL"} & set(os.environ)
        assert cloud.client("sts", account=SHOP).get_caller_identity()["Account"] == SHOP


def test_a_pattern_that_eventbridge_would_refuse_is_not_deployed(written: Written) -> None:
    with pytest.raises(Unsupported, match="regex"):
        written.deploy(
            """
            Rule:
              Type: AWS::Events::Rule
              Properties: {EventPattern: {source: [{regex: "a.*"}]}}
            """
        )


@pytest.fixture
def shipped() -> Iterator[Cloud]:
    with Cloud(region=REGION, starts_at=STARTS_AT) as cloud:
        vault = cloud.deploy(
            ROOT / "stacks/evidence-vault.yaml",
            stack_name="evidence-vault",
            parameters={
                "ResponderAccount": HOME,
                "CustodianRoleArn": f"arn:aws:iam::{HOME}:role/custodian",
            },
            account=HOME,
        )
        cloud.deploy(
            ROOT / "template.yaml",
            stack_name="breach-responder",
            parameters={
                "ExternalId": "an-external-id-of-tests",
                "EvidenceBucket": vault.outputs["EvidenceBucketName"],
                "EvidenceAccount": HOME,
                "EvidenceKeyArn": vault.outputs["EvidenceKeyArn"],
                "SigningKeyArn": vault.outputs["SigningKeyArn"],
                "Approvers": f"arn:aws:iam::{HOME}:role/lead",
                "PagerEmail": "on-call@example.com",
            },
            account=HOME,
        )
        yield cloud


@pytest.mark.prove
def test_a_finding_goes_through_the_shipped_stacks_to_an_open_incident(shipped: Cloud) -> None:
    event = json.loads(
        (ROOT / "events/guardduty/exfiltration-s3-anomalousbehavior.json").read_text()
    )
    shipped.deliver(event, account=HOME)
    shipped.advance(timedelta(minutes=5))
    ran = {one.logical_id for one in shipped.invocations if one.error is None}
    assert {"IntakeFunction", "OpenFunction", "PlanFunction", "ReportFunction"} <= ran
    assert len(shipped.published) >= 1
    assert shipped.failures == []


def test_what_has_no_effect_here_is_told_with_its_reason(written: Written) -> None:
    written.deploy("Key: {Type: AWS::KMS::Key, Properties: {PendingWindowInDays: 30}}")
    ((where, why),) = written.cloud.set_aside.items()
    assert where == "AWS::KMS::Key.PendingWindowInDays in Key"
    assert why

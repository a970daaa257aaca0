"""Every call is recorded with who made it, and what nothing serves is an error with a name."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore import UNSIGNED, handlers
from botocore.config import Config
from botocore.exceptions import ClientError, ParamValidationError
from moto import mock_aws

from localcloud.fakes.shapes import kept_to_model
from localcloud.fault import Fault
from localcloud.stack import Function, Unsupported
from localcloud.switchboard import Asked, current_function
from tests.builders import HOME, REGION, SHOP
from tests.unit.localcloud.judging import World, a_world, allow, code


@pytest.fixture
def world() -> Iterator[World]:
    with a_world() as world:
        yield world


def test_a_call_is_recorded_with_who_what_where_and_how_it_ended(world: World) -> None:
    keys = world.user("alice", allow("s3:ListAllMyBuckets"))
    keys("s3").list_buckets()
    assert code(keys("iam").get_user, UserName="alice") == "AccessDenied"
    listed, refused = world.switchboard.calls[-2:]
    assert (listed.action, listed.error, listed.account) == ("s3:ListAllMyBuckets", None, HOME)
    assert (listed.caller.kind, listed.region) == ("user", REGION)
    assert refused.resources == (f"arn:aws:iam::{HOME}:user/alice",)
    assert (refused.error, refused.params) == ("AccessDenied", {"UserName": "alice"})


def test_the_operator_is_recorded_and_not_enforced(world: World) -> None:
    world.operator("iam", SHOP).list_users()
    call = world.switchboard.calls[-1]
    assert (call.caller.kind, call.account, call.error) == ("operator", SHOP, None)


def test_a_function_s_calls_carry_its_name(world: World) -> None:
    role = world.role("plan-role", allow("s3:ListAllMyBuckets"))
    arn = f"arn:aws:lambda:{REGION}:{HOME}:function:plan"
    world.registry.functions.append(
        Function(
            logical_id="PlanFunction",
            stack_name="a-stack",
            account=HOME,
            region=REGION,
            name="plan",
            arn=arn,
            handler="app.handler",
            code_dir=Path("functions/plan"),
            layer_dirs=[],
            env={},
            role_arn=role,
            timeout_s=3,
            memory=128,
            runtime="python3.13",
        )
    )
    session = world.session(role)
    token = current_function.set(arn)
    try:
        session("s3").list_buckets()
    finally:
        current_function.reset(token)
    call = world.switchboard.calls[-1]
    assert (call.caller.kind, call.function) == ("function", arn)
    session("s3").list_buckets()
    call = world.switchboard.calls[-1]
    assert (call.caller.kind, call.function) == ("session", None)


def test_messages_to_topics_are_kept(world: World) -> None:
    sns = world.operator("sns")
    topic = sns.create_topic(Name="pager")["TopicArn"]
    sns.publish(TopicArn=topic, Subject="Stolen key", Message="m" * 5000)
    missing = topic.replace("pager", "missing")
    assert code(sns.publish, TopicArn=missing, Message="a") is not None
    [page] = world.switchboard.published
    assert (page.topic_arn, page.account, page.subject) == (topic, HOME, "Stolen key")
    assert page.message == "m" * 5000


def test_what_moto_does_not_have_is_refused_by_name(world: World) -> None:
    with pytest.raises(Unsupported, match="ListFindings"):
        world.operator("accessanalyzer").list_findings(analyzerArn="arn:aws:access-analyzer:a")
    with pytest.raises(Unsupported, match="SimulateCustomPolicy"):
        world.operator("iam").simulate_custom_policy(
            PolicyInputList=["{}"], ActionNames=["s3:GetObject"]
        )
    assert len(world.switchboard.unsupported) == 2


def test_nothing_outside_is_called(world: World) -> None:
    """Its address is one that moto does not stand in front of."""
    with pytest.raises(Unsupported, match="ListCases"):
        world.operator("security-ir").list_cases()


def test_what_would_be_stored_and_never_asked_is_refused_by_name(world: World) -> None:
    with pytest.raises(Unsupported, match="organizations:CreatePolicy"):
        world.operator("organizations").create_policy(
            Content="{}", Description="d", Name="n", Type="RESOURCE_CONTROL_POLICY"
        )
    with pytest.raises(Unsupported, match="s3:PutBucketAcl"):
        world.operator("s3").put_bucket_acl(Bucket="a-bucket", ACL="public-read")


def test_a_call_without_keys_is_refused(world: World) -> None:
    s3 = boto3.Session().client("s3", region_name=REGION, config=Config(signature_version=UNSIGNED))
    assert code(s3.list_buckets) == "AccessDenied"


def test_a_fake_answers_in_the_shape_of_the_service(world: World) -> None:
    def wrong(asked: Asked) -> dict[str, Any]:
        return {"Keyz": []}

    world.switchboard.serve("kms", "ListKeys", kept_to_model(wrong))
    with pytest.raises(TypeError, match="Keyz"):
        world.operator("kms").list_keys()


def test_a_fake_s_refusal_is_the_service_s_own_exception(world: World) -> None:
    def refuses(asked: Asked) -> dict[str, Any]:
        raise Fault("NotFoundException", "no such key")

    world.switchboard.serve("kms", "ListKeys", kept_to_model(refuses))
    kms = world.operator("kms")
    with pytest.raises(kms.exceptions.NotFoundException, match="no such key"):
        kms.list_keys()
    assert world.switchboard.faked == ()


def test_the_sdk_still_checks_what_is_asked(world: World) -> None:
    with pytest.raises(ParamValidationError):
        world.operator("ssm").create_ops_item(Title="only a title")


def test_a_closed_cloud_answers_nobody() -> None:
    before = list(handlers.BUILTIN_HANDLERS)
    with a_world() as world:
        kms = world.operator("kms")
        kms.list_keys()
    assert before == handlers.BUILTIN_HANDLERS
    with mock_aws(), pytest.raises(RuntimeError, match="after its cloud was closed"):
        kms.list_keys()


def test_incident_manager_is_closed_to_new_customers(world: World) -> None:
    incidents = world.operator("ssm-incidents")
    assert incidents.list_replication_sets()["replicationSetArns"] == []
    with pytest.raises(ClientError) as refused:
        incidents.start_incident(
            responsePlanArn=f"arn:aws:ssm-incidents::{HOME}:response-plan/breach"
        )
    assert refused.value.response["Error"]["Code"] == "AccessDeniedException"

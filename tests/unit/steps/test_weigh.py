"""Whoever is asked sees what else uses the thing, and what of that nobody could read."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import boto3
import pytest

from responder.aws.incidents import Incidents
from responder.aws.ledger import Ledger
from responder.aws.uses import Uses
from responder.domain.errors import Refused
from responder.domain.finding import Resource
from responder.domain.order import Order, OrderMode, Plan
from responder.domain.use import Use
from responder.report.use_lines import known, not_known
from responder.steps.weigh import WITHIN, WeighRequest, weigh
from tests.asking import an_asked_order
from tests.builders import (
    INCIDENT_ID,
    NOON,
    REGION,
    SHOP,
    a_finding,
    a_session,
    a_user,
    an_incident,
    an_order,
)
from tests.collecting import Reading
from tests.unit.localcloud.judging import World, a_world, allow

ROLE = f"arn:aws:iam::{SHOP}:role/web-tier-role"
TABLE = "breach-responder"


@dataclass
class Weighing:
    """An order that people are asked about, in a shop whose calls are on record."""

    world: World
    ledger: Ledger
    order: Order

    def weigh(self, read_at: Callable[[], datetime] | None = None, **refused: str) -> Use:
        # The report is being made meanwhile, and the clock goes on only when somebody waits.
        now = self.world.clock.now()
        weigh(
            WeighRequest(incident_id=INCIDENT_ID, order_id=self.order.order_id, now=now),
            incidents=Incidents(self.ledger),
            uses=Uses(self.ledger),
            clients=Reading(self.world, **refused),
            pause=lambda seconds: self.world.clock.advance(timedelta(seconds=seconds)),
            read_at=read_at or self.world.clock.now,
        )
        found = Uses(self.ledger).get(INCIDENT_ID, self.order.order_id)
        assert found is not None
        return found


@pytest.fixture
def world() -> Iterator[World]:
    with a_world() as world:
        yield world


def weighing(world: World, order: Order) -> Weighing:
    client = boto3.client("dynamodb", region_name=REGION)
    keys: list[Any] = [{"AttributeName": n, "AttributeType": "S"} for n in ("pk", "sk")]
    client.create_table(
        TableName=TABLE,
        AttributeDefinitions=keys,
        KeySchema=[
            {"AttributeName": "pk", "KeyType": "HASH"},
            {"AttributeName": "sk", "KeyType": "RANGE"},
        ],
        BillingMode="PAY_PER_REQUEST",
    )
    ledger = Ledger(TABLE, client)
    incidents = Incidents(ledger)
    incidents.create(an_incident(), a_finding(addresses=("203.0.113.7",)))
    plan = Plan(incident_id=INCIDENT_ID, generation=1, planned_at=NOON, orders=(order,))
    assert incidents.save_plan(plan)
    return Weighing(world, ledger, order)


@pytest.fixture
def of_a_role(world: World) -> Weighing:
    """A role that an instance and a function bear, and that a user assumes for a nightly job."""
    world.role("web-tier-role", allow("s3:ListAllMyBuckets"), account=SHOP)
    iam = world.operator("iam", SHOP)
    iam.create_instance_profile(InstanceProfileName="web-tier")
    iam.add_role_to_instance_profile(InstanceProfileName="web-tier", RoleName="web-tier-role")
    ec2 = world.operator("ec2", SHOP)
    ec2.run_instances(
        ImageId="ami-12c6146b", MinCount=1, MaxCount=1, IamInstanceProfile={"Name": "web-tier"}
    )
    functions = world.operator("lambda", SHOP)
    functions.create_function(
        FunctionName="send-orders",
        Runtime="python3.13",
        Role=ROLE,
        Handler="app.handler",
        Code={"ZipFile": b"x"},
    )
    nightly = world.user("nightly", allow("sts:AssumeRole", ROLE), account=SHOP)
    keys = nightly("sts").assume_role(RoleArn=ROLE, RoleSessionName="export-1")["Credentials"]
    session = boto3.Session(keys["AccessKeyId"], keys["SecretAccessKey"], keys["SessionToken"])
    session.client("s3", region_name=REGION).list_buckets()
    world.clock.advance(timedelta(minutes=20))
    return weighing(world, an_asked_order())


def test_a_role_is_shown_with_who_bears_it_who_assumes_it_and_what_it_used(
    of_a_role: Weighing,
) -> None:
    use = of_a_role.weigh()
    [instance] = [one for one in use.holders if one.startswith("instance i-")]
    assert set(use.holders) == {instance, "Lambda function send-orders"}
    [caller] = use.callers
    assert caller.who == f"arn:aws:iam::{SHOP}:user/nightly"
    assert (caller.times, caller.named) == (1, False)
    assert [one.name for one in use.services] == ["s3"]
    text = known(use)
    assert text.startswith(f"Held by {instance} and Lambda function send-orders. Worked with in ")
    assert "Services it used last: s3 (2026-11-23 12:00:" in text


def test_the_session_that_the_findings_name_is_told_apart(world: World) -> None:
    world.role("web-tier-role", account=SHOP)
    nightly = world.user("nightly", allow("sts:AssumeRole", ROLE), account=SHOP)
    nightly("sts").assume_role(RoleArn=ROLE, RoleSessionName="stolen")
    world.clock.advance(timedelta(minutes=20))
    use = weighing(world, an_asked_order(principal=a_session(session="stolen"))).weigh()
    assert [one.named for one in use.callers] == [True]
    assert known(use).startswith("Nobody was seen to work with it in the last 7 days but what the ")
    assert "nightly" not in known(use)


def test_a_user_is_shown_with_its_keys_programs_and_addresses(world: World) -> None:
    client = world.user("orders-export", allow("kms:ListKeys"), account=SHOP)
    client("kms").list_keys()
    world.clock.advance(timedelta(minutes=20))
    use = weighing(world, an_asked_order("iam.deny_user", principal=a_user())).weigh()
    [caller] = use.callers
    assert caller.who.startswith("Boto3 with key AKIA")
    assert caller.who.endswith(" from 198.51.100.23")
    assert [one.name for one in use.services] == ["kms"]
    assert use.holders == ()


def test_a_thing_is_shown_with_who_worked_with_it_and_what_history_does_not_hold(
    world: World,
) -> None:
    world.operator("s3", SHOP).create_bucket(
        Bucket="customer-exports", CreateBucketConfiguration={"LocationConstraint": REGION}
    )
    admin = world.user("admin", allow("s3:GetBucketPolicy"), account=SHOP)
    with pytest.raises(Exception, match="NoSuchBucketPolicy"):
        admin("s3").get_bucket_policy(Bucket="customer-exports")
    world.clock.advance(timedelta(minutes=20))
    bucket = Resource(kind="S3Bucket", id="arn:aws:s3:::customer-exports", account=SHOP)
    order = an_order("s3.close_bucket", mode=OrderMode.APPROVAL, resource=bucket.id).model_copy(
        update={"principal": None, "thing": bucket}
    )
    use = weighing(world, order).weigh()
    assert [one.who for one in use.callers] == [f"arn:aws:iam::{SHOP}:user/admin"]
    assert "reads, writes and calls of what is inside it" in not_known(use)


def test_what_may_not_be_read_is_named_and_the_rest_is_shown(of_a_role: Weighing) -> None:
    use = of_a_role.weigh(ListFunctions="AccessDeniedException", LookupEvents="ThrottlingException")
    text = not_known(use)
    assert "which functions have it: listing functions" in text
    assert "AccessDeniedException" in text
    assert f"who worked with it, in {REGION}" in text
    assert use.callers == ()
    assert [one for one in use.holders if one.startswith("instance")]


def test_where_nothing_can_be_read_it_says_so_and_never_that_nobody_uses_it(
    of_a_role: Weighing,
) -> None:
    use = of_a_role.weigh(every="AccessDenied")
    assert (use.holders, use.callers, use.services) == ((), (), ())
    assert known(use) == "AWS showed nothing else that uses it."
    for part in ("which services it used", "which instances", "which functions", "who assumed it"):
        assert f"{part}" in not_known(use)


def test_a_report_that_is_not_there_in_time_is_not_waited_for(of_a_role: Weighing) -> None:
    clock, began = of_a_role.world.clock, of_a_role.world.clock.now()
    slow = iter([began] * 8)
    use = of_a_role.weigh(read_at=lambda: next(slow, began + WITHIN))
    assert clock.now() - began < WITHIN
    assert use.services == ()
    assert "IAM had not made its report in time" in not_known(use)


def test_once_its_time_is_over_nothing_more_is_asked(of_a_role: Weighing) -> None:
    began = of_a_role.world.clock.now()
    looks = iter([began])
    use = of_a_role.weigh(read_at=lambda: next(looks, began + WITHIN))
    assert (use.holders, use.callers, use.services) == ((), (), ())
    assert not_known(use).count("there was no time left") >= 3


def test_what_was_found_first_stays(of_a_role: Weighing) -> None:
    first = of_a_role.weigh()
    of_a_role.world.clock.advance(timedelta(minutes=1))
    assert of_a_role.weigh(every="AccessDenied") == first


def test_nobody_looks_where_nobody_is_asked(world: World) -> None:
    with pytest.raises(Refused, match="nobody is asked"):
        weighing(world, an_order()).weigh()


def test_a_whole_account_is_not_listed(world: World) -> None:
    root = f"arn:aws:iam::{SHOP}:root"
    account = Resource(kind="AWSAccount", id=root, account=SHOP)
    order = an_order(
        "organizations.deny_account", mode=OrderMode.APPROVAL, resource=root
    ).model_copy(update={"principal": None, "thing": account})
    use = weighing(world, order).weigh()
    assert use.unknown == ("what works in a whole account; all of it stops",)

"""What was contained is watched: who undoes a cut from outside finds it made again."""

import json
from datetime import timedelta
from typing import Any

import pytest

from responder.domain.order import ReceiptStatus
from responder_cli.drill import world
from tests.workflow.nights import Night, a_night

CUT_ALL = json.dumps({"rules": [{"types": ["*"], "then": "automatic"}]})
DENY_ALL = "arn:aws:iam::aws:policy/AWSDenyAll"


def test_a_cut_that_is_undone_after_it_was_contained_is_made_again_and_pages() -> None:
    with a_night(Policy=CUT_ALL) as night:
        night.send("GuardDuty Finding")
        night.ends()
        [denied] = [r for r in night.receipts() if r.order.action_id == "iam.deny_user"]
        assert (denied.status, night.user_policies()) == (ReceiptStatus.CONTAINED, ["AWSDenyAll"])
        insider = _insider(night)
        insider.detach_user_policy(UserName=world.USER, PolicyArn=DENY_ALL)
        assert night.user_policies() == []
        before = len(night.cloud.published)
        night.watch.until(
            lambda: night.user_policies() == ["AWSDenyAll"], at_most=timedelta(minutes=3)
        )
        night.cloud.advance(timedelta(minutes=2))
        [again] = [r for r in night.receipts() if r.order.action_id == "iam.deny_user"]
        assert (again.status, again.undone, again.before) == (
            ReceiptStatus.CONTAINED,
            1,
            denied.before,
        )
        assert again.contained_at is not None
        assert denied.contained_at is not None
        assert again.contained_at > denied.contained_at
        pages = [p.subject for p in night.cloud.published[before:] if "TOUCHES" in p.subject]
        assert pages == [f"[SOMEBODY TOUCHES WHAT WE HOLD] {world.USER} in {world.SHOP}"]
        who = f"arn:aws:sts::{world.SHOP}:assumed-role/insider/insider"
        [line] = [line for line in night.told() if line.startswith(f"{who}: ")]
        assert f"{who} called DetachUserPolicy on {world.USER} at 2026-11-23 12:0" in line
        assert line.endswith("Its cuts are read again, and made again.")


@pytest.mark.prove
def test_our_own_calls_and_calls_about_others_wake_nobody() -> None:
    with a_night(Policy=CUT_ALL) as night:
        night.send("GuardDuty Finding")
        night.ends()
        insider = _insider(night)
        insider.create_user(UserName="somebody-else")
        insider.attach_user_policy(UserName="somebody-else", PolicyArn=DENY_ALL)
        before = len(night.cloud.published)
        night.cloud.advance(timedelta(minutes=3))
        assert [one for one in night.cloud.invocations if one.logical_id == "WatchFunction"]
        assert [p.subject for p in night.cloud.published[before:] if "TOUCHES" in p.subject] == []
        assert night.dead_letters() == []


def _insider(night: Night) -> Any:
    """IAM of the shop's account, for a role of it that may do anything."""
    iam = night.cloud.client("iam", account=world.SHOP)
    trust = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": world.SHOP}}
    made = iam.create_role(
        RoleName="insider",
        AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trust]}),
    )["Role"]
    iam.put_role_policy(
        RoleName="insider",
        PolicyName="all",
        PolicyDocument=json.dumps(
            {
                "Version": "2012-10-17",
                "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}],
            }
        ),
    )
    return night.cloud.role("iam", role_arn=made["Arn"], session_name="insider")

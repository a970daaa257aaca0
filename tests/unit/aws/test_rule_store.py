"""The policy and the protect list are read from parameters, anew each time."""

import boto3
import pytest

from responder.aws.rule_store import RuleStore
from responder.domain.errors import Broken
from responder.domain.policy import DEFAULT_POLICY, Then
from tests.builders import REGION, a_user


@pytest.fixture
def store(aws: None) -> RuleStore:
    return RuleStore(boto3.client("ssm", region_name=REGION), "policy", "protect")


def put(name: str, value: str) -> None:
    boto3.client("ssm", region_name=REGION).put_parameter(
        Name=name, Value=value, Type="String", Overwrite=True
    )


def test_default_means_the_packaged_policy_and_a_change_counts_at_once(store: RuleStore) -> None:
    put("policy", "default")
    assert store.policy() == DEFAULT_POLICY
    put("policy", '{"rules": [{"then": "record"}]}')
    assert [rule.then for rule in store.policy().rules] == [Then.RECORD]


def test_the_protect_list_holds_the_shops_patterns_and_our_own(store: RuleStore) -> None:
    put("protect", '["orders-*"]')
    protect = store.protect_list(("ours",))
    assert (protect.patterns, protect.own) == (("orders-*",), ("ours",))
    assert protect.covers(a_user())


def test_a_list_that_is_missing_or_unreadable_is_never_an_empty_one(store: RuleStore) -> None:
    with pytest.raises(Broken, match="protect"):
        store.protect_list(())
    put("protect", '["*"]')
    with pytest.raises(Broken, match="everybody"):
        store.protect_list(())
    with pytest.raises(Broken, match="was not told"):
        RuleStore(store.client, "", "").protect_list(())


def test_the_kill_switch_says_go_or_stop_and_anything_else_is_no_leave_to_cut(
    store: RuleStore,
) -> None:
    switch = RuleStore(store.client, "policy", "protect", "/breach-responder/stop")
    with pytest.raises(Broken, match="stop"):
        switch.is_stopped()
    for said, stopped in (("go", False), ("stop", True), (" STOP\n", True)):
        put("/breach-responder/stop", said)
        assert switch.is_stopped() is stopped
    put("/breach-responder/stop", "maybe")
    with pytest.raises(Broken, match="neither go nor stop"):
        switch.is_stopped()

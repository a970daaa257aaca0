"""A call of IAM on the bus is read as whom it touched, whatever strings are in it."""

import json
from typing import Any

import pytest

from responder.domain.errors import Broken
from responder.domain.principal import PrincipalKind
from responder.domain.touch import CALLS
from responder.sources import touches
from tests.builders import SHOP
from tests.template.templates import ROOT, resources

EXAMPLE: dict[str, Any] = json.loads(
    json.loads((ROOT / "events/steps/watch.json").read_text())["Records"][0]["body"]
)


def told(**given: Any) -> str:
    return json.dumps(EXAMPLE | {"detail": EXAMPLE["detail"] | given})


def test_a_detached_policy_touches_its_user() -> None:
    touch = touches.read_text(told())
    assert touch is not None
    [principal] = touch.principals
    assert principal.kind is PrincipalKind.IAM_USER
    assert principal.arn == f"arn:aws:iam::{SHOP}:user/orders-export"
    assert (touch.by, touch.refused) == (f"arn:aws:iam::{SHOP}:user/mallory", False)


def test_a_role_is_touched_by_whatever_kind_a_finding_calls_it() -> None:
    given = {"eventName": "DeleteRolePolicy", "requestParameters": {"roleName": "web-tier-role"}}
    touch = touches.read_text(told(**given, errorCode="AccessDenied"))
    assert touch is not None
    assert [p.kind for p in touch.principals] == [PrincipalKind.ASSUMED_ROLE, PrincipalKind.ROLE]
    assert touch.refused


def test_who_names_no_user_touches_themselves() -> None:
    given = {"eventName": "CreateAccessKey", "requestParameters": None}
    touch = touches.read_text(told(**given))
    assert touch is not None
    assert touch.user == "mallory"


@pytest.mark.parametrize(
    "given",
    [
        {"eventName": "GetUser"},
        {"requestParameters": {"userName": "a/b"}},
        {"requestParameters": {"userName": "x" * 65}},
        {"requestParameters": {"groupName": "admins"}, "userIdentity": {"type": "Root"}},
    ],
)
def test_a_call_that_touches_nobody_is_none(given: dict[str, Any]) -> None:
    assert touches.read_text(told(**given)) is None


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ("{", "not JSON"),
        (told(recipientAccountId="1111222233334"), "detail.recipientAccountId"),
        (told(eventTime="yesterday"), "detail.eventTime"),
        (told(eventID="../x"), "detail.eventID"),
        (told(userIdentity=None), "detail.userIdentity"),
        (json.dumps(EXAMPLE | {"source": "aws.s3"}), "detail-type"),
        ("[" * 100_000, "not JSON"),
    ],
)
def test_what_cannot_be_read_names_the_field(text: str, field: str) -> None:
    with pytest.raises(Broken, match=field):
        touches.read_text(text)


def test_the_rule_asks_for_the_calls_that_are_read() -> None:
    pattern = resources("AWS::Events::Rule")["TouchRule"]["EventPattern"]
    assert frozenset(pattern["detail"]["eventName"]) == CALLS


TAKEN_IN = {str({"Fn::GetAtt": [queue, "Arn"]}) for queue in ("IntakeQueue", "TouchQueue")}


def test_the_forwarder_brings_what_the_rules_of_the_stack_take() -> None:
    brought = {
        (source, kind)
        for rule in resources("AWS::Events::Rule", "stacks/forwarder.yaml").values()
        for source in rule["EventPattern"]["source"]
        for kind in rule["EventPattern"]["detail-type"]
    }
    taken = {
        (rule["EventPattern"]["source"][0], rule["EventPattern"]["detail-type"][0])
        for name, rule in resources("AWS::Events::Rule").items()
        if str(rule["Targets"][0]["Arn"]) in TAKEN_IN or name == "OwnRoleChangedRule"
    }
    assert taken <= brought

"""The policy that guards the quarantine from outside the account: what it denies, and to whom."""

import json
import re
from typing import Any

import pytest

from localcloud.intrinsics import Scope, resolve
from responder.actions import iam_tag_quarantined
from tests.template.templates import as_list, resources, template
from tests.template.test_policies import reference

GUARD = "stacks/guard-policy.yaml"
KEY = iam_tag_quarantined.KEY
CONTAIN = "arn:aws:iam::*:role/breach-responder-contain"
PIPELINE = "arn:aws:iam::*:role/stacksets-exec-*"
LONGEST = 10_240  # characters of a service control policy


def policy(pipeline: str = "", **given: str) -> dict[str, Any]:
    """The document as CloudFormation sends it."""
    parameters: dict[str, Any] = {
        name: str(given.get(name, one.get("Default", "111122223333")))
        for name, one in template(GUARD)["Parameters"].items()
    }
    parameters |= {"AWS::Partition": "aws", "PipelineRoles": pipeline.split(",")}
    scope = Scope(
        parameters=parameters,
        declared=frozenset(template(GUARD)["Resources"]),
        conditions=template(GUARD)["Conditions"],
        mappings={},
        exports={},
    )
    found: dict[str, Any] = resolve(_guard()["Content"], scope)
    return found


def statements(pipeline: str = "") -> dict[str, dict[str, Any]]:
    return {one["Sid"]: one for one in policy(pipeline)["Statement"]}


def _guard() -> dict[str, Any]:
    return resources("AWS::Organizations::Policy", GUARD)["GuardPolicy"]


def test_it_fits_with_the_longest_names_and_ten_patterns_of_pipelines() -> None:
    pipeline = ",".join(f"arn:aws-us-gov:iam::111122223333:role/{'p' * 60}{n}*" for n in range(10))
    longest = policy(
        pipeline,
        ResponderStackName="s" * 30,
        MemberContainRole="c" * 64,
        MemberCollectRole="c" * 64,
        MemberPreserveRole="p" * 64,
    )
    assert len(json.dumps(longest, separators=(",", ":"))) < LONGEST


def test_cloudformation_is_given_a_mapping_so_that_white_space_does_not_count() -> None:
    assert _guard()["Type"] == "SERVICE_CONTROL_POLICY"
    assert isinstance(_guard()["Content"], dict)


@pytest.mark.parametrize("pipeline", ["", PIPELINE])
def test_it_only_denies(pipeline: str) -> None:
    found = statements(pipeline)
    assert len(found) == len(policy(pipeline)["Statement"])
    for sid, statement in found.items():
        assert re.fullmatch(r"[A-Za-z0-9]+", sid)  # Organizations takes no other characters
        assert statement["Effect"] == "Deny"
        assert set(statement) <= {"Sid", "Effect", "Action", "NotAction", "Resource", "Condition"}


def test_every_action_it_names_is_one_of_aws() -> None:
    for statement in statements(PIPELINE).values():
        for action in [*as_list(statement.get("Action", [])), *statement.get("NotAction", [])]:
            service, _, name = action.partition(":")
            if name and "*" not in name:
                assert name.lower() in reference()[service]["Actions"], action


def test_it_names_the_tag_that_the_action_writes_and_no_other() -> None:
    text = json.dumps(policy(PIPELINE))
    named = re.findall(r"aws:(?:PrincipalTag|ResourceTag)/([^\"]+)", text)
    assert named == [KEY, KEY]
    tag_keys = [
        keys
        for statement in statements(PIPELINE).values()
        for operator in statement.get("Condition", {}).values()
        for name, keys in operator.items()
        if name == "aws:TagKeys"
    ]
    assert tag_keys == [[KEY], [KEY]]


def test_the_switch_denies_everything_to_who_carries_the_tag_whatever_its_value() -> None:
    assert statements()["KillSwitch"] == {
        "Sid": "KillSwitch",
        "Effect": "Deny",
        "Action": "*",
        "Resource": "*",
        "Condition": {
            "Null": {f"aws:PrincipalTag/{KEY}": "false"},
            "ArnNotLike": {"aws:PrincipalArn": CONTAIN},
        },
    }


def test_the_case_of_a_tag_s_key_is_no_way_around() -> None:
    for sid in ("OnlyTheContainRoleTags", "NobodyPassesItAsASessionTag"):
        [operator] = [
            o
            for o in statements()[sid]["Condition"]
            if "TagKeys" in str(statements()[sid]["Condition"][o])
        ]
        assert operator == "ForAnyValue:StringEqualsIgnoreCase"


@pytest.mark.parametrize(
    "sid",
    [
        "KillSwitch",
        "OnlyTheContainRoleTags",
        "NobodyElseDetachesTheDeny",
        "NobodyElseTakesTheDenyingBoundaryAway",
        "UnderQuarantineNothingChanges",
    ],
)
def test_the_contain_role_alone_is_excepted(sid: str) -> None:
    assert statements()[sid]["Condition"]["ArnNotLike"] == {"aws:PrincipalArn": CONTAIN}


@pytest.mark.parametrize("sid", ["NobodyPassesItAsASessionTag", "NobodyLeaves"])
def test_what_nobody_has_a_use_for_excepts_nobody(sid: str) -> None:
    assert "aws:PrincipalArn" not in json.dumps(statements(PIPELINE)[sid])


def test_what_may_still_be_done_to_who_is_under_quarantine_is_to_look() -> None:
    statement = statements()["UnderQuarantineNothingChanges"]
    verbs = [action.partition(":")[2].rstrip("*") for action in statement["NotAction"]]
    assert sorted(verbs) == ["Generate", "Get", "List", "Simulate"]
    assert all(action.startswith("iam:") for action in statement["NotAction"])
    changed = {
        name
        for name, action in reference()["iam"]["Actions"].items()
        if {"user", "role"} & set(action.get("Resources", []))
        and not name.startswith(tuple(verb.lower() for verb in verbs))
    }
    # What an attacker undoes a cut with, all of it in reach of a condition on the identity's tags.
    assert {
        "attachuserpolicy",
        "createaccesskey",
        "createloginprofile",
        "deleterolepolicy",
        "deleteuser",
        "deleteuserpolicy",
        "detachrolepolicy",
        "detachuserpolicy",
        "putrolepermissionsboundary",
        "putuserpermissionsboundary",
        "updateaccesskey",
        "updateassumerolepolicy",
        "updateloginprofile",
        "updateuser",
    } <= changed
    for kind in ("user", "role"):
        keys = reference()["iam"]["Resources"][kind]["ConditionKeys"]
        assert "aws:ResourceTag/${TagKey}" in keys


def test_our_roles_are_changed_by_nobody_where_no_pipeline_is_named() -> None:
    assert "Condition" not in statements()["OnlyThePipelineChangesOurRoles"]
    assert "OnlyThePipelineChangesThePipeline" not in statements()


def test_a_pipeline_may_change_our_roles_and_nobody_else_may_become_it() -> None:
    excepted = {"ArnNotLike": {"aws:PrincipalArn": [PIPELINE]}}
    found = statements(PIPELINE)
    assert found["OnlyThePipelineChangesOurRoles"]["Condition"] == excepted
    assert found["OnlyThePipelineChangesThePipeline"]["Condition"] == excepted
    assert found["OnlyThePipelineChangesThePipeline"]["Resource"] == [PIPELINE]


def test_the_roles_that_may_become_the_contain_role_are_ours_too() -> None:
    guarded = set(statements()["OnlyThePipelineChangesOurRoles"]["Resource"])
    assert guarded == {
        CONTAIN,
        "arn:aws:iam::*:role/breach-responder-collect",
        "arn:aws:iam::*:role/breach-responder-preserve",
        "arn:aws:iam::111122223333:role/breach-responder-*",
    }


def test_the_names_are_those_of_the_member_roles() -> None:
    ours, theirs = template(GUARD)["Parameters"], template("stacks/member-role.yaml")["Parameters"]
    assert ours["MemberContainRole"]["Default"] == theirs["ContainRoleName"]["Default"]
    assert ours["MemberCollectRole"]["Default"] == theirs["CollectRoleName"]["Default"]
    assert ours["MemberPreserveRole"]["Default"] == theirs["PreserveRoleName"]["Default"]
    for name in ("ResponderStackName", "ResponderAccount"):
        assert ours[name]["AllowedPattern"] == theirs[name]["AllowedPattern"]


@pytest.mark.parametrize(
    ("pattern", "is_taken"),
    [
        ("", True),
        (PIPELINE, True),
        ("arn:aws:iam::111122223333:role/deploy/responder", True),
        ("arn:aws:iam::*:role/*", False),
        ("arn:aws:iam::*:role/dep*", False),
        ("arn:aws:iam::*:role/deployers*x", False),
        ("arn:aws:iam::111122223333:user/deployer", False),
        ("*", False),
    ],
)
def test_a_pattern_that_would_except_everybody_is_not_taken(pattern: str, is_taken: bool) -> None:
    allowed = template(GUARD)["Parameters"]["PipelineRoles"]["AllowedPattern"]
    assert bool(re.fullmatch(allowed, pattern)) is is_taken


def test_it_outlives_its_stack() -> None:
    guard = template(GUARD)["Resources"]["GuardPolicy"]
    assert (guard["DeletionPolicy"], guard["UpdateReplacePolicy"]) == ("Retain", "Retain")

"""Who may become which role: only the service, or the function, that works with it."""

from typing import Any

import pytest

from tests.template.templates import resources, template

MEMBER, DENY = "stacks/member-role.yaml", "stacks/account-deny.yaml"
KEEPING = "stacks/evidence-copies.yaml"
STACKS = (MEMBER, DENY, KEEPING)
SERVICES = {
    "IncidentResponseRole": "states.amazonaws.com",
    "HoldOrderRole": "states.amazonaws.com",
    "DeadlineTrackerRole": "states.amazonaws.com",
    "PageEscalationRole": "states.amazonaws.com",
    "BreachAnalysisRole": "states.amazonaws.com",
    "ApprovalRole": "ssm.amazonaws.com",
    "ConsoleRole": "ssm.amazonaws.com",
    "CanaryRole": "scheduler.amazonaws.com",
}
_CUTS = {"ContainFunctionRole", "VerifyFunctionRole", "ReleaseFunctionRole"}
ACTS = {  # role of another account: its stack, and the functions that work there
    "ContainRole": (MEMBER, _CUTS),
    "CollectRole": (MEMBER, {"CollectFunctionRole", "TraceFunctionRole", "WeighFunctionRole"}),
    "PreserveRole": (MEMBER, {"CollectFunctionRole"}),
    "DenyAccountsRole": (DENY, _CUTS),
    "KeepRole": (KEEPING, {"CollectFunctionRole"}),
}


def _trust(role: dict[str, Any]) -> dict[str, Any]:
    [statement] = role["AssumeRolePolicyDocument"]["Statement"]
    assert statement["Effect"] == "Allow"
    assert statement["Action"] == ["sts:AssumeRole"]
    return dict(statement)


def test_every_role_that_the_template_writes_out_is_looked_at_here() -> None:
    assert set(resources("AWS::IAM::Role")) == set(SERVICES)
    there = {path: set(resources("AWS::IAM::Role", path)) for path in STACKS}
    for path, names in there.items():
        assert names == {name for name, (stack, _) in ACTS.items() if stack == path}


@pytest.mark.parametrize(("name", "service"), SERVICES.items())
def test_a_role_of_the_stack_trusts_its_service_for_this_account_only(
    name: str, service: str
) -> None:
    trust = _trust(resources("AWS::IAM::Role")[name])
    assert trust["Principal"] == {"Service": service}
    assert trust["Condition"] == {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}


@pytest.mark.parametrize("name", ACTS)
def test_a_role_elsewhere_trusts_its_functions_and_asks_for_the_external_id(name: str) -> None:
    path, functions = ACTS[name]
    trust = _trust(resources("AWS::IAM::Role", path)[name])
    root = "arn:${AWS::Partition}:iam::${ResponderAccount}:root"
    assert trust["Principal"] == {"AWS": {"Fn::Sub": root}}
    condition = trust["Condition"]
    assert set(condition) == {"StringEquals", "ArnLike"}
    assert condition["StringEquals"] == {"sts:ExternalId": {"Ref": "ExternalId"}}
    patterns = condition["ArnLike"]["aws:PrincipalArn"]
    named = [one["Fn::Sub"] for one in (patterns if isinstance(patterns, list) else [patterns])]
    prefix = "arn:${AWS::Partition}:iam::${ResponderAccount}:role/${ResponderStackName}-"
    assert {one.removeprefix(prefix) for one in named} == {f"{each}-*" for each in functions}


def test_the_longest_stack_name_that_is_taken_leaves_room_for_the_roles_names() -> None:
    """CloudFormation cuts a long name short, and then the patterns above would fit nothing."""
    patterns = {
        template(path)["Parameters"]["ResponderStackName"]["AllowedPattern"] for path in STACKS
    }
    [pattern] = patterns
    longest = 1 + int(pattern.rpartition(",")[2].rstrip("}"))
    role = max(len(f"-{name}-") for _, names in ACTS.values() for name in names)
    assert longest + role + len("RANDOM123456") <= 64

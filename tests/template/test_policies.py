"""Every policy statement against what AWS says of each action: whether it takes a resource."""

import json
import re
from functools import cache
from importlib.resources import files
from typing import Any

import pytest

from tests.template.templates import (
    TEMPLATES,
    as_list,
    functions,
    resources,
    role_statements,
    statements,
)


@cache
def reference() -> dict[str, Any]:
    """The Service Authorization Reference, as cfn-lint carries it."""
    found = files("cfnlint.data.AdditionalSpecs").joinpath("Policies.json").read_text("utf-8")
    loaded: dict[str, Any] = json.loads(found)
    return loaded


def takes_a_resource(action: str) -> bool:
    """Whether an action can be granted for named resources. An unknown action is an error."""
    service, _, name = action.partition(":")
    return bool(reference()[service]["Actions"][name.lower()].get("Resources"))


def every_statement() -> list[Any]:
    found = []
    for verb, properties in functions().items():
        found += [pytest.param(s, id=f"{verb}-{s['Sid']}") for s in statements(properties)]
    for path in TEMPLATES:
        for name, role in resources("AWS::IAM::Role", path).items():
            found += [pytest.param(s, id=f"{name}-{s['Sid']}") for s in role_statements(role)]
        for name, policy in resources("AWS::IAM::ManagedPolicy", path).items():
            each = policy["PolicyDocument"]["Statement"]
            found += [pytest.param(s, id=f"{name}-{s['Sid']}") for s in each]
    return found


@pytest.mark.parametrize("statement", every_statement())
def test_a_star_stands_only_where_aws_takes_no_resource(statement: dict[str, Any]) -> None:
    if statement["Effect"] == "Deny":
        return  # the wider, the better
    for action in as_list(statement["Action"]):
        starred = "*" in as_list(statement["Resource"])
        assert starred != takes_a_resource(action), action


@pytest.mark.parametrize("verb", sorted(functions()))
def test_a_function_deletes_nothing_and_passes_no_role_on(verb: str) -> None:
    for statement in statements(functions()[verb]):
        for action in as_list(statement["Action"]):
            assert not action.partition(":")[2].startswith("Delete"), action
            if action == "iam:PassRole":
                assert statement["Condition"]["StringEquals"]["iam:PassedToService"]


@pytest.mark.parametrize("verb", sorted(functions()))
def test_a_function_has_no_power_over_identities_of_its_own_account(verb: str) -> None:
    """What it may do to identities it does through the member role, whose trust it needs."""
    actions = {a for s in statements(functions()[verb]) for a in as_list(s["Action"])}
    assert {a for a in actions if a.startswith("iam:")} <= {"iam:PassRole"}


def test_only_the_functions_that_act_there_enter_a_member_account() -> None:
    entering = {
        (verb, named)
        for verb, properties in functions().items()
        for statement in statements(properties)
        if "sts:AssumeRole" in as_list(statement["Action"])
        for named in re.findall(r"role/\$\{(\w+)\}", str(statement["Resource"]))
    }
    cuts = {(verb, "MemberContainRole") for verb in ("contain", "verify", "release")}
    reads = {(verb, "MemberCollectRole") for verb in ("collect", "trace", "weigh")}
    copies = {("collect", "MemberPreserveRole"), ("collect", "KeepRole")}
    assert entering == cuts | reads | copies

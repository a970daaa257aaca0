"""Catalogs, machines and member roles name the same powers."""

from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from responder import actions, channels, collectors
from responder.aws import usage
from responder.collectors.collector import part_of
from responder.domain.manifest import Part
from responder.steps.collect import MAX_ROUNDS
from tests.template.templates import ROOT, as_list, machine, resources, states

PACKAGE = ROOT / "layers/responder/responder"
MEMBER, DENY = "stacks/member-role.yaml", "stacks/account-deny.yaml"
KEEPING = "stacks/evidence-copies.yaml"


def _allowed(logical_id: str, path: str) -> list[dict[str, Any]]:
    role = resources("AWS::IAM::Role", path)[logical_id]
    managed = [
        policy
        for policy in resources("AWS::IAM::ManagedPolicy", path).values()
        if {"Ref": logical_id} in policy["Roles"]
    ]
    return [
        statement
        for policy in (*role.get("Policies", []), *managed)
        for statement in policy["PolicyDocument"]["Statement"]
        if statement["Effect"] == "Allow"
    ]


def _role_actions(logical_id: str, path: str = MEMBER) -> set[str]:
    return {
        action
        for statement in _allowed(logical_id, path)
        for action in as_list(statement["Action"])
    }


@pytest.mark.parametrize(
    ("catalog", "listed", "protocol"),
    [
        (actions, actions.ACTIONS, "action.py"),
        (collectors, collectors.COLLECTORS, "collector.py"),
        (channels, (*channels.CHANNELS, *channels.BESIDE), "channel.py"),
    ],
)
def test_a_catalog_lists_each_module_of_its_folder(
    catalog: ModuleType, listed: tuple[Any, ...], protocol: str
) -> None:
    assert catalog.__file__ is not None
    folder = Path(catalog.__file__).parent
    modules = {path.stem for path in folder.glob("*.py")} - {"__init__", Path(protocol).stem}
    offered = {module.__name__.rpartition(".")[2] for module in listed}
    assert offered <= modules
    assert {m for m in modules if "\nID = " in (folder / f"{m}.py").read_text()} == offered


def test_the_roles_that_cut_have_the_permissions_of_the_actions_and_no_others() -> None:
    union = frozenset().union(*(action.PERMISSIONS for action in actions.ACTIONS))
    of_the_organization = {one for one in union if one.startswith("organizations:")}
    assert _role_actions("ContainRole") == union - of_the_organization
    assert _role_actions("DenyAccountsRole", DENY) == of_the_organization


def test_the_role_that_reads_has_the_permissions_of_whoever_reads_and_no_others() -> None:
    union = usage.MEMBER_PERMISSIONS.union(*(one.PERMISSIONS for one in collectors.COLLECTORS))
    assert _role_actions("CollectRole") == union


def test_the_role_that_reads_can_change_nothing() -> None:
    verbs = ("Get", "List", "Lookup", "Describe", "Generate")
    for action in _role_actions("CollectRole") - {"kms:Decrypt", "logs:StartQuery"}:
        assert action.partition(":")[2].startswith(verbs), action


def test_the_machine_that_could_not_ask_collects_the_catalog_in_its_order() -> None:
    listed = states(machine("incident-response"))["SurveyAll"]["Result"]["parts"]
    assert listed == [
        {
            "part": part,
            "collectors": [one.ID for one in collectors.COLLECTORS if part_of(one) is part],
        }
        for part in Part
        if any(part_of(one) is part for one in collectors.COLLECTORS)
    ]


def test_the_role_that_copies_has_the_copies_of_the_collectors_and_no_others() -> None:
    union = frozenset().union(*(collector.COPIES for collector in collectors.COLLECTORS))
    assert _role_actions("PreserveRole") == union


def test_the_role_that_takes_over_has_what_the_collectors_keep_with_and_no_others() -> None:
    union = frozenset().union(*(collector.KEEPS for collector in collectors.COLLECTORS))
    assert _role_actions("KeepRole", KEEPING) == union


@pytest.mark.parametrize(
    ("role", "path", "verbs"),
    [
        ("PreserveRole", MEMBER, ("AddTags", "Copy", "Create", "Lock", "Modify", "Send")),
        ("KeepRole", KEEPING, ("Copy", "Create", "Describe", "Lock")),
    ],
)
def test_the_roles_that_copy_delete_and_unlock_nothing(
    role: str, path: str, verbs: tuple[str, ...]
) -> None:
    for action in _role_actions(role, path):
        # What EC2 does with keys in its name: the statements about these say so.
        assert action.partition(":")[2].startswith(verbs) or action.startswith("kms:"), action


@pytest.mark.parametrize(("role", "path"), [("PreserveRole", MEMBER), ("KeepRole", KEEPING)])
def test_the_roles_that_copy_use_keys_by_ec2_alone(role: str, path: str) -> None:
    by_ec2 = set[str]()
    for one in _allowed(role, path):
        about_keys = {each for each in as_list(one["Action"]) if each.startswith("kms:")}
        if about_keys:
            assert about_keys == set(as_list(one["Action"]))
            [via] = [each for each in one["Condition"].values() if "kms:ViaService" in each]
            assert via["kms:ViaService"]["Fn::Sub"].startswith("ec2.")
            by_ec2 |= about_keys
        if "kms:CreateGrant" in about_keys:
            assert one["Condition"]["Bool"] == {"kms:GrantIsForAWSResource": "true"}
            assert about_keys == {"kms:CreateGrant"}
    assert (
        by_ec2 == {each for each in _role_actions(role, path) if each.startswith("kms:")} != set()
    )


def test_all_collectors_at_work_for_the_longest_leave_room_in_the_history_of_an_execution() -> None:
    """Entering and leaving three states, and a task that is scheduled, started and succeeds."""
    each_round = 3 * 2 + 3
    assert len(collectors.COLLECTORS) * MAX_ROUNDS * each_round <= 20_000

"""The shipped templates deploy whole: every property applied, or set aside for a reason."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from moto import mock_aws
from moto.core.config import DefaultConfig

from localcloud.stack import Stack
from tests.builders import HOME, SHOP
from tests.unit.localcloud.deploying import Deployer

ROOT = Path(__file__).resolve().parents[3]
EXTERNAL_ID = "an-external-id-of-tests"
# Nothing else may be set aside without a line here.
SET_ASIDE = {
    "AWS::KMS::Key.BypassPolicyLockoutSafetyCheck",
    "AWS::KMS::Key.PendingWindowInDays",
    "AWS::Lambda::Function.LoggingConfig.LogFormat",
    "AWS::SSM::Document.UpdateMethod",
}


@pytest.fixture
def deployed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Deployer]:
    monkeypatch.delenv("MOTO_ACCOUNT_ID", raising=False)
    config: DefaultConfig = {
        "iam": {"load_aws_managed_policies": True},
        "stepfunctions": {"execute_state_machine": True},
    }
    with mock_aws(config=config):
        yield Deployer(tmp_path)


def a_vault(deployed: Deployer) -> Stack:
    return deployed(
        ROOT / "stacks" / "evidence-vault.yaml",
        stack_name="evidence-vault",
        parameters={
            "ResponderAccount": HOME,
            "CustodianRoleArn": f"arn:aws:iam::{HOME}:role/custodian",
        },
    )


def a_responder(deployed: Deployer, vault: Stack, stack_name: str = "breach-responder") -> Stack:
    return deployed(
        ROOT / "template.yaml",
        stack_name=stack_name,
        parameters={
            "ExternalId": EXTERNAL_ID,
            "EvidenceBucket": vault.outputs["EvidenceBucketName"],
            "EvidenceAccount": vault.outputs["EvidenceAccount"],
            "EvidenceKeyArn": vault.outputs["EvidenceKeyArn"],
            "SigningKeyArn": vault.outputs["SigningKeyArn"],
            "Approvers": f"arn:aws:iam::{HOME}:role/lead,arn:aws:iam::{HOME}:role/counsel",
            "PagerEmail": "oncall@example.com",
            "EscalationEmail": "lead@example.com",
        },
    )


def set_aside(*stacks: Stack) -> set[str]:
    return {where.partition(" in ")[0] for stack in stacks for where in stack.set_aside}


def test_the_vault_deploys_whole_and_locked(deployed: Deployer) -> None:
    vault = a_vault(deployed)
    assert set_aside(vault) <= SET_ASIDE
    found = deployed.client("s3").get_object_lock_configuration(
        Bucket=vault.outputs["EvidenceBucketName"]
    )
    retention = found["ObjectLockConfiguration"]["Rule"]["DefaultRetention"]
    assert (retention["Mode"], retention["Days"]) == ("COMPLIANCE", 2557)


def test_the_member_roles_deploy_whole_into_the_shop(deployed: Deployer) -> None:
    member = deployed(
        ROOT / "stacks" / "member-role.yaml",
        stack_name="breach-responder-member",
        account=SHOP,
        parameters={"ResponderAccount": HOME, "ExternalId": EXTERNAL_ID},
    )
    assert set_aside(member) == set()
    roles = {role["Arn"] for role in deployed.client("iam", SHOP).list_roles()["Roles"]}
    assert {member.outputs["ContainRoleArn"], member.outputs["CollectRoleArn"]} <= roles


def test_the_responder_deploys_whole_and_twice_side_by_side(deployed: Deployer) -> None:
    vault = a_vault(deployed)
    first = a_responder(deployed, vault)
    second = a_responder(deployed, vault, stack_name="breach-responder-2")
    assert set_aside(first, second) <= SET_ASIDE
    assert set(first.resources.values()).isdisjoint(second.resources.values())
    code = {function.code_dir for function in deployed.registry.functions}
    assert {path.parent for path in code} == {ROOT / "functions"}
    machines = deployed.client("stepfunctions").list_state_machines()["stateMachines"]
    assert len(machines) == 10

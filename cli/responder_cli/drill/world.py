"""The accounts of a drill: the responder's own stacks, and a small web shop."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from localcloud.cloud import Cloud
from localcloud.stack import Stack

HOME, SHOP, REGION = "444455556666", "111122223333", "us-west-2"
IAM_REGION = "us-east-1"  # where IAM tells of its calls
ROOT = Path(__file__).parents[3]  # of the repository, whose shipped templates are deployed
USER, ROLE, BUCKET = "orders-export", "web-tier-role", "customer-exports"
ON_CALL = f"arn:aws:iam::{HOME}:role/on-call"
COUNSEL = f"arn:aws:iam::{HOME}:role/counsel"
INVESTIGATOR = f"arn:aws:iam::{HOME}:role/investigator"
ADMINISTRATOR = f"arn:aws:iam::{HOME}:role/administrator"
CUSTODIAN = f"arn:aws:iam::{HOME}:role/evidence-custodian"
EXTERNAL_ID = "drill-only-external-id"
# All but the wiring, which holds what a function made of its environment. These are given what they
# use, and keep nothing but what they made of their files: test_stateless.py.
STATELESS = tuple(
    f"responder.{package}"
    for package in (
        *("actions", "aws", "channels", "collectors", "domain", "regimes", "report", "scan"),
        *("sources", "steps"),
    )
)
_RESPONDER = "breach-responder"
# This shop sells from the web tier, so somebody is asked before its sessions are cut.
POLICY = {
    "rules": [
        {
            "types": ["AttackSequence:*"],
            "then": "automatic",
            "actions": {"iam.deny_role_session": "approval"},
        }
    ]
}
RESIDENTS = {"US-CA": 1200, "US-NY": 40, "US-TX": 700}  # whom the exports are about
_EXPORTS = {
    f"2026/11/orders-{place[3:].lower()}.csv": "A. Example,a@example.com,000-00-0000\n" * number
    for place, number in RESIDENTS.items()
}


@dataclass(frozen=True)
class Stacks:
    """What was deployed."""

    vault: Stack
    responder: Stack
    member: Stack
    forwarder: Stack


@dataclass(frozen=True)
class Shop:
    """What the attacker is after, and the key they hold."""

    user_id: str
    key_id: str
    secret: str
    role_arn: str
    role_id: str
    user: str = USER
    role: str = ROLE


def deploy_vault(cloud: Cloud, root: Path = ROOT) -> Stack:
    """The evidence vault, in COMPLIANCE mode."""
    return cloud.deploy(
        root / "stacks/evidence-vault.yaml",
        stack_name="evidence-vault",
        parameters={
            "CounselArns": COUNSEL,
            "CustodianRoleArn": CUSTODIAN,
            "InvestigatorArns": INVESTIGATOR,
            "ResponderAccount": HOME,
        },
        account=HOME,
    )


def deploy_copies(cloud: Cloud, vault: Stack, root: Path = ROOT) -> Stack:
    """What takes copies of snapshots over into the account of the vault."""
    return cloud.deploy(
        root / "stacks/evidence-copies.yaml",
        stack_name="evidence-copies",
        parameters={
            "CustodianRoleArn": CUSTODIAN,
            "ExternalId": EXTERNAL_ID,
            "MemberAccounts": SHOP,
            "ResponderAccount": HOME,
            "TamperTopicArn": vault.outputs["TamperTopicArn"],
        },
        account=HOME,
    )


def deploy_responder(
    cloud: Cloud,
    vault: Stack,
    copies: Stack,
    parameters: Mapping[str, str] | None = None,
    root: Path = ROOT,
) -> Stack:
    """The responder, in respond mode, or with other `parameters`."""
    return cloud.deploy(
        root / "template.yaml",
        stack_name=_RESPONDER,
        parameters={
            "Mode": "respond",
            "ExternalId": EXTERNAL_ID,
            "EvidenceBucket": vault.outputs["EvidenceBucketName"],
            "EvidenceAccount": vault.outputs["EvidenceAccount"],
            "EvidenceKeyArn": vault.outputs["EvidenceKeyArn"],
            "SigningKeyArn": vault.outputs["SigningKeyArn"],
            "CopiesKeyArn": copies.outputs["CopiesKeyArn"],
            "Approvers": ON_CALL,
            "Policy": json.dumps(POLICY),
            "PagerEmail": "on-call@example.com",
            "EscalationEmail": "counsel@example.com",
            "ForwardingAccounts": SHOP,
            **(parameters or {}),
        },
        account=HOME,
    )


def deploy_member(cloud: Cloud, copies: Stack, root: Path = ROOT) -> Stack:
    """The narrow roles in the shop's account."""
    return cloud.deploy(
        root / "stacks/member-role.yaml",
        stack_name=f"{_RESPONDER}-member",
        parameters={
            "ResponderAccount": HOME,
            "ResponderStackName": _RESPONDER,
            "ExternalId": EXTERNAL_ID,
            "CopiesKeyArn": copies.outputs["CopiesKeyArn"],
        },
        account=SHOP,
    )


def deploy_forwarder(cloud: Cloud, root: Path = ROOT) -> Stack:
    """What brings IAM's calls from the shop's account to the responder."""
    return cloud.deploy(
        root / "stacks/forwarder.yaml",
        stack_name=f"{_RESPONDER}-forwarder",
        parameters={"ResponderAccount": HOME, "ResponderRegion": REGION},
        account=SHOP,
        region=IAM_REGION,
    )


def open_shop(cloud: Cloud) -> Shop:
    """A bucket of customer exports, a user whose key reads them, and a role the user assumes."""
    s3 = cloud.client("s3", account=SHOP)
    s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
    for key, body in _EXPORTS.items():
        s3.put_object(Bucket=BUCKET, Key=key, Body=body.encode())
    return let_in(cloud, USER, ROLE)


def let_in(cloud: Cloud, user_name: str, role_name: str) -> Shop:
    """One more user whose key reads the exports, and a role that only this user assumes."""
    iam = cloud.client("iam", account=SHOP)
    user = iam.create_user(UserName=user_name)["User"]
    role = iam.create_role(
        RoleName=role_name,
        AssumeRolePolicyDocument=_document("sts:AssumeRole", None, principal=user["Arn"]),
    )["Role"]
    reads = _document(
        ["s3:ListBucket", "s3:GetObject"], [f"arn:aws:s3:::{BUCKET}", f"arn:aws:s3:::{BUCKET}/*"]
    )
    iam.put_user_policy(UserName=user_name, PolicyName="read-exports", PolicyDocument=reads)
    iam.put_user_policy(
        UserName=user_name,
        PolicyName="act-as-web-tier",
        PolicyDocument=_document("sts:AssumeRole", role["Arn"]),
    )
    iam.put_role_policy(RoleName=role_name, PolicyName="read-exports", PolicyDocument=reads)
    key = iam.create_access_key(UserName=user_name)["AccessKey"]
    return Shop(
        user_id=user["UserId"],
        key_id=key["AccessKeyId"],
        secret=key["SecretAccessKey"],
        role_arn=role["Arn"],
        role_id=role["RoleId"],
        user=user_name,
        role=role_name,
    )


def hire(cloud: Cloud) -> None:
    """The people of the security account. Two of them may do everything that IAM can grant."""
    iam = cloud.client("iam", account=HOME)
    trust = _document("sts:AssumeRole", None, principal=f"arn:aws:iam::{HOME}:root")
    for arn, actions in (
        (ADMINISTRATOR, "*"),
        (CUSTODIAN, "*"),
        (
            ON_CALL,
            [
                "cloudformation:DescribeStacks",
                "iam:PassRole",
                "lambda:InvokeFunction",
                "ssm:DescribeAutomationExecutions",
                "ssm:GetAutomationExecution",
                "ssm:SendAutomationSignal",
                "ssm:StartAutomationExecution",
            ],
        ),
        (COUNSEL, ["cloudformation:DescribeStacks", "lambda:InvokeFunction"]),
        (INVESTIGATOR, ["cloudformation:DescribeStacks", "lambda:InvokeFunction"]),
    ):
        name = arn.rpartition("/")[2]
        iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust)
        iam.put_role_policy(
            RoleName=name, PolicyName="work", PolicyDocument=_document(actions, "*")
        )


def _document(action: Any, resource: Any, *, principal: str | None = None) -> str:
    statement = {"Effect": "Allow", "Action": action}
    if resource is not None:
        statement["Resource"] = resource
    if principal is not None:
        statement["Principal"] = {"AWS": principal}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})

"""Each right that the code asks for is one that it uses: a call of the SDK by that name."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from types import ModuleType

import pytest

from responder import actions, channels, collectors
from tests.template.templates import ROOT, functions, step

PACKAGE = ROOT / "layers/responder/responder"
# Where IAM has another word than the API (Service Authorization Reference).
CALLED = {
    "lambda:InvokeFunction": "invoke",
    "lambda:GetLayerVersion": "get_layer_version_by_arn",
    "s3:GetAccountPublicAccessBlock": "get_public_access_block",
    "s3:GetBucketNotification": "get_bucket_notification_configuration",
    "s3:GetBucketObjectLockConfiguration": "get_object_lock_configuration",
    "s3:GetBucketPublicAccessBlock": "get_public_access_block",
    "s3:GetEncryptionConfiguration": "get_bucket_encryption",
    "s3:GetObjectVersion": "get_object",
    "s3:ListBucket": "list_objects_v2",
    "s3:GetLifecycleConfiguration": "get_bucket_lifecycle_configuration",
    "s3:GetReplicationConfiguration": "get_bucket_replication",
    "s3:ListBucketVersions": "list_object_versions",
    "s3:PutBucketPublicAccessBlock": "put_public_access_block",
    "s3:PutLifecycleConfiguration": "put_bucket_lifecycle_configuration",
    "s3:PutReplicationConfiguration": "put_bucket_replication",
    "wafv2:ListWebACLs": "list_web_acls",
}
# What a service asks for while it carries another call out, and by which words of the call.
ALONG = {
    "ec2:CreateTags": "TagSpecifications",
    "iam:PassRole": "Role",
    "kms:Decrypt": "get_object",
    "kms:GenerateDataKey": "aws:kms",
    "rds:AddTagsToResource": "Tags",
    "s3:ListBucket": "NoSuchVersion",  # or S3 would say that it was refused
    "ssm-contacts:StartEngagement": "start_incident",
    "sts:AssumeRole": "AssumeRoleCredentialFetcher",
}
KINDS = ("group", "role", "user")  # of what a collector reads in the same way


@cache
def words(folder: Path) -> frozenset[str]:
    """Every attribute and every text in the code of a folder, but what stands in PERMISSIONS."""
    found = set[str]()
    for path in folder.rglob("*.py"):
        for node in ast.parse(path.read_text()).body:
            if not _is_permissions(node):
                found |= set(_words(node))
    return frozenset(found)


def _is_permissions(node: ast.stmt) -> bool:
    names = [one.id for one in ast.walk(node) if isinstance(one, ast.Name)]
    return isinstance(node, ast.Assign | ast.AnnAssign) and "PERMISSIONS" in names


def _words(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        match node:
            case ast.Attribute(attr=word) | ast.Name(id=word) | ast.Constant(value=str(word)):
                yield word
            case ast.keyword(arg=str(word)):
                yield word
            case ast.JoinedStr(
                values=[
                    ast.Constant(value=str(head)),
                    ast.FormattedValue(),
                    ast.Constant(value=str(end)),
                ]
            ):
                yield from (f"{head}{kind}{end}" for kind in KINDS)  # f"get_{kind}_policy"


def call_of(right: str) -> str:
    """The method of the SDK, or what stands in a call that makes AWS ask for it."""
    name = right.partition(":")[2]
    snake = re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()
    return ALONG.get(right) or CALLED.get(right, snake)


CATALOGS = [
    *(pytest.param(one, id=one.ID) for one in actions.ACTIONS),
    *(pytest.param(one, id=one.ID) for one in collectors.COLLECTORS),
    *(pytest.param(one, id=one.ID) for one in (*channels.CHANNELS, *channels.BESIDE)),
]


@pytest.mark.parametrize("module", CATALOGS)
def test_a_capability_calls_what_it_asks_to_be_allowed(module: ModuleType) -> None:
    """An action in the actions themselves; evidence and messages also by an adapter."""
    folder = PACKAGE / "actions" if module in actions.ACTIONS else PACKAGE
    rights = module.PERMISSIONS | getattr(module, "READING", frozenset())  # of channels only
    unused = {right for right in rights if call_of(right) not in words(folder)}
    assert not unused


@pytest.mark.parametrize("verb", sorted(functions()))
def test_a_step_asks_for_nothing_that_no_code_calls(verb: str) -> None:
    unused = {right for right in step(verb).PERMISSIONS if call_of(right) not in words(PACKAGE)}
    assert not unused


def test_a_right_that_no_code_calls_would_be_told() -> None:
    assert call_of("iam:CreateUser") not in words(PACKAGE)
    assert call_of("ec2:TerminateInstances") not in words(PACKAGE)
    assert call_of("iam:ListSSHPublicKeys") == "list_ssh_public_keys"
    assert call_of("rds:DescribeDBClusterSnapshots") == "describe_db_cluster_snapshots"

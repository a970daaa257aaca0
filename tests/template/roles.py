"""Every role of the templates as IAM sees it once they are deployed, and whether it may do a thing.

The templates are translated and their names put in, without deploying anything; the engine's
evaluator decides. Policies of the vault's bucket, of keys and of trust are asked too: one of them
alone can let a role of its own account in.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from typing import Any

from moto.iam.aws_managed_policies import aws_managed_policies_data

from localcloud.iam_conditions import Context
from localcloud.iam_evaluator import Question, decide
from localcloud.iam_holdings import Policy
from localcloud.iam_identities import Identity, Session
from localcloud.intrinsics import Known, Scope, resolve
from localcloud.sam import translate
from tests.builders import HOME, REGION, SHOP
from tests.template.templates import ROOT

VAULT = "333344445555"
EXTERNAL_ID = "external-id-of-the-tests"
RESPONDER, MEMBER, FORWARDER, KEPT, KEEPING = (
    "template.yaml",
    "stacks/member-role.yaml",
    "stacks/forwarder.yaml",
    "stacks/evidence-vault.yaml",
    "stacks/evidence-copies.yaml",
)
MEMORY_DOCUMENT = "take-memory"
_STACK = "breach-responder"
_TOLD = {
    "Approvers": f"arn:aws:iam::{HOME}:role/on-call",
    "EvidenceBucket": "EvidenceBucket",
    "ExternalId": EXTERNAL_ID,
    "MemoryDocument": MEMORY_DOCUMENT,
    "LogBuckets": "arn:aws:s3:::log-archive",
    "LogGroups": f"arn:aws:logs:{REGION}:{SHOP}:log-group:audit:*",
    "LogKeys": f"arn:aws:kms:{REGION}:{HOME}:key/log-archive",
    "Mode": "respond",
    "ResponderAccount": HOME,
    "ResponderRegion": REGION,
    "ResponsePlanArn": f"arn:aws:ssm-incidents::{HOME}:response-plan/plan",
}
_ROLE = "AWS::IAM::Role"
_NAMES = ("Name", "RoleName", "StateMachineName", "TopicName")  # where a template chooses it
_ARNS = {  # by type; a logical id stands for the name that AWS chooses
    "AWS::DynamoDB::Table": "dynamodb:{at}:table/{name}",
    "AWS::Events::Rule": "events:{at}:rule/{name}",
    _ROLE: "iam::{account}:role/{name}",
    "AWS::KMS::Key": "kms:{at}:key/{name}",
    "AWS::Lambda::Function": "lambda:{at}:function:" + _STACK + "-{name}",
    "AWS::Logs::LogGroup": "logs:{at}:log-group:{name}:*",
    "AWS::S3::Bucket": "s3:::{name}",
    "AWS::SNS::Topic": "sns:{at}:{name}",
    "AWS::SQS::Queue": "sqs:{at}:{name}",
    "AWS::StepFunctions::StateMachine": "states:{at}:stateMachine:{name}",
}
_SAID = (  # the types that say what is allowed
    "AWS::IAM::",
    "AWS::KMS::Key",
    "AWS::S3::BucketPolicy",
    "AWS::SNS::TopicPolicy",
    "AWS::SQS::QueuePolicy",
)
_REF_IS_ARN = ("AWS::SNS::Topic", "AWS::StepFunctions::StateMachine")


@dataclass(frozen=True)
class Thing:
    """What somebody may try to touch: its ARN, whose it is, and what its own policy says."""

    arn: str
    owner: str
    policy: dict[str, Any] | None = None
    decides: bool = False  # without its policy, those of the caller count for nothing
    told: Mapping[str, str] = field(default_factory=dict)  # condition keys of a call to it
    knows: tuple[str, ...] = ()  # beginnings of the keys that are told of such a call only


def may(identity: Identity, action: str, thing: Thing) -> bool:
    """Whether IAM allows it, for a call over TLS."""
    keys = {
        "aws:principalaccount": identity.account,
        "aws:principalarn": identity.arn,
        "aws:resourceaccount": thing.owner,
        "aws:securetransport": "true",
        "kms:calleraccount": identity.account,
        **thing.told,
    }
    own = None if thing.policy is None else Policy("its own", json.dumps(thing.policy))
    question = Question(
        action=action,
        resource=thing.arn,
        owner=thing.owner,
        context=Context({key: (value,) for key, value in keys.items()}, thing.knows),
        resource_policy=own,
        resource_decides=thing.decides,
    )
    return decide(question, identity).allowed


def one_of(account: str, name: str) -> Identity:
    """A person in a role of an account, with every right that an administrator has."""
    star = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    return Identity(
        arn=f"arn:aws:iam::{account}:role/{name}",
        caller_arn=f"arn:aws:sts::{account}:assumed-role/{name}/somebody",
        account=account,
        user_id="AROAPERSON:somebody",
        user_name=None,
        policies=(Policy("all", json.dumps({"Version": "2012-10-17", "Statement": [star]})),),
        boundary=None,
        session=Session(issued_at=datetime(2026, 11, 23, 12, tzinfo=UTC)),
        tags={},
    )


@cache
def written(path: str, account: str, vault: str, **more: str) -> dict[str, dict[str, Any]]:
    """The roles and policies of a template that is deployed there, as CloudFormation sends them."""
    template = translate(ROOT / path, {}, REGION).template
    told = (
        _TOLD
        | {
            "CounselArns": f"arn:aws:iam::{vault}:role/counsel",
            "CustodianRoleArn": f"arn:aws:iam::{vault}:role/custodian",
            "EvidenceAccount": vault,
            "InvestigatorArns": f"arn:aws:iam::{vault}:role/investigator",
            "EvidenceKeyArn": f"arn:aws:kms:{REGION}:{vault}:key/EvidenceKey",
            "SigningKeyArn": f"arn:aws:kms:{REGION}:{vault}:key/SigningKey",
            "CopiesKeyArn": f"arn:aws:kms:{REGION}:{vault}:key/CopiesKey",
            "MemberAccounts": f"{HOME},{SHOP}",
            "TamperTopicArn": f"arn:aws:sns:{REGION}:{vault}:TamperTopic",
        }
        | more
    )
    parameters: dict[str, Any] = {
        "AWS::AccountId": account,
        "AWS::Partition": "aws",
        "AWS::Region": REGION,
        "AWS::StackName": _STACK,
        "AWS::URLSuffix": "amazonaws.com",
    }
    for name, declared in template["Parameters"].items():
        value = str(told.get(name, declared.get("Default", "")))
        is_list = declared["Type"] == "CommaDelimitedList"
        parameters[name] = value.split(",") if is_list else value
    scope = Scope(
        parameters=parameters,
        declared=frozenset(template["Resources"]),
        conditions=template.get("Conditions", {}),
    )
    for name, one in template["Resources"].items():
        given = [value for key, value in one["Properties"].items() if key in _NAMES]
        chosen = name if one["Type"] != _ROLE else f"{_STACK}-{name}-RANDOM123456"
        real = resolve(given[0], scope) if given else chosen
        scope.known[name] = _known(real, one["Type"], account)
    return {
        name: {"Type": one["Type"], **resolve(one["Properties"], scope)}
        for name, one in template["Resources"].items()
        if one["Type"].startswith(_SAID)
    }


def _known(name: str, kind: str, account: str) -> Known:
    form = _ARNS.get(kind, "none:{at}:{name}")
    arn = "arn:aws:" + form.format(at=f"{REGION}:{account}", account=account, name=name)
    return Known(kind, arn if kind in _REF_IS_ARN else name, {"Arn": arn, "QueueName": name})


def identities(path: str, account: str, vault: str) -> dict[str, Identity]:
    """A session of each role of a template, by the role's logical id."""
    found = written(path, account, vault)
    roles = {name: one for name, one in found.items() if one["Type"] == _ROLE}
    return {name: _identity(name, role, account, found) for name, role in roles.items()}


def _identity(
    name: str, role: Mapping[str, Any], account: str, found: Mapping[str, Mapping[str, Any]]
) -> Identity:
    real = role.get("RoleName", f"{_STACK}-{name}-RANDOM123456")
    documents = [policy["PolicyDocument"] for policy in role.get("Policies", [])]
    documents += [one["PolicyDocument"] for one in found.values() if real in one.get("Roles", [])]
    documents += [_of_aws(arn) for arn in role.get("ManagedPolicyArns", [])]
    return Identity(
        arn=f"arn:aws:iam::{account}:role/{real}",
        caller_arn=f"arn:aws:sts::{account}:assumed-role/{real}/session",
        account=account,
        user_id="AROAEXAMPLE:session",
        user_name=None,
        policies=tuple(Policy(name, json.dumps(one)) for one in documents),
        boundary=None,
        session=Session(issued_at=datetime(2026, 11, 23, 12, tzinfo=UTC)),
        tags={},
    )


def _of_aws(arn: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(aws_managed_policies_data)[arn.rpartition("/")[2]][
        "Document"
    ]
    return document


@cache
def everybody(vault: str) -> dict[str, Identity]:
    """Every role of a whole installation: member roles stand in each of its accounts."""
    named = identities(RESPONDER, HOME, vault)
    found = {name.removesuffix("Role").removesuffix("Function"): one for name, one in named.items()}
    for account, whose in ((SHOP, "shop"), (HOME, "home"), (VAULT, "vault")):
        for name, one in identities(MEMBER, account, vault).items():
            found[f"{name} of the {whose}"] = one
    found |= identities(KEEPING, vault, vault)
    return found | identities(FORWARDER, SHOP, vault)


def who_may(action: str, thing: Thing, vault: str) -> set[str]:
    """Everybody who may do it."""
    return {name for name, one in everybody(vault).items() if may(one, action, thing)}

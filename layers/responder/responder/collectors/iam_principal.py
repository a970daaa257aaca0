"""What IAM says about each principal: who it is, what it may do, what it can sign in with.

Containment may run at the same time. So the live state is read first, and what containment
recorded before it changed anything is added after: between them the state before is complete.
"""

import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from responder.aws.errors import asking_aws, code_of
from responder.aws.evidence import in_a_key
from responder.aws.vault import Content
from responder.collectors.collector import Collected, Scene, can_be_read
from responder.domain.errors import Broken, ResponderError, Unavailable
from responder.domain.order import Order, Receipt
from responder.domain.principal import Principal, PrincipalKind

if TYPE_CHECKING:
    from mypy_boto3_iam.client import IAMClient

ID = "iam.principal"
TITLE = "What IAM says about the principals"
KINDS: tuple[str, ...] = ()
PERMISSIONS = frozenset(
    {
        "iam:GetAccessKeyLastUsed",
        "iam:GetGroupPolicy",
        "iam:GetLoginProfile",
        "iam:GetPolicy",
        "iam:GetPolicyVersion",
        "iam:GetRole",
        "iam:GetRolePolicy",
        "iam:GetUser",
        "iam:GetUserPolicy",
        "iam:ListAccessKeys",
        "iam:ListAttachedGroupPolicies",
        "iam:ListAttachedRolePolicies",
        "iam:ListAttachedUserPolicies",
        "iam:ListGroupPolicies",
        "iam:ListGroupsForUser",
        "iam:ListInstanceProfilesForRole",
        "iam:ListMFADevices",
        "iam:ListRolePolicies",
        "iam:ListServiceSpecificCredentials",
        "iam:ListUserPolicies",
    }
)
COPIES: frozenset[str] = frozenset()
LIMITS = (
    "SSH public keys and signing certificates are not read",
    "an identity that was deleted before is not there to be read",
)

_COVERS = "the identity as IAM held it, and as containment found it before changing anything"
_NEVER_READ = "SSH public keys and signing certificates were not read"
type Read = Callable[[], Any]


@dataclass
class _Reads:
    """Named reads, each of which may fail without ending the others."""

    read_at: Callable[[], datetime]
    values: dict[str, Any] = field(default_factory=dict)
    failures: dict[str, ResponderError] = field(default_factory=dict)

    def take(self, name: str, read: Read) -> Any:
        """Read, and remember the value with its instant, or why there is none."""
        try:
            with asking_aws(f"reading {name}"):
                try:
                    value = read()
                except ClientError as error:
                    if code_of(error) != "NoSuchEntity":
                        raise
                    value = None
        except (Broken, Unavailable) as error:
            self.failures[name] = error
            self.values[name] = {"read_at": self.read_at(), "failed": str(error)}
            return None
        self.values[name] = {"read_at": self.read_at(), "value": value}
        return value


def collect(scene: Scene) -> Iterator[Collected]:
    """One item for each identity that the findings name.

    One that cannot be read at all is raised once the others are kept.
    """
    identities: dict[str, list[Principal]] = {}
    for principal in scene.principals:
        identity = principal.arn or f"{principal.kind}#{principal.name}"
        identities.setdefault(identity, []).append(principal)
    failures: list[ResponderError] = []
    for identity, named in identities.items():
        try:
            yield _one(identity, named, scene)
        except (Broken, Unavailable) as error:
            failures.append(error)
    if failures:
        raise failures[0]
    if not identities:
        content = _json({"incident_id": scene.incident.id, "principals": []})
        gap = "no finding names a principal"
        yield Collected(_name(scene, "none"), content, _COVERS, (gap,))


def _one(identity: str, named: list[Principal], scene: Scene) -> Collected:
    principal = named[0]
    reads = _Reads(scene.read_at)
    began_at = scene.read_at()
    if can_be_read(principal):
        _read_live(principal, scene, reads)
        gaps = [f"{name} could not be read: {error}" for name, error in reads.failures.items()]
        gaps.append(_NEVER_READ)
        if len(reads.failures) == len(reads.values):
            failure = next(iter(reads.failures.values()))
            # A principal of an account outside our reach is a fact about it, not a failure of ours.
            if isinstance(failure, Unavailable) or principal.account == scene.incident.account:
                raise failure
    else:
        gaps = [f"IAM holds no identity of its own for a {principal.kind}, or it has no name"]
    ended_at = scene.read_at()
    receipts = [
        _before(receipt, began_at, ended_at)
        for receipt in scene.receipts()
        if identity in (_named(receipt.order), receipt.order.resource)
    ]
    content = _json(
        {
            "incident_id": scene.incident.id,
            "identity": identity,
            "named": [one.model_dump(mode="json") for one in named],
            "live": {"began_at": began_at, "ended_at": ended_at, "reads": reads.values},
            "before_containment": receipts,
        }
    )
    # Two names can be the same in a key. What tells them apart must not be one that whoever chose
    # the names can make alike, because the second of two would not be kept.
    told_apart = hashlib.sha256(identity.encode()).hexdigest()[:32]
    place = f"{principal.kind}-{in_a_key(principal.name or 'unnamed')}-{told_apart}"
    return Collected(_name(scene, place), content, _COVERS, tuple(gaps))


def _read_live(principal: Principal, scene: Scene, reads: _Reads) -> None:
    assert principal.account is not None
    assert principal.name is not None
    iam, name = scene.clients.iam(principal.account), principal.name
    if principal.kind is PrincipalKind.IAM_USER:
        _read_user(iam, name, reads)
    else:
        _read_role(iam, name, reads)


def _read_user(iam: "IAMClient", name: str, reads: _Reads) -> None:
    """Credentials first: they are what an attacker changes first, and what containment touches."""
    keys = reads.take(
        "access keys",
        lambda: _all(iam, "list_access_keys", "AccessKeyMetadata", UserName=name),
    )
    for key in keys or []:
        key_id = key["AccessKeyId"]
        reads.take(f"last use of {key_id}", partial(_last_use, iam, key_id))
    reads.take("login profile", lambda: iam.get_login_profile(UserName=name)["LoginProfile"])
    reads.take(
        "service-specific credentials",
        lambda: iam.list_service_specific_credentials(UserName=name)["ServiceSpecificCredentials"],
    )
    reads.take("MFA devices", lambda: _all(iam, "list_mfa_devices", "MFADevices", UserName=name))
    reads.take("user", lambda: iam.get_user(UserName=name)["User"])
    _policies(iam, reads, "user", {"UserName": name}, "")
    groups = reads.take(
        "groups", lambda: _all(iam, "list_groups_for_user", "Groups", UserName=name)
    )
    for group in groups or []:
        of = group["GroupName"]
        _policies(iam, reads, "group", {"GroupName": of}, f" of group {of}")


def _read_role(iam: "IAMClient", name: str, reads: _Reads) -> None:
    reads.take("role", lambda: iam.get_role(RoleName=name)["Role"])
    _policies(iam, reads, "role", {"RoleName": name}, "")
    reads.take(
        "instance profiles",
        lambda: _all(iam, "list_instance_profiles_for_role", "InstanceProfiles", RoleName=name),
    )


def _policies(iam: "IAMClient", reads: _Reads, kind: str, of: dict[str, str], whose: str) -> None:
    names = reads.take(
        f"inline policies{whose}",
        lambda: _all(iam, f"list_{kind}_policies", "PolicyNames", **of),
    )
    for name in names or []:
        read = partial(_inline, iam, kind, PolicyName=name, **of)
        reads.take(f"inline policy {name}{whose}", read)
    attached = reads.take(
        f"attached policies{whose}",
        lambda: _all(iam, f"list_attached_{kind}_policies", "AttachedPolicies", **of),
    )
    for policy in attached or []:
        arn = policy["PolicyArn"]
        reads.take(f"policy {arn}", partial(_managed, iam, arn))


def _last_use(iam: "IAMClient", key_id: str) -> Any:
    return iam.get_access_key_last_used(AccessKeyId=key_id)["AccessKeyLastUsed"]


def _inline(iam: "IAMClient", kind: str, **which: str) -> Any:
    return getattr(iam, f"get_{kind}_policy")(**which)["PolicyDocument"]


def _managed(iam: "IAMClient", arn: str) -> dict[str, Any]:
    policy = iam.get_policy(PolicyArn=arn)["Policy"]
    version = policy["DefaultVersionId"]
    document = iam.get_policy_version(PolicyArn=arn, VersionId=version)["PolicyVersion"]
    return {"policy": policy, "version": document}


def _all(iam: "IAMClient", operation: str, key: str, **of: str) -> list[Any]:
    pages = iam.get_paginator(operation).paginate(**of)  # type: ignore[call-overload]
    return [one for page in pages for one in page[key]]


def _named(order: Order) -> str | None:
    return None if order.principal is None else order.principal.arn


def _before(receipt: Receipt, began_at: datetime, ended_at: datetime) -> dict[str, Any]:
    """What stood before one order, and on which side of it the live read fell."""
    if receipt.applied_at is None:
        side = "unclear: the order was observed, and may have been carried out since"
    elif ended_at < receipt.applied_at:
        side = "before the order"
    elif began_at > receipt.applied_at:
        side = "after the order began: what stood before it is in `before`"
    else:
        side = "while the order began: what stood before it is in `before`"
    return {
        "order_id": receipt.order.order_id,
        "action_id": receipt.order.action_id,
        "resource": receipt.order.resource,
        "status": receipt.status.value,
        "observed_at": receipt.observed_at,
        "applied_at": receipt.applied_at,
        "live_state_was_read": side,
        "before": None if receipt.before is None else receipt.before.state,
    }


def _name(scene: Scene, place: str) -> str:
    return f"{ID}/{scene.generation:04d}/{place}"


def _json(value: Any) -> Content:
    text = json.dumps(value, indent=1, ensure_ascii=True, default=_plain)
    return Content(text.encode("ascii"), ".json", "application/json")


def _plain(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)

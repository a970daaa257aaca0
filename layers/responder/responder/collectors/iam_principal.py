"""What IAM says about each principal: who it is, what it may do, what it can sign in with.

Containment may run at the same time. So the live state is read first, and what containment
recorded before it changed anything is added after: between them the state before is complete.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Any

from responder.collectors.collector import Collected, Scene, can_be_read
from responder.collectors.contents import as_json, place
from responder.collectors.failing import together
from responder.collectors.reads import Reads
from responder.domain.errors import Broken, ResponderError, Unavailable
from responder.domain.escaping import one_line
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
KEEPS: frozenset[str] = frozenset()
LIMITS = (
    "SSH public keys and signing certificates are not read",
    "an identity that was deleted before is not there to be read",
)

_COVERS = "the identity as IAM held it, and as containment found it before changing anything"
_ABSENT = frozenset({"NoSuchEntity"})


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
            failures.append(type(error)(f"{one_line(identity, 120)}: {error}"))
    if failures:
        raise together(failures)
    if not identities:
        content = as_json({"incident_id": scene.incident.id, "principals": []})
        gap = "no finding names a principal"
        yield Collected(_name(scene, "none"), content, _COVERS, (gap,))


def _one(identity: str, named: list[Principal], scene: Scene) -> Collected:
    principal = named[0]
    reads = Reads(scene.read_at, _ABSENT)
    began_at = scene.read_at()
    if can_be_read(principal):
        _read_live(principal, scene, reads)
        gaps = reads.gaps
        # A principal of an account outside our reach is a fact about it, not a failure of ours.
        ours = principal.account == scene.incident.account
        if reads.failure and (ours or isinstance(reads.failure, Unavailable)):
            raise reads.failure
    else:
        gaps = [f"IAM holds no identity of its own for a {principal.kind}, or it has no name"]
    ended_at = scene.read_at()
    receipts = [
        _before(receipt, began_at, ended_at)
        for receipt in scene.receipts()
        if identity in (_named(receipt.order), receipt.order.resource)
    ]
    content = as_json(
        {
            "incident_id": scene.incident.id,
            "identity": identity,
            "named": [one.model_dump(mode="json") for one in named],
            "live": {"began_at": began_at, "ended_at": ended_at, "reads": reads.values},
            "before_containment": receipts,
        }
    )
    there = place(principal.kind, principal.name or "unnamed", identity)
    return Collected(_name(scene, there), content, _COVERS, tuple(gaps))


def _read_live(principal: Principal, scene: Scene, reads: Reads) -> None:
    assert principal.account is not None
    assert principal.name is not None
    iam, name = scene.clients.iam(principal.account), principal.name
    if principal.kind is PrincipalKind.IAM_USER:
        _read_user(iam, name, reads)
    else:
        _read_role(iam, name, reads)


def _read_user(iam: "IAMClient", name: str, reads: Reads) -> None:
    """Credentials first: they are what an attacker changes first, and what containment touches."""
    of = {"UserName": name}
    keys = reads.pages("access keys", iam, "list_access_keys", "AccessKeyMetadata", **of)
    for key in keys or []:
        key_id = key["AccessKeyId"]
        reads.ask(
            f"last use of {key_id}",
            iam,
            "get_access_key_last_used",
            "AccessKeyLastUsed",
            AccessKeyId=key_id,
        )
    reads.ask("login profile", iam, "get_login_profile", "LoginProfile", **of)
    reads.ask(
        "service-specific credentials",
        iam,
        "list_service_specific_credentials",
        "ServiceSpecificCredentials",
        **of,
    )
    reads.pages("MFA devices", iam, "list_mfa_devices", "MFADevices", **of)
    reads.ask("user", iam, "get_user", "User", **of)
    _policies(iam, reads, "user", of, "")
    groups = reads.pages("groups", iam, "list_groups_for_user", "Groups", **of)
    for group in groups or []:
        name = group["GroupName"]
        _policies(iam, reads, "group", {"GroupName": name}, f" of group {name}")


def _read_role(iam: "IAMClient", name: str, reads: Reads) -> None:
    of = {"RoleName": name}
    reads.ask("role", iam, "get_role", "Role", **of)
    _policies(iam, reads, "role", of, "")
    profiles = "list_instance_profiles_for_role"
    reads.pages("instance profiles", iam, profiles, "InstanceProfiles", **of)


def _policies(iam: "IAMClient", reads: Reads, kind: str, of: dict[str, str], whose: str) -> None:
    inline, attached = f"list_{kind}_policies", f"list_attached_{kind}_policies"
    for name in reads.pages(f"inline policies{whose}", iam, inline, "PolicyNames", **of) or []:
        reads.ask(
            f"inline policy {name}{whose}",
            iam,
            f"get_{kind}_policy",
            "PolicyDocument",
            PolicyName=name,
            **of,
        )
    there = reads.pages(f"attached policies{whose}", iam, attached, "AttachedPolicies", **of)
    for policy in there or []:
        _managed(iam, reads, policy["PolicyArn"])


def _managed(iam: "IAMClient", reads: Reads, arn: str) -> None:
    policy = reads.ask(f"policy {arn}", iam, "get_policy", "Policy", PolicyArn=arn)
    if policy is not None:
        version = policy["DefaultVersionId"]
        reads.ask(
            f"version {version} of policy {arn}",
            iam,
            "get_policy_version",
            "PolicyVersion",
            PolicyArn=arn,
            VersionId=version,
        )


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

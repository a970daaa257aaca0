"""Tells the kinds of identity apart. A name that IAM would not take never gets into an ARN."""

import re

from responder.domain.finding_types import ROLE_CREDENTIALS
from responder.domain.principal import Principal, PrincipalKind

# IAM and STS API references: UserName, RoleName; RoleSessionName; AccessKeyId.
_IAM_NAME = re.compile(r"[\w+=,.@-]{1,64}", re.ASCII)
_SESSION_NAME = re.compile(r"[\w+=,.@-]{2,64}", re.ASCII)
_FEDERATED_NAME = re.compile(r"[\w+=,.@-]{2,32}", re.ASCII)
_KEY_ID = re.compile(r"[A-Z0-9]{16,128}")
_PRINCIPAL_ID = re.compile(r"[A-Z0-9]{4,128}(:.*)?", re.DOTALL)
_ACCOUNT = re.compile(r"[0-9]{12}")
_PARTITION = r"arn:(aws|aws-cn|aws-us-gov):"
_ROLE_ARN = re.compile(
    _PARTITION + r"iam::(?P<account>[0-9]{12}):role/(?:[\x21-\x7e]{1,512}/)?(?P<name>[^/]+)"
)
_SERVICE = re.compile(r"[a-z0-9.-]{1,128}\.amazonaws\.com(\.cn)?")

_KINDS = {
    "iamuser": PrincipalKind.IAM_USER,
    "assumedrole": PrincipalKind.ASSUMED_ROLE,
    "role": PrincipalKind.ROLE,
    "root": PrincipalKind.ROOT,
    "federateduser": PrincipalKind.FEDERATED_USER,
    "samluser": PrincipalKind.FEDERATED_USER,
    "webidentityuser": PrincipalKind.FEDERATED_USER,
    "identitycenteruser": PrincipalKind.IDENTITY_CENTER,
    "awsservice": PrincipalKind.AWS_SERVICE,
    "awsaccount": PrincipalKind.AWS_ACCOUNT,
}
_ROLES = (PrincipalKind.ASSUMED_ROLE, PrincipalKind.ROLE)


def partition_of(arn: str) -> str:
    """The partition in an ARN, `aws` where there is none that we know."""
    found = re.match(_PARTITION, arn)
    return found[1] if found else "aws"


def classify(
    *,
    account: str,
    partition: str = "aws",
    user_type: str | None = None,
    user_name: str | None = None,
    principal_id: str | None = None,
    access_key_id: str | None = None,
    owner: str | None = None,
    role_arn: str | None = None,
    finding_type: str = "",
) -> Principal | None:
    """The identity behind what a feed says of it; None where it says nothing.

    `owner` is the account the identity belongs to, where the feed tells; `account` is the one the
    finding is about. `role_arn` is the ARN of a role with its path, where the feed tells.
    """
    if not any((user_type, user_name, principal_id, access_key_id)):
        return None
    kind = _kind(user_type, principal_id, finding_type)
    key = access_key_id if access_key_id and _KEY_ID.fullmatch(access_key_id) else None
    unique = principal_id if principal_id and _PRINCIPAL_ID.fullmatch(principal_id) else None
    seen = Principal(
        kind=PrincipalKind.UNKNOWN,
        account=account,
        access_key_id=key,
        principal_id=unique[:200] if unique else None,
    )
    if owner and owner != account and kind is not PrincipalKind.AWS_SERVICE:
        return _of_account(seen, owner, partition)
    if kind in _ROLES:
        return _role(seen, kind, user_name, principal_id, role_arn, partition)
    if kind is PrincipalKind.IAM_USER:
        return _named(seen, kind, user_name, _IAM_NAME, f"arn:{partition}:iam::{account}:user/")
    if kind is PrincipalKind.FEDERATED_USER:
        name = user_name or _after_colon(principal_id)
        arn = f"arn:{partition}:sts::{account}:federated-user/"
        return _named(seen, kind, name, _FEDERATED_NAME, arn)
    if kind is PrincipalKind.ROOT:
        arn = f"arn:{partition}:iam::{account}:root"
        return seen.model_copy(update={"kind": kind, "arn": arn, "name": "root"})
    if kind is PrincipalKind.AWS_ACCOUNT:
        told = next(
            (t for t in (owner, user_name, principal_id) if t and _ACCOUNT.fullmatch(t)), ""
        )
        return _of_account(seen, told, partition)
    if kind is PrincipalKind.AWS_SERVICE:
        service = user_name if user_name and _SERVICE.fullmatch(user_name) else None
        return seen.model_copy(update={"kind": kind, "name": service})
    if kind is PrincipalKind.IDENTITY_CENTER:
        return _named(seen, kind, user_name, _SESSION_NAME, None)
    return _named(seen, kind, user_name, _IAM_NAME, None)


def inside(kind: PrincipalKind, name: str | None, account: str) -> Principal:
    """A user of a cluster or a database. The name follows no rule of AWS; it is only shown."""
    return Principal(kind=kind, account=account, name=name or None)


def distinct(found: list[Principal | None], most: int) -> tuple[Principal, ...]:
    """Those that are there, each once, in order."""
    return tuple(dict.fromkeys(principal for principal in found if principal is not None))[:most]


def _kind(user_type: str | None, principal_id: str | None, finding_type: str) -> PrincipalKind:
    told = _KINDS.get((user_type or "").casefold().replace("_", ""))
    if told is not None:
        return told
    # IAM User Guide, "IAM identifiers": the prefix of a unique id says what it identifies.
    if (principal_id or "").startswith("AIDA"):
        return PrincipalKind.IAM_USER
    if (principal_id or "").startswith("AROA") or finding_type.startswith(ROLE_CREDENTIALS):
        return PrincipalKind.ASSUMED_ROLE
    return PrincipalKind.UNKNOWN


def _role(
    seen: Principal,
    kind: PrincipalKind,
    user_name: str | None,
    principal_id: str | None,
    role_arn: str | None,
    partition: str,
) -> Principal:
    name = user_name or ""
    told = _ROLE_ARN.fullmatch(role_arn or "")
    if told and told["account"] != seen.account:
        return _of_account(seen, told["account"], partition)
    if told:
        name = told["name"]
    session = _after_colon(principal_id) or ""
    session_name = session if _SESSION_NAME.fullmatch(session) else None
    if not _IAM_NAME.fullmatch(name):
        return seen.model_copy(update={"session_name": session_name})
    arn = f"arn:{partition}:iam::{seen.account}:role/{name}"
    if told and role_arn:
        arn = role_arn
    if name.startswith("AWSReservedSSO_"):
        kind = PrincipalKind.IDENTITY_CENTER
        # Its role's path holds the home region of Identity Center, which no finding tells. The
        # session is one person; the role is everybody with that permission set.
        if session_name and not told:
            arn = f"arn:{partition}:sts::{seen.account}:assumed-role/{name}/{session_name}"
    elif name.startswith("AWSServiceRoleFor") or ":role/aws-service-role/" in arn:
        kind = PrincipalKind.SERVICE_LINKED_ROLE
    return seen.model_copy(
        update={"kind": kind, "name": name, "arn": arn, "session_name": session_name}
    )


def _named(
    seen: Principal,
    kind: PrincipalKind,
    name: str | None,
    rule: re.Pattern[str],
    arn: str | None,
) -> Principal:
    if not name or not rule.fullmatch(name):
        return seen
    return seen.model_copy(update={"kind": kind, "name": name, "arn": arn + name if arn else None})


def _of_account(seen: Principal, owner: str, partition: str) -> Principal:
    """An identity of another account: all we can name for sure is the account."""
    if not _ACCOUNT.fullmatch(owner):
        return seen.model_copy(update={"kind": PrincipalKind.AWS_ACCOUNT, "account": None})
    return seen.model_copy(
        update={
            "kind": PrincipalKind.AWS_ACCOUNT,
            "account": owner,
            "arn": f"arn:{partition}:iam::{owner}:root",
            "name": owner,
        }
    )


def _after_colon(principal_id: str | None) -> str | None:
    return (principal_id or "").partition(":")[2] or None

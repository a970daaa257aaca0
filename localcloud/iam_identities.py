"""Who calls, by their keys, and every policy that speaks about them, read from moto at each call.

Nothing is kept between calls but what moto does not hold of a session: when it was made, its
session policies, its tags. So a cut is felt by the very next call. (AWS takes seconds to minutes.)
"""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from moto.iam.models import iam_backends
from moto.sts.models import sts_backends

from localcloud.fault import Fault
from localcloud.instants import aware
from localcloud.switchboard import Asked, Caller, Kind

# Keys of whoever owns the pretend cloud: the deployer's, and what moto puts into the environment.
OPERATORS: Final = frozenset({"AKIAOPERATOR", "FOOBARKEY"})
SERVICE: Final = "ak"  # the key of moto's Step Functions, which has no credentials of its own
ACCESS_ROLE: Final = "OrganizationAccountAccessRole"
_PARTITION: Final = "aws"


@dataclass(frozen=True)
class Policy:
    """A policy document and the name to blame it by."""

    name: str
    document: str


@dataclass(frozen=True)
class Session:
    """What AssumeRole was asked for. Moto keeps the rest."""

    issued_at: datetime
    policies: tuple[Policy, ...] = ()  # none: the session is not limited further
    tags: Mapping[str, str] = field(default_factory=dict)
    source_identity: str | None = None


@dataclass(frozen=True)
class Identity:
    """A user, or a session of a role, with the policies that speak about it."""

    arn: str  # aws:PrincipalArn: the user's, or the role's
    caller_arn: str  # the user's, or the session's
    account: str
    user_id: str
    user_name: str | None  # None for sessions
    policies: tuple[Policy, ...]
    boundary: Policy | None
    session: Session | None
    tags: Mapping[str, str]

    @property
    def is_session(self) -> bool:
        """Whether the keys are temporary ones of a role."""
        return self.session is not None


class Identities:
    """Looks keys up in every account of the pretend cloud."""

    def __init__(self, now: Callable[[], datetime], function_role: Callable[[], str | None]):
        self._now, self._function_role = now, function_role
        self._sessions: dict[str, Session] = {}

    def caller(self, access_key_id: str, secret: str, token: str | None, service: str) -> Caller:
        """Whose keys these are. Raises `Fault` for keys that AWS would not accept."""
        if access_key_id in OPERATORS:
            return Caller("operator", "arn:aws:sts::000000000000:operator", "", access_key_id)
        if access_key_id == SERVICE:
            return Caller("service", "states.amazonaws.com", "", access_key_id)
        if (user := _user_of(access_key_id)) is not None:
            key = next(one for one in user.access_keys if one.access_key_id == access_key_id)
            if key.status != "Active":
                raise refused_key(service)
            if key.secret_access_key != secret:
                raise _wrong_signature(service)
            return Caller("user", user.arn, user.account_id, access_key_id, user.id)
        if (role := _session_of(access_key_id)) is None:
            raise refused_key(service)
        if role.secret_access_key != secret:
            raise _wrong_signature(service)
        if role.session_token != token:
            raise refused_key(service)
        return self._session_caller(role, access_key_id, service)

    def _session_caller(self, role: Any, access_key_id: str, service: str) -> Caller:
        if role.role_arn.endswith(f":role/{ACCESS_ROLE}"):
            return Caller("operator", role.arn, role.account_id, access_key_id, "operator")
        if aware(role.expiration) <= self._now():
            raise _expired(service)
        if _role(role.role_arn) is None:
            raise refused_key(service)
        kind: Kind = "function" if self._function_role() == role.role_arn else "session"
        return Caller(kind, role.arn, role.account_id, access_key_id, role.user_id)

    def identity(self, caller: Caller) -> Identity:
        """The caller with its policies, as they stand now."""
        if caller.kind == "user":
            return _of_user(_user_of(caller.access_key_id))
        held = _session_of(caller.access_key_id)
        return self._of_session(held, caller)

    def _of_session(self, held: Any, caller: Caller) -> Identity:
        role = _role(held.role_arn)
        session = self._sessions.get(caller.access_key_id)
        if session is None:
            raise LookupError(f"the session {caller.arn} was made before its cloud was watched")
        return Identity(
            arn=role.arn,
            caller_arn=caller.arn,
            account=role.account_id,
            user_id=caller.user_id,
            user_name=None,
            policies=tuple(_policies(role)),
            boundary=_boundary(role, role.account_id),
            session=session,
            tags={**_tags(role.tags), **session.tags},
        )

    def assumed(self, asked: Asked, answer: dict[str, Any]) -> None:
        """Remember what moto does not about a session that was just made."""
        if (asked.service, asked.operation) != ("sts", "AssumeRole"):
            return
        given, account = asked.params, str(asked.params["RoleArn"]).split(":")[4]
        policies = [Policy("the session policy", given["Policy"])] if "Policy" in given else []
        policies += [managed(one["arn"], account) for one in given.get("PolicyArns", [])]
        self._sessions[answer["Credentials"]["AccessKeyId"]] = Session(
            issued_at=self._now().replace(microsecond=0),
            policies=tuple(policies),
            tags={tag["Key"]: tag["Value"] for tag in given.get("Tags", [])},
            source_identity=given.get("SourceIdentity"),
        )


def managed(arn: str, account: str) -> Policy:
    """A managed policy's default version."""
    found = iam_backends[account][_PARTITION].managed_policies.get(arn)
    if found is None:
        raise LookupError(f"the managed policy {arn} does not exist in {account}")
    return Policy(arn, _default_version(found))


def trust_policy(role_arn: str) -> str | None:
    """A role's trust policy, or None when there is no such role."""
    role = _role(role_arn)
    return None if role is None else _text(role.assume_role_policy_document)


def role_identity(role_arn: str) -> Identity | None:
    """A role by itself, before anybody has a session of it. None when there is no such role."""
    role = _role(role_arn)
    if role is None:
        return None
    return Identity(
        arn=role.arn,
        caller_arn=role.arn,
        account=role.account_id,
        user_id=role.id,
        user_name=None,
        policies=tuple(_policies(role)),
        boundary=_boundary(role, role.account_id),
        session=None,
        tags=_tags(role.tags),
    )


def refused_key(service: str) -> Fault:
    """What each service says to a key that does not exist, or is inactive."""
    text = "The security token included in the request is invalid."
    if service == "s3":
        text = "The AWS Access Key Id you provided does not exist in our records."
        return Fault("InvalidAccessKeyId", text, status=403)
    if service == "ec2":
        text = "AWS was not able to validate the provided access credentials"
        return Fault("AuthFailure", text, status=401)
    return Fault(
        "InvalidClientTokenId" if service in _QUERY else "UnrecognizedClientException",
        text,
        status=403,
    )


_QUERY: Final = frozenset({"iam", "sts", "sns", "sqs", "cloudformation", "cloudwatch"})


def _expired(service: str) -> Fault:
    if service == "ec2":
        return Fault("RequestExpired", "Request has expired.")
    code = "ExpiredToken" if service in _QUERY | {"s3"} else "ExpiredTokenException"
    text = "The security token included in the request is expired"
    return Fault(code, text, status=400 if service == "s3" else 403)


def _wrong_signature(service: str) -> Fault:
    text = "The request signature we calculated does not match the signature you provided."
    if service == "ec2":
        return refused_key(service)
    code = "SignatureDoesNotMatch" if service in _QUERY | {"s3"} else "InvalidSignatureException"
    return Fault(code, text, status=403)


def _user_of(access_key_id: str) -> Any:
    for account in list(iam_backends.values()):
        for user in account[_PARTITION].users.values():
            if user.has_access_key(access_key_id):
                return user
    return None


def _session_of(access_key_id: str) -> Any:
    for account in list(sts_backends.values()):
        found = account[_PARTITION].get_assumed_role_from_access_key(access_key_id)
        if found is not None:
            return found
    return None


def _role(role_arn: str) -> Any:
    parts = role_arn.split(":")
    if len(parts) != 6 or parts[4] not in iam_backends:
        return None
    roles = iam_backends[parts[4]][_PARTITION].roles.values()
    return next((role for role in roles if role.arn == role_arn), None)


def _of_user(user: Any) -> Identity:
    groups = iam_backends[user.account_id][_PARTITION].get_groups_for_user(user.name)
    return Identity(
        arn=user.arn,
        caller_arn=user.arn,
        account=user.account_id,
        user_id=user.id,
        user_name=user.name,
        policies=tuple(policy for holder in (user, *groups) for policy in _policies(holder)),
        boundary=_boundary(user, user.account_id),
        session=None,
        tags=_tags(user.tags or []),
    )


def _policies(holder: Any) -> Iterator[Policy]:
    for name, document in holder.policies.items():
        yield Policy(f"{holder.name}/{name}", _text(document))
    for arn, attached in holder.managed_policies.items():
        yield Policy(arn, _default_version(attached))


def _default_version(policy: Any) -> str:
    return next(_text(one.document) for one in policy.versions if one.is_default)


def _boundary(holder: Any, account: str) -> Policy | None:
    # Moto has no boundary of users; the fake of PutUserPermissionsBoundary keeps it in this place.
    arn = getattr(holder, "permissions_boundary_arn", None)
    return managed(arn, account) if arn else None


def _tags(tags: Any) -> dict[str, str]:
    pairs = tags.values() if isinstance(tags, dict) else tags
    return {tag["Key"]: tag["Value"] for tag in pairs}


def _text(document: Any) -> str:
    return document if isinstance(document, str) else json.dumps(document)

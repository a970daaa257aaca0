"""Who calls, by their keys, and every policy that speaks about them, looked up at each call.

Nothing is kept between calls but what moto does not hold of a session: when it was made, its
session policies, its tags. So a cut is felt by the very next call, or as late as `iam_holdings` is
told that AWS spreads it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final

from moto.sts.models import sts_backends

from localcloud.fault import Fault
from localcloud.iam_holdings import Held, Holdings, Policy, managed, written
from localcloud.instants import aware
from localcloud.switchboard import Asked, Caller, Kind

# Keys of whoever owns the pretend cloud: the deployer's, and what moto puts into the environment.
OPERATORS: Final = frozenset({"AKIAOPERATOR", "FOOBARKEY"})
SERVICE: Final = "ak"  # the key of moto's Step Functions, which has no credentials of its own
ACCESS_ROLE: Final = "OrganizationAccountAccessRole"
_PARTITION: Final = "aws"


@dataclass(frozen=True)
class Session:
    """What AssumeRole was asked for. Moto keeps the rest."""

    issued_at: datetime
    policies: tuple[Policy, ...] = ()  # none: the session is not limited further
    tags: Mapping[str, str] = field(default_factory=dict)  # win over the role's of the same key
    transitive: frozenset[str] = frozenset()  # keys, in lower case, that go on to the next role
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

    def __init__(
        self,
        now: Callable[[], datetime],
        function_role: Callable[[], str | None],
        holdings: Holdings,
    ) -> None:
        self._now, self._function_role, self.holdings = now, function_role, holdings
        self._sessions: dict[str, Session] = {}

    def caller(self, access_key_id: str, secret: str, token: str | None, service: str) -> Caller:
        """Whose keys these are. Raises `Fault` for keys that AWS would not accept."""
        if access_key_id in OPERATORS:
            return Caller("operator", "arn:aws:sts::000000000000:operator", "", access_key_id)
        if access_key_id == SERVICE:
            return Caller("service", "states.amazonaws.com", "", access_key_id)
        if (user := self.holdings.user_with(access_key_id)) is not None:
            key = next(one for one in user.keys if one.id == access_key_id)
            if key.status != "Active":
                raise refused_key(service)
            if key.secret != secret:
                raise _wrong_signature(service)
            return Caller("user", user.arn, user.account, access_key_id, user.id)
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
        if self.holdings.by_arn(role.role_arn) is None:
            raise refused_key(service)
        kind: Kind = "function" if self._function_role() == role.role_arn else "session"
        return Caller(kind, role.arn, role.account_id, access_key_id, role.user_id)

    def identity(self, caller: Caller) -> Identity:
        """The caller with its policies, as it is judged by them now."""
        if caller.kind == "user":
            user = self.holdings.user_with(caller.access_key_id)
            if user is None:
                raise LookupError(f"the key {caller.access_key_id} went during its own call")
            return _identity(user, user_name=user.name)
        return self._of_session(_session_of(caller.access_key_id), caller)

    def _of_session(self, held: Any, caller: Caller) -> Identity:
        role = self.holdings.by_arn(held.role_arn)
        session = self._sessions.get(caller.access_key_id)
        if role is None or session is None:
            raise LookupError(f"the session {caller.arn} was made before its cloud was watched")
        return replace(
            _identity(role),
            caller_arn=caller.arn,
            user_id=caller.user_id,
            session=session,
            tags=_over(role.tags, session.tags),
        )

    def assumed(self, asked: Asked, answer: dict[str, Any]) -> None:
        """Remember what moto does not about a session that was just made."""
        if (asked.service, asked.operation) != ("sts", "AssumeRole"):
            return
        given, account = asked.params, str(asked.params["RoleArn"]).split(":")[4]
        policies = [Policy("the session policy", given["Policy"])] if "Policy" in given else []
        policies += [managed(one["arn"], account) for one in given.get("PolicyArns", [])]
        inherited = self._handed_on(asked.caller)
        keys = {key.lower() for key in (*inherited, *given.get("TransitiveTagKeys", []))}
        self._sessions[answer["Credentials"]["AccessKeyId"]] = Session(
            issued_at=self._now().replace(microsecond=0),
            policies=tuple(policies),
            tags=_over(inherited, {tag["Key"]: tag["Value"] for tag in given.get("Tags", [])}),
            transitive=frozenset(keys),
            source_identity=given.get("SourceIdentity"),
        )

    def _handed_on(self, caller: Caller) -> dict[str, str]:
        """The tags of a session that go on to the next role it takes."""
        session = self._sessions.get(caller.access_key_id)
        if session is None:
            return {}
        held = session.tags.items()
        return {key: text for key, text in held if key.lower() in session.transitive}


def identity_at(arn: str) -> Identity | None:
    """A user, or a role before anybody has a session of it, as it is written."""
    held = written(arn)
    if held is None:
        return None
    return _identity(held, user_name=held.name if ":user/" in arn else None)


def _identity(held: Held, *, user_name: str | None = None) -> Identity:
    return Identity(
        arn=held.arn,
        caller_arn=held.arn,
        account=held.account,
        user_id=held.id,
        user_name=user_name,
        policies=held.policies,
        boundary=held.boundary,
        session=None,
        tags=held.tags,
    )


def _over(below: Mapping[str, str], above: Mapping[str, str]) -> dict[str, str]:
    """Tags with others of the same key over them. Keys in another case are the same key.

    AWS: STS API Reference, "AssumeRole", Tags.
    """
    hidden = {key.lower() for key in above}
    return {**{key: text for key, text in below.items() if key.lower() not in hidden}, **above}


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


_QUERY: Final = frozenset(
    {"autoscaling", "cloudformation", "cloudwatch", "elb", "elbv2", "iam", "rds", "sns", "sqs"}
    | {"sts"}
)


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


def _session_of(access_key_id: str) -> Any:
    for account in list(sts_backends.values()):
        found = account[_PARTITION].get_assumed_role_from_access_key(access_key_id)
        if found is not None:
            return found
    return None

"""Asks IAM about each call: what it needs, in which circumstances, and whether that is allowed."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

from localcloud import organization
from localcloud.authorizing import SERVICES, Needed
from localcloud.authorizing.identities import ABOUT_A_BOUNDARY
from localcloud.fault import Fault
from localcloud.iam_conditions import Context
from localcloud.iam_evaluator import Question, decide, decide_for_service
from localcloud.iam_holdings import Holdings, Policy, written
from localcloud.iam_identities import Identities, Identity, identity_at
from localcloud.stack import Registry, Unsupported
from localcloud.switchboard import Asked, Caller, current_function

SOURCE_IP: Final = "198.51.100.23"  # of everybody who is not a function
FUNCTION_IP: Final = "203.0.113.80"
_PREFIXES: Final = {
    "dynamodbstreams": "dynamodb",
    "elb": "elasticloadbalancing",
    "elbv2": "elasticloadbalancing",
    "stepfunctions": "states",
}
_TAGS: Final = ("aws:resourcetag/", "iam:resourcetag/")  # of users and roles
# What a service calls a refusal. The others, which speak JSON, say AccessDeniedException.
_REFUSALS: Final = {
    "autoscaling": "AccessDenied",
    "cloudformation": "AccessDenied",
    "ec2": "UnauthorizedOperation",
    "elb": "AccessDenied",
    "elbv2": "AccessDenied",
    "iam": "AccessDenied",
    "rds": "AccessDenied",
    "s3": "AccessDenied",
    "sns": "AuthorizationError",
    "sqs": "AccessDenied",
    "sts": "AccessDenied",
}


class Enforcement:
    """The judge of callers and of what they may do."""

    def __init__(self, registry: Registry, now: Callable[[], datetime], holdings: Holdings) -> None:
        self._registry, self.now = registry, now
        self.identities = Identities(now, self._role_of_function, holdings)

    def _role_of_function(self) -> str | None:
        arn = current_function.get()
        if arn is None:
            return None
        return next((one.role_arn for one in self._registry.functions if one.arn == arn), None)

    def caller(self, access_key_id: str, secret: str, token: str | None, service: str) -> Caller:
        """Whose keys these are."""
        return self.identities.caller(access_key_id, secret, token, service)

    def needs(self, asked: Asked) -> tuple[tuple[str, str], ...]:
        """Actions and resources, for the record. Of the operator's calls as well as can be told."""
        usual = f"{_PREFIXES.get(asked.service, asked.service)}:{asked.operation}"
        if not asked.caller.enforced or not asked.account:
            return ((usual, "*"),)
        try:
            needed = self._needed(asked)
        except Unsupported:
            needed = []
        return tuple((one.action, one.resource) for one in needed) or ((usual, "*"),)

    def check(self, asked: Asked) -> None:
        """Raises `Fault` when IAM denies the call."""
        if asked.caller.kind == "anonymous":
            code = "AccessDenied" if asked.service == "s3" else "MissingAuthenticationToken"
            raise Fault(code, "Request is missing Authentication Token", status=403)
        needed = self._needed(asked)
        identity = self.identities.identity(asked.caller)
        for one in needed:
            self.demand(one, asked, identity)

    def demand(self, needed: Needed, asked: Asked, identity: Identity | None = None) -> None:
        """Raises `Fault` unless the caller has this one right. Fakes ask for further rights."""
        if not asked.caller.enforced:
            return
        who = identity or self.identities.identity(asked.caller)
        about = _is_identity(needed.resource)
        context = Context(
            {
                **self._circumstances(needed, asked, who),
                **(self._of_identity(needed) if about else {}),
                **needed.keys,
            },
            knows=(*(_TAGS if about else ()), *needed.knows),
        )
        policy = self._trust(needed) if needed.trusts else needed.policy
        resources = [needed.resource, needed.or_resource]
        controls = organization.binding(who)
        answers = [
            decide(
                Question(needed.action, resource, needed.owner, context, policy, needed.decides),
                who,
                controls,
            )
            for resource in resources
            if resource is not None
        ]
        if not any(answer.allowed for answer in answers):
            raise self._refusal(needed, asked, who, answers[0].why)

    def _needed(self, asked: Asked) -> list[Needed]:
        if asked.service not in SERVICES:
            raise Unsupported(f"what {asked.service}:{asked.operation} needs")
        return SERVICES[asked.service](asked)

    def _circumstances(
        self, needed: Needed, asked: Asked, who: Identity
    ) -> dict[str, tuple[str, ...]]:
        """AWS: IAM User Guide, "AWS global condition context keys"."""
        at = asked.at.astimezone(UTC)
        found: dict[str, tuple[str, ...]] = {
            "aws:currenttime": (at.isoformat(),),
            "aws:epochtime": (str(int(at.timestamp())),),
            "aws:principalaccount": (who.account,),
            "aws:principalarn": (who.arn,),
            "aws:principalisawsservice": ("false",),
            "aws:principaltype": ("AssumedRole" if who.is_session else "User",),
            "aws:requestedregion": (region_of(asked),),
            "aws:resourceaccount": (needed.owner,),
            "aws:securetransport": ("true",),
            "aws:sourceip": (FUNCTION_IP if asked.caller.kind == "function" else SOURCE_IP,),
            "aws:userid": (who.user_id,),
            "aws:viaawsservice": ("false",),
            "s3:authtype": ("REST-HEADER",),
            "s3:signatureversion": ("AWS4-HMAC-SHA256",),
            "s3:tlsversion": ("1.3",),
        }
        found |= organization.keys(who.account, needed.owner)
        found |= {f"aws:principaltag/{key.lower()}": (text,) for key, text in who.tags.items()}
        if who.user_name is not None:
            found["aws:username"] = (who.user_name,)
        if who.session is not None:
            found["aws:tokenissuetime"] = (who.session.issued_at.isoformat(),)
            found["aws:multifactorauthpresent"] = ("false",)
            if who.session.source_identity is not None:
                found["aws:sourceidentity"] = (who.session.source_identity,)
        return found

    def _of_identity(self, needed: Needed) -> dict[str, tuple[str, ...]]:
        """What IAM tells policies about the user or role that is asked for."""
        held = self.identities.holdings.by_arn(needed.resource)
        if held is None:
            return {}
        found: dict[str, tuple[str, ...]] = {
            f"{service}:resourcetag/{key.lower()}": (text,)
            for key, text in held.tags.items()
            for service in ("aws", "iam")
        }
        if held.boundary is not None and needed.action in ABOUT_A_BOUNDARY:
            found["iam:permissionsboundary"] = (held.boundary.name,)
        return found

    def _trust(self, needed: Needed) -> Policy:
        held = self.identities.holdings.by_arn(needed.resource)
        # A role that is not there has no trust policy: AWS says the same as for one that refuses.
        document = None if held is None else held.trust
        return Policy(f"the trust policy of {needed.resource}", document or '{"Statement": []}')

    def _refusal(self, needed: Needed, asked: Asked, who: Identity, why: str) -> Fault:
        code = needed.refused_as or _REFUSALS.get(asked.service, "AccessDeniedException")
        text = (
            f"User: {who.caller_arn} is not authorized to perform: {needed.action}"
            f" on resource: {needed.resource} {why}"
        )
        json_service = code == "AccessDeniedException" and asked.service != "lambda"
        return Fault(code, text, status=400 if json_service else 403)


def region_of(asked: Asked) -> str:
    """Where a call is carried out: global services answer in one region."""
    return "us-east-1" if asked.service == "iam" else asked.region


def service_may_assume(role_arn: str, service: str, account: str) -> bool:
    """Whether a role's trust policy lets an AWS service in, on behalf of this account."""
    role = written(role_arn)
    if role is None or role.trust is None:
        return False
    context = Context(
        {
            "aws:sourceaccount": (account,),
            "aws:principalisawsservice": ("true",),
            "aws:principalservicename": (service,),
            "aws:securetransport": ("true",),
        }
    )
    policy = Policy(f"the trust policy of {role_arn}", role.trust)
    question = Question("sts:AssumeRole", role_arn, account, context, policy, True)
    return decide_for_service(question, service)


def role_may(role_arn: str, action: str, resource: str = "*") -> bool:
    """Whether a role's own policies allow an action, as a service asks before it takes the role."""
    role = identity_at(role_arn)
    if role is None:
        return False
    context = Context(
        {
            "aws:principalaccount": (role.account,),
            "aws:principalarn": (role.arn,),
            "aws:principalisawsservice": ("false",),
            "aws:resourceaccount": (role.account,),
            "aws:securetransport": ("true",),
        }
    )
    question = Question(action, resource, role.account, context)
    return decide(question, role, organization.binding(role)).allowed


def _is_identity(resource: str) -> bool:
    parts = resource.split(":", 5)
    return parts[2:3] == ["iam"] and parts[-1].startswith(("user/", "role/"))

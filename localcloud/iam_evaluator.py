"""Decides one question as IAM does: may this identity do this action to this resource?

Pure: it is given the policies and the values of the condition keys, and asks nobody.
AWS: IAM User Guide, "Policy evaluation logic", "Cross-account policy evaluation logic",
"Permissions boundaries for IAM entities"; Organizations User Guide, "SCP evaluation"; KMS Developer
Guide, "Key policies".
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import IntEnum

from localcloud.iam_conditions import Context, hold
from localcloud.iam_holdings import Policy
from localcloud.iam_identities import Identity
from localcloud.iam_policy import Statement, matches_arn, parse

type Levels = tuple[tuple[Policy, ...], ...]  # of an organization, from its root down


@dataclass(frozen=True)
class Question:
    """One action on one resource.

    `resource_decides` for the policies without which identity policies count for nothing: a KMS
    key's and a role's trust policy.
    """

    action: str
    resource: str
    owner: str  # the account the resource is in
    context: Context
    resource_policy: Policy | None = None
    resource_decides: bool = False


@dataclass(frozen=True)
class Decision:
    """The answer. `why` completes AWS' sentence "User: … is not authorized …"."""

    allowed: bool
    why: str = ""


class _Grant(IntEnum):
    """How a resource policy names a caller, the weakest first."""

    NOT = 0
    ACCOUNT = 1  # leaves it to the account's own policies
    ROLE = 2  # the role of a session, or everybody: boundary and session policy still limit
    ITSELF = 3  # the user's or the session's own ARN: not limited by an implicit deny


def decide(question: Question, identity: Identity, controls: Levels = ()) -> Decision:
    """What IAM answers. `controls` are the service control policies that bind the caller."""
    for kind, policies in (*_of_the_organization(controls), *_kinds(identity)):
        for statement in _speaking(question, policies):
            if not statement.allows:
                return Decision(False, f"with an explicit deny in {kind}: {statement.where}")
    grant = _Grant.NOT
    for statement in _speaking(question, (question.resource_policy,)):
        named = _named(statement, identity)
        if named and not statement.allows:
            return Decision(
                False, f"with an explicit deny in a resource-based policy: {statement.where}"
            )
        if statement.allows:
            grant = max(grant, named)
    if not all(_allows(question, level) for level in controls):
        return Decision(
            False, f"because no service control policy allows the {question.action} action"
        )
    return _weigh(question, identity, grant)


def decide_for_service(question: Question, service: str) -> bool:
    """Whether the resource policy lets an AWS service in, for example into a role."""
    allowed = False
    for statement in _speaking(question, (question.resource_policy,)):
        named = (statement.principal or {}).get("Service", ())
        if service in named or "*" in (statement.principal or {}).get("AWS", ()):
            if not statement.allows:
                return False
            allowed = True
    return allowed


def _weigh(question: Question, identity: Identity, grant: _Grant) -> Decision:
    same_account = question.owner == identity.account
    if same_account and grant is _Grant.ITSELF:
        return Decision(True)
    if not same_account and grant is _Grant.NOT:
        return Decision(False, f"because no resource-based policy allows the {question.action}")
    by_resource = same_account and grant is _Grant.ROLE
    if question.resource_decides and same_account and grant is _Grant.NOT:
        return Decision(
            False, f"because no resource-based policy allows the {question.action} action"
        )
    if not by_resource and not _allows(question, identity.policies):
        return Decision(
            False, f"because no identity-based policy allows the {question.action} action"
        )
    limits = ((identity.boundary,), identity.session.policies if identity.session else ())
    for kind, policies in zip(("permissions boundary", "session policy"), limits, strict=True):
        if any(policies) and not _allows(question, policies):
            return Decision(False, f"because no {kind} allows the {question.action} action")
    return Decision(True)


def _of_the_organization(controls: Levels) -> Iterator[tuple[str, Iterable[Policy | None]]]:
    for level in controls:
        yield "a service control policy", level


def _kinds(identity: Identity) -> Iterator[tuple[str, Iterable[Policy | None]]]:
    yield "an identity-based policy", identity.policies
    yield "a permissions boundary", (identity.boundary,)
    if identity.session is not None:
        yield "a session policy", identity.session.policies


def _allows(question: Question, policies: Iterable[Policy | None]) -> bool:
    return any(statement.allows for statement in _speaking(question, policies))


def _speaking(question: Question, policies: Iterable[Policy | None]) -> Iterator[Statement]:
    """The statements that apply to the action, the resource and the call's circumstances."""
    for policy in policies:
        if policy is None:
            continue
        for statement in parse(policy.name, policy.document):
            if (
                statement.covers_action(question.action)
                and statement.covers_resource(question.resource, question.context.values)
                and hold(statement, question.context)
            ):
                yield statement


def _named(statement: Statement, identity: Identity) -> _Grant:
    if statement.not_principal is not None:
        # Everybody but the listed, and a session is only excepted together with its account and
        # role: IAM User Guide, "NotPrincipal".
        listed = statement.not_principal.get("AWS", ())
        own = (identity.account, identity.arn, identity.caller_arn)
        excepted = all(any(_is(one, each) for one in listed) for each in own)
        return _Grant.NOT if excepted else _Grant.ROLE
    grants = [_how(one, identity) for one in (statement.principal or {}).get("AWS", ())]
    return max(grants, default=_Grant.NOT)


def _how(principal: str, identity: Identity) -> _Grant:
    if principal == identity.caller_arn:
        return _Grant.ITSELF
    if principal in ("*", identity.arn):
        return _Grant.ROLE
    return _Grant.ACCOUNT if _is(principal, identity.account) else _Grant.NOT


def _is(principal: str, own: str) -> bool:
    """Whether a listed principal is this ARN, or this account in either way of writing it."""
    if principal == own:
        return True
    return own.isdigit() and matches_arn(f"arn:aws*:iam::{own}:root", principal)

"""A person's answer to a request for approval, and whether it counts. Pure."""

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from pydantic import AwareDatetime, ConfigDict

from responder.domain.approval import Approval
from responder.domain.escaping import one_line
from responder.domain.finding import Finding
from responder.domain.model import Model
from responder.domain.order import Order
from responder.domain.principal import Principal, PrincipalKind

# IAM User Guide, "IAM ARNs". Paths may stand before a user's or a role's name, never in a session.
_IDENTITY = re.compile(
    r"arn:(?P<partition>aws|aws-cn|aws-us-gov):(?:"
    r"iam::(?P<account>[0-9]{12}):(?P<kind>user|role)/(?:[\x21-\x7e]+/)?(?P<name>[\w+=,.@-]{1,64})|"
    r"sts::(?P<there>[0-9]{12}):assumed-role/(?P<role>[\w+=,.@-]{1,64})/(?P<session>[\w+=,.@-]{2,64})"
    r")",
    re.ASCII,
)
_PERMISSION_SET = "AWSReservedSSO_"
CANNOT = (
    "THE APPROVERS OF THIS STACK CANNOT GIVE THAT: AWS does not show sessions of one role as "
    "different people. Cut it by hand, or list users, Identity Center roles or sessions as "
    "Approvers."
)
OTHER_PLAN = "The plan is not the one"


class Answer(Model):
    """What a person chose in the console, as AWS tells it. `by` is unknown for some denials."""

    model_config = ConfigDict(frozen=True)

    approves: bool
    by: str | None
    decided_at: AwareDatetime
    comment: str | None = None

    @property
    def who(self) -> str:
        """The person, for a sentence."""
        return one_line(self.by, 300) if self.by else "A person whom the automation does not name"


class _Identity(NamedTuple):
    partition: str
    account: str
    kind: str
    name: str
    session: str | None


def objection(
    answer: Answer,
    approval: Approval,
    plan_hash: str,
    approvers: Sequence[str],
    *,
    people_needed: int,
    asked_for_by: Iterable[str],
    orders: Iterable[Order],
    findings: Iterable[Finding],
) -> str | None:
    """Why an answer does not count, as a sentence; None if it does.

    Whoever the incident is about decides nothing in it, neither yes nor no. Everybody else's no
    needs no further check. Whoever asked for the cut approves it in no part, and where several
    people are needed, each is one that AWS shows, and another than the ones before.
    """
    identity = _identity(answer.by or "")
    if identity is not None and _is_party(identity, orders, findings):
        return f"{answer.who} is a principal of this incident, and decides nothing about it."
    if not answer.approves:
        return None
    if identity is None:
        return f"{answer.who} is no user and no role session, so nobody knows who approved."
    if not any(_covers(listed, identity) for listed in approvers):
        return f"{answer.who} is not one of this stack's approvers."
    if plan_hash != approval.plan_hash:
        return f"{OTHER_PLAN} that {answer.who} was shown."
    for by in asked_for_by:
        if _is_the_same_person(identity, by, approvers):
            return f"{answer.who} asked for this cut, and so does not approve it."
    if people_needed == 1:
        return None
    person = _person(identity, approvers)
    if person is None:
        return (
            f"{answer.who} is a session whose name its role does not vouch for, so nobody can tell "
            f"who it is, and {people_needed} different people are needed."
        )
    if any(_is_the_same_person(identity, yes.by, approvers) for yes in approval.yeses):
        return f"{answer.who} approved it before, and another person is needed."
    return None


def is_party(arn: str, *, orders: Iterable[Order], findings: Iterable[Finding]) -> bool:
    """Whether this identity is one that the incident is about: an order's, or a finding's."""
    identity = _identity(arn)
    return identity is not None and _is_party(identity, orders, findings)


def may_give(approvers: Sequence[str], people_needed: int) -> bool:
    """Whether these approvers can ever be told apart as so many people."""
    people = set[str]()
    for listed in approvers:
        approver = _identity(listed)
        if approver is None or people_needed == 1:
            continue
        if approver.session is None and _is_permission_set(approver):
            return True  # as many people as sign in by it
        person = _person(approver, approvers)
        if person is not None:
            people.add(person)
    return people_needed == 1 or len(people) >= people_needed


def _person(identity: _Identity, approvers: Sequence[str]) -> str | None:
    """The person, as far as AWS shows one; None for a session that anybody may have called so.

    A user is one, and so is a session of Identity Center, which bears its user's name. The name of
    another session is chosen by whoever assumes the role; one that is listed by its whole ARN is
    vouched for by whoever listed it. The part after an @ is left out: it is better to take two
    people for one than one for two.
    """
    if identity.session is None:
        return _plain(identity.name) if identity.kind == "user" else None
    listed = (_identity(one) for one in approvers)
    if _is_permission_set(identity) or any(one == identity for one in listed):
        return _plain(identity.session)
    return None


def _is_the_same_person(identity: _Identity, by: str, approvers: Sequence[str]) -> bool:
    """Whether somebody is, or may be called, the person that a record names."""
    other = _identity(by)
    if other is None:
        return _plain(by) == _plain(identity.session or identity.name)
    if other == identity:
        return True
    if _without_session(other) == _without_session(identity) and identity.session is not None:
        return _plain(other.session or "") == _plain(identity.session)
    person = _person(identity, approvers)
    return person is not None and person == _person(other, approvers)


def _plain(name: str) -> str:
    return name.strip().partition("@")[0].casefold()


def _is_permission_set(identity: _Identity) -> bool:
    return identity.kind == "role" and identity.name.startswith(_PERMISSION_SET)


def is_late(answer: Answer, approval: Approval) -> bool:
    """Whether it was given after the time that the plan allows."""
    return answer.decided_at > approval.expires_at


def _covers(listed: str, identity: _Identity) -> bool:
    """Whether an approver of the template is this identity. A role stands for its sessions."""
    approver = _identity(listed)
    if approver is None or _without_session(approver) != _without_session(identity):
        return False
    return approver.session is None or approver.session == identity.session


def _is_party(identity: _Identity, orders: Iterable[Order], findings: Iterable[Finding]) -> bool:
    """Whether an order would contain this identity, or a finding of the incident names it."""
    named = [principal for finding in findings for principal in finding.principals]
    for order in orders:
        if order.principal is not None:
            named.append(order.principal)
        if _is_same(identity, order.resource):
            return True
    return any(_acts_as(identity, principal) for principal in named)


def _acts_as(identity: _Identity, principal: Principal) -> bool:
    if principal.kind is PrincipalKind.IDENTITY_CENTER:
        told = _identity(principal.arn or "")
        person = principal.session_name or (principal.name if told is None else told.session)
        if person is not None:
            # A permission set is shared, and each of its sessions bears the name of a person, who
            # may also have come in by another permission set, in another account.
            return identity.name.startswith(_PERMISSION_SET) and identity.session == person
    return _is_same(identity, principal.arn or "")


def _is_same(identity: _Identity, arn: str) -> bool:
    # A finding tells no path, and a session of a cut role is cut with it.
    other = _identity(arn)
    return other is not None and _without_session(other) == _without_session(identity)


def _without_session(identity: _Identity) -> _Identity:
    return identity._replace(session=None)


def _identity(arn: str) -> _Identity | None:
    found = _IDENTITY.fullmatch(arn)
    if found is None:
        return None
    if found["role"]:
        return _Identity(
            found["partition"], found["there"], "role", found["role"], found["session"]
        )
    return _Identity(found["partition"], found["account"], found["kind"], found["name"], None)

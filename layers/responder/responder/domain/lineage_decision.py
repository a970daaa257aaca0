"""What a lineage leads to: proposals for what can be cut, and a next step for the rest. Pure.

What a stolen credential made itself goes the way that the finding's rule says: no honest work can
depend on it yet. What it merely assumed or changed, and the other keys of a user, is asked about.
So is what it made long before the detector saw anything, or after it had changed something that
others use: there, the one who made it may be the honest owner.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from responder.domain import next_steps
from responder.domain.decision import (
    Mode,
    Proposal,
    by_people,
    only_recorded,
    proposed,
    protected_by,
)
from responder.domain.finding import Finding
from responder.domain.identifiers import AccountId, partition_of
from responder.domain.ladder import (
    CLOSE_ROLE_TRUST,
    CUT_CONSOLE_SIGN_IN,
    CUT_USER_SESSIONS,
    DEACTIVATE_CREDENTIALS,
    DEACTIVATE_KEY,
    DENY_ROLE,
    DENY_ROLE_SESSION,
    DENY_USER,
)
from responder.domain.lineage import Edge, Lineage, Node, NodeKind, Verb, newest, seed_of
from responder.domain.lineage_made import session_of
from responder.domain.lineage_next_steps import left, proof
from responder.domain.order import About, OrderMode, Refusal, Silence, Target, strength
from responder.domain.policy import Policy, Rule, Then
from responder.domain.principal import Principal, PrincipalKind, role_kind
from responder.domain.protection import ProtectList

# The smallest cut of each kind.
_CUTS: dict[NodeKind, str] = {
    NodeKind.ACCESS_KEY: DEACTIVATE_KEY,
    NodeKind.USER: DENY_USER,
    NodeKind.LOGIN_PROFILE: CUT_CONSOLE_SIGN_IN,
    NodeKind.CREDENTIAL: DEACTIVATE_CREDENTIALS,
    NodeKind.USER_SESSION: CUT_USER_SESSIONS,
    NodeKind.FEDERATED_SESSION: CUT_USER_SESSIONS,
    NodeKind.ROLE_SESSION: DENY_ROLE_SESSION,
    NodeKind.ROLE: DENY_ROLE,
    NodeKind.TRUST_EDIT: CLOSE_ROLE_TRUST,
}
_OF_A_ROLE = (NodeKind.ROLE_SESSION, NodeKind.ROLE, NodeKind.TRUST_EDIT)
# Nothing honest can use these before the attacker's own call made them.
_BORN_BAD = (NodeKind.ACCESS_KEY, NodeKind.USER, NodeKind.LOGIN_PROFILE, NodeKind.ROLE)
# How long before the first activity that a detector saw a credential counts as stolen already.
STOLEN_BEFORE = timedelta(hours=1)
_SESSIONS_OF_A_USER = (NodeKind.USER_SESSION, NodeKind.FEDERATED_SESSION)
_ACTS = (Then.AUTOMATIC, Then.APPROVAL)
_ESCALATE = Rule(then=Then.ESCALATE)
_STRONGEST = (Then.AUTOMATIC, Then.APPROVAL, Then.ESCALATE)


@dataclass(frozen=True)
class Proved:
    """A proposal, and when the newest event that speaks for it happened."""

    proposal: Proposal
    at: datetime


@dataclass(frozen=True)
class LineageDecision:
    """What a lineage leads to."""

    proved: tuple[Proved, ...] = ()
    refusals: tuple[Refusal, ...] = ()

    @property
    def proposals(self) -> tuple[Proposal, ...]:
        """The proposals alone."""
        return tuple(one.proposal for one in self.proved)


def decide_lineage(
    lineage: Lineage,
    findings: Sequence[Finding],
    policy: Policy,
    protect: ProtectList,
    mode: Mode,
    *,
    ours: Collection[AccountId],
    drill: bool = False,
) -> LineageDecision:
    """Decide about every node that no finding names. A session that is over needs no cut.

    `ours` holds the accounts that we were let into. An identity of another is not ours to change.
    """
    proved, refusals = list[Proved](), list[Refusal]()
    rules = _Rules(lineage, findings, policy, drill)
    for node in lineage.nodes:
        over = node.ends_at is not None and node.ends_at <= lineage.until
        if node.seed or over or rules.cover(node):
            continue
        edges = lineage.into(node.id)
        found = _about(node, edges, rules, protect, mode, ours)
        if isinstance(found, Refusal):
            refusals.append(found)
        else:
            proved.append(Proved(by_people(found, policy), newest(lineage, node.id)))
    return LineageDecision(tuple(proved), tuple(dict.fromkeys(refusals)))


def wanted_of(proposals: Iterable[Proposal]) -> dict[About, int]:
    """What is proposed and how strongly, the stronger of two about one thing."""
    found = dict[About, int]()
    for one in proposals:
        found[one.about] = max(found.get(one.about, 0), strength(one.mode, held=one.held))
    return found


class _Rules:
    """Which rule of the policy speaks for a node: the strongest of the findings it goes back to."""

    def __init__(
        self, lineage: Lineage, findings: Sequence[Finding], policy: Policy, drill: bool
    ) -> None:
        self._lineage = lineage
        self._all = list[Rule]()
        self._of_seed = dict[str, list[Rule]]()
        self._denied = set[tuple[str | None, str | None]]()
        self._surely = lineage.surely()
        seen = [finding.first_seen_at for finding in findings]
        self._stolen_at = min(seen, default=lineage.until) - STOLEN_BEFORE
        for finding in findings:
            if only_recorded(finding, drill=drill) is not None:
                continue
            rule = policy.rule_for(finding) if finding.known_type else _ESCALATE
            self._all.append(rule)
            for principal in finding.principals:
                seed = seed_of(principal, finding.account)
                if seed is not None:
                    self._of_seed.setdefault(seed.id, []).append(rule)
                if principal.kind is PrincipalKind.IAM_USER and rule.of(DENY_USER) in _ACTS:
                    self._denied.add((principal.account, principal.name))

    def cover(self, node: Node) -> bool:
        """Whether the deny of a user that a finding names reaches this session of the user too."""
        return node.kind in _SESSIONS_OF_A_USER and (node.account, node.name) in self._denied

    def surely_bad(self, node: Node, edges: Sequence[Edge]) -> bool:
        """Whether the attacker made this, so that nothing honest can be using it."""
        made = [edge for edge in edges if edge.verb is Verb.MADE]
        return (
            node.kind in _BORN_BAD
            and node.id in self._surely
            and any(edge.event_at >= self._stolen_at for edge in made)
        )

    def of(self, node: Node, action_id: str) -> Rule:
        if node.sibling:
            rules = self._all
        else:
            rules = [
                rule
                for root in sorted(self._lineage.roots(node.id))
                for rule in self._of_seed.get(root, [])
            ]
        return min(rules, key=lambda rule: _rank(rule.of(action_id)), default=_ESCALATE)


def _rank(then: Then) -> int:
    return _STRONGEST.index(then) if then in _STRONGEST else len(_STRONGEST)


def _about(
    node: Node,
    edges: list[Edge],
    rules: _Rules,
    protect: ProtectList,
    mode: Mode,
    ours: Collection[AccountId],
) -> Proposal | Refusal:
    last = edges[-1] if edges else None
    action_id = _CUTS.get(node.kind)
    principal = _principal(node, ours)
    if principal is None:
        return left(node, last)
    refused = next_steps.kept_from_us(principal) or protected_by(principal, protect)
    if refused is not None:
        return refused.model_copy(update={"reason": f"{refused.reason} {proof(last)}"})
    if action_id is None or principal.arn is None:
        return left(node, last)
    rule = rules.of(node, action_id)
    then = rule.of(action_id)
    if then not in _ACTS:
        return next_steps.left_to_a_person(principal, proof(last))
    at_once = then is Then.AUTOMATIC and rules.surely_bad(node, edges)
    target = Target(action_id=action_id, resource=principal.arn, principal=principal)
    # Nobody wrote a rule about what a credential led to, so silence is no yes to it.
    silence = Silence.ESCALATE if rule.on_silence is Silence.PROCEED else rule.on_silence
    return proposed(
        target,
        OrderMode.AUTOMATIC if at_once else OrderMode.APPROVAL,
        rule.model_copy(update={"on_silence": silence}),
        proof(last),
        held=mode == "monitor",
    )


def _principal(node: Node, ours: Collection[AccountId]) -> Principal | None:
    """The identity behind a node, as findings name it; None for what is no identity."""
    if node.kind not in _CUTS or node.name is None:
        return None
    if node.account not in ours:
        return Principal(
            kind=PrincipalKind.AWS_ACCOUNT,
            account=node.account,
            arn=f"arn:{partition_of(node.arn)}:iam::{node.account}:root",
            name=node.account,
        )
    if node.kind not in _OF_A_ROLE:
        return Principal(
            kind=PrincipalKind.IAM_USER,
            account=node.account,
            arn=f"arn:{partition_of(node.arn)}:iam::{node.account}:user/{node.name}",
            name=node.name,
            access_key_id=node.access_key_id if node.kind is NodeKind.ACCESS_KEY else None,
        )
    session = node.kind is NodeKind.ROLE_SESSION
    found = session_of(node.arn or "")
    return Principal(
        kind=role_kind(node.name, session=session),
        account=node.account,
        arn=f"arn:{partition_of(node.arn)}:iam::{node.account}:role/{node.name}",
        name=node.name,
        access_key_id=node.access_key_id if session else None,
        session_name=found["session"] if found else None,
        principal_id=node.principal_id if session else None,
    )

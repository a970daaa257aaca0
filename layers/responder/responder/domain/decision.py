"""What one finding leads to: containment, a person, or a record. Pure, and touches nothing."""

from collections.abc import Iterable
from datetime import timedelta
from enum import StrEnum
from typing import Literal

from pydantic import BaseModel, ConfigDict

from responder.domain import next_steps
from responder.domain.escaping import one_line
from responder.domain.finding import Finding
from responder.domain.finding_types import MEANINGS, ROLE_CREDENTIALS, Meaning
from responder.domain.order import OrderMode, Refusal, Silence, strength
from responder.domain.policy import (
    CUT_ROLE_SESSIONS,
    DEACTIVATE_KEY,
    DENY_USER,
    Policy,
    Rule,
    Then,
)
from responder.domain.principal import Principal, PrincipalKind
from responder.domain.protection import ProtectList

Mode = Literal["monitor", "respond"]
type About = tuple[str, str, str | None]  # action id, resource, and the key that it is about

# What goes down with the principal, for whoever approves.
_BLAST_RADIUS = {
    DENY_USER: "Everything that uses this user is denied until it is released.",
    DEACTIVATE_KEY: "What uses this key stops until it is released; the user's other keys go on.",
    CUT_ROLE_SESSIONS: "Every session of the role that is out now is denied, the honest workload's "
    "too, until it assumes the role again; an instance may wait hours for that.",
}
_SAYS = {
    Meaning.CREDENTIAL: "says that its credentials are in other hands",
    Meaning.CONDUCT: "says that it did what an attacker does, and an honest person might",
    Meaning.RESOURCE: "is about something else, and names it in passing",
}


class Disposition(StrEnum):
    """What happens about a finding."""

    CONTAIN = "contain"
    ESCALATE = "escalate"  # an incident for a person; nothing is cut by us
    RECORD = "record"  # kept, and nobody is woken


class Proposal(BaseModel):
    """An order that is not given yet. `held` in monitor mode: shown, and never carried out."""

    model_config = ConfigDict(frozen=True)

    action_id: str
    resource: str
    principal: Principal
    mode: OrderMode
    held: bool
    reason: str
    answer_within: timedelta
    on_silence: Silence

    @property
    def about(self) -> About:
        """What it cuts. Only the key's own order is about one key: a user is one deny."""
        key = self.principal.access_key_id if self.action_id == DEACTIVATE_KEY else None
        return self.action_id, self.resource, key


class Decision(BaseModel):
    """What one finding leads to, and why."""

    model_config = ConfigDict(frozen=True)

    disposition: Disposition
    reason: str
    principals: tuple[Principal, ...] = ()
    proposals: tuple[Proposal, ...] = ()
    refusals: tuple[Refusal, ...] = ()


def decide(
    finding: Finding, policy: Policy, protect: ProtectList, mode: Mode, *, drill: bool = False
) -> Decision:
    """Decide about one finding. Only `drill` lets a sample through, and nothing lets the rest."""
    recorded = only_recorded(finding, drill=drill)
    if recorded is not None:
        return _recorded(finding, recorded)
    rule = policy.rule_for(finding)
    if not finding.known_type:
        why = "This type of finding is not known here, so nothing is cut because of it."
        rule = Rule(then=Then.ESCALATE)
    elif rule.then is Then.RECORD and finding.requested_action is None:
        return _recorded(finding, f"The policy records {_named(finding)}, and no more.")
    elif rule.then is Then.RECORD:
        why = "A person sent this finding here, though the policy only records such findings."
        rule = rule.model_copy(update={"then": Then.ESCALATE})
    else:
        meaning = MEANINGS.get(finding.type, Meaning.RESOURCE)
        why = f"{_named(finding)} {_SAYS[meaning]}."
    proposals, refusals = list[Proposal](), list[Refusal]()
    for principal in finding.principals:
        refused = next_steps.kept_from_us(principal) or _protected(principal, protect)
        if refused is not None:
            refusals.append(refused)
            continue
        proposed, left = _proposals(principal, rule, why, held=mode == "monitor")
        proposals += proposed
        refusals += left
    if not proposals or finding.type.startswith(ROLE_CREDENTIALS):
        # A role's credentials were taken from a thing, and it goes on giving out new ones.
        refusals += [next_steps.resource_left(thing) for thing in finding.resources]
    return Decision(
        disposition=Disposition.CONTAIN if proposals else Disposition.ESCALATE,
        reason=why,
        principals=finding.principals,
        proposals=tuple(proposals),
        refusals=tuple(dict.fromkeys(refusals)),
    )


def only_recorded(finding: Finding, *, drill: bool) -> str | None:
    """Why a finding is never acted upon, whatever the policy says; None if it may be."""
    if finding.sample and not drill:
        return "It is a sample finding, and no drill is on."
    if finding.own_write_back:
        return "The update is our own."
    if finding.replayed:
        return "It was replayed from an archive."
    if finding.archived:
        return "It is archived, suppressed or resolved at its source."
    return None


def wanted(findings: Iterable[Finding], policy: Policy, *, drill: bool) -> dict[About, int]:
    """What findings ask for and how strongly, before anything is protected or held."""
    asked = merged(
        proposal
        for finding in findings
        for proposal in decide(finding, policy, ProtectList(), "respond", drill=drill).proposals
    )
    return {one.about: strength(one.mode, held=one.held) for one in asked}


def merged(proposals: Iterable[Proposal]) -> list[Proposal]:
    """One proposal for each action on each thing: an automatic one counts for more."""
    found = dict[About, Proposal]()
    for proposal in proposals:
        at = proposal.about
        if at not in found or (
            found[at].mode is OrderMode.APPROVAL and proposal.mode is OrderMode.AUTOMATIC
        ):
            found[at] = proposal
    return list(found.values())


def _recorded(finding: Finding, why: str) -> Decision:
    return Decision(disposition=Disposition.RECORD, reason=why, principals=finding.principals)


def _protected(principal: Principal, protect: ProtectList) -> Refusal | None:
    pattern = protect.covers(principal)
    return None if pattern is None else next_steps.protected(principal, pattern)


def _proposals(
    principal: Principal, rule: Rule, why: str, *, held: bool
) -> tuple[list[Proposal], list[Refusal]]:
    proposals = list[Proposal]()
    for action_id in _actions(principal):
        then = rule.of(action_id)
        if then is Then.ESCALATE or principal.arn is None:
            continue
        mode = OrderMode.AUTOMATIC if then is Then.AUTOMATIC else OrderMode.APPROVAL
        asked = " So a person is asked first." if mode is OrderMode.APPROVAL else ""
        proposals.append(
            Proposal(
                action_id=action_id,
                resource=principal.arn,
                principal=principal,
                mode=mode,
                held=held,
                reason=f"{why} {_BLAST_RADIUS[action_id]}{asked}",
                answer_within=rule.answer_within,
                on_silence=rule.on_silence,
            )
        )
    if proposals:
        return proposals, []
    return [], [next_steps.left_to_a_person(principal, why)]


def _actions(principal: Principal) -> list[str]:
    """The deny comes first: it holds whatever else the attacker makes in the meantime."""
    if principal.kind is PrincipalKind.IAM_USER:
        # AKIA is a long-term key; ASIA dies by the deny (IAM User Guide, "IAM identifiers").
        long_term = (principal.access_key_id or "").startswith("AKIA")
        return [DENY_USER, DEACTIVATE_KEY] if long_term else [DENY_USER]
    return [CUT_ROLE_SESSIONS]


def _named(finding: Finding) -> str:
    return f"{one_line(finding.type, 120)} ({finding.severity.value})"

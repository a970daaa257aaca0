"""What one finding leads to: containment, a person, or a record. Pure, and touches nothing."""

from collections.abc import Iterable
from datetime import timedelta
from enum import StrEnum
from typing import Literal

from pydantic import ConfigDict

from responder.domain import next_steps
from responder.domain.custom_action import ONLY_SAID
from responder.domain.escaping import one_line
from responder.domain.finding import Finding, Request, Resource
from responder.domain.finding_types import MEANINGS, ROLE_CREDENTIALS, Meaning
from responder.domain.ladder import GOES_DOWN, of_principal, of_thing
from responder.domain.model import Model
from responder.domain.order import About, OrderMode, Refusal, Silence, Target, strength
from responder.domain.policy import Policy, Rule, Then
from responder.domain.principal import Principal
from responder.domain.protection import ProtectList

Mode = Literal["monitor", "respond"]
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


class Proposal(Target):
    """An order that is not given yet. `held` in monitor mode: shown, and never carried out."""

    mode: OrderMode
    held: bool
    reason: str
    answer_within: timedelta
    on_silence: Silence
    people_needed: int = 1


class Decision(Model):
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
    if finding.request is Request.PRESERVE:
        why = "A person asked by a custom action of Security Hub to preserve this, and no more."
        rule = Rule(then=Then.ESCALATE)
    elif finding.request is Request.CONTAIN and not _acts(rule, finding):
        why = "A person asked for containment by a custom action of Security Hub."
        rule = _asked(rule, finding)
    elif not finding.known_type:
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
        refused = next_steps.kept_from_us(principal) or protected_by(principal, protect)
        if refused is not None:
            refusals.append(refused)
            continue
        rungs = of_principal(principal, guarded=policy.guarded).first
        orders, left = _proposals(principal, rungs, rule, why, held=mode == "monitor")
        proposals += orders
        refusals += left
    is_told_of_things = not proposals or finding.type.startswith(ROLE_CREDENTIALS)
    for thing in finding.resources:
        orders = _about_thing(thing, finding, rule, why, protect, held=mode == "monitor")
        proposals += orders
        if not orders and is_told_of_things:
            # A role's credentials were taken from a thing, and it goes on giving out new ones.
            refusals.append(_left(thing, protect))
    return Decision(
        disposition=Disposition.CONTAIN if proposals else Disposition.ESCALATE,
        reason=why,
        principals=finding.principals,
        proposals=tuple(by_people(one, policy) for one in proposals),
        refusals=tuple(dict.fromkeys(refusals)),
    )


def _acts(rule: Rule, finding: Finding) -> bool:
    """Whether the policy cuts or asks by itself."""
    return finding.known_type and rule.then in (Then.AUTOMATIC, Then.APPROVAL)


def _asked(rule: Rule, finding: Finding) -> Rule:
    """A click names no person, so the approvers are asked, and their silence cuts nothing."""
    asked = Rule(then=Then.APPROVAL, things=Then.APPROVAL)
    if not finding.known_type:
        return asked
    return asked.model_copy(
        update={
            "things": Then.AUTOMATIC if rule.things is Then.AUTOMATIC else Then.APPROVAL,
            "actions": rule.actions,
            "answer_within_minutes": rule.answer_within_minutes,
        }
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
    if finding.request in ONLY_SAID:
        return "A person sent it by a custom action that opens nothing, and no incident holds it."
    return None


def wanted(findings: Iterable[Finding], policy: Policy, *, drill: bool) -> dict[About, int]:
    """What findings ask for and how strongly, before anything is protected or held."""
    asked = merged(
        proposal
        for finding in findings
        for proposal in decide(finding, policy, ProtectList(), "respond", drill=drill).proposals
    )
    return {one.about: strength(one.mode, held=one.held) for one in asked}


def by_people(proposal: Proposal, policy: Policy) -> Proposal:
    """The proposal as a question to two people, if the policy lists its action."""
    if proposal.action_id not in policy.two_people:
        return proposal
    asked = proposal.mode is OrderMode.APPROVAL
    return proposal.model_copy(
        update={
            "mode": OrderMode.APPROVAL,
            "on_silence": no_yes(proposal.on_silence),
            "people_needed": 2,
            "reason": proposal.reason + ("" if asked else " The policy wants people asked first."),
        }
    )


def no_yes(silence: Silence) -> Silence:
    """What silence means where it must not mean yes."""
    return Silence.ESCALATE if silence is Silence.PROCEED else silence


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


def protected_by(principal: Principal, protect: ProtectList) -> Refusal | None:
    """The refusal of a principal that the list protects; None of another."""
    pattern = protect.covers(principal)
    return None if pattern is None else next_steps.protected(principal, pattern)


def _proposals(
    principal: Principal, rungs: tuple[str, ...], rule: Rule, why: str, *, held: bool
) -> tuple[list[Proposal], list[Refusal]]:
    proposals = list[Proposal]()
    for action_id in rungs if principal.arn else ():
        mode = _mode_of(rule.of(action_id))
        if mode is not None:
            target = Target(action_id=action_id, resource=principal.arn or "", principal=principal)
            proposals.append(proposed(target, mode, rule, why, held=held))
    if proposals:
        return proposals, []
    return [], [next_steps.left_to_a_person(principal, why)]


def _about_thing(
    thing: Resource, finding: Finding, rule: Rule, why: str, protect: ProtectList, *, held: bool
) -> list[Proposal]:
    """Only of what a finding is about: a bucket that a thief read is the shop's, and serves it."""
    ladder = of_thing(thing)
    if ladder is None or not _is_about_things(finding) or protect.match(thing.id) is not None:
        return []
    targets = [Target(action_id=one, resource=thing.id, thing=thing) for one in ladder.first]
    modes = [(target, _mode_of(rule.of_thing(target.action_id))) for target in targets]
    return [proposed(one, how, rule, why, held=held) for one, how in modes if how is not None]


def _mode_of(then: Then) -> OrderMode | None:
    """How an order is carried out; None where the rule leaves it to a person."""
    if then is Then.AUTOMATIC:
        return OrderMode.AUTOMATIC
    return OrderMode.APPROVAL if then is Then.APPROVAL else None


def proposed(target: Target, mode: OrderMode, rule: Rule, why: str, *, held: bool) -> Proposal:
    """The proposal to cut something, with what goes down with it, as a rule says."""
    asked = " So a person is asked first." if mode is OrderMode.APPROVAL else ""
    return Proposal(
        action_id=target.action_id,
        resource=target.resource,
        principal=target.principal,
        thing=target.thing,
        mode=mode,
        held=held,
        reason=f"{why} {GOES_DOWN[target.action_id]}{asked}",
        answer_within=rule.answer_within,
        on_silence=rule.on_silence,
    )


def _is_about_things(finding: Finding) -> bool:
    return MEANINGS.get(finding.type, Meaning.RESOURCE) is not Meaning.CREDENTIAL


def _left(thing: Resource, protect: ProtectList) -> Refusal:
    pattern = protect.match(thing.id)
    return (
        next_steps.resource_left(thing)
        if pattern is None
        else next_steps.protected_thing(thing, pattern)
    )


def _named(finding: Finding) -> str:
    return f"{one_line(finding.type, 120)} ({finding.severity.value})"

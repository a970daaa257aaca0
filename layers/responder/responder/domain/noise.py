"""Whether an incident wakes somebody now, or is told quietly; and why, in one line. Pure.

It changes who is told, and nothing else: what is cut, asked, preserved and clocked is decided
without it.
"""

from collections.abc import Callable, Sequence
from enum import StrEnum

from pydantic import AwareDatetime, ConfigDict

from responder.domain.asset import Assets, Value
from responder.domain.escaping import one_line
from responder.domain.finding import Finding, Severity
from responder.domain.finding_types import ATTACK_SEQUENCE, MEANINGS, Meaning
from responder.domain.model import Model


class Confidence(StrEnum):
    """How sure a detector can be of such a finding."""

    UNSURE = "unsure"  # something is unusual
    LIKELY = "likely"
    CERTAIN = "certain"  # it happened: a call that was made, or several signals of one attack


class Attention(Model):
    """Whether people are paged now, and why."""

    model_config = ConfigDict(frozen=True)

    loud: bool
    reason: str
    silence_id: str | None = None  # which snooze or known activity keeps it quiet


class Notice(Attention):
    """What was decided about telling people of an incident, and when."""

    at: AwareDatetime
    was_quiet: bool = False  # until then


_BY_VALUE = {Value.LOW: -1, Value.NORMAL: 0, Value.HIGH: 1}
_BY_CONFIDENCE = {Confidence.UNSURE: -1, Confidence.LIKELY: 0, Confidence.CERTAIN: 1}
_PAGES_FROM = Severity.MEDIUM.rank
# GuardDuty calls some of these low; they say that root was used, or that logging was switched off.
_HAPPENED = (ATTACK_SEQUENCE, "Policy:IAMUser/", "Stealth:")
_UNUSUAL = "AnomalousBehavior"
NO_POLICY = "The policy or what things are worth could not be read, so this pages."


def attention(
    findings: Sequence[Finding], assets: Assets, acts: Callable[[Finding], bool]
) -> Attention:
    """What the findings of an incident ask of people. One that is cut or asked about pages.

    `acts` says whether the policy cuts, or asks about, what a finding names.
    """
    for finding in sorted(findings, key=lambda one: -one.severity.rank):
        if acts(finding):
            why = "it is cut, or somebody is asked to"
            return Attention(loud=True, reason=f"Pages for {_named(finding)}: {why}.")
    if not findings:
        return Attention(loud=True, reason="Pages, because no finding of it is on record.")
    first = max(findings, key=lambda one: weight(one, assets))
    told = (
        f"{_named(first)}: {confidence_of(first).value}, "
        f"of {assets.value_of(first).value} value, and nothing is cut"
    )
    if first.severity is Severity.CRITICAL or weight(first, assets) >= _PAGES_FROM:
        return Attention(loud=True, reason=f"Pages for {told}.")
    return Attention(loud=False, reason=f"Quiet: the most of it is {told}.")


def weight(finding: Finding, assets: Assets) -> int:
    """How much a finding weighs: from `Severity.MEDIUM.rank` on, it pages."""
    return (
        finding.severity.rank
        + _BY_CONFIDENCE[confidence_of(finding)]
        + _BY_VALUE[assets.value_of(finding)]
    )


def confidence_of(finding: Finding) -> Confidence:
    """How sure it is. A type that is not known here is not held to be unsure."""
    if finding.type.startswith(_HAPPENED):
        return Confidence.CERTAIN
    if _UNUSUAL in finding.type:
        return Confidence.UNSURE
    if MEANINGS.get(finding.type) is Meaning.CREDENTIAL:
        return Confidence.CERTAIN
    return Confidence.LIKELY


def _named(finding: Finding) -> str:
    return f"{one_line(finding.type, 120)} ({finding.severity.value})"

"""Decide whether an incident wakes people, and keep that with its reason.

Intake has an incident that is quiet looked at again whenever a finding comes to it. So the decision
is kept first and the findings are read once more after that: one of both sees every finding.
"""

from collections.abc import Sequence
from datetime import datetime

from responder.aws import notices as decisions
from responder.aws import rule_store
from responder.aws import silences as quiet_times
from responder.aws.incidents import Incidents
from responder.aws.notices import Notices
from responder.aws.rule_store import RuleStore
from responder.aws.silences import Silences
from responder.domain.decision import Disposition, decide
from responder.domain.errors import Broken, Unavailable
from responder.domain.finding import Finding
from responder.domain.incident import Incident
from responder.domain.noise import NO_POLICY, Attention, Notice, attention
from responder.domain.protection import ProtectList
from responder.domain.silence import Silence

PERMISSIONS = decisions.PERMISSIONS | rule_store.PERMISSIONS | quiet_times.PERMISSIONS
_TRIES = 5


def notice(
    incident_id: str,
    *,
    incidents: Incidents,
    notices: Notices,
    rules: RuleStore,
    silences: Silences,
    now: datetime,
) -> Notice:
    """Whether to page about an incident as it stands. May run again: what was loud stays loud."""
    for _ in range(_TRIES):
        incident, findings = incidents.get(incident_id), incidents.findings(incident_id)
        told = _attention(incident, findings, rules)
        silence = _silence(silences, incident, findings, now) if told.loud else None
        if silence is not None:
            told = Attention(loud=False, reason=silence.text, silence_id=silence.silence_id)
        kept = notices.decide(incident_id, told, now=now)
        if kept.loud or incidents.findings(incident_id) == findings:
            return kept
    raise Unavailable(f"findings keep coming to {incident_id}")


def _attention(incident: Incident, findings: Sequence[Finding], rules: RuleStore) -> Attention:
    try:
        policy, assets = rules.policy(), rules.assets()
    except (Broken, Unavailable):
        return Attention(loud=True, reason=NO_POLICY)

    def acts(finding: Finding) -> bool:
        # As if nothing were protected and the mode were respond: neither makes it less urgent.
        led_to = decide(finding, policy, ProtectList(), "respond", drill=incident.drill)
        return led_to.disposition is Disposition.CONTAIN

    return attention(findings, assets, acts)


def _silence(
    silences: Silences, incident: Incident, findings: Sequence[Finding], now: datetime
) -> Silence | None:
    try:
        return silences.covering(incident, findings, now=now)
    except (Broken, Unavailable):
        return None  # not knowing is no reason to keep anybody asleep

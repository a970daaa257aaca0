"""Says in a few words what was reported, and by whom. Whoever shows it escapes it."""

from responder.domain.escaping import one_line
from responder.domain.finding import Finding, Source

FEEDS = {
    Source.GUARDDUTY: "GuardDuty",
    Source.SECURITY_HUB: "Security Hub CSPM",
    Source.SECURITY_HUB_ACTION: "A person, by a custom action of Security Hub",
    Source.SECURITY_HUB_V2: "Security Hub",
}


def told(finding: Finding) -> str:
    """The type, the severity, and the first thing that it is about."""
    return f"{one_line(finding.type, 120)} ({finding.severity.value}){_about(finding)}"


def _about(finding: Finding) -> str:
    if finding.principals:
        who = finding.principals[0]
        name = who.name or who.access_key_id or "somebody it does not name"
        return f" about {who.kind.value} {one_line(name, 120)}"
    if finding.resources:
        return f" about {one_line(finding.resources[0].name or finding.resources[0].id, 120)}"
    return ""

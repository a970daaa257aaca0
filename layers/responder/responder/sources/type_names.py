"""Turns the type names of Security Hub CSPM back into GuardDuty's.

AWS: GuardDuty User Guide, "Integrating AWS Security Hub CSPM with GuardDuty": a namespace is put
in front, the slash becomes a hyphen, and some names lose their first word.
"""

import re

from responder.domain.finding_types import MEANINGS

# Where the rewriting is no rule: the type of Security Hub, and GuardDuty's.
_IRREGULAR = {
    "EC2:Unusual-DNS-Resolver": "DefenseEvasion:EC2/UnusualDNSResolver",
    "EC2:Unusual-DoH-Activity": "DefenseEvasion:EC2/UnusualDoHActivity",
    "EC2:Unusual-DoT-Activity": "DefenseEvasion:EC2/UnusualDoTActivity",
    "Impact:Runtime-SuspiciousDomainRequest.Reputatio": (
        "Impact:Runtime/SuspiciousDomainRequest.Reputation"
    ),
}


def guardduty_type(asff: str) -> str:
    """GuardDuty's name of a type. A name we cannot turn back comes out as near as it gets."""
    parts = asff.split("/")
    at = next((i for i, part in enumerate(parts) if ":" in part), None)
    if at is None:
        # TTPs/Credential Access/IAMUser-AnomalousBehavior
        purpose = parts[-2].replace(" ", "") if len(parts) > 1 else ""
        name = f"{purpose}:{parts[-1]}" if purpose else parts[-1]
    else:
        # TTPs/PenTest:IAMUser/KaliLinux keeps its slash.
        name = "/".join(parts[at:])
    name = _IRREGULAR.get(name, name)
    if "/" not in name:
        name = re.sub(r"^([^:]*:[^-]*)-", r"\1/", name, count=1)
    if name not in MEANINGS and at and parts[at - 1] == "AnomalousBehavior":
        # TTPs/AnomalousBehavior/Execution:Kubernetes-ExecInPod
        return name.replace("/", "/AnomalousBehavior.", 1)
    return name

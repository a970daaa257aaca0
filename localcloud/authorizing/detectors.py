"""GuardDuty, Security Hub and Config: what looking at what they hold needs.

AWS: Service Authorization Reference, "Amazon GuardDuty", "AWS Security Hub", "AWS Config".
"""

from typing import Final

from localcloud.authorizing.needed import Needed, arn
from localcloud.stack import Unsupported
from localcloud.switchboard import Asked

_HUB, _HUB_V2 = "hub/default", "hubv2/*"  # of the second, AWS chooses the id
_HUBS: Final = {
    "DescribeHub": ("DescribeHub", _HUB),
    "GetFindingHistory": ("GetFindingHistory", _HUB),
    "GetFindings": ("GetFindings", _HUB),
    "GetFindingsV2": ("GetFindings", _HUB_V2),
}
_RECORDERS: Final = frozenset(
    {"DescribeConfigurationRecorderStatus", "DescribeConfigurationRecorders"}
)
_RECORDED: Final = frozenset({"GetResourceConfigHistory", "ListDiscoveredResources"})


def guardduty(asked: Asked) -> list[Needed]:
    """What a call of GuardDuty needs."""
    action = f"guardduty:{asked.operation}"
    if asked.operation in ("GetFindings", "ListDetectors"):
        return [Needed(action, "*", asked.account)]
    if asked.operation == "GetDetector":
        resource = arn(asked, "guardduty", f"detector/{asked.params['DetectorId']}")
        return [Needed(action, resource, asked.account)]
    raise Unsupported(f"what {action} needs")


def securityhub(asked: Asked) -> list[Needed]:
    """What a call of Security Hub needs, in either shape."""
    if asked.operation == "DescribeSecurityHubV2":
        return [Needed("securityhub:DescribeSecurityHubV2", "*", asked.account)]
    if asked.operation not in _HUBS:
        raise Unsupported(f"what securityhub:{asked.operation} needs")
    action, resource = _HUBS[asked.operation]
    return [Needed(f"securityhub:{action}", arn(asked, "securityhub", resource), asked.account)]


def config(asked: Asked) -> list[Needed]:
    """What a call of Config needs."""
    action = f"config:{asked.operation}"
    if asked.operation in _RECORDED:
        return [Needed(action, "*", asked.account)]
    if asked.operation in _RECORDERS:
        resource = arn(asked, "config", "configuration-recorder/*")
        return [Needed(action, resource, asked.account)]
    raise Unsupported(f"what {action} needs")

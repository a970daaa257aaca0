"""What the name of an object says of the log in it.

AWS: CloudTrail User Guide, "Finding your CloudTrail log files", "Log file name format".
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime

_LOG = re.compile(
    r"(?P<account>[0-9]{12})_CloudTrail_(?P<region>[a-z]{2}[a-z0-9-]{3,30})_"
    r"(?P<at>[0-9]{8}T[0-9]{4})Z_\w{1,64}\.json(?:\.gz)?",
    re.ASCII,
)
_NO_LOGS = ("_CloudTrail-Digest_", "_CloudTrail-Insight_", "_CloudTrail-Aggregated_")


@dataclass(frozen=True)
class LogName:
    """Whose log, where, and when CloudTrail delivered it: some minutes after what it tells of."""

    account: str
    region: str
    delivered_at: datetime


def read_name(name: str) -> LogName | None:
    """What a name says, whatever stands before it; None for one that CloudTrail never gave."""
    found = _LOG.fullmatch(name.rpartition("/")[2])
    if found is None:
        return None
    try:
        at = datetime.strptime(found["at"], "%Y%m%dT%H%M").replace(tzinfo=UTC)
    except ValueError:
        return None
    return LogName(found["account"], found["region"], at)


def is_other(name: str) -> bool:
    """Whether it is one of CloudTrail's objects that hold no calls: digests, insights, sums."""
    return any(part in name for part in _NO_LOGS)

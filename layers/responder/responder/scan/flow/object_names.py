"""What the name of an object says of the flow log in it.

AWS: VPC User Guide, "Flow log files". The folders differ (by day or hour, with Hive's prefixes or
without); the last part of the name does not.
"""

import re

_LOG = re.compile(
    r"[0-9]{12}_vpcflowlogs_[a-z]{2}[a-z0-9-]{3,30}_(?P<id>fl-[0-9a-f]{8,17})_"
    r"[0-9]{8}T[0-9]{4}Z_\w{1,64}\.log(?:\.gz|\.parquet)?",
    re.ASCII,
)
# What CloudWatch Logs leaves in a bucket to see whether it may write there.
# AWS: CloudWatch Logs User Guide, "Exporting log data to Amazon S3".
_PROBE = "aws-logs-write-test"


def source_of(name: str) -> str | None:
    """Which flow log wrote an object; None for a name that VPC never gave, as of an export."""
    found = _LOG.fullmatch(name.rpartition("/")[2])
    return None if found is None else found["id"]


def is_other(name: str) -> bool:
    """Whether it is a file that holds no log by its name alone."""
    last = name.rpartition("/")[2]
    return last == _PROBE or last.startswith(".")

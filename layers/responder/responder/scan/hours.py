"""Under which names CloudTrail puts the logs of an hour, in the bucket of a trail.

AWS: CloudTrail User Guide, "Finding your CloudTrail log files" and "Log file name format".
"""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

FOLDERS = "AWSLogs/"
ORGANIZATION = re.compile(r"o-[a-z0-9]{10,32}", re.ASCII)
REGION = re.compile(r"[a-z]{2}(-[a-z]+)+-[0-9]{1,2}", re.ASCII)
LATE = timedelta(hours=1)  # a log is delivered some minutes after what it tells of
_HOUR = timedelta(hours=1)


def regions_in(folder: str, account: str) -> str:
    """The folder that has one for each region. `folder` ends before the account's."""
    return f"{folder}{account}/CloudTrail/"


def hours(
    folder: str, account: str, region: str, since: datetime, until: datetime
) -> Iterator[str]:
    """What the keys of the logs begin with, for each hour in which they may be delivered."""
    at = since.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    while at <= until + LATE:
        day = f"{regions_in(folder, account)}{region}/{at:%Y/%m/%d}/"
        yield f"{day}{account}_CloudTrail_{region}_{at:%Y%m%dT%H}"
        at += _HOUR

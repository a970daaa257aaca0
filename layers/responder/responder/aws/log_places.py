"""Which folders of a trail's bucket hold the logs of which accounts."""

from dataclasses import dataclass

from responder.aws.log_bucket import LogBucket
from responder.scan.hours import FOLDERS, ORGANIZATION, REGION, regions_in

PERMISSIONS = frozenset({"s3:ListBucket"})


@dataclass(frozen=True)
class LogPlace:
    """The logs of one account in one region. `folder` ends before the account's."""

    folder: str
    account: str
    region: str


def log_places(bucket: LogBucket, prefix: str, accounts: list[str]) -> list[LogPlace]:
    """Where logs of these accounts lie, below the prefix of the trail, in order of their names.

    An organization's trail has one folder more, named by the organization.
    """
    root = f"{prefix.rstrip('/')}/{FOLDERS}" if prefix.strip("/") else FOLDERS
    below = bucket.folders(root, after=f"{root}o-")
    named = [name for name in below if ORGANIZATION.fullmatch(name)]
    return [
        LogPlace(folder, account, region)
        for folder in (root, *(f"{root}{name}/" for name in named))
        for account in accounts
        for region in bucket.folders(regions_in(folder, account))
        if REGION.fullmatch(region)
    ]

"""Which trails write down what is called in an account, and where their log files lie."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from pydantic import ConfigDict

from responder.aws.clients import Clients
from responder.aws.log_bucket import LogBucket
from responder.collectors.reads import Reads
from responder.domain.errors import ResponderError
from responder.domain.model import Model

PERMISSIONS = frozenset(
    {
        "cloudtrail:DescribeTrails",
        "cloudtrail:GetEventSelectors",
        "cloudtrail:GetInsightSelectors",
        "cloudtrail:GetTrailStatus",
    }
)
_ORGANIZATION = re.compile(r"o-[a-z0-9]{10,32}", re.ASCII)
_FOLDERS = "AWSLogs/"


class Named(Model):
    """One trail, by its name and its home region: both are in the names of its digests."""

    model_config = ConfigDict(frozen=True)

    name: str
    home: str


class Place(Model):
    """One folder of one bucket, and the trails that write into it."""

    model_config = ConfigDict(frozen=True)

    bucket: str
    folder: str  # up to the account's: [prefix/]AWSLogs/[organization/]
    regions: tuple[str, ...]
    trails: tuple[Named, ...]

    @property
    def home(self) -> str:
        """A region to ask S3 in: S3 sends on whoever asks in another than the bucket's."""
        return self.trails[0].home


@dataclass(frozen=True)
class Day:
    """What is copied at a time: one region of a place, and one day in UTC."""

    place: Place
    account: str
    region: str
    at: datetime  # midnight

    @property
    def folder(self) -> str:
        """Of the log files of this day."""
        return self._folder("CloudTrail", self.at)

    @property
    def folders_of_digests(self) -> tuple[str, ...]:
        """Of this day, and of the ones beside it: a digest ends after what it covers."""
        beside = (self.at - timedelta(days=1), self.at, self.at + timedelta(days=1))
        return tuple(self._folder("CloudTrail-Digest", day) for day in beside)

    def is_digest(self, key: str) -> bool:
        """Whether a key is one of a digest file of the trails that write here."""
        name = key.rpartition("/")[2]
        return any(
            name.startswith(
                f"{self.account}_CloudTrail-Digest_{self.region}_{trail.name}_{trail.home}_"
            )
            for trail in self.place.trails
        )

    def _folder(self, kind: str, day: datetime) -> str:
        return f"{self.place.folder}{self.account}/{kind}/{self.region}/{day:%Y/%m/%d}/"


def ask_trails(clients: Clients, account: str, regions: Iterable[str], reads: Reads) -> list[Any]:
    """Every trail that logs this account in these regions, each once, and what it is set to log."""
    trails = dict[str, Any]()
    for region in regions:
        asked = reads.ask(
            f"trails of {region}",
            clients.cloudtrail(account, region),
            "describe_trails",
            "trailList",
            includeShadowTrails=True,
        )
        for trail in asked or []:
            trails.setdefault(trail["TrailARN"], trail)
    for arn, trail in trails.items():
        client = clients.cloudtrail(account, trail["HomeRegion"])
        reads.ask(f"status of {arn}", client, "get_trail_status", Name=arn)
        reads.ask(f"event selectors of {arn}", client, "get_event_selectors", TrailName=arn)
        reads.ask(f"insight selectors of {arn}", client, "get_insight_selectors", TrailName=arn)
    return list(trails.values())


def places(
    clients: Clients, account: str, regions: Iterable[str], trails: Iterable[Any], gaps: list[str]
) -> list[Place]:
    """Where these trails write, each folder once: several trails may share one."""
    found = dict[tuple[str, str], tuple[list[str], list[Named]]]()
    for trail in trails:
        logged = [
            region
            for region in regions
            if trail.get("IsMultiRegionTrail") or region == trail["HomeRegion"]
        ]
        if not logged:
            continue
        for folder in _folders(clients, account, trail, gaps):
            of_regions, named = found.setdefault((trail["S3BucketName"], folder), ([], []))
            of_regions += [region for region in logged if region not in of_regions]
            named.append(Named(name=trail["Name"], home=trail["HomeRegion"]))
    return [
        Place(bucket=bucket, folder=folder, regions=tuple(logged), trails=tuple(named))
        for (bucket, folder), (logged, named) in found.items()
    ]


def _folders(clients: Clients, account: str, trail: Any, gaps: list[str]) -> Iterator[str]:
    """An organization's trail has its files below the organization's id, which only a listing says
    to an account that may not ask Organizations.
    """
    prefix = trail.get("S3KeyPrefix")
    folder = f"{prefix}/{_FOLDERS}" if prefix else _FOLDERS
    if not trail.get("IsOrganizationTrail"):
        yield folder
        return
    bucket = LogBucket(trail["S3BucketName"], clients.s3(account, trail["HomeRegion"]))
    try:
        below = bucket.folders(folder, after=f"{folder}o-")
    except ResponderError as error:
        gaps.append(f"the organization's folder in {bucket.name} was not found: {error}")
        return
    found = [name for name in below if _ORGANIZATION.fullmatch(name)]
    if not found:
        gaps.append(f"{bucket.name} has no folder of an organization below {folder}")
    yield from (f"{folder}{name}/" for name in found)


def days(place: Place, account: str, since: datetime, until: datetime) -> Iterator[Day]:
    """Every region and day of the window, first day first."""
    for region in place.regions:
        at = datetime(since.year, since.month, since.day, tzinfo=UTC)
        while at <= until:
            yield Day(place, account, region, at)
            at += timedelta(days=1)

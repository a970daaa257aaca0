"""Where the logs lie: a folder of this machine, or a bucket, by the caller's credentials."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from responder.domain.errors import Refused
from responder.scan.following import SESSION
from responder.scan.log_names import is_other, read_name

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

_BUCKET = re.compile(r"s3://(?P<bucket>[a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:/(?P<prefix>.*))?")
_LATE = timedelta(days=1)  # a log is delivered minutes after what it tells of, and rarely later
_CONFIG = Config(retries={"mode": "standard", "total_max_attempts": 5})


class NotRead(Exception):
    """An object that could not be had. Says why."""


class Source(Protocol):
    """Some logs by their names. Handed to each process that reads."""

    def names(self) -> list[str]:
        """Of every object that may hold calls, in order."""
        ...

    def read(self, name: str) -> bytes:
        """One of them. Raises `NotRead`."""
        ...


@dataclass(frozen=True)
class Folder:
    """Logs as `aws s3 sync` leaves them, in any folders."""

    root: Path

    def names(self) -> list[str]:
        """Of every object that may hold calls, in order."""
        found = (path for path in self.root.rglob("*.json*") if path.is_file())
        return sorted(str(path.relative_to(self.root)) for path in found if _is_log(path.name))

    def read(self, name: str) -> bytes:
        """One of them. Raises `NotRead`."""
        try:
            return (self.root / name).read_bytes()
        except OSError:
            raise NotRead("it could not be opened") from None


@dataclass(frozen=True)
class Bucket:
    """Logs where a trail delivers them. `since` and `until` leave out what is of another time."""

    bucket: str
    prefix: str
    profile: str | None
    region: str | None
    since: datetime | None = None
    until: datetime | None = None

    def names(self) -> list[str]:
        """Of every object that may hold calls of the time, in order."""
        pages = self._client.get_paginator("list_objects_v2").paginate(
            Bucket=self.bucket, Prefix=self.prefix
        )
        keys = (one["Key"] for page in pages for one in page.get("Contents", []))
        return sorted(key for key in keys if _is_log(key) and self._is_of_the_time(key))

    def read(self, name: str) -> bytes:
        """One of them. Raises `NotRead`."""
        try:
            return self._client.get_object(Bucket=self.bucket, Key=name)["Body"].read()
        except ClientError as error:
            raise NotRead(f"S3 answered {error.response['Error']['Code']}") from None
        except BotoCoreError as error:
            raise NotRead(f"S3 did not answer: {type(error).__name__}") from None

    def _is_of_the_time(self, key: str) -> bool:
        told = read_name(key)
        if told is None:
            return True
        if self.since is not None and told.delivered_at < self.since - SESSION:
            return False
        return self.until is None or told.delivered_at < self.until + _LATE

    @property
    def _client(self) -> "S3Client":
        return _s3(self.profile, self.region)


def bucket_of(
    url: str,
    *,
    profile: str | None,
    region: str | None,
    since: datetime | None,
    until: datetime | None,
) -> Bucket:
    """The logs below `s3://bucket/prefix`."""
    found = _BUCKET.fullmatch(url)
    if found is None:
        raise Refused(f"{url[:120]!r} is no address of a bucket, such as s3://my-logs/AWSLogs")
    return Bucket(found["bucket"], found["prefix"] or "", profile, region, since, until)


def logs_in(folder: Path) -> list[Path]:
    """The logs of a folder, each with its whole path."""
    return [folder / name for name in Folder(folder).names()]


@cache
def _s3(profile: str | None, region: str | None) -> "S3Client":
    """One for each process."""
    return boto3.Session(profile_name=profile, region_name=region).client("s3", config=_CONFIG)


def _is_log(name: str) -> bool:
    return name.endswith((".json", ".json.gz")) and not is_other(name)

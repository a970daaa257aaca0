"""Logs of a trail in a folder: a theft among honest calls, as CloudTrail delivers such."""

import gzip
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

from tests.builders import REGION, SHOP

USER, ROLE, BACKDOOR = "orders-export", "web-tier-role", "support-bot"
KEY, SESSION_KEY, MADE_KEY = "AKIAEXAMPLEEXAMPLE00", "ASIAEXAMPLEEXAMPLE01", "AKIAEXAMPLEEXAMPLE02"
STORED = "secretId"  # the parameter's name
BUCKET, OTHER = "customer-exports", "AKIAEXAMPLEEXAMPLE09"
STARTS_AT = datetime(2026, 11, 23, tzinfo=UTC)
ROLE_ARN = f"arn:aws:iam::{SHOP}:role/{ROLE}"
SESSION_ARN = f"arn:aws:sts::{SHOP}:assumed-role/{ROLE}/job"


def by_user(name: str, key: str) -> dict[str, Any]:
    return {
        "type": "IAMUser",
        "principalId": "AIDAEXAMPLEEXAMPLE00",
        "arn": f"arn:aws:iam::{SHOP}:user/{name}",
        "accountId": SHOP,
        "accessKeyId": key,
        "userName": name,
    }


def by_session() -> dict[str, Any]:
    return {
        "type": "AssumedRole",
        "principalId": "AROAEXAMPLEEXAMPLE00:job",
        "arn": SESSION_ARN,
        "accountId": SHOP,
        "accessKeyId": SESSION_KEY,
        "sessionContext": {"sessionIssuer": {"type": "Role", "arn": ROLE_ARN, "userName": ROLE}},
    }


@dataclass
class Logs:
    """Records by the hour they are delivered in."""

    seed: int = 7
    hours: dict[int, list[dict[str, Any]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.random = Random(self.seed)

    def call(self, minute: int, service: str, name: str, who: dict[str, Any], **more: Any) -> str:
        """One call, so many minutes after the beginning. The id of its record."""
        event_id = f"{self.random.getrandbits(128):032x}"
        at = STARTS_AT + timedelta(minutes=minute)
        record = {
            "eventVersion": "1.11",
            "userIdentity": who,
            "eventTime": f"{at:%Y-%m-%dT%H:%M:%SZ}",
            "eventSource": f"{service}.amazonaws.com",
            "eventName": name,
            "awsRegion": REGION,
            "sourceIPAddress": "198.51.100.9",
            "userAgent": "aws-cli/2.30",
            "requestParameters": None,
            "responseElements": None,
            "eventID": event_id,
            "readOnly": True,
            "eventType": "AwsApiCall",
            "managementEvent": True,
            "recipientAccountId": SHOP,
            "eventCategory": "Management",
        }
        self.hours.setdefault(minute // 60, []).append(record | more)
        return event_id

    def honest(self, hours: int, each: int) -> "Logs":
        """Calls of somebody else, in each hour."""
        for minute in range(hours * 60):
            if minute % 60 < each:
                self.call(minute, "ec2", "DescribeInstances", by_user("deploy", OTHER))
        return self

    def theft(self) -> "Logs":
        """A stolen key reads, assumes a role, makes a user and a key; that key reads on."""
        thief, role = by_user(USER, KEY), by_session()
        self.call(61, "s3", "ListBuckets", thief)
        for number in range(5):
            self.read(62 + number, thief, f"2026/orders-{number % 4}.csv", 1000)
        denied = {"errorCode": "AccessDenied", "requestParameters": {"name": "main"}}
        self.call(70, "cloudtrail", "StopLogging", thief, **denied)
        self.call(
            125,
            "sts",
            "AssumeRole",
            thief,
            requestParameters={"roleArn": ROLE_ARN, "roleSessionName": "job"},
            responseElements={
                "credentials": {
                    "accessKeyId": SESSION_KEY,
                    "expiration": "Nov 23, 2026, 3:05:00 AM",
                },
                "assumedRoleUser": {
                    "assumedRoleId": "AROAEXAMPLEEXAMPLE00:job",
                    "arn": SESSION_ARN,
                },
            },
        )
        made = {"user": {"userName": BACKDOOR, "arn": f"arn:aws:iam::{SHOP}:user/{BACKDOOR}"}}
        name = {"userName": BACKDOOR}
        self.call(130, "iam", "CreateUser", role, requestParameters=name, responseElements=made)
        key = {"accessKey": {"userName": BACKDOOR, "accessKeyId": MADE_KEY, "status": "Active"}}
        self.call(131, "iam", "CreateAccessKey", role, requestParameters=name, responseElements=key)
        backdoor = by_user(BACKDOOR, MADE_KEY)
        self.call(
            250,
            "secretsmanager",
            "GetSecretValue",
            backdoor,
            requestParameters={STORED: "shop/database"},
            sourceIPAddress="2001:db8::7",
        )
        self.read(251, backdoor, "2026/orders-0.csv", 1000)
        return self

    def read(self, minute: int, who: dict[str, Any], key: str, sent_bytes: int) -> None:
        self.call(
            minute,
            "s3",
            "GetObject",
            who,
            requestParameters={"bucketName": BUCKET, "key": key},
            additionalEventData={"bytesTransferredOut": sent_bytes},
            eventCategory="Data",
            managementEvent=False,
        )

    def objects(self, *, trail: str = "aaaa", without: Iterable[int] = ()) -> dict[str, bytes]:
        """An object for each hour, by the key that CloudTrail gives it."""
        found = {}
        for hour in sorted(set(self.hours) - set(without)):
            at = STARTS_AT + timedelta(hours=hour, minutes=5)
            place = f"AWSLogs/{SHOP}/CloudTrail/{REGION}/{at:%Y/%m/%d}"
            name = f"{SHOP}_CloudTrail_{REGION}_{at:%Y%m%dT%H%MZ}_{trail}{hour:012d}.json.gz"
            document = json.dumps({"Records": self.hours[hour]}, separators=(",", ":"))
            found[f"{place}/{name}"] = gzip.compress(document.encode(), mtime=0)
        return found

    def write(self, folder: Path, *, trail: str = "aaaa", without: Iterable[int] = ()) -> Path:
        """The same in a folder."""
        for key, body in self.objects(trail=trail, without=without).items():
            (folder / key).parent.mkdir(parents=True, exist_ok=True)
            (folder / key).write_bytes(body)
        return folder

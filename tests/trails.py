"""Records of CloudTrail in the shapes that its User Guide shows, and an event history of them."""

import json
from datetime import datetime, timedelta
from typing import Any

import boto3
from botocore.exceptions import ClientError

from responder.aws.clients import Clients
from responder.domain.trail_event import TrailEvent, read_event
from tests.builders import NOON, REGION, SHOP
from tests.consoles import fits

STOLEN = "AKIAEXAMPLEEXAMPLE00"
GLOBAL = "us-east-1"
START = NOON - timedelta(minutes=20)


def key(number: int, kind: str = "ASIA") -> str:
    return f"{kind}EXAMPLEEXAMPLE{number:02d}"


def by_user(name: str = "orders-export", key_id: str | None = STOLEN) -> dict[str, Any]:
    identity = {
        "type": "IAMUser",
        "principalId": "AIDAEXAMPLEEXAMPLE00",
        "arn": f"arn:aws:iam::{SHOP}:user/{name}",
        "accountId": SHOP,
        "userName": name,
    }
    return identity if key_id is None else identity | {"accessKeyId": key_id}


def by_session(
    role: str, session: str, key_id: str, *, account: str = SHOP, source: str | None = None
) -> dict[str, Any]:
    context: dict[str, Any] = {
        "sessionIssuer": {
            "type": "Role",
            "principalId": "AROAEXAMPLEEXAMPLE00",
            "arn": f"arn:aws:iam::{account}:role/{role}",
            "accountId": account,
            "userName": role,
        },
        "attributes": {"mfaAuthenticated": "false"},
    }
    if source is not None:
        context["sourceIdentity"] = source
    return {
        "type": "AssumedRole",
        "principalId": f"AROAEXAMPLEEXAMPLE00:{session}",
        "arn": f"arn:aws:sts::{account}:assumed-role/{role}/{session}",
        "accountId": account,
        "accessKeyId": key_id,
        "sessionContext": context,
    }


def record(
    name: str,
    minute: float,
    by: dict[str, Any],
    request: dict[str, Any] | None = None,
    response: dict[str, Any] | None = None,
    **given: Any,
) -> dict[str, Any]:
    """One record. IAM's are filed in us-east-1, as global services are."""
    service = given.pop("service", "iam")
    region = given.pop("region", GLOBAL if service == "iam" else REGION)
    plain = {
        "eventVersion": "1.11",
        "userIdentity": by,
        "eventTime": (START + timedelta(minutes=minute)).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "eventSource": f"{service}.amazonaws.com",
        "eventName": name,
        "awsRegion": region,
        "sourceIPAddress": "203.0.113.7",
        "userAgent": "aws-cli/2",
        "requestParameters": request,
        "responseElements": response,
        "eventID": f"{name}-{minute}".replace(".", "-"),
        "readOnly": False,
        "eventType": "AwsApiCall",
        "managementEvent": True,
        "recipientAccountId": SHOP,
        "eventCategory": "Management",
    }
    return plain | given


def assumes(
    minute: float,
    by: dict[str, Any],
    role: str,
    session: str,
    key_id: str,
    *,
    source: str | None = None,
    account: str = SHOP,
    **given: Any,
) -> dict[str, Any]:
    request = {
        "roleArn": f"arn:aws:iam::{account}:role/service/{role}",
        "roleSessionName": session,
    }
    if source is not None:
        request["sourceIdentity"] = source
    response = {
        "credentials": {"accessKeyId": key_id, "sessionToken": "hidden"},
        "assumedRoleUser": {
            "assumedRoleId": f"AROAEXAMPLEEXAMPLE00:{session}",
            "arn": f"arn:aws:sts::{account}:assumed-role/{role}/{session}",
        },
    }
    name = given.pop("name", "AssumeRole")
    request |= given.pop("request", {})
    return record(name, minute, by, request, response, service="sts", **given)


def makes_a_key(minute: float, by: dict[str, Any], user: str, key_id: str) -> dict[str, Any]:
    made = {"userName": user, "accessKeyId": key_id, "status": "Active"}
    return record("CreateAccessKey", minute, by, {"userName": user}, {"accessKey": made})


def makes_a_user(minute: float, by: dict[str, Any], user: str) -> dict[str, Any]:
    made = {"userName": user, "arn": f"arn:aws:iam::{SHOP}:user/{user}", "userId": "AIDAX"}
    return record("CreateUser", minute, by, {"userName": user}, {"user": made})


def read(*records: dict[str, Any]) -> list[TrailEvent]:
    return [read_event(json.dumps(one)) for one in records]


class History(Clients):
    """The event history of accounts and regions, newest first, as LookupEvents tells it."""

    def __init__(self, *records: dict[str, Any], refusing: dict[str, str] | None = None) -> None:
        super().__init__(REGION)
        self.records = list(records)
        self.refusing = refusing or {}  # by region or account
        self.asked: list[tuple[str, str, str, str]] = []
        self.windows: set[tuple[datetime, datetime]] = set()

    def cloudtrail(self, account: str, region: str) -> Any:
        return _There(self, account, region)

    def iam(self, account: str) -> Any:
        return boto3.client("iam", region_name=REGION)


class _There:
    def __init__(self, history: History, account: str, region: str) -> None:
        self._history, self._account, self._region = history, account, region

    def lookup_events(self, **given: Any) -> dict[str, Any]:
        fits("cloudtrail", "LookupEvents", given)
        history = self._history
        code = history.refusing.get(self._region) or history.refusing.get(self._account)
        if code:
            raise ClientError({"Error": {"Code": code}}, "LookupEvents")
        [attribute] = given["LookupAttributes"]
        name, value = attribute["AttributeKey"], attribute["AttributeValue"]
        history.asked.append((self._account, self._region, name, value))
        history.windows.add((given["StartTime"], given["EndTime"]))
        found = [
            one
            for one in history.records
            if one.get("recipientAccountId") == self._account
            and one.get("awsRegion") == self._region
            and value in _attribute(one, name)
        ]
        found.sort(key=lambda one: str(one["eventTime"]), reverse=True)
        start = int(given.get("NextToken", "0"))
        page = found[start : start + given["MaxResults"]]
        answer: dict[str, Any] = {
            "Events": [
                {
                    "EventId": one["eventID"],
                    "EventTime": datetime.fromisoformat(one["eventTime"]),
                    "CloudTrailEvent": json.dumps(one),
                }
                for one in page
            ]
        }
        if start + len(page) < len(found):
            answer["NextToken"] = str(start + len(page))
        return answer


def _attribute(one: dict[str, Any], name: str) -> tuple[str, ...]:
    identity = one["userIdentity"]
    if name == "AccessKeyId":
        return (identity.get("accessKeyId", ""),)
    if name == "Username":
        return (identity.get("userName") or str(identity.get("arn", "")).rpartition("/")[2],)
    request = one.get("requestParameters") or {}
    return tuple(
        str(request[told]) for told in ("roleArn", "principalArn") if request.get(told) is not None
    )

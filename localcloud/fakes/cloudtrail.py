"""CloudTrail's event history: what was called here, as LookupEvents tells it.

Management events only, of 90 days, each visible five minutes after it happened, in the region
that CloudTrail files it under. AWS: CloudTrail API Reference, "LookupEvents"; User Guide, "About
global service events", "Logging data events", "CloudTrail record contents".
"""

import base64
import json
from collections.abc import Iterator
from datetime import UTC, timedelta
from typing import Any, Final

from localcloud.enforcement import FUNCTION_IP, SOURCE_IP
from localcloud.fault import Fault
from localcloud.instants import aware
from localcloud.switchboard import Asked, Call, Switchboard

DELAY: Final = timedelta(minutes=5)  # on average, says the User Guide; here always
HISTORY: Final = timedelta(days=90)
_PAGE: Final = 50
_GLOBAL: Final = "us-east-1"
_SOURCES: Final = {"stepfunctions": "states", "ssm-incidents": "ssm-incidents"}
# Calls on what is inside a resource: a trail must be asked to log them, and history never has them.
_DATA_SERVICES: Final = frozenset({"dynamodb", "dynamodbstreams", "lambda", "s3", "sns", "sqs"})
_DATA_EVENTS: Final = frozenset(
    {"BatchGetItem", "BatchWriteItem", "ConditionCheckItem", "DeleteItem", "GetItem", "PutItem"}
    | {"Query", "Scan", "TransactGetItems", "TransactWriteItems", "UpdateItem", "GetRecords"}
    | {"GetShardIterator", "Invoke", "InvokeAsync", "Publish", "PublishBatch", "SendMessage"}
    | {"SendMessageBatch", "ReceiveMessage", "DeleteMessage", "DeleteMessageBatch"}
    | {"ChangeMessageVisibility", "ChangeMessageVisibilityBatch"}
    | {"AbortMultipartUpload", "CompleteMultipartUpload", "CopyObject", "CreateMultipartUpload"}
    | {"DeleteObject", "DeleteObjectTagging", "DeleteObjects", "GetObject", "GetObjectAcl"}
    | {"GetObjectLegalHold", "GetObjectRetention", "GetObjectTagging", "HeadBucket", "HeadObject"}
    | {"ListMultipartUploads", "ListObjectVersions", "ListObjects", "ListObjectsV2", "ListParts"}
    | {"PutObject", "PutObjectAcl", "PutObjectLegalHold", "PutObjectRetention"}
    | {"PutObjectTagging", "UploadPart"}
)
# What CloudTrail never writes down, or not so that anybody could use it.
_SECRETS: Final = frozenset({"SecretAccessKey", "SessionToken", "ServicePassword", "Password"})
_READS: Final = ("Get", "List", "Describe", "Lookup", "Head")


class History:
    """The event history of every account, read from the record of calls."""

    def __init__(self, switchboard: Switchboard) -> None:
        self._calls = switchboard.calls

    def lookup_events(self, asked: Asked) -> dict[str, Any]:
        """LookupEvents: newest first, one attribute at a time."""
        given = asked.params
        if given.get("EventCategory"):
            raise Fault("InvalidEventCategoryException", "Insights are not enabled here")
        attributes = given.get("LookupAttributes", [])
        if len(attributes) > 1:
            text = "You can specify only one lookup attribute"
            raise Fault("InvalidLookupAttributesException", text)
        since, until = given.get("StartTime"), given.get("EndTime")
        if since and until and aware(since) > aware(until):
            raise Fault("InvalidTimeRangeException", "The start time is after the end time")
        found = [
            call
            for call in self._visible(asked)
            if (since is None or call.at >= aware(since))
            and (until is None or call.at <= aware(until))
            and all(_fits(call, one["AttributeKey"], one["AttributeValue"]) for one in attributes)
        ]
        start = _start(given.get("NextToken"))
        end = start + int(given.get("MaxResults") or _PAGE)
        answer: dict[str, Any] = {"Events": [_event(call) for call in found[start:end]]}
        if end < len(found):
            answer["NextToken"] = base64.b64encode(f"from {end}".encode()).decode()
        return answer

    def _visible(self, asked: Asked) -> Iterator[Call]:
        newest, oldest = asked.at - DELAY, asked.at - HISTORY
        for call in reversed(self._calls):
            if call.at < oldest:
                return
            if (
                call.at <= newest
                and call.account == asked.account
                and region(call) == asked.region
                and _is_management(call)
            ):
                yield call


def public_keys(_: Asked) -> dict[str, Any]:
    """ListPublicKeys: nothing delivers or signs digest files here, so no key was ever in use."""
    return {"PublicKeyList": []}


def is_told(call: Call) -> bool:
    """Whether CloudTrail puts a call on the event bus: one that changed something."""
    return call.error is None and _is_management(call) and _read_only(call) == "false"


def _is_management(call: Call) -> bool:
    return call.caller.kind not in ("service", "anonymous") and not (
        call.service in _DATA_SERVICES and call.operation in _DATA_EVENTS
    )


def region(call: Call) -> str:
    """Where CloudTrail files a call: those of IAM in one region."""
    return _GLOBAL if call.service == "iam" else call.region


def _fits(call: Call, key: str, value: str) -> bool:
    return value in {
        "AccessKeyId": (call.caller.access_key_id,),
        "EventId": (call.id,),
        "EventName": (call.operation,),
        "EventSource": (_source(call),),
        "ReadOnly": (_read_only(call),),
        "ResourceName": _resource_names(call),
        "ResourceType": (),
        "Username": (_user_name(call),),
    }.get(key, ())


def _event(call: Call) -> dict[str, Any]:
    return {
        "EventId": call.id,
        "EventName": call.operation,
        "ReadOnly": _read_only(call),
        "AccessKeyId": call.caller.access_key_id,
        "EventTime": call.at.replace(microsecond=0),
        "EventSource": _source(call),
        "Username": _user_name(call),
        "Resources": [{"ResourceName": name} for name in _resource_names(call)],
        "CloudTrailEvent": json.dumps(record(call), default=str),
    }


def record(call: Call) -> dict[str, Any]:
    """The record as CloudTrail writes it. Of answers, only those of IAM and STS are kept here."""
    record = {
        "eventVersion": "1.11",
        "userIdentity": _identity(call),
        "eventTime": call.at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "eventSource": _source(call),
        "eventName": call.operation,
        "awsRegion": region(call),
        "sourceIPAddress": FUNCTION_IP if call.function else SOURCE_IP,
        "userAgent": "Boto3",
        "requestParameters": {_lower(name): value for name, value in call.params.items()} or None,
        "responseElements": _answered(call),
        "requestID": call.id,
        "eventID": call.id,
        "readOnly": _read_only(call) == "true",
        "eventType": "AwsApiCall",
        "managementEvent": True,
        "recipientAccountId": call.account,
        "eventCategory": "Management",
    }
    if call.error is not None:
        record["errorCode"] = call.error
    return record


def _answered(call: Call) -> dict[str, Any] | None:
    """What a call gave: of those that change something, and of those that give credentials."""
    gives = call.service == "sts" and "Credentials" in call.answer
    if call.error is not None or not (gives or _read_only(call) == "false"):
        return None
    return _lowered(call.answer) or None


def _lowered(value: Any) -> Any:
    if isinstance(value, dict):
        return {_lower(name): _lowered(v) for name, v in value.items() if name not in _SECRETS}
    return [_lowered(one) for one in value] if isinstance(value, list) else value


def _identity(call: Call) -> dict[str, Any]:
    caller = call.caller
    found: dict[str, Any] = {
        "type": "IAMUser" if caller.kind == "user" else "AssumedRole",
        "principalId": caller.user_id,
        "arn": caller.arn,
        "accountId": caller.account,
        "accessKeyId": caller.access_key_id,
    }
    if caller.kind == "user":
        found["userName"] = caller.arn.rpartition("/")[2]
    else:
        role = caller.arn.split("/")[1] if "/" in caller.arn else ""
        found["sessionContext"] = {
            "sessionIssuer": {
                "type": "Role",
                "principalId": caller.user_id.partition(":")[0],
                "arn": f"arn:aws:iam::{caller.account}:role/{role}",
                "accountId": caller.account,
                "userName": role,
            },
            "attributes": {"mfaAuthenticated": "false"},
        }
    return found


def _source(call: Call) -> str:
    return f"{_SOURCES.get(call.service, call.service)}.amazonaws.com"


def _user_name(call: Call) -> str:
    """A user's name, or the session's (User Guide, "Viewing recent management events")."""
    return call.caller.arn.rpartition("/")[2]


def _read_only(call: Call) -> str:
    return "true" if call.operation.startswith(_READS) else "false"


def _resource_names(call: Call) -> tuple[str, ...]:
    names = [name for name in call.resources if name != "*"]
    return tuple(dict.fromkeys([*names, *(name.rpartition("/")[2] for name in names)]))


def _start(token: str | None) -> int:
    if token is None:
        return 0
    try:
        word, _, number = base64.b64decode(token, validate=True).decode().partition(" ")
        if word == "from":
            return int(number)
    except ValueError:
        pass
    raise Fault("InvalidNextTokenException", "The token is not one that was given out")


def _lower(name: str) -> str:
    return name[:1].lower() + name[1:]

"""Log objects as a busy shop's trail has them, and a thief in some. The same from one seed."""

import gzip
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from string import ascii_uppercase
from typing import Any

from rich.console import Console
from rich.progress import track

ACCOUNT, THIEF = "111122223333", "AKIAEXAMPLEEXAMPLE00"
_STARTS_AT = datetime(2026, 11, 1, tzinfo=UTC)
_LETTERS = ascii_uppercase + "234567"
_KINDS = (  # service, call, share of all, whether it is a data event
    ("s3", "GetObject", 40, True),
    ("s3", "PutObject", 12, True),
    ("sts", "AssumeRole", 12, False),
    ("kms", "Decrypt", 12, False),
    ("dynamodb", "GetItem", 8, True),
    ("lambda", "Invoke", 8, True),
    ("ec2", "DescribeInstances", 5, False),
    ("logs", "CreateLogStream", 3, False),
)
_AGENTS = (
    "aws-sdk-java/2.29.1 Linux/5.10.230-223.885.amzn2.x86_64 OpenJDK_64-Bit_Server_VM/17.0.13",
    "Boto3/1.43.1 md/Botocore#1.43.1 ua/2.0 os/linux#6.1 md/arch#aarch64 lang/python#3.13",
    "lambda.amazonaws.com",
)


def objects(number: int, records: int, seed: int, *, thief: float, share: float) -> Iterator[bytes]:
    """So many packed objects of about so many records each.

    The thief works in a `thief` of all objects, and has a `share` of the records of those.
    """
    random = Random(seed)  # noqa: S311 - a corpus, and no secret
    for place in range(number):
        stolen = share if random.random() < thief else 0.0
        size = max(1, int(random.lognormvariate(0, 0.6) * records))
        at = _STARTS_AT + timedelta(minutes=5 * place)
        made = [_record(random, at, stolen=random.random() < stolen) for _ in range(size)]
        text = json.dumps({"Records": made}, separators=(",", ":"))
        yield gzip.compress(text.encode(), 6, mtime=0)


def lay(
    folder: Path, number: int, records: int, seed: int, *, thief: float, share: float
) -> list[Path]:
    """The same in a folder, named as CloudTrail names them."""
    made = objects(number, records, seed, thief=thief, share=share)
    paths = list[Path]()
    bar = Console(stderr=True)
    for place, packed in enumerate(track(made, "Making logs", number, console=bar, transient=True)):
        at = _STARTS_AT + timedelta(minutes=5 * place)
        name = f"{ACCOUNT}_CloudTrail_us-west-2_{at:%Y%m%dT%H%M}Z_{place:016d}.json.gz"
        paths.append(folder / name)
        paths[-1].write_bytes(packed)
    return paths


def _record(random: Random, at: datetime, *, stolen: bool) -> dict[str, Any]:
    weights = [kind[2] for kind in _KINDS]
    service, call, _, is_data = random.choices(_KINDS, weights)[0]
    key = THIEF if stolen else "ASIA" + "".join(random.choices(_LETTERS, k=16))
    role = f"service-{random.randrange(60)}"
    when = f"{at + timedelta(seconds=random.randrange(300)):%Y-%m-%dT%H:%M:%SZ}"
    return {
        "eventVersion": "1.11",
        "userIdentity": {
            "type": "IAMUser" if stolen else "AssumedRole",
            "principalId": f"AROA{_some(random, 16)}:i-{random.getrandbits(64):016x}",
            "arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/{role}/i-{random.getrandbits(64):016x}",
            "accountId": ACCOUNT,
            "accessKeyId": key,
            "sessionContext": {
                "sessionIssuer": {
                    "type": "Role",
                    "principalId": f"AROA{_some(random, 16)}",
                    "arn": f"arn:aws:iam::{ACCOUNT}:role/{role}",
                    "accountId": ACCOUNT,
                    "userName": role,
                },
                "attributes": {"creationDate": when, "mfaAuthenticated": "false"},
            },
        },
        "eventTime": when,
        "eventSource": f"{service}.amazonaws.com",
        "eventName": call,
        "awsRegion": "us-west-2",
        "sourceIPAddress": f"10.{random.randrange(256)}.{random.randrange(256)}.9",
        "userAgent": random.choice(_AGENTS),
        "requestParameters": _parameters(random, service, call, role),
        "responseElements": _response(random, call),
        "additionalEventData": {
            "SignatureVersion": "SigV4",
            "CipherSuite": "TLS_AES_128_GCM_SHA256",
            "bytesTransferredOut": random.randrange(10_000_000),
            "x-amz-id-2": _token(random, 57),
        },
        "requestID": f"{random.getrandbits(64):016X}",
        "eventID": _uuid(random),
        "readOnly": True,
        "resources": [
            {"type": "AWS::S3::Object", "ARN": f"arn:aws:s3:::customer-exports/{_uuid(random)}"},
            {
                "accountId": ACCOUNT,
                "type": "AWS::S3::Bucket",
                "ARN": "arn:aws:s3:::customer-exports",
            },
        ],
        "eventType": "AwsApiCall",
        "managementEvent": not is_data,
        "recipientAccountId": ACCOUNT,
        "eventCategory": "Data" if is_data else "Management",
        "tlsDetails": {
            "tlsVersion": "TLSv1.3",
            "cipherSuite": "TLS_AES_128_GCM_SHA256",
            "clientProvidedHostHeader": f"{service}.us-west-2.amazonaws.com",
        },
    }


def _parameters(random: Random, service: str, call: str, role: str) -> dict[str, Any]:
    if service == "s3":
        return {"bucketName": "customer-exports", "key": f"{_uuid(random)}/{_uuid(random)}.csv"}
    if call == "AssumeRole":
        return {
            "roleArn": f"arn:aws:iam::{ACCOUNT}:role/{role}",
            "roleSessionName": _uuid(random),
            "durationSeconds": 3600,
        }
    return {"keyId": f"arn:aws:kms:us-west-2:{ACCOUNT}:key/{_uuid(random)}", "id": _uuid(random)}


def _response(random: Random, call: str) -> dict[str, Any] | None:
    if call != "AssumeRole":
        return None
    return {
        "credentials": {
            "accessKeyId": "ASIA" + _some(random, 16),
            "sessionToken": _token(random, 480),
            "expiration": "Nov 1, 2026, 1:00:00 PM",
        }
    }


def _some(random: Random, length: int) -> str:
    return "".join(random.choices(_LETTERS, k=length))


def _token(random: Random, length: int) -> str:
    return f"{random.getrandbits(length * 6):x}"[: length * 3 // 2]


def _uuid(random: Random) -> str:
    text = f"{random.getrandbits(128):032x}"
    return "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))

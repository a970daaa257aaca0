"""The vault holds exact bytes, once, locked and encrypted."""

import base64
import hashlib
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from responder.aws.clients import Clients
from responder.aws.vault import Content
from responder.domain.errors import Broken, Unavailable
from tests.builders import REGION
from tests.vaults import BUCKET, a_vault, versions

pytestmark = pytest.mark.usefixtures("aws")
TEXT = Content(b'{"a": 1}', ".json", "application/json")


def test_what_is_put_stands_there_byte_for_byte_locked_and_encrypted_with_our_key() -> None:
    vault = a_vault()
    kept = vault.put("inc/x", TEXT)
    assert versions() == {(kept.key, kept.version_id): TEXT.body}
    assert kept.sha256 == hashlib.sha256(TEXT.body).hexdigest()
    s3 = boto3.client("s3", region_name=REGION)
    head = s3.head_object(Bucket=BUCKET, Key=kept.key, ChecksumMode="ENABLED")
    assert head["SSEKMSKeyId"] == vault.key_arn
    assert head["ObjectLockMode"] == "COMPLIANCE"
    assert head["ObjectLockRetainUntilDate"] > datetime.now(UTC)
    assert base64.b64decode(head["ChecksumSHA256"]).hex() == kept.sha256
    assert head["ContentType"] == "application/json"


def test_the_same_content_put_again_is_the_same_object() -> None:
    vault = a_vault()
    first = vault.put("inc/x", TEXT)
    assert vault.put("inc/x", TEXT) == first
    assert len(versions()) == 1


def test_other_content_under_the_same_name_is_another_object() -> None:
    vault = a_vault()
    first = vault.put("inc/x", TEXT)
    second = vault.put("inc/x", Content(b"{}", ".json", "application/json"))
    assert {first.key, second.key} == {key for key, _ in versions()}
    assert first.key != second.key


def test_a_kept_version_cannot_be_deleted() -> None:
    kept = a_vault().put("inc/x", TEXT)
    s3 = boto3.client("s3", region_name=REGION)
    with pytest.raises(ClientError, match="AccessDenied"):
        s3.delete_object(Bucket=BUCKET, Key=kept.key, VersionId=kept.version_id)
    assert len(versions()) == 1


def test_finding_names_the_version_or_nothing() -> None:
    vault = a_vault()
    kept = vault.put("inc/x", TEXT)
    assert vault.find(kept.key) == kept.version_id
    assert vault.find("inc/never") is None


class _Answers:
    """An S3 that answers each call with one error."""

    def __init__(self, put: str, tagging: str) -> None:
        self._put, self._tagging = put, tagging

    def put_object(self, **given: Any) -> Any:
        raise ClientError({"Error": {"Code": self._put}}, "PutObject")

    def get_object_tagging(self, **given: Any) -> Any:
        raise ClientError({"Error": {"Code": self._tagging}}, "GetObjectTagging")


def test_an_object_whose_version_cannot_be_named_is_not_called_kept() -> None:
    vault = a_vault(_Answers("PreconditionFailed", "AccessDenied"))
    with pytest.raises(Broken, match="s3:GetObjectTagging"):
        vault.put("inc/x", TEXT)


@pytest.mark.parametrize(
    ("code", "error"),
    [
        ("ConditionalRequestConflict", Unavailable),
        ("SlowDown", Unavailable),
        ("AccessDenied", Broken),
        ("BadDigest", Broken),
    ],
)
def test_a_refused_put_says_who_has_to_act(code: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        a_vault(_Answers(code, "NoSuchKey")).put("inc/x", TEXT)


def test_the_sha256_of_an_upload_is_part_of_its_signature() -> None:
    """Over TLS the SDK would sign UNSIGNED-PAYLOAD, which the vault's policy refuses."""
    client = Clients(REGION).home("s3")
    sent: list[Any] = []

    def seen(request: Any, **_: Any) -> None:
        sent.append(request.headers["X-Amz-Content-SHA256"])

    client.meta.events.register_first("before-send.s3.PutObject", seen)
    content = Content(b"evidence", ".json", "application/json")
    a_vault(client).put("inc-20261123-0a1b2c3d4e/x", content)
    assert [one.decode() if isinstance(one, bytes) else one for one in sent] == [content.sha256]

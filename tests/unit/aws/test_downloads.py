"""What is behind a link is fetched whole or not at all, and no error says the link."""

import io
from collections.abc import Callable
from typing import Any

import pytest
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.compat import HTTPHeaders
from botocore.exceptions import ReadTimeoutError
from botocore.httpsession import URLLib3Session

from responder.aws.downloads import fetch
from responder.domain.errors import Broken, Unavailable

LINK = "https://awslambda-us-west-2-tasks.s3.us-west-2.amazonaws.com/x?X-Amz-Signature=secret"


@pytest.fixture
def answering(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """The other end of the SDK's own session."""

    def answer(status: int = 200, body: bytes = b"zip", error: Exception | None = None) -> None:
        def send(session: URLLib3Session, request: AWSPreparedRequest) -> AWSResponse:
            if error is not None:
                raise error
            raw: Any = io.BytesIO(body)
            return AWSResponse(LINK, status, HTTPHeaders(), raw)

        monkeypatch.setattr(URLLib3Session, "send", send)

    return answer


def test_the_bytes_are_what_the_link_gives(answering: Callable[..., None]) -> None:
    answering(body=b"zip")
    assert fetch(LINK, "code", most_bytes=3) == b"zip"


@pytest.mark.parametrize(
    ("told", "most", "kind"),
    [
        ({"status": 403}, 9, Broken),
        ({"status": 503}, 9, Unavailable),
        ({"body": b"too much"}, 7, Broken),
        ({"error": ReadTimeoutError(endpoint_url=LINK)}, 9, Unavailable),
    ],
)
def test_whatever_goes_wrong_is_said_without_the_link(
    answering: Callable[..., None], told: dict[str, Any], most: int, kind: type[Exception]
) -> None:
    answering(**told)
    with pytest.raises(kind, match=r"^code x: ") as raised:
        fetch(LINK, "code x", most_bytes=most)
    assert "secret" not in str(raised.value)


def test_a_link_that_is_not_encrypted_is_not_followed() -> None:
    with pytest.raises(Broken, match="no link that begins with https"):
        fetch("http://127.0.0.1/x", "code x", most_bytes=9)

"""What AWS gives out by a presigned URL. The URL is a secret for as long as it works: never kept.

AWS: Lambda API Reference, "GetFunction": the link to the code is valid for ten minutes.
"""

from urllib.parse import urlsplit

from botocore.awsrequest import AWSRequest
from botocore.exceptions import HTTPClientError
from botocore.httpsession import URLLib3Session
from urllib3.exceptions import HTTPError

from responder.domain.errors import Broken, Unavailable

_SECONDS = 10  # to connect, and between two pieces
_OK, _OURS_TO_RETRY = 200, 500


def fetch(url: str, what: str, *, most_bytes: int) -> bytes:
    """The bytes behind a presigned URL, `most_bytes` at most. `what` names them in an error.

    Raises `Unavailable` where it may work later, and `Broken` for a refusal or too many bytes.
    Neither says the URL.
    """
    if urlsplit(url).scheme != "https":
        raise Broken(f"{what}: AWS gave no link that begins with https")
    request = AWSRequest(method="GET", url=url, stream_output=True).prepare()
    try:
        answer = URLLib3Session(timeout=_SECONDS).send(request)
        if answer.status_code != _OK:
            kind = Unavailable if answer.status_code >= _OURS_TO_RETRY else Broken
            raise kind(f"{what}: its link answered {answer.status_code}")
        body: bytes = answer.raw.read(most_bytes + 1)
    except (HTTPClientError, HTTPError) as error:
        # Not `from error`: its text has the URL in it.
        raise Unavailable(f"{what}: its link gave {type(error).__name__}") from None
    if len(body) > most_bytes:
        raise Broken(f"{what}: its link gave more than {most_bytes} bytes")
    return body

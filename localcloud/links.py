"""What is behind the presigned links that Lambda gives out: the zip of a function or of a layer.

Any other link is refused as S3 does.
"""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final
from urllib.parse import quote

from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.compat import HTTPHeaders
from botocore.httpsession import URLLib3Session
from moto.awslambda.models import lambda_backends

from localcloud.seams import replaced

_FOUND: Final = 200
_REFUSED: Final = 403


def to(region: str, sha256: str) -> str:
    """A link to a zip. Moto has one for functions only, and the same for each version of one."""
    return f"https://awslambda-{region}-tasks.s3.{region}.amazonaws.com/{quote(sha256, safe='')}"


@contextmanager
def served() -> Iterator[None]:
    """Serve the links through the session that the SDK itself sends by. Calls never come there."""

    def send(session: URLLib3Session, request: AWSPreparedRequest) -> AWSResponse:
        del session
        body = _behind(str(request.url))
        status = _REFUSED if body is None else _FOUND
        raw: Any = io.BytesIO(body or b"<Error><Code>AccessDenied</Code></Error>")
        return AWSResponse(str(request.url), status, HTTPHeaders(), raw)

    with replaced(URLLib3Session, "send", send):
        yield


def _behind(url: str) -> bytes | None:
    for account in list(lambda_backends.values()):
        for region, backend in list(account.items()):
            layers = backend._layers._layers.values()
            held: list[Any] = [v for layer in layers for v in layer.layer_versions.values()]
            for zipped in [*held, *backend.list_functions(func_version="ALL")]:
                if to(region, zipped.code_sha_256) == url:
                    return bytes(zipped.code_bytes)
    return None

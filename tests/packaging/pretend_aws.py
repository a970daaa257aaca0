"""Moto on a loopback port, for functions that run in a process of their own.

Each request is handed to the moto of this process as if it had been sent to AWS: the service and
region are those it was signed for. Moto's own server needs packages that nothing else does.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import quote

from botocore.awsrequest import AWSPreparedRequest
from botocore.compat import HTTPHeaders
from moto.core.botocore_stubber import BotocoreStubber

_SCOPE = re.compile(r"Credential=[^/]+/\d{8}/([a-z0-9-]+)/([a-z0-9-]+)/aws4_request")


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        status, headers, content = self._ask(body)
        self.send_response(status)
        for name, value in headers.items():
            if name.lower() not in ("content-length", "date", "server", "transfer-encoding"):
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_DELETE = do_GET = do_HEAD = do_POST = do_PUT = _answer  # noqa: N815 - the parent's names

    def _ask(self, body: bytes) -> tuple[int, dict[str, str], bytes]:
        scope = _SCOPE.search(self.headers.get("Authorization", ""))
        if scope is None:
            return 403, {}, b"this request is not signed"
        region, service = scope.groups()
        headers = HTTPHeaders()
        for name, value in self.headers.items():
            headers[name] = value
        headers.replace_header("Host", f"{service}.{region}.amazonaws.com")
        path = quote(self.path, safe="/?&=%:@+~._-!$'()*,;")
        request = AWSPreparedRequest(
            self.command,
            f"https://{service}.{region}.amazonaws.com{path}",
            headers,
            body,
            stream_output=False,
        )
        try:
            answer = BotocoreStubber().process_request(request)
        except NotImplementedError:
            answer = None
        if answer is None:
            return self._unknown()
        status, answered, content = answer
        text = content if isinstance(content, bytes) else str(content).encode()
        return status, {name: str(value) for name, value in answered.items()}, text

    def _unknown(self) -> tuple[int, dict[str, str], bytes]:
        """What AWS says of an operation it does not know, in the protocol it was asked in."""
        if "X-Amz-Target" in self.headers:
            return 400, {}, b'{"__type": "UnknownOperationException"}'
        said = b"<ErrorResponse><Error><Code>InvalidAction</Code></Error></ErrorResponse>"
        return 400, {"Content-Type": "text/xml"}, said

    def log_message(self, format: str, *args: object) -> None:
        """Says nothing: the function's log says what it asked."""


@contextmanager
def listening() -> Iterator[str]:
    """Serve until the end of the block; yields the address."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()

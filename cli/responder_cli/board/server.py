"""Serves the board on this machine, and to nobody else.

A page can be asked for by any site that a browser has open, so whoever sends something needs the
word that the last page holds. Each word counts once: a second click finds it spent.
"""

import secrets
from collections.abc import Callable
from concurrent.futures import Future
from datetime import timedelta
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import SimpleQueue
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

from responder.domain.escaping import one_line
from responder_cli.board.console import question
from responder_cli.board.pages import ALL, POLICY, Pages

HOST = "127.0.0.1"
HEADERS = {
    "Content-Security-Policy": POLICY,
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
_MOST_BYTES = 4096  # of a form
_MOST_WORDS = 200  # that wait to be spent; the oldest goes
_MOST_MINUTES = 1440
_SPENT = object()


class BoardServer(ThreadingHTTPServer):
    """Hears browsers in threads, and has the pretend accounts called from one: that of `work`."""

    daemon_threads = True

    def __init__(self, pages: Pages, port: int) -> None:
        super().__init__((HOST, port), _Handler)
        self.pages = pages
        self._words = dict[str, object]()
        self._jobs = SimpleQueue[tuple[Callable[[], Any], Future[Any]] | None]()

    @property
    def address(self) -> str:
        """What to open in a browser."""
        return f"http://{HOST}:{self.server_port}/"

    def work(self) -> None:
        """Serve, until `end` or Ctrl-C."""
        hearing = Thread(target=self.serve_forever, daemon=True)
        hearing.start()
        try:
            while (asked := self._jobs.get()) is not None:
                job, answer = asked
                try:
                    answer.set_result(job())
                except Exception as error:  # noqa: BLE001 (whatever it is, the one who asked gets it)
                    answer.set_exception(error)
        finally:
            self.shutdown()

    def end(self) -> None:
        """Let `work` come to its end."""
        self._jobs.put(None)

    def in_turn[Answer](self, job: Callable[[], Answer]) -> Answer:
        """What a job answers that calls the pretend accounts."""
        answer = Future[Answer]()
        self._jobs.put((job, answer))
        return answer.result()

    def word(self) -> str:
        """A new one for a page."""
        word = secrets.token_urlsafe(18)
        self._words[word] = None
        while len(self._words) > _MOST_WORDS:
            self._words.pop(next(iter(self._words)))
        return word

    def spend(self, word: str) -> bool:
        """Whether it was given out, and spent by nobody yet. From now on it is."""
        return self._words.pop(word, _SPENT) is not _SPENT


class _Handler(BaseHTTPRequestHandler):
    server: BoardServer
    server_version, sys_version = "responder-board", ""

    def do_GET(self) -> None:
        """A page, as it stands now. Changes nothing."""
        if not self._is_for_us():
            return
        name = urlsplit(self.path).path.removeprefix("/")
        word = self.server.word()
        page = self.server.in_turn(lambda: self.server.pages.page(name, nonce=word))
        if page is None:
            self._send(HTTPStatus.NOT_FOUND, "There is no such page.", kind="text/plain")
        else:
            self._send(HTTPStatus.OK, page)

    def do_POST(self) -> None:
        """An answer to a question, or time that passes. Each once for the page it stood on."""
        if not self._is_for_us():
            return
        told = self._form()
        act = self._acts().get(urlsplit(self.path).path)
        if act is None or told is None:
            self._send(HTTPStatus.BAD_REQUEST, "This is no form of ours.", kind="text/plain")
        elif not self.server.spend(told.get("nonce", "")):
            said = "This was sent already, or by another page. Look at the board before you repeat."
            self._send(HTTPStatus.CONFLICT, said, kind="text/plain")
        elif (then := self.server.in_turn(lambda: act(told))) is None:
            self._send(HTTPStatus.BAD_REQUEST, "Something is missing.", kind="text/plain")
        else:
            self._send(HTTPStatus.SEE_OTHER, "", kind="text/plain", to=f"/{then}")

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: a path holds what somebody typed."""

    def _acts(self) -> dict[str, Callable[[dict[str, str]], str | None]]:
        return {"/answer": self._answer, "/let-pass": self._let_pass}

    def _answer(self, told: dict[str, str]) -> str | None:
        stage = self.server.pages.stage
        automation_id, signal = told.get("automation_id", ""), told.get("signal", "")
        comment = one_line(told.get("comment", ""), 400)
        if signal not in ("Approve", "Reject") or not comment:
            return None
        if automation_id not in stage.questions():
            return None
        stage.answer(automation_id, signal, comment)
        return question(automation_id)

    def _let_pass(self, told: dict[str, str]) -> str | None:
        minutes = told.get("minutes", "")
        if not minutes.isascii() or not minutes.isdigit() or not 0 < int(minutes) <= _MOST_MINUTES:
            return None
        self.server.pages.stage.let_pass(timedelta(minutes=int(minutes)))
        return ALL

    def _is_for_us(self) -> bool:
        """Whether it was asked of us by name: a site whose name leads here says its own."""
        ours = {f"{name}:{self.server.server_port}" for name in (HOST, "localhost")}
        origin = self.headers.get("Origin")
        if self.headers.get("Host") in ours and origin in (
            None,
            "null",  # a browser that was told to send no referrer says so of a form, too
            *(f"http://{one}" for one in ours),
        ):
            return True
        self._send(HTTPStatus.FORBIDDEN, "Ask this machine by its own name.", kind="text/plain")
        return False

    def _form(self) -> dict[str, str] | None:
        length = self.headers.get("Content-Length", "")
        if not length.isascii() or not length.isdigit() or int(length) > _MOST_BYTES:
            return None
        try:
            told = parse_qs(self.rfile.read(int(length)).decode(), max_num_fields=10)
        except ValueError:
            return None
        return {name: values[0] for name, values in told.items()}

    def _send(
        self, status: HTTPStatus, text: str, *, kind: str = "text/html", to: str | None = None
    ) -> None:
        body = text.encode()
        self.send_response(status)
        for name, value in HEADERS.items():
            self.send_header(name, value)
        self.send_header("Content-Type", f"{kind}; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        if to is not None:
            self.send_header("Location", to)
        self.end_headers()
        self.wfile.write(body)

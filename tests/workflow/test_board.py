"""`responder board`: what the shipped function answers, clicked through without an account."""

import http.client
import re
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from datetime import timedelta
from pathlib import Path
from threading import Thread
from urllib.parse import urlencode

import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

from responder.domain.errors import Broken
from responder.domain.order import ReceiptStatus
from responder.report.board import View
from responder_cli.board import console
from responder_cli.board.command import write
from responder_cli.board.pages import ALL, Pages
from responder_cli.board.server import HEADERS, HOST, BoardServer
from responder_cli.board.stage import Stage, set_up
from responder_cli.drill.approver import NAME
from tests.browsers import a_browser, log, look_at, needs_a_browser, requests
from tests.builders import NOON

_NONCE = re.compile(r'name="nonce" value="([^"]+)"')


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    with set_up(starts_at=NOON) as stage:
        yield stage


@pytest.fixture
def server(stage: Stage) -> Iterator[BoardServer]:
    with BoardServer(Pages(stage), 0) as server:
        yield server


def meanwhile[Answer](server: BoardServer, job: Callable[[], Answer]) -> Answer:
    """Do this in a thread, while the pretend accounts are called from this one."""
    answer = Future[Answer]()

    def run() -> None:
        try:
            answer.set_result(job())
        except Exception as error:  # noqa: BLE001 (a failed assertion, too, is for the test)
            answer.set_exception(error)
        finally:
            server.end()

    Thread(target=run).start()
    server.work()
    return answer.result()


def asks(
    server: BoardServer, path: str, form: dict[str, str] | None = None, **headers: str
) -> tuple[int, dict[str, str], str]:
    def ask() -> tuple[int, dict[str, str], str]:
        line = http.client.HTTPConnection(HOST, server.server_port)
        given = {"Host": f"{HOST}:{server.server_port}"} | headers
        if form is None:
            line.request("GET", path, headers=given)
        else:
            kind = {"Content-Type": "application/x-www-form-urlencoded"}
            line.request("POST", path, urlencode(form), given | kind)
        reply = line.getresponse()
        return reply.status, dict(reply.getheaders()), reply.read().decode()

    return meanwhile(server, ask)


def test_every_part_is_what_the_shipped_function_answers(stage: Stage) -> None:
    [incident_id] = stage.incidents()
    for view in View:
        part = stage.part(view, incident_id if view is View.INCIDENT else None)
        assert "There is no such" not in part
        assert console.as_a_page(part) != part or "<cwdb-action" not in part
    waiting = stage.part(View.WAITING)
    [automation_id] = stage.questions()
    assert f"/systems-manager/automation/execution/{automation_id}?" in waiting
    assert "The approvers" in waiting


def test_the_function_writes_nothing_and_none_of_its_calls_is_refused(stage: Stage) -> None:
    before = len(stage.cloud.calls)
    for view in View:
        stage.part(view, stage.incidents()[0])
    made = [call for call in stage.cloud.calls[before:] if call.function is not None]
    assert {call.operation for call in made} <= {
        "GetItem",
        "GetParameter",
        "GetQueueAttributes",
        "ListExecutions",
        "Query",
    }
    assert [call.error for call in made if call.error] == []


def test_as_files_every_link_leads_to_a_page_that_is_there(stage: Stage, tmp_path: Path) -> None:
    number = write(Pages(stage), tmp_path)
    pages = {path.name: path.read_text() for path in tmp_path.iterdir()}
    assert len(pages) == number > 9
    for name, page in pages.items():
        leads_to = set(re.findall(r'href="([^"]*)"', page)) - {"#content"}
        assert leads_to <= set(pages), name
        assert "<form" not in page
        assert "<script" not in page


def test_a_page_carries_what_keeps_it_from_others(server: BoardServer) -> None:
    status, headers, page = asks(server, "/")
    assert status == 200
    assert headers.items() >= HEADERS.items()
    assert "script-src" not in headers["Content-Security-Policy"]
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert headers["Cache-Control"] == "no-store"
    assert "Open incidents" in page
    assert server.server_address[0] == "127.0.0.1"


@pytest.mark.parametrize(
    "path", ["/../pyproject.toml", "/etc/passwd", "/incident-inc-1.html", "/%00", "/automation-x"]
)
def test_there_is_no_page_but_the_boards(server: BoardServer, path: str) -> None:
    assert asks(server, path)[0] == 404


def test_a_site_whose_name_leads_here_gets_nothing(server: BoardServer) -> None:
    assert asks(server, "/", Host="evil.example.com")[0] == 403
    form = {"nonce": "x", "minutes": "10"}
    assert asks(server, "/let-pass", form, Origin="https://evil.example.com")[0] == 403


def test_what_is_sent_counts_once_and_only_with_the_word_of_a_page(
    stage: Stage, server: BoardServer
) -> None:
    before = stage.cloud.now()
    assert asks(server, "/let-pass", {"nonce": "guessed", "minutes": "10"})[0] == 409
    found = _NONCE.search(asks(server, f"/{ALL}")[2])
    assert found is not None
    form = {"nonce": found[1], "minutes": "1"}
    assert asks(server, "/let-pass", form)[0] == 303
    passed = stage.cloud.now() - before
    assert passed.total_seconds() >= 60
    assert asks(server, "/let-pass", form)[0] == 409
    assert (stage.cloud.now() - before).total_seconds() < 120


@pytest.mark.parametrize(
    ("path", "form"),
    [
        ("/let-pass", {"minutes": "100000"}),
        ("/let-pass", {"minutes": "-1"}),
        ("/let-pass", {"minutes": "²"}),
        ("/answer", {"automation_id": "x", "signal": "Approve", "comment": "yes"}),
        ("/answer", {"signal": "StopStep", "comment": "yes"}),
        ("/other", {"minutes": "10"}),
    ],
)
def test_a_form_that_is_not_filled_in_does_nothing(
    stage: Stage, server: BoardServer, path: str, form: dict[str, str]
) -> None:
    found = _NONCE.search(asks(server, "/queues.html")[2])
    assert found is not None
    before, waits = stage.cloud.now(), stage.questions()
    assert asks(server, path, {"nonce": found[1]} | form)[0] == 400
    assert stage.questions() == waits
    assert (stage.cloud.now() - before).total_seconds() < 60


def test_what_cloudwatch_would_remove_is_an_error_and_not_shown() -> None:
    for answer in (
        "<p>x</p><script>1</script>",
        "<svg><use href='#a'/></svg>",
        "<iframe src=x></iframe>",
        "<p onclick=x>y</p>",
        "<a href=' javascript:x'>y</a>",
        '<b>x</b><cwdb-action action="call">{}</cwdb-action>',
    ):
        with pytest.raises(Broken):
            console.as_a_page(answer)


@needs_a_browser
def test_a_person_clicks_from_the_board_to_the_answer_and_back(
    stage: Stage, server: BoardServer, tmp_path: Path
) -> None:
    with a_browser(tmp_path / "profile") as driver:
        seen = meanwhile(server, lambda: _clicks_through(driver, server.address))
    assert all(address.startswith(server.address) for address in seen)
    assert stage.questions() == []
    stage.watch.until(lambda: not stage.watch.running(), at_most=timedelta(minutes=5))
    [incident_id] = stage.incidents()
    [approval] = stage.watch.approvals.all(incident_id)
    assert (approval.decided_by or "").endswith(NAME)
    assert approval.comment == "seen, cut it"
    receipts = stage.watch.receipts.all(incident_id)
    assert {one.status for one in receipts} == {ReceiptStatus.CONTAINED}


def _clicks_through(driver: webdriver.Chrome, address: str) -> list[str]:
    look_at(driver, address)
    driver.find_element(By.CSS_SELECTOR, ".cases a.show").click()
    _appears(driver, "What needs a decision now")
    driver.find_element(By.CSS_SELECTOR, ".decision a.outside").click()
    _appears(driver, "In place of the Systems Manager console.")
    driver.find_element(By.ID, "comment").send_keys("seen, cut it")
    driver.find_element(By.CSS_SELECTOR, "button[value=Approve]").click()
    _appears(driver, "It waits no more.")
    driver.find_element(By.LINK_TEXT, "Containment").click()
    _appears(driver, "Orders, those first that somebody can still do something about")
    assert "waits for approval" not in driver.page_source
    return requests(log(driver))


def _appears(driver: webdriver.Chrome, text: str) -> None:
    """The responder works before the next page is there."""
    WebDriverWait(driver, 120).until(lambda seen: text in seen.page_source)

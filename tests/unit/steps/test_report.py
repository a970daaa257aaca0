"""Each page has a number of its own, wherever a run dies, and is cared for as evidence is."""

import hashlib
import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from responder.aws.evidence import Evidence, Shelf
from responder.aws.incidents import Incidents
from responder.aws.ledger import Ledger
from responder.aws.progress import Progress
from responder.aws.reports import Reports, Taken
from responder.aws.timeline import Timeline
from responder.domain.custody import REPORTED, verify_chain
from responder.domain.errors import Unavailable
from responder.domain.evidence import CustodyEntry
from responder.domain.order import Plan
from responder_cli import verify_custody
from tests.builders import INCIDENT_ID, NOON, a_finding, an_incident
from tests.preserving import REPORTED_BY, World
from tests.vaults import DiedHereError, Life, download, versions

MACHINE: dict[str, Any] = {"generation": 1, "response": []}


@pytest.fixture
def world(ledger: Ledger) -> World:
    Incidents(ledger).create(an_incident(), a_finding())
    return World(ledger)


def pages(incident: str = INCIDENT_ID) -> list[str]:
    found = versions(f"{incident}/report/")
    return [found[one].decode() for one in sorted(found)]


def numbers(incident: str = INCIDENT_ID) -> list[int]:
    found = [re.search(r"Incident dossier · version (\d+) ", page) for page in pages(incident)]
    return [int(one[1]) for one in found if one is not None]


def chain(world: World) -> list[CustodyEntry]:
    links = Evidence(world.ledger).custody(INCIDENT_ID)
    assert verify_chain(links) is None
    return [one for one in links if one.event == REPORTED]


def test_a_page_is_on_record_with_its_link_which_says_who_when_hash_and_size(world: World) -> None:
    answer = world.report()
    [(key, version_id)] = versions(f"{INCIDENT_ID}/report/")
    assert (answer.key, answer.version_id) == (key, version_id)
    [item] = Evidence(world.ledger).items(INCIDENT_ID, Shelf.REPORT)
    assert (item.name, item.key, item.version_id) == ("report/0001", key, version_id)
    [link] = chain(world)
    assert (link.by, link.at, link.subject) == (REPORTED_BY, NOON, "report/0001")
    assert link.subject_sha256 == item.sha256
    assert link.detail == f"{len(pages()[0].encode())} bytes: {key}, version {version_id}"


def test_one_asking_has_one_page_and_the_next_has_the_next_number(world: World) -> None:
    first = world.report()
    Timeline(world.ledger).record(INCIDENT_ID, "since", at=NOON, by="x", text="more happened")
    assert world.report() == first
    assert world.report(**MACHINE) == world.report(**MACHINE)
    assert world.report(asked="asked again") != first
    assert numbers() == [1, 2, 3]
    assert len(chain(world)) == 3


class OneIsFaster:
    """A client during whose first look at the numbers another run takes one."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger, self.waits = ledger, True

    def __getattr__(self, name: str) -> Any:
        return getattr(self._ledger.client, name)

    def put_item(self, **given: Any) -> Any:
        if self.waits and "REPORT-NUMBER#" in given["Item"]["sk"]["S"]:
            self.waits = False
            theirs = Taken(version=1, asked="another", at=NOON)
            assert Reports(self._ledger).take(INCIDENT_ID, theirs).version == 1
        return self._ledger.client.put_item(**given)


def test_two_made_at_once_bear_two_numbers(world: World) -> None:
    client: Any = OneIsFaster(world.ledger)
    world.report(table=replace(world.ledger, client=client))
    assert not client.waits
    assert numbers() == [2]
    world.report(asked="another")
    assert numbers() == [2, 3]
    assert "Version 1 was begun at" in pages()[1]


def test_a_number_that_cannot_be_had_is_asked_for_again(world: World) -> None:
    for version in range(1, 21):
        Reports(world.ledger).take(INCIDENT_ID, Taken(version=version, asked="x", at=NOON))
    with pytest.raises(Unavailable, match="too many"):
        Reports(world.ledger).take(INCIDENT_ID, Taken(version=1, asked="y", at=NOON))


@pytest.mark.parametrize("asked", [pytest.param({}, marks=pytest.mark.prove), MACHINE])
def test_a_run_that_dies_at_any_call_leaves_one_page_and_no_number_unexplained(
    world: World, asked: dict[str, Any]
) -> None:
    whole = Life()
    world.report(life=whole, **asked)
    lost = 0
    for ends_at in range(whole.calls):
        incident = f"inc-20261123-{ends_at + 700:010x}"
        Incidents(world.ledger).create(an_incident(id=incident), a_finding())
        with pytest.raises(DiedHereError):
            world.report(incident=incident, life=Life(ends_at), **asked)
        world.report(incident=incident, **asked)
        [page], [number] = pages(incident), numbers(incident)
        assert number in (1, 2)
        assert ("Version 1 was begun at" in page) == (number == 2)
        lost += number - 1
        evidence = Evidence(world.ledger)
        [item] = evidence.items(incident, Shelf.REPORT)
        assert item.name == f"report/{number:04d}"
        links = [one for one in evidence.custody(incident) if one.event == REPORTED]
        assert [one.subject for one in links] == [item.name]
        told = [one.text for one in Timeline(world.ledger).events(incident)]
        assert sum(item.key in text for text in told) == 1
    assert 0 < lost < whole.calls


def test_a_number_that_a_run_took_stays_its_own_also_while_it_stands_still(world: World) -> None:
    """It took its number, and stands still until another run of the same asking has its page."""
    late = Taken(version=1, asked=f"generation 1: {NOON.isoformat()}", at=NOON)
    Reports(world.ledger).take(INCIDENT_ID, late)
    world.report(**MACHINE)
    assert numbers() == [2]
    assert "Version 1 was begun at" in pages()[0]


def test_a_later_page_names_the_earlier_ones_with_their_hashes(world: World) -> None:
    world.report()
    [item] = Evidence(world.ledger).items(INCIDENT_ID, Shelf.REPORT)
    world.report(asked="again")
    assert item.sha256 in pages()[1]
    assert "report/0001" in pages()[1]
    assert "was begun at" not in pages()[1]


def test_pages_of_before_numbers_were_taken_count_and_are_told_of(world: World) -> None:
    for sha256 in ("0a" * 8, "f9" * 8):
        Timeline(world.ledger).record(
            INCIDENT_ID, f"reported:{sha256}", at=NOON, by="report", text="Put the report"
        )
    world.report()
    world.report(asked="again")
    assert numbers() == [3, 4]
    assert all("2 pages about this incident came before" in page for page in pages())


NOT_ENDED = "had not come to its end when this page was made"


def test_a_collector_between_two_runs_is_not_called_kept_and_is_at_its_end(world: World) -> None:
    world.pictures.each_run = 1
    assert world.collect().more
    world.report()
    assert NOT_ENDED in pages()[0]
    assert not world.collect().more
    world.report(asked="again")
    assert NOT_ENDED not in pages()[1]


def test_a_run_that_dies_before_it_said_so_has_not_ended_and_the_next_one_says_so(
    world: World,
) -> None:
    whole = Life()
    world.collect(incident=INCIDENT_ID, life=whole)
    other = "inc-20261123-00000000aa"
    Incidents(world.ledger).create(an_incident(id=other), a_finding())
    with pytest.raises(DiedHereError):
        world.collect(incident=other, life=Life(whole.calls - 1))
    assert len(Evidence(world.ledger).items(other)) == 2
    assert Progress(world.ledger).ended(other, 1) == frozenset()
    world.collect(incident=other)
    assert Progress(world.ledger).ended(other, 1) == {"iam.principal"}


def test_what_failed_or_was_sealed_by_an_earlier_version_goes_on_no_more(world: World) -> None:
    world.report()
    assert NOT_ENDED in pages()[0]
    failed = {"Error": "Broken", "Cause": "IAM said no"}
    world.seal(collected=[{"collector_id": "iam.principal", "failure": failed}])
    world.report(asked="again")
    assert NOT_ENDED not in pages()[1]
    assert "Failed:" in pages()[1]
    world.report(asked="of the next run", generation=2)
    assert NOT_ENDED in pages()[2]


def test_a_collector_that_a_version_of_before_did_not_have_is_not_waited_for(world: World) -> None:
    plan = Plan(incident_id=INCIDENT_ID, generation=1, planned_at=NOON)
    assert Incidents(world.ledger).save_plan(plan)
    world.report(now=NOON + timedelta(hours=12))
    assert NOT_ENDED in pages()[0]
    world.report(asked="long after", now=NOON + timedelta(days=90))
    assert NOT_ENDED not in pages()[1]
    assert "nothing was kept" in pages()[1]


def test_one_that_was_cut_off_has_not_come_to_its_end_however_long_ago(world: World) -> None:
    Incidents(world.ledger).save_plan(Plan(incident_id=INCIDENT_ID, generation=1, planned_at=NOON))
    world.pictures.each_run = 1
    assert world.collect().more
    world.report(now=NOON + timedelta(days=90))
    assert NOT_ENDED in pages()[0]


def a_case(world: World, folder: Path) -> Path:
    """Sealed, told of in a page, sealed again, and told of in another."""
    world.collect()
    world.seal()
    world.report()
    world.seal(generation=2)
    world.report(asked="again")
    return download(folder / INCIDENT_ID, INCIDENT_ID)


def said(case: Path, state: str) -> list[str]:
    checks = verify_custody.check(case)
    return [f"{one.subject}: {one.text}" for one in checks if one.state == state]


def test_a_page_that_the_sealed_log_names_is_checked_and_a_later_one_is_noted(
    world: World, tmp_path: Path
) -> None:
    case = a_case(world, tmp_path)
    assert verify_custody.exit_code(verify_custody.check(case)) == verify_custody.HOLDS
    assert [one for one in said(case, verify_custody.OK) if one.startswith("report/0001: ")]
    [later] = [one for one in said(case, verify_custody.NOTE) if "nobody signed it" in one]
    assert later.startswith("report/0002-")


@pytest.mark.parametrize("how", ["changed", "renamed after its change", "gone", "moved"])
def test_a_page_that_is_not_as_the_log_names_it_is_broken(
    world: World, tmp_path: Path, how: str
) -> None:
    case = a_case(world, tmp_path)
    [page] = case.glob("report/0001-*")
    body = page.read_bytes()
    page.unlink()
    if how == "changed":
        page.write_bytes(body.replace(b"not", b"now"))
    elif how == "renamed after its change":
        forged = body.replace(b"not", b"now")
        page.with_name(f"0001-{_sha256(forged)}.html").write_bytes(forged)
    elif how == "moved":
        page.with_name(page.name.replace("0001-", "0007-")).write_bytes(body)
    broken = said(case, verify_custody.BROKEN)
    assert any(one.startswith("report/0001") for one in broken)
    assert verify_custody.exit_code(verify_custody.check(case)) == verify_custody.SOMETHING_BROKEN


def _sha256(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()

"""`responder deadlines` counts from what it is told, and names the field it cannot read."""

import json
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner, Result

from responder_cli.deadlines.command import deadlines
from tests.builders import INCIDENT_ID
from tests.events import EVENTS

app = typer.Typer()
app.command()(deadlines)
FOUND = ("--discovered", "2026-11-23T09:00:00-08:00", "--determined", "2026-11-23T09:00:00-08:00")
COUNTED = ("--residents", "US-CA=1200", "--residents", "US-TX=700", "--residents", "US-NY=40")
NOW = ("--now", "2026-11-25T00:00:00Z")


def run(*arguments: str | Path, columns: int = 240) -> Result:
    environment = {"COLUMNS": str(columns)}
    return CliRunner(env=environment).invoke(app, [str(one) for one in arguments])


def counted(*arguments: str | Path, exits: int = 0) -> dict[str, dict[str, Any]]:
    result = run(*arguments, "--json")
    assert result.exit_code == exits, result.output
    return {clock["clock_id"]: clock for clock in json.loads(result.stdout)}


def test_three_states_in_json() -> None:
    clocks = counted(*FOUND, *COUNTED, *NOW)
    assert {one: clock["due_at"] for one, clock in clocks.items()} == {
        "us-ca-attorney-general": None,
        "us-ca-individuals": "2026-12-24T07:59:59Z",
        "us-ny-attorney-general": "2026-12-24T04:59:59Z",
        "us-ny-consumer-reporting-agencies": "2026-12-24T04:59:59Z",
        "us-ny-department-of-state": "2026-12-24T04:59:59Z",
        "us-ny-individuals": "2026-12-24T04:59:59Z",
        "us-ny-state-police": "2026-12-24T04:59:59Z",
        "us-tx-attorney-general": "2026-12-24T05:59:59Z",
        "us-tx-consumer-reporting-agencies": "2026-12-24T05:59:59Z",  # too few
        "us-tx-individuals": "2027-01-23T05:59:59Z",
    }
    assert clocks["us-ca-individuals"]["citation"] == "Cal. Civ. Code § 1798.82(a)"
    assert clocks["us-ca-individuals"]["standing"] == "confirmed"
    assert clocks["us-ca-individuals"]["why"]
    assert "incident_id" not in clocks["us-ca-individuals"]


def test_the_file_that_counsel_sends_to_the_function_is_read_as_it_is(tmp_path: Path) -> None:
    clocks = counted("--facts", EVENTS / "steps/record.json", *NOW)
    assert clocks["us-tx-attorney-general"]["due_at"] == "2026-12-25T05:59:59Z"
    told = tmp_path / "facts.yaml"
    told.write_text(
        f"incident_id: {INCIDENT_ID}\nby: counsel@example.com\n"
        "discovered_at: 2026-11-23T09:00:00-08:00\nresidents: {US-CA: 1200}\n"
    )
    assert counted("--facts", told, *NOW)["us-ca-individuals"]["due_at"] == "2026-12-24T07:59:59Z"


def test_an_option_comes_before_the_file() -> None:
    clocks = counted("--facts", EVENTS / "steps/record.json", "--residents", "US-CA=5", *NOW)
    assert clocks["us-ca-attorney-general"]["state"] == "not-owed"
    assert clocks["us-ca-attorney-general"]["ended_by"] == "count"
    assert clocks["us-ny-individuals"]["standing"] == "confirmed"  # the file counted them


def test_places_that_were_named_are_counted_beside_those_with_a_number() -> None:
    named = ("--jurisdiction", "US-NY,US-TX")
    clocks = counted(*FOUND, "--residents", "US-CA=1200", *named, *NOW)
    assert len(clocks) == 10
    assert clocks["us-ca-individuals"]["standing"] == "confirmed"
    assert clocks["us-ny-individuals"]["standing"] == "provisional"
    assert clocks["us-tx-consumer-reporting-agencies"]["state"] == "running"


def test_a_place_whose_law_we_do_not_hold_is_counted_as_such() -> None:
    assert "jp-unlisted" in counted(*FOUND, "--residents", "JP=3", *NOW)


def test_without_a_count_every_state_is_counted_or_those_given() -> None:
    every = {clock["jurisdiction"] for clock in counted(*FOUND, *NOW).values()}
    assert len(every) == 54
    assert len(counted(*FOUND, "--jurisdiction", "US-CA", *NOW)) == 2


def test_letters_give_the_attorney_general_a_date() -> None:
    sent = ("--notices-sent", "2026-12-18T10:00:00-08:00", "--now", "2026-12-18T20:00:00-08:00")
    clock = counted(*FOUND, *COUNTED, *sent)["us-ca-attorney-general"]
    assert (clock["due_at"], clock["act_by"]) == ("2027-01-03T07:59:59Z", "2026-12-31")


def test_a_missed_deadline_is_told_by_the_exit_code() -> None:
    late = ("--now", "2027-03-01T00:00:00Z")
    assert counted(*FOUND, *COUNTED, *late, exits=1)["us-ca-individuals"]["state"] == "missed"
    result = run(*FOUND, *COUNTED, *late)
    assert result.exit_code == 1
    assert "7 missed, and still owed." in result.stdout


def test_the_table_shows_who_when_and_where_it_is_written() -> None:
    result = run(*FOUND, *COUNTED, *NOW)
    assert result.exit_code == 0
    for text in (
        "California, individuals",
        "Wed 2026-12-23  29 days",
        "Cal. Civ. Code § 1798.82(a)",
        "waits for: the first notice to individuals",
        "own target, confirmed, not owed, by count",
        "Not legal advice",
        "last read on 2026-11-23",
    ):
        assert text in result.stdout


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ((), "field discovered_at"),
        (("--discovered", "2026-11-23"), "field discovered_at: a time with its offset"),
        (("--discovered", "soon"), "field discovered_at: a time with its offset"),
        (("--discovered", "2030-01-01T00:00:00Z"), "field discovered_at: lies in the future"),
        ((*FOUND, "--residents", "US-CA"), "--residents US-CA: a place and a number"),
        ((*FOUND, "--residents", "US-CA=-1"), "--residents US-CA=-1"),
        ((*FOUND, "--residents", "US-CA=²"), "--residents US-CA=²"),
        ((*FOUND, "--residents", "Texas=1"), "field residents.Texas"),
        ((*FOUND, "--residents", "CA=1200"), "field residents.CA: write US-CA for the state"),
        ((*FOUND, "--residents", "US-ZZ=1"), "field residents.US-ZZ: no state or territory"),
        ((*FOUND, "--residents", "ZZ=1"), "field residents.ZZ: no country has this code"),
        ((*FOUND, "--jurisdiction", "US-ZZ"), "--jurisdiction US-ZZ: no state or territory"),
        (("--facts", "/nowhere.json"), "/nowhere.json: No such file"),
    ],
)
def test_what_cannot_be_read_is_named_and_nothing_is_shown(
    arguments: tuple[str, ...], named: str
) -> None:
    result = run(*arguments, *NOW, "--json")
    assert result.exit_code == 2
    assert result.stdout == ""
    assert named in result.stderr


def test_a_time_that_cannot_be_read_names_its_option() -> None:
    for wrong in ("now", "2026-11-24T00:00:00"):
        result = run(*FOUND, "--now", wrong)
        assert result.exit_code == 2
        assert f"--now {wrong}: a time with its offset" in result.stderr


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("[", "facts.yaml: "),
        ("[1]", "not an object"),
        ("discovered_at: 2026-11-23T09:00:00Z\nsurprise: 1", "field surprise: there is no such"),
        ("x" * 70_000, "larger than"),
        ("\udcff", "not UTF-8"),
    ],
)
def test_a_file_that_cannot_be_read_is_named(text: str, named: str, tmp_path: Path) -> None:
    path = tmp_path / "facts.yaml"
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    result = run("--facts", path, *NOW)
    assert result.exit_code == 2
    assert named in result.stderr


def test_hostile_text_of_a_file_reaches_no_terminal(tmp_path: Path) -> None:
    path = tmp_path / "facts.json"
    why = "\x1b[2J[red]x[/red]\x07\u202e"
    path.write_text(
        json.dumps(
            {
                "discovered_at": "2026-11-23T09:00:00-08:00",
                "residents": {"US-CA": 5},
                "not_owed": {"clock_id": "us-ca-individuals", "why": why},
                f"{why}": 1,
            }
        )
    )
    result = run("--facts", path, *NOW)
    assert result.exit_code == 2
    assert not {"\x1b", "\x07", "\u202e"} & set(result.stderr)


def test_the_proof_and_the_reason_of_an_answer_are_shown(tmp_path: Path) -> None:
    told = tmp_path / "facts.yaml"
    told.write_text(
        "fulfilled: {clock_id: us-ca-individuals, at: 2026-11-24T00:00:00Z, how: receipt 4711}\n"
        "waived: {clock_id: us-tx-individuals, why: the memo of counsel}\n"
    )
    clocks = counted("--facts", told, *FOUND, *COUNTED, *NOW)
    assert clocks["us-ca-individuals"]["ended_how"] == "receipt 4711"
    assert clocks["us-tx-individuals"]["state"] == "waived"
    shown = run("--facts", told, *FOUND, *COUNTED, *NOW).stdout
    assert "receipt 4711" in shown
    assert "the memo of counsel" in shown

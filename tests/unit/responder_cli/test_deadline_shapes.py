"""What `responder deadlines` writes beside a table, where, and what it refuses to write."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import typer
from icalendar import Calendar
from typer.testing import CliRunner, Result

from responder_cli.deadlines.command import deadlines
from tests.builders import INCIDENT_ID
from tests.contracts import CONTRACT

app = typer.Typer()
app.command()(deadlines)
# Golden case 1 of the law data: three states, letters sent on 18 December.
G01 = (
    "--discovered=2026-11-23T09:00:00-08:00",
    "--determined=2026-11-23T09:00:00-08:00",
    "--notices-sent=2026-12-18T09:00:00-08:00",
    "--residents=US-CA=1200,US-TX=700, US-NY=40",
    "--elements=name,ssn",
    "--jurisdiction=US-CA,US-TX,US-NY",
)
NOW = "--now=2026-12-18T20:00:00-08:00"


def run(*arguments: str | Path) -> Result:
    return CliRunner(env={"COLUMNS": "80"}).invoke(app, [str(one) for one in arguments])


def events(data: bytes | str) -> dict[str, Any]:
    found = Calendar.from_ical(data)
    return {str(one["uid"]).partition(".")[0]: one for one in found.walk("VEVENT")}


def test_a_calendar_of_the_golden_case_has_its_dates() -> None:
    result = run(*G01, NOW, "--ics", "--incident", INCIDENT_ID)
    assert result.exit_code == 0
    assert result.stderr == ""
    found = events(result.stdout_bytes)
    dates = {
        "us-ca-individuals": date(2026, 12, 23),
        "us-ca-attorney-general": date(2026, 12, 31),
        "us-tx-individuals": date(2027, 1, 22),
        "us-ny-state-police": date(2026, 12, 18),
    }
    assert {name: found[name].decoded("dtstart") for name in dates} == dates


def test_what_has_no_date_yet_is_told_beside_the_calendar() -> None:
    unsent = [one for one in G01 if "sent" not in one]
    result = run(*unsent, NOW, "--ics", "--incident", INCIDENT_ID)
    assert "us-ca-attorney-general" not in events(result.stdout_bytes)
    assert "California Attorney General waits for: the first notice" in result.stderr


def test_the_events_of_a_breach_without_an_incident_are_its_own() -> None:
    first = run(*G01, NOW, "--ics")
    assert "--incident" in first.stderr
    other = run(*G01[1:], "--discovered=2026-11-22T09:00:00-08:00", NOW, "--ics")
    later = run(*G01, "--now=2026-12-18T21:00:00-08:00", "--ics")
    uids = [{str(e["uid"]) for e in events(r.stdout_bytes).values()} for r in (first, other, later)]
    assert uids[0] == uids[2]
    assert not uids[0] & uids[1]


def test_the_incident_of_the_file_names_the_events(tmp_path: Path) -> None:
    facts = tmp_path / "facts.yaml"
    facts.write_text(f"incident_id: {INCIDENT_ID}\nby: counsel@example.com\n")
    result = run("--facts", facts, *G01, NOW, "--ics")
    assert INCIDENT_ID in str(events(result.stdout_bytes)["us-ca-individuals"]["uid"])


@pytest.mark.parametrize("shape", ["ics", "html", "json"])
def test_a_file_holds_what_the_terminal_would_have(shape: str, tmp_path: Path) -> None:
    out = tmp_path / f"deadlines.{shape}"
    shown = run(*G01, NOW, f"--{shape}", "--incident", INCIDENT_ID)
    written = run(*G01, NOW, f"--{shape}", "--incident", INCIDENT_ID, "--out", out)
    assert written.exit_code == 0
    assert written.stdout == ""
    assert f"wrote {out}" in written.stderr
    assert out.read_bytes() == shown.stdout_bytes
    again = run(*G01, NOW, f"--{shape}", "--incident", INCIDENT_ID, "--out", out)
    assert again.exit_code == 0
    assert out.read_bytes() == shown.stdout_bytes


def test_the_page_is_of_the_facts_that_were_given() -> None:
    text = run(*G01, NOW, "--html", "--incident", INCIDENT_ID).stdout
    assert text.startswith("<!doctype html>")
    for part in (INCIDENT_ID, "US-CA: 1,200; US-TX: 700; US-NY: 40", "name, ssn", "2026-12-31"):
        assert part in text


def test_only_places_that_were_counted_or_named_are_shown_and_that_is_said() -> None:
    counted = ("--discovered=2026-11-23T09:00:00-08:00", "--residents=US-CA=1200", NOW)
    table = " ".join(run(*counted, "--short").stdout.split())
    assert "Only the places where people were counted" in table
    assert "Texas, individuals" not in table
    assert "Texas, individuals" in run(*counted, "--short", "--all").stdout
    assert "Texas, individuals" in run(*counted, "--short", "--jurisdiction=US-TX").stdout
    assert "Only the places" in run(*counted, "--ics").stderr
    assert "Only the places" in run(*counted, "--html").stdout


def test_where_nobody_was_counted_every_state_is_shown() -> None:
    table = run("--discovered=2026-11-23T09:00:00-08:00", NOW, "--short").stdout
    assert "Texas, individuals" in table
    assert "Guam, individuals" in table
    assert "Only the places" not in table


def test_a_contract_of_our_own_is_tried_before_it_is_deployed(tmp_path: Path) -> None:
    own = tmp_path / "insurer.yaml"
    own.write_text(CONTRACT, encoding="utf-8")
    told = ("--discovered=2026-11-23T09:00:00-08:00", "--residents=US-CA=5", NOW)
    clocks = json.loads(run(*told, f"--own={own}", "--json").stdout)
    [ours] = [clock for clock in clocks if clock["clock_id"] == "own-insurer-notice"]
    assert (ours["kind"], ours["due_at"]) == ("contract", "2026-11-26T17:00:00Z")
    own.write_text(CONTRACT.replace("citation", "zitation"), encoding="utf-8")
    wrong = run(*told, f"--own={own}")
    assert wrong.exit_code == 2
    assert "insurer.yaml, field citation" in wrong.stderr


def test_programs_read_the_most_urgent_first() -> None:
    late = run(*G01, "--now=2026-12-20T00:00:00Z", "--json")
    assert late.exit_code == 1
    states = [clock["state"] for clock in json.loads(late.stdout)]
    order = ["missed", "running", "waiting", "fulfilled", "not-owed"]
    assert states == sorted(states, key=order.index)


def test_kinds_of_data_are_given_one_by_one_or_with_commas() -> None:
    clocks = json.loads(run(*G01, NOW, "--elements=passport", "--json").stdout)
    [one] = [clock for clock in clocks if clock["clock_id"] == "us-ca-individuals"]
    assert any("passport" in why and "ssn" in why for why in one["why"])


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (("--elements=dna",), "field elements.2"),
        (("--residents=US-CA=-5",), "--residents US-CA=-5"),
        (("--residents=US-TX=1",), "US-TX is counted twice"),
        (("--residents=US-WA=1,,",), "--residents : a place and a number"),
        (("--discovered=2026-11-23T09:00:00",), "field discovered_at: a time with its offset"),
        (("--incident=../x",), "--incident ../x: an id like inc-"),
        (("--html", "--ics"), "--html: not together with --ics"),
        (("--out=x.ics",), "--out x.ics: say what is written"),
        (("--ics", "--out=/nowhere/x.ics"), "--out /nowhere/x.ics: No such file"),
    ],
)
def test_what_is_wrong_is_named_and_nothing_is_written(
    arguments: tuple[str, ...], named: str
) -> None:
    result = run(*G01, NOW, *arguments)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert named in result.stderr

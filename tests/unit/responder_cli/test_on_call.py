"""Who is on call, as people and programs are told; what is wrong in a file, by line and field."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from responder_cli.app import app

ROTA = """
people:
  ana: {name: Ana Ruiz, email: ana@example.com}
  ben: {name: Ben Okafor, phone: "+14155550101"}
  dee: {name: Dee Marsh, email: dee@example.com}
levels:
  - name: primary
    answer_within_minutes: 10
    turns:
      - people: [ana, ben]
        first_day: 2026-11-30
        hand_over: "09:00"
        time_zone: America/Los_Angeles
  - name: manager
    turns:
      - {people: [dee], first_day: 2026-11-30, time_zone: America/New_York}
overrides:
  - level: primary
    person: ben
    from: 2026-12-24T18:00
    to: 2026-12-25T18:00
    time_zone: America/Los_Angeles
    because: swapped with Ana
"""
AT = ("--at", "2026-12-24T19:00:00-08:00")


def run(folder: Path, text: str, *words: str) -> Result:
    path = folder / "on-call.yaml"
    path.write_text(text, encoding="utf-8")
    return CliRunner().invoke(app, ["on-call", str(path), *words])


def told(folder: Path, text: str = ROTA, *words: str) -> dict[str, Any]:
    result = run(folder, text, "--json", *AT, *words)
    assert result.exit_code == 0, result.output
    found: dict[str, Any] = json.loads(result.stdout)
    return found


def test_programs_are_told_who_is_called_in_order_and_who_is_next(tmp_path: Path) -> None:
    found = told(tmp_path)
    primary, manager = found["levels"]
    assert (primary["name"], primary["answer_within_minutes"]) == ("primary", 10)
    assert [(one["name"], one["because"]) for one in primary["shifts"]] == [
        ("Ben Okafor", "swapped with Ana"),
        ("Ana Ruiz", ""),
    ]
    assert primary["shifts"][1]["begins_at"] == "2026-12-28T17:00:00+00:00"
    assert [one["person"] for one in manager["shifts"]] == ["dee"]
    assert (found["wrong"], found["listed"]) == ([], [])


def test_every_shift_is_listed_if_asked_for(tmp_path: Path) -> None:
    found = told(tmp_path, ROTA, "--days", "5")
    assert [(one["person"], one["begins_at"][:16]) for one in found["listed"]] == [
        ("ben", "2026-12-25T03:00"),
        ("ben", "2026-12-26T02:00"),
        ("ana", "2026-12-28T17:00"),
        ("dee", "2026-12-25T03:00"),
    ]


def test_people_read_it_on_their_own_clock(tmp_path: Path) -> None:
    result = run(tmp_path, ROTA, *AT, "--zone", "America/Los_Angeles")
    assert result.exit_code == 0
    words = " ".join(result.stdout.split())
    assert "On call (America/Los_Angeles)" in words
    assert "Ben Okafor" in words
    assert "Mon 2026-12-28" in words
    assert "Nothing is wrong in the 366 days that follow." in words


def test_a_gap_is_shown_and_is_the_exit_status(tmp_path: Path) -> None:
    away = "".join(
        f"\n  - {{person: {one}, first_day: 2027-01-01, last_day: 2027-01-01}}"
        for one in ("ana", "ben")
    )
    result = run(tmp_path, f"{ROTA}absences:{away}\n", *AT)
    assert result.exit_code == 1
    assert "wrong: primary: nobody from 2027-01-01 08:00 to 2027-01-02 08:00 UTC" in result.stdout
    then = run(tmp_path, f"{ROTA}absences:{away}\n", "--at", "2027-01-01T12:00:00-08:00")
    assert "NOBODY" in then.stdout


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('hand_over: "09:00"', "hand_over: 10:30", 'turns.0.hand_over: put a time into quotes'),
        ("America/New_York", "Mars/Olympus", "line 16, field levels.1.turns.0.time_zone"),
        ("America/New_York", "localtime", "line 16, field levels.1.turns.0.time_zone"),
        ("because: swapped", "level: manager", "the key level stands there twice"),
        ("[ana, ben]", "[ana, bob]", "bob is not among the people"),
        ("name: manager", "name: primary", "two levels are called primary"),
        ("level: primary", "level: second", "an override is of the level second"),
        (', phone: "+14155550101"', "", "line 4, field people.ben: has neither email nor phone"),
        ("+14155550101", "555", "line 4, field people.ben.phone"),
        ("to: 2026-12-25T18:00", "to: 2026-12-24T18:00", "ends before it begins"),
        ("from: 2026-12-24T18:00", "from: 2026-12-24T18:00:00Z", "give local time, without a zone"),
        ("Ben Okafor", "Ben \u202eOkafor", "has characters that are not seen"),
        ("people: [ana, ben]", "people: []", "line 10, field levels.0.turns.0.people"),
        ("because: swapped", "reason: swapped", "line 18, field overrides.0.because: Field"),
        ("levels:", "levels: [", "line"),
    ],
)  # fmt: skip
def test_what_is_wrong_in_the_file_is_told_by_line_and_field(
    tmp_path: Path, old: str, new: str, says: str
) -> None:
    assert old in ROTA
    result = run(tmp_path, ROTA.replace(old, new, 1))
    assert result.exit_code == 2
    assert result.stderr.startswith("error: ")
    assert "on-call.yaml" in result.stderr
    assert says in result.stderr


@pytest.mark.parametrize(
    "words", [("--zone", "Nowhere"), ("--at", "2026-12-24T19:00:00"), ("--at", "noon")]
)
def test_what_is_wrong_in_the_words_names_them(tmp_path: Path, words: tuple[str, str]) -> None:
    result = run(tmp_path, ROTA, *words)
    assert result.exit_code == 2
    assert words[0] in result.stderr
    assert words[1] in result.stderr


def test_a_file_that_is_not_there_is_named() -> None:
    result = CliRunner().invoke(app, ["on-call", "nowhere.yaml"])
    assert (result.exit_code, "nowhere.yaml" in result.stderr) == (2, True)


AWAY = """absences:
  - {{person: ana, first_day: {first}, last_day: {last}}}
"""


@pytest.mark.parametrize(
    ("first", "last"), [("2026-12-01", "9999-12-31"), ("0001-01-01", "2026-12-01")]
)
def test_days_that_no_calendar_goes_beyond_are_refused_with_their_field(
    tmp_path: Path, first: str, last: str
) -> None:
    """An absence without an end is written so; to add a day to it has no answer."""
    result = run(tmp_path, ROTA + AWAY.format(first=first, last=last), *AT)
    assert result.exit_code == 2
    assert "field absences.0." in result.stderr
    assert "give a day of the years 1970 to 2199" in result.stderr


@pytest.mark.parametrize(
    ("at", "says"),
    [
        ("9999-12-01T00:00:00Z", "no rota goes on until then"),
        ("0001-01-01T00:00:00+14:00", "a time with its offset is wanted"),
    ],
)
def test_a_time_that_no_rota_reaches_is_refused(tmp_path: Path, at: str, says: str) -> None:
    result = run(tmp_path, ROTA, "--at", at)
    assert result.exit_code == 2
    assert f"--at {at}: {says}" in result.stderr

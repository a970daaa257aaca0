"""`responder laws` counts what is held, and says what must be read again."""

import json
from datetime import UTC, date, datetime, timedelta

import pytest
import typer
from typer.testing import CliRunner, Result

from responder.regimes import BY_JURISDICTION, REGIMES
from responder.regimes.words import sentence
from responder_cli.laws import laws, summary

app = typer.Typer()
app.command()(laws)
NOW = datetime(2026, 11, 30, tzinfo=UTC)
CALIFORNIA = BY_JURISDICTION["US-CA"]


def run(*arguments: str, columns: int = 80) -> Result:
    return CliRunner(env={"COLUMNS": str(columns)}).invoke(app, list(arguments))


def test_everything_held_is_counted() -> None:
    told = summary(REGIMES, now=NOW)
    assert told["jurisdictions"] == len(REGIMES)
    assert told["rules"] == sum(len(one.rules) for one in REGIMES)
    assert told["sources_unread"] == sum(not s.read for one in REGIMES for s in one.sources)
    assert told["citations"] >= told["jurisdictions"]


def test_entries_nobody_read_for_half_a_year_and_unsure_ones_are_named() -> None:
    old = CALIFORNIA.model_copy(
        update={"jurisdiction": "US-AA", "verified_on": date(2026, 1, 1), "confidence": "low"}
    )
    unsure = CALIFORNIA.model_copy(update={"jurisdiction": "US-BB", "confidence": "medium"})
    told = summary([old, unsure, CALIFORNIA], now=NOW)
    assert told["stale"] == ["US-AA"]
    assert told["low_confidence"] == ["US-AA"]
    assert told["medium_confidence"] == ["US-BB"]


def test_what_is_stale_depends_on_the_day_and_is_told_by_the_exit_code() -> None:
    fresh = min(one.verified_on for one in REGIMES if one.verified_on)
    soon, late = fresh + timedelta(days=1), fresh + timedelta(days=200)
    assert run("--now", f"{soon}T00:00:00Z").exit_code == 0
    result = run("--now", f"{late}T00:00:00Z")
    assert result.exit_code == 1
    assert "US-CA" in result.stdout
    assert "stale" in result.stdout


def test_the_table_has_every_jurisdiction_and_fits_80_columns() -> None:
    result = run("--now", "2026-11-30T00:00:00Z")
    lines = result.stdout.splitlines()
    assert max(map(len, lines)) <= 80
    for regime in REGIMES:
        assert any(line.startswith(regime.jurisdiction) for line in lines)
    assert result.stdout.count("egal advice") == 1


def test_one_entry_is_shown_whole() -> None:
    result = run("US-CA", "--now", "2026-11-30T00:00:00Z", columns=1000)
    assert result.exit_code == 0
    for rule in CALIFORNIA.rules:
        assert rule.id in result.stdout
        assert sentence(rule) in result.stdout
        assert rule.citation in result.stdout
        if rule.min_affected > 1:
            assert f"Min affected: {rule.min_affected}" in result.stdout
    for source in CALIFORNIA.sources:
        assert source.url in result.stdout
    for note in CALIFORNIA.notes:
        assert note in result.stdout
    unread = sum(not source.read for source in CALIFORNIA.sources)
    assert result.stdout.count("UNREAD") == unread
    assert CALIFORNIA.basis in result.stdout


def test_an_address_is_never_broken_over_lines() -> None:
    text = run("US-CA", "--now", "2026-11-30T00:00:00Z").stdout
    for source in CALIFORNIA.sources:
        assert source.url in text


def test_programs_get_json() -> None:
    every = json.loads(run("--json", "--now", "2026-11-30T00:00:00Z").stdout)
    assert every == summary(REGIMES, now=NOW)
    one = json.loads(run("US-CA", "--json", "--now", "2026-11-30T00:00:00Z").stdout)
    assert [rule["id"] for rule in one["rules"]] == [rule.id for rule in CALIFORNIA.rules]


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (("US-ZZ",), "US-ZZ: its law is not in this release"),
        (("ca\x1b[2J",), "its law is not in this release"),
        (("--now", "2026-11-30"), "--now 2026-11-30: a time with its offset"),
    ],
)
def test_what_cannot_be_answered_is_named(arguments: tuple[str, ...], named: str) -> None:
    result = run(*arguments)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert named in result.stderr
    assert "\x1b" not in result.stderr

"""`responder register`, run by the on-call engineer against the deployed stack."""

import csv
import io
import json
from collections.abc import Iterator

import pytest

from responder_cli.drill.counsel import NAME, Counsel
from tests.workflow.nights import Night, a_night

FORMULA = '=HYPERLINK("https://attacker.example.com","click")'


@pytest.fixture(scope="module")
def quiet() -> Iterator[Night]:
    """An incident of which counsel said that nobody need be told."""
    with a_night(Mode="monitor", Jurisdictions="US-CA,US-NY") as night:
        night.send("GuardDuty Finding")
        night.ends()
        [incident] = night.watch.incidents()
        open_clocks = [clock.clock_id for clock in night.watch.clocks.all(incident.id)]
        Counsel(night.cloud, night.stacks, incident.id).record(
            not_owed=[{"clock_id": one, "why": FORMULA} for one in open_clocks]
        )
        yield night


@pytest.mark.prove
def test_a_breach_that_nobody_was_told_of_stands_in_it_in_each_form(
    quiet: Night, monkeypatch: pytest.MonkeyPatch
) -> None:
    [incident] = quiet.watch.incidents()
    as_json = quiet.types(monkeypatch, "register", "--json")
    assert as_json.exit_code == 0, as_json.output
    [row] = json.loads(as_json.stdout)
    assert row["incident_id"] == incident.id
    assert row["decided_by"] == [NAME]
    assert len(row["not_notified"]) == len(quiet.watch.clocks.all(incident.id))
    assert row["still_open"] == []
    table = quiet.types(monkeypatch, "register")
    assert table.exit_code == 0
    assert "Register of breaches" in table.stdout


def test_no_cell_of_the_csv_begins_a_formula(quiet: Night, monkeypatch: pytest.MonkeyPatch) -> None:
    result = quiet.types(monkeypatch, "register", "--csv")
    assert result.exit_code == 0
    head, *rows = list(csv.reader(io.StringIO(result.stdout)))
    assert head[0] == "incident_id"
    assert len(rows) == 1
    assert len(rows[0]) == len(head)
    assert all(cell[:1] not in "=+-@" or not cell for row in rows for cell in row)
    assert any(FORMULA in cell for cell in rows[0])


def test_both_forms_at_once_and_a_stack_that_is_not_there_are_refused(
    quiet: Night, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert quiet.types(monkeypatch, "register", "--csv", "--json").exit_code == 2
    assert quiet.types(monkeypatch, "register", "--stack", "another").exit_code == 2

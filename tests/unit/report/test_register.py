"""Every breach has its row, with what was decided, by whom, and why nobody was told."""

from datetime import date, timedelta
from typing import Any

from responder.aws.ledger import Ledger
from responder.aws.receipts import Receipts
from responder.domain.disposition import disposed
from responder.domain.facts import Fact, Facts, standing
from responder.domain.incident import IncidentStatus
from responder.domain.statement import Statement
from responder.regimes import REGIMES
from responder.regimes.assess import assess
from responder.report.register import row
from responder.report.register_row import Row
from responder.steps.register import KEEPING, MOST_ROWS, RegisterRequest, register
from tests.builders import INCIDENT_ID, NOON, a_closing, a_finding, an_incident
from tests.unit.steps.counsel import BY, Office, after, fulfilled

FOUND = "2026-11-23T03:00:00-08:00"
HERE = ("US-CA", "US-NY")


def a_row(*said: dict[str, Any], **given: Any) -> Row:
    facts = standing(
        Facts(incident_id=INCIDENT_ID, earliest_at=NOON, jurisdictions=HERE),
        [
            Fact(incident_id=INCIDENT_ID, by=BY, at=NOON, said=Statement.model_validate(one))
            for one in said
        ],
    )
    clocks = [disposed(clock, facts) for clock in assess(facts, REGIMES, now=NOON)]
    return row(
        an_incident(**given),
        findings=[a_finding()],
        facts=facts,
        clocks=clocks,
        receipts=[],
        keeping=KEEPING,
    )


def test_what_nobody_recorded_is_unknown_and_never_no() -> None:
    unknown = a_row()
    assert unknown.people == {"US-CA": None, "US-NY": None}
    assert (unknown.data, unknown.encrypted, unknown.determined_at) == (None, None, None)
    assert unknown.discovered_at == NOON
    assert unknown.discovered_by is None
    assert "Nobody counted who was affected. Nobody recorded which data." in unknown.effects
    assert (unknown.notified, unknown.not_notified, unknown.decided_by) == ((), (), ())
    assert len(unknown.still_open) == 7


def test_a_breach_nobody_was_told_of_says_who_decided_that_and_why() -> None:
    told = a_row(
        {
            "discovered_at": FOUND,
            "determined_at": FOUND,
            "residents": {"US-CA": 3, "US-NY": 0},
            "elements": ["name", "email"],
            "encrypted": True,
            "not_owed": {"clock_id": "us-ca-individuals", "why": "no data that the law lists"},
            "waived": {"clock_id": "us-ny-attorney-general", "why": "memo 7"},
        },
        status=IncidentStatus.CLOSED,
        closed=a_closing(),
    )
    over = a_closing()
    assert (told.status, told.closed_at, told.closed_by, told.closed_because) == (
        "closed",
        over.at,
        over.by,
        over.why,
    )
    assert told.people == {"US-CA": 3, "US-NY": 0}
    assert told.data == ("name", "email")
    assert told.decided_by == (BY,)
    [mine] = [one for one in told.not_notified if one.startswith("California, individuals")]
    assert mine.endswith(f"{BY}: no data that the law lists")
    assert any("Not owed at the number of people" in one for one in told.not_notified)
    assert told.notified == ()


def test_who_was_told_stands_with_the_instant_the_person_and_the_proof() -> None:
    told = a_row({"fulfilled": fulfilled("us-ca-individuals", at=NOON)})
    assert told.notified == (
        f"California, individuals: told 2026-11-23 12:00:00 UTC, {BY}: portal receipt 4711",
    )


def test_a_row_is_kept_for_two_years_and_no_harm_for_as_long_as_its_law_says() -> None:
    sure = {"discovered_at": FOUND, "determined_at": FOUND}
    assert a_row(sure).keep_until == date(2028, 11, 23)
    california = {"not_owed": {"clock_id": "us-ca-individuals", "why": "no harm is likely"}}
    assert a_row(sure, california).keep_until == date(2028, 11, 23)  # its law names no number
    new_york = {"not_owed": {"clock_id": "us-ny-individuals", "why": "no harm is likely"}}
    assert a_row(sure, new_york).keep_until == date(2031, 11, 23)
    leap = a_row(opened_at=NOON.replace(year=2028, month=2, day=29))
    assert leap.keep_until == date(2030, 2, 28)
    decided = {"jurisdictions": ["US-NY", "US-FL"], "harm": "unlikely", "how": "memo 7"}
    unlikely = {"harm": decided | {"determined_at": FOUND}, "residents": {"US-FL": 5}}
    assert a_row(sure, unlikely).keep_until == date(2031, 11, 23)


def test_no_incident_is_left_out_however_many_there_are(ledger: Ledger) -> None:
    office = Office(ledger, jurisdictions=("US-CA",))
    names = [f"inc-20261123-{number:010x}" for number in range(MOST_ROWS + 3)]
    for name in names:
        office.open(name)
    records, receipts = office.records(), Receipts(ledger)
    first = register(RegisterRequest(), records=records, receipts=receipts)
    assert [one.incident_id for one in first.rows] == names[:MOST_ROWS]
    rest = register(RegisterRequest(after=first.after), records=records, receipts=receipts)
    assert [one.incident_id for one in rest.rows] == names[MOST_ROWS:]
    assert rest.after is None


def test_the_row_is_of_what_the_table_holds(ledger: Ledger) -> None:
    office = Office(ledger, jurisdictions=("US-CA",))
    office.open()
    office.assess()
    office.record(
        after(days=1), waived={"clock_id": "us-ca-individuals", "why": "a target of our own"}
    )
    [told] = register(RegisterRequest(), records=office.records(), receipts=Receipts(ledger)).rows
    assert [one.partition(":")[0] for one in told.not_notified] == ["California, individuals"]
    assert told.not_notified[0].endswith("a target of our own")
    assert told.opened_at - NOON < timedelta(days=1)

"""The fifteen golden cases: facts as people record them, and the dates that must follow.

Worked out by hand, and by another program, from the rules alone. Holidays in these months: 11 and
26 November, 25 December 2026; 1 and 18 January, 15 February 2027. 23 November 2026 is a Monday; the
Friday after Thanksgiving counts as a business day, which is earlier.
"""

from dataclasses import dataclass, field
from datetime import date, datetime
from zoneinfo import ZoneInfo

from responder.domain.clock import Clock, ClockKind, ClockState
from responder.regimes.exposure import CALIFORNIA, exposure
from responder.regimes.requests import dates, rights
from tests.unit.regimes.saying import clocks_of, facts_of, there

NOT_OWED = "not required"
OWED = "required"
NO_NUMBER = "no number in the law"
NO_DATE = "no date yet"
NO_RULE = "no such rule"
_FOUND = {"discovered_at": there("2026-11-23"), "determined_at": there("2026-11-23")}


@dataclass(frozen=True)
class Case:
    """What people recorded, and what each clock must say: a date, an instant in UTC, or a word."""

    title: str
    told: dict[str, object]
    expected: dict[str, str] = field(default_factory=dict)
    act_by: dict[str, str] = field(default_factory=dict)
    given: dict[str, object] = field(default_factory=dict)


def _letters(day: str) -> dict[str, object]:
    return {"notices_sent_at": there(day)}


CASES: dict[str, list[Case]] = {
    "G01": [
        Case(
            "three states, letters on 18 December",
            {
                "discovered_at": there("2026-11-23", "09:00"),
                "determined_at": there("2026-11-23", "09:00"),
                "elements": ["name", "ssn"],
                "residents": {"US-CA": 1200, "US-TX": 700, "US-NY": 40},
            }
            | _letters("2026-12-18"),
            {
                "us-ca-individuals": "2026-12-23",
                "us-ca-attorney-general": "2027-01-02",
                "us-ca-consumer-reporting-agencies": NO_RULE,
                "us-tx-attorney-general": "2026-12-23",
                "us-tx-individuals": "2027-01-22",
                "us-tx-consumer-reporting-agencies": NOT_OWED,  # 1,940 persons
                "us-ny-individuals": "2026-12-23",
                "us-ny-attorney-general": "2026-12-18",
                "us-ny-department-of-state": "2026-12-18",
                "us-ny-state-police": "2026-12-18",
                "us-ny-department-of-financial-services": NO_RULE,  # nobody said that we are one
                "us-ny-consumer-reporting-agencies": NOT_OWED,
            },
            {"us-ca-attorney-general": "2026-12-31"},
        ),
        Case(
            "letters not sent yet",
            _FOUND | {"residents": {"US-CA": 1200, "US-NY": 40}},
            {"us-ca-attorney-general": NO_DATE, "us-ny-attorney-general": "2026-12-23"},
        ),
        Case(
            "letters on the last day",
            _FOUND | {"residents": {"US-CA": 1200}} | _letters("2026-12-23"),
            {"us-ca-attorney-general": "2027-01-07"},
        ),
    ],
    "G02": [
        Case(
            "at the edge of each threshold",
            _FOUND
            | {
                "residents": {
                    "US-CA": 500,
                    "US-CO": 500,
                    "US-WA": 500,
                    "US-DC": 50,
                    "US-UT": 1000,
                    "US-OH": 1000,
                    "US-WI": 1000,
                    "US-MD": 1000,
                    "US-TX": 249,
                }
            },
            {
                "us-ca-attorney-general": NOT_OWED,
                "us-co-attorney-general": "2026-12-23",
                "us-co-individuals": "2026-12-23",
                "us-wa-attorney-general": NOT_OWED,
                "us-wa-individuals": "2026-12-23",
                "us-dc-attorney-general": OWED,
                "us-ut-consumer-reporting-agencies": OWED,
                "us-oh-consumer-reporting-agencies": NOT_OWED,
                "us-wi-consumer-reporting-agencies": OWED,
                "us-md-consumer-reporting-agencies": OWED,
                "us-tx-attorney-general": NOT_OWED,
            },
        )
    ],
    "G03": [
        Case(
            "Vermont over Thanksgiving",
            _FOUND | {"residents": {"US-VT": 3}} | _letters("2026-12-21"),
            {
                "us-vt-attorney-general-or-dfr-preliminary": "2026-12-14",
                "us-vt-individuals": "2027-01-07",
                "us-vt-attorney-general-or-dfr": "2026-12-21",
                "us-vt-consumer-reporting-agencies": NOT_OWED,
            },
        )
    ],
    "G04": [
        Case(
            "Iowa over Christmas",
            _FOUND | {"residents": {"US-IA": 501}} | _letters("2026-12-22"),
            {
                "us-ia-individuals": NO_NUMBER,
                "us-ia-attorney-general": "2026-12-30",
                "us-ia-consumer-reporting-agencies": NO_RULE,
            },
        )
    ],
    "G05": [
        Case(
            "Louisiana, chained, and it must have arrived",
            _FOUND | {"residents": {"US-LA": 1}} | _letters("2027-01-20"),
            {
                "us-la-individuals": "2027-01-22",
                "us-la-attorney-general": "2027-01-30",
                "us-la-consumer-reporting-agencies": NO_RULE,
            },
            {"us-la-attorney-general": "2027-01-29"},
        )
    ],
    "G06": [
        Case(
            "Oklahoma counts from the letters",
            _FOUND | {"residents": {"US-OK": 500}} | _letters("2026-12-10"),
            {"us-ok-individuals": NO_NUMBER, "us-ok-attorney-general": "2027-02-08"},
        ),
        Case(
            "one resident fewer",
            _FOUND | {"residents": {"US-OK": 499}} | _letters("2026-12-10"),
            {"us-ok-attorney-general": NOT_OWED},
        ),
    ],
    "G07": [
        Case(
            "the regulator before the individuals",
            _FOUND
            | {"residents": {"US-MD": 10, "US-NJ": 10, "US-NH": 10}}
            | _letters("2026-12-15"),
            {
                "us-md-individuals": "2027-01-07",
                "us-md-attorney-general": "2026-12-14",
                "us-nj-state-police": "2026-12-14",
                "us-nh-primary-regulator-or-attorney-general": "2026-12-14",
            },
        ),
        Case(
            "the same, while the letters are only planned",
            _FOUND
            | {
                "residents": {"US-MD": 10, "US-NJ": 10, "US-NH": 10},
                "notices_planned_at": there("2026-12-15"),
            },
            {
                "us-md-attorney-general": "2026-12-14",
                "us-nj-state-police": "2026-12-14",
                "us-nh-primary-regulator-or-attorney-general": "2026-12-14",
            },
        ),
    ],
    "G08": [
        Case(
            "Puerto Rico, ten days that nobody may extend",
            {
                "discovered_at": there("2026-12-24"),
                "determined_at": there("2026-12-24"),
                "residents": {"US-PR": 1},
            },
            {"us-pr-consumer-affairs": "2027-01-03", "us-pr-individuals": NO_NUMBER},
            {"us-pr-consumer-affairs": "2026-12-31"},
        )
    ],
    "G09": [
        Case(
            "Minnesota, 48 hours to the bureaus",
            {
                "discovered_at": "2026-12-01T16:00:00-06:00",
                "threshold_known_at": "2026-12-01T16:00:00-06:00",
                "residents": {"US-MN": 501},
            },
            {
                "us-mn-consumer-reporting-agencies": "2026-12-03T22:00:00+00:00",
                "us-mn-attorney-general": NO_RULE,
                "us-mn-individuals": NO_NUMBER,
            },
        )
    ],
    "G10": [
        Case(
            "a determination eight days after the discovery",
            {
                "discovered_at": there("2026-11-23"),
                "reason_to_believe_at": there("2026-11-23"),
                "determined_at": there("2026-12-01"),
                "residents": {
                    "US-AL": 1001,
                    "US-AZ": 1001,
                    "US-DE": 501,
                    "US-FL": 500,
                    "US-SD": 251,
                    "US-CT": 1,
                },
            },
            {
                "us-al-individuals": "2027-01-15",
                "us-az-individuals": "2027-01-15",
                "us-de-individuals": "2027-01-30",
                "us-fl-individuals": "2026-12-23",
                "us-sd-individuals": "2027-01-22",
                "us-ct-individuals": "2027-01-22",
                "us-al-attorney-general": "2027-01-15",
                "us-az-attorney-general": "2027-01-15",
                "us-az-homeland-security": "2027-01-15",
                "us-fl-department-of-legal-affairs": "2026-12-23",
                "us-de-attorney-general": "2027-01-30",
                "us-sd-consumer-reporting-agencies": OWED,
            },
        )
    ],
    "G11": [
        Case(
            "72 hours over a weekend",
            {"discovered_at": "2026-11-27T18:30:00+01:00", "residents": {"DE": 1}},
            {"eu-gdpr-supervisory-authority": "2026-11-30T17:30:00+00:00"},
        ),
        Case(
            "72 hours into summer time",
            {"discovered_at": "2027-03-26T10:00:00+01:00", "residents": {"FR": 1}},
            {"eu-gdpr-supervisory-authority": "2027-03-29T09:00:00+00:00"},
        ),
    ],
    "G12": [
        Case(
            "material on a Tuesday",
            {
                "discovered_at": there("2026-11-23"),
                "material_at": there("2026-11-24", zone="America/New_York"),
                "conditions": {"exchange_act_registrant": True},
            },
            {"us-sec-8k-item-105": "2026-12-01"},
        ),
        Case(
            "material on a Saturday",
            {
                "discovered_at": there("2026-11-23"),
                "material_at": there("2026-11-28", zone="America/New_York"),
                "conditions": {"exchange_act_registrant": True},
            },
            {"us-sec-8k-item-105": "2026-12-03"},
        ),
    ],
    "G14": [
        Case(
            "HIPAA for 499, and the FTC for 500",
            {
                "discovered_at": there("2026-11-23", zone="America/New_York"),
                "residents": {"US-HIPAA": 499, "US-FTC-SAFEGUARDS": 500},
                "conditions": {"hipaa_covered_entity": True, "ftc_financial_institution": True},
            },
            {
                "us-hipaa-individuals": "2027-01-22",
                "us-hipaa-hhs-small": "2027-03-01",
                "us-hipaa-hhs-large": NOT_OWED,
                "us-ftc-safeguards-ftc": "2026-12-23",
            },
        ),
        Case(
            "HIPAA for 500",
            {
                "discovered_at": there("2026-11-23", zone="America/New_York"),
                "residents": {"US-HIPAA": 500},
                "conditions": {"hipaa_covered_entity": True},
            },
            {"us-hipaa-hhs-large": "2027-01-22", "us-hipaa-hhs-small": NOT_OWED},
        ),
    ],
}


@dataclass(frozen=True)
class Row:
    """One line of the golden table."""

    case: str
    what: str
    wanted: str
    found: str


def rows() -> list[Row]:
    """Every expectation of every case beside what the engine says, in the order of the cases."""
    made = [row for name, cases in CASES.items() for case in cases for row in _of(name, case)]
    return sorted([*made, *_requests(), *_damages()], key=lambda row: row.case)


def _of(name: str, case: Case) -> list[Row]:
    clocks = clocks_of(facts_of(case.told, **{"jurisdictions": (), **case.given}))
    made = [
        Row(name, clock_id, wanted, _told(clocks.get(clock_id), wanted))
        for clock_id, wanted in case.expected.items()
    ]
    return made + [
        Row(name, f"{clock_id}, act by", day, str(clocks[clock_id].act_by))
        for clock_id, day in case.act_by.items()
    ]


def _told(clock: Clock | None, wanted: str) -> str:
    """What a clock says, in the terms in which the case asks."""
    if clock is None:
        return NO_RULE
    if clock.state is ClockState.NOT_OWED:
        return NOT_OWED
    if wanted == OWED:
        return OWED
    if clock.due_at is None:
        return NO_DATE
    if clock.kind is ClockKind.POLICY:
        return NO_NUMBER
    if "T" in wanted:
        return clock.due_at.isoformat()
    return clock.due_at.astimezone(ZoneInfo(clock.time_zone)).date().isoformat()


def _requests() -> list[Row]:
    """G13: requests received on 23 November 2026."""
    law = rights("us-ca")
    received = datetime.fromisoformat(there("2026-11-23"))
    made = []
    for name in ("know-categories", "know-specific-pieces", "delete", "correct"):
        plain = dates(law.right(name), law, received_at=received)
        longer = dates(law.right(name), law, received_at=received, extended=True)
        made += [
            Row("G13", f"{name}, confirm", "2026-12-08", str(plain.confirm_by)),
            Row("G13", f"{name}, respond", "2027-01-07", str(plain.respond_by)),
            Row("G13", f"{name}, extended", "2027-02-21", str(longer.respond_by)),
            Row("G13", f"{name}, extended, act by", "2027-02-19", str(longer.act_by)),
            Row("G13", f"{name}, told of it by", "2027-01-07", str(longer.extension_told_by)),
            Row("G13", f"{name}, kept until", "2028-11-23", str(plain.keep_until)),
        ]
    for name in ("opt-out", "limit"):
        plain = dates(law.right(name), law, received_at=received)
        made.append(Row("G13", name, "2026-12-15", str(plain.respond_by)))
    return made


def _damages() -> list[Row]:
    """G15: 1,200 consumers of California."""
    least, most = exposure(CALIFORNIA, 1200, on=date(2026, 11, 23))
    return [
        Row("G15", "least, US dollars", "128400", str(least)),
        Row("G15", "most, US dollars", "958800", str(most)),
    ]

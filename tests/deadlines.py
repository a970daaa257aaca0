"""One clock of every kind that a person may be shown, as counsel would see them in the middle."""

from datetime import UTC, date, datetime

from responder.domain.clock import Anchor, Clock, ClockKind, ClockState, Standing
from tests.builders import NOON, a_clock

NOW = datetime(2026, 12, 20, tzinfo=UTC)


def every_kind() -> list[Clock]:
    """In no order: missed, running in four ways, waiting, fulfilled and not owed."""
    return [
        a_clock(
            "us-tx-agencies",
            jurisdiction_name="Texas",
            recipient_name="consumer reporting agencies",
            kind=ClockKind.POLICY,
            state=ClockState.NOT_OWED,
            ended_at=NOW,
            ended_by="count",
        ),
        a_clock(
            "us-ca-letters",
            recipient_name="consumers with an account",
            state=ClockState.FULFILLED,
            ended_at=datetime(2026, 12, 18, 17, tzinfo=UTC),
            ended_by="counsel@example.com",
        ),
        a_clock(
            "us-tx-attorney-general",
            jurisdiction_name="Texas",
            recipient_name="Attorney General",
            state=ClockState.WAITING,
            anchor=Anchor(name="individual_notice_sent"),
            due_at=None,
            act_by=None,
        ),
        a_clock(
            "us-ga-individuals",
            jurisdiction_name="Georgia",
            kind=ClockKind.POLICY,
            due_at=datetime(2026, 12, 24, 4, 59, 59, tzinfo=UTC),
            time_zone="America/New_York",
        ),
        a_clock(
            "us-ca-attorney-general",
            recipient_name="Attorney General",
            standing=Standing.CONFIRMED,
            anchor=Anchor(name="individual_notice_sent", at=datetime(2026, 12, 18, 17, tzinfo=UTC)),
            due_at=datetime(2027, 1, 3, 7, 59, 59, tzinfo=UTC),
            act_by=date(2026, 12, 31),
        ),
        a_clock(),
        a_clock(
            "eu-authority",
            jurisdiction="EU",
            jurisdiction_name="European Union",
            recipient_name="supervisory authority",
            due_at=datetime(2026, 12, 27, 17, 30, tzinfo=UTC),
            act_by=date(2026, 12, 25),
            time_zone="Europe/Berlin",
        ),
        a_clock(
            "us-ny-state-police",
            jurisdiction_name="New York",
            recipient_name="State Police",
            standing=Standing.CONFIRMED,
            state=ClockState.MISSED,
            anchor=Anchor(name="individual_notice_sent", at=NOON),
            due_at=datetime(2026, 12, 19, 4, 59, 59, tzinfo=UTC),
            act_by=date(2026, 12, 18),
            time_zone="America/New_York",
        ),
    ]


BY_URGENCY = (
    "us-ny-state-police",  # missed
    "us-ca-individuals",  # law before our own target of the same day
    "us-ga-individuals",
    "eu-authority",
    "us-ca-attorney-general",
    "us-tx-attorney-general",  # waits
    "us-ca-letters",
    "us-tx-agencies",
)

"""The five weeks after: counsel determines and notifies, reminders come, and one date is missed."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from localcloud.cloud import Cloud
from responder.domain.clock import Clock, ClockState, Standing
from responder.report.summary import name_of
from responder.report.wording import counted, day, plain
from responder_cli.drill.counsel import NAME, Counsel
from responder_cli.drill.stage import Stage
from responder_cli.drill.watch import Watch
from responder_cli.drill.world import RESIDENTS

# Counsel determines a breach on day 2, and sends every notice but one on day 20. Nobody sends the
# one to California's Attorney General, which falls due 15 days later: a drill shows that, too.
_DETERMINED, _NOTICES, _END = timedelta(days=2), timedelta(days=20), timedelta(days=36)
_HOUR = timedelta(hours=1)
_FORGOTTEN = "us-ca-attorney-general"

_TOO_FEW = {"us-ny-consumer-reporting-agencies", "us-tx-consumer-reporting-agencies"}
_DAYS = {  # days, where, and what they are counted from
    "us-ca-individuals": (30, "America/Los_Angeles", timedelta()),
    "us-ny-individuals": (30, "America/New_York", timedelta()),
    "us-tx-individuals": (60, "America/Chicago", _DETERMINED),
    "us-tx-attorney-general": (30, "America/Chicago", _DETERMINED),
}


@dataclass(frozen=True)
class Deadlines:
    """The legal clocks of one incident, from the first finding at `found_at` on."""

    cloud: Cloud
    watch: Watch
    stage: Stage
    counsel: Counsel
    found_at: datetime

    def pass_by(self) -> None:
        """Let five weeks pass, and check what the clocks said meanwhile."""
        provisional = self._tell_clocks({})
        self.stage.check(
            "Every clock names its law, and counts from the first finding until counsel knows",
            {c.jurisdiction for c in provisional.values()} == set(RESIDENTS)
            and all(c.citation and c.standing is Standing.PROVISIONAL for c in provisional.values())
            and all(
                c.anchor.assumed and c.anchor.at is not None and c.anchor.at <= self.found_at
                for c in provisional.values()
                if c.state is ClockState.RUNNING
            ),
            f"{counted(len(provisional), 'clock')} of {', '.join(sorted(RESIDENTS))}",
        )
        self._determine(provisional)
        self._notify()
        self._forget()
        self._who_reminded()

    def _determine(self, provisional: Mapping[str, Clock]) -> None:
        self._until(_DETERMINED)
        self.counsel.record(
            discovered_at=self.found_at.isoformat(),
            determined_at=self.cloud.now().isoformat(),
            residents=RESIDENTS,
            because="determined by the forensic report, and not by the first finding",
        )
        told = ", ".join(f"{number} in {place}" for place, number in RESIDENTS.items())
        self.stage.tell(NAME, f"determines a breach of residents' data: {told}", "person")
        clocks = self._tell_clocks(provisional)
        running = [c for c in clocks.values() if c.state is ClockState.RUNNING]
        not_owed = {c.clock_id for c in clocks.values() if c.state is ClockState.NOT_OWED}
        self.stage.check(
            "What counsel records confirms what is owed, and ends what is not",
            bool(running)
            and all(c.standing is Standing.CONFIRMED for c in running)
            and not_owed == _TOO_FEW,
            ", ".join(f"{c.clock_id} {c.state.value}" for c in clocks.values()),
        )
        due = {
            clock_id: day(clock.due_at, clock.time_zone)
            for clock_id, clock in clocks.items()
            if clock_id in _DAYS and clock.due_at is not None
        }
        self.stage.check(
            "The dates are those that a calendar gives",
            due == {clock_id: self._by_hand(clock_id) for clock_id in _DAYS},
            ", ".join(f"{clock_id} {date}" for clock_id, date in due.items()),
        )

    def _notify(self) -> None:
        self._until(_NOTICES)
        at = self.cloud.now().isoformat()
        sent = [
            clock
            for clock in self._clocks()
            if clock.state is ClockState.RUNNING and clock.clock_id != _FORGOTTEN
        ]
        self.counsel.record(
            notices_sent_at=at,
            fulfilled=[
                {"clock_id": clock.clock_id, "at": at, "how": "sent; the receipt is filed"}
                for clock in sent
            ],
        )
        for clock in sent:
            self.stage.tell(NAME, f"sends, and records: {name_of(clock)}", "person")

    def _forget(self) -> None:
        self._until(_END)
        pages = [p for p in self.cloud.published if p.at > self.found_at + _NOTICES]
        escalated = [
            p
            for p in pages
            if p.topic_arn == self.counsel.stacks.responder.resources["EscalationTopic"]
        ]
        ended = {clock.clock_id: clock for clock in self._clocks()}
        forgotten = ended.pop(_FORGOTTEN, None)
        self.stage.check(
            "The one that was forgotten is reminded, escalated, and then called missed",
            forgotten is not None
            and forgotten.state is ClockState.MISSED
            and len(pages) > len(escalated) > 0,
            f"{counted(len(pages), 'page')} after the notices, {len(escalated)} to the escalation"
            f" topic; {forgotten.state.value if forgotten else 'no such clock'}",
        )
        done = (ClockState.FULFILLED, ClockState.NOT_OWED)
        self.stage.check(
            "Every other clock was ended by a recorded fact",
            bool(ended) and all(c.state in done and c.ended_by for c in ended.values()),
            ", ".join(f"{c.clock_id} {c.state.value}" for c in ended.values()),
        )

    def _who_reminded(self) -> None:
        """The tracker and the sweep would each hide that the other is dead."""
        names = {function.arn: function.logical_id for function in self.cloud.registry.functions}
        quiet = self.counsel.stacks.responder.resources["QuietTopic"]
        pages = [
            names.get(call.function or "", "nobody")
            for call in self.cloud.calls
            if call.operation == "Publish"
            and call.params["TopicArn"] != quiet
            and call.at > self.found_at + _NOTICES + _HOUR
        ]
        sweeps = sum(run.logical_id == "SweepFunction" for run in self.cloud.invocations)
        hours = (self.cloud.now() - self.found_at) // _HOUR
        self.stage.check(
            "The tracker reminds to the minute, and the sweep looks every hour all the same",
            bool(pages) and set(pages) == {"TickFunction"} and sweeps >= hours,
            f"{len(pages)} pages by {', '.join(sorted(set(pages)))}; {sweeps} sweeps"
            f" in {hours} hours",
        )

    def _by_hand(self, clock_id: str) -> str:
        """The date there, so many days after the discovery or the determination."""
        days, zone, after = _DAYS[clock_id]
        counted_from = (self.found_at + after).astimezone(ZoneInfo(zone)).date()
        return (counted_from + timedelta(days=days)).isoformat()

    def _until(self, day_of_incident: timedelta) -> None:
        self.watch.advance(max(self.found_at + day_of_incident - self.cloud.now(), timedelta()))

    def _clocks(self) -> list[Clock]:
        return self.watch.clocks.all(self.counsel.incident_id)

    def _tell_clocks(self, before: Mapping[str, Clock]) -> dict[str, Clock]:
        """Tell each clock that is new, or stands otherwise than before. All of them, by id."""
        clocks = {clock.clock_id: clock for clock in self._clocks()}
        for clock_id, clock in clocks.items():
            was = before.get(clock_id)
            if was is None or (was.due_at, was.state) != (clock.due_at, clock.state):
                due = f"due {day(clock.due_at, clock.time_zone)}, " if clock.due_at else ""
                state = plain(clock.state.value)
                self.stage.tell("clock", f"{name_of(clock)}: {due}{state}; {clock.citation}")
        return clocks

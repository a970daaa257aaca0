"""Turn a finding into an incident, or let it join one, and start the response to it.

Everything about a finding is written in one transaction, so a run that dies leaves all of it or
nothing. What can be missing after that is the start of the response; the next delivery of the
finding starts it. A repeat, or a copy by another feed, changes nothing but the finding's record.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from pydantic import ConfigDict

from responder.aws import correlations as seats
from responder.aws import generations as runs
from responder.aws import ledger as table
from responder.aws import notices as decisions
from responder.aws import opener as opening
from responder.aws import receipts as proof
from responder.aws import rule_store
from responder.aws import timeline as events
from responder.aws.correlations import Claim, Correlations, Held, Recorded, Seat
from responder.aws.generations import Generations
from responder.aws.incidents import FINDING, INCIDENT, Incidents
from responder.aws.ledger import Item, Write, incident_pk
from responder.aws.notices import Notices
from responder.aws.opener import Opener
from responder.aws.receipts import Receipts
from responder.aws.rule_store import RuleStore
from responder.aws.timeline import Timeline
from responder.domain.closing import is_news
from responder.domain.correlation import (
    grown,
    keys_of,
    new_incident_id,
    supersedes,
)
from responder.domain.custom_action import ONLY_SAID, proposal
from responder.domain.decision import Disposition, Mode, decide, only_recorded, wanted
from responder.domain.errors import Broken, ResponderError, Unavailable
from responder.domain.escaping import one_line
from responder.domain.finding import Finding, Request, short_key
from responder.domain.finding_words import FEEDS, told
from responder.domain.incident import Incident, IncidentStatus, TimelineEvent
from responder.domain.model import Model
from responder.domain.order import About
from responder.domain.policy import Policy
from responder.domain.protection import ProtectList
from responder.domain.standing import Standing, standings
from responder.domain.widening import wider
from responder.report.wording import in_utc

PERMISSIONS = (
    table.PERMISSIONS
    | seats.PERMISSIONS
    | events.PERMISSIONS
    | rule_store.PERMISSIONS
    | proof.PERMISSIONS
    | runs.PERMISSIONS
    | decisions.PERMISSIONS
    | opening.PERMISSIONS
)
WINDOW = timedelta(hours=24)
_TRIES = 8
# A window that moved by less is not written again: findings come in bursts, and each would fight
# for the same item.
_SLIDES_BY = timedelta(hours=1)
_ASKS = frozenset({Request.CONTAIN, Request.PRESERVE})
_LATE = (
    "It was told of once more after this was closed, and it tells nothing that was not known then. "
    "It is recorded here, and nobody is paged."
)
_MOST_FOLLOWED = 5  # earlier incidents that a new one names


class Taken(StrEnum):
    """What became of a finding."""

    OPENED = "opened"
    JOINED = "joined"
    REPEATED = "repeated"
    RECORDED = "recorded"


class Outcome(Model):
    """What became of a finding, and where."""

    model_config = ConfigDict(frozen=True)

    taken: Taken
    incident_id: str | None = None
    generation: int | None = None


def policy_or_none(store: RuleStore, *, tell: Callable[[str], object]) -> Policy | None:
    """The policy, or None with word to the owner. Taking findings in never waits for a policy."""
    try:
        return store.policy()
    except ResponderError as error:
        tell(f"every finding opens an incident until this is mended: {error}")
        return None


@dataclass(frozen=True)
class Intake:
    """What every finding of one invocation is taken in with.

    `policy` is None when it cannot be read: then every finding opens an incident, because not
    knowing that it is harmless is no reason to keep it from people.
    """

    incidents: Incidents
    correlations: Correlations
    receipts: Receipts
    timeline: Timeline
    generations: Generations
    notices: Notices
    opener: Opener
    policy: Policy | None
    mode: Mode = "monitor"
    drill: bool = False
    window: timedelta = WINDOW

    def take(self, finding: Finding, *, now: datetime) -> Outcome:
        """Take in one finding. May run again, at the same time as others, and in any order."""
        for _ in range(_TRIES):
            outcome = self._try(finding, now)
            if outcome is None:
                continue
            if outcome.incident_id is None:
                return outcome
            # Read after the write, as whoever closes it reads again after theirs: so at least one
            # of us sees the other, and a finding that joined while it was closed is not lost.
            at = self._incident(outcome.incident_id).body
            if at.closed is None:
                self.generations.start(at, now)
                self._wake(at.id, now)
                return outcome
            if not self._is_news(finding, at):
                return outcome
        raise Unavailable(f"the incident of {finding.key} is being written by others")

    def _wake(self, incident_id: str, now: datetime) -> None:
        """What was told quietly may have become what people are paged for."""
        told = self.notices.get(incident_id)
        if told is not None and not told.loud:
            self.opener.look_again(incident_id, now=now)

    def _try(self, finding: Finding, now: datetime) -> Outcome | None:
        """One attempt; None if another writer was first."""
        why_not = only_recorded(finding, drill=self.drill)
        seat = self.correlations.seat(finding.key)
        if seat is not None:
            at = self._incident(seat.body.incident_id)
            if at.body.closed is None or not self._is_news(finding, at.body):
                return self._again(finding, at, why_not, now)
        if why_not is not None:
            return self._record(finding, why_not, now)
        claims = {key: self.correlations.claim(key) for key in keys_of(finding)}
        joined = self._joined(claims, now)
        if joined is None and not self._opens(finding):
            return self._record(finding, "The policy only records such findings.", now)
        return self._seat(finding, seat, joined, claims, now)

    def _again(
        self, finding: Finding, at: "_At", why_not: str | None, now: datetime
    ) -> Outcome | None:
        """A finding that has its seat: a repeat, an update, or a copy by another feed."""
        incident, stored = at.body, self._stored(finding, at.body)
        done = Outcome(
            taken=Taken.REPEATED, incident_id=incident.id, generation=incident.generation
        )
        if finding.request in ONLY_SAID:
            self._note(finding, incident, proposal(finding, incident.id), now)
            return done
        if why_not is not None:
            # Archiving is what an attacker with the rights to would do: it stops nothing here.
            if not finding.own_write_back and not finding.replayed:
                self._note(finding, incident, f"The finding was sent again: {why_not}", now)
            return done
        if finding.requested_action is not None:
            asked = one_line(finding.requested_action, 60)
            self._note(finding, incident, f"A person sent this finding here: {asked}.", now)
        finding = _with_request(finding, stored.body)
        if finding == stored.body:
            return done
        pk = incident_pk(incident.id)
        writes = [Write(pk, FINDING + finding.key, finding, seen=stored.item)]
        if incident.closed is not None:
            key = f"after-closing:{short_key(finding.key)}:{finding.updated_at:%Y%m%dT%H%M%S}"
            by = FEEDS[finding.source]
            writes.append(_event(incident.id, f"{key}:{finding.source}", now, _LATE, by=by))
            return done if self.incidents.ledger.together(writes) else None
        before = self.incidents.findings(incident.id)
        after = [f for f in before if f.key != finding.key] + [finding]
        larger, growing = self._grown(
            at, before, after, self._stopped(finding, incident, new=False), now
        )
        writes += growing
        claims = {key: self.correlations.claim(key) for key in keys_of(finding)}
        writes += self._claiming(claims, incident.id, now)
        if not self.incidents.ledger.together(writes):
            return None
        return done.model_copy(update={"generation": larger.generation})

    def _seat(
        self,
        finding: Finding,
        seat: Held[Seat] | None,
        joined: "_At | None",
        claims: dict[str, Held[Claim] | None],
        now: datetime,
    ) -> Outcome | None:
        """Open an incident with the finding, or let it join one."""
        follows = list[str]()
        if joined is None:
            follows = self._earlier(seat, claims)
            incident = self._new(finding, follows, now)
            writes = [Write(incident_pk(incident.id), INCIDENT, incident)]
        else:
            before = self.incidents.findings(joined.body.id)
            again = self._stopped(finding, joined.body, new=True)
            incident, writes = self._grown(joined, before, [*before, finding], again, now)
        pk = incident_pk(incident.id)
        joins = "" if joined is None else " It joins this incident."
        joins += "".join(f" {self._followed(one)}" for one in follows)
        related = self._related(claims, incident.id, now)
        writes += [
            Write(pk, FINDING + finding.key, finding),
            self.correlations.seating(finding.key, Seat(incident_id=incident.id), seat),
            *self._claiming(claims, incident.id, now),
            _event(
                incident.id,
                f"found:{short_key(finding.key)}",
                now,
                f"{FEEDS[finding.source]} reported {told(finding)}.{joins}{related}",
                by=FEEDS[finding.source],
            ),
        ]
        if not self.incidents.ledger.together(writes):
            return None
        return Outcome(
            taken=Taken.OPENED if joined is None else Taken.JOINED,
            incident_id=incident.id,
            generation=incident.generation,
        )

    def _grown(
        self,
        at: "_At",
        before: Sequence[Finding],
        after: Sequence[Finding],
        again: set[About],
        now: datetime,
    ) -> tuple[Incident, list[Write]]:
        """The incident with what its findings add, and the writes for that, if any."""
        incident = grown(at.body, before, after, self._opens, self._wants, again)
        if incident == at.body:
            return incident, []
        writes = [Write(at.item.pk, at.item.sk, incident, seen=at.item)]
        if incident.generation > at.body.generation:
            text = "A finding asks for more than is being done: the response runs again for that."
            writes.append(_event(incident.id, f"generation:{incident.generation}", now, text))
        return incident, writes

    def _stopped(self, finding: Finding, incident: Incident, *, new: bool) -> set[About]:
        """What the finding asks for that was ordered, and is not done as things stand.

        An order that monitor mode held, when the mode is respond; and what a person released, when
        the finding is new: an update of one that they knew is no reason to ask them again.
        """
        wants = self._wants([finding])
        if not wants:
            return set()
        stands = standings(self.incidents.orders(incident.id), self.receipts.all(incident.id))
        return {
            about
            for about, so_far in stands.items()
            if about in wants
            and ((so_far.last.held and self.mode == "respond") or (new and so_far.is_given_back))
        } | self._returned(finding, stands)

    def _returned(self, finding: Finding, stands: Mapping[About, Standing]) -> set[About]:
        """What was contained, and was seen since: a wider cut is then asked about."""
        policy = self.policy or Policy()
        decision = decide(finding, policy, ProtectList(), "respond", drill=self.drill)
        return {
            proposal.about
            for proposal in decision.proposals
            if wider(proposal, finding.last_seen_at, stands, guarded=policy.guarded) is not None
        }

    def _earlier(
        self, seat: Held[Seat] | None, claims: Mapping[str, Held[Claim] | None]
    ) -> list[str]:
        """The incidents that held the same before: closed by now, or their window is."""
        had = [] if seat is None else [seat.body.incident_id]
        had += [held.body.incident_id for held in claims.values() if held is not None]
        return list(dict.fromkeys(had))[:_MOST_FOLLOWED]

    def _followed(self, incident_id: str) -> str:
        closed = self._incident(incident_id).body.closed
        if closed is None:
            return f"It follows {incident_id}, which is still open."
        by, why = one_line(closed.by, 200), one_line(closed.why, 200)
        return f"It follows {incident_id}, which {by} closed at {in_utc(closed.at)}: {why}"

    def _new(self, finding: Finding, follows: Sequence[str], now: datetime) -> Incident:
        return Incident(
            id=new_incident_id(finding.key, now),
            title=one_line(finding.title, 160) or one_line(finding.type, 160) or "Without a title",
            severity=finding.severity,
            account=finding.account,
            region=finding.region,
            drill=self.drill,
            opened_at=now,
            first_seen_at=finding.first_seen_at,
            follows=tuple(follows),
        )

    def _joined(self, claims: dict[str, Held[Claim] | None], now: datetime) -> "_At | None":
        """The open incident of the surest key that has one."""
        for held in claims.values():
            if held is not None and held.body.until > now:
                at = self._incident(held.body.incident_id)
                if at.body.status is IncidentStatus.OPEN:
                    return at
        return None

    def _claiming(
        self, claims: dict[str, Held[Claim] | None], incident_id: str, now: datetime
    ) -> list[Write]:
        """Claim what is free, and slide the window of what we have. Others' claims stay theirs."""
        until = now + self.window
        writes = []
        for key, held in claims.items():
            if held is not None and held.body.until > now:
                ours = held.body.incident_id == incident_id
                # The claim of a closed incident is free.
                if not ours and self._is_open(held.body.incident_id):
                    continue
                if ours and held.body.until + _SLIDES_BY > until:
                    continue
            claim = Claim(incident_id=incident_id, until=until)
            if held is not None:
                claim = held.body.passed_on(incident_id, until)
            writes.append(self.correlations.claiming(key, claim, held))
        return writes

    def _related(
        self, claims: dict[str, Held[Claim] | None], incident_id: str, now: datetime
    ) -> str:
        others = {
            held.body.incident_id
            for held in claims.values()
            if held is not None and held.body.until > now
        } - {incident_id}
        shown = ", ".join(sorted(other for other in others if self._is_open(other)))
        return f" It also names what {shown} answers for." if shown else ""

    def _record(self, finding: Finding, reason: str, now: datetime) -> Outcome:
        self.correlations.record(Recorded(finding=finding, reason=reason, recorded_at=now))
        return Outcome(taken=Taken.RECORDED)

    def _note(self, finding: Finding, incident: Incident, text: str, now: datetime) -> None:
        key = f"sent-again:{short_key(finding.key)}:{finding.updated_at:%Y%m%dT%H%M%S}"
        by = FEEDS[finding.source]
        self.timeline.record(incident.id, f"{key}:{finding.source}", at=now, by=by, text=text)

    def _opens(self, finding: Finding) -> bool:
        if self.policy is None:
            return True
        # Neither the protect list nor the mode changes whether a finding is recorded.
        decision = decide(finding, self.policy, ProtectList(), "monitor", drill=self.drill)
        return decision.disposition is not Disposition.RECORD

    def _wants(self, findings: Sequence[Finding]) -> dict[About, int]:
        return wanted(findings, self.policy, drill=self.drill) if self.policy else {}

    def _is_open(self, incident_id: str) -> bool:
        return self._incident(incident_id).body.status is IncidentStatus.OPEN

    def _is_news(self, finding: Finding, incident: Incident) -> bool:
        """Whether a finding that an incident holds, and that was closed, opens one that follows.

        What the rule of closing says is, and so is what asks for more than any finding did; and
        whatever a person sends to have it cut or kept.
        """
        if only_recorded(finding, drill=self.drill) is not None or incident.closed is None:
            return False
        if finding.request in _ASKS or is_news(finding, incident.closed):
            return True
        before = self.incidents.findings(incident.id)
        after = [f for f in before if f.key != finding.key] + [finding]
        larger = grown(incident, before, after, self._opens, self._wants)
        return larger.generation > incident.generation

    def _incident(self, incident_id: str) -> "_At":
        item = self.incidents.item(incident_id)
        if item is None:
            raise Broken(f"{incident_id} has findings, and is not there itself")
        return _At(item, Incident.model_validate_json(item.body))

    def _stored(self, finding: Finding, incident: Incident) -> Held[Finding]:
        item = self.incidents.ledger.get(incident_pk(incident.id), FINDING + finding.key)
        if item is None:
            raise Broken(f"{incident.id} has a seat for {finding.key}, and not the finding")
        return Held(item, Finding.model_validate_json(item.body))


def _with_request(finding: Finding, stored: Finding) -> Finding:
    """The version that tells more, with what a person asked for about either.

    To preserve only is asked of what nothing else reports: it holds back no cut of the policy.
    """
    known = finding if supersedes(finding, stored) else stored
    asked = {finding.request, stored.request}
    request = None
    if Request.CONTAIN in asked:
        request = Request.CONTAIN
    elif asked == {Request.PRESERVE}:
        request = Request.PRESERVE
    return known.model_copy(update={"request": request})


@dataclass(frozen=True)
class _At:
    item: Item
    body: Incident


def _event(incident_id: str, key: str, at: datetime, text: str, by: str = "intake") -> Write:
    event = TimelineEvent(incident_id=incident_id, key=key, at=at, by=by, text=text)
    return Write(incident_pk(incident_id), events.PREFIX + key, event)

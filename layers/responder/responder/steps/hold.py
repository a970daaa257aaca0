"""Hold everything of an incident that is in the vault, by a person or for one who asked before.

Holding is ours: every version on record, and each hour what was put since. Lifting is not: the
vault lets nobody but counsel's own role set a hold OFF. `responder hold --lift` does that with the
person's credentials, and this function only looks, says which versions still are held, and
records the end once none is. Copies of disks are snapshots with a lock of their own and are not
touched. Pages of before they were put on record one by one are not known here.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Self

from pydantic import Field, model_validator

from responder.aws import evidence as kept
from responder.aws import holds as holding
from responder.aws import ledger as table
from responder.aws import timeline as events
from responder.aws.evidence import Evidence, Shelf
from responder.aws.holds import Holds, Stored, VersionHolds
from responder.aws.incidents import Incidents
from responder.aws.timeline import Timeline
from responder.domain.custody import HELD, HOLD_LIFTED
from responder.domain.errors import Broken, Refused, ResponderError, Unavailable
from responder.domain.escaping import OneLine, one_line
from responder.domain.evidence import EvidenceItem, Pointer, pointer
from responder.domain.hold import Hold, Said, Word
from responder.domain.identifiers import IncidentId
from responder.domain.model import Model

PERMISSIONS = (
    table.PERMISSIONS
    | holding.PERMISSIONS
    | holding.SETTING
    | kept.PERMISSIONS
    | events.PERMISSIONS
)
_ON, _OFF = "ON", "OFF"
_MARGIN = timedelta(seconds=15)  # what the last writes of a run take
_MOST_POINTERS = 100  # 1.5 KB each at most: names and keys


class HoldRequest(Model):
    """What a person sends; or the schedule, which says nothing, and means every incident held.

    An incident without `by` goes on with the hold that stands.
    """

    incident_id: IncidentId | None = None
    by: OneLine | None = None
    reason: OneLine | None = None
    lift: bool = False

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if (self.by is None) != (self.reason is None):
            raise ValueError("by and reason go together")
        if self.incident_id is None and (self.by or self.lift):
            raise ValueError("say which incident")
        if self.lift and self.by is None:
            raise ValueError("say who lifts the hold, and why")
        return self


class HeldIncident(Model):
    """How the hold on one incident stands. `left` are versions this run had no time for."""

    incident_id: str
    in_force: bool
    objects: int
    newly: int = 0
    left: int = 0
    still_held: list[Pointer] = Field(
        default_factory=list
    )  # in the way of lifting it: some of them


class HoldAnswer(Model):
    """How each hold stands."""

    incidents: list[HeldIncident]


def hold(
    request: HoldRequest,
    *,
    incidents: Incidents,
    evidence: Evidence,
    holds: Holds,
    versions: VersionHolds,
    timeline: Timeline,
    read_at: Callable[[], datetime],
    ends_at: datetime,
) -> HoldAnswer:
    """Set holds ON, or see whether they are off. May run again, and may stop in the middle."""
    run = _Run(evidence, holds, versions, timeline, read_at, ends_at - _MARGIN)
    every = holds.held()
    if request.incident_id is not None:
        every = [incidents.get(request.incident_id).id]
        if request.lift:
            return HoldAnswer(incidents=[run.lift(every[0], run.said(Word.LIFT, request))])
        if request.by is not None:
            run.begin(every[0], run.said(Word.HOLD, request))
    answer = HoldAnswer(incidents=[run.hold(one) for one in every])
    run.raise_failures()
    return answer


@dataclass
class _Run:
    """One run of the function. One object that fails does not stop the others."""

    evidence: Evidence
    holds: Holds
    versions: VersionHolds
    timeline: Timeline
    read_at: Callable[[], datetime]
    until: datetime
    failures: list[ResponderError] = field(default_factory=list)

    def said(self, word: Word, request: HoldRequest) -> Said:
        return Said(word=word, by=request.by or "", reason=request.reason or "", at=self.read_at())

    def begin(self, incident_id: str, said: Said) -> None:
        """Put the hold on record first: whoever asks `in_force` from here on is told so."""
        seen = self.holds.stored(incident_id)
        new = Hold(incident_id=incident_id, said=(said,))
        self._save(new if seen is None else seen.hold.asked_for(said), seen)

    def hold(self, incident_id: str) -> HeldIncident:
        """Hold what is not held in this round. What fails is left for the next run, and raised."""
        seen = self.holds.stored(incident_id)
        if seen is None or not seen.hold.in_force:
            return HeldIncident(incident_id=incident_id, in_force=False, objects=0)
        for said in seen.hold.grounds:
            self._tell(HELD, said, incident_id)
        items = self._everything(incident_id)
        waiting = self.holds.unmarked(_ON, seen.hold, items)
        newly = 0
        for item in waiting:
            if self.read_at() >= self.until:
                break
            try:
                self.versions.set_on(item)
            except ResponderError as error:
                self.failures.append(error)
                continue
            self.holds.mark(_ON, seen.hold, item, at=self.read_at())
            newly += 1
        return HeldIncident(
            incident_id=incident_id,
            in_force=True,
            objects=len(items),
            newly=newly,
            left=len(waiting) - newly,
        )

    def lift(self, incident_id: str, said: Said) -> HeldIncident:
        """Look at each version, and record the end of the hold once none is held."""
        seen = self.holds.stored(incident_id)
        if seen is None:
            raise Refused(f"{incident_id} was never held")
        items = self._everything(incident_id)
        unseen = self.holds.unmarked(_OFF, seen.hold, items)
        held: list[Pointer] = []
        looked = 0
        for item in unseen:
            if self.read_at() >= self.until or len(held) == _MOST_POINTERS:
                break
            looked += 1
            if self.versions.is_on(item):
                held.append(pointer(item))
            else:
                self.holds.mark(_OFF, seen.hold, item, at=self.read_at())
        if held or looked < len(unseen):
            return HeldIncident(
                incident_id=incident_id,
                in_force=seen.hold.in_force,
                objects=len(items),
                left=len(unseen) - looked,
                still_held=held,
            )
        after = seen.hold.lifted(said) if seen.hold.in_force else seen.hold
        if after != seen.hold:
            self._save(after, seen)
        self._tell(HOLD_LIFTED, after.said[-1], incident_id)
        return HeldIncident(incident_id=incident_id, in_force=False, objects=len(items))

    def raise_failures(self) -> None:
        if not self.failures:
            return
        again = all(isinstance(error, Unavailable) for error in self.failures)
        said = "; ".join(one_line(str(error), 200) for error in self.failures[:5])
        kind = Unavailable if again else Broken
        raise kind(f"{len(self.failures)} versions could not be held: {said}")

    def _save(self, new: Hold, seen: Stored | None) -> None:
        if not self.holds.save(new, seen):
            raise Unavailable(f"the hold on {new.incident_id} is being written by another")

    def _tell(self, event: str, said: Said, incident_id: str) -> None:
        once = said.at.isoformat()
        self.evidence.append(
            incident_id,
            event,
            incident_id,
            "",
            by=said.by,
            at=said.at,
            detail=said.reason,
            once=once,
        )
        verb = "held for counsel" if event == HELD else "not held any more"
        self.timeline.record(
            incident_id,
            f"{event.replace(' ', '-')}:{once}",
            at=said.at,
            by=said.by,
            text=f"What the vault has of it is {verb}: {said.reason}",
        )

    def _everything(self, incident_id: str) -> list[EvidenceItem]:
        return [one for shelf in Shelf for one in self.evidence.items(incident_id, shelf)]

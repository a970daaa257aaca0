"""Hash what the vault has again, and say what is not as it was recorded.

Each hour's run goes on where the last one stopped: one round over an incident takes as many runs
as its bytes need, and begins a week after the one before. What lies in an archive that takes hours
to read is counted as not read. What is changed, missing or refused is told in the custody log and
on the timeline, and pages: once per round, and again each day until a person answers for it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Self

from pydantic import model_validator

from responder.aws import evidence as kept
from responder.aws import ledger as table
from responder.aws import pager as paging
from responder.aws import rehashes as reading
from responder.aws import timeline as events
from responder.aws.evidence import Evidence, Shelf
from responder.aws.incidents import Incidents
from responder.aws.pager import Pager
from responder.aws.rehashes import Rehashes, Seen, Stored, VersionReader
from responder.aws.timeline import Timeline
from responder.domain.custody import FOUND_WRONG, REHASHED, WRONG_SEEN
from responder.domain.errors import Refused
from responder.domain.escaping import OneLine, one_line
from responder.domain.evidence import EvidenceItem
from responder.domain.identifiers import IncidentId
from responder.domain.model import Model
from responder.domain.rehash import AGAIN, EVERY, Accepted, Fault, Rehash, Wrong

PERMISSIONS = (
    table.PERMISSIONS
    | kept.PERMISSIONS
    | events.PERMISSIONS
    | paging.PERMISSIONS
    | reading.PERMISSIONS
    | reading.READING
)
_MARGIN = timedelta(seconds=20)  # what the last writes of a run take
_NOTED_EACH = 25  # versions between two bookmarks
_TOO_LONG = "it takes longer to read than one run lasts"
_BY = "rehash"


class RehashRequest(Model):
    """What the schedule sends: nothing. A person names an incident, to have it hashed now.

    With `by` and `reason` a person answers for what the last round found wrong: it stays on
    record, and pages no more.
    """

    incident_id: IncidentId | None = None
    by: OneLine | None = None
    reason: OneLine | None = None

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if (self.by is None) != (self.reason is None):
            raise ValueError("by and reason go together")
        if self.by is not None and self.incident_id is None:
            raise ValueError("say which incident")
        return self


class RehashAnswer(Model):
    """How many incidents were looked at, for how many that was all, and in how many is a fault."""

    incidents: int
    ended: int
    wrong: int


def rehash(
    request: RehashRequest,
    *,
    incidents: Incidents,
    evidence: Evidence,
    rehashes: Rehashes,
    reader: VersionReader,
    timeline: Timeline,
    pager: Pager,
    by: str,
    read_at: Callable[[], datetime],
    ends_at: datetime,
) -> RehashAnswer:
    """Go on with what is due, or with one incident. May run again, and may stop in the middle."""
    run = _Run(evidence, rehashes, reader, timeline, pager, by, read_at, ends_at - _MARGIN)
    now = read_at()
    due = rehashes.due(until=now)
    if request.incident_id is not None:
        due = [incidents.get(request.incident_id).id]
        rehashes.schedule(due[0], now=now)
    if request.by is not None and request.reason is not None:
        found = run.accept(due[0], request.by, request.reason, now)
        return RehashAnswer(incidents=1, ended=0, wrong=int(bool(found.standing)))
    looked: list[Rehash] = []
    for incident_id in due:
        if read_at() >= run.until:
            break
        looked.append(run.go_on(incident_id, now, asked=request.incident_id is not None))
    return RehashAnswer(
        incidents=len(looked),
        ended=len([one for one in looked if one.began_at is None]),
        wrong=len([one for one in looked if one.wrong or one.standing]),
    )


@dataclass
class _Run:
    """One run of the function."""

    evidence: Evidence
    rehashes: Rehashes
    reader: VersionReader
    timeline: Timeline
    pager: Pager
    by: str
    read_at: Callable[[], datetime]
    until: datetime
    fresh: bool = True  # nothing was read yet, so that the next version has the whole run

    def go_on(self, incident_id: str, now: datetime, *, asked: bool) -> Rehash:
        seen = self._stored(incident_id)
        rehash = seen.rehash
        if rehash.began_at is None:
            last = rehash.last_began_at
            if not asked and last is not None and now < last + EVERY:
                return self._tell_again(seen, now).rehash
            rehash = rehash.begun(now)
            seen = self.rehashes.save(seen, rehash)
        seen, whole = self._look(seen)
        return self._end(seen).rehash if whole else seen.rehash

    def accept(self, incident_id: str, by: str, reason: str, now: datetime) -> Rehash:
        """A person answers for what is wrong."""
        seen = self._stored(incident_id)
        wrong = seen.rehash.unanswered
        if not wrong:
            raise Refused(f"nothing unanswered is wrong with what the vault has of {incident_id}")
        answer = Accepted(by=by, reason=reason, at=now, wrong=wrong)
        for one in wrong:
            self._link(WRONG_SEEN, incident_id, one, by=by, at=now, detail=reason)
        self.timeline.record(
            incident_id,
            f"rehash-answered:{now.isoformat()}",
            at=now,
            by=by,
            text=f"Answered for {len(wrong)} versions that are not as recorded: {reason}",
        )
        last = seen.rehash.last_began_at or now
        update = {"accepted": (*seen.rehash.accepted, answer), "due_at": last + EVERY}
        return self.rehashes.save(seen, seen.rehash.model_copy(update=update)).rehash

    def _stored(self, incident_id: str) -> Stored:
        seen = self.rehashes.stored(incident_id)
        if seen is None:
            raise Refused(f"{incident_id} is not on record to be hashed again")
        return seen

    def _look(self, seen: Stored) -> tuple[Stored, bool]:
        """Look at what comes after the bookmark; whether that was all."""
        rehash = seen.rehash
        for looked, (place, item) in enumerate(self._everything(rehash), start=1):
            found = self.reader.look(item, read_at=self.read_at, until=self.until)
            if found is Seen.NOT_TO_ITS_END and self.fresh:
                found = Wrong(
                    name=item.name,
                    key=item.key,
                    version_id=item.version_id,
                    fault=Fault.UNREADABLE,
                    found=_TOO_LONG,
                )
            self.fresh = False
            if found is Seen.NOT_TO_ITS_END:
                return self.rehashes.save(seen, rehash), False
            rehash = _counted(rehash, place, item, found)
            if isinstance(found, Wrong):
                self._found(rehash, found, item)
            if looked % _NOTED_EACH == 0 or isinstance(found, Wrong):
                seen = self.rehashes.save(seen, rehash)
            if self.read_at() >= self.until:
                return self.rehashes.save(seen, rehash), False
        return self.rehashes.save(seen, rehash), True

    def _end(self, seen: Stored) -> Stored:
        """Tell how the round went, page if it went wrong, and only then call it ended."""
        rehash = seen.rehash
        began = rehash.began_at or self.read_at()
        self.evidence.append(
            rehash.incident_id,
            REHASHED,
            rehash.incident_id,
            "",
            by=self.by,
            at=self.read_at(),
            detail=_said(rehash),
            once=began.isoformat(),
        )
        ended = rehash.ended()
        if ended.unanswered:
            self._page(ended, began)
        return self.rehashes.save(seen, ended)

    def _tell_again(self, seen: Stored, now: datetime) -> Stored:
        """Nobody answered for what is wrong: page again, and again tomorrow."""
        rehash = seen.rehash
        if rehash.unanswered:
            self._page(rehash, rehash.due_at)
        return self.rehashes.save(seen, rehash.model_copy(update={"due_at": now + AGAIN}))

    def _page(self, rehash: Rehash, at: datetime) -> None:
        wrong = rehash.unanswered
        text = "\n".join(
            [
                f"{len(wrong)} versions in the evidence vault are not as they were recorded.",
                *(f"- {one_line(one.name, 200)}: {one.fault}" for one in wrong[:10]),
                "Look at the vault's access log and at CloudTrail before anything else, and read",
                "docs/operating.md, Hash it again. This comes each day until somebody answers.",
            ]
        )
        subject = f"[EVIDENCE] {len(wrong)} versions are not as recorded: {rehash.incident_id}"
        self.pager.page(
            rehash.incident_id,
            subject=subject,
            text=text,
            now=at,
            about=f"rehash:{at:%Y%m%dT%H%M%S}",
        )

    def _found(self, rehash: Rehash, wrong: Wrong, item: EvidenceItem) -> None:
        began = rehash.began_at or self.read_at()
        detail = f"{wrong.fault}; recorded {item.sha256}, found {wrong.found}"
        self._link(FOUND_WRONG, rehash.incident_id, wrong, by=self.by, at=began, detail=detail)
        self.timeline.record(
            rehash.incident_id,
            f"rehash-wrong:{began.isoformat()}:{wrong.version_id}",
            at=began,
            by=_BY,
            text=f"{wrong.name} in the evidence vault is not as recorded: {wrong.fault}.",
        )

    def _link(
        self, event: str, incident_id: str, wrong: Wrong, *, by: str, at: datetime, detail: str
    ) -> None:
        self.evidence.append(
            incident_id,
            event,
            wrong.name,
            "",
            by=by,
            at=at,
            detail=one_line(detail, 600),
            once=f"{at.isoformat()} {wrong.version_id}",
        )

    def _everything(self, rehash: Rehash) -> list[tuple[str, EvidenceItem]]:
        """What comes after the bookmark, in order."""
        every = [
            (f"{shelf}#{item.name}", item)
            for shelf in Shelf
            for item in self.evidence.items(rehash.incident_id, shelf)
        ]
        return sorted((one for one in every if one[0] > rehash.after), key=lambda one: one[0])


def _counted(rehash: Rehash, place: str, item: EvidenceItem, found: Wrong | Seen) -> Rehash:
    there = rehash.model_copy(update={"after": place})
    if isinstance(found, Wrong):
        return there.model_copy(update={"wrong": (*rehash.wrong, found)})
    if found is Seen.IN_ARCHIVE:
        return there.model_copy(update={"archived": rehash.archived + 1})
    size = rehash.read_bytes + item.size_bytes
    return there.model_copy(update={"read": rehash.read + 1, "read_bytes": size})


def _said(rehash: Rehash) -> str:
    return (
        f"{rehash.read} versions ({rehash.read_bytes} bytes) read and as recorded;"
        f" {rehash.archived} in archive and not read; {len(rehash.wrong)} not as recorded"
    )

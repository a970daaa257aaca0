"""Show one part of the incident board: what is open, what waits for whom, and by when.

Reads and changes nothing, so that a dashboard may ask again whenever it likes. What a dashboard
says of itself is believed in one point, its colours; whatever else it sends is not read.
On the board are the incidents of the latest 1,000 runs, of 90 days at most, and every one with an
open deadline. Nothing of it is evidence of who saw or decided anything: a widget is not told who
looks at it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

from pydantic import (
    ConfigDict,
    Field,
    ValidationError,
    ValidatorFunctionWrapHandler,
    WrapValidator,
)

from responder.aws import machine as response
from responder.aws.approvals import Approvals
from responder.aws.correlations import Correlations
from responder.aws.escalations import Escalations
from responder.aws.evidence import Evidence, Shelf
from responder.aws.machine import Machine
from responder.aws.queues import Queues
from responder.aws.receipts import Receipts
from responder.aws.records import Records
from responder.aws.rehashes import Rehashes
from responder.aws.rota_store import RotaStore
from responder.aws.rule_store import RuleStore
from responder.aws.silences import Silences
from responder.aws.trackers import Trackers
from responder.aws.uses import Uses
from responder.domain.decision import Mode
from responder.domain.identifiers import IncidentId
from responder.domain.incident import Incident, incident_of
from responder.domain.model import Model
from responder.report.board import Board, Case, Check, Theme, View
from responder.report.board_page import TITLES, refuse, render
from responder.report.model import Here, Report
from responder.steps import readiness
from responder.steps.readiness import Places

PERMISSIONS = readiness.PERMISSIONS | response.LOOKING
MOST_READ = 100  # incidents; more are counted
_MOST_EXECUTIONS = 1000
_OF_CUTS = (View.INCIDENTS, View.WAITING, View.CONTAINMENT, View.INCIDENT)
_OF_CLOCKS = (View.INCIDENTS, View.WAITING, View.DEADLINES, View.INCIDENT)
_OF_EVIDENCE = (View.EVIDENCE, View.INCIDENT)
_OF_CALLS = (View.INCIDENTS, View.INCIDENT)
_OF_PEOPLE = (View.WAITING, View.READINESS)
_OF_NONE = (View.QUEUES, View.READINESS)  # these show no incident


def _or_none(value: object, read: ValidatorFunctionWrapHandler) -> object:
    try:
        return read(value)
    except ValidationError:
        return None


_READ = WrapValidator(_or_none)


class Context(Model):
    """What a dashboard says of itself. Its viewer chose it, so nothing else of it is read."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    theme: Annotated[Theme | None, _READ] = None


class BoardRequest(Model):
    """Which part a widget shows. What it says that is no part of ours is None."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    describe: Annotated[bool | None, _READ] = False
    view: Annotated[View | None, _READ] = View.INCIDENTS
    incident_id: Annotated[IncidentId | None, _READ] = None
    context: Annotated[Context | None, _READ, Field(alias="widgetContext")] = None

    @property
    def theme(self) -> Theme:
        """The colours of the dashboard; the browser's own, where it does not say."""
        told = self.context.theme if self.context is not None else None
        return told or Theme.AUTO


DESCRIPTION = f"""\
## Incident board

One part of the board of Breach Responder. It reads, and changes nothing.

| parameter | |
|---|---|
| `view` | {", ".join(f"`{one.value}`" for one in View)} |
| `incident_id` | with `view: incident`: which one, such as `inc-20261123-0a1b2c3d4e` |

```yaml
view: waiting
```

What changes something is a link to Systems Manager, where AWS asks who you are. Never put it on a
dashboard that is shared with people who have no account: it names accounts and identities.
"""


@dataclass(frozen=True)
class Documents:
    """What people run in the console, by name."""

    release: str
    acknowledge: str


@dataclass(frozen=True)
class Reads:
    """Everything the board looks at."""

    records: Records
    receipts: Receipts
    approvals: Approvals
    uses: Uses
    evidence: Evidence
    rehashes: Rehashes
    escalations: Escalations
    correlations: Correlations
    silences: Silences
    machine: Machine
    trackers: Trackers
    queues: Queues
    rules: RuleStore
    rota: RotaStore


def board(
    request: BoardRequest,
    *,
    reads: Reads,
    places: Places,
    titles: Mapping[str, str],
    mode: Mode,
    here: Here,
    documents: Documents,
    endpoint: str,
    now: datetime,
    most_read: int = MOST_READ,
) -> str:
    """One part as HTML; asked to describe itself, Markdown, and nothing is read."""
    if request.describe:
        return DESCRIPTION
    view = request.view
    if view is None:
        parts = ", ".join(TITLES)
        return refuse(f"There is no such part of the board. There are: {parts}.", request.theme)
    shelf = _Shelf(reads, titles, here, now)
    if view is View.INCIDENT:
        one = reads.records.incidents.find(request.incident_id) if request.incident_id else None
        if one is None:
            return refuse("There is no such incident.", request.theme)
        found, closed, left_out = [shelf.case(one, view)], list[Incident](), 0
    else:
        incidents, closed, left_out = (
            _incidents(reads, most_read) if view not in _OF_NONE else ([], [], 0)
        )
        found = [shelf.case(one, view) for one in incidents]
    on_call, rota_said = readiness.duties(reads.rota, now=now) if view in _OF_PEOPLE else ([], "")
    shown = Board(
        made_at=now,
        here=here,
        mode=mode,
        release_document=documents.release,
        acknowledge_document=documents.acknowledge,
        cases=tuple(found),
        closed=tuple(closed),
        left_out=left_out,
        queues=tuple(readiness.queues_of(reads.queues, places) if view is View.QUEUES else ()),
        checks=tuple(_checks(reads, places, mode, now) if view is View.READINESS else ()),
        on_call=tuple(on_call),
        rota_said=rota_said,
    )
    return render(shown, view, theme=request.theme, endpoint=endpoint)


def _incidents(reads: Reads, most: int) -> tuple[list[Incident], list[Incident], int]:
    """Those that are open or have a deadline that is, the other ones, and how many are not read.

    First those whose deadlines come next, then the newest: an old one may be the most urgent.
    """
    due = reads.records.clocks.open()
    names = dict.fromkeys([*due[: most // 2], *_latest(reads), *due])
    found = [reads.records.incidents.find(name) for name in list(names)[:most]]
    known = [one for one in found if one is not None]
    shown = [one for one in known if one.closed is None or one.id in due]
    closed = [(one.closed.at, one) for one in known if one.closed is not None and one not in shown]
    lately = [one for _, one in sorted(closed, key=lambda each: each[0], reverse=True)]
    return shown, lately, max(0, len(names) - most)


def _latest(reads: Reads) -> list[str]:
    return [incident_of(name) for name in reads.machine.latest(_MOST_EXECUTIONS)]


def _checks(reads: Reads, places: Places, mode: Mode, now: datetime) -> list[Check]:
    return readiness.checks(
        mode=mode,
        rules=reads.rules,
        rota=reads.rota,
        queues=reads.queues,
        places=places,
        trackers=reads.trackers,
        records=reads.records,
        correlations=reads.correlations,
        silences=reads.silences,
        latest=lambda: dict.fromkeys(_latest(reads)),
        now=now,
    )


@dataclass(frozen=True)
class _Shelf:
    """What is on record of an incident, as far as a view asks for it."""

    reads: Reads
    titles: Mapping[str, str]
    here: Here
    now: datetime

    def case(self, incident: Incident, view: View) -> Case:
        """One incident."""
        asked = dict[str, Any]()
        if view in _OF_CUTS:
            asked |= self._cuts(incident.id)
        if view in _OF_CLOCKS:
            asked["clocks"] = tuple(self.reads.records.clocks.all(incident.id))
        if view in _OF_EVIDENCE:
            asked |= self._evidence(incident.id)
        if view is View.INCIDENT:
            asked["findings"] = tuple(self.reads.records.incidents.findings(incident.id))
        stored = self.reads.rehashes.stored(incident.id) if view in _OF_EVIDENCE else None
        called = self.reads.escalations.stored(incident.id) if view in _OF_CALLS else None
        report = Report(
            incident=incident,
            generation=incident.generation,
            made_at=self.now,
            here=self.here,
            titles=dict(self.titles),
            **asked,
        )
        return Case(
            report=report,
            rehash=stored.rehash if stored is not None else None,
            escalation=called.escalation if called is not None else None,
        )

    def _cuts(self, incident_id: str) -> dict[str, Any]:
        incidents = self.reads.records.incidents
        return {
            "orders": tuple(incidents.orders(incident_id)),
            "refusals": tuple(incidents.refusals(incident_id)),
            "receipts": tuple(self.reads.receipts.all(incident_id)),
            "approvals": tuple(self.reads.approvals.all(incident_id)),
            "uses": tuple(self.reads.uses.all(incident_id)),
        }

    def _evidence(self, incident_id: str) -> dict[str, Any]:
        evidence = self.reads.evidence
        return {
            "evidence": tuple(evidence.items(incident_id)),
            "seals": tuple(evidence.items(incident_id, Shelf.SEAL)),
            "custody": tuple(evidence.custody(incident_id)),
        }

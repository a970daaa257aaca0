"""What one report holds. Nothing here is worded or drawn yet."""

import hashlib
import json

from pydantic import AwareDatetime, ConfigDict, Field

from responder.domain.approval import Approval
from responder.domain.clock import Clock
from responder.domain.evidence import CustodyEntry, EvidenceItem
from responder.domain.finding import Finding
from responder.domain.incident import Incident, TimelineEvent
from responder.domain.model import Model
from responder.domain.order import Order, Receipt, Refusal
from responder.domain.use import Use
from responder.report.register_row import Row


class Here(Model):
    """Where the responder itself runs, for the commands that a person may give it."""

    model_config = ConfigDict(frozen=True)

    region: str
    release_function: str


class Failure(Model):
    """Something the workflow could not do, and went on without."""

    model_config = ConfigDict(frozen=True)

    what: str
    error: str
    cause: str


class Looked(Model):
    """One collector: what it can never show, and whether these findings called for it."""

    model_config = ConfigDict(frozen=True)

    collector_id: str
    title: str
    limits: tuple[str, ...]
    called_for: bool
    ended: bool = True  # False while it may still keep more
    failures: tuple[str, ...] = ()  # of captures that failed, as the custody log has them


class Numbered(Model):
    """Another page about the incident. Without `page`, none was in the vault under this number."""

    model_config = ConfigDict(frozen=True)

    version: int
    at: AwareDatetime  # when its number was taken
    page: EvidenceItem | None


class Report(Model):
    """Everything the page tells, as it stood at `made_at`."""

    model_config = ConfigDict(frozen=True)

    incident: Incident
    generation: int
    made_at: AwareDatetime
    here: Here
    version: int = 1  # of the pages about this incident, the first one 1
    unnumbered: int = 0  # pages made before numbers were taken, which only the timeline names
    pages: tuple[Numbered, ...] = ()  # the other pages, earliest first
    privilege: str = ""  # how counsel wants it marked
    register_row: Row | None = None  # what is on record about data, people and decisions
    looked: tuple[Looked, ...] = ()  # every collector there is, in its order
    titles: dict[str, str] = Field(default_factory=dict)  # action id to what it is called
    findings: tuple[Finding, ...] = ()
    orders: tuple[Order, ...] = ()
    receipts: tuple[Receipt, ...] = ()
    approvals: tuple[Approval, ...] = ()
    uses: tuple[Use, ...] = ()  # what else uses what people were asked about
    refusals: tuple[Refusal, ...] = ()
    evidence: tuple[EvidenceItem, ...] = ()
    seals: tuple[EvidenceItem, ...] = ()  # manifests, signatures, the public key
    custody: tuple[CustodyEntry, ...] = ()
    clocks: tuple[Clock, ...] = ()
    timeline: tuple[TimelineEvent, ...] = ()
    failures: tuple[Failure, ...] = ()
    by_hand: bool = False  # asked for by a person, who cannot say what failed in the workflow
    faked: tuple[str, ...] = ()  # in a drill: what stood in for AWS

    @property
    def sha256(self) -> str:
        """Over all that the page tells, as JSON with sorted keys: stamped on every form of it."""
        text = json.dumps(self.model_dump(mode="json"), sort_keys=True, ensure_ascii=True)
        return hashlib.sha256(text.encode("ascii")).hexdigest()

    @property
    def in_the_vault(self) -> tuple[EvidenceItem, ...]:
        """Evidence, the papers that seal it, and the other pages."""
        pages = (one.page for one in self.pages if one.page is not None)
        return (*self.evidence, *self.seals, *pages)

    @property
    def drill(self) -> bool:
        """Whether any of this was practice."""
        return self.incident.drill or bool(self.faked)

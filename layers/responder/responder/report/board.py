"""What the incident board holds. Nothing here is worded or drawn yet."""

from enum import StrEnum

from pydantic import AwareDatetime, ConfigDict

from responder.domain.decision import Mode
from responder.domain.escalation import Escalation
from responder.domain.incident import Incident
from responder.domain.model import Model
from responder.domain.rehash import Rehash
from responder.report.model import Here, Report


class View(StrEnum):
    """One part of the board: a widget of the dashboard."""

    INCIDENTS = "incidents"
    WAITING = "waiting"
    DEADLINES = "deadlines"
    CONTAINMENT = "containment"
    EVIDENCE = "evidence"
    QUEUES = "queues"
    READINESS = "readiness"
    INCIDENT = "incident"  # one of them, by its id


class Theme(StrEnum):
    """In which colours. A dashboard says which of the two it is in; a page asks the browser."""

    AUTO = "auto"
    LIGHT = "light"
    DARK = "dark"


class Verdict(StrEnum):
    """What a check found. Not having been able to look is no good news, and no bad news."""

    PASS = "pass"  # noqa: S105 - a verdict
    FAIL = "fail"
    UNKNOWN = "could not look"


class Check(Model):
    """One thing that has to be so for us to respond right now."""

    model_config = ConfigDict(frozen=True)

    title: str
    verdict: Verdict
    said: str  # what was seen, or why nobody could look
    next_step: str = ""  # where it is not as it should be


class Queue(Model):
    """How much waits in one queue, as SQS estimates it. None where it could not be asked."""

    model_config = ConfigDict(frozen=True)

    title: str
    holds: str  # what a message in it is
    is_dead_letters: bool
    waiting: int | None = None
    in_flight: int | None = None
    said: str = ""  # why nobody could look


class Duty(Model):
    """Who has one level of the rota. Nobody: a gap."""

    model_config = ConfigDict(frozen=True)

    level: str
    person: str | None
    until: AwareDatetime
    then: str | None


class Case(Model):
    """One incident, with as much of it as the view asks for."""

    model_config = ConfigDict(frozen=True)

    report: Report
    rehash: Rehash | None = None
    escalation: Escalation | None = None  # who was called, and whether somebody answered


class Board(Model):
    """Everything that one view shows, as it stood at `made_at`."""

    model_config = ConfigDict(frozen=True)

    made_at: AwareDatetime
    here: Here
    mode: Mode
    release_document: str = ""  # by which a person undoes a cut in the console
    acknowledge_document: str = ""  # by which a person says that they have it in hand
    cases: tuple[Case, ...] = ()
    closed: tuple[Incident, ...] = ()  # lately, and of which no deadline is open; the last first
    left_out: int = 0  # open ones that were not read, for there are very many
    queues: tuple[Queue, ...] = ()
    checks: tuple[Check, ...] = ()
    on_call: tuple[Duty, ...] = ()
    rota_said: str = ""  # why nobody is named

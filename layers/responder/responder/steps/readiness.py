"""Whether we could respond right now: what can be seen from here, and what could not be looked at.

Each check stands by itself: one that could not look says so, and stops none of the others.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from responder.aws import ledger as table
from responder.aws import queues as depths
from responder.aws import rota_store as rotas
from responder.aws import rule_store as rules_of
from responder.aws import trackers as watching
from responder.aws.correlations import Correlations
from responder.aws.queues import Queues
from responder.aws.records import Records
from responder.aws.rota_store import RotaStore
from responder.aws.rule_store import RuleStore
from responder.aws.silences import Silences
from responder.aws.trackers import Trackers
from responder.domain.cover import on_call
from responder.domain.decision import Mode
from responder.domain.errors import ResponderError
from responder.domain.escaping import one_line
from responder.domain.rota import Rota
from responder.report.board import Check, Duty, Queue, Verdict
from responder.report.wording import counted, in_utc, listed, until
from responder.steps.sweep import unwatched

PERMISSIONS = (
    table.READ | depths.PERMISSIONS | rotas.PERMISSIONS | rules_of.PERMISSIONS | watching.LOOKING
)
QUIET = timedelta(days=7)  # without a finding, after which nobody knows whether one would arrive
NO_ROTA = "No rota was written: pages name nobody."
_MOST_NAMED = 3

type Finding = tuple[Verdict, str, str]


@dataclass(frozen=True)
class Places:
    """The three queues, by their URLs."""

    intake: str
    touches: str
    dead_letters: str


def queues_of(queues: Queues, places: Places) -> list[Queue]:
    """How much waits in each queue; where one could not be looked at, why."""
    return [
        _queue(queues, places.intake, "Findings", "events of detectors, for intake"),
        _queue(queues, places.touches, "Touches", "calls of IAM that can undo a cut"),
        _queue(queues, places.dead_letters, "Dead letters", "what nobody could read", dead=True),
    ]


def duties(store: RotaStore, *, now: datetime) -> tuple[list[Duty], str]:
    """Who is on call now and next; where nobody can be named, why."""
    try:
        rota = store.rota()
    except ResponderError as error:
        return [], f"Who is on call could not be read: {_said(error)}"
    return ([], NO_ROTA) if rota is None else (list(_duties(rota, now)), "")


def checks(
    *,
    mode: Mode,
    rules: RuleStore,
    rota: RotaStore,
    queues: Queues,
    places: Places,
    trackers: Trackers,
    records: Records,
    correlations: Correlations,
    silences: Silences,
    latest: Callable[[], Iterable[str]],
    now: datetime,
) -> list[Check]:
    """Every check, whatever became of the others. `latest` gives incidents, newest first."""
    return [
        _looked("Cuts are carried out", lambda: _mode(mode)),
        _looked("The kill switch is off", lambda: _switch(rules)),
        _looked("The policy can be read", lambda: _policy(rules)),
        _looked("Somebody is on call, now and next", lambda: _covered(rota, now)),
        _looked("Every open deadline is watched", lambda: _watched(records, trackers, now)),
        _looked("No page is kept quiet", lambda: _heard(silences, now)),
        _looked("No finding lies unread", lambda: _dead(queues, places)),
        _looked(
            "Findings arrive", lambda: _arrives(_seen(records, correlations, latest, now), now)
        ),
    ]


def _looked(title: str, look: Callable[[], Finding]) -> Check:
    try:
        verdict, said, next_step = look()
    except ResponderError as error:
        verdict, said, next_step = Verdict.UNKNOWN, _said(error), ""
    return Check(title=title, verdict=verdict, said=said, next_step=next_step)


def _mode(mode: Mode) -> Finding:
    if mode == "respond":
        return Verdict.PASS, "The stack runs in respond mode.", ""
    return (
        Verdict.FAIL,
        "The stack runs in monitor mode: every cut is planned and held.",
        "Where that is wanted, cut by hand what the plan shows; Mode=respond cuts by itself.",
    )


def _switch(rules: RuleStore) -> Finding:
    if not rules.is_stopped():
        return Verdict.PASS, "The switch says go.", ""
    return Verdict.FAIL, "The switch says stop: nothing is cut.", "Find out who set it, and why."


def _policy(rules: RuleStore) -> Finding:
    rules.policy()
    return Verdict.PASS, "It was read just now.", ""


def _covered(store: RotaStore, now: datetime) -> Finding:
    rota = store.rota()
    if rota is None:
        return Verdict.FAIL, NO_ROTA, "Write one: docs/operating.md, “Who is on call”."
    gaps = [
        f"{duty.level} {when}"
        for duty in _duties(rota, now)
        for when, person in (("now", duty.person), (f"from {in_utc(duty.until)}", duty.then))
        if person is None
    ]
    if gaps:
        return Verdict.FAIL, f"Nobody has {listed(gaps)}.", "Add an override to the rota."
    return Verdict.PASS, "Each level has somebody now, and somebody after that.", ""


def _watched(records: Records, trackers: Trackers, now: datetime) -> Finding:
    found = list(unwatched(records.clocks.open(), records, trackers, now=now))
    if not found:
        return Verdict.PASS, "Each incident with an open deadline has its tracker.", ""
    more = f" and {len(found) - _MOST_NAMED} more" if len(found) > _MOST_NAMED else ""
    return (
        Verdict.FAIL,
        f"No tracker watches {', '.join(found[:_MOST_NAMED])}{more}.",
        "The hourly sweep reminds and starts another. Look whether it runs: SweepFailed.",
    )


def _heard(silences: Silences, now: datetime) -> Finding:
    found = [one for one in silences.all() if one.is_in_force(now)]
    if not found:
        return Verdict.PASS, "Nobody asked for quiet: every page rings.", ""
    shown = "; ".join(
        f"{one.about} until {in_utc(one.over_at)} ({one.silence_id})" for one in found[:_MOST_NAMED]
    )
    more = f"; and {len(found) - _MOST_NAMED} more" if len(found) > _MOST_NAMED else ""
    return (
        Verdict.FAIL,
        f"{counted(len(found), 'silence is', 'silences are')} in force: {shown}{more}.",
        "Look whether each is still meant; only pages are quiet, no cut and no clock.",
    )


def _dead(queues: Queues, places: Places) -> Finding:
    depth = queues.depth(places.dead_letters)
    lies = depth.waiting + depth.in_flight
    if not lies:
        return Verdict.PASS, "The dead-letter queue is empty.", ""
    return (
        Verdict.FAIL,
        f"{counted(lies, 'message lies', 'messages lie')} in the dead-letter queue.",
        "Mend the cause, then redrive: docs/operating.md, “A finding nobody could read”.",
    )


def _seen(
    records: Records,
    correlations: Correlations,
    latest: Callable[[], Iterable[str]],
    now: datetime,
) -> datetime | None:
    """When the last finding came that we know of: one of an incident, or one only recorded."""
    found = list[datetime]()
    for incident_id in list(latest())[:_MOST_NAMED]:
        found += [one.updated_at for one in records.incidents.findings(incident_id)]
    for days in range(QUIET.days + 1):
        one = correlations.recorded_on((now - timedelta(days=days)).date())
        if one is not None:
            found.append(one.recorded_at)
            break
    return max(found, default=None)


def _arrives(last: datetime | None, now: datetime) -> Finding:
    if last is not None and now - last <= QUIET:
        return Verdict.PASS, f"The last one that is on record came {until(last, now=now)}.", ""
    since = f"None since {in_utc(last)}." if last is not None else "None is on record."
    return (
        Verdict.UNKNOWN,
        f"{since} A quiet account and a rule that delivers nothing look the same from here.",
        "Send one: aws guardduty create-sample-findings. It is recorded, and contains nothing.",
    )


def _queue(queues: Queues, url: str, title: str, holds: str, *, dead: bool = False) -> Queue:
    plain = Queue(title=title, holds=holds, is_dead_letters=dead)
    try:
        depth = queues.depth(url)
    except ResponderError as error:
        return plain.model_copy(update={"said": _said(error)})
    return plain.model_copy(update={"waiting": depth.waiting, "in_flight": depth.in_flight})


def _duties(rota: Rota, now: datetime) -> Iterator[Duty]:
    shifts = on_call(rota, now)
    for level in rota.levels:
        first, *later = [one for one in shifts if one.level == level.name]
        then = later[0].person if later else first.person
        yield Duty(
            level=level.name,
            person=_name(rota, first.person),
            until=first.ends_at,
            then=_name(rota, then),
        )


def _name(rota: Rota, person: str | None) -> str | None:
    return None if person is None else rota.people[person].name


def _said(error: ResponderError) -> str:
    return one_line(str(error), 300)

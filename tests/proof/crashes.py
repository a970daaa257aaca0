"""A fault at every call: the same night for each call and each fault, and its end compared."""

import gc
import random
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from responder_cli.drill import world
from tests.proof.campaigns import campaigns
from tests.proof.differences import Excuse, differing
from tests.proof.ends import DEAD_LETTERS, EXECUTIONS, REST, Parts, ended
from tests.proof.faults import Kind, Saboteur, kinds_for, shown
from tests.proof.forks import Ran, forked, step
from tests.proof.invariants import Sent, broken
from tests.proof.people import recovered
from tests.proof.privileges import Use, uses_of
from tests.proof.scenarios import Scenario, rival_of
from tests.workflow.nights import Night, a_night

PUBLISH = "sns:Publish"
# A night with a fault takes few times the calls of the undisturbed one; with so many, it hangs.
_AT_MOST_TIMES = 20


@dataclass(frozen=True)
class Fault:
    """One thing that goes wrong: at which of the functions' calls, and what."""

    at: int
    kind: Kind
    call: str  # for people: which call that is in the undisturbed night, and whose
    pages: bool = False  # SNS knows no repeated message, so somebody may be paged twice

    @property
    def label(self) -> str:
        """How it is asked for again."""
        return f"{self.at}:{self.kind.name.lower()}"


@dataclass(frozen=True)
class Violation:
    """A fault after which the night did not end as it does without."""

    scenario: str
    fault: Fault
    why: tuple[str, ...]


@dataclass(frozen=True)
class Undisturbed:
    """The undisturbed night: how it ends, and the calls that functions make in it."""

    end: Parts
    calls: tuple[tuple[str, tuple[Kind, ...]], ...]
    uses: frozenset[Use]
    steps: int

    @property
    def at_most_steps(self) -> int:
        """The calls after which a night that goes wrong does not end any more."""
        return _AT_MOST_TIMES * self.steps

    def faults(self) -> list[Fault]:
        """Everything that can go wrong in it."""
        return [
            Fault(number, kind, name, self._pages(number))
            for number, (name, kinds) in enumerate(self.calls, start=1)
            for kind in kinds
        ]

    def _pages(self, number: int) -> bool:
        """Whether a call is a page, or the one after it, which writes down that it was sent."""
        names = [name for name, _ in self.calls[max(0, number - 2) : number]]
        return any(name.endswith(PUBLISH) for name in names)


@contextmanager
def prepared(scenario: Scenario, root: Path = world.ROOT) -> Iterator[Night]:
    """The night before anything happens, with every function of `root` started."""
    with a_night(root, **scenario.parameters) as night:
        scenario.prepares(night)
        night.cloud.warm_up()
        night.cloud.settle()
        night.cloud.listen(lambda *_: step())
        gc.freeze()  # no copy of this process looks through what it was given for garbage
        yield night


def undisturbed(scenario: Scenario, night: Night) -> Undisturbed:
    """Run it in a copy of this process, with nothing going wrong."""
    [ran] = forked([None], lambda _: _undisturbed(scenario, night))
    if ran.failure is not None:
        raise RuntimeError(ran.failure)
    calls = tuple((name, tuple(Kind[one] for one in kinds)) for name, kinds in ran.answer["calls"])
    uses = frozenset(Use(*one) for one in ran.answer["uses"])
    return Undisturbed(ran.answer["end"], calls, uses, ran.steps)


def disturbed(
    scenario: Scenario, night: Night, before: Undisturbed, faults: Sequence[Fault]
) -> Iterator[tuple[Ran[Fault], Violation | None]]:
    """Run it once for each fault, each in a copy of this process."""

    def run(fault: Fault) -> list[str]:
        saboteur = Saboteur(night.cloud, fault.at, fault.kind, rival=rival_of(night))
        found = _run(scenario, night, saboteur)
        is_denied = fault.kind is Kind.DENIED
        return [
            *differing(before.end, found, _excuse(fault, several=len(campaigns(night)) > 1)),
            *_broken(night, found, whole=not is_denied),
        ]

    for ran in forked(faults, run, at_most_steps=before.at_most_steps):
        why = ran.answer if ran.failure is None else [ran.failure.strip().splitlines()[-1]]
        told = Violation(scenario.name, ran.case, tuple(why)) if why else None
        yield ran, told


def spread(faults: Sequence[Fault], most: int, by: random.Random) -> list[Fault]:
    """So many of them: each call of each function as likely, however often a night makes it.

    Most calls of a night keep records; the few that cut something would hardly ever be drawn.
    """
    left = defaultdict[str, list[Fault]](list)
    for one in by.sample(faults, len(faults)):
        left[one.call].append(one)
    chosen = list[Fault]()
    while left and len(chosen) < most:
        for call in by.sample(sorted(left), len(left))[: most - len(chosen)]:
            chosen.append(left[call].pop())
            if not left[call]:
                del left[call]
    return chosen


def _excuse(fault: Fault, *, several: bool) -> Excuse:
    return Excuse(
        struck=[fault.call],
        denied=[fault.call] if fault.kind is Kind.DENIED else [],
        pages=int(fault.pages),
        # Whoever waits longer meets a person who answers another theft first.
        whoever=several and fault.kind is Kind.TIMEOUT,
        without=frozenset({EXECUTIONS} if fault.kind is Kind.RIVAL else ()),
    )


def _broken(night: Night, end: Parts, *, whole: bool) -> list[str]:
    """What does not hold at the end, where several thefts share all that there is."""
    thefts = campaigns(night)
    if len(thefts) == 1:
        return []
    return broken(night, Sent(thefts, unreadable=[]), end[REST][DEAD_LETTERS], whole=whole)


def _undisturbed(scenario: Scenario, night: Night) -> dict[str, object]:
    first = len(night.cloud.calls)
    scenario.run(night)
    calls = calls_since(first, night)
    # Also what a person is refused, which a scenario that is not what it says would never tell.
    if failed := [
        f"{one.logical_id}: {one.message}" for one in night.cloud.invocations if one.error
    ]:
        raise RuntimeError(f"with nothing going wrong: {failed[0]}")
    end = _end(scenario, night)
    if why := _broken(night, end, whole=True):
        raise RuntimeError("; ".join(why))
    return {
        "end": end,
        "calls": [(name, [kind.name for kind in kinds]) for name, kinds in calls],
        "uses": [(use.role, use.action, use.refused) for use in uses_of(night.cloud.calls)],
    }


def calls_since(first: int, night: Night) -> list[tuple[str, tuple[Kind, ...]]]:
    """Each call that a function made since the first so many, and what can go wrong with it."""
    made = [call for call in night.cloud.calls[first:] if call.function is not None]
    return [(shown(call), kinds_for(call)) for call in made]


def _run(scenario: Scenario, night: Night, saboteur: Saboteur) -> Parts:
    night.cloud.disturb(saboteur)
    scenario.run(night)
    night.cloud.disturb(None)
    if saboteur.hit is None:
        raise RuntimeError(f"call {saboteur.at} was never made")
    return _end(scenario, night)


def _end(scenario: Scenario, night: Night) -> Parts:
    failed = night.watch.failed()
    recovered(night, scenario.answer, scenario.again)
    return ended(night, failed)

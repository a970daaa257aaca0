"""A fault at every call: the same night for each call and each fault, and its end compared."""

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from responder_cli.drill import world
from tests.proof.ends import (
    ALWAYS,
    CUSTODY,
    EXECUTIONS,
    differences,
    end_of,
    in_time,
    visibly,
)
from tests.proof.faults import Kind, Saboteur, kinds_for, shown
from tests.proof.forks import Ran, forked, step
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

    end: dict[str, list[str]]
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
        without = _incomparable(fault, before.end)
        why = differences(before.end, found, without=without, pages_again=int(fault.pages))
        denied = [fault.call] if fault.kind is Kind.DENIED else []
        return visibly(in_time(why, [fault.call]), denied)

    for ran in forked(faults, run, at_most_steps=before.at_most_steps):
        why = ran.answer if ran.failure is None else [ran.failure.strip().splitlines()[-1]]
        told = Violation(scenario.name, ran.case, tuple(why)) if why else None
        yield ran, told


def _incomparable(fault: Fault, end: Collection[str]) -> frozenset[str]:
    """The headings of an end that a fault may well change: docs/proof.md says why."""
    if fault.kind is Kind.RIVAL:
        return frozenset({EXECUTIONS})
    if fault.kind is not Kind.DENIED:
        return frozenset()
    return without_a_right(fault.call, end)


def without_a_right(call: str, end: Collection[str]) -> frozenset[str]:
    """The headings that differ where this call is refused: docs/proof.md says why.

    None where a tracker is refused: the sweep does all that it would have done.
    """
    if call.startswith("Tick "):
        return frozenset()
    of_a_seal = {CUSTODY} if call.startswith("Seal ") else set[str]()
    return (frozenset(end) - ALWAYS) | of_a_seal


def _undisturbed(scenario: Scenario, night: Night) -> dict[str, object]:
    first = len(night.cloud.calls)
    scenario.run(night)
    calls = calls_since(first, night)
    return {
        "end": _end(scenario, night),
        "calls": [(name, [kind.name for kind in kinds]) for name, kinds in calls],
        "uses": [(use.role, use.action, use.refused) for use in uses_of(night.cloud.calls)],
    }


def calls_since(first: int, night: Night) -> list[tuple[str, tuple[Kind, ...]]]:
    """Each call that a function made since the first so many, and what can go wrong with it."""
    made = [call for call in night.cloud.calls[first:] if call.function is not None]
    return [(shown(call), kinds_for(call)) for call in made]


def _run(scenario: Scenario, night: Night, saboteur: Saboteur) -> dict[str, list[str]]:
    night.cloud.disturb(saboteur)
    scenario.run(night)
    night.cloud.disturb(None)
    if saboteur.hit is None:
        raise RuntimeError(f"call {saboteur.at} was never made")
    return _end(scenario, night)


def _end(scenario: Scenario, night: Night) -> dict[str, list[str]]:
    failed = night.watch.failed()
    recovered(night, scenario.answer, scenario.again)
    return end_of(night, failed)

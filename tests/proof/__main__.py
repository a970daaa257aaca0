"""`make prove`: every scenario, with everything that can go wrong at every call of a function.

python -m tests.proof                              all of it: hours on two cores
python -m tests.proof --most 200 --seed 7          so many faults of each scenario, chosen by 7
python -m tests.proof --resume FILE                all of it, in sittings: not what FILE holds
python -m tests.proof touch --fault 29:twin        one fault again
python -m tests.proof --schedules 50 --seed 7      50 nights of one campaign or two, from seed 7 on
python -m tests.proof --mutations                  what we rely on, taken away piece by piece
"""

import argparse
import random
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from tests.proof.crashes import Fault, Violation, disturbed, prepared, spread, undisturbed
from tests.proof.defences import UNUSED, unexplained
from tests.proof.forks import forked
from tests.proof.interleavings import Told, alone, tried
from tests.proof.mutations import MUTATIONS, Caught, caught, expectations
from tests.proof.privileges import Use, gaps
from tests.proof.scenarios import SCENARIOS, THEFTS, Scenario
from tests.proof.schedules import drawn
from tests.proof.sittings import Sittings

_DEPLOYING_SECONDS = 1200.0  # of real time, in which nothing is counted


def main(words: Sequence[str]) -> int:
    """0 if every night ended as it does without a fault, 1 if one did not."""
    asked = _arguments(words)
    console, began = Console(), time.perf_counter()
    if asked.mutations:
        return _mutate(console)
    if asked.schedules is not None:
        return _schedule(range(asked.seed, asked.seed + asked.schedules), console)
    table = Table("scenario", "calls", "faults", "run", "violations", title="Crash everywhere")
    sittings, uses = Sittings(asked.resume), set[Use]()
    for name in asked.scenarios:
        _prove(SCENARIOS[name], asked, console, table, uses, sittings)
    console.print(table)
    console.print(_privileges(uses))
    gaps_left = unexplained(uses, list(SCENARIOS)) if set(asked.scenarios) == set(SCENARIOS) else []
    for line in gaps_left:
        console.print(line, style="red", markup=False)
    took, violations = time.perf_counter() - began, sum(sittings.run(n)[1] for n in asked.scenarios)
    console.print(f"{violations} violations; {took:.0f} seconds of real time")
    return 1 if violations or gaps_left else 0


def _prove(
    scenario: Scenario,
    asked: argparse.Namespace,
    console: Console,
    table: Table,
    uses: set[Use],
    sittings: Sittings,
) -> None:
    with prepared(scenario) as night:
        before = undisturbed(scenario, night)
        uses |= before.uses
        every = before.faults()
        chosen = sittings.left(scenario.name, _chosen(every, asked))
        with _bar(scenario.name, console) as progress:
            bar = progress.add_task(scenario.name, total=len(chosen))
            for ran, violation in disturbed(scenario, night, before, chosen):
                progress.advance(bar)
                sittings.add(scenario.name, ran.case, violation.why if violation else ())
                if violation is not None:
                    _tell(violation, console)
    kinds, violations = sittings.run(scenario.name)
    run = f"{kinds.total()}: " + ", ".join(f"{n} {kind}" for kind, n in sorted(kinds.items()))
    table.add_row(scenario.name, str(len(before.calls)), str(len(every)), run, str(violations))


def _schedule(seeds: Sequence[int], console: Console) -> int:
    """A night by each of these seeds."""
    failing, struck, calls, began = list[int](), 0, 0, time.perf_counter()
    with prepared(THEFTS) as night:
        before = alone(night)
        schedules = [drawn(seed, [one.calls for one in before]) for seed in seeds]
        with _bar("schedules", console) as progress:
            bar = progress.add_task("schedules", total=len(schedules))
            for told in tried(night, before, schedules):
                progress.advance(bar)
                struck, calls = struck + len(told.struck), calls + told.calls
                if told.why:
                    failing.append(told.schedule.seed)
                    _tell_of(told, console)
    both = sum(one.campaigns > 1 for one in schedules)
    console.print(
        f"{len(schedules)} schedules, {both} of them of two campaigns, {struck} mishaps among "
        f"{calls} calls, {len(failing)} ended otherwise than undisturbed, in "
        f"{time.perf_counter() - began:.0f} seconds of real time"
    )
    return 1 if failing else 0


def _tell_of(told: Told, console: Console) -> None:
    console.print(f"Seed {told.schedule.seed}. Again: {told.again}", style="red", markup=False)
    for line in told.schedule.lines():
        console.print(f"    {line}", markup=False, highlight=False)
    for why in told.why[:8]:
        console.print(f"  ! {why[:500]}", markup=False, highlight=False)


def _bar(text: str, console: Console) -> Progress:
    columns = TextColumn(text), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    return Progress(*columns, console=console, disable=not console.is_terminal)


def _mutate(console: Console) -> int:
    """Take each thing that we rely on away, and see that it is noticed."""
    expected = expectations(MUTATIONS)
    table = Table("taken away", "noticed by", "what differed", title="Mutations", show_lines=True)
    noticed = 0
    for ran in forked(
        MUTATIONS,
        lambda one: _row_of(caught(one, expected[one.scenario])),
        at_most_still_seconds=_DEPLOYING_SECONDS,
    ):
        by, why = ran.answer or (None, (ran.failure or "").strip().splitlines()[-1])
        noticed += by is not None
        table.add_row(ran.case.name, by or "NOBODY", Text(why[:160]))
    console.print(table)
    console.print(f"{noticed} of {len(MUTATIONS)} were noticed")
    return 0 if noticed == len(MUTATIONS) else 1


def _row_of(found: Caught) -> tuple[str | None, str]:
    return found.by, found.why or f"{found.tried} faults changed nothing"


def _privileges(uses: set[Use]) -> Table:
    """What the roles may do and did, in the scenarios that were run, and why the rest stands."""
    headings = ("role", "allowed", "tried, and may not", "may, never did, and why", "undefended")
    table = Table(*headings, title="Least privilege", show_lines=True)
    for gap in gaps(uses):
        never = set(gap.never_used)
        defended = [
            (one, sorted(right for right in never if one.of(gap.role, right))) for one in UNUSED
        ]
        why = [f"{', '.join(rights)}: {one.because}" for one, rights in defended if rights]
        left = never.difference(*(rights for _, rights in defended))
        cells = (", ".join(gap.not_allowed), "\n".join(why), ", ".join(sorted(left)))
        table.add_row(gap.role, str(gap.allowed), *(Text(cell or "-") for cell in cells))
    return table


def _chosen(every: list[Fault], asked: argparse.Namespace) -> list[Fault]:
    if asked.fault:
        return [one for one in every if one.label in asked.fault]
    if asked.most is None:
        return every
    return sorted(spread(every, asked.most, random.Random(asked.seed)), key=lambda one: one.at)


def _tell(violation: Violation, console: Console) -> None:
    fault = violation.fault
    console.print(
        f"{violation.scenario}, call {fault.at} ({fault.call}), {fault.kind.value}. Again: "
        f"python -m tests.proof {violation.scenario} --fault {fault.label}",
        style="red",
        markup=False,
    )
    for why in violation.why[:8]:
        console.print(f"    {why[:500]}", markup=False, highlight=False)


def _arguments(words: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.proof", description=__doc__)
    parser.add_argument("scenarios", nargs="*", default=list(SCENARIOS), metavar="SCENARIO")
    parser.add_argument("--most", type=int, help="faults of each scenario; all, without")
    parser.add_argument("--seed", type=int, default=0, help="which ones, with --most; or the first")
    parser.add_argument("--schedules", type=int, help="nights by a seed each")
    parser.add_argument("--mutations", action="store_true", help="whether this proof bites")
    parser.add_argument("--resume", type=Path, help="what was run before; more is added to it")
    parser.add_argument("--fault", action="append", help="one fault again, as it was printed")
    asked = parser.parse_args(words)
    unknown = sorted(set(asked.scenarios) - set(SCENARIOS))
    if unknown:
        parser.error(f"no such scenario: {', '.join(unknown)}; there are {', '.join(SCENARIOS)}")
    return asked


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

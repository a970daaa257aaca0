"""Work is started once for each thing, all before any is looked at, and never lost in between."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from responder.aws.clients import Clients
from responder.aws.vault import Content
from responder.collectors.collector import Collected, Later, Scene
from responder.collectors.rounds import Started, until_done
from tests.builders import NOON, REGION
from tests.collecting import a_scene

THINGS = {"one": 1, "two": 2}
ASK_AGAIN, AT_MOST = timedelta(minutes=1), timedelta(hours=1)


@dataclass
class Work:
    """Takes so many looks for each thing; what cannot be started yet is in `not_yet`."""

    looks: int = 1
    not_yet: set[str] = field(default_factory=set)
    said: list[str] = field(default_factory=list)

    def start(self, thing: int, is_late: bool) -> Started | None:
        self.said.append(f"start {thing}")
        if str(thing) in self.not_yet and not is_late:
            return None
        return {"left": self.looks, "late": is_late}

    def look(self, thing: int, started: Started, is_late: bool) -> Collected | None:
        self.said.append(f"look {thing}")
        started["left"] -= 1
        if started["left"] > 0 and not is_late:
            return None
        return Collected(f"work/{thing}", Content(b"", ".json", "application/json"), "work")


def scene(**given: Any) -> Scene:
    return a_scene(Clients(REGION), **given)


def run(work: Work, at: Scene) -> list[Collected | Later]:
    return list(
        until_done(
            at, THINGS, start=work.start, look=work.look, ask_again=ASK_AGAIN, at_most=AT_MOST
        )
    )


def names(found: list[Collected | Later]) -> list[str]:
    return [one.name for one in found if isinstance(one, Collected)]


def after(found: list[Collected | Later], at: Scene) -> Scene:
    later = found[-1]
    assert isinstance(later, Later)
    return replace(at, bookmark=later.bookmark)


def test_all_are_started_before_any_is_looked_at() -> None:
    work = Work()
    assert names(run(work, scene())) == ["work/1", "work/2"]
    assert work.said == ["start 1", "start 2", "look 1", "look 2"]


def test_what_is_not_done_is_looked_at_again_and_not_started_again() -> None:
    work, at = Work(looks=2), scene()
    first = run(work, at)
    assert names(first) == []
    assert isinstance(first[-1], Later)
    assert first[-1].wait == ASK_AGAIN
    assert names(run(work, after(first, at))) == ["work/1", "work/2"]
    assert work.said.count("start 1") == 1


def test_what_cannot_be_started_now_does_not_hold_up_the_others() -> None:
    work, at = Work(not_yet={"1"}), scene()
    first = run(work, at)
    assert names(first) == ["work/2"]
    work.not_yet = set()
    assert names(run(work, after(first, at))) == ["work/1"]
    assert work.said.count("start 2") == 1


def test_without_time_it_goes_on_in_the_next_run_where_it_was() -> None:
    work, at = Work(), scene()
    looks = iter([NOON] * 2 + [NOON + timedelta(minutes=5)] * 9)
    short = replace(at, read_at=lambda: next(looks))  # one look for the clock, one start
    first = run(work, short)
    assert work.said == ["start 1"]
    assert isinstance(first[-1], Later)
    assert first[-1].wait == timedelta()
    assert names(run(work, after(first, at))) == ["work/1", "work/2"]
    assert work.said == ["start 1", "start 2", "look 1", "look 2"]


def test_without_time_between_looks_what_was_yielded_is_not_yielded_again() -> None:
    work, at = Work(), scene()
    looks: Iterator[Any] = iter([NOON] * 4 + [NOON + timedelta(minutes=5)] * 9)
    first = run(work, replace(at, read_at=lambda: next(looks)))
    assert names(first) == ["work/1"]
    assert names(run(work, after(first, at))) == ["work/2"]


def test_what_takes_too_long_is_told_that_it_is_late_by_the_first_run() -> None:
    work, at = Work(looks=999, not_yet={"1"}), scene()
    first = run(work, at)
    assert names(first) == []
    on_the_hour = replace(
        after(first, at), read_at=lambda: NOON + AT_MOST, ends_at=NOON + 2 * AT_MOST
    )
    second = run(work, on_the_hour)
    assert names(second) == []
    past = NOON + AT_MOST + timedelta(seconds=1)
    late = replace(after(second, at), read_at=lambda: past, ends_at=past + timedelta(minutes=5))
    assert names(run(work, late)) == ["work/1", "work/2"]

"""Each thing has its turn, what can be tried again is, and every failure is named in the end."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from responder.aws.clients import Clients
from responder.aws.vault import Content
from responder.collectors import failing
from responder.collectors.collector import Collected, Later, Scene
from responder.collectors.turns import Turn, in_turn
from responder.domain.errors import Broken, ResponderError, Unavailable
from tests.builders import NOON, REGION
from tests.collecting import a_scene

NEED = timedelta(seconds=30)


@dataclass
class World:
    """Three things. `answers` are what each look at a thing fails with, in order; then it goes."""

    answers: dict[str, list[ResponderError]] = field(default_factory=dict)
    bookmarks: dict[str, list[Mapping[str, Any]]] = field(default_factory=dict)
    looked: list[str] = field(default_factory=list)
    given: list[Mapping[str, Any] | None] = field(default_factory=list)
    names: tuple[str, ...] = ("one", "two", "three")

    def turns(self) -> list[Turn]:
        return [Turn(name, name, partial(self.look, name)) for name in self.names]

    def look(self, name: str, inside: Mapping[str, Any] | None) -> Iterator[Collected | Later]:
        self.looked.append(name)
        self.given.append(inside)
        if waiting := self.answers.get(name):
            raise waiting.pop(0)
        if later := self.bookmarks.get(name):
            yield Later(later.pop(0), timedelta(minutes=1))
            return
        yield Collected(f"c/0001/{name}", Content(b"", ".json", "application/json"), "it")

    def run(self, scene: Scene) -> list[Collected | Later]:
        return list(in_turn(scene, self.turns(), need=NEED))


def scene(**given: Any) -> Scene:
    return a_scene(Clients(REGION), **given)


def no_time(bookmark: Mapping[str, Any] | None = None) -> Scene:
    """A run that has time for one turn."""
    return scene(ends_at=NOON, bookmark=bookmark or {})


def left(found: list[Collected | Later]) -> Mapping[str, Any]:
    later = found[-1]
    assert isinstance(later, Later)
    return later.bookmark


def test_a_later_failure_that_can_be_tried_again_has_the_run_tried_again() -> None:
    world = World({"one": [Broken("AccessDenied")], "three": [Unavailable("Throttling")]})
    with pytest.raises(Unavailable) as told:
        world.run(scene())
    assert "one: AccessDenied" in str(told.value)
    assert "three: Throttling" in str(told.value)
    assert world.looked == ["one", "two", "three"]


def test_what_cannot_be_tried_again_is_broken_and_every_one_is_named() -> None:
    world = World({"one": [Broken("AccessDenied")], "two": [Broken("ValidationError")]})
    with pytest.raises(Broken, match="2 failures: one: AccessDenied; two: ValidationError"):
        world.run(scene())


def test_what_aws_did_not_answer_in_one_run_is_tried_again_in_the_next() -> None:
    world = World({"one": [Unavailable("Throttling")]})
    bookmark = left(world.run(no_time()))
    names = [one.name for one in world.run(scene(bookmark=bookmark)) if isinstance(one, Collected)]
    assert names == ["c/0001/two", "c/0001/three", "c/0001/one"]


def test_what_fails_in_several_runs_is_named_in_the_last() -> None:
    world = World({"one": [Broken("AccessDenied")], "two": [Broken("no such thing")]})
    bookmark = left(world.run(no_time()))
    bookmark = left(world.run(no_time(bookmark)))
    with pytest.raises(Broken, match="one: AccessDenied; two: no such thing"):
        world.run(no_time(bookmark))
    assert world.looked == ["one", "two", "three"]


def test_what_never_answers_ends_the_runs_and_is_named() -> None:
    world = World()
    world.answers = {name: [Unavailable("Throttling")] * 9 for name in world.names}
    bookmark: Mapping[str, Any] = {}
    for _ in range(5):
        bookmark = left(world.run(no_time(bookmark)))
    with pytest.raises(Unavailable, match="3 failures") as told:
        world.run(no_time(bookmark))
    assert all(f"{name}: Throttling" in str(told.value) for name in world.names)
    assert sorted(world.looked) == sorted(world.names * 2)


def test_a_thing_goes_on_at_its_own_bookmark_also_when_it_is_tried_again() -> None:
    world = World(bookmarks={"one": [{"page": 2}]})
    bookmark = left(world.run(no_time()))
    world.answers = {"one": [Unavailable("Throttling")]}
    bookmark = left(world.run(no_time(bookmark)))
    bookmark = left(world.run(no_time(bookmark)))
    world.bookmarks = {"one": [{"page": 3}]}
    bookmark = left(world.run(replace(scene(), bookmark=bookmark)))
    world.run(no_time(bookmark))
    assert world.looked == ["one", "one", "two", "three", "one", "one"]
    assert world.given == [None, {"page": 2}, None, None, {"page": 2}, {"page": 3}]


def test_a_run_has_one_turn_at_least_and_begins_where_the_one_before_stopped() -> None:
    world, bookmark = World(), dict[str, Any]()
    for _ in range(2):
        bookmark = dict(left(world.run(no_time(bookmark))))
    assert not any(isinstance(one, Later) for one in world.run(no_time(bookmark)))
    assert world.looked == ["one", "two", "three"]


def test_what_comes_or_goes_between_two_runs_changes_nothing_for_the_others() -> None:
    """A finding that comes late may name a thing before the others, or one may name less."""
    world = World(bookmarks={"two": [{"page": 2}]})
    bookmark = left(world.run(no_time()))
    bookmark = left(world.run(no_time(json.loads(json.dumps(bookmark)))))
    world.names = ("zero", "two", "three")
    world.run(scene(bookmark=json.loads(json.dumps(bookmark))))
    assert world.looked == ["one", "two", "zero", "two", "three"]
    assert world.given == [None, None, None, {"page": 2}, None]


def test_a_number_that_an_earlier_version_left_is_gone_on_from() -> None:
    world = World()
    world.run(scene(bookmark={"done": 1, "failed": [], "more": {"page": 2}}))
    assert world.looked == ["two", "three"]
    assert world.given == [{"page": 2}, None]


def test_a_bookmark_that_an_earlier_version_left_is_begun_again() -> None:
    world = World()
    with pytest.raises(Broken, match="reading screen"):
        world.run(scene(bookmark={"done": ["one"], "failed": ["reading screen: AccessDenied"]}))
    assert world.looked == ["one", "two", "three"]


def test_many_failures_stay_an_error_that_a_machine_can_carry_and_name_nothing_unseen() -> None:
    hostile = "i-\u202e\n" + "x" * 5000
    said = str(failing.together([Broken(f"{number} {hostile}") for number in range(200)]))
    assert len(said) < failing.MOST_SAID + 500
    assert "200 failures: 0 i-" in said
    assert said.endswith("; and 150 more")
    assert "\u202e" not in said
    assert "\n" not in said
    forty = str(failing.together([Broken(f"number {number}") for number in range(40)]))
    assert all(f"number {number}" in forty for number in range(40))

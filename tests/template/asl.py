"""What can be told of a state machine by reading it: a line for each thing that is wrong.

`misspelt` asks cfn-lint's schema of the Amazon States Language, which holds each state to the
fields of its type; `problems` are what a schema cannot see.
"""

import json
import re
from collections.abc import Collection, Iterator, Mapping, Set
from typing import Any

from cfnlint.api import lint_all

State = Mapping[str, Any]
Level = Mapping[str, Any]  # a machine, a branch, or an item processor

_READ = re.compile(r"\$\.([A-Za-z_]\w*)")  # the first name of a path; `$$.` is the context object
_READING = (
    *("Parameters", "ItemSelector", "ItemsPath", "TimeoutSecondsPath", "TimestampPath"),
    *("ItemReader", "MaxConcurrencyPath", "ResultWriter"),
)
_FUNCTION = "arn:aws:lambda:us-west-2:111122223333:function:any"
_ENDS = ("Succeed", "Fail")


def problems(
    machine: Level,
    *,
    given: Collection[str],
    retried: Collection[str],
    uncaught: Collection[str] = (),
    waits: Collection[str] = (),
) -> list[str]:
    """Everything that is wrong with its ways, and with what its states do on them.

    `given` are the keys of the input; `retried` the errors each call of a function must try again
    after; `uncaught` the tasks that may fail their execution; `waits` the states that wait until an
    instant from their input, whose bound is held by code.
    """
    found = list[str]()
    for level, keys in _levels(machine, frozenset(given)):
        found += _ways(level)
        found += _reads(level, keys)
        for name, state in level["States"].items():
            found += (f"{name} {wrong}" for wrong in _state(name, state, retried, uncaught, waits))
    return found


def misspelt(machine: Level) -> Iterator[str]:
    """What the language has no word for."""
    text = json.dumps(machine).replace("${Partition}", "aws")
    definition = json.loads(re.sub(r"\$\{\w+Arn\}", _FUNCTION, text))
    properties = {"Definition": definition, "RoleArn": "arn:aws:iam::111122223333:role/machine"}
    resource = {"Type": "AWS::StepFunctions::StateMachine", "Properties": properties}
    for match in lint_all(json.dumps({"Resources": {"Machine": resource}})):
        if not match.rule.id.startswith("I"):  # these only inform
            yield f"{match.rule.id}: {match.message}"


def _levels(level: Level, given: Set[str]) -> Iterator[tuple[Level, Set[str]]]:
    """The machine and each one inside it, with the keys that its first state is given."""
    yield level, given
    before = _available(level, given)
    for name, state in level["States"].items():
        for branch in state.get("Branches", []):
            yield from _levels(branch, before.get(name, frozenset()))
        if "ItemProcessor" in state:
            item = {key.removesuffix(".$") for key in state.get("ItemSelector", {})}
            yield from _levels(state["ItemProcessor"], item)


def ways(state: State) -> list[tuple[str, State]]:
    """Each state that may follow, with what names it: the state itself, a rule, or a catcher."""
    named = [(state[key], state) for key in ("Next", "Default") if key in state]
    rules = [*state.get("Choices", []), *state.get("Catch", [])]
    return [*named, *((rule["Next"], rule) for rule in rules)]


def _ways(level: Level) -> Iterator[str]:
    states = level["States"]
    reached = _reached([level["StartAt"]], states)
    for name in states:
        if name not in reached:
            yield f"{name} is never reached"
        onward = _reached([name], states)
        if not any(_ends(states[one]) for one in onward & states.keys()):
            yield f"{name} never leads to an end"
    for name in reached - set(states):
        yield f"{name} is no state of its level"


def _reached(start: list[str], states: Mapping[str, State]) -> set[str]:
    reached, waiting = set[str](), start
    while waiting:
        here = waiting.pop()
        if here not in reached:
            reached.add(here)
            waiting += [name for name, _ in ways(states.get(here, {}))]
    return reached


def _ends(state: State) -> bool:
    return bool(state.get("End")) or state.get("Type") in _ENDS


def _available(level: Level, given: Set[str]) -> dict[str, Set[str]]:
    """For each state, the keys that its input surely has, whichever way led to it."""
    before: dict[str, Set[str]] = {level["StartAt"]: given}
    waiting = [level["StartAt"]]
    while waiting:
        here = waiting.pop()
        for name, way in ways(level["States"].get(here, {})):
            after = _after(before[here], level["States"][here], way)
            narrowed = after if name not in before else before[name] & after
            if before.get(name) != narrowed:
                before[name] = narrowed
                waiting.append(name)
    return before


def _after(before: Set[str], state: State, way: State) -> Set[str]:
    """The keys after a state. One that names no place for what it writes replaces its input."""
    writes = way is state or "ErrorEquals" in way
    if not writes or state["Type"] in ("Choice", "Wait"):
        return before
    path = way.get("ResultPath")
    if path is None:
        return before if state["Type"] == "Pass" and "Result" not in state else frozenset()
    return before | {str(path).removeprefix("$.").split(".")[0]}


def _reads(level: Level, given: Set[str]) -> Iterator[str]:
    before = _available(level, given)
    for name, state in level["States"].items():
        asked = [state[key] for key in _READING if key in state] + state.get("Choices", [])
        for key in sorted(set(_READ.findall(json.dumps(asked).replace("$$.", "")))):
            if key not in before.get(name, frozenset({key})):
                yield f"{name} reads $.{key}, which no way to it is sure to have written"


def _state(
    name: str,
    state: State,
    retried: Collection[str],
    uncaught: Collection[str],
    waits: Collection[str],
) -> Iterator[str]:
    match state["Type"]:
        case "Task":
            yield from _task(state, retried)
            catches = any("States.ALL" in one["ErrorEquals"] for one in state.get("Catch", []))
            if not catches and name not in uncaught:
                yield "fails its execution, and nobody says why it may"
            if catches and name in uncaught:
                yield "may fail its execution, and does not"
        case "Choice":
            if "Default" not in state:
                yield "has no default"
        case "Wait":
            bounded = isinstance(state.get("Seconds"), int)
            if not bounded and name not in waits:
                yield "waits as long as its input says"
            if bounded and name in waits:
                yield "may wait as long as its input says, and does not"


def _task(state: State, retried: Collection[str]) -> Iterator[str]:
    if not {"TimeoutSeconds", "TimeoutSecondsPath"} & set(state):
        yield "has no time-out"
    retries = state.get("Retry", [])
    tried = {error for retry in retries for error in retry["ErrorEquals"]}
    if not tried:
        yield "is never tried again"
    elif "FunctionArn}" in json.dumps(state) and tried != set(retried):
        yield f"is tried again after {sorted(tried)}"
    if any(not 1 <= retry.get("MaxAttempts", 0) <= 10 for retry in retries):
        yield "is not tried again between 1 and 10 times"

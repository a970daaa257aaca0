"""What a state machine may use here. Anything else is refused by name, before it is created.

Moto's engine takes more than it gets right. These are the parts of the Amazon States Language that
the contract tests cover, with JSONPath; whoever needs another adds its test first.
"""

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from localcloud.stack import Unsupported

_EVERY: Final = frozenset({"Type", "Comment"})
_FLOW: Final = _EVERY | {"Next", "End", "InputPath", "OutputPath"}
_CAUGHT: Final = frozenset({"Retry", "Catch", "ResultPath", "ResultSelector"})
_FIELDS: Final[Mapping[str, frozenset[str]]] = {
    "Pass": _FLOW | {"Result", "ResultPath", "Parameters"},
    "Task": _FLOW | _CAUGHT | {"Resource", "Parameters", "TimeoutSeconds", "TimeoutSecondsPath"},
    "Choice": _EVERY | {"InputPath", "OutputPath", "Choices", "Default"},
    "Wait": _FLOW | {"Seconds", "SecondsPath", "Timestamp", "TimestampPath"},
    "Succeed": _EVERY | {"InputPath", "OutputPath"},
    "Fail": _EVERY | {"Error", "Cause"},
    "Parallel": _FLOW | _CAUGHT | {"Branches", "Parameters"},
    "Map": _FLOW | _CAUGHT | {"ItemsPath", "ItemSelector", "ItemProcessor", "MaxConcurrency"},
}
# A Map whose items are executions of their own has these, each of them, and no others.
_DISTRIBUTED: Final = frozenset(
    {"ItemReader", "MaxConcurrency", "MaxConcurrencyPath", "ResultWriter"}
) | {"ToleratedFailurePercentage", "ItemProcessor"}
_EXPRESS: Final = {"Mode": "DISTRIBUTED", "ExecutionType": "EXPRESS"}
_READER: Final = frozenset({"Resource", "ReaderConfig", "Parameters"})
_WRITER: Final = frozenset({"Resource", "Parameters"})
_S3: Final = re.compile(r"arn:aws[a-z-]*:states:::s3:(getObject|putObject)")
_MACHINE: Final = frozenset({"Comment", "StartAt", "States", "TimeoutSeconds", "Version"})
_PROCESSOR: Final = frozenset({"Comment", "StartAt", "States", "ProcessorConfig"})
_BRANCH: Final = frozenset({"Comment", "StartAt", "States"})
_RETRIER: Final = frozenset(
    {"Comment", "ErrorEquals", "IntervalSeconds", "MaxAttempts", "BackoffRate", "MaxDelaySeconds"}
)
_CATCHER: Final = frozenset({"Comment", "ErrorEquals", "ResultPath", "Next"})
# In a rule of a Choice these belong to JSONata and to variables.
_NOT_IN_CHOICE: Final = frozenset({"Condition", "Assign", "Output"})
_RESOURCES: Final = re.compile(
    r"arn:aws[a-z-]*:(lambda:[a-z0-9-]+:\d{12}:function:[A-Za-z0-9_$:-]+"
    r"|states:::lambda:invoke(\.waitForTaskToken)?"
    r"|states:::states:startExecution)"
)


def refuse_unsupported(definition: str) -> None:
    """Raise `Unsupported` if the definition holds anything that is not known to run as on AWS.

    Text that is no JSON, and what Step Functions itself would refuse, is left to the parser.
    """
    try:
        machine = json.loads(definition)
    except ValueError:
        return
    if not isinstance(machine, dict):
        return
    if (language := machine.pop("QueryLanguage", "JSONPath")) != "JSONPath":
        raise Unsupported(f"the query language {language} of a state machine")
    _only(machine, _MACHINE, "the state machine")
    _states(machine)


def _states(within: Mapping[str, Any]) -> None:
    for name, state in within.get("States", {}).items():
        where = f"the state {name}"
        kind = state.get("Type")
        if kind not in _FIELDS:
            raise Unsupported(f"{where}: the type {kind}")
        language = state.get("QueryLanguage", "JSONPath")
        if language != "JSONPath":
            raise Unsupported(f"{where}: the query language {language}")
        is_distributed = _mode(state) == "DISTRIBUTED"
        known = _FLOW | _CAUGHT | _DISTRIBUTED if is_distributed else _FIELDS[kind]
        _only({k: v for k, v in state.items() if k != "QueryLanguage"}, known, where)
        for retrier in state.get("Retry", []):
            _only(retrier, _RETRIER, f"a Retry of {where}")
        for catcher in state.get("Catch", []):
            _only(catcher, _CATCHER, f"a Catch of {where}")
        for branch in state.get("Branches", []):
            _only(branch, _BRANCH, f"a branch of {where}")
            _states(branch)
        _rules(state.get("Choices", []), where)
        if kind == "Task" and not _RESOURCES.fullmatch(str(state.get("Resource"))):
            raise Unsupported(f"{where}: the resource {state.get('Resource')}")
        if kind == "Map":
            processor = state.get("ItemProcessor", {})
            _only(processor, _PROCESSOR, f"the ItemProcessor of {where}")
            if is_distributed:
                _distributed(state, where)
            elif (mode := _mode(state)) != "INLINE":
                raise Unsupported(f"{where}: a Map in the mode {mode}")
            _states(processor)


def _mode(state: Mapping[str, Any]) -> str:
    mode: str = state.get("ItemProcessor", {}).get("ProcessorConfig", {}).get("Mode", "INLINE")
    return mode


def _distributed(state: Mapping[str, Any], where: str) -> None:
    """Only with a list in S3, results in S3, and failures that stop nothing."""
    config = state["ItemProcessor"]["ProcessorConfig"]
    if config != _EXPRESS:
        raise Unsupported(f"{where}: a distributed Map with the configuration {config}")
    reader, writer = state.get("ItemReader", {}), state.get("ResultWriter", {})
    _only(reader, _READER, f"the ItemReader of {where}")
    _only(writer, _WRITER, f"the ResultWriter of {where}")
    for one, name in ((reader, "getObject"), (writer, "putObject")):
        found = _S3.fullmatch(str(one.get("Resource")))
        if found is None or found[1] != name:
            raise Unsupported(f"{where}: a distributed Map without s3:{name}")
    if reader.get("ReaderConfig") != {"InputType": "JSON"}:
        raise Unsupported(f"{where}: a list that is no JSON")
    if state.get("ToleratedFailurePercentage") != 100:
        raise Unsupported(f"{where}: a distributed Map that some failures stop")
    if "waitForTaskToken" in json.dumps(state["ItemProcessor"]):
        raise Unsupported(f"{where}: an Express execution that waits for a token")


def _rules(rules: Iterable[Mapping[str, Any]], where: str) -> None:
    for rule in rules:
        if found := sorted(_NOT_IN_CHOICE & set(rule)):
            raise Unsupported(f"a rule of {where}: {', '.join(found)}")
        _rules([*rule.get("And", []), *rule.get("Or", [])], where)


def _only(found: Mapping[str, Any], known: frozenset[str], where: str) -> None:
    if unknown := sorted(set(found) - known):
        raise Unsupported(f"{where}: {', '.join(unknown)}")

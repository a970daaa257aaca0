"""Reads an automation document: its parameters, its steps, and the values put into them.

Only what is listed here can be run; a document that asks for more is refused by name when it is
started. AWS: Systems Manager User Guide, "Automation actions reference", "Schemas, features".
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from localcloud.fault import Fault
from localcloud.stack import Unsupported

ACTIONS: Final = ("aws:approve", "aws:invokeLambdaFunction")
_DOCUMENT: Final = frozenset(
    {"assumeRole", "description", "mainSteps", "outputs", "parameters", "schemaVersion"}
)
_STEP: Final = frozenset(
    {"action", "description", "inputs", "isCritical", "isEnd", "maxAttempts", "name", "nextStep"}
    | {"onFailure", "timeoutSeconds"}
)
_PARAMETER: Final = frozenset(
    {"allowedPattern", "allowedValues", "default", "description", "maxChars", "minChars", "type"}
)
_VALUE: Final = re.compile(r"\{\{\s*([A-Za-z0-9_.:]+)\s*\}\}")
_APPROVAL_SECONDS: Final = 7 * 24 * 3600  # aws:approve, when the step gives no time-out
_STEP_SECONDS: Final = (
    600  # what GetAutomationExecution shows; others have no time-out of their own
)


@dataclass(frozen=True)
class StepPlan:
    """One step as the document has it."""

    name: str
    action: str
    inputs: Mapping[str, Any]
    timeout_seconds: int
    max_attempts: int
    on_failure: str  # Abort, Continue, or step:<name>
    is_critical: bool
    is_end: bool
    next_step: str | None


@dataclass(frozen=True)
class Plan:
    """A document that can be run."""

    parameters: Mapping[str, Mapping[str, Any]]
    assume_role: str | None
    steps: Mapping[str, StepPlan]

    def after(self, step: StepPlan) -> StepPlan | None:
        """The step after this one when it went well, in the order of the document."""
        if step.is_end:
            return None
        if step.next_step is not None:
            return self.steps[step.next_step]
        names = list(self.steps)
        at = names.index(step.name) + 1
        return self.steps[names[at]] if at < len(names) else None


def read(name: str, content: Mapping[str, Any]) -> Plan:
    """The plan of a document. Raises `Unsupported` for what cannot be run here."""
    _known(set(content) - _DOCUMENT, name)
    if str(content.get("schemaVersion")) != "0.3":
        raise Unsupported(f"the schema version {content.get('schemaVersion')} of {name}")
    parameters = content.get("parameters", {})
    for one, rule in parameters.items():
        _known(set(rule) - _PARAMETER, f"{name}.{one}")
        if rule.get("type") not in ("String", "StringList"):
            raise Unsupported(f"a parameter of type {rule.get('type')}, in {name}")
    if content.get("outputs"):
        raise Unsupported(f"outputs of the document {name}")
    steps = {one["name"]: _step(name, one) for one in content["mainSteps"]}
    for step in steps.values():
        target = step.on_failure.removeprefix("step:")
        wanted = {step.next_step, target if step.on_failure.startswith("step:") else None}
        if unknown := sorted(str(one) for one in wanted - {None} if one not in steps):
            raise Unsupported(f"{name}: {step.name} goes to {', '.join(unknown)}, not a step")
    return Plan(parameters, content.get("assumeRole") or None, steps)


def _step(name: str, one: Mapping[str, Any]) -> StepPlan:
    where = f"{name}.{one['name']}"
    _known(set(one) - _STEP, where)
    if one["action"] not in ACTIONS:
        raise Unsupported(f"{one['action']}, the action of {where}")
    on_failure = str(one.get("onFailure", "Abort"))
    if on_failure not in ("Abort", "Continue") and not on_failure.startswith("step:"):
        raise Unsupported(f"onFailure {on_failure} of {where}")
    usual = _APPROVAL_SECONDS if one["action"] == "aws:approve" else _STEP_SECONDS
    return StepPlan(
        name=one["name"],
        action=one["action"],
        inputs=one.get("inputs", {}),
        timeout_seconds=int(one.get("timeoutSeconds", usual)),
        max_attempts=int(one.get("maxAttempts", 1)),
        on_failure=on_failure,
        is_critical=_true(one.get("isCritical", True)),
        is_end=_true(one.get("isEnd", False)),
        next_step=one.get("nextStep"),
    )


def check_parameters(plan: Plan, given: Mapping[str, list[str]]) -> dict[str, list[str]]:
    """Every parameter's values, defaults filled in. Refused as Systems Manager refuses them."""
    if unknown := sorted(set(given) - set(plan.parameters)):
        raise _refused(f"the document has no parameter {', '.join(unknown)}")
    values = dict[str, list[str]]()
    for name, rule in plan.parameters.items():
        if name not in given and "default" not in rule:
            raise _refused(f"the parameter {name} needs a value")
        default = rule.get("default", [])
        usual = default if isinstance(default, list) else [str(default)]
        values[name] = found = list(given.get(name, usual))
        if rule["type"] == "String" and len(found) != 1:
            raise _refused(f"the parameter {name} takes one value")
        for value in found:
            _check_value(name, value, rule)
    return values


def _check_value(name: str, value: str, rule: Mapping[str, Any]) -> None:
    if "allowedValues" in rule and value not in rule["allowedValues"]:
        raise _refused(f"the parameter {name} is not one of the allowed values")
    if "allowedPattern" in rule and re.fullmatch(rule["allowedPattern"], value) is None:
        raise _refused(f"the parameter {name} does not match {rule['allowedPattern']}")
    if not int(rule.get("minChars", 0)) <= len(value) <= int(rule.get("maxChars", len(value))):
        raise _refused(f"the parameter {name} has a length that is not allowed")
    if "{{" in value and "}}" in value:
        # An automation would put values into it.
        raise _refused(f"the parameter {name} contains a variable")


def put_in(value: Any, known: Callable[[str], Any]) -> Any:
    """A value of the document with its variables put in. A text that is one variable becomes it."""
    if isinstance(value, Mapping):
        return {key: put_in(one, known) for key, one in value.items()}
    if isinstance(value, list):
        return [put_in(one, known) for one in value]
    if not isinstance(value, str):
        return value
    whole = _VALUE.fullmatch(value.strip())
    if whole is not None:
        return known(whole.group(1))
    return _VALUE.sub(lambda found: str(known(found.group(1))), value)


def _known(unknown: set[str], where: str) -> None:
    if unknown:
        raise Unsupported(f"{', '.join(sorted(unknown))} of {where}")


def _true(value: Any) -> bool:
    return str(value).lower() == "true"


def _refused(text: str) -> Fault:
    return Fault("InvalidAutomationExecutionParametersException", text)

"""The shipped templates and machines, as data."""

import ast
import json
from functools import cache
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import yaml
from cfnlint.decode import cfn_yaml

ROOT = Path(__file__).parents[2]
TEMPLATES = ["template.yaml", *sorted(f"stacks/{p.name}" for p in (ROOT / "stacks").glob("*.yaml"))]


@cache
def template(path: str = "template.yaml") -> dict[str, Any]:
    """A template with its short-form intrinsics written out."""
    loaded: dict[str, Any] = cfn_yaml.load(str(ROOT / path))
    return loaded


@cache
def machine(name: str) -> dict[str, Any]:
    """A state machine as it is deployed, before substitution."""
    loaded: dict[str, Any] = yaml.safe_load((ROOT / f"statemachines/{name}.asl.yaml").read_text())
    return loaded


def resources(kind: str, path: str = "template.yaml") -> dict[str, dict[str, Any]]:
    """Logical id to properties, for one resource type."""
    return {
        name: resource.get("Properties", {})
        for name, resource in template(path)["Resources"].items()
        if resource["Type"] == kind
    }


def functions() -> dict[str, dict[str, Any]]:
    """Verb to properties, for each Lambda function."""
    found = resources("AWS::Serverless::Function")
    return {Path(properties["CodeUri"]).name: properties for properties in found.values()}


def states(definition: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Every state of a machine, those inside Parallel and Map included."""
    found: dict[str, dict[str, Any]] = {}
    for name, state in definition["States"].items():
        found[name] = state
        inner = list(state.get("Branches", []))
        if "ItemProcessor" in state:
            inner.append(state["ItemProcessor"])
        for part in inner:
            for inner_name, inner_state in states(part).items():
                assert inner_name not in found, f"two states are called {inner_name}"
                found[inner_name] = inner_state
    return found


def statements(properties: dict[str, Any]) -> list[dict[str, Any]]:
    """Every policy statement that a function's `Policies` give its role, conditional ones too."""
    return [s for policy in properties.get("Policies", []) for s in _each(policy["Statement"])]


def role_statements(role: dict[str, Any]) -> list[dict[str, Any]]:
    """Every policy statement of an `AWS::IAM::Role`."""
    documents = [policy["PolicyDocument"] for policy in role.get("Policies", [])]
    return [s for document in documents for s in _each(document["Statement"])]


def _each(listed: list[dict[str, Any]]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for one in listed:
        branches = one["Fn::If"][1:] if "Fn::If" in one else [one]
        found += [branch for branch in branches if branch != {"Ref": "AWS::NoValue"}]
    return found


def step(verb: str) -> ModuleType:
    """The module with what a function does."""
    return import_module(f"responder.steps.{verb}")


def event_of(verb: str) -> Any:
    """The input of a function that is kept as an example."""
    return json.loads((ROOT / f"events/steps/{verb}.json").read_text())


def as_list(value: Any) -> list[Any]:
    """One or many, as many."""
    return value if isinstance(value, list) else [value]


def docstring_of(path: Path) -> str:
    """First line of a module's docstring."""
    text = ast.get_docstring(ast.parse(path.read_text()))
    assert text, f"{path} has no docstring"
    return text.splitlines()[0]

"""What each role may do, against what it did in every scenario."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from localcloud.switchboard import Call
from tests.template.templates import (
    as_list,
    functions,
    resources,
    role_statements,
    statements,
)

_ELSEWHERE = ("stacks/member-role.yaml", "stacks/evidence-copies.yaml")
_MEMBERS = {
    "breach-responder-contain": "ContainRole",
    "breach-responder-collect": "CollectRole",
    "breach-responder-preserve": "PreserveRole",
    "breach-responder-keep": "KeepRole",
}
_REFUSALS = frozenset(
    {
        "AccessDenied",
        "AccessDeniedException",
        "AuthorizationError",
        "UnauthorizedOperation",
    }
)


@dataclass(frozen=True)
class Use:
    """One action that one role asked for, and whether IAM let it."""

    role: str  # logical id in its template
    action: str
    refused: bool


@dataclass(frozen=True)
class Gap:
    """How what a role may do and what it did differ."""

    role: str
    allowed: int
    never_used: tuple[str, ...]
    not_allowed: tuple[str, ...]


def uses_of(calls: Iterable[Call]) -> set[Use]:
    """What the functions of the responder asked for, each as the role that it acted with."""
    return {
        Use(role, action, call.error in _REFUSALS)
        for call in calls
        if call.function is not None and (role := _role(call)) is not None
        for action in call.actions
    }


def allowed() -> dict[str, frozenset[str]]:
    """The actions that each role of a function, and each that it assumes, is allowed."""
    found = {
        f"{name}Role": _actions(statements(properties))
        for name, properties in resources("AWS::Serverless::Function").items()
    }
    for path in _ELSEWHERE:
        for logical_id, role in resources("AWS::IAM::Role", path).items():
            more = [
                statement
                for policy in resources("AWS::IAM::ManagedPolicy", path).values()
                if {"Ref": logical_id} in policy["Roles"]
                for statement in policy["PolicyDocument"]["Statement"]
            ]
            found[logical_id] = _actions([*role_statements(role), *more])
    return found


def gaps(uses: Iterable[Use]) -> list[Gap]:
    """One line for each role, in the order of the template."""
    used, refused = defaultdict[str, set[str]](set), defaultdict[str, set[str]](set)
    for one in uses:
        (refused if one.refused else used)[one.role].add(one.action)
    return [
        Gap(
            role=role,
            allowed=len(actions),
            never_used=tuple(sorted(actions - used[role])),
            not_allowed=tuple(sorted(refused[role] - actions)),
        )
        for role, actions in allowed().items()
    ]


def _role(call: Call) -> str | None:
    name = call.caller.arn.split("/")[1] if call.caller.arn.count("/") else ""
    if name in _MEMBERS:
        return _MEMBERS[name]
    for verb in functions():
        logical_id = f"{verb.capitalize()}FunctionRole"
        if name.startswith(f"breach-responder-{logical_id}-"):
            return logical_id
    return None


def _actions(found: Iterable[Mapping[str, object]]) -> frozenset[str]:
    return frozenset(
        str(action)
        for statement in found
        if statement["Effect"] == "Allow"
        for action in as_list(statement["Action"])
    )

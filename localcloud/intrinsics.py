"""CloudFormation's intrinsic functions: what they refer to, and what they come to.

AWS: CloudFormation User Guide, "Intrinsic function reference". A function that is not here is
refused by name; nothing passes through unresolved.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from localcloud.stack import TemplateError, Unsupported

PLACEHOLDER: Final = re.compile(r"\$\{(!?)([^}]*)\}")


class _NoValue:
    """What AWS::NoValue resolves to: the property, or the list entry, was never there."""


NO_VALUE: Final = _NoValue()


@dataclass(frozen=True)
class Known:
    """A resource that stands: what Ref returns, and what GetAtt can."""

    type: str
    ref: str
    attributes: Mapping[str, Any]


@dataclass
class Scope:
    """Everything a template can refer to while it is being deployed."""

    parameters: Mapping[str, Any]  # parameters and pseudo parameters, by name
    declared: frozenset[str] = frozenset()  # logical ids of all resources
    conditions: Mapping[str, Any] = field(default_factory=dict)  # expressions, by name
    mappings: Mapping[str, Any] = field(default_factory=dict)
    exports: Mapping[str, str] = field(default_factory=dict)
    known: dict[str, Known] = field(default_factory=dict)
    _holding: list[str] = field(default_factory=list)  # conditions being evaluated, innermost last

    def holds(self, name: str) -> bool:
        """Whether the condition with this name is true."""
        if name not in self.conditions:
            raise TemplateError(f"condition {name} is not defined")
        if name in self._holding:
            raise TemplateError(f"condition {name} depends on itself")
        self._holding.append(name)
        try:
            return _truth(self.conditions[name], self)
        finally:
            self._holding.pop()


def resolve(value: Any, scope: Scope) -> Any:
    """This value with every function in it worked out. NO_VALUE if the whole of it is absent."""
    if isinstance(value, list):
        items = [resolve(item, scope) for item in value]
        return [item for item in items if item is not NO_VALUE]
    if not isinstance(value, dict):
        return value
    call = _call(value)
    if call is None:
        pairs = {key: resolve(item, scope) for key, item in value.items()}
        return {key: item for key, item in pairs.items() if item is not NO_VALUE}
    name, argument = call
    if name not in _FUNCTIONS:
        raise Unsupported(f"the function {name}")
    return _FUNCTIONS[name](argument, scope)


def references(value: Any, scope: Scope) -> Iterator[str]:
    """Logical ids of the resources this value needs first. Branches not taken need nothing."""
    if isinstance(value, list):
        for item in value:
            yield from references(item, scope)
        return
    if not isinstance(value, dict):
        return
    match _call(value):
        case None:
            for item in value.values():
                yield from references(item, scope)
        case ("Ref", str(name)):
            if name in scope.declared:
                yield name
        case ("Fn::GetAtt", argument):
            yield _attribute_path(argument, scope)[0]
        case ("Fn::Sub", argument):
            text, variables = _sub_parts(argument)
            yield from references(variables, scope)
            for literal, name in PLACEHOLDER.findall(text):
                owner = name.strip().partition(".")[0]
                if not literal and name.strip() not in variables and owner in scope.declared:
                    yield owner
        case ("Fn::If", [str(condition), yes, no]):
            yield from references(yes if scope.holds(condition) else no, scope)
        case (_, argument):
            yield from references(argument, scope)


def _call(value: Mapping[str, Any]) -> tuple[str, Any] | None:
    """The function and its argument, if this mapping is a function call."""
    functions = [key for key in value if isinstance(key, str) and key.startswith("Fn::")]
    if functions and len(value) > 1:
        raise TemplateError(f"{functions[0]} stands beside other keys: {sorted(value)}")
    if len(value) == 1 and (functions or "Ref" in value):
        return next(iter(value.items()))
    return None


def _ref(name: Any, scope: Scope) -> Any:
    if not isinstance(name, str):
        raise TemplateError(f"Ref takes a name, not {name!r}")
    if name == "AWS::NoValue":
        return NO_VALUE
    if name in scope.parameters:
        return scope.parameters[name]
    return _known(name, scope).ref


def _known(name: str, scope: Scope) -> Known:
    if name in scope.known:
        return scope.known[name]
    if name in scope.declared:
        raise TemplateError(f"{name} is not created in this deployment, and something needs it")
    raise TemplateError(f"nothing in this template is called {name}")


def _attribute_path(argument: Any, scope: Scope) -> tuple[str, str]:
    if isinstance(argument, str):
        name, _, attribute = argument.partition(".")
    elif isinstance(argument, list) and len(argument) == 2:
        name, attribute = argument[0], resolve(argument[1], scope)
    else:
        raise TemplateError(f"Fn::GetAtt takes a resource and an attribute, not {argument!r}")
    if name not in scope.declared:
        raise TemplateError(f"nothing in this template is called {name}")
    return name, attribute


def _get_att(argument: Any, scope: Scope) -> Any:
    name, attribute = _attribute_path(argument, scope)
    known = _known(name, scope)
    if attribute not in known.attributes:
        raise Unsupported(f"the attribute {attribute} of {known.type}, asked of {name}")
    return known.attributes[attribute]


def _sub_parts(argument: Any) -> tuple[str, Mapping[str, Any]]:
    match argument:
        case str(text):
            return text, {}
        case [str(text), dict(variables)]:
            return text, variables
    raise TemplateError(f"Fn::Sub takes a text, or a text and a map, not {argument!r}")


def _sub(argument: Any, scope: Scope) -> str:
    text, variables = _sub_parts(argument)
    values = {name: resolve(value, scope) for name, value in variables.items()}

    def put(match: re.Match[str]) -> str:
        literal, name = match.group(1), match.group(2).strip()
        if literal:
            return "${" + name + "}"
        if name in values:
            return _text(values[name], f"${{{name}}}")
        if name in scope.parameters or "." not in name:
            return _text(_ref(name, scope), f"${{{name}}}")
        return _text(_get_att(name, scope), f"${{{name}}}")

    return PLACEHOLDER.sub(put, text)


def _text(value: Any, what: str) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str | int | float):
        return str(value)
    raise TemplateError(f"{what} is not a single value: {type(value).__name__}")


def _join(argument: Any, scope: Scope) -> str:
    match argument:
        case [str(delimiter), parts]:
            items = resolve(parts, scope)
            if isinstance(items, list):
                return delimiter.join(_text(item, "an entry of Fn::Join") for item in items)
    raise TemplateError(f"Fn::Join takes a delimiter and a list, not {argument!r}")


def _select(argument: Any, scope: Scope) -> Any:
    match argument:
        case [index, choices]:
            items, position = resolve(choices, scope), int(resolve(index, scope))
            if isinstance(items, list) and 0 <= position < len(items):
                return items[position]
    raise TemplateError(f"Fn::Select finds no such entry: {argument!r}")


def _split(argument: Any, scope: Scope) -> list[str]:
    match argument:
        case [str(delimiter), source]:
            return _text(resolve(source, scope), "the source of Fn::Split").split(delimiter)
    raise TemplateError(f"Fn::Split takes a delimiter and a text, not {argument!r}")


def _find_in_map(argument: Any, scope: Scope) -> Any:
    if not isinstance(argument, list) or len(argument) != 3:
        raise Unsupported(f"Fn::FindInMap in this form: {argument!r}")
    found: Any = scope.mappings
    for key in resolve(argument, scope):
        if not isinstance(found, Mapping) or key not in found:
            raise TemplateError(f"Fn::FindInMap finds no {key} of {argument!r}")
        found = found[key]
    return found


def _import_value(argument: Any, scope: Scope) -> str:
    name = _text(resolve(argument, scope), "the name of Fn::ImportValue")
    if name not in scope.exports:
        raise TemplateError(f"no stack of this account and region exports {name}")
    return scope.exports[name]


def _if(argument: Any, scope: Scope) -> Any:
    match argument:
        case [str(condition), yes, no]:
            return resolve(yes if scope.holds(condition) else no, scope)
    raise TemplateError(f"Fn::If takes a condition and two values, not {argument!r}")


def _truth(expression: Any, scope: Scope) -> bool:
    """What a condition comes to. Only the condition functions may stand here."""
    match expression:
        case {"Condition": str(name)}:
            return scope.holds(name)
        case {"Fn::Equals": [left, right]}:
            sides = (resolve(left, scope), resolve(right, scope))
            return _text(sides[0], "Fn::Equals") == _text(sides[1], "Fn::Equals")
        case {"Fn::Not": [inner]}:
            return not _truth(inner, scope)
        case {"Fn::And": [_, _, *_] as parts}:
            return all(_truth(part, scope) for part in parts)
        case {"Fn::Or": [_, _, *_] as parts}:
            return any(_truth(part, scope) for part in parts)
    raise Unsupported(f"the condition {expression!r}")


_FUNCTIONS: Final = {
    "Ref": _ref,
    "Fn::GetAtt": _get_att,
    "Fn::Sub": _sub,
    "Fn::Join": _join,
    "Fn::Select": _select,
    "Fn::Split": _split,
    "Fn::FindInMap": _find_in_map,
    "Fn::ImportValue": _import_value,
    "Fn::If": _if,
}

"""Whether an event matches a pattern of EventBridge, or a filter of Lambda in the same language.

EventBridge guide, "Event pattern syntax" and "Comparison operators". What is not in there is
refused by name.
"""

import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from ipaddress import ip_address, ip_network
from typing import Any, Final

from localcloud.stack import TemplateError, Unsupported

_ABSENT: Final = object()
_COMPARE: Final[dict[str, Callable[[float, float], bool]]] = {
    "=": lambda value, bound: value == bound,
    "<": lambda value, bound: value < bound,
    "<=": lambda value, bound: value <= bound,
    ">": lambda value, bound: value > bound,
    ">=": lambda value, bound: value >= bound,
}


def matches(pattern: dict[str, Any], event: Any) -> bool:
    """Whether every field of the pattern finds what it asks for in the event."""
    return _fields_match(pattern, event)


def check(pattern: Any, where: str) -> None:
    """Refuse a pattern that EventBridge would refuse, and one that cannot be judged here."""
    if not isinstance(pattern, dict) or not pattern:
        raise TemplateError(f"{where}: a pattern is an object with at least one field")
    for name, wanted in pattern.items():
        if name == "$or" and isinstance(wanted, list):
            if len(wanted) < 2:
                raise TemplateError(f"{where}: $or needs two patterns or more")
            for each in wanted:
                check(each, f"{where}.$or")
        elif isinstance(wanted, dict):
            check(wanted, f"{where}.{name}")
        elif isinstance(wanted, list) and wanted:
            for each in wanted:
                if isinstance(each, list):
                    raise TemplateError(f"{where}.{name}: a list inside a list of values")
                if isinstance(each, dict):
                    _rule_matches(each, "0")  # raises for what it does not know
        else:
            raise TemplateError(f"{where}.{name}: values stand in a list that is not empty")


def _fields_match(pattern: dict[str, Any], event: Any) -> bool:
    if isinstance(event, list):
        # Of an array of objects, one and the same element has to have it all.
        return any(_fields_match(pattern, each) for each in event)
    for name, wanted in pattern.items():
        if name == "$or" and isinstance(wanted, list):
            if not any(_fields_match(each, event) for each in wanted):
                return False
            continue
        value = event.get(name, _ABSENT) if isinstance(event, dict) else _ABSENT
        if isinstance(wanted, dict):
            if not _fields_match(wanted, None if value is _ABSENT else value):
                return False
        elif not _leaf_matches(wanted, list(_leaves(value))):
            return False
    return True


def _leaves(value: Any) -> Iterator[Any]:
    """What stands at a field: its value, or each value of an array. An object is no value."""
    if isinstance(value, list):
        for each in value:
            yield from _leaves(each)
    elif value is not _ABSENT and not isinstance(value, dict):
        yield value


def _leaf_matches(wanted: list[Any], found: list[Any]) -> bool:
    for each in wanted:
        if isinstance(each, dict):
            if "exists" in each and len(each) == 1:
                if _flag(each["exists"]) == bool(found):
                    return True
            elif any(_rule_matches(each, value) for value in found):
                return True
        elif any(_same(each, value) for value in found):
            return True
    return False


def _same(wanted: Any, value: Any) -> bool:
    # Python takes True for 1, and EventBridge does not. It compares numbers as they are written,
    # so that 300 is not 300.0 either.
    return type(wanted) is type(value) and bool(wanted == value)


def _rule_matches(rule: dict[str, Any], value: Any) -> bool:
    if len(rule) != 1:
        raise TemplateError(f"a comparison has one operator: {sorted(rule)}")
    [(operator, argument)] = rule.items()
    match operator:
        case "exists":
            return _flag(argument)
        case "anything-but":
            return _anything_but(argument, value)
        case "numeric":
            return _numeric(argument, value)
        case "cidr":
            return _in_network(argument, value)
        case "prefix" | "suffix" | "equals-ignore-case" | "wildcard":
            return _text_matches(operator, argument, value)
    raise Unsupported(f"the comparison operator {operator} of an event pattern")


def _text_matches(operator: str, argument: Any, value: Any) -> bool:
    fold = False
    if operator in ("prefix", "suffix") and isinstance(argument, dict):
        if set(argument) != {"equals-ignore-case"}:
            raise Unsupported(f"{sorted(argument)} inside {operator} of an event pattern")
        argument, fold = argument["equals-ignore-case"], True
    if not isinstance(argument, str):
        raise TemplateError(f"{operator} takes a text, not {argument!r}")
    if not isinstance(value, str):
        return False
    if fold or operator == "equals-ignore-case":
        argument, value = argument.casefold(), value.casefold()
    match operator:
        case "prefix":
            return bool(value.startswith(argument))
        case "suffix":
            return bool(value.endswith(argument))
        case "wildcard":
            return _wildcard(argument).fullmatch(value) is not None
    return bool(value == argument)


def _anything_but(argument: Any, value: Any) -> bool:
    """Not one of these values, or not like any of these texts."""
    if isinstance(argument, dict):
        if len(argument) != 1:
            raise TemplateError(f"anything-but has one operator: {sorted(argument)}")
        [(operator, texts)] = argument.items()
        if operator not in ("prefix", "suffix", "equals-ignore-case", "wildcard"):
            raise Unsupported(f"{operator} inside anything-but of an event pattern")
        each_of = texts if isinstance(texts, list) else [texts]
        return not any(_text_matches(operator, text, value) for text in each_of)
    unwanted = argument if isinstance(argument, list) else [argument]
    if not unwanted or any(isinstance(each, dict | list | bool | None) for each in unwanted):
        raise TemplateError("anything-but takes texts or numbers")
    return not any(_same(each, value) for each in unwanted)


def _numeric(argument: Any, value: Any) -> bool:
    if not isinstance(argument, list) or len(argument) not in (2, 4):
        raise TemplateError(f"numeric takes one or two comparisons, not {argument!r}")
    parts = list(zip(argument[::2], argument[1::2], strict=True))
    for comparison, bound in parts:
        if comparison not in _COMPARE or not _is_number(bound):
            raise TemplateError(f"numeric takes a comparison and a number, not {argument!r}")
    return _is_number(value) and all(_COMPARE[sign](value, bound) for sign, bound in parts)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _in_network(argument: Any, value: Any) -> bool:
    try:
        network = ip_network(argument, strict=False)
    except ValueError as error:
        raise TemplateError(f"cidr takes an address block, not {argument!r}") from error
    if not isinstance(value, str):
        return False
    try:
        return ip_address(value) in network
    except ValueError:
        return False


def _flag(argument: Any) -> bool:
    if not isinstance(argument, bool):
        raise TemplateError(f"exists is true or false, not {argument!r}")
    return argument


@lru_cache(maxsize=256)
def _wildcard(text: str) -> re.Pattern[str]:
    """`*` stands for any number of characters; a backslash takes away its meaning."""
    if "**" in re.sub(r"\\.", "", text):
        raise TemplateError(f"wildcard takes no two * in a row: {text}")
    parts: list[str] = []
    escaped = False
    for character in text:
        if escaped:
            parts.append(re.escape(character))
            escaped = False
        elif character == "\\":
            escaped = True
        else:
            parts.append(".*" if character == "*" else re.escape(character))
    if escaped:
        raise TemplateError(f"wildcard ends in a backslash that escapes nothing: {text}")
    return re.compile("".join(parts), re.DOTALL)

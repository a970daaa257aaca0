"""The properties of one resource, read in such a way that none can be forgotten.

A provisioner asks for each property it applies. Whatever nobody asked for is found afterwards.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from localcloud.stack import TemplateError, Unsupported


class Properties:
    """A mapping that knows which of its entries were read."""

    def __init__(self, values: Any, type_name: str, logical_id: str, path: str = "") -> None:
        if not isinstance(values, Mapping):
            raise TemplateError(f"{type_name}.{path} in {logical_id} is not a mapping")
        self._values = values
        self._type = type_name
        self._logical_id = logical_id
        self._path = path
        self._unread = set(values)
        self._sections: list[Properties] = []
        self._set_aside: dict[str, str] = {}

    def __contains__(self, name: str) -> bool:
        return name in self._values

    def where(self, name: str) -> str:
        """The full name of a property: type, path and logical id."""
        return f"{self._type}.{self._path}{name} in {self._logical_id}"

    def value(self, name: str) -> Any:
        """The property with everything in it, or None. Whoever asks applies the whole of it."""
        self._unread.discard(name)
        return self._values.get(name)

    def text(self, name: str) -> str | None:
        """A single value as text; CloudFormation turns numbers and booleans into text."""
        value = self.value(name)
        if value is None or isinstance(value, str):
            return value
        if isinstance(value, bool):
            return "true" if value else "false"
        if isinstance(value, int | float):
            return str(value)
        raise TemplateError(f"{self.where(name)} is not a text")

    def number(self, name: str) -> int | None:
        """A whole number; a parameter of type Number arrives as text."""
        text = self.text(name)
        try:
            return None if text is None else int(text)
        except ValueError as error:
            raise TemplateError(f"{self.where(name)} is not a whole number") from error

    def flag(self, name: str) -> bool | None:
        """True or false; either may arrive as text."""
        text = self.text(name)
        if text not in (None, "true", "false"):
            raise TemplateError(f"{self.where(name)} is neither true nor false")
        return None if text is None else text == "true"

    def texts(self, name: str) -> list[str]:
        """A list of texts; empty when the property is absent."""
        value = self.value(name)
        if value is None:
            return []
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise TemplateError(f"{self.where(name)} is not a list of texts")
        return list(value)

    def needed(self, name: str) -> str:
        """A text that CloudFormation requires."""
        text = self.text(name)
        if text is None:
            raise TemplateError(f"{self.where(name)} is missing")
        return text

    def document(self, name: str) -> dict[str, Any] | None:
        """A JSON document, written as a mapping or as text."""
        value = self.value(name)
        if isinstance(value, str):
            value = json.loads(value)
        if value is not None and not isinstance(value, dict):
            raise TemplateError(f"{self.where(name)} is not a document")
        return value

    def section(self, name: str) -> "Properties | None":
        """A nested mapping whose entries are read one by one."""
        value = self.value(name)
        return None if value is None else self._child(value, f"{name}.")

    def sections(self, name: str) -> "list[Properties]":
        """A list of nested mappings; empty when the property is absent."""
        value = self.value(name)
        if value is None:
            return []
        if not isinstance(value, list):
            raise TemplateError(f"{self.where(name)} is not a list")
        return [self._child(item, f"{name}[{index}].") for index, item in enumerate(value)]

    def tags(self, name: str = "Tags") -> dict[str, str]:
        """Tags, written as a list of Key and Value or as a mapping."""
        value = self.value(name) or {}
        if isinstance(value, Mapping):
            return {str(key): str(item) for key, item in value.items()}
        return {str(tag["Key"]): str(tag["Value"]) for tag in value}

    def set_aside(self, name: str, *, because: str) -> None:
        """Leave out a property that has no effect here. The reason is kept with the stack."""
        if name in self._values:
            self._unread.discard(name)
            self._set_aside[self.where(name)] = because

    def all_set_aside(self) -> dict[str, str]:
        """Every property left out on purpose, here and in nested mappings: its reason."""
        found = dict(self._set_aside)
        for section in self._sections:
            found.update(section.all_set_aside())
        return found

    def check(self) -> None:
        """Refuse, by name, whatever was given and not read."""
        dropped = sorted(self._dropped())
        if dropped:
            raise Unsupported("; ".join(dropped))

    def _child(self, value: Any, path: str) -> "Properties":
        child = Properties(value, self._type, self._logical_id, self._path + path)
        self._sections.append(child)
        return child

    def _dropped(self) -> Iterator[str]:
        yield from (self.where(name) for name in self._unread)
        for section in self._sections:
            yield from section._dropped()

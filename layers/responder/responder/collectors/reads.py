"""Named reads of a service, each of which may fail without ending the others."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from botocore.exceptions import ClientError

from responder.aws.errors import asking_aws, code_of
from responder.domain.errors import Broken, ResponderError, Unavailable


@dataclass
class Reads:
    """What was asked, when, what came back, and under which request ids AWS has it on record.

    `absent` are the error codes by which a service says that a thing is not there. That is an
    answer: its value is None. `values` goes into the item as it is.
    """

    read_at: Callable[[], datetime]
    absent: frozenset[str] = frozenset()
    values: dict[str, dict[str, Any]] = field(default_factory=dict)
    failures: dict[str, ResponderError] = field(default_factory=dict)

    def ask(self, name: str, client: Any, method: str, key: str | None = None, **asked: Any) -> Any:
        """One call of a client: the whole answer, or what stands in it under `key`, if anything."""
        note = _note(client, method, asked)

        def read() -> Any:
            answer = dict(getattr(client, method)(**asked))
            _take_id(note, answer)
            return answer if key is None else answer.get(key)

        return self._note(name, note, read)

    def pages(self, name: str, client: Any, method: str, key: str, **asked: Any) -> Any:
        """Every page of an operation that botocore can page, as the one list under `key`."""
        note = _note(client, method, asked)

        def read() -> list[Any]:
            found = []
            for page in client.get_paginator(method).paginate(**asked):
                _take_id(note, dict(page))
                found += page.get(key, [])
            return found

        return self._note(name, note, read)

    def take(self, name: str, read: Callable[[], Any]) -> Any:
        """Any other way of reading; what it returns is what is noted."""
        return self._note(name, {}, read)

    @property
    def gaps(self) -> list[str]:
        """One line for each read that failed."""
        return [f"{name} could not be read: {error}" for name, error in self.failures.items()]

    @property
    def failure(self) -> ResponderError | None:
        """Why nothing at all could be read; None where anything was, or nothing was asked."""
        if not self.failures or len(self.failures) < len(self.values):
            return None
        return next(iter(self.failures.values()))

    def _note(self, name: str, note: dict[str, Any], read: Callable[[], Any]) -> Any:
        try:
            with asking_aws(f"reading {name}"):
                try:
                    note["value"] = read()
                except ClientError as error:
                    _take_id(note, error.response)
                    if code_of(error) not in self.absent:
                        raise
                    note |= {"value": None, "answered": code_of(error)}
        except (Broken, Unavailable) as error:
            self.failures[name] = error
            note["failed"] = str(error)
        self.values[name] = {"read_at": self.read_at(), **note}
        return note.get("value")


def _note(client: Any, method: str, asked: Mapping[str, Any]) -> dict[str, Any]:
    meta = client.meta
    return {
        "operation": f"{meta.service_model.service_name}:{meta.method_to_api_mapping[method]}",
        "region": meta.region_name,
        "parameters": dict(asked),
        "request_ids": [],
    }


def _take_id(note: dict[str, Any], answer: Any) -> None:
    """Move the id of a request out of its answer: the rest of the metadata is of the transport."""
    request_id = answer.pop("ResponseMetadata", {}).get("RequestId")
    if request_id:
        note.setdefault("request_ids", []).append(request_id)

"""Counts what AWS would charge for: units of the table, requests, runs, and steps of machines."""

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from moto.stepfunctions.parser.models import stepfunctions_parser_backends

from localcloud.cloud import Cloud
from localcloud.switchboard import Asked

_WRITE_BYTES, _READ_BYTES = 1024, 4096
_ENTERED = "StateEntered"
_TRIED = ("LambdaFunctionScheduled", "TaskScheduled")
_REFUSED = "ConditionalCheckFailedException"
_CANCELLED = "TransactionCanceledException"
_PUTS = ("PutObject", "CopyObject")


@dataclass
class Meter:
    """Listens to a cloud from when it is made."""

    cloud: Cloud
    write_units: float = 0
    read_units: float = 0
    calls: Counter[str] = field(default_factory=Counter)
    _first: int = 0

    def __post_init__(self) -> None:
        self._first = len(self.cloud.calls)
        self.cloud.listen(self._seen)

    def stop(self) -> None:
        """Count what was called, by service and operation, and what of it was refused."""
        for call in self.cloud.calls[self._first :]:
            if call.caller.kind == "operator":
                continue
            self.calls[call.name] += 1
            # A write whose condition fails is charged like one that is done (DynamoDB guide,
            # "Condition expressions"); what stands there is taken to be no larger than a unit.
            if call.error == _REFUSED:
                self.write_units += 1
            elif call.error == _CANCELLED:
                self.write_units += 2 * len(call.params["TransactItems"])

    def transitions(self, account: str, region: str) -> int:
        """Steps of all executions, those that were tried again counted again."""
        machines: Any = stepfunctions_parser_backends[account][region].state_machines
        found = 0
        for execution in (one for machine in machines for one in machine.executions):
            kinds = Counter(str(event["type"]) for event in execution.to_history_output()["events"])
            entered = sum(n for kind, n in kinds.items() if kind.endswith(_ENTERED))
            tries = sum(kinds[kind] for kind in _TRIED)
            found += entered + max(0, tries - kinds[f"Task{_ENTERED}"])
        return found

    def _seen(self, asked: Asked, answer: dict[str, Any]) -> None:
        if asked.service != "dynamodb" or asked.caller.kind == "operator":
            return
        given = asked.params
        match asked.operation:
            case "PutItem":
                self.write_units += _written(given["Item"])
            case "TransactWriteItems":
                puts = [one["Put"]["Item"] for one in given["TransactItems"]]
                self.write_units += 2 * sum(_written(item) for item in puts)
            case "GetItem":
                self.read_units += _read([answer["Item"]] if "Item" in answer else [])
            case "Query":
                # An index is read eventually consistent, for half.
                share = 1.0 if given.get("ConsistentRead") else 0.5
                self.read_units += share * _read(answer["Items"])
            case other:
                raise LookupError(f"what does a {other} of the table cost?")


def _written(item: Mapping[str, Any]) -> int:
    """Units of one write; what the due index holds is written there once more."""
    units = math.ceil(_size(item) / _WRITE_BYTES)
    return 2 * units if "due_key" in item else units


def _read(items: list[Mapping[str, Any]]) -> int:
    return max(1, math.ceil(sum(_size(item) for item in items) / _READ_BYTES))


def _size(item: Mapping[str, Any]) -> int:
    """Bytes of the names and of the values, all of which are text or small numbers here."""
    return sum(
        len(name.encode()) + len(str(text).encode())
        for name, value in item.items()
        for text in value.values()
    )

"""A proof that takes longer than anybody sits by it: what was run is kept, and not run again."""

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.proof.crashes import Fault
from tests.proof.faults import Kind


@dataclass
class Sittings:
    """The faults that were run, one line of JSON for each, in a file that is added to."""

    path: Path | None  # None keeps nothing
    _done: dict[tuple[str, str], tuple[str, list[str]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.path is None or not self.path.exists():
            return
        for line in self.path.read_text(encoding="utf-8").splitlines():
            one = json.loads(line)
            self._done[one["scenario"], one["fault"]] = (one["call"], one["why"])

    def left(self, scenario: str, faults: Sequence[Fault]) -> list[Fault]:
        """Those that were not run yet. Raises `ValueError` if the file is of other code.

        A fault is told by the number of its call, which is another one when the code changes.
        """
        for one in faults:
            call, _ = self._done.get((scenario, one.label), (one.call, []))
            if call != one.call:
                raise ValueError(
                    f"{self.path}: {scenario} {one.label} was {call}, and is {one.call} now. Begin "
                    "another file, or go back to the code that this one is of"
                )
        return [one for one in faults if (scenario, one.label) not in self._done]

    def add(self, scenario: str, fault: Fault, why: Iterable[str]) -> None:
        """Keep how one ended; nothing in `why` if it ended well."""
        told = list(why)
        self._done[scenario, fault.label] = (fault.call, told)
        if self.path is None:
            return
        line = {"scenario": scenario, "fault": fault.label, "call": fault.call, "why": told}
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")

    def run(self, scenario: str) -> tuple[Counter[str], int]:
        """How many of each kind were run in all sittings, and how many of them are violations."""
        mine = {label: why for (name, label), (_, why) in self._done.items() if name == scenario}
        kinds = Counter(Kind[label.partition(":")[2].upper()].value for label in mine)
        return kinds, sum(bool(why) for why in mine.values())

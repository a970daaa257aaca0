"""Several things that go wrong in one night, each with the call that it is meant for."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from localcloud.cloud import Cloud
from localcloud.switchboard import Call
from tests.proof.faults import Kind, refuse, shown, strike_after, strike_before
from tests.proof.schedules import Mishap

_PUBLISH = "sns:Publish"


@dataclass
class Mishaps:
    """A disturbance. `struck` are those whose call was made."""

    cloud: Cloud
    mishaps: Sequence[Mishap]
    rivals: Mapping[tuple[str, int], str]  # by event and campaign: what the function is given
    struck: list[Mishap] = field(default_factory=list)
    pages: int = 0  # of those, the ones after which somebody may be paged once more
    _made: Counter[str] = field(default_factory=Counter)
    _denied: set[str] = field(default_factory=set)
    _last: dict[str, str] = field(default_factory=dict)  # by function: its last call
    _hit: dict[str, Mishap] = field(default_factory=dict)  # by the call's id

    def before(self, call: Call) -> None:
        """As the engine tells of each call."""
        if call.function is None:
            return
        name = shown(call)
        self._made[name] += 1
        last = self._last.get(call.function)
        self._last[call.function] = call.name
        mishap = self._of(name, self._made[name])
        if mishap is not None:
            self.struck.append(mishap)
            self._hit[call.id] = mishap
            # SNS knows no repeated message; the call after it writes down that it was sent.
            self.pages += _PUBLISH in (last, call.name)
            if mishap.kind is Kind.DENIED:
                self._denied.add(name)
        if name in self._denied:
            refuse()
        if mishap is not None:
            rival = self.rivals.get((mishap.rival, mishap.campaign), "")
            strike_before(mishap.kind, call, self.cloud, rival)

    def after(self, call: Call) -> None:
        """The same, of what was carried out."""
        mishap = self._hit.get(call.id)
        if mishap is not None:
            strike_after(mishap.kind, call)

    def _of(self, name: str, number: int) -> Mishap | None:
        for one in self.mishaps:
            if (one.call, one.number) == (name, number):
                return one
        return None

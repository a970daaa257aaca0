"""What goes wrong with readers of logs: they die before a call or after it, or wait too long."""

import time
from collections import Counter
from collections.abc import Callable
from random import Random

from localcloud.fault import Fault
from localcloud.switchboard import Call

_LONGER_THAN_ANY = 3600  # seconds, of the engine's clock


class Killer:
    """Kills one call in so many of these functions, in one of four ways, by chance."""

    def __init__(self, seed: int, *, one_in: int, functions: tuple[str, ...]) -> None:
        self._random, self._one_in, self._functions = Random(seed), one_in, functions
        self.killed = Counter[str]()

    def before(self, call: Call) -> None:
        if self._strikes(call):
            way = self._random.choice(("died before", "was refused", "ran out of time"))
            self.killed[way] += 1
            if way == "was refused":
                raise Fault("SlowDown", "Please reduce your request rate.", status=503)
            if way == "ran out of time":
                time.sleep(_LONGER_THAN_ANY)
            raise SystemExit(137)

    def after(self, call: Call) -> None:
        if self._strikes(call):
            self.killed["died after"] += 1
            raise SystemExit(137)

    def _strikes(self, call: Call) -> bool:
        return self._is_theirs(call) and not self._random.randrange(self._one_in)

    def _is_theirs(self, call: Call) -> bool:
        return any(f"-{one}Function" in (call.function or "") for one in self._functions)


class DeadlyKey:
    """Whoever reads this object dies, whenever they do."""

    def __init__(self, name: str) -> None:
        self._name = name
        self.died = 0

    def before(self, call: Call) -> None:
        key = str(call.params.get("Key", ""))
        if call.operation == "GetObject" and key.endswith(self._name):
            self.died += 1
            raise SystemExit(137)

    def after(self, call: Call) -> None:
        return


class Twin:
    """Each call of these operations is made in the middle of another run with the same event."""

    def __init__(self, again: Callable[[], None], *, one_in: int) -> None:
        self._again, self._one_in = again, one_in
        self._calls, self._inside = 0, False
        self.runs = 0

    def before(self, call: Call) -> None:
        if self._inside or "-ScopeFunction" not in (call.function or ""):
            return
        self._calls += 1
        if self._calls % self._one_in == 0:
            self._inside = True
            self.runs += 1
            try:
                self._again()
            finally:
                self._inside = False

    def after(self, call: Call) -> None:
        return

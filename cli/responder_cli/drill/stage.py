"""Where a drill is told and judged: what happens, what is tried, and which rules held."""

from collections.abc import Iterator, Sequence

from localcloud.cloud import Cloud
from responder_cli.drill.attack import Tried
from responder_cli.drill.result import Check
from responder_cli.drill.screen import Screen

_REFUSALS = ("AccessDenied", "InvalidAccessKeyId", "InvalidClientTokenId")


class Stage:
    """Tells each thing at the virtual instant it happens, and keeps every check."""

    def __init__(self, cloud: Cloud, screen: Screen, acts: Sequence[str]) -> None:
        self.checks = list[Check]()
        self._cloud, self._screen = cloud, screen
        self._acts: Iterator[str] = iter(acts)

    def act(self) -> None:
        """The next part begins."""
        self._screen.act(next(self._acts))

    def tell(self, who: str, what: str, kind: str = "step") -> None:
        """One thing that happened just now."""
        self._screen.happened(self._cloud.now(), who, what, kind=kind)

    def check(self, rule: str, holds: bool, seen: str) -> None:
        """One rule, whether it held, and what was seen."""
        made = Check(rule, holds, seen)
        self.checks.append(made)
        self._screen.check(made)

    def refused(self, rule: str, who: str, tried: Sequence[Tried], kind: str = "attacker") -> None:
        """Tell what somebody tried, and check that AWS refused all of it."""
        for one in tried:
            self.tell(who, one.says, kind)
        answers = {f"{one.what}: {one.refused or 'works'}": None for one in tried}
        # By a right that is not there, and not by a bucket that is missing or a mistake of ours.
        holds = bool(tried) and all(one.refused in _REFUSALS for one in tried)
        self.check(rule, holds, "; ".join(answers))

"""Adds up weights of more names than memory holds, and says how much it may have lost of one.

Misra and Gries' summary, as Agarwal and others join it ("Mergeable Summaries", PODS 2012): whoever
chooses the names, a name whose weight is more than `lost` is kept.
"""

from collections.abc import Hashable
from dataclasses import dataclass, field


@dataclass
class Heaviest[Name: Hashable]:
    """The heaviest of some names. Each weight is short by `lost` at most; so is each absent one."""

    most: int
    weights: dict[Name, int] = field(default_factory=dict)
    lost: int = 0

    def add(self, name: Name, weight: int) -> None:
        """So much more of one."""
        weights = self.weights
        weights[name] = weights.get(name, 0) + weight
        if len(weights) > 2 * self.most:
            self._prune()

    def join(self, other: "Heaviest[Name]") -> None:
        """What another part added up."""
        for name, weight in other.weights.items():
            self.weights[name] = self.weights.get(name, 0) + weight
        self.lost += other.lost
        if len(self.weights) > 2 * self.most:
            self._prune()

    def _prune(self) -> None:
        """Take the weight of the first that does not fit off every one."""
        cut = sorted(self.weights.values(), reverse=True)[self.most]
        self.weights = {name: each - cut for name, each in self.weights.items() if each > cut}
        self.lost += cut

"""What is usual for a machine: the same hour of its earlier days, as their median and their spread.

Robust: some days that were not as usual move neither. The hour is that of the day in UTC, or of
the week where there are enough weeks. An hour that nobody recorded is no nought, and is left out.
Whoever was in the machine then made what is usual with the others: nothing here can tell.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from statistics import median

LEAST_DAYS = 7  # of history: fewer tell nothing
_LEAST_WEEKS = 4
_DAY, _WEEK = 24, 168
_NORMAL = 1.4826  # by which the median deviation of a normal distribution is its deviation
_WIDE, _LEAST_SHARE = 3, 0.1  # three deviations either side, and a tenth of the median at least


@dataclass(frozen=True)
class Usual:
    """What an hour usually has, in bytes."""

    middle: int
    low: int
    high: int
    most: int
    days: int  # that it was counted from


@dataclass(frozen=True)
class Excess:
    """What was more than usual: at least `low` bytes, and `high` at most."""

    at: int  # the hour, since 1970
    sent_bytes: int
    usual: Usual

    @property
    def low(self) -> int:
        """Above a high usual hour."""
        return self.sent_bytes - self.usual.high

    @property
    def high(self) -> int:
        """Above a low usual hour."""
        return self.sent_bytes - self.usual.low


class History:
    """The hours before the window that were recorded."""

    def __init__(self, recorded: Collection[int], before: int) -> None:
        """`before` is the hour, since 1970, in which the window begins."""
        self._days, self._weeks = dict[int, list[int]](), dict[int, list[int]]()
        known = sorted(hour for hour in recorded if hour < before)
        self.days = len({hour // _DAY for hour in known})
        for hour in known:
            self._days.setdefault(hour % _DAY, []).append(hour)
            self._weeks.setdefault(hour % _WEEK, []).append(hour)

    def usual(self, earlier: Mapping[int, int], hour: int) -> Usual | None:
        """Of an hour, by the bytes of earlier ones; None where too few days were recorded."""
        chosen = self._weeks.get(hour % _WEEK, [])
        if len(chosen) < _LEAST_WEEKS:
            chosen = self._days.get(hour % _DAY, [])
            if len(chosen) < LEAST_DAYS:
                return None
        sizes = [earlier.get(one, 0) for one in chosen]
        middle = median(sizes)
        spread = _NORMAL * median([abs(size - middle) for size in sizes])
        width = max(_WIDE * spread, _LEAST_SHARE * middle)
        return Usual(
            round(middle),
            max(0, round(middle - width)),
            round(middle + width),
            max(sizes),
            len(sizes),
        )


def excesses(
    hours: Mapping[int, int], earlier: Mapping[int, int], history: History
) -> tuple[list[Excess], list[int]]:
    """The hours of the window that had more than usual; and those that nobody can judge."""
    found, unknown = list[Excess](), list[int]()
    for hour in sorted(hours):
        usual = history.usual(earlier, hour)
        if usual is None:
            unknown.append(hour)
        elif hours[hour] > usual.high:
            found.append(Excess(hour, hours[hour], usual))
    return found, unknown

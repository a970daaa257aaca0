"""What may happen in one night, drawn from a seed: who comes when, and what goes wrong meanwhile.

Pure data. The same seed and the same undisturbed night give the same schedule.
"""

import random
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from responder_cli.drill.events import CAMPAIGN
from tests.proof.faults import Kind

# Deliveries that may not change how the campaign ends, whenever they come.
NOISE = (
    "guardduty/exfiltration-s3-anomalousbehavior-replayed",
    "guardduty/recon-iamuser-maliciousipcaller-archived",
    "guardduty/unauthorizedaccess-iamuser-maliciousipcaller-sample",
    "security-hub/exfiltration-s3-anomalousbehavior-own-note",
    "security-hub/exfiltration-s3-anomalousbehavior-suppressed",
    "security-hub-v2/exfiltration-s3-anomalousbehavior-own-comment",
    "security-hub-v2/exfiltration-s3-anomalousbehavior-suppressed",
)
# Deliveries that nobody can read: dead letters.
BROKEN = (
    "broken/missing-arn-and-id",
    "broken/resource-is-a-text",
    "broken/security-hub-thirteen-digit-account",
    "broken/security-hub-v2-uid-is-a-number",
    "broken/thirteen-digit-account",
    "broken/wrong-types",
)
_SECOND = timedelta(seconds=1)
_AT_ONCE, _SOON, _WITHIN_THE_HOUR, _LATE = 0, 120, 3600, 8 * 3600
# An order waits half an hour for its answer, and every answer of a schedule comes before that.
_PATIENCE = 20
# While a function waits for its time-out nothing else happens in the engine; beside these, the
# machine would give up what it waits for. The proof of crashes lets them time out alone.
SLOW = ("Collect", "Report", "Sweep", "Trace")
_ONCE = {Kind.DENIED, Kind.TIMEOUT}
_DENIED_ONE_IN = 8  # a right that is missing leaves little to compare


@dataclass(frozen=True)
class Delivery:
    """One event that reaches the bus."""

    event: str  # its name under events/
    after: timedelta  # from the beginning of the night


@dataclass(frozen=True)
class Mishap:
    """What goes wrong with one call: the first, second … of this name that is made."""

    call: str
    number: int
    kind: Kind
    rival: str = ""  # the event that is taken in meanwhile

    def __str__(self) -> str:
        what = f"{self.kind.value}, {self.rival}" if self.rival else self.kind.value
        return f"{self.call} no. {self.number}: {what}"


@dataclass(frozen=True)
class Schedule:
    """One night."""

    seed: int
    deliveries: tuple[Delivery, ...]
    mishaps: tuple[Mishap, ...]
    answer_after: timedelta  # how long a person thinks
    presses: int  # how often the same button is pressed
    turns: int | None  # chance's own seed, where it says who is next; None: first come

    def lines(self) -> list[str]:
        """For people."""
        turns = "first come, first served" if self.turns is None else f"turns by {self.turns}"
        return [
            f"{turns}; answers after {self.answer_after}, {self.presses} times",
            *(f"{one.after} {one.event}" for one in self.deliveries),
            *(str(one) for one in self.mishaps),
        ]


def drawn(seed: int, calls: Iterable[tuple[str, tuple[Kind, ...]]]) -> Schedule:
    """The schedule of this seed. `calls` are the undisturbed ones, and what may hit each."""
    chance = random.Random(seed)
    calls = list(calls)
    return Schedule(
        seed=seed,
        deliveries=_deliveries(chance),
        mishaps=_mishaps(chance, Counter(name for name, _ in calls), dict(calls)),
        answer_after=timedelta(minutes=chance.choice((0, 0, chance.randint(1, _PATIENCE)))),
        presses=chance.choice((1, 1, 2)),
        turns=chance.choice((None, *(chance.randrange(2**32) for _ in range(3)))),
    )


def _deliveries(chance: random.Random) -> tuple[Delivery, ...]:
    """Of the campaign, some twice or more, and some not: the detectors send those again later."""
    sent = [one for one in CAMPAIGN for _ in range(chance.choice((0, 1, 1, 1, 2, 2, 3)))]
    sent = sent or [chance.choice(CAMPAIGN)]
    sent += chance.choices(NOISE, k=chance.choice((0, 0, 1, 2, 3)))
    sent += chance.choices(BROKEN, k=chance.choice((0, 0, 0, 1, 2)))
    first = Delivery(chance.choice(sent), timedelta())
    sent.remove(first.event)
    later = [Delivery(one, chance.randint(0, _span(chance)) * _SECOND) for one in sent]
    chance.shuffle(later)
    return tuple(sorted([first, *later], key=lambda one: one.after))


def _span(chance: random.Random) -> int:
    return chance.choice((_AT_ONCE, _AT_ONCE, _SOON, _SOON, _WITHIN_THE_HOUR, _LATE))


def _mishaps(
    chance: random.Random, made: Counter[str], kinds: dict[str, tuple[Kind, ...]]
) -> tuple[Mishap, ...]:
    """At most one for each call, and at most one time-out and one missing right in a night."""
    found = dict[tuple[str, int], Mishap]()
    spent = set[Kind]() if chance.randrange(_DENIED_ONE_IN) == 0 else {Kind.DENIED}
    for _ in range(chance.choice((0, 1, 2, 2, 3, 3, 4))):
        call = chance.choice(sorted(made))
        number = chance.randint(1, made[call])
        never = _never(call)
        kind = chance.choice([one for one in kinds[call] if one not in spent | never])
        spent |= {kind} & _ONCE
        rival = chance.choice((*CAMPAIGN, *NOISE)) if kind is Kind.RIVAL else ""
        found[call, number] = Mishap(call, number, kind, rival)
    return tuple(found.values())


def _never(call: str) -> set[Kind]:
    if call.startswith(SLOW):
        return {Kind.TIMEOUT}
    # Without a right it gives up record after record of the stream, for hours.
    return {Kind.DENIED} if call.startswith("Mirror ") else set()

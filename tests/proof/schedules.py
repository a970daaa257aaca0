"""What may happen in one night, drawn from a seed: who comes when, and what goes wrong meanwhile.

Pure data. The same seed and the same undisturbed night give the same schedule. An odd seed is a
night of one campaign, an even one of two at once.
"""

import random
from collections import Counter
from collections.abc import Sequence
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
SLOW = (
    *("Collect", "Hold", "Register", "Rehash", "Report", "Scan", "Scope", "Sweep", "Tally"),
    "Trace",
)
_ONCE = {Kind.DENIED, Kind.TIMEOUT}
_DENIED_ONE_IN = 8  # a right that is missing leaves little to compare


@dataclass(frozen=True)
class Delivery:
    """One event that reaches the bus."""

    event: str  # its name under events/
    after: timedelta  # from the beginning of the night
    campaign: int = 0  # which one it tells of


@dataclass(frozen=True)
class Mishap:
    """What goes wrong with one call: the first, second … of this name that is made."""

    call: str
    number: int
    kind: Kind
    rival: str = ""  # the event that is taken in meanwhile
    campaign: int = 0  # which one that tells of

    def __str__(self) -> str:
        what = f"{self.kind.value}, {self.rival}" if self.rival else self.kind.value
        what += f" of campaign {self.campaign + 1}" if self.campaign else ""
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
    campaigns: int = 1  # at once

    def lines(self) -> list[str]:
        """For people."""
        turns = "first come, first served" if self.turns is None else f"turns by {self.turns}"
        return [
            f"{self.campaigns} campaigns; {turns}; "
            f"answers after {self.answer_after}, {self.presses} times",
            *(
                f"{one.after} {one.event}"
                + (f" of campaign {one.campaign + 1}" * bool(one.campaign))
                for one in self.deliveries
            ),
            *(str(one) for one in self.mishaps),
        ]


type Calls = Sequence[tuple[str, tuple[Kind, ...]]]


def drawn(seed: int, calls_of: Sequence[Calls]) -> Schedule:
    """The schedule of this seed.

    `calls_of` are the undisturbed calls of each campaign alone, and what may hit each.
    """
    chance, campaigns = random.Random(seed), 1 if seed % 2 else len(calls_of)
    calls = [call for made in calls_of[:campaigns] for call in made]
    return Schedule(
        seed=seed,
        deliveries=_deliveries(chance, campaigns),
        mishaps=_mishaps(chance, campaigns, Counter(name for name, _ in calls), dict(calls)),
        answer_after=timedelta(minutes=chance.choice((0, 0, chance.randint(1, _PATIENCE)))),
        presses=chance.choice((1, 1, 2)),
        turns=chance.choice((None, *(chance.randrange(2**32) for _ in range(3)))),
        campaigns=campaigns,
    )


def _deliveries(chance: random.Random, campaigns: int) -> tuple[Delivery, ...]:
    """Of each campaign, some twice or more, and some not: the detectors send those again later."""
    sent = [one for number in range(campaigns) for one in _sent(chance, number)]
    sent += [(one, 0) for one in chance.choices(BROKEN, k=chance.choice((0, 0, 0, 1, 2)))]
    first = sent.pop(chance.randrange(len(sent)))
    later = [
        Delivery(event, chance.randint(0, _span(chance)) * _SECOND, number)
        for event, number in sent
    ]
    chance.shuffle(later)
    begins = Delivery(first[0], timedelta(), first[1])
    return tuple(sorted([begins, *later], key=lambda one: one.after))


def _sent(chance: random.Random, number: int) -> list[tuple[str, int]]:
    sent = [one for one in CAMPAIGN for _ in range(chance.choice((0, 1, 1, 1, 2, 2, 3)))]
    sent = sent or [chance.choice(CAMPAIGN)]
    sent += chance.choices(NOISE, k=chance.choice((0, 0, 1, 2, 3)))
    return [(event, number) for event in sent]


def _span(chance: random.Random) -> int:
    return chance.choice((_AT_ONCE, _AT_ONCE, _SOON, _SOON, _WITHIN_THE_HOUR, _LATE))


def _mishaps(
    chance: random.Random,
    campaigns: int,
    made: Counter[str],
    kinds: dict[str, tuple[Kind, ...]],
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
        rival, whose = "", 0
        if kind is Kind.RIVAL:
            rival, whose = chance.choice((*CAMPAIGN, *NOISE)), chance.randrange(campaigns)
        found[call, number] = Mishap(call, number, kind, rival, whose)
    return tuple(found.values())


def _never(call: str) -> set[Kind]:
    if call.startswith(SLOW):
        return {Kind.TIMEOUT}
    # Without a right it gives up record after record of the stream, for hours.
    return {Kind.DENIED} if call.startswith("Mirror ") else set()

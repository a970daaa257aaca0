"""The events of a burst: campaigns against users, among findings that lead to nothing."""

import hashlib
import json
import random
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

EVENTS = Path(__file__).parents[1] / "events/guardduty"
_SEQUENCE = "attacksequence-s3-compromiseddata"
_CONDUCT = ("exfiltration-s3-anomalousbehavior", "recon-iamuser-maliciousipcaller")
_MINOR = "recon-iamuser-maliciousipcaller"
_LEADS_TO_NOTHING = (
    "unauthorizedaccess-iamuser-maliciousipcaller-sample",
    "recon-iamuser-maliciousipcaller-archived",
)
_LOW = 2.0  # the policy records such findings
_SHARE_OF_CAMPAIGNS = 5  # one finding in so many belongs to a campaign
_ID = re.compile(r"\b[0-9a-f]{32}\b")
_DETECTOR = "aaaabbbbccccddddeeeeffff00001111"


@dataclass(frozen=True)
class Sent:
    """One event, and what is to become of it."""

    event: dict[str, Any]
    campaign: int | None  # None: it is recorded, and no more

    @property
    def key(self) -> str:
        """The finding's."""
        return str(self.event["detail"]["arn"])


@dataclass(frozen=True)
class Victim:
    """A user whose key was stolen."""

    name: str
    key_id: str
    user_id: str


def burst(findings: int, victims: list[Victim], chance: random.Random) -> list[Sent]:
    """So many findings, each of its own: a fifth about the victims, in any order."""
    each = max(1, findings // _SHARE_OF_CAMPAIGNS // len(victims))
    sent = [one for number, victim in enumerate(victims) for one in _campaign(number, victim, each)]
    sent += [_noise(number) for number in range(findings - len(sent))]
    chance.shuffle(sent)
    return sent


def _campaign(number: int, victim: Victim, each: int) -> Iterator[Sent]:
    """An attack sequence, and then what a detector tells of the same user."""
    for place in range(each):
        name = _SEQUENCE if place == 0 else _CONDUCT[place % len(_CONDUCT)]
        yield Sent(_event(name, victim, f"campaign {number}, {place}"), number)


def _noise(number: int) -> Sent:
    """A minor finding about somebody, a sample, or an archived one."""
    somebody = Victim(f"worker-{number % 997}", _letters("AKIA", number), _letters("AIDA", number))
    kinds = (_MINOR,) * 8 + _LEADS_TO_NOTHING
    name = kinds[number % len(kinds)]
    event = _event(name, somebody, f"noise {number}")
    if name == _MINOR:
        event["detail"]["severity"] = _LOW
    return Sent(event, None)


def _event(name: str, victim: Victim, seed: str) -> dict[str, Any]:
    text = (EVENTS / f"{name}.json").read_text(encoding="utf-8")
    for saved, real in (
        ("orders-export", victim.name),
        ("AKIAEXAMPLEEXAMPLE00", victim.key_id),
        ("AIDAEXAMPLEEXAMPLE00", victim.user_id),
    ):
        text = text.replace(saved, real)
    found: dict[str, Any] = json.loads(_ID.sub(lambda one: _another(one[0], seed), text))
    return found


def _another(saved: str, seed: str) -> str:
    if saved == _DETECTOR:
        return saved
    return hashlib.sha256(f"{seed}: {saved}".encode()).hexdigest()[:32]


def _letters(prefix: str, number: int) -> str:
    return prefix + hashlib.sha256(str(number).encode()).hexdigest()[:16].upper()

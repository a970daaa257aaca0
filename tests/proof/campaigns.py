"""Thefts that happen in one account at once: each its own key, user and role, all of one bucket.

They share whatever the responder has: its table, its breaker, its machines, queues and approvers.
"""

import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from responder_cli.drill import world
from responder_cli.drill.attack import Thief
from responder_cli.drill.events import CAMPAIGN, told_of
from tests.builders import NOON
from tests.workflow.nights import Night

USER, ROLE = "returns-import", "returns-tier-role"  # of the second theft
_ID = re.compile(r"\b[0-9a-f]{32}\b|\b[0-9a-f]{8}-[0-9a-f]{4}-4000-8000-[0-9a-f]{12}\b")
_DETECTOR = "aaaabbbbccccddddeeeeffff00001111"


@dataclass(frozen=True)
class Campaign:
    """One theft, and what the detectors tell of it."""

    thief: Thief

    @property
    def shop(self) -> world.Shop:
        """The user, the key and the role."""
        return self.thief.shop

    def events(self, names: Sequence[str] = CAMPAIGN) -> list[dict[str, Any]]:
        """What the detectors send, earliest first: for each theft, findings of its own."""
        told = told_of(NOON, self.shop, self.thief.session_key_id, names)
        return [self._own(event) for event in told]

    def findings(self) -> frozenset[str]:
        """The keys of its findings."""
        return frozenset(map(finding_key, self.events()))

    def words(self) -> frozenset[str]:
        """What only this theft has to do with."""
        ids = (self.shop.key_id, self.shop.user_id, self.shop.role_id, self.thief.session_key_id)
        return frozenset({self.shop.user, self.shop.role, *ids, *self.findings()})

    def _own(self, event: dict[str, Any]) -> dict[str, Any]:
        if self.shop.user == world.USER:
            return event
        text = json.dumps(event).replace(world.USER, self.shop.user)
        text = text.replace(world.ROLE, self.shop.role)
        own: dict[str, Any] = json.loads(_ID.sub(lambda found: self._id(found[0]), text))
        return own

    def _id(self, saved: str) -> str:
        if saved == _DETECTOR:
            return saved
        made = hashlib.sha256(f"{self.shop.user}: {saved}".encode()).hexdigest()
        return f"{made[:8]}-{made[8:12]}-4000-8000-{made[12:24]}" if "-" in saved else made[:32]


def stolen_again(night: Night) -> None:
    """A second key is stolen in the same account, and the thief becomes a role with it."""
    thief = Thief(night.cloud, world.let_in(night.cloud, USER, ROLE))
    thief.become_role()
    night.thieves.append(thief)


def campaigns(night: Night) -> tuple[Campaign, ...]:
    """Each theft of the night, the first one first."""
    return tuple(Campaign(thief) for thief in night.thieves)


def events_of(night: Night) -> list[dict[str, Any]]:
    """What the detectors send of every theft, one theft after the other."""
    return [event for campaign in campaigns(night) for event in campaign.events()]


def finding_key(event: dict[str, Any]) -> str:
    """The finding's key, by the feed that tells of it."""
    detail = event["detail"]
    return str(detail["arn"] if "arn" in detail else _of_security_hub(detail["findings"][0]))


def _of_security_hub(finding: dict[str, Any]) -> str:
    return str(finding["Id"] if "Id" in finding else finding["finding_info"]["uid"])

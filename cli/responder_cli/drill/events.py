"""The events of the drill: saved ones, with the ids of this shop and the times of this day."""

import json
import random
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from responder_cli.drill.world import ROOT, Shop

CAMPAIGN = (
    "guardduty/exfiltration-s3-anomalousbehavior",
    "security-hub/exfiltration-s3-anomalousbehavior",
    "security-hub-v2/exfiltration-s3-anomalousbehavior",
    "guardduty/attacksequence-iam-compromisedcredentials",
)
# The saved events are of one campaign, which the detector first saw at this instant.
_FIRST_SEEN = datetime(2026, 11, 23, 11, 20, 41, tzinfo=UTC)
_INSTANT = re.compile(r"2026-11-23T\d\d:\d\d:\d\d(?:\.\d{3})?Z")
_EPOCH = re.compile(r"\b1795\d{9}\b")  # milliseconds, of the same day


def told_of(
    theft_at: datetime, shop: Shop, session_key_id: str, names: Sequence[str] = CAMPAIGN
) -> list[dict[str, Any]]:
    """What the detectors send about a theft that began at `theft_at`, earliest first.

    The saved events name this shop's ids instead of theirs, and every instant moves by one span.
    """
    span = theft_at - _FIRST_SEEN
    ids = {
        "AKIAEXAMPLEEXAMPLE00": shop.key_id,
        "AIDAEXAMPLEEXAMPLE00": shop.user_id,
        "AROAEXAMPLEEXAMPLE00": shop.role_id,
        "ASIAEXAMPLEEXAMPLE07": session_key_id,
    }
    events = [json.loads(_moved(_named(name, ids), span)) for name in names]
    return sorted(events, key=lambda event: str(event["time"]))


def deliveries(
    events: list[dict[str, Any]], *, duplicate: bool, shuffle: int | None
) -> list[tuple[datetime, dict[str, Any]]]:
    """When each event is delivered: at its own time, or in another order at the same times."""
    times = [datetime.fromisoformat(event["time"]) for event in events]
    sent = list(events)
    if shuffle is not None:
        random.Random(shuffle).shuffle(sent)  # noqa: S311 - an order of events, not a secret
    return [
        (at, event)
        for at, event in zip(times, sent, strict=True)
        for _ in range(2 if duplicate else 1)
    ]


def _named(name: str, ids: Mapping[str, str]) -> str:
    text = (ROOT / f"events/{name}.json").read_text(encoding="utf-8")
    for saved, real in ids.items():
        text = text.replace(saved, real)
    return text


def _moved(text: str, span: timedelta) -> str:
    moved = _INSTANT.sub(lambda found: _iso(datetime.fromisoformat(found[0]) + span), text)
    return _EPOCH.sub(lambda found: str(int(found[0]) + int(span.total_seconds() * 1000)), moved)


def _iso(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03d}Z"

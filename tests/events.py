"""The saved events, and small changes to them."""

import copy
import json
from pathlib import Path
from typing import Any

from responder.domain.finding import Finding
from responder.sources import feeds

EVENTS = Path(__file__).parents[1] / "events"
STOLEN_KEY = "guardduty/exfiltration-s3-anomalousbehavior"


def an_event(name: str = STOLEN_KEY, /, **detail: Any) -> dict[str, Any]:
    """One saved event, with fields of its `detail` replaced."""
    event: dict[str, Any] = json.loads((EVENTS / f"{name}.json").read_text())
    event["detail"].update(copy.deepcopy(detail))
    return event


def the_finding(event: str | dict[str, Any] = STOLEN_KEY) -> Finding:
    """The one finding of an event."""
    [finding] = feeds.read(an_event(event) if isinstance(event, str) else event)
    return finding

"""Events and records as AWS wrote them: what attacks begin with."""

import json
from typing import Any

from tests.events import EVENTS
from tests.trails import assumes, by_session, by_user, key, makes_a_key, makes_a_user

FEEDS = ("guardduty", "security-hub", "security-hub-v2")
SAVED = sorted(
    str(path.relative_to(EVENTS).with_suffix(""))
    for feed in FEEDS
    for path in (EVENTS / feed).glob("*.json")
)
TOUCH: dict[str, Any] = json.loads(
    json.loads((EVENTS / "steps/watch.json").read_text())["Records"][0]["body"]
)
RECORDS = {
    one["eventName"]: one
    for one in (
        makes_a_user(1, by_user(), "helper"),
        makes_a_key(2, by_user(), "helper", key(7, "AKIA")),
        assumes(3, by_user(), "ops", "one", key(1), source="mallory"),
        makes_a_user(4, by_session("ops", "one", key(1)), "other") | {"eventName": "CreateRole"},
    )
}

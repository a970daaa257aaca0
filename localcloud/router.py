"""EventBridge: which rules an event matches, and what each of their targets is sent.

Services of AWS put their events on the default bus themselves; `PutEvents` refuses their names. So
`deliver` is the door for a finding of a detector, and moto's own, partial deliveries are shut.
"""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from moto.events.models import EventsBackend, events_backends
from moto.events.models import Rule as MotoRule

from localcloud import inputs, patterns
from localcloud.admission import Open, Sender
from localcloud.deliveries import Deliveries, Delivery
from localcloud.seams import replaced
from localcloud.stack import Registry, Rule, Target, Unsupported

_ENTRIES = 10  # of one PutEvents


class Router:
    """The buses of all accounts."""

    def __init__(
        self,
        registry: Registry,
        deliveries: Deliveries,
        *,
        role: Callable[[str], Open],
        now: Callable[[], datetime],
    ) -> None:
        self._registry, self._deliveries = registry, deliveries
        self._role, self._now = role, now

    @contextmanager
    def installed(self) -> Iterator[None]:
        """Moto's EventBridge hands events over here, until the end of the block."""

        def put_events(backend: EventsBackend, events: list[dict[str, Any]]) -> list[Any]:
            if len(events) > _ENTRIES:
                return list(original(backend, events))
            return [self._put(original, backend, event) for event in events]

        def send_to_targets(rule: MotoRule, event: Any, **_: Any) -> None:
            self._moto_sends(rule, dict(event))

        with (
            replaced(EventsBackend, "put_events", put_events) as original,
            replaced(MotoRule, "send_to_targets", send_to_targets),
        ):
            yield

    def deliver(
        self, event: dict[str, Any], *, account: str, region: str, bus: str = "default"
    ) -> None:
        """Put an event on a bus. Its rules' targets get it when the schedule goes on."""
        whole = {
            "version": "0",
            "id": str(uuid4()),
            "account": account,
            "time": _instant(self._now()),
            "region": region,
            "resources": [],
            **event,
        }
        if missing := sorted({"source", "detail-type", "detail"} - set(whole)):
            raise ValueError(f"the event has no {', '.join(missing)}")
        self._archive(whole, account, region, bus)
        for rule in self._registry.rules:
            if (rule.account, rule.region, rule.bus) == (account, region, bus):
                self._to_rule(rule, whole)

    def fire(self, rule: Rule, event: dict[str, Any]) -> None:
        """Send an event to every target of a rule that is enabled, whatever its pattern."""
        if rule.state != "ENABLED":
            return
        for target in rule.targets:
            self._deliveries.start(self._delivery(rule, target, event))

    def _to_rule(self, rule: Rule, event: dict[str, Any]) -> None:
        if rule.pattern is not None and patterns.matches(rule.pattern, event):
            self.fire(rule, event)

    def _delivery(self, rule: Rule, target: Target, event: dict[str, Any]) -> Delivery:
        role_arn = target.role_arn or rule.role_arn
        ourselves = Sender("events.amazonaws.com", rule.arn)
        return Delivery(
            source=f"rule/{rule.name}",
            arn=target.arn,
            body=inputs.of(target, event, rule),
            sender=ourselves if role_arn is None else self._role(role_arn),
            dead_letter_arn=target.dead_letter_arn,
            dead_letter_sender=ourselves,
            dead_letter_attributes={"RULE_ARN": rule.arn, "TARGET_ARN": target.arn},
            retry_policy=target.retry_policy or {},
        )

    def _archive(self, event: dict[str, Any], account: str, region: str, bus: str) -> None:
        for archive in self._registry.archives:
            if (archive.account, archive.region) != (account, region):
                continue
            if not archive.source_arn.endswith(f":event-bus/{bus}"):
                continue
            if archive.pattern is None or patterns.matches(archive.pattern, event):
                kept: list[Any] = events_backends[account][region].archives[archive.name].events
                kept.append(event)

    def _put(self, original: Any, backend: EventsBackend, event: dict[str, Any]) -> Any:
        if str(event.get("Source", "")).startswith("aws."):
            return {
                "ErrorCode": "NotAuthorizedForSourceException",
                "ErrorMessage": "Not authorized for the source.",
            }
        [answer] = original(backend, [event])
        if "EventId" in answer:
            self.deliver(
                {
                    "id": answer["EventId"],
                    "source": event["Source"],
                    "detail-type": event["DetailType"],
                    "detail": json.loads(event["Detail"]),
                    "resources": event.get("Resources", []),
                    "time": _instant(_given(event.get("Time"), self._now())),
                },
                account=backend.account_id,
                region=backend.region_name,
                bus=str(event.get("EventBusName") or "default").rpartition("/")[2],
            )
        return answer

    def _moto_sends(self, rule: MotoRule, event: dict[str, Any]) -> None:
        """In place of `Rule.send_to_targets`. Only a replay is delivered by this way."""
        known = next((each for each in self._registry.rules if each.arn == rule.arn), None)
        if known is None and not _keeps_an_archive(rule):
            raise Unsupported(f"the rule {rule.name}, which no template here made")
        if known is not None and "replay-name" in event:
            self._to_rule(known, event)


def _keeps_an_archive(rule: MotoRule) -> bool:
    """Moto makes such a rule for each archive. What is archived is decided above instead."""
    return bool(rule.managed_by)


def _given(time: Any, now: datetime) -> datetime:
    return now if time is None else datetime.fromtimestamp(float(time), UTC)


def _instant(at: datetime) -> str:
    """EventBridge tells time in seconds."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

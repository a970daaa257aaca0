"""Counts the cuts that nobody was asked about. Beyond so many an hour, people are asked first.

A detector that errs, or somebody who feeds it, must not take a shop apart faster than people can
look. Each cut is counted before its plan is saved, and whatever is counted by then comes before it.
Of plans that are made at once, or again with the instant that they began at, the one that looks
last sees all others. So they may be held back more than they must, and never less. Each time that
some are, a metric says how many, for an alarm: then cuts wait for people, who have to know.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from aws_lambda_powertools.metrics import MetricUnit, single_metric
from pydantic import AwareDatetime

from responder.aws import ledger as table
from responder.aws.ledger import Ledger
from responder.domain.model import Model
from responder.domain.order import Order

PERMISSIONS = table.PERMISSIONS
WITHIN = timedelta(hours=1)
NAMESPACE, SLOWED = "BreachResponder", "CutsSlowed"


class Counted(Model):
    """One cut that was ordered without asking."""

    order_id: str
    at: AwareDatetime


@dataclass(frozen=True)
class Breaker:
    """The count, over all incidents."""

    ledger: Ledger
    stack_name: str = "breach-responder"

    def beyond(self, orders: Sequence[Order], most: int, *, now: datetime) -> frozenset[str]:
        """Count these orders, and say which of them are more than `most` within the last hour.

        May run again: an order is counted once, at its first instant.
        """
        for order in orders:
            counted = Counted(order_id=order.order_id, at=now)
            self.ledger.add(_pk(now), _CUT + order.order_id, counted)
        seen = dict[str, datetime]()
        # The hour after, too: a plan that is made again keeps its instant, and others went on.
        for hour in (now - WITHIN, now, now + WITHIN):
            for item in self.ledger.items(_pk(hour), _CUT):
                one = Counted.model_validate_json(item.body)
                seen[one.order_id] = min(one.at, seen.get(one.order_id, one.at))
        ours = {order.order_id for order in orders}
        recent = {order_id for order_id, at in seen.items() if now - at < WITHIN}
        room = max(0, most - len(recent - ours))
        beyond = frozenset(sorted(recent & ours)[room:])
        if beyond:
            self._tell(len(beyond))
        return beyond

    def _tell(self, slowed: int) -> None:
        """A line of the log that CloudWatch reads a metric from. A plan that is made again repeats
        it, and the alarm goes on as before.
        """
        with single_metric(
            name=SLOWED, unit=MetricUnit.Count, value=slowed, namespace=NAMESPACE
        ) as metric:
            metric.add_dimension(name="stack", value=self.stack_name)


_CUT = "CUT#"


def _pk(at: datetime) -> str:
    return f"CUTS#{at.astimezone(UTC):%Y%m%dT%H}"

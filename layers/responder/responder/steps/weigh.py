"""Look what else uses what an order would cut, for whoever is asked about it. Changes nothing.

The question does not wait for this: it is looked for `WITHIN` some seconds, the machine gives up a
look that hangs, and whatever could not be read is named. What was found first stays, so that the
question reads the same at each attempt.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial

from pydantic import AwareDatetime

from responder.aws import clients as member
from responder.aws import identities, usage
from responder.aws import uses as records
from responder.aws.clients import Clients
from responder.aws.incidents import Incidents
from responder.aws.trail import DELIVERY, Question, Trail
from responder.aws.uses import Uses
from responder.domain.errors import Refused, ResponderError
from responder.domain.escaping import one_line
from responder.domain.finding import Resource
from responder.domain.identifiers import IncidentId, OrderId
from responder.domain.ladder import ACCOUNT
from responder.domain.model import Model
from responder.domain.order import Order
from responder.domain.principal import Principal
from responder.domain.trail_event import TrailEvent, read_event
from responder.domain.use import Caller, Service, Use, callers_of, is_role
from responder.report.wording import in_utc, span
from responder.steps.follow import regions_of

PERMISSIONS = records.PERMISSIONS | member.PERMISSIONS
WITHIN = timedelta(seconds=12)
LATELY = timedelta(days=7)
_MOST_PAGES = 3  # of 50 events, for each region
_BETWEEN_LOOKS = 1.0  # seconds, while IAM makes its report
_TOO_LATE = "there was no time left"


class WeighRequest(Model):
    """What the machine sends."""

    incident_id: IncidentId
    order_id: OrderId
    now: AwareDatetime


class WeighAnswer(Model):
    """How much was found, and how much could not be read."""

    found: int
    unknown: int


def weigh(
    request: WeighRequest,
    *,
    incidents: Incidents,
    uses: Uses,
    clients: Clients,
    pause: Callable[[float], None],
    read_at: Callable[[], datetime],
) -> WeighAnswer:
    """Look, and record it. May run again: the first record of an order stays."""
    order = incidents.order(request.incident_id, request.order_id)
    if not order.asks_people:
        raise Refused(f"nobody is asked about {order.order_id}, so nothing was looked at")
    use = uses.get(order.incident_id, order.order_id)
    if use is None:
        findings = incidents.findings(order.incident_id)
        addresses = frozenset(one for finding in findings for one in finding.addresses)
        looking = _Looking(order, clients, addresses, pause, read_at, read_at() + WITHIN)
        use = uses.first(looking.use(request.now))
    return WeighAnswer(
        found=len(use.holders) + len(use.callers) + len(use.services), unknown=len(use.unknown)
    )


def unweighed(order: Order, why: str, at: datetime) -> Use:
    """The record of an order whose use nobody could look at."""
    return Use(incident_id=order.incident_id, order_id=order.order_id, looked_at=at, unknown=(why,))


@dataclass
class _Looking:
    """One look, of which each part may fail without the others."""

    order: Order
    clients: Clients
    addresses: frozenset[str]
    pause: Callable[[float], None]
    read_at: Callable[[], datetime]
    until: datetime
    unknown: list[str] = field(default_factory=list)

    def use(self, now: datetime) -> Use:
        since = now - LATELY
        principal, thing = self.order.principal, self.order.thing
        holders, callers = list[str](), tuple[Caller, ...]()
        services = list[Service]()
        if thing is not None and thing.kind == ACCOUNT:
            self.unknown.append("what works in a whole account; all of it stops")
        elif thing is not None:
            callers = self._callers(_names(thing), since, now)
            self.unknown.append(
                "reads, writes and calls of what is inside it, which event history does not hold"
            )
        elif principal is not None:
            # Begun before the rest is read, because it takes some seconds.
            job = self._part("which services it used", self._job)
            holders = [*self._holders(principal)]
            callers = self._callers(self._named(principal), since, now)
            if job is not None:
                told = self._part("which services it used", partial(self._report, job))
                services = told or []
            self.unknown.append("what it did in the last hours, which IAM's report may not show")
        return Use(
            incident_id=self.order.incident_id,
            order_id=self.order.order_id,
            looked_at=now,
            since=since,
            holders=tuple(holders),
            callers=callers,
            services=tuple(services),
            unknown=tuple(dict.fromkeys(self.unknown)),
        )

    def _part[T](self, what: str, read: Callable[[], T]) -> T | None:
        """One part of the look; None, and a line, where it could not be had."""
        if self.read_at() >= self.until:
            self.unknown.append(f"{what}: {_TOO_LATE}")
            return None
        try:
            return read()
        except ResponderError as error:
            self.unknown.append(f"{what}: {one_line(str(error), 120)}")
            return None

    def _job(self) -> str:
        arn = self.order.resource
        if is_role(self.order) and self.order.principal and self.order.principal.name:
            name = self.order.principal.name
            arn = identities.role_arn(self.clients, self.order.account, name) or arn
        return usage.begin_report(self.clients, self.order.account, arn)

    def _report(self, job: str) -> list[Service] | None:
        while (found := usage.services(self.clients, self.order.account, job)) is None:
            if self.read_at() >= self.until:
                self.unknown.append("which services it used: IAM had not made its report in time")
                return None
            self.pause(_BETWEEN_LOOKS)
        return found

    def _holders(self, principal: Principal) -> Iterator[str]:
        role, order = principal.name, self.order
        if role is None or not is_role(order):
            return
        at = (order.account, order.region, role)
        found = self._part("which instances have it", lambda: usage.instances(self.clients, *at))
        yield from (f"instance {one}" for one in found or ())
        listed = self._part("which functions have it", lambda: usage.functions(self.clients, *at))
        if listed is not None:
            named, cut = listed
            yield from (f"Lambda function {one}" for one in named)
            if cut:
                self.unknown.append(f"functions beyond the first {usage.MOST_FUNCTIONS}")
        self.unknown.append(
            f"holders outside {order.region}, and others than instances and functions, unless they "
            "assumed it lately"
        )

    def _named(self, principal: Principal) -> list[tuple[str, str]]:
        """What event history files an identity's use under."""
        if not is_role(self.order):
            return [("Username", principal.name)] if principal.name else []
        name = principal.name or self.order.resource.rpartition("/")[2]
        arn = self._part(
            "who assumed it", lambda: identities.role_arn(self.clients, self.order.account, name)
        )
        return [("ResourceName", arn)] if arn else []

    def _callers(
        self, named: list[tuple[str, str]], since: datetime, now: datetime
    ) -> tuple[Caller, ...]:
        trail, events = Trail(self.clients, self.pause), list[TrailEvent]()
        for attribute, value in named:
            for region in sorted(regions_of(self.order.region)):
                question = Question(self.order.account, region, attribute, value)
                found = self._part(
                    f"who worked with it, in {region}",
                    partial(self._events, trail, question, since, now),
                )
                events += found or []
        self.unknown.append(f"who worked with it in the last {span(DELIVERY)}")
        return callers_of(self.order, events, self.addresses)

    def _events(
        self, trail: Trail, question: Question, since: datetime, now: datetime
    ) -> list[TrailEvent]:
        events, cut = list[TrailEvent](), False
        for page in trail.look_up(question, since=since, until=now, most_pages=_MOST_PAGES):
            cut = page.more
            for event in page.events:
                try:
                    events.append(read_event(event.get("CloudTrailEvent", "")))
                except ValueError:
                    self.unknown.append("who worked with it: a record could not be read")
        if cut and events:
            oldest = min(event.at for event in events)
            self.unknown.append(f"who worked with it before {in_utc(oldest)}, in {question.region}")
        return events


def _names(thing: Resource) -> list[tuple[str, str]]:
    names = (thing.id, thing.id.rpartition(":")[2].rpartition("/")[2], thing.name)
    return [("ResourceName", one) for one in dict.fromkeys(names) if one]

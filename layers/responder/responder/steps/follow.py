"""Follow a lineage through event history, breadth first, until nobody in it is left to ask about.

What is found is kept after each round, so a run that dies is taken up by the next. Event history
gives two answers a second: a run asks for so many pages, and says what it left out.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from responder.aws import identities
from responder.aws.clients import Clients
from responder.aws.trail import DELIVERY, Question, Trail, global_region
from responder.domain.errors import Broken
from responder.domain.lineage import Lineage, Node, NodeKind, with_siblings
from responder.domain.lineage_growth import grow
from responder.domain.trail_event import TrailEvent, partition_of, read_event

MOST_PAGES = 300  # of 50 events, over all questions of one run: 150 s of waiting
MOST_PAGES_EACH = 60
_BY_ARN = (
    NodeKind.ROLE,
    NodeKind.TRUST_EDIT,
    NodeKind.SAML_PROVIDER,
    NodeKind.OIDC_PROVIDER,
)


@dataclass
class Following:
    """One run over one incident."""

    trail: Trail
    clients: Clients
    regions: frozenset[str]
    keep: Callable[[Lineage], None]
    ours: set[str] = field(default_factory=set)
    gaps: dict[str, None] = field(default_factory=dict)
    _events: dict[tuple[str, str], TrailEvent] = field(default_factory=dict)
    _asked: dict[Question, None] = field(default_factory=dict)
    _closed: set[tuple[str, str]] = field(default_factory=set)
    _arns: dict[str, str | None] = field(default_factory=dict)

    def through(self, start: Lineage) -> Lineage:
        """The lineage with all that event history tells. Raises `Broken` if nothing answered."""
        lineage = start
        while questions := [one for one in self._questions(lineage) if one not in self._asked]:
            for question in questions:
                self._asked[question] = None
                self._answer(question, lineage)
            lineage = grow(start, self._events.values())
            self.keep(lineage)
        if self._asked and not self.ours:
            raise Broken(f"no event history could be read: {'; '.join(self.gaps)[:1000]}")
        lineage = self._with_siblings(lineage)
        self.keep(lineage)
        told = [
            *lineage.gaps,
            *self.gaps,
            "data events (reads and writes of objects, items, functions) are not in event history",
            f"regions other than {', '.join(sorted(self.regions))} were not asked",
            f"events later than {(lineage.until - DELIVERY).isoformat()} may not have arrived yet",
        ]
        return lineage.model_copy(update={"gaps": tuple(dict.fromkeys(told))})

    def _answer(self, question: Question, lineage: Lineage) -> None:
        there = (question.account, question.region)
        left = MOST_PAGES - self.trail.pages
        if there in self._closed:
            return
        if left <= 0:
            self.gaps[f"cut after {MOST_PAGES} pages: not everything was asked about"] = None
            return
        most, oldest, cut = min(left, MOST_PAGES_EACH), lineage.until, False
        try:
            for page in self.trail.look_up(
                question, since=lineage.since, until=lineage.until, most_pages=most
            ):
                self.ours.add(question.account)
                cut = page.more
                for event in page.events:
                    oldest = min(oldest, event.get("EventTime", oldest))
                    self._take(event.get("CloudTrailEvent", ""), question)
        except Broken as error:
            self._closed.add(there)
            self.gaps[f"events in {question.region} of {question.account}: {error}"] = None
        if cut:
            self.gaps[
                f"{question}: cut after {most} pages; events before {oldest.isoformat()} were not"
                " read"
            ] = None

    def _take(self, text: str, question: Question) -> None:
        try:
            event = read_event(text)
        except ValueError:
            self.gaps[f"{question}: a record could not be read"] = None
            return
        self._events[event.account, event.event_id] = event

    def _questions(self, lineage: Lineage) -> Iterator[Question]:
        for node in lineage.nodes:
            if node.sibling:
                continue
            for attribute, value in self._attributes(node):
                for region in sorted(self.regions):
                    yield Question(node.account, region, attribute, value)

    def _attributes(self, node: Node) -> Iterator[tuple[str, str]]:
        if node.access_key_id is not None:
            yield "AccessKeyId", node.access_key_id
        elif node.kind in (NodeKind.USER, NodeKind.LOGIN_PROFILE) and node.name:
            yield "Username", node.name
        elif node.kind is NodeKind.ROLE_SESSION and node.session_name:
            yield "Username", node.session_name
        elif node.kind is NodeKind.ROOT_SESSION:
            yield "Username", "root"
        elif node.kind in _BY_ARN and node.arn:
            yield "ResourceName", self._real(node) or node.arn

    def _real(self, node: Node) -> str | None:
        """A role's ARN with its path, which no event about its trust tells."""
        if node.kind not in (NodeKind.ROLE, NodeKind.TRUST_EDIT) or not node.name:
            return None
        if node.id not in self._arns:
            try:
                self._arns[node.id] = identities.role_arn(self.clients, node.account, node.name)
            except Broken as error:
                self._arns[node.id] = None
                self.gaps[f"the path of role {node.name} is not known: {error}"] = None
        return self._arns[node.id]

    def _with_siblings(self, lineage: Lineage) -> Lineage:
        """The other keys of every user that has a credential in the lineage."""
        made = {(n.account, n.name) for n in lineage.nodes if n.kind is NodeKind.USER}
        users = {
            (node.account, node.name): None
            for node in lineage.nodes
            if node.kind is NodeKind.ACCESS_KEY and not node.sibling and node.name
        }
        for account, user in users:
            if (account, user) in made or user is None or account not in self.ours:
                continue
            try:
                found = identities.key_ids(self.clients, account, user)
            except Broken as error:
                self.gaps[f"the other keys of {user} are not known: {error}"] = None
                continue
            lineage = with_siblings(lineage, account, user, found)
        return lineage


def regions_of(*regions: str) -> frozenset[str]:
    """Where to ask: the regions themselves, and the one that global services report to."""
    return frozenset(regions) | {global_region(partition_of(region)) for region in regions}

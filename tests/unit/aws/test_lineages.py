"""A graph of any size is kept item by item, and what is known better replaces what was known."""

from datetime import timedelta

import pytest

from responder.aws.generations import Generations
from responder.aws.ledger import Ledger, incident_pk
from responder.aws.lineages import NODE, Head, Lineages
from responder.aws.machine import Machine
from responder.domain.errors import Broken
from responder.domain.lineage import Edge, Lineage, Node, NodeKind, Verb
from tests.builders import INCIDENT_ID, NOON, REGION, SHOP, an_incident
from tests.consoles import refusing
from tests.trails import key


def a_key(number: int, **given: object) -> Node:
    plain = {
        "kind": NodeKind.ACCESS_KEY,
        "account": SHOP,
        "name": "backup",
        "access_key_id": key(number, "AKIA"),
        "made_at": NOON,
    }
    return Node.model_validate(plain | given)


def a_lineage(*nodes: Node, edges: int = 0) -> Lineage:
    steps = tuple(
        Edge(
            source=nodes[0].id,
            target=nodes[-1].id,
            verb=Verb.MADE,
            event_id=f"event-{n}",
            event_name="CreateAccessKey",
            event_at=NOON,
            account=SHOP,
            region=REGION,
        )
        for n in range(edges)
    )
    return Lineage(since=NOON - timedelta(hours=1), until=NOON, nodes=nodes, edges=steps)


def test_a_graph_is_read_as_it_was_kept(ledger: Ledger) -> None:
    lineages, lineage = Lineages(ledger), a_lineage(a_key(1, seed=True), a_key(2), edges=3)
    for _ in range(2):
        lineages.keep(INCIDENT_ID, lineage)
    assert lineages.graph(INCIDENT_ID) == (lineage.nodes, lineage.edges)


def test_there_is_no_lineage_before_a_trace_is_done(ledger: Ledger) -> None:
    lineages = Lineages(ledger)
    lineages.keep(INCIDENT_ID, a_lineage(a_key(1)))
    assert lineages.get(INCIDENT_ID) is None
    head = Head(since=NOON, until=NOON, gaps=("one",))
    assert ledger.together([lineages.heading(INCIDENT_ID, head, None)])
    found = lineages.get(INCIDENT_ID)
    assert found is not None
    assert (found[0].nodes, found[0].gaps) == ((a_key(1),), ("one",))


def test_no_item_holds_more_than_one_thing(ledger: Ledger) -> None:
    lineages = Lineages(ledger)
    lineages.keep(INCIDENT_ID, a_lineage(*(a_key(n) for n in range(30)), edges=30))
    kept = ledger.items(incident_pk(INCIDENT_ID), NODE)
    assert len(kept) == 30
    assert max(len(item.body) for item in kept) < 2000


def test_a_sibling_that_turns_out_to_be_made_is_kept_as_that(ledger: Ledger) -> None:
    lineages = Lineages(ledger)
    lineages.keep(INCIDENT_ID, a_lineage(a_key(1, sibling=True)))
    known = lineages.graph(INCIDENT_ID)
    lineages.keep(INCIDENT_ID, a_lineage(a_key(1)), known=known)
    assert lineages.graph(INCIDENT_ID)[0] == (a_key(1),)


def test_what_another_run_wrote_meanwhile_is_left_as_it_is(ledger: Ledger) -> None:
    lineages = Lineages(ledger)
    lineages.keep(INCIDENT_ID, a_lineage(a_key(1)))
    lineages.keep(INCIDENT_ID, a_lineage(a_key(1, name="renamed")))
    assert lineages.graph(INCIDENT_ID)[0] == (a_key(1),)


def test_a_generation_that_cannot_be_started_is_not_on_record_as_started(ledger: Ledger) -> None:
    class NoMachine:
        start_execution = staticmethod(refusing("StateMachineDoesNotExist"))

    machine = Machine("arn", NoMachine())  # type: ignore[arg-type]
    with pytest.raises(Broken):
        Generations(ledger, machine).start(an_incident(), NOON)
    assert ledger.get(incident_pk(INCIDENT_ID), "STARTED#1") is None

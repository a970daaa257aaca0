"""An incident, its findings and its plans are whole or not there."""

from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from responder.aws.incidents import Incidents
from responder.aws.ledger import Ledger, Write
from responder.domain.errors import Broken, Unavailable
from responder.domain.incident import Channel
from responder.domain.order import Plan, Refusal
from tests.builders import (
    INCIDENT_ID,
    NOON,
    REGION,
    a_finding,
    a_user,
    an_incident,
    an_order,
)

CHANNEL = Channel(id="ops_center", reference="oi-000000000000", opened_at=NOON)


@pytest.fixture
def incidents(ledger: Ledger) -> Incidents:
    return Incidents(ledger)


def a_plan(*orders: Any, generation: int = 1) -> Plan:
    return Plan(incident_id=INCIDENT_ID, generation=generation, planned_at=NOON, orders=orders)


def test_writes_that_go_together_are_all_there_or_none(ledger: Ledger) -> None:
    ledger.add("p", "taken", an_incident(title="first"))
    writes = [Write("p", "free", an_incident()), Write("p", "taken", an_incident(title="second"))]
    assert not ledger.together(writes)
    assert ledger.get("p", "free") is None
    seen = ledger.get("p", "taken")
    assert ledger.together([writes[0], Write("p", "taken", an_incident(title="second"), seen)])
    assert not ledger.together([Write("p", "taken", an_incident(title="third"), seen)])
    found = ledger.get("p", "taken")
    assert found is not None
    assert found.version == 2
    assert '"title":"second"' in found.body


def test_a_write_that_aws_throttles_is_to_be_tried_again(ledger: Ledger) -> None:
    class Throttled:
        def transact_write_items(self, **given: Any) -> Any:
            raise ClientError(
                {
                    "Error": {"Code": "TransactionCanceledException", "Message": ""},
                    "CancellationReasons": [{"Code": "None"}, {"Code": "ThrottlingError"}],
                },
                "TransactWriteItems",
            )

    throttled: Any = Throttled()
    with pytest.raises(Unavailable):
        Ledger("responder", throttled).together([Write("p", "s", an_incident())])


def test_an_incident_is_created_once_with_its_finding(incidents: Incidents) -> None:
    assert incidents.create(an_incident(), a_finding())
    assert not incidents.create(an_incident(title="another"), a_finding(key="another"))
    assert incidents.get(INCIDENT_ID) == an_incident()
    assert incidents.findings(INCIDENT_ID) == [a_finding()]


def test_findings_come_in_the_order_of_the_activity(incidents: Incidents) -> None:
    incidents.create(an_incident(), a_finding())
    earlier = a_finding(key="zzz", first_seen_at=NOON - timedelta(days=1))
    incidents.ledger.add(f"INCIDENT#{INCIDENT_ID}", "FINDING#zzz", earlier)
    assert incidents.findings(INCIDENT_ID) == [earlier, a_finding()]


def test_what_is_not_there_is_told(incidents: Incidents) -> None:
    with pytest.raises(Broken, match=INCIDENT_ID):
        incidents.get(INCIDENT_ID)
    with pytest.raises(Broken, match=INCIDENT_ID):
        incidents.save_channel(INCIDENT_ID, CHANNEL)
    with pytest.raises(Broken, match="ord-"):
        incidents.order(INCIDENT_ID, "ord-" + "0" * 20)
    assert incidents.plan(INCIDENT_ID, 1) is None


def test_the_first_channel_stays(incidents: Incidents) -> None:
    incidents.create(an_incident(), a_finding())
    other = CHANNEL.model_copy(update={"reference": "oi-111111111111"})
    assert incidents.save_channel(INCIDENT_ID, CHANNEL) == CHANNEL
    assert incidents.save_channel(INCIDENT_ID, other) == CHANNEL
    assert incidents.get(INCIDENT_ID).channel == CHANNEL


def test_a_channel_is_saved_although_a_finding_joins_at_that_moment(ledger: Ledger) -> None:
    Incidents(ledger).create(an_incident(), a_finding())

    class Meddler:
        """Another writer, between our read and our write."""

        def __init__(self) -> None:
            self.meddled = False

        def __getattr__(self, name: str) -> Any:
            return getattr(ledger.client, name)

        def transact_write_items(self, **given: Any) -> Any:
            if not self.meddled:
                self.meddled = True
                seen = ledger.get(f"INCIDENT#{INCIDENT_ID}", "INCIDENT")
                assert seen is not None
                ledger.replace(seen, an_incident(generation=2))
            return ledger.client.transact_write_items(**given)

    meddler: Any = Meddler()
    Incidents(Ledger("responder", meddler)).save_channel(INCIDENT_ID, CHANNEL)
    assert Incidents(ledger).get(INCIDENT_ID) == an_incident(generation=2, channel=CHANNEL)


def test_a_plan_is_saved_once_with_its_orders(incidents: Incidents) -> None:
    order = an_order()
    assert incidents.save_plan(a_plan(order))
    assert not incidents.save_plan(a_plan())
    assert incidents.plan(INCIDENT_ID, 1) == a_plan(order)
    assert incidents.order(INCIDENT_ID, order.order_id) == order
    assert incidents.orders(INCIDENT_ID) == [order]


def test_an_order_belongs_to_one_generation(incidents: Incidents) -> None:
    other = an_order(principal=a_user("bob"))
    assert incidents.save_plan(a_plan(an_order()))
    assert not incidents.save_plan(a_plan(an_order(), other, generation=2))
    assert incidents.plan(INCIDENT_ID, 2) is None
    assert incidents.orders(INCIDENT_ID) == [an_order()]
    assert incidents.save_plan(a_plan(other, generation=2))


def test_a_refusal_told_twice_is_one(incidents: Incidents) -> None:
    refusal = Refusal(resource="r", reason="because", next_step=f"look in {REGION}")
    incidents.add_refusals(INCIDENT_ID, [refusal, refusal])
    incidents.add_refusals(INCIDENT_ID, [refusal])
    assert incidents.refusals(INCIDENT_ID) == [refusal]

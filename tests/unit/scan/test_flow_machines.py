"""Machines of a lineage, and their interfaces, are told by what AWS wrote and by nothing else."""

from typing import Any

import pytest

from responder.domain.lineage import Lineage, Node, NodeKind
from responder.domain.lineage_growth import Callers
from responder.domain.trail_event import TrailEvent, event_of
from responder.scan.flow.layout import Layout
from responder.scan.flow.lines import Asked
from responder.scan.flow.machines import (
    MOST_MACHINES,
    Machines,
    interfaces_of,
    named_by,
    started_by,
)
from responder.scan.flow.peers import Peers
from responder.scan.flow.record import Lines, is_out
from responder.scan.pursuit import seed_of_arn
from tests.builders import NOON, SHOP
from tests.flow_logs import (
    INSTANCE,
    INTERFACE,
    NIGHT,
    OTHER_INSTANCE,
    OWN,
    THIEF,
    V8,
    a_flow,
    line,
)
from tests.trail_logs import KEY, ROLE, ROLE_ARN, USER, Logs, by_user


def a_call(service: str, name: str, who: dict[str, Any] | None = None, **more: Any) -> TrailEvent:
    logs = Logs()
    logs.call(1, service, name, who or by_user(USER, KEY), **more)
    ((record,),) = logs.hours.values()
    return event_of(record)


def a_lineage(*nodes: Node) -> Lineage:
    seed = seed_of_arn(f"arn:aws:iam::{SHOP}:user/{USER}")
    return Lineage(since=NOON, until=NOON, nodes=(seed, *nodes))


def named(*events: TrailEvent) -> Machines:
    return named_by(events, Callers(a_lineage(seed_of_arn(ROLE_ARN))))


def by_session(name: str) -> dict[str, Any]:
    return {
        "type": "AssumedRole",
        "arn": f"arn:aws:sts::{SHOP}:assumed-role/{ROLE}/{name}",
        "accountId": SHOP,
        "accessKeyId": "ASIAEXAMPLEEXAMPLE07",
        "sessionContext": {"sessionIssuer": {"type": "Role", "arn": ROLE_ARN, "userName": ROLE}},
    }


def test_a_session_named_after_an_instance_is_of_that_instance() -> None:
    assert named(a_call("s3", "ListBuckets", by_session(INSTANCE))).why.keys() == {INSTANCE}
    assert named(a_call("s3", "ListBuckets", by_session("i-am-root"))).why == {}


@pytest.mark.parametrize(
    ("service", "call", "asked"),
    [
        ("ssm", "StartSession", {"target": INSTANCE}),
        ("ssm", "SendCommand", {"instanceIds": [INSTANCE]}),
        ("ssm", "SendCommand", {"targets": [{"key": "InstanceIds", "values": [INSTANCE]}]}),
        ("ec2", "CreateSnapshots", {"instanceSpecification": {"instanceId": INSTANCE}}),
        ("ec2", "CreateImage", {"instanceId": INSTANCE}),
        ("ec2-instance-connect", "SendSSHPublicKey", {"instanceId": INSTANCE}),
        ("ec2", "ModifyInstanceAttribute", {"instanceId": INSTANCE}),
    ],
)
def test_a_call_about_an_instance_has_it_looked_at(
    service: str, call: str, asked: dict[str, Any]
) -> None:
    found = named(a_call(service, call, requestParameters=asked))
    assert found.why.keys() == {INSTANCE}
    assert found.by_tags == set()


def test_looking_at_an_instance_failing_at_it_and_strangers_do_not() -> None:
    asked = {"requestParameters": {"instanceId": INSTANCE}}
    stranger = by_user("deploy", "AKIAEXAMPLEEXAMPLE09")
    assert named(a_call("ec2", "DescribeInstances", **asked)).why == {}
    assert named(a_call("ec2", "StopInstances", errorCode="AccessDenied", **asked)).why == {}
    assert named(a_call("ec2", "StopInstances", stranger, **asked)).why == {}


def test_an_instance_in_the_lineage_is_one() -> None:
    node = Node(kind=NodeKind.INSTANCE, account=SHOP, name=INSTANCE)
    assert started_by(a_lineage(node)).why == {INSTANCE: {"the lineage started it"}}


def test_a_call_can_name_no_more_machines_than_are_kept() -> None:
    many = [f"i-{number:017x}" for number in range(MOST_MACHINES + 3)]
    found = named(a_call("ec2", "StopInstances", requestParameters={"instanceIds": many}))
    assert len(found.why) == MOST_MACHINES
    assert found.left_out == 3


def test_an_answer_to_run_instances_tells_interfaces_and_addresses() -> None:
    interface = {
        "networkInterfaceId": INTERFACE,
        "privateIpAddress": OWN,
        "ipv6AddressesSet": {"items": [{"ipv6Address": "2001:DB8::5"}]},
        "association": {"publicIp": "198.51.100.7"},
    }
    item = {"instanceId": INSTANCE, "networkInterfaceSet": {"items": [interface]}}
    call = a_call("ec2", "RunInstances", responseElements={"instancesSet": {"items": [item]}})
    found = interfaces_of([call])
    assert found.owners == {INTERFACE: INSTANCE}
    assert found.own[INTERFACE] >= {OWN, "2001:db8::5"}


def test_only_ec2s_own_calls_tell_whose_an_interface_is() -> None:
    both = {"networkInterfaceId": INTERFACE, "instanceId": INSTANCE}
    tag = a_call("ec2", "CreateTags", requestParameters=both)
    other = a_call("lambda", "AttachNetworkInterface", requestParameters=both)
    failed = a_call("ec2", "AttachNetworkInterface", requestParameters=both, errorCode="Client.X")
    strange = {"networkInterfaceId": "eni-<b>", "instanceId": [INSTANCE]}
    odd = a_call("ec2", "AttachNetworkInterface", requestParameters=strange)
    assert interfaces_of([tag, other, failed, odd]).owners == {}
    attached = a_call("ec2", "AttachNetworkInterface", requestParameters=both)
    assert interfaces_of([attached]).owners == {INTERFACE: INSTANCE}


def test_what_a_record_says_of_its_instance_goes_before_what_others_say() -> None:
    """An interface was moved to another instance, and the log of then says so."""
    asked = Asked(frozenset([OTHER_INSTANCE]), owners={INTERFACE: OTHER_INSTANCE})
    assert asked.machine(INTERFACE, INSTANCE) is None
    assert asked.machine(INTERFACE, "") == OTHER_INSTANCE


@pytest.mark.parametrize(
    ("told", "own", "left"),
    [
        ("egress", [THIEF], True),
        ("-", [OWN], True),
        ("-", [THIEF], False),
        ("-", [OWN, THIEF], True),
        ("-", [], True),
    ],
)
def test_what_is_told_of_the_way_goes_before_addresses(
    told: str, own: list[str], left: bool
) -> None:
    fields = Layout(V8).fields(line(a_flow(NIGHT, OWN, THIEF, 1, flow_direction=told), V8).encode())
    assert fields is not None
    record = Lines(Peers(), Asked().machine).read(*fields)
    assert record is not None
    assert is_out(record.flow, frozenset(own)) is left

"""The tables of actions agree with the Service Authorization Reference, as cfn-lint ships it."""

import json
from collections.abc import Iterator
from importlib.resources import files
from typing import Any

import pytest
from botocore.session import get_session

from localcloud.authorizing import (
    SERVICES,
    databases,
    ec2,
    functions,
    identities,
    kms,
    s3,
    scaling,
    services,
    systems_manager,
    tasks,
)

REFERENCE: dict[str, Any] = json.loads(
    (files("cfnlint.data.AdditionalSpecs") / "Policies.json").read_text(encoding="utf-8")
)


def table() -> Iterator[tuple[str, str, str | None]]:
    """Each prefix and action that is named, with the kind of its resource; None for "*" alone."""
    yield from (("s3", action, "bucket") for action in s3._ON_BUCKETS.values())
    yield from (("s3", one, "object") for pair in s3._ON_OBJECTS.values() for one in pair if one)
    yield from (("kms", action, "key") for action in kms._ON_A_KEY)
    yield from (("kms", action, None) for action in kms._ON_NO_KEY)
    for names, kind in (
        (identities._OF_USERS - identities._OF_MEMBERSHIP, "user"),
        (identities._OF_MEMBERSHIP | identities._OF_GROUPS, "group"),
        (identities._OF_ROLES, "role"),
        (identities._OF_POLICIES, "policy"),
        (identities._OF_PROFILES, "instance-profile"),
        (identities._OF_ALL, None),
    ):
        yield from (("iam", action, kind) for action in names)
    tables = services._TABLE | set(services._IN_TRANSACTIONS.values())
    yield from (("dynamodb", action, "table") for action in tables)
    yield from (("sqs", action, "queue") for action in services._QUEUE_ACTIONS.values())
    yield from (("sns", action, "topic") for action in services._TOPIC | {"Publish", "Subscribe"})
    yield from (("lambda", action, "function") for action in functions._FUNCTION.values())
    yield ("lambda", "UpdateEventSourceMapping", "eventSourceMapping")
    for action, kinds in ec2._ABOUT.items():
        yield from (("ec2", action, kind) for kind in kinds)
    for action, pairs in databases._ABOUT.items():
        yield from (("rds", action, kind) for kind, _ in pairs)
    yield from (("ecs", action, "task") for action in tasks._ON_TASKS)
    for prefix, actions, kind in (
        ("autoscaling", scaling._LOOKING, None),
        ("autoscaling", scaling._ON_GROUPS, "autoScalingGroup"),
        ("elasticloadbalancing", scaling._BALANCING, None),
        ("elasticloadbalancing", scaling._ON_BALANCERS, "loadbalancer"),
        ("elasticloadbalancing", scaling._ON_TARGETS, "targetgroup"),
    ):
        yield from ((prefix, action, kind) for action in actions)
    for action, name in services._MACHINE.items():
        kind = "statemachine" if name == "stateMachineArn" else "execution"
        yield ("states", action, kind)
    yield from (("states", f"SendTask{kind}", None) for kind in ("Success", "Failure", "Heartbeat"))
    for action, where in systems_manager._SSM.items():
        yield ("ssm", action, None if where is None else where[0].rstrip("/"))
    yield from (("cloudtrail", action, None) for action in ("LookupEvents", "DescribeTrails"))


@pytest.mark.parametrize(("prefix", "action", "kind"), sorted(set(table()), key=str))
def test_the_reference_knows_the_action_and_its_resource(
    prefix: str, action: str, kind: str | None
) -> None:
    known = REFERENCE[prefix]["Actions"]
    assert action.lower() in known
    kinds = known[action.lower()].get("Resources", [])
    assert (kind in kinds) if kind else not kinds


def test_every_service_is_one_the_sdk_knows() -> None:
    assert set(SERVICES) <= set(get_session().get_available_services())

"""Tasks of ECS are protected, missing and stopped as AWS says, and judged by their ARN."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from localcloud.stack import Unsupported
from responder.aws.clients import Clients
from tests.builders import REGION, SHOP
from tests.tasks import CLUSTER, Service
from tests.unit.localcloud.judging import World, a_world, allow, code, deny

NOWHERE = f"arn:aws:ecs:{REGION}:{SHOP}:task/{CLUSTER}/0123456789abcdef0123456789abcdef"


class Operator(Clients):
    """The shop's own clients."""

    def __init__(self, world: World) -> None:
        super().__init__(REGION)
        self._world = world

    def _in_member(self, service: str, account: str, region: str) -> Any:
        return self._world.operator(service, account, region)


@pytest.fixture
def world() -> Iterator[World]:
    with a_world() as world:
        yield world


@pytest.fixture
def service(world: World) -> Service:
    return Service(Operator(world))


def ends_at(service: Service, task: str) -> datetime | None:
    answer = service.protection(task)
    assert answer["failures"] == []
    [one] = answer["protectedTasks"]
    assert one["protectionEnabled"] is ("expirationDate" in one)
    found: datetime | None = one.get("expirationDate")
    return found


def test_a_protection_lasts_as_long_as_was_asked_and_ends_by_itself(
    world: World, service: Service
) -> None:
    ecs, task, now = service.ecs, service.task, datetime.now(UTC)
    assert ends_at(service, task) is None
    ecs.update_task_protection(cluster=CLUSTER, tasks=[task], protectionEnabled=True)
    assert ends_at(service, task) == now + timedelta(hours=2)
    service.protect(task, 2880)
    assert ends_at(service, task) == now + timedelta(hours=48)
    assert ends_at(service, service.twin) is None
    world.clock.advance(timedelta(hours=48))
    assert ends_at(service, task) is None
    service.protect(task, 60)
    service.protect(task, None)
    assert ends_at(service, task) is None


@pytest.mark.parametrize("minutes", [0, 2881])
def test_no_protection_is_longer_or_shorter_than_ecs_lets(service: Service, minutes: int) -> None:
    given = {"cluster": CLUSTER, "tasks": [service.task], "protectionEnabled": True}
    refused = code(service.ecs.update_task_protection, **given, expiresInMinutes=minutes)
    assert refused == "InvalidParameterException"


def test_what_cannot_be_protected_is_a_failure_with_its_reason(service: Service) -> None:
    alone = service.start(group="family:checkout")
    answer = service.ecs.update_task_protection(
        cluster=CLUSTER, tasks=[alone, NOWHERE, service.task], protectionEnabled=True
    )
    assert [one["taskArn"] for one in answer["protectedTasks"]] == [service.task]
    assert {one["arn"]: one["reason"] for one in answer["failures"]} == {
        alone: "TASK_NOT_VALID",
        NOWHERE: "MISSING",
    }


def test_a_task_that_the_cluster_has_not_is_missing_and_cannot_be_stopped(
    service: Service,
) -> None:
    ecs = service.ecs
    answer = service.described_all([service.task, NOWHERE])
    assert [one["taskArn"] for one in answer["tasks"]] == [service.task]
    assert answer["failures"] == [{"arn": NOWHERE, "reason": "MISSING"}]
    stop = code(ecs.stop_task, cluster=CLUSTER, task=NOWHERE)
    assert stop == "InvalidParameterException"
    ecs.create_cluster(clusterName="another")
    answer = ecs.describe_tasks(cluster="another", tasks=[service.task])
    assert (answer["tasks"], len(answer["failures"])) == ([], 1)
    for operation in (ecs.describe_tasks, ecs.get_task_protection):
        found = code(operation, cluster="none", tasks=[service.task])
        assert found == "ClusterNotFoundException"


def test_a_task_runs_until_it_is_stopped_and_takes_its_interface_with_it(
    service: Service,
) -> None:
    interface = service.detail(service.task, "networkInterfaceId")
    for _ in range(5):
        assert service.described(service.task)["lastStatus"] == "RUNNING"
    held = service.ec2.describe_network_interfaces()["NetworkInterfaces"]
    assert {one["NetworkInterfaceId"]: one["RequesterManaged"] for one in held}[interface] is True
    service.stop(service.task)
    assert service.described(service.task)["lastStatus"] == "STOPPED"
    held = service.ec2.describe_network_interfaces()["NetworkInterfaces"]
    assert interface not in {one["NetworkInterfaceId"] for one in held}
    assert service.protection(service.task)["failures"][0]["reason"] == "MISSING"


def test_nobody_changes_the_interface_that_ecs_made_and_others_go_on(service: Service) -> None:
    ec2 = service.ec2
    own = ec2.create_network_interface(SubnetId=service.subnet)["NetworkInterface"]
    change, groups = ec2.modify_network_interface_attribute, [service.group]
    theirs = service.detail(service.task, "networkInterfaceId")
    assert code(change, NetworkInterfaceId=theirs, Groups=groups) == "AuthFailure"
    assert code(change, NetworkInterfaceId=own["NetworkInterfaceId"], Groups=groups) is None


def test_a_right_is_about_one_task_or_one_cluster(world: World, service: Service) -> None:
    one = world.user("one", allow("ecs:*", service.task), account=SHOP)("ecs")
    asked = {"cluster": CLUSTER}
    assert code(one.describe_tasks, **asked, tasks=[service.task]) is None
    assert code(one.get_task_protection, **asked, tasks=[service.task]) is None
    both = [service.task, service.twin]
    assert code(one.describe_tasks, **asked, tasks=both) == "AccessDeniedException"
    assert code(one.stop_task, **asked, task=service.twin) == "AccessDeniedException"
    cluster = {"ArnEquals": {"ecs:cluster": f"arn:aws:ecs:{REGION}:{SHOP}:cluster/{CLUSTER}"}}
    here = world.user("here", allow("ecs:*"), deny("ecs:*", Condition=cluster), account=SHOP)
    assert code(here("ecs").describe_tasks, **asked, tasks=both) == "AccessDeniedException"


@pytest.mark.parametrize(
    ("operation", "given"),
    [
        ("list_tasks", {"cluster": CLUSTER}),
        ("describe_tasks", {"cluster": CLUSTER, "tasks": [NOWHERE], "include": ["TAGS"]}),
    ],
)
def test_what_is_not_known_is_refused_by_name(
    world: World, service: Service, operation: str, given: dict[str, Any]
) -> None:
    user = world.user("user", allow("ecs:*"), account=SHOP)("ecs")
    assert service.tasks()
    with pytest.raises(Unsupported, match="what ecs:"):
        getattr(user, operation)(**given)

"""The cuts of a task: what each does and leaves, what it refuses, how ECS is understood."""

from typing import Any

import pytest

from responder.actions import (
    ecs_close_subnet,
    ecs_leave_targets,
    ecs_protect_task,
    ecs_stop_task,
)
from responder.actions.action import IN_FORCE, Action
from responder.domain.errors import Broken, Refused, Unavailable
from responder.domain.order import ReceiptStatus, differences
from tests.builders import REGION, SHOP
from tests.shown import tasks_shown, text
from tests.tasks import CLUSTER, PORT
from tests.things import each_step_ends_with, holds_through_every_death
from tests.unit.actions.cutting_tasks import Stage, stage, state_of

__all__ = ["stage"]
ALL = (ecs_protect_task, ecs_leave_targets, ecs_close_subnet, ecs_stop_task)
UNDONE = ALL[:-1]
OF_ITS_NETWORK = (ecs_leave_targets, ecs_close_subnet)
STRANGER = "777788889999"


# ---- All of them


@pytest.mark.parametrize("action", UNDONE)
def test_cut_and_undone_it_is_as_before_through_every_death(stage: Stage, action: Action) -> None:
    holds_through_every_death(
        action, stage.order(action), stage.clients, lambda: stage.standing(action)
    )


@pytest.mark.parametrize("action", ALL)
def test_a_task_that_is_gone_is_refused_at_the_first_look(stage: Stage, action: Action) -> None:
    order = stage.order(action, act_at=None)
    stage.service.stop(stage.service.task)
    with pytest.raises(Refused, match="has stopped"):
        action.observe(order, stage.clients)
    stage.service.forget(stage.service.task)
    with pytest.raises(Refused, match="does not exist any more"):
        action.observe(order, stage.clients)
    elsewhere = order.resource.replace(f"/{CLUSTER}/", "/another/")
    with pytest.raises(Refused, match="does not exist any more"):
        action.observe(stage.order(action, elsewhere, act_at=None), stage.clients)


@pytest.mark.parametrize("action", ALL)
@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        (SHOP, STRANGER, "somewhere else"),
        (REGION, "eu-central-1", "somewhere else"),
        (":task/", ":service/", "names no task"),
        ("arn:aws:", "arn:evil:", "names no task"),
        (f"/{CLUSTER}/", f"/{CLUSTER}/x/", "names no task"),
    ],
)
def test_what_is_somewhere_else_or_no_task_is_never_asked_for(
    stage: Stage, action: Action, old: str, new: str, says: str
) -> None:
    order = stage.order(action, stage.service.task.replace(old, new))
    calls = len(stage.world.switchboard.calls)
    with pytest.raises(Broken, match=says):
        action.observe(order, stage.clients)
    assert len(stage.world.switchboard.calls) == calls


@pytest.mark.parametrize("action", ALL)
def test_an_arn_without_its_cluster_is_refused_with_what_to_do(
    stage: Stage, action: Action
) -> None:
    order = stage.order(action, stage.service.task.replace(f"/{CLUSTER}/", "/"))
    with pytest.raises(Refused, match="aws ecs stop-task"):
        action.observe(order, stage.clients)


@pytest.mark.parametrize("action", ALL)
@pytest.mark.parametrize(
    ("code", "status", "kind"),
    [
        ("ServerException", 500, Unavailable),
        ("ServerException", 400, Unavailable),
        ("ThrottlingException", 400, Unavailable),
        ("ClusterNotFoundException", 400, Refused),
        ("AccessDeniedException", 400, Broken),
        ("InvalidParameterException", 400, Broken),
        ("ClientException", 400, Broken),
    ],
)
def test_what_ecs_answers_is_sorted(
    stage: Stage, action: Action, code: str, status: int, kind: type[Exception]
) -> None:
    receipt = stage.observed(action)
    clients = stage.clients.answering(code, "describe_tasks", status=status)
    if action is not ecs_close_subnet:
        each_step_ends_with(kind, action, receipt, clients)
    else:
        with pytest.raises(kind):
            action.observe(receipt.order, clients)


@pytest.mark.parametrize("action", ALL)
def test_what_ecs_does_not_say_is_not_taken_for_an_answer(stage: Stage, action: Action) -> None:
    receipt = stage.observed(action)
    with pytest.raises(Unavailable, match="neither"):
        action.verify(receipt, stage.instead("describe_tasks", tasks=[], failures=[]))
    odd = [{"arn": stage.service.task, "reason": "ODD"}]
    with pytest.raises(Broken, match="ODD"):
        action.verify(receipt, stage.instead("describe_tasks", tasks=[], failures=odd))


@pytest.mark.parametrize("action", ALL)
def test_no_cut_touches_the_other_tasks_of_the_service(stage: Stage, action: Action) -> None:
    service = stage.service

    def twin() -> Any:
        return (
            service.described(service.twin),
            service.protection(service.twin)["protectedTasks"],
            service.registered(service.twin),
            service.acl_of(service.beside),
        )

    before = twin()
    stage.cut(action)
    assert twin() == before


@pytest.mark.parametrize("action", UNDONE)
def test_a_task_that_ended_meanwhile_does_not_count_as_cut(stage: Stage, action: Action) -> None:
    receipt = stage.cut(action)
    stage.service.stop(stage.service.task)
    assert not action.verify(receipt, stage.clients)
    with pytest.raises(Refused, match="has stopped"):
        action.apply(receipt, stage.clients)


@pytest.mark.parametrize("action", OF_ITS_NETWORK)
def test_a_task_that_shares_its_network_is_refused_with_the_way_to_its_machine(
    stage: Stage, action: Action
) -> None:
    bridged = stage.service.start(mode="bridge")
    with pytest.raises(Refused, match=r"ec2\.quarantine_instance arn:aws:ec2") as refusal:
        action.observe(stage.order(action, bridged), stage.clients)
    assert "describe-container-instances" in str(refusal.value)
    assert "ecs.stop_task" in str(refusal.value)


@pytest.mark.parametrize("action", OF_ITS_NETWORK)
def test_a_task_that_is_still_being_given_its_interface_is_looked_at_again(
    stage: Stage, action: Action
) -> None:
    task = stage.service.described(stage.service.task)
    [attachment] = task["attachments"]
    attachment["details"] = [one for one in attachment["details"] if one["name"] == "subnetId"]
    clients = stage.instead("describe_tasks", tasks=[task], failures=[])
    with pytest.raises(Unavailable, match="still being given"):
        action.observe(stage.order(action), clients)


@pytest.mark.parametrize("action", OF_ITS_NETWORK)
def test_an_interface_that_does_not_show_is_not_called_cut(stage: Stage, action: Action) -> None:
    receipt = stage.cut(action)
    clients = stage.clients
    clients._member["ec2", SHOP, REGION].delete_network_interface(
        NetworkInterfaceId=stage.service.detail(stage.service.task, "networkInterfaceId")
    )
    with pytest.raises(Unavailable, match="shows no network interface"):
        action.verify(receipt, clients)


# ---- Load balancers


def test_a_task_is_taken_out_of_every_target_group_and_comes_back_as_it_was(stage: Stage) -> None:
    service = stage.service
    address = service.address(service.task)
    service.register(service.target_group, address, 9090)
    service.register(service.add_target_group("more"), address, PORT)
    receipt = stage.cut(ecs_leave_targets)
    # The pretend load balancer knows one port of an address in each group.
    assert sorted(one["Port"] for one in state_of(receipt)["targets"]) == [PORT, 9090]
    assert (service.registered(service.task), service.registered(service.twin)) == (0, 1)
    assert ecs_leave_targets.release(receipt, stage.clients)
    assert service.registered(service.task) == 2


def test_a_task_that_is_registered_again_is_seen_and_taken_out_again(stage: Stage) -> None:
    service, receipt = stage.service, stage.cut(ecs_leave_targets)
    service.register(service.target_group, service.address(service.task))
    assert not ecs_leave_targets.verify(receipt, stage.clients)
    ecs_leave_targets.apply(receipt, stage.clients)
    assert service.registered(service.task) == 0


def test_an_address_that_may_be_anothers_now_is_not_registered_again(stage: Stage) -> None:
    service, receipt = stage.service, stage.cut(ecs_leave_targets)
    service.stop(service.task)
    before = text(tasks_shown(service))
    with pytest.raises(Refused, match="has stopped"):
        ecs_leave_targets.release(receipt, stage.clients)
    assert text(tasks_shown(service)) == before


def test_a_target_group_that_is_gone_is_told_and_nothing_is_registered(stage: Stage) -> None:
    service = stage.service
    service.register(service.add_target_group("more"), service.address(service.task))
    receipt = stage.cut(ecs_leave_targets)
    service.elbv2.delete_target_group(TargetGroupArn=service.target_group)
    with pytest.raises(Refused, match="do not exist any more"):
        ecs_leave_targets.release(receipt, stage.clients)
    assert service.registered(service.task) == 0


# ---- Subnet


def test_only_the_subnet_of_the_task_is_closed_and_opens_when_the_task_is_gone(
    stage: Stage,
) -> None:
    service = stage.service
    default = service.acl_of(service.subnet)
    receipt = stage.cut(ecs_close_subnet)
    assert state_of(receipt)["subnets"] == {service.subnet: [default]}
    assert service.acl_of(service.subnet) != default
    assert service.acl_of(service.beside) == default
    service.stop(service.task)
    with pytest.raises(Refused, match="released with despite_changes"):
        ecs_close_subnet.observe(receipt.order, stage.clients)
    assert ecs_close_subnet.release(receipt, stage.clients)
    assert service.acl_of(service.subnet) == default


@pytest.mark.parametrize("is_first_released_first", [True, False])
def test_a_subnet_that_two_orders_closed_opens_with_the_last_release(
    stage: Stage, is_first_released_first: bool
) -> None:
    service = stage.service
    default = service.acl_of(service.subnet)
    other = service.start()
    receipts = [stage.cut(ecs_close_subnet), stage.cut(ecs_close_subnet, other)]
    first, last = receipts if is_first_released_first else receipts[::-1]
    ecs_close_subnet.release(first, stage.clients)
    assert service.acl_of(service.subnet) != default
    assert ecs_close_subnet.verify(last, stage.clients)
    assert ecs_close_subnet.release(last, stage.clients)
    assert service.acl_of(service.subnet) == default


# ---- The end


def test_a_stopped_task_stays_stopped_and_its_release_says_so(stage: Stage) -> None:
    service = stage.service
    observed = stage.observed(ecs_stop_task, act_at=None)
    receipt = observed.model_copy(update={"order": stage.order(ecs_stop_task)})
    assert not ecs_stop_task.verify(receipt, stage.clients)
    assert ecs_stop_task.release(receipt, stage.clients) is False
    for _ in range(2):
        ecs_stop_task.apply(receipt, stage.clients)
        assert ecs_stop_task.verify(receipt, stage.clients)
    shown = service.described(service.task)
    assert shown["lastStatus"] == "STOPPED"
    assert receipt.order.incident_id in shown["stoppedReason"]
    assert service.described(service.twin)["lastStatus"] == "RUNNING"
    assert ecs_stop_task.release(receipt, stage.clients) is True
    released = receipt.model_copy(update={"status": ReceiptStatus.RELEASED})
    assert ecs_stop_task.release(released, stage.clients) is False
    assert not ecs_stop_task.verify(released, stage.clients)


@pytest.mark.parametrize("still", ["RUNNING", "DEACTIVATING", "STOPPING"])
def test_a_task_that_is_still_being_stopped_is_not_called_stopped(stage: Stage, still: str) -> None:
    receipt, task = stage.observed(ecs_stop_task), stage.service.described(stage.service.task)

    def seen(last: str, desired: str = "STOPPED") -> Any:
        shown = task | {"lastStatus": last, "desiredStatus": desired}
        return stage.instead("describe_tasks", tasks=[shown], failures=[])

    with pytest.raises(Unavailable, match=f"still being stopped .{still}"):
        ecs_stop_task.verify(receipt, seen(still))
    assert not ecs_stop_task.verify(receipt, seen("RUNNING", "RUNNING"))
    for ended in ("DEPROVISIONING", "STOPPED"):
        assert ecs_stop_task.verify(receipt, seen(ended))


def test_a_stopped_task_that_ecs_forgets_is_no_change(stage: Stage) -> None:
    receipt = stage.cut(ecs_stop_task)
    left = ecs_stop_task.observe(receipt.order, stage.clients)
    assert left.state[IN_FORCE] is True
    stage.service.forget(stage.service.task)
    assert differences(left, ecs_stop_task.observe(receipt.order, stage.clients)) == ()
    assert ecs_stop_task.verify(receipt, stage.clients)


@pytest.mark.parametrize(
    ("action", "operation"),
    [
        (ecs_protect_task, "get_task_protection"),
        (ecs_protect_task, "update_task_protection"),
        (ecs_leave_targets, "deregister_targets"),
        (ecs_leave_targets, "describe_network_interfaces"),
        (ecs_close_subnet, "replace_network_acl_association"),
        (ecs_stop_task, "stop_task"),
    ],
)
def test_a_cut_that_is_refused_changes_nothing_and_names_the_task(
    stage: Stage, action: Action, operation: str
) -> None:
    receipt, before = stage.observed(action), _all(stage)
    for code, kind in (("ThrottlingException", Unavailable), ("AccessDenied", Broken)):
        with pytest.raises(kind, match=stage.service.task):
            action.apply(receipt, stage.clients.answering(code, operation))
        assert not action.verify(receipt, stage.clients)
    action.apply(receipt, stage.clients)
    assert _all(stage) != before


def _all(stage: Stage) -> str:
    return text(tasks_shown(stage.service))

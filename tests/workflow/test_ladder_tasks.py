"""Tasks of ECS: the cut, what is refused or gone then, what goes on, the undo.

Each row is cut by a session of the member role. `pytest -s` prints the table; everything in it was
seen in that run. Where it says "by", nothing here could be refused, and that was looked at.
"""

from collections.abc import Callable
from datetime import timedelta

import pytest

from responder.domain.ladder import CLOSE_TASK_SUBNET, LEAVE_TARGETS, PROTECT_TASK, STOP_TASK
from tests.shown import LEFT_OUT, tasks_shown, text
from tests.tasks import PORT
from tests.workflow.ladder_networks import opens_subnet, passes
from tests.workflow.ladder_table import SAME, Row
from tests.workflow.ladder_things import Things, things

__all__ = ["things"]
BOTH_WAYS, NEITHER = "in: yes, out: yes", "in: no, out: no"


def task_that_its_service_may_end(things: Things) -> Row:
    service = things.tasks

    def protection(task: str) -> str:
        [one] = service.protection(task)["protectedTasks"]
        if not one["protectionEnabled"]:
            return "not protected"
        left = one["expirationDate"] - things.cloud.now()
        return f"protected for {round(left / timedelta(hours=1))} hours"

    return things.row(
        things.target("ECSTask", service.task, PROTECT_TASK),
        lambda: tasks_shown(service),
        lambda: protection(service.task),
        was="not protected",
        then="protected for 48 hours",
        works=lambda: f"its twin: {protection(service.twin)}",
        goes_on="its twin: not protected",
        how="by what ECS says of it",
        undoes=lambda: service.protect(service.task, None),
    )


def task_behind_load_balancers(things: Things) -> Row:
    service = things.tasks

    def serves(task: str) -> str:
        return f"{service.registered(task)} registrations"

    return things.row(
        things.target("ECSTask", service.task, LEAVE_TARGETS),
        lambda: tasks_shown(service),
        lambda: serves(service.task),
        was="1 registrations",
        then="0 registrations",
        works=lambda: f"its twin: {serves(service.twin)}",
        goes_on="its twin: 1 registrations",
        how="by its target groups",
        undoes=lambda: service.register(service.target_group, service.address(service.task), PORT),
    )


def subnet_of_a_task(things: Things) -> Row:
    service = things.tasks

    return things.row(
        things.target("ECSTask", service.task, CLOSE_TASK_SUBNET),
        lambda: tasks_shown(service),
        lambda: passes(service.ec2, service.subnet),
        was=BOTH_WAYS,
        then=NEITHER,
        works=lambda: f"the subnet of its twin: {passes(service.ec2, service.beside)}",
        goes_on=f"the subnet of its twin: {BOTH_WAYS}",
        how="by the network ACL",
        undoes=lambda: opens_subnet(service.ec2, service.acl_of(service.subnet)),
    )


def task_for_good(things: Things) -> Row:
    service = things.tasks
    task = service.start()
    left_out = LEFT_OUT[STOP_TASK]
    before = text(tasks_shown(service), left_out)
    target = things.target("ECSTask", task, STOP_TASK)
    assert not hasattr(target, "mode")  # no finding asks for it
    assert service.described(task)["lastStatus"] == "RUNNING"
    receipts = things.cut([target])
    stopped = service.described(task)
    assert (stopped["lastStatus"], stopped["desiredStatus"]) == ("STOPPED", "STOPPED")
    assert service.described(service.twin)["lastStatus"] == "RUNNING"
    things.undo(receipts)
    assert service.described(task)["lastStatus"] == "STOPPED"
    assert before == text(tasks_shown(service), left_out)
    return Row(
        "",
        f"{STOP_TASK} (asked for by hand)",
        "RUNNING, then STOPPED (by what ECS says of it)",
        "its twin: RUNNING",
        f"none: it stays stopped; of everything else {SAME}",
    )


CASES: tuple[Callable[[Things], Row], ...] = (
    task_that_its_service_may_end,
    task_behind_load_balancers,
    subnet_of_a_task,
    task_for_good,
)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.__name__)
def test_a_thing_of_the_table(things: Things, case: Callable[[Things], Row]) -> None:
    things.add(case, case(things))

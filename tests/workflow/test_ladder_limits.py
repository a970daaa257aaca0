"""What is never cut of things: decided before anything is called, or refused at the first look."""

from collections.abc import Callable

import pytest

from responder.domain.decision import Disposition
from responder.domain.errors import Broken, Refused, ResponderError
from responder.domain.finding import Resource
from responder.domain.ladder import (
    CLOSE_BUCKET,
    CLOSE_TASK_SUBNET,
    LEAVE_TARGETS,
    PROTECT_INSTANCE,
    PROTECT_TASK,
    STOP_FUNCTION,
    STOP_TASK,
    UNSHARE_SNAPSHOT,
)
from responder.domain.order import Target
from tests.builders import REGION, SHOP
from tests.instances import PARTNER
from tests.shown import bucket_shown, fleet_shown, text
from tests.tasks import CLUSTER
from tests.workflow.ladder_table import Row
from tests.workflow.ladder_things import Things, things

__all__ = ["things"]


def protected_instance(things: Things) -> Row:
    return _left(things, "Instance", things.fleet.arn, protect=things.fleet.arn)


def protected_bucket(things: Things) -> Row:
    return _left(things, "S3Bucket", "arn:aws:s3:::shop-orders", protect="arn:aws:s3:::SHOP-*")


def protected_task(things: Things) -> Row:
    task = things.tasks.task
    return _left(things, "ECSTask", task, protect=f"arn:aws:ecs:*:*:task/{CLUSTER}/*")


def ecs_cluster(things: Things) -> Row:
    return _left(things, "ECSCluster", f"arn:aws:ecs:{REGION}:{SHOP}:cluster/{CLUSTER}")


def task_in_bridge_mode(things: Things) -> Row:
    bridged = things.tasks.start(mode="bridge")
    rows = [
        _refused(things, Refused, _by_hand("ECSTask", bridged, action_id))
        for action_id in (LEAVE_TARGETS, CLOSE_TASK_SUBNET)
    ]
    return rows[-1]


def task_of_no_service(things: Things) -> Row:
    alone = things.tasks.start(group="family:checkout")
    return _refused(things, Refused, _by_hand("ECSTask", alone, PROTECT_TASK))


def task_that_has_stopped(things: Things) -> Row:
    stopped = things.tasks.start()
    things.tasks.stop(stopped)
    rungs = (PROTECT_TASK, LEAVE_TARGETS, CLOSE_TASK_SUBNET, STOP_TASK)
    rows = [_refused(things, Refused, _by_hand("ECSTask", stopped, one)) for one in rungs]
    return rows[-1]


def task_that_is_gone(things: Things) -> Row:
    gone = f"{things.tasks.task.rpartition('/')[0]}/0123456789abcdef0123456789abcdef"
    return _refused(things, Refused, _by_hand("ECSTask", gone, STOP_TASK))


def task_of_a_cluster_of_another_account(things: Things) -> Row:
    arn = things.tasks.task.replace(SHOP, PARTNER)
    row = _refused(things, Broken, _by_hand("ECSTask", arn, STOP_TASK))
    assert row.seen.endswith("0 calls")
    return row


def sample_about_an_instance(things: Things) -> Row:
    decision = things.found(_thing("Instance", things.fleet.arn), sample=True)
    assert (decision.disposition, decision.proposals) == (Disposition.RECORD, ())
    return Row("", f"recorded: {decision.reason}", "left alone")


def instance_that_is_gone(things: Things) -> Row:
    ec2, instance = things.fleet.ec2, things.fleet.launch()
    ec2.terminate_instances(InstanceIds=[instance])
    arn = f"arn:aws:ec2:{REGION}:{SHOP}:instance/{instance}"
    return _refused(things, Refused, _by_hand("Instance", arn, PROTECT_INSTANCE))


def snapshot_that_is_gone(things: Things) -> Row:
    arn = f"arn:aws:ec2:{REGION}::snapshot/snap-0abc1234def567890"
    return _refused(things, Refused, _by_hand("EBSSnapshot", arn, UNSHARE_SNAPSHOT))


def instance_of_another_account(things: Things) -> Row:
    arn = things.fleet.arn.replace(SHOP, PARTNER)
    row = _refused(things, Broken, _by_hand("Instance", arn, PROTECT_INSTANCE))
    assert row.seen.endswith("0 calls")
    return row


def bucket_of_another_account(things: Things) -> Row:
    s3 = things.bucket("partner-orders", account=PARTNER)
    before = text(bucket_shown(s3, "partner-orders"))
    target = _by_hand("S3Bucket", "arn:aws:s3:::partner-orders", CLOSE_BUCKET)
    row = _refused(things, Broken, target)
    assert text(bucket_shown(s3, "partner-orders")) == before
    return row


def function_of_the_responder(things: Things) -> Row:
    name = things.functions("breach-responder")["Orders"]
    arn = f"arn:aws:lambda:{REGION}:{SHOP}:function:{name}"
    row = _refused(things, Broken, _by_hand("Lambda", arn, STOP_FUNCTION))
    functions = things.cloud.client("lambda", account=SHOP)
    reserved = functions.get_function_concurrency(FunctionName=name)
    assert "ReservedConcurrentExecutions" not in reserved
    return row


CASES: tuple[Callable[[Things], Row], ...] = (
    protected_instance,
    protected_bucket,
    protected_task,
    ecs_cluster,
    task_in_bridge_mode,
    task_of_no_service,
    task_that_has_stopped,
    task_that_is_gone,
    task_of_a_cluster_of_another_account,
    sample_about_an_instance,
    instance_that_is_gone,
    snapshot_that_is_gone,
    instance_of_another_account,
    bucket_of_another_account,
    function_of_the_responder,
)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.__name__)
def test_a_thing_that_is_left(things: Things, case: Callable[[Things], Row]) -> None:
    before = text(fleet_shown(things.fleet)["Instance"])
    things.add(case, case(things))
    assert text(fleet_shown(things.fleet)["Instance"]) == before


def _thing(kind: str, arn: str) -> Resource:
    return Resource(kind=kind, id=arn, account=SHOP, region=REGION)


def _by_hand(kind: str, arn: str, action_id: str) -> Target:
    return Target(action_id=action_id, resource=arn, thing=_thing(kind, arn))


def _left(things: Things, kind: str, arn: str, *, protect: str | None = None) -> Row:
    """Nothing is ordered about it, and a person is told what to do."""
    decision = things.found(_thing(kind, arn), protect=[protect] if protect else [])
    [refusal] = decision.refusals
    assert decision.proposals == ()
    assert len(refusal.next_step) > 30
    assert protect is None or protect in refusal.reason
    return Row("", f"refused: {refusal.reason} Next: {refusal.next_step[:110]}…", "left alone")


def _refused(things: Things, error: type[ResponderError], target: Target) -> Row:
    """It is ordered, and nothing is changed."""
    calls = len(things.cloud.calls)
    with pytest.raises(error) as refusal:
        things.cut([target])
    made = [one for one in things.cloud.calls[calls:] if one.caller.kind == "session"]
    changed = [
        one.name
        for one in made
        if one.error is None and not one.operation.startswith(("Describe", "Get", "List"))
    ]
    assert changed == []
    said = f"{error.__name__}: {str(refusal.value)[:150]}…"
    return Row("", f"{target.action_id}, {said}", f"left alone after {len(made)} calls")

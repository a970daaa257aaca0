"""How long a task is protected, what a release gives back, and what ECS does not protect."""

from datetime import UTC, datetime, timedelta

import pytest

from responder.actions import ecs_protect_task
from responder.actions.action import IN_FORCE
from responder.domain.errors import Broken, Refused, Unavailable
from tests.unit.actions.cutting_tasks import Stage, stage, state_of

__all__ = ["stage"]


def until(stage: Stage) -> datetime | None:
    [one] = stage.service.protection(stage.service.task)["protectedTasks"]
    found: datetime | None = one.get("expirationDate")
    return found


def test_a_task_is_protected_for_as_long_as_ecs_can(stage: Stage) -> None:
    receipt = stage.cut(ecs_protect_task)
    assert until(stage) == datetime.now(UTC) + timedelta(hours=48)
    assert state_of(receipt)[IN_FORCE] is False
    stage.world.clock.advance(timedelta(minutes=30))
    stands = until(stage)
    ecs_protect_task.apply(receipt, stage.clients)
    assert until(stage) == stands


def test_a_protection_that_is_taken_off_made_short_or_over_is_seen_and_made_again(
    stage: Stage,
) -> None:
    receipt = stage.cut(ecs_protect_task)
    for minutes in (None, 1, 600):
        stage.service.protect(stage.service.task, minutes)
        assert not ecs_protect_task.verify(receipt, stage.clients)
        ecs_protect_task.apply(receipt, stage.clients)
        assert ecs_protect_task.verify(receipt, stage.clients)
    stage.world.clock.advance(timedelta(hours=48))
    assert not ecs_protect_task.verify(receipt, stage.clients)
    assert ecs_protect_task.release(receipt, stage.clients) is False


def test_a_task_that_protected_itself_gets_the_minutes_back_that_it_had_left(stage: Stage) -> None:
    stage.service.protect(stage.service.task, 90)
    receipt = stage.cut(ecs_protect_task)
    assert state_of(receipt)[IN_FORCE] is True
    stage.world.clock.advance(timedelta(hours=3))
    assert ecs_protect_task.release(receipt, stage.clients)
    assert until(stage) == datetime.now(UTC) + timedelta(minutes=90)
    assert ecs_protect_task.release(receipt, stage.clients) is False


@pytest.mark.parametrize("before", [None, 90])
def test_what_protected_it_since_is_left_to_it_where_ours_is_gone(
    stage: Stage, before: int | None
) -> None:
    stage.service.protect(stage.service.task, before)
    receipt = stage.cut(ecs_protect_task)
    stage.service.protect(stage.service.task, 30)
    stands = until(stage)
    assert ecs_protect_task.release(receipt, stage.clients) is False
    assert until(stage) == stands


def test_a_task_of_no_service_is_refused_and_a_person_told_why(stage: Stage) -> None:
    alone = stage.service.start(group="family:checkout")
    with pytest.raises(Refused, match="of no service"):
        ecs_protect_task.observe(stage.order(ecs_protect_task, alone), stage.clients)


@pytest.mark.parametrize(
    ("reason", "kind", "says"),
    [
        ("DEPLOYMENT_BLOCKED", Refused, "--no-protection-enabled"),
        ("TASK_NOT_VALID", Refused, "of no service"),
        ("MISSING", Refused, "has stopped"),
        ("ODD", Broken, "ODD"),
    ],
)
def test_each_reason_why_ecs_does_not_protect_is_understood(
    stage: Stage, reason: str, kind: type[Exception], says: str
) -> None:
    receipt = stage.observed(ecs_protect_task)
    failures = [{"arn": stage.service.task, "reason": reason}]
    clients = stage.instead("update_task_protection", protectedTasks=[], failures=failures)
    with pytest.raises(kind, match=says):
        ecs_protect_task.apply(receipt, clients)
    assert until(stage) is None


def test_ecs_that_says_nothing_of_the_protection_is_asked_again(stage: Stage) -> None:
    receipt = stage.observed(ecs_protect_task)
    with pytest.raises(Unavailable, match="says nothing"):
        ecs_protect_task.verify(
            receipt, stage.instead("get_task_protection", protectedTasks=[], failures=[])
        )

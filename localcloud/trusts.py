"""Whether each role lets in the service that is to work with it, as AWS asks when it takes one."""

from collections.abc import Iterator
from typing import Any

from localcloud.enforcement import service_may_assume
from localcloud.stack import Registry, Stack, TemplateError


def check(stack: Stack, registry: Registry, client: Any) -> None:
    """Refuse a stack in which a function, a machine, a rule or a schedule could never act.

    `client` opens a client of the account's owner.
    """
    for what, role_arn, service in _handed(stack, registry, client):
        if not service_may_assume(role_arn, service, stack.account):
            raise TemplateError(f"{what}: {service} cannot assume its role {role_arn}")


def _handed(stack: Stack, registry: Registry, client: Any) -> Iterator[tuple[str, str, str]]:
    ours = set(stack.resources.values())
    for function in registry.functions:
        if (function.stack_name, function.account) == (stack.name, stack.account):
            yield function.logical_id, function.role_arn, "lambda.amazonaws.com"
    for rule in registry.rules:
        if rule.account == stack.account and {rule.name, rule.arn} & ours:
            for role_arn in filter(None, (rule.role_arn, *(one.role_arn for one in rule.targets))):
                yield rule.name, role_arn, "events.amazonaws.com"
    for schedule in registry.schedules:
        if schedule.account == stack.account and {schedule.name, schedule.arn} & ours:
            yield schedule.name, schedule.role_arn, "scheduler.amazonaws.com"
    states = client("stepfunctions", account=stack.account, region=stack.region)
    for logical_id, arn in stack.resources.items():
        if arn.split(":")[2:3] == ["states"]:
            role_arn = states.describe_state_machine(stateMachineArn=arn)["roleArn"]
            yield logical_id, role_arn, "states.amazonaws.com"

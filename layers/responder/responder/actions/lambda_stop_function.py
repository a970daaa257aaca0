"""Stop a function from being invoked, under every version, alias and URL it has.

Reserves no concurrency for it, and switches its event sources off, so that queues and streams keep
what they hold. Invocations that run already finish, up to 15 minutes later; the function's role
is another cut. Events that others send it meanwhile go to its dead-letter queue or destination
without a retry, or are lost where it has none: events are not kept for the release.
AWS: Lambda Developer Guide, "Configuring reserved concurrency", "Asynchronous invocation".
"""

from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from responder.actions.action import ARN, IN_FORCE, before_of
from responder.actions.thing import GONE, asking_about, function_of
from responder.aws.clients import Clients
from responder.aws.errors import code_of
from responder.domain.errors import Refused
from responder.domain.order import Before, Order, Receipt

if TYPE_CHECKING:
    from mypy_boto3_lambda.client import LambdaClient

ID = "lambda.stop_function"
TITLE = "Stop new invocations of the function"
PERMISSIONS = frozenset(
    {
        "lambda:DeleteFunctionConcurrency",
        "lambda:GetFunctionConcurrency",
        "lambda:ListEventSourceMappings",
        "lambda:PutFunctionConcurrency",
        "lambda:UpdateEventSourceMapping",
    }
)
_RESERVED, _SOURCES = "reserved_concurrency", "event_sources"
_OFF = frozenset({"Disabled", "Disabling"})


def observe(order: Order, clients: Clients) -> Before:
    """What concurrency is reserved, None for none, and which event sources are on."""
    functions = clients.lambda_(order.account, order.region)
    with asking_about(order, "looking at"):
        reserved = _reserved(functions, order)
        sources = _sources(functions, order)
    return Before(
        state={
            ARN: _arn(order),
            _RESERVED: reserved,
            _SOURCES: sources,
            IN_FORCE: reserved == 0 and not any(sources.values()),
        }
    )


def apply(receipt: Receipt, clients: Clients) -> None:
    """Reserve nothing, then switch each event source off, those made since included."""
    order = receipt.order
    functions = clients.lambda_(order.account, order.region)
    with asking_about(order, "stopping"):
        if _reserved(functions, order) != 0:
            _reserve_nothing(functions, order)
        for source, is_on in _sources(functions, order).items():
            if is_on:
                _switch(functions, source, is_on=False)


def verify(receipt: Receipt, clients: Clients) -> bool:
    """Whether nothing can start it. A function that is gone, or was made anew, does not count."""
    order = receipt.order
    functions = clients.lambda_(order.account, order.region)
    with asking_about(order, "looking again at"):
        try:
            reserved = _reserved(functions, order)
        except ClientError as error:
            if code_of(error) in GONE:
                return False
            raise
        return reserved == 0 and not any(_sources(functions, order).values())


def release(receipt: Receipt, clients: Clients) -> bool:
    """Reserve what was reserved, and switch on what was on. Sources made since stay off."""
    order, before, done = receipt.order, before_of(receipt).state, False
    functions = clients.lambda_(order.account, order.region)
    with asking_about(order, "releasing"):
        if before[_RESERVED] != 0 and _reserved(functions, order) == 0:
            _reserve_again(functions, order, before[_RESERVED])
            done = True
        for source, is_on in _sources(functions, order).items():
            if before[_SOURCES].get(source) and not is_on:
                _switch(functions, source, is_on=True)
                done = True
    return done


def _reserved(functions: "LambdaClient", order: Order) -> int | None:
    found = functions.get_function_concurrency(FunctionName=function_of(order))
    return found.get("ReservedConcurrentExecutions")


def _reserve_nothing(functions: "LambdaClient", order: Order) -> None:
    try:
        functions.put_function_concurrency(
            FunctionName=function_of(order), ReservedConcurrentExecutions=0
        )
    except ClientError as error:
        if code_of(error) == "InvalidParameterValueException":
            raise Refused(
                f"{order.resource} has provisioned concurrency, and cannot reserve less than that; "
                "nothing was changed. Delete it from each of its aliases and versions, note its "
                "numbers, and stop the function then"
            ) from error
        raise


def _reserve_again(functions: "LambdaClient", order: Order, reserved: int | None) -> None:
    if reserved is None:
        functions.delete_function_concurrency(FunctionName=function_of(order))
        return
    try:
        functions.put_function_concurrency(
            FunctionName=function_of(order), ReservedConcurrentExecutions=reserved
        )
    except ClientError as error:
        if code_of(error) == "InvalidParameterValueException":
            raise Refused(
                f"{order.resource} had {reserved} concurrent executions reserved, and the account "
                "has not that many to give any more; the function was left stopped. Take some "
                "from another function, or delete its reservation by hand"
            ) from error
        raise


def _sources(functions: "LambdaClient", order: Order) -> dict[str, bool]:
    """Whether each event source is on. All are read: a filter by name leaves out the aliases'."""
    arn, found = _arn(order), {}
    for page in functions.get_paginator("list_event_source_mappings").paginate():
        for source in page["EventSourceMappings"]:
            leads_to, state = source.get("FunctionArn", ""), source.get("State")
            if state != "Deleting" and (leads_to == arn or leads_to.startswith(f"{arn}:")):
                found[source["UUID"]] = state not in _OFF
    return dict(sorted(found.items()))


def _switch(functions: "LambdaClient", source: str, *, is_on: bool) -> None:
    try:
        functions.update_event_source_mapping(UUID=source, Enabled=is_on)
    except ClientError as error:
        # Deleted since we read the list: there is nothing left to switch.
        if code_of(error) != "ResourceNotFoundException":
            raise


def _arn(order: Order) -> str:
    """Without a version or alias: all of them share what is reserved."""
    return f"{order.resource.partition(':function:')[0]}:function:{function_of(order)}"

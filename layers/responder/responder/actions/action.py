"""What an action is: one way to cut one thing, to look whether it is cut, and to undo it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from botocore.exceptions import ClientError

from responder.aws.clients import Clients
from responder.aws.errors import asking_aws, code_of
from responder.domain.errors import Broken, Refused
from responder.domain.order import Before, Order, Receipt
from responder.domain.principal import Principal

# Keys of `Before.state` that every action fills, for the step that carries orders out.
ARN = "arn"  # the real one, path included; None when the thing is gone
IN_FORCE = "in_force"  # whether it was cut already, before our first touch
SPARED = "spared"  # only of a cut of a whole account: patterns of the principals it leaves alone


class Action(Protocol):
    """A module of this folder. Everything but `observe` and `verify` may run twice as once."""

    @property
    def ID(self) -> str:  # noqa: N802
        """The file name with the service split off."""
        ...

    @property
    def TITLE(self) -> str:  # noqa: N802
        """What the approver reads."""
        ...

    @property
    def PERMISSIONS(self) -> frozenset[str]:  # noqa: N802
        """What it calls in the member account."""
        ...

    def observe(self, order: Order, clients: Clients) -> Before:
        """Read what stands now. Changes nothing."""
        ...

    def apply(self, receipt: Receipt, clients: Clients) -> None:
        """Cut, also when somebody undid an earlier cut. Refuse another thing than was observed."""
        ...

    def verify(self, receipt: Receipt, clients: Clients) -> bool:
        """Look again, whether our cut is in force. A reply to `apply` is not proof."""
        ...

    def release(self, receipt: Receipt, clients: Clients) -> bool:
        """Put back what `observe` saw, and leave alone what is not ours. False: nothing to do."""
        ...


@contextmanager
def asking_iam(order: Order, doing: str) -> Iterator[None]:
    """Turn what IAM raises into our errors. What is gone, or AWS's own, is refused."""
    with asking_aws(f"{doing} {order.resource}"):
        try:
            yield
        except ClientError as error:
            if code_of(error) == "NoSuchEntity":
                raise Refused(
                    f"{order.resource} does not exist any more; nothing was changed. CloudTrail "
                    "says who deleted or renamed it; a new one of the same name is another identity"
                ) from error
            if code_of(error) == "UnmodifiableEntity":
                raise Refused(
                    f"{order.resource} belongs to AWS, and IAM lets nobody change it; "
                    "nothing was changed"
                ) from error
            raise


def name_of(order: Order) -> str:
    """The name of the user or role that an order is about."""
    name = acting(order).name
    if not name:
        raise Broken(f"{order.order_id} names no user or role; nothing was changed")
    return name


def acting(order: Order) -> Principal:
    """The identity that an order is about."""
    if order.principal is None:
        raise Broken(f"{order.order_id} is about no identity; nothing was changed")
    return order.principal


def policy_name(order: Order) -> str:
    """What an inline policy of ours is called. Nobody else's is, so it can be taken away again."""
    return f"BreachResponder-{order.order_id}"


def before_of(receipt: Receipt) -> Before:
    """What stood before an order that is to be released."""
    if receipt.before is None:
        raise Refused(f"{receipt.order.order_id} was never carried out; there is nothing to undo")
    return receipt.before

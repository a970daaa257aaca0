"""Stop an EC2 instance getting new credentials, by switching its metadata service off.

What runs on the instance loses its role, and all else it asks the service for, at the next renewal.
Credentials that were given out already stay good until they end, up to six hours: cutting the
sessions of the role ends those.
AWS: EC2 User Guide, "Configure the Instance Metadata Service options".
"""

from typing import TYPE_CHECKING, Any, Final

from responder.actions.action import ARN, IN_FORCE, before_of
from responder.actions.ec2 import asking_ec2, instance_arn, instance_of, living
from responder.aws.clients import Clients
from responder.domain.errors import Unavailable
from responder.domain.order import Before, Order, Receipt

if TYPE_CHECKING:
    from mypy_boto3_ec2.type_defs import InstanceTypeDef

ID = "ec2.cut_metadata"
TITLE = "Stop the instance getting new credentials"
PERMISSIONS = frozenset({"ec2:DescribeInstances", "ec2:ModifyInstanceMetadataOptions"})
_OPTIONS = "options"
_ENDPOINT: Final = "HttpEndpoint"
_OFF: Final = "disabled"
# All that can be set. Others that are shown (State) say how far a change has come.
_SET = (
    _ENDPOINT,
    "HttpProtocolIpv6",
    "HttpPutResponseHopLimit",
    "HttpTokens",
    "InstanceMetadataTags",
)


def observe(order: Order, clients: Clients) -> Before:
    """Which options the service has."""
    instance = living(clients.ec2(order.account, order.region), order)
    options = _options(instance)
    return Before(
        state={
            ARN: instance_arn(order, instance["InstanceId"]),
            _OPTIONS: options,
            IN_FORCE: options.get(_ENDPOINT) == _OFF,
        }
    )


def apply(receipt: Receipt, clients: Clients) -> None:
    """Switch the service off, for both families of addresses. It keeps its other options."""
    order, _ = receipt.order, before_of(receipt)
    ec2 = clients.ec2(order.account, order.region)
    instance = living(ec2, order)
    if _options(instance).get(_ENDPOINT) == _OFF:
        return
    with asking_ec2(order, "switching off the metadata of"):
        # Nothing but this: EC2 takes no other option together with a service that is off.
        ec2.modify_instance_metadata_options(InstanceId=instance["InstanceId"], HttpEndpoint=_OFF)


def verify(receipt: Receipt, clients: Clients) -> bool:
    """Whether the service is off, and not only about to be."""
    order, _ = receipt.order, before_of(receipt)
    instance = instance_of(clients.ec2(order.account, order.region), order)
    if instance is None or _options(instance).get(_ENDPOINT) != _OFF:
        return False
    if instance["MetadataOptions"].get("State") == "pending":
        raise Unavailable(f"the metadata of {order.resource} is still being switched off")
    return True


def release(receipt: Receipt, clients: Clients) -> bool:
    """Put all options back, if the service was on and is off."""
    order, options = receipt.order, before_of(receipt).state[_OPTIONS]
    ec2 = clients.ec2(order.account, order.region)
    instance = living(ec2, order)
    if options.get(_ENDPOINT) == _OFF or _options(instance).get(_ENDPOINT) != _OFF:
        return False
    with asking_ec2(order, "switching on the metadata of"):
        ec2.modify_instance_metadata_options(InstanceId=instance["InstanceId"], **options)
    return True


def _options(instance: "InstanceTypeDef") -> dict[str, Any]:
    shown: dict[str, Any] = dict(instance["MetadataOptions"])
    return {name: shown[name] for name in _SET if name in shown}

"""Closes subnets by network ACLs of ours, looks whether they are closed, and gives them back.

For whatever an order is about that has an interface in them. A subnet that was not seen at the
first look is left open: an attacker could put an interface in each subnet to have them all closed.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from responder.actions import network_acl
from responder.actions.network_acl import Association
from responder.domain.errors import Refused, Unavailable
from responder.domain.order import Order

if TYPE_CHECKING:
    from mypy_boto3_ec2.client import EC2Client

PERMISSIONS = network_acl.PERMISSIONS
type Trails = Mapping[str, Sequence[str]]  # by subnet, as `look` gives it


def look(
    ec2: "EC2Client", order: Order, subnet_ids: Iterable[str]
) -> tuple[dict[str, list[str]], bool]:
    """Which ACL each subnet is on; if an earlier order's, what it was on before that one, too.
    And whether all are closed.
    """
    standing = _standing(ec2, order, subnet_ids)
    trails = {one: network_acl.trail(standing[one], one, order) for one in sorted(standing)}
    return trails, _are_closed(order, standing)


def are_closed(ec2: "EC2Client", order: Order, subnet_ids: Iterable[str]) -> bool:
    """Whether there are any, and every one is on an ACL of ours that nobody opened."""
    return _are_closed(order, _standing(ec2, order, subnet_ids))


def close(ec2: "EC2Client", order: Order, vpcs: Mapping[str, str], seen: Trails) -> None:
    """Close each of these that was seen. Refused if another is open. `vpcs` are by subnet."""
    standing = _standing(ec2, order, vpcs)
    for subnet in [one for one in sorted(standing) if one in seen]:
        _close(ec2, order, vpcs[subnet], standing[subnet], seen)
    unseen = {one: standing[one] for one in standing if one not in seen}
    if unseen and not _are_closed(order, unseen):
        raise Refused(
            f"{order.resource} has an interface now in {', '.join(sorted(unseen))}, where it had "
            "none at the first look, so that subnet was left open; those that it was in are "
            "closed. CloudTrail says who attached it. Detach it, or release this and order it again"
        )


def give_back(ec2: "EC2Client", order: Order, seen: Trails) -> bool | None:
    """Put each back that is still on our ACL. Refused if what it was on is gone.

    False: there was nothing to do. None: none of these subnets is shown any more.
    """
    standing = network_acl.associations(ec2, seen)
    ours = {
        subnet: one
        for subnet, one in sorted(standing.items())
        if network_acl.is_of_order(one.acl, order) and one.acl_id != seen[subnet][0]
    }
    if ours:
        _put_back(ec2, order, ours, seen)
    network_acl.delete_unused(ec2, order)
    return bool(ours) if standing else None


def _standing(ec2: "EC2Client", order: Order, subnet_ids: Iterable[str]) -> dict[str, Association]:
    """Which ACL each of these is on. Not to see one is not to know, for each subnet has one."""
    wanted = set(subnet_ids)
    found = network_acl.associations(ec2, wanted)
    if found.keys() != wanted:
        hidden = ", ".join(sorted(wanted - found.keys()))
        raise Unavailable(f"EC2 shows no network ACL of {hidden} of {order.resource}; try again")
    for subnet, one in sorted(found.items()):
        if one.acl["OwnerId"] != order.account:
            raise Refused(
                f"{subnet} of {order.resource} is shared by account {one.acl['OwnerId']}, and only "
                "that account can close it; nothing was changed"
            )
    return found


def _close(
    ec2: "EC2Client", order: Order, vpc_id: str, standing: Association, seen: Trails
) -> None:
    """Take out what somebody added to our ACL before anything is put on it.

    A subnet that a later order took over stays with that one, or both would take it in turns.
    """
    acl = standing.acl
    was_before_us = any(standing.acl_id in trail for trail in seen.values())
    if network_acl.is_of_order(acl, order) or (
        network_acl.is_ours(acl, order) and not was_before_us
    ):
        network_acl.close(ec2, acl)
        return
    made = network_acl.make(ec2, order, vpc_id, seen)
    network_acl.close(ec2, made)
    network_acl.put_on(ec2, standing, made["NetworkAclId"])


def _put_back(
    ec2: "EC2Client", order: Order, ours: Mapping[str, Association], seen: Trails
) -> None:
    """On what was seen; on what was before it, if that was another order's and is gone since."""
    there = network_acl.existing(ec2, [one.acl["VpcId"] for one in ours.values()])
    back = {subnet: next((a for a in seen[subnet] if a in there), None) for subnet in ours}
    lost = [subnet for subnet, acl_id in back.items() if acl_id is None]
    if lost:
        acls = ", ".join(sorted({seen[subnet][0] for subnet in lost}))
        raise Refused(
            f"{', '.join(lost)} of {order.resource} was on a network ACL that does not exist any "
            f"more ({acls}); nothing was opened. Put the subnet on another ACL by hand, and "
            "release again"
        )
    for subnet, acl_id in back.items():
        if acl_id is not None:
            network_acl.put_on(ec2, ours[subnet], acl_id)


def _are_closed(order: Order, standing: Mapping[str, Association]) -> bool:
    acls = [one.acl for one in standing.values()]
    return bool(acls) and all(
        network_acl.is_ours(acl, order) and network_acl.is_closed(acl) for acl in acls
    )

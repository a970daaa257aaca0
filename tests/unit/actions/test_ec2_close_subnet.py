"""What closing a subnet meets: opened ACLs, moved subnets, other orders, lost things and quotas.

The pretend EC2 makes ACLs without the two entries that deny everything, so they are written where a
test is about them; it shows no shared subnet, and has no quota. Those answers are put in.
"""

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError
from moto.ec2.models import ec2_backends

from responder.actions import ec2_close_subnet as action
from responder.actions import network_acl
from responder.actions.security_group import TAG_KEY, TAG_VALUE
from responder.domain.errors import Broken, Refused, Unavailable
from responder.domain.order import Order, Receipt, ReceiptStatus, differences
from tests.builders import NOON, REGION, SHOP, an_order
from tests.instances import Fleet

OTHER_ORDER = "ord-000000000000000000ab"
OWNER = "444455556666"


@pytest.fixture
def fleet(aws: None, monkeypatch: pytest.MonkeyPatch) -> Fleet:
    return Fleet(monkeypatch)


def about(fleet: Fleet, **given: Any) -> Order:
    return an_order(action.ID, resource=fleet.arn, **given)


def observed(fleet: Fleet, **given: Any) -> Receipt:
    order = about(fleet, **given)
    return Receipt(
        order=order,
        status=ReceiptStatus.APPLIED,
        before=action.observe(order, fleet.wire.hearing(None)),
        applied_at=NOON,
    )


def closed(fleet: Fleet, **given: Any) -> Receipt:
    receipt = observed(fleet, **given)
    action.apply(receipt, fleet.wire)
    return receipt


def state_of(receipt: Receipt) -> dict[str, Any]:
    assert receipt.before is not None
    return receipt.before.state


def own_acl(fleet: Fleet) -> str:
    acl_id: str = fleet.ec2.create_network_acl(VpcId=fleet.vpc)["NetworkAcl"]["NetworkAclId"]
    return acl_id


def write(fleet: Fleet, acl_id: str, number: int, *, egress: bool, rule: str = "allow") -> None:
    fleet.ec2.create_network_acl_entry(
        NetworkAclId=acl_id,
        RuleNumber=number,
        Protocol="-1",
        RuleAction=rule,
        Egress=egress,
        CidrBlock="0.0.0.0/0",
    )


def acl_ids(fleet: Fleet) -> set[str]:
    """Of the instance's VPC."""
    found = fleet.ec2.describe_network_acls(Filters=[{"Name": "vpc-id", "Values": [fleet.vpc]}])
    return {one["NetworkAclId"] for one in found["NetworkAcls"]}


def shown(fleet: Fleet, acl_id: str) -> Any:
    [acl] = fleet.ec2.describe_network_acls(NetworkAclIds=[acl_id])["NetworkAcls"]
    return acl


def failing(name: str, code: str) -> Callable[[str], None]:
    def fail(called: str) -> None:
        if called == name:
            raise ClientError({"Error": {"Code": code, "Message": "no"}}, name)

    return fail


def test_each_subnet_of_the_instance_is_on_one_acl_with_our_tags_and_nothing_allowed(
    fleet: Fleet,
) -> None:
    second, beside = (
        fleet.subnet_beside(),
        fleet.ec2.create_subnet(VpcId=fleet.vpc, CidrBlock="10.0.9.0/24")["Subnet"]["SubnetId"],
    )
    before, default = acl_ids(fleet), fleet.acl_of(fleet.subnet)
    receipt = closed(fleet)
    [ours] = acl_ids(fleet) - before
    assert (fleet.acl_of(fleet.subnet), fleet.acl_of(second)) == (ours, ours)
    assert fleet.acl_of(beside) == default
    acl = shown(fleet, ours)
    assert (acl["VpcId"], acl["Entries"]) == (fleet.vpc, [])
    assert {one["Key"]: one["Value"] for one in acl["Tags"]} == {
        TAG_KEY: TAG_VALUE,
        "Name": f"breach-responder-closed-{receipt.order.order_id}",
        f"breach-responder-was-{fleet.subnet}": default,
        f"breach-responder-was-{second}": default,
    }
    assert state_of(receipt)["subnets"] == {fleet.subnet: [default], second: [default]}


@pytest.mark.parametrize("egress", [True, False])
@pytest.mark.parametrize("number", [1, 32766])
def test_an_entry_that_somebody_added_is_seen_and_taken_out(
    fleet: Fleet, egress: bool, number: int
) -> None:
    receipt = closed(fleet)
    ours = fleet.acl_of(fleet.subnet)
    for born_with in (True, False):
        write(fleet, ours, 32767, egress=born_with, rule="deny")
    stands = fleet.acls()
    assert action.verify(receipt, fleet.wire)
    write(fleet, ours, number, egress=egress)
    assert not action.verify(receipt, fleet.wire)
    assert state_of(observed(fleet))["in_force"] is False
    action.apply(receipt, fleet.wire)
    assert action.verify(receipt, fleet.wire)
    assert fleet.acls() == stands


def test_an_acl_that_was_opened_while_no_subnet_was_on_it_is_emptied_before_one_is(
    fleet: Fleet,
) -> None:
    receipt = closed(fleet)
    ours, [default] = fleet.acl_of(fleet.subnet), state_of(receipt)["subnets"][fleet.subnet]
    fleet.put_on(fleet.subnet, default)
    write(fleet, ours, 100, egress=False)
    entries: list[Any] = []

    def look(name: str) -> None:
        if name == "ReplaceNetworkAclAssociation":
            entries.append(ec2_backends[SHOP][REGION].network_acls[ours].entries[:])

    action.apply(receipt, fleet.wire.hearing(look))
    assert entries == [[]]
    assert fleet.acl_of(fleet.subnet) == ours


def test_a_subnet_that_is_moved_away_is_closed_again_and_the_first_acl_comes_back(
    fleet: Fleet,
) -> None:
    receipt, default, theirs = observed(fleet), fleet.acl_of(fleet.subnet), own_acl(fleet)
    untouched = fleet.acls()
    action.apply(receipt, fleet.wire)
    fleet.put_on(fleet.subnet, theirs)
    assert not action.verify(receipt, fleet.wire)
    action.apply(receipt, fleet.wire)
    assert action.verify(receipt, fleet.wire)
    assert action.release(receipt, fleet.wire)
    assert fleet.acl_of(fleet.subnet) == default
    assert fleet.acls() == untouched


def test_a_subnet_that_is_on_somebody_elses_acl_now_is_left_there(fleet: Fleet) -> None:
    second = fleet.subnet_beside()
    receipt, default, theirs = observed(fleet), fleet.acl_of(fleet.subnet), own_acl(fleet)
    action.apply(receipt, fleet.wire)
    fleet.put_on(second, theirs)
    assert action.release(receipt, fleet.wire)
    assert (fleet.acl_of(fleet.subnet), fleet.acl_of(second)) == (default, theirs)
    assert acl_ids(fleet) == {default, theirs}


def test_ours_stays_while_somebody_elses_subnet_is_on_it(fleet: Fleet) -> None:
    beside = fleet.ec2.create_subnet(VpcId=fleet.vpc, CidrBlock="10.0.9.0/24")["Subnet"]["SubnetId"]
    receipt, default = observed(fleet), fleet.acl_of(fleet.subnet)
    action.apply(receipt, fleet.wire)
    ours = fleet.acl_of(fleet.subnet)
    fleet.put_on(beside, ours)
    assert action.release(receipt, fleet.wire)
    assert (fleet.acl_of(fleet.subnet), fleet.acl_of(beside)) == (default, ours)
    assert action.release(receipt, fleet.wire) is False
    assert fleet.acl_of(beside) == ours


def test_an_acl_that_is_gone_cannot_be_given_back_and_nothing_is_opened(fleet: Fleet) -> None:
    second, theirs = fleet.subnet_beside(), own_acl(fleet)
    fleet.put_on(second, theirs)
    receipt = closed(fleet)
    fleet.ec2.delete_network_acl(NetworkAclId=theirs)
    stands = fleet.acls()
    with pytest.raises(Refused, match=f"{second} of .* does not exist any more .*{theirs}"):
        action.release(receipt, fleet.wire)
    assert fleet.acls() == stands
    [default] = state_of(receipt)["subnets"][fleet.subnet]
    fleet.put_on(second, default)
    assert action.release(receipt, fleet.wire)
    assert acl_ids(fleet) == {default}


def test_a_subnet_that_was_deleted_keeps_the_others_from_nothing(fleet: Fleet) -> None:
    second = fleet.subnet_beside()
    receipt, default = observed(fleet), fleet.acl_of(fleet.subnet)
    action.apply(receipt, fleet.wire)
    ours = fleet.acl_of(second)
    backend = ec2_backends[SHOP][REGION].network_acls[ours]
    backend._associations = {
        key: one for key, one in backend._associations.items() if one.subnet_id != second
    }
    assert action.release(receipt, fleet.wire)
    assert fleet.acl_of(fleet.subnet) == default
    assert acl_ids(fleet) == {default}


def test_a_subnet_of_which_the_first_look_knew_nothing_is_left_open_and_a_person_told(
    fleet: Fleet,
) -> None:
    receipt = closed(fleet)
    ours = fleet.acl_of(fleet.subnet)
    second = fleet.subnet_beside()
    default = fleet.acl_of(second)
    assert not action.verify(receipt, fleet.wire)
    fleet.put_on(fleet.subnet, default)
    with pytest.raises(Refused, match=f"{second}, where it had none"):
        action.apply(receipt, fleet.wire)
    assert (fleet.acl_of(fleet.subnet), fleet.acl_of(second)) == (ours, default)
    fleet.put_on(second, ours)
    action.apply(receipt, fleet.wire)
    assert action.verify(receipt, fleet.wire)


@pytest.fixture
def two(fleet: Fleet) -> tuple[Receipt, Receipt]:
    """Two orders that closed the same subnet, one after the other."""
    first = closed(fleet)
    second = observed(fleet, order_id=OTHER_ORDER)
    assert state_of(second)["in_force"] is True
    action.apply(second, fleet.wire)
    return first, second


@pytest.mark.parametrize("is_first_released_first", [True, False])
def test_a_subnet_that_two_orders_closed_opens_with_the_last_release(
    fleet: Fleet, two: tuple[Receipt, Receipt], is_first_released_first: bool
) -> None:
    [default] = state_of(two[0])["subnets"][fleet.subnet]
    one, other = two if is_first_released_first else two[::-1]
    action.release(one, fleet.wire)
    assert fleet.acl_of(fleet.subnet) != default
    assert action.verify(other, fleet.wire)
    assert action.release(other, fleet.wire)
    assert fleet.acl_of(fleet.subnet) == default
    assert acl_ids(fleet) == {default}


def test_the_later_of_two_is_released_first_without_anything_looking_changed(
    fleet: Fleet,
) -> None:
    """Nothing but what the other order did: a person is shown that, and may release it so."""
    first = closed(fleet)
    left_by_first = action.observe(first.order, fleet.wire)
    second = closed(fleet, order_id=OTHER_ORDER)
    left_by_second = action.observe(second.order, fleet.wire)
    changed = differences(left_by_first, action.observe(first.order, fleet.wire))
    assert [one.partition(" ")[0] for one in changed] == ["subnets"]
    assert differences(left_by_second, action.observe(second.order, fleet.wire)) == ()
    assert action.release(second, fleet.wire)
    assert differences(left_by_first, action.observe(first.order, fleet.wire)) == ()


def test_two_orders_do_not_take_the_subnet_from_each_other_in_turns(
    fleet: Fleet, two: tuple[Receipt, Receipt]
) -> None:
    stands, theirs = fleet.acls(), fleet.acl_of(fleet.subnet)
    for receipt in (*two, *two):
        action.apply(receipt, fleet.wire)
        assert action.verify(receipt, fleet.wire)
        assert fleet.acls() == stands
    write(fleet, theirs, 100, egress=True)
    for receipt in two:
        assert not action.verify(receipt, fleet.wire)
    action.apply(two[0], fleet.wire)
    assert fleet.acls() == stands


@pytest.mark.parametrize("released", [(0, 1, 2), (0, 2, 1), (1, 0, 2), (2, 0, 1), (1, 2, 0)])
def test_three_orders_about_a_subnet_may_be_released_in_any_order(
    fleet: Fleet, two: tuple[Receipt, Receipt], released: tuple[int, ...]
) -> None:
    third = closed(fleet, order_id="ord-000000000000000000cd")
    assert len(state_of(third)["subnets"][fleet.subnet]) == 3
    [default] = state_of(two[0])["subnets"][fleet.subnet]
    orders = (*two, third)
    for at in released[:-1]:
        action.release(orders[at], fleet.wire)
        assert fleet.acl_of(fleet.subnet) != default
        assert action.verify(orders[released[-1]], fleet.wire)
    assert action.release(orders[released[-1]], fleet.wire)
    assert acl_ids(fleet) == {default}


@pytest.mark.parametrize("said", ["", "acl-1;", "acl-0abc1234def567890", "*", "  "])
def test_what_a_tag_says_that_is_no_acl_of_the_network_is_not_believed(
    fleet: Fleet, said: str
) -> None:
    first = closed(fleet)
    theirs = fleet.acl_of(fleet.subnet)
    was = f"breach-responder-was-{fleet.subnet}"
    fleet.ec2.create_tags(Resources=[theirs], Tags=[{"Key": was, "Value": said}])
    second = closed(fleet, order_id=OTHER_ORDER)
    action.release(first, fleet.wire)
    stands = fleet.acls()
    with pytest.raises(Refused, match="does not exist any more"):
        action.release(second, fleet.wire)
    assert fleet.acls() == stands


@pytest.mark.parametrize(
    "tags",
    [
        {TAG_KEY: TAG_VALUE},
        {TAG_KEY: TAG_VALUE, "Name": "web"},
        {TAG_KEY: "another", "Name": "breach-responder-closed-%s"},
        {"Name": "breach-responder-closed-%s"},
    ],
)
def test_an_acl_that_has_not_both_our_tags_is_not_ours(fleet: Fleet, tags: dict[str, str]) -> None:
    planted, order_id = own_acl(fleet), about(fleet).order_id
    fleet.ec2.create_tags(
        Resources=[planted],
        Tags=[{"Key": key, "Value": of.replace("%s", order_id)} for key, of in tags.items()],
    )
    write(fleet, planted, 100, egress=True)
    fleet.put_on(fleet.subnet, planted)
    entries = shown(fleet, planted)["Entries"]
    receipt = observed(fleet)
    assert state_of(receipt)["in_force"] is False
    action.apply(receipt, fleet.wire)
    assert fleet.acl_of(fleet.subnet) != planted
    assert shown(fleet, planted)["Entries"] == entries
    assert action.release(receipt, fleet.wire)
    assert fleet.acl_of(fleet.subnet) == planted


def test_ours_that_lost_its_tag_is_replaced_and_the_subnet_can_be_released(fleet: Fleet) -> None:
    receipt, default = observed(fleet), fleet.acl_of(fleet.subnet)
    action.apply(receipt, fleet.wire)
    robbed = fleet.acl_of(fleet.subnet)
    fleet.ec2.delete_tags(Resources=[robbed], Tags=[{"Key": TAG_KEY}])
    assert not action.verify(receipt, fleet.wire)
    action.apply(receipt, fleet.wire)
    assert fleet.acl_of(fleet.subnet) not in (default, robbed)
    assert action.verify(receipt, fleet.wire)
    assert action.release(receipt, fleet.wire)
    assert acl_ids(fleet) == {default, robbed}


def test_two_acls_of_one_order_are_both_deleted(fleet: Fleet) -> None:
    """A function that was killed before EC2 showed what it had made leaves one behind."""
    receipt, default = observed(fleet), fleet.acl_of(fleet.subnet)
    network_acl._create(fleet.ec2, receipt.order, fleet.vpc, {})
    network_acl._create(fleet.ec2, receipt.order, fleet.vpc, {})
    action.apply(receipt, fleet.wire)
    assert len(acl_ids(fleet)) == 3
    assert action.release(receipt, fleet.wire)
    assert acl_ids(fleet) == {default}


@pytest.mark.parametrize(
    ("name", "code", "error", "says"),
    [
        ("CreateNetworkAcl", "NetworkAclLimitExceeded", Refused, "Network ACLs per VPC"),
        ("CreateNetworkAcl", "RequestLimitExceeded", Unavailable, "RequestLimitExceeded"),
        ("CreateNetworkAcl", "UnauthorizedOperation", Broken, "UnauthorizedOperation"),
        ("ReplaceNetworkAclAssociation", "InvalidAssociationID.NotFound", Unavailable, "Invalid"),
        ("ReplaceNetworkAclAssociation", "InvalidNetworkAclID.NotFound", Unavailable, "Invalid"),
        ("ReplaceNetworkAclAssociation", "RequestLimitExceeded", Unavailable, "RequestLimit"),
        ("ReplaceNetworkAclAssociation", "UnauthorizedOperation", Broken, "Unauthorized"),
        ("DescribeNetworkAcls", "UnauthorizedOperation", Broken, "UnauthorizedOperation"),
    ],
)
def test_what_ec2_answers_is_sorted_and_the_subnet_left_open(
    fleet: Fleet, name: str, code: str, error: type[Exception], says: str
) -> None:
    receipt, default = observed(fleet), fleet.acl_of(fleet.subnet)
    with pytest.raises(error, match=says) as raised:
        action.apply(receipt, fleet.wire.hearing(failing(name, code)))
    assert fleet.arn in str(raised.value)
    assert fleet.acl_of(fleet.subnet) == default
    action.apply(receipt, fleet.wire.hearing(None))
    assert action.verify(receipt, fleet.wire)
    action.release(receipt, fleet.wire)
    assert acl_ids(fleet) == {default}


@pytest.mark.parametrize("code", ["DependencyViolation", "InvalidNetworkAclID.NotFound"])
def test_an_acl_that_another_took_or_deleted_at_this_moment_keeps_no_release_back(
    fleet: Fleet, code: str
) -> None:
    receipt, default = observed(fleet), fleet.acl_of(fleet.subnet)
    action.apply(receipt, fleet.wire)
    assert action.release(receipt, fleet.wire.hearing(failing("DeleteNetworkAcl", code)))
    assert fleet.acl_of(fleet.subnet) == default
    assert action.release(receipt, fleet.wire.hearing(None)) is False
    assert acl_ids(fleet) == {default}


def test_an_entry_that_another_took_out_at_this_moment_is_no_error(fleet: Fleet) -> None:
    receipt = closed(fleet)
    write(fleet, fleet.acl_of(fleet.subnet), 100, egress=True)
    gone = failing("DeleteNetworkAclEntry", "InvalidNetworkAclEntry.NotFound")
    action.apply(receipt, fleet.wire.hearing(gone))
    assert not action.verify(receipt, fleet.wire.hearing(None))
    with pytest.raises(Broken, match="UnauthorizedOperation"):
        action.apply(
            receipt, fleet.wire.hearing(failing("DeleteNetworkAclEntry", "UnauthorizedOperation"))
        )


def test_a_subnet_that_another_account_shares_is_left_to_that_account(fleet: Fleet) -> None:
    receipt, default = observed(fleet), fleet.acl_of(fleet.subnet)
    ec2_backends[SHOP][REGION].network_acls[default].owner_id = OWNER
    for step in (
        lambda: action.observe(receipt.order, fleet.wire),
        lambda: action.apply(receipt, fleet.wire),
    ):
        with pytest.raises(Refused, match=f"shared by account {OWNER}"):
            step()
    assert acl_ids(fleet) == {default}


def test_what_does_not_show_is_not_called_closed(fleet: Fleet) -> None:
    receipt = closed(fleet)
    ours = ec2_backends[SHOP][REGION].network_acls[fleet.acl_of(fleet.subnet)]
    ours._associations.clear()
    with pytest.raises(Unavailable, match="shows no network ACL"):
        action.verify(receipt, fleet.wire)
    ec2_backends[SHOP][REGION].enis.clear()
    with pytest.raises(Unavailable, match="shows no network interface"):
        action.verify(receipt, fleet.wire)


def test_an_instance_that_is_gone_still_gives_its_subnets_back(fleet: Fleet) -> None:
    receipt, default = observed(fleet), fleet.acl_of(fleet.subnet)
    action.apply(receipt, fleet.wire)
    fleet.ec2.terminate_instances(InstanceIds=[fleet.instance])
    with pytest.raises(Refused, match="released with despite_changes"):
        action.observe(receipt.order, fleet.wire)
    assert action.release(receipt, fleet.wire)
    assert fleet.acl_of(fleet.subnet) == default
    assert acl_ids(fleet) == {default}

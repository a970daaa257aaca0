"""What actions on EC2 meet beside the plain cut: planted groups, swapped roles, lost things."""

from typing import Any

import pytest
from moto.autoscaling.models import autoscaling_backends
from moto.ec2.models import ec2_backends

from responder.actions import (
    ec2_cut_metadata,
    ec2_detach_profile,
    ec2_leave_service,
    ec2_protect_instance,
    ec2_quarantine_instance,
    ec2_unshare_image,
    ec2_unshare_snapshot,
)
from responder.actions.action import Action
from responder.actions.security_group import TAG_KEY, TAG_VALUE
from responder.domain.errors import Refused, Unavailable
from responder.domain.order import Receipt, ReceiptStatus
from tests.builders import NOON, REGION, SHOP, an_order
from tests.instances import (
    ORGANIZATION,
    PARTNER,
    PROFILE,
    SCALED,
    STRANGER,
    UNIT,
    Fleet,
    Service,
    Shared,
)

ANYWHERE = {"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
ANYWHERE_V6 = {"IpProtocol": "-1", "Ipv6Ranges": [{"CidrIpv6": "::/0"}]}
SSH = {
    "IpProtocol": "tcp",
    "FromPort": 22,
    "ToPort": 22,
    "IpRanges": [{"CidrIp": "203.0.113.7/32"}],
}


@pytest.fixture
def fleet(aws: None, monkeypatch: pytest.MonkeyPatch) -> Fleet:
    return Fleet(monkeypatch)


def observed(fleet: Fleet, action: Action, resource: str | None = None) -> Receipt:
    order = an_order(action.ID, resource=resource or fleet.arn)
    return Receipt(
        order=order,
        status=ReceiptStatus.APPLIED,
        before=action.observe(order, fleet.wire),
        applied_at=NOON,
    )


def state_of(receipt: Receipt) -> dict[str, Any]:
    assert receipt.before is not None
    return receipt.before.state


def backend() -> Any:
    return ec2_backends[SHOP][REGION]


# ---- ec2.quarantine_instance


def closed_name(fleet: Fleet) -> str:
    return f"breach-responder-closed-{fleet.vpc}"


def closed_id(fleet: Fleet) -> str:
    found = fleet.ec2.describe_security_groups(
        Filters=[{"Name": "group-name", "Values": [closed_name(fleet)]}]
    )["SecurityGroups"]
    group_id: str = found[0]["GroupId"]
    return group_id


def test_every_interface_has_the_one_group_without_a_rule_and_the_open_one_is_gone(
    fleet: Fleet,
) -> None:
    ec2_quarantine_instance.apply(observed(fleet, ec2_quarantine_instance), fleet.wire)
    assert fleet.interfaces() == {
        fleet.primary: [closed_name(fleet)],
        fleet.second: [closed_name(fleet)],
    }
    assert fleet.groups()[closed_name(fleet)] == ([], [])
    assert set(fleet.groups()) == {"default", "web", "ops", closed_name(fleet)}


@pytest.mark.parametrize("has_ipv6", [True, False])
def test_each_interface_is_open_to_all_before_it_is_closed(
    aws: None, monkeypatch: pytest.MonkeyPatch, has_ipv6: bool
) -> None:
    """Of both families, also in a VPC whose new groups are born with a rule for one."""
    fleet = Fleet(monkeypatch, has_ipv6=has_ipv6)
    receipt, seen = observed(fleet, ec2_quarantine_instance), []

    def look(name: str) -> None:
        if name == "ModifyNetworkInterfaceAttribute":
            seen.append((fleet.interfaces()[fleet.second], fleet.groups()))

    ec2_quarantine_instance.apply(receipt, fleet.wire.hearing(look))
    opened = f"breach-responder-open-{fleet.vpc}"
    [(_, groups)] = [one for one in seen if one[0] == [opened]][:1]
    for rules in groups[opened]:
        assert sorted(one["CidrIp"] for rule in rules for one in rule["IpRanges"]) == ["0.0.0.0/0"]
        assert sorted(one["CidrIpv6"] for rule in rules for one in rule["Ipv6Ranges"]) == ["::/0"]
        assert {rule["IpProtocol"] for rule in rules} == {"-1"}


def test_an_interface_that_is_cut_is_never_opened_again(fleet: Fleet) -> None:
    receipt, seen = observed(fleet, ec2_quarantine_instance), []
    ec2_quarantine_instance.apply(receipt, fleet.wire)
    fleet.give(fleet.second, fleet.ops)
    ec2_quarantine_instance.apply(
        receipt, fleet.wire.hearing(lambda _: seen.append(fleet.interfaces()[fleet.primary]))
    )
    assert seen
    assert all(groups == [closed_name(fleet)] for groups in seen)


def test_an_interface_attached_since_is_seen_cut_and_stays_cut(fleet: Fleet) -> None:
    receipt = observed(fleet, ec2_quarantine_instance)
    ec2_quarantine_instance.apply(receipt, fleet.wire)
    third = fleet.interface([fleet.web])
    assert not ec2_quarantine_instance.verify(receipt, fleet.wire)
    ec2_quarantine_instance.apply(receipt, fleet.wire)
    assert ec2_quarantine_instance.verify(receipt, fleet.wire)
    assert ec2_quarantine_instance.release(receipt, fleet.wire)
    assert fleet.interfaces() == {
        fleet.primary: ["ops", "web"],
        fleet.second: ["ops"],
        third: [closed_name(fleet)],
    }


@pytest.mark.parametrize("direction", ["ingress", "egress"])
def test_a_closed_group_that_somebody_opened_is_seen_and_closed_again(
    fleet: Fleet, direction: str
) -> None:
    receipt = observed(fleet, ec2_quarantine_instance)
    ec2_quarantine_instance.apply(receipt, fleet.wire)
    authorize = getattr(fleet.ec2, f"authorize_security_group_{direction}")
    authorize(GroupId=closed_id(fleet), IpPermissions=[SSH])
    assert not ec2_quarantine_instance.verify(receipt, fleet.wire)
    ec2_quarantine_instance.apply(receipt, fleet.wire)
    assert ec2_quarantine_instance.verify(receipt, fleet.wire)


def test_what_a_group_is_born_with_is_taken_away_in_both_families(fleet: Fleet) -> None:
    receipt = observed(fleet, ec2_quarantine_instance)
    ec2_quarantine_instance.apply(receipt, fleet.wire)
    for rules in ([ANYWHERE], [ANYWHERE_V6], [ANYWHERE, ANYWHERE_V6]):
        fleet.ec2.authorize_security_group_egress(GroupId=closed_id(fleet), IpPermissions=rules)
        assert not ec2_quarantine_instance.verify(receipt, fleet.wire)
        ec2_quarantine_instance.apply(receipt, fleet.wire)
        assert fleet.groups()[closed_name(fleet)] == ([], [])


@pytest.mark.parametrize("kind", ["open", "closed"])
def test_a_group_of_our_name_that_has_not_our_tag_is_not_used(fleet: Fleet, kind: str) -> None:
    receipt = observed(fleet, ec2_quarantine_instance)
    fleet.group(f"breach-responder-{kind}-{fleet.vpc}")
    interfaces = fleet.interfaces()
    with pytest.raises(Refused, match="has not our tag"):
        ec2_quarantine_instance.apply(receipt, fleet.wire)
    assert fleet.interfaces() == interfaces


def test_a_group_of_another_name_that_has_our_tag_is_not_used(fleet: Fleet) -> None:
    receipt = observed(fleet, ec2_quarantine_instance)
    fleet.ec2.create_tags(Resources=[fleet.ops], Tags=[{"Key": TAG_KEY, "Value": TAG_VALUE}])
    rules = fleet.groups()["ops"]
    ec2_quarantine_instance.apply(receipt, fleet.wire)
    assert fleet.interfaces()[fleet.second] == [closed_name(fleet)]
    assert fleet.groups()["ops"] == rules


def test_a_group_that_is_gone_cannot_be_given_back(fleet: Fleet) -> None:
    receipt = observed(fleet, ec2_quarantine_instance)
    ec2_quarantine_instance.apply(receipt, fleet.wire)
    fleet.ec2.delete_security_group(GroupId=fleet.ops)
    standing = fleet.standing()
    with pytest.raises(Refused, match="do not exist any more"):
        ec2_quarantine_instance.release(receipt, fleet.wire)
    assert fleet.standing() == standing


def test_groups_that_a_person_gave_since_stay(fleet: Fleet) -> None:
    receipt = observed(fleet, ec2_quarantine_instance)
    ec2_quarantine_instance.apply(receipt, fleet.wire)
    fleet.give(fleet.second, fleet.web)
    assert ec2_quarantine_instance.release(receipt, fleet.wire)
    assert fleet.interfaces() == {fleet.primary: ["ops", "web"], fleet.second: ["web"]}


def test_an_interface_that_a_service_made_is_named_and_left(fleet: Fleet) -> None:
    backend().get_network_interface(fleet.second).requester_managed = True
    receipt = observed(fleet, ec2_quarantine_instance)
    assert state_of(receipt)["unreached"] == [fleet.second]
    ec2_quarantine_instance.apply(receipt, fleet.wire)
    assert ec2_quarantine_instance.verify(receipt, fleet.wire)
    assert fleet.interfaces()[fleet.second] == ["ops"]
    backend().get_network_interface(fleet.primary).requester_managed = True
    assert not ec2_quarantine_instance.verify(receipt, fleet.wire)
    with pytest.raises(Refused, match="no interface that we may change"):
        ec2_quarantine_instance.apply(receipt, fleet.wire)


def test_an_instance_whose_interfaces_do_not_show_is_not_cut(fleet: Fleet) -> None:
    receipt = observed(fleet, ec2_quarantine_instance)
    backend().enis.clear()
    with pytest.raises(Unavailable, match="shows no network interface"):
        ec2_quarantine_instance.verify(receipt, fleet.wire)


# ---- ec2.detach_profile


def test_a_profile_that_holds_another_role_now_is_not_given_back(fleet: Fleet) -> None:
    receipt = observed(fleet, ec2_detach_profile)
    ec2_detach_profile.apply(receipt, fleet.wire)
    fleet.iam.create_role(RoleName="admin", AssumeRolePolicyDocument="{}")
    fleet.iam.remove_role_from_instance_profile(InstanceProfileName=PROFILE, RoleName="web-role")
    fleet.iam.add_role_to_instance_profile(InstanceProfileName=PROFILE, RoleName="admin")
    with pytest.raises(Refused, match="is not what it was"):
        ec2_detach_profile.release(receipt, fleet.wire)
    assert fleet.profile() is None


@pytest.mark.parametrize("is_made_anew", [False, True])
def test_a_profile_that_is_gone_or_made_anew_is_not_given_back(
    fleet: Fleet, is_made_anew: bool
) -> None:
    receipt = observed(fleet, ec2_detach_profile)
    ec2_detach_profile.apply(receipt, fleet.wire)
    held = {"InstanceProfileName": PROFILE, "RoleName": "web-role"}
    fleet.iam.remove_role_from_instance_profile(**held)
    fleet.iam.delete_instance_profile(InstanceProfileName=PROFILE)
    if is_made_anew:
        fleet.iam.create_instance_profile(InstanceProfileName=PROFILE)
        fleet.iam.add_role_to_instance_profile(**held)
    with pytest.raises(Refused, match="is not what it was"):
        ec2_detach_profile.release(receipt, fleet.wire)
    assert fleet.profile() is None


def test_another_profile_is_taken_off_too_and_never_replaced(fleet: Fleet) -> None:
    receipt = observed(fleet, ec2_detach_profile)
    ec2_detach_profile.apply(receipt, fleet.wire)
    fleet.iam.create_instance_profile(InstanceProfileName="other")
    fleet.ec2.associate_iam_instance_profile(
        InstanceId=fleet.instance, IamInstanceProfile={"Name": "other"}
    )
    assert not ec2_detach_profile.verify(receipt, fleet.wire)
    with pytest.raises(Refused, match="has another instance profile now"):
        ec2_detach_profile.release(receipt, fleet.wire)
    assert fleet.profile() == f"arn:aws:iam::{SHOP}:instance-profile/other"
    ec2_detach_profile.apply(receipt, fleet.wire)
    assert fleet.profile() is None


def test_a_profile_on_its_way_off_is_not_off(fleet: Fleet) -> None:
    receipt = observed(fleet, ec2_detach_profile)
    [one] = backend().iam_instance_profile_associations.values()
    one.state = "disassociating"
    for step in (ec2_detach_profile.verify, ec2_detach_profile.release):
        with pytest.raises(Unavailable, match="still being taken off"):
            step(receipt, fleet.wire)


# ---- ec2.cut_metadata


def test_a_service_that_is_about_to_go_off_is_not_off(fleet: Fleet) -> None:
    receipt = observed(fleet, ec2_cut_metadata)
    ec2_cut_metadata.apply(receipt, fleet.wire)
    backend().get_instance(fleet.instance).metadata_options.state = "pending"
    with pytest.raises(Unavailable, match="still being switched off"):
        ec2_cut_metadata.verify(receipt, fleet.wire)


# ---- ec2.protect_instance


def test_what_is_protected_can_neither_be_ended_nor_stopped(fleet: Fleet) -> None:
    ec2_protect_instance.apply(observed(fleet, ec2_protect_instance), fleet.wire)
    for end in (fleet.ec2.terminate_instances, fleet.ec2.stop_instances):
        with pytest.raises(fleet.ec2.exceptions.ClientError, match="OperationNotPermitted"):
            end(InstanceIds=[fleet.instance])
    assert fleet.standing()["volumes"] == {"/dev/sda1": False, "/dev/sdf": False}


def test_a_shutdown_that_would_end_it_stops_it(fleet: Fleet) -> None:
    fleet.set(Attribute="instanceInitiatedShutdownBehavior", Value="terminate")
    receipt = observed(fleet, ec2_protect_instance)
    ec2_protect_instance.apply(receipt, fleet.wire)
    assert fleet.attribute("instanceInitiatedShutdownBehavior") == "stop"
    ec2_protect_instance.release(receipt, fleet.wire)
    assert fleet.attribute("instanceInitiatedShutdownBehavior") == "terminate"


def test_what_was_protected_already_stays_so(fleet: Fleet) -> None:
    fleet.set(DisableApiTermination={"Value": True})
    receipt = observed(fleet, ec2_protect_instance)
    assert state_of(receipt)["in_force"] is False
    ec2_protect_instance.apply(receipt, fleet.wire)
    ec2_protect_instance.release(receipt, fleet.wire)
    assert fleet.attribute("disableApiTermination") is True
    assert fleet.attribute("disableApiStop") is False


# ---- ec2.leave_service


@pytest.mark.parametrize(("min_size", "lowered"), [(0, 0), (1, 0)])
def test_the_minimum_is_lowered_only_where_it_forbids_standby(
    fleet: Fleet, min_size: int, lowered: int
) -> None:
    world = Service(fleet, min_size=min_size)
    receipt = observed(fleet, ec2_leave_service)
    ec2_leave_service.apply(receipt, fleet.wire)
    assert world.standing() == {
        "sizes": (lowered, 0, 4),
        "members": {fleet.instance: "Standby"},
        "classic": [],
        "targets": [],
    }
    assert ec2_leave_service.release(receipt, fleet.wire)
    assert world.standing()["sizes"] == (min_size, 1, 4)


def test_an_instance_on_standby_before_us_stays_there(fleet: Fleet) -> None:
    world = Service(fleet, min_size=0)
    world.scaling.enter_standby(
        InstanceIds=[fleet.instance],
        AutoScalingGroupName=SCALED,
        ShouldDecrementDesiredCapacity=True,
    )
    untouched, receipt = world.standing(), observed(fleet, ec2_leave_service)
    ec2_leave_service.apply(receipt, fleet.wire)
    assert ec2_leave_service.release(receipt, fleet.wire)
    assert world.standing() == untouched


def test_an_instance_that_serves_nothing_is_out_of_service(fleet: Fleet) -> None:
    receipt = observed(fleet, ec2_leave_service)
    assert state_of(receipt)["in_force"] is True
    ec2_leave_service.apply(receipt, fleet.wire)
    assert ec2_leave_service.verify(receipt, fleet.wire)
    assert ec2_leave_service.release(receipt, fleet.wire) is False


def test_a_target_group_that_is_gone_is_refused_before_anything_is_put_back(fleet: Fleet) -> None:
    world = Service(fleet)
    receipt = observed(fleet, ec2_leave_service)
    ec2_leave_service.apply(receipt, fleet.wire)
    world.elbv2.delete_target_group(TargetGroupArn=world.by_address)
    standing = world.standing()
    with pytest.raises(Refused, match="target groups that do not exist any more"):
        ec2_leave_service.release(receipt, fleet.wire)
    assert world.standing() == standing


def test_the_minimum_of_the_group_is_put_back_also_for_an_instance_that_is_gone(
    fleet: Fleet,
) -> None:
    world = Service(fleet)
    receipt = observed(fleet, ec2_leave_service)
    ec2_leave_service.apply(receipt, fleet.wire)
    world.scaling.detach_instances(
        InstanceIds=[fleet.instance],
        AutoScalingGroupName=SCALED,
        ShouldDecrementDesiredCapacity=False,
    )
    fleet.ec2.terminate_instances(InstanceIds=[fleet.instance])
    assert ec2_leave_service.release(receipt, fleet.wire)
    assert world.standing()["sizes"][0] == 1
    with pytest.raises(Refused, match="does not exist any more"):
        ec2_leave_service.release(receipt, fleet.wire)


@pytest.mark.parametrize("state", ["Pending", "Pending:Wait", "EnteringStandby"])
def test_an_instance_on_its_way_is_waited_for(fleet: Fleet, state: str) -> None:
    Service(fleet)
    receipt = observed(fleet, ec2_leave_service)
    set_lifecycle(fleet, state)
    step = ec2_leave_service.verify if state == "EnteringStandby" else ec2_leave_service.apply
    with pytest.raises(Unavailable, match="still being"):
        step(receipt, fleet.wire)


def set_lifecycle(fleet: Fleet, state: str) -> None:
    group = autoscaling_backends[SHOP][REGION].autoscaling_groups[SCALED]
    for one in group.instance_states:
        one.lifecycle_state = state


# ---- ec2.unshare_snapshot, ec2.unshare_image


def test_nobody_but_the_owner_can_use_a_snapshot_or_an_image(fleet: Fleet) -> None:
    shared = Shared(fleet)
    shared.share_snapshot(STRANGER, groups=("all",))
    shared.share_image({"Group": "all"}, {"OrganizationalUnitArn": UNIT})
    for action, name in (
        (ec2_unshare_snapshot, f"snapshot/{shared.snapshot}"),
        (ec2_unshare_image, f"image/{shared.image}"),
    ):
        receipt = observed(fleet, action, f"arn:aws:ec2:{REGION}::{name}")
        assert {"UserId": PARTNER} in state_of(receipt)["shared_with"]
        assert {"UserId": SHOP} not in state_of(receipt)["shared_with"]
        action.apply(receipt, fleet.wire)
    own = [str({"UserId": SHOP})]
    assert shared.standing() == {"snapshot": own, "image": own}


def test_who_was_given_it_since_the_cut_keeps_it_at_a_release(fleet: Fleet) -> None:
    shared = Shared(fleet)
    receipt = observed(fleet, ec2_unshare_image, f"arn:aws:ec2:{REGION}::image/{shared.image}")
    ec2_unshare_image.apply(receipt, fleet.wire)
    shared.share_image({"OrganizationalUnitArn": UNIT})
    assert ec2_unshare_image.release(receipt, fleet.wire)
    assert str({"OrganizationalUnitArn": UNIT}) in shared.standing()["image"]
    assert str({"OrganizationArn": ORGANIZATION}) in shared.standing()["image"]


def test_what_another_account_owns_is_refused(fleet: Fleet) -> None:
    shared = Shared(fleet)
    backend().snapshots[shared.snapshot].owner_id = STRANGER
    backend().amis[shared.image].owner_id = STRANGER
    untouched = shared.standing()
    with pytest.raises(Refused, match=f"belongs to {STRANGER}"):
        observed(fleet, ec2_unshare_snapshot, f"arn:aws:ec2:{REGION}::snapshot/{shared.snapshot}")
    with pytest.raises(Refused, match=f"belongs to {STRANGER}"):
        observed(fleet, ec2_unshare_image, f"arn:aws:ec2:{REGION}::image/{shared.image}")
    assert shared.standing() == untouched

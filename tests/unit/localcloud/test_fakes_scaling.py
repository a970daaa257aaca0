"""A call that AWS takes once is not counted twice."""

from collections.abc import Iterator
from typing import Any

import pytest

from localcloud.cloud import Cloud
from tests.builders import NOON, REGION, SHOP
from tests.unit.localcloud.judging import code

GROUP, BALANCER = "web", "web-classic"


@pytest.fixture
def cloud() -> Iterator[Cloud]:
    with Cloud(region=REGION, starts_at=NOON) as cloud:
        yield cloud


def a_group(cloud: Cloud) -> tuple[Any, str]:
    """An Auto Scaling group of one server."""
    ec2, scaling = (cloud.client(one, account=SHOP) for one in ("ec2", "autoscaling"))
    network = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=network, CidrBlock="10.0.0.0/24")["Subnet"]["SubnetId"]
    image = ec2.describe_images()["Images"][0]["ImageId"]
    scaling.create_launch_configuration(
        LaunchConfigurationName=GROUP, ImageId=image, InstanceType="t3.micro"
    )
    scaling.create_auto_scaling_group(
        AutoScalingGroupName=GROUP,
        LaunchConfigurationName=GROUP,
        MinSize=0,
        MaxSize=3,
        DesiredCapacity=1,
        VPCZoneIdentifier=subnet,
    )
    [group] = scaling.describe_auto_scaling_groups()["AutoScalingGroups"]
    return scaling, group["Instances"][0]["InstanceId"]


def desired(scaling: Any) -> int:
    [group] = scaling.describe_auto_scaling_groups()["AutoScalingGroups"]
    return int(group["DesiredCapacity"])


def test_an_instance_enters_and_leaves_standby_once(cloud: Cloud) -> None:
    scaling, instance = a_group(cloud)
    given = {"InstanceIds": [instance], "AutoScalingGroupName": GROUP}
    enter = {**given, "ShouldDecrementDesiredCapacity": True}
    assert code(scaling.exit_standby, **given) == "ValidationError"
    assert desired(scaling) == 1
    assert code(scaling.enter_standby, **enter) is None
    assert code(scaling.enter_standby, **enter) == "ValidationError"
    assert desired(scaling) == 0
    assert code(scaling.exit_standby, **given) is None
    assert code(scaling.exit_standby, **given) == "ValidationError"
    assert desired(scaling) == 1


def test_an_instance_is_registered_once(cloud: Cloud) -> None:
    elb = cloud.client("elb", account=SHOP)
    listener = {"Protocol": "HTTP", "LoadBalancerPort": 80, "InstancePort": 80}
    elb.create_load_balancer(
        LoadBalancerName=BALANCER, Listeners=[listener], AvailabilityZones=[f"{REGION}a"]
    )
    _, instance = a_group(cloud)
    for _ in range(2):
        elb.register_instances_with_load_balancer(
            LoadBalancerName=BALANCER, Instances=[{"InstanceId": instance}]
        )
    [balancer] = elb.describe_load_balancers()["LoadBalancerDescriptions"]
    assert balancer["Instances"] == [{"InstanceId": instance}]

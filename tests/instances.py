"""The shop's account with a web server, and all that containment of it could touch."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from moto.ec2.models import ec2_backends

from responder.aws.clients import Clients, MemberRole
from tests.builders import REGION, SHOP
from tests.containing import a_small_member_account

PROFILE = "web-tier"
SCALED, TARGETS, CLASSIC = "web", "web-targets", "web-classic"
STRANGER, PARTNER = "777788889999", "222233334444"
ORGANIZATION = "arn:aws:organizations::222233334444:organization/o-exampleorgid"
UNIT = "arn:aws:organizations::222233334444:ou/o-exampleorgid/ou-exampleid1"
_EC2_TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": "ec2.amazonaws.com"},
                "Action": "sts:AssumeRole",
            }
        ],
    }
)


class Wire(Clients):
    """The member's clients. `before_call` sees each call by its name, and may raise."""

    def __init__(self, before_call: Callable[[str], None] | None = None) -> None:
        super().__init__(REGION, MemberRole("breach-responder-contain", "an-external-id"))
        self.before_call = before_call

    def _in_member(self, service: str, account: str, region: str) -> Any:
        is_new = (service, account, region) not in self._member
        client = super()._in_member(service, account, region)
        if is_new:
            client.meta.events.register("before-call", self._called)
        return client

    def _called(self, model: Any, **_: Any) -> None:
        if self.before_call is not None:
            self.before_call(model.name)

    def hearing(self, before_call: Callable[[str], None] | None) -> "Wire":
        """The same clients, with another hook, or none."""
        self.before_call = before_call
        return self


class Fleet:
    """A web server of two interfaces and two volumes, behind load balancers, with its role."""

    def __init__(
        self, monkeypatch: pytest.MonkeyPatch, *, has_ipv6: bool = True, own: Wire | None = None
    ) -> None:
        """In an account that is made for it, or in the one that `own` has clients of already."""
        if own is None:
            a_small_member_account(monkeypatch)
        wire, self.wire = own or Wire(), Wire()
        self.own = wire
        self.wire._sessions = wire._sessions  # opening another takes long
        self.ec2: Any = wire.ec2(SHOP, REGION)
        self.iam: Any = wire.iam(SHOP)
        self.vpc = self.ec2.create_vpc(
            CidrBlock="10.0.0.0/16", AmazonProvidedIpv6CidrBlock=has_ipv6
        )["Vpc"]["VpcId"]
        self.subnet = self.ec2.create_subnet(VpcId=self.vpc, CidrBlock="10.0.1.0/24")["Subnet"][
            "SubnetId"
        ]
        self.web, self.ops = self.group("web"), self.group("ops")
        self.image = self.ec2.register_image(Name="web", VirtualizationType="hvm")["ImageId"]
        self._profile()
        self.instance = self.launch()
        self.primary = self.described()["NetworkInterfaces"][0]["NetworkInterfaceId"]
        # The pretend EC2 shows the groups of an instance on each of its interfaces, whatever these
        # have: it is given none, and its first interface those that it was launched with.
        ec2_backends[SHOP][REGION].get_instance(self.instance).security_groups = []
        self.give(self.primary, self.web, self.ops)
        self.second = self.interface([self.ops])
        self._volume()

    def group(self, name: str) -> str:
        made = self.ec2.create_security_group(GroupName=name, Description=name, VpcId=self.vpc)
        group_id: str = made["GroupId"]
        return group_id

    def launch(self) -> str:
        made = self.ec2.run_instances(
            ImageId=self.image,
            MinCount=1,
            MaxCount=1,
            SubnetId=self.subnet,
            SecurityGroupIds=[self.web, self.ops],
            IamInstanceProfile={"Name": PROFILE},
            BlockDeviceMappings=[
                {"DeviceName": "/dev/sda1", "Ebs": {"VolumeSize": 8, "DeleteOnTermination": True}}
            ],
            MetadataOptions={
                "HttpTokens": "required",
                "HttpPutResponseHopLimit": 2,
                "HttpEndpoint": "enabled",
                "InstanceMetadataTags": "enabled",
            },
        )
        instance_id: str = made["Instances"][0]["InstanceId"]
        return instance_id

    def interface(self, groups: list[str]) -> str:
        """Attach one more interface."""
        made = self.ec2.create_network_interface(SubnetId=self.subnet, Groups=groups)
        interface_id: str = made["NetworkInterface"]["NetworkInterfaceId"]
        self.ec2.attach_network_interface(
            NetworkInterfaceId=interface_id, InstanceId=self.instance, DeviceIndex=1
        )
        return interface_id

    def give(self, interface_id: str, *groups: str) -> None:
        self.ec2.modify_network_interface_attribute(
            NetworkInterfaceId=interface_id, Groups=list(groups)
        )

    def _volume(self) -> None:
        zone = self.described()["Placement"]["AvailabilityZone"]
        self.volume = self.ec2.create_volume(Size=4, AvailabilityZone=zone)["VolumeId"]
        self.ec2.attach_volume(VolumeId=self.volume, InstanceId=self.instance, Device="/dev/sdf")

    def _profile(self) -> None:
        self.iam.create_role(RoleName="web-role", AssumeRolePolicyDocument=_EC2_TRUST)
        self.iam.create_instance_profile(InstanceProfileName=PROFILE)
        self.iam.add_role_to_instance_profile(InstanceProfileName=PROFILE, RoleName="web-role")

    @property
    def arn(self) -> str:
        return f"arn:aws:ec2:{REGION}:{SHOP}:instance/{self.instance}"

    def described(self) -> Any:
        found = self.ec2.describe_instances(InstanceIds=[self.instance])
        return found["Reservations"][0]["Instances"][0]

    def attribute(self, name: str) -> Any:
        found = self.ec2.describe_instance_attribute(InstanceId=self.instance, Attribute=name)
        return found[name[0].upper() + name[1:]]["Value"]

    def set(self, **attribute: Any) -> None:
        self.ec2.modify_instance_attribute(InstanceId=self.instance, **attribute)

    def interfaces(self) -> dict[str, list[str]]:
        """The names of the groups of every interface of the account."""
        found = self.ec2.describe_network_interfaces()["NetworkInterfaces"]
        shown = self.ec2.describe_security_groups()["SecurityGroups"]
        names = {one["GroupId"]: one["GroupName"] for one in shown}
        return {
            one["NetworkInterfaceId"]: sorted(names[group["GroupId"]] for group in one["Groups"])
            for one in found
        }

    def groups(self) -> dict[str, tuple[Any, Any]]:
        """The rules of every group of the VPC, by its name."""
        found = self.ec2.describe_security_groups(
            Filters=[{"Name": "vpc-id", "Values": [self.vpc]}]
        )["SecurityGroups"]
        return {
            one["GroupName"]: (one["IpPermissions"], one["IpPermissionsEgress"]) for one in found
        }

    def acls(self) -> list[tuple[str, list[Any], list[str]]]:
        """The name of every ACL of the account, or else its id; its entries, and its subnets."""
        return sorted(
            (
                next((tag["Value"] for tag in one["Tags"] if tag["Key"] == "Name"), "")
                or one["NetworkAclId"],
                one["Entries"],
                sorted(each["SubnetId"] for each in one["Associations"]),
            )
            for one in self.ec2.describe_network_acls()["NetworkAcls"]
        )

    def acl_of(self, subnet: str) -> str:
        """The id of the ACL that a subnet is on."""
        [found] = self.ec2.describe_network_acls(
            Filters=[{"Name": "association.subnet-id", "Values": [subnet]}]
        )["NetworkAcls"]
        acl_id: str = found["NetworkAclId"]
        return acl_id

    def put_on(self, subnet: str, acl_id: str) -> None:
        """Put a subnet on an ACL."""
        [association] = [
            one["NetworkAclAssociationId"]
            for acl in self.ec2.describe_network_acls()["NetworkAcls"]
            for one in acl["Associations"]
            if one["SubnetId"] == subnet
        ]
        self.ec2.replace_network_acl_association(AssociationId=association, NetworkAclId=acl_id)

    def subnet_beside(self, cidr: str = "10.0.2.0/24") -> str:
        """One more subnet, in which the instance gets an interface. Of the VPC's default ACL."""
        made = self.ec2.create_subnet(VpcId=self.vpc, CidrBlock=cidr)
        subnet: str = made["Subnet"]["SubnetId"]
        interface = self.ec2.create_network_interface(SubnetId=subnet, Groups=[self.ops])
        self.ec2.attach_network_interface(
            NetworkInterfaceId=interface["NetworkInterface"]["NetworkInterfaceId"],
            InstanceId=self.instance,
            DeviceIndex=2,
        )
        return subnet

    def profile(self) -> str | None:
        found = self.ec2.describe_iam_instance_profile_associations(
            Filters=[{"Name": "instance-id", "Values": [self.instance]}]
        )["IamInstanceProfileAssociations"]
        return found[0]["IamInstanceProfile"]["Arn"] if found else None

    def standing(self) -> dict[str, Any]:
        """All that containment of the instance could touch."""
        seen = self.described()
        return {
            "state": seen["State"]["Name"],
            "ending": self.attribute("disableApiTermination"),
            "stopping": self.attribute("disableApiStop"),
            "shutdown": self.attribute("instanceInitiatedShutdownBehavior"),
            "volumes": {
                one["DeviceName"]: one["Ebs"]["DeleteOnTermination"]
                for one in seen["BlockDeviceMappings"]
            },
            "metadata": seen["MetadataOptions"],
            "profile": self.profile(),
            "interfaces": self.interfaces(),
            "groups": self.groups(),
        }


class Shared:
    """A snapshot and an image of the shop, shared with others."""

    def __init__(self, fleet: Fleet) -> None:
        self.ec2 = fleet.ec2
        self.snapshot = self.ec2.create_snapshot(VolumeId=fleet.volume)["SnapshotId"]
        self.image = self.ec2.create_image(InstanceId=fleet.instance, Name="web")["ImageId"]
        self.share_snapshot(PARTNER, SHOP)
        self.share_image({"UserId": PARTNER}, {"UserId": SHOP}, {"OrganizationArn": ORGANIZATION})

    def share_snapshot(self, *accounts: str, groups: tuple[str, ...] = ()) -> None:
        self.ec2.modify_snapshot_attribute(
            SnapshotId=self.snapshot,
            Attribute="createVolumePermission",
            OperationType="add",
            UserIds=list(accounts),
            GroupNames=list(groups),
        )

    def share_image(self, *grants: dict[str, str]) -> None:
        self.ec2.modify_image_attribute(ImageId=self.image, LaunchPermission={"Add": list(grants)})

    def standing(self) -> dict[str, Any]:
        snapshot = self.ec2.describe_snapshot_attribute(
            SnapshotId=self.snapshot, Attribute="createVolumePermission"
        )["CreateVolumePermissions"]
        image = self.ec2.describe_image_attribute(ImageId=self.image, Attribute="launchPermission")[
            "LaunchPermissions"
        ]
        return {
            "snapshot": sorted(str(one) for one in snapshot),
            "image": sorted(str(one) for one in image),
        }


class Service:
    """The same server's place in an Auto Scaling group and behind load balancers."""

    def __init__(self, fleet: Fleet, *, min_size: int = 1, port: int = 8080) -> None:
        self.fleet, self.port = fleet, port
        self.scaling: Any = fleet.own.autoscaling(SHOP, REGION)
        self.elb: Any = fleet.own.elb(SHOP, REGION)
        self.elbv2: Any = fleet.own.elbv2(SHOP, REGION)
        self.scaling.create_auto_scaling_group(
            AutoScalingGroupName=SCALED,
            InstanceId=fleet.instance,
            MinSize=0,
            MaxSize=4,
            DesiredCapacity=0,
            VPCZoneIdentifier=fleet.subnet,
        )
        self.scaling.attach_instances(InstanceIds=[fleet.instance], AutoScalingGroupName=SCALED)
        self.scaling.update_auto_scaling_group(AutoScalingGroupName=SCALED, MinSize=min_size)
        self.target_group = self._target_group(TARGETS, "instance")
        self.by_address = self._target_group("web-addresses", "ip")
        self._target_group("of-others", "instance")
        self.address = fleet.described()["PrivateIpAddress"]
        self.register(self.target_group, fleet.instance, port)
        self.register(self.by_address, self.address, port)
        self.elb.create_load_balancer(
            LoadBalancerName=CLASSIC,
            Listeners=[{"Protocol": "http", "LoadBalancerPort": 80, "InstancePort": port}],
            AvailabilityZones=[f"{REGION}a"],
        )
        self.register_classic()

    def _target_group(self, name: str, kind: str) -> str:
        made = self.elbv2.create_target_group(
            Name=name, Protocol="HTTP", Port=80, VpcId=self.fleet.vpc, TargetType=kind
        )
        arn: str = made["TargetGroups"][0]["TargetGroupArn"]
        return arn

    def register(self, group: str, target: str, port: int) -> None:
        self.elbv2.register_targets(TargetGroupArn=group, Targets=[{"Id": target, "Port": port}])

    def register_classic(self) -> None:
        self.elb.register_instances_with_load_balancer(
            LoadBalancerName=CLASSIC, Instances=[{"InstanceId": self.fleet.instance}]
        )

    def standing(self) -> dict[str, Any]:
        [group] = self.scaling.describe_auto_scaling_groups()["AutoScalingGroups"]
        members = self.scaling.describe_auto_scaling_instances()["AutoScalingInstances"]
        [classic] = self.elb.describe_load_balancers()["LoadBalancerDescriptions"]
        return {
            "sizes": (group["MinSize"], group["DesiredCapacity"], group["MaxSize"]),
            "members": {one["InstanceId"]: one["LifecycleState"] for one in members},
            "classic": [one["InstanceId"] for one in classic["Instances"]],
            "targets": sorted(
                (one["TargetGroupName"], each["Target"]["Id"], each["Target"]["Port"])
                for one in self.elbv2.describe_target_groups()["TargetGroups"]
                for each in self.elbv2.describe_target_health(TargetGroupArn=one["TargetGroupArn"])[
                    "TargetHealthDescriptions"
                ]
                if each["TargetHealth"]["State"] != "draining"
            ),
        }

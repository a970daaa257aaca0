"""The shop's account with a service of tasks on Fargate, and what containment of one touches."""

from typing import Any

from moto.ecs.models import ecs_backends

from responder.aws.clients import Clients
from tests.builders import REGION, SHOP

CLUSTER, SERVICE, PORT = "shop", "checkout", 8080


class Service:
    """Two tasks of a service, each with an interface of its own, behind a target group."""

    def __init__(self, own: Clients) -> None:
        self.own = own
        self.ec2: Any = own.ec2(SHOP, REGION)
        self.ecs: Any = own.ecs(SHOP, REGION)
        self.elbv2: Any = own.elbv2(SHOP, REGION)
        self.vpc = self.ec2.create_vpc(CidrBlock="10.1.0.0/16")["Vpc"]["VpcId"]
        # Without names of hosts the pretend ECS makes no interface.
        self.ec2.modify_vpc_attribute(VpcId=self.vpc, EnableDnsHostnames={"Value": True})
        self.subnet, self.beside = self._subnet("10.1.1.0/24"), self._subnet("10.1.2.0/24")
        self.group = self.ec2.create_security_group(
            GroupName=SERVICE, Description=SERVICE, VpcId=self.vpc
        )["GroupId"]
        self.target_group = self.add_target_group("checkout-addresses")
        self.add_target_group("checkout-of-others")
        self.ecs.create_cluster(clusterName=CLUSTER)
        for mode in ("awsvpc", "bridge"):
            self.ecs.register_task_definition(
                family=f"{SERVICE}-{mode}",
                networkMode=mode,
                containerDefinitions=[
                    {"name": "app", "image": "example.com/checkout:7", "memory": 128, "cpu": 128}
                ],
            )
        self.task, self.twin = self.start(), self.start(self.beside)
        for task in (self.task, self.twin):
            self.register(self.target_group, self.address(task))

    def _subnet(self, cidr: str) -> str:
        made = self.ec2.create_subnet(VpcId=self.vpc, CidrBlock=cidr)
        subnet: str = made["Subnet"]["SubnetId"]
        return subnet

    def add_target_group(self, name: str) -> str:
        made = self.elbv2.create_target_group(
            Name=name, Protocol="HTTP", Port=80, VpcId=self.vpc, TargetType="ip"
        )
        arn: str = made["TargetGroups"][0]["TargetGroupArn"]
        return arn

    def register(self, group: str, address: str, port: int = PORT) -> None:
        self.elbv2.register_targets(TargetGroupArn=group, Targets=[{"Id": address, "Port": port}])

    def start(
        self, subnet: str | None = None, *, mode: str = "awsvpc", group: str = f"service:{SERVICE}"
    ) -> str:
        """Start a task, and give its ARN."""
        network = {"subnets": [subnet or self.subnet], "securityGroups": [self.group]}
        given = {"networkConfiguration": {"awsvpcConfiguration": network}}
        [task] = self.ecs.run_task(
            cluster=CLUSTER,
            taskDefinition=f"{SERVICE}-{mode}",
            launchType="FARGATE",
            group=group,
            startedBy="ecs-svc/1234567890123456789",
            **(given if mode == "awsvpc" else {}),
        )["tasks"]
        arn: str = task["taskArn"]
        return arn

    def tasks(self) -> list[str]:
        """The ARNs of all tasks that ECS ever showed and did not forget."""
        return sorted(ecs_backends[SHOP][REGION].tasks[CLUSTER])

    def described_all(self, tasks: list[str]) -> Any:
        return self.ecs.describe_tasks(cluster=CLUSTER, tasks=tasks)

    def described(self, task: str) -> Any:
        [found] = self.described_all([task])["tasks"]
        return found

    def detail(self, task: str, name: str) -> str:
        [attachment] = self.described(task)["attachments"]
        [value] = [one["value"] for one in attachment["details"] if one["name"] == name]
        return str(value)

    def address(self, task: str) -> str:
        return self.detail(task, "privateIPv4Address")

    def stop(self, task: str) -> None:
        self.ecs.stop_task(cluster=CLUSTER, task=task)

    def forget(self, task: str) -> None:
        """Let ECS not show a task any more, as of one that stopped an hour ago."""
        del ecs_backends[SHOP][REGION].tasks[CLUSTER][task]

    def protect(self, task: str, minutes: int | None) -> None:
        given = {} if minutes is None else {"expiresInMinutes": minutes}
        answer = self.ecs.update_task_protection(
            cluster=CLUSTER, tasks=[task], protectionEnabled=minutes is not None, **given
        )
        assert answer["failures"] == []

    def protection(self, task: str) -> Any:
        return self.ecs.get_task_protection(cluster=CLUSTER, tasks=[task])

    def put_on(self, subnet: str, acl_id: str) -> None:
        """Put a subnet on an ACL."""
        [association] = [
            one["NetworkAclAssociationId"]
            for acl in self.ec2.describe_network_acls()["NetworkAcls"]
            for one in acl["Associations"]
            if one["SubnetId"] == subnet
        ]
        self.ec2.replace_network_acl_association(AssociationId=association, NetworkAclId=acl_id)

    def acl_of(self, subnet: str) -> str:
        [found] = self.ec2.describe_network_acls(
            Filters=[{"Name": "association.subnet-id", "Values": [subnet]}]
        )["NetworkAcls"]
        acl_id: str = found["NetworkAclId"]
        return acl_id

    def registered(self, task: str) -> int:
        """How often a load balancer has its address."""
        address = self.address(task)
        return sum(
            each["Target"]["Id"] == address and each["TargetHealth"]["State"] != "draining"
            for group in self.elbv2.describe_target_groups()["TargetGroups"]
            for each in self.elbv2.describe_target_health(TargetGroupArn=group["TargetGroupArn"])[
                "TargetHealthDescriptions"
            ]
        )

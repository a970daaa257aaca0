"""What the shop's account runs, in the local engine, and the shipped actions about it.

There are no packets and no disks here: where nothing can be refused, what is looked at is what the
service itself goes by, a rule, a state or a list, and the row says which.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest
from moto.rds.models import rds_backends

from localcloud.cloud import Cloud
from responder.actions import BY_ID
from responder.aws.clients import Clients, MemberRole
from responder.domain.finding import Resource
from responder.domain.order import Receipt, Target
from tests.builders import REGION, SHOP
from tests.instances import CLASSIC, SCALED, Fleet, Service, Shared, Wire
from tests.shown import LEFT_OUT, text
from tests.tasks import Service as Tasks
from tests.unit.actions import test_rds_quarantine_instance as databases
from tests.unit.localcloud.clouds import Written
from tests.workflow.ladder_account import Account, cloud, policy
from tests.workflow.ladder_table import SAME, Row, show

# A finding about each kind of thing. Of a key there is none.
SAYS = {
    "EBSSnapshot": "Execution:EC2/MaliciousFile!Snapshot",
    "EC2Image": "Execution:EC2/MaliciousFile!AMI",
    "ECSCluster": "CryptoCurrency:Runtime/BitcoinTool.B",
    "ECSTask": "CryptoCurrency:Runtime/BitcoinTool.B",
    "Instance": "CryptoCurrency:EC2/BitcoinTool.B!DNS",
    "Lambda": "UnauthorizedAccess:Lambda/TorClient",
    "RDSDBInstance": "Discovery:RDS/TorIPCaller",
    "S3Bucket": "Policy:S3/BucketAnonymousAccessGranted",
}
FUNCTIONS = """
Queue: {Type: AWS::SQS::Queue, Properties: {VisibilityTimeout: 180}}
Orders:
  Type: AWS::Serverless::Function
  Properties:
    CodeUri: functions/orders
    Events:
      Messages: {Type: SQS, Properties: {Queue: !GetAtt Queue.Arn}}
Mails:
  Type: AWS::Serverless::Function
  Properties: {CodeUri: functions/orders}
"""
type Shown = Callable[[], Any]


class Owner(Wire):
    """Clients of whoever owns the shop's account."""

    def __init__(self, cloud: Cloud) -> None:
        super().__init__()
        self._cloud = cloud

    def _in_member(self, service: str, account: str, region: str) -> Any:
        return self._cloud.client(service, account=account, region=region)


class Cutting(Clients):
    """The responder's clients, each with a session of the member role that it really has."""

    def __init__(self, cloud: Cloud, role_arn: str) -> None:
        super().__init__(REGION, MemberRole(role_arn.rpartition("/")[2], "an-external-id-of-16"))
        self._cloud, self._role_arn = cloud, role_arn

    def _in_member(self, service: str, account: str, region: str) -> Any:
        assert (account, region) == (SHOP, REGION)
        at = (service, account, region)
        if at not in self._member:
            self._member[at] = self._cloud.role(
                service, role_arn=self._role_arn, session_name="breach-responder"
            )
        return self._member[at]


class Things(Account):
    """The same account, with a web server and its twin, tasks, buckets, functions and databases."""

    def __init__(self, cloud: Cloud, folder: Path) -> None:
        super().__init__(cloud)
        self.own = Owner(cloud)
        self.clients = Cutting(cloud, self.role_that_cuts)
        self.written = Written(cloud, folder)
        self._stacks: dict[str, dict[str, str]] = {}

    # ---- What there is, made when a row first asks for it

    @cached_property
    def fleet(self) -> Fleet:
        """A web server, which everybody may reach."""
        with pytest.MonkeyPatch.context() as patch:
            fleet = Fleet(patch, own=self.own, has_ipv6=False)
        fleet.ec2.authorize_security_group_ingress(
            GroupId=fleet.web,
            IpPermissions=[
                {
                    "IpProtocol": "tcp",
                    "FromPort": 443,
                    "ToPort": 443,
                    "IpRanges": [{"CidrIp": "0.0.0.0/0"}],
                }
            ],
        )
        return fleet

    @cached_property
    def twin(self) -> str:
        """Another web server of the same kind, in the same subnet."""
        return self.fleet.launch()

    @cached_property
    def service(self) -> Service:
        """What both of them serve, in a group that may not get smaller."""
        service = Service(self.fleet)
        service.register(service.target_group, self.twin, service.port)
        service.scaling.attach_instances(InstanceIds=[self.twin], AutoScalingGroupName=SCALED)
        service.scaling.update_auto_scaling_group(AutoScalingGroupName=SCALED, MinSize=2)
        service.elb.register_instances_with_load_balancer(
            LoadBalancerName=CLASSIC, Instances=[{"InstanceId": self.twin}]
        )
        return service

    @cached_property
    def shared(self) -> Shared:
        """A snapshot and an image, shared with others."""
        return Shared(self.fleet)

    @cached_property
    def tasks(self) -> Tasks:
        """A service of two tasks on Fargate, each in a subnet of its own."""
        return Tasks(self.own)

    @cached_property
    def databases(self) -> databases.Account:
        """Two databases, one of which is called `databases.NAME`, and a cluster with a third."""
        account = databases.Account(self.own)  # type: ignore[arg-type]  # it takes any clients
        account.make(DBInstanceIdentifier="shop-reports")
        databases.Cluster(account)
        for name, one in rds_backends[SHOP][REGION].databases.items():
            one.dbi_resource_id = f"db-{name.upper()}"  # the pretend RDS has one id for all
        return account

    def bucket(self, name: str, *, account: str = SHOP, versions: bool = False) -> Any:
        """A bucket with an object in it; S3 of its owner."""
        s3 = self.cloud.client("s3", account=account)
        s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
        if versions:
            s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
        s3.put_object(Bucket=name, Key="orders/1.csv", Body=b"order 1")
        return s3

    def functions(self, stack_name: str = "shop") -> dict[str, str]:
        """Two functions of a stack, and a queue that invokes the first."""
        if stack_name not in self._stacks:
            code = "def handler(event, context): return event"
            self.written.function("orders", code)
            stack = self.written.deploy(FUNCTIONS, stack_name=stack_name, account=SHOP)
            self._stacks[stack_name] = stack.resources
        return self._stacks[stack_name]

    def stranger(self, account: str, service: str, *rights: str) -> Any:
        """A client of a role of another account, with these rights; and its ARN."""
        iam = self.cloud.client("iam", account=account)
        trusts = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": account}}
        made = iam.create_role(RoleName=service, AssumeRolePolicyDocument=policy(trusts))["Role"]
        may = {"Effect": "Allow", "Action": list(rights), "Resource": "*"}
        iam.put_role_policy(RoleName=service, PolicyName="work", PolicyDocument=policy(may))
        return self.cloud.role(service, role_arn=made["Arn"], session_name="work"), made["Arn"]

    def thief(self, name: str, service: str, *rights: str) -> Any:
        """A client with the stolen key of a user, who has these rights."""
        _, keys = self.user(name)
        may = {"Effect": "Allow", "Action": list(rights), "Resource": "*"}
        self.iam.put_user_policy(UserName=name, PolicyName="more", PolicyDocument=policy(may))
        return self.client(service, keys)

    def add(self, case: Callable[..., Any], row: Row) -> None:
        """One more row of the table."""
        self.rows.append(replace(row, case=case.__name__.replace("_", " ")))

    # ---- What is done about it

    def target(self, kind: str, arn: str, action_id: str) -> Target:
        """What a finding proposes about it; a rung that no finding asks for first, by hand."""
        thing = Resource(kind=kind, id=arn, account=SHOP, region=REGION)
        proposals = self.found(thing).proposals if kind in SAYS else ()
        proposed = next((one for one in proposals if one.action_id == action_id), None)
        return proposed or Target(action_id=action_id, resource=arn, thing=thing)

    def found(self, *things: Resource, protect: Iterable[str] = (), **given: Any) -> Any:
        """What a finding about these things, and about nobody, leads to."""
        type_ = SAYS[things[0].kind]
        return self.decided(protect=tuple(protect), resources=things, type=type_, **given)

    def cut_again(self, receipts: Iterable[Receipt]) -> None:
        """See that it is not cut any more, and cut it."""
        for receipt in receipts:
            action = BY_ID[receipt.order.action_id]
            assert not action.verify(receipt, self.clients), action.ID
            action.apply(receipt, self.clients)
            assert action.verify(receipt, self.clients), action.ID

    def row(
        self,
        target: Target,
        shown: Shown,
        ask: Callable[[], str],
        *,
        was: str,
        then: str,
        works: Callable[[], str],
        goes_on: str,
        how: str = "",
        undoes: Callable[[], object] | None = None,
    ) -> Row:
        """Cut and undo it, asking before, meanwhile and afterwards.

        `ask` is answered `was` before and after, and `then` meanwhile; `works` always `goes_on`.
        `how` says what was looked at where nothing here can be refused. `undoes` is what an
        attacker does against the cut, which is then seen, and cut again.
        """
        left_out = LEFT_OUT.get(target.action_id, {})
        assert (ask(), works()) == (was, goes_on)
        before = text(shown(), left_out)
        receipts = self.cut([target])
        assert (ask(), works()) == (then, goes_on)
        assert text(shown(), left_out) != before
        if undoes is not None:
            undoes()
            assert ask() != then
            self.cut_again(receipts)
            assert ask() == then
            how = f"{how}; opened again, and cut again"
        self.undo(receipts)
        assert text(shown(), left_out) == before
        assert (ask(), works()) == (was, goes_on)
        by = "" if hasattr(target, "mode") else " (asked for by hand)"
        but = f", but {', '.join(sorted(left_out))}" if left_out else ""
        seen = f"{was}, then {then}{f' ({how})' if how else ''}"
        return Row("", f"{target.action_id}{by}", seen, goes_on, f"{SAME}{but}")


@pytest.fixture(scope="module")
def things(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Things]:
    """A stage for all rows of a module, which prints them."""
    with cloud() as running:
        stage = Things(running, tmp_path_factory.mktemp("shop"))
        yield stage
    show(stage.rows, seen="What is refused or gone")

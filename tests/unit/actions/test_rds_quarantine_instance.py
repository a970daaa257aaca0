"""A database is cut off the network after a snapshot, and comes back with its own groups."""

import json
from typing import Any

import pytest

from responder.actions import rds_quarantine_instance as action
from responder.domain.errors import Broken, Refused, Unavailable
from responder.domain.order import Order, Receipt, ReceiptStatus
from tests.builders import REGION, SHOP
from tests.containing import a_small_member_account
from tests.things import Reach, an_order_about, holds_through_every_death, observed
from tests.vaults import DiedHereError, Life

NAME = "shop-orders"
ARN = f"arn:aws:rds:{REGION}:{SHOP}:db:{NAME}"


@pytest.fixture
def clients(aws: None, monkeypatch: pytest.MonkeyPatch) -> Reach:
    a_small_member_account(monkeypatch)
    return Reach()


class Account:
    """The shop's databases and their groups."""

    def __init__(self, clients: Reach) -> None:
        self.rds: Any = clients.rds(SHOP, REGION)
        self.ec2: Any = clients.ec2(SHOP, REGION)
        self.vpc: str = self.ec2.create_vpc(CidrBlock="10.1.0.0/16")["Vpc"]["VpcId"]
        subnets = [
            self.ec2.create_subnet(
                VpcId=self.vpc,
                CidrBlock=f"10.1.{n}.0/24",
                AvailabilityZone=f"{REGION}{'ab'[n]}",
            )["Subnet"]["SubnetId"]
            for n in range(2)
        ]
        self.rds.create_db_subnet_group(
            DBSubnetGroupName="shop", DBSubnetGroupDescription="shop", SubnetIds=subnets
        )
        self.groups = sorted(self.group(name) for name in ("web", "reports"))
        self.make()
        self.name = NAME

    def make(self, **given: Any) -> None:
        plain: dict[str, Any] = {
            "DBInstanceIdentifier": NAME,
            "DBInstanceClass": "db.t4g.micro",
            "Engine": "postgres",
            "AllocatedStorage": 20,
            "MasterUsername": "shop",
            "MasterUserPassword": "not-a-secret",
            "DBSubnetGroupName": "shop",
            "VpcSecurityGroupIds": self.groups,
            "DeletionProtection": False,
        }
        self.rds.create_db_instance(**(plain | given))
        # The pretend RDS makes a nightly snapshot at once, under a name that tells the minute.
        for one in self.rds.describe_db_snapshots(SnapshotType="automated")["DBSnapshots"]:
            self.rds.delete_db_snapshot(DBSnapshotIdentifier=one["DBSnapshotIdentifier"])

    def group(self, name: str) -> str:
        made: str = self.ec2.create_security_group(
            GroupName=name, Description=name, VpcId=self.vpc
        )["GroupId"]
        return made

    def closed(self) -> Any:
        """The one group of ours."""
        [found] = self.ec2.describe_security_groups(
            Filters=[{"Name": "group-name", "Values": [f"breach-responder-closed-{self.vpc}"]}]
        )["SecurityGroups"]
        return found

    def snapshots(self) -> list[str]:
        found = self.rds.describe_db_snapshots()["DBSnapshots"]
        return [one["DBSnapshotIdentifier"] for one in found]

    def standing(self) -> tuple[list[str], bool]:
        [found] = self.rds.describe_db_instances(DBInstanceIdentifier=self.name)["DBInstances"]
        groups = sorted(one["VpcSecurityGroupId"] for one in found["VpcSecurityGroups"])
        return groups, found["DeletionProtection"]


@pytest.fixture
def account(clients: Reach) -> Account:
    return Account(clients)


@pytest.fixture
def order(account: Account) -> Order:
    return an_order_about(action, ARN)


@pytest.mark.parametrize("is_protected", [False, True])
def test_it_is_cut_off_and_comes_back_as_it_was_whenever_we_die(
    account: Account, clients: Reach, order: Order, is_protected: bool
) -> None:
    account.rds.modify_db_instance(DBInstanceIdentifier=NAME, DeletionProtection=is_protected)
    holds_through_every_death(action, order, clients, account.standing)
    assert account.snapshots() == [f"breach-responder-{order.order_id}"]


@pytest.mark.parametrize("ends_at", range(7))
def test_the_first_cut_of_an_account_may_end_anywhere_and_is_made_once(
    account: Account, clients: Reach, order: Order, ends_at: int
) -> None:
    """With no closed group and no snapshot yet, which later cuts find."""

    receipt = observed(action, order, clients)
    with pytest.raises(DiedHereError):
        action.apply(receipt, clients.living(Life(ends_at)))
    action.apply(receipt, clients)
    closed = account.closed()
    assert account.standing() == ([closed["GroupId"]], True)
    assert (closed["IpPermissions"], closed["IpPermissionsEgress"]) == ([], [])
    assert account.snapshots() == [f"breach-responder-{order.order_id}"]


def test_twice_is_the_same_as_once(account: Account, clients: Reach, order: Order) -> None:
    receipt = observed(action, order, clients)
    assert not action.verify(receipt, clients)
    action.apply(receipt, clients)
    once = account.standing()
    action.apply(receipt, clients)
    assert account.standing() == once == ([account.closed()["GroupId"]], True)
    assert len(account.snapshots()) == 1
    assert action.verify(receipt, clients)


@pytest.mark.parametrize("undo", ["groups", "protection", "snapshot", "opened", "let out"])
def test_what_an_attacker_undoes_is_seen_and_put_back(
    account: Account, clients: Reach, order: Order, undo: str
) -> None:
    receipt = observed(action, order, clients)
    untouched = account.standing()
    action.apply(receipt, clients)
    rule = {"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
    if undo == "groups":
        account.rds.modify_db_instance(
            DBInstanceIdentifier=NAME, VpcSecurityGroupIds=account.groups
        )
    elif undo == "protection":
        account.rds.modify_db_instance(DBInstanceIdentifier=NAME, DeletionProtection=False)
    elif undo == "snapshot":
        [snapshot] = account.snapshots()
        account.rds.delete_db_snapshot(DBSnapshotIdentifier=snapshot)
    elif undo == "opened":
        account.ec2.authorize_security_group_ingress(
            GroupId=account.closed()["GroupId"], IpPermissions=[rule]
        )
    else:
        account.ec2.authorize_security_group_egress(
            GroupId=account.closed()["GroupId"], IpPermissions=[rule]
        )
    assert not action.verify(receipt, clients)
    action.apply(receipt, clients)
    assert action.verify(receipt, clients)
    closed = account.closed()
    assert (closed["IpPermissions"], closed["IpPermissionsEgress"]) == ([], [])
    assert action.release(receipt, clients)
    assert account.standing() == untouched
    assert account.snapshots() == [f"breach-responder-{order.order_id}"]


def test_a_closed_group_without_our_tag_is_not_used(
    account: Account, clients: Reach, order: Order
) -> None:
    account.group(f"breach-responder-closed-{account.vpc}")
    untouched = account.standing()
    with pytest.raises(Refused, match="has not our tag"):
        action.apply(observed(action, order, clients), clients)
    assert account.standing() == untouched


def test_groups_that_a_person_gave_it_since_stay_and_the_protection_goes(
    account: Account, clients: Reach, order: Order
) -> None:
    receipt = observed(action, order, clients)
    action.apply(receipt, clients)
    theirs = account.group("theirs")
    account.rds.modify_db_instance(DBInstanceIdentifier=NAME, VpcSecurityGroupIds=[theirs])
    assert action.release(receipt, clients)
    assert account.standing() == ([theirs], False)


def test_a_database_that_is_cut_off_already_stays_so(
    account: Account, clients: Reach, order: Order
) -> None:
    first = observed(action, order, clients)
    action.apply(first, clients)
    second = observed(action, order, clients)
    assert second.before is not None
    assert second.before.state["in_force"]
    cut = account.standing()
    assert not action.release(second, clients)
    assert account.standing() == cut


def test_a_database_that_was_renamed_since_is_followed(
    account: Account, clients: Reach, order: Order
) -> None:
    receipt = observed(action, order, clients)
    untouched = account.standing()
    account.rds.modify_db_instance(DBInstanceIdentifier=NAME, NewDBInstanceIdentifier="hidden")
    account.make()  # another under the old name
    account.name = "hidden"
    action.apply(receipt, clients)
    assert account.standing() == ([account.closed()["GroupId"]], True)
    assert action.verify(receipt, clients)
    assert action.release(receipt, clients)
    assert account.standing() == untouched
    account.name = NAME
    assert account.standing() == untouched


def test_a_database_that_is_gone_is_refused(account: Account, clients: Reach, order: Order) -> None:
    receipt = observed(action, order, clients)
    account.rds.delete_db_instance(DBInstanceIdentifier=NAME, SkipFinalSnapshot=True)
    with pytest.raises(Refused, match="does not exist any more"):
        action.observe(order, clients)
    for step in (action.apply, action.release):
        with pytest.raises(Refused, match="does not exist any more"):
            step(receipt, clients)
    assert not action.verify(receipt, clients)


class Cluster:
    """An Aurora cluster with one instance, `member`."""

    def __init__(self, account: Account) -> None:
        self.rds, self.account, self.name = account.rds, account, "orders"
        self.make()
        account.make(
            DBInstanceIdentifier="member",
            DBClusterIdentifier="orders",
            Engine="aurora-postgresql",
        )

    def make(self) -> None:
        self.rds.create_db_cluster(
            DBClusterIdentifier="orders",
            Engine="aurora-postgresql",
            MasterUsername="shop",
            MasterUserPassword="not-a-secret",
            DBSubnetGroupName="shop",
            VpcSecurityGroupIds=self.account.groups,
        )

    def snapshots(self) -> list[str]:
        found = self.rds.describe_db_cluster_snapshots(SnapshotType="manual")["DBClusterSnapshots"]
        return [one["DBClusterSnapshotIdentifier"] for one in found]

    def standing(self) -> tuple[list[str], bool]:
        [found] = self.rds.describe_db_clusters(DBClusterIdentifier=self.name)["DBClusters"]
        groups = sorted(one["VpcSecurityGroupId"] for one in found["VpcSecurityGroups"])
        return groups, found["DeletionProtection"]


@pytest.fixture
def cluster(account: Account) -> Cluster:
    return Cluster(account)


@pytest.fixture
def member(cluster: Cluster) -> Order:
    return an_order_about(action, f"arn:aws:rds:{REGION}:{SHOP}:db:member")


def test_the_cluster_of_an_instance_is_cut_off_and_comes_back_whenever_we_die(
    account: Account, cluster: Cluster, clients: Reach, member: Order
) -> None:
    alone = account.standing()
    holds_through_every_death(action, member, clients, cluster.standing)
    assert cluster.snapshots() == [f"breach-responder-{member.order_id}"]
    assert account.standing() == alone


def test_a_cluster_is_named_by_its_own_arn_and_read_again(
    account: Account, cluster: Cluster, clients: Reach, member: Order
) -> None:
    receipt = observed(action, member, clients)
    assert receipt.before is not None
    assert receipt.before.state["arn"] == f"arn:aws:rds:{REGION}:{SHOP}:cluster:orders"
    assert not action.verify(receipt, clients)
    for _ in range(2):
        action.apply(receipt, clients)
        assert cluster.standing() == ([account.closed()["GroupId"]], True)
        assert action.verify(receipt, clients)
    account.rds.modify_db_cluster(DBClusterIdentifier="orders", DeletionProtection=False)
    assert not action.verify(receipt, clients)


def test_a_cluster_that_was_renamed_since_is_followed_and_one_that_is_gone_is_refused(
    account: Account, cluster: Cluster, clients: Reach, member: Order
) -> None:
    receipt = observed(action, member, clients)
    account.rds.modify_db_cluster(DBClusterIdentifier="orders", NewDBClusterIdentifier="hidden")
    cluster.name = "hidden"
    action.apply(receipt, clients)
    assert cluster.standing() == ([account.closed()["GroupId"]], True)
    action.release(receipt, clients)
    assert cluster.standing() == (account.groups, False)
    elsewhere = {"resource_id": "cluster-GONE"}
    assert receipt.before is not None
    before = receipt.before.model_copy(update={"state": receipt.before.state | elsewhere})
    receipt = receipt.model_copy(update={"before": before})
    with pytest.raises(Refused, match="does not exist any more"):
        action.apply(receipt, clients)
    assert not action.verify(receipt, clients)


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("SnapshotQuotaExceeded", Refused),
        ("DBClusterSnapshotAlreadyExistsFault", Refused),
        ("InvalidDBClusterStateFault", Unavailable),
    ],
)
def test_the_cut_of_a_cluster_does_not_wait_for_a_snapshot_either(
    account: Account,
    cluster: Cluster,
    clients: Reach,
    member: Order,
    code: str,
    kind: type[Exception],
) -> None:
    receipt = observed(action, member, clients)
    with pytest.raises(kind, match="without a snapshot"):
        action.apply(receipt, clients.answering(code, "create_db_cluster_snapshot"))
    assert cluster.standing() == ([account.closed()["GroupId"]], True)


def test_a_custom_instance_is_refused_with_what_to_do(account: Account, order: Order) -> None:
    custom = Reach(lambda service, client: Custom(client) if service == "rds" else client)
    with pytest.raises(Refused, match="the EC2 instance that it runs on"):
        action.observe(order, custom)


class Custom:
    """RDS Custom, which the pretend RDS does not make."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    def describe_db_instances(self, **given: Any) -> Any:
        answer = self._client.describe_db_instances(**given)
        answer["DBInstances"][0]["Engine"] = "custom-oracle-ee"
        return answer


@pytest.mark.parametrize(
    ("code", "kind", "says"),
    [
        ("SnapshotQuotaExceeded", Refused, "as many as it may"),
        ("DBSnapshotAlreadyExists", Refused, "snapshot of another database"),
        ("InvalidDBInstanceState", Unavailable, "in the middle of another change"),
    ],
)
def test_the_cut_does_not_wait_for_a_snapshot_that_cannot_be_had(
    account: Account,
    clients: Reach,
    order: Order,
    code: str,
    kind: type[Exception],
    says: str,
) -> None:
    receipt = observed(action, order, clients)
    with pytest.raises(kind, match=says):
        action.apply(receipt, clients.answering(code, "create_db_snapshot"))
    assert account.standing() == ([account.closed()["GroupId"]], True)
    assert not action.verify(receipt, clients)


def test_a_group_that_is_gone_since_leaves_the_database_cut_off(
    account: Account, clients: Reach, order: Order
) -> None:
    receipt = observed(action, order, clients)
    action.apply(receipt, clients)
    cut = account.standing()
    with pytest.raises(Refused, match=account.groups[0]):
        action.release(receipt, clients.answering("InvalidParameterValue", "modify_db_instance"))
    assert account.standing() == cut


class Slow:
    """RDS, which takes its time to put a group on. The pretend one is done at once."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    def describe_db_instances(self, **given: Any) -> Any:
        answer = self._client.describe_db_instances(**given)
        for database in answer["DBInstances"]:
            for one in database["VpcSecurityGroups"]:
                one["Status"] = "adding"
            database["VpcSecurityGroups"].append(
                {"VpcSecurityGroupId": "sg-0123456789abcdef0", "Status": "removing"}
            )
        return answer


def test_a_swap_that_is_under_way_is_neither_undone_nor_done(
    account: Account, clients: Reach, order: Order
) -> None:
    receipt = observed(action, order, clients)
    action.apply(receipt, clients)
    slow = Reach(lambda service, client: Slow(client) if service == "rds" else client)
    with pytest.raises(Unavailable, match="still putting the closed group on"):
        action.verify(receipt, slow)
    assert action.verify(receipt, clients)


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("DBInstanceNotFound", Refused),
        ("AccessDenied", Broken),
        ("InvalidDBInstanceState", Unavailable),
        ("Throttling", Unavailable),
        ("InternalFailure", Unavailable),
    ],
)
def test_each_answer_of_aws_is_one_of_three_errors(
    account: Account, clients: Reach, order: Order, code: str, kind: type[Exception]
) -> None:
    receipt = observed(action, order, clients)
    with pytest.raises(kind):
        action.observe(order, clients.answering(code, "describe_db_instances"))
    with pytest.raises(kind):
        action.apply(receipt, clients.answering(code, "modify_db_instance"))
    action.apply(receipt, clients)
    with pytest.raises(kind):
        action.release(receipt, clients.answering(code, "modify_db_instance"))
    with pytest.raises(kind):
        action.verify(receipt, clients.answering(code, "describe_db_instances"))


@pytest.mark.parametrize(
    "resource",
    [
        f"arn:aws:rds:{REGION}:999988887777:db:{NAME}",
        f"arn:aws:rds:{REGION}:{SHOP}:cluster:{NAME}",
        f"arn:aws:rds:{REGION}:{SHOP}:db:a b",
    ],
)
def test_what_can_be_no_database_of_the_account_is_never_asked_about(
    clients: Reach, resource: str
) -> None:
    with pytest.raises(Broken, match="names no database"):
        action.observe(an_order_about(action, resource), clients)


def test_what_stood_before_can_be_filed(account: Account, clients: Reach, order: Order) -> None:
    state = action.observe(order, clients).state
    resource_id = state.pop("resource_id")
    assert resource_id.startswith("db-")
    assert json.loads(json.dumps(state)) == {
        "arn": ARN,
        "vpc_id": account.vpc,
        "security_groups": account.groups,
        "deletion_protection": False,
        "in_force": False,
    }


def test_nothing_that_was_never_carried_out_is_released(
    account: Account, clients: Reach, order: Order
) -> None:
    untouched = account.standing()
    with pytest.raises(Refused, match="never carried out"):
        action.release(Receipt(order=order, status=ReceiptStatus.LEFT), clients)
    assert account.standing() == untouched

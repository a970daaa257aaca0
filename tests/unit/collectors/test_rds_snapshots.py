"""A database is copied once, waited for, and kept with how it was set up."""

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from moto.rds.models import rds_backends

from localcloud.fakes import database_snapshots as fake
from responder.collectors import rds_snapshots
from responder.collectors.collector import Collected, Later
from responder.domain.collecting import Options
from responder.domain.errors import Unavailable
from responder.domain.finding import Resource
from tests.builders import INCIDENT_ID, REGION, SHOP
from tests.collecting import document_of
from tests.copying import DiedError, Operator, Shop, a_shop
from tests.unit.actions.test_rds_quarantine_instance import NAME, Account, Cluster

MADE = Options(snapshot_monthly_limit=100)
SNAPSHOT = f"breach-responder-{INCIDENT_ID}-0001-{NAME}"
OF_CLUSTER = f"breach-responder-{INCIDENT_ID}-0001-orders"
READS = {
    "DescribeDBInstances": "instance",
    "DescribeDBLogFiles": "list of log files",
    "DescribeDBParameters": "parameters of default.postgres",
    "DescribeDBSnapshots": "snapshot",
}
READS_OF_CLUSTER = {
    "DescribeDBClusterParameters": "parameters of cluster group",
    "DescribeDBClusterSnapshots": "snapshot",
    "DescribeDBClusters": "cluster",
}


def database(name: str, **given: Any) -> Resource:
    arn = f"arn:aws:rds:{REGION}:{SHOP}:db:{name}"
    plain = {"kind": "RDSDBInstance", "id": arn, "name": name, "account": SHOP, "region": REGION}
    return Resource(**(plain | given))


@pytest.fixture
def shop(monkeypatch: pytest.MonkeyPatch) -> Iterator[Shop]:
    with a_shop(monkeypatch) as shop:
        shop.named = (database(NAME),)
        yield shop


@pytest.fixture
def account(shop: Shop) -> Account:
    return Account(Operator(shop.world))  # type: ignore[arg-type]


@pytest.fixture
def cluster(shop: Shop, account: Account) -> Cluster:
    shop.named = (database("member"),)
    return Cluster(account)


def kept(shop: Shop, options: Options = MADE, **given: Any) -> Collected:
    [item] = shop.collected(rds_snapshots, options=options, **given).values()
    return item


def started(shop: Shop) -> Later:
    [later] = list(rds_snapshots.collect(shop.scene(options=MADE)))
    assert isinstance(later, Later)
    shop.world.clock.advance(timedelta(minutes=6))
    return later


def ended(shop: Shop, later: Later) -> Collected:
    [item] = list(rds_snapshots.collect(shop.scene(options=MADE, bookmark=later.bookmark)))
    assert isinstance(item, Collected)
    return item


def test_a_database_is_copied_waited_for_and_kept_as_it_was_set_up(
    shop: Shop, account: Account
) -> None:
    began_at = shop.world.clock.now()
    item = kept(shop)
    assert [gap for gap in item.gaps if "snapshot" in gap and "before" not in gap] == []
    assert any("logs exported to CloudWatch: none" in gap for gap in item.gaps)
    assert account.snapshots() == [SNAPSHOT]
    assert shop.world.clock.now() - began_at == timedelta(minutes=6)
    found = document_of(item)
    [snapshot] = found["reads"]["snapshot"]["value"]
    assert snapshot["Status"] == "available"
    tags = {tag["Key"]: tag["Value"] for tag in snapshot["TagList"]}
    assert tags["breach-responder"] == "evidence"
    assert tags["breach-responder-incident"] == INCIDENT_ID
    assert found["made"]["estimate"]["usd_per_month_at_most"] == "1.90"  # of 20 GiB
    for read in READS.values():
        assert any(one.startswith(read) for one in found["reads"])
    [instance] = found["reads"]["instance"]["value"]
    assert instance["DBInstanceIdentifier"] == NAME


def test_of_an_instance_of_a_cluster_the_cluster_is_copied(
    shop: Shop, account: Account, cluster: Cluster
) -> None:
    item = kept(shop)
    assert cluster.snapshots() == [OF_CLUSTER]
    assert account.snapshots() == []
    assert any("does not say how much the cluster holds" in gap for gap in item.gaps)
    found = document_of(item)
    assert found["made"]["estimate"] is None
    assert [one["DBClusterIdentifier"] for one in found["reads"]["cluster"]["value"]] == ["orders"]


def test_two_instances_of_a_cluster_are_one_snapshot(
    shop: Shop, account: Account, cluster: Cluster
) -> None:
    account.make(
        DBInstanceIdentifier="reader", DBClusterIdentifier="orders", Engine="aurora-postgresql"
    )
    shop.named = (database("member"), database("reader"))
    items = shop.collected(rds_snapshots, options=MADE)
    assert len(items) == 2
    assert {document_of(one)["made"]["snapshot"] for one in items.values()} == {OF_CLUSTER}
    assert cluster.snapshots() == [OF_CLUSTER]


def test_it_is_made_once_whenever_a_run_dies(shop: Shop, account: Account) -> None:
    list(rds_snapshots.collect(shop.scene(options=MADE)))
    deaths = 0
    for at in range(len(shop.calls)):
        shop.calls.clear()
        shop.dies_at = at
        try:
            list(rds_snapshots.collect(shop.scene(options=MADE, generation=2)))
        except DiedError:
            deaths += 1
    shop.dies_at = None
    assert deaths > 2  # also after it was asked for
    kept(shop, generation=2)
    assert sorted(account.snapshots()) == [SNAPSHOT, SNAPSHOT.replace("-0001-", "-0002-")]


@pytest.mark.parametrize("limit", [0, 1])
def test_above_the_limit_a_person_is_told_how_to_make_it(
    shop: Shop, account: Account, limit: int
) -> None:
    gap = kept(shop, Options(snapshot_monthly_limit=limit)).gaps[0]
    assert "SnapshotMonthlyLimit" in gap
    command = re.search(r"aws rds create-db-snapshot .*", gap)
    assert command is not None
    assert f"--db-instance-identifier {NAME} --db-snapshot-identifier {SNAPSHOT}" in command[0]
    assert account.snapshots() == []


def test_without_a_limit_no_cluster_of_unknown_size_is_copied(shop: Shop, cluster: Cluster) -> None:
    gap = kept(shop, Options(snapshot_monthly_limit=0)).gaps[0]
    assert "aws rds create-db-cluster-snapshot" in gap
    assert cluster.snapshots() == []


def test_a_name_that_another_database_has_taken_is_said(shop: Shop, account: Account) -> None:
    account.make(DBInstanceIdentifier="other")
    # The pretend RDS gives all of them one id.
    rds_backends[SHOP][REGION].databases["other"].dbi_resource_id = "db-OTHER"
    account.rds.create_db_snapshot(DBInstanceIdentifier="other", DBSnapshotIdentifier=SNAPSHOT)
    item = kept(shop)
    assert any("is of another database that had this name" in gap for gap in item.gaps)


def test_a_snapshot_that_failed_or_is_gone_is_said(shop: Shop, account: Account) -> None:
    later = started(shop)
    held = rds_backends[SHOP][REGION].database_snapshots
    held[SNAPSHOT].status = "failed"
    assert any("is failed: it holds nothing" in gap for gap in ended(shop, later).gaps)
    held.pop(SNAPSHOT)
    assert any("asked for, and is not there" in gap for gap in ended(shop, later).gaps)


def test_what_is_made_for_too_long_is_said_to_be(
    shop: Shop, account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fake, "TAKES", timedelta(hours=20))
    assert any("was still being made after 8:00:00" in gap for gap in kept(shop).gaps)


@pytest.mark.prove
@pytest.mark.parametrize("code", sorted(rds_snapshots._NOT_NOW))
def test_a_database_in_another_change_is_waited_for(
    shop: Shop, account: Account, code: str
) -> None:
    shop.refused, shop.code = {"CreateDBSnapshot"}, code
    later = started(shop)
    assert later.bookmark["started"] == {}
    assert later.wait == rds_snapshots.ASK_AGAIN
    assert code in kept(shop).gaps[0]  # for hours


@pytest.mark.parametrize(("operation", "read"), READS.items())
def test_a_read_that_is_refused_is_a_gap_that_names_it(
    shop: Shop, account: Account, operation: str, read: str
) -> None:
    later = started(shop)
    shop.refused = {operation}
    assert any(
        gap.startswith(f"{read}") and "could not be read" in gap for gap in ended(shop, later).gaps
    )


@pytest.mark.parametrize(("operation", "read"), READS_OF_CLUSTER.items())
def test_a_read_of_a_cluster_that_is_refused_is_a_gap_that_names_it(
    shop: Shop, cluster: Cluster, operation: str, read: str
) -> None:
    later = started(shop)
    shop.refused = {operation}
    assert any(
        gap.startswith(read) and "could not be read" in gap for gap in ended(shop, later).gaps
    )


def test_what_keeps_it_from_being_made_is_a_gap(shop: Shop, account: Account) -> None:
    shop.refused = {"CreateDBSnapshot"}
    gap = kept(shop).gaps[0]
    assert gap.startswith("no snapshot was made: ")
    assert "AccessDenied" in gap


def test_a_database_that_is_gone_is_said_to_be_gone(shop: Shop, account: Account) -> None:
    shop.named = (database("gone"),)
    assert "no snapshot was made: RDS has no such database here" in kept(shop).gaps


def test_a_name_that_is_none_is_not_asked_for(shop: Shop) -> None:
    shop.named = (database("--region evil", id="x"), database("*", id="y"))
    [(name, item)] = shop.collected(rds_snapshots, options=MADE).items()
    assert name == "none"
    assert item.gaps == ("no finding names a database by a name that RDS takes",)
    assert shop.calls == []


def test_what_is_not_available_is_tried_again(shop: Shop, account: Account) -> None:
    shop.refused, shop.code = {"CreateDBSnapshot"}, "ThrottlingException"
    with pytest.raises(Unavailable):
        kept(shop)

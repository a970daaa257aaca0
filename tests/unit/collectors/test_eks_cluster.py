"""A cluster is kept with who may enter it and as whom its pods act."""

import copy
from collections.abc import Iterator
from typing import Any

import pytest

from localcloud.fakes.shapes import kept_to_model
from localcloud.switchboard import Fake
from responder.collectors import eks_cluster
from responder.domain.errors import Broken, Unavailable
from responder.domain.finding import Finding, Resource
from tests.builders import REGION, SHOP, a_finding
from tests.collecting import Reading, a_scene, at_once, refused_in_turn, state_of
from tests.unit.localcloud.judging import World, a_world, allow

NAME = "shop"
ARN = f"arn:aws:eks:{REGION}:{SHOP}:cluster/{NAME}"
ADMIN = f"arn:aws:iam::{SHOP}:role/admin"
POLICY = "arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy"
ENTRY = {"clusterName": NAME, "principalArn": ADMIN, "username": "admin"}
ASSOCIATION = {"clusterName": NAME, "associationId": "a-0123456789abcdef0", "roleArn": ADMIN}
SERVED: dict[str, dict[str, Any]] = {
    "ListAccessEntries": {"accessEntries": [ADMIN]},
    "DescribeAccessEntry": {"accessEntry": ENTRY},
    "ListAssociatedAccessPolicies": {"associatedAccessPolicies": [{"policyArn": POLICY}]},
    "ListAddons": {"addons": ["coredns"]},
    "DescribeAddon": {"addon": {"addonName": "coredns", "clusterName": NAME}},
    "ListPodIdentityAssociations": {
        "associations": [{"clusterName": NAME, "associationId": "a-0123456789abcdef0"}]
    },
    "DescribePodIdentityAssociation": {"association": ASSOCIATION},
}


@pytest.fixture
def world() -> Iterator[World]:
    with a_world() as world:
        yield world


@pytest.fixture
def cluster(world: World) -> str:
    """A cluster with one part of every kind."""
    role = world.role("eks", allow("ec2:Describe*"), account=SHOP, trusts={"Service": "eks"})
    eks = world.operator("eks", SHOP)
    eks.create_cluster(name=NAME, roleArn=role, resourcesVpcConfig={})
    eks.create_nodegroup(
        clusterName=NAME, nodegroupName="workers", nodeRole=role, subnets=["subnet-1"]
    )
    eks.create_fargate_profile(
        clusterName=NAME,
        fargateProfileName="batch",
        podExecutionRoleArn=role,
        selectors=[{"namespace": "batch"}],
    )
    for operation, answer in SERVED.items():
        world.switchboard.serve("eks", operation, kept_to_model(_always(answer)))
    return ARN


def _always(answer: dict[str, Any]) -> Fake:
    return lambda asked: copy.deepcopy(answer)


def about(*ids: str) -> Finding:
    return a_finding(resources=tuple(Resource(kind="EKSCluster", id=one) for one in ids))


def test_a_cluster_is_kept_with_every_part_of_it(world: World, cluster: str) -> None:
    [item] = at_once(eks_cluster, a_scene(Reading(world), about(cluster, NAME)))
    reads = state_of(item)
    assert reads["cluster"]["value"]["arn"] == ARN
    assert reads[f"access entry {ADMIN}"]["value"]["accessEntry"]["username"] == "admin"
    assert reads[f"policies of access entry {ADMIN}"]["value"] == [{"policyArn": POLICY}]
    assert reads["node group workers"]["value"]["nodegroup"]["nodegroupName"] == "workers"
    assert reads["Fargate profile batch"]["value"]["fargateProfile"]["clusterName"] == NAME
    assert reads["add-on coredns"]["value"]["addon"]["addonName"] == "coredns"
    pod = reads["pod identity association a-0123456789abcdef0"]["value"]["association"]
    assert pod["roleArn"] == ADMIN
    assert reads["identity providers"]["value"] == []
    assert item.gaps == ()


def test_what_is_not_described_is_counted(
    world: World, cluster: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(eks_cluster, "MOST_EACH", 0)
    [item] = at_once(eks_cluster, a_scene(Reading(world), about(cluster)))
    assert "only 0 of 1 were described: every node group" in item.gaps
    assert state_of(item)["every node group"]["value"] == ["workers"]


def test_each_read_that_is_refused_is_a_gap(world: World, cluster: str) -> None:
    calls = sorted(one.partition(":")[2] for one in eks_cluster.PERMISSIONS)
    refused_in_turn(eks_cluster, world, (about(cluster),), *calls)


@pytest.mark.parametrize(
    ("code", "error"), [("AccessDeniedException", Broken), ("ServerException", Unavailable)]
)
def test_when_nothing_can_be_read_the_collector_fails(
    world: World, cluster: str, code: str, error: type[Exception]
) -> None:
    with pytest.raises(error):
        list(eks_cluster.collect(a_scene(Reading(world, every=code), about(cluster))))


def test_a_cluster_that_is_gone_is_kept_as_that(world: World) -> None:
    [item] = at_once(eks_cluster, a_scene(Reading(world), about(ARN)))
    assert item.gaps == (f"{NAME}: nothing of it is there (any more), as every read answered",)


def test_what_moto_cannot_make_is_listed_as_none_of_it_and_not_of_no_cluster(world: World) -> None:
    role = world.role("eks", account=SHOP)
    eks = world.operator("eks", SHOP)
    eks.create_cluster(name=NAME, roleArn=role, resourcesVpcConfig={})
    assert eks.list_access_entries(clusterName=NAME)["accessEntries"] == []
    with pytest.raises(eks.exceptions.ResourceNotFoundException):
        eks.list_addons(clusterName="none")

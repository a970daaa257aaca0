"""The cluster as EKS holds it: its network, its logging, who may enter it and as whom pods act.

AWS: EKS API Reference, "DescribeCluster", "ListAccessEntries", "ListPodIdentityAssociations".
"""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from responder.collectors.collector import Collected, Later, Scene
from responder.collectors.reads import Reads
from responder.collectors.things import Looking, Named, Part, subjects

if TYPE_CHECKING:
    from mypy_boto3_eks.client import EKSClient

ID = "eks.cluster"
TITLE = "The cluster and who may enter it"
KINDS = ("EKSCluster", "EksCluster")
PERMISSIONS = frozenset(
    {
        "eks:DescribeAccessEntry",
        "eks:DescribeAddon",
        "eks:DescribeCluster",
        "eks:DescribeFargateProfile",
        "eks:DescribeNodegroup",
        "eks:DescribePodIdentityAssociation",
        "eks:ListAccessEntries",
        "eks:ListAddons",
        "eks:ListAssociatedAccessPolicies",
        "eks:ListFargateProfiles",
        "eks:ListIdentityProviderConfigs",
        "eks:ListNodegroups",
        "eks:ListPodIdentityAssociations",
    }
)
COPIES: frozenset[str] = frozenset()
KEEPS: frozenset[str] = frozenset()
LIMITS = (
    "what is inside Kubernetes: workloads, roles and bindings, secrets, config maps such as"
    " aws-auth, audit logs",
    "the nodes themselves, and nodes that are no part of a managed group",
    "who called the API of the cluster: its audit log has it, where that is switched on",
)

MOST_EACH = 50
_COVERS = (
    "the cluster, its node groups, Fargate profiles, add-ons, access entries with their policies,"
    " identity providers and pod identity associations as EKS held them"
)
# What it is, how it is listed, how one is described, and by which name; who may enter comes first.
_PARTS = (
    ("access entry", "list_access_entries", "accessEntries", "describe_access_entry"),
    ("node group", "list_nodegroups", "nodegroups", "describe_nodegroup"),
    ("Fargate profile", "list_fargate_profiles", "fargateProfileNames", "describe_fargate_profile"),
    ("add-on", "list_addons", "addons", "describe_addon"),
)
_CALLED = {
    "access entry": "principalArn",
    "add-on": "addonName",
    "Fargate profile": "fargateProfileName",
    "node group": "nodegroupName",
}


def collect(scene: Scene) -> Iterator[Collected | Later]:
    """One item for each cluster."""
    yield from _LOOKING.collect(scene, subjects(scene, KINDS, _PATTERN))


def _look(scene: Scene, named: Named, reads: Reads) -> Iterator[Part]:
    eks, of = scene.clients.eks(named.account, named.region), {"clusterName": named.name}
    reads.ask("cluster", eks, "describe_cluster", "cluster", name=named.name)
    if reads.values["cluster"].get("answered"):
        return
    for kind, lists, key, describes in _PARTS:
        for name in _listed(reads, eks, kind, lists, key, of):
            one = f"{kind} {name}"
            reads.ask(one, eks, describes, **{_CALLED[kind]: name}, **of)
            if kind == "access entry":
                policies = "list_associated_access_policies"
                key_of = "associatedAccessPolicies"
                reads.pages(f"policies of {one}", eks, policies, key_of, principalArn=name, **of)
    kind, lists = "pod identity association", "list_pod_identity_associations"
    for found in _listed(reads, eks, kind, lists, "associations", of):
        association = {"associationId": found["associationId"]}
        name = f"{kind} {found['associationId']}"
        reads.ask(name, eks, "describe_pod_identity_association", **association, **of)
    providers = "list_identity_provider_configs"
    reads.pages("identity providers", eks, providers, "identityProviderConfigs", **of)
    yield from ()


def _listed(
    reads: Reads, eks: "EKSClient", kind: str, lists: str, key: str, of: dict[str, str]
) -> list[Any]:
    found: list[Any] = reads.pages(f"every {kind}", eks, lists, key, **of) or []
    if len(found) > MOST_EACH:
        reads.more.append(f"only {MOST_EACH} of {len(found)} were described: every {kind}")
    return found[:MOST_EACH]


_PATTERN = re.compile(
    r"(?:arn:aws[a-z-]*:eks:[a-z0-9-]+:[0-9]{12}:cluster/)?(?P<name>[0-9A-Za-z][A-Za-z0-9_-]{0,99})",
    re.ASCII,
)
_LOOKING = Looking(
    collector_id=ID,
    absent=frozenset({"ResourceNotFoundException"}),
    covers=_COVERS,
    look=_look,
)

"""EKS: which cluster, or which part of one, each operation is about.

AWS: Service Authorization Reference, "Amazon Elastic Kubernetes Service".
"""

from typing import Final

from localcloud.authorizing.needed import Needed, arn
from localcloud.stack import Unsupported
from localcloud.switchboard import Asked

_ON_CLUSTERS: Final = frozenset(
    {
        "DescribeCluster",
        "ListAccessEntries",
        "ListAddons",
        "ListFargateProfiles",
        "ListIdentityProviderConfigs",
        "ListNodegroups",
        "ListPodIdentityAssociations",
    }
)
# In the ARN of a part stands an id that AWS chose behind its name, so any will do here.
_ON_PARTS: Final = {
    "DescribeAccessEntry": "access-entry/{cluster}/*",
    "DescribeAddon": "addon/{cluster}/{addonName}/*",
    "DescribeFargateProfile": "fargateprofile/{cluster}/{fargateProfileName}/*",
    "DescribeNodegroup": "nodegroup/{cluster}/{nodegroupName}/*",
    "DescribePodIdentityAssociation": "podidentityassociation/{cluster}/{associationId}",
    "ListAssociatedAccessPolicies": "access-entry/{cluster}/*",
}


def eks(asked: Asked) -> list[Needed]:
    """What a call of EKS needs."""
    action, given = f"eks:{asked.operation}", asked.params
    cluster = given.get("clusterName") or given.get("name")
    if asked.operation in _ON_CLUSTERS:
        resource = f"cluster/{cluster}"
    elif asked.operation in _ON_PARTS:
        resource = _ON_PARTS[asked.operation].format(cluster=cluster, **given)
    else:
        raise Unsupported(f"what {action} needs")
    return [Needed(action, arn(asked, "eks", resource), asked.account)]

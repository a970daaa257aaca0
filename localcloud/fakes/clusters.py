"""Parts of EKS clusters that nobody can make here, because moto cannot: there are none of them.

AWS: EKS API Reference, "ListAccessEntries", "ListAddons", "ListIdentityProviderConfigs",
"ListPodIdentityAssociations".
"""

from typing import Any

from moto.eks.models import eks_backends

from localcloud.fault import Fault
from localcloud.switchboard import Asked, Fake


def operations() -> dict[str, Fake]:
    """What this module serves."""
    return {
        "ListAccessEntries": _none("accessEntries"),
        "ListAddons": _none("addons"),
        "ListIdentityProviderConfigs": _none("identityProviderConfigs"),
        "ListPodIdentityAssociations": _none("associations"),
    }


def _none(key: str) -> Fake:
    def listed(asked: Asked) -> dict[str, Any]:
        name = asked.params["clusterName"]
        if name not in eks_backends[asked.account][asked.region].clusters:
            text = f"No cluster found for name: {name}."
            raise Fault("ResourceNotFoundException", text, status=404)
        return {key: []}

    return listed

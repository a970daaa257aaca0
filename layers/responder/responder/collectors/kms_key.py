"""The key as KMS holds it: its state, who may use it, by which grants, and its last use.

AWS: KMS API Reference, "ListGrants", "ListKeyRotations", "GetKeyLastUsage": the last use names the
CloudTrail event, and counts from a day that the answer tells.
"""

import re
from collections.abc import Iterator

from responder.collectors.collector import Collected, Later, Scene
from responder.collectors.reads import Reads
from responder.collectors.things import Looking, Named, Part, subjects

ID = "kms.key"
TITLE = "The key, its policy and its grants"
KINDS = ("KMSKey", "KmsKey")
PERMISSIONS = frozenset(
    {
        "kms:DescribeKey",
        "kms:GetKeyLastUsage",
        "kms:GetKeyPolicy",
        "kms:GetKeyRotationStatus",
        "kms:ListAliases",
        "kms:ListGrants",
        "kms:ListKeyRotations",
        "kms:ListResourceTags",
    }
)
COPIES: frozenset[str] = frozenset()
KEEPS: frozenset[str] = frozenset()
LIMITS = (
    "every use but the last one: trails have the others",
    "grants that were retired or revoked before, and policies that stood before",
    "the material of the key, which nobody can read",
    "a key whose own policy keeps its account's roles out is not read",
)

_COVERS = (
    "the key's metadata, policy, rotation, grants, aliases, tags and last use as KMS held them"
)


def collect(scene: Scene) -> Iterator[Collected | Later]:
    """One item for each key."""
    yield from _LOOKING.collect(scene, subjects(scene, KINDS, _PATTERN))


def _look(scene: Scene, named: Named, reads: Reads) -> Iterator[Part]:
    kms, of = scene.clients.kms(named.account, named.region), {"KeyId": named.name}
    # What an attacker adds, and containment takes away, comes first.
    reads.pages("grants", kms, "list_grants", "Grants", **of)
    reads.ask("policy", kms, "get_key_policy", "Policy", PolicyName="default", **of)
    reads.ask("key", kms, "describe_key", "KeyMetadata", **of)
    reads.ask("last use", kms, "get_key_last_usage", **of)
    reads.pages("aliases", kms, "list_aliases", "Aliases", **of)
    reads.ask("rotation", kms, "get_key_rotation_status", **of)
    reads.pages("rotations", kms, "list_key_rotations", "Rotations", **of)
    reads.pages("tags", kms, "list_resource_tags", "Tags", **of)
    yield from ()


_PATTERN = re.compile(
    r"(?:arn:aws[a-z-]*:kms:[a-z0-9-]+:[0-9]{12}:key/)?(?P<name>[A-Za-z0-9-]{1,64})", re.ASCII
)
_LOOKING = Looking(
    collector_id=ID,
    # KMS has no rotation of asymmetric keys and of those whose material was imported.
    absent=frozenset({"NotFoundException", "UnsupportedOperationException"}),
    covers=_COVERS,
    look=_look,
)

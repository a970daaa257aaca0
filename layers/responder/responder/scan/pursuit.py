"""Follows principals through logs until nothing new of theirs is found.

Each round looks for what the one before found: keys, sessions, roles and users. What a round is
given are the records that can make something; what everybody of the lineage did is counted at last.
"""

import re
from collections.abc import Iterator
from hashlib import blake2b
from typing import Any

from responder.domain.errors import Refused
from responder.domain.identifiers import partition_of
from responder.domain.lineage import Lineage, Node, NodeKind
from responder.domain.lineage_calls import ROWS
from responder.domain.trail_event import TrailEvent, event_of

# IAM User Guide, "IAM ARNs".
_ARN = re.compile(
    r"arn:aws[a-z-]*:(?:iam::(?P<owner>[0-9]{12}):(?P<kind>user|role)/(?:[\x21-\x7e]+/)?"
    r"(?P<name>[\w+=,.@-]{1,64})|iam::(?P<root>[0-9]{12}):root|"
    r"sts::(?P<there>[0-9]{12}):assumed-role/(?P<role>[\w+=,.@-]{1,64})/(?P<session>[\w+=,.@-]{2,64}))",
    re.ASCII,
)
_KEY = re.compile(r"(?P<lasting>AKIA|ASIA)[A-Z0-9]{12,124}")
_NAMED = (NodeKind.USER, NodeKind.LOGIN_PROFILE, NodeKind.ROLE, NodeKind.TRUST_EDIT)
_PROVIDERS = (NodeKind.SAML_PROVIDER, NodeKind.OIDC_PROVIDER)
_ROOT = NodeKind.ROOT_SESSION


def seed_of_arn(arn: str) -> Node:
    """Where to begin with a user, a role and all its sessions, one session, or the root user."""
    found = _ARN.fullmatch(arn)
    if found is None:
        raise Refused(f"{arn[:120]!r} is no ARN of a user, a role, a role session or a root user")
    if found["root"]:
        return Node(kind=_ROOT, account=found["root"], arn=arn, seed=True)
    if found["role"]:
        return Node(
            kind=NodeKind.ROLE_SESSION,
            account=found["there"],
            arn=arn,
            name=found["role"],
            session_name=found["session"],
            seed=True,
        )
    kind = NodeKind.USER if found["kind"] == "user" else NodeKind.ROLE
    head = f"arn:{partition_of(arn)}:iam::{found['owner']}:{found['kind']}"
    return Node(
        kind=kind,
        account=found["owner"],
        arn=f"{head}/{found['name']}",
        name=found["name"],
        seed=True,
    )


def seed_of_key(key_id: str, account: str) -> Node:
    """Where to begin with an access key: its calls alone."""
    if _KEY.fullmatch(key_id) is None:
        raise Refused(f"{key_id[:40]!r} is no id of an access key, such as AKIA…")
    kind = NodeKind.ACCESS_KEY if key_id.startswith("AKIA") else NodeKind.USER_SESSION
    return Node(kind=kind, account=account, access_key_id=key_id, seed=True)


def needles_of(lineage: Lineage) -> frozenset[str]:
    """Texts, one of which stands in every record of anybody in the lineage, and in others."""
    return frozenset(text for node in lineage.nodes if not node.sibling for text in _texts(node))


def _texts(node: Node) -> Iterator[str]:
    if node.access_key_id is not None:
        yield node.access_key_id
    elif node.kind is NodeKind.ROLE_SESSION and node.name and node.session_name:
        yield f":assumed-role/{node.name}/{node.session_name}"
    elif node.kind in _NAMED and node.name:
        yield f"/{node.name}"  # in front of it may stand a path, which findings do not tell
    elif (node.kind in _PROVIDERS or node.kind is _ROOT) and node.arn:
        yield node.arn
    if node.source_identity is not None:
        yield node.source_identity


def can_make(record: dict[str, Any]) -> bool:
    """Whether this call may put something into a lineage: a wide guess, before it is believed."""
    source, name = record.get("eventSource"), record.get("eventName")
    if not isinstance(source, str) or not isinstance(name, str):
        return False
    service = source.partition(".")[0]
    if service in ("sts", "signin") or name == "RunInstances":
        return True
    return any(name.startswith(call) for call in ROWS.get(service, ()))


def id_of(record: dict[str, Any]) -> bytes | None:
    """Eight bytes that tell a call from others; None for a record without an id.

    Two trails that log one call give it the same id. Where it is about another account, that one
    gets a record of its own, with an id of its own and a shared one (CloudTrail User Guide,
    "CloudTrail record contents", `eventID` and `sharedEventID`). The two are one call only where
    both say who called: the other account may be told less, and then nobody is counted by it.
    """
    found, shared = record.get("eventID"), record.get("sharedEventID")
    caller = record.get("userIdentity")
    if isinstance(shared, str) and shared and isinstance(caller, dict):
        told = [caller.get("accessKeyId"), caller.get("arn"), caller.get("principalId")]
        if any(isinstance(one, str) and one for one in told):
            found = repr((shared, told))
    if not isinstance(found, str) or not found:
        return None
    return blake2b(found.encode("utf-8", "surrogatepass"), digest_size=8).digest()


def believed(records: list[dict[str, Any]]) -> Iterator[TrailEvent]:
    """Those that are written as CloudTrail writes them; the tally tells of the others."""
    for record in records:
        try:
            yield event_of(record)
        except ValueError:
            continue

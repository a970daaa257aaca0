"""What a stolen credential assumed and made: a graph, with the event that proves each edge."""

from datetime import datetime
from enum import StrEnum

from pydantic import AwareDatetime, ConfigDict

from responder.domain.identifiers import AccountId, partition_of
from responder.domain.model import Model
from responder.domain.principal import Principal, PrincipalKind


class NodeKind(StrEnum):
    """Everything that gives an attacker a way on, or a way back."""

    ACCESS_KEY = "access key"
    USER = "user"
    LOGIN_PROFILE = "login profile"
    CREDENTIAL = "other credential of a user"
    MFA_DEVICE = "MFA device"
    USER_SESSION = "user session"
    FEDERATED_SESSION = "federated session"
    ROLE_SESSION = "role session"
    ROOT_SESSION = "root session"
    ROLE = "role"
    TRUST_EDIT = "trust edit"
    GROUP_MEMBERSHIP = "group membership"
    POLICY_ATTACHMENT = "policy attachment"
    POLICY = "policy"
    POLICY_VERSION = "policy version"
    PERMISSIONS_BOUNDARY = "permissions boundary"
    SAML_PROVIDER = "SAML provider"
    OIDC_PROVIDER = "OIDC provider"
    TRUST_ANCHOR = "Roles Anywhere trust anchor"
    ANYWHERE_PROFILE = "Roles Anywhere profile"
    FUNCTION = "function"
    FUNCTION_URL = "function URL"
    FUNCTION_GRANT = "function permission"
    EVENT_RULE = "event rule"
    SCHEDULE = "schedule"
    INSTANCE = "instance"
    KEY_PAIR = "key pair"
    SNAPSHOT_SHARE = "snapshot share"
    IMAGE_SHARE = "image share"
    RESOURCE_SHARE = "resource share"
    DOCUMENT_SHARE = "SSM document share"
    BUCKET_POLICY = "bucket policy"
    KEY_GRANT = "KMS grant"
    KEY_POLICY = "KMS key policy"
    SECRET_POLICY = "secret policy"  # noqa: S105 - the name of a kind
    DELEGATED_ADMIN = "delegated administrator"
    SENDER = "SES identity"
    IDENTITY_POOL = "Cognito identity pool"


class Verb(StrEnum):
    """What was done to get there."""

    ASSUMED = "assumed"
    MADE = "made"
    CHANGED = "changed"
    NAMED = "chose the source identity of"


class Node(Model):
    """One thing in the lineage. Names were held to AWS' own rules when they were read.

    `name` is that of the user, role or thing; of a key or a login profile, that of its user.
    """

    model_config = ConfigDict(frozen=True)

    kind: NodeKind
    account: AccountId
    region: str | None = None  # None for what is global
    arn: str | None = None
    name: str | None = None
    access_key_id: str | None = None
    session_name: str | None = None
    principal_id: str | None = None
    source_identity: str | None = None  # only if the lineage chose it: then it tells its sessions
    detail: str | None = None  # which policy, statement, target
    made_at: AwareDatetime | None = None
    ends_at: AwareDatetime | None = None  # of a session
    seed: bool = False  # a finding names it
    sibling: bool = False  # no event names it: another key of a user that has one in the lineage

    @property
    def id(self) -> str:
        """The same thing has the same id, whichever event tells of it."""
        what = self.access_key_id or "|".join(filter(None, (self.arn or self.name, self.detail)))
        return f"{self.kind.value}|{self.account}|{self.region or '-'}|{what}"


class Edge(Model):
    """One step of the attacker, and the event that proves it."""

    model_config = ConfigDict(frozen=True)

    source: str  # ids of nodes
    target: str
    verb: Verb
    event_id: str
    event_name: str
    event_at: AwareDatetime
    account: AccountId
    region: str


class Lineage(Model):
    """Everything found so far. `gaps` says what could not be read, and why."""

    model_config = ConfigDict(frozen=True)

    since: AwareDatetime
    until: AwareDatetime
    nodes: tuple[Node, ...] = ()
    edges: tuple[Edge, ...] = ()
    gaps: tuple[str, ...] = ()

    def into(self, node_id: str) -> list[Edge]:
        """The edges that lead to a node, earliest first."""
        found = [edge for edge in self.edges if edge.target == node_id]
        return sorted(found, key=lambda edge: (edge.event_at, edge.event_id))

    def roots(self, node_id: str) -> frozenset[str]:
        """The ids of the seeds that a node goes back to."""
        before = dict[str, list[str]]()
        for edge in self.edges:
            before.setdefault(edge.target, []).append(edge.source)
        seen, left = {node_id}, [node_id]
        while left:
            new = [one for one in before.get(left.pop(), []) if one not in seen]
            seen.update(new)
            left += new
        return frozenset(node.id for node in self.nodes if node.seed and node.id in seen)

    def surely(self) -> frozenset[str]:
        """The nodes that lead back to a seed by what was made and assumed alone.

        Whoever had a password before it was changed, or a role before its trust was, may be
        working beside the attacker, so what comes after a change is less sure. So is what comes
        after a source identity: an attacker may choose the one that somebody honest has.
        """
        after = dict[str, list[str]]()
        for edge in self.edges:
            if edge.verb not in (Verb.CHANGED, Verb.NAMED):
                after.setdefault(edge.source, []).append(edge.target)
        seen = {node.id for node in self.nodes if node.seed}
        left = list(seen)
        while left:
            new = [one for one in after.get(left.pop(), []) if one not in seen]
            seen.update(new)
            left += new
        return frozenset(seen)


def seed_of(principal: Principal, account: str) -> Node | None:
    """Where the lineage of a principal begins. None where its calls cannot be told from others'.

    With a key, only what that key did counts: the rest of the user or role may be honest.
    """
    owner, partition = principal.account or account, partition_of(principal.arn)
    kind = _SEEDS.get(principal.kind)
    if kind is None:
        return None
    key, name, session = principal.access_key_id, principal.name, principal.session_name
    arn = principal.arn
    if principal.kind is PrincipalKind.IAM_USER and key is not None:
        kind = NodeKind.ACCESS_KEY if key.startswith("AKIA") else NodeKind.USER_SESSION
    elif kind is NodeKind.ROLE_SESSION and name and session:
        arn = f"arn:{partition}:sts::{owner}:assumed-role/{name}/{session}"
    elif key is None and not _told_by_name(kind, principal):
        return None
    return Node(
        kind=kind,
        account=owner,
        arn=arn,
        name=name,
        access_key_id=key,
        session_name=session,
        principal_id=principal.principal_id,
        seed=True,
    )


def with_siblings(lineage: Lineage, account: str, user: str, key_ids: list[str]) -> Lineage:
    """The lineage with the other keys of a user. One that is in it already stays what it is."""
    known = {node.access_key_id for node in lineage.nodes}
    siblings = tuple(
        Node(kind=NodeKind.ACCESS_KEY, account=account, name=user, access_key_id=key, sibling=True)
        for key in sorted(set(key_ids) - known)
    )
    return lineage.model_copy(update={"nodes": lineage.nodes + siblings})


def newest(lineage: Lineage, node_id: str) -> datetime:
    """When a node was last touched; without an event, when the window began."""
    return max((edge.event_at for edge in lineage.into(node_id)), default=lineage.since)


_SEEDS = {
    PrincipalKind.IAM_USER: NodeKind.USER,
    PrincipalKind.ASSUMED_ROLE: NodeKind.ROLE_SESSION,
    PrincipalKind.ROLE: NodeKind.ROLE_SESSION,
    PrincipalKind.IDENTITY_CENTER: NodeKind.ROLE_SESSION,
    PrincipalKind.FEDERATED_USER: NodeKind.FEDERATED_SESSION,
    PrincipalKind.ROOT: NodeKind.ROOT_SESSION,
}


def _told_by_name(kind: NodeKind, principal: Principal) -> bool:
    """Whether an identity without a key is one that nobody shares a name with."""
    if kind is NodeKind.USER:
        return principal.name is not None
    return kind is NodeKind.ROOT_SESSION and principal.arn is not None

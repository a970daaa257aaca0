"""What one call made, assumed or changed."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from responder.domain.lineage import Node, NodeKind, Verb
from responder.domain.lineage_calls import GROUP, ROLE, ROWS, USER, Row
from responder.domain.trail_event import (
    ARN,
    IAM_NAME,
    KEY_ID,
    SESSION_NAME,
    THING,
    UNIQUE_ID,
    TrailEvent,
)

_SESSION_ARN = re.compile(
    r"arn:aws[a-z-]*:sts::(?P<account>[0-9]{12}):assumed-role/"
    r"(?P<role>[\w+=,.@-]{1,64})/(?P<session>[\w+=,.@-]{2,64})",
    re.ASCII,
)
_INSTANCE = re.compile(r"i-[0-9a-f]{8,17}")
_MOST_INSTANCES = 50
_SESSIONS = ("AssumeRole", "AssumeRoleWithSAML", "AssumeRoleWithWebIdentity")
_USERS = (
    NodeKind.ACCESS_KEY,
    NodeKind.USER,
    NodeKind.LOGIN_PROFILE,
    NodeKind.CREDENTIAL,
    NodeKind.MFA_DEVICE,
)
_ROLES = (NodeKind.ROLE, NodeKind.TRUST_EDIT)


# STS API Reference: the longest that each kind of session can last.
_ROLE_SESSION, _USER_SESSION = timedelta(hours=12), timedelta(hours=36)
# As CloudTrail writes the end of credentials; newer records have the second comma.
_ENDS = ("%b %d, %Y, %I:%M:%S %p", "%b %d, %Y %I:%M:%S %p")


def made(event: TrailEvent) -> Iterator[tuple[Verb, Node]]:
    """What a call made, assumed or changed. Nothing for a call that failed.

    Raises `ValueError` for a name that AWS would not have taken.
    """
    service = event.source.partition(".")[0]
    if event.error is not None:
        return
    if service == "sts":
        yield from ((Verb.ASSUMED, node) for node in _session(event))
    elif service == "iam" and event.call == "UpdateAccessKey" and not _switches_on(event):
        return
    elif (service, event.call) == ("ec2", "RunInstances"):
        yield from ((Verb.MADE, node) for node in _instances(event))
    else:
        row = ROWS.get(service, {}).get(event.call)
        node = None if row is None else _node(event, row)
        if row is not None and node is not None:
            yield row.verb, node


def assumed_role(event: TrailEvent) -> str | None:
    """The ARN, without its path, of the role that a call assumed; None for another call."""
    if event.source != "sts.amazonaws.com" or event.call not in _SESSIONS or event.error:
        return None
    arn = event.word("request.roleArn", ARN)
    return None if arn is None else pathless(arn)


def session_of(arn: str) -> re.Match[str] | None:
    """Account, role and session of a role session's ARN."""
    return _SESSION_ARN.fullmatch(arn)


def pathless(arn: str) -> str:
    """A user's or role's ARN as findings name it. Names are unique in an account, paths aside."""
    head, slash, rest = arn.partition("/")
    return f"{head}/{rest.rpartition('/')[2]}" if slash and head.startswith("arn:") else arn


def _session(event: TrailEvent) -> Iterator[Node]:
    key = event.word("response.credentials.accessKeyId", KEY_ID)
    if key is None:
        return
    actor, at = event.actor, event.at
    if event.call in _SESSIONS:
        arn = event.word("response.assumedRoleUser.arn", _SESSION_ARN)
        found = session_of(arn or "")
        if found is None:
            return
        chosen = event.word("request.sourceIdentity", SESSION_NAME)
        yield Node(
            kind=NodeKind.ROLE_SESSION,
            account=found["account"],
            arn=arn,
            name=found["role"],
            session_name=found["session"],
            access_key_id=key,
            principal_id=event.word("response.assumedRoleUser.assumedRoleId", UNIQUE_ID),
            source_identity=chosen if actor.source_identity is None else None,
            made_at=at,
            ends_at=_ends_at(event, _ROLE_SESSION),
        )
    elif event.call == "AssumeRoot":
        target = event.word("request.targetPrincipal", THING) or event.account
        account = next(iter(re.findall(r"[0-9]{12}", target)), event.account)
        yield Node(kind=NodeKind.ROOT_SESSION, account=account, access_key_id=key, made_at=at)
    elif event.call == "GetFederationToken":
        yield Node(
            kind=NodeKind.FEDERATED_SESSION,
            account=event.account,
            name=actor.name,
            session_name=event.word("request.name", SESSION_NAME),
            access_key_id=key,
            made_at=at,
            ends_at=_ends_at(event, _USER_SESSION),
        )
    elif event.call == "GetSessionToken":
        kind = NodeKind.ROOT_SESSION if actor.kind == "Root" else NodeKind.USER_SESSION
        yield Node(kind=kind, account=event.account, name=actor.name, access_key_id=key, made_at=at)


def _ends_at(event: TrailEvent, longest: timedelta) -> datetime:
    """When the credentials end; where that is not told for sure, the latest that it can be."""
    told, latest = event.at_path("response.credentials.expiration"), event.at + longest
    if not isinstance(told, str):
        return latest
    for shape in _ENDS:
        try:
            # The space before AM and PM may be a narrow one that does not break.
            ends = datetime.strptime(told.replace("\u202f", " "), shape).replace(tzinfo=UTC)
        except ValueError:
            continue
        return ends if event.at < ends <= latest else latest
    return latest


def _node(event: TrailEvent, row: Row) -> Node | None:
    partition, account = event.partition, event.account
    rule = IAM_NAME if event.source == "iam.amazonaws.com" else THING
    name = event.word(row.name, rule) if row.name else None
    if name is None and row.self:
        name = event.actor.name
    arn = event.word(row.arn, ARN) if row.arn else None
    key = event.word(row.key, KEY_ID) if row.key else None
    if (name is None and arn is None) or (row.key and key is None):
        return None
    if row.kind in _USERS:
        arn = f"arn:{partition}:iam::{account}:user/{name}"
    elif row.kind in _ROLES:
        arn = f"arn:{partition}:iam::{account}:role/{name}"
    elif event.source == "iam.amazonaws.com" and row.name in (USER, ROLE, GROUP):
        arn = f"arn:{partition}:iam::{account}:{_TYPE[row.name]}/{name}"
    return Node(
        kind=row.kind,
        account=account,
        region=None if event.source == "iam.amazonaws.com" else event.region,
        arn=arn,
        name=name,
        access_key_id=key,
        detail=event.word(row.detail, THING) if row.detail else None,
        made_at=event.at,
    )


_TYPE = {USER: "user", ROLE: "role", GROUP: "group"}


def _instances(event: TrailEvent) -> Iterator[Node]:
    items = event.at_path("response.instancesSet.items")
    for item in (items if isinstance(items, list) else [])[:_MOST_INSTANCES]:
        found = item.get("instanceId") if isinstance(item, dict) else None
        if not isinstance(found, str) or not _INSTANCE.fullmatch(found):
            raise ValueError("an instance id is not what AWS would have written")
        yield Node(
            kind=NodeKind.INSTANCE,
            account=event.account,
            region=event.region,
            name=found,
            made_at=event.at,
        )


def _switches_on(event: TrailEvent) -> bool:
    return event.word("request.status", THING) == "Active"

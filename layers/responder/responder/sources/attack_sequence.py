"""The inside of an attack-sequence finding: who acted, on what, from where.

The casing of these fields on the bus is not documented, so they are read whatever their casing.
What cannot be read is left out and told by `readable`: a person then looks at the finding.
"""

from dataclasses import dataclass
from typing import Any

from responder.domain.finding import Resource
from responder.domain.principal import Principal
from responder.sources.envelope import MOST, a_region, addresses
from responder.sources.principals import classify, distinct
from responder.sources.worth import worth_of

_DEPTH = 12
_KINDS = {
    "S3_BUCKET": "S3Bucket",
    "S3_OBJECT": "S3Object",
    "EC2_INSTANCE": "Instance",
    "EKS_CLUSTER": "EKSCluster",
    "ECS_CLUSTER": "ECSCluster",
    "ECS_TASK": "ECSTask",
    "CONTAINER": "Container",
    "KUBERNETES_WORKLOAD": "KubernetesWorkload",
    "IAM_INSTANCE_PROFILE": "InstanceProfile",
}


@dataclass(frozen=True)
class Sequence:
    """What a sequence names. Empty for a finding that is not one."""

    principals: tuple[Principal, ...] = ()
    resources: tuple[Resource, ...] = ()
    addresses: tuple[str, ...] = ()
    readable: bool = True


def read(detection: object, *, account: str, partition: str) -> Sequence:
    """Read `detection`, from GuardDuty or from Security Hub. Never raises."""
    found = _lowered(detection, 0)
    told = found.get("sequence") if isinstance(found, dict) else None
    if told is None:
        return Sequence()
    if not isinstance(told, dict):
        return Sequence(readable=False)
    actors, whole = _dicts(told.get("actors"))
    resources, whole_resources = _dicts(told.get("resources"))
    endpoints, whole_endpoints = _dicts(told.get("endpoints"))
    principals = [_actor(actor, account, partition) for actor in actors]
    keys = [r for r in resources if _text(r, "resourcetype") == "ACCESS_KEY"]
    principals += [_key(key, account, partition) for key in keys]
    things = [_resource(r, account) for r in resources if r not in keys]
    return Sequence(
        principals=distinct(principals, MOST),
        resources=tuple(dict.fromkeys(thing for thing in things if thing is not None))[:MOST],
        addresses=addresses(_text(endpoint, "ip") for endpoint in endpoints),
        readable=whole and whole_resources and whole_endpoints,
    )


def _actor(actor: dict[str, Any], account: str, partition: str) -> Principal | None:
    user, session = actor.get("user"), actor.get("session")
    if not isinstance(user, dict):
        return None  # a process, or an actor nobody could name
    owner = user.get("account")
    return classify(
        account=account,
        partition=partition,
        user_type=_text(user, "type"),
        user_name=_text(user, "name"),
        principal_id=_text(user, "uid"),
        access_key_id=_text(user, "credentialuid"),
        owner=_text(owner, "uid") if isinstance(owner, dict) else None,
        role_arn=_text(session, "issuer") if isinstance(session, dict) else None,
    )


def _key(resource: dict[str, Any], account: str, partition: str) -> Principal | None:
    data = resource.get("data")
    key = data.get("accesskey") if isinstance(data, dict) else None
    if not isinstance(key, dict):
        return None
    return classify(
        account=account,
        partition=partition,
        user_type=_text(key, "usertype"),
        user_name=_text(key, "username"),
        principal_id=_text(key, "principalid"),
        access_key_id=_text(resource, "uid"),
        owner=_text(resource, "accountid"),
    )


def _resource(resource: dict[str, Any], account: str) -> Resource | None:
    uid, kind = _text(resource, "uid"), _text(resource, "resourcetype") or "Unknown"
    if uid is None:
        return None
    owner = _text(resource, "accountid") or account
    return Resource(
        kind=_KINDS.get(kind, kind),
        id=uid,
        name=_text(resource, "name"),
        account=owner if len(owner) == 12 and owner.isdecimal() and owner.isascii() else None,
        region=a_region(resource.get("region")),
        tagged=worth_of(resource.get("tags")),
    )


def _dicts(value: object) -> tuple[list[dict[str, Any]], bool]:
    """The objects of a list, and whether the whole was a list of objects."""
    if value is None:
        return [], True
    if not isinstance(value, list):
        return [], False
    found = [item for item in value if isinstance(item, dict)]
    return found[:MOST], len(found) == len(value)


def _text(of: dict[str, Any], name: str) -> str | None:
    value = of.get(name)
    if not isinstance(value, str) or not value:
        return None
    return value[:300].encode("utf-8", "replace").decode("utf-8")


def _lowered(value: object, depth: int) -> Any:
    if depth > _DEPTH:
        return None
    if isinstance(value, dict):
        return {
            str(name).casefold().replace("_", ""): _lowered(inner, depth + 1)
            for name, inner in value.items()
        }
    if isinstance(value, list):
        return [_lowered(inner, depth + 1) for inner in value[: MOST + 1]]
    return value

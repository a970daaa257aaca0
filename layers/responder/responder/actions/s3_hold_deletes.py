"""Suspend what deletes objects of a bucket by itself: expiry, and the replication of deletes.

Switches off each lifecycle rule that expires objects or versions, with whatever else such a rule
does, a move to colder storage for instance: it costs storage and deletes nothing. Replication goes
on without delete markers; a rule of the older kind, which cannot leave them out, is switched off
whole, and what it would have copied meanwhile is not copied later. People and programs can still
delete: closing the bucket is another cut. What S3 had queued already it may still delete.
AWS: S3 User Guide, "Expiring objects"; "Replicating delete markers between buckets".
"""

import json
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from responder.actions.action import ARN, IN_FORCE, before_of
from responder.actions.thing import GONE, asking_bucket, bucket_of
from responder.aws.clients import Clients
from responder.aws.errors import code_of
from responder.domain.errors import Refused
from responder.domain.order import Before, Order, Receipt

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

ID = "s3.hold_deletes"
TITLE = "Suspend what deletes objects of the bucket by itself"
PERMISSIONS = frozenset(
    {
        "iam:PassRole",  # the role that replicates already, to S3: PutBucketReplication names it
        "s3:GetLifecycleConfiguration",
        "s3:GetReplicationConfiguration",
        "s3:PutLifecycleConfiguration",
        "s3:PutReplicationConfiguration",
    }
)
_LIFECYCLE, _REPLICATION = "lifecycle", "replication"
_ON, _OFF = "Enabled", "Disabled"
_SIZE = "TransitionDefaultMinimumObjectSize"
type Document = dict[str, Any]


def observe(order: Order, clients: Clients) -> Before:
    """Both documents, whole; None where the bucket has none."""
    s3 = clients.s3(order.account, order.region)
    with asking_bucket(order, "looking at"):
        lifecycle, replication = _lifecycle(s3, order), _replication(s3, order)
    return Before(
        state={
            ARN: order.resource,
            _LIFECYCLE: lifecycle,
            _REPLICATION: replication,
            IN_FORCE: _is_held(lifecycle, replication),
        }
    )


def apply(receipt: Receipt, clients: Clients) -> None:
    """Hold every rule that deletes and is on now, those made since included."""
    order = receipt.order
    s3 = clients.s3(order.account, order.region)
    with asking_bucket(order, "holding the deletes of"):
        lifecycle, replication = _lifecycle(s3, order), _replication(s3, order)
        held = _held(lifecycle, _without_expiry)
        if held is not None and held != lifecycle:
            _put_lifecycle(s3, order, held)
        held = _held(replication, _without_deletes)
        if held is not None and held != replication:
            _put_replication(s3, order, held)


def verify(receipt: Receipt, clients: Clients) -> bool:
    """Whether no rule deletes. A bucket that is gone has lost its objects."""
    order = receipt.order
    s3 = clients.s3(order.account, order.region)
    with asking_bucket(order, "looking again at"):
        try:
            return _is_held(_lifecycle(s3, order), _replication(s3, order))
        except ClientError as error:
            if code_of(error) in GONE:
                return False
            raise


def release(receipt: Receipt, clients: Clients) -> bool:
    """Let each rule that we held delete again. Rules made or changed since stay as they are."""
    order, before, done = receipt.order, before_of(receipt).state, False
    s3 = clients.s3(order.account, order.region)
    with asking_bucket(order, "releasing"):
        lifecycle = _lifecycle(s3, order)
        freed = _freed(lifecycle, before[_LIFECYCLE], _without_expiry)
        if freed is not None and freed != lifecycle:
            _put_lifecycle(s3, order, freed)
            done = True
        replication = _replication(s3, order)
        freed = _freed(replication, before[_REPLICATION], _without_deletes)
        if freed is not None and freed != replication:
            _put_replication(s3, order, freed)
            done = True
    return done


def _without_expiry(rule: Document) -> Document:
    """The same rule, off if it deletes objects. What it aborts are uploads that nobody finished."""
    deletes = "Expiration" in rule or "NoncurrentVersionExpiration" in rule
    return rule | {"Status": _OFF} if deletes else rule


def _without_deletes(rule: Document) -> Document:
    """The same rule without delete markers; off, if it is of the kind that always copies them."""
    if rule["Status"] != _ON:
        return rule
    if "Filter" not in rule:
        return rule | {"Status": _OFF}
    if rule.get("DeleteMarkerReplication", {}).get("Status") == _ON:
        return rule | {"DeleteMarkerReplication": {"Status": _OFF}}
    return rule


def _is_held(lifecycle: Document | None, replication: Document | None) -> bool:
    return (
        _held(lifecycle, _without_expiry) == lifecycle
        and _held(replication, _without_deletes) == replication
    )


def _held(document: Document | None, hold: Any) -> Document | None:
    if document is None:
        return None
    return document | {"Rules": [hold(rule) for rule in document["Rules"]]}


def _freed(document: Document | None, before: Document | None, hold: Any) -> Document | None:
    """What stands now, with each rule that is as we left it as it was before."""
    if document is None or before is None:
        return document
    # In order, one for one: two rules without an id may be the same.
    held = [(hold(rule), rule) for rule in before["Rules"] if hold(rule) != rule]
    rules = []
    for rule in document["Rules"]:
        found = next((pair for pair in held if pair[0] == rule), None)
        if found is not None:
            held.remove(found)
        rules.append(rule if found is None else found[1])
    return document | {"Rules": rules}


def _lifecycle(s3: "S3Client", order: Order) -> Document | None:
    try:
        found: Document = dict(
            s3.get_bucket_lifecycle_configuration(
                Bucket=bucket_of(order), ExpectedBucketOwner=order.account
            )
        )
    except ClientError as error:
        if code_of(error) == "NoSuchLifecycleConfiguration":
            return None
        raise
    return _plain({name: found[name] for name in ("Rules", _SIZE) if name in found})


def _replication(s3: "S3Client", order: Order) -> Document | None:
    try:
        found = s3.get_bucket_replication(
            Bucket=bucket_of(order), ExpectedBucketOwner=order.account
        )
    except ClientError as error:
        if code_of(error) == "ReplicationConfigurationNotFoundError":
            return None
        raise
    return _plain(found["ReplicationConfiguration"])


def _plain(document: Any) -> Document:
    """As it can be filed: a rule may expire objects on a date."""
    plain: Document = json.loads(json.dumps(document, default=lambda date: date.isoformat()))
    return plain


def _put_lifecycle(s3: "S3Client", order: Order, document: Document) -> None:
    given: Any = {_SIZE: document[_SIZE]} if _SIZE in document else {}
    configuration: Any = {"Rules": document["Rules"]}
    s3.put_bucket_lifecycle_configuration(
        Bucket=bucket_of(order),
        LifecycleConfiguration=configuration,
        ExpectedBucketOwner=order.account,
        **given,
    )


def _put_replication(s3: "S3Client", order: Order, document: Document) -> None:
    configuration: Any = document
    try:
        s3.put_bucket_replication(
            Bucket=bucket_of(order),
            ReplicationConfiguration=configuration,
            ExpectedBucketOwner=order.account,
        )
    except ClientError as error:
        if code_of(error) == "InvalidRequest":
            raise Refused(
                f"S3 does not take the replication of {order.resource} again: a bucket that it "
                "copies to, or the versioning that it needs, is gone. Its replication was left as "
                "it was; look at it by hand"
            ) from error
        raise

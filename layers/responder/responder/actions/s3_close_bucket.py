"""Let nobody reach a bucket but the responder and AWS's own delivery of logs.

Adds a deny to the bucket policy and switches all four kinds of public access off. The shop's own
services lose the bucket too, CloudFront, replication, Macie and every role among them. Root of the
account is denied like everybody, but AWS always lets it read, change and delete the policy: that
is the way back if the responder is lost. Logs that load balancers deliver from an account instead
of a service principal (Regions of before August 2022) stop as well. Objects, versions and their
settings stay as they are; versioning is not switched on, because it can never be wholly undone.
AWS: S3 User Guide, "Blocking public access", "Bucket policies"; IAM User Guide,
"aws:PrincipalServiceName".
"""

import json
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from responder.actions.action import ARN, IN_FORCE, before_of
from responder.actions.thing import GONE, asking_bucket, bucket_of
from responder.aws.clients import Clients
from responder.aws.errors import code_of
from responder.domain.errors import Broken, Refused
from responder.domain.order import Before, Order, Receipt

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client
    from mypy_boto3_s3.type_defs import PublicAccessBlockConfigurationTypeDef

ID = "s3.close_bucket"
TITLE = "Let only the responder and log delivery reach the bucket"
PERMISSIONS = frozenset(
    {
        "s3:DeleteBucketPolicy",
        "s3:GetBucketPolicy",
        "s3:GetBucketPublicAccessBlock",
        "s3:PutBucketPolicy",
        "s3:PutBucketPublicAccessBlock",
    }
)
_BLOCK, _POLICY = "public_access_block", "policy"
_CLOSED = {
    "BlockPublicAcls": True,
    "IgnorePublicAcls": True,
    "BlockPublicPolicy": True,
    "RestrictPublicBuckets": True,
}
# A policy that was public cannot be written while S3 blocks such policies, not even with a deny
# added. The three others keep everybody out while it is written.
_WRITABLE = _CLOSED | {"BlockPublicPolicy": False}
_MOST_BYTES = 20 * 1024  # S3 User Guide, "Bucket policies"
# Who delivers logs to buckets as a service principal. Each still needs an allow of the old policy.
_LOG_DELIVERY = (
    "cloudtrail.amazonaws.com",
    "config.amazonaws.com",
    "delivery.logs.amazonaws.com",  # flow logs, WAF, Route 53, network load balancers
    "guardduty.amazonaws.com",
    "logdelivery.elasticloadbalancing.amazonaws.com",
    "logging.s3.amazonaws.com",
)


def observe(order: Order, clients: Clients) -> Before:
    """The policy, as text, and the four flags; None where the bucket has none."""
    s3, bucket = clients.s3(order.account, order.region), bucket_of(order)
    with asking_bucket(order, "looking at"):
        block, policy = _block(s3, order, bucket), _policy(s3, order, bucket)
    return Before(
        state={
            ARN: order.resource,
            _BLOCK: block,
            _POLICY: policy,
            IN_FORCE: block == _CLOSED and _has_ours(policy, order, clients),
        }
    )


def apply(receipt: Receipt, clients: Clients) -> None:
    """Add our deny to the policy that stands now, then switch public access off.

    S3 has no conditional write of a policy: an edit between our read and our write is lost.
    """
    order = receipt.order
    s3, bucket = clients.s3(order.account, order.region), bucket_of(order)
    with asking_bucket(order, "closing"):
        policy = _policy(s3, order, bucket)
        if not _has_ours(policy, order, clients):
            document = _read(policy, order)
            rest = _without_ours(document, order)
            text = _text(document | {"Statement": [*rest, _deny(order, clients)]})
            if len(text.encode()) > _MOST_BYTES:
                raise Refused(
                    f"the policy of {order.resource} has no room for our deny: S3 takes "
                    f"{_MOST_BYTES} bytes; nothing was changed. Take statements out of it by "
                    "hand, or deny the bucket by a resource control policy"
                )
            _write(s3, order, bucket, text)
        if _block(s3, order, bucket) != _CLOSED:
            _put_block(s3, order, bucket, _CLOSED)


def verify(receipt: Receipt, clients: Clients) -> bool:
    """Whether our deny and all four flags stand. A bucket that is gone has neither."""
    order = receipt.order
    s3, bucket = clients.s3(order.account, order.region), bucket_of(order)
    with asking_bucket(order, "looking again at"):
        try:
            return _block(s3, order, bucket) == _CLOSED and _has_ours(
                _policy(s3, order, bucket), order, clients
            )
        except ClientError as error:
            if code_of(error) in GONE:
                return False
            raise


def release(receipt: Receipt, clients: Clients) -> bool:
    """Take our deny out again, and put the flags back. Edits made since stay.

    Where nothing but ours changed, the old policy comes back byte for byte.
    """
    order, before, done = receipt.order, before_of(receipt).state, False
    s3, bucket = clients.s3(order.account, order.region), bucket_of(order)
    with asking_bucket(order, "releasing"):
        policy = _policy(s3, order, bucket)
        document = _read(policy, order)
        rest = _without_ours(document, order)
        if policy is not None and len(rest) < len(_statements(document)):
            stood = _read(before[_POLICY], order)
            if before[_POLICY] is not None and document | {"Statement": rest} == stood | {
                "Statement": _statements(stood)
            }:
                _write(s3, order, bucket, before[_POLICY])
            elif rest:
                _write(s3, order, bucket, _text(document | {"Statement": rest}))
            else:
                s3.delete_bucket_policy(Bucket=bucket, ExpectedBucketOwner=order.account)
            done = True
        block = _block(s3, order, bucket)
        if block in (_CLOSED, _WRITABLE) and block != before[_BLOCK]:
            _put_block(s3, order, bucket, before[_BLOCK])
            done = True
    return done


def _deny(order: Order, clients: Clients) -> dict[str, Any]:
    """Both conditions have to hold, and both do for who has no such key, the anonymous included."""
    if clients.member_role is None:
        raise Broken("without a member role, the deny would shut ourselves out")
    services = [*_LOG_DELIVERY, f"logs.{order.region}.amazonaws.com"]
    return {
        "Sid": _sid(order),
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [order.resource, f"{order.resource}/*"],
        "Condition": {
            "ArnNotEquals": {"aws:PrincipalArn": clients.member_role.arns_let_in(order.account)},
            "StringNotEquals": {"aws:PrincipalServiceName": services},
        },
    }


def _sid(order: Order) -> str:
    return "BreachResponder" + order.order_id.replace("-", "")


def _has_ours(policy: str | None, order: Order, clients: Clients) -> bool:
    """Ours, and with our text: who may write policies may also have rewritten it."""
    wanted = _in_order(_deny(order, clients))
    return any(_in_order(found) == wanted for found in _statements(_read(policy, order)))


def _in_order(value: Any) -> Any:
    """The same policy, however its lists are sorted. S3 need not give them back as it got them."""
    if isinstance(value, dict):
        return {key: _in_order(inner) for key, inner in value.items()}
    if isinstance(value, list):
        items = sorted((_in_order(item) for item in value), key=repr)
        return items[0] if len(items) == 1 else items
    return value


def _without_ours(document: dict[str, Any], order: Order) -> list[Any]:
    return [s for s in _statements(document) if s.get("Sid") != _sid(order)]


def _statements(document: dict[str, Any]) -> list[Any]:
    found = document["Statement"]
    return found if isinstance(found, list) else [found]


def _read(policy: str | None, order: Order) -> dict[str, Any]:
    if policy is None:
        return {"Version": "2012-10-17", "Statement": []}
    try:
        document = json.loads(policy)
    except ValueError as error:
        raise Broken(f"the policy of {order.resource} is no JSON; nothing was changed") from error
    if not isinstance(document, dict) or "Statement" not in document:
        raise Broken(f"the policy of {order.resource} has no statements; nothing was changed")
    return document


def _text(document: dict[str, Any]) -> str:
    return json.dumps(document, separators=(",", ":"), ensure_ascii=False)


def _policy(s3: "S3Client", order: Order, bucket: str) -> str | None:
    try:
        return s3.get_bucket_policy(Bucket=bucket, ExpectedBucketOwner=order.account)["Policy"]
    except ClientError as error:
        if code_of(error) == "NoSuchBucketPolicy":
            return None
        raise


def _write(s3: "S3Client", order: Order, bucket: str, policy: str) -> None:
    try:
        _put_policy(s3, order, bucket, policy)
    except ClientError as error:
        if code_of(error) == "MalformedPolicy":
            raise Refused(
                f"S3 does not take the policy of {order.resource} as it stood: it names somebody "
                "who does not exist any more. The bucket was left as it was; edit its policy by "
                "hand"
            ) from error
        # What S3 says of a public policy while it blocks those, and of a missing permission.
        block = _block(s3, order, bucket)
        if code_of(error) != "AccessDenied" or block is None or not block["BlockPublicPolicy"]:
            raise
        _put_block(s3, order, bucket, _WRITABLE)
        _put_policy(s3, order, bucket, policy)


def _put_policy(s3: "S3Client", order: Order, bucket: str, policy: str) -> None:
    s3.put_bucket_policy(Bucket=bucket, Policy=policy, ExpectedBucketOwner=order.account)


def _block(s3: "S3Client", order: Order, bucket: str) -> dict[str, bool] | None:
    try:
        found = s3.get_public_access_block(Bucket=bucket, ExpectedBucketOwner=order.account)
    except ClientError as error:
        if code_of(error) == "NoSuchPublicAccessBlockConfiguration":
            return None
        raise
    flags: dict[str, Any] = dict(found["PublicAccessBlockConfiguration"])
    return {name: bool(flags.get(name)) for name in _CLOSED}


def _put_block(s3: "S3Client", order: Order, bucket: str, flags: dict[str, bool] | None) -> None:
    if flags is None:
        s3.delete_public_access_block(Bucket=bucket, ExpectedBucketOwner=order.account)
        return
    wanted: PublicAccessBlockConfigurationTypeDef = {
        "BlockPublicAcls": flags["BlockPublicAcls"],
        "IgnorePublicAcls": flags["IgnorePublicAcls"],
        "BlockPublicPolicy": flags["BlockPublicPolicy"],
        "RestrictPublicBuckets": flags["RestrictPublicBuckets"],
    }
    s3.put_public_access_block(
        Bucket=bucket,
        PublicAccessBlockConfiguration=wanted,
        ExpectedBucketOwner=order.account,
    )

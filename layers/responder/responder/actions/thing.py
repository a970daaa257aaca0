"""Reads the thing that an order is about out of its ARN, and sorts what AWS answers about it.

The name comes from a finding, so an attacker may have chosen it: only what can be a name of that
kind of thing, in the account and region of the order, is ever put into a call.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager

from botocore.exceptions import ClientError

from responder.aws.errors import asking_aws, code_of
from responder.domain.errors import Broken, Refused, Unavailable
from responder.domain.order import Order

_PARTITION = r"arn:(?:aws|aws-cn|aws-us-gov)"
# What the services say of a thing that does not exist (error codes of S3, Lambda, RDS, KMS).
GONE = frozenset(
    {
        "DBClusterNotFoundFault",
        "DBInstanceNotFound",
        "NoSuchBucket",
        "NotFoundException",
        "ResourceNotFoundException",
    }
)
# What they say of one that is in the middle of another change.
_BUSY = frozenset(
    {
        "DependencyTimeoutException",
        "InvalidDBClusterStateFault",
        "InvalidDBInstanceState",
        "KMSInvalidStateException",
        "ResourceConflictException",
        "ResourceInUseException",
        "ResourceNotReadyException",
    }
)


def bucket_of(order: Order) -> str:
    """The name of the bucket that an order is about. Its ARN names neither account nor region."""
    return _named(order, rf"{_PARTITION}:s3:::([A-Za-z0-9._-]{{3,255}})", "bucket")


def function_of(order: Order) -> str:
    """The name of the function that an order is about, without a version or alias."""
    name = r"([A-Za-z0-9_-]{1,64})(?::(?:\$LATEST|[A-Za-z0-9_-]{1,128}))?"
    return _named(order, f"{_here(order, 'lambda')}:function:{name}", "function")


def database_of(order: Order) -> str:
    """The name of the database instance that an order is about."""
    return _named(order, f"{_here(order, 'rds')}:db:([A-Za-z][A-Za-z0-9-]{{0,62}})", "database")


def key_of(order: Order) -> str:
    """The id of the KMS key that an order is about. An alias may lead elsewhere tomorrow."""
    return _named(order, f"{_here(order, 'kms')}:key/([A-Za-z0-9-]{{1,64}})", "key")


@contextmanager
def asking_about(order: Order, doing: str) -> Iterator[None]:
    """Turn what a service raises about a thing into our errors. What is gone is refused."""
    with asking_aws(f"{doing} {order.resource}"):
        try:
            yield
        except ClientError as error:
            code = code_of(error)
            if code in GONE:
                raise gone(order) from error
            if code in _BUSY:
                raise Unavailable(
                    f"{doing} {order.resource}: AWS answered {code}, it is in the middle of "
                    "another change; try again"
                ) from error
            raise


@contextmanager
def asking_bucket(order: Order, doing: str) -> Iterator[None]:
    """The same for a bucket, whose own policy may shut us out like anybody else."""
    with asking_about(order, doing):
        try:
            yield
        except ClientError as error:
            if code_of(error) == "AccessDenied":
                raise Broken(
                    f"{doing} {order.resource}: AWS answered AccessDenied. Our role lacks the "
                    "permission, or the bucket's policy denies us: then root of the account can "
                    "delete that policy (sts:AssumeRoot with S3UnlockBucketPolicy)"
                ) from error
            raise


def gone(order: Order) -> Refused:
    """The refusal of what does not exist."""
    return Refused(
        f"{order.resource} does not exist any more; nothing was changed. CloudTrail says who "
        "deleted it"
    )


def _here(order: Order, service: str) -> str:
    return f"{_PARTITION}:{service}:{order.region}:{order.account}"


def _named(order: Order, pattern: str, kind: str) -> str:
    found = re.fullmatch(pattern, order.resource)
    if found is None:
        raise Broken(
            f"{order.order_id} names no {kind} of {order.account} in {order.region}; "
            "nothing was changed"
        )
    return found[1]

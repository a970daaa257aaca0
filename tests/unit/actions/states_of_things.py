"""Buckets, functions, databases and keys as an account really holds them."""

from random import Random
from typing import Any

from responder.actions import (
    kms_keep_key,
    kms_revoke_grants,
    lambda_stop_function,
    rds_quarantine_instance,
    s3_close_bucket,
    s3_hold_deletes,
    security_group,
)
from tests.builders import REGION, SHOP
from tests.instances import Wire
from tests.shown import bucket_shown, databases_shown, functions_shown, key_shown
from tests.things import an_order_about
from tests.unit.actions import (
    test_kms_keep_key,
    test_kms_revoke_grants,
    test_lambda_stop_function,
    test_rds_quarantine_instance,
    test_s3_close_bucket,
)
from tests.unit.actions.states import ODD, Reached, State, some, typed
from tests.unit.actions.test_kms_revoke_grants import CONTEXT, FOREIGN, OURS, SERVICE
from tests.unit.actions.test_s3_close_bucket import ANYBODY, ARN, BUCKET, READERS, Guarded
from tests.unit.actions.test_s3_hold_deletes import (
    COPY,
    LIFECYCLE,
    OLDER_KIND,
    ROLE,
    WITHOUT_DELETES,
    Replicating,
)

_EARLIER = {
    "Sid": "BreachResponderord0123456789abcdef0123",
    "Effect": "Deny",
    "Principal": "*",
    "Action": "s3:*",
    "Resource": [ARN, f"{ARN}/*"],
    "Condition": {"StringNotEquals": {"aws:PrincipalTag/é": ["a b", "1"]}},
}


def closed_bucket(wire: Wire, rng: Random, action_id: str) -> State:
    """A bucket with a policy or none, and with public access blocked in any way."""
    clients = Reached(wire, lambda service, client: _guarded(service, client))
    s3 = _bucket(clients, rng)
    statements = some(rng, 0, 3, (READERS, ANYBODY, _EARLIER))
    if statements:
        is_one = len(statements) == 1 and rng.random() < 0.5
        document = {
            "Version": rng.choice(("2012-10-17", "2008-10-17")),
            "Id": rng.choice(ODD),
            "Statement": statements[0] if is_one else statements,
        }
        s3.put_bucket_policy(Bucket=BUCKET, Policy=typed(rng, document))
    flags = rng.choice((None, "all", "some"))
    if flags is not None:
        block = {name: flags == "all" or rng.random() < 0.5 for name in test_s3_close_bucket.ALL}
        s3.put_public_access_block(Bucket=BUCKET, PublicAccessBlockConfiguration=block)
    return State(an_order_about(s3_close_bucket, ARN), clients, lambda: bucket_shown(s3, BUCKET))


def held_bucket(wire: Wire, rng: Random, action_id: str) -> State:
    """A bucket with any lifecycle and replication rules, or none."""
    kept: dict[str, Any] = {}
    clients = Reached(
        wire, lambda service, client: Replicating(client, kept) if service == "s3" else client
    )
    s3 = _bucket(clients, rng)
    rules = some(rng, 0, 5, LIFECYCLE)
    if rules:
        s3.put_bucket_lifecycle_configuration(
            Bucket=BUCKET, LifecycleConfiguration={"Rules": rules}
        )
    copies = rng.choice(
        ([], some(rng, 1, 2, (COPY, WITHOUT_DELETES)), [OLDER_KIND, OLDER_KIND | {"ID": "two"}])
    )
    if copies:
        s3.put_bucket_replication(
            Bucket=BUCKET, ReplicationConfiguration={"Role": ROLE, "Rules": copies}
        )
    return State(an_order_about(s3_hold_deletes, ARN), clients, lambda: bucket_shown(s3, BUCKET))


def function(wire: Wire, rng: Random, action_id: str) -> State:
    """A function with any concurrency reserved, and any event sources."""
    clients: Any = Reached(wire)
    account = test_lambda_stop_function.Account(clients)
    functions, name = account.functions, test_lambda_stop_function.NAME
    reserved = rng.choice((None, 0, 1, 100))
    if reserved is not None:
        account.reserve(reserved)
    functions.create_alias(FunctionName=name, Name="live", FunctionVersion="1")
    for queue, whose in zip(
        some(rng, 0, 3, ("orders", "returns", "mails")),
        (name, f"{name}:live", f"{name}-2"),
        strict=False,
    ):
        account.source(queue, is_on=rng.random() < 0.6, function=whose)

    order = an_order_about(lambda_stop_function, test_lambda_stop_function.ARN)
    return State(order, clients, lambda: functions_shown(functions, name, f"{name}-2"))


def database(wire: Wire, rng: Random, action_id: str) -> State:
    """An instance or a cluster, with one to three groups, of which one may be ours already."""
    clients: Any = Reached(wire)
    account = test_rds_quarantine_instance.Account(clients)
    order = an_order_about(rds_quarantine_instance, test_rds_quarantine_instance.ARN)
    groups = some(rng, 1, 3, (*account.groups, account.group("odd")))
    left = rng.choice(("nothing", "nothing", "our group", "cut"))
    if left != "nothing":
        closed = security_group.make_closed(account.ec2, order, account.vpc)
        groups = [closed] if left == "cut" else groups
    is_protected = rng.random() < 0.5
    if rng.random() < 0.3:
        cluster = test_rds_quarantine_instance.Cluster(account)
        account.rds.modify_db_cluster(
            DBClusterIdentifier=cluster.name,
            VpcSecurityGroupIds=groups,
            DeletionProtection=is_protected,
        )
        member = f"arn:aws:rds:{REGION}:{SHOP}:db:member"
        order = an_order_about(rds_quarantine_instance, member)
    else:
        account.rds.modify_db_instance(
            DBInstanceIdentifier=account.name,
            VpcSecurityGroupIds=groups,
            DeletionProtection=is_protected,
        )

    return State(order, clients, lambda: databases_shown(account))


def kept_key(wire: Wire, rng: Random, action_id: str) -> State:
    """A key that is on, off or to be deleted."""
    clients: Any = Reached(wire)
    account = test_kms_keep_key.Account(clients)
    state = rng.choice(("Enabled", "Disabled", "PendingDeletion", "PendingDeletion"))
    account.make(state, rng.randint(7, 30))
    order = an_order_about(kms_keep_key, account.arn)
    return State(order, clients, lambda: key_shown(account.kms, account.id))


def granted_key(wire: Wire, rng: Random, action_id: str) -> State:
    """A key with grants to ourselves, services and another account, some of them the same."""
    clients: Any = Reached(wire)
    account = test_kms_revoke_grants.Account(clients)
    for to in some(rng, 0, 2, (OURS, SERVICE)):
        account.grant(to)
    for _ in range(rng.randint(0, 4)):
        given = dict(
            some(
                rng,
                0,
                3,
                (
                    ("Name", rng.choice(("backup", "a:b/c_d-e"))),
                    ("RetiringPrincipal", OURS),
                    ("Constraints", CONTEXT),
                    ("Operations", ["Encrypt", "Decrypt", "DescribeKey"]),
                ),
            )
        )
        account.grant(FOREIGN, **given)
    order = an_order_about(kms_revoke_grants, account.arn)
    return State(order, clients, lambda: key_shown(account.kms, account.id))


def _guarded(service: str, client: Any) -> Any:
    return Guarded(client) if service == "s3" else client


def _bucket(clients: Reached, rng: Random) -> Any:
    s3: Any = clients.s3(SHOP, REGION)
    s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
    if rng.random() < 0.5:
        s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    if rng.random() < 0.5:
        tags = [{"Key": "team", "Value": rng.choice(("orders", "été"))}]
        s3.put_bucket_tagging(Bucket=BUCKET, Tagging={"TagSet": tags})
    return s3

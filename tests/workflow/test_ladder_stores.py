"""Buckets, functions, databases and keys: the cut, what is refused then, what goes on, the undo.

Each row is cut by a session of the member role. `pytest -s` prints the table; everything in it was
seen in that run. Where it says "by", nothing here could be refused, and that was looked at.
"""

import json
from collections.abc import Callable
from typing import Any

import pytest

from localcloud.iam_conditions import Context
from localcloud.iam_evaluator import Question, decide_for_service
from localcloud.iam_holdings import Policy
from responder.domain.ladder import (
    CLOSE_BUCKET,
    HOLD_DELETES,
    KEEP_KEY,
    QUARANTINE_DATABASE,
    REVOKE_GRANTS,
    STOP_FUNCTION,
)
from tests.builders import REGION, SHOP
from tests.instances import PARTNER, STRANGER
from tests.shown import bucket_shown, databases_shown, functions_shown, key_shown
from tests.unit.actions import test_rds_quarantine_instance as databases
from tests.unit.actions.test_s3_hold_deletes import COLDER, COPY, EXPIRES, ROLE
from tests.workflow.ladder_account import WORKS, answer
from tests.workflow.ladder_table import Row
from tests.workflow.ladder_things import Things, things

__all__ = ["things"]
DENIED = "AccessDenied"
DELIVERY = "delivery.logs.amazonaws.com"


# ---- Buckets


def bucket_that_others_read(things: Things) -> Row:
    outside, stranger = things.stranger(STRANGER, "s3", "s3:*")
    inside = things.thief("reads-buckets", "s3", "s3:*")
    s3, other = things.bucket("shop-orders"), things.bucket("shop-images")
    for bucket in ("shop-orders", "shop-images"):
        arn = f"arn:aws:s3:::{bucket}/*"
        document = {
            "Version": "2012-10-17",
            "Statement": [
                _allow("Partner", {"AWS": stranger}, "s3:GetObject", arn),
                _allow("Logs", {"Service": DELIVERY}, "s3:PutObject", arn),
            ],
        }
        s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps(document, indent=3))

    def read(client: Any, bucket: str) -> str:
        return answer(lambda: client.get_object(Bucket=bucket, Key="orders/1.csv"))

    def works() -> str:
        responder = things.clients.s3(SHOP, REGION)
        looks = answer(lambda: responder.get_bucket_policy(Bucket="shop-orders"))
        logs = _delivers(s3, "shop-orders")
        return f"log delivery: {logs}, us: {looks}, another bucket: {read(outside, 'shop-images')}"

    return things.row(
        things.target("S3Bucket", "arn:aws:s3:::shop-orders", CLOSE_BUCKET),
        lambda: [bucket_shown(s3, "shop-orders"), bucket_shown(other, "shop-images")],
        lambda: f"{read(outside, 'shop-orders')}, {read(inside, 'shop-orders')}",
        was=f"{WORKS}, {WORKS}",
        then=f"{DENIED}, {DENIED}",
        works=works,
        goes_on=f"log delivery: {WORKS}, us: {WORKS}, another bucket: {WORKS}",
        how="read by another account, and by a user of this one",
    )


def bucket_without_a_policy(things: Things) -> Row:
    s3, inside = things.bucket("shop-mails"), things.thief("reads-mails", "s3", "s3:*")
    things.bucket("shop-news")

    def read(bucket: str) -> str:
        return answer(lambda: inside.get_object(Bucket=bucket, Key="orders/1.csv"))

    return things.row(
        things.target("S3Bucket", "arn:aws:s3:::shop-mails", CLOSE_BUCKET),
        lambda: bucket_shown(s3, "shop-mails"),
        lambda: read("shop-mails"),
        was=WORKS,
        then=DENIED,
        works=lambda: f"another bucket: {read('shop-news')}",
        goes_on=f"another bucket: {WORKS}",
        how="read by a user of this account",
    )


def bucket_that_empties_itself(things: Things) -> Row:
    s3 = things.bucket("shop-exports", versions=True)
    rules: Any = [EXPIRES, COLDER]
    s3.put_bucket_lifecycle_configuration(
        Bucket="shop-exports", LifecycleConfiguration={"Rules": rules}
    )
    copies: Any = {"Role": ROLE, "Rules": [COPY]}
    s3.put_bucket_replication(Bucket="shop-exports", ReplicationConfiguration=copies)

    def deletes() -> str:
        found = bucket_shown(s3, "shop-exports")
        expiry, colder = (one["Status"] for one in found["Lifecycle"]["Rules"])
        [copy] = found["Replication"]["ReplicationConfiguration"]["Rules"]
        assert (colder, copy["Status"]) == ("Enabled", "Enabled")
        return f"expiry {expiry}, copies of deletes {copy['DeleteMarkerReplication']['Status']}"

    def works() -> str:
        read = answer(lambda: s3.get_object(Bucket="shop-exports", Key="orders/1.csv"))
        return f"reading: {read}, moves to cold storage and copies: Enabled"

    return things.row(
        things.target("S3Bucket", "arn:aws:s3:::shop-exports", HOLD_DELETES),
        lambda: bucket_shown(s3, "shop-exports"),
        deletes,
        was="expiry Enabled, copies of deletes Enabled",
        then="expiry Disabled, copies of deletes Disabled",
        works=works,
        goes_on=f"reading: {WORKS}, moves to cold storage and copies: Enabled",
        how="by its rules",
    )


# ---- Functions, databases, keys


def function_that_beacons(things: Things) -> Row:
    made = things.functions()
    functions = things.cloud.client("lambda", account=SHOP)
    sqs = things.cloud.client("sqs", account=SHOP)
    caller = things.thief("invokes", "lambda", "lambda:InvokeFunction")

    def invoke(logical: str) -> str:
        return answer(lambda: caller.invoke(FunctionName=made[logical], Payload=b"{}"))

    def turned_away() -> str:
        sqs.send_message(QueueUrl=made["Queue"], MessageBody="an order")
        things.cloud.settle()
        waits = things.written.messages(made["Queue"], account=SHOP)
        return f"{invoke('Orders')}, {len(waits)} in its queue"

    arn = f"arn:aws:lambda:{REGION}:{SHOP}:function:{made['Orders']}"
    return things.row(
        things.target("Lambda", arn, STOP_FUNCTION),
        lambda: functions_shown(functions, made["Orders"], made["Mails"]),
        turned_away,
        was=f"{WORKS}, 0 in its queue",
        then="TooManyRequestsException, 1 in its queue",
        works=lambda: f"another function: {invoke('Mails')}",
        goes_on=f"another function: {WORKS}",
        how="invoked, and sent a message",
    )


def database_that_somebody_guesses_at(things: Things) -> Row:
    account = things.databases

    def standing(name: str) -> str:
        [found] = account.rds.describe_db_instances(DBInstanceIdentifier=name)["DBInstances"]
        return _rules(account, found)

    return _cut_off(things, databases.NAME, lambda: standing(databases.NAME), "its groups")


def database_of_a_cluster(things: Things) -> Row:
    account = things.databases

    def standing() -> str:
        [found] = account.rds.describe_db_clusters()["DBClusters"]
        return _rules(account, found)

    return _cut_off(things, "member", standing, "the groups of its cluster")


def key_that_is_to_be_deleted(things: Things) -> Row:
    def lose(kms: Any, key_id: str) -> None:
        kms.schedule_key_deletion(KeyId=key_id, PendingWindowInDays=9)

    return _kept(things, "lost", lose, was="KMSInvalidStateException")


def key_that_is_switched_off(things: Things) -> Row:
    return _kept(
        things, "off", lambda kms, key: kms.disable_key(KeyId=key), was="DisabledException"
    )


def key_that_others_use(things: Things) -> Row:
    kms = things.cloud.client("kms", account=SHOP)
    key = kms.create_key()["KeyMetadata"]
    locked = kms.encrypt(KeyId=key["KeyId"], Plaintext=b"of an order")["CiphertextBlob"]
    outside, stranger = things.stranger(PARTNER, "kms", "kms:*")
    ours = things.role("backup")
    _, session = things.session("backup", "nightly")
    inside = things.client("kms", session)
    for grantee in (stranger, ours):
        kms.create_grant(KeyId=key["KeyId"], GranteePrincipal=grantee, Operations=["Decrypt"])

    def decrypt(client: Any) -> str:
        return answer(lambda: client.decrypt(CiphertextBlob=locked))

    return things.row(
        things.target("KMSKey", key["Arn"], REVOKE_GRANTS),
        lambda: key_shown(kms, key["KeyId"]),
        lambda: decrypt(outside),
        was=WORKS,
        then="AccessDeniedException",
        works=lambda: f"a grant to a role of this account: {decrypt(inside)}",
        goes_on=f"a grant to a role of this account: {WORKS}",
    )


CASES: tuple[Callable[[Things], Row], ...] = (
    bucket_that_others_read,
    bucket_without_a_policy,
    bucket_that_empties_itself,
    function_that_beacons,
    database_that_somebody_guesses_at,
    database_of_a_cluster,
    key_that_is_to_be_deleted,
    key_that_is_switched_off,
    key_that_others_use,
)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.__name__)
def test_a_thing_of_the_table(things: Things, case: Callable[[Things], Row]) -> None:
    things.add(case, case(things))


def _kept(things: Things, name: str, lose: Callable[[Any, str], Any], *, was: str) -> Row:
    """A key that an attacker took from its readers, given back to them."""
    kms = things.cloud.client("kms", account=SHOP)
    reader = things.thief(f"decrypts-{name}", "kms", "kms:Decrypt")
    key, other = (kms.create_key()["KeyMetadata"] for _ in range(2))
    locked, others = (
        kms.encrypt(KeyId=one["KeyId"], Plaintext=b"of an order")["CiphertextBlob"]
        for one in (key, other)
    )
    lose(kms, key["KeyId"])
    return things.row(
        things.target("KMSKey", key["Arn"], KEEP_KEY),
        lambda: key_shown(kms, key["KeyId"]),
        lambda: answer(lambda: reader.decrypt(CiphertextBlob=locked)),
        was=was,
        then=WORKS,
        works=lambda: f"another key: {answer(lambda: reader.decrypt(CiphertextBlob=others))}",
        goes_on=f"another key: {WORKS}",
        how="decrypting",
    )


def _allow(sid: str, principal: dict[str, str], action: str, resource: str) -> dict[str, Any]:
    effect = {"Sid": sid, "Effect": "Allow", "Principal": principal}
    return {**effect, "Action": action, "Resource": resource}


def _cut_off(things: Things, name: str, standing: Callable[[], str], what: str) -> Row:
    account = things.databases

    def another() -> str:
        [found] = account.rds.describe_db_instances(DBInstanceIdentifier="shop-reports")[
            "DBInstances"
        ]
        return f"another database: {_rules(account, found)}"

    arn = f"arn:aws:rds:{REGION}:{SHOP}:db:{name}"
    return things.row(
        things.target("RDSDBInstance", arn, QUARANTINE_DATABASE),
        lambda: databases_shown(account),
        standing,
        was="2 rules, not protected",
        then="0 rules, protected",
        works=another,
        goes_on="another database: 2 rules, not protected",
        how=f"by {what}",
    )


def _rules(account: databases.Account, found: dict[str, Any]) -> str:
    """How many rules let something through to a database, and whether it can be deleted."""
    ids = [one["VpcSecurityGroupId"] for one in found["VpcSecurityGroups"]]
    groups = account.ec2.describe_security_groups(GroupIds=ids)["SecurityGroups"]
    rules = sum(len(one["IpPermissions"] + one["IpPermissionsEgress"]) for one in groups)
    return f"{rules} rules, {'protected' if found['DeletionProtection'] else 'not protected'}"


def _delivers(s3: Any, bucket: str) -> str:
    """Whether the bucket's policy lets AWS deliver logs: no service delivers any here."""
    text = s3.get_bucket_policy(Bucket=bucket)["Policy"]
    known = {
        "aws:principalisawsservice": ("true",),
        "aws:principalservicename": (DELIVERY,),
        "aws:sourceaccount": (SHOP,),
    }
    question = Question(
        "s3:PutObject",
        f"arn:aws:s3:::{bucket}/logs/1",
        SHOP,
        Context(known),
        Policy("the policy of the bucket", text),
        resource_decides=True,
    )
    return WORKS if decide_for_service(question, DELIVERY) else DENIED

"""Every kind of thing: the cut, what is refused or gone then, what goes on, and the undo.

Each row is cut by a session of the member role. `pytest -s` prints the table; everything in it was
seen in that run, and where it says "by", nothing here could be refused and that was looked at.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from localcloud.iam_conditions import Context
from localcloud.iam_evaluator import Question, decide_for_service
from localcloud.iam_holdings import Policy
from responder.actions import BY_ID
from responder.domain.ladder import (
    CLOSE_BUCKET,
    CLOSE_SUBNET,
    CUT_METADATA,
    DETACH_PROFILE,
    HOLD_DELETES,
    KEEP_KEY,
    LEAVE_SERVICE,
    PROTECT_INSTANCE,
    QUARANTINE_DATABASE,
    QUARANTINE_INSTANCE,
    REVOKE_GRANTS,
    STOP_FUNCTION,
    UNSHARE_IMAGE,
    UNSHARE_SNAPSHOT,
)
from tests.builders import REGION, SHOP
from tests.instances import PARTNER, STRANGER
from tests.shown import (
    bucket_shown,
    databases_shown,
    fleet_shown,
    functions_shown,
    key_shown,
    service_shown,
    shared_shown,
    subnets_shown,
)
from tests.unit.actions import test_rds_quarantine_instance as databases
from tests.unit.actions.test_s3_hold_deletes import COLDER, COPY, EXPIRES, ROLE
from tests.workflow.ladder_account import WORKS, answer, cloud
from tests.workflow.ladder_table import Row, show
from tests.workflow.ladder_things import Things, passes, reaches

DENIED = "AccessDenied"
BOTH_WAYS, NEITHER = "in: yes, out: yes", "in: no, out: no"
DELIVERY = "delivery.logs.amazonaws.com"


@pytest.fixture(scope="module")
def things(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Things]:
    with cloud() as running:
        stage = Things(running, tmp_path_factory.mktemp("shop"))
        yield stage
    show(stage.rows, seen="What is refused or gone")


# ---- Instances


def instance_that_somebody_ends(things: Things) -> Row:
    fleet, twin = things.fleet, things.twin
    thief = things.thief("ends-instances", "ec2", "ec2:StopInstances", "ec2:TerminateInstances")

    def ends(instance: str) -> str:
        stopped = answer(lambda: thief.stop_instances(InstanceIds=[instance]))
        if stopped == WORKS:
            fleet.ec2.start_instances(InstanceIds=[instance])
            return "stopped"
        return f"{stopped}, {answer(lambda: thief.terminate_instances(InstanceIds=[instance]))}"

    return things.row(
        things.target("Instance", fleet.arn, PROTECT_INSTANCE),
        lambda: fleet_shown(fleet),
        lambda: ends(fleet.instance),
        was="stopped",
        then="OperationNotPermitted, OperationNotPermitted",
        works=lambda: f"its twin: {ends(twin)}",
        goes_on="its twin: stopped",
        how="asked to stop it, and to end it",
    )


def instance_behind_load_balancers(things: Things) -> Row:
    service, fleet = things.service, things.fleet

    def serves(instance: str, *addresses: str) -> str:
        standing, names = service.standing(), {instance, *addresses}
        targets = sum(target in names for _, target, _ in standing["targets"])
        classic = standing["classic"].count(instance)
        return f"{standing['members'][instance]}, {targets + classic} registrations"

    return things.row(
        things.target("Instance", fleet.arn, LEAVE_SERVICE),
        lambda: service_shown(service),
        lambda: serves(fleet.instance, service.address),
        was="InService, 3 registrations",
        then="Standby, 0 registrations",
        works=lambda: f"its twin: {serves(things.twin)}",
        goes_on="its twin: InService, 2 registrations",
        how="by its group, target groups and load balancer",
    )


def instance_that_mines(things: Things) -> Row:
    fleet = things.fleet
    return things.row(
        things.target("Instance", fleet.arn, QUARANTINE_INSTANCE),
        lambda: fleet_shown(fleet),
        lambda: reaches(fleet.ec2, fleet.instance),
        was=BOTH_WAYS,
        then=NEITHER,
        works=lambda: f"its twin: {reaches(fleet.ec2, things.twin)}",
        goes_on=f"its twin: {BOTH_WAYS}",
        how="by the groups of its interfaces",
    )


def subnet_of_an_instance(things: Things) -> Row:
    fleet = things.fleet
    beside = fleet.ec2.create_subnet(VpcId=fleet.vpc, CidrBlock="10.0.9.0/24")["Subnet"]["SubnetId"]
    return things.row(
        things.target("Instance", fleet.arn, CLOSE_SUBNET),
        lambda: subnets_shown(fleet),
        lambda: passes(fleet.ec2, fleet.subnet),
        was=BOTH_WAYS,
        then=NEITHER,
        works=lambda: f"the subnet beside it: {passes(fleet.ec2, beside)}",
        goes_on=f"the subnet beside it: {BOTH_WAYS}",
        how="by the network ACL",
    )


def metadata_of_an_instance(things: Things) -> Row:
    fleet = things.fleet

    def endpoint(instance: str) -> str:
        found = fleet.ec2.describe_instances(InstanceIds=[instance])["Reservations"][0]
        told: str = found["Instances"][0]["MetadataOptions"]["HttpEndpoint"]
        return told

    return things.row(
        things.target("Instance", fleet.arn, CUT_METADATA),
        lambda: fleet_shown(fleet),
        lambda: endpoint(fleet.instance),
        was="enabled",
        then="disabled",
        works=lambda: f"its twin: {endpoint(things.twin)}",
        goes_on="its twin: enabled",
        how="by its metadata options",
    )


def profile_of_an_instance(things: Things) -> Row:
    fleet = things.fleet

    def profiles(instance: str) -> str:
        found = fleet.ec2.describe_iam_instance_profile_associations(
            Filters=[{"Name": "instance-id", "Values": [instance]}]
        )["IamInstanceProfileAssociations"]
        return ", ".join(one["State"] for one in found) or "none"

    assert profiles(things.twin) == "associated"
    return things.row(
        things.target("Instance", fleet.arn, DETACH_PROFILE),
        lambda: fleet_shown(fleet),
        lambda: profiles(fleet.instance),
        was="associated",
        then="none",
        works=lambda: f"its twin: {profiles(things.twin)}",
        goes_on="its twin: associated",
        how="by its profiles",
    )


# ---- Snapshots and images


def shared_snapshot(things: Things) -> Row:
    shared = things.shared
    arn = f"arn:aws:ec2:{REGION}::snapshot/{shared.snapshot}"
    return things.row(
        things.target("EBSSnapshot", arn, UNSHARE_SNAPSHOT),
        lambda: shared_shown(shared),
        lambda: _others(shared.standing()["snapshot"]),
        was=PARTNER,
        then="nobody",
        works=lambda: f"the image: {_others(shared.standing()['image'])}",
        goes_on=f"the image: organization, {PARTNER}",
        how="whom its owner sees it shared with",
    )


def shared_image(things: Things) -> Row:
    shared = things.shared
    arn = f"arn:aws:ec2:{REGION}::image/{shared.image}"
    return things.row(
        things.target("EC2Image", arn, UNSHARE_IMAGE),
        lambda: shared_shown(shared),
        lambda: _others(shared.standing()["image"]),
        was=f"organization, {PARTNER}",
        then="nobody",
        works=lambda: f"the snapshot: {_others(shared.standing()['snapshot'])}",
        goes_on=f"the snapshot: {PARTNER}",
        how="whom its owner sees it shared with",
    )


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
    names = things.functions()
    functions = things.cloud.client("lambda", account=SHOP)
    caller = things.thief("invokes", "lambda", "lambda:InvokeFunction")

    def invoke(logical: str) -> str:
        return answer(lambda: caller.invoke(FunctionName=names[logical], Payload=b"{}"))

    arn = f"arn:aws:lambda:{REGION}:{SHOP}:function:{names['Orders']}"
    return things.row(
        things.target("Lambda", arn, STOP_FUNCTION),
        lambda: functions_shown(functions, names["Orders"], names["Mails"]),
        lambda: invoke("Orders"),
        was=WORKS,
        then="TooManyRequestsException",
        works=lambda: f"another function: {invoke('Mails')}",
        goes_on=f"another function: {WORKS}",
    )


def database_that_somebody_guesses_at(things: Things) -> Row:
    account = things.databases

    def groups(name: str) -> str:
        [found] = account.rds.describe_db_instances(DBInstanceIdentifier=name)["DBInstances"]
        ids = [one["VpcSecurityGroupId"] for one in found["VpcSecurityGroups"]]
        shown = account.ec2.describe_security_groups(GroupIds=ids)["SecurityGroups"]
        rules = sum(len(one["IpPermissions"] + one["IpPermissionsEgress"]) for one in shown)
        kept = "protected" if found["DeletionProtection"] else "not protected"
        return f"{rules} rules, {kept}"

    arn = f"arn:aws:rds:{REGION}:{SHOP}:db:{databases.NAME}"
    return things.row(
        things.target("RDSDBInstance", arn, QUARANTINE_DATABASE),
        lambda: databases_shown(account),
        lambda: groups(databases.NAME),
        was="2 rules, not protected",
        then="0 rules, protected",
        works=lambda: f"another database: {groups('shop-reports')}",
        goes_on="another database: 2 rules, not protected",
        how="by the groups that it has",
    )


def key_that_is_to_be_deleted(things: Things) -> Row:
    kms = things.cloud.client("kms", account=SHOP)
    key, other = (kms.create_key()["KeyMetadata"] for _ in range(2))
    reader = things.thief("decrypts", "kms", "kms:Decrypt")
    locked, others = (
        kms.encrypt(KeyId=one["KeyId"], Plaintext=b"of an order")["CiphertextBlob"]
        for one in (key, other)
    )
    kms.schedule_key_deletion(KeyId=key["KeyId"], PendingWindowInDays=9)
    return things.row(
        things.target("KMSKey", key["Arn"], KEEP_KEY),
        lambda: key_shown(kms, key["KeyId"]),
        lambda: answer(lambda: reader.decrypt(CiphertextBlob=locked)),
        was="KMSInvalidStateException",
        then=WORKS,
        works=lambda: f"another key: {answer(lambda: reader.decrypt(CiphertextBlob=others))}",
        goes_on=f"another key: {WORKS}",
    )


def key_that_is_switched_off(things: Things) -> Row:
    kms = things.cloud.client("kms", account=SHOP)
    key = kms.create_key()["KeyMetadata"]
    reader = things.thief("decrypts-too", "kms", "kms:Decrypt")
    locked = kms.encrypt(KeyId=key["KeyId"], Plaintext=b"of an order")["CiphertextBlob"]
    kms.disable_key(KeyId=key["KeyId"])
    return things.row(
        things.target("KMSKey", key["Arn"], KEEP_KEY),
        lambda: key_shown(kms, key["KeyId"]),
        lambda: answer(lambda: reader.decrypt(CiphertextBlob=locked)),
        was="DisabledException",
        then=WORKS,
        works=lambda: "",
        goes_on="",
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
    instance_that_somebody_ends,
    instance_behind_load_balancers,
    instance_that_mines,
    subnet_of_an_instance,
    metadata_of_an_instance,
    profile_of_an_instance,
    shared_snapshot,
    shared_image,
    bucket_that_others_read,
    bucket_that_empties_itself,
    function_that_beacons,
    database_that_somebody_guesses_at,
    key_that_is_to_be_deleted,
    key_that_is_switched_off,
    key_that_others_use,
)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.__name__)
def test_a_thing_of_the_table(things: Things, case: Callable[[Things], Row]) -> None:
    row = case(things)
    assert row.cut.partition(" ")[0] in BY_ID
    things.rows.append(replace(row, case=case.__name__.replace("_", " ")))


def _allow(sid: str, principal: dict[str, str], action: str, resource: str) -> dict[str, Any]:
    effect = {"Sid": sid, "Effect": "Allow", "Principal": principal}
    return {**effect, "Action": action, "Resource": resource}


def _others(grants: list[str]) -> str:
    """Whom a thing is shared with, but its owner."""
    found = [one for one in (PARTNER, STRANGER, "organization") if one in str(grants)]
    return ", ".join(sorted(found, reverse=True)) or "nobody"


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

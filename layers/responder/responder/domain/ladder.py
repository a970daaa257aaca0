"""The rungs: what may be cut of each kind of identity and thing, the smallest effective cut first.

A plan gives the first rungs. A wider one is given when what was cut is seen again afterwards, and
is always asked about: what is seen may be calls that were refused. Other cuts are a person's, or a
lineage's, to ask for. `actions` carries them all out; a test holds both together.
"""

import re
from dataclasses import dataclass

from responder.domain.finding import Resource
from responder.domain.principal import Principal, PrincipalKind

TAG_QUARANTINED = "iam.tag_quarantined"
DENY_USER, CUT_USER_SESSIONS = "iam.deny_user", "iam.cut_user_sessions"
DEACTIVATE_KEY, DEACTIVATE_CREDENTIALS = "iam.deactivate_key", "iam.deactivate_credentials"
CUT_CONSOLE_SIGN_IN = "iam.cut_console_sign_in"
DENY_ROLE_SESSION, CUT_ROLE_SESSIONS = "iam.deny_role_session", "iam.cut_role_sessions"
CLOSE_ROLE_TRUST, DENY_ROLE = "iam.close_role_trust", "iam.deny_role"
PROTECT_INSTANCE, LEAVE_SERVICE = "ec2.protect_instance", "ec2.leave_service"
QUARANTINE_INSTANCE, CUT_METADATA = "ec2.quarantine_instance", "ec2.cut_metadata"
DETACH_PROFILE, CLOSE_SUBNET = "ec2.detach_profile", "ec2.close_subnet"
UNSHARE_SNAPSHOT, UNSHARE_IMAGE = "ec2.unshare_snapshot", "ec2.unshare_image"
PROTECT_TASK, LEAVE_TARGETS = "ecs.protect_task", "ecs.leave_targets"
CLOSE_TASK_SUBNET, STOP_TASK = "ecs.close_subnet", "ecs.stop_task"
CLOSE_BUCKET, HOLD_DELETES = "s3.close_bucket", "s3.hold_deletes"
STOP_FUNCTION, QUARANTINE_DATABASE = "lambda.stop_function", "rds.quarantine_instance"
KEEP_KEY, REVOKE_GRANTS = "kms.keep_key", "kms.revoke_grants"
DENY_ACCOUNT = "organizations.deny_account"

# What goes down with each cut, for whoever approves it.
GOES_DOWN: dict[str, str] = {
    TAG_QUARANTINED: "Everything that works as this identity stops, its live sessions too, and "
    "nobody in the account can change it until it is released.",
    DENY_USER: "Everything that uses this user is denied until it is released.",
    CUT_USER_SESSIONS: "Sessions that the user made of itself before now are denied; its keys go "
    "on.",
    DEACTIVATE_KEY: "What uses this key stops until it is released; the user's other keys go on.",
    DEACTIVATE_CREDENTIALS: "What signs in as this user with an API key, an SSH key or a "
    "certificate stops until it is released.",
    CUT_CONSOLE_SIGN_IN: "The user's password works no more, and a release does not bring it back: "
    "the person sets a new one.",
    DENY_ROLE_SESSION: "Whatever works under this session's name is denied until it is released, "
    "an instance or a function too; every other session of the role goes on.",
    CUT_ROLE_SESSIONS: "Every session of the role that is out now is denied, the honest workload's "
    "too, until it assumes the role again; an instance may wait hours for that.",
    CLOSE_ROLE_TRUST: "Nobody but AWS services gets a new session of the role until it is "
    "released; sessions that are out go on.",
    DENY_ROLE: "Everything that works with this role is denied until it is released: functions, "
    "instances, tasks and pipelines.",
    PROTECT_INSTANCE: "Nobody can stop or terminate the instance until it is released.",
    LEAVE_SERVICE: "The instance serves no visitors any more, and its group has one less.",
    QUARANTINE_INSTANCE: "The instance reaches nothing and nobody reaches it until it is released.",
    CLOSE_SUBNET: "Everything in the instance's subnets reaches nothing outside of its own, and "
    "nobody reaches it, until it is released: other servers, databases, load balancers, and "
    "whoever goes out by a NAT gateway there.",
    CUT_METADATA: "The instance gets no new credentials, and what runs there stops when those it "
    "has expire.",
    DETACH_PROFILE: "The instance has no role any more, and what runs there stops when the "
    "credentials it has expire.",
    UNSHARE_SNAPSHOT: "Other accounts cannot use the snapshot until it is released.",
    UNSHARE_IMAGE: "Other accounts cannot start instances of the image until it is released.",
    PROTECT_TASK: "Neither a scale-in nor a deployment ends the task, for 48 hours or until it is "
    "released, and a deployment of its service may wait for it.",
    LEAVE_TARGETS: "The task serves no visitors any more, and its service may start another. What "
    "the task itself calls goes on, and so do the credentials of its role: their session is named "
    "like the task's id, and iam.deny_role_session denies it.",
    CLOSE_TASK_SUBNET: "Everything in the task's subnet reaches nothing outside of its own, and "
    "nobody reaches it, until it is released: the service's other tasks there, servers, databases, "
    "load balancers, and whoever goes out by a NAT gateway there. Tasks there get no image and "
    "write no log, and ECS Exec ends.",
    STOP_TASK: "The task is stopped for good, and no release starts it again: what it holds in "
    "memory and on its own disk is lost as evidence, so collect it first. Its service starts "
    "another from the same image, which an attacker who came in by it enters again.",
    CLOSE_BUCKET: "Everybody and everything but the responder and log delivery loses the bucket "
    "until it is released: the shop, its web front, replication.",
    HOLD_DELETES: "Nothing that the shop calls. The bucket grows, because nothing in it expires.",
    STOP_FUNCTION: "Every caller and event source of the function is turned away until it is "
    "released; what runs now ends by itself.",
    QUARANTINE_DATABASE: "Whatever needs the database stops until it is released; connections that "
    "are open go on until they idle out.",
    KEEP_KEY: "Nothing: the key works again.",
    REVOKE_GRANTS: "What other accounts do with the key by a grant stops until it is released: "
    "their copies, backups and machines.",
    DENY_ACCOUNT: "Everybody and everything in the account is denied until it is released, its "
    "root user too: every function, instance, pipeline and person of the shop there. Only the "
    "responder, AWS's own service-linked roles, and those whom the policy spares go on.",
}
# What a release cannot put back, for whoever asked for it.
NOT_GIVEN_BACK = {
    CUT_CONSOLE_SIGN_IN: "The old password cannot be put back, and nobody knows the one that "
    "stands. Set another: aws iam update-login-profile --user-name NAME --password PASSWORD "
    "--password-reset-required",
    STOP_TASK: "A task that was stopped cannot be started again; its service has started another, "
    "or aws ecs run-task starts one of the same definition.",
}
ACTION_IDS = tuple(GOES_DOWN)
ACCOUNT = "AWSAccount"  # the kind of thing that a whole account is
_LONG_TERM = "AKIA"  # ASIA keys die by the deny (IAM User Guide, "IAM identifiers")


@dataclass(frozen=True)
class Ladder:
    """The rungs of one identity or thing."""

    first: tuple[str, ...]
    wider: tuple[str, ...] = ()  # one at a time, in this order


# The subnet comes last: whoever says no to it is not asked about a wider rung any more.
_INSTANCE = Ladder(
    (PROTECT_INSTANCE, LEAVE_SERVICE, QUARANTINE_INSTANCE), (CUT_METADATA, CLOSE_SUBNET)
)
_THINGS = {
    "Instance": _INSTANCE,
    # The task itself is evidence: whoever stops it loses that, so this comes last.
    "ECSTask": Ladder((PROTECT_TASK, LEAVE_TARGETS), (CLOSE_TASK_SUBNET, STOP_TASK)),
    "Lambda": Ladder((STOP_FUNCTION,)),
    "RDSDBInstance": Ladder((QUARANTINE_DATABASE,)),
    "S3Bucket": Ladder((HOLD_DELETES,), (CLOSE_BUCKET,)),
    "EBSSnapshot": Ladder((UNSHARE_SNAPSHOT,)),
    "EC2Image": Ladder((UNSHARE_IMAGE,)),
}
_SERVICES = {
    "ECSTask": "ecs",
    "Instance": "ec2",
    "Lambda": "lambda",
    "RDSDBInstance": "rds",
    "S3Bucket": "s3",
    "EBSSnapshot": "ec2",
    "EC2Image": "ec2",
}
_ARN = re.compile(
    r"arn:(?:aws|aws-cn|aws-us-gov):([a-z0-9-]{1,32}):[a-z0-9-]{0,32}:(?:[0-9]{12})?:[!-~]{1,300}"
)
# What a person may ask for beside the ladder.
_OF_A_USER = (CUT_USER_SESSIONS, TAG_QUARANTINED)
_OF_A_ROLE = (TAG_QUARANTINED,)
_OF_THINGS = {
    ACCOUNT: (DENY_ACCOUNT,),
    "Instance": (DETACH_PROFILE,),
    "KMSKey": (KEEP_KEY, REVOKE_GRANTS),
}


def of_principal(principal: Principal, *, guarded: bool = False) -> Ladder:
    """The rungs of an identity that we can contain. Its deny comes first: it holds whatever else
    the attacker makes in the meantime.

    `guarded` where the organization keeps what carries our tag: the tag then goes before the deny.
    """
    ladder = (
        _of_user(principal) if principal.kind is PrincipalKind.IAM_USER else _of_role(principal)
    )
    # Of a role whose one session is denied, the tag would take the honest sessions too.
    if guarded and DENY_ROLE_SESSION not in ladder.first:
        return Ladder((TAG_QUARANTINED, *ladder.first), ladder.wider)
    return Ladder(ladder.first, (*ladder.wider, TAG_QUARANTINED)) if guarded else ladder


def of_thing(thing: Resource) -> Ladder | None:
    """The rungs of a thing; None for a kind that we cannot contain, or without an ARN of it."""
    service = _ARN.fullmatch(thing.id)
    return _THINGS.get(thing.kind) if service and service[1] == _SERVICES.get(thing.kind) else None


def fitting(target: Principal | Resource) -> tuple[str, ...]:
    """Every cut that a person may ask for of an identity or a thing, the narrower ones first."""
    if isinstance(target, Resource):
        ladder, more = of_thing(target) or Ladder(()), _OF_THINGS.get(target.kind, ())
    else:
        ladder = of_principal(target)
        more = _OF_A_USER if target.kind is PrincipalKind.IAM_USER else _OF_A_ROLE
    return tuple(dict.fromkeys((*ladder.first, *ladder.wider, *more)))


def part(action_id: str, principal: Principal | None) -> str | None:
    """Which part of its resource a cut is about: one key, or one session; None for all of it."""
    if principal is None:
        return None
    if action_id == DEACTIVATE_KEY:
        return principal.access_key_id
    return principal.session_name if action_id == DENY_ROLE_SESSION else None


def _of_user(principal: Principal) -> Ladder:
    key = (DEACTIVATE_KEY,) if _is_long_term(principal) else ()
    return Ladder((DENY_USER, *key), (DEACTIVATE_CREDENTIALS, CUT_CONSOLE_SIGN_IN))


def _of_role(principal: Principal) -> Ladder:
    if principal.session_name is None:
        return Ladder((CUT_ROLE_SESSIONS,), (CLOSE_ROLE_TRUST, DENY_ROLE))
    return Ladder((DENY_ROLE_SESSION,), (CUT_ROLE_SESSIONS, CLOSE_ROLE_TRUST, DENY_ROLE))


def _is_long_term(principal: Principal) -> bool:
    return (principal.access_key_id or "").startswith(_LONG_TERM)
